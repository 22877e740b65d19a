"""The main job in one straight line: scenario, world, plan, judges."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from optimizer.calls import PatrolTerms
from optimizer.judges.claims import (
    check_bound,
    check_joint_bound,
    check_objective,
    check_patrol_bound,
)
from optimizer.judges.donor_hours import LenderHours, lender_hours
from optimizer.judges.operation_rules import check_operations
from optimizer.judges.reserve_calls import ReserveCalls, reserve_calls
from optimizer.judges.rules import violations
from optimizer.judges.violation import Violation
from optimizer.judges.wish_rules import wish_violations
from optimizer.marginal_value import MarginalValue
from optimizer.models.patrol.allocation import PatrolAllocation
from optimizer.models.patrol.marginal import marginal_value
from optimizer.models.patrol.origins import unit_origins
from optimizer.models.patrol.relocation import Relocation, relocation
from optimizer.models.staffing.officer_worth import around, officer_worth
from optimizer.officer_worth import OfficerWorth
from optimizer.patrol_wishes import PatrolWishes
from optimizer.plan import Deployment, PatrolBound, Plan, SolveReport, Status, UnitMove
from optimizer.shifts import shift_instances
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from scenarios.donors import Lending, judge_lending
from scenarios.drawable import opening_hour
from scenarios.given_plan import GivenPlan, read_given_plan
from scenarios.joint_plan import (
    Asked,
    allocations,
    best_round,
    joint_report,
    plan_rounds,
    unit_gains,
)
from scenarios.observation_report import watch_violations
from scenarios.practice import Baseline, Judged, judge, judge_practice
from scenarios.progress import Progress
from scenarios.reserve import reserve_violations
from scenarios.scenario import LoadedScenario
from scenarios.schema import Scenario
from scenarios.simulated import Simulated, simulate_both
from scenarios.stress import StressCase, stress_cases
from scenarios.visit_plan import PlannedVisits, planned_visits, visit_violations
from scenarios.wishes import patrol_wishes
from scenarios.world import World, build_world

POST_PENALTY = {1: 30.0, 2: 20.0, 3: 10.0}
"""Weighted call-minutes that a missing officer-hour on a post of each priority counts."""

VISIT_PENALTY = 5.0
PRESENCE_PENALTY = 50.0
OFFICER_HOUR_COST = 0.02
ORDER_PENALTY = {"1": 0.3, "1+": 1.5}
"""Price of an officer-hour on duty below a level's order: above the cost of being on duty, below
the worth of a post; an hour of all hands goes before a whole ordinary shift. The lower levels
order nothing: their share is what may be on duty, not what must."""

LOAN_COST = 0.05


@dataclass(frozen=True)
class Given:
    """The plan that was to be changed little, judged under the new forecast.

    `unlimited` is the new plan without the change budget, None without a budget.
    """

    plan: GivenPlan
    judged: Judged
    unlimited: Judged | None


@dataclass(frozen=True)
class Planned:
    """A world and its plan, before the judges; `given` is the plan to be changed little."""

    world: World
    terms: PatrolTerms
    wishes: PatrolWishes
    problem: StaffingProblem
    staffing: StaffingResult
    allocations: tuple[PatrolAllocation, ...]
    plan: Plan
    given: GivenPlan | None
    visits: PlannedVisits


@dataclass(frozen=True)
class Run:
    """Everything a run knows: world, plan, judgements, marginal values.

    `allocations`, `marginal` and `relocations` are by type of unit; `officers` are the marginal
    ones; `lending` is None when nobody lends; `baseline` is the strongest of the `baselines`,
    judged in full; `stress` is empty unless asked for; `simulated` is None without replications,
    `released` without a reserve that is to be judged answering calls.
    """

    loaded: LoadedScenario
    world: World
    wishes: PatrolWishes
    problem: StaffingProblem
    staffing: StaffingResult
    allocations: tuple[PatrolAllocation, ...]
    plan: Plan
    judged: Judged
    baselines: tuple[Baseline, ...]
    baseline: Judged
    violations: tuple[Violation, ...]
    officers: OfficerWorth
    lending: Lending | None = None
    marginal: tuple[MarginalValue, ...] = ()
    relocations: tuple[Relocation, ...] = ()
    given: Given | None = None
    stress: tuple[StressCase, ...] = ()
    simulated: Simulated | None = None
    released: ReserveCalls | None = None

    @property
    def opening_hour(self) -> int:
        """Hour in which the map opens: the scenario's clock, else the first."""
        return opening_hour(self.loaded, self.world)

    @property
    def lenders(self) -> tuple[LenderHours, ...]:
        """The commands that lend, hour by hour."""
        if self.lending is None:
            return ()
        evaluation, at_home = self.lending.evaluation, self.lending.at_home
        return lender_hours(self.world.situation, self.plan.roster, evaluation, at_home)

    @property
    def strongest(self) -> Baseline:
        """The baseline that `baseline` judges in full: the smallest weighted response."""
        return min(self.baselines, key=lambda practice: practice.response_sum)


