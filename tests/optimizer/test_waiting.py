"""Waiting lines on top of busy units: Erlang C, Cobham, the exact hypercube, and saturation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.calls import CallLoad
from optimizer.judges.erlang import erlang_c, mean_wait, priority_waits
from optimizer.judges.hypercube import HypercubeSystem, hypercube
from optimizer.judges.queueing import busy_units
from optimizer.judges.waiting import EVEN, MAX_ROUNDS, WaitingLines, even_shares, waiting_lines
from optimizer.reach import CellReach


def reach_of(lists: list[list[int]], travel_min: float = 0.0) -> CellReach:
    """Lists of places, the first choice first."""
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
    place = np.array([p for row in lists for p in row], dtype=np.int32)
    rank = np.array([float(k) for row in lists for k in range(len(row))])
    return CellReach(indptr, place, rank, np.full(len(place), travel_min))


def lines_of(
    lists: list[list[int]],
    units: list[int],
    calls_per_h: list[float],
    grades: tuple[float, ...] = (1.0,),
    *,
    scene_h: float = 1.0,
    travel_min: float = 0.0,
) -> WaitingLines:
    calls, crews = np.array(calls_per_h), np.array(units)
    load = CallLoad(calls, calls, calls, np.full(len(calls), scene_h))
    state = busy_units(reach_of(lists, travel_min), crews, load, tolerance=1e-8)
    return waiting_lines(state, crews, load, np.outer(calls, grades))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.floats(0.05, 0.97))
def test_one_place_is_a_line_with_priorities(units: int, load: float) -> None:
    calls = load * units
    lines = lines_of([[0]], [units], [calls], (0.25, 0.75))
    assert lines.stable.all()
    assert lines.waits[0] == pytest.approx(erlang_c(units, calls), abs=1e-5)
    waits = 60.0 * priority_waits(units, 1.0, [0.25 * calls, 0.75 * calls])
    assert lines.wait_min[0] == pytest.approx(waits, rel=1e-9)
    assert lines.utilisation[0] == pytest.approx(load, abs=1e-9)


def test_travel_is_part_of_the_service() -> None:
    """30 minutes on scene and 30 of travel: 0.5 calls an hour keep one unit half busy."""
    lines = lines_of([[0]], [1], [0.5], scene_h=0.5, travel_min=30.0)
    assert lines.waits[0] == pytest.approx(0.5, abs=1e-6)
    assert lines.wait_min[0, 0] == pytest.approx(60.0)


@pytest.mark.parametrize("units", [15, 40])
@pytest.mark.parametrize("load", [0.4, 0.8])
def test_units_that_all_cells_share_are_one_pool(units: int, load: float) -> None:
    """Also where there are more of them than busy units are corrected for."""
    rng = np.random.default_rng(units)
    calls = rng.random(30)
    calls *= load * units / calls.sum()
    lists = np.argsort(rng.random((30, units)), axis=1).tolist()
    lines = lines_of(lists, [1] * units, calls.tolist())
    assert lines.waits == pytest.approx(np.full(30, erlang_c(units, load * units)), abs=2e-6)
    wait_min = 60.0 * mean_wait(units, load * units)
    assert lines.wait_min[:, 0] == pytest.approx(np.full(30, wait_min), rel=1e-9)
    assert lines.utilisation.sum() == pytest.approx(load * units)


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("units", [[1] * 3, [1] * 6, [3, 2, 1, 3], [2, 1, 2, 1, 2]])
@pytest.mark.parametrize("seed", range(3))
def test_small_systems_are_close_to_the_exact_hypercube(
    units: list[int], load: float, seed: int
) -> None:
    """Busy shares within 0.025 (0.01 on average), waiting within 0.04, mean waits to the digit."""
    rng = np.random.default_rng(seed)
    places, atoms = len(units), 15
    calls = rng.gamma(1.0, 1.0, atoms)
    calls *= load * sum(units) / calls.sum()
    away = np.abs(rng.random(atoms)[:, None] - np.sort(rng.random(places))[None])
    order = np.argsort(away, axis=1)
    lines = lines_of(order.tolist(), units, calls.tolist())
    of_place = np.split(np.arange(sum(units)), np.cumsum(units)[:-1])
    lists = np.array([np.concatenate([of_place[p] for p in row]) for row in order])
    exact = hypercube(HypercubeSystem(calls, np.ones(sum(units)), lists, line=True))
    workload = np.array([exact.workload[here].mean() for here in of_place])
    error = np.abs(lines.utilisation - workload)
    assert error.max() < 0.025
    assert error.mean() < 0.01
    assert abs(float(calls @ lines.waits / calls.sum()) - exact.all_busy) < 0.04
    assert lines.wait_min[:, 0] == pytest.approx(np.full(atoms, 60.0 * exact.wait_h), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_chances_of_a_cell_add_up_to_one_and_work_is_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lists = [rng.permutation(6)[: rng.integers(2, 7)].tolist() for _ in range(12)]
    calls = rng.random(12).tolist()
    lines = lines_of(lists, [2] * 6, calls)
    cell = np.repeat(np.arange(12), [len(row) for row in lists])
    at_once = np.bincount(cell, lines.at_once, 12)
    assert at_once == pytest.approx(1.0 - lines.waits)
    assert np.bincount(cell, lines.after_wait, 12) == pytest.approx(lines.waits)
    assert (lines.utilisation * 2).sum() == pytest.approx(sum(calls))


def test_shares_are_as_even_as_lists_allow() -> None:
    """Cell 0 has place 0 only (0.9 of work); cell 1 may call both and leaves it place 0."""
    reach = reach_of([[0], [0, 1]])
    work_h = np.array([0.9, 0.5, 0.5])
    share = even_shares(reach.indptr, reach.place, work_h, np.array([1, 1]), EVEN, MAX_ROUNDS)
    assert share == pytest.approx([1.0, 0.0, 1.0], abs=0.01)
    share = even_shares(
        reach.indptr, reach.place, np.array([0.2, 0.8, 0.8]), np.array([1, 1]), 1e-9, MAX_ROUNDS
    )
    assert share == pytest.approx([1.0, 0.375, 0.625], abs=1e-6)


def test_work_that_can_go_elsewhere_does_not_make_a_line_grow() -> None:
    """Shared in proportion place 0 would get 0.9 + 0.25; it need not."""
    lines = lines_of([[0], [0, 1]], [1, 1], [0.9, 0.5])
    assert lines.stable.tolist() == [True, True]
    assert lines.wait_min[0, 0] > lines.wait_min[1, 0]
    assert 0.9 <= lines.utilisation[0] <= 1.0


@pytest.mark.parametrize(("calls_per_h", "stable"), [(1.4, True), (1.6, False)])
def test_long_ways_are_part_of_the_load(calls_per_h: float, stable: bool) -> None:
    """One unit serves in an hour, the other drives an hour more: 1 + 1 / 2 services an hour."""
    calls, crews = np.array([calls_per_h]), np.array([1, 1])
    load = CallLoad(calls, calls, calls, np.array([1.0]))
    reach = CellReach(np.array([0, 2]), np.array([0, 1]), np.array([0.0, 60.0]), np.array([0, 60]))
    state = busy_units(reach, crews, load, tolerance=1e-8)
    lines = waiting_lines(state, crews, load, calls[:, None])
    assert lines.stable.tolist() == [stable]
    if stable:
        system = HypercubeSystem(calls, np.array([1.0, 0.5]), np.array([[0, 1]]), line=True)
        exact = hypercube(system)
        assert lines.utilisation == pytest.approx(exact.workload, abs=0.03)
        assert lines.waits[0] == pytest.approx(exact.all_busy, abs=0.03)
        assert lines.after_wait == pytest.approx(lines.waits[0] * np.array([2, 1]) / 3, rel=1e-3)


def test_only_cells_whose_units_cannot_do_the_work_are_unstable() -> None:
    lines = lines_of([[0], [1]], [1, 2], [1.2, 1.0], (0.5, 0.5))
    assert lines.stable.tolist() == [False, True]
    assert np.isnan(lines.waits).tolist() == [True, False]
    assert np.isnan(lines.utilisation).tolist() == [True, False]
    assert lines.utilisation[1] == pytest.approx(0.5)
    # The urgent half alone is 0.6 of the unit, which is always busy: 60 / (1 - 0.6) minutes.
    assert lines.wait_min[0, 0] == pytest.approx(150.0)
    assert np.isnan(lines.wait_min[0, 1])
    assert np.isfinite(lines.wait_min[1]).all()


@pytest.mark.parametrize("load", [1.0, 1.0 + 1e-12, 3.0])
def test_utilisation_of_one_or_more_is_unstable_and_no_number(load: float) -> None:
    lines = lines_of([[0, 1], [1, 0]], [2, 2], [2.0 * load, 2.0 * load])
    assert not lines.stable.any()
    assert np.isnan(lines.waits).all()
    assert np.isnan(lines.wait_min).all()
    assert np.isnan(lines.utilisation).all()


def test_nearly_saturated_lines_are_long_but_finite() -> None:
    lines = lines_of([[0]], [2], [1.98])
    assert lines.stable.all()
    assert lines.wait_min[0, 0] == pytest.approx(60.0 * mean_wait(2, 1.98), rel=1e-6)


def test_without_calls_nobody_waits() -> None:
    lines = lines_of([[0, 1], [1]], [1, 2], [0.0, 0.0], (0.5, 0.5))
    assert lines.stable.all()
    assert lines.waits == pytest.approx([0.0, 0.0], abs=1e-9)
    assert lines.wait_min.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert lines.utilisation.tolist() == [0.0, 0.0]


def test_without_units_calls_are_never_served() -> None:
    lines = lines_of([[0, 1], [1]], [0, 0], [1.0, 0.0])
    assert lines.stable.tolist() == [False, False]
    assert np.isnan(lines.waits).all()
    assert np.isnan(lines.wait_min).all()
    assert lines.utilisation.tolist() == [0.0, 0.0]


def test_cell_out_of_reach_does_not_touch_the_others() -> None:
    lines = lines_of([[0], []], [2], [1.0, 5.0])
    assert lines.stable.tolist() == [True, False]
    assert lines.waits[0] == pytest.approx(erlang_c(2, 1.0), abs=1e-6)
    assert np.isnan(lines.wait_min[1]).all()


def test_more_units_never_lengthen_the_wait() -> None:
    lists = [[0, 1, 2], [2, 1, 0], [1, 0, 2]]
    waits = [lines_of(lists, [n, n, n], [0.9, 0.7, 1.1]).wait_min[:, 0] for n in range(1, 6)]
    assert (np.diff(waits, axis=0) < 0).all()


def test_more_calls_lengthen_the_wait() -> None:
    lists = [[0, 1], [1, 0]]
    waits = [lines_of(lists, [2, 2], [rate, 1.0]).wait_min[:, 0] for rate in (0.5, 1.0, 2.0, 2.9)]
    assert (np.diff(waits, axis=0) > 0).all()


def test_grades_have_to_add_up() -> None:
    calls = np.array([1.0])
    load = CallLoad(calls, calls, calls, calls)
    state = busy_units(reach_of([[0]]), np.array([2]), load)
    with pytest.raises(ValueError, match="add up"):
        waiting_lines(state, np.array([2]), load, np.array([[0.5, 0.4]]))
