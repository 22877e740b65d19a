"""Reads police stations and branches."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.grid import Grid
from geodata.places import Places
from geodata.points import crs_is_known, places_at, read_points, read_points_inside
from geodata.row_check import RowCheck

STATION_KINDS: tuple[str, ...] = ("station", "branch")

_COLUMNS = ("station_id", "name_en", "name_zh", "kind", "lon", "lat")


def read_stations(
    path: Path, area: StudyArea, grid: Grid, crs: str | None, faults: FaultLog
) -> Places:
    """Stations of a table, in its order; those with a fault are left out and noted.

    An optional column `district_id` names the district a station serves; without it, or where
    it is empty, that is the district it stands in. The result is to be used only when `faults`
    is empty (`faults.raise_if_any()`).
    """
    crs_ok = crs_is_known(path.name, crs, faults)
    table = read_table(path, _COLUMNS, faults)
    if table is None:
        none = np.empty(0, dtype=np.int64)
        return Places((), (), (), (), np.empty(0), np.empty(0), none, none)
    check = RowCheck(table, faults)
    check.require_rows()
    ids, kinds = check.texts("station_id"), check.choices("kind", STATION_KINDS, "the kinds")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    check.unique(["station_id"], ids, "the station")
    if crs_ok:
        points = read_points_inside(check, area, str(crs))
    else:
        points = read_points(check, area, "wgs84")
    district = _stated_districts(check, area, points.district)
    rows = np.nonzero(check.sound & (points.district >= 0))[0]
    places = places_at(points, rows, grid, (ids, kinds, names_en, names_zh))
    return replace(places, district=district[rows])


def _stated_districts(
    check: RowCheck, area: StudyArea, located: NDArray[np.int64]
) -> NDArray[np.int64]:
    """District index of each row: the stated one, else the one the point lies in."""
    if "district_id" not in check.table.frame.columns:
        return located
    index = {name: number for number, name in enumerate(area.district_ids)}
    stated = check.texts("district_id", optional=True)
    check.refuse(
        [name != "" and name not in index for name in stated],
        "district_id is not a district of the area",
        expected=", ".join(area.district_ids[:12]),
        remedy="Correct the value, or leave it empty.",
        values=stated,
    )
    return np.array(
        [index.get(name, int(found)) for name, found in zip(stated, located, strict=True)],
        dtype=np.int64,
    )
