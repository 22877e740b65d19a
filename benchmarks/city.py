"""The synthetic city: greedy and swaps, the rounds with the queueing judge, the evaluation."""

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.city_world import PATROL_CAR, CitySize, synthetic_city
from benchmarks.location import timed
from benchmarks.record import Record, peak_mb
from geodata.faults import FaultLog
from optimizer.calls import PatrolTerms
from optimizer.judges.evaluation import evaluate
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.objective import hour_shortfall
from optimizer.models.allocation import allocate, guessed_busy, hour_problem, patrol_model
from optimizer.models.patrol import allocate_hour
from optimizer.plan import Deployment

SIZES: dict[str, CitySize] = {
    "small": CitySize(40, 2, 80, 60, 2, 60.0, 15.0),
    "medium": CitySize(100, 4, 1000, 700, 2, 800.0, 15.0),
}
TINY = CitySize(8, 1, 8, 4, 1, 4.0, 15.0)
SEED = 1
TERMS = PatrolTerms()


def run(names: Sequence[str]) -> Iterator[Record]:
    """Measure the cities of these sizes, three lines each; all sizes when `names` is empty.

    Raises
    ------
    BadInput
        When a name is not a size.
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
    faults.raise_if_any()
    tuple(measure("warm-up", TINY))
    for name in names or SIZES:
        yield from measure(name, SIZES[name])


def measure(name: str, size: CitySize) -> Iterator[Record]:
    """Build one city and time each step of planning it.

    The values are: missed gain of the first hour in weighted call-minutes an hour, weighted
    response over all hours in call-minutes, mean response in minutes.
    """
    city, build_s = timed(lambda: synthetic_city(size, SEED))

    def record(step: str, value: float, build_s: float, solve_s: float) -> Record:
        grid, places = city.situation.grid.n_cells, len(city.situation.patrol_places)
        params = f"cells={grid};places={places};units={size.units};hours={size.hours};step={step}"
        return Record(
            family="city",
            instance=name,
            params=params,
            value=round(value, 6),
            bound=None,
            known=None,
            status="heuristic",
            build_s=build_s,
            solve_s=solve_s,
            peak_mb=peak_mb(),
        )

    car = city.force.unit_types[0]
    model, model_s = timed(lambda: patrol_model(city.situation, car, TERMS))
    load = model.load(0)
    problem = hour_problem(model, 0, load, guessed_busy(load, size.units), city.cars)
    units, solve_s = timed(lambda: allocate_hour(problem))
    missed = hour_shortfall(problem, units)
    yield record("greedy and swaps, one hour", missed, round(build_s + model_s, 3), solve_s)

    limits = np.repeat(city.cars[:, np.newaxis], size.hours, axis=1)
    plan, solve_s = timed(lambda: allocate(city.situation, car, limits, TERMS))
    yield record("rounds with the queueing judge", float(plan.response_sum.sum()), 0.0, solve_s)

    deployment = Deployment((PATROL_CAR,), plan.units[np.newaxis], ())
    judged, solve_s = timed(lambda: evaluate(city.situation, city.force, deployment, terms=TERMS))
    yield record("evaluation", mean_response_min(judged), 0.0, solve_s)


def mean_response_min(judged: Evaluation) -> float:
    """Mean response over all calls, a call nobody can take counting `unserved_min`."""
    minutes = np.where(np.isfinite(judged.mean_min), judged.mean_min, judged.unserved_min)
    return float((judged.demand_per_h * minutes).sum() / judged.demand_per_h.sum())
