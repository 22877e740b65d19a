"""Reads must-visit points: where, how long, how often and between which clock hours."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.grid import Grid
from geodata.places import Places, VisitPoints
from geodata.points import crs_is_known, places_at, read_points_inside
from geodata.row_check import RowCheck

VISIT_COLUMNS: tuple[str, ...] = (
    "name_en",
    "name_zh",
    "lon",
    "lat",
    "visit_min",
    "interval_h",
    "from_clock",
    "to_clock",
)
"""Columns of points and of lines alike, behind their own keys."""

_NONE, _NOWHERE = np.empty(0), np.empty(0, dtype=np.int64)
NO_VISIT_POINTS = VisitPoints(
    Places((), (), (), (), _NONE, _NONE, _NOWHERE, _NOWHERE), _NONE, _NONE, _NOWHERE, _NOWHERE
)


def read_visit_points(
    path: Path, area: StudyArea, grid: Grid, crs: str | None, faults: FaultLog
) -> VisitPoints:
    """Must-visit points with their dose.

    `from_clock` and `to_clock` are local clock hours `HH:00`; equal ones mean all day, and a
    span may run over midnight. To be used only when `faults` is empty.
    """
    crs_ok = crs_is_known(path.name, crs, faults)
    table = read_table(path, ("point_id", *VISIT_COLUMNS), faults)
    if table is None or not crs_ok:
        return NO_VISIT_POINTS
    check = RowCheck(table, faults)
    ids = check.texts("point_id")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh")
    visit_min = check.numbers("visit_min", minimum=1.0)
    interval_h = check.numbers("interval_h", minimum=0.25)
    clocks = [full_hours(check, name) for name in ("from_clock", "to_clock")]
    check.unique(["point_id"], ids, "the point")
    points = read_points_inside(check, area, str(crs))
    rows = np.flatnonzero(check.sound)
    places = places_at(points, rows, grid, (ids, ["must_visit"] * len(ids), names_en, names_zh))
    return VisitPoints(places, visit_min[rows], interval_h[rows], clocks[0][rows], clocks[1][rows])


def full_hours(check: RowCheck, column: str) -> NDArray[np.int64]:
    """Clock hours 0 to 23 from texts `HH:00`."""
    found = check.texts(column)
    good = [len(t) == 5 and t[2:] == ":00" and t[:2].isdecimal() and int(t[:2]) < 24 for t in found]
    check.refuse(
        [not ok for ok in good],
        f"{column} is not a full clock hour",
        expected="HH:00 from 00:00 to 23:00",
        remedy="Correct the value.",
        values=found,
    )
    hours = [int(text[:2]) if ok else 0 for text, ok in zip(found, good, strict=True)]
    return np.array(hours, dtype=np.int64)
