"""Reads the crowds of events: published figures or curves, and closed metro stations."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geodata.crowd import (
    DWELL_CV,
    DWELL_KINDS,
    SHORTEST_STAY_MIN,
    STATION_STATES,
    Attendance,
    Dwell,
    EventCrowd,
    PublishedCurve,
    StationClosure,
    attendance_from_arrivals,
    attendance_from_occupancy,
    published_attendance,
    quarter_of,
)
from geodata.crowd_density import CRITICAL_PER_M2, WARNING_PER_M2
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.row_check import RowCheck
from geodata.sites import Site

FORMS: tuple[str, ...] = ("published", "occupancy", "arrivals")
EGRESS_H = 3
"""Hours after an event's end in which its egress is still followed."""

_TIMES = ("start", "peak_from", "peak_to", "arrivals_to", "end")
_FIGURES = ("peak", "day_total", "dwell_min", "dwell_cv")
_STAFF = ("organiser_staff", "ticket_cap", "staff_reference", "crowd_cv")
_EVENT_COLUMNS = (
    "event_id",
    "name_en",
    "name_zh",
    "site_id",
    "form",
    *_TIMES,
    "dwell",
    *_FIGURES,
    *_STAFF,
    "source",
)
_CURVE_COLUMNS = ("event_id", "time", "people")
_CLOSURE_COLUMNS = ("event_id", "station_id", "state", "start", "end", "source")

Curves = Mapping[str, Sequence[tuple[datetime, float]]]


