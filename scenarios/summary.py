"""The report in a planner's words: what is planned, what it buys, what is short or not real."""

from typing import Any

import numpy as np
import pandas as pd

from optimizer.judges.shortages import shortages
from optimizer.judges.staffing_value import order_short
from optimizer.judges.summary import city_service
from scenarios.changes import changes_text
from scenarios.donors_report import donors_text
from scenarios.drones import drones_text
from scenarios.event_report import event_sites_text
from scenarios.headline import NAMES, shown
from scenarios.level_spans import level_spans
from scenarios.loan_report import loans_text
from scenarios.marginal_report import marginal_text
from scenarios.observation_report import observation_text
from scenarios.officers import officers_text
from scenarios.operations import operations_text
from scenarios.pipeline import Run
from scenarios.reserve_report import reserve_text
from scenarios.scorecard_report import (
    against_practice,
    city_text,
    of_plan,
    sites_text,
    stress_text,
)
from scenarios.shortage_report import shortages_text
from scenarios.simulated import Simulated
from scenarios.simulation_report import side_by_side, simulation_text
from scenarios.visit_report import delivered_of, visits_text
from scenarios.wish_report import moves_text, wishes_text


def summary_text(
    run: Run, scorecard: pd.DataFrame, figures: dict[str, Any], checked: dict[str, float] | None
) -> str:
    """`summary.md` of a run, from its scorecard (`scorecard_frame`) and headline figures."""
    short = shortages(run.problem, run.staffing)
    sections = [
        _opening(run),
        _planned(run, figures),
        _on_duty(run),
        _bought(run, figures),
        city_text(run, scorecard),
        _simulated(run),
        _by_zone(scorecard),
        _worst_districts(run, scorecard),
        sites_text(run, scorecard),
        stress_text(run),
        marginal_text(run.world.situation, run.marginal, run.opening_hour),
        officers_text(run.world.situation, run.world.force, run.plan.roster, run.officers),
        wishes_text(run),
        _changes(run),
        event_sites_text(run.world.site_events, run.world.situation.area),
        operations_text(run.world.operations, run.world.situation, run.plan.posts),
        reserve_text(run.world, run.plan.posts, run.released),
        visits_text(run.world, run.plan.visits, delivered_of(run.simulated)),
        drones_text(
            run.world.drones,
            run.world.situation,
            run.world.force.unit_types,
            run.loaded.scenario.patrol.closing_min,
        ),
        observation_text(run.world.drones, run.world.situation.horizon),
        _short(run, figures),
        shortages_text(run.world, short),
        loans_text(run.world, run.problem, run.plan.roster, short),
        _called(run),
        donors_text(run.world, run.problem, run.plan.roster, run.lending),
        _recorded(checked),
        _provenance(run),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _opening(run: Run) -> str:
    scenario, horizon = run.loaded.scenario, run.world.situation.horizon
    names = {level: (level, level) for level in run.world.levels}
    spans = "; ".join(
        f"{told} from {horizon.at(hour):%d %b %H:%M}"
        for hour, (told, _) in level_spans(run.world.in_force, run.world.situation.area, names)
    )
    return (
        f"# {scenario.title_en}\n\n{scenario.title_zh}\n\n"
        f"{horizon.hours} hours from {horizon.start.isoformat()}; service level {spans}. "
        f"Scenario `{scenario.id}`, digest `{run.loaded.digest()[:12]}`, seed {scenario.seed}. "
        f"Status: {_status(run)}."
    )


def _status(run: Run) -> str:
    broken = len(run.violations)
    return f"**not valid: {broken} rules are broken**" if broken else "draft, not approved"


def _planned(run: Run, figures: dict[str, Any]) -> str:
    duty, street = figures["officers_on_duty"], figures["units_on_street"]
    posts, visits = figures["posts"], figures["visits"]
    return (
        "## What is planned\n\n"
        f"* {figures['expected_calls']:,.0f} calls are expected; "
        f"{street['least']:,} to {street['most']:,} units stand ready for them each hour.\n"
        f"* {duty['least']:,} to {duty['most']:,} people are on duty at one time "
        "(officers, auxiliaries and armed police).\n"
        f"* Event posts: required {posts['required']:,}, have {posts['have']:,}, "
        f"need {posts['need']:,} (people per block of at most four hours).\n"
        f"* Must-visit points: {visits['planned']:,} of {visits['due']:,} visits that are due."
    )


def _on_duty(run: Run) -> str:
    """Each force's people on duty beside what the levels order."""
    roster, problem = run.plan.roster, run.problem
    on_duty = roster.on_duty(problem.horizon_hours).sum(axis=0)
    ordered = problem.ordered().sum(axis=0)
    short = order_short(problem, roster).sum(axis=(0, 2))
    rows = [
        "## Who is on duty",
        "",
        "A service level orders a share of every open pool to be on duty. Officers who work one "
        "shift rest before the next, so an order for many hours in a row cannot always be met; "
        "what is missing is counted in officer-hours.",
        "",
        "| force | head-count | on duty at one time | ordered at most | "
        "short of the order, officer-hours |",
        "|---|---|---|---|---|",
    ]
    for row, kind in enumerate(run.world.force.types):
        wanted = f"{ordered[row].max():,}" if ordered[row].any() else "-"
        missing = f"{short[row]:,}" if ordered[row].any() else "-"
        rows.append(
            f"| {kind.name_en} ({kind.name_zh}) | {run.world.force.headcount[:, row].sum():,} | "
            f"{on_duty[row].min():,} to {on_duty[row].max():,} | {wanted} | {missing} |"
        )
    return "\n".join(rows)


def _bought(run: Run, figures: dict[str, Any]) -> str:
    rows = [
        "## What it buys",
        "",
        "Same units each hour (flat shifts: same officer-hours), judged by the same queueing "
        "model. Response runs from dispatch to the arrival of the first unit, for calls that ask "
        "for a unit; coverage is the share of those calls answered within the target of their "
        "class and zone.",
        "",
        "| | coverage | mean min | P90 min | within 3 min | within 5 min | no idle unit in reach |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, service in figures["service"].items():
        rows.append(
            f"| {NAMES[name]} | {shown(service['covered'], '.1%')} | "
            f"{shown(service['mean_min'], '.2f')} | {shown(service['p90_min'], '.1f')} | "
            f"{shown(service['within_3'], '.1%')} | {shown(service['within_5'], '.1%')} | "
            f"{shown(1.0 - service['served'], '.2%')} |"
        )
    rows += [
        "",
        f"{against_practice(run)} {_proof(run)} "
        f"Staffing lies within {run.staffing.relative_gap:.2%} of its proven bound "
        "(share of what staffing can add at most, in weighted call-minutes). "
        f"{_joint(run)}",
        "",
        moves_text(run),
    ]
    return "\n".join(rows)


def _proof(run: Run) -> str:
    """How far the deployment can be from the best one with the same units."""
    patrol = run.plan.report.patrol
    if patrol is None:
        return "No bound has been proven for the patrol part."
    return (
        f"With the same units at the same busy shares, no deployment is more than "
        f"{patrol.gap_min * 60:.1f} seconds a weighted call better "
        f"({patrol.gap_share:.2%} of the minutes the units miss; a proven bound for every hour)."
    )


def _joint(run: Run) -> str:
    """How far the whole plan can be from the best one, and what the rounds brought."""
    joint = run.plan.report.joint
    if joint is None:
        return "No bound has been proven for staffing and patrol together."
    gain = joint.gain_over_first
    brought = (
        f"solving both again, with units as busy as patrol leaves them, saved {gain:,.0f} weighted "
        f"call-minutes ({gain / joint.objective:.2%}) over solving each once"
        if gain > 0
        else "solving both again was no better than solving each once"
        if len(joint.rounds) > 1
        else "each was solved once"
    )
    return (
        f"Staffing and patrol together: no staffing with any deployment is more than "
        f"{joint.gap_min * 60:.1f} seconds a weighted call better at the same busy shares "
        f"({joint.gap_share:.2%} of missed minutes and prices); {brought}."
    )


def judges_side_by_side(run: Run, simulated: Simulated) -> list[dict[str, Any]]:
    """The city's figures over all hours by the analytic judge and by simulation."""
    judged = run.judged
    service = city_service(run.world.situation, judged.evaluation, judged.deployment.units)
    return side_by_side(service, simulated.plan)


def _simulated(run: Run) -> str:
    if run.simulated is None:
        return ""
    return simulation_text(
        judges_side_by_side(run, run.simulated),
        run.simulated,
        NAMES[run.strongest.name],
        run.loaded.scenario.simulation,
    )


def _by_zone(table: pd.DataFrame) -> str:
    zones = of_plan(table, "zone").loc[lambda part: part["hour"] == "all"]
    rows = ["## By zone", ""]
    rows += ["| zone | calls | coverage | mean min | P90 min |", "|---|---|---|---|---|"]
    for _, row in zones[zones["calls"] > 0].iterrows():
        rows.append(
            f"| {row['id']} | {row['calls']:,.0f} | {shown(row['covered'], '.1%')} | "
            f"{shown(row['mean_min'], '.2f')} | {shown(row['p90_min'], '.1f')} |"
        )
    return "\n".join(rows)


def _worst_districts(run: Run, table: pd.DataFrame) -> str:
    situation = run.world.situation
    rows = of_plan(table, "district").loc[lambda part: part["hour"] != "all"]
    rows = rows[rows["calls"] >= 1.0].sort_values("covered", kind="stable").head(5)
    names = {d.district_id: d.name_en for d in situation.area.districts}
    lines = [
        f"* {names[row['id']]}, {situation.horizon.at(int(row['hour'])):%d %b %H:%M}: coverage "
        f"{row['covered']:.1%}, P90 {shown(row['p90_min'], '.1f')} min, "
        f"{row['calls']:.1f} calls expected"
        for _, row in rows.iterrows()
    ]
    return "## Weakest district-hours (at least one call expected)\n\n" + "\n".join(lines)


def _changes(run: Run) -> str:
    if run.given is None:
        return ""
    return changes_text(
        run.given.judged,
        run.judged,
        run.world.situation.place_command,
        run.given.unlimited,
        run.given.plan.max_changes,
    )


def _short(run: Run, figures: dict[str, Any]) -> str:
    lines = []
    have = run.plan.posts.have()
    short: dict[tuple[str, str], int] = {}
    for need in run.plan.posts.needs:
        missing = need.required - have[need.post_id]
        if missing:
            ring = "" if need.ring == need.phase else f", {need.ring} ring"
            key = (f"{need.event_en}, {need.phase}{ring}", need.role)
            short[key] = short.get(key, 0) + missing
    lines += [f"* {where}: {count} {role} short" for (where, role), count in short.items()]
    missing_visits = figures["visits"]["due"] - figures["visits"]["planned"]
    if missing_visits:
        lines.append(f"* visits that cannot be made: {missing_visits}")
    if figures["presence_short_officer_hours"]:
        stations = int(np.count_nonzero(run.plan.roster.presence_short.sum(axis=1)))
        lines.append(
            f"* minimum presence: {figures['presence_short_officer_hours']} officer-hours short "
            f"at {stations} stations"
        )
    if figures["overtime_hours"]:
        lines.append(f"* {figures['overtime_hours']:,.0f} officer-hours of overtime")
    taken = figures["community_half_days_taken"]
    lines.append(
        f"* {taken} community half-days are taken by explicit relaxation"
        if taken
        else "* Community officers' protected half-days are not drawn on."
    )
    if run.violations:
        lines.append(f"* **{len(run.violations)} rules are broken: this plan is not valid.**")
        lines += [f"  * {violation}" for violation in run.violations[:20]]
    return "## What is short\n\n" + "\n".join(lines)


def _called(run: Run) -> str:
    """Groups called from outside; empty where the scenario has none."""
    if not run.problem.aid:
        return ""
    situation = run.world.situation
    known = {group.group_id: group for group in run.problem.aid}
    at = situation.horizon.at
    lines = [
        f"* {call.groups} x {known[call.group_id].name_en} ({known[call.group_id].officers} people "
        f"each) to {situation.area.commands[call.district]}, "
        f"{at(call.from_h):%d %b %H:%M} to {at(call.to_h):%d %b %H:%M}"
        for call in run.plan.roster.aid
    ]
    return "\n".join(["## Mutual aid called", "", *(lines or ["None of the groups is called."])])


def _recorded(checked: dict[str, float] | None) -> str:
    if checked is None:
        return ""
    return (
        "## The real calls of that day\n\n"
        f"{checked['calls']:,.0f} calls that ask for a unit are on record; "
        f"{checked['expected_calls']:,.0f} were expected. Laid over the plan, "
        f"{checked['covered_plan']:.1%} of them meet their target in expectation "
        f"({checked['covered_baseline']:.1%} under the strongest practice). The record has no "
        "time of day: each call counts with its cell's coverage averaged over the hours by the "
        "stated profile."
    )


def _provenance(run: Run) -> str:
    lines = [
        f"* **{part.status}**: {part.item_en} ({part.item_zh}): {part.source}"
        for part in run.world.situation.provenance
    ]
    lines += [f"* note: {note}" for note in run.world.notes]
    return "## What is real and what is synthetic\n\n" + "\n".join(lines)
