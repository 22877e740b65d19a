"""Rosters as calendars (RFC 5545): one for each station, one event for each duty of each line."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby

from optimizer.duty_lines import LineGroup
from optimizer.shifts import ShiftInstance
from scenarios.rosters import Rosters, duties_of

FOLD_OCTETS = 75
"""Longest line of a calendar file, without its end (RFC 5545, 3.1)."""


def calendars(rosters: Rosters) -> Iterator[tuple[int, str]]:
    """Station and calendar text of every home with duties.

    The text depends on the roster alone: stamps are the horizon's start, ids come from the
    content.
    """
    ordered = sorted(rosters.groups, key=lambda group: (group.station, group.force))
    for station, of_station in groupby(ordered, key=lambda group: group.station):
        yield station, station_calendar(rosters, tuple(of_station))


def station_calendar(rosters: Rosters, groups: tuple[LineGroup, ...]) -> str:
    """Calendar of the lines of one home."""
    stations = rosters.world.situation.stations
    station = groups[0].station
    name = f"{stations.name_en[station]} {stations.name_zh[station]}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//muster//rosters//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for group, line, duty in duties_of(rosters.problem, groups):
        lines += _event(rosters, group, line, duty)
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


def _event(rosters: Rosters, group: LineGroup, line: int, duty: ShiftInstance) -> list[str]:
    horizon, label = rosters.problem.horizon, rosters.labels[group.force]
    start, end = _utc(horizon.at(duty.start_h)), _utc(horizon.at(duty.end_h))
    content = "|".join((*rosters.ids(group), str(line + 1), duty.shift.shift_id, start, end))
    who = " ".join(part for part in label.ids if part)
    summary = f"Line {line + 1} ({who}): {duty.shift.name_en} {duty.shift.name_zh}"
    return [
        "BEGIN:VEVENT",
        f"UID:{sha256(content.encode('utf-8')).hexdigest()[:32]}@muster",
        f"DTSTAMP:{_utc(horizon.start)}",
        f"DTSTART:{start}",
        f"DTEND:{end}",
        f"SUMMARY:{escaped(summary)}",
        f"CATEGORIES:{escaped(label.ids[0])}",
        f"DESCRIPTION:{escaped(f'{label.name_en} {label.name_zh}')}",
        "END:VEVENT",
    ]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
