"""The exact hypercube against dense chains, Erlang's formulas and a published example."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.judges.erlang import erlang_b, erlang_c, mean_wait
from optimizer.judges.hypercube import (
    MOST_UNITS,
    HypercubeState,
    HypercubeSystem,
    hypercube,
    travel_after_wait,
)

LINE = 400
"""Longest line of the dense chains: a call more has no chance that matters."""


def system_of(
    calls: list[float], services: list[float], lists: list[list[int]], *, line: bool
) -> HypercubeSystem:
    padded = [[*row, *[-1] * (len(services) - len(row))] for row in lists]
    preference = np.array(padded, dtype=np.int64).reshape(len(calls), len(services))
    return HypercubeSystem(np.array(calls), np.array(services), preference, line)


def drawn(seed: int, units: int, atoms: int, load: float, *, line: bool) -> HypercubeSystem:
    rng = np.random.default_rng(seed)
    services = rng.uniform(0.5, 2.0, units)
    calls = rng.gamma(1.0, 1.0, atoms)
    calls *= load * services.sum() / calls.sum()
    return HypercubeSystem(calls, services, np.argsort(rng.random((atoms, units)), axis=1), line)


def dense(system: HypercubeSystem) -> tuple[np.ndarray, np.ndarray]:
    """Chance of each state and of each length of the line (from 0), from a dense generator."""
    calls, services = system.calls_per_h, system.services_per_h
    units, line = len(services), LINE if system.line else 0
    states = list(product([0, 1], repeat=units))
    number = {state: sum(b << n for n, b in enumerate(state)) for state in states}
    size, full = len(states), len(states) - 1
    rate = np.zeros((size + line, size + line))
    for state in states:
        for unit in range(units):
            if state[unit]:
                other = (*state[:unit], 0, *state[unit + 1 :])
                rate[number[state], number[other]] += services[unit]
        for atom, row in enumerate(system.preference):
            idle = [unit for unit in row if unit >= 0 and not state[unit]]
            if idle:
                taken = (*state[: idle[0]], 1, *state[idle[0] + 1 :])
                rate[number[state], number[taken]] += calls[atom]
    for waiting in range(line):
        here = full if waiting == 0 else size + waiting - 1
        rate[here, size + waiting] = calls.sum()
        rate[size + waiting, here] = services.sum()
    generator = rate - np.diag(rate.sum(axis=1))
    generator[:, 0] = 1.0
    right = np.zeros(size + line)
    right[0] = 1.0
    chance = np.linalg.solve(generator.T, right)
    return chance[:size], np.concatenate([[chance[:size].sum()], chance[size:]])


def sound(state: HypercubeState) -> None:
    assert state.converged
    total = state.chance.sum() + state.line_chance
    assert total == pytest.approx(1.0, abs=1e-12)
    assert state.dispatched.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("units", [2, 3, 4])
@pytest.mark.parametrize("load", [0.3, 0.8, 1.5])
def test_loss_system_is_the_dense_chain(units: int, load: float) -> None:
    system = drawn(units, units, 6, load, line=False)
    state = hypercube(system)
    chance, _ = dense(system)
    sound(state)
    assert state.chance == pytest.approx(chance, abs=1e-11)
    assert state.all_busy == pytest.approx(chance[-1], abs=1e-11)
    assert state.lost == pytest.approx(np.full(6, chance[-1]), abs=1e-11)


@pytest.mark.parametrize("units", [2, 3, 4])
@pytest.mark.parametrize("load", [0.3, 0.8])
def test_waiting_system_is_the_dense_chain(units: int, load: float) -> None:
    system = drawn(units, units, 6, load, line=True)
    state = hypercube(system)
    chance, line = dense(system)
    sound(state)
    assert state.chance == pytest.approx(chance, abs=1e-11)
    assert state.line_chance == pytest.approx(line[1:].sum(), abs=1e-11)
    assert state.all_busy == pytest.approx(chance[-1] + line[1:].sum(), abs=1e-11)
    assert state.waiting_calls == pytest.approx(line @ np.arange(len(line)), abs=1e-9)
    assert state.wait_h * system.calls_per_h.sum() == pytest.approx(state.waiting_calls)
    served = state.workload @ system.services_per_h
    assert served == pytest.approx(system.calls_per_h.sum())
    assert state.after_wait.sum() == pytest.approx(state.all_busy)


def test_lists_that_leave_units_out_are_the_dense_chain() -> None:
    """Atom 0 knows only unit 0, atom 1 units 2 and 1, atom 2 none; nobody calls unit 3."""
    system = system_of([0.7, 1.1, 0.4], [1.0, 0.8, 1.5, 1.0], [[0], [2, 1], []], line=False)
    state = hypercube(system)
    for pattern in range(16):
        if pattern & 8:
            assert state.chance[pattern] == 0.0
    reduced = system_of([0.7, 1.1], [1.0, 0.8, 1.5], [[0], [2, 1]], line=False)
    chance, _ = dense(reduced)
    assert state.chance[:8] == pytest.approx(chance, abs=1e-12)
    busy_0 = sum(chance[pattern] for pattern in range(8) if pattern & 1)
    assert busy_0 == pytest.approx(0.7 / 1.7, abs=1e-12)
    assert state.lost == pytest.approx([busy_0, chance[6] + chance[7], 1.0], abs=1e-12)
    assert state.workload[3] == 0.0
    assert state.dispatched.sum() == pytest.approx(1.0)


def test_three_units_of_larson_and_odoni() -> None:
    """Urban Operations Research, chapter 5: workloads .5574 .4734 .4693, line .23684."""
    lists = [[0, 1, 2], [0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1]]
    state = hypercube(system_of([0.25, 0.25, 0.35, 0.25, 0.4], [1.0] * 3, lists, line=True))
    assert [f"{share:.4f}" for share in state.workload] == ["0.5574", "0.4734", "0.4693"]
    assert state.all_busy == pytest.approx(0.23684, abs=5e-6)
    assert state.interdistrict == pytest.approx(0.43529, abs=5e-5)
    assert state.dispatched[0, 0] == pytest.approx(0.087, abs=5e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 7), st.floats(0.05, 0.95), st.integers(0, 1000))
def test_units_that_serve_alike_have_erlang_marginals(units: int, load: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    calls = rng.random(5)
    calls *= load * units / calls.sum()
    lists = np.argsort(rng.random((5, units)), axis=1)
    offered = load * units
    lossy = hypercube(HypercubeSystem(calls, np.ones(units), lists, line=False))
    assert lossy.all_busy == pytest.approx(erlang_b(units, offered), abs=1e-11)
    waiting = hypercube(HypercubeSystem(calls, np.ones(units), lists, line=True))
    assert waiting.all_busy == pytest.approx(erlang_c(units, offered), abs=1e-11)
    assert waiting.wait_h == pytest.approx(mean_wait(units, offered), abs=1e-9)
    sound(waiting)


def test_busy_counts_of_six_units_are_the_truncated_poisson() -> None:
    state = hypercube(drawn_alike(6, 4.0))
    counts = np.zeros(7)
    for pattern, chance in enumerate(state.chance):
        counts[pattern.bit_count()] += chance
    weights = np.cumprod([1.0, *[4.0 / k for k in range(1, 7)]])
    assert counts == pytest.approx(weights / weights.sum(), abs=1e-12)


def drawn_alike(units: int, offered: float) -> HypercubeSystem:
    rng = np.random.default_rng(units)
    calls = rng.random(8)
    lists = np.argsort(rng.random((8, units)), axis=1)
    return HypercubeSystem(calls * offered / calls.sum(), np.ones(units), lists, line=False)


def test_twelve_units_are_solved() -> None:
    state = hypercube(drawn_alike(12, 9.0))
    sound(state)
    assert state.all_busy == pytest.approx(erlang_b(12, 9.0), abs=1e-12)


def test_travel_of_one_unit_by_hand() -> None:
    """Half of the calls find the unit at home (3 minutes), half come from another scene.

    Atoms get 3 and 1 of 4 calls, 2 apart: 2 x 3/4 x 1/4 x 2 = 0.75 minutes between scenes.
    """
    system = system_of([0.375, 0.125], [1.0], [[0], [0]], line=True)
    state = hypercube(system)
    between = np.array([[0.0, 2.0], [2.0, 0.0]])
    after_wait = travel_after_wait(system.calls_per_h, between)
    assert after_wait == pytest.approx(0.75)
    assert state.mean_travel(np.full((1, 2), 3.0), after_wait) == pytest.approx(1.5 + 0.375)
    assert state.interdistrict == pytest.approx(0.0, abs=1e-12)


def test_more_units_lose_less() -> None:
    lost = [hypercube(drawn_alike(units, 3.0)).all_busy for units in range(1, 8)]
    assert (np.diff(lost) < 0).all()


@pytest.mark.parametrize("load", [1.0, 1.3])
def test_saturated_line_has_no_figures(load: float) -> None:
    system = drawn(1, 3, 4, load, line=True)
    state = hypercube(system)
    assert not system.stable
    assert np.isnan(state.workload).all()
    assert np.isnan([state.all_busy, state.wait_h, state.waiting_calls]).all()


@pytest.mark.parametrize("line", [False, True])
def test_without_calls_all_units_are_idle(line: bool) -> None:
    state = hypercube(system_of([0.0, 0.0], [1.0, 2.0], [[0, 1], [1, 0]], line=line))
    assert state.chance.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert state.workload.tolist() == [0.0, 0.0]
    assert (state.all_busy, state.wait_h, state.dispatched.sum()) == (0.0, 0.0, 0.0)
    assert travel_after_wait(np.zeros(2), np.ones((2, 2))) == 0.0


def test_without_units_all_calls_are_lost_or_never_served() -> None:
    lossy = hypercube(system_of([1.0], [], [[]], line=False))
    assert (lossy.all_busy, lossy.lost.tolist(), lossy.interdistrict) == (1.0, [1.0], 0.0)
    assert not system_of([1.0], [], [[]], line=True).stable


@pytest.mark.parametrize(
    ("calls", "services", "lists", "line", "told"),
    [
        ([1.0], [1.0, 1.0], [[0, 0]], False, "once each"),
        ([1.0], [1.0, 1.0], [[0, 2]], False, "once each"),
        ([1.0, 1.0], [1.0, 1.0], [[0, 1], [1]], True, r"atoms \[1\]: calls wait"),
        ([-1.0], [1.0], [[0]], False, "calls_per_h"),
        ([1.0], [0.0], [[0]], False, "services_per_h"),
        ([1.0], [1.0] * (MOST_UNITS + 1), [[0]], False, "17 units"),
    ],
)
def test_faulty_systems_are_refused(
    calls: list[float], services: list[float], lists: list[list[int]], line: bool, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        system_of(calls, services, lists, line=line)
