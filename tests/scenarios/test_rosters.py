"""Rosters of a scenario's staffing: tables, and calendars read back by a small strict parser."""

from datetime import UTC, datetime

import numpy as np
import pytest

from optimizer.duty_lines import DutyLines, LineGroup, ProtectedTime
from optimizer.judges.duty_line_rules import duty_line_violations
from optimizer.models.rosters.duty_rosters import roster_lines
from optimizer.plan import Roster
from optimizer.shifts import shift_instances
from scenarios.rosters import (
    calendars,
    duty_lines,
    escaped,
    folded,
    homes_frame,
    lines_frame,
    rosters_frame,
)
from scenarios.world import World, build_world
from tests.scenarios.town import Town

Rostered = tuple[World, DutyLines, tuple[LineGroup, ...]]


@pytest.fixture
def rostered(town: Town) -> Rostered:
    """A third of every head-count on each shift of the town."""
    world = build_world(town.load())
    horizon = world.situation.horizon
    instances = shift_instances(horizon, world.shifts)
    head = world.force.headcount
    officers = np.repeat(head[..., None] // 3, len(instances), axis=2)
    short = np.zeros((len(head), horizon.hours), dtype=np.int64)
    roster = Roster(instances, officers, (), short)
    problem = duty_lines(world, roster, festival=[horizon.start.date()])
    return world, problem, roster_lines(problem, seed=1)


def events(text: str) -> list[dict[str, str]]:
    """Events of a calendar; every line is checked on the way."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    raw = text.split("\r\n")[:-1]
    assert max(len(line.encode("utf-8")) for line in raw) <= 75
    lines: list[str] = []
    for line in raw:
        if line.startswith(" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    assert (lines[0], lines[1], lines[-1]) == ("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR")
    found: list[dict[str, str]] = []
    inside = False
    for line in lines[1:-1]:
        name, colon, value = line.partition(":")
        assert colon
        assert name.replace("-", "").isalpha()
        if line == "BEGIN:VEVENT":
            assert not inside
            found.append({})
            inside = True
        elif line == "END:VEVENT":
            assert set(found[-1]) >= {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"}
            inside = False
        elif inside:
            assert name not in found[-1]
            found[-1][name] = value
    assert not inside
    return found


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def test_tables_hold_every_duty_and_line(rostered: Rostered) -> None:
    world, problem, groups = rostered
    assert duty_line_violations(problem, groups) == []
    duties = rosters_frame(world, problem, groups)
    assert list(duties) == "station_id force_id line day shift_id start end".split()
    assert len(duties) == sum(int(group.works.sum()) for group in groups) > 0
    assert not duties.duplicated(["station_id", "force_id", "line", "start"]).any()
    lines, homes = lines_frame(world, problem, groups), homes_frame(world, problem, groups)
    assert len(lines) == homes["lines"].sum() == sum(len(group.works) for group in groups)
    assert homes["duties"].sum() + homes["duties_short"].sum() == problem.need.sum()
    assert lines["rest_owed_h"].sum() == pytest.approx(
        homes["rest_owed_h"].sum(), abs=0.01 * len(lines)
    )


def test_calendars_say_what_the_table_says(rostered: Rostered) -> None:
    world, problem, groups = rostered
    table = rosters_frame(world, problem, groups)
    uids: list[str] = []
    for station_id, text in calendars(world, problem, groups):
        found = events(text)
        of_station = table[table["station_id"] == station_id]
        told = sorted((moment(e["DTSTART"]), moment(e["DTEND"])) for e in found)
        starts = of_station["start"].map(datetime.fromisoformat)
        ends = of_station["end"].map(datetime.fromisoformat)
        assert told == sorted(zip(starts, ends, strict=True))
        assert {moment(e["DTSTAMP"]) for e in found} == {world.situation.horizon.start}
        uids += [e["UID"] for e in found]
    assert len(uids) == len(set(uids)) == len(table)


def test_the_same_roster_is_the_same_file(rostered: Rostered) -> None:
    world, problem, groups = rostered
    again = roster_lines(problem, seed=1)
    assert list(calendars(world, problem, again)) == list(calendars(world, problem, groups))


def test_absent_officers_have_no_line(rostered: Rostered) -> None:
    world, problem, _ = rostered
    absent = min(world.levels[level].absent_share for level in set(world.level_of_hour))
    there = (1.0 - absent) * world.force.headcount
    assert ((problem.lines >= there - 1e-6) & (problem.lines < there + 1.0)).all()


def test_protected_lines_stay_at_home(rostered: Rostered) -> None:
    world, problem, _ = rostered
    roster = Roster(problem.instances, problem.need, (), np.zeros((len(problem.need), 4)))
    kept = duty_lines(world, roster, protected=(ProtectedTime(0, 4, 0.5),))
    for group in roster_lines(kept):
        free = int(len(group.works) - np.floor(0.5 * len(group.works)))
        assert not group.works[free:].any()


def test_text_is_escaped_and_folded_at_octets() -> None:
    assert escaped("a,b;c\\d\ne") == "a\\,b\\;c\\\\d\\ne"
    text = "SUMMARY:" + "夜班" * 40
    parts = folded(text).split("\r\n")
    assert max(len(part.encode("utf-8")) for part in parts) <= 75
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == text
    assert folded("short") == "short"
