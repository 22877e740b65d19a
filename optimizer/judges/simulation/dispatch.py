"""Numba kernels of dispatch: which unit goes to a call, which waiting call a unit takes.

A call goes to the unit with the shortest expected response by the travel times of the hour; a
unit that becomes free takes, of the waiting calls that it may answer and can reach, the one of
the first grade that has waited longest. A unit that was sent is not called back. Units that a
call still misses when all that came have left the scene are not sent any more.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.judges.simulation.agenda import set_moment
from optimizer.judges.simulation.state import BUSY, VISITING
from optimizer.judges.simulation.system import Crossing, Ground

OWN_FIRST, OWN_ONLY = int(Crossing.OWN_FIRST), int(Crossing.OWN_ONLY)


@njit(cache=True, nogil=True, forceinline=True)
def leave_stand(stands: NDArray[np.void], units: NDArray[np.void], unit: int) -> None:
    """The unit cannot be sent any more."""
    me = units[unit]
    if me.stand < 0:
        return
    stand = stands[me.kind, me.stand]
    if me.ahead >= 0:
        units[me.ahead].behind = me.behind
    else:
        stand.first = me.behind
    if me.behind >= 0:
        units[me.behind].ahead = me.ahead
    else:
        stand.last = me.ahead
    me.stand = -1


@njit(cache=True, nogil=True, forceinline=True)
def stand_at(
    stands: NDArray[np.void], units: NDArray[np.void], unit: int, place: int, turnout_min: float
) -> None:
    """The unit can be sent from this place from now on."""
    leave_stand(stands, units, unit)
    me = units[unit]
    stand = stands[me.kind, place]
    me.ahead, me.behind = stand.last, -1
    if stand.last >= 0:
        units[stand.last].behind = unit
    else:
        stand.first = unit
    stand.last = unit
    me.stand, me.turnout_min = place, turnout_min


@njit(cache=True, nogil=True, forceinline=True)
def travel_between(ground: Ground, kind: int, hour: int, place: int, cell: int) -> float:
    """Travel minutes from a place to a cell, inf when the list does not hold it."""
    of = ground.list_of_hour[kind, hour]
    low, end = ground.out_start[of, place], ground.out_start[of, place + 1]
    high = end
    while low < high:
        middle = (low + high) // 2
        if ground.out_ways[middle].end < cell:
            low = middle + 1
        else:
            high = middle
    if low < end and ground.out_ways[low].end == cell:
        return float(ground.out_ways[low].travel_min)
    return np.inf


@njit(cache=True, nogil=True, forceinline=True)
def quickest_unit(
    ground: Ground,
    stands: NDArray[np.void],
    units: NDArray[np.void],
    serves: NDArray[np.bool_],
    hour: int,
    cell: int,
    own_only: bool,
    free_only: bool,
) -> tuple[int, float]:
    """Unit with the shortest expected response and its travel minutes; -1 when there is none.

    `own_only` leaves out units of other commands, `free_only` those on a visit. Of equals the
    one first met counts: the place earlier in the list, the unit longer there.
    """
    best, best_travel, best_min = -1, np.inf, np.inf
    for kind in range(len(serves)):
        if not serves[kind]:
            continue
        of, spare = ground.list_of_hour[kind, hour], ground.kinds[kind].spare_min
        for k in range(ground.start[of, cell], ground.start[of, cell + 1]):
            place, travel = ground.ways[k].end, float(ground.ways[k].travel_min)
            if travel + ground.turnout_min[kind, place] - spare >= best_min:
                break
            unit = stands[kind, place].first
            while unit >= 0:
                me = units[unit]
                own = ground.places[me.home].command == ground.cell_command[cell]
                if (own or not own_only) and not (free_only and me.doing == VISITING):
                    response = travel + me.turnout_min
                    if response < best_min:
                        best, best_travel, best_min = unit, travel, response
                unit = me.behind
    return best, best_travel


@njit(cache=True, nogil=True, forceinline=True)
def choose_unit(
    ground: Ground,
    stands: NDArray[np.void],
    units: NDArray[np.void],
    serves: NDArray[np.bool_],
    hour: int,
    cell: int,
    crossing: int,
) -> tuple[int, float]:
    """Unit to send to a cell under the rule of crossing, and its travel minutes."""
    own_only = crossing in (OWN_FIRST, OWN_ONLY)
    unit, travel = quickest_unit(ground, stands, units, serves, hour, cell, own_only, False)
    if unit < 0 and crossing == OWN_FIRST:
        unit, travel = quickest_unit(ground, stands, units, serves, hour, cell, False, False)
    return unit, travel


@njit(cache=True, nogil=True, forceinline=True)
def add_busy(busy_min: NDArray[np.float64], unit: int, begin: float, end: float) -> None:
    """Count busy minutes in the hours they fall in; those after the last hour are left out."""
    hours = busy_min.shape[1]
    hour = int(begin // 60.0)
    while hour < hours and begin < end:
        until = min(end, 60.0 * (hour + 1))
        busy_min[unit, hour] += until - begin
        begin = until
        hour += 1


@njit(cache=True, nogil=True, forceinline=True)
def end_visit(units: NDArray[np.void], visits: NDArray[np.void], unit: int, now: float) -> None:
    """What of a visit was delivered when the unit leaves."""
    me = units[unit]
    if me.visit >= 0:
        visit = visits[me.visit]
        visit.begun = me.visit_from
        visit.delivered_min = min(max(now - me.visit_from, 0.0), visit.minutes)
        me.visit = -1


@njit(cache=True, nogil=True, forceinline=True)
def send(
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    calls: NDArray[np.void],
    visits: NDArray[np.void],
    busy_min: NDArray[np.float64],
    closing_min: float,
    unit: int,
    travel: float,
    call: int,
    now: float,
) -> None:
    """Send a unit to a call; its next moment is when it is free again."""
    me, job = units[unit], calls[call]
    way = travel * job.pace
    arrival = now + me.turnout_min + way
    off_scene = arrival + job.scene_min
    end_visit(units, visits, unit, now)
    leave_stand(stands, units, unit)
    me.doing, me.cell, me.call = BUSY, job.cell, call
    set_moment(heap, units, unit, off_scene + closing_min)
    add_busy(busy_min, unit, now, off_scene + closing_min)
    job.sent += 1
    if job.sent == 1:
        job.dispatched, job.cleared = now, off_scene
    job.cleared = max(job.cleared, off_scene)
    if job.sent == 1 or arrival < job.arrived:
        job.second, job.arrived = job.arrived, arrival
        job.unit, job.travel_min = unit, way
    elif job.sent == 2 or arrival < job.second:
        job.second = arrival


@njit(cache=True, nogil=True, forceinline=True)
def join_line(
    lines: NDArray[np.void], ends: NDArray[np.void], calls: NDArray[np.void], call: int
) -> None:
    """Let a call wait behind those of its line and cell."""
    job = calls[call]
    line, end = lines[job.line], ends[job.line, job.cell]
    if end.tail >= 0:
        calls[end.tail].next = call
    else:
        end.head, end.at = call, line.cells
        ends[job.line, line.cells].cell = job.cell
        line.cells += 1
    end.tail = call


@njit(cache=True, nogil=True, forceinline=True)
def leave_line(
    lines: NDArray[np.void], ends: NDArray[np.void], calls: NDArray[np.void], call: int
) -> None:
    """The call waits no more; it is the head of its line and cell, or not far behind."""
    job = calls[call]
    line, end = lines[job.line], ends[job.line, job.cell]
    before, other = -1, end.head
    while other != call:
        before, other = other, calls[other].next
    if before < 0:
        end.head = job.next
    else:
        calls[before].next = job.next
    if job.next < 0:
        end.tail = before
    if end.head < 0:
        line.cells -= 1
        last = ends[job.line, line.cells].cell
        ends[job.line, end.at].cell = last
        ends[job.line, last].at = end.at


@njit(cache=True, nogil=True, forceinline=True)
def waiting_at(
    lines: NDArray[np.void],
    ends: NDArray[np.void],
    calls: NDArray[np.void],
    line: int,
    cell: int,
    last_call: int,
    now: float,
) -> int:
    """The first call that waits in a line and cell, but for `last_call`; -1 for none.

    Calls whose units have all left the scene are taken out of the line on the way.
    """
    call = ends[line, cell].head
    while call >= 0:
        job = calls[call]
        if job.sent > 0 and job.cleared <= now:
            leave_line(lines, ends, calls, call)
        elif call != last_call:
            return int(call)
        call = job.next
    return -1


@njit(cache=True, nogil=True, forceinline=True)
def first_waiting(
    ground: Ground,
    lines: NDArray[np.void],
    ends: NDArray[np.void],
    serves: NDArray[np.bool_],
    units: NDArray[np.void],
    calls: NDArray[np.void],
    crossing: int,
    unit: int,
    now: float,
    hour: int,
) -> tuple[int, float]:
    """The waiting call that a free unit should take (-1: none) and the travel minutes.

    The best grade first, then the longest waiting (the lowest number: calls are numbered in the
    order in which they are ready). A unit does not go to its last call again, though that may
    still wait for another one.
    """
    me = units[unit]
    command = ground.places[me.home].command
    best, best_travel, grade = -1, np.inf, -1
    for line in range(len(lines)):
        if best >= 0 and lines[line].grade > grade:
            break
        if not serves[line, me.kind]:
            continue
        for number in range(lines[line].cells - 1, -1, -1):
            cell = ends[line, number].cell
            call = waiting_at(lines, ends, calls, line, cell, me.call, now)
            if call < 0 or (best >= 0 and call > best):
                continue
            if crossing == OWN_ONLY and ground.cell_command[cell] != command:
                continue
            travel = travel_between(ground, me.kind, hour, me.stand, cell)
            if travel < np.inf:
                best, best_travel, grade = call, travel, lines[line].grade
    return best, best_travel


@njit(cache=True, nogil=True, forceinline=True)
def anyone_waits(lines: NDArray[np.void]) -> bool:
    """Tell whether a call waits in any line."""
    for line in range(len(lines)):
        if lines[line].cells > 0:
            return True
    return False