def run_scenario(
    loaded: LoadedScenario,
    progress: Progress,
    *,
    given_folder: Path | None = None,
    max_changes: int | None = None,
    stress: bool = False,
) -> Run:
    """Plan a scenario and judge the plan; change the plan of `given_folder` as little as asked.

    With `stress` the plan and the strongest baseline are judged again on worse nights.

    Raises
    ------
    BadInput
        With every fault of the scenario's files.
    Infeasible
        When the staffed units cannot keep the limits of places and pools.
    """
    scenario = loaded.scenario
    planned = plan_scenario(loaded, progress, given_folder=given_folder, max_changes=max_changes)
    world, plan, terms, wishes = planned.world, planned.plan, planned.terms, planned.wishes
    with progress.phase("marginal", "Finding what the next units buy"):
        marginal = _marginal(planned, scenario.seed)
        street = around(planned.problem, plan.roster)
        officers = officer_worth(street, seed=scenario.seed)
    with progress.phase("judges", "Judging the plan and the baselines of practice"):
        judged = judge(world, plan.deployment, terms)
        practice, strongest = judge_practice(
            world, plan.deployment, planned.staffing, terms, scenario.seed
        )
        moved = tuple(
            relocation(world.situation, unit.unit_type, units, wishes.pool_of_place)
            for unit, units in zip(world.force.unit_types, plan.deployment.units, strict=True)
        )
        lending = judge_lending(
            world, terms, wishes, planned.allocations, judged.evaluation, street, plan.roster
        )
        given = _given(planned, scenario)
        released = _released(planned, judged, scenario)
        broken = _violations(planned, judged, scenario)
    cases: tuple[StressCase, ...] = ()
    if stress:
        with progress.phase("stress", "Judging worse nights"):
            cases = stress_cases(loaded, world, plan.deployment, strongest.deployment, terms)
    simulated = None
    if scenario.simulation.replications:
        with progress.phase("simulation", "Simulating the plan and the strongest practice"):
            simulated = simulate_both(
                scenario,
                world,
                plan.deployment,
                strongest.deployment,
                wishes.pool_of_place,
                plan.visits,
                plan.posts.have(),
            )
    return Run(
        loaded,
        world,
        wishes,
        planned.problem,
        planned.staffing,
        planned.allocations,
        plan,
        judged,
        practice,
        strongest,
        broken,
        officers,
        lending,
        marginal,
        moved,
        given,
        cases,
        simulated,
        released,
    )


def plan_scenario(
    loaded: LoadedScenario,
    progress: Progress,
    *,
    given_folder: Path | None = None,
    max_changes: int | None = None,
) -> Planned:
    """World and plan of a scenario, not yet judged.

    Raises
    ------
    BadInput
        With every fault of the scenario's files.
    Infeasible
        When the staffed units cannot keep the limits of places and pools.
    """
    scenario = loaded.scenario
    with progress.phase("world", f"Reading {scenario.id} and building its world"):
        world = build_world(loaded)
        terms = PatrolTerms(scenario.patrol.closing_min, scenario.patrol.grade_weight)
        given_plan = _given_plan(given_folder, max_changes, world)
        wishes = patrol_wishes(loaded, world)
        if given_plan is not None:
            wishes = replace(wishes, given=given_plan.units, max_changes=given_plan.max_changes)
    with progress.phase("value", "Finding what units are worth, by district and hour"):
        problem = staffing_problem(loaded, world, unit_gains(world, terms))
    asked = Asked(world, terms, wishes, scenario.patrol.rounds)
    made = plan_rounds(asked, problem, scenario.staffing.rounds, progress)
    best = made[best_round(made)]
    staffing, found = best.staffing, best.allocations
    with progress.phase("joint", "Bounding staffing and patrol together"):
        joint = joint_report(asked, made)
    with progress.phase("orders", "Sending units from their stations, planning visits"):
        deployment, claimed = deploy(world, staffing, found, wishes)
        visits = planned_visits(scenario, world, staffing, deployment, wishes.pool_of_place, terms)
        proof = patrol_bound(world, found)
        report = SolveReport(
            Status.FEASIBLE, claimed, scenario.seed, scenario.patrol.rounds, proof, joint=joint
        )
        plan = Plan(staffing.roster, deployment, staffing.posts, visits.plan, report)
    return Planned(world, terms, wishes, best.problem, staffing, found, plan, given_plan, visits)


def _marginal(planned: Planned, seed: int) -> tuple[MarginalValue, ...]:
    world, wishes = planned.world, planned.wishes
    return tuple(
        marginal_value(
            world.situation,
            unit,
            planned.terms,
            allocation.units,
            allocation.busy,
            place_min=wishes.place_min[row],
            place_cap=wishes.place_cap[row],
            seed=seed,
        )
        for row, (unit, allocation) in enumerate(
            zip(world.force.unit_types, planned.allocations, strict=True)
        )
    )


