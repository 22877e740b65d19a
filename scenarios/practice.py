"""Deployments judged: the plan's, and those of practice with the same units."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.calls import PatrolTerms
from optimizer.judges.baselines import (
    demand_points_baseline,
    equal_stations_baseline,
    flat_units,
    random_patrol_baseline,
    station_baseline,
)
from optimizer.judges.claims import weighted_response
from optimizer.judges.evaluation import evaluate
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.summary import city_service
from optimizer.plan import Deployment
from optimizer.staffing_result import StaffingResult
from scenarios.world import World

PRACTICES: tuple[str, ...] = (
    "demand_proportional_points",
    "waiting_at_stations",
    "equal_stations",
    "random_patrol",
    "flat_shifts",
)
"""Names of the baselines in every table."""


@dataclass(frozen=True)
class Judged:
    """A deployment and what the analytic judge says of it.

    `response_sum` is the weighted response in call-minutes over the horizon, the objective.
    """

    deployment: Deployment
    evaluation: Evaluation
    response_sum: float


@dataclass(frozen=True)
class Baseline:
    """One practice: where its units stand and the city's figures over all hours.

    `service` has the names of `optimizer.judges.summary.COLUMNS`. The evaluation by cell is
    kept of the strongest one only.
    """

    name: str
    deployment: Deployment
    response_sum: float
    service: Mapping[str, float]


def judge(world: World, deployment: Deployment, terms: PatrolTerms) -> Judged:
    """Evaluate a deployment and recompute its objective from the evaluation alone."""
    evaluation = evaluate(world.situation, world.force, deployment, terms=terms)
    response_sum = weighted_response(world.situation, evaluation, terms)
    return Judged(deployment, evaluation, response_sum)


def judge_practice(
    world: World, deployment: Deployment, staffing: StaffingResult, terms: PatrolTerms, seed: int
) -> tuple[tuple[Baseline, ...], Judged]:
    """All baselines with the units of a deployment, and the strongest one in full.

    The strongest has the smallest weighted response, the first of equal ones.
    """
    found: list[Baseline] = []
    strongest: Judged | None = None
    for name, units in practice_deployments(world, deployment, staffing, terms, seed).items():
        judged = judge(world, units, terms)
        service = city_service(world.situation, judged.evaluation, units.units)
        found.append(Baseline(name, units, judged.response_sum, service))
        if strongest is None or judged.response_sum < strongest.response_sum:
            strongest = judged
    if strongest is None:
        raise AssertionError("there is always a baseline")
    return tuple(found), strongest


def practice_deployments(
    world: World, deployment: Deployment, staffing: StaffingResult, terms: PatrolTerms, seed: int
) -> dict[str, Deployment]:
    """Deployments of practice by name.

    All have the city's units of every type and hour but the flat one: it has the unit-hours of
    every command and type, at hours that make people on the street even, posts and visits first.
    """
    situation, rng = world.situation, np.random.default_rng(seed)
    elsewhere = on_posts_and_visits(world, staffing)
    placed: dict[str, list[NDArray[np.int64]]] = {name: [] for name in PRACTICES}
    for unit, units in zip(world.force.unit_types, deployment.units, strict=True):
        limits, total = by_command(situation, units), units.sum(axis=0)
        standing = demand_points_baseline(situation, unit, limits, terms)
        placed["demand_proportional_points"].append(standing)
        placed["waiting_at_stations"].append(station_baseline(situation, unit, total, terms))
        placed["equal_stations"].append(equal_stations_baseline(situation, unit, total, terms))
        placed["random_patrol"].append(random_patrol_baseline(situation, limits, rng))
        others = elsewhere[:, world.force.index(unit.force_id)]
        even = flat_units(limits, unit.officers, others)
        placed["flat_shifts"].append(demand_points_baseline(situation, unit, even, terms))
    return {
        name: Deployment(deployment.unit_types, np.stack(units), ())
        for name, units in placed.items()
    }


def on_posts_and_visits(world: World, staffing: StaffingResult) -> NDArray[np.float64]:
    """People on posts and visits, `[command, force, hour]`."""
    people = staffing.visit_officers.copy()
    needs = {need.post_id: need for need in staffing.posts.needs}
    for fill in staffing.posts.fills:
        need = needs[fill.post_id]
        force = world.force.index(fill.force_id)
        people[fill.from_district, force, need.from_hour : need.to_hour] += fill.officers
    return people


def by_command(situation: Situation, units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum `units[place, hour]` over the places of each command, `[command, hour]`.

    Stations stand first among the patrol places, so a table of stations alone will do.
    """
    total = np.zeros((len(situation.area.commands), units.shape[1]), dtype=np.int64)
    np.add.at(total, situation.place_command[: len(units)], units)
    return total
