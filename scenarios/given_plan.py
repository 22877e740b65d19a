"""A plan that is to be changed as little as possible, read from its run folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from geodata.row_check import RowCheck
from geodata.situation import Situation
from optimizer.force import Force
from scenarios.tables import localised

RECORD, DEPLOYMENT = "run.json", "deployment.csv"
COLUMNS = ("start", "unit_type", "place_id", "lon", "lat", "units")

SAME_PLACE_M = 50.0
"""Distance up to which two positions of a place are the same; the table is rounded to 0.1 m."""


@dataclass(frozen=True)
class GivenPlan:
    """A plan to start from: its scenario's id and digest, its units and how many may change.

    `units[type, place, hour]` are in the order of the new situation and force; `max_changes`
    unit-hours may leave their place, any number when it is None.
    """

    scenario: str
    digest: str
    units: NDArray[np.int64]
    max_changes: int | None

    def __post_init__(self) -> None:
        units = frozen_array(self.units, np.int64, np.shape(self.units), "units")
        object.__setattr__(self, "units", units)


@dataclass(frozen=True)
class _Record:
    """What the record of a run tells of it."""

    scenario: str
    digest: str
    horizon: Horizon


def read_given_plan(
    folder: Path,
    max_changes: int | None,
    situation: Situation,
    force: Force,
    *,
    table: str = DEPLOYMENT,
) -> GivenPlan:
    """The plan in a run folder, for a situation of the same hours, places and unit types.

    Rows of one place and hour (units from several stations) are added up.

    Raises
    ------
    BadInput
        When the folder holds no run, or its plan has other hours, places or unit types; with all
        faults at once.
    """
    faults = FaultLog()
    record = faults.attempt(lambda log: _read_record(folder / RECORD, log))
    if record is not None:
        _refuse_other_hours(record.horizon, situation.horizon, faults)
    units = faults.attempt(lambda log: _read_units(folder / table, situation, force, log))
    faults.raise_if_any()
    if record is None or units is None:
        raise AssertionError("a part of the given plan is missing although no fault was noted")
    return GivenPlan(record.scenario, record.digest, units, max_changes)


def _is_there(path: Path, faults: FaultLog) -> bool:
    if not path.is_file():
        faults.add(
            f"--from {path.parent.name}",
            f"there is no {path.name}",
            expected="the folder of an earlier run",
            remedy="Name a folder that `muster run` wrote.",
        )
    return path.is_file()


def _read_units(
    path: Path, situation: Situation, force: Force, faults: FaultLog
) -> NDArray[np.int64]:
    """Units of the table's sound rows, `[type, place, hour]`."""
    place_ids, types = situation.patrol_places.place_ids, [u.unit_type for u in force.unit_types]
    units = np.zeros((len(types), len(place_ids), situation.horizon.hours), dtype=np.int64)
    table = read_table(path, COLUMNS, faults) if _is_there(path, faults) else None
    if table is None:
        return units
    check = RowCheck(table, faults)
    hour = _hours_of(check, situation.horizon)
    kind = _numbers_of(types, check.choices("unit_type", types, "the scenario's unit types"))
    place = _numbers_of(place_ids, check.choices("place_id", place_ids, "the scenario's places"))
    count = check.numbers("units", minimum=0.0, whole=True)
    _refuse_moved_places(check, place, situation)
    rows = np.flatnonzero(check.sound)
    np.add.at(units, (kind[rows], place[rows], hour[rows]), count[rows].astype(np.int64))
    return units


def _numbers_of(known: Sequence[str], names: list[str]) -> NDArray[np.int64]:
    """Position of each name among the known ones, -1 for a stranger."""
    number = {name: index for index, name in enumerate(known)}
    return np.array([number.get(name, -1) for name in names], dtype=np.int64)


def _hours_of(check: RowCheck, horizon: Horizon) -> NDArray[np.int64]:
    """Hour of each row in the horizon, -1 where it has none."""
    number = {moment.astimezone(UTC): hour for hour, moment in enumerate(horizon.starts)}
    moments = check.moments("start")
    found = np.array(
        [-1 if moment is None else number.get(moment, -1) for moment in moments], dtype=np.int64
    )
    known = np.array([moment is not None for moment in moments], dtype=np.bool_)
    strange = known & (found < 0)
    check.refuse(
        strange,
        "start is not an hour of the scenario's horizon",
        expected=f"full hours from {horizon.start.isoformat()} to {horizon.end.isoformat()}",
        remedy="Choose a run of the same hours.",
        values=check.table.frame["start"],
    )
    return found


def _refuse_moved_places(check: RowCheck, place: NDArray[np.int64], situation: Situation) -> None:
    """Places that bear a name of the scenario's but stand elsewhere are others."""
    lon, lat = check.numbers("lon"), check.numbers("lat")
    x, y = situation.area.to_metric(np.nan_to_num(lon), np.nan_to_num(lat))
    places = situation.patrol_places
    metres = np.hypot(x - places.x[place], y - places.y[place])
    check.refuse(
        (place >= 0) & np.isfinite(lon + lat) & ~(metres <= SAME_PLACE_M),
        "the place stands elsewhere in this scenario",
        expected=f"a position within {SAME_PLACE_M:g} m of the scenario's",
        remedy="Choose a run with the same stations, standby points and seed.",
        values=check.table.frame["place_id"],
    )


def _refuse_other_hours(given: Horizon, horizon: Horizon, faults: FaultLog) -> None:
    """The record tells the hours, also those in which no unit stands anywhere."""
    if given.start == horizon.start and given.hours == horizon.hours:
        return
    faults.add(
        RECORD,
        "the run has other hours than the scenario",
        expected=f"{horizon.hours} h from {horizon.start.isoformat()}",
        remedy="Choose a run of the same hours, or set horizon.start and horizon.hours.",
        value=f"{given.hours} h from {given.start.isoformat()}",
    )


def _read_record(path: Path, faults: FaultLog) -> _Record | None:
    if not _is_there(path, faults):
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        settings = record["settings"]
        zone = ZoneInfo(settings["area"]["timezone"])
        start = localised(datetime.fromisoformat(settings["horizon"]["start"]), zone)
        horizon = Horizon(start, int(settings["horizon"]["hours"]))
        return _Record(str(record["scenario"]), str(record["digest"]), horizon)
    except (ValueError, KeyError, TypeError) as error:
        faults.add(
            path.name,
            "the record of the run cannot be read",
            expected="the scenario, its digest and its settings, as a run writes them",
            remedy="Plan the given scenario again.",
            value=f"{type(error).__name__}: {error}",
        )
        return None
