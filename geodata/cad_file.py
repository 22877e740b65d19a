"""Reads an extract of a dispatch system: calls with four time stamps and a position.

Nothing is guessed: columns, CRS, clock and the meaning of codes are declared. Rows that cannot
be true are faults; left out they are only on request, and then counted by reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.call_records import UNKNOWN, CallRecords
from geodata.datum import to_wgs84
from geodata.faults import FaultLog
from geodata.files import Table, read_table
from geodata.grid import Grid
from geodata.points import cells_of, crs_is_known, place
from geodata.row_check import RowCheck

REQUIRED: tuple[str, ...] = (
    "received",
    "dispatched",
    "arrived",
    "cleared",
    "code",
    "lon",
    "lat",
)
"""Columns that every extract has; a cancelled call has an empty `arrived`."""

OPTIONAL: tuple[str, ...] = ("grade", "units", "station")
"""Columns that are read where the declaration names them."""

SECOND_MIN = 1.0 / 60.0
"""Steps of a clock that shows seconds, minutes."""

Moments = list[datetime | None]
T = TypeVar("T")


@dataclass(frozen=True)
class CadExtract:
    """What an extract declares.

    `columns` maps the names used here to those of the file. `timezone` is the clock of times
    without an offset. `class_of_code` gives the class of each case code; codes in
    `officer_initiated` are dropped and counted. A job of more than `longest_job_h` hours from
    receipt to clearance is taken for a fault of a stamp. With `leave_out_faulty` faulty rows are
    left out and counted by reason, else they are faults.
    """

    columns: Mapping[str, str]
    crs: str | None
    timezone: str
    class_of_code: Mapping[str, str]
    officer_initiated: frozenset[str] = frozenset()
    longest_job_h: float = 24.0
    leave_out_faulty: bool = False


@dataclass(frozen=True)
class CadReading:
    """Recorded calls and what became of the file's rows.

    `officer_initiated` rows were asked for by nobody; `cancelled` ones, in which no unit came
    to the scene, are among the `records`; `left_out` counts faulty rows by reason.
    """

    records: CallRecords
    rows: int
    officer_initiated: int
    cancelled: int
    left_out: Mapping[str, int]


@dataclass
class _Sieve:
    """Checks of the rows, one reason after the other; `left_out[reason]` counts new faults."""

    check: RowCheck
    left_out: dict[str, int] = field(default_factory=dict)

    def __call__(self, reason: str, check: Callable[[RowCheck], T]) -> T:
        before = self.check.sound.copy()
        found = check(self.check)
        self.left_out[reason] = int((before & ~self.check.sound).sum())
        return found


def read_cad(
    path: Path, extract: CadExtract, area: StudyArea, grid: Grid, faults: FaultLog
) -> CadReading:
    """Calls of an extract, in the order of receipt; points become cells while it is read.

    Faults of a row: a time that cannot be read or has no zone, dispatch before receipt,
    arrival before dispatch, clearance before arrival, a job longer than `longest_job_h`, an
    unknown code, an empty station, a number that is none, a point outside the area. The result
    is to be used only when `faults` is empty (`faults.raise_if_any()`).
    """
    wanted = (*REQUIRED, *(name for name in OPTIONAL if name in extract.columns))
    crs_ok = crs_is_known(path.name, extract.crs, faults)
    table = read_table(path, wanted, faults, columns=extract.columns)
    if table is None or not crs_ok:
        return CadReading(_nothing(extract, grid), 0, 0, 0, MappingProxyType({}))
    RowCheck(table, faults).require_rows()
    sieve = _Sieve(RowCheck(table, FaultLog() if extract.leave_out_faulty else faults))
    found, public = _columns(sieve, extract, area, grid)
    sound = sieve.check.sound
    if len(sound) and not (sound & public).any() and not faults.faults:
        _note_nothing_left(table, faults)
    records = _records(extract, grid, np.flatnonzero(sound & public), found)
    return CadReading(
        records,
        len(sound),
        int((sound & ~public).sum()),
        int((~records.arrived).sum()),
        MappingProxyType({reason: count for reason, count in sieve.left_out.items() if count}),
    )


@dataclass(frozen=True)
class _Columns:
    """What the rows say, each list or array `[row]`; `stamps` by name, None for no moment."""

    codes: list[str]
    stamps: Mapping[str, Moments]
    minutes: Mapping[str, NDArray[np.float64]]
    cell: NDArray[np.int64]
    stations: list[str]
    grade: NDArray[np.float64]
    units: NDArray[np.float64]


def _columns(
    sieve: _Sieve, extract: CadExtract, area: StudyArea, grid: Grid
) -> tuple[_Columns, NDArray[np.bool_]]:
    """All columns of the rows, each fault noted, and which rows the public asked for."""
    known = sorted({*extract.class_of_code, *extract.officer_initiated})
    codes = sieve("unknown code", lambda check: check.choices("code", known, "the case codes"))
    public = np.array([code not in extract.officer_initiated for code in codes], dtype=bool)
    stamps = {
        name: sieve(f"unreadable {name}", _moments(name, extract.timezone))
        for name in ("received", "dispatched", "arrived", "cleared")
    }
    minutes = {name: _minutes(moments) for name, moments in stamps.items()}
    _refuse_impossible(sieve, minutes, public, extract.longest_job_h)
    cell = _cells(sieve, extract, area, grid, public)
    stations = sieve("no station", lambda check: _texts(check, "station"))
    grade = sieve("unreadable grade", lambda check: _numbers(check, "grade", 0.0, most=4.0))
    units = sieve("unreadable units", lambda check: _numbers(check, "units", 1.0))
    return _Columns(codes, stamps, minutes, cell, stations, grade, units), public


def _moments(name: str, timezone: str) -> Callable[[RowCheck], Moments]:
    """Reader of one stamp; only an arrival may be missing."""
    return lambda check: check.moments(name, timezone, optional=name == "arrived")


def _minutes(moments: Moments) -> NDArray[np.float64]:
    """Minutes since 1970-01-01 UTC, NaN for no moment."""
    return np.array(
        [np.nan if moment is None else moment.timestamp() / 60.0 for moment in moments],
        dtype=np.float64,
    )


def _refuse_impossible(
    sieve: _Sieve,
    minutes: Mapping[str, NDArray[np.float64]],
    public: NDArray[np.bool_],
    longest_job_h: float,
) -> None:
    """Refuse stamps that run backwards and jobs that take too long; no stamp is no fault here."""
    came = np.where(np.isnan(minutes["arrived"]), minutes["dispatched"], minutes["arrived"])
    too_long = minutes["cleared"] - minutes["received"] > 60.0 * longest_job_h
    order = "received, dispatched, arrived and cleared in this order"
    for problem, bad, stamps, expected in (
        (
            "dispatched before received",
            minutes["dispatched"] < minutes["received"],
            ("received", "dispatched"),
            order,
        ),
        (
            "arrived before dispatched",
            came < minutes["dispatched"],
            ("dispatched", "arrived"),
            order,
        ),
        ("cleared before arrived", minutes["cleared"] < came, ("arrived", "cleared"), order),
        (
            "cleared too long after received",
            too_long,
            ("received", "cleared"),
            f"at most {longest_job_h:g} h (longest_job_h)",
        ),
    ):
        sieve(problem, _refusal(problem, bad & public, stamps, expected))


def _refusal(
    problem: str, bad: NDArray[np.bool_], stamps: tuple[str, str], expected: str
) -> Callable[[RowCheck], None]:
    """Refuses the sound rows among the bad ones, showing two of their stamps."""

    def refuse(check: RowCheck) -> None:
        frame = check.table.frame
        check.refuse(
            bad & check.sound,
            problem,
            expected=expected,
            remedy="Correct the stamps, or leave faulty rows out with leave_out_faulty.",
            values=list(zip(*(frame[name].astype(str) for name in stamps), strict=True)),
        )

    return refuse


def _cells(
    sieve: _Sieve, extract: CadExtract, area: StudyArea, grid: Grid, public: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Cell of each call; the points end here."""
    lon = sieve("unreadable lon", lambda check: check.numbers("lon"))
    lat = sieve("unreadable lat", lambda check: check.numbers("lat"))
    cell = cells_of(place(*to_wgs84(lon, lat, str(extract.crs)), area), grid)
    sieve(
        "outside the area",
        lambda check: check.refuse(
            (cell < 0) & public & check.sound,
            "the call lies outside the study area",
            expected="a point within a district",
            remedy=f"Check the coordinates and the CRS: the file is declared {extract.crs}, "
            f"the area is {area.crs}; or leave faulty rows out with leave_out_faulty.",
            values=list(zip(lon.tolist(), lat.tolist(), strict=True)),
        ),
    )
    return cell


