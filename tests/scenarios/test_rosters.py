"""Rosters of a scenario's staffing: tables, and calendars read back by a small strict parser."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from optimizer.duty_lines import ProtectedTime
from optimizer.judges.duty_line_rules import duty_line_violations
from optimizer.levels import LevelsInForce
from optimizer.models.rosters.duty_rosters import roster_lines
from optimizer.shifts import shift_instances
from scenarios.roster_calendars import calendars, escaped, folded
from scenarios.rosters import (
    Rosters,
    duty_lines,
    homes_frame,
    lines_frame,
    rest_debt_violations,
    roster_teams,
    rosters_frame,
)
from scenarios.world import build_world
from tests.scenarios.town import Town


@pytest.fixture
def rostered(town: Town) -> Rosters:
    """A third of every head-count on each shift of the town."""
    world = build_world(town.load())
    horizon = world.situation.horizon
    instances = shift_instances(horizon, world.shifts)
    teams = roster_teams(world, instances)
    officers = np.repeat(teams.headcount[..., None] // 3, len(instances), axis=2)
    problem = duty_lines(world, teams, instances, officers, festival=[horizon.start.date()])
    return Rosters(world, teams, problem, roster_lines(problem, seed=1))


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


def test_tables_hold_every_duty_and_line(rostered: Rosters) -> None:
    problem, groups = rostered.problem, rostered.groups
    assert duty_line_violations(problem, groups) == []
    duties = rosters_frame(rostered)
    assert list(duties) == "station_id force_id team line day shift_id start end".split()
    assert len(duties) == sum(int(group.works.sum()) for group in groups) > 0
    assert not duties.duplicated(["station_id", "force_id", "team", "line", "start"]).any()
    lines, homes = lines_frame(rostered), homes_frame(rostered)
    assert len(lines) == homes["lines"].sum() == sum(len(group.works) for group in groups)
    assert homes["duties"].sum() + homes["duties_short"].sum() == problem.need.sum()
    assert lines["rest_owed_h"].sum() == pytest.approx(
        homes["rest_owed_h"].sum(), abs=0.01 * len(lines)
    )


def test_calendars_say_what_the_table_says(rostered: Rosters) -> None:
    stations, horizon = rostered.world.situation.stations, rostered.problem.horizon
    table = rosters_frame(rostered)
    uids: list[str] = []
    for station, text in calendars(rostered):
        found = events(text)
        of_station = table[table["station_id"] == stations.place_ids[station]]
        told = sorted((moment(e["DTSTART"]), moment(e["DTEND"])) for e in found)
        starts = of_station["start"].map(datetime.fromisoformat)
        ends = of_station["end"].map(datetime.fromisoformat)
        assert told == sorted(zip(starts, ends, strict=True))
        assert {moment(e["DTSTAMP"]) for e in found} == {horizon.start}
        uids += [e["UID"] for e in found]
    assert len(uids) == len(set(uids)) == len(table)


def test_the_same_roster_is_the_same_file(rostered: Rosters) -> None:
    again = replace(rostered, groups=roster_lines(rostered.problem, seed=1))
    assert list(calendars(again)) == list(calendars(rostered))


def test_absent_officers_have_no_line(rostered: Rosters) -> None:
    """Each home as its own command orders: level 1 in the west, routine in the east."""
    levels = LevelsInForce((("routine", "1", "1", "1"), ("routine",) * 4))
    world, problem = replace(rostered.world, in_force=levels), rostered.problem
    assert world.home_command.tolist() == [0, 1]
    lines = duty_lines(world, rostered.teams, problem.instances, problem.need).lines
    for home, level in ((0, "1"), (1, "routine")):
        there = (1.0 - world.levels[level].absent_share) * world.force.headcount[home]
        assert ((lines[home] >= there - 1e-6) & (lines[home] < there + 1.0)).all()
    assert world.levels["1"].absent_share < world.levels["routine"].absent_share


def test_rest_from_before_is_kept_by_some_lines(rostered: Rosters) -> None:
    """All duties of the town begin before its hour 0: lines without any can rest, no others."""
    assert max(duty.start_h for duty in rostered.problem.instances) < 0
    assert rest_debt_violations(rostered) == []
    group = next(g for g in rostered.groups if (g.station, g.force) == (0, 0))
    free = int((~group.works.any(axis=1)).sum())
    for owed, broken in ((free, 0), (free + 1, 1)):
        resting = np.zeros_like(rostered.teams.resting)
        resting[0, 0, :2] = owed
        teams = replace(rostered.teams, resting=resting)
        found = rest_debt_violations(replace(rostered, teams=teams))
        assert len(found) == broken
        for one in found:
            assert (one.rule, one.where) == ("rest from before", "S1 officers")
            assert (one.found, one.allowed) == (free, free + 1)


def test_protected_lines_stay_at_home(rostered: Rosters) -> None:
    problem, half = rostered.problem, (ProtectedTime(0, 4, 0.5),)
    kept = duty_lines(
        rostered.world, rostered.teams, problem.instances, problem.need, protected=half
    )
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
