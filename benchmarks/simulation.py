"""The simulation's speed: a synthetic city whose units are given new places every hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.city import SIDE_KM
from benchmarks.city_world import City as World
from benchmarks.city_world import CitySize, synthetic_city
from benchmarks.location import timed
from benchmarks.record import Record, peak_mb, refuse_unknown
from optimizer.calls import PatrolTerms
from optimizer.judges.simulation.city import City, SimulationTerms, simulated_city
from optimizer.judges.simulation.replication import Replication, replicate
from optimizer.judges.simulation.service import interval
from optimizer.judges.simulation.system import Fleet

WEEK_CALLS = 219_000
CELL_M = SIDE_KM * 1000.0 / 72

SIZES: dict[str, CitySize] = {
    "day": CitySize(24, 1000.0, 2, 60, 120, 24, 60.0, 20.0),
    "week": CitySize(72, CELL_M, 4, 600, 2_000, 168, WEEK_CALLS / 168, 20.0),
}
SEED = 1
REPLICATIONS = 10
MOVING = 0.3
"""Share of the units that are given another place of their district every hour."""


@dataclass(frozen=True)
class SimulationRecord(Record):
    """A line of this family: the value is the mean response in minutes of all replications.

    `half_min` is half the width of its 95 % interval; `solve_s` seconds of a replication once
    the kernels are compiled, `draw_s` those of drawing its calls before; means for each
    replication of `calls`, of `dispatches`, and of `moves` on the hour; `busy` share of the
    units' time.
    """

    half_min: float
    draw_s: float
    calls: float
    dispatches: float
    moves: int
    busy: float


@dataclass(frozen=True)
class Timed:
    """One replication and how long it took."""

    run: Replication
    draw_s: float
    run_s: float


def run(names: Sequence[str]) -> Iterator[Record]:
    """Lines of the sizes named, or of all.

    Raises
    ------
    BadInput
        When a size is unknown.
    """
    refuse_unknown("simulation", "size", names, SIZES)
    for name in names or SIZES:
        yield measure(name, SIZES[name], REPLICATIONS)


def measure(name: str, size: CitySize, replications: int) -> SimulationRecord:
    """Simulate a city of this size; the first replication, which compiles, is run twice."""
    (city, fleet), build_s = timed(lambda: built(size))
    replicated(city, fleet, 0)
    found = [replicated(city, fleet, number) for number in range(replications)]
    mean, half = interval(np.array([np.nanmean(one.run.response_min) for one in found]))
    busy = [one.run.busy_min.sum() / (60.0 * fleet.on_duty.sum()) for one in found]
    return SimulationRecord(
        family="simulation",
        instance=name,
        params=f"synthetic;seed={SEED};cells={size.side_cells**2};places={len(city.ground.places)};"
        f"units={size.units};hours={size.hours};moving={MOVING:g};replications={replications}",
        value=round(float(mean), 4),
        bound=None,
        known=None,
        status="simulated",
        build_s=build_s,
        solve_s=round(float(np.mean([one.run_s for one in found])), 4),
        peak_mb=peak_mb(),
        half_min=round(float(half), 4),
        draw_s=round(float(np.mean([one.draw_s for one in found])), 4),
        calls=float(np.mean([len(one.run.calls) for one in found])),
        dispatches=float(np.mean([one.run.calls["sent"].sum() for one in found])),
        moves=int((np.diff(fleet.home, axis=1) != 0).sum()),
        busy=round(float(np.mean(busy)), 4),
    )


def built(size: CitySize) -> tuple[City, Fleet]:
    """The city to simulate and a fleet that moves every hour."""
    world = synthetic_city(size, SEED)
    terms, simulation = PatrolTerms(), SimulationTerms(warm_up_h=0)
    city = simulated_city(world.situation, world.force.unit_types, terms, simulation)
    return city, moving_fleet(world, size, np.random.default_rng(SEED))


def moving_fleet(world: World, size: CitySize, rng: np.random.Generator) -> Fleet:
    """Units of each district at places of it drawn evenly; every hour some draw another one."""
    district = np.repeat(np.arange(len(world.cars)), world.cars)
    home = np.empty((len(district), size.hours), dtype=np.int64)
    home[:, 0] = _drawn_places(world, district, rng)
    for hour in range(1, size.hours):
        moves = rng.random(len(district)) < MOVING
        home[:, hour] = np.where(moves, _drawn_places(world, district, rng), home[:, hour - 1])
    return Fleet(np.zeros(len(district), dtype=np.int64), home)


def _drawn_places(
    world: World, district: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """A place of the district of each unit, `[unit]`."""
    of_place = world.situation.patrol_places.district
    order = np.argsort(of_place, kind="stable")
    first = np.searchsorted(of_place[order], district)
    number = np.bincount(of_place, minlength=len(world.cars))[district]
    return np.asarray(order[first + (rng.random(len(district)) * number).astype(np.int64)])


def replicated(city: City, fleet: Fleet, number: int) -> Timed:
    """One replication, its calls drawn before."""
    calls, draw_s = timed(lambda: city.drawn(SEED, number))
    result, run_s = timed(lambda: replicate(city.ground, fleet, calls, city.kinds, city.rules))
    return Timed(result, draw_s, run_s)
