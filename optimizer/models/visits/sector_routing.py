"""Routes of a night, sector by sector, put together to the plan of visits."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.places import Places
from optimizer.force import UnitType
from optimizer.hours import side_by_side
from optimizer.models.visits.night_routing import ON_THE_NIGHT, night_routes
from optimizer.models.visits.orienteering import RouteOptions
from optimizer.plan import PatrolRoute, Visit, VisitPlan
from optimizer.routed_visits import RoutedVisits, SectorRoutes
from optimizer.visit_patrols import FOOT, UnitsOut, foot_patrols, numbered, sector_patrols
from optimizer.visit_routes import DueWindows, Patrols, RouteVisit
from optimizer.visit_sectors import VisitWork
from optimizer.visit_ways import (
    VisitRoads,
    driving_min,
    foot_min,
    slowest_profile,
    spots_of,
)


def routed_visits(
    work: VisitWork,
    horizon: Horizon,
    stations: Places,
    places: Places,
    home_command: NDArray[np.int64],
    officers: NDArray[np.float64],
    units: Sequence[UnitsOut],
    *,
    night: int,
    options: RouteOptions = ON_THE_NIGHT,
) -> RoutedVisits:
    """Routes that deliver the visits, other ones every `night`.

    `officers[command, hour]` are those on foot that staffing gave to visits, `home_command` is
    `[station]`; `units` may make rounds between calls, each in one sector at a time, the sectors
    choosing in their order.
    """
    on_foot = foot_patrols(work, officers)
    free = list(units)
    asked = []
    for sector in range(len(work.rows)):
        routes = sector_patrols(work, sector, on_foot[sector], stations, places, home_command, free)
        free = [_without(of_type, routes) for of_type in free]
        asked.append(routes)
    types = [of_type.unit for of_type in units]
    sectors = side_by_side(
        lambda sector: _sector_routes(
            work, sector, asked[sector], places, horizon, types, night, options
        ),
        len(work.rows),
    )
    return RoutedVisits(tuple(sectors), _plan(work, sectors))


def _without(units: UnitsOut, routes: Sequence[PatrolRoute]) -> UnitsOut:
    """The units that make none of the routes in their hours."""
    home = units.home.copy()
    for route in routes:
        if route.kind == units.unit.unit_type:
            home[route.unit, route.from_min // 60 : route.to_min // 60] = -1
    return replace(units, home=home)


def _sector_routes(
    work: VisitWork,
    sector: int,
    routes: tuple[PatrolRoute, ...],
    places: Places,
    horizon: Horizon,
    types: Sequence[UnitType],
    night: int,
    options: RouteOptions,
) -> SectorRoutes:
    rows = work.rows[sector]
    points = work.points.only(rows)
    windows = _windows_of(work.windows, rows)
    starts = np.array(sorted({route.place for route in routes}), dtype=np.int64)
    spots = spots_of(points, places.x[starts], places.y[starts], places.cell[starts])
    modes, mode = _modes(routes, work.roads)
    patrols = Patrols(
        tuple(str(number) for number in range(len(routes))),
        np.array(mode, dtype=np.int64),
        np.searchsorted(starts, [route.place for route in routes]),
        np.array([route.from_min for route in routes], dtype=np.float64),
        np.array([route.to_min for route in routes], dtype=np.float64),
        np.array([route.free_min for route in routes], dtype=np.float64),
        tuple(f"{kind}, profile {profile}" for kind, profile in modes),
    )
    walking, on_foot = foot_min(work.roads, spots, len(starts))
    factor = {unit.unit_type: unit.speed_factor for unit in types}
    travel = np.stack(
        [
            on_foot
            if kind == FOOT
            else driving_min(work.roads, spots, profile, factor[kind], walking)
            for kind, profile in modes
        ]
    )
    found = night_routes(
        points, horizon, patrols, travel, night=night, windows=windows, options=options
    )
    command = int(work.command[sector])
    return SectorRoutes(command, rows, points, windows, routes, patrols, travel, found)


def _modes(
    routes: Sequence[PatrolRoute], roads: VisitRoads
) -> tuple[list[tuple[str, int]], list[int]]:
    """Ways of moving, kind and profile of speeds, and the one of each route."""
    each = [
        (FOOT, 0)
        if route.on_foot
        else (route.kind, slowest_profile(roads, route.from_min // 60, route.to_min // 60))
        for route in routes
    ]
    modes = sorted(set(each)) or [(FOOT, 0)]
    return modes, [modes.index(one) for one in each]


def _windows_of(windows: DueWindows, rows: NDArray[np.int64]) -> DueWindows:
    """Windows of some points, which are numbered by their order in `rows`."""
    own = np.isin(windows.point, rows)
    return DueWindows(
        np.searchsorted(rows, windows.point[own]), windows.from_min[own], windows.to_min[own]
    )


def _plan(work: VisitWork, sectors: Sequence[SectorRoutes]) -> VisitPlan:
    """All visits by their begin, and the routes that make any, by sector and begin."""
    made = [
        (number, patrol)
        for number, sector in enumerate(sectors)
        for patrol in sorted(
            {visit.patrol for visit in sector.night.visits},
            key=lambda patrol: (sector.routes[patrol].from_min, patrol),
        )
    ]
    routes = numbered([sectors[number].routes[patrol] for number, patrol in made])
    order = {one: route for route, one in enumerate(made)}
    visits = [
        visit
        for number, sector in enumerate(sectors)
        for patrol in range(len(sector.routes))
        for visit in _visits_of(sector, patrol, order.get((number, patrol), -1))
    ]
    due = np.bincount(work.windows.point, minlength=len(work.points.places))
    return VisitPlan(
        tuple(sorted(visits, key=lambda visit: (visit.minute, visit.point))),
        due,
        routes,
        float(sum(sector.night.bound_min for sector in sectors)),
    )


def _visits_of(sector: SectorRoutes, patrol: int, route: int) -> list[Visit]:
    """The visits of one patrol, in their order."""
    patrols, points = sector.patrols, len(sector.rows)
    way = sector.travel_min[patrols.mode[patrol]]
    stretch = float(patrols.stretch[patrol])
    here, found = points + int(patrols.start[patrol]), []
    for visit in sector.night.visits:
        if visit.patrol != patrol:
            continue
        due_from, latest = _window(sector.windows, visit)
        found.append(
            Visit(
                int(sector.rows[visit.point]),
                int(visit.begin_min),
                visit.minutes,
                sector.routes[patrol].station,
                route,
                int(visit.begin_min - np.ceil(stretch * way[here, visit.point] - 1e-9)),
                int(visit.end_min),
                due_from,
                latest,
            )
        )
        here = visit.point
    return found


def _window(windows: DueWindows, visit: RouteVisit) -> tuple[int, int]:
    """Begin of the window that a visit lies in, and the last minute to begin it."""
    begin = visit.begin_min
    inside = (windows.point == visit.point) & (windows.from_min <= begin) & (begin < windows.to_min)
    row = int(np.flatnonzero(inside)[0])
    return int(windows.from_min[row]), int(np.floor(windows.to_min[row] - visit.minutes))
