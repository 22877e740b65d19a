"""Reads the event calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.events import RECURRENCES, EventWindow, in_clock_window
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.points import Points, crs_is_known, read_points
from geodata.row_check import RowCheck

_TIMES = ("start", "peak_from", "peak_to", "end")
_COLUMNS = (
    "event_id",
    "name_en",
    "name_zh",
    "district_id",
    "lon",
    "lat",
    *_TIMES,
    "peak_simultaneous",
    "staff_reference",
    "recurrence",
    "source",
)

Times = dict[str, list[datetime | None]]
"""Moments of each row by column name; None in faulty rows."""


@dataclass(frozen=True)
class EventCalendar:
    """Events that touch the horizon, and how many of the file do not.

    `placed` events have a position, `citywide` ones have none (lon and lat NaN).
    """

    placed: tuple[EventWindow, ...]
    citywide: tuple[EventWindow, ...]
    outside_horizon: int


def read_events(
    path: Path,
    area: StudyArea,
    horizon: Horizon,
    crs: str | None,
    faults: FaultLog,
    *,
    local_timezone: str | None = None,
    position_tolerance_m: float = 500.0,
    site_of_crowd: Mapping[str, str] | None = None,
) -> EventCalendar:
    """Events of a table, in its order; those with a fault are left out and noted.

    Times without an offset are a fault unless `local_timezone` is given. An event with a position
    and no stated district belongs to the district it lies in or nearest to. A position may lie up
    to `position_tolerance_m` metres outside the event's district (crowds stand on bridges and
    quays, published positions are rough). `site_of_crowd` are the known crowds with their sites,
    which the optional columns site_id and crowd_id may name. The result is to be used only when
    `faults` is empty (`faults.raise_if_any()`).
    """
    crs_ok = crs_is_known(path.name, crs, faults)
    table = read_table(path, _COLUMNS, faults, allowed=("notes",))
    if table is None:
        return EventCalendar((), (), 0)
    check = RowCheck(table, faults)
    check.require_rows()
    points = read_points(check, area, str(crs) if crs_ok else "wgs84", optional=True)
    located = _located(check)
    districts = _districts(check, area)
    if crs_ok:
        _refuse_far(check, points, located, districts, area, position_tolerance_m)
    times = _times(check, local_timezone, area.timezone)
    recurrences = check.choices("recurrence", RECURRENCES, "the recurrences")
    _refuse_daily_peaks(check, times, recurrences)
    homes = _homes(points, located, districts, area)
    tied = _tied(check, located, site_of_crowd)
    events = _events(check, points, homes, times, recurrences, tied)
    wanted = {row: event for row, event in events.items() if event.touches(horizon)}
    return EventCalendar(
        tuple(event for row, event in wanted.items() if located[row]),
        tuple(event for row, event in wanted.items() if not located[row]),
        len(events) - len(wanted),
    )


def _tied(
    check: RowCheck, located: NDArray[np.bool_], site_of_crowd: Mapping[str, str] | None
) -> list[tuple[str, str]]:
    """Site and crowd of each row, both empty where there are none or none are known."""
    columns = check.table.frame.columns
    if site_of_crowd is None or not {"site_id", "crowd_id"} <= set(columns):
        return [("", "")] * len(located)
    sites = check.texts("site_id", optional=True)
    crowds = check.texts("crowd_id", optional=True)
    pairs = list(zip(sites, crowds, strict=True))
    known = set(site_of_crowd.values())
    check.refuse(
        [site not in known | {""} for site in sites],
        "site_id is not a site of the layer that has a crowd",
        expected=", ".join(sorted(known)),
        remedy="Correct the value, or leave it empty for posts by the reference staff.",
        values=sites,
    )
    check.refuse(
        [site_of_crowd.get(crowd, "") != site and site in known | {""} for site, crowd in pairs],
        "crowd_id is not a crowd of the site",
        expected="an event_id of the table of crowds whose site is this one; both or neither",
        remedy="Correct the values.",
        values=pairs,
    )
    check.refuse(
        [site != "" and not there for site, there in zip(sites, located, strict=True)],
        "an event at a site has no position",
        expected="lon and lat",
        remedy="Fill in the position of the event's posts.",
        values=sites,
    )
    return pairs


def _located(check: RowCheck) -> NDArray[np.bool_]:
    """Rows with a position; half a position is a fault."""
    lon, lat = check.texts("lon", optional=True), check.texts("lat", optional=True)
    pairs = list(zip(lon, lat, strict=True))
    check.refuse(
        [(east == "") != (north == "") for east, north in pairs],
        "only one of lon and lat is given",
        expected="both, or neither for an event all over the city",
        remedy="Fill in the other one.",
        values=pairs,
    )
    return np.array([east != "" and north != "" for east, north in pairs], dtype=bool)


def _districts(check: RowCheck, area: StudyArea) -> list[str]:
    found = check.texts("district_id", optional=True)
    check.refuse(
        [name != "" and name not in area.district_ids for name in found],
        "district_id is not a district of the area",
        expected=", ".join(area.district_ids[:12]),
        remedy="Correct the value, or leave it empty for an event all over the city.",
        values=found,
    )
    return found


def _refuse_far(
    check: RowCheck,
    points: Points,
    located: NDArray[np.bool_],
    districts: Sequence[str],
    area: StudyArea,
    tolerance_m: float,
) -> None:
    """Refuse positions too far from the stated district, or from the area where none is."""
    index = {name: number for number, name in enumerate(area.district_ids)}
    polygons = [district.polygon for district in area.districts]
    whole = shapely.GeometryCollection(polygons)
    far = np.zeros(len(located), dtype=bool)
    for row in np.nonzero(check.sound & located)[0].tolist():
        home = polygons[index[districts[row]]] if districts[row] in index else whole
        position = shapely.Point(points.x[row], points.y[row])
        far[row] = not home.distance(position) <= tolerance_m
    pairs = list(zip(points.lon.tolist(), points.lat.tolist(), strict=True))
    check.refuse(
        far,
        f"the event lies more than {tolerance_m:g} m outside its district",
        expected="a position in the district it names, or in the area",
        remedy="Check the coordinates, the district and the CRS declared for the file.",
        values=pairs,
    )


def _homes(
    points: Points, located: NDArray[np.bool_], districts: Sequence[str], area: StudyArea
) -> list[str]:
    """District of each row: the stated one, for a position without one the nearest."""
    polygons = [district.polygon for district in area.districts]
    homes = list(districts)
    for row in np.nonzero(located & np.isfinite(points.x))[0].tolist():
        if not homes[row]:
            position = shapely.Point(points.x[row], points.y[row])
            homes[row] = area.district_ids[int(np.argmin(shapely.distance(polygons, position)))]
    return homes


def _times(check: RowCheck, local_timezone: str | None, area_timezone: str) -> Times:
    """The four times of each row in local time, in order where the row is sound."""
    zone = ZoneInfo(local_timezone or area_timezone)
    found = {
        name: [
            None if moment is None else moment.astimezone(zone)
            for moment in check.moments(name, local_timezone)
        ]
        for name in _TIMES
    }
    _refuse_order(check, found, ("start", "end"), "the event ends before it starts")
    _refuse_order(check, found, ("peak_from", "peak_to"), "the peak ends before it starts")
    leaves = "the peak lies outside the event"
    _refuse_order(check, found, ("start", "peak_from"), leaves, may_equal=True)
    _refuse_order(check, found, ("peak_to", "end"), leaves, may_equal=True)
    return found


def _refuse_order(
    check: RowCheck,
    times: Times,
    columns: tuple[str, str],
    problem: str,
    *,
    may_equal: bool = False,
) -> None:
    pairs = list(zip(times[columns[0]], times[columns[1]], strict=True))
    wrong = [
        first is not None
        and last is not None
        and (first > last or (first == last and not may_equal))
        for first, last in pairs
    ]
    check.refuse(
        check.sound & np.array(wrong, dtype=bool),
        problem,
        expected=f"{columns[0]} before {columns[1]}",
        remedy="Correct the times; a night event ends on the next date.",
        values=[
            f"{first and first.isoformat()} to {last and last.isoformat()}" for first, last in pairs
        ],
    )


def _refuse_daily_peaks(check: RowCheck, times: Times, recurrences: Sequence[str]) -> None:
    """Refuse daily events whose peak begins at a clock time when they do not take place."""
    outside = np.zeros(len(recurrences), dtype=bool)
    for row, (start, peak, end) in enumerate(
        zip(times["start"], times["peak_from"], times["end"], strict=True)
    ):
        if recurrences[row] == "daily" and start and peak and end:
            outside[row] = not in_clock_window(peak, start, end)
    check.refuse(
        check.sound & outside,
        "the peak lies outside the daily hours",
        expected="a peak between the clock times of start and end",
        remedy="Correct the times; a daily event takes place between these clock times.",
        values=[peak and peak.isoformat() for peak in times["peak_from"]],
    )


def _events(
    check: RowCheck,
    points: Points,
    districts: Sequence[str],
    times: Times,
    recurrences: Sequence[str],
    tied: Sequence[tuple[str, str]],
) -> dict[int, EventWindow]:
    """Event of each sound row."""
    ids = check.texts("event_id")
    check.unique(["event_id"], ids, "the event")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    sources = check.texts("source")
    peak = check.numbers("peak_simultaneous", minimum=0.0, optional=True)
    staff = check.numbers("staff_reference", minimum=0.0, optional=True)
    found = {}
    for row in np.nonzero(check.sound)[0].tolist():
        start, peak_from, peak_to, end = (times[name][row] for name in _TIMES)
        if start is None or end is None or peak_from is None or peak_to is None:
            continue  # never in a sound row; tells the type checker so
        found[row] = EventWindow(
            event_id=ids[row],
            name_en=names_en[row],
            name_zh=names_zh[row],
            district_id=districts[row],
            lon=float(points.lon[row]),
            lat=float(points.lat[row]),
            start=start,
            end=end,
            peak_from=peak_from,
            peak_to=peak_to,
            peak_simultaneous=float(peak[row]),
            staff_reference=float(staff[row]),
            recurrence=recurrences[row],
            source=sources[row],
            site_id=tied[row][0],
            crowd_id=tied[row][1],
        )
    return found
