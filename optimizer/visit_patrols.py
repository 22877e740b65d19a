"""Patrols of a sector: on foot with the officers that staffing gave, and units between calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geodata.places import Places
from optimizer.force import UnitType
from optimizer.plan import PatrolRoute
from optimizer.visit_routes import runs_of
from optimizer.visit_sectors import VisitWork
from optimizer.visits import PATROL_OFFICERS

ROUTE_H = 4
"""Hours of a route at most, as those of a post without relief."""

FOOT = "foot"


@dataclass(frozen=True, eq=False)
class UnitsOut:
    """Units of one type on the street: where each stands, who sends it and how free it is.

    `home[unit, hour]` is a patrol place, negative off duty; `station[place, hour]` the station
    that sends units there; `free[place, hour]` the share of their time that calls leave.
    """

    unit: UnitType
    home: NDArray[np.int64]
    station: NDArray[np.int64]
    free: NDArray[np.float64]


def foot_patrols(work: VisitWork, officers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Foot patrols of each sector that the `officers[command, hour]` suffice for, `[sector, hour]`.

    Where they are fewer than asked for, the sector with most patrols loses one first.
    """
    patrols = work.foot.copy()
    have = np.floor(officers / PATROL_OFFICERS + 1e-6).astype(np.int64)
    for command in np.unique(work.command).tolist():
        own = np.flatnonzero(work.command == command)
        for hour in range(patrols.shape[1]):
            for _ in range(int(patrols[own, hour].sum()) - int(have[command, hour])):
                patrols[own[np.argmax(patrols[own, hour])], hour] -= 1
    return patrols


def sector_patrols(
    work: VisitWork,
    sector: int,
    on_foot: NDArray[np.int64],
    stations: Places,
    places: Places,
    home_command: NDArray[np.int64],
    units: Sequence[UnitsOut],
) -> tuple[PatrolRoute, ...]:
    """Routes that patrols may make in a sector, without their ids.

    `on_foot[hour]` foot patrols set out from stations of the command (`home_command[station]`);
    of every type of unit as many as the visits ask for make rounds from where they stand. Each
    starts where the ways to the points are shortest, those of others counted.
    """
    points = work.points.places
    rows = work.rows[sector]
    sites = np.column_stack([points.x[rows], points.y[rows]])
    found = _foot_routes(on_foot, stations, home_command == work.command[sector], sites)
    for of_type in units:
        found += _unit_routes(work.asked[sector], of_type, places, sites)
    return tuple(found)


def pieces(patrols: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Hours of each route, first and after the last, when so many patrols are out each hour."""
    found: list[tuple[int, int]] = []
    for level in range(int(patrols.max(initial=0))):
        for first, last in runs_of(patrols > level):
            parts = -(-(last - first) // ROUTE_H)
            cuts = [first + (last - first) * part // parts for part in range(parts + 1)]
            found += pairwise(cuts)
    return found


def _foot_routes(
    on_foot: NDArray[np.int64],
    stations: Places,
    own: NDArray[np.bool_],
    sites: NDArray[np.float64],
) -> list[PatrolRoute]:
    homes = np.flatnonzero(own & (np.array(stations.kind) == "station"))
    homes = homes if len(homes) else np.flatnonzero(own)
    ways = _ways(stations.x[homes], stations.y[homes], sites)
    found: list[tuple[int, int, int]] = []
    for first, last in pieces(on_foot):
        covered = _covered(ways, found, first, last)
        found.append((int(np.argmin(np.minimum(ways, covered).sum(axis=1))), first, last))
    return [
        PatrolRoute(
            "", FOOT, PATROL_OFFICERS, int(homes[at]), int(homes[at]), -1, 60 * first, 60 * last,
            60.0 * (last - first),
        )
        for at, first, last in found
    ]  # fmt: skip


def _unit_routes(
    asked: NDArray[np.int64], units: UnitsOut, places: Places, sites: NDArray[np.float64]
) -> list[PatrolRoute]:
    """Rounds of the units whose ways are shortest, one for each place at a time.

    Where no unit stays as long as a round should last it is made in two, and these again.
    """
    ways = _ways(places.x, places.y, sites)
    found: list[tuple[int, int, int]] = []
    routes, open_pieces = [], pieces(asked)[::-1]
    while open_pieces:
        first, last = open_pieces.pop()
        at, one = _standing(units, found, first, last)
        if not len(at):
            middle = (first + last) // 2
            open_pieces += [(middle, last), (first, middle)] if middle > first else []
            continue
        covered = _covered(ways, found, first, last)
        best = int(np.argmin(np.minimum(ways[at], covered).sum(axis=1)))
        place = int(at[best])
        found.append((place, first, last))
        free = 60.0 * float(units.free[place, first:last].sum())
        routes.append(
            PatrolRoute(
                "",
                units.unit.unit_type,
                units.unit.officers,
                int(units.station[place, first]),
                place,
                int(one[best]),
                60 * first,
                60 * last,
                free,
            )
        )
    return routes


def _standing(
    units: UnitsOut, found: list[tuple[int, int, int]], first: int, last: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places where a unit stands in all the hours and none was found yet, and one unit of each."""
    staying = (units.home[:, first:last] == units.home[:, first : first + 1]).all(axis=1)
    lines = np.flatnonzero(staying & (units.home[:, first] >= 0))
    at, one = np.unique(units.home[lines, first], return_index=True)
    taken = sorted({place for place, a, b in found if a < last and first < b})
    open_ = ~np.isin(at, taken)
    return at[open_], lines[one[open_]]


def _ways(
    x: NDArray[np.float64], y: NDArray[np.float64], sites: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Straight metres from each start to each site, `[start, site]`."""
    return np.asarray(np.hypot(x[:, None] - sites[:, 0], y[:, None] - sites[:, 1]))


def _covered(
    ways: NDArray[np.float64], found: list[tuple[int, int, int]], first: int, last: int
) -> NDArray[np.float64]:
    """Shortest way to each site from the starts found for hours that overlap."""
    there = [at for at, a, b in found if a < last and first < b]
    return ways[there].min(axis=0, initial=np.inf) if there else np.full(ways.shape[1], np.inf)


def numbered(routes: Sequence[PatrolRoute]) -> tuple[PatrolRoute, ...]:
    """The routes with ids: R001 and so on."""
    width = max(3, len(str(len(routes))))
    return tuple(
        replace(route, route_id=f"R{number:0{width}d}") for number, route in enumerate(routes, 1)
    )
