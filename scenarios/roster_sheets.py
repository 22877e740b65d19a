"""Printable rosters: a sheet for each station, its lines by days, and an index of them all."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from optimizer.duty_lines import LineGroup, hours_inside
from optimizer.judges.duty_line_rules import LineTally
from optimizer.roster_lines import SATURDAY
from optimizer.shifts import ShiftInstance
from scenarios.order_sheets import clock_text
from scenarios.order_words import Pair
from scenarios.orders import file_names, safe_names, sheet_templates
from scenarios.rosters import Rosters

DAYS_ACROSS = 8
"""Most days side by side in a table, so that it is no wider than A4 landscape."""

WEEKDAYS: tuple[Pair, ...] = (
    ("Mon", "周一"),
    ("Tue", "周二"),
    ("Wed", "周三"),
    ("Thu", "周四"),
    ("Fri", "周五"),
    ("Sat", "周六"),
    ("Sun", "周日"),
)

Members = list[tuple[LineGroup, tuple[LineTally, ...]]]
"""The groups of one station, each with the tallies of its lines."""


def roster_pages(
    rosters: Rosters, head: dict[str, Any], calendar_files: dict[int, str]
) -> Iterator[tuple[str, str]]:
    """File name and HTML text of every sheet, the index first.

    `head` is that of `sheet_head`, `calendar_files` the calendar of each station that has one,
    as seen from the sheets. The pages need no other file and run no script.
    """
    pages, stations = sheet_templates(), rosters.world.situation.stations
    names = file_names("station", stations.place_ids)
    members = _members(rosters)
    shared = {"head": head, "festival": [f"{day:%m-%d}" for day in _festival(rosters)]}
    sheets = [roster_sheet(rosters, home, members[home]) for home in range(len(names))]
    index = _index(rosters, sheets, names, calendar_files)
    yield "index.html", pages.get_template("roster_index.html").render(shared, districts=index)
    template = pages.get_template("roster_station.html")
    for name, sheet in zip(names, sheets, strict=True):
        yield name, template.render(shared, **sheet)


def calendar_names(rosters: Rosters) -> dict[int, str]:
    """File name of the calendar of each station that has duties."""
    names = safe_names(rosters.world.situation.stations.place_ids)
    return {group.station: f"{names[group.station]}.ics" for group in rosters.groups}


def roster_sheet(rosters: Rosters, station: int, members: Members) -> dict[str, Any]:
    """Content of a station's sheet: who works when, what each line has, and what is short."""
    situation = rosters.world.situation
    stations = situation.stations
    district = int(stations.district[station])
    names = situation.area.districts[district]
    duties = _clock_of_duties(rosters)
    return {
        "id": stations.place_ids[station],
        "name": (stations.name_en[station], stations.name_zh[station]),
        "branch": stations.kind[station] == "branch",
        "district": (names.name_en, names.name_zh),
        "parts": [
            {
                "days": [_heading(day, rosters.problem.festival) for day in days],
                "rows": list(_rows(rosters, members, days, duties)),
            }
            for days in day_parts(_days(rosters))
        ],
        "short": list(_short(rosters, members)),
        "lines": sum(len(tallies) for _, tallies in members),
        "duties": sum(int(group.works.sum()) for group, _ in members),
        "duties_short": sum(int(group.short.sum()) for group, _ in members),
        "rest_owed_h": f"{sum(t.owed_h for _, tallies in members for t in tallies):,.0f}",
    }


