"""What is asked of `muster cordon`: the point, the moment and the exits, each proved usable."""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from geodata.datum import datum_fault, to_wgs84
from geodata.faults import BadInput, FaultLog
from geodata.files import read_table
from geodata.places import Places
from geodata.points import cells_of, place, places_at, read_points_inside
from geodata.row_check import RowCheck
from geodata.situation import Situation
from scenarios.finished_run import FinishedRun, open_run
from scenarios.tables import localised

EXIT_COLUMNS = ("exit_id", "name_en", "name_zh", "lon", "lat")


@dataclass(frozen=True)
class CordonWords:
    """The request as it was typed; `exits` is a file in the CRS `crs`.

    Rings are tried from `ring_min` on.
    """

    at: str
    crs: str
    time: str
    alarm_min: float
    car_factor: float
    ring_min: float
    exits: Path | None = None


@dataclass(frozen=True)
class CordonRequest:
    """A point in WGS84 degrees with its cell, the alarm and its hour of the horizon.

    The car has `alarm_min` minutes before the alarm and drives `car_factor` times as fast as the
    roads allow at their quickest. Rings are tried from `ring_min` on.
    """

    lon: float
    lat: float
    cell: int
    alarm: datetime
    hour: int
    alarm_min: float
    car_factor: float
    ring_min: float
    exits: Places | None


def open_and_understand(folder: Path, words: CordonWords) -> tuple[FinishedRun, CordonRequest]:
    """The run in `folder` and what is asked of it.

    Raises
    ------
    BadInput
        With every fault of the request and of the run at once.
    """
    faults = FaultLog()
    _refuse_numbers(words, faults)
    crs = _crs(words.crs, faults)
    point = _two_numbers(words.at, faults)
    moment = _moment(words.time, faults)
    finished = faults.attempt(lambda _: open_run(folder))
    if finished is None:
        raise BadInput(faults.faults)
    situation = finished.world.situation
    alarm = None if moment is None else _alarm(moment, words.time, situation, faults)
    found = None if point is None or crs is None else _placed(point, crs, situation, faults)
    exits = None
    if words.exits is not None and crs is not None:
        path, known = words.exits, crs
        exits = faults.attempt(lambda log: read_exits(path, situation, known, log))
    faults.raise_if_any()
    if found is None or alarm is None:
        raise AssertionError("a part of the request is missing although no fault was noted")
    lon, lat, cell = found
    hour = int(situation.horizon.hour_index(alarm))
    return finished, CordonRequest(
        lon, lat, cell, alarm, hour, words.alarm_min, words.car_factor, words.ring_min, exits
    )


def read_exits(path: Path, situation: Situation, crs: str, faults: FaultLog) -> Places | None:
    """Exits of a table, each tied to its cell; None where a row has a fault."""
    table = read_table(path, EXIT_COLUMNS, faults)
    if table is None:
        return None
    check = RowCheck(table, faults)
    check.require_rows()
    ids, names_en = check.texts("exit_id"), check.texts("name_en")
    names_zh = check.texts("name_zh", optional=True)
    check.unique(["exit_id"], ids, "the exit")
    points = read_points_inside(check, situation.area, crs)
    if not check.sound.all() or not len(check.sound):
        return None
    texts = (ids, ["exit"] * len(ids), names_en, names_zh)
    return places_at(points, np.arange(len(ids)), situation.grid, texts)


def _refuse_numbers(words: CordonWords, faults: FaultLog) -> None:
    if not 0.0 <= words.alarm_min < math.inf:
        faults.add(
            "--alarm-min",
            "the minutes between the car and the alarm are negative or not finite",
            expected="0 or more minutes",
            remedy="Say by how many minutes the car left before the alarm.",
            value=words.alarm_min,
        )
    for option, value, example in (
        ("--car-factor", words.car_factor, "a factor such as 1.2"),
        ("--ring-min", words.ring_min, "minutes such as 5"),
    ):
        if not 0.0 < value < math.inf:
            faults.add(
                option,
                "the number is not above 0 or not finite",
                expected=example,
                remedy="Correct the number.",
                value=value,
            )


def _crs(text: str, faults: FaultLog) -> str | None:
    fault = datum_fault(text)
    if fault is None:
        return text
    faults.add(
        "--crs",
        fault,
        expected="wgs84, gcj02, bd09 or EPSG:n",
        remedy="Name the CRS of the point and of the exits.",
        value=text,
    )
    return None


def _two_numbers(text: str, faults: FaultLog) -> tuple[float, float] | None:
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        first = second = math.nan
    if math.isfinite(first) and math.isfinite(second):
        return first, second
    faults.add(
        "--at",
        "the point is not two numbers",
        expected="longitude and latitude, such as 121.47,31.23",
        remedy="Write both with a comma between them.",
        value=text,
    )
    return None


def _moment(text: str, faults: FaultLog) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        faults.add(
            "--time",
            "the alarm is not a time",
            expected="ISO 8601, such as 2027-02-05T21:30",
            remedy="Correct the time; without an offset it is local time.",
            value=text,
        )
        return None


def _alarm(moment: datetime, text: str, situation: Situation, faults: FaultLog) -> datetime | None:
    """The moment in the area's time, if it lies in the hours of the run."""
    zone, horizon = ZoneInfo(situation.area.timezone), situation.horizon
    if moment.tzinfo is None:
        offsets = {moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
        if len(offsets) > 1:
            faults.add(
                "--time",
                "the local clock skips this time or shows it twice",
                expected="a time with its offset",
                remedy="Add the offset, such as +08:00.",
                value=text,
            )
            return None
    alarm = localised(moment, zone)
    if 0 <= horizon.hour_index(alarm) < horizon.hours:
        return alarm
    faults.add(
        "--time",
        "the alarm is not in the hours of the run",
        expected=f"from {horizon.start.isoformat()} to before {horizon.end.isoformat()}",
        remedy="Correct the time, or plan the scenario for these hours.",
        value=text,
    )
    return None


def _placed(
    point: tuple[float, float], crs: str, situation: Situation, faults: FaultLog
) -> tuple[float, float, int] | None:
    """Degrees and cell of the point."""
    found = place(*to_wgs84(np.array(point[:1]), np.array(point[1:]), crs), situation.area)
    cell = int(cells_of(found, situation.grid)[0])
    if cell >= 0:
        return float(found.lon[0]), float(found.lat[0]), cell
    faults.add(
        "--at",
        "the point lies outside the study area",
        expected="a point within a district",
        remedy=f"Check the coordinates and the CRS: they were taken as {crs}.",
        value=point,
    )
    return None
