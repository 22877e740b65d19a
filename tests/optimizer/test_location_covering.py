"""Long searches for places: counts of covers, annealing, and the best of several searches."""

from itertools import combinations
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.hour_problem import HourProblem
from optimizer.models.location import location_rounds, location_search
from optimizer.models.location.location import (
    CLOSED,
    FREE,
    OPEN,
    Location,
    location_of,
    narrowed,
    opened_value,
)
from optimizer.models.location.location_covering import (
    NOBODY,
    SEVERAL,
    Covering,
    counts_of,
    covered_anew,
    move_places,
)
from optimizer.models.location.location_rounds import concentrated, search_rounds
from optimizer.models.location.location_search import Swaps, swaps_of

from .patrol_cases import problem_of

AMPLE_S = 60.0


@st.composite
def covers(draw: st.DrawFn) -> HourProblem:
    """Small coverings with whole demand, some places pinned or closed."""
    places, cells = draw(st.integers(2, 7)), draw(st.integers(1, 8))
    reach = st.lists(st.sampled_from([-1, 0]), min_size=cells, max_size=cells)
    bins = draw(st.lists(reach, min_size=places, max_size=places))
    demand = draw(st.lists(st.integers(1, 9), min_size=cells, max_size=cells))
    low = draw(st.lists(st.sampled_from([0, 0, 0, 1]), min_size=places, max_size=places))
    more = draw(st.lists(st.sampled_from([0, 1, 1, 1]), min_size=places, max_size=places))
    cap = [max(pair) for pair in zip(low, more, strict=True)]
    sites = draw(st.integers(sum(low), sum(cap)))
    gain = np.array(demand, dtype=float)[:, None]
    return problem_of(bins, gain, 0.0, limit=[sites], place_min=low, place_cap=cap)


def covering(location: Location) -> Covering:
    found = swaps_of(location).covering
    assert found is not None
    return found


def choices(location: Location) -> list[np.ndarray]:
    """Every choice of places within the fates."""
    free = np.flatnonzero(location.fate == FREE)
    more = location.sites - int((location.fate == OPEN).sum())
    found = []
    for chosen in combinations(free.tolist(), more):
        opened = location.fate == OPEN
        opened[list(chosen)] = True
        found.append(opened)
    return found


def city(points: int, sites: int, *, levels: int = 1, seed: int = 0) -> Location:
    """Places at random points that each reach those near by, worth less in each farther ring."""
    place = np.random.default_rng(seed).uniform(0, 1, (points, 2))
    away = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    ring = np.floor(away / (0.13 / levels)).astype(int)
    bins = np.where(ring < levels, ring, -1).tolist()
    gain = np.random.default_rng(seed + 1).integers(1, 9, (points, levels)).astype(float)
    return location_of(problem_of(bins, gain, 0.0, limit=[sites], place_cap=[1] * points))


@given(covers(), st.integers(0, 99))
@settings(max_examples=60)
def test_a_move_is_worth_what_the_values_differ_by(problem: HourProblem, seed: int) -> None:
    location = location_of(problem)
    cover = covering(location)
    every = choices(location)
    opened = every[seed % len(every)]
    counts = counts_of(cover.reach, opened, location.fate == FREE)
    for out in np.flatnonzero(opened & (location.fate == FREE)):
        for into in np.flatnonzero(counts.idle):
            moved = opened.copy()
            moved[[out, into]] = False, True
            change = covered_anew(cover.reach, counts, out, into) - counts.alone[out]
            assert change == opened_value(location, moved) - opened_value(location, opened)


@given(covers(), st.integers(0, 99))
@settings(max_examples=60)
def test_counts_after_moves_are_those_of_the_choice(problem: HourProblem, seed: int) -> None:
    location = location_of(problem)
    cover = covering(location)
    every = choices(location)
    opened = every[seed % len(every)]
    free = location.fate == FREE
    counts = counts_of(cover.reach, opened, free)
    sites = np.flatnonzero(opened & free).astype(np.int32)
    if not len(sites):
        return
    best_sites, value = sites.copy(), opened_value(location, opened)
    random = np.random.default_rng(seed)
    value, best = move_places(
        cover.reach, counts, sites, best_sites, value, value, 200, 3.0, random
    )
    ended, met = (location.fate == OPEN for _ in range(2))
    ended[sites], met[best_sites] = True, True
    for kept, again in zip(counts, counts_of(cover.reach, ended, free), strict=True):
        assert kept.tolist() == again.tolist()
    assert (value, best) == (opened_value(location, ended), opened_value(location, met))


