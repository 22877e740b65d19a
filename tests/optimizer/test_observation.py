"""Observation flights: turns by hand, the best assignment by full enumeration, broken plans."""

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from optimizer.drones import DroneFleet, NoFlyZone, drone_service
from optimizer.judges.observation_rules import check_observation
from optimizer.models.observation_flights import observation_flights
from optimizer.observation import (
    DRONE_HOUR_COST,
    NOBODY,
    PRIORITY_WEIGHT,
    ObservationPlan,
    ObservationTask,
    committed_drones,
    drones_needed,
    hours_asked,
    may_fly,
    needed,
    plan_value,
    without_freed_posts,
)
from optimizer.requirement import PostNeed
from tests.optimizer.test_drones import SOUTH, WEST, base, forecast, horizon, strip

START = horizon(1).start


def task(cell: float, from_h: int = 0, to_h: int = 2, **changes: object) -> ObservationTask:
    """One drone above the middle of a cell of the strip, for the event `fair`."""
    made = ObservationTask(
        task_id="T",
        name_en="Square",
        name_zh="广场",
        event_id="fair",
        lon=121.4,
        lat=31.2,
        x=WEST + 500.0 + 1000.0 * cell,
        y=SOUTH + 500.0,
        start=START + timedelta(hours=from_h),
        end=START + timedelta(hours=to_h),
        aloft=1,
        posts_freed=0,
        priority=1,
        source="assumption",
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("km", "aloft", "drones"),
    [(0, 1, 2), (1, 1, 2), (3, 1, 3), (3, 2, 5), (5, 2, 5), (6, 1, None)],
)
def test_drones_take_turns(km: float, aloft: int, drones: int | None) -> None:
    """30 minutes in the air, 20 charging: at 3 km they watch 24 of every 50 minutes."""
    assert drones_needed(base(drones=9), 1000.0 * km, aloft) == drones


def test_no_minute_goes_unwatched_by_turns() -> None:
    """Three drones in turn, each 50 / 3 minutes after the one before, simulated by the second."""
    one, metres = base(drones=9), 3000.0
    count = drones_needed(one, metres, 1)
    assert count == 3
    there = metres / (one.speed_kmh / 0.06)
    cycle = one.endurance_min + one.recharge_min
    seconds = np.arange(0, 3 * 60 * cycle) / 60.0
    above = np.zeros(len(seconds), dtype=int)
    for number in range(count):
        moment = (seconds - number * cycle / count) % cycle
        above += (moment >= there) & (moment < one.endurance_min - there)
    assert above.min() >= 1


def test_the_nearer_base_watches_with_fewer_drones_and_its_drones_take_no_calls() -> None:
    fleet = DroneFleet((base(0, drones=3), base(4, base_id="E", drones=3)))
    plan = observation_flights(fleet, (task(3),), horizon(3))
    assert plan.base.tolist() == [[1, 1, NOBODY]]
    assert committed_drones(fleet, plan).tolist() == [[0, 0, 0], [2, 2, 0]]
    assert plan.value == pytest.approx(2 * 9 - 4 * DRONE_HOUR_COST)
    calls = forecast(np.full((5, 3), 1.0))
    kept = committed_drones(fleet, plan)
    service = drone_service(fleet, strip(5), horizon(3), calls, kept)
    free = drone_service(fleet, strip(5), horizon(3), calls)
    assert (service.cleared.sum(axis=2)[1, :2] < free.cleared.sum(axis=2)[1, :2]).all()
    np.testing.assert_allclose(service.cleared[:, 2], free.cleared[:, 2])


def test_a_base_whose_drones_all_watch_clears_nothing_and_still_flies() -> None:
    fleet = DroneFleet((base(0, drones=2),))
    plan = observation_flights(fleet, (task(0),), horizon(2))
    kept = committed_drones(fleet, plan)
    service = drone_service(fleet, strip(3), horizon(2), forecast(np.ones((3, 2))), kept)
    assert service.cleared.sum() == 0.0
    assert service.busy.tolist() == [[0.0, 0.0]]
    assert service.flying.all()


