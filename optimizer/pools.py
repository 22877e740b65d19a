"""Pools: whose units may stand at which places, and what the pools are called."""

import numpy as np
from numpy.typing import NDArray

from geodata.places import Places
from geodata.situation import Situation


def command_pools(situation: Situation) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pool of each patrol place and of each home when a command keeps its units together."""
    command = situation.place_command
    return command, command[: len(situation.stations)]


def station_pools(situation: Situation) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pool of each patrol place and of each home when every station keeps its units.

    A place belongs to the station of its command that is nearest by straight line, the first of
    equals. A branch bureau belongs to a station too, so that crews that gather there have more
    places than the bureau; where a command has no station its branches stand for them.
    """
    places, homes = situation.patrol_places, len(situation.stations)
    command = situation.place_command
    pool = np.empty(len(places), dtype=np.int64)
    heads = _heads(situation)
    for number in range(len(situation.area.commands)):
        own = np.flatnonzero(command == number)
        candidates = heads[command[heads] == number]
        if len(own) and len(candidates):
            pool[own] = np.searchsorted(heads, candidates[_nearest(places, own, candidates)])
    pool[heads] = np.arange(len(heads))
    return pool, pool[:homes]


def _heads(situation: Situation) -> NDArray[np.int64]:
    """The homes that pools are named after, ascending."""
    stations = situation.stations.of_kind("station")
    command = situation.place_command[: len(situation.stations)]
    bare = ~np.isin(command, command[stations])
    return np.sort(np.concatenate([stations, np.flatnonzero(bare)]))


def _nearest(
    places: Places, own: NDArray[np.int64], candidates: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Which of the candidates is nearest to each of `own`, an index into `candidates`."""
    dx = places.x[own, None] - places.x[candidates]
    dy = places.y[own, None] - places.y[candidates]
    nearest: NDArray[np.int64] = np.hypot(dx, dy).argmin(axis=1)
    return nearest


def pool_names(
    situation: Situation, pool_of_place: NDArray[np.int64], pool_of_home: NDArray[np.int64]
) -> tuple[str, ...]:
    """Names for messages: the command where a pool is one, else the first station of the pool."""
    names = []
    command = situation.place_command
    for pool in range(int(pool_of_place.max(initial=-1)) + 1):
        own = np.unique(command[pool_of_place == pool])
        if len(own) == 1 and (pool_of_place[command == own[0]] == pool).all():
            names.append(situation.area.commands[int(own[0])])
        else:
            first = int(np.flatnonzero(pool_of_home == pool)[0])
            names.append(f"station {situation.stations.place_ids[first]}")
    return tuple(names)


def pool_neighbours(
    places: Places, pool_of_place: NDArray[np.int64], n_pools: int
) -> NDArray[np.int64]:
    """The other pools of each pool, the nearest first by the middle of their places, `[pool, k]`.

    Ties go to the lower number.
    """
    count = np.maximum(np.bincount(pool_of_place, minlength=n_pools), 1)
    x = np.bincount(pool_of_place, places.x, n_pools) / count
    y = np.bincount(pool_of_place, places.y, n_pools) / count
    metres = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(metres, -1.0)
    return np.argsort(metres, axis=1, kind="stable")[:, 1:].astype(np.int64)
