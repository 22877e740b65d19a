"""Reads drone bases, zones closed to drones and the wind of every hour."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point, Polygon

from geodata.area import StudyArea, metric_polygon
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.incidents import IncidentClasses
from geodata.points import Points, crs_is_known, open_points, read_points
from geodata.row_check import RowCheck
from optimizer.drones import DroneBase, NoFlyZone

_BASE_COLUMNS = (
    "base_id name_en name_zh lon lat drones range_m speed_kmh endurance_min recharge_min "
    "max_wind_ms classes share scene_min source"
).split()
_ZONE_COLUMNS = ("zone_id", "lon", "lat", "radius_m", "from", "to", "reason")

_WHOLE_HOUR = 1e-6


def read_drone_bases(
    path: Path, area: StudyArea, classes: IncidentClasses, crs: str | None, faults: FaultLog
) -> tuple[DroneBase, ...]:
    """Bases in file order; `classes` are ids of classes that ask for a unit, split by `;`.

    To be used only when `faults` is empty.
    """
    opened = open_points(path, _BASE_COLUMNS, area, crs, faults)
    if opened is None:
        return ()
    check, points = opened
    numbers = _flight(check)
    kinds = _classes(check, classes)
    ids = check.texts("base_id")
    check.unique(["base_id"], ids, "the base")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    sources = check.texts("source")
    return tuple(
        DroneBase(
            ids[row],
            names_en[row],
            names_zh[row],
            float(points.lon[row]),
            float(points.lat[row]),
            float(points.x[row]),
            float(points.y[row]),
            drones=int(numbers["drones"][row]),
            **{name: float(numbers[name][row]) for name in numbers if name != "drones"},
            classes=kinds[row],
            source=sources[row],
        )
        for row in np.flatnonzero(check.sound).tolist()
    )


def read_no_fly(
    path: Path,
    area: StudyArea,
    crs: str | None,
    faults: FaultLog,
    *,
    local_timezone: str | None = None,
) -> tuple[NoFlyZone, ...]:
    """Closed zones in file order: circles, or polygons in the optional column `polygon` (WKT).

    Both of `from` and `to` are empty for a zone that is always closed. Zones may lie outside the
    area. To be used only when `faults` is empty.
    """
    crs_ok = crs_is_known(path.name, crs, faults)
    table = read_table(path, _ZONE_COLUMNS, faults, allowed=("notes",))
    if table is None or not crs_ok:
        return ()
    check = RowCheck(table, faults)
    points = read_points(check, area, str(crs), optional=True)
    shapes = _shapes(check, points, area, str(crs))
    hours = _closed_hours(check, local_timezone, area.timezone)
    ids, reasons = check.texts("zone_id"), check.texts("reason")
    check.unique(["zone_id"], ids, "the zone")
    found = []
    for row in np.flatnonzero(check.sound).tolist():
        shape = shapes[row]
        if shape is not None:
            found.append(NoFlyZone(ids[row], shape, hours[row], reasons[row]))
    return tuple(found)


def read_wind(
    path: Path, horizon: Horizon, faults: FaultLog, *, local_timezone: str | None = None
) -> NDArray[np.float64]:
    """Wind in every hour of the horizon, metres a second, `[hour]`; other hours are left out.

    To be used only when `faults` is empty.
    """
    wind = np.full(horizon.hours, np.nan)
    table = read_table(path, ("hour", "wind_ms"), faults, allowed=("notes",))
    if table is None:
        return wind
    check = RowCheck(table, faults)
    moments = check.moments("hour", local_timezone)
    speed = check.numbers("wind_ms", minimum=0.0)
    check.unique(["hour"], moments, "the hour")
    index = np.array([np.nan if m is None else horizon.hour_index(m) for m in moments])
    check.refuse(
        check.sound & (np.abs(index - np.rint(index)) > _WHOLE_HOUR),
        "hour is not a full hour",
        expected="the full hours of the horizon",
        remedy="Give the wind at full hours.",
        values=check.table.frame["hour"],
    )
    inside = check.sound & (index > -_WHOLE_HOUR) & (index < horizon.hours - _WHOLE_HOUR)
    wind[np.rint(index[inside]).astype(np.int64)] = speed[inside]
    missing = [horizon.at(hour).isoformat() for hour in np.flatnonzero(np.isnan(wind)).tolist()]
    if missing:
        faults.add(
            path.name,
            f"{len(missing)} hours of the horizon have no wind",
            expected="a row for every hour",
            remedy="Add the hours, or leave the file out: all hours then count as fit to fly in.",
            value=", ".join(missing[:3]),
        )
    return wind


def _flight(check: RowCheck) -> dict[str, NDArray[np.float64]]:
    """Numbers of the bases by column."""
    found = {"drones": check.numbers("drones", minimum=1.0, whole=True)}
    for name in ("range_m", "speed_kmh", "endurance_min"):
        found[name] = check.numbers(name, minimum=1.0)
    for name in ("recharge_min", "max_wind_ms", "share", "scene_min"):
        found[name] = check.numbers(name, minimum=0.0)
    check.refuse(
        found["share"] > 1.0,
        "share is above 1",
        expected="the share of calls that a drone clears alone, 0 to 1",
        remedy="Correct the value.",
        values=found["share"].tolist(),
    )
    check.refuse(
        found["scene_min"] >= found["endurance_min"],
        "scene_min leaves no time to fly",
        expected="less than endurance_min",
        remedy="Correct the minutes.",
        values=[
            f"{scene:g} of {endurance:g}"
            for scene, endurance in zip(found["scene_min"], found["endurance_min"], strict=True)
        ],
    )
    return found


def _classes(check: RowCheck, classes: IncidentClasses) -> list[tuple[str, ...]]:
    """Class ids of each base, all of them classes that ask for a unit."""
    asking = [kind.class_id for kind in classes.classes if kind.unit_type]
    found = [
        tuple(dict.fromkeys(name.strip() for name in text.split(";") if name.strip()))
        for text in check.texts("classes")
    ]
    check.refuse(
        [not set(names) <= set(asking) for names in found],
        "classes names something that is no incident class asking for a unit",
        expected=f"ids split by ;, of {', '.join(asking)}",
        remedy="Correct the ids.",
        values=[";".join(names) for names in found],
    )
    return found


def _shapes(
    check: RowCheck, points: Points, area: StudyArea, crs: str
) -> list[Polygon | MultiPolygon | None]:
    """Shape of each zone in the area's CRS: exactly one of a circle and a polygon."""
    radius = check.numbers("radius_m", minimum=1.0, optional=True)
    known = "polygon" in check.table.frame.columns
    texts = check.texts("polygon", optional=True) if known else [""] * len(radius)
    polygons = [_polygon(text, area, crs) for text in texts]
    check.refuse(
        [text != "" and shape is None for text, shape in zip(texts, polygons, strict=True)],
        "polygon is no polygon",
        expected="a valid POLYGON or MULTIPOLYGON in WKT, longitude before latitude",
        remedy="Correct the text.",
        values=[text[:60] for text in texts],
    )
    circle = np.isfinite(points.x) & np.isfinite(radius)
    begun = np.isfinite(points.lon) | np.isfinite(points.lat) | np.isfinite(radius)
    drawn = np.array([text != "" for text in texts], dtype=np.bool_)
    check.refuse(
        check.sound & np.where(drawn, begun, ~circle),
        "the zone is neither one circle nor one polygon",
        expected="lon, lat and radius_m, or polygon alone",
        remedy="Fill in the one and leave the other empty.",
        values=list(zip(points.lon.tolist(), points.lat.tolist(), radius.tolist(), strict=True)),
    )
    return [
        polygons[row] or Point(points.x[row], points.y[row]).buffer(radius[row])
        if check.sound[row]
        else None
        for row in range(len(radius))
    ]


