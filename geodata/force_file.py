"""Reads the force: types of personnel and head-counts by station."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.frozen import frozen_array
from geodata.places import Places
from geodata.row_check import RowCheck

_TYPE_COLUMNS = (
    "force_id",
    "name_en",
    "name_zh",
    "respond",
    "post",
    "patrol",
    "sworn",
    "pool_from_level",
)
_HEADCOUNT_COLUMNS = ("station_id", "force_id", "headcount")


@dataclass(frozen=True)
class ForceRow:
    """One kind of personnel as the file states it."""

    force_id: str
    name_en: str
    name_zh: str
    respond: bool
    post: bool
    patrol: bool
    sworn: bool
    pool_from_level: str


@dataclass(frozen=True)
class ForceTable:
    """Kinds of personnel and their head-counts, `headcount[station, force]` officers."""

    types: tuple[ForceRow, ...]
    headcount: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (np.shape(self.headcount)[0], len(self.types))
        count = frozen_array(self.headcount, np.int64, shape, "headcount")
        object.__setattr__(self, "headcount", count)


def read_force(
    types_path: Path,
    headcount_path: Path,
    stations: Places,
    pool_levels: Collection[str],
    faults: FaultLog,
) -> ForceTable:
    """Force of two tables; a station and type without a row has no officers.

    `pool_levels` are the values `pool_from_level` may have. The result is to be used only when
    `faults` is empty (`faults.raise_if_any()`).
    """
    types = _read_types(types_path, pool_levels, faults)
    headcount = _read_headcount(headcount_path, types, stations, faults)
    return ForceTable(types, headcount)


def _read_types(path: Path, pool_levels: Collection[str], faults: FaultLog) -> tuple[ForceRow, ...]:
    table = read_table(path, _TYPE_COLUMNS, faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    ids, levels = check.texts("force_id"), check.choices("pool_from_level", pool_levels, "levels")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh")
    respond, post, patrol, sworn = (check.flags(name) for name in _TYPE_COLUMNS[3:7])
    check.unique(["force_id"], ids, "the type")
    return tuple(
        ForceRow(*values)
        for values, sound in zip(
            zip(ids, names_en, names_zh, respond, post, patrol, sworn, levels, strict=True),
            check.sound,
            strict=True,
        )
        if sound
    )


def _read_headcount(
    path: Path, types: tuple[ForceRow, ...], stations: Places, faults: FaultLog
) -> NDArray[np.int64]:
    station_of = {name: number for number, name in enumerate(stations.place_ids)}
    force_of = {kind.force_id: number for number, kind in enumerate(types)}
    count = np.zeros((len(station_of), len(force_of)), dtype=np.int64)
    table = read_table(path, _HEADCOUNT_COLUMNS, faults)
    if table is None or not station_of or not force_of:
        return count  # a fault of the other files, noted there
    check = RowCheck(table, faults)
    homes = check.choices("station_id", station_of, "the stations")
    forces = check.choices("force_id", force_of, "the types of personnel")
    officers = check.numbers("headcount", minimum=0.0, whole=True)
    pairs = list(zip(homes, forces, strict=True))
    check.unique(["station_id", "force_id"], pairs, "the station and type")
    for row in np.nonzero(check.sound)[0].tolist():
        count[station_of[homes[row]], force_of[forces[row]]] = int(officers[row])
    if check.sound.all() and not count.sum():
        faults.add(
            table.file,
            "the force has no officers at all",
            expected="a head-count above 0 for at least one station and type",
            remedy="Fill in the head-counts.",
            value=0,
        )
    return count
