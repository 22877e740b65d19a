"""Planned operations of a scenario: their file, their hours, and what the report says of them."""

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.event_file import EventCalendar
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.situation import Situation
from optimizer.calls import PatrolTerms
from optimizer.force import UnitType
from optimizer.force_file import ForceParts
from optimizer.operation_file import read_operations
from optimizer.operations import (
    OPERATION,
    Operation,
    OperationPlan,
    PlacedOperation,
    asked_officers,
    fixed_hours,
    movable_task,
    with_task,
)
from optimizer.plan import PostAssignment
from optimizer.requirement import PostNeed
from scenarios.scenario import LoadedScenario
from scenarios.tables import known_zone

NO_OPERATIONS = OperationPlan((), 0.0, 0.0, (), np.zeros((0, 0)))


def operations_of(
    loaded: LoadedScenario,
    area: StudyArea,
    horizon: Horizon,
    force: ForceParts | None,
    faults: FaultLog,
) -> tuple[Operation, ...] | None:
    """Operations of the scenario's file, none where it names no file."""
    part = loaded.scenario.operations
    if part.file is None:
        return ()
    path, local = loaded.path(part.file), part.local_timezone
    zone = None if local is None else known_zone(local, "operations.local_timezone", loaded, faults)
    if force is None or (local is not None and zone is None):
        return None
    return faults.attempt(
        lambda log: read_operations(
            path, area, horizon, force.unit_types, part.crs, log, local_timezone=local
        )
    )


def refuse_names_of_events(
    loaded: LoadedScenario,
    operations: tuple[Operation, ...] | None,
    events: EventCalendar | None,
    faults: FaultLog,
) -> None:
    """Note operations that bear the id of an event: their posts would be taken for its own."""
    if operations is None or events is None:
        return
    known = {event.event_id for event in (*events.placed, *events.citywide)}
    same = sorted({task.operation_id for task in operations} & known)
    if same:
        faults.add(
            loaded.path(str(loaded.scenario.operations.file)).name,
            "operation_id is the id of an event",
            expected="ids that no event has",
            remedy="Rename the operation.",
            value=", ".join(same),
        )


def plan_operations(
    operations: Sequence[Operation],
    situation: Situation,
    unit_types: tuple[UnitType, ...],
    posts: tuple[PostNeed, ...],
    terms: PatrolTerms,
) -> OperationPlan:
    """Operations at their hours: fixed ones first, then the movable ones command by command."""
    if not operations:
        return NO_OPERATIONS
    horizon = situation.horizon
    asked = asked_officers(situation, unit_types, posts, terms)
    hours, load, bound = _fixed(operations, horizon), 0.0, 0.0
    movable = [task for task in operations if movable_task(task, horizon).starts]
    for command in sorted({task.command for task in movable}):
        before = asked[command]
        for task in operations:
            if task.command == command and task.operation_id in hours:
                before = with_task(before, *hours[task.operation_id], task.officers)
        own = [task for task in movable if task.command == command]
        more_hours, more, least = _levelled(own, before, horizon)
        hours, load, bound = hours | more_hours, load + more, bound + least
    return OperationPlan(
        _placed(operations, hours, asked, horizon),
        load,
        bound,
        tuple(task for task in operations if task.operation_id not in hours),
        asked,
    )


def _fixed(operations: Sequence[Operation], horizon: Horizon) -> dict[str, tuple[int, int]]:
    """Hours of the operations at fixed times that touch the horizon, by id."""
    found = {
        task.operation_id: fixed_hours(task, horizon) for task in operations if task.window is None
    }
    return {name: span for name, span in found.items() if span[0] < span[1]}


def _levelled(
    operations: Sequence[Operation], asked: NDArray[np.float64], horizon: Horizon
) -> tuple[dict[str, tuple[int, int]], float, float]:
    """Hours of one command's movable operations, with the load and its bound."""
    from optimizer.models.operation_times import task_times

    tasks = [movable_task(task, horizon) for task in operations]
    times = task_times(asked, tasks)
    hours = {
        operation.operation_id: (start, start + task.hours)
        for operation, task, start in zip(operations, tasks, times.starts, strict=True)
    }
    return hours, times.load, times.bound


