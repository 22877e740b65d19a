"""Sectors of must-visit points, the visits that are due there and the foot patrols they take."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from geodata.places import VisitPoints
from optimizer.visit_routes import DueWindows, due_windows
from optimizer.visit_ways import VisitRoads, spots_of, walking_min
from optimizer.visits import PATROL_OFFICERS

NEAR_M = 2000.0
"""Points of a command share a sector when steps of at most so many metres lead between them."""

MOST_POINTS, WIDEST_M = 40, 5000.0
"""Points of a sector and the longer of its sides; one with more is cut in two."""

SPARE = 1.3
"""Minutes of patrols for each minute of visits and ways between: to come, to wait, to go home."""

WINDOW_SHARE = 0.75
"""Part of the time between two visits of a point in which one of them may begin (assumption).

With 1 two visits may lie almost two intervals apart, with 0 routes have no choice left.
"""

NEAREST = 2
"""Points next to one on a round: the ways to so many are what a visit there takes on foot."""


@dataclass(frozen=True, eq=False)
class VisitWork:
    """What routes are to deliver: must-visit points in sectors, each of one command.

    `rows[sector]` are points, `command[sector]` their command and `windows` one for each visit
    due of any point. `foot[sector, hour]` are the foot patrols that the visits ask for, none
    where `kinds` leaves them out; `density[point, hour]` is the pace of intervals. `kinds` are
    `foot` and types of unit.
    """

    points: VisitPoints
    rows: tuple[NDArray[np.int64], ...]
    command: NDArray[np.int64]
    windows: DueWindows
    density: NDArray[np.float64]
    asked: NDArray[np.int64]
    kinds: tuple[str, ...]
    roads: VisitRoads

    def __post_init__(self) -> None:
        shape = (len(self.rows), np.shape(self.density)[1])
        object.__setattr__(self, "asked", frozen_array(self.asked, np.int64, shape, "asked"))

    @property
    def foot(self) -> NDArray[np.int64]:
        """Foot patrols asked for, `[sector, hour]`."""
        return self.asked if "foot" in self.kinds else np.zeros_like(self.asked)

    def officers(self, n_commands: int) -> NDArray[np.float64]:
        """Officers on foot that the visits ask for, `[command, hour]`."""
        total = np.zeros((n_commands, self.asked.shape[1]))
        np.add.at(total, self.command, PATROL_OFFICERS * self.foot.astype(np.float64))
        return total

    def due(self) -> NDArray[np.int64]:
        """Visits due, `[visit, 2]`: point and begin of its window, by time and point."""
        table = np.column_stack([self.windows.point, self.windows.from_min.astype(np.int64)])
        return table[np.lexsort((table[:, 0], table[:, 1]))]


def visit_work(
    points: VisitPoints,
    command: NDArray[np.int64],
    horizon: Horizon,
    density: NDArray[np.float64],
    roads: VisitRoads,
    *,
    kinds: tuple[str, ...],
    walk_min: float,
    seed: int,
) -> VisitWork:
    """Sectors of the points, `command[point]`, and the patrols that they ask for.

    In every hour as many whole patrols a sector as the visits due take, each spread evenly over
    its window, with the mean of the ways on foot to the two nearest points of the sector, or
    with `walk_min` where that is more, and some to spare. `seed` draws where in its intervals a
    point is due, so that points take turns and not in the same order each night.
    """
    rows = visit_sectors(points, command)
    windows = staggered(due_windows(points, horizon, density), points, seed)
    way_min = np.full(len(points.places), walk_min)
    for some in rows:
        way_min[some] = np.maximum(walk_min, _ways_between(points.only(some), roads))
    minutes = _minutes_by_hour(points, windows, horizon.hours, way_min)
    by_sector = np.array([minutes[some].sum(axis=0) for some in rows])
    asked = np.ceil(SPARE * by_sector.reshape(len(rows), horizon.hours) / 60.0 - 1e-9)
    of = np.array([command[some[0]] for some in rows], dtype=np.int64)
    return VisitWork(points, rows, of, windows, density, asked, kinds, roads)


def staggered(windows: DueWindows, points: VisitPoints, seed: int) -> DueWindows:
    """Each window cut to a part in which the visit may begin, at a drawn place by point.

    Two visits in a row then begin at most `1 + WINDOW_SHARE` intervals apart.
    """
    phase = np.random.default_rng(seed).random(len(points.places))[windows.point]
    visit_min = points.visit_min[windows.point]
    free = np.maximum(windows.to_min - windows.from_min - visit_min, 0.0)
    begin = windows.from_min + np.ceil(phase * (1.0 - WINDOW_SHARE) * free)
    end = np.minimum(begin + np.ceil(WINDOW_SHARE * free) + visit_min, windows.to_min)
    return DueWindows(windows.point, begin, end)


def visit_sectors(points: VisitPoints, command: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Points of each sector, rising; sectors by their first point.

    Points of a command that lie near each other, directly or over others; a group with too many
    or too wide to walk is cut at the median of its longer side, again and again.
    """
    places = points.places
    if not len(places):
        return ()
    spots = np.column_stack([places.x, places.y])
    one, other = cKDTree(spots).query_pairs(NEAR_M, output_type="ndarray").T
    same = command[one] == command[other]
    size = (len(places), len(places))
    near = coo_matrix((np.ones(int(same.sum())), (one[same], other[same])), shape=size)
    _, group = connected_components(near, directed=False)
    order = np.argsort(group, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    small = [part for some in groups for part in _halved(spots, some)]
    return tuple(sorted((np.sort(part) for part in small), key=lambda part: int(part[0])))


def _halved(spots: NDArray[np.float64], rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """A group in as many parts as it takes for none to be too large."""
    sides = np.ptp(spots[rows], axis=0)
    if len(rows) <= MOST_POINTS and sides.max() <= WIDEST_M:
        return [rows]
    side = int(np.argmax(sides))
    order = rows[np.argsort(spots[rows, side], kind="stable")]
    half = len(rows) // 2
    return _halved(spots, order[:half]) + _halved(spots, order[half:])


def _ways_between(points: VisitPoints, roads: VisitRoads) -> NDArray[np.float64]:
    """Mean minutes on foot from each point to the two nearest others, `[point]`; 0 for none."""
    none = np.empty(0)
    spots = spots_of(points, none, none, none.astype(np.int64))
    ways = walking_min(roads, spots)
    np.fill_diagonal(ways, np.inf)
    nearest = np.sort(ways, axis=1)[:, :NEAREST]
    known = np.isfinite(nearest)
    count = np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.where(known, nearest, 0.0).sum(axis=1) / count)


def _minutes_by_hour(
    points: VisitPoints, windows: DueWindows, hours: int, way_min: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minutes of visits and their ways, each spread evenly over its window, `[point, hour]`."""
    begins = 60.0 * np.arange(hours)
    inside = np.minimum(windows.to_min[:, None], begins + 60.0) - np.maximum(
        windows.from_min[:, None], begins
    )
    length = windows.to_min - windows.from_min
    takes = points.visit_min[windows.point] + way_min[windows.point]
    minutes = np.zeros((len(points.places), hours))
    np.add.at(minutes, windows.point, (takes / length)[:, None] * np.maximum(inside, 0.0))
    return minutes
