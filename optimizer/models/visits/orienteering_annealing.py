"""Tours torn and mended by chance, worse ones kept less and less: simulated annealing."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.visits.orienteering_search import (
    BLINK,
    NOWHERE,
    ROUNDING,
    Ground,
    Tours,
    copy_route,
    empty_tours,
    recreate,
    ruin,
    set_clocks,
)

HOT, COLD = 1.0, 0.05
"""First and last temperature, in mean scores of a point."""

MINUTE = (0.2, 0.5)
"""What a minute of work costs, in what the first tours collect in a minute of all routes.

In starts by turns: short routes lead to the best ones on some grounds and away from them on others.
"""


class Heat(NamedTuple):
    """First and last temperature, in scores, and what a minute of work counts beside them."""

    hot: float
    cold: float
    minute: float


@njit(cache=True, nogil=True)
def first_tours(ground: Ground, start: int, rng: np.random.Generator) -> tuple[Tours, Heat]:
    """Tours built point by point, and the temperatures and costs that suit them in a start."""
    tours = empty_tours(ground)
    touched = np.zeros(len(ground.kind), dtype=np.bool_)
    score = recreate(ground, tours, touched, 0.0, rng)
    worth = ground.score[ground.score > 0.0]
    mean = worth.mean() if len(worth) else 1.0
    minutes = max(1e-9, (ground.to_min - ground.from_min).sum())
    return tours, Heat(HOT * mean, COLD * mean, MINUTE[start % len(MINUTE)] * score / minutes)


@njit(cache=True, nogil=True)
def anneal(ground: Ground, best: Tours, heat: Heat, steps: int, rng: np.random.Generator) -> float:
    """Better tours than `best`, in its place, after so many steps from it; returns their score.

    Tours are worth their scores less a little for every minute of work, so that a shorter route
    to the same points, which has room for more, is preferred.
    """
    now, trial = _copy(best), _copy(best)
    touched = np.zeros(len(ground.kind), dtype=np.bool_)
    score = _score(ground, best)
    most, least_work = score, best.work.sum()
    cooling = (heat.cold / heat.hot) ** (1.0 / max(1, steps))
    temperature = heat.hot
    for _ in range(steps):
        temperature *= cooling
        touched[:] = False
        gain = -ruin(ground, trial, touched, rng)
        gain += recreate(ground, trial, touched, BLINK, rng)
        shorten(ground, trial, touched)
        saved = _work(now, touched) - _work(trial, touched)
        worth = gain + heat.minute * saved
        if worth >= 0.0 or rng.random() < np.exp(worth / temperature):
            score += gain
            _follow(trial, now, touched)
            work = now.work.sum()
            if score > most + ROUNDING or (score > most - ROUNDING and work < least_work):
                most, least_work = score, work
                _overwrite(now, best)
        else:
            _follow(now, trial, touched)
    return most


@njit(cache=True, nogil=True)
def wander(
    ground: Ground, tours: Tours, least: float, steps: int, rng: np.random.Generator
) -> float:
    """Change tours by chance, never to a score below `least`; returns the score."""
    trial = _copy(tours)
    touched = np.zeros(len(ground.kind), dtype=np.bool_)
    score = _score(ground, tours)
    for _ in range(steps):
        touched[:] = False
        gain = -ruin(ground, trial, touched, rng)
        gain += recreate(ground, trial, touched, BLINK, rng)
        if score + gain >= least - ROUNDING:
            score += gain
            _follow(trial, tours, touched)
        else:
            _follow(tours, trial, touched)
    return score


@njit(cache=True, nogil=True)
def shorten(ground: Ground, tours: Tours, touched: NDArray[np.bool_]) -> None:
    """Turn parts of the touched routes round while that saves minutes (2-opt, Croes 1958)."""
    for route in range(len(touched)):
        if touched[route]:
            while _turn_one(ground, tours, route):
                pass


@njit(cache=True, nogil=True)
def _turn_one(ground: Ground, tours: Tours, route: int) -> bool:
    """Turn the first part of a route round that saves minutes and keeps every window."""
    kind, count = ground.kind[route], tours.stops[route]
    way = ground.travel[kind]
    before = ground.start[route]
    for i in range(count - 1):
        first = tours.stop[route, i]
        for j in range(i + 1, count):
            last = tours.stop[route, j]
            after = tours.stop[route, j + 1] if j + 1 < count else ground.end[route]
            saved = way[before, first] + way[last, after] - way[before, last] - way[first, after]
            if saved > 1e-7 and _turned(ground, tours, route, i, j):
                return True
        before = first
    return False


@njit(cache=True, nogil=True)
def _turned(ground: Ground, tours: Tours, route: int, i: int, j: int) -> bool:
    """Turn the stops i to j of a route round; undone where it breaks a window or is no shorter."""
    work = tours.work[route]
    stops = tours.stop[route]
    stops[i : j + 1] = stops[i : j + 1][::-1].copy()
    set_clocks(ground, tours, route)
    fits = bool(tours.work[route] < work - 1e-8)
    for k in range(i, tours.stops[route]):
        fits = fits and tours.begin[route, k] <= tours.latest[route, k] + ROUNDING
    if not fits:
        stops[i : j + 1] = stops[i : j + 1][::-1].copy()
        set_clocks(ground, tours, route)
    return fits


@njit(cache=True, nogil=True)
def _score(ground: Ground, tours: Tours) -> float:
    total = 0.0
    for point in range(len(ground.score)):
        if tours.route[point] != NOWHERE:
            total += ground.score[point]
    return total


@njit(cache=True, nogil=True)
def _work(tours: Tours, touched: NDArray[np.bool_]) -> float:
    total = 0.0
    for route in range(len(touched)):
        if touched[route]:
            total += tours.work[route]
    return total


@njit(cache=True, nogil=True)
def _copy(tours: Tours) -> Tours:
    return Tours(
        tours.stop.copy(),
        tours.stops.copy(),
        tours.begin.copy(),
        tours.latest.copy(),
        tours.route.copy(),
        tours.work.copy(),
    )


@njit(cache=True, nogil=True)
def _follow(source: Tours, target: Tours, touched: NDArray[np.bool_]) -> None:
    """Make the touched routes of `target` those of `source`."""
    for route in range(len(touched)):
        if touched[route]:
            copy_route(source, target, route)
    target.route[:] = source.route


@njit(cache=True, nogil=True)
def _overwrite(source: Tours, target: Tours) -> None:
    for route in range(len(source.stops)):
        copy_route(source, target, route)
    target.route[:] = source.route
