"""The simulation against queueing theory, within intervals over replications.

Every comparison also says how wide its interval may be, and the last tests show that models which
are wrong by a little (other services, no priorities, no line) fall outside.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from optimizer.judges.erlang import erlang_b, erlang_c, mean_wait, priority_waits
from optimizer.judges.hypercube import HypercubeState, HypercubeSystem, hypercube
from optimizer.judges.simulation.call_stream import CallDraws, drawn_calls
from optimizer.judges.simulation.replication import Replication, replicate
from optimizer.judges.simulation.system import DispatchRules
from tests.optimizer.simulation_cases import (
    alike,
    assert_in_interval,
    city_ground,
    interval,
    steady_calls,
    steady_fleet,
)

RUNS = 30
LOSS = DispatchRules(calls_wait=False, returning=False)
LINE = DispatchRules(returning=False)


def pooled_runs(
    units: int,
    calls_per_h: list[float],
    scene_min: float,
    *,
    scene_cv: float = 1.0,
    grades: list[int] | None = None,
    rules: DispatchRules = LINE,
    hours: int = 80,
) -> list[Replication]:
    """Runs of units at one place with calls there: no way to go, only the service counts."""
    ground, fleet = city_ground([[0.0]], hours), steady_fleet([0] * units, hours)
    kinds = alike(grades or [1] * len(calls_per_h))
    return [
        replicate(
            ground,
            fleet,
            steady_calls([calls_per_h], hours, scene_min, scene_cv, seed),
            kinds,
            rules,
        )
        for seed in range(RUNS)
    ]


def waits(runs: list[Replication]) -> list[float]:
    """Mean wait of each run, minutes."""
    return [float(run.wait_min.mean()) for run in runs]


@pytest.mark.parametrize(("units", "offered"), [(1, 0.6), (3, 2.4), (6, 4.5)])
def test_waits_are_those_of_erlang_c(units: int, offered: float) -> None:
    runs = pooled_runs(units, [offered * 60.0], 1.0)
    assert_in_interval(waits(runs), mean_wait(units, offered), power=0.09)
    waited = [float((run.wait_min > 0.0).mean()) for run in runs]
    assert_in_interval(waited, erlang_c(units, offered), power=0.03)
    busy = [float(run.busy_min[:, 2:].mean() / 60.0) for run in runs]
    assert_in_interval(busy, offered / units, power=0.02)


def test_one_unit_waits_as_pollaczek_and_khinchine_say() -> None:
    """M/G/1 with gamma services of squared variation 1/4: (1 + 1/4) / 2 of the wait of M/M/1."""
    runs = pooled_runs(1, [36.0], 1.0, scene_cv=0.5, hours=160)
    assert_in_interval(waits(runs), 0.625 * mean_wait(1, 0.6), power=0.06)


@pytest.mark.parametrize("scene_cv", [0.0, 1.0, 2.0])
def test_lost_calls_are_those_of_erlang_b_whatever_the_services(scene_cv: float) -> None:
    runs = pooled_runs(5, [240.0], 1.0, scene_cv=scene_cv, rules=LOSS)
    lost = [float((run.calls["sent"] == 0).mean()) for run in runs]
    assert_in_interval(lost, erlang_b(5, 4.0), power=0.03)
    busy = [float(run.busy_min[:, 2:].mean() / 60.0) for run in runs]
    assert_in_interval(busy, 4.0 * (1.0 - erlang_b(5, 4.0)) / 5.0, power=0.01)


def busy_at(run: Replication, minutes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Units on a call at each of `minutes`."""
    begun = np.searchsorted(np.sort(run.calls["dispatched"]), minutes, side="right")
    ended = np.searchsorted(np.sort(run.calls["cleared"]), minutes, side="right")
    return np.asarray(begun - ended)


@pytest.mark.parametrize("scene_cv", [0.0, 1.0, 2.0])
def test_units_busy_are_poisson_when_there_are_enough(scene_cv: float) -> None:
    """M/G/infinity: mean and variance of the units busy are the work offered, 6 erlangs."""
    runs = pooled_runs(40, [180.0], 2.0, scene_cv=scene_cv)
    assert all((run.wait_min == 0.0).all() for run in runs)
    moments = np.arange(120.0, 60.0 * 80, 12.0)
    busy = np.array([busy_at(run, moments) for run in runs])
    assert_in_interval(busy.mean(axis=1), 6.0, power=0.02)
    assert_in_interval(busy.var(axis=1, ddof=1), 6.0, power=0.06)


def test_units_busy_follow_calls_that_change_by_the_hour() -> None:
    """With services of 60 minutes the units busy at the end of an hour are its calls."""
    per_h, days = np.array([4.0, 12.0, 30.0, 8.0]), 100
    hours = days * len(per_h)
    ground, fleet = city_ground([[0.0]], hours), steady_fleet([0] * 80, hours)
    rate, draws = np.tile(per_h, days)[None, :, None], CallDraws(0.0, 0.0, 0.0, 0.0)
    samples = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        calls = drawn_calls(rate, np.ones(1), np.array([60.0]), draws, rng)
        run = replicate(ground, fleet, calls, alike([1]), LINE)
        busy = busy_at(run, 60.0 * np.arange(1.0, hours + 1.0)).reshape(days, len(per_h))
        samples.append(np.concatenate([busy.mean(axis=0), busy.var(axis=0, ddof=1)]))
    assert_in_interval(samples, np.concatenate([per_h, per_h]), power=0.15)


