"""Reads service levels and shifts."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.levels import LEVELS, ServiceLevel
from optimizer.shifts import Shift

MOST_HANDOVER_MIN = 120.0
DENSEST_PATROL = 4.0

_SHIFT_COLUMNS = (
    "shift_id",
    "name_en",
    "name_zh",
    "start_hour",
    "hours",
    "street_share",
    "rest_after_h",
    "team_share",
)


def read_levels(path: Path, faults: FaultLog) -> dict[str, ServiceLevel]:
    """Service levels by name; all of `LEVELS` must be described.

    The optional columns are `patrol_density` (0 to 4, 1 where there is none) and `evidence`.
    """
    table = read_table(
        path, ("level", "name_en", "name_zh", "on_duty_share", "absent_share"), faults
    )
    if table is None:
        return {}
    check = RowCheck(table, faults)
    names = check.choices("level", LEVELS, "the service levels")
    check.unique(["level"], names, "the level")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh")
    on_duty, absent = (_shares(check, name) for name in ("on_duty_share", "absent_share"))
    _refuse_more_than_all(check, on_duty, absent)
    density = _bounded(check, "patrol_density", most=DENSEST_PATROL, default=1.0)
    sources = check.evidence()
    check.require_each(names, LEVELS, "service levels")
    return {
        names[row]: ServiceLevel(
            names[row],
            names_en[row],
            names_zh[row],
            float(on_duty[row]),
            float(absent[row]),
            float(density[row]),
            sources[row],
        )
        for row in np.flatnonzero(check.sound).tolist()
    }


def read_shifts(path: Path, faults: FaultLog, *, max_shift_h: float = 24.0) -> tuple[Shift, ...]:
    """Shifts in file order, none longer than `max_shift_h`.

    The optional column `handover_min` (0 to 120) is 0 where there is none.
    """
    table = read_table(path, _SHIFT_COLUMNS, faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    ids, names_en, names_zh = (check.texts(name) for name in _SHIFT_COLUMNS[:3])
    check.unique(["shift_id"], ids, "the shift")
    start = check.numbers("start_hour", minimum=0.0, whole=True)
    hours = check.numbers("hours", minimum=1.0, whole=True)
    check.refuse(
        (start > 23) | (hours > 24),
        "the shift does not fit a day",
        expected="start_hour 0 to 23 and hours 1 to 24",
        remedy="Correct the start or the length.",
        values=list(zip(start.tolist(), hours.tolist(), strict=True)),
    )
    _refuse_long_shifts(check, ids, hours, max_shift_h)
    rest = check.numbers("rest_after_h", minimum=0.0)
    street, team = (_shares(check, name) for name in ("street_share", "team_share"))
    handover = _bounded(check, "handover_min", most=MOST_HANDOVER_MIN, default=0.0)
    return tuple(
        Shift(
            ids[row],
            names_en[row],
            names_zh[row],
            int(start[row]),
            int(hours[row]),
            float(street[row]),
            float(rest[row]),
            float(team[row]),
            float(handover[row]),
        )
        for row in np.flatnonzero(check.sound).tolist()
    )


def _refuse_more_than_all(
    check: RowCheck, on_duty: NDArray[np.float64], absent: NDArray[np.float64]
) -> None:
    """Those on duty and those absent are different people."""
    check.refuse(
        (on_duty + absent > 1.0 + 1e-9) & (on_duty <= 1.0) & (absent <= 1.0),
        "leave above the strength: on_duty_share and absent_share are more than the head-count",
        expected="a sum of at most 1",
        remedy="Lower one of the shares.",
        values=[f"{a:g} + {b:g}" for a, b in zip(on_duty, absent, strict=True)],
    )


def _refuse_long_shifts(
    check: RowCheck, ids: list[str], hours: NDArray[np.float64], max_shift_h: float
) -> None:
    check.refuse(
        (hours > max_shift_h) & (hours <= 24),
        "the shift is longer than labour.max_shift_h allows",
        expected=f"hours of at most {max_shift_h:g}",
        remedy="Shorten or remove the shift, or raise labour.max_shift_h.",
        values=[f"{name}: {length:g} h" for name, length in zip(ids, hours, strict=True)],
    )


def _shares(check: RowCheck, column: str) -> NDArray[np.float64]:
    share = check.numbers(column, minimum=0.0)
    check.refuse(
        share > 1.0,
        f"{column} is above 1",
        expected="a share from 0 to 1",
        remedy="Write 0.25 for 25 %.",
        values=share.tolist(),
    )
    return share


def _bounded(check: RowCheck, column: str, *, most: float, default: float) -> NDArray[np.float64]:
    """Numbers from 0 to `most` of an optional column; `default` where a cell is empty."""
    if column not in check.table.frame.columns:
        return np.full(len(check.sound), default)
    found = check.numbers(column, minimum=0.0, optional=True)
    check.refuse(
        found > most,
        f"{column} is above {most:g}",
        expected=f"a number from 0 to {most:g}",
        remedy="Correct the value.",
        values=found.tolist(),
    )
    return np.where(np.isnan(found), default, found)
