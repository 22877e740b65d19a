"""`muster levels`: the same night at every service level, and what each of them costs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.faults import FaultLog
from optimizer.force import ForceType
from optimizer.judges.duties import unfilled_post_hours
from optimizer.judges.staffing_value import order_short
from optimizer.judges.summary import city_service
from optimizer.levels import LEVELS, ServiceLevel
from scenarios.headline import json_ready, shown
from scenarios.pipeline import Planned, plan_scenario
from scenarios.practice import judge
from scenarios.progress import Progress
from scenarios.provenance import data_status, provenance_of
from scenarios.result_folder import ResultKind, refuse_other_files, write_result
from scenarios.scenario import LoadedScenario
from scenarios.schema import LevelsPart, LevelWindowPart, Scenario
from scenarios.tables import read_tables

LEVEL_PRICES = ResultKind("price list", "levels.json", "levels.md", frozenset({"levels.csv"}))

NIGHT_FROM, NIGHT_TO = 0, 6
"""Clock hours that an all-night duty holds."""

REST_FOR_A_NIGHT_H = 8.0
"""Hours of rest owed for an all-night duty (assumption; that rest is owed is public)."""


@dataclass(frozen=True)
class LevelPrice:
    """One level: what it buys and what it takes.

    Shares 0..1, minutes, people, officer-hours. `leave_cancelled` counts people who would be
    absent at the routine level; `rest_owed_h` is overtime and `REST_FOR_A_NIGHT_H` for each
    officer on duty through the night.
    """

    level: str
    covered: float
    mean_min: float
    p90_min: float
    no_idle_unit: float
    unfilled_post_hours: float
    visits_dropped: int
    most_on_duty: int
    officer_hours: int
    unit_hours: int
    order_short_h: float
    leave_cancelled: int
    officers_lent: int
    overtime_h: float
    rest_owed_h: float
    half_days_taken: int


COLUMNS: dict[str, tuple[str, str]] = {
    "covered": ("coverage", ".1%"),
    "mean_min": ("mean min", ".2f"),
    "p90_min": ("P90 min", ".1f"),
    "no_idle_unit": ("no idle unit", ".2%"),
    "unfilled_post_hours": ("unfilled post-hours", ",.0f"),
    "visits_dropped": ("visits dropped", ",.0f"),
    "most_on_duty": ("most on duty", ",.0f"),
    "officer_hours": ("officer-hours", ",.0f"),
    "unit_hours": ("unit-hours on patrol", ",.0f"),
    "order_short_h": ("short of the order, h", ",.0f"),
    "leave_cancelled": ("leave cancelled", ",.0f"),
    "officers_lent": ("lent", ",.0f"),
    "overtime_h": ("overtime, h", ",.0f"),
    "rest_owed_h": ("rest owed, h", ",.0f"),
    "half_days_taken": ("community half-days", ",.0f"),
}
"""Figures in the order of the list, with their names and how they are written."""


def at_most(scenario: Scenario, level: str) -> LevelsPart:
    """The scenario's windows with no level above this one, the highest of them at this one.

    A scenario without windows gets one over its horizon.
    """
    parts, horizon = scenario.levels, scenario.horizon
    if not parts.windows:
        end = horizon.start + timedelta(hours=horizon.hours)
        whole = LevelWindowPart.model_validate({"start": horizon.start, "end": end, "level": level})
        return parts.model_copy(update={"windows": (whole,)})
    rank = LEVELS.index(level)
    highest = max(LEVELS.index(window.level) for window in parts.windows)
    windows = tuple(
        window.model_copy(
            update={
                "level": level
                if LEVELS.index(window.level) == highest
                else LEVELS[min(LEVELS.index(window.level), rank)]
            }
        )
        for window in parts.windows
    )
    return parts.model_copy(update={"windows": windows})


def price_levels(
    loaded: LoadedScenario, progress: Progress, levels: tuple[str, ...] = LEVELS
) -> Iterator[LevelPrice]:
    """Plan the same night at each level; nothing else of the scenario changes.

    Raises
    ------
    BadInput
        With every fault of the scenario's files.
    Infeasible
        When a level's units cannot keep the limits of places and pools.
    """
    for level in levels:
        part = at_most(loaded.scenario, level)
        scenario = loaded.scenario.model_copy(update={"levels": part})
        progress.say(f"Level {level}")
        yield price_of(level, plan_scenario(LoadedScenario(scenario, loaded.folder), progress))


def price_of(level: str, planned: Planned) -> LevelPrice:
    """What a plan buys and takes."""
    world, plan, staffing = planned.world, planned.plan, planned.staffing
    situation = world.situation
    judged = judge(world, plan.deployment, planned.terms)
    service = city_service(situation, judged.evaluation, plan.deployment.units)
    on_duty = plan.roster.on_duty(situation.horizon.hours)
    overtime = float(staffing.overtime_hours.sum())
    short = unfilled_post_hours(plan.posts, len(situation.area.commands), situation.horizon.hours)
    return LevelPrice(
        level=level,
        covered=service["covered"],
        mean_min=service["mean_min"],
        p90_min=service["p90_min"],
        no_idle_unit=1.0 - service["served"],
        unfilled_post_hours=float(short.sum()),
        visits_dropped=int(plan.visits.due.sum()) - len(plan.visits.visits),
        most_on_duty=int(on_duty.sum(axis=(0, 1)).max()),
        officer_hours=int(on_duty.sum()),
        unit_hours=int(plan.deployment.units.sum()),
        order_short_h=float(order_short(planned.problem, plan.roster).sum()),
        leave_cancelled=_leave_cancelled(planned),
        officers_lent=sum(loan.officers for loan in plan.roster.loans),
        overtime_h=overtime,
        rest_owed_h=overtime + REST_FOR_A_NIGHT_H * _whole_nights(planned),
        half_days_taken=staffing.protected_half_days,
    )


def _leave_cancelled(planned: Planned) -> int:
    """People present at the level of their command who would be absent at the routine one."""
    levels, problem = planned.world.levels, planned.problem
    least_absent = problem.in_force.figure(levels, "absent_share").min(axis=1)
    people = problem.district_headcount().sum(axis=1)
    back = people @ (levels["routine"].absent_share - least_absent)
    return int(np.floor(back + 1e-9))


def _whole_nights(planned: Planned) -> int:
    """Officers on duty in every hour of a night, once for each night of the horizon."""
    horizon, roster = planned.world.situation.horizon, planned.plan.roster
    clock = horizon.hour_of_day
    starts = np.flatnonzero(clock == NIGHT_FROM)
    length = NIGHT_TO - NIGHT_FROM
    nights = 0
    for number, instance in enumerate(roster.instances):
        whole = (instance.start_h <= starts) & (instance.end_h >= starts + length)
        nights += int(whole.sum()) * int(roster.officers[:, :, number].sum())
    return nights


def levels_frame(prices: list[LevelPrice]) -> pd.DataFrame:
    """One row a level."""
    names = [field.name for field in fields(LevelPrice)]
    return pd.DataFrame(
        [[getattr(price, name) for name in names] for price in prices], columns=names
    )


def levels_text(
    loaded: LoadedScenario, prices: list[LevelPrice], sources: list[str], status: str
) -> str:
    """The price list as a table: one line a figure, one column a level; then their sources."""
    rows = [
        f"# {loaded.scenario.title_en}: the same night at each service level",
        "",
        f"Data: {status}. The scenario's windows stay; no window is above the level of the column, "
        "and its highest ones are at that level. Rest owed is overtime and "
        f"{REST_FOR_A_NIGHT_H:g} h for each officer on duty through the night (assumption).",
        "",
        f"| | {' | '.join(price.level for price in prices)} |",
        f"|---|{'---:|' * len(prices)}",
    ]
    for name, (words, form) in COLUMNS.items():
        figures = [shown(float(getattr(price, name)), form) for price in prices]
        rows.append(f"| {words} | {' | '.join(figures)} |")
    rows += ["", "What each level orders, and where that comes from:", "", *sources]
    return "\n".join(rows)


def level_sources(
    levels: dict[str, ServiceLevel], types: tuple[ForceType, ...], shown_levels: Iterable[str]
) -> list[str]:
    """One line a level: its figures, the pools that it opens beyond the level below, its source."""
    lines = []
    for name in shown_levels:
        level = levels[name]
        opened = [kind.name_en for kind in types if kind.pool_from_level == name]
        lines.append(
            f"* {name}: at most {level.on_duty_share:.0%} on duty at one time, "
            f"{level.absent_share:.0%} absent, patrol density {level.patrol_density:g}; opens "
            f"{', '.join(opened) or 'no further pool'}. {level.evidence or 'No source is given'}."
        )
    protected = [kind.name_en for kind in types if kind.pool_from_level == "never"]
    if protected:
        lines.append(f"* Protected at every level: {', '.join(protected)}.")
    return lines


def _sources(loaded: LoadedScenario, wanted: tuple[str, ...]) -> list[str]:
    faults = FaultLog()
    tables = read_tables(loaded, faults)
    faults.raise_if_any()
    levels = tables.levels or {}
    return level_sources(levels, tables.force.types if tables.force else (), wanted)


def list_levels(
    loaded: LoadedScenario, out: Path, levels: tuple[str, ...] = LEVELS
) -> tuple[dict[str, Any], str]:
    """Plan every level and write the price list to `out`; the record and the text.

    Raises
    ------
    BadInput
        When the scenario is faulty or something else lies in `out`.
    Infeasible
        When a level's units cannot keep the limits of places and pools.
    """
    refuse_other_files(out, LEVEL_PRICES)
    prices = list(price_levels(loaded, Progress(), levels))
    status = data_status(provenance_of(loaded.scenario))
    text = levels_text(loaded, prices, _sources(loaded, levels), status)
    record: dict[str, Any] = json_ready(
        {
            "scenario": loaded.scenario.id,
            "digest": loaded.digest(),
            "levels": levels_frame(prices).to_dict(orient="records"),
        }
    )
    write_result(out, LEVEL_PRICES, {"levels.csv": levels_frame(prices)}, record, text, status)
    return record, text
