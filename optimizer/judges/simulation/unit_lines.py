"""Unit lines: which unit goes where on the hour, read out of the numbers of a deployment."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from geodata.places import Places
from geodata.travel import ReachLists, TravelTimes
from optimizer.judges.simulation.system import OFF_DUTY

BEYOND_M_PER_MIN = 500.0
"""Metres a minute beyond the reach lists, 30 km/h: only to tell far from near."""


def unit_lines(
    units: NDArray[np.int64],
    places: Places,
    pool_of_place: NDArray[np.int64],
    travel: TravelTimes,
) -> NDArray[np.int64]:
    """Place of each unit of one type in every hour, `[unit, hour]`, `OFF_DUTY` when off.

    `units[place, hour]`, `pool_of_place[place]`. A unit stays where its place still has room;
    the others of a pool fill the pool's vacant places with the least travel in sum. Who finds
    none goes off duty; a place left vacant is taken by a unit of the pool that is off, or a new
    one.
    """
    hours = units.shape[1]
    home = np.full((0, hours), OFF_DUTY, dtype=np.int64)
    pool = np.zeros(0, dtype=np.int64)
    for hour in range(hours):
        before = home[:, hour - 1] if hour else np.full(0, OFF_DUTY, dtype=np.int64)
        now, vacant = _staying(before, units[:, hour])
        for number in np.unique(pool_of_place[vacant]).tolist():
            seats = vacant[pool_of_place[vacant] == number]
            leaving = np.flatnonzero((before != OFF_DUTY) & (now == OFF_DUTY) & (pool == number))
            minutes = _minutes(travel.at(hour), places, before[leaving], seats)
            row, column = linear_sum_assignment(minutes)
            now[leaving[row]] = seats[column]
            open_seats = np.delete(seats, column)
            resting = np.flatnonzero((before == OFF_DUTY) & (now == OFF_DUTY) & (pool == number))
            woken = resting[: len(open_seats)]
            now[woken] = open_seats[: len(woken)]
            fresh = open_seats[len(woken) :]
            now = np.concatenate([now, fresh])
            before = np.concatenate([before, np.full(len(fresh), OFF_DUTY, dtype=np.int64)])
            pool = np.concatenate([pool, np.full(len(fresh), number, dtype=np.int64)])
        new = np.full((len(now) - len(home), hours), OFF_DUTY, dtype=np.int64)
        home = np.concatenate([home, new])
        home[:, hour] = now
    return home


def _staying(
    before: NDArray[np.int64], units: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place of those who stay, by line, and the vacant places, each as often as it has room."""
    order = np.argsort(before, kind="stable")
    sorted_home = before[order]
    rank = np.arange(len(before)) - np.searchsorted(sorted_home, sorted_home)
    stays = np.zeros(len(before), dtype=bool)
    stays[order] = (sorted_home != OFF_DUTY) & (rank < units[sorted_home])
    now = np.where(stays, before, OFF_DUTY)
    room = units - np.bincount(before[stays], minlength=len(units))
    return now, np.repeat(np.arange(len(units)), room)


def _minutes(
    reach: ReachLists, places: Places, come: NDArray[np.int64], go: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Travel minutes between places, `[come, go]`; beyond the lists by straight line."""
    offset = np.hypot(
        places.x[come][:, None] - places.x[go], places.y[come][:, None] - places.y[go]
    )
    minutes = offset / BEYOND_M_PER_MIN + float(reach.minutes.max(initial=0.0))
    target = places.cell[go]
    for row, place in enumerate(come.tolist()):
        cells = reach.cell[reach.indptr[place] : reach.indptr[place + 1]]
        at = np.minimum(np.searchsorted(cells, target), max(len(cells) - 1, 0))
        listed = cells[at] == target if len(cells) else np.zeros(len(target), dtype=bool)
        found = reach.minutes[reach.indptr[place] + at[listed]]
        minutes[row, listed] = found
    return minutes
