"""Planned operations, checked: at their time or in their window, every officer on a post."""

from collections.abc import Sequence

import numpy as np

from geodata.horizon import Horizon
from optimizer.judges.violation import Violation
from optimizer.operations import OPERATION, Operation, OperationPlan, PlacedOperation, with_task
from optimizer.requirement import PostNeed

TOLERANCE = 1e-6
"""Relative difference up to which two sums of the same figures count as equal."""


def check_operations(
    plan: OperationPlan, posts: Sequence[PostNeed], horizon: Horizon
) -> tuple[Violation, ...]:
    """Every task stands when it should, by as many as it asks for, and the load is as claimed."""
    found = [fault for one in plan.placed for fault in _times(one, horizon)]
    found += [fault for one in plan.placed for fault in _people(one, posts)]
    return (*found, *_load(plan))


def _times(one: PlacedOperation, horizon: Horizon) -> list[Violation]:
    task = one.operation
    if task.window is None:
        first, last = _hours(task, horizon)
        allowed = (max(first, 0.0), min(last, float(horizon.hours)))
        slack = 1.0 - TOLERANCE
        right = (
            allowed[0] - slack <= one.from_hour <= allowed[0] + TOLERANCE
            and allowed[1] - TOLERANCE <= one.to_hour <= allowed[1] + slack
        )
    else:
        opens, closes = (horizon.hour_index(moment) for moment in task.window)
        ends = one.from_hour + task.length_h
        allowed = (max(opens, 0.0), min(closes, float(horizon.hours)))
        right = (
            allowed[0] - TOLERANCE <= one.from_hour
            and ends <= allowed[1] + TOLERANCE
            and ends - TOLERANCE <= one.to_hour < ends + 1.0
        )
    if right:
        return []
    when = f"hours {one.from_hour} to {one.to_hour}"
    return [Violation("operation time", task.operation_id, when, one.from_hour, allowed[0])]


def _hours(task: Operation, horizon: Horizon) -> tuple[float, float]:
    return horizon.hour_index(task.start), horizon.hour_index(task.end)


def _people(one: PlacedOperation, posts: Sequence[PostNeed]) -> list[Violation]:
    """Hours in which the task's posts do not ask for all of its officers, and for no more."""
    task = one.operation
    asked = {hour: 0 for hour in range(one.from_hour, one.to_hour)}
    for need in posts:
        if need.kind == OPERATION and need.event_id == task.operation_id:
            for hour in range(need.from_hour, need.to_hour):
                asked[hour] = asked.get(hour, 0) + need.required
    return [
        Violation(
            "operation head-count",
            task.operation_id,
            f"hour {hour}",
            count,
            task.officers if one.from_hour <= hour < one.to_hour else 0,
        )
        for hour, count in asked.items()
        if count != (task.officers if one.from_hour <= hour < one.to_hour else 0)
    ]


def _load(plan: OperationPlan) -> tuple[Violation, ...]:
    """The squared officers of the commands with movable tasks, recomputed and against the bound."""
    total = 0.0
    for command in {one.operation.command: None for one in plan.placed if one.operation.window}:
        asked = plan.asked[command]
        for one in plan.placed:
            if one.operation.command == command:
                asked = with_task(asked, one.from_hour, one.to_hour, one.operation.officers)
        total += float(np.dot(asked, asked))
    slack = TOLERANCE * max(1.0, total)
    if abs(plan.load - total) > slack:
        return (Violation("operation load", "all commands", "all hours", plan.load, total),)
    if plan.bound > total + slack:
        return (Violation("operation bound", "all commands", "all hours", total, plan.bound),)
    return ()
