"""Rosters of anonymous lines from a staffing: the problem, tables, and calendars (RFC 5545)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import groupby

import numpy as np
import pandas as pd

from optimizer.duty_lines import DutyLines, LineGroup, LineLimits, ProtectedTime, hours_inside
from optimizer.judges.duty_line_rules import line_tallies, spread
from optimizer.plan import Roster
from optimizer.shifts import ShiftInstance
from scenarios.world import World

FOLD_OCTETS = 75
"""Longest line of a calendar file, without its end (RFC 5545, 3.1)."""


def duty_lines(
    world: World,
    roster: Roster,
    festival: Iterable[date] = (),
    protected: tuple[ProtectedTime, ...] = (),
) -> DutyLines:
    """What the lines of every home must cover.

    A home has as many lines of a force as are not absent at the level with the fewest absent,
    rounded up as staffing does.
    """
    absent = min(world.levels[level].absent_share for level in world.level_of_hour)
    lines = np.ceil(world.force.headcount * (1.0 - absent) - 1e-9).astype(np.int64)
    return DutyLines(
        horizon=world.situation.horizon,
        instances=roster.instances,
        need=roster.officers,
        lines=lines,
        limits=LineLimits(labour=world.rules),
        festival=frozenset(festival),
        protected=protected,
    )


def rosters_frame(world: World, problem: DutyLines, groups: Iterable[LineGroup]) -> pd.DataFrame:
    """Every duty of every line: station, force, line, day, shift, start and end."""
    horizon = problem.horizon
    rows = [
        (
            world.situation.stations.place_ids[group.station],
            world.force.ids[group.force],
            line + 1,
            horizon.at(duty.start_h).date().isoformat(),
            duty.shift.shift_id,
            horizon.at(duty.start_h).isoformat(),
            horizon.at(duty.end_h).isoformat(),
        )
        for group, line, duty in _duties(problem, groups)
    ]
    columns = "station_id force_id line day shift_id start end"
    return pd.DataFrame(rows, columns=columns.split())


def lines_frame(world: World, problem: DutyLines, groups: Iterable[LineGroup]) -> pd.DataFrame:
    """What every line has and the compensatory rest that it is owed, in hours."""
    rows = [
        (
            world.situation.stations.place_ids[group.station],
            world.force.ids[group.force],
            tally.line + 1,
            tally.hours,
            tally.nights,
            tally.weekend,
            tally.festival,
            tally.all_nights,
            round(tally.owed_h, 2),
        )
        for group in groups
        for tally in line_tallies(problem, group)
    ]
    columns = "station_id force_id line hours nights weekend festival all_nights rest_owed_h"
    return pd.DataFrame(rows, columns=columns.split())


def homes_frame(world: World, problem: DutyLines, groups: Iterable[LineGroup]) -> pd.DataFrame:
    """Per home and force: lines, duties missing, and how far lines are apart (most less least)."""
    hours = np.array([hours_inside(problem.horizon, duty) for duty in problem.instances])
    rows = []
    for group in groups:
        tallies = line_tallies(problem, group)
        rows.append(
            (
                world.situation.stations.place_ids[group.station],
                world.force.ids[group.force],
                len(tallies),
                int(group.works.sum()),
                int(group.short.sum()),
                int(group.short @ hours),
                spread(tally.nights for tally in tallies),
                spread(tally.weekend for tally in tallies),
                spread(tally.festival for tally in tallies),
                round(sum(tally.owed_h for tally in tallies), 2),
            )
        )
    columns = (
        "station_id force_id lines duties duties_short hours_short nights_apart weekend_apart "
        "festival_apart rest_owed_h"
    )
    return pd.DataFrame(rows, columns=columns.split())


def calendars(
    world: World, problem: DutyLines, groups: Iterable[LineGroup]
) -> Iterator[tuple[str, str]]:
    """Station id and calendar text of every home with duties, one event a duty and line.

    The text depends on the roster alone: stamps are the horizon's start, ids come from the
    content.
    """
    ordered = sorted(groups, key=lambda group: (group.station, group.force))
    for station, of_station in groupby(ordered, key=lambda group: group.station):
        yield (
            world.situation.stations.place_ids[station],
            station_calendar(world, problem, tuple(of_station)),
        )


def station_calendar(world: World, problem: DutyLines, groups: tuple[LineGroup, ...]) -> str:
    """Calendar of the lines of one home."""
    stations = world.situation.stations
    station = groups[0].station
    name = f"{stations.name_en[station]} {stations.name_zh[station]}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//muster//rosters//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for group, line, duty in _duties(problem, groups):
        lines += _event(world, problem, group, line, duty)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)


def escaped(text: str) -> str:
    """Text as a calendar value (RFC 5545, 3.3.11)."""
    for char in "\\;,":
        text = text.replace(char, f"\\{char}")
    return text.replace("\r\n", "\n").replace("\n", "\\n")


def folded(line: str) -> str:
    """A content line in parts of at most 75 octets, no character cut in two."""
    parts, part, size = [], "", 0
    for char in line:
        octets = len(char.encode("utf-8"))
        if size + octets > FOLD_OCTETS:
            parts.append(part)
            part, size = " ", 1
        part, size = part + char, size + octets
    return "\r\n".join([*parts, part])


def _event(
    world: World, problem: DutyLines, group: LineGroup, line: int, duty: ShiftInstance
) -> list[str]:
    horizon, stations = problem.horizon, world.situation.stations
    kind = world.force.types[group.force]
    station_id = stations.place_ids[group.station]
    start, end = _utc(horizon.at(duty.start_h)), _utc(horizon.at(duty.end_h))
    content = "|".join((station_id, kind.force_id, str(line + 1), duty.shift.shift_id, start, end))
    summary = f"Line {line + 1}: {duty.shift.name_en} {duty.shift.name_zh}"
    return [
        "BEGIN:VEVENT",
        f"UID:{sha256(content.encode('utf-8')).hexdigest()[:32]}@muster",
        f"DTSTAMP:{_utc(horizon.start)}",
        f"DTSTART:{start}",
        f"DTEND:{end}",
        f"SUMMARY:{escaped(summary)}",
        f"CATEGORIES:{escaped(kind.force_id)}",
        f"DESCRIPTION:{escaped(f'{kind.name_en} {kind.name_zh}')}",
        "END:VEVENT",
    ]


def _duties(
    problem: DutyLines, groups: Iterable[LineGroup]
) -> Iterator[tuple[LineGroup, int, ShiftInstance]]:
    """Every duty of every line, in order of group, line and start."""
    for group in groups:
        for line, works in enumerate(group.works):
            for at in np.flatnonzero(works).tolist():
                yield group, line, problem.instances[at]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
