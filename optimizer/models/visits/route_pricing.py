"""The best route at given prices of the points, relaxed so that it is quickly found.

Two relaxations of a route that visits no point twice. `best_route` lets a route come back to a
point only after a point far from it (ng-routes: Baldacci, Mingozzi and Roberti 2011), in exact
times. `completions` only forbids to turn straight back to a near point (after Houck, Picard,
Queyranne and Vemuganti 1980), on a grid of times rounded down: every ng-route is allowed here
too, so what this relaxation promises for the rest of a route tells which beginnings lead nowhere.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.visit_routes import RouteProblem

NONE = -1
NEVER = -1e18
SLACK = 1e-6
"""Minutes by which a route may end late here, so that rounding never excludes a valid one."""


class Ways(NamedTuple):
    """What the routes of one group can do, times from their start.

    `way[point, point]` minutes from the begin of a visit to the arrival at the next point,
    `first[point]` to the first point, `last[point]` from the begin of the last visit to the end;
    `opens`, `closes` of the points, `until` of the route; `after[point, :options[point]]` the
    points that may follow; `reach` those that a route can visit at all; `memory[point, word]`
    those that a route remembers at a point, as bits. `step` is the width of the time grid, less
    than every way.
    """

    way: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    opens: NDArray[np.float64]
    closes: NDArray[np.float64]
    until: float
    after: NDArray[np.int64]
    options: NDArray[np.int64]
    reach: NDArray[np.bool_]
    memory: NDArray[np.uint64]
    step: float


class Rest(NamedTuple):
    """Most that a route still gains after beginning a visit, `[point, grid time]`.

    `most` and the point `then` visited next (`NONE`: it ends), and the most with another next
    point, `other` and `other_then`; `NEVER` where the end is out of reach.
    """

    most: NDArray[np.float64]
    then: NDArray[np.int16]
    other: NDArray[np.float64]
    other_then: NDArray[np.int16]


class Found(NamedTuple):
    """The most that a route of the relaxation gains, whether that is proved, and some routes."""

    most: float
    proved: bool
    routes: list[NDArray[np.int64]]


def ways_of(problem: RouteProblem, route: int, grid: int, remembered: int) -> Ways | None:
    """What a route can do, on a grid of about `grid` times; None where two points coincide."""
    kind, began = problem.kind[route], problem.from_min[route]
    points = problem.points
    travel, service = problem.travel_min[kind], problem.service_min[kind]
    way = service[:, None] + travel[:points, :points]
    first = np.maximum(travel[problem.start[route], :points], problem.opens_min - began)
    last = service + travel[:points, problem.end[route]]
    until = max(0.0, float(problem.to_min[route] - began))
    closes = np.minimum(problem.closes_min - began, until - last)
    reach = first <= closes + SLACK
    arrives = np.maximum(first[:, None] + way, (problem.opens_min - began)[None])
    follows = reach[:, None] & reach[None] & (arrives <= closes[None] + SLACK)
    np.fill_diagonal(follows, False)
    step = until / grid if until else 1.0
    if follows.any():
        step = min(step, 0.999 * float(way[follows].min()))
    if step < until / (20.0 * grid):
        return None
    order = np.argsort(~follows, axis=1, kind="stable")
    return Ways(
        way=way,
        first=first,
        last=last,
        opens=np.maximum(problem.opens_min - began, 0.0),
        closes=closes,
        until=until,
        after=order.astype(np.int64),
        options=follows.sum(axis=1).astype(np.int64),
        reach=reach,
        memory=memory_of(way, remembered),
        step=step,
    )


@njit(cache=True, nogil=True)
def completions(ways: Ways, gain: NDArray[np.float64]) -> Rest:
    """Most that a route gains after each point and time, `gain[point]` for each visit."""
    points, times = len(gain), int(ways.until / ways.step) + 2
    rest = Rest(
        np.full((points, times), NEVER),
        np.full((points, times), NONE, dtype=np.int16),
        np.full((points, times), NEVER),
        np.full((points, times), NONE, dtype=np.int16),
    )
    steps = np.floor(ways.way / ways.step)
    opens = np.floor(ways.opens / ways.step)
    closes = np.floor((ways.closes + SLACK) / ways.step)
    for time in range(times - 1, -1, -1):
        for point in range(points):
            if ways.reach[point] and time <= closes[point]:
                _complete(ways, gain, rest, steps[point], opens, closes, point, time)
    return rest


@njit(cache=True, nogil=True)
def _complete(
    ways: Ways,
    gain: NDArray[np.float64],
    rest: Rest,
    steps: NDArray[np.float64],
    opens: NDArray[np.float64],
    closes: NDArray[np.float64],
    point: int,
    time: int,
) -> None:
    """The two best continuations of a route from a point and grid time; to end is one."""
    most, then, other, other_then = 0.0, NONE, NEVER, NONE
    for option in range(ways.options[point]):
        following = ways.after[point, option]
        at = int(max(time + steps[following], opens[following]))
        if at > closes[following]:
            continue
        worth = rest.most[following, at]
        if rest.then[following, at] == point and _is_marked(ways.memory[following], point):
            worth = rest.other[following, at]
        worth += gain[following]
        if worth > most:
            most, then, other, other_then = worth, following, most, then
        elif worth > other:
            other, other_then = worth, following
    rest.most[point, time], rest.then[point, time] = most, then
    rest.other[point, time], rest.other_then[point, time] = other, other_then


@njit(cache=True, nogil=True)
def relaxed_route(
    ways: Ways, gain: NDArray[np.float64], rest: Rest
) -> tuple[float, NDArray[np.int64]]:
    """Most that a route gains in the first relaxation, and the points of one that does."""
    most, point = 0.0, NONE
    for first in range(len(gain)):
        if ways.reach[first]:
            worth = gain[first] + rest.most[first, _grid(ways, ways.first[first])]
            if worth > most:
                most, point = worth, first
    route = np.empty(rest.most.shape[1] + 1, dtype=np.int64)
    count, before = 0, NONE
    time = _grid(ways, ways.first[point]) if point != NONE else 0
    while point != NONE:
        route[count] = point
        count += 1
        following = rest.then[point, time]
        if following == before and before != NONE and _is_marked(ways.memory[point], before):
            following = rest.other_then[point, time]
        if following != NONE:
            time += int(ways.way[point, following] / ways.step)
            time = max(time, _grid(ways, ways.opens[following]))
        before, point = point, following
    return most, route[:count]


@njit(cache=True, nogil=True)
def _grid(ways: Ways, minute: float) -> int:
    return int(minute / ways.step)


class _Labels(NamedTuple):
    """Beginnings of routes: `next_of` chains those of one point and grid time from `head`."""

    minute: NDArray[np.float64]
    gain: NDArray[np.float64]
    point: NDArray[np.int64]
    before: NDArray[np.int64]
    next_of: NDArray[np.int64]
    seen: NDArray[np.uint64]
    head: NDArray[np.int64]
    most: NDArray[np.float64]


@njit(cache=True, nogil=True)
def best_route(
    ways: Ways,
    gain: NDArray[np.float64],
    rest: Rest,
    enough: float,
    room: int,
) -> Found:
    """Most that an ng-route gains, or `enough` where none gains more.

    Without room for all beginnings the first relaxation answers, and nothing is proved.
    """
    labels = _no_labels(ways, len(gain), ways.memory.shape[1], room)
    count, best, ends = 0, enough, [NONE]
    for first in range(len(gain)):
        if ways.reach[first] and count < room:
            _note(ways, labels, count, first, ways.first[first], gain[first], NONE)
            _mark(labels.seen[count], first)
            count += 1
    seen = np.zeros(ways.memory.shape[1], dtype=np.uint64)
    for time in range(labels.head.shape[0]):
        for point in range(len(gain)):
            label = labels.head[time, point]
            while label != NONE and count < room:
                if labels.gain[label] > best:
                    best = labels.gain[label]
                    ends.append(label)
                count = _extend(ways, gain, rest, labels, label, best, count, seen)
                label = labels.next_of[label]
    routes = [_trace(labels, label) for label in ends[1:]]
    if count >= room:
        return Found(relaxed_route(ways, gain, rest)[0], False, routes)
    return Found(best + SLACK, True, routes)


@njit(cache=True, nogil=True)
def _no_labels(ways: Ways, points: int, words: int, room: int) -> _Labels:
    times = int(ways.until / ways.step) + 2
    return _Labels(
        np.empty(room),
        np.empty(room),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.int64),
        np.zeros((room, words), dtype=np.uint64),
        np.full((times, points), NONE),
        np.full((times, points), NEVER),
    )


@njit(cache=True, nogil=True)
def _note(
    ways: Ways, labels: _Labels, label: int, point: int, minute: float, gain: float, before: int
) -> None:
    """Write a label down, before the others of its point and grid time."""
    time = _grid(ways, minute)
    labels.minute[label], labels.gain[label] = minute, gain
    labels.point[label], labels.before[label] = point, before
    labels.next_of[label] = labels.head[time, point]
    labels.head[time, point] = label
    labels.most[time, point] = max(labels.most[time, point], gain)


@njit(cache=True, nogil=True)
def _extend(
    ways: Ways,
    gain: NDArray[np.float64],
    rest: Rest,
    labels: _Labels,
    label: int,
    best: float,
    count: int,
    seen: NDArray[np.uint64],
) -> int:
    """Note all continuations of a label that may lead to more than `best`; returns the count."""
    point = labels.point[label]
    for option in range(ways.options[point]):
        following = ways.after[point, option]
        if _is_marked(labels.seen[label], following):
            continue
        minute = max(labels.minute[label] + ways.way[point, following], ways.opens[following])
        if minute > ways.closes[following] + SLACK:
            continue
        worth = labels.gain[label] + gain[following]
        time = _grid(ways, minute)
        more = rest.most[following, time]
        if rest.then[following, time] == point and _is_marked(ways.memory[following], point):
            more = rest.other[following, time]
        if worth + more <= best + SLACK:
            continue
        for word in range(len(seen)):
            seen[word] = labels.seen[label, word] & ways.memory[following, word]
        _mark(seen, following)
        if _is_beaten(labels, following, time, minute, worth, seen):
            continue
        if count >= len(labels.gain):
            break
        _note(ways, labels, count, following, minute, worth, label)
        labels.seen[count] = seen
        count += 1
    return count


@njit(cache=True, nogil=True)
def _is_beaten(
    labels: _Labels, point: int, time: int, minute: float, gain: float, seen: NDArray[np.uint64]
) -> bool:
    """Whether a label is here that is not later, gains no less and remembers nothing else."""
    for earlier in range(time, -1, -1):
        if labels.most[earlier, point] < gain:
            continue
        label = labels.head[earlier, point]
        while label != NONE:
            if labels.gain[label] >= gain and labels.minute[label] <= minute:
                for word in range(len(seen)):
                    if labels.seen[label, word] & ~seen[word]:
                        break
                else:
                    return True
            label = labels.next_of[label]
    return False


@njit(cache=True, nogil=True)
def _mark(seen: NDArray[np.uint64], point: int) -> None:
    seen[point >> 6] |= np.uint64(1) << np.uint64(point & 63)


@njit(cache=True, nogil=True)
def _is_marked(seen: NDArray[np.uint64], point: int) -> bool:
    return bool((seen[point >> 6] >> np.uint64(point & 63)) & np.uint64(1))


@njit(cache=True, nogil=True)
def _trace(labels: _Labels, label: int) -> NDArray[np.int64]:
    """Points of a route from its first to its last."""
    length, at = 0, label
    while at != NONE:
        length += 1
        at = labels.before[at]
    route = np.empty(length, dtype=np.int64)
    for i in range(length - 1, -1, -1):
        route[i] = labels.point[label]
        label = labels.before[label]
    return route


def memory_of(way: NDArray[np.float64], remembered: int) -> NDArray[np.uint64]:
    """At each point, as bits `[point, word]`: itself and the nearest others."""
    points = len(way)
    near = np.argsort(way, axis=1, kind="stable")[:, :remembered]
    memory = np.zeros((points, (points + 63) // 64), dtype=np.uint64)
    for point in range(points):
        for other in [point, *near[point].tolist()]:
            memory[point, other >> 6] |= np.uint64(1) << np.uint64(other & 63)
    return memory
