"""Rules of observation flights: bases fly where and when they may, with the drones they have."""

import math

import numpy as np

from geodata.horizon import Horizon
from optimizer.drones import DroneFleet
from optimizer.judges.violation import Violation
from optimizer.observation import (
    DRONE_HOUR_COST,
    PRIORITY_WEIGHT,
    ObservationPlan,
    hours_asked,
    may_fly,
)

TOLERANCE = 1e-6


def check_observation(
    fleet: DroneFleet, plan: ObservationPlan, horizon: Horizon
) -> tuple[Violation, ...]:
    """Every watched hour is asked for, flown and covered by turns; the value is as claimed."""
    asked, allowed = hours_asked(plan.tasks, horizon), may_fly(fleet, plan.tasks, horizon)
    busy = np.zeros((len(fleet.bases), horizon.hours), dtype=np.int64)
    found, value = [], 0.0
    for row, hour in np.argwhere(plan.watched).tolist():
        task, base = plan.tasks[row], fleet.bases[int(plan.base[row, hour])]
        metres = math.hypot(base.x - task.x, base.y - task.y)
        watch_min = base.endurance_min - 2.0 * metres * 0.06 / base.speed_kmh
        flies = metres <= base.range_m and watch_min > 0.0
        if not (flies and asked[row, hour] and allowed[row, plan.base[row, hour], hour]):
            where = f"{base.base_id}, hour {hour}"
            found.append(Violation("observation flight", task.task_id, where, 1, 0))
        turns = _turns(watch_min, base.endurance_min + base.recharge_min, task.aloft, base.drones)
        busy[plan.base[row, hour], hour] += turns
        value += PRIORITY_WEIGHT[task.priority] - DRONE_HOUR_COST * turns
    for column, base in enumerate(fleet.bases):
        for hour in np.flatnonzero(busy[column] > base.drones).tolist():
            needed = int(busy[column, hour])
            found.append(
                Violation("observation drones", base.base_id, f"hour {hour}", needed, base.drones)
            )
    slack = TOLERANCE * max(1.0, abs(value))
    if abs(plan.value - value) > slack:
        found.append(Violation("observation value", "all", "all hours", plan.value, value))
    if value > plan.bound + slack:
        found.append(Violation("observation bound", "all", "all hours", value, plan.bound))
    return tuple(found)


def _turns(watch_min: float, cycle_min: float, aloft: int, most: int) -> int:
    """Drones whose turns leave no gap, added one by one; one more than `most` where none do."""
    drones = aloft
    while drones <= most and drones * watch_min < aloft * cycle_min - TOLERANCE:
        drones += 1
    return drones
