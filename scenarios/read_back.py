"""A finished run read back to be drawn again: its whole plan, judged anew."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from geodata.faults import BadInput, Fault, FaultLog
from optimizer.calls import PatrolTerms
from optimizer.judges.donor_hours import LenderHours
from optimizer.judges.staffing_value import presence_short
from optimizer.judges.summary import city_service
from optimizer.plan import (
    Deployment,
    Plan,
    PostAssignment,
    Roster,
    SolveReport,
    Status,
    VisitPlan,
)
from optimizer.staffing_input import StaffingProblem
from scenarios.finished_run import FinishedRun, open_run, read_record, require_keys
from scenarios.lender_table import read_lenders
from scenarios.pipeline import staffing_problem
from scenarios.plan_tables import read_aid, read_fills, read_loans, read_moves
from scenarios.practice import Judged, judge
from scenarios.scenario import LoadedScenario
from scenarios.staffing_table import read_staffing
from scenarios.world import World

TOLD_TO = 1e-6
"""Figures of a record that differ by no more, as a share or absolutely, are the same."""


_TOLD = ("headline.service.plan", "headline.objective_call_minutes.plan")


@dataclass(frozen=True)
class ReadBack:
    """A finished run with all that map and sheets are drawn from (see `Drawable`)."""

    folder: Path
    record: dict[str, Any]
    loaded: LoadedScenario
    world: World
    problem: StaffingProblem
    plan: Plan
    judged: Judged
    baseline: Judged
    lenders: tuple[LenderHours, ...]
    violations: tuple[str, ...]


def read_back(folder: Path) -> ReadBack:
    """Read the run in `folder` back and judge its plan and its baseline again.

    Raises
    ------
    BadInput
        When no run lies there, its scenario's files are gone or no longer the same, a table of
        its plan is faulty, or the plan read back has other figures than the run's record.
    """
    require_keys(read_record(folder), "objective.value", "headline.strongest_baseline", *_TOLD)
    opened = open_run(folder)
    world, scenario = opened.world, opened.loaded.scenario
    problem = staffing_problem(opened.loaded, world, {})
    plan = _plan(opened, problem)
    terms = PatrolTerms(scenario.patrol.closing_min, scenario.patrol.grade_weight)
    judged = judge(world, plan.deployment, terms)
    baseline = judge(world, opened.baseline, terms)
    _refuse_other_figures(opened, judged, baseline)
    return ReadBack(
        folder,
        opened.record,
        opened.loaded,
        world,
        problem,
        plan,
        judged,
        baseline,
        _lenders(folder, world, plan.roster),
        tuple(str(rule) for rule in opened.record.get("violations", ())),
    )


def _lenders(folder: Path, world: World, roster: Roster) -> tuple[LenderHours, ...]:
    """What lending leaves at home, as the run's table tells it."""
    faults = FaultLog()
    found = read_lenders(folder, world.situation, roster, faults)
    faults.raise_if_any()
    return found


def _plan(opened: FinishedRun, problem: StaffingProblem) -> Plan:
    """The decision, without what was claimed of it: only objective and seed are told."""
    world, folder, faults = opened.world, opened.folder, FaultLog()
    roster = faults.attempt(lambda log: _roster(folder, world, problem, log))
    moves = faults.attempt(lambda log: read_moves(folder, world, log))
    fills = faults.attempt(lambda log: read_fills(folder, world, log))
    faults.raise_if_any()
    if roster is None or moves is None or fills is None:
        raise AssertionError("a part of the plan is missing although no fault was noted")
    points = len(world.situation.visit_points.places)
    due = np.bincount(world.due_visits[:, 0], minlength=points)
    units = opened.deployment
    settings = opened.loaded.scenario
    claimed = float(opened.record["objective"]["value"])
    return Plan(
        roster,
        Deployment(units.unit_types, units.units, moves),
        PostAssignment(world.requirement.posts, fills),
        VisitPlan(opened.visits, due, opened.routes),
        SolveReport(Status.FEASIBLE, claimed, settings.seed, settings.patrol.rounds),
    )


def _roster(folder: Path, world: World, problem: StaffingProblem, faults: FaultLog) -> Roster:
    """Staffing, loans and groups from outside; the presence that is short is counted again."""
    teams, instances = problem.teams, problem.instances
    by_team = read_staffing(folder, world, teams, instances)
    officers = np.zeros((by_team.shape[0], len(world.force.types), len(instances)), dtype=np.int64)
    for number, team in enumerate(teams.teams):
        officers[:, team.force] += by_team[:, number]
    nothing = np.zeros((by_team.shape[0], problem.horizon_hours), dtype=np.int64)
    roster = Roster(
        instances,
        officers,
        read_loans(folder, world, instances, faults),
        nothing,
        by_team,
        read_aid(folder, world, faults),
    )
    return replace(roster, presence_short=presence_short(problem, roster))


def _refuse_other_figures(opened: FinishedRun, judged: Judged, baseline: Judged) -> None:
    """The tables must be those that the record tells of, and the judge the one that told."""
    told, strongest = opened.record["headline"], opened.strongest
    require_keys(told, f"service.{strongest}", f"objective_call_minutes.{strongest}")
    faults = [
        fault
        for name, found in (("plan", judged), (strongest, baseline))
        for fault in _other_figures(opened, name, found, told)
    ]
    if faults:
        raise BadInput(faults)


def _other_figures(
    opened: FinishedRun, name: str, judged: Judged, told: dict[str, Any]
) -> list[Fault]:
    service = city_service(opened.world.situation, judged.evaluation, judged.deployment.units)
    pairs = {
        f"objective_call_minutes of {name}": (
            told["objective_call_minutes"][name],
            judged.response_sum,
        ),
        **{
            f"{key} of {name}": (figure, service[key])
            for key, figure in told["service"][name].items()
            if key in service
        },
    }
    return [
        Fault(
            opened.folder.name,
            f"the plan that the tables tell has another {what} than run.json",
            f"{recorded:g}, as the run was judged",
            "Plan the scenario again: its tables were changed, or another version judged it.",
            value=found,
        )
        for what, (recorded, found) in pairs.items()
        if recorded is not None and not abs(recorded - found) <= TOLD_TO * max(1.0, abs(recorded))
    ]
