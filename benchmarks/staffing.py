"""Staffing joint with patrol in the shipped Shanghai scenario: once each, in rounds, flat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.location import timed
from benchmarks.record import Record, peak_mb, refuse_unknown
from optimizer.calls import PatrolTerms
from optimizer.joint_report import JointReport
from optimizer.plan import Deployment
from scenarios.joint_plan import (
    Asked,
    StaffedRound,
    best_round,
    joint_report,
    plan_rounds,
    unit_gains,
)
from scenarios.pipeline import staffing_problem
from scenarios.practice import judge, practice_deployments
from scenarios.progress import Progress
from scenarios.scenario import LoadedScenario, load_scenario
from scenarios.wishes import patrol_wishes
from scenarios.world import build_world

SCENARIO = "shanghai-chuxi-2027"
HOURS: dict[str, int] = {"night": 24, "week": 168}
ROUNDS = 2
SOLVES = 4
"""Staffing models solved for the bound of the line with the longer bound; a run solves one."""


@dataclass(frozen=True)
class StaffingRecord(Record):
    """A line of this family, in weighted call-minutes over the horizon.

    `value` are missed minutes at the final busy shares and prices of staffing, which `bound`
    bounds for all staffings and deployments together; both are None for flat shifts. `judged` is
    the response of the queueing judge and the prices, `response` its first part. `gap_min` in
    minutes per weighted call, `gap_share` of the value, `gap_share_of_missed` of the missed
    minutes alone. `build_s` reads the world, `solve_s` holds curves, staffing, patrol and bound.
    """

    judged: float
    response: float
    gap_min: float | None
    gap_share: float | None
    gap_share_of_missed: float | None


@dataclass(frozen=True)
class Solved:
    """All rounds of a scenario and their joint bound."""

    made: tuple[StaffedRound, ...]
    report: JointReport

    @property
    def best(self) -> StaffedRound:
        """The round that is the plan."""
        return self.made[best_round(self.made)]


def run(names: Sequence[str]) -> Iterator[StaffingRecord]:
    """Lines of the horizons named, or of all.

    Raises
    ------
    BadInput
        When a horizon is unknown.
    """
    refuse_unknown("staffing", "horizon", names, HOURS)
    for name in names or HOURS:
        yield from measure(name, load_scenario(SCENARIO, (f"horizon.hours={HOURS[name]}",)))


def measure(name: str, loaded: LoadedScenario) -> Iterator[StaffingRecord]:
    """Staffing and patrol once each, both in rounds, and flat shifts of the same officer-hours.

    The rounds have two lines: as a run makes them, and with a bound that more time went into.
    Kernels are compiled, where no cache has them, in the first line.
    """
    patrol = loaded.scenario.patrol
    world, build_s = timed(lambda: build_world(loaded))
    terms = PatrolTerms(patrol.closing_min, patrol.grade_weight)
    asked = Asked(world, terms, patrol_wishes(loaded, world), patrol.rounds)
    params = f"{loaded.scenario.id};hours={world.situation.horizon.hours}"

    once, once_s = timed(lambda: _solved(loaded, asked, 1))
    yield _record(name, f"{params};plan=once each;rounds=1", once, build_s, once_s)
    found, joint_s = timed(lambda: _solved(loaded, asked, ROUNDS))
    joint = f"{params};plan=joint;rounds={ROUNDS}"
    yield _record(name, joint, found, build_s, joint_s)
    closer, closer_s = timed(lambda: joint_report(asked, found.made, solves=SOLVES))
    longer = Solved(found.made, closer)
    yield _record(name, f"{joint};solves={SOLVES}", longer, build_s, joint_s + closer_s)
    response, flat_s = timed(lambda: _flat_response(asked, found.best, loaded.scenario.seed))
    yield StaffingRecord(
        family="staffing",
        instance=name,
        params=f"{params};plan=flat shifts",
        value=None,
        bound=None,
        known=None,
        status="judged",
        build_s=build_s,
        solve_s=flat_s,
        peak_mb=peak_mb(),
        judged=round(response + found.best.judged.prices, 2),
        response=round(response, 2),
        gap_min=None,
        gap_share=None,
        gap_share_of_missed=None,
    )


def _solved(loaded: LoadedScenario, asked: Asked, rounds: int) -> Solved:
    problem = staffing_problem(loaded, asked.world, unit_gains(asked.world, asked.terms))
    made = plan_rounds(asked, problem, rounds, Progress(quiet=True))
    return Solved(made, joint_report(asked, made))


def _record(
    name: str, params: str, found: Solved, build_s: float, solve_s: float
) -> StaffingRecord:
    report = found.report
    return StaffingRecord(
        family="staffing",
        instance=name,
        params=params,
        value=round(report.objective, 2),
        bound=round(report.bound, 2),
        known=None,
        status="feasible",
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
        judged=round(found.best.judged.total, 2),
        response=round(found.best.judged.response, 2),
        gap_min=round(report.gap_min, 5),
        gap_share=round(report.gap_share, 6),
        gap_share_of_missed=round(report.gap_share_of_missed, 5),
    )


def _flat_response(asked: Asked, plan: StaffedRound, seed: int) -> float:
    """Weighted response of the plan's unit-hours as flat shifts, at standby points by demand."""
    world = asked.world
    names = tuple(unit.unit_type for unit in world.force.unit_types)
    units = np.stack([found.units for found in plan.allocations])
    standing = Deployment(names, units, ())
    flat = practice_deployments(world, standing, plan.staffing, asked.terms, seed)["flat_shifts"]
    return judge(world, flat, asked.terms).response_sum
