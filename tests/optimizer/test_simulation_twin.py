"""The simulation and an independent SimPy program agree call by call on random small cities.

All minutes are multiples of 1/8, exact in single precision: the two agree to the last bit, also
where several things happen at the same moment or several units are equally near.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from optimizer.judges.simulation.call_stream import CallKinds, CallStream
from optimizer.judges.simulation.replication import Replication, VisitTask, replicate
from optimizer.judges.simulation.state import VISIT
from optimizer.judges.simulation.system import Crossing, DispatchRules, Fleet, ground_of
from tests.optimizer.simulation_cases import BEYOND_MIN, reach_from
from tests.optimizer.simulation_twin import Twin, TwinCity

GROUPS, CITIES = 8, 100


@dataclass(frozen=True)
class Outcome:
    """A city, and what both programs make of it."""

    city: TwinCity
    run: Replication
    twin: Twin


def eighths(
    rng: np.random.Generator, most: float, size: int | tuple[int, ...]
) -> NDArray[np.float64]:
    """Minutes from 0 to `most` in steps of 1/8."""
    return rng.integers(0, round(most * 8) + 1, size) / 8.0


def random_city(seed: int) -> TwinCity:
    """A city of up to 4 places, 6 cells, 6 cars of two types and 30 calls in up to 4 hours."""
    rng = np.random.default_rng(seed)
    kinds, profiles, places = rng.integers(1, 3), rng.integers(1, 3), rng.integers(1, 5)
    cells, hours, cars, classes = (int(rng.integers(1, most)) for most in (7, 5, 7, 5))
    coarse = rng.integers(0, 2)
    travel = np.round(eighths(rng, 20.0, (kinds, profiles, places, cells)) * (1 - coarse / 2))
    travel[rng.random(travel.shape) < 0.25] = np.inf
    home = rng.integers(-1, places, (cars, hours))
    stay = rng.random((cars, hours)) < 0.6
    for hour in range(1, hours):
        home[:, hour] = np.where(stay[:, hour], home[:, hour - 1], home[:, hour])
    count = int(rng.integers(0, 31))
    ready = np.sort(eighths(rng, 60.0 * hours, count))
    calls = zip(
        ready.tolist(),
        rng.integers(0, cells, count).tolist(),
        rng.integers(0, classes, count).tolist(),
        rng.choice([1, 1, 2, 3], count).tolist(),
        eighths(rng, float(rng.choice([6.0, 40.0])), count).tolist(),
        rng.choice([0.5, 1.0, 1.0, 1.5], count).tolist(),
        strict=True,
    )
    due = int(rng.integers(0, 8))
    start = np.sort(eighths(rng, 60.0 * hours, due))
    on_routes = rng.random() < 0.5
    visits = zip(
        start.tolist(),
        (start + eighths(rng, 60.0, due)).tolist(),
        eighths(rng, 30.0, due).tolist(),
        rng.integers(0, cells, due).tolist(),
        (rng.integers(-1, cars, due) if on_routes else np.full(due, -1)).tolist(),
        strict=True,
    )
    crossing = int(rng.integers(0, 3))
    return TwinCity(
        travel=travel.tolist(),
        profile=rng.integers(0, profiles, (kinds, hours)).tolist(),
        turnout=eighths(rng, 3.0, (kinds, places)).tolist(),
        moving_turnout=eighths(rng, 1.0, kinds).tolist(),
        place_cell=rng.integers(0, cells, places).tolist(),
        place_command=rng.integers(0, 2, places).tolist(),
        cell_command=rng.integers(0, 2, cells).tolist(),
        beyond=BEYOND_MIN,
        car_kind=rng.integers(0, kinds, cars).tolist(),
        home=home.tolist(),
        calls=list(calls),
        grade=rng.integers(1, 4, classes).tolist(),
        answered_by=(rng.random((classes, kinds)) < 0.8).tolist(),
        visits=list(visits),
        visited_by=(rng.random(kinds) < 0.8).tolist(),
        preemptible=bool(rng.integers(0, 2)),
        own_first=crossing == Crossing.OWN_FIRST,
        own_only=crossing == Crossing.OWN_ONLY,
        calls_wait=bool(rng.random() < 0.8),
        returning=bool(rng.random() < 0.7),
        closing=float(rng.choice([0.0, 2.5])),
    )


def simulated(city: TwinCity) -> Replication:
    """The same city put to the simulation under test."""
    ground = ground_of(
        [[reach_from(table) for table in of_kind] for of_kind in city.travel],
        np.array(city.profile),
        np.array(city.turnout),
        np.array(city.moving_turnout),
        np.array(city.place_cell),
        np.array(city.place_command),
        np.array(city.cell_command),
        city.beyond,
    )
    columns = np.array(city.calls).reshape(-1, 6).T
    ready, cell, class_, asked, scene, pace = columns
    whole = [part.astype(np.int64) for part in (cell, class_, asked)]
    visits = np.zeros(len(city.visits), dtype=VISIT)
    columns = np.array(city.visits).reshape(-1, 5).T
    names = ("start", "latest", "minutes", "cell", "made_by")
    for name, values in zip(names, columns, strict=True):
        visits[name] = values
    visits["made_by"] += 1
    crossing = Crossing(1 if city.own_first else 2 if city.own_only else 0)
    return replicate(
        ground,
        Fleet(np.array(city.car_kind), np.array(city.home)),
        CallStream(ready, ready, *whole, scene, pace),
        CallKinds(np.array(city.grade), np.array(city.answered_by)),
        DispatchRules(crossing, city.calls_wait, city.returning, city.closing),
        VisitTask(visits, np.array(city.visited_by), city.preemptible),
    )


def assert_same(outcome: Outcome) -> None:
    """Every stamp of every call, every visit and the books of every car."""
    run, twin = outcome.run, outcome.twin
    for record, call in zip(run.calls, twin.calls, strict=True):
        first = sorted(call.arrivals, key=lambda arrival: arrival[0])
        arrived, unit, way = first[0] if first else (np.nan, -1, np.nan)
        second = first[1][0] if len(first) > 1 else np.nan
        told = [record[name] for name in ("dispatched", "arrived", "second", "cleared")]
        told += [record[name] for name in ("sent", "unit", "travel_min")]
        mine = [call.dispatched, arrived, second, call.cleared, call.sent, unit, way]
        assert np.array_equal(told, mine, equal_nan=True), (call, told, mine)
    assert run.visits["delivered_min"].tolist() == [visit.delivered for visit in twin.visits]
    assert run.visits["begun"].tolist() == [visit.begun for visit in twin.visits]
    assert run.over_min.tolist() == [car.over for car in twin.cars]
    assert run.busy_min.tolist() == [twin.busy_min(car) for car in twin.cars]


def outcome_of(seed: int) -> Outcome:
    city = random_city(seed)
    return Outcome(city, simulated(city), Twin(city))


@pytest.mark.parametrize("group", range(GROUPS))
def test_simulation_and_twin_agree_call_by_call(group: int) -> None:
    for seed in range(group * CITIES, (group + 1) * CITIES):
        assert_same(outcome_of(seed))


def test_random_cities_ask_for_every_rule() -> None:
    """The agreement says something: calls wait, are lost, cross, share cars; visits are broken."""
    found = dict.fromkeys(
        ("waited", "lost", "second", "crossed", "overtime", "visited", "broken", "on the way"), 0
    )
    for seed in range(CITIES):
        outcome = outcome_of(seed)
        city, run, twin = outcome.city, outcome.run, outcome.twin
        sent = run.calls[run.calls["sent"] > 0]
        found["waited"] += int((sent["dispatched"] > sent["ready"]).sum())
        found["lost"] += int((run.calls["sent"] < run.calls["units"]).sum())
        found["second"] += int((sent["sent"] > 1).sum())
        found["overtime"] += int((run.over_min > 0.0).sum())
        delivered, minutes = run.visits["delivered_min"], run.visits["minutes"]
        found["visited"] += int(((delivered == minutes) & (minutes > 0.0)).sum())
        found["broken"] += int(((delivered > 0.0) & (delivered < minutes)).sum())
        for call in twin.calls:
            for arrival, car, way in call.arrivals:
                hour = min(int(call.dispatched // 60), len(city.home[car]) - 1)
                place = city.home[car][hour]
                if place < 0:
                    continue
                away = city.place_command[place] != city.cell_command[call.cell]
                found["crossed"] += int(away)
                turnout = city.turnout[city.car_kind[car]][place]
                found["on the way"] += int(arrival - way - call.dispatched < turnout)
    assert min(found.values()) >= 10, found
