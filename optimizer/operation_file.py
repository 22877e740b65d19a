"""Reads planned operations."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.points import Points, open_points
from geodata.row_check import RowCheck
from optimizer.force import UnitType
from optimizer.operations import TASK_ROLES, Operation

_TIMES = ("start", "end", "window_from", "window_to")
_COLUMNS = (
    "operation_id",
    "name_en",
    "name_zh",
    "district_id",
    "lon",
    "lat",
    *_TIMES,
    "officers",
    "role",
    "unit_type",
    "priority",
    "source",
)
_PRIORITIES = ("1", "2", "3")

Moments = Sequence[datetime | None]


def read_operations(
    path: Path,
    area: StudyArea,
    horizon: Horizon,
    unit_types: tuple[UnitType, ...],
    crs: str | None,
    faults: FaultLog,
    *,
    local_timezone: str | None = None,
) -> tuple[Operation, ...]:
    """Operations in file order; `district_id` says whose command staffs them.

    Times without an offset are a fault unless `local_timezone` is given. Both of `window_from`
    and `window_to` are empty where the times are fixed. Where `unit_type` is given, the officers
    fill whole units. To be used only when `faults` is empty.
    """
    opened = open_points(path, _COLUMNS, area, crs, faults)
    if opened is None:
        return ()
    check, points = opened
    times = _times(check, local_timezone, area.timezone)
    officers = _officers(check, unit_types)
    return _operations(check, area, horizon, points, times, officers)


def _times(check: RowCheck, local_timezone: str | None, area_timezone: str) -> dict[str, Moments]:
    """The four times of each row in local time, checked against each other."""
    zone = ZoneInfo(local_timezone or area_timezone)
    found: dict[str, Moments] = {
        name: [
            None if moment is None else moment.astimezone(zone)
            for moment in check.moments(name, local_timezone, optional=name.startswith("window"))
        ]
        for name in _TIMES
    }
    start, end, opens, closes = (_seconds(found[name]) for name in _TIMES)
    _refuse(
        check,
        end <= start,
        "the operation ends before it starts",
        "start before end",
        "Correct the times; one that runs over midnight ends on the next date.",
        (found["start"], found["end"]),
    )
    windows = (found["window_from"], found["window_to"])
    _refuse(
        check,
        np.isnan(opens) != np.isnan(closes),
        "only one of window_from and window_to is given",
        "both, or neither for an operation at fixed times",
        "Fill in the other one.",
        windows,
    )
    _refuse(
        check,
        closes - opens < end - start,
        "the window is shorter than the operation",
        "a window at least as long as from start to end",
        "Widen the window, or shorten the operation.",
        windows,
    )
    return found


def _seconds(moments: Moments) -> NDArray[np.float64]:
    """Seconds since 1970, NaN where there is no moment."""
    return np.array([np.nan if m is None else m.timestamp() for m in moments], dtype=np.float64)


def _refuse(
    check: RowCheck,
    bad: NDArray[np.bool_],
    problem: str,
    expected: str,
    remedy: str,
    spans: tuple[Moments, Moments],
) -> None:
    values = [
        f"{first and first.isoformat()} to {last and last.isoformat()}"
        for first, last in zip(*spans, strict=True)
    ]
    check.refuse(check.sound & bad, problem, expected=expected, remedy=remedy, values=values)


def _officers(check: RowCheck, unit_types: tuple[UnitType, ...]) -> NDArray[np.float64]:
    """Head-counts; with a type of unit they are whole units."""
    officers = check.numbers("officers", minimum=1.0, whole=True)
    crews = {unit.unit_type: unit.officers for unit in unit_types}
    kinds = check.texts("unit_type", optional=True)
    check.refuse(
        [kind != "" and kind not in crews for kind in kinds],
        "unit_type is not one of the force's",
        expected=f"{', '.join(crews)}, or empty",
        remedy="Correct the value.",
        values=kinds,
    )
    crew = np.array([crews.get(kind, 1) for kind in kinds])
    check.refuse(
        check.sound & (np.nan_to_num(officers) % crew != 0),
        "officers are no whole number of units",
        expected="a multiple of the officers in one unit of the type",
        remedy="Correct the number, or leave unit_type empty.",
        values=[f"{n:g} in units of {size}" for n, size in zip(officers, crew, strict=True)],
    )
    return officers


def _operations(
    check: RowCheck,
    area: StudyArea,
    horizon: Horizon,
    points: Points,
    times: dict[str, Moments],
    officers: NDArray[np.float64],
) -> tuple[Operation, ...]:
    """Operation of each sound row."""
    ids = check.texts("operation_id")
    check.unique(["operation_id"], ids, "the operation")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    homes = check.choices("district_id", area.district_ids, "the districts")
    roles = check.choices("role", TASK_ROLES, "the roles")
    priorities = check.choices("priority", _PRIORITIES, "the priorities")
    units, sources = check.texts("unit_type", optional=True), check.texts("source")
    found = {}
    for row in np.flatnonzero(check.sound).tolist():
        start, end, opens, closes = (times[name][row] for name in _TIMES)
        assert start is not None
        assert end is not None
        found[row] = Operation(
            ids[row],
            names_en[row],
            names_zh[row],
            int(area.command_of[area.district_ids.index(homes[row])]),
            float(points.lon[row]),
            float(points.lat[row]),
            start,
            end,
            int(officers[row]),
            roles[row],
            int(priorities[row]),
            sources[row],
            None if opens is None or closes is None else (opens, closes),
            units[row],
        )
    _refuse_no_start(check, found, horizon)
    return tuple(found.values())


def _refuse_no_start(check: RowCheck, found: dict[int, Operation], horizon: Horizon) -> None:
    """Refuse windows in which the operation fits, but not from any full hour on."""
    stuck = [
        row in found and found[row].window is not None and not found[row].possible_starts(horizon)
        for row in range(len(check.sound))
    ]
    check.refuse(
        stuck,
        "the operation fits its window from no full hour on",
        expected="a full hour at which it can begin: posts are planned by the hour",
        remedy="Widen the window, or leave it empty and fix the times.",
        values=[
            f"{found[row].window} for {found[row].length_h:g} h" if row in found else ""
            for row in range(len(stuck))
        ],
    )