def test_counts_by_hand() -> None:
    """Places 0, 1 and 2 cover cells {0, 1}, {1, 2} and {3}; the first two are open."""
    bins = [[0, 0, -1, -1], [-1, 0, 0, -1], [-1, -1, -1, 0]]
    gain = np.array([[1.0], [2.0], [4.0], [8.0]])
    location = location_of(problem_of(bins, gain, 0.0, limit=[2], place_cap=[1] * 3))
    counts = counts_of(
        covering(location).reach, np.array([True, True, False]), location.fate == FREE
    )
    assert counts.covers.tolist() == [1, 2, 1, 0]
    assert counts.only.tolist() == [0, SEVERAL, 1, NOBODY]
    assert counts.alone.tolist() == [1.0, 4.0, 0.0]
    assert counts.idle.tolist() == [False, False, True]


def test_only_level_reach_is_a_covering() -> None:
    assert swaps_of(city(30, 3)).covering is not None
    assert swaps_of(city(30, 3, levels=2)).covering is None


@given(covers())
@settings(max_examples=60)
def test_annealing_finds_small_optima_within_the_fates(problem: HourProblem) -> None:
    location = location_of(problem)
    location = narrowed(location, location.fate)
    every = choices(location)
    found = swaps_of(location).search(every[0], moves=4000, seed=1)
    assert found.sum() == location.sites
    assert found[location.fate == OPEN].all()
    assert not found[location.fate == CLOSED].any()
    assert opened_value(location, found) == max(opened_value(location, one) for one in every)


def test_annealing_is_repeatable_and_keeps_the_best_met() -> None:
    location = city(200, 15)
    cover = covering(location)
    start = swaps_of(location).search(np.arange(200) < 15)
    first, second = (cover.anneal(start, 20_000, 5) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert first.sum() == 15
    assert opened_value(location, first) >= opened_value(location, start)


def chosen_of(swaps: Swaps, count: int) -> list[np.ndarray]:
    """Choices that swaps from random places end in."""
    found = []
    for seed in range(count):
        start = np.zeros(swaps.location.n_places, dtype=bool)
        random = np.random.default_rng(seed)
        start[random.choice(len(start), swaps.location.sites, replace=False)] = True
        found.append(swaps.search(start))
    return found


@pytest.mark.parametrize("levels", [1, 2])
def test_concentration_finds_the_best_of_all_their_places(levels: int) -> None:
    location = city(60, 4, levels=levels, seed=levels)
    found = chosen_of(swaps_of(location), 3)
    best = concentrated(
        swaps_of(location), found, moves=2000, until=perf_counter() + AMPLE_S, whole=True, seed=0
    )
    union = np.flatnonzero(np.logical_or.reduce(found)).tolist()
    most = 0.0
    for chosen in combinations(union, 4):
        opened = np.zeros(60, dtype=bool)
        opened[list(chosen)] = True
        most = max(most, opened_value(location, opened))
    assert opened_value(location, best) == most
    assert best.sum() == 4
    assert set(np.flatnonzero(best)) <= set(union)


def test_rounds_are_the_same_on_any_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location_rounds, "ROUNDS", 2)
    monkeypatch.setattr(location_search, "MOST_COVERING_MOVES", 4000)
    location = city(150, 12, seed=1)
    swaps = swaps_of(location)
    start = np.arange(150) < 12
    found = []
    for processors in (1, 4):
        monkeypatch.setattr(location_rounds.os, "cpu_count", lambda count=processors: count)
        until = perf_counter() + AMPLE_S
        found.append(search_rounds(swaps, start, start, until=until, whole=True, seed=3))
    assert found[0].tolist() == found[1].tolist()
    assert found[0].sum() == 12
    assert opened_value(location, found[0]) > opened_value(location, swaps.search(start))


def test_no_round_begins_after_time() -> None:
    swaps = swaps_of(city(40, 4))
    start, best = np.arange(40) < 4, np.arange(40) >= 36
    found = search_rounds(swaps, start, best, until=perf_counter(), whole=True, seed=0)
    assert found is best


def test_long_searches_are_shorter_where_a_move_touches_more() -> None:
    """Every place covers all n cells: n entries a move."""
    for n in (50, 200):
        problem = problem_of([[0] * n] * n, np.ones((n, 1)), 0.0, limit=[2], place_cap=[1] * n)
        work = swaps_of(location_of(problem)).long_moves * n
        assert work <= location_search.COVERING_WORK
    assert swaps_of(city(60, 4, levels=2)).long_moves == 100 * 20_000
