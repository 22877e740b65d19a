"""The visits of a plan: one by one from the nearest station, or on routes of patrols."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.calls import PatrolTerms
from optimizer.judges.evaluation import evaluate
from optimizer.judges.routed_visit_rules import routed_visit_violations
from optimizer.judges.simulation.unit_lines import unit_lines
from optimizer.judges.violation import Violation
from optimizer.judges.visit_rules import check_visit_plan
from optimizer.models.visits.sector_routing import routed_visits
from optimizer.plan import Deployment, VisitPlan
from optimizer.routed_visits import RoutedVisits
from optimizer.staffing_result import StaffingResult
from optimizer.visit_patrols import UnitsOut
from optimizer.visits import plan_visits
from scenarios.schema import Scenario
from scenarios.world import World


@dataclass(frozen=True)
class PlannedVisits:
    """The plan of visits; `routed` tells what its routes were made from, None without routes."""

    plan: VisitPlan
    routed: RoutedVisits | None = None


def planned_visits(
    scenario: Scenario,
    world: World,
    staffing: StaffingResult,
    deployment: Deployment,
    pool_of_place: NDArray[np.int64],
    terms: PatrolTerms,
) -> PlannedVisits:
    """Visits by the method of the scenario, with the officers that staffing gave to them."""
    situation, work = world.situation, world.visit_work
    if work is None:
        return PlannedVisits(
            plan_visits(
                situation.visit_points,
                situation.stations,
                world.due_visits,
                staffing.visit_short,
                situation.area.command_of,
                situation.horizon.hours,
                walk_min=scenario.visits.walk_min,
            )
        )
    routed = routed_visits(
        work,
        situation.horizon,
        situation.stations,
        situation.patrol_places,
        world.home_command,
        staffing.visit_officers.sum(axis=1),
        _units_out(world, deployment, pool_of_place, terms),
        night=night_of(scenario.seed, world),
    )
    return PlannedVisits(routed.plan, routed)


def night_of(seed: int, world: World) -> int:
    """Number of the night: another one on every day and for every seed."""
    day = world.situation.horizon.start.toordinal()
    return int(np.random.SeedSequence([seed, day]).generate_state(1)[0])


def _units_out(
    world: World, deployment: Deployment, pool_of_place: NDArray[np.int64], terms: PatrolTerms
) -> list[UnitsOut]:
    """Units that may make visits between calls, as free as the queueing judge says."""
    situation, work = world.situation, world.visit_work
    types = [] if work is None else [u for u in world.force.unit_types if u.unit_type in work.kinds]
    if not types:
        return []
    busy = evaluate(situation, world.force, deployment, terms=terms).utilisation
    found = []
    for unit in types:
        row = deployment.unit_types.index(unit.unit_type)
        units = deployment.units[row]
        home = unit_lines(
            units, situation.patrol_places, pool_of_place, situation.travel[unit.unit_type]
        )
        free = np.where(units > 0, 1.0 - np.nan_to_num(busy[row]), 0.0)
        found.append(UnitsOut(unit, home, _senders(deployment, unit.unit_type), free))
    return found


def _senders(deployment: Deployment, unit_type: str) -> NDArray[np.int64]:
    """The station that sends most units of a type to a place, `[place, hour]`; -1 for none."""
    sender = np.full(deployment.units.shape[1:], -1, dtype=np.int64)
    most = np.zeros_like(sender)
    for move in deployment.origins:
        if move.unit_type == unit_type and move.units > most[move.place, move.hour]:
            sender[move.place, move.hour] = move.station
            most[move.place, move.hour] = move.units
    return sender


def visit_violations(
    scenario: Scenario,
    world: World,
    staffing: StaffingResult,
    deployment: Deployment,
    visits: PlannedVisits,
    utilisation: NDArray[np.float64],
) -> tuple[Violation, ...]:
    """All rules that the plan of visits breaks; `utilisation[type, place, hour]` is the judge's."""
    situation, work = world.situation, world.visit_work
    if visits.routed is None or work is None:
        return check_visit_plan(situation, visits.plan, staffing, walk_min=scenario.visits.walk_min)
    return routed_visit_violations(
        situation.horizon,
        visits.routed,
        work.density,
        staffing.visit_officers.sum(axis=1),
        deployment,
        utilisation,
    )
