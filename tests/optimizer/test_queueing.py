"""The queueing judge against Erlang's formulas, exact Markov chains and the exact hypercube."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.calls import CallLoad
from optimizer.judges.erlang import erlang_b
from optimizer.judges.hypercube import HypercubeSystem, hypercube
from optimizer.judges.queueing import BusyUnits, busy_odds_table, busy_units
from optimizer.reach import CellReach


def load_of(calls_per_h: list[float], scene_h: float) -> CallLoad:
    calls = np.array(calls_per_h)
    return CallLoad(calls, calls, calls, np.full(len(calls), scene_h))


def reach_of(response_min: list[list[float]], *, drive: bool = False) -> CellReach:
    """Preference lists from a table `[cell][place]`; without `drive` services take no travel."""
    table = np.array(response_min)
    order = np.argsort(table, axis=1, kind="stable")
    minutes = np.take_along_axis(table, order, axis=1).ravel()
    indptr = np.arange(len(table) + 1) * table.shape[1]
    return CellReach(indptr, order.ravel(), minutes, minutes if drive else 0.0 * minutes)


def exact_loss_system(
    response_min: list[list[float]], calls_per_h: list[float], service_h: float
) -> tuple[np.ndarray, float]:
    """Utilisation of each single unit and lost share, from the 2^N balance equations."""
    table = np.array(response_min)
    units = table.shape[1]
    states = list(product([0, 1], repeat=units))
    number = {state: k for k, state in enumerate(states)}
    rate = np.zeros((len(states), len(states)))
    for state in states:
        for unit in range(units):
            other = (*state[:unit], 1 - state[unit], *state[unit + 1 :])
            if state[unit]:
                rate[number[state], number[other]] += 1.0 / service_h
        for cell, calls in enumerate(calls_per_h):
            idle = [u for u in np.argsort(table[cell], kind="stable") if not state[u]]
            if idle:
                taken = (*state[: idle[0]], 1, *state[idle[0] + 1 :])
                rate[number[state], number[taken]] += calls
    generator = rate - np.diag(rate.sum(axis=1))
    system = np.vstack([generator.T, np.ones(len(states))])
    right = np.concatenate([np.zeros(len(states)), [1.0]])
    chance = np.linalg.lstsq(system, right, rcond=None)[0]
    return chance @ np.array(states), float(chance[-1])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.floats(0.05, 1.6))
def test_one_pool_is_erlang_b(units: int, load_per_unit: float) -> None:
    offered = units * load_per_unit
    state = busy_units(reach_of([[3.0]]), np.array([units]), load_of([offered * 2.0], 0.5))
    assert state.converged
    assert state.lost[0] == pytest.approx(erlang_b(units, offered), abs=5e-4)


def test_travel_is_part_of_the_service() -> None:
    """0.5 h on scene and 30 minutes on the road at 1 call an hour: one erlang on one unit."""
    state = busy_units(reach_of([[30.0]], drive=True), np.array([1]), load_of([1.0], 0.5))
    assert state.lost[0] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("response_min", "calls_per_h"),
    [
        ([[1, 5], [5, 1]], [1.0, 1.0]),
        ([[1, 5], [5, 1]], [2.0, 0.5]),
        ([[1, 4, 8], [4, 1, 4], [8, 4, 1]], [1.0, 1.0, 1.0]),
        ([[1, 4, 8], [4, 1, 4], [8, 4, 1]], [2.0, 0.5, 1.0]),
        ([[1, 4, 8], [4, 1, 4], [8, 4, 1]], [0.3, 0.6, 0.3]),
    ],
)
def test_small_systems_are_close_to_the_exact_chain(
    response_min: list[list[float]], calls_per_h: list[float]
) -> None:
    """Workloads within 0.02 and the lost share within 0.01 of the exact hypercube."""
    workload, lost = exact_loss_system(response_min, calls_per_h, 0.5)
    state = busy_units(
        reach_of(response_min), np.ones(len(workload), dtype=int), load_of(calls_per_h, 0.5)
    )
    share = np.array(calls_per_h) / sum(calls_per_h)
    assert np.abs(state.utilisation - workload).max() < 0.02
    assert abs(float(share @ state.lost) - lost) < 0.01


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8, 1.2])
@pytest.mark.parametrize("units", [[1] * 8, [3, 2, 1, 3], [2, 1, 2, 1, 2]])
@pytest.mark.parametrize("seed", range(3))
def test_systems_drawn_at_random_are_close_to_the_exact_hypercube(
    units: list[int], load: float, seed: int
) -> None:
    """Utilisation within 0.03 (0.01 on average), lost share within 0.02."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(1, 20, (15, len(units)))
    calls = rng.gamma(1.0, 1.0, 15)
    calls *= load * sum(units) / calls.sum()
    state = busy_units(reach_of(table.tolist()), np.array(units), load_of(calls.tolist(), 1.0))
    of_place = np.split(np.arange(sum(units)), np.cumsum(units)[:-1])
    lists = np.array(
        [np.concatenate([of_place[p] for p in row]) for row in np.argsort(table, axis=1)]
    )
    exact = hypercube(HypercubeSystem(calls, np.ones(sum(units)), lists, line=False))
    workload = np.array([exact.workload[here].mean() for here in of_place])
    error = np.abs(state.utilisation - workload)
    assert error.max() < 0.03
    assert error.mean() < 0.01
    assert abs(float(calls @ state.lost / calls.sum()) - exact.all_busy) < 0.02


