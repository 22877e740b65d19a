"""The patrol engine against hand calculation, brute force and the judge's own objective."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.judges.objective import hour_objective, hour_shortfall, units_within
from optimizer.models.patrol import allocate_hour, marginal_gains, swap_units


def problem_of(
    bins: list[list[int]],
    gain: np.ndarray,
    busy: float | np.ndarray,
    *,
    group: list[int] | None = None,
    limit: list[int],
    place_min: list[int] | None = None,
    place_cap: list[int] | None = None,
) -> HourProblem:
    """Problem from a dense table of bins `[place][cell]`; -1 is out of reach."""
    table = np.array(bins)
    place, cell = np.nonzero(table >= 0)
    places = len(table)
    return HourProblem(
        np.concatenate([[0], np.cumsum((table >= 0).sum(axis=1))]),
        cell,
        table[place, cell],
        gain,
        np.broadcast_to(busy, (gain.shape[0],)),
        np.zeros(places) if group is None else np.array(group),
        np.array(limit),
        np.zeros(places) if place_min is None else np.array(place_min),
        np.full(places, UNLIMITED) if place_cap is None else np.array(place_cap),
    )


def two_cells(busy: float, units: int) -> HourProblem:
    """Two cells with 4 calls and 1 call an hour, a place in each, 8 minutes apart.

    Response is capped at 10 minutes, an unserved call counts 20. With two units:

    | busy | both at 0 | one each | both at 1 |
    |---|---|---|---|
    | 0   | 8  | 0  | 32 |
    | 0.5 | 4 x 5 + 11 = 31 | 5 x 7 = 35 | 4 x 11 + 5 = 49 |

    (0.5: a cell with both units waits 0.25 x 20 = 5, one 8 minutes off 0.75 x 8 + 5 = 11, with
    one here and one there 0.25 x 8 + 5 = 7.) So busy units belong together and idle ones apart.
    """
    weight = np.array([4.0, 1.0])
    gain = np.repeat(weight[:, np.newaxis], 11, axis=1)
    gain[:, -1] = weight * 10.0
    return problem_of([[0, 8], [8, 0]], gain, busy, limit=[units])


@st.composite
def problems(draw: st.DrawFn, *, groups: int = 1) -> HourProblem:
    """Small instances with one to three units a group."""
    places, cells, n_bins = draw(st.integers(groups, 5)), draw(st.integers(1, 5)), 4
    bins = draw(
        st.lists(
            st.lists(st.integers(-1, n_bins - 1), min_size=cells, max_size=cells),
            min_size=places,
            max_size=places,
        )
    )
    numbers = st.floats(0, 10, width=32)
    flat = draw(st.lists(numbers, min_size=cells * n_bins, max_size=cells * n_bins))
    rates = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8])
    busy = draw(st.lists(rates, min_size=cells, max_size=cells))
    return problem_of(
        bins,
        np.array(flat).reshape(cells, n_bins),
        np.array(busy),
        group=[place % groups for place in range(places)],
        limit=draw(st.lists(st.integers(0, 3), min_size=groups, max_size=groups)),
    )


def every_allocation(problem: HourProblem) -> list[np.ndarray]:
    """All ways to place exactly the units of every group."""
    per_group = []
    for group, limit in enumerate(problem.group_limit):
        members = np.flatnonzero(problem.group == group)
        choices = combinations_with_replacement(members.tolist(), int(limit))
        per_group.append([np.bincount(c, minlength=problem.n_places) for c in map(list, choices)])
    return [np.sum(parts, axis=0) for parts in product(*per_group)]


def by_definition(problem: HourProblem, units: np.ndarray) -> float:
    """The objective with plain loops."""
    total = 0.0
    for cell in range(problem.n_cells):
        for last in range(problem.n_bins):
            near = 0
            for place in range(problem.n_places):
                for k in range(problem.indptr[place], problem.indptr[place + 1]):
                    if problem.cell[k] == cell and problem.bin[k] <= last:
                        near += int(units[place])
            total += problem.gain[cell, last] * (1.0 - problem.busy[cell] ** near)
    return total


@pytest.mark.parametrize(
    ("busy", "units", "missed"),
    [(0.0, [2, 0], 8), (0.0, [1, 1], 0), (0.5, [2, 0], 31), (0.5, [1, 1], 35), (0.5, [0, 2], 49)],
)
def test_objective_is_the_response_worked_out_by_hand(
    busy: float, units: list[int], missed: float
) -> None:
    found = hour_shortfall(two_cells(busy, 2), np.array(units))
    assert found == pytest.approx(missed)


@pytest.mark.parametrize(("busy", "units"), [(0.0, [1, 1]), (0.5, [2, 0])])
def test_tiny_city_gets_its_best_allocation(busy: float, units: list[int]) -> None:
    assert allocate_hour(two_cells(busy, 2)).tolist() == units


@settings(max_examples=60, deadline=None)
@given(problems())
def test_one_group_stays_within_the_greedy_guarantee(problem: HourProblem) -> None:
    found = hour_objective(problem, allocate_hour(problem))
    best = max(hour_objective(problem, units) for units in every_allocation(problem))
    assert found >= (1.0 - 1.0 / np.e) * best - 1e-9
    assert found <= best + 1e-9


@settings(max_examples=60, deadline=None)
@given(problems(groups=2))
def test_groups_get_exactly_their_units(problem: HourProblem) -> None:
    units = allocate_hour(problem)
    assert np.bincount(problem.group, units, 2).tolist() == problem.group_limit.tolist()
    best = max(hour_objective(problem, each) for each in every_allocation(problem))
    assert hour_objective(problem, units) >= 0.5 * best - 1e-9


@settings(max_examples=40, deadline=None)
@given(problems(groups=2))
def test_judge_computes_the_objective_as_defined(problem: HourProblem) -> None:
    units = allocate_hour(problem)
    assert hour_objective(problem, units) == pytest.approx(by_definition(problem, units))


@settings(max_examples=40, deadline=None)
@given(problems())
def test_gains_of_the_solver_add_up_to_the_judges_objective(problem: HourProblem) -> None:
    total = int(problem.group_limit.sum())
    curve = marginal_gains(problem, total)
    greedy = hour_objective(problem, allocate_hour(problem, swap_passes=0))
    assert curve.sum() == pytest.approx(greedy, abs=1e-9)
    assert (np.diff(curve, axis=1) <= 0).all()


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 4))
def test_one_more_unit_never_lowers_the_objective(problem: HourProblem, where: int) -> None:
    units = allocate_hour(problem)
    more = units.copy()
    more[where % problem.n_places] += 1
    assert hour_objective(problem, more) >= hour_objective(problem, units) - 1e-12


@settings(max_examples=40, deadline=None)
@given(problems(groups=2))
def test_swaps_never_lower_the_objective_and_repeat_exactly(problem: HourProblem) -> None:
    units = allocate_hour(problem, swap_passes=0)
    before = hour_objective(problem, units)
    swap_units(problem, units, 3)
    assert hour_objective(problem, units) >= before - 1e-9
    again = allocate_hour(problem, swap_passes=3)
    assert again.tolist() == units.tolist()


def random_times(rng: np.random.Generator, places: int, cells: int) -> np.ndarray:
    where, sites = rng.random((cells, 2)), rng.random((places, 2))
    distance = np.hypot(*(sites[:, np.newaxis] - where).transpose(2, 0, 1))
    return np.rint(distance * 14).astype(int)


def optimum(problem: HourProblem) -> float:
    return max(hour_objective(problem, units) for units in every_allocation(problem))


def test_most_small_instances_are_solved_to_optimality() -> None:
    rng = np.random.default_rng(5)
    solved = 0
    for _ in range(40):
        gain = np.repeat(rng.random((12, 1)), 20, axis=1)
        busy = float(rng.choice([0.0, 0.2, 0.5]))
        problem = problem_of(random_times(rng, 7, 12).tolist(), gain, busy, limit=[3])
        found = hour_objective(problem, allocate_hour(problem))
        solved += found >= optimum(problem) - 1e-9
    assert solved >= 34


def test_never_busy_units_with_a_ramp_are_the_p_median() -> None:
    rng = np.random.default_rng(11)
    times, weight = random_times(rng, 7, 12), rng.random(12)
    gain = np.repeat(weight[:, np.newaxis], 20, axis=1)
    problem = problem_of(times.tolist(), gain, 0.0, limit=[2])
    for units in every_allocation(problem):
        nearest = times[units > 0].min(axis=0)
        assert hour_shortfall(problem, units) == pytest.approx(float(weight @ nearest))
    assert hour_objective(problem, allocate_hour(problem)) == pytest.approx(optimum(problem))


def test_never_busy_units_with_a_step_cover_as_the_mclp() -> None:
    rng = np.random.default_rng(12)
    times, weight = random_times(rng, 7, 12), rng.random(12)
    gain = np.zeros((12, 20))
    gain[:, 4] = weight
    problem = problem_of(times.tolist(), gain, 0.0, limit=[2])
    for units in every_allocation(problem):
        covered = (times[units > 0] <= 4).any(axis=0)
        assert hour_objective(problem, units) == pytest.approx(float(weight @ covered))
    assert hour_objective(problem, allocate_hour(problem)) == pytest.approx(optimum(problem))


def test_units_within_counts_each_unit_from_its_bin_on() -> None:
    counted = units_within(two_cells(0.5, 2), np.array([2, 1]))
    assert counted[0].tolist() == [2] * 8 + [3] * 3
    assert counted[1].tolist() == [1] * 8 + [3] * 3


def test_pins_hold_and_forbidden_places_stay_empty() -> None:
    gain = np.repeat(np.array([[4.0], [1.0], [2.0]]), 10, axis=1)
    bins = [[0, 8, 4], [8, 0, 4], [4, 4, 0]]
    pinned = problem_of(bins, gain, 0.2, limit=[3], place_min=[0, 2, 0], place_cap=[0, 9, 9])
    units = allocate_hour(pinned)
    assert units[0] == 0
    assert units[1] >= 2
    assert units.sum() == 3


def test_ties_go_to_the_lower_place() -> None:
    problem = problem_of([[0], [0], [0]], np.ones((1, 3)), 0.5, limit=[1])
    assert allocate_hour(problem).tolist() == [1, 0, 0]


def test_a_group_without_room_is_refused_by_number() -> None:
    with pytest.raises(ValueError, match=r"group 0 is to hold 3 units, its places hold 0 to 2"):
        problem_of([[0], [0]], np.ones((1, 2)), 0.5, limit=[3], place_cap=[1, 1])


@pytest.mark.parametrize(
    ("busy", "gain", "message"),
    [
        (1.0, np.ones((1, 2)), "busy probabilities"),
        (0.5, -np.ones((1, 2)), "gains must be finite"),
        (0.5, np.full((1, 2), np.nan), "gains must be finite"),
        (0.5, np.ones((1, 1)), "response bins must lie in 0..0"),
    ],
)
def test_arrays_out_of_range_are_refused(busy: float, gain: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        problem_of([[1]], gain, busy, limit=[1])