def _texts(check: RowCheck, column: str) -> list[str]:
    if column not in check.table.frame.columns:
        return [""] * len(check.sound)
    return check.texts(column)


def _numbers(
    check: RowCheck, column: str, absent: float, most: float = np.inf
) -> NDArray[np.float64]:
    """Whole numbers from 1 to `most`; `absent` in empty cells or where there is no column."""
    if column not in check.table.frame.columns:
        return np.full(len(check.sound), absent)
    found = check.numbers(column, minimum=1.0, whole=True, optional=True)
    check.refuse(
        found > most,
        f"{column} is above {most:g}",
        expected=f"a whole number from 1 to {most:g}",
        remedy="Correct the value.",
        values=check.table.frame[column],
    )
    return np.where(np.isnan(found), absent, found)


def _records(
    extract: CadExtract, grid: Grid, rows: NDArray[np.int64], found: _Columns
) -> CallRecords:
    """The calls of the given rows, in the order of receipt."""
    received = found.minutes["received"]
    order = rows[np.lexsort((rows, found.minutes["dispatched"][rows], received[rows]))].tolist()
    class_ids = tuple(dict.fromkeys(extract.class_of_code.values()))
    kind = {code: class_ids.index(name) for code, name in extract.class_of_code.items()}
    station_ids = tuple(sorted({found.stations[row] for row in order} - {""}))
    station = {name: number for number, name in enumerate(station_ids)}
    zone = ZoneInfo(extract.timezone)
    local = [
        moment.astimezone(zone)
        for row in order
        if (moment := found.stamps["received"][row]) is not None
    ]
    stamps = {name: minutes[order] for name, minutes in found.minutes.items()}
    return CallRecords(
        class_ids,
        station_ids,
        grid.n_cells,
        _clock_min(np.concatenate(list(stamps.values()))),
        stamps["received"],
        stamps["dispatched"],
        stamps["arrived"],
        stamps["cleared"],
        cell=found.cell[order],
        kind=np.array([kind[found.codes[row]] for row in order], dtype=np.int64),
        station=np.array([station.get(found.stations[row], UNKNOWN) for row in order], np.int64),
        grade=found.grade[order].astype(np.int64),
        units=found.units[order].astype(np.int64),
        clock_hour=np.array([moment.hour for moment in local], dtype=np.int64),
        weekday=np.array([moment.weekday() for moment in local], dtype=np.int64),
    )


def _clock_min(minutes: NDArray[np.float64]) -> float:
    """Steps of the recording clock: whole minutes when no stamp shows seconds."""
    known = minutes[np.isfinite(minutes)]
    return 1.0 if known.size and (known % 1.0 == 0.0).all() else SECOND_MIN


def _nothing(extract: CadExtract, grid: Grid) -> CallRecords:
    """No calls."""
    class_ids = tuple(dict.fromkeys(extract.class_of_code.values()))
    none = np.zeros(0)
    whole = np.zeros(0, dtype=np.int64)
    return CallRecords(
        class_ids,
        (),
        grid.n_cells,
        SECOND_MIN,
        *(none, none, none, none),
        *(whole, whole, whole, whole, whole, whole, whole),
    )


def _note_nothing_left(table: Table, faults: FaultLog) -> None:
    faults.add(
        table.file,
        "no row is left",
        expected="at least one call that the public asked for, without a fault",
        remedy="Check the columns, the clock and the codes that the description declares.",
    )