def test_equal_units_lose_as_much_as_the_exact_chain() -> None:
    """In a symmetric system the correction is exact: three units offered 1.5 erlangs."""
    table = [[1, 2, 3], [3, 1, 2], [2, 3, 1]]
    state = busy_units(reach_of(table), np.ones(3, dtype=int), load_of([1.0, 1.0, 1.0], 0.5))
    assert state.lost == pytest.approx(np.full(3, 0.134328358), abs=5e-4)
    assert state.utilisation == pytest.approx(np.full(3, 0.5 * (1 - 0.134328358)), abs=5e-4)


def random_state(seed: int, most_units: int, extra: int = 0) -> BusyUnits:
    rng = np.random.default_rng(seed)
    table = rng.uniform(1, 20, (15, 6))
    units = rng.integers(0, most_units, 6) + extra
    return busy_units(reach_of(table.tolist()), units, load_of(rng.random(15).tolist(), 0.5))


@pytest.mark.parametrize("seed", range(8))
def test_probabilities_of_a_cell_add_up_to_one(seed: int) -> None:
    state = random_state(seed, 4)
    cell = np.repeat(np.arange(15), np.diff(state.reach.indptr))
    total = np.bincount(cell, state.first, 15) + state.lost
    assert total == pytest.approx(np.ones(15))
    assert (state.first >= 0).all()
    assert ((state.utilisation >= 0) & (state.utilisation < 1)).all()


@pytest.mark.parametrize("seed", range(8))
def test_more_units_at_every_place_shorten_the_response(seed: int) -> None:
    few, many = random_state(seed, 3), random_state(seed, 3, extra=2)
    assert (many.lost <= few.lost + 1e-6).all()
    assert many.capped_response_min(40.0).sum() < few.capped_response_min(40.0).sum()


def test_without_units_every_call_is_lost() -> None:
    state = busy_units(reach_of([[3.0, 4.0]]), np.array([0, 0]), load_of([2.0], 0.5))
    assert state.lost.tolist() == [1.0]
    assert state.capped_response_min(25.0).tolist() == [25.0]
    assert state.converged


def test_without_calls_no_unit_is_busy() -> None:
    state = busy_units(reach_of([[3.0, 4.0], [5.0, 2.0]]), np.array([1, 2]), load_of([0, 0], 0.5))
    assert state.converged
    assert state.utilisation.tolist() == [0.0, 0.0]
    assert state.lost == pytest.approx([0.0, 0.0], abs=1e-9)
    assert state.capped_response_min(40.0) == pytest.approx([3.0, 2.0])


def test_cell_that_nobody_reaches_loses_all_its_calls() -> None:
    """Cell 1 has no list; cell 0 is one unit with one erlang."""
    reach = CellReach(np.array([0, 1, 1]), np.array([0]), np.array([3.0]), np.array([0.0]))
    state = busy_units(reach, np.array([1]), load_of([2.0, 9.0], 0.5))
    assert state.lost == pytest.approx([0.5, 1.0], abs=1e-3)
    assert state.near_busy[1] == 0.0
    assert state.capped_response_min(25.0)[1] == 25.0


def test_overload_still_converges() -> None:
    state = busy_units(
        reach_of([[1, 4, 8], [4, 1, 4], [8, 4, 1]]), np.array([4, 4, 4]), load_of([30.0] * 3, 0.5)
    )
    assert state.converged
    assert state.lost == pytest.approx(np.full(3, erlang_b(12, 45.0)), abs=0.02)


def test_odds_factor_recovers_the_loss_of_the_whole_system() -> None:
    """Multiplying up single units with the factors gives Erlang B of all of them."""
    total, step = 6, 25
    factor = busy_odds_table()[total, step]
    offered, busy = 3.7, 0.5
    for _ in range(100):
        offered = total * busy / (1.0 - erlang_b(total, offered))
    together = 1.0
    for known in range(total):
        odds = factor[known, 1] * busy / (1.0 - busy)
        together *= odds / (1.0 + odds)
    assert together == pytest.approx(erlang_b(total, offered), rel=1e-6)
