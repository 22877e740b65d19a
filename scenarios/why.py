"""`muster why`: where and when a night is short, and the cheapest repairs staffed again."""

from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.calls import PatrolTerms
from optimizer.judges.shortages import ShortageKind, hours_short, shortages
from optimizer.models.staffing.repairs import cheapest_repairs, mended_kinds
from optimizer.models.staffing.staffing import staff
from optimizer.repairs import Repair, RepairKind
from optimizer.staffing_input import StaffingProblem
from scenarios.headline import json_ready
from scenarios.joint_plan import unit_gains
from scenarios.pipeline import staffing_problem
from scenarios.progress import Progress
from scenarios.provenance import data_status
from scenarios.result_folder import ResultKind, refuse_other_files, write_result
from scenarios.scenario import LoadedScenario
from scenarios.shortage_report import clock, shortages_frame, shortages_text
from scenarios.world import World, build_world

WHY = ResultKind(
    "answer of muster why", "why.json", "why.md", frozenset({"shortages.csv", "repairs.csv"})
)


def explain(loaded: LoadedScenario, out: Path) -> tuple[dict[str, Any], str]:
    """Staff a scenario, say what is short and try repairs; writes `out`, the record and the text.

    Raises
    ------
    BadInput
        When the scenario is faulty or something else lies in `out`.
    """
    refuse_other_files(out, WHY)
    progress = Progress()
    with progress.phase("world", f"Reading {loaded.scenario.id} and building its world"):
        world = build_world(loaded)
        terms = PatrolTerms(loaded.scenario.patrol.closing_min, loaded.scenario.patrol.grade_weight)
        problem = staffing_problem(loaded, world, unit_gains(world, terms))
    with progress.phase("staffing", "Staffing stations, posts and visits"):
        staffing = staff(problem)
    found = shortages(problem, staffing)
    with progress.phase("repairs", "Staffing again with one rule relaxed at a time"):
        repairs = cheapest_repairs(problem, staffing)
    kinds = mended_kinds(found)
    text = "\n\n".join(
        [
            f"# {loaded.scenario.title_en}: what is short and what would mend it",
            shortages_text(world, found) or "Nothing is short.",
            *([repairs_text(world, problem, repairs, kinds)] if found else []),
        ]
    )
    table = repairs_frame(repairs, kinds)
    record: dict[str, Any] = json_ready(
        {
            "scenario": loaded.scenario.id,
            "digest": loaded.digest(),
            "officer_hours_short": {
                kind.value: hours for kind, hours in hours_short(found).items()
            },
            "repairs": table.to_dict(orient="records"),
        }
    )
    status = data_status(world.situation.provenance)
    tables = {"shortages.csv": shortages_frame(world, found), "repairs.csv": table}
    write_result(out, WHY, tables, record, text, status)
    return record, text


def repairs_frame(repairs: tuple[Repair, ...], kinds: tuple[str, ...]) -> pd.DataFrame:
    """One row a repair, the cheapest first: whom it touches, what it mends and what stays short."""
    rows = [
        (
            one.kind.value,
            one.what,
            one.people,
            round(one.officer_hours, 4),
            round(one.price, 4),
            round(one.mended(kinds), 4),
            *(round(one.after[kind.value], 4) for kind in ShortageKind),
        )
        for one in repairs
    ]
    columns = "repair what people officer_hours price_call_min mended_officer_hours".split()
    left = [f"{kind.value}_hours_left" for kind in ShortageKind]
    return pd.DataFrame(rows, columns=[*columns, *left])


def repairs_text(
    world: World, problem: StaffingProblem, repairs: tuple[Repair, ...], kinds: tuple[str, ...]
) -> str:
    """The cheapest repairs as lines."""
    if not repairs:
        return (
            "## Repairs\n\nNo single repair mends an officer-hour: one more shift, an hour less "
            "rest, wider donor limits, closed pools and dropped posts were each staffed again."
        )
    lines = [
        f"* {_name(world, problem, one)}: touches {one.people:,} people for "
        f"{one.officer_hours:,.0f} officer-hours, price {one.price:,.1f} weighted call-minutes; "
        f"staffed again, {one.mended(kinds):,.1f} officer-hours of "
        f"{sum(one.before[kind] for kind in kinds):,.1f} are no longer short"
        for one in repairs
    ]
    title = "the cheapest an officer-hour first, each staffed again from nothing"
    return "\n".join([f"## Repairs: {title}", "", *lines])


def _name(world: World, problem: StaffingProblem, one: Repair) -> str:
    """The repair with what gives way."""
    if one.kind is RepairKind.SHIFT:
        return f"{one.kind.value} from {clock(world.situation.horizon.at(int(one.what)))}"
    if one.kind is RepairKind.REST:
        shorter = max(problem.rules.min_rest_h - 1.0, 0.0)
        return f"{one.kind.value} ({problem.rules.min_rest_h:g} to {shorter:g} h)"
    return f"{one.kind.value}: {one.what}" if one.what else one.kind.value
