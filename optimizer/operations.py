"""Planned operations: inspections and escorts, as tasks with a head-count and a time or a window.

A task with fixed times stands at them. A movable one begins at a full hour within its window;
`models/operation_times` chooses which. Both become blocks of posts like those of events, so that
relief, supervisors, priorities and shortages hold for them too.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.situation import Situation
from optimizer.calls import PatrolTerms, call_load
from optimizer.event_posts import LONGEST_POST_H, SMALLEST_LED_GROUP
from optimizer.force import UnitType
from optimizer.requirement import PostNeed

OPERATION = "operation"
"""Ring, phase and kind of the posts of a planned operation."""

TASK_ROLES: tuple[str, ...] = ("police", "support")
"""Who an operation may ask for; its supervisors are part of the head-count."""

_ROUNDING_H = 1e-9


@dataclass(frozen=True)
class Operation:
    """A task of `officers` for as long as from `start` to `end`, staffed by command `command`.

    `window` is None for a task at fixed times; else the task lasts as long, begins at a full hour
    and lies within the window, and `start` is only the time proposed. `unit_type` names the units
    that the officers go in, or is empty. `lon`, `lat` in WGS84 degrees; `priority` 1 is filled
    first.

    Raises
    ------
    ValueError
        When nobody is asked for, it ends before it starts or its window is shorter.
    """

    operation_id: str
    name_en: str
    name_zh: str
    command: int
    lon: float
    lat: float
    start: datetime
    end: datetime
    officers: int
    role: str
    priority: int
    source: str
    window: tuple[datetime, datetime] | None = None
    unit_type: str = ""

    def __post_init__(self) -> None:
        if self.officers < 1 or self.role not in TASK_ROLES:
            raise ValueError(f"operation {self.operation_id}: {self.officers} {self.role}")
        if self.end <= self.start:
            raise ValueError(f"operation {self.operation_id} ends before it starts")
        if self.window and self.window[1] - self.window[0] < self.end - self.start:
            raise ValueError(f"operation {self.operation_id} is longer than its window")

    @property
    def length_h(self) -> float:
        """Hours that it lasts."""
        return (self.end - self.start).total_seconds() / 3600.0

    def possible_starts(self, horizon: Horizon) -> tuple[int, ...]:
        """Full hours, counted from the horizon's start, at which a movable task may begin.

        They may lie outside the horizon; a task without a window has none.
        """
        if self.window is None:
            return ()
        opens, closes = (horizon.hour_index(moment) for moment in self.window)
        first = math.ceil(opens - _ROUNDING_H)
        last = math.floor(closes - self.length_h + _ROUNDING_H)
        return tuple(range(first, last + 1))


@dataclass(frozen=True)
class PlacedOperation:
    """An operation at the hours of the horizon in which it has posts, `to_hour` excluded.

    `others` and `others_proposed` are the officers that everything else asks of the command, on
    average over these hours and over those of the proposed time (NaN outside the horizon).
    """

    operation: Operation
    from_hour: int
    to_hour: int
    others: float = math.nan
    others_proposed: float = math.nan


@dataclass(frozen=True)
class OperationPlan:
    """Operations with their hours, and how well the movable ones were placed.

    `load` is the sum over commands with movable tasks and hours of the squared officers asked
    for, `bound` a proven lower bound of it; both 0 where nothing moves. `left_out` operations
    have no time that fits the horizon. `asked[command, hour]` are the officers that posts of
    events and calls ask for without the operations.
    """

    placed: tuple[PlacedOperation, ...]
    load: float
    bound: float
    left_out: tuple[Operation, ...]
    asked: NDArray[np.float64]


@dataclass(frozen=True)
class MovableTask:
    """What placing needs to know of a task: it stands `officers` for `hours` from one of `starts`.

    `proposed` is the hour proposed, which breaks ties.
    """

    officers: int
    hours: int
    starts: tuple[int, ...]
    proposed: float


def movable_task(operation: Operation, horizon: Horizon) -> MovableTask:
    """The task of an operation with a window, with the starts that keep it within the horizon."""
    hours = math.ceil(operation.length_h - _ROUNDING_H)
    inside = tuple(
        start
        for start in operation.possible_starts(horizon)
        if 0 <= start and start + hours <= horizon.hours
    )
    return MovableTask(operation.officers, hours, inside, horizon.hour_index(operation.start))


def fixed_hours(operation: Operation, horizon: Horizon) -> tuple[int, int]:
    """Hours of the horizon from `start` to `end`; the first is not before the last outside it."""
    first = math.floor(horizon.hour_index(operation.start))
    last = math.ceil(horizon.hour_index(operation.end))
    return max(first, 0), min(last, horizon.hours)


def with_task(
    asked: NDArray[np.float64], from_hour: int, to_hour: int, officers: int
) -> NDArray[np.float64]:
    """Officers asked for by hour, `[hour]`, with those of one more task."""
    more = asked.copy()
    more[from_hour:to_hour] += officers
    return more


def asked_officers(
    situation: Situation,
    unit_types: tuple[UnitType, ...],
    posts: tuple[PostNeed, ...],
    terms: PatrolTerms,
) -> NDArray[np.float64]:
    """Officers that posts and calls ask of each command, `[command, hour]`.

    Calls count the officers busy on the scene and closing on average; travel is left out, for it
    depends on the plan.
    """
    commands, hours = len(situation.area.commands), situation.horizon.hours
    asked = np.zeros((commands, hours))
    for need in posts:
        asked[need.district, max(need.from_hour, 0) : need.to_hour] += need.required
    command = situation.area.command_of[situation.grid.district]
    for unit in unit_types:
        for hour in range(hours):
            load = call_load(situation, unit, hour, terms)
            busy = load.requests_per_h * load.scene_h * unit.officers
            asked[:, hour] += np.bincount(command, weights=busy, minlength=commands)
    return asked


def operation_posts(
    placed: tuple[PlacedOperation, ...], supervisor_span: int
) -> tuple[PostNeed, ...]:
    """Post blocks of at most `LONGEST_POST_H` hours, by operation, time and role."""
    return tuple(need for one in placed for need in _posts_of(one, supervisor_span))


def _posts_of(placed: PlacedOperation, supervisor_span: int) -> Iterator[PostNeed]:
    task = placed.operation
    for first in range(placed.from_hour, placed.to_hour, LONGEST_POST_H):
        for role, required in _roles(task, supervisor_span):
            yield PostNeed(
                post_id=f"{task.operation_id}/{first:03d}/{OPERATION}/{role}",
                event_id=task.operation_id,
                event_en=task.name_en,
                event_zh=task.name_zh,
                ring=OPERATION,
                phase=OPERATION,
                from_hour=first,
                to_hour=min(first + LONGEST_POST_H, placed.to_hour),
                district=task.command,
                lon=task.lon,
                lat=task.lat,
                priority=task.priority,
                role=role,
                required=required,
                source=task.source,
                kind=OPERATION,
            )


def _roles(task: Operation, supervisor_span: int) -> tuple[tuple[str, int], ...]:
    """Head-counts by role; the supervisors of a large enough group are part of it."""
    led = task.officers >= SMALLEST_LED_GROUP
    leaders = math.ceil(task.officers / supervisor_span) if led else 0
    counts = (("supervisor", leaders), (task.role, task.officers - leaders))
    return tuple((role, count) for role, count in counts if count)
