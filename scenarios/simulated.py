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
from optimizer.plan import Deployment, Visit
from scenarios.schema import Scenario, SimulationPart
from scenarios.world import World

CROSSINGS = {
    "quickest": Crossing.QUICKEST,
    "own_first": Crossing.OWN_FIRST,
    "own_only": Crossing.OWN_ONLY,
}


@dataclass(frozen=True)
class Simulated:
    """A plan and the strongest baseline, each simulated with the same calls."""

    plan: SimulatedService
    baseline: SimulatedService

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
    visits: tuple[Visit, ...],
    have: Mapping[str, int],
) -> SimulatedService:
    """The service of a deployment by the scenario's number of replications.

    `visits` are the planned ones and `have` the officers of each post, by its id.
    """
    part = scenario.simulation
    return simulate(
        city,
        fleet_of(city, deployment, pool_of_place),
        replications=part.replications,
        seed=scenario.seed,
        visits=None if part.visits == "reserved" else visit_task(city, world, part, visits),
        posts=post_units(city, world, part, have) if part.release_rings else None,
    )


def simulate_both(
    scenario: Scenario,
    world: World,
    deployment: Deployment,
    baseline: Deployment,
    pool_of_place: NDArray[np.int64],
    visits: tuple[Visit, ...],
    have: Mapping[str, int],
) -> Simulated:
    """The plan's and the baseline's deployment, met by the same calls."""
    city = city_of(scenario, world)
    return Simulated(
        *(
            simulated_plan(city, world, scenario, units, pool_of_place, visits, have)
            for units in (deployment, baseline)
        )
    )


def visit_task(
    city: City, world: World, part: SimulationPart, visits: tuple[Visit, ...]
) -> VisitTask:
    """The planned visits as tasks of the units that patrol."""
    planned = sorted(visits, key=lambda visit: (visit.minute, visit.point))
    table = np.zeros(len(planned), dtype=VISIT)
    table["start"] = [float(visit.minute) for visit in planned]
    table["latest"] = table["start"] + part.visit_window_min
    table["minutes"] = [visit.minutes for visit in planned]
    points = np.array([visit.point for visit in planned], dtype=np.int64)
    table["cell"] = world.situation.visit_points.places.cell[points]
    force = world.force
    by = np.array([force.types[force.index(u.force_id)].patrol for u in city.unit_types])
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