def _placed(
    operations: Sequence[Operation],
    hours: dict[str, tuple[int, int]],
    asked: NDArray[np.float64],
    horizon: Horizon,
) -> tuple[PlacedOperation, ...]:
    """Operations with their hours and what everything else asks of the command meanwhile."""
    total = asked.copy()
    there = [task for task in operations if task.operation_id in hours]
    for task in there:
        first, last = hours[task.operation_id]
        total[task.command, first:last] += task.officers
    found = []
    for task in there:
        first, last = hours[task.operation_id]
        others = with_task(total[task.command], first, last, -task.officers)
        proposed = others[slice(*fixed_hours(task, horizon))]
        found.append(PlacedOperation(task, first, last, _mean(others[first:last]), _mean(proposed)))
    return tuple(found)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else math.nan


def operation_notes(plan: OperationPlan) -> tuple[str, ...]:
    """What a reader must know of the operations."""
    notes = [
        f"operation {task.name_en} is not planned: "
        + (
            "it takes place outside the horizon"
            if task.window is None
            else "the hours of its window within the horizon do not hold it"
        )
        for task in plan.left_out
    ]
    if any(one.operation.unit_type for one in plan.placed):
        notes.append(
            "officers of an operation in whole units may come from any force that mans posts; "
            "operations.csv says how many whole units they make up"
        )
    return tuple(notes)


def operations_frame(
    plan: OperationPlan, situation: Situation, units: Sequence[UnitType], posts: PostAssignment
) -> pd.DataFrame:
    """Every planned operation: when, by how many, and what else its command is asked for then.

    `have` and `units_have` are those of its worst block.
    """
    horizon, crews = situation.horizon, {unit.unit_type: unit.officers for unit in units}
    manned = _manned(posts)
    rows = []
    for one in plan.placed:
        task, crew = one.operation, crews.get(one.operation.unit_type)
        window = task.window or (None, None)
        have = manned[task.operation_id]
        rows.append(
            (
                task.operation_id,
                task.name_en,
                task.name_zh,
                situation.area.commands[task.command],
                horizon.at(one.from_hour).isoformat(),
                horizon.at(one.to_hour).isoformat(),
                task.start.isoformat(),
                *("" if moment is None else moment.isoformat() for moment in window),
                task.role,
                task.priority,
                task.officers,
                have,
                task.unit_type,
                task.officers // crew if crew else "",
                have // crew if crew else "",
                round(one.others, 3),
                round(one.others_proposed, 3),
                task.source,
            )
        )
    columns = (
        "operation_id name_en name_zh command start end proposed window_from window_to role "
        "priority required have unit_type units_required units_have others_asked "
        "others_asked_at_proposed source"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _manned(posts: PostAssignment) -> dict[str, int]:
    """Officers in the worst block of each operation, by its id."""
    have = posts.have()
    blocks: dict[tuple[str, int], int] = {}
    for need in posts.needs:
        if need.kind == OPERATION:
            block = (need.event_id, need.from_hour)
            blocks[block] = blocks.get(block, 0) + have[need.post_id]
    worst: dict[str, int] = {}
    for (name, _), count in blocks.items():
        worst[name] = min(worst.get(name, count), count)
    return worst


def operations_text(plan: OperationPlan, situation: Situation, posts: PostAssignment) -> str:
    """The summary's section on planned operations; empty where there are none."""
    if not plan.placed:
        return ""
    manned, at = _manned(posts), situation.horizon.at
    lines = [
        f"* {one.operation.name_en}, {at(one.from_hour):%d %b %H:%M} to {at(one.to_hour):%H:%M}: "
        f"{manned[one.operation.operation_id]} of {one.operation.officers} officers"
        f"{_moved(one, at(one.from_hour).astimezone(one.operation.start.tzinfo))}"
        for one in plan.placed
    ]
    return "\n".join(["## Planned operations", "", *lines, *_levelling(plan)])


def _moved(one: PlacedOperation, begins: datetime) -> str:
    """When a movable operation was proposed, and what speaks for its hours."""
    task = one.operation
    if task.window is None:
        return ""
    if begins == task.start:
        return f"; as proposed, while {one.others:,.0f} are asked for elsewhere in the command"
    proposed = f"; proposed for {task.start:%d %b %H:%M}"
    if math.isnan(one.others_proposed):
        return proposed
    return (
        f"{proposed}, moved because {one.others:,.0f} instead of {one.others_proposed:,.0f} "
        "are asked for elsewhere in the command"
    )


def _levelling(plan: OperationPlan) -> list[str]:
    """How good the hours of the movable operations are."""
    if not any(one.operation.window for one in plan.placed):
        return []
    gap = 1.0 - plan.bound / plan.load if plan.load else 0.0
    return [
        "",
        "Movable operations begin so that the squared officers asked for by posts, calls and "
        f"operations are least over the hours (within {gap:.2%} of a proven bound).",
    ]
