"""Planned operations by hand: hours, posts, what else is asked for, and placing by brute force."""

from dataclasses import replace
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.horizon import Horizon
from optimizer.judges.operation_rules import check_operations
from optimizer.models.operation_times import TIE_PRICE, squared_load, task_times
from optimizer.models.solver import SolverOptions
from optimizer.operations import (
    MovableTask,
    Operation,
    OperationPlan,
    PlacedOperation,
    asked_officers,
    fixed_hours,
    movable_task,
    operation_posts,
)
from optimizer.requirement import PostNeed
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = Horizon(datetime(2027, 2, 5, 12, tzinfo=SHANGHAI), 24)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-02-{text}").replace(tzinfo=SHANGHAI)


def operation(
    start: str, end: str, window: tuple[str, str] | None = None, officers: int = 12
) -> Operation:
    between = None if window is None else (at(window[0]), at(window[1]))
    return Operation(
        "op",
        "Op",
        "行动",
        0,
        121.4,
        31.2,
        at(start),
        at(end),
        officers,
        "police",
        2,
        "order",
        between,
    )


def test_fixed_operation_takes_every_hour_it_touches() -> None:
    task = operation("05T20:30", "06T01:30")
    assert fixed_hours(task, NOON) == (8, 14)
    assert task.possible_starts(NOON) == ()


def test_posts_are_blocks_of_four_hours_with_supervisors_in_the_head_count() -> None:
    placed = PlacedOperation(operation("05T20:30", "06T01:30"), 8, 14)
    posts = operation_posts((placed,), supervisor_span=10)
    found = [(need.from_hour, need.to_hour, need.role, need.required) for need in posts]
    assert found == [
        (8, 12, "supervisor", 2),
        (8, 12, "police", 10),
        (12, 14, "supervisor", 2),
        (12, 14, "police", 10),
    ]
    assert len({need.post_id for need in posts}) == 4
    assert {(need.kind, need.phase, need.priority) for need in posts} == {
        ("operation", "operation", 2)
    }


def test_small_group_needs_no_supervisor_and_asks_for_its_own_role() -> None:
    task = replace(operation("05T20:00", "05T21:00", officers=5), role="support")
    (need,) = operation_posts((PlacedOperation(task, 8, 9),), supervisor_span=10)
    assert (need.role, need.required) == ("support", 5)


def test_movable_operation_begins_at_full_hours_within_its_window() -> None:
    task = operation("05T18:00", "05T20:30", ("05T17:10", "05T20:40"))
    assert task.possible_starts(NOON) == (6,)
    assert movable_task(task, NOON).hours == 3
    wider = operation("05T18:00", "05T20:30", ("05T17:00", "05T21:30"))
    assert wider.possible_starts(NOON) == (5, 6, 7)


def test_movable_operation_stays_within_the_horizon() -> None:
    task = operation("06T11:00", "06T13:00", ("06T09:00", "06T14:00"))
    assert task.possible_starts(NOON) == (21, 22, 23, 24)
    assert movable_task(task, NOON).starts == (21, 22)


@pytest.mark.parametrize(
    "wrong",
    [
        {"officers": 0},
        {"role": "supervisor"},
        {"end": at("05T20:30")},
        {"window": (at("05T20:00"), at("05T21:00"))},
    ],
)
def test_operation_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="operation op"):
        replace(operation("05T20:30", "06T01:30"), **wrong)


def test_calls_and_posts_ask_for_officers() -> None:
    """West has 5 calls of half an hour for two officers, east 2; and a post of 3 for an hour."""
    post = PostNeed("p", "e", "E", "", "core", "peak", 0, 1, 1, 0.0, 0.0, 1, "police", 3, "press")
    asked = asked_officers(tiny_city(hours=2), (CAR,), (post,), TERMS)
    np.testing.assert_allclose(asked, [[5.0, 5.0], [5.0, 2.0]])


def test_single_task_goes_where_least_is_asked() -> None:
    times = task_times(np.array([5.0, 1.0, 4.0]), [MovableTask(2, 1, (0, 1, 2), 0.0)])
    assert times.starts == (1,)
    assert times.load == 25.0 + 9.0 + 16.0


def test_tasks_keep_out_of_each_others_way() -> None:
    """Both would like hour 1; together there they would count 49, apart 16 + 9."""
    tasks = [MovableTask(3, 1, (0, 1), 1.0), MovableTask(3, 1, (0, 1), 1.0)]
    times = task_times(np.array([1.0, 0.0]), tasks)
    assert sorted(times.starts) == [0, 1]
    assert times.load == 16.0 + 9.0


