"""Visits planned and delivered: minutes and longest gap of every must-visit point."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimizer.judges.route_rules import longest_gaps
from optimizer.judges.simulation.service import SimulatedService, interval
from optimizer.plan import Visit, VisitPlan
from optimizer.visit_routes import RouteVisit
from scenarios.world import World


@dataclass(frozen=True)
class DeliveredVisits:
    """What routes deliver while their units answer calls, `[replication, point]`.

    Minutes of visits and the longest time without one; patrols on foot keep to the plan.
    """

    delivered_min: NDArray[np.float64]
    gap_min: NDArray[np.float64]


def planned_min(world: World, visits: Iterable[Visit]) -> NDArray[np.float64]:
    """Minutes of visits, `[point]`."""
    total = np.zeros(len(world.situation.visit_points.places))
    for visit in visits:
        total[visit.point] += visit.minutes
    return total


def planned_gaps(world: World, plan: VisitPlan) -> NDArray[np.float64]:
    """Longest time without a visit while visits are due, minutes `[point]`."""
    situation = world.situation
    made = [_as_made(visit, float(visit.minute), visit.minutes) for visit in plan.visits]
    return longest_gaps(situation.visit_points, situation.horizon, made)


def delivered_visits(
    world: World, plan: VisitPlan, called: tuple[Visit, ...], service: SimulatedService
) -> DeliveredVisits:
    """Minutes and gaps of every replication; the visits `called` are those that it simulated."""
    situation, between = world.situation, set(called)
    on_foot = [visit for visit in plan.visits if visit not in between]
    fixed = [_as_made(visit, float(visit.minute), visit.minutes) for visit in on_foot]
    minutes, gaps = [], []
    for begun, delivered in zip(service.begun_min, service.delivered_min, strict=True):
        each = zip(called, begun.tolist(), delivered.tolist(), strict=True)
        made = fixed + [_as_made(visit, at, took) for visit, at, took in each if took > 0.0]
        gaps.append(longest_gaps(situation.visit_points, situation.horizon, made))
        points = np.array([visit.point for visit in made], dtype=np.int64)
        took = np.array([visit.minutes for visit in made])
        minutes.append(np.bincount(points, took, len(situation.visit_points.places)))
    return DeliveredVisits(np.array(minutes), np.array(gaps))


def _as_made(visit: Visit, begin_min: float, minutes: float) -> RouteVisit:
    return RouteVisit(visit.route, visit.point, begin_min, begin_min + minutes, minutes)


def visit_dose_frame(
    world: World, plan: VisitPlan, delivered: DeliveredVisits | None
) -> pd.DataFrame:
    """Every must-visit point: visits and minutes due, planned and delivered, longest gaps."""
    points = world.situation.visit_points
    count = np.bincount([visit.point for visit in plan.visits], minlength=len(points.places))
    table: dict[str, object] = {
        "point_id": list(points.places.place_ids),
        "name_en": list(points.places.name_en),
        "name_zh": list(points.places.name_zh),
        "interval_h": points.interval_h,
        "visits_due": plan.due,
        "visits_planned": count,
        "visits_missed": plan.due - count,
        "due_min": plan.due * points.visit_min,
        "planned_min": planned_min(world, plan.visits),
        "longest_gap_min": planned_gaps(world, plan),
    }
    if delivered is not None:
        for name, samples in (
            ("delivered_min", delivered.delivered_min),
            ("simulated_gap_min", delivered.gap_min),
        ):
            table[name], table[f"{name}_ci"] = interval(samples)
    return pd.DataFrame(table)
