"""Observation flights: drones kept above a place for some hours, and what that takes and frees.

A drone watches for `endurance - way out - way back` minutes, then flies home and charges. With n
drones taking turns at equal distances, `n x watch >= aloft x (endurance + charging)` keeps as many
as asked for above the place all the time: while one flies home the next is already there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from optimizer.drones import DroneBase, DroneFleet
from optimizer.requirement import PostNeed

PRIORITY_WEIGHT: dict[int, float] = {1: 9.0, 2: 3.0, 3: 1.0}
"""What an hour of a watched place counts, by its priority (assumption)."""

DRONE_HOUR_COST = 0.01
"""What a drone kept from calls for an hour costs: it decides between equally watched plans."""

NOBODY = -1
"""In place of a base: the place is not watched."""


@dataclass(frozen=True)
class ObservationTask:
    """`aloft` drones at a time above a place from `start` to `end`; `x`, `y` in the area's CRS.

    While they watch, the event `event_id` needs `posts_freed` people fewer on its observation
    posts (an assumption of the table, 0 where nothing is said). Priority 1 is served first.
    """

    task_id: str
    name_en: str
    name_zh: str
    event_id: str
    lon: float
    lat: float
    x: float
    y: float
    start: datetime
    end: datetime
    aloft: int
    posts_freed: int
    priority: int
    source: str


@dataclass(frozen=True)
class ObservationPlan:
    """Which base watches each task in each hour, `base[task, hour]`, `NOBODY` for none.

    `value` counts watched hours by priority less the drone-hours; no plan is worth more than
    `bound`.
    """

    tasks: tuple[ObservationTask, ...]
    base: NDArray[np.int64]
    value: float
    bound: float

    def __post_init__(self) -> None:
        base = frozen_array(self.base, np.int64, np.shape(self.base), "base")
        object.__setattr__(self, "base", base)

    @property
    def watched(self) -> NDArray[np.bool_]:
        """Whether each task is watched, `[task, hour]`."""
        return np.asarray(self.base != NOBODY, dtype=np.bool_)


def drones_needed(base: DroneBase, metres: float, aloft: int) -> int | None:
    """Drones that take turns to keep `aloft` above a place so far away; None beyond reach."""
    watch_min = base.endurance_min - 2.0 * metres / (base.speed_kmh * 1000.0 / 60.0)
    if metres > base.range_m or watch_min <= 0.0:
        return None
    return math.ceil(aloft * (base.endurance_min + base.recharge_min) / watch_min - 1e-9)


def needed(fleet: DroneFleet, tasks: Sequence[ObservationTask]) -> NDArray[np.int64]:
    """Drones that each base needs for each task, `[task, base]`; 0 where it cannot serve it.

    It cannot where the place is out of reach or the base has too few drones.
    """
    found = np.zeros((len(tasks), len(fleet.bases)), dtype=np.int64)
    for row, task in enumerate(tasks):
        for column, base in enumerate(fleet.bases):
            count = drones_needed(base, math.hypot(base.x - task.x, base.y - task.y), task.aloft)
            if count is not None and count <= base.drones:
                found[row, column] = count
    return found


def hours_asked(tasks: Sequence[ObservationTask], horizon: Horizon) -> NDArray[np.bool_]:
    """Hours of the horizon that each task touches, `[task, hour]`."""
    rows = [horizon.overlaps(task.start, task.end) for task in tasks]
    return np.array(rows, dtype=np.bool_).reshape(len(tasks), horizon.hours)


def may_fly(
    fleet: DroneFleet, tasks: Sequence[ObservationTask], horizon: Horizon
) -> NDArray[np.bool_]:
    """Whether wind and closed zones let each base fly to each task, `[task, base, hour]`."""
    allowed = np.ones((len(tasks), len(fleet.bases), horizon.hours), dtype=np.bool_)
    if fleet.wind_ms is not None:
        limit = np.array([base.max_wind_ms for base in fleet.bases]).reshape(-1, 1)
        allowed &= (fleet.wind_ms[None, :] <= limit)[None]
    for zone in fleet.no_fly:
        hours = np.ones(horizon.hours, dtype=np.bool_)
        if zone.hours is not None:
            hours = horizon.overlaps(*zone.hours)
        for row, task in enumerate(tasks):
            for column, base in enumerate(fleet.bases):
                way = shapely.LineString([(base.x, base.y), (task.x, task.y)])
                if shapely.intersects(zone.shape, way):
                    allowed[row, column] &= ~hours
    return allowed


def committed_drones(fleet: DroneFleet, plan: ObservationPlan) -> NDArray[np.int64]:
    """Drones of each base that are kept for observation, `[base, hour]`."""
    count = needed(fleet, plan.tasks)
    kept = np.zeros((len(fleet.bases), plan.base.shape[1]), dtype=np.int64)
    for row, hour in np.argwhere(plan.watched).tolist():
        base = int(plan.base[row, hour])
        kept[base, hour] += count[row, base]
    return kept


def plan_value(fleet: DroneFleet, plan: ObservationPlan) -> float:
    """Watched hours by priority less what the drones kept from calls cost."""
    weight = np.array([PRIORITY_WEIGHT[task.priority] for task in plan.tasks])
    hours = plan.watched.sum(axis=1)
    return float(weight @ hours) - DRONE_HOUR_COST * float(committed_drones(fleet, plan).sum())


def without_freed_posts(
    posts: Sequence[PostNeed], plan: ObservationPlan
) -> tuple[tuple[PostNeed, ...], int]:
    """Posts with fewer people on observation where drones watch, and the officer-hours freed.

    A block counts only when its event is watched in all of the block's hours within the horizon.
    Of several observation posts of a block the first ones give way.
    """
    left: dict[tuple[str, int, int], int] = {}
    kept, freed = [], 0
    for need in posts:
        span = (need.event_id, need.from_hour, need.to_hour)
        fewer = 0
        if need.kind == "observation":
            fewer = min(left.setdefault(span, _spare(plan, *span)), need.required)
            left[span] -= fewer
            freed += fewer * (need.to_hour - need.from_hour)
        if fewer < need.required:
            kept.append(replace(need, required=need.required - fewer))
    return tuple(kept), freed


def _spare(plan: ObservationPlan, event_id: str, from_hour: int, to_hour: int) -> int:
    hours = slice(max(from_hour, 0), max(to_hour, 0))
    return sum(
        task.posts_freed
        for task, watched in zip(plan.tasks, plan.watched[:, hours], strict=True)
        if task.event_id == event_id and watched.size and watched.all()
    )
