"""Reads the force: kinds of personnel, unit types and head-counts by home."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.places import Places
from geodata.row_check import LISTED, RowCheck
from optimizer.force import LEADER_SHARE, ForceType, UnitType
from optimizer.levels import LEVELS

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
_UNIT_COLUMNS = (
    "unit_type",
    "name_en",
    "name_zh",
    "force_id",
    "officers",
    "speed_factor",
    "turnout_street_min",
    "turnout_station_min",
)
POOL_LEVELS: tuple[str, ...] = (*LEVELS, "never")


@dataclass(frozen=True)
class ForceParts:
    """Kinds of personnel and of units; `total` and `home` of each kind where the file has them.

    `home` is `station` or `branch`: the kind of place its people belong to.
    """

    types: tuple[ForceType, ...]
    unit_types: tuple[UnitType, ...]
    total: tuple[int, ...]
    home: tuple[str, ...]


def read_force_parts(
    types_path: Path, units_path: Path, faults: FaultLog, *, with_totals: bool
) -> ForceParts:
    """Kinds of personnel and units.

    `with_totals` asks for the columns `headcount` and `home`, needed where no table of
    head-counts by station is given. The optional column `leader_share` (0 to 1) is that of
    `LEADER_SHARE` where there is none, 0 for types that are not sworn. To be used only when
    `faults` is empty.
    """
    wanted = (*_TYPE_COLUMNS, "headcount", "home") if with_totals else _TYPE_COLUMNS
    table = read_table(types_path, wanted, faults)
    if table is None:
        return ForceParts((), (), (), ())
    check = RowCheck(table, faults)
    check.require_rows()
    ids, names_en, names_zh = (check.texts(name) for name in _TYPE_COLUMNS[:3])
    respond, post, patrol, sworn = (check.flags(name) for name in _TYPE_COLUMNS[3:7])
    pools = check.choices("pool_from_level", POOL_LEVELS, "the service levels")
    leaders = _leader_shares(check, sworn)
    check.unique(["force_id"], ids, "the type")
    total, home = _totals(check) if with_totals else ([0] * len(ids), [""] * len(ids))
    rows = np.flatnonzero(check.sound).tolist()
    types = tuple(
        ForceType(
            ids[r],
            names_en[r],
            names_zh[r],
            respond[r],
            post[r],
            patrol[r],
            sworn[r],
            pools[r],
            float(leaders[r]),
        )
        for r in rows
    )
    units = _read_units(units_path, ids, faults)
    return ForceParts(types, units, tuple(total[r] for r in rows), tuple(home[r] for r in rows))


def _leader_shares(check: RowCheck, sworn: list[bool]) -> NDArray[np.float64]:
    """Part of each type who may lead; a type that is not sworn has no leaders."""
    usual = np.where(sworn, LEADER_SHARE, 0.0)
    if "leader_share" not in check.table.frame.columns:
        return usual
    share = check.numbers("leader_share", minimum=0.0, optional=True)
    check.refuse(
        share > 1.0,
        "leader_share is above 1",
        expected="a share from 0 to 1",
        remedy="Write 0.12 for 12 %.",
        values=share.tolist(),
    )
    check.refuse(
        (share > 0.0) & ~np.array(sworn, dtype=np.bool_),
        "leader_share of a type that is not sworn",
        expected="0, or sworn 1",
        remedy="Only sworn officers lead: leave the share empty, or correct sworn.",
        values=share.tolist(),
    )
    return np.where(np.isnan(share), usual, share)


def _totals(check: RowCheck) -> tuple[list[int], list[str]]:
    home = check.choices("home", ("station", "branch"), "the kinds of home")
    total = check.numbers("headcount", minimum=0.0, whole=True)
    if check.sound.all() and not total.sum():
        check.faults.add(
            check.table.file,
            "the force has no officers at all",
            expected="a head-count above 0 for at least one type",
            remedy="Fill in the head-counts.",
            value=0,
        )
    return np.nan_to_num(total).astype(int).tolist(), home


def _read_units(path: Path, force_ids: list[str], faults: FaultLog) -> tuple[UnitType, ...]:
    table = read_table(path, _UNIT_COLUMNS, faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    ids, names_en, names_zh = (check.texts(name) for name in _UNIT_COLUMNS[:3])
    check.unique(["unit_type"], ids, "the unit type")
    force = check.choices("force_id", force_ids, "the types of personnel")
    check.unique(["force_id"], force, "the type of personnel")
    officers = check.numbers("officers", minimum=1.0, whole=True)
    speed = check.numbers("speed_factor", minimum=0.1)
    street, station = (check.numbers(name, minimum=0.0) for name in _UNIT_COLUMNS[6:])
    return tuple(
        UnitType(
            ids[r],
            names_en[r],
            names_zh[r],
            force[r],
            int(officers[r]),
            float(speed[r]),
            float(street[r]),
            float(station[r]),
        )
        for r in np.flatnonzero(check.sound).tolist()
    )


def read_headcount(
    path: Path, types: tuple[ForceType, ...], stations: Places, faults: FaultLog
) -> NDArray[np.int64]:
    """Head-counts `[station, force]`; a type without a row at a station has no officers there.

    Every station must stand in some row, so that none is forgotten.
    """
    station_of = {name: number for number, name in enumerate(stations.place_ids)}
    force_of = {kind.force_id: number for number, kind in enumerate(types)}
    count = np.zeros((len(station_of), len(force_of)), dtype=np.int64)
    table = read_table(path, ("station_id", "force_id", "headcount"), faults)
    if table is None:
        return count
    check = RowCheck(table, faults)
    homes = check.choices("station_id", station_of, "the stations")
    forces = check.choices("force_id", force_of, "the types of personnel")
    officers = check.numbers("headcount", minimum=0.0, whole=True)
    pairs = list(zip(homes, forces, strict=True))
    check.unique(["station_id", "force_id"], pairs, "the station and type")
    for row in np.flatnonzero(check.sound).tolist():
        count[station_of[homes[row]], force_of[forces[row]]] = int(officers[row])
    if check.sound.all() and not count.sum():
        faults.add(
            table.file,
            "the force has no officers at all",
            expected="a head-count above 0 for at least one station and type",
            remedy="Fill in the head-counts.",
            value=0,
        )
    else:
        _refuse_forgotten(check, stations, homes)
    return count


def _refuse_forgotten(check: RowCheck, stations: Places, homes: list[str]) -> None:
    """Note the stations that no row names."""
    listed = set(homes)
    forgotten = [name for name in stations.place_ids if name not in listed]
    if forgotten:
        more = f" and {len(forgotten) - LISTED} more" if len(forgotten) > LISTED else ""
        check.faults.add(
            check.table.file,
            f"{len(forgotten)} of {len(stations)} stations have no head-count",
            expected="a row for every station of the table of stations",
            remedy="Add the rows; write 0 if nobody serves there.",
            value=", ".join(forgotten[:LISTED]) + more,
        )


def spread_headcount(
    parts: ForceParts, stations: Places, weight: NDArray[np.float64]
) -> NDArray[np.int64]:
    """City totals spread over the homes of their kind, `[station, force]`, synthetic.

    `weight[station]` says how much of the work a home has (calls of its catchment for
    stations, of its district for branches); a third of each total (0.35) is spread evenly. Largest
    remainder, ties to the first home; each column sums to its total.
    """
    count = np.zeros((len(stations), len(parts.types)), dtype=np.int64)
    for number, (total, home) in enumerate(zip(parts.total, parts.home, strict=True)):
        homes = stations.of_kind(home)
        share = weight[homes] / weight[homes].sum()
        exact = total * (0.65 * share + 0.35 / len(homes))
        whole = np.floor(exact).astype(np.int64)
        order = np.argsort(-(exact - whole), kind="stable")
        whole[order[: total - int(whole.sum())]] += 1
        count[homes, number] = whole
    return count
