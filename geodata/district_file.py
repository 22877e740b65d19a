"""Reads the districts of the study area from a layer and a table of attributes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from geodata.area import District, StudyArea, metric_polygon, overlapping_districts
from geodata.faults import FaultLog
from geodata.files import Layer, Table, read_layer, read_table
from geodata.points import crs_is_known
from geodata.row_check import RowCheck


def read_districts(
    path: Path,
    attributes_path: Path | None,
    crs: str | None,
    faults: FaultLog,
    *,
    area_crs: str,
    timezone: str,
    id_column: str = "district_id",
    group_column: str | None = None,
) -> StudyArea:
    """Study area of a district layer declared to be in `crs`, brought to `area_crs`.

    The layer has `id_column`, `name_en`, `name_zh`, polygons, and the name of the command above
    in `group_column` where that is given. The attributes are a table with `district_id` and
    `population` for every district.

    Raises
    ------
    BadInput
        With all faults in `faults`, when the layer or the attributes have any: nothing else can
        be read without the area.
    """
    districts: tuple[District, ...] = ()
    crs_ok = crs_is_known(path.name, crs, faults) & _is_metric(path.name, area_crs, faults)
    columns = [id_column, "name_en", "name_zh", *([group_column] if group_column else [])]
    layer = read_layer(path, columns, faults)
    if layer is not None and crs_ok:
        districts = _districts(
            layer,
            crs=str(crs),
            area_crs=area_crs,
            id_column=id_column,
            group_column=group_column,
            faults=faults,
        )
        _note_overlaps(layer.file, districts, faults)
    if attributes_path is not None:
        districts = _with_population(districts, attributes_path, faults)
    faults.raise_if_any()
    return StudyArea(area_crs, timezone, districts)


def _is_metric(file: str, area_crs: str, faults: FaultLog) -> bool:
    try:
        crs = CRS.from_user_input(area_crs)
        metric = crs.is_projected and crs.axis_info[0].unit_name in ("metre", "meter")
    except CRSError:
        metric = False
    if not metric:
        faults.add(
            file,
            "the area's CRS is not projected in metres",
            expected="a projected CRS such as EPSG:32651 (UTM 51N, Shanghai)",
            remedy="Correct the CRS of the area in the scenario.",
            value=area_crs,
        )
    return metric


def _districts(
    layer: Layer,
    *,
    crs: str,
    area_crs: str,
    id_column: str,
    group_column: str | None,
    faults: FaultLog,
) -> tuple[District, ...]:
    """Districts of the sound features, in the order of the file."""
    check = RowCheck(Table(layer.file, layer.frame), faults)
    check.require_rows()
    ids = check.texts(id_column)
    check.unique([id_column], ids, "the district")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    groups = check.texts(group_column) if group_column else [""] * len(ids)
    shapes = list(layer.frame.geometry)
    _check_shapes(check, shapes, ids)
    polygons = [metric_polygon(shape, crs, area_crs) for shape in shapes]
    check.refuse(
        check.sound & np.array([polygon is None for polygon in polygons], dtype=bool),
        "the district's coordinates cannot lie in the declared CRS",
        expected=f"coordinates in {crs}",
        remedy="Correct the CRS declared for the layer in the scenario.",
        values=ids,
    )
    return tuple(
        District(ids[row], names_en[row], names_zh[row], polygon, group_en=groups[row])
        for row, polygon in enumerate(polygons)
        if check.sound[row] and polygon is not None
    )


def _check_shapes(check: RowCheck, shapes: list[BaseGeometry | None], ids: list[str]) -> None:
    kinds = [type(shape).__name__ for shape in shapes]
    flat = [isinstance(shape, Polygon | MultiPolygon) and not shape.is_empty for shape in shapes]
    check.refuse(
        [not good for good in flat],
        "the district has no polygon",
        expected="a Polygon or MultiPolygon",
        remedy="Draw the district's boundary as a closed polygon.",
        values=[f"{name}: {kind}" for name, kind in zip(ids, kinds, strict=True)],
    )
    reasons = [
        explain_validity(shape) if good and shape is not None else "Valid Geometry"
        for good, shape in zip(flat, shapes, strict=True)
    ]
    check.refuse(
        [reason != "Valid Geometry" for reason in reasons],
        "the district's geometry is not valid",
        expected="rings that neither cross nor touch themselves",
        remedy="Repair the boundary in a GIS (make valid).",
        values=[f"{name}: {reason}" for name, reason in zip(ids, reasons, strict=True)],
    )


def _note_overlaps(file: str, districts: tuple[District, ...], faults: FaultLog) -> None:
    for first, second, share in overlapping_districts(districts) if districts else ():
        faults.add(
            file,
            f"districts {first} and {second} overlap",
            expected="districts that only share boundaries",
            remedy="Cut the overlap from one of them.",
            value=f"{share:.2%} of the smaller one",
        )


def _with_population(
    districts: tuple[District, ...], path: Path, faults: FaultLog
) -> tuple[District, ...]:
    """Districts with the populations of the attributes table."""
    table = read_table(path, ("district_id", "population"), faults)
    if table is None:
        return districts
    check = RowCheck(table, faults)
    known = [district.district_id for district in districts]
    ids = check.texts("district_id")
    if known:
        check.choices("district_id", known, "the layer's districts")
    check.unique(["district_id"], ids, "the district")
    population = check.numbers("population", minimum=0.0)
    for missing in [name for name in known if name not in ids]:
        faults.add(
            table.file,
            "a district of the layer has no row",
            expected="one row for every district",
            remedy="Add the row.",
            value=missing,
        )
    people = dict(zip(ids, population.tolist(), strict=True))
    return tuple(
        replace(district, population=people.get(district.district_id, float("nan")))
        for district in districts
    )
