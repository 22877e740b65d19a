"""Routes to points worth a visit: the problem, a plan and what is proved about it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from geodata.places import VisitPoints
from optimizer.plan import Status

PROVED = 1e-6
"""Share of all scores by which a plan may miss its bound and still be called optimal."""


@dataclass(frozen=True, eq=False)
class RouteProblem:
    """Points that may be visited once each, and routes with little time: team orienteering.

    Each route leaves its start at `from_min` and is at its end by `to_min`; it collects the
    scores of the points it visits (Chao, Golden and Wasil 1996). Places are the points, in their
    order, followed by the starts and ends. Routes of the same `kind` share travel and service
    times. A route that comes before a window opens waits.

    Attributes
    ----------
    score
        Worth of a visit, `[point]`, not negative.
    opens_min, closes_min
        First and last minute at which a visit may begin, `[point]`.
    service_min
        Length of a visit, `[kind, point]`.
    travel_min
        Minutes from place to place, `[kind, place, place]`; infinite where there is no way.
    kind, start, end
        Kind of each route and the places where it starts and ends, `[route]`.
    from_min, to_min
        Start and latest end of each route, `[route]`.

    Raises
    ------
    ValueError
        When shapes differ, a place or kind does not exist, or a number is not one or negative.
    """

    score: NDArray[np.float64]
    opens_min: NDArray[np.float64]
    closes_min: NDArray[np.float64]
    service_min: NDArray[np.float64]
    travel_min: NDArray[np.float64]
    kind: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    from_min: NDArray[np.float64]
    to_min: NDArray[np.float64]

    def __post_init__(self) -> None:
        kinds, places = np.shape(self.travel_min)[:2]
        points, routes = len(self.score), len(self.kind)
        shapes = {
            "score": (points,),
            "opens_min": (points,),
            "closes_min": (points,),
            "service_min": (kinds, points),
            "travel_min": (kinds, places, places),
        } | {name: (routes,) for name in ("kind", "start", "end", "from_min", "to_min")}
        for name, shape in shapes.items():
            dtype = np.int64 if name in ("kind", "start", "end") else np.float64
            array = frozen_array(getattr(self, name), dtype, shape, name)
            object.__setattr__(self, name, array)
        for name, limit in (("kind", kinds), ("start", places), ("end", places)):
            strangers = getattr(self, name)[
                (getattr(self, name) < 0) | (getattr(self, name) >= limit)
            ]
            if len(strangers):
                raise ValueError(f"{name} {strangers[0]} is not one of 0 to {limit - 1}")
        for name in ("score", "service_min", "travel_min"):
            if not (getattr(self, name) >= 0).all():
                raise ValueError(f"{name} holds a number that is negative or none at all")
        if places < points:
            raise ValueError(f"{places} places, fewer than the {points} points")

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self.score)

    @property
    def routes(self) -> int:
        """Number of routes."""
        return len(self.kind)


def team_problem(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    score: NDArray[np.float64],
    ends: tuple[int, int],
    routes: int,
    limit: float,
) -> RouteProblem:
    """Plain team orienteering in the plane: straight lines, no windows, no service.

    `x`, `y` and `score` are of all points `[point]`; each of the `routes` goes from the first of
    `ends` to the second and is at most `limit` long. A minute is a unit of length. The start and
    the end bring no score.
    """
    order = np.concatenate([np.delete(np.arange(len(x)), ends), ends])
    x, y, gain = x[order], y[order], score[order][:-2]
    none = np.zeros(len(gain))
    return RouteProblem(
        score=gain,
        opens_min=none,
        closes_min=np.full(len(gain), limit),
        service_min=none[None],
        travel_min=np.hypot(x[:, None] - x, y[:, None] - y)[None],
        kind=np.zeros(routes, dtype=np.int64),
        start=np.full(routes, len(gain)),
        end=np.full(routes, len(gain) + 1),
        from_min=np.zeros(routes),
        to_min=np.full(routes, limit),
    )


@dataclass(frozen=True)
class RoutePlan:
    """Routes as points in the order of their visits, what they collect, and what none exceeds.

    `score` is what the model claims; `bound` is proved to be at least the score of every plan.
    """

    routes: tuple[tuple[int, ...], ...]
    score: float
    bound: float

    @property
    def status(self) -> Status:
        """Optimal when nothing is left between score and bound."""
        proved = self.bound - self.score <= PROVED * max(1.0, self.bound)
        return Status.OPTIMAL if proved else Status.FEASIBLE


MODES = ("foot", "car", "motorcycle")
"""How patrols move unless they are told otherwise."""


@dataclass(frozen=True, eq=False)
class Patrols:
    """Patrols that make visits between calls: how they move, from where, when, how much is free.

    Attributes
    ----------
    patrol_ids
        Names, no two the same.
    mode
        Index into `modes`, `[patrol]`.
    start
        Place where each patrol starts and ends, counted after the must-visit points, `[patrol]`.
    from_min, to_min
        Its time, minutes from the horizon's start, `[patrol]`.
    free_min
        Minutes of that time that calls are expected to leave, `[patrol]`.
    modes
        How patrols may move.

    Raises
    ------
    ValueError
        When shapes differ, ids repeat, a mode does not exist, a time ends before it begins, or
        more is free than there is.
    """

    patrol_ids: tuple[str, ...]
    mode: NDArray[np.int64]
    start: NDArray[np.int64]
    from_min: NDArray[np.float64]
    to_min: NDArray[np.float64]
    free_min: NDArray[np.float64]
    modes: tuple[str, ...] = MODES

    def __post_init__(self) -> None:
        shape = (len(self.patrol_ids),)
        if len(set(self.patrol_ids)) != shape[0]:
            raise ValueError("patrol ids repeat")
        for name in ("mode", "start", "from_min", "to_min", "free_min"):
            dtype = np.int64 if name in ("mode", "start") else np.float64
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))
        span = self.to_min - self.from_min
        wrong = {
            "mode": (self.mode < 0) | (self.mode >= len(self.modes)),
            "start": self.start < 0,
            "to_min": ~(span >= 0),
            "free_min": ~((self.free_min >= 0) & (self.free_min <= span)),
        }
        for name, rows in wrong.items():
            if rows.any():
                first = int(np.flatnonzero(rows)[0])
                value = getattr(self, name)[first]
                raise ValueError(f"{name} of patrol {self.patrol_ids[first]} cannot be {value}")

    @property
    def stretch(self) -> NDArray[np.float64]:
        """Minutes that pass while a patrol works for one, since calls come between, `[patrol]`.

        Infinite where nothing is free.
        """
        span = self.to_min - self.from_min
        free = self.free_min > 0
        return np.where(free, span / np.where(free, self.free_min, 1.0), np.inf)


@dataclass(frozen=True)
class RouteVisit:
    """A visit of a patrol to a must-visit point, minutes from the horizon's start.

    It takes `minutes` of work, and as many times longer by the clock as the patrol is stretched,
    rounded up to a whole minute.
    """

    patrol: int
    point: int
    begin_min: float
    end_min: float
    minutes: float


@dataclass(frozen=True)
class NightRoutes:
    """Visits of one night in the order of their beginnings, and the dose that they deliver.

    Attributes
    ----------
    visits
        Those of a patrol one after the other.
    due_min, planned_min
        Minutes of visits that are due and planned, `[point]`.
    longest_gap_min
        Longest time without a visit while visits are due, `[point]`; 0 where none is due.
    best_min
        Minutes of visits on the best routes that were found, which the night stays close to.
    bound_min
        No routes deliver more.
    """

    visits: tuple[RouteVisit, ...]
    due_min: NDArray[np.float64]
    planned_min: NDArray[np.float64]
    longest_gap_min: NDArray[np.float64]
    best_min: float
    bound_min: float

    def __post_init__(self) -> None:
        shape = np.shape(self.due_min)
        for name in ("due_min", "planned_min", "longest_gap_min"):
            array = frozen_array(getattr(self, name), np.float64, shape, name)
            object.__setattr__(self, name, array)


@dataclass(frozen=True, eq=False)
class DueWindows:
    """Visits that are due: one of `point[window]` that lies in each window.

    `from_min` and `to_min` in minutes from the horizon's start.
    """

    point: NDArray[np.int64]
    from_min: NDArray[np.float64]
    to_min: NDArray[np.float64]


def due_spans(points: VisitPoints, horizon: Horizon) -> DueWindows:
    """Runs of hours in which visits of a point are due, by point and time."""
    due = _due(points, horizon)
    rows = [(p, 60.0 * a, 60.0 * b) for p in range(len(due)) for a, b in runs_of(due[p])]
    return _windows(rows)


def due_windows(
    points: VisitPoints, horizon: Horizon, density: NDArray[np.float64] | None = None
) -> DueWindows:
    """One window for each visit: every span of due hours in equal parts, in whole minutes.

    As few parts as can be, of at most the point's interval; none where a part is shorter than a
    visit. `density[point, hour]` says how fast intervals pass: at 0.5 they last twice as long, at
    0 no visit is due; 1 everywhere unless given.
    """
    due = _due(points, horizon)
    pace = np.ones(due.shape) if density is None else density
    rows = []
    for point in range(len(due)):
        for first, last in runs_of(due[point] & (pace[point] > 0.0)):
            edges = _edges(first, pace[point, first:last], float(points.interval_h[point]))
            if np.diff(edges).min() >= points.visit_min[point]:
                rows += [(point, a, b) for a, b in pairwise(edges)]
    return _windows(rows)


def runs_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First position and position after the last of each run of true ones."""
    padded = np.concatenate([[0], flags.astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(padded)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _due(points: VisitPoints, horizon: Horizon) -> NDArray[np.bool_]:
    """Whether visits are due, `[point, hour]`."""
    clocks = horizon.hour_of_day
    return np.array([points.due_at(int(clock)) for clock in clocks]).reshape(len(clocks), -1).T


def _edges(first: int, pace: NDArray[np.float64], interval_h: float) -> list[float]:
    """Where windows begin and end in the hours from `first` on, by a clock of that pace."""
    shown = np.concatenate([[0.0], np.cumsum(pace)])
    parts = int(np.ceil(shown[-1] / interval_h - 1e-9))
    at = np.interp(np.linspace(0.0, shown[-1], parts + 1), shown, np.arange(len(shown)))
    return [float(edge) for edge in np.round(60.0 * (first + at))]


def _windows(rows: list[tuple[int, float, float]]) -> DueWindows:
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return DueWindows(table[:, 0].astype(np.int64), table[:, 1], table[:, 2])