def test_waits_by_grade_are_those_of_cobham() -> None:
    """Classes come in any order of their grades; two of them share one."""
    runs = pooled_runs(2, [24.0, 20.0, 10.0, 30.0], 1.2, grades=[4, 1, 2, 2], hours=150)
    sample = []
    for run in runs:
        grade = np.array([4, 1, 2, 2])[run.calls["class_"]]
        sample.append([run.wait_min[grade == k].mean() for k in (1, 2, 4)])
    theory = 60.0 * priority_waits(2, 50.0, [20.0, 40.0, 24.0])
    assert_in_interval(sample, theory, power=0.10)


PREFERENCE = {
    3: np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]]),
    4: np.array([[0, 1, 2, 3], [1, 3, 0, 2], [2, 3, 1, 0], [3, 0, 2, 1]]),
}
CALLS_PER_H = {3: np.array([12.0, 6.0, 9.0, 3.0]), 4: np.array([20.0, 5.0, 8.0, 7.0])}
"""Calls of four atoms; units serve 20 calls an hour."""


def hypercube_runs(units: int, *, line: bool) -> tuple[list[Replication], HypercubeState]:
    """Runs whose units prefer as listed: minutes of travel too small to count, but in order."""
    preference, calls_per_h = PREFERENCE[units], CALLS_PER_H[units]
    rank = np.argsort(preference, axis=1)
    hours = 200
    ground = city_ground((rank.T + 1) / 2**17, hours)
    rules, kinds = (LINE if line else LOSS), alike([1])
    runs = [
        replicate(
            ground,
            steady_fleet(range(units), hours),
            steady_calls(calls_per_h[:, None], hours, 3.0, 1.0, seed),
            kinds,
            rules,
        )
        for seed in range(RUNS)
    ]
    return runs, hypercube(HypercubeSystem(calls_per_h, np.full(units, 20.0), preference, line))


def answered_by(run: Replication, units: int, *, after_wait: bool) -> NDArray[np.float64]:
    """Share of the calls answered by unit and atom, `[unit, atom]`."""
    calls = run.calls[run.calls["sent"] > 0]
    waited = calls["dispatched"] > calls["ready"]
    chosen = calls[waited == after_wait]
    pair = chosen["unit"] * 4 + chosen["cell"]
    return np.bincount(pair, minlength=4 * units).reshape(units, 4) / len(calls)


@pytest.mark.parametrize("units", [3, 4])
@pytest.mark.parametrize("line", [False, True])
def test_workloads_and_dispatches_are_those_of_the_hypercube(units: int, line: bool) -> None:
    runs, exact = hypercube_runs(units, line=line)
    workload = [run.busy_min[:, 2:].mean(axis=1) / 60.0 for run in runs]
    assert_in_interval(workload, exact.workload, power=0.03)
    at_once = [answered_by(run, units, after_wait=False) for run in runs]
    assert_in_interval(at_once, exact.at_once, power=0.04)
    after_wait = [answered_by(run, units, after_wait=True) for run in runs]
    if line:
        assert_in_interval(after_wait, exact.after_wait, power=0.12)
        assert_in_interval(waits(runs), 60.0 * exact.wait_h, power=0.10)
    else:
        assert np.sum(after_wait) == 0.0
        lost = [
            np.bincount(run.calls["cell"], run.calls["sent"] == 0, 4)
            / np.bincount(run.calls["cell"], minlength=4)
            for run in runs
        ]
        assert_in_interval(lost, exact.lost, power=0.10)


def outside(sample: list[float], wrong: float) -> bool:
    """Whether the interval tells a wrong figure."""
    middle, half = interval(sample)
    return bool(abs(middle - wrong) > half)


def test_intervals_tell_services_that_are_a_little_more_even() -> None:
    """Services with a variation of 0.9 instead of 1 shorten the waits by about a tenth."""
    runs = pooled_runs(3, [144.0], 1.0, scene_cv=0.9, hours=160)
    assert outside(waits(runs), mean_wait(3, 2.4))


def test_intervals_tell_two_per_cent_more_calls() -> None:
    runs = pooled_runs(3, [144.0 * 1.02], 1.0)
    assert outside(waits(runs), mean_wait(3, 2.4))
    lost = [
        float((run.calls["sent"] == 0).mean())
        for run in pooled_runs(5, [240.0 * 1.05], 1.0, rules=LOSS)
    ]
    assert outside(lost, erlang_b(5, 4.0))


def test_intervals_tell_a_hypercube_with_two_choices_swapped() -> None:
    runs, _ = hypercube_runs(4, line=False)
    other = PREFERENCE[4].copy()
    other[1] = [1, 0, 3, 2]
    wrong = hypercube(HypercubeSystem(CALLS_PER_H[4], np.full(4, 20.0), other, False))
    middle, half = interval([run.busy_min[:, 2:].mean(axis=1) / 60.0 for run in runs])
    assert (np.abs(middle - wrong.workload) > half).any()
