"""The synthetic city: one hour with a bound, rounds with the queueing judge, the evaluation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.city_world import PATROL_CAR, City, CitySize, synthetic_city
from benchmarks.location import timed
from benchmarks.peers import naive_allocation
from benchmarks.record import Record, peak_mb
from geodata.faults import FaultLog
from optimizer.calls import PatrolTerms
from optimizer.hour_problem import HourProblem
from optimizer.judges.evaluation import evaluate
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.objective import hour_objective, hour_shortfall
from optimizer.models.patrol.allocation import allocate, guessed_busy, hour_problem, patrol_model
from optimizer.models.patrol.dual import dual_bound
from optimizer.models.patrol.placing import allocate_hour
from optimizer.plan import Deployment

SIDE_KM = 80.0
"""Side of the large cities: 6,400 km2, about Shanghai."""

CALLS_PER_H = 9_000 / 24
UNITS = 2_000
CUTOFF_MIN = 20.0


def _large(side_cells: int, places: int, hours: int) -> CitySize:
    """One city of a fixed size, 4 x 4 districts, on a coarser or finer grid."""
    cell_m = SIDE_KM * 1000.0 / side_cells
    return CitySize(side_cells, cell_m, 4, places, UNITS, hours, CALLS_PER_H, CUTOFF_MIN)


SIZES: dict[str, CitySize] = {
    "small": CitySize(40, 500.0, 2, 80, 60, 2, 20.0, 15.0),
    "cells5k": _large(72, 3_000, 8),
    "cells5k-places1k": _large(72, 1_000, 8),
    "cells25k": _large(160, 3_000, 8),
    "cells25k-places1k": _large(160, 1_000, 8),
    "cells100k": _large(316, 3_000, 4),
    "cells100k-places1k": _large(316, 1_000, 4),
}
TINY = CitySize(8, 500.0, 1, 8, 4, 1, 4.0, 15.0)
SEED = 1
TERMS = PatrolTerms()
BOUND_ROUNDS = 1_000
CLOSE_ENOUGH = 0.003
"""The bound is sharpened until the gap is at most this share of the missed minutes."""


@dataclass(frozen=True)
class CityRecord(Record):
    """A line of this family: the value is to be small, and no plan is below the bound.

    `gap_pct` is value less bound in per cent of the value (the missed minutes), `gap_min` the
    same in minutes a weighted call; both None without a value and a bound.
    """

    gap_pct: float | None = None
    gap_min: float | None = None


@dataclass(frozen=True)
class CityHour:
    """The first hour of a city as a problem, and its calls weighted by grade."""

    problem: HourProblem
    weighted_calls: float


@dataclass(frozen=True)
class Lines:
    """Output of one city: what all its lines have in common."""

    name: str
    size: CitySize
    city: City

    def line(
        self,
        step: str,
        value: float | None,
        status: str,
        *,
        build_s: float = 0.0,
        solve_s: float = 0.0,
        peak: float | None = None,
    ) -> CityRecord:
        """One line without a bound."""
        size, situation = self.size, self.city.situation
        params = (
            f"synthetic;seed={SEED};cells={situation.grid.n_cells};cell_m={size.cell_m:g};"
            f"places={len(situation.patrol_places)};units={size.units};hours={size.hours};"
            f"cutoff_min={size.cutoff_min:g};step={step}"
        )
        return CityRecord(
            family="city",
            instance=self.name,
            params=params,
            value=None if value is None else round(value, 6),
            bound=None,
            known=None,
            status=status,
            build_s=round(build_s, 3),
            solve_s=solve_s,
            peak_mb=peak_mb() if peak is None else peak,
        )


def run(
    names: Sequence[str], *, peer: str | None = None, seconds: float = 60.0
) -> Iterator[Record]:
    """Measure the cities of these sizes, one line a step; all sizes when `names` is empty.

    With `peer="naive"` only the first hour is planned, and then once more by the plain model,
    which may take `seconds`.

    Raises
    ------
    BadInput
        When a name is not a size, or the city has no such peer.
    """
    faults = FaultLog()
    for name in names:
        if name not in SIZES:
            faults.add(
                "--instance",
                f"no city of size {name}",
                expected=" or ".join(SIZES),
                remedy="Choose one of these.",
            )
    if peer not in {None, "naive"}:
        faults.add(
            "--peer",
            f"peer {peer} does not plan cities",
            expected="naive",
            remedy="Choose this one or a published family.",
        )
    faults.raise_if_any()
    tuple(measure("warm-up", TINY))
    for name in names or SIZES:
        if peer is None:
            yield from measure(name, SIZES[name])
        else:
            yield from beside_naive(name, SIZES[name], seconds)


def measure(name: str, size: CitySize) -> Iterator[CityRecord]:
    """Build one city and time each step of planning it.

    The values are: entries of the reach lists; what the first hour misses, in weighted
    call-minutes an hour (twice: as found, and with a bound); weighted response over all hours
    in call-minutes; what all hours miss, with a bound; mean response in minutes.
    """
    lines, hour, built = _build(name, size)
    yield built
    units, found = _greedy_line(lines, hour)
    yield found
    yield _bound_line(lines, hour, units)
    yield from _all_hours_lines(lines)


def beside_naive(name: str, size: CitySize, seconds: float) -> Iterator[CityRecord]:
    """The first hour of a city by the patrol engine, then by the plain model."""
    lines, hour, built = _build(name, size)
    yield built
    units, found = _greedy_line(lines, hour)
    yield found
    yield _bound_line(lines, hour, units)
    answer = naive_allocation(hour.problem, seconds)
    missed = None if answer.units is None else hour_shortfall(hour.problem, answer.units)
    line = lines.line(
        f"peer naive, at most {seconds:g} s",
        missed,
        answer.status,
        build_s=answer.build_s,
        solve_s=answer.solve_s,
        peak=answer.peak_mb,
    )
    yield line if answer.bound is None else _with_bound(line, hour, answer.bound)


def _build(name: str, size: CitySize) -> tuple[Lines, CityHour, CityRecord]:
    """The city, its first hour and the line that tells how long building took."""

    def build() -> tuple[City, CityHour]:
        city = synthetic_city(size, SEED)
        model = patrol_model(city.situation, city.force.unit_types[0], TERMS)
        load = model.load(0)
        problem = hour_problem(model, 0, load, guessed_busy(load, size.units), city.cars)
        return city, CityHour(problem, float(load.weight.sum()))

    (city, hour), build_s = timed(build)
    lines = Lines(name, size, city)
    entries = float(len(hour.problem.cell))
    return (
        lines,
        hour,
        lines.line("build, entries of reach lists", entries, "built", build_s=build_s),
    )


def _greedy_line(lines: Lines, hour: CityHour) -> tuple[NDArray[np.int64], CityRecord]:
    units, solve_s = timed(lambda: allocate_hour(hour.problem))
    missed = hour_shortfall(hour.problem, units)
    step = "greedy and swaps, first hour"
    return units, lines.line(step, missed, "heuristic", solve_s=solve_s)


def _bound_line(lines: Lines, hour: CityHour, units: NDArray[np.int64]) -> CityRecord:
    problem = hour.problem
    value, missed = hour_objective(problem, units), hour_shortfall(problem, units)
    target = value + CLOSE_ENOUGH * missed
    found, solve_s = timed(
        lambda: dual_bound(problem, units, rounds=BOUND_ROUNDS, good_enough=target)
    )
    step = f"dual bound, first hour;rounds={found.rounds}"
    line = lines.line(step, missed, "bounded", solve_s=solve_s)
    return _with_bound(line, hour, found.value)


def _with_bound(line: CityRecord, hour: CityHour, bound: float) -> CityRecord:
    """The line with a lower bound on what is missed, from an upper bound on the gain."""
    nothing = np.zeros(hour.problem.n_places, dtype=np.int64)
    most = hour_objective(hour.problem, nothing) + hour_shortfall(hour.problem, nothing)
    return _bounded(line, most - bound, hour.weighted_calls)


def _bounded(line: CityRecord, least: float, weighted_calls: float) -> CityRecord:
    """The line with `least`, below which no plan is, and the gap to it."""
    if line.value is None:
        return replace(line, bound=round(least, 6))
    gap = line.value - least
    return replace(
        line,
        bound=round(least, 6),
        gap_pct=round(100.0 * gap / line.value, 4) if line.value > 0 else 0.0,
        gap_min=round(gap / weighted_calls, 6),
    )


def _all_hours_lines(lines: Lines) -> Iterator[CityRecord]:
    """All hours with the queueing judge and their bounds, and what the judge says of the plan.

    What the hours miss, with its bound, is taken at the busy shares that the rounds ended with.
    """
    city, hours = lines.city, lines.size.hours
    car = city.force.unit_types[0]
    limits = np.repeat(city.cars[:, np.newaxis], hours, axis=1)
    plan, solve_s = timed(lambda: allocate(city.situation, car, limits, TERMS))
    response = float(plan.response_sum.sum())
    yield lines.line("rounds with the queueing judge", response, "heuristic", solve_s=solve_s)
    missed = lines.line("all hours, bounds of these rounds", float(plan.missed.sum()), "bounded")
    yield _bounded(missed, float(plan.missed_bound.sum()), float(plan.weight.sum()))

    deployment = Deployment((PATROL_CAR,), plan.units[np.newaxis], ())
    judged, solve_s = timed(lambda: evaluate(city.situation, city.force, deployment, terms=TERMS))
    yield lines.line("evaluation", mean_response_min(judged), "heuristic", solve_s=solve_s)


def mean_response_min(judged: Evaluation) -> float:
    """Mean response over all calls, a call nobody can take counting `unserved_min`."""
    minutes = np.where(np.isfinite(judged.mean_min), judged.mean_min, judged.unserved_min)
    return float((judged.demand_per_h * minutes).sum() / judged.demand_per_h.sum())
