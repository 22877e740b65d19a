"""The orders as one workbook: a sheet for each kind of row, to be filtered by a duty officer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from scenarios.order_sheets import OrderBook, event_name, loan_row, station_duties, visit_rows
from scenarios.order_tables import event_tables
from scenarios.order_words import post_words, ring_words, told
from scenarios.workbook import A3, Cell, Column, Label, Sheet, workbook_bytes

STATION = (Column("Station id 编号", 13), Column("Station 单位", 34, wraps=True))
SPAN = (Column("From 上岗", 12), Column("To 下岗", 12))


def orders_workbook(book: OrderBook, head: dict[str, Any]) -> bytes:
    """Content of the workbook under the head of the sheets (`orders.sheet_head`)."""
    label = Label(
        title=told(head["title"]),
        state=told(head["status"]),
        run=f"{head['scenario']} {head['digest']}",
        made_up=f"{head['made_up'][0]}. {head['made_up'][1]}。",
        made=book.situation.horizon.start,
    )
    sheets = (
        _contents(book, head),
        *event_tables(book),
        _stations(book),
        _duties(book),
        _units(book),
        _loans(book),
        _visits(book),
        _shortages(book),
    )
    return workbook_bytes(sheets, label)


def _contents(book: OrderBook, head: dict[str, Any]) -> Sheet:
    """What the plan is and what the other sheets hold."""
    rows: list[Sequence[Cell]] = [
        ("Scenario 方案", told(head["title"])),
        ("State 状态", told(head["status"])),
        ("Run 方案编号", f"{head['scenario']} {head['digest']}"),
        ("Time 时段", f"{head['begins']} – {head['ends']}, {head['hours']} h ({head['zone']})"),
        *(
            ("Service level 勤务等级", f"{begins} {told(level)}")
            for begins, level in head["levels"]
        ),
        ("Synthetic or assumed", head["made_up"][0]),
        ("模拟或假设", head["made_up"][1]),
        ("Stations 单位", len(book.situation.stations)),
        ("Events 活动", len(book.needs)),
        ("Drawn up 拟制", None),
        ("Checked 审核", None),
        ("Approved 批准", None),
    ]
    columns = (Column("What 项目", 26), Column("Content 内容", 110, wraps=True))
    return Sheet("Index 目录", "Orders 勤务单", columns, rows)


def _stations(book: OrderBook) -> Sheet:
    situation, stations = book.situation, book.situation.stations
    rows = []
    for station, name in enumerate(stations.place_ids):
        district = int(stations.district[station])
        one = situation.area.districts[district]
        lon, lat = book.lonlat[station]
        rows.append(
            (
                name,
                told((stations.name_en[station], stations.name_zh[station])),
                "branch 分局" if stations.kind[station] == "branch" else "station 派出所",
                told((one.name_en, one.name_zh)),
                told(book.commands[int(situation.area.command_of[district])]),
                lon,
                lat,
                int(book.on_duty[station].max()),
                int(book.on_duty[station].min()),
                int(book.units_out[station].max()),
                len(book.visits.get(station, ())),
            )
        )
    columns = (
        *STATION,
        Column("Kind 类型", 16),
        Column("District 行政区", 20),
        Column("Command 指挥单位", 20),
        Column("Lon 经度", 11),
        Column("Lat 纬度", 11),
        Column("On duty, most 在岗最多", 10),
        Column("On duty, least 在岗最少", 10),
        Column("Units out, most 警组最多", 10),
        Column("Visits 巡逻次数", 10),
    )
    return Sheet("Stations 单位", "Stations and branches 派出所与分局", columns, rows)


def _duties(book: OrderBook) -> Sheet:
    stations = book.situation.stations
    rows = [
        (
            stations.place_ids[station],
            told((stations.name_en[station], stations.name_zh[station])),
            told(row["shift"]),
            row["begins"],
            row["ends"],
            told(row["force"]),
            row["officers"],
        )
        for station in range(len(stations))
        for row in station_duties(book, station)
    ]
    columns = (
        *STATION,
        Column("Shift 班次", 28),
        *SPAN,
        Column("Force 警种", 34),
        Column("People 人数", 9),
    )
    return Sheet("Duties 班次", "Duties by station 勤务班次", columns, rows)


def _units(book: OrderBook) -> Sheet:
    """Units by station, type and waiting place, one column an hour."""
    situation = book.situation
    places, stations = situation.patrol_places, situation.stations
    sent: dict[tuple[int, str, int], np.ndarray] = {}
    for move in book.run.plan.deployment.origins:
        key = (move.station, move.unit_type, move.place)
        row = sent.setdefault(key, np.zeros(situation.horizon.hours, dtype=np.int64))
        row[move.hour] += move.units
    order = {name: number for number, name in enumerate(book.units)}
    rows = [
        (
            stations.place_ids[station],
            told((stations.name_en[station], stations.name_zh[station])),
            told(book.units[unit]),
            places.place_ids[place],
            *book.lonlat[place],
            *(count or None for count in counts.tolist()),
        )
        for (station, unit, place), counts in sorted(
            sent.items(), key=lambda item: (item[0][0], order[item[0][1]], item[0][2])
        )
    ]
    columns = (
        *STATION,
        Column("Unit 警组", 24),
        Column("Waits at 屯警点", 16),
        Column("Lon 经度", 11),
        Column("Lat 纬度", 11),
        *(Column(clock, 6.5) for clock in book.clocks),
    )
    note = (
        "Each column is the hour that begins then. Positions in WGS84. 每列为自所示时刻起的一小时。"
    )
    return Sheet("Units 警组", "Units by hour 各时段警组", columns, rows, note, paper=A3)


def _loans(book: OrderBook) -> Sheet:
    rows = []
    for command, lent in book.lent.items():
        for loan in lent:
            row = loan_row(book, loan, loan.to_district)
            rows.append(
                (
                    told(book.commands[command]),
                    told(row["command"]),
                    told(row["force"]),
                    told(row["shift"]),
                    row["begins"],
                    row["ends"],
                    row["minutes"],
                    row["there"],
                    row["gone"],
                    row["home"],
                    row["officers"],
                )
            )
    columns = (
        Column("Lent by 派出", 22),
        Column("Lent to 派往", 22),
        Column("Force 警种", 34),
        Column("Shift 班次", 28),
        *SPAN,
        Column("Way, min 车程", 9),
        Column("There 到岗", 12),
        Column("Until 离岗", 12),
        Column("Home 返回", 12),
        Column("People 人数", 9),
    )
    return Sheet("Loans 增援", "Loans between commands 跨区增援", columns, rows)


def _visits(book: OrderBook) -> Sheet:
    stations = book.situation.stations
    rows = [
        (
            stations.place_ids[station],
            told((stations.name_en[station], stations.name_zh[station])),
            row["at"],
            row["id"],
            told(row["name"]),
            float(row["minutes"]),
            row["officers"],
        )
        for station in sorted(book.visits)
        for row in visit_rows(book, station)
    ]
    columns = (
        *STATION,
        Column("Time 时间", 12),
        Column("Point id 编号", 14),
        Column("Point 必巡点", 40, wraps=True),
        Column("Minutes 分钟", 9),
        Column("Officers 人数", 9),
    )
    return Sheet("Visits 巡逻", "Visits to must-visit points 必巡点", columns, rows)


def _shortages(book: OrderBook) -> Sheet:
    """Posts, minimum presence and visits that the plan leaves short."""
    rows = [*_posts_short(book), *_presence_short(book), *_visits_short(book)]
    columns = (
        Column("What 项目", 22),
        Column("Id 编号", 26),
        Column("Name 名称", 40, wraps=True),
        Column("Command 指挥单位", 20),
        *SPAN,
        Column("Short 缺口", 9),
        Column("Unit 单位", 16),
    )
    return Sheet("Shortages 缺口", "What is short 缺口", columns, rows)


def _posts_short(book: OrderBook) -> list[Sequence[Cell]]:
    return [
        (
            "posts 岗位",
            need.event_id,
            f"{told(event_name(book, need.event_id))}: {told(ring_words(need.ring))}, "
            f"{told(post_words(need.kind, need.role))}",
            told(book.commands[need.district]),
            book.clock(need.from_hour),
            book.clock(need.to_hour),
            need.required - book.have[need.post_id],
            "people 人",
        )
        for need in book.run.plan.posts.needs
        if need.required > book.have[need.post_id]
    ]


def _presence_short(book: OrderBook) -> list[Sequence[Cell]]:
    situation, short = book.situation, book.run.plan.roster.presence_short
    stations, command_of = situation.stations, situation.area.command_of
    return [
        (
            "minimum presence 最低在岗",
            stations.place_ids[station],
            told((stations.name_en[station], stations.name_zh[station])),
            told(book.commands[int(command_of[stations.district[station]])]),
            book.clock(hour),
            book.clock(hour + 1),
            int(short[station, hour]),
            "people 人",
        )
        for station, hour in np.argwhere(short > 0).tolist()
    ]


def _visits_short(book: OrderBook) -> list[Sequence[Cell]]:
    situation, plan = book.situation, book.run.plan.visits
    points, command_of = situation.visit_points.places, situation.area.command_of
    made = np.bincount(
        np.array([visit.point for visit in plan.visits], dtype=np.int64), minlength=len(points)
    )
    return [
        (
            "visits 巡逻",
            points.place_ids[point],
            told((points.name_en[point], points.name_zh[point])),
            told(book.commands[int(command_of[points.district[point]])]),
            book.clock(0),
            book.clock(situation.horizon.hours),
            int(plan.due[point] - made[point]),
            "visits 次",
        )
        for point in np.flatnonzero(plan.due > made).tolist()
    ]
