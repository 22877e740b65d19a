"""What a simulation runs on: travel from places to cells, the rules of dispatch, the fleet."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.travel import ReachLists
from optimizer.reach import CellReach, cell_reach

OFF_DUTY = -1
"""Home of a unit in an hour in which it is not on duty."""


class Crossing(IntEnum):
    """Whose units may answer a call: the quickest, its own command's first, or only those."""

    QUICKEST = 0
    OWN_FIRST = 1
    OWN_ONLY = 2


WAY = np.dtype([("end", np.int32), ("travel_min", np.float32)])
"""A way from a place to a cell: its other end and the minutes of travel."""

PLACE = np.dtype([("cell", np.int64), ("command", np.int64)])
KIND = np.dtype([("moving_turnout_min", np.float64), ("spare_min", np.float64)])
"""A type of unit: turnout of a unit that drives already, and the most that this saves."""


class Ground(NamedTuple):
    """Travel of every type of unit, as the kernels read it.

    `list_of_hour[kind, hour]` names the reach list in force. The ways to a cell in list `l`
    are `ways[start[l, cell]:start[l, cell + 1]]`, ending at places, the quickest expected
    response first; those from a place are `out_ways[out_start[l, place]:...]`, by cell.
    `nearest[l, cell]` is the place with the shortest travel, -1 for none. `turnout_min[kind,
    place]` are minutes from dispatch to moving off for a unit that waits. `places` (`PLACE`),
    `kinds` (`KIND`), `cell_command[cell]`. A way that no list holds takes `beyond_min`.
    """

    list_of_hour: NDArray[np.int64]
    start: NDArray[np.int64]
    ways: NDArray[np.void]
    out_start: NDArray[np.int64]
    out_ways: NDArray[np.void]
    nearest: NDArray[np.int32]
    turnout_min: NDArray[np.float64]
    places: NDArray[np.void]
    kinds: NDArray[np.void]
    cell_command: NDArray[np.int64]
    beyond_min: float


@dataclass(frozen=True)
class DispatchRules:
    """How units are sent.

    `crossing` says whose units may answer; what no unit can take at once waits, or is lost when
    calls do not wait (the zero line of queueing theory); a unit on its way back may be sent on
    when `returning`; after each scene a unit is busy for `closing_min` more minutes where it is.
    """

    crossing: Crossing = Crossing.QUICKEST
    calls_wait: bool = True
    returning: bool = True
    closing_min: float = 0.0

    def __post_init__(self) -> None:
        if not self.closing_min >= 0.0:
            raise ValueError(f"closing_min is {self.closing_min}, expected minutes from 0 on")


@dataclass(frozen=True)
class Fleet:
    """Units and where they wait: `kind[unit]` and `home[unit, hour]`, `OFF_DUTY` when off.

    Homes are places; a unit whose home changes on the hour drives to the new one.
    """

    kind: NDArray[np.int64]
    home: NDArray[np.int64]

    def __post_init__(self) -> None:
        units, hours = np.shape(self.home)
        object.__setattr__(self, "kind", frozen_array(self.kind, np.int64, (units,), "kind"))
        home = frozen_array(self.home, np.int64, (units, hours), "home")
        if home.size and home.min() < OFF_DUTY:
            raise ValueError("a home is neither a place nor off duty")
        object.__setattr__(self, "home", home)

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.kind)

    @property
    def hours(self) -> int:
        """Number of hours."""
        return int(self.home.shape[1])

    @property
    def on_duty(self) -> NDArray[np.bool_]:
        """Whether each unit is on duty, `[unit, hour]`."""
        return np.asarray(self.home != OFF_DUTY)

    def joined(self, other: "Fleet") -> "Fleet":
        """Both fleets, the units of the other after these."""
        return Fleet(
            np.concatenate([self.kind, other.kind]), np.concatenate([self.home, other.home])
        )

    def warmed(self, hours: int) -> "Fleet":
        """The same fleet, its first hour repeated `hours` times before it."""
        first = np.repeat(self.home[:, :1], hours, axis=1)
        return Fleet(self.kind, np.concatenate([first, self.home], axis=1))


