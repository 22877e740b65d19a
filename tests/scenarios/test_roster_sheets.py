"""Printed rosters: two lines of one home over nine days, worked out by hand."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.horizon import Horizon
from optimizer.duty_lines import DutyLines, LineGroup
from optimizer.rotations import Team
from optimizer.shifts import Shift, shift_instances
from scenarios.orders import sheet_head
from scenarios.roster_sheets import DAYS_ACROSS, day_parts, roster_pages
from scenarios.rosters import Rosters, group_label, roster_teams
from scenarios.world import World, build_world
from tests.scenarios.town import Town

HORIZON = Horizon(datetime(2027, 2, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai")), 9 * 24)
LATE = Shift("late", "Late <i>shift</i>", "小夜班", 20, 8, 1.0, 11.0, 1.0)
FORCES = 2


@pytest.fixture
def world(town: Town) -> World:
    return build_world(town.load())


def rosters(world: World) -> Rosters:
    """Officers of S1: a late shift on each of nine days; line 1 takes the even, 2 the first odd.

    The first is on Friday, 5 February; the other odd ones are short.
    """
    instances = shift_instances(HORIZON, (LATE,))
    assert [duty.start_h for duty in instances] == list(range(8, 9 * 24, 24))
    need = np.zeros((2, FORCES, len(instances)), dtype=np.int64)
    need[0, 0] = 1
    works = np.zeros((2, len(instances)), dtype=np.bool_)
    works[0, ::2], works[1, 1] = True, True
    problem = DutyLines(
        HORIZON, instances, need, np.full((2, FORCES), 2), festival=frozenset({date(2027, 2, 5)})
    )
    teams = roster_teams(world, instances)
    return Rosters(world, teams, problem, (LineGroup(0, 0, works, need[0, 0] - works.sum(axis=0)),))


def pages(town: Town, world: World, broken: int = 0) -> dict[str, str]:
    head = sheet_head(town.load(), world, broken)
    return dict(roster_pages(rosters(world), head, {0: "../calendars/S1.ics"}))


class Tables(HTMLParser):
    """Tables of a page as rows of cell texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.tables[-1][-1][-1] += data


def test_lines_by_days(town: Town, world: World) -> None:
    """Nine days make two tables, of four and five days.

    Every late shift from 20:00 to 04:00 is a night, none covers 00:00 to 05:00. Line 1 has five of
    8 h (40 h in 9 days, below the norm of 40 h a week), those of 02-05 (into Saturday 02-06),
    02-07, 02-09, 02-11 and 02-13, so three that touch a weekend and one on the festival day.
    """
    first, second, short, _ = Tables(pages(town, world)["station-S1.html"]).tables
    assert [text.split()[0] for text in first[0][2:6]] == ["02-05", "02-06", "02-07", "02-08"]
    assert [text.split()[0] for text in second[0][2:7]] == [f"02-{d:02d}" for d in range(9, 14)]
    assert ["节日" in text for text in first[0][2:6]] == [True, False, False, False]
    duty = "20:00–04:00 +1Late <i>shift</i> 小夜班"
    figures = ["40", "5", "3", "1", "0"]
    assert first[1] == ["1", "Officers 民警", duty, "", duty, "", *figures]
    assert second[1] == ["1", "Officers 民警", duty, "", duty, "", duty, *figures]
    assert first[2] == ["2", "Officers 民警", "", duty, "", "", "8", "1", "1", "0", "0"]
    assert second[2][2:7] == [""] * 5
    assert [(row[1], row[2], row[-2:]) for row in short[1:]] == [
        (f"02-{day:02d} 20:00", f"02-{day + 1:02d} 04:00", ["1", "8"]) for day in (8, 10, 12)
    ]


def test_every_station_has_a_sheet_and_the_index_leads_there(town: Town, world: World) -> None:
    found = pages(town, world)
    assert list(found) == ["index.html", "station-S1.html", "station-S2.html"]
    links = re.findall(r'href="([^"]*)"', found["index.html"])
    assert links == ["station-S1.html", "../calendars/S1.ics", "station-S2.html"]
    assert "Nobody is on duty" in found["station-S2.html"]
    rows = Tables(found["index.html"]).tables[0]
    assert [row[2:5] for row in rows if row[0] in ("S1", "S2")] == [["2", "6", "3"], ["0"] * 3]


def test_pages_are_closed_and_text_stays_text(town: Town, world: World) -> None:
    stations = world.situation.stations
    named = replace(stations, name_en=('<script>alert(1)</script>"><u>', *stations.name_en[1:]))
    world = replace(world, situation=replace(world.situation, stations=named))
    policy = "content=\"default-src 'none'; style-src 'unsafe-inline'\""
    for name, page in pages(town, world).items():
        assert policy in page
        assert not re.search(r"<script|<link|<img|\ssrc=|\son\w+=|https?:|url\(|@import", page)
        assert "<i>" not in page
        assert '"><u>' not in page
        if name != "station-S2.html":
            assert "<script>alert(1)</script>" in unescape(page)


def test_sheets_of_rosters_that_are_not_valid_say_so(town: Town, world: World) -> None:
    for page in pages(town, world, broken=3).values():
        assert "Not valid: 3 rules broken" in page
        assert "Draft, not approved" not in page


def test_sheets_are_landscape(town: Town, world: World) -> None:
    page = pages(town, world)["station-S1.html"]
    assert page.rindex("A4 landscape") > page.rindex("A4 portrait")


@given(st.integers(0, 70))
def test_parts_hold_every_day_once(count: int) -> None:
    days = [date(2027, 2, 5) + timedelta(days=n) for n in range(count)]
    parts = day_parts(days)
    assert [day for part in parts for day in part] == days
    sizes = [len(part) for part in parts]
    assert all(1 <= size <= DAYS_ACROSS for size in sizes)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


def test_teams_are_told_apart(world: World) -> None:
    assert group_label(world, Team(0, 0, 1)).ids == ("officers", "")
    label = group_label(world, Team(0, 1, 4))
    assert (label.ids, label.name_en, label.name_zh) == (
        ("officers", "2"),
        "Officers, team 2",
        "民警 2班",
    )