def test_equal_hours_leave_a_task_at_its_proposed_time() -> None:
    times = task_times(np.full(8, 3.0), [MovableTask(2, 2, (0, 1, 2, 3, 4, 5), 4.0)])
    assert times.starts == (4,)


def test_task_without_a_start_is_refused() -> None:
    with pytest.raises(ValueError, match="no possible start"):
        task_times(np.zeros(3), [MovableTask(1, 1, (), 0.0)])


def test_many_tasks_are_placed_within_a_narrow_bound() -> None:
    """Twelve tasks of different size ask for more counts than there are chords."""
    asked = np.where(np.arange(12) < 6, 100.0, 400.0)
    tasks = [MovableTask(3 + 2 * n, 1 + n % 2, tuple(range(10)), 5.0) for n in range(12)]
    times = task_times(asked, tasks)
    assert times.load == squared_load(asked, tasks, times.starts)
    assert all(start + task.hours <= 7 for start, task in zip(times.starts, tasks, strict=True))
    assert times.bound <= times.load
    assert 1.0 - times.bound / times.load < 0.001


@st.composite
def levelling(draw: st.DrawFn) -> tuple[np.ndarray, list[MovableTask]]:
    hours = draw(st.integers(3, 7))
    asked = np.array(draw(st.lists(st.integers(0, 40), min_size=hours, max_size=hours))) / 4.0
    tasks = []
    for _ in range(draw(st.integers(1, 3))):
        length = draw(st.integers(1, 3))
        every = list(range(hours - length + 1))
        starts = tuple(sorted(draw(st.sets(st.sampled_from(every), min_size=1))))
        tasks.append(MovableTask(draw(st.integers(1, 9)), length, starts, 0.0))
    return asked, tasks


@settings(max_examples=60)
@given(levelling())
def test_placing_is_as_good_as_trying_everything(
    case: tuple[np.ndarray, list[MovableTask]],
) -> None:
    asked, tasks = case
    ties = sum(TIE_PRICE * max(task.starts) for task in tasks)
    best = min(
        squared_load(asked, tasks, starts) for starts in product(*(task.starts for task in tasks))
    )
    times = task_times(asked, tasks, SolverOptions(relative_gap=0.0))
    assert all(start in task.starts for start, task in zip(times.starts, tasks, strict=True))
    assert best - 1e-6 <= times.load <= best + ties + 1e-6
    assert times.bound <= best + 1e-6
    assert times.load - times.bound <= 2 * ties + 1e-3


def placed_plan() -> tuple[OperationPlan, tuple[PostNeed, ...]]:
    """One fixed and one movable operation of a command that is asked for 1 officer an hour."""
    fixed = operation("05T20:30", "06T01:30")
    movable = replace(
        operation("05T18:00", "05T20:30", ("05T17:10", "05T20:40"), officers=4), operation_id="move"
    )
    placed = (PlacedOperation(fixed, 8, 14), PlacedOperation(movable, 6, 9))
    load = float(16 * 1 + 2 * 5**2 + 17**2 + 5 * 13**2)
    return OperationPlan(placed, load, load, (), np.ones((1, 24))), operation_posts(placed, 10)


def test_right_operations_break_no_rule() -> None:
    plan, posts = placed_plan()
    assert check_operations(plan, posts, NOON) == ()


@pytest.mark.parametrize(
    ("row", "hours", "rule"),
    [
        (0, (9, 14), "operation time"),
        (0, (8, 13), "operation time"),
        (1, (5, 8), "operation time"),
        (1, (7, 10), "operation time"),
        (1, (6, 8), "operation time"),
    ],
)
def test_operation_at_another_time_is_told(row: int, hours: tuple[int, int], rule: str) -> None:
    plan, _ = placed_plan()
    placed = list(plan.placed)
    placed[row] = PlacedOperation(placed[row].operation, *hours)
    moved = replace(plan, placed=tuple(placed))
    found = check_operations(moved, operation_posts(tuple(placed), 10), NOON)
    assert rule in {violation.rule for violation in found}


def test_missing_posts_and_wrong_loads_are_told() -> None:
    plan, posts = placed_plan()
    found = check_operations(plan, posts[1:], NOON)
    assert {violation.rule for violation in found} == {"operation head-count"}
    assert [violation.found for violation in found] == [10.0] * 4
    (wrong,) = check_operations(replace(plan, load=plan.load - 1.0), posts, NOON)
    assert wrong.rule == "operation load"
    (above,) = check_operations(replace(plan, bound=plan.load + 1.0), posts, NOON)
    assert above.rule == "operation bound"