def _polygon(text: str, area: StudyArea, crs: str) -> Polygon | MultiPolygon | None:
    """Polygon of a WKT text in the area's CRS, or None."""
    shape = shapely.from_wkt(text, on_invalid="ignore") if text else None
    if shape is None or shape.is_empty or not shape.is_valid:
        return None
    return metric_polygon(shape, crs, area.crs)


def _closed_hours(
    check: RowCheck, local_timezone: str | None, area_timezone: str
) -> list[tuple[datetime, datetime] | None]:
    """From when to when each zone is closed; None for always."""
    zone = ZoneInfo(local_timezone or area_timezone)
    spans: list[tuple[datetime | None, datetime | None]] = list(
        zip(
            *(check.moments(name, local_timezone, optional=True) for name in ("from", "to")),
            strict=True,
        )
    )
    check.refuse(
        check.sound & np.array([not _right(*span) for span in spans], dtype=np.bool_),
        "the zone's times are not right",
        expected="from before to, or neither for a zone that is always closed",
        remedy="Correct the times.",
        values=[_told(span, zone) for span in spans],
    )
    return [None if a is None or b is None else (a, b) for a, b in spans]


def _right(first: datetime | None, last: datetime | None) -> bool:
    return first < last if first is not None and last is not None else first is last


def _told(span: Sequence[datetime | None], zone: ZoneInfo) -> str:
    return " to ".join("empty" if m is None else m.astimezone(zone).isoformat() for m in span)
