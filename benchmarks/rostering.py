"""Published shift scheduling instances (Curtois and Qu 2014): rosters of lines with a bound."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import timed
from benchmarks.record import Instance, Record, peak_mb
from geodata.faults import FaultLog
from optimizer.judges.roster_rules import roster_cost, roster_violations
from optimizer.models.rosters.rosters import RosterOptions, solve_rosters
from optimizer.plan import Status
from optimizer.roster_lines import DayShift, LineProblem, LineRules

Read = TypeVar("Read")

FIELDS: Mapping[str, int] = {
    "SECTION_HORIZON": 1,
    "SECTION_SHIFTS": 3,
    "SECTION_STAFF": 8,
    "SECTION_DAYS_OFF": 1,
    "SECTION_SHIFT_ON_REQUESTS": 4,
    "SECTION_SHIFT_OFF_REQUESTS": 4,
    "SECTION_COVER": 5,
}
"""Sections of a file, and the fewest fields of their rows."""

NO_LIMIT = 1_000_000
"""Repairs that bring nothing: the time limit ends the search before."""


def run(instance: Instance, seconds: float) -> Record:
    """Solve one instance; `value` is the cost recomputed from the roster by the judge.

    The reading of the file counts as building. A roster that broke a rule would have no value.
    """
    problem, build_s = timed(lambda: read_rostering(instance.files[0]))
    options = RosterOptions(seconds=seconds, repairs=NO_LIMIT)
    found, solve_s = timed(lambda: solve_rosters(problem, options))
    broken = found.status == Status.INFEASIBLE or roster_violations(problem, found.roster)
    return Record(
        family=instance.family,
        instance=instance.name,
        params=instance.params_text,
        value=None if broken else float(roster_cost(problem, found.roster)),
        bound=None if found.status == Status.INFEASIBLE else float(found.bound),
        known=instance.known,
        status="rules broken" if broken else found.status.value,
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


@dataclass(frozen=True)
class _Row:
    """One row of a section: its line in the file and its fields."""

    number: int
    fields: tuple[str, ...]


def read_rostering(path: Path) -> LineProblem:
    """A problem from its text file.

    Raises
    ------
    BadInput
        When a section is missing or a row cannot be read, with every such row; when the parts
        do not fit together.
    """
    log = FaultLog()
    sections = _sections(path, log)
    log.raise_if_any()
    reader = _Reader(path.name, log)
    (n_days,) = reader.each(sections["SECTION_HORIZON"][:1], lambda row: int(row[0])) or (0,)
    shifts = tuple(reader.each(sections["SECTION_SHIFTS"], _shift))
    number = {shift.shift_id: at for at, shift in enumerate(shifts)}
    off = dict(reader.each(sections["SECTION_DAYS_OFF"], _days_off))
    lines = tuple(reader.each(sections["SECTION_STAFF"], lambda row: _line(row, number, off)))
    of_line = {line.line_id: at for at, line in enumerate(lines)}
    duty_cost = np.zeros((len(lines), n_days, len(shifts)), dtype=np.int64)

    def request(row: tuple[str, ...], sign: int) -> int:
        weight = int(row[3])
        duty_cost[of_line[row[0]], _day(row[1], n_days), number[row[2]]] += sign * weight
        return weight

    base = sum(reader.each(sections["SECTION_SHIFT_ON_REQUESTS"], lambda row: request(row, -1)))
    reader.each(sections["SECTION_SHIFT_OFF_REQUESTS"], lambda row: request(row, 1))
    cover = np.zeros((3, n_days, len(shifts)), dtype=np.int64)
    reader.each(sections["SECTION_COVER"], lambda row: _wanted(row, cover, number))
    log.raise_if_any()
    wanted, under, over = cover
    return LineProblem(n_days, shifts, lines, wanted, under, over, duty_cost, base)


@dataclass(frozen=True)
class _Reader:
    """Reads rows one by one and notes those that cannot be read."""

    file: str
    log: FaultLog

    def each(self, rows: list[_Row], read: Callable[[tuple[str, ...]], Read]) -> list[Read]:
        """What `read` makes of every row that it can read."""
        found = []
        for row in rows:
            try:
                found.append(read(row.fields))
            except (ValueError, KeyError) as reason:
                self.log.add(
                    self.file,
                    f"line {row.number} cannot be read: {reason}",
                    expected="numbers, and days, shifts and lines of this file",
                    remedy="Correct the line.",
                    value=",".join(row.fields),
                )
        return found


def _sections(path: Path, log: FaultLog) -> dict[str, list[_Row]]:
    """Rows of every section; comments and empty lines are left out."""
    found: dict[str, list[_Row]] = {}
    name = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        text = line.strip()
        fields = tuple(part.strip() for part in text.split(","))
        if text.startswith("SECTION_"):
            name = text
            found[name] = []
        elif text and not text.startswith("#"):
            if len(fields) < FIELDS.get(name, 1):
                log.add(
                    path.name,
                    f"line {number} is too short for {name}",
                    expected=f"{FIELDS[name]} fields",
                    remedy="Complete the line.",
                    value=text,
                )
            found.setdefault(name, []).append(_Row(number, fields))
    for missing in [section for section in FIELDS if section not in found]:
        log.add(path.name, f"{missing} is missing", expected="all sections", remedy="Add it.")
    return found


def _shift(row: tuple[str, ...]) -> DayShift:
    return DayShift(row[0], int(row[1]), frozenset(filter(None, row[2].split("|"))))


def _days_off(row: tuple[str, ...]) -> tuple[str, frozenset[int]]:
    return row[0], frozenset(map(int, row[1:]))


def _line(
    row: tuple[str, ...], number: Mapping[str, int], off: Mapping[str, frozenset[int]]
) -> LineRules:
    limits = dict(part.split("=", 1) for part in row[1].split("|"))
    most, least, max_run, min_run, min_off, weekends = map(int, row[2:8])
    return LineRules(
        line_id=row[0],
        most_of=tuple(int(limits[shift]) for shift in number),
        min_minutes=least,
        max_minutes=most,
        min_run=min_run,
        max_run=max_run,
        min_off=min_off,
        max_weekends=weekends,
        days_off=off.get(row[0], frozenset()),
    )


def _wanted(row: tuple[str, ...], cover: NDArray[np.int64], number: Mapping[str, int]) -> None:
    """Requirement, weight for under and weight for over of one day and shift."""
    cover[:, _day(row[0], cover.shape[1]), number[row[1]]] = [int(part) for part in row[2:5]]


def _day(text: str, n_days: int) -> int:
    day = int(text)
    if not 0 <= day < n_days:
        raise ValueError(f"day {day} is not one of 0 to {n_days - 1}")
    return day
