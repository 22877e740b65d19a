"""Points of input files: read, brought to the area's CRS and tied to district and cell."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.area import StudyArea
from geodata.datum import datum_fault, to_wgs84
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.grid import Grid
from geodata.places import Places
from geodata.row_check import RowCheck


@dataclass(frozen=True)
class Points:
    """Points `[point]`: WGS84 degrees, metres in the area's CRS, and the district.

    `district` is -1 outside the area; coordinates that cannot be converted are NaN.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    district: NDArray[np.int64]


def open_points(
    path: Path, columns: Collection[str], area: StudyArea, crs: str | None, faults: FaultLog
) -> tuple[RowCheck, Points] | None:
    """Rows of a table of points in the area, and their points `[row]`; None without a table.

    A column `notes` is allowed beside `columns`; a table without rows is a fault. A declared CRS
    that is not known is noted too: the points then stand anywhere, and none of them is refused.
    """
    crs_ok = crs_is_known(path.name, crs, faults)
    table = read_table(path, columns, faults, allowed=("notes",))
    if table is None:
        return None
    check = RowCheck(table, faults)
    check.require_rows()
    if crs_ok:
        return check, read_points_inside(check, area, str(crs))
    return check, read_points(check, area, "wgs84")


def read_points_inside(check: RowCheck, area: StudyArea, crs: str) -> Points:
    """Points of the columns `lon` and `lat`, noting sound rows whose point is in no district."""
    points = read_points(check, area, crs)
    pairs = list(zip(points.lon.tolist(), points.lat.tolist(), strict=True))
    check.refuse(
        check.sound & (points.district < 0),
        "the point lies outside the study area",
        expected="a point within a district",
        remedy=f"Check the coordinates and the CRS: the file is declared {crs}, "
        f"the area is {area.crs}; the value is longitude and latitude in WGS84.",
        values=pairs,
    )
    return points


def read_points(check: RowCheck, area: StudyArea, crs: str, *, optional: bool = False) -> Points:
    """Points of the columns `lon` and `lat`, in the declared CRS."""
    lon = check.numbers("lon", optional=optional)
    lat = check.numbers("lat", optional=optional)
    return place(*to_wgs84(lon, lat, crs), area)


def place(lon: NDArray[np.float64], lat: NDArray[np.float64], area: StudyArea) -> Points:
    """Points in WGS84 degrees, tied to their districts."""
    x, y = (np.asarray(axis, dtype=np.float64) for axis in area.to_metric(lon, lat))
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(finite, x, np.nan), np.where(finite, y, np.nan)
    return Points(lon, lat, x, y, _districts(x, y, area))


def cells_of(points: Points, grid: Grid) -> NDArray[np.int64]:
    """Cell of each point: the one that holds it, for points of the area in no cell the nearest.

    A cell belongs to the grid when its centre lies in a district, so a point at the edge of the
    area may be in none. -1 outside the area.
    """
    cell = np.full(len(points.x), -1, dtype=np.int64)
    inside = points.district >= 0
    cell[inside] = grid.locate(points.x[inside], points.y[inside])
    stray = inside & (cell < 0)
    if stray.any() and grid.n_cells:
        centres = cKDTree(np.stack([grid.x, grid.y], axis=1))
        _, cell[stray] = centres.query(np.stack([points.x[stray], points.y[stray]], axis=1))
    return cell


def places_at(
    points: Points, rows: NDArray[np.int64], grid: Grid, texts: Iterable[Sequence[str]]
) -> Places:
    """Places of some rows; `texts` are ids, kinds, English and Chinese names, each `[row]`."""
    ids, kinds, names_en, names_zh = (tuple(column[row] for row in rows) for column in texts)
    cell = cells_of(points, grid)[rows]
    x, y, district = points.x[rows], points.y[rows], points.district[rows]
    return Places(ids, kinds, names_en, names_zh, x, y, cell, district)


def crs_is_known(file: str, crs: str | None, faults: FaultLog) -> bool:
    """Whether the declared CRS can be used; what is wrong with it is noted."""
    fault = None if crs is None else datum_fault(crs)
    if crs is not None and fault is None:
        return True
    faults.add(
        file,
        "no CRS is declared" if crs is None else "the declared CRS is not known",
        expected="wgs84, gcj02, bd09 or EPSG:n",
        remedy="Declare the CRS of the file in the scenario; none is assumed, "
        "a wrong one moves points by up to 700 m.",
        value=crs,
    )
    return False


def _districts(
    x: NDArray[np.float64], y: NDArray[np.float64], area: StudyArea
) -> NDArray[np.int64]:
    """Index of the first district that holds each point, -1 where none does."""
    found = np.full(len(x), -1, dtype=np.int64)
    finite = np.nonzero(np.isfinite(x))[0]
    tree = shapely.STRtree([district.polygon for district in area.districts])
    hit, district = tree.query(shapely.points(x[finite], y[finite]), predicate="intersects")
    order = np.argsort(-district, kind="stable")
    found[finite[hit[order]]] = district[order]
    return found