def day_parts(days: list[date]) -> list[list[date]]:
    """The days cut into spans that fit side by side on a page, as even as can be."""
    count = -(-len(days) // DAYS_ACROSS)
    edges = [round(part * len(days) / count) for part in range(count + 1)] if count else [0]
    return [days[a:b] for a, b in pairwise(edges)]


def _members(rosters: Rosters) -> list[Members]:
    """Groups by station, in their order."""
    found: list[Members] = [[] for _ in rosters.world.situation.stations.place_ids]
    for group, tallies in zip(rosters.groups, rosters.tallies, strict=True):
        found[group.station].append((group, tallies))
    return found


def _festival(rosters: Rosters) -> list[date]:
    return sorted(rosters.problem.festival)


def _days(rosters: Rosters) -> list[date]:
    """Every day from the first to the last on which a duty of any home begins."""
    problem = rosters.problem
    wanted = np.flatnonzero(problem.need.any(axis=(0, 1))).tolist()
    begins = [problem.horizon.at(problem.instances[at].start_h).date() for at in wanted]
    if not begins:
        return []
    first, last = min(begins), max(begins)
    return [first + timedelta(days=day) for day in range((last - first).days + 1)]


def _heading(day: date, festival: frozenset[date]) -> dict[str, Any]:
    return {
        "date": f"{day:%m-%d}",
        "weekday": WEEKDAYS[day.weekday()],
        "weekend": day.weekday() >= SATURDAY,
        "festival": day in festival,
    }


def _clock_of_duties(rosters: Rosters) -> dict[int, tuple[date, dict[str, Any]]]:
    """Day on which each shift begins and what stands in a cell of that day, by its number."""
    horizon = rosters.problem.horizon
    found = {}
    for at, duty in enumerate(rosters.problem.instances):
        begins, ends = horizon.at(duty.start_h), horizon.at(duty.end_h)
        later = (ends.date() - begins.date()).days
        cell = {
            "shift": (duty.shift.name_en, duty.shift.name_zh),
            "begins": f"{begins:%H:%M}",
            "ends": f"{ends:%H:%M}" + (f" +{later}" if later else ""),
        }
        found[at] = (begins.date(), cell)
    return found


def _rows(
    rosters: Rosters,
    members: Members,
    days: list[date],
    duties: dict[int, tuple[date, dict[str, Any]]],
) -> Iterator[dict[str, Any]]:
    """One row a line: its duties of these days and its figures over the whole horizon."""
    column = {day: number for number, day in enumerate(days)}
    for group, tallies in members:
        label = rosters.labels[group.force]
        for works, tally in zip(group.works, tallies, strict=True):
            cells: list[list[dict[str, Any]]] = [[] for _ in days]
            for at in np.flatnonzero(works).tolist():
                day, cell = duties[at]
                if day in column:
                    cells[column[day]].append(cell)
            yield {
                "line": tally.line + 1,
                "group": (label.name_en, label.name_zh),
                "cells": cells,
                "tally": tally,
                "owed_h": f"{tally.owed_h:g}",
            }


def _short(rosters: Rosters, members: Members) -> Iterator[dict[str, Any]]:
    """Duties that no line could be given, with how many people are missing."""
    problem = rosters.problem
    for group, _ in members:
        label = rosters.labels[group.force]
        for at in np.flatnonzero(group.short).tolist():
            duty: ShiftInstance = problem.instances[at]
            yield {
                "group": (label.name_en, label.name_zh),
                "shift": (duty.shift.name_en, duty.shift.name_zh),
                "begins": clock_text(problem.horizon.at(duty.start_h)),
                "ends": clock_text(problem.horizon.at(duty.end_h)),
                "people": int(group.short[at]),
                "hours": int(group.short[at]) * hours_inside(problem.horizon, duty),
            }


def _index(
    rosters: Rosters,
    sheets: list[dict[str, Any]],
    names: tuple[str, ...],
    calendar_files: dict[int, str],
) -> list[tuple[Pair, list[dict[str, Any]]]]:
    """Names of each district with stations, and a row for each of these."""
    situation = rosters.world.situation
    rows: list[list[dict[str, Any]]] = [[] for _ in situation.area.districts]
    for station, (sheet, name) in enumerate(zip(sheets, names, strict=True)):
        row = {**sheet, "file": name, "calendar": calendar_files.get(station, "")}
        rows[int(situation.stations.district[station])].append(row)
    return [
        ((district.name_en, district.name_zh), of_district)
        for district, of_district in zip(situation.area.districts, rows, strict=True)
        if of_district
    ]
