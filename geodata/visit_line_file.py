"""Reads must-visit lines: streets and road sections that a patrol walks from end to end."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.grid import Grid
from geodata.places import LineEnds, VisitPoints
from geodata.points import Points, cells_of, crs_is_known, places_at, read_points_inside
from geodata.row_check import RowCheck
from geodata.visit_file import NO_VISIT_POINTS, VISIT_COLUMNS, full_hours

_OF_THE_LINE = ("name_en", "name_zh", "visit_min", "interval_h", "from_clock", "to_clock")

LINE_KMH = 3.0
"""Pace of a patrol that looks about along a line whose minutes no table tells (assumption)."""


def read_visit_lines(
    path: Path, area: StudyArea, grid: Grid, crs: str | None, faults: FaultLog
) -> VisitPoints:
    """Must-visit lines with their dose, each walked from its first point to its last.

    A row is a point of the line `line_id`: lines come in the order of their first rows, points in
    that of `order`. Names and dose stand in every row of the line. Where `visit_min` is empty a
    line takes its length at 3 km/h. To be used only when `faults` is empty.
    """
    crs_ok = crs_is_known(path.name, crs, faults)
    table = read_table(path, ("line_id", "order", *VISIT_COLUMNS), faults)
    if table is None or not crs_ok:
        return NO_VISIT_POINTS
    check = RowCheck(table, faults)
    ids = check.texts("line_id")
    order = check.numbers("order", minimum=0.0, whole=True)
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh")
    told_min = check.numbers("visit_min", minimum=1.0, optional=True)
    interval_h = check.numbers("interval_h", minimum=0.25)
    clocks = [full_hours(check, name) for name in ("from_clock", "to_clock")]
    check.unique(["line_id", "order"], list(zip(ids, order.tolist(), strict=True)), "the point")
    points = read_points_inside(check, area, str(crs))
    lines = _rows_by_line(ids, order)
    _refuse_mixed(check, lines)
    _refuse_short(check, lines, points)
    if not check.sound.all():
        return NO_VISIT_POINTS
    first, last = (np.array([rows[at] for rows in lines], dtype=np.int64) for at in (0, -1))
    length_m = np.array([_length_m(points, rows) for rows in lines])
    walked_min = np.maximum(np.ceil(length_m / (LINE_KMH * 1000.0 / 60.0)), 1.0)
    places = places_at(points, first, grid, (ids, ["must_visit"] * len(ids), names_en, names_zh))
    minutes = np.where(np.isnan(told_min[first]), walked_min, told_min[first])
    ends = LineEnds(points.x[last], points.y[last], cells_of(points, grid)[last])
    from_clock, to_clock = (hours[first] for hours in clocks)
    return VisitPoints(places, minutes, interval_h[first], from_clock, to_clock, ends)


def _rows_by_line(ids: list[str], order: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Rows of each line along it, lines in the order of their first rows."""
    rows: dict[str, list[int]] = {}
    for row, line_id in enumerate(ids):
        rows.setdefault(line_id, []).append(row)
    return [np.array(some)[np.argsort(order[some], kind="stable")] for some in rows.values()]


def _refuse_mixed(check: RowCheck, lines: list[NDArray[np.int64]]) -> None:
    """Names and dose are those of the line: alike in all its rows."""
    frame = check.table.frame
    for name in _OF_THE_LINE:
        texts = frame[name].astype(str).tolist()
        other = np.zeros(len(frame), dtype=bool)
        for rows in lines:
            other[rows] = [texts[row] != texts[rows[0]] for row in rows]
        check.refuse(
            other,
            f"{name} differs from that of the line's first point",
            expected="the same in all rows of a line",
            remedy="Write the same value in all rows, or give the row another line_id.",
            values=frame[name],
        )


def _refuse_short(check: RowCheck, lines: list[NDArray[np.int64]], points: Points) -> None:
    """A line needs two points that lie apart."""
    short = np.zeros(len(check.sound), dtype=bool)
    for rows in lines:
        short[rows[0]] = not _length_m(points, rows) > 0.0
    check.refuse(
        short & check.sound,
        "the line has no length",
        expected="two points or more that lie apart",
        remedy="Add the other points, or make it a must-visit point.",
        values=check.table.frame["line_id"],
    )


def _length_m(points: Points, rows: NDArray[np.int64]) -> float:
    return float(np.hypot(np.diff(points.x[rows]), np.diff(points.y[rows])).sum())
