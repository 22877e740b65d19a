"""The loop of the crowd's flow: quarter-hour after quarter-hour, for every drawn crowd."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.crowd_density import CRITICAL_PER_M2, flow_share

_NOTHING = 1e-12


@njit(cache=True, nogil=True)
def follow_crowd(
    arrivals: NDArray[np.float64],
    leave_share: NDArray[np.float64],
    last_entry: NDArray[np.int64],
    zone_share: NDArray[np.float64],
    factors: NDArray[np.float64],
    weights: NDArray[np.float64],
    at: NDArray[np.float64],
    release: NDArray[np.float64],
    owner: NDArray[np.int64],
    stride: NDArray[np.int64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    capacity: NDArray[np.float64],
    area_m2: NDArray[np.float64],
    configuration: NDArray[np.int64],
    arc_share: NDArray[np.float64],
    route: NDArray[np.float64],
    entry: NDArray[np.float64],
    rounds: int,
    occupancy: NDArray[np.float64],
    queue_out: NDArray[np.float64],
    flow: NDArray[np.float64],
    left: NDArray[np.float64],
    turned_away: NDArray[np.float64],
    step_out: NDArray[np.int64],
) -> None:
    """Every draw, quarter-hour after quarter-hour; the last six arrays are filled."""
    parties, quarters = arrivals.shape
    zones, arcs = len(area_m2), len(tail)
    for draw in range(len(factors)):
        staying = np.zeros((parties, zones))
        leaving = np.zeros(zones)
        queue = np.zeros((parties, len(capacity)))
        agenda = np.zeros((parties, quarters + 1))
        taken = np.zeros(len(at), dtype=np.bool_)
        inside, before = np.zeros(zones), np.zeros(zones)
        want, asked = np.zeros((parties + 1, arcs)), np.zeros(arcs)
        gone, away = 0.0, 0.0
        for quarter in range(quarters):
            level = step_out[draw, quarter]
            _take_steps(level, taken, weights, at, release, owner, inside)
            now = configuration[quarter, _setting(level, stride)]
            for party in range(parties):
                came = factors[draw, party] * arrivals[party, quarter]
                _join(queue[party], came, entry[now, party], arc_share[now])
                if quarter >= last_entry[party]:
                    away += queue[party].sum()
                    queue[party, :] = 0.0
                _want_to_leave(staying[party], leaving, agenda[party, quarter])
            before[:] = inside
            for _ in range(rounds):
                want[:] = 0.0
                for party in range(parties):
                    _want_in(want[party], queue[party], tail, zones, arc_share[now])
                    _want_to_move(want[party], staying[party], zone_share[party], tail, route[now])
                _want_out(want[parties], leaving, tail, route[now, zones])
                _sum_rows(want, asked)
                through = flow[draw, quarter]
                granted = _granted(
                    asked, through, tail, head, capacity, arc_share[now], before, area_m2, inside
                )
                gone += _move(
                    want, granted, staying, leaving, queue, agenda, leave_share, quarter, tail, head
                )
                _count(through, inside, asked, granted, staying, leaving)
            occupancy[draw, quarter, :] = inside
            _sum_rows(queue, queue_out[draw, quarter])
            left[draw, quarter], turned_away[draw, quarter] = gone, away


@njit(cache=True, nogil=True)
def _setting(level: NDArray[np.int64], stride: NDArray[np.int64]) -> int:
    """Number of the setting for the steps taken on each ladder."""
    number = 0
    for ladder in range(len(level)):
        number += level[ladder] * stride[ladder]
    return number


@njit(cache=True, nogil=True)
def _count(
    through: NDArray[np.float64],
    inside: NDArray[np.float64],
    asked: NDArray[np.float64],
    granted: NDArray[np.float64],
    staying: NDArray[np.float64],
    leaving: NDArray[np.float64],
) -> None:
    """After a round: people through each arc in this quarter-hour, and in each zone."""
    for arc in range(len(asked)):
        through[arc] += asked[arc] * granted[arc]
    _sum_rows(staying, inside)
    for zone in range(len(inside)):
        inside[zone] += leaving[zone]


@njit(cache=True, nogil=True)
def _sum_rows(rows: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """Fill `total` with the sum of the rows."""
    for column in range(len(total)):
        total[column] = 0.0
        for row in range(len(rows)):
            total[column] += rows[row, column]


@njit(cache=True, nogil=True)
def _take_steps(
    level: NDArray[np.int64],
    taken: NDArray[np.bool_],
    weights: NDArray[np.float64],
    at: NDArray[np.float64],
    release: NDArray[np.float64],
    owner: NDArray[np.int64],
    inside: NDArray[np.float64],
) -> None:
    """Fill `level[ladder]`: steps that hold now, up to the highest whose own trigger holds.

    Steps of a ladder stand in its order; `owner[step]` is their ladder, `taken[step]` is updated.
    """
    rank = 0
    for step in range(len(at)):
        rank = rank + 1 if step > 0 and owner[step] == owner[step - 1] else 1
        measure = 0.0
        for zone in range(len(inside)):
            measure += weights[step, zone] * inside[zone]
        if measure >= at[step]:
            taken[step] = True
        elif measure < release[step]:
            taken[step] = False
        if taken[step]:
            level[owner[step]] = rank


@njit(cache=True, nogil=True)
def _join(
    queue: NDArray[np.float64],
    came: float,
    entry: NDArray[np.float64],
    arc_share: NDArray[np.float64],
) -> None:
    """Arrivals join the queues; who waits at a shut entrance walks to those people head for."""
    moved = came
    for passage in range(len(queue)):
        if arc_share[2 * passage] == 0.0:
            moved += queue[passage]
            queue[passage] = 0.0
    for passage in range(len(queue)):
        queue[passage] += moved * entry[passage]


@njit(cache=True, nogil=True)
def _want_to_leave(staying: NDArray[np.float64], leaving: NDArray[np.float64], due: float) -> None:
    """As many as are due want to leave, from all zones in proportion."""
    total = staying.sum()
    if total <= _NOTHING:
        return
    share = min(1.0, due / total)
    for zone in range(len(staying)):
        leaving[zone] += share * staying[zone]
        staying[zone] -= share * staying[zone]


@njit(cache=True, nogil=True)
def _want_in(
    want: NDArray[np.float64],
    queue: NDArray[np.float64],
    tail: NDArray[np.int64],
    outside: int,
    arc_share: NDArray[np.float64],
) -> None:
    """Whoever waits at an open entrance wants in."""
    for passage in range(len(queue)):
        arc = 2 * passage
        if tail[arc] == outside and arc_share[arc] > 0.0:
            want[arc] = queue[passage]


@njit(cache=True, nogil=True)
def _want_to_move(
    want: NDArray[np.float64],
    staying: NDArray[np.float64],
    zone_share: NDArray[np.float64],
    tail: NDArray[np.int64],
    route: NDArray[np.float64],
) -> None:
    """Visitors of zones with too many for their share set out to those with too few."""
    zones = len(staying)
    total, lacking = staying.sum(), 0.0
    too_many = np.empty(zones)
    for zone in range(zones):
        too_many[zone] = staying[zone] - zone_share[zone] * total
        lacking += max(0.0, -too_many[zone])
    if lacking <= _NOTHING:
        return
    for target in range(zones):
        part = max(0.0, -too_many[target]) / lacking
        if part > 0.0:
            for arc in range(len(want)):
                if tail[arc] < zones:
                    want[arc] += part * max(0.0, too_many[tail[arc]]) * route[target, arc]


@njit(cache=True, nogil=True)
def _want_out(
    want: NDArray[np.float64],
    leaving: NDArray[np.float64],
    tail: NDArray[np.int64],
    route: NDArray[np.float64],
) -> None:
    """Leavers head for the exits."""
    for arc in range(len(want)):
        if tail[arc] < len(leaving):
            want[arc] = leaving[tail[arc]] * route[arc]


@njit(cache=True, nogil=True)
def _granted(
    want: NDArray[np.float64],
    used: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    capacity: NDArray[np.float64],
    arc_share: NDArray[np.float64],
    before: NDArray[np.float64],
    area_m2: NDArray[np.float64],
    inside: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Part of the people who want through each arc that passage and zone behind it let through.

    Both directions of a passage share what is left of its capacity, by how many could pass if it
    were theirs alone; `used[arc]` people went through earlier in this quarter-hour, `before[zone]`
    people stood there at its start.
    """
    zones = len(area_m2)
    granted = np.zeros(len(want))
    into = np.zeros(zones + 1)
    for passage in range(len(capacity)):
        there, back = 2 * passage, 2 * passage + 1
        ends = 0.0
        for node in (tail[there], head[there]):
            if node < zones:
                ends = max(ends, before[node] / area_m2[node])
        full = capacity[passage] * flow_share(ends)
        through = 0.0
        for arc in (there, back):
            if want[arc] > 0.0:
                free = max(0.0, full * arc_share[arc] - used[arc])
                granted[arc] = min(1.0, free / want[arc])
                through += want[arc] * granted[arc]
        free = max(0.0, full - used[there] - used[back])
        for arc in (there, back):
            if through > free:
                granted[arc] *= free / through
            into[head[arc]] += want[arc] * granted[arc]
    for arc in range(len(want)):
        node = head[arc]
        if node < zones and into[node] > 0.0:
            room = max(0.0, CRITICAL_PER_M2 * area_m2[node] - inside[node])
            granted[arc] *= min(1.0, room / into[node])
    return granted


@njit(cache=True, nogil=True)
def _move(
    want: NDArray[np.float64],
    granted: NDArray[np.float64],
    staying: NDArray[np.float64],
    leaving: NDArray[np.float64],
    queue: NDArray[np.float64],
    agenda: NDArray[np.float64],
    leave_share: NDArray[np.float64],
    quarter: int,
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
) -> float:
    """Everybody moves as granted; who entered has a time to leave. Returns who left the site."""
    parties, zones = staying.shape
    gone = 0.0
    for arc in range(len(tail)):
        start, end = tail[arc], head[arc]
        for party in range(parties):
            people = want[party, arc] * granted[arc]
            if people > 0.0:
                staying[party, end] += people
                if start < zones:
                    staying[party, start] = max(0.0, staying[party, start] - people)
                else:
                    queue[party, arc // 2] = max(0.0, queue[party, arc // 2] - people)
                    for later in range(quarter + 1, agenda.shape[1]):
                        agenda[party, later] += people * leave_share[party, quarter, later]
        people = want[parties, arc] * granted[arc]
        if people > 0.0:
            leaving[start] = max(0.0, leaving[start] - people)
            if end < zones:
                leaving[end] += people
            else:
                gone += people
    return gone
