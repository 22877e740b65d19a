"""Numba kernels of the simulation: what happens next, and what follows from it.

A unit that can be sent is tied to a place: its home while it waits there; on the way back from a
scene the place nearest to the scene for the first half of the way, then its home. On the hour
units go where the plan has them next; one whose shift ends under a job finishes it.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.judges.simulation.agenda import set_moment
from optimizer.judges.simulation.dispatch import (
    add_busy,
    anyone_waits,
    choose_unit,
    end_visit,
    first_waiting,
    join_line,
    leave_line,
    leave_stand,
    quickest_unit,
    send,
    stand_at,
    travel_between,
)
from optimizer.judges.simulation.state import (
    BUSY,
    LEAVING,
    NEARING,
    OFF,
    RETURNING,
    VISITING,
    WAITING,
)
from optimizer.judges.simulation.system import OFF_DUTY, Ground


@njit(cache=True, nogil=True, forceinline=True)
def go_off(
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    visits: NDArray[np.void],
    unit: int,
    now: float,
) -> None:
    """End the shift of a unit that is on no call."""
    end_visit(units, visits, unit, now)
    leave_stand(stands, units, unit)
    units[unit].doing = OFF
    set_moment(heap, units, unit, np.inf)


@njit(cache=True, nogil=True, forceinline=True)
def wait_at_home(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    unit: int,
) -> None:
    """The unit has come home."""
    me = units[unit]
    me.doing = WAITING
    set_moment(heap, units, unit, np.inf)
    stand_at(stands, units, unit, me.home, ground.turnout_min[me.kind, me.home])


@njit(cache=True, nogil=True, forceinline=True)
def drive_home(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    returning: bool,
    unit: int,
    cell: int,
    now: float,
    hour: int,
) -> None:
    """Set out for home from a cell; a unit that may not be sent on stands nowhere meanwhile."""
    me = units[unit]
    way = travel_between(ground, me.kind, hour, me.home, cell)
    if way == np.inf:
        way = ground.beyond_min
    if way <= 0.0:
        wait_at_home(ground, heap, stands, units, unit)
    elif returning:
        near = ground.nearest[ground.list_of_hour[me.kind, hour], cell]
        me.doing, me.still_min = LEAVING, 0.5 * way
        set_moment(heap, units, unit, now + 0.5 * way)
        turnout_min = ground.kinds[me.kind].moving_turnout_min
        stand_at(stands, units, unit, near if near >= 0 else me.home, turnout_min)
    else:
        leave_stand(stands, units, unit)
        me.doing = RETURNING
        set_moment(heap, units, unit, now + way)


@njit(cache=True, nogil=True, forceinline=True)
def move_on(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    visits: NDArray[np.void],
    returning: bool,
    unit: int,
    now: float,
    hour: int,
) -> None:
    """What a unit does when its moment has come."""
    me = units[unit]
    if me.doing == LEAVING:
        me.doing = NEARING
        set_moment(heap, units, unit, now + me.still_min)
        stand_at(stands, units, unit, me.home, ground.kinds[me.kind].moving_turnout_min)
    elif me.doing in (NEARING, RETURNING):
        wait_at_home(ground, heap, stands, units, unit)
    elif me.home == OFF_DUTY:
        me.over_min += now - me.over_from
        go_off(heap, stands, units, visits, unit, now)
    else:
        end_visit(units, visits, unit, now)
        drive_home(ground, heap, stands, units, returning, unit, me.cell, now, hour)


@njit(cache=True, nogil=True, forceinline=True)
def take_post(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    visits: NDArray[np.void],
    returning: bool,
    unit: int,
    home: int,
    now: float,
    hour: int,
) -> None:
    """Give a unit its place of the new hour; one that cannot be sent finishes what it does."""
    me = units[unit]
    before = me.home
    if home == before:
        return
    me.home = home
    if me.doing == BUSY or (me.doing == VISITING and me.stand < 0):
        if home == OFF_DUTY:
            me.over_from = now
        elif before == OFF_DUTY:
            me.over_min += now - me.over_from
    elif home == OFF_DUTY:
        go_off(heap, stands, units, visits, unit, now)
    elif before == OFF_DUTY:
        wait_at_home(ground, heap, stands, units, unit)
    elif me.doing != VISITING:
        cell = ground.places[me.stand if me.stand >= 0 else before].cell
        drive_home(ground, heap, stands, units, returning, unit, cell, now, hour)


@njit(cache=True, nogil=True, forceinline=True)
def begin_visit(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    visits: NDArray[np.void],
    busy_min: NDArray[np.float64],
    preemptible: bool,
    unit: int,
    travel: float,
    visit: int,
    now: float,
    hour: int,
) -> bool:
    """Send a unit on a visit if it comes in time; whether it was sent.

    From a preemptible visit it can be sent to calls, by the place nearest to it.
    """
    me = units[unit]
    begins = now + me.turnout_min + travel
    if begins > visits[visit].latest:
        return False
    ends, cell = begins + visits[visit].minutes, visits[visit].cell
    leave_stand(stands, units, unit)
    me.doing, me.cell, me.visit, me.visit_from = VISITING, cell, visit, begins
    set_moment(heap, units, unit, ends)
    if preemptible:
        near = ground.nearest[ground.list_of_hour[me.kind, hour], cell]
        turnout_min = ground.kinds[me.kind].moving_turnout_min
        stand_at(stands, units, unit, near if near >= 0 else me.home, turnout_min)
    else:
        add_busy(busy_min, unit, now, ends)
    return True


@njit(cache=True, nogil=True, forceinline=True)
def fall_due(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    visits: NDArray[np.void],
    visited_by: NDArray[np.bool_],
    busy_min: NDArray[np.float64],
    preemptible: bool,
    visit: int,
    now: float,
    hour: int,
) -> bool:
    """Send the quickest free unit on a visit that has fallen due; whether it stays open.

    A visit on a route is its unit's alone.
    """
    cell, unit, travel = visits[visit].cell, visits[visit].made_by - 1, np.inf
    if unit < 0:
        unit, travel = quickest_unit(ground, stands, units, visited_by, hour, cell, False, True)
    elif units[unit].stand < 0 or units[unit].doing == VISITING:
        unit = -1
    else:
        travel = travel_between(ground, units[unit].kind, hour, units[unit].stand, cell)
    return unit < 0 or not begin_visit(
        ground, heap, stands, units, visits, busy_min, preemptible, unit, travel, visit, now, hour
    )


@njit(cache=True, nogil=True, forceinline=True)
def take_visit(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    visits: NDArray[np.void],
    busy_min: NDArray[np.float64],
    preemptible: bool,
    still_open: NDArray[np.int64],
    count: int,
    unit: int,
    now: float,
    hour: int,
) -> int:
    """Send a free unit on the open visit that was due first and that it reaches in time.

    Visits on the routes of others are left to them; those that nobody can begin in time any more
    are given up. Returns how many stay open.
    """
    me = units[unit]
    kept, sent = 0, me.stand < 0 or me.doing == VISITING
    for number in range(count):
        visit = still_open[number]
        if now > visits[visit].latest:
            continue
        if not sent and visits[visit].made_by in (0, unit + 1):
            travel = travel_between(ground, me.kind, hour, me.stand, visits[visit].cell)
            sent = begin_visit(
                ground, heap, stands, units, visits, busy_min, preemptible, unit, travel, visit,
                now, hour,
            )  # fmt: skip
            if sent:
                continue
        still_open[kept] = visit
        kept += 1
    return kept


@njit(cache=True, nogil=True, forceinline=True)
def answer(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    lines: NDArray[np.void],
    ends: NDArray[np.void],
    serves: NDArray[np.bool_],
    calls: NDArray[np.void],
    visits: NDArray[np.void],
    busy_min: NDArray[np.float64],
    crossing: int,
    calls_wait: bool,
    closing_min: float,
    call: int,
    now: float,
    hour: int,
) -> None:
    """Send the units that a call asks for; where too few can be sent the call waits or is lost."""
    job = calls[call]
    while job.sent < job.units:
        unit, travel = choose_unit(
            ground, stands, units, serves[job.line], hour, job.cell, crossing
        )
        if unit < 0:
            if calls_wait:
                join_line(lines, ends, calls, call)
            break
        send(heap, stands, units, calls, visits, busy_min, closing_min, unit, travel, call, now)


@njit(cache=True, nogil=True, forceinline=True)
def serve_waiting(
    ground: Ground,
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    lines: NDArray[np.void],
    ends: NDArray[np.void],
    serves: NDArray[np.bool_],
    calls: NDArray[np.void],
    visits: NDArray[np.void],
    busy_min: NDArray[np.float64],
    crossing: int,
    closing_min: float,
    unit: int,
    now: float,
    hour: int,
) -> None:
    """Send a unit that can be sent to the waiting call that comes first for it."""
    if units[unit].stand < 0 or not anyone_waits(lines):
        return
    call, travel = first_waiting(
        ground, lines, ends, serves, units, calls, crossing, unit, now, hour
    )
    if call >= 0:
        send(heap, stands, units, calls, visits, busy_min, closing_min, unit, travel, call, now)
        if calls[call].sent == calls[call].units:
            leave_line(lines, ends, calls, call)


@njit(cache=True, nogil=True)
def simulate_calls(
    ground: Ground,
    homes: NDArray[np.int64],
    heap: NDArray[np.int64],
    stands: NDArray[np.void],
    units: NDArray[np.void],
    lines: NDArray[np.void],
    ends: NDArray[np.void],
    serves: NDArray[np.bool_],
    calls: NDArray[np.void],
    visits: NDArray[np.void],
    visited_by: NDArray[np.bool_],
    preemptible: bool,
    busy_min: NDArray[np.float64],
    crossing: int,
    calls_wait: bool,
    returning: bool,
    closing_min: float,
) -> None:
    """Run all calls through; `homes[unit, hour]`. The last hour's plan holds until all is done.

    At the same moment the hour changes first, then units become free, then calls come in, then
    visits fall due. All tables are changed in place.
    """
    n_units, hours = homes.shape
    still_open = np.empty(len(visits), np.int64)
    open_count, hour, call, visit = 0, -1, 0, 0
    while True:
        next_hour = 60.0 * (hour + 1) if hour + 1 < hours else np.inf
        next_unit = units[heap[0]].moment if n_units else np.inf
        next_call = calls[call].ready if call < len(calls) else np.inf
        next_visit = visits[visit].start if visit < len(visits) else np.inf
        now = min(next_hour, next_unit, next_call, next_visit)
        if now == np.inf:
            break
        first_free, last_free = 0, 0
        if now == next_hour:
            hour += 1
            last_free = n_units
            for unit in range(n_units):
                take_post(
                    ground, heap, stands, units, visits, returning, unit, homes[unit, hour], now,
                    hour,
                )  # fmt: skip
        elif now == next_unit:
            first_free, last_free = heap[0], heap[0] + 1
            move_on(ground, heap, stands, units, visits, returning, heap[0], now, hour)
        elif now == next_call:
            answer(
                ground, heap, stands, units, lines, ends, serves, calls, visits, busy_min,
                crossing, calls_wait, closing_min, call, now, hour,
            )  # fmt: skip
            call += 1
        else:
            still_open[open_count] = visit
            open_count += fall_due(
                ground, heap, stands, units, visits, visited_by, busy_min, preemptible, visit,
                now, hour,
            )  # fmt: skip
            visit += 1
        for unit in range(first_free, last_free):
            serve_waiting(
                ground, heap, stands, units, lines, ends, serves, calls, visits, busy_min,
                crossing, closing_min, unit, now, hour,
            )  # fmt: skip
            if open_count > 0 and visited_by[units[unit].kind]:
                open_count = take_visit(
                    ground, heap, stands, units, visits, busy_min, preemptible, still_open,
                    open_count, unit, now, hour,
                )  # fmt: skip
