"""Set covering: the fewest places against brute force, and what cannot be covered."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.models.location import covering
from optimizer.models.location.covering import fewest_places
from optimizer.models.solver import NotSolved


def rows_of(near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`near[place, cell]` as reach lists."""
    return np.concatenate([[0], np.cumsum(near.sum(axis=1))]), np.nonzero(near)[1]


def everywhere(cells: int) -> np.ndarray:
    return np.ones(cells, dtype=bool)


def line(points: int, radius: int) -> np.ndarray:
    """Points on a line; each reaches those at most `radius` away."""
    at = np.arange(points)
    return np.abs(at[:, None] - at) <= radius


def fewest_by_trying_all(near: np.ndarray) -> int:
    """Fewest places that reach every cell that any place reaches."""
    wanted = near.any(axis=0)
    for count in range(len(near) + 1):
        for chosen in combinations(range(len(near)), count):
            if (near[list(chosen)].any(axis=0) >= wanted).all():
                return count
    raise AssertionError


@st.composite
def reaches(draw: st.DrawFn) -> np.ndarray:
    places, cells = draw(st.integers(1, 7)), draw(st.integers(1, 8))
    flat = draw(st.lists(st.booleans(), min_size=places * cells, max_size=places * cells))
    return np.array(flat, dtype=bool).reshape(places, cells)


@pytest.mark.parametrize(("points", "radius", "fewest"), [(9, 1, 3), (10, 1, 4), (25, 2, 5)])
def test_points_on_a_line(points: int, radius: int, fewest: int) -> None:
    """A place covers 2 r + 1 points, so it takes as many as fill the line."""
    cover = fewest_places(*rows_of(line(points, radius)), everywhere(points))
    assert (len(cover.places), cover.bound, cover.status) == (fewest, fewest, "optimal")


@given(reaches())
def test_no_fewer_places_will_do(near: np.ndarray) -> None:
    cells = near.shape[1]
    cover = fewest_places(*rows_of(near), everywhere(cells))
    reached = near.any(axis=0)
    assert cover.unreached.tolist() == np.flatnonzero(~reached).tolist()
    assert (near[cover.places].any(axis=0) == reached).all()
    assert len(cover.places) == cover.bound == fewest_by_trying_all(near)
    assert cover.status == ("optimal" if reached.all() else "infeasible")


@given(reaches(), st.data())
def test_only_wanted_cells_count(near: np.ndarray, data: st.DataObject) -> None:
    cells = near.shape[1]
    wanted = np.array(data.draw(st.lists(st.booleans(), min_size=cells, max_size=cells)))
    cover = fewest_places(*rows_of(near), wanted)
    assert len(cover.places) == cover.bound == fewest_by_trying_all(near[:, wanted])
    assert set(cover.unreached.tolist()) <= set(np.flatnonzero(wanted).tolist())


def steiner_triples() -> np.ndarray:
    """The seven lines of the Fano plane as places, its seven points as cells.

    Nothing can be left out or split, and the relaxation says 7/3. Three lines cover all points
    when they meet in one: they hold 3 + 2 + 2 = 7 points. Two hold only 5.
    """
    return np.array([[(point - row) % 7 in (0, 1, 3) for point in range(7)] for row in range(7)])


def test_what_cannot_be_made_smaller_is_searched() -> None:
    cover = fewest_places(*rows_of(steiner_triples()), everywhere(7))
    assert (len(cover.places), cover.bound, cover.status) == (3, 3, "optimal")


def test_a_search_cut_short_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the solver the greedy's cover stands, beside the bound of 7 points by threes."""

    def gives_up(*arguments: object) -> None:
        raise NotSolved("no time left")

    monkeypatch.setattr(covering, "minimise", gives_up)
    near = np.kron(np.eye(2, dtype=bool), steiner_triples())
    cover = fewest_places(*rows_of(near), everywhere(14))
    assert near[cover.places].any(axis=0).all()
    assert cover.bound == 6
    assert len(cover.places) >= 6
    assert cover.status == ("optimal" if len(cover.places) == 6 else "feasible")


def test_no_time_is_still_an_answer() -> None:
    cover = fewest_places(*rows_of(steiner_triples()), everywhere(7), seconds=0.0)
    assert steiner_triples()[cover.places].any(axis=0).all()
    assert cover.bound <= 3 <= len(cover.places)


def test_same_input_same_places() -> None:
    near = np.random.default_rng(5).random((40, 60)) < 0.12
    first, second = (fewest_places(*rows_of(near), near.any(axis=0)) for _ in range(2))
    assert first.places.tolist() == second.places.tolist()
    assert first.status == second.status == "optimal"


def test_nothing_to_cover() -> None:
    cover = fewest_places(*rows_of(line(3, 1)), np.zeros(3, dtype=bool))
    assert (len(cover.places), cover.bound, cover.status) == (0, 0, "optimal")
