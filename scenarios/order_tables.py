"""Tables of events in the workbook of orders: events, posts, who sends people, steps."""

from collections.abc import Sequence
from typing import Any

from optimizer.requirement import PostNeed
from scenarios.order_events import sender_rows, step_rows
from scenarios.order_posts import PostRow, count_of, post_rows
from scenarios.order_sheets import OrderBook, event_name
from scenarios.order_words import told
from scenarios.workbook import A3, Cell, Column, Sheet

EVENT = (Column("Event id 活动编号", 16), Column("Event 活动", 30, wraps=True))
SPAN = (Column("From 上岗", 12), Column("To 下岗", 12))
COUNTS = (Column("Required 需求", 9), Column("Have 到位", 9), Column("Need 缺口", 9))


def event_tables(book: OrderBook) -> tuple[Sheet, ...]:
    """Sheets of events in the order of the workbook."""
    return _events(book), _posts(book), _senders(book), _steps(book)


def _events(book: OrderBook) -> Sheet:
    rows = [
        (
            event_id,
            told(event_name(book, event_id)),
            told(book.commands[needs[0].district]),
            book.clock(min(need.from_hour for need in needs)),
            book.clock(max(need.to_hour for need in needs)),
            *_counts(book, needs),
        )
        for event_id, needs in book.needs.items()
    ]
    columns = (*EVENT, Column("Command 责任单位", 20), *SPAN, *COUNTS)
    note = (
        "People at one time: in the hour in which most are missing, else in the busiest one. "
        "人数为缺口最大（无缺口则人数最多）的一小时。"
    )
    return Sheet("Events 活动", "Events 大型活动", columns, rows, note)


def _counts(book: OrderBook, needs: Sequence[PostNeed]) -> tuple[int, int, int]:
    count = count_of(book, needs)
    return count.required, count.have, count.need


def _posts(book: OrderBook) -> Sheet:
    """The table of posts with all its columns; empty ones are filled in by hand."""
    rows = [
        (event_id, told(event_name(book, event_id)), *_post_cells(row))
        for event_id in book.needs
        for row in post_rows(book, event_id)
    ]
    columns = (
        *EVENT,
        Column("No. 序号", 6),
        Column("Phase 阶段", 14),
        Column("Ring 圈层", 14),
        Column("Post 点位编号", 7),
        Column("Post name 点位名称", 40, wraps=True),
        Column("Kind of post 岗位类型", 22, wraps=True),
        Column("Kind of police and sending unit 警种、派出单位", 44, wraps=True),
        Column("Leader (post) 带班领导", 20, wraps=True),
        *COUNTS,
        Column("Police 民警", 8),
        *(Column(told(book.forces[force_id]), 9) for force_id in book.unsworn),
        Column("Guards 保安", 8),
        Column("Volunteers 志愿者", 8),
        Column("Vehicles, equipment 车辆装备", 14),
        Column("On post 到岗", 12),
        Column("Off post 撤岗", 12),
        Column("Relieved at 轮换", 9),
        Column("Task 任务职责", 34, wraps=True),
        Column("Channel, call sign 频道/呼号", 12),
        Column("Reinforced by 增援", 18, wraps=True),
        Column("Route, assembly point 路线/集结点", 16),
        Column("Remarks 备注", 24, wraps=True),
        Column("Head-count from 依据", 30, wraps=True),
    )
    note = (
        "Tasks are standard texts; empty columns are filled in by hand. Guards and volunteers are "
        "the organiser's people, not sent by the plan. "
        "任务为标准用语；空栏手填。保安、志愿者由主办方派出。"
    )
    return Sheet("Posts 布警表", "Posts 布警表", columns, rows, note, paper=A3)


def _post_cells(row: PostRow) -> tuple[Cell, ...]:
    """Cells of a post from its number to the source of its head-count."""
    counts = (row.count.required, row.count.have, row.count.need) if row.count else (None,) * 3
    sent = "; ".join(
        f"{told(one.command)}: {told(one.force)} {one.officers}" for one in row.fillings
    )
    return (
        row.number,
        told(row.phase),
        told(row.ring),
        row.post,
        told(row.name),
        told(row.role),
        sent,
        told(row.leader),
        *counts,
        row.police if row.count else None,
        *(row.unsworn if row.count else (None,) * len(row.unsworn)),
        row.guards or None,
        row.volunteers or None,
        None,
        row.begins,
        row.ends,
        row.relief,
        told(row.task),
        None,
        told(row.reinforcement),
        None,
        told(row.remarks),
        row.need.source,
    )


def _senders(book: OrderBook) -> Sheet:
    rows = [
        (
            told(row["command"]),
            told(row["force"]),
            event_id,
            told(event_name(book, event_id)),
            row["begins"],
            row["ends"],
            row["most"],
            row["hours"],
        )
        for event_id in book.needs
        for row in sender_rows(book, event_id)
    ]
    columns = (
        Column("Sent by 派出单位", 22),
        Column("Force 警种", 34),
        *EVENT,
        *SPAN,
        Column("People at most 最多人数", 10),
        Column("Officer-hours 人时", 10),
    )
    return Sheet("Senders 派出", "Who sends people to which event 派出单位", columns, rows)


def _steps(book: OrderBook) -> Sheet:
    rows = [
        _step_cells(book, event_id, row)
        for event_id in book.needs
        for row in step_rows(book, event_id)
    ]
    columns = (
        *EVENT,
        Column("Step 措施", 34, wraps=True),
        Column("Taken at 阈值", 34, wraps=True),
        Column("Expected 预计", 12),
        Column("Share of crowds 概率", 9),
        Column("P10", 7),
        Column("P90", 7),
        Column("On post by 到岗", 12),
        Column("Until 撤岗", 12),
        *COUNTS,
    )
    return Sheet(
        "Steps 分级响应", "Steps and who is on place before them 大客流分级响应", columns, rows
    )


def _step_cells(book: OrderBook, event_id: str, row: dict[str, Any]) -> tuple[Cell, ...]:
    count = row["count"]
    counts = (count.required, count.have, count.need) if count else (None,) * 3
    return (
        event_id,
        told(event_name(book, event_id)),
        told(row["name"]),
        told(row["at"]),
        row["expected"],
        row["share"],
        *row["between"],
        row["from"],
        row["until"],
        *counts,
    )
