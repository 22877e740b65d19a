"""Reads service levels and shifts."""

from pathlib import Path

import numpy as np

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.levels import LEVELS, ServiceLevel
from optimizer.shifts import Shift


def read_levels(path: Path, faults: FaultLog) -> dict[str, ServiceLevel]:
    """Service levels by name; all of `LEVELS` must be described."""
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
    check.require_each(names, LEVELS, "service levels")
    return {
        names[row]: ServiceLevel(
            names[row], names_en[row], names_zh[row], float(on_duty[row]), float(absent[row])
        )
        for row in np.flatnonzero(check.sound).tolist()
    }


def read_shifts(path: Path, faults: FaultLog) -> tuple[Shift, ...]:
    """Shifts in file order."""
    table = read_table(
        path,
        (
            "shift_id",
            "name_en",
            "name_zh",
            "start_hour",
            "hours",
            "street_share",
            "rest_after_h",
            "team_share",
        ),
        faults,
    )
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    ids, names_en, names_zh = (check.texts(name) for name in ("shift_id", "name_en", "name_zh"))
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
    rest = check.numbers("rest_after_h", minimum=0.0)
    street, team = (_shares(check, name) for name in ("street_share", "team_share"))
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
        )
        for row in np.flatnonzero(check.sound).tolist()
    )


def _shares(check: RowCheck, column: str) -> np.ndarray:
    share = check.numbers(column, minimum=0.0)
    check.refuse(
        share > 1.0,
        f"{column} is above 1",
        expected="a share from 0 to 1",
        remedy="Write 0.25 for 25 %.",
        values=share.tolist(),
    )
    return share