def _released(planned: Planned, judged: Judged, scenario: Scenario) -> ReserveCalls | None:
    """The calls with the reserve answering them too; None where that is not asked for."""
    world, unit_type = planned.world, scenario.reserve.released_as
    if unit_type is None:
        return None
    return reserve_calls(
        world.situation,
        world.force,
        planned.plan.deployment,
        judged.evaluation,
        world.reserve,
        planned.plan.posts.have(),
        unit_type,
        planned.terms,
    )


def _violations(planned: Planned, judged: Judged, scenario: Scenario) -> tuple[Violation, ...]:
    """Every rule that the plan breaks, and every claim that the judges do not confirm."""
    plan, staffing, report = planned.plan, planned.staffing, planned.plan.report
    world = planned.world
    patrol = () if report.patrol is None else check_patrol_bound(report.patrol)
    return (
        violations(planned.problem, plan, staffing)
        + visit_violations(
            scenario,
            world,
            staffing,
            plan.deployment,
            planned.visits,
            judged.evaluation.utilisation,
        )
        + check_operations(world.operations, plan.posts.needs, world.situation.horizon)
        + watch_violations(world.drones, world.situation.horizon)
        + reserve_violations(world.reserve, world.situation, world.force, plan.posts)
        + check_objective(report.objective, judged.response_sum)
        + check_bound(staffing)
        + patrol
        + (() if report.joint is None else check_joint_bound(report.joint))
        + wish_violations(planned.wishes, plan.deployment, staffing.units_available)
    )


def _given_plan(folder: Path | None, max_changes: int | None, world: World) -> GivenPlan | None:
    if folder is None:
        return None
    return read_given_plan(folder, max_changes, world.situation, world.force)


def _given(planned: Planned, scenario: Scenario) -> Given | None:
    """The given plan and, where there is a budget, the plan without it, both judged."""
    plan, world, terms = planned.given, planned.world, planned.terms
    if plan is None:
        return None
    names = planned.plan.deployment.unit_types
    before = judge(world, Deployment(names, plan.units, ()), terms)
    if plan.max_changes is None:
        return Given(plan, before, None)
    free = replace(planned.wishes, given=None, max_changes=None)
    found = allocations(world, planned.staffing, terms, free, scenario.patrol.rounds)
    units = np.stack([allocation.units for allocation in found])
    return Given(plan, before, judge(world, Deployment(names, units, ()), terms))


def staffing_problem(
    loaded: LoadedScenario, world: World, gains: dict[str, NDArray[np.float64]]
) -> StaffingProblem:
    """What staffing decides on, with the scenario's limits and the prices of this module."""
    part = loaded.scenario.staffing
    situation = world.situation
    return StaffingProblem(
        horizon=situation.horizon,
        station_district=world.home_command,
        station_kind=situation.stations.kind,
        force=world.force,
        levels=world.levels,
        in_force=world.in_force,
        instances=shift_instances(situation.horizon, world.shifts),
        rules=world.rules,
        requirement=world.requirement,
        unit_gain=gains,
        post_penalty=POST_PENALTY,
        loan_minutes=world.loan_minutes,
        officer_hour_cost=OFFICER_HOUR_COST,
        loan_cost=LOAN_COST,
        visit_penalty=VISIT_PENALTY,
        presence_penalty=PRESENCE_PENALTY,
        order_penalty=ORDER_PENALTY,
        donor_max_share=part.donor_max_share,
        donor_floor=part.donor_floor,
        loan_notice_h=part.loan_notice_h,
        loan_max_min=part.loan_max_min,
        loan_lenders=part.loan_lenders,
        protected_relaxed=part.relax_protected,
        rotations=world.rotations,
        debts=world.time_off.debts,
        leave=world.time_off.leave,
        aid=world.reinforcements.aid,
        agreed=world.reinforcements.agreed,
    )


def patrol_bound(world: World, found: tuple[PatrolAllocation, ...]) -> PatrolBound:
    """The bounds of all types of unit."""
    return PatrolBound(
        tuple(unit.unit_type for unit in world.force.unit_types),
        np.stack([allocation.missed for allocation in found]),
        np.stack([allocation.missed_bound for allocation in found]),
        np.stack([allocation.weight for allocation in found]),
        sum(allocation.budget_worth for allocation in found),
    )


def deploy(
    world: World,
    staffing: StaffingResult,
    found: tuple[PatrolAllocation, ...],
    wishes: PatrolWishes,
) -> tuple[Deployment, float]:
    """Units with the stations they come from, and the weighted response that was claimed."""
    situation = world.situation
    moves: list[UnitMove] = []
    for row, unit in enumerate(world.force.unit_types):
        available = staffing.units_available[row]
        moves += unit_origins(situation, unit.unit_type, found[row].units, available, wishes)
    names = tuple(unit.unit_type for unit in world.force.unit_types)
    claimed = sum(float(allocation.response_sum.sum()) for allocation in found)
    units = np.stack([allocation.units for allocation in found])
    return Deployment(names, units, tuple(moves)), claimed