def test_wind_and_closed_zones_keep_drones_down() -> None:
    first_hour = (START, START + timedelta(hours=1))
    zone = NoFlyZone("Z", box(WEST + 1000, SOUTH, WEST + 2000, SOUTH + 1000), first_hour, "show")
    fleet = DroneFleet((base(0, drones=3),), (zone,), np.array([1.0, 1.0, 11.0]))
    plan = observation_flights(fleet, (task(2, 0, 3),), horizon(3))
    assert plan.base.tolist() == [[NOBODY, 0, NOBODY]]


def test_people_on_observation_posts_are_freed_only_in_blocks_watched_throughout() -> None:
    plan = ObservationPlan((task(0, 0, 3, posts_freed=3),), np.array([[0, 0, NOBODY, 0]]), 0, 0)
    block = PostNeed(
        "p", "fair", "Fair", "庙会", "core", "peak", 0, 2, 0, 121.4, 31.2, 1, "police", 2, "test",
        "observation",
    )  # fmt: skip
    second = replace(block, post_id="q", required=4)
    later = replace(block, post_id="r", from_hour=2, to_hour=4)
    gate = replace(block, post_id="g", kind="gate")
    left, freed = without_freed_posts((block, second, later, gate), plan)
    assert {need.post_id: need.required for need in left} == {"q": 3, "r": 2, "g": 2}
    assert freed == 2 * 3


def best_by_enumeration(fleet: DroneFleet, tasks: tuple[ObservationTask, ...], hours: int) -> float:
    """Every choice of a base or nobody for every task, hour by hour."""
    when = horizon(hours)
    count, asked, allowed = (
        needed(fleet, tasks),
        hours_asked(tasks, when),
        may_fly(fleet, tasks, when),
    )
    total = 0.0
    for hour in range(hours):
        best = 0.0
        for choice in itertools.product(range(-1, len(fleet.bases)), repeat=len(tasks)):
            used, worth, fits = [0] * len(fleet.bases), 0.0, True
            for row, column in enumerate(choice):
                if column < 0:
                    continue
                fits &= bool(asked[row, hour] and allowed[row, column, hour] and count[row, column])
                used[column] += int(count[row, column])
                worth += PRIORITY_WEIGHT[tasks[row].priority]
                worth -= DRONE_HOUR_COST * int(count[row, column])
            if fits and all(n <= b.drones for n, b in zip(used, fleet.bases, strict=True)):
                best = max(best, worth)
        total += best
    return total


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_no_assignment_is_better_and_none_breaks_a_rule(data: st.DataObject) -> None:
    whole = st.integers
    bases = tuple(
        base(data.draw(whole(0, 6)), base_id=f"B{n}", drones=data.draw(whole(1, 5)))
        for n in range(data.draw(whole(1, 2)))
    )
    tasks = tuple(
        task(
            data.draw(whole(0, 6)), data.draw(whole(0, 1)), data.draw(whole(2, 3)), task_id=f"T{n}",
            aloft=data.draw(whole(1, 2)), priority=data.draw(whole(1, 3)),
        )
        for n in range(data.draw(whole(1, 3)))
    )  # fmt: skip
    fleet = DroneFleet(bases)
    plan = observation_flights(fleet, tasks, horizon(3))
    assert check_observation(fleet, plan, horizon(3)) == ()
    assert plan.value == pytest.approx(best_by_enumeration(fleet, tasks, 3), abs=1e-6)
    assert plan.value <= plan.bound + 1e-6


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({"base": [[0, 0, 0]]}, "observation flight"),
        ({"base": [[1, 0, NOBODY]]}, "observation drones"),
        ({"value": 99.0}, "observation value"),
        ({"bound": 1.0}, "observation bound"),
    ],
)
def test_broken_plans_are_caught(broken: dict[str, object], rule: str) -> None:
    fleet = DroneFleet((base(0, drones=3), base(0, base_id="E", drones=1)))
    plan = observation_flights(fleet, (task(3),), horizon(3))
    assert check_observation(fleet, plan, horizon(3)) == ()
    told = {name: np.array(v) if name == "base" else v for name, v in broken.items()}
    changed = replace(plan, **told)
    if "base" in told:
        changed = replace(changed, value=plan_value(fleet, changed))
    assert rule in {fault.rule for fault in check_observation(fleet, changed, horizon(3))}


def test_nothing_to_watch() -> None:
    plan = observation_flights(DroneFleet((base(0),)), (), horizon(2))
    assert plan.base.shape == (0, 2)
    assert plan.value == plan.bound == 0.0