@dataclass(frozen=True)
class CrowdBook:
    """Crowds of all events in the order of the file, and what a planner should look at twice."""

    crowds: tuple[EventCrowd, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    """One event as the table states it, in local time; figures that are not given are NaN."""

    row: int
    texts: Mapping[str, str]
    times: Mapping[str, datetime]
    figures: Mapping[str, float]


def read_crowds(
    events_path: Path,
    curves_path: Path | None,
    closures_path: Path | None,
    sites: Sequence[Site],
    faults: FaultLog,
    *,
    timezone: str,
) -> CrowdBook:
    """Crowds of a table of events on `sites`; times without an offset are in `timezone`.

    An event of the form `published` needs two of peak, day total and mean stay; `occupancy` and
    `arrivals` need points in the table of curves (the latter a stay as well). Without sites (their
    own files had faults) nothing is read. To be used only when `faults` is empty.
    """
    known = {site.site_id: site for site in sites}
    table = read_table(events_path, _EVENT_COLUMNS, faults) if known else None
    if table is None:
        return CrowdBook((), ())
    check = RowCheck(table, faults)
    check.require_rows()
    rows = _event_rows(check, known, timezone)
    ids = [str(name).strip() for name in table.frame["event_id"]]
    curves = _read_curves(curves_path, ids, timezone, faults)
    site_of = {row.texts["event_id"]: known[row.texts["site_id"]] for row in rows}
    closures = _read_closures(closures_path, ids, site_of, timezone, faults)
    crowds = []
    for row in rows:
        name = row.texts["event_id"]
        attendance = _attendance(row, curves.get(name, ()), table.file, faults)
        if attendance is not None:
            crowds.append(_crowd(row, attendance, tuple(closures[name])))
            _refuse_crowd(crowds[-1], site_of[name], row.row, table.file, faults)
    warnings = [_warning(crowd, site_of[crowd.event_id]) for crowd in crowds]
    return CrowdBook(tuple(crowds), tuple(text for text in warnings if text))


def _event_rows(check: RowCheck, sites: Mapping[str, Site], timezone: str) -> list[_Row]:
    """The sound rows of the table of events."""
    texts = {name: check.texts(name) for name in ("event_id", "name_en", "source")}
    texts["name_zh"] = check.texts("name_zh", optional=True)
    texts["site_id"] = check.choices("site_id", list(sites), "the sites")
    texts["form"] = check.choices("form", FORMS, "the forms")
    texts["dwell"] = check.texts("dwell", optional=True)
    check.unique(["event_id"], texts["event_id"], "the event")
    check.refuse(
        [name not in ("", *DWELL_KINDS) for name in texts["dwell"]],
        "dwell is not one of the kinds of stay",
        expected=", ".join(DWELL_KINDS),
        remedy="Correct the value, or leave it empty for lognormal stays.",
        values=texts["dwell"],
    )
    figures = {name: _figure(check, name) for name in (*_FIGURES, *_STAFF)}
    times = {name: check.moments(name, timezone) for name in _TIMES}
    _refuse_order(check, times, timezone)
    zone = ZoneInfo(timezone)
    return [
        _Row(
            row + 1,
            {name: column[row] for name, column in texts.items()},
            {
                name: moment.astimezone(zone)
                for name in _TIMES
                if (moment := times[name][row]) is not None
            },
            {name: float(column[row]) for name, column in figures.items()},
        )
        for row in np.flatnonzero(check.sound).tolist()
    ]


def _figure(check: RowCheck, name: str) -> NDArray[np.float64]:
    least = {"dwell_min": SHORTEST_STAY_MIN, "peak": 1.0, "day_total": 1.0}.get(name, 0.0)
    return check.numbers(name, minimum=least, optional=True)


def _refuse_order(
    check: RowCheck, times: Mapping[str, Sequence[datetime | None]], timezone: str
) -> None:
    """Each time follows the one before; event and arrivals last a while."""
    zone = ZoneInfo(timezone)
    spans = (
        ("start", "peak_from", True),
        ("peak_from", "peak_to", False),
        ("peak_to", "arrivals_to", True),
        ("arrivals_to", "end", True),
    )
    for first, last, may_equal in spans:
        pairs = list(zip(times[first], times[last], strict=True))
        wrong = [
            early is not None
            and late is not None
            and (early > late or (early == late and not may_equal))
            for early, late in pairs
        ]
        check.refuse(
            check.sound & np.array(wrong, dtype=bool),
            f"{last} does not come after {first}, or the span has no length",
            expected="start, peak_from, peak_to, arrivals_to and end in this order",
            remedy="Correct the times; a night event ends on the next date.",
            values=[
                " to ".join(m.astimezone(zone).isoformat() for m in pair if m is not None)
                for pair in pairs
            ],
        )


def _read_curves(
    path: Path | None, ids: Sequence[str], timezone: str, faults: FaultLog
) -> dict[str, list[tuple[datetime, float]]]:
    """Points of each event in order of time."""
    found: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    table = None if path is None else read_table(path, _CURVE_COLUMNS, faults, allowed=("notes",))
    if table is None:
        return found
    check = RowCheck(table, faults)
    names = check.choices("event_id", ids, "the events")
    moments = check.moments("time", timezone)
    people = check.numbers("people", minimum=0.0)
    off = [m is not None and (m.minute % 15 + m.second + m.microsecond) != 0 for m in moments]
    check.refuse(
        off,
        "time is not on a quarter-hour",
        expected="minutes 00, 15, 30 or 45",
        remedy="Correct the time.",
        values=table.frame["time"],
    )
    check.unique(["event_id", "time"], list(zip(names, moments, strict=True)), "the point")
    for row in np.flatnonzero(check.sound).tolist():
        moment = moments[row]
        if moment is not None:
            found[names[row]].append((moment, float(people[row])))
    return {name: sorted(points) for name, points in found.items()}


def _read_closures(
    path: Path | None,
    ids: Sequence[str],
    site_of: Mapping[str, Site],
    timezone: str,
    faults: FaultLog,
) -> dict[str, list[StationClosure]]:
    """Closed or skipped stations of each event."""
    found: dict[str, list[StationClosure]] = defaultdict(list)
    table = None if path is None else read_table(path, _CLOSURE_COLUMNS, faults)
    if table is None:
        return found
    check = RowCheck(table, faults)
    names = check.choices("event_id", ids, "the events")
    stations, sources = check.texts("station_id"), check.texts("source")
    states = check.choices("state", STATION_STATES, "the states of a station")
    starts, ends = check.moments("start", timezone), check.moments("end", timezone)
    check.refuse(
        [
            name in site_of and station not in site_of[name].station_ids
            for name, station in zip(names, stations, strict=True)
        ],
        "the station has no entrance on the event's site",
        expected="a station_id of the table of passages",
        remedy="Correct the station, or add its entrances.",
        values=stations,
    )
    check.refuse(
        [a is not None and b is not None and a >= b for a, b in zip(starts, ends, strict=True)],
        "the closure ends before it starts, or has no length",
        expected="start before end",
        remedy="Correct the times.",
        values=list(zip(table.frame["start"], table.frame["end"], strict=True)),
    )
    zone = ZoneInfo(timezone)
    for row in np.flatnonzero(check.sound).tolist():
        start, end = starts[row], ends[row]
        if start is not None and end is not None:
            window = start.astimezone(zone), end.astimezone(zone)
            found[names[row]].append(
                StationClosure(stations[row], states[row], *window, sources[row])
            )
    return found


def _horizon(row: _Row) -> Horizon:
    """Whole hours of the event and of its egress."""
    first = row.times["start"].replace(minute=0, second=0, microsecond=0)
    hours = math.ceil((row.times["end"].timestamp() - first.timestamp()) / 3600)
    return Horizon(first, hours + EGRESS_H)


def _attendance(
    row: _Row, points: Sequence[tuple[datetime, float]], file: str, faults: FaultLog
) -> Attendance | None:
    """Attendance of one event, or None with the reason noted."""
    horizon, figures = _horizon(row), row.figures
    given = sum(math.isfinite(figures[name]) for name in ("peak", "day_total", "dwell_min"))
    form = row.texts["form"]
    if form == "published" and given < 2:
        problem = "fewer than two of peak, day_total and dwell_min are given"
    elif form == "arrivals" and not math.isfinite(figures["dwell_min"]):
        problem = "arrivals need the mean stay dwell_min"
    elif form != "published" and not points:
        problem = f"the event of the form {form} has no points in the table of curves"
    else:
        try:
            return _built(row, horizon, points)
        except ValueError as error:
            problem = str(error)
    faults.add(
        file,
        problem,
        expected="figures that fit each other; docs/data-formats.md says which are needed",
        remedy="Correct the figures or the times.",
        row=row.row,
        value=row.texts["event_id"],
    )
    return None


def _built(row: _Row, horizon: Horizon, points: Sequence[tuple[datetime, float]]) -> Attendance:
    figures, source = row.figures, row.texts["source"]
    quarter = {name: quarter_of(horizon, row.times[name]) for name in _TIMES}
    end = math.ceil(quarter["end"])
    mean = figures["dwell_min"] if math.isfinite(figures["dwell_min"]) else SHORTEST_STAY_MIN
    spread = figures["dwell_cv"] if math.isfinite(figures["dwell_cv"]) else DWELL_CV
    dwell = Dwell(row.texts["dwell"] or "lognormal", mean, spread)
    if row.texts["form"] == "published":
        curve = PublishedCurve(**quarter)
        totals = figures["peak"], figures["day_total"]
        return published_attendance(curve, 4 * horizon.hours, *totals, dwell, source)
    where = np.array([quarter_of(horizon, moment) for moment, _ in points])
    people = np.array([count for _, count in points])
    if where[0] < math.floor(quarter["start"]) or where[-1] > end:
        raise ValueError("a point of its curve lies outside the event")
    if row.texts["form"] == "arrivals":
        arrivals = np.zeros(4 * horizon.hours)
        arrivals[where.astype(np.int64)] = people
        return attendance_from_arrivals(arrivals, dwell, end, source)
    if where[0] > quarter["start"]:
        where, people = np.append(quarter["start"], where), np.append(0.0, people)
    if where[-1] < quarter["end"]:
        where, people = np.append(where, quarter["end"]), np.append(people, 0.0)
    inside = np.interp(np.arange(1.0, 4 * horizon.hours + 1), where, people, left=0.0, right=0.0)
    return attendance_from_occupancy(inside, end, source)


def _crowd(row: _Row, attendance: Attendance, closures: tuple[StationClosure, ...]) -> EventCrowd:
    texts, figures = row.texts, row.figures
    known = {name: figures[name] for name in ("organiser_staff", "crowd_cv")}
    zeroed = {name: 0.0 if math.isnan(value) else value for name, value in known.items()}
    return EventCrowd(
        event_id=texts["event_id"],
        name_en=texts["name_en"],
        name_zh=texts["name_zh"],
        site_id=texts["site_id"],
        horizon=_horizon(row),
        attendance=attendance,
        ticket_cap=figures["ticket_cap"],
        staff_reference=figures["staff_reference"],
        closures=closures,
        source=texts["source"],
        **zeroed,
    )


def _refuse_crowd(crowd: EventCrowd, site: Site, row: int, file: str, faults: FaultLog) -> None:
    """Note crowds that cannot be: more than fit, fewer than the gates, more than the tickets."""
    peak, total = crowd.attendance.peak, crowd.attendance.total
    density = peak / site.free_area_m2
    gates = len(site.gates)
    for wrong, problem, expected in (
        (
            density > CRITICAL_PER_M2,
            f"{peak:.0f} people at the peak on {site.free_area_m2:.0f} m2 are {density:.1f} per m2",
            f"at most {CRITICAL_PER_M2:g} per m2, where nobody can move (Fruin)",
        ),
        (
            total < gates,
            f"the event has {gates} gates for {total:.0f} people",
            "no more gates than people",
        ),
        (
            total > crowd.ticket_cap,
            f"{total:.0f} people come with {crowd.ticket_cap:.0f} tickets",
            "no more people than tickets",
        ),
    ):
        if wrong:
            faults.add(
                file,
                problem,
                expected=expected,
                remedy="Correct the figures of the event or the site.",
                row=row,
                value=crowd.event_id,
            )


def _warning(crowd: EventCrowd, site: Site) -> str:
    """What to look at twice about a crowd that is possible; empty when there is nothing."""
    visits = sum(zone.visit_share for zone in site.zones)
    density = {
        zone.zone_id: crowd.attendance.peak * zone.visit_share / visits / zone.free_area_m2
        for zone in site.zones
    }
    densest = max(density, key=lambda zone_id: density[zone_id])
    if density[densest] <= WARNING_PER_M2:
        return ""
    return (
        f"{crowd.event_id}: {crowd.attendance.peak:.0f} people at the peak want to be "
        f"{density[densest]:.1f} per m2 in {densest}, above {WARNING_PER_M2:g} "
        "(Green Guide, standing room)"
    )
