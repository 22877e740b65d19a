"""Blocks of a reserve: who may be held, which places are open, and the units put there."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.force import Force
from optimizer.models.location.reserve import stand_by
from optimizer.reserve import (
    Cores,
    ReserveBlock,
    ReserveKind,
    ReserveSite,
    StandbyChoice,
    StandbyLevel,
    StandbyTask,
)
from optimizer.reserve_minutes import far_min, measured_by, minutes_to_cells

ROUNDING = 1e-9


def reserve_block(
    kind: ReserveKind,
    hours: range,
    sites: tuple[ReserveSite, ...],
    cores: Cores,
    earlier: Sequence[ReserveBlock],
    situation: Situation,
    force: Force,
) -> ReserveBlock:
    """Units of a kind for some hours, near `sites` and outside `cores`.

    They draw on the people that the `earlier` blocks leave.
    """
    places = situation.patrol_places
    cells = np.array([site.cell for site in sites], dtype=np.int64)
    unit_type = measured_by(force.unit_types)
    minutes = minutes_to_cells(situation, unit_type, kind, hours, cells)
    people = people_left(kind, hours, earlier, situation, force)
    task = StandbyTask(
        _open_places(situation, minutes.max(axis=2), cores),
        situation.place_command,
        np.floor(people / kind.officers + ROUNDING).astype(np.int64),
        kind.most_a_place,
        kind.units,
        kind.within_min,
        far_min(situation, unit_type, kind),
    )
    choice = _choice(task)
    there = np.array([unit.place for unit in choice.units], dtype=np.int64)
    lon, lat = situation.area.to_lonlat(places.x[there], places.y[there])
    return ReserveBlock(
        kind,
        hours.start,
        hours.stop,
        sites,
        cores,
        task,
        choice,
        tuple(places.place_ids[place] for place in there.tolist()),
        lon,
        lat,
        situation.place_command[there],
        minutes[there],
    )


def people_left(
    kind: ReserveKind,
    hours: range,
    earlier: Sequence[ReserveBlock],
    situation: Situation,
    force: Force,
) -> NDArray[np.float64]:
    """People of each command that a kind may hold, `[command]`.

    Its share of them, and no more than blocks of these hours that draw on one of its forces
    leave over.
    """
    commands = len(situation.area.commands)
    own = [force.index(name) for name in kind.force_ids]
    heads = np.zeros(commands)
    home = situation.area.command_of[situation.stations.district]
    np.add.at(heads, home, force.headcount[:, own].sum(axis=1))
    left = heads.copy()
    for block in earlier:
        shared = set(block.kind.force_ids) & set(kind.force_ids)
        if shared and block.from_hour < hours.stop and hours.start < block.to_hour:
            left -= np.bincount(block.command, minlength=commands) * block.kind.officers
    return np.maximum(np.minimum(left, kind.most_share * heads), 0.0)


def _open_places(
    situation: Situation, minutes: NDArray[np.float64], cores: Cores
) -> NDArray[np.float64]:
    """Minutes `[place, site]`, infinite from the places within a core."""
    places = situation.patrol_places
    points = shapely.points(places.x, places.y)
    closed = np.zeros(len(places), dtype=np.bool_)
    for core in cores:
        closed |= shapely.covers(core, points)
    return np.where(closed[:, None], np.inf, minutes)


def _choice(task: StandbyTask) -> StandbyChoice:
    """Places for the units; none where there is no site that they could be promised to."""
    if task.minutes.shape[1]:
        return stand_by(task)
    cost = task.unplaced_price * task.units
    return StandbyChoice((), StandbyLevel(0.0, 0.0), StandbyLevel(cost, cost))
