"""Rules of visits on routes: manned patrols, units that stand there and are free, true clocks."""

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from optimizer.judges.route_rules import night_violations
from optimizer.judges.violation import Violation
from optimizer.plan import Deployment, PatrolRoute
from optimizer.routed_visits import RoutedVisits, SectorRoutes

EPSILON = 1e-6


def routed_visit_violations(
    horizon: Horizon,
    routed: RoutedVisits,
    density: NDArray[np.float64],
    officers: NDArray[np.float64],
    deployment: Deployment,
    utilisation: NDArray[np.float64],
) -> tuple[Violation, ...]:
    """All rules that visits on routes break.

    `density[point, hour]` is the pace of intervals, `officers[command, hour]` are those on foot
    for visits, `utilisation[type, place, hour]` the busy share of units in the deployment.
    """
    found = check_foot_patrols(routed, officers)
    found += check_rounds(routed.plan.routes, deployment)
    found += check_time_between_calls(routed.plan.routes, deployment, utilisation)
    found += check_visits_as_routed(routed)
    for sector in routed.sectors:
        found += night_violations(
            sector.points,
            horizon,
            sector.patrols,
            sector.travel_min,
            sector.night,
            density[sector.rows],
        )
    return tuple(found)


def check_foot_patrols(routed: RoutedVisits, officers: NDArray[np.float64]) -> list[Violation]:
    """The foot patrols under way take no more officers than staffing gave to visits."""
    used = np.zeros(officers.shape)
    for sector in routed.sectors:
        for patrol in {visit.patrol for visit in sector.night.visits}:
            route = sector.routes[patrol]
            if route.on_foot:
                used[sector.command, _hours(route)] += route.officers
    return [
        Violation(
            "foot patrols manned",
            f"command {c}",
            f"hour {h}",
            float(used[c, h]),
            float(officers[c, h]),
        )
        for c, h in np.argwhere(used > officers + EPSILON).tolist()
    ]


def check_rounds(routes: tuple[PatrolRoute, ...], deployment: Deployment) -> list[Violation]:
    """Every round is made by a unit that stands at its start, and no unit makes two at a time."""
    at_place: Counter[tuple[int, int, int]] = Counter()
    of_unit: Counter[tuple[str, int, int]] = Counter()
    for route in routes:
        if not route.on_foot:
            kind = deployment.unit_types.index(route.kind)
            at_place.update((kind, route.place, hour) for hour in _clock(route))
            of_unit.update((route.kind, route.unit, hour) for hour in _clock(route))
    found = [
        Violation(
            "units on rounds",
            f"place {place}",
            f"hour {hour}",
            count,
            int(deployment.units[kind, place, hour]),
        )
        for (kind, place, hour), count in sorted(at_place.items())
        if count > deployment.units[kind, place, hour]
    ]
    return found + [
        Violation("one round at a time", f"{kind} {unit}", f"hour {hour}", count, 1)
        for (kind, unit, hour), count in sorted(of_unit.items())
        if count > 1
    ]


def check_time_between_calls(
    routes: tuple[PatrolRoute, ...], deployment: Deployment, utilisation: NDArray[np.float64]
) -> list[Violation]:
    """A round counts on no more minutes than calls leave; on foot nobody is called."""
    found = []
    for route in routes:
        left = float(route.to_min - route.from_min)
        if not route.on_foot:
            kind = deployment.unit_types.index(route.kind)
            busy = np.nan_to_num(utilisation[kind, route.place, _hours(route)])
            left = 60.0 * float((1.0 - busy).sum())
        if route.free_min > left + EPSILON:
            found.append(
                Violation("time between calls", route.route_id, "free", route.free_min, left)
            )
    return found


def check_visits_as_routed(routed: RoutedVisits) -> list[Violation]:
    """The plan tells the rounds that were routed, visit by visit, and no others."""
    plan = routed.plan
    made = Counter(
        _told(sector, patrol)
        for sector in routed.sectors
        for patrol in {visit.patrol for visit in sector.night.visits}
    )
    told = Counter(
        (
            *_terms(route),
            *sorted((v.minute, v.end, v.minutes, v.point) for v in plan.visits if v.route == at),
        )
        for at, route in enumerate(plan.routes)
    )
    known = range(len(plan.routes))
    found = [
        Violation("visits as routed", f"point {v.point}", f"minute {v.minute}", v.route, len(known))
        for v in plan.visits
        if v.route not in known
    ]
    return found + [
        Violation(
            "visits as routed", f"{one[0]} from place {one[1]}", "rounds", told[one], made[one]
        )
        for one in sorted(set(made) | set(told), key=str)
        if made[one] != told[one]
    ]


def _told(sector: SectorRoutes, patrol: int) -> tuple[object, ...]:
    """A round as the plan should tell it; its times are those that it was routed with."""
    route, patrols = sector.routes[patrol], sector.patrols
    routed = replace(
        route,
        from_min=int(patrols.from_min[patrol]),
        to_min=int(patrols.to_min[patrol]),
        free_min=float(patrols.free_min[patrol]),
    )
    visits = [visit for visit in sector.night.visits if visit.patrol == patrol]
    return (
        *_terms(routed),
        *sorted((v.begin_min, v.end_min, v.minutes, int(sector.rows[v.point])) for v in visits),
    )


def _terms(route: PatrolRoute) -> tuple[object, ...]:
    """What a round is made with, but for its id."""
    times = (route.from_min, route.to_min, route.free_min)
    return (route.kind, route.place, route.unit, route.station, route.officers, *times)


def _clock(route: PatrolRoute) -> range:
    """Hours in which a route is under way."""
    return range(route.from_min // 60, -(-route.to_min // 60))


def _hours(route: PatrolRoute) -> slice:
    hours = _clock(route)
    return slice(hours.start, hours.stop)
