"""The simulation of a plan: its terms from the scenario, its visits and posts from the plan."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.calls import PatrolTerms
from optimizer.judges.simulation.call_stream import CallDraws
from optimizer.judges.simulation.city import City, SimulationTerms, fleet_of, simulated_city
from optimizer.judges.simulation.replication import VisitTask
from optimizer.judges.simulation.service import SimulatedService, interval, simulate
from optimizer.judges.simulation.state import VISIT
from optimizer.judges.simulation.system import OFF_DUTY, Crossing, Fleet
from optimizer.plan import Deployment, Visit, VisitPlan
from scenarios.schema import Scenario, SimulationPart
from scenarios.visit_dose import DeliveredVisits, delivered_visits
from scenarios.world import World

CROSSINGS = {
    "quickest": Crossing.QUICKEST,
    "own_first": Crossing.OWN_FIRST,
    "own_only": Crossing.OWN_ONLY,
}


@dataclass(frozen=True)
class Simulated:
    """A plan and the strongest baseline, each simulated with the same calls.

    `visits` is what the plan's routes deliver, None where visits are made one by one.
    """

    plan: SimulatedService
    baseline: SimulatedService
    visits: DeliveredVisits | None = None

    @property
    def gain(self) -> tuple[float, float]:
        """Share that the plan takes off the baseline's weighted response, and its half-width.

        NaN without calls.
        """
        samples = 1.0 - self.plan.of("weighted_min") / self.baseline.of("weighted_min")
        mean, half = interval(samples)
        return float(mean), float(half)


def simulation_terms(part: SimulationPart) -> SimulationTerms:
    """The scenario's table `simulation` as the judge takes it."""
    draws = CallDraws(part.handling_min, part.handling_cv, part.scene_cv, part.travel_cv)
    return SimulationTerms(
        draws, CROSSINGS[part.crossing], returning=part.returning, warm_up_h=part.warm_up_h
    )


def city_of(scenario: Scenario, world: World) -> City:
    """The city of a scenario as every plan of it is simulated."""
    terms = PatrolTerms(scenario.patrol.closing_min, scenario.patrol.grade_weight)
    part = simulation_terms(scenario.simulation)
    return simulated_city(world.situation, world.force.unit_types, terms, part)


def simulated_plan(
    city: City,
    world: World,
    scenario: Scenario,
    deployment: Deployment,
    pool_of_place: NDArray[np.int64],
    visits: VisitPlan,
    have: Mapping[str, int],
    *,
    by_routes: bool = False,
) -> SimulatedService:
    """The service of a deployment by the scenario's number of replications.

    `visits` are the planned ones and `have` the officers of each post, by its id. `by_routes`
    where the units are those of the visits' routes; else any unit makes a visit on them.
    """
    part = scenario.simulation
    fleet = fleet_of(city, deployment, pool_of_place)
    called = visits_between_calls(part, visits)
    return simulate(
        city,
        fleet,
        replications=part.replications,
        seed=scenario.seed,
        visits=visit_task(city, world, part, called, visits, fleet if by_routes else None)
        if called
        else None,
        posts=post_units(city, world, part, have) if part.release_rings else None,
    )


def simulate_both(
    scenario: Scenario,
    world: World,
    deployment: Deployment,
    baseline: Deployment,
    pool_of_place: NDArray[np.int64],
    visits: VisitPlan,
    have: Mapping[str, int],
) -> Simulated:
    """The plan's and the baseline's deployment, met by the same calls and making the visits."""
    city = city_of(scenario, world)
    plan = simulated_plan(
        city, world, scenario, deployment, pool_of_place, visits, have, by_routes=True
    )
    practice = simulated_plan(city, world, scenario, baseline, pool_of_place, visits, have)
    if world.visit_work is None:
        return Simulated(plan, practice)
    called = visits_between_calls(scenario.simulation, visits)
    return Simulated(plan, practice, delivered_visits(world, visits, called, plan))


def visits_between_calls(part: SimulationPart, visits: VisitPlan) -> tuple[Visit, ...]:
    """Visits that units make between calls, by the time they set out and point.

    Of visits on routes those of units' routes; of others all, unless they are reserved for
    patrols on foot.
    """
    if visits.routes:
        own = [visit for visit in visits.visits if not visits.routes[visit.route].on_foot]
        return tuple(sorted(own, key=lambda visit: (visit.leave, visit.point)))
    if part.visits == "reserved":
        return ()
    return tuple(sorted(visits.visits, key=lambda visit: (visit.minute, visit.point)))


def visit_task(
    city: City,
    world: World,
    part: SimulationPart,
    called: tuple[Visit, ...],
    visits: VisitPlan,
    fleet: Fleet | None,
) -> VisitTask:
    """The visits `called` as tasks of the units that patrol; of the routes' units in a `fleet`.

    On a route the unit sets out when the plan says so, or later after a call, and the visit is
    given up when its window is over; else it is due at its time.
    """
    table = np.zeros(len(called), dtype=VISIT)
    on_routes = bool(visits.routes)
    table["start"] = [float(visit.leave if on_routes else visit.minute) for visit in called]
    table["latest"] = [
        float(visit.latest if on_routes else visit.minute + part.visit_window_min)
        for visit in called
    ]
    table["minutes"] = [visit.minutes for visit in called]
    points = np.array([visit.point for visit in called], dtype=np.int64)
    table["cell"] = world.situation.visit_points.places.cell[points]
    force = world.force
    by = np.array([force.types[force.index(u.force_id)].patrol for u in city.unit_types])
    if on_routes:
        kinds = [unit.unit_type for unit in city.unit_types]
        by |= np.isin(kinds, [route.kind for route in visits.routes])
        if fleet is not None:
            first = np.searchsorted(fleet.kind, np.arange(len(kinds)))
            routes = [visits.routes[visit.route] for visit in called]
            table["made_by"] = [first[kinds.index(r.kind)] + r.unit + 1 for r in routes]
    return VisitTask(table, by, part.visits == "preemptible")


def post_units(city: City, world: World, part: SimulationPart, have: Mapping[str, int]) -> Fleet:
    """Sworn officers on the posts of the released rings, as units of the first type.

    They stand at the patrol place nearest to their event; officers left over form no unit.
    """
    situation, hours = world.situation, world.situation.horizon.hours
    places = situation.patrol_places
    homes = []
    for need in world.requirement.posts:
        if need.ring in part.release_rings and need.role == "police":
            x, y = situation.area.to_metric(np.array([need.lon]), np.array([need.lat]))
            place = int(np.argmin(np.hypot(places.x - x[0], places.y - y[0])))
            row = np.full(hours, OFF_DUTY)
            row[need.from_hour : need.to_hour] = place
            homes += [row] * (have.get(need.post_id, 0) // city.unit_types[0].officers)
    kind = np.zeros(len(homes), dtype=np.int64)
    return Fleet(kind, np.array(homes).reshape(len(homes), hours)).warmed(city.terms.warm_up_h)
