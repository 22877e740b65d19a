"""`muster rosters RUN`: lines for the staffing of a finished run, as tables, sheets, calendars."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.faults import BadInput, Fault, FaultLog
from geodata.horizon import Horizon
from geodata.season import NIGHT_ENDS_HOUR, Season
from optimizer.judges.duty_line_rules import duty_line_violations
from optimizer.judges.violation import Violation
from optimizer.models.rosters.duty_rosters import roster_lines
from optimizer.shifts import shift_instances
from scenarios.drawable import NOT_VALID
from scenarios.finished_run import OpenedRun, open_world
from scenarios.headline import json_ready
from scenarios.orders import sheet_head
from scenarios.progress import Progress
from scenarios.provenance import data_status
from scenarios.result_folder import ResultKind, refuse_other_files, write_result
from scenarios.roster_calendars import calendars
from scenarios.roster_report import VALID, roster_record, roster_text
from scenarios.roster_sheets import calendar_names, roster_pages
from scenarios.rosters import (
    Rosters,
    duty_lines,
    homes_frame,
    lines_frame,
    rest_debt_violations,
    roster_teams,
    rosters_frame,
)
from scenarios.staffing_table import read_staffing
from scenarios.tables import read_tables

DUTIES, LINES, HOMES, VIOLATIONS = "rosters.csv", "lines.csv", "homes.csv", "violations.csv"
CALENDARS, SHEETS = "calendars", "sheets"
ROSTERS = ResultKind(
    "set of rosters",
    "rosters.json",
    "rosters.md",
    frozenset({DUTIES, LINES, HOMES, VIOLATIONS}),
    frozenset({f"{CALENDARS}/*.ics", f"{SHEETS}/*.html"}),
)

HOLIDAY = "holiday"
"""Kind of day of the phases of a season whose days are festival days."""


def roster_run(
    folder: Path, out: Path, festival: Iterable[str] | None = None
) -> tuple[dict[str, Any], str]:
    """Roster the staffing of a finished run and write it to `out`; the record and the text.

    `festival` names the festival days; without it they are the season's holidays. Rosters that
    break a rule, or whose plan does, have the status `NOT_VALID` and no calendars.

    Raises
    ------
    BadInput
        When no run lies in `folder`, its staffing is faulty, a festival day is none of its days,
        or something else lies in `out`.
    """
    refuse_other_files(out, ROSTERS)
    progress = Progress()
    with progress.phase("world", f"Opening {folder.name} and building its world"):
        opened = open_world(folder)
        rosters = _uncovered(opened, festival)
    scenario = opened.loaded.scenario
    wanted = f"{int(rosters.problem.need.sum()):,} duties to {int(rosters.problem.lines.sum()):,}"
    with progress.phase("lines", f"Giving {wanted} lines"):
        groups = roster_lines(rosters.problem, seed=scenario.seed)
        rosters = replace(rosters, groups=groups)
    with progress.phase("rules", "Checking every line against the rules"):
        violations = duty_line_violations(rosters.problem, groups)
        violations += rest_debt_violations(rosters)
        lines, homes = lines_frame(rosters), homes_frame(rosters)
    record = _record(opened, rosters, lines, homes, violations)
    text = roster_text(scenario.title_en, rosters, record, lines, homes)
    with progress.phase("files", "Writing tables, calendars and sheets"):
        tables = {DUTIES: rosters_frame(rosters), LINES: lines, HOMES: homes}
        if violations:
            tables[VIOLATIONS] = _violations_frame(violations)
        status = data_status(rosters.world.situation.provenance)
        files = _files(opened, rosters, record)
        write_result(out, ROSTERS, tables, record, text, status, files)
    return record, text


def festival_days(season: Season | None, horizon: Horizon) -> tuple[date, ...]:
    """Days of the horizon that are a holiday of the season, in order; none without a season.

    A day of which the horizon has only the small hours belongs to the evening before.
    """
    if season is None:
        return ()
    days = {
        moment.date()
        for moment in horizon.starts
        if moment.hour >= NIGHT_ENDS_HOUR and season.phase_at(moment).speed_day == HOLIDAY
    }
    return tuple(sorted(days))


def named_days(texts: Iterable[str], horizon: Horizon) -> tuple[date, ...]:
    """Festival days that were named, in order.

    Raises
    ------
    BadInput
        With every text that is no date of the horizon.
    """
    days = {moment.date().isoformat(): moment.date() for moment in horizon.starts}
    named = sorted(set(texts))
    first, *_, last = sorted(days) * 2
    strange = [text for text in named if text not in days]
    if strange:
        raise BadInput(
            Fault(
                "--festival",
                "not a day of the run",
                f"dates from {first} to {last}",
                "Correct the date, written YYYY-MM-DD.",
                value=text,
            )
            for text in strange
        )
    return tuple(days[text] for text in named)


def _uncovered(opened: OpenedRun, festival: Iterable[str] | None) -> Rosters:
    """The duties of the run, as yet without lines; faults of days and staffing are told at once."""
    world, faults = opened.world, FaultLog()
    instances = shift_instances(world.situation.horizon, world.shifts)
    teams = roster_teams(world, instances)
    days = faults.attempt(lambda _: _festival(opened, festival))
    officers = faults.attempt(lambda _: read_staffing(opened.folder, world, teams, instances))
    faults.raise_if_any()
    if days is None or officers is None:
        raise AssertionError("a part of the rosters is missing although no fault was noted")
    return Rosters(world, teams, duty_lines(world, teams, instances, officers, days), ())


def _festival(opened: OpenedRun, named: Iterable[str] | None) -> tuple[date, ...]:
    horizon = opened.world.situation.horizon
    if named is not None:
        return named_days(named, horizon)
    return festival_days(read_tables(opened.loaded, FaultLog()).season, horizon)


def _record(
    opened: OpenedRun,
    rosters: Rosters,
    lines: pd.DataFrame,
    homes: pd.DataFrame,
    violations: list[Violation],
) -> dict[str, Any]:
    scenario = opened.loaded.scenario
    plan_broken = len(opened.record.get("violations", ()))
    record: dict[str, Any] = json_ready(
        {
            "run": opened.record["digest"],
            "scenario": scenario.id,
            "seed": scenario.seed,
            "status": NOT_VALID if violations or plan_broken else VALID,
            "plan_rules_broken": plan_broken,
            **roster_record(rosters, lines, homes, violations),
        }
    )
    return record


def _files(
    opened: OpenedRun, rosters: Rosters, record: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """Path and text of every calendar and sheet; no calendar of rosters that are not valid."""
    names = calendar_names(rosters) if record["status"] == VALID else {}
    if names:
        for station, text in calendars(rosters):
            yield f"{CALENDARS}/{names[station]}", text
    broken = len(record["violations"]) + record["plan_rules_broken"]
    head = sheet_head(opened.loaded, rosters.world, broken)
    links = {station: f"../{CALENDARS}/{name}" for station, name in names.items()}
    for name, page in roster_pages(rosters, head, links):
        yield f"{SHEETS}/{name}", page


def _violations_frame(violations: list[Violation]) -> pd.DataFrame:
    rows = [(v.rule, v.where, v.when, v.found, v.allowed) for v in violations]
    return pd.DataFrame(rows, columns=["rule", "where", "when", "found", "allowed"])
