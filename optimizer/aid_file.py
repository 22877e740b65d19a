"""Reads the groups of mutual aid that may be called from outside."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.points import crs_is_known, read_points
from geodata.row_check import RowCheck
from optimizer.mutual_aid import AidGroup

_COLUMNS = (
    "group_id",
    "name_en",
    "name_zh",
    "force_id",
    "officers",
    "groups",
    "notice_h",
    "lon",
    "lat",
    "speed_kmh",
    "available_from",
    "available_to",
    "max_hours",
)

DETOUR = 1.3
"""Way by road over the straight line (assumption; 1.2 to 1.4 is usual in road networks)."""


def read_aid_groups(
    path: Path,
    area: StudyArea,
    crs: str | None,
    horizon: Horizon,
    force_ids: Collection[str],
    middles: NDArray[np.float64],
    faults: FaultLog,
) -> tuple[AidGroup, ...]:
    """Groups in file order; an empty time stands for the start or end of the horizon.

    `middles[command, 2]` are metres in the area's CRS to which the way is measured: straight
    from the group's base, times `DETOUR`, at its speed. Bases may lie outside the area.
    """
    table = read_table(path, _COLUMNS, faults)
    if table is None or not crs_is_known(path.name, crs, faults):
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    ids, names_en, names_zh = (check.texts(name) for name in _COLUMNS[:3])
    check.unique(["group_id"], ids, "the group")
    force = check.choices("force_id", force_ids, "the types of personnel")
    officers, groups, hours = (
        check.numbers(name, minimum=least, whole=True)
        for name, least in (("officers", 1.0), ("groups", 0.0), ("max_hours", 1.0))
    )
    notice = check.numbers("notice_h", minimum=0.0)
    speed = check.numbers("speed_kmh", minimum=1.0)
    points = read_points(check, area, str(crs))
    check.refuse(
        check.sound & ~np.isfinite(points.x),
        "the base has no place on the map",
        expected="longitude and latitude in the declared CRS",
        remedy="Correct the coordinates, or the CRS that the scenario declares.",
        values=list(zip(points.lon.tolist(), points.lat.tolist(), strict=True)),
    )
    begins, ends = (
        _moments(check, name, area.timezone, fallback)
        for name, fallback in (("available_from", horizon.start), ("available_to", horizon.end))
    )
    check.refuse(
        [first >= last for first, last in zip(begins, ends, strict=True)],
        "available_to is not after available_from",
        expected="a time after available_from",
        remedy="Correct the times, or remove the group.",
        values=[moment.isoformat() for moment in ends],
    )
    offset = np.stack([points.x, points.y], axis=1)[:, None] - middles[None]
    metres = DETOUR * np.hypot(offset[..., 0], offset[..., 1])
    minutes = metres / (speed[:, None] * 1000.0 / 60.0)
    evidence = check.evidence()
    return tuple(
        AidGroup(
            ids[row],
            names_en[row],
            names_zh[row],
            force[row],
            int(officers[row]),
            int(groups[row]),
            float(notice[row]),
            minutes[row],
            horizon.hour_index(begins[row]),
            horizon.hour_index(ends[row]),
            int(hours[row]),
            evidence[row],
        )
        for row in np.flatnonzero(check.sound).tolist()
    )


def _moments(check: RowCheck, column: str, timezone: str, fallback: datetime) -> list[datetime]:
    """Moments of a column, local where they carry no offset; `fallback` where it is empty."""
    found = check.moments(column, timezone, optional=True)
    return [fallback.astimezone(UTC) if moment is None else moment for moment in found]