def ground_of(
    reach: Sequence[Sequence[ReachLists]],
    profile_of_hour: NDArray[np.int64],
    turnout: NDArray[np.float64],
    moving_turnout: NDArray[np.float64],
    place_cell: NDArray[np.int64],
    place_command: NDArray[np.int64],
    cell_command: NDArray[np.int64],
    beyond_min: float,
    *,
    cell_lists: Sequence[Sequence[CellReach]] | None = None,
) -> Ground:
    """Ground of `reach[kind][profile]`, with `profile_of_hour[kind, hour]`.

    `turnout[kind, place]`, `moving_turnout[kind]`, `place_cell[place]`, `place_command[place]`,
    `cell_command[cell]`; all kinds have the same number of profiles. `cell_lists` are the same
    lists by cell, where they were made before.

    Raises
    ------
    ValueError
        When shapes disagree.
    """
    kinds, profiles = len(reach), len(reach[0])
    places, cells = len(place_cell), len(cell_command)
    turnout = frozen_array(turnout, np.float64, (kinds, places), "turnout")
    if cell_lists is None:
        cell_lists = [
            [cell_reach(lists, turnout[kind], cells) for lists in of_kind]
            for kind, of_kind in enumerate(reach)
        ]
    forward = [lists for of_kind in cell_lists for lists in of_kind]
    back = [of_profile for of_kind in reach for of_profile in of_kind]
    kind_table = np.zeros(kinds, dtype=KIND)
    kind_table["moving_turnout_min"] = moving_turnout
    saved = np.maximum(turnout - kind_table["moving_turnout_min"][:, None], 0.0)
    kind_table["spare_min"] = saved.max(axis=1, initial=0.0)
    place_table = np.zeros(places, dtype=PLACE)
    place_table["cell"], place_table["command"] = place_cell, place_command
    return Ground(
        np.ascontiguousarray(profile_of_hour + profiles * np.arange(kinds)[:, None]),
        _stacked([lists.indptr for lists in forward]),
        _ways([(lists.place, lists.travel_min) for lists in forward]),
        _stacked([lists.indptr for lists in back]),
        _ways([(lists.cell, lists.minutes) for lists in back]),
        np.stack([nearest_place(*_row_parts(lists)) for lists in forward]),
        turnout,
        place_table,
        kind_table,
        frozen_array(cell_command, np.int64, (cells,), "cell_command"),
        float(beyond_min),
    )


def _ways(
    lists: list[tuple[NDArray[np.int32], NDArray[np.floating]]],
) -> NDArray[np.void]:
    """Ways of lists that lie one behind the other."""
    ways = np.empty(sum(len(end) for end, _ in lists), dtype=WAY)
    at = 0
    for end, minutes in lists:
        part = ways[at : at + len(end)]
        part["end"], part["travel_min"] = end, minutes
        at += len(end)
    return ways


def _stacked(pointers: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Row pointers of lists that lie one behind the other."""
    sizes = [int(indptr[-1]) for indptr in pointers]
    before = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.stack(
        [indptr + offset for indptr, offset in zip(pointers, before.tolist(), strict=True)]
    )


def _row_parts(
    lists: CellReach,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    return lists.indptr, lists.place, lists.travel_min


@njit(cache=True, nogil=True)
def nearest_place(
    indptr: NDArray[np.int64], place: NDArray[np.int32], travel_min: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Place with the shortest travel to each cell, the first listed of equals; -1 for none."""
    nearest = np.full(len(indptr) - 1, -1, np.int32)
    for cell in range(len(nearest)):
        shortest = np.inf
        for k in range(indptr[cell], indptr[cell + 1]):
            if travel_min[k] < shortest:
                nearest[cell], shortest = place[k], travel_min[k]
    return nearest


def warmed_ground(ground: Ground, hours: int) -> Ground:
    """The same ground, its first hour repeated `hours` times before it."""
    first = np.repeat(ground.list_of_hour[:, :1], hours, axis=1)
    return ground._replace(list_of_hour=np.concatenate([first, ground.list_of_hour], axis=1))
