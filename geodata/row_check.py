"""Reads the columns of a table, notes every fault and remembers which rows are sound."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geodata.faults import FaultLog
from geodata.files import Table

LISTED = 20
"""Faults of one kind that are listed row by row; the others are counted."""

_LARGEST_WHOLE = 2.0**53
"""Beyond it a number read as text is no longer exact."""

Values = Sequence[object] | pd.Series
"""What stands in the rows: shown only for those that are listed."""

_FLAGS = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}


@dataclass
class RowCheck:
    """One pass over a table; `sound[row]` turns False where a fault was noted.

    A column is returned whole, with NaN, empty text or None in the rows that are not sound.
    """

    table: Table
    faults: FaultLog
    sound: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.sound = np.ones(len(self.table.frame), dtype=bool)

    def refuse(
        self, bad: ArrayLike, problem: str, *, expected: str, remedy: str, values: Values
    ) -> None:
        """Note the rows where `bad` holds: the first `LISTED` one by one, the others as a count."""
        mask = np.asarray(bad, dtype=bool)
        rows = np.nonzero(mask)[0].tolist()
        self.sound &= ~mask
        for row in rows[:LISTED]:
            self.faults.add(
                self.table.file,
                problem,
                expected=expected,
                remedy=remedy,
                row=row + 1,
                value=_plain(values.iloc[row] if isinstance(values, pd.Series) else values[row]),
            )
        if len(rows) > LISTED:
            self.faults.add(
                self.table.file,
                f"{len(rows) - LISTED} more rows: {problem}",
                expected=expected,
                remedy=remedy,
            )

    def require_rows(self) -> None:
        """A table without rows is a fault."""
        if not len(self.sound):
            self.faults.add(
                self.table.file,
                "the table has no rows",
                expected="at least one row below the header",
                remedy="Fill the file, or leave it out of the scenario.",
            )

    def texts(self, column: str, *, optional: bool = False) -> list[str]:
        """Text without blanks around it; an empty one is a fault unless `optional`."""
        codes, distinct = pd.factorize(self.table.frame[column], use_na_sentinel=False)
        words = ["" if pd.isna(value) else str(_plain(value)).strip() for value in distinct]
        found = [words[code] for code in codes.tolist()]
        if not optional:
            empty = [text == "" for text in found]
            self.refuse(
                empty,
                f"{column} is empty",
                expected="a value in every row",
                remedy="Fill it in.",
                values=found,
            )
        return found

    def choices(self, column: str, known: Collection[str], what: str) -> list[str]:
        """Texts that must be among `known`; `what` says what these are."""
        found = self.texts(column)
        some = ", ".join(list(known)[:12]) + (", ..." if len(known) > 12 else "")
        members = frozenset(known)
        self.refuse(
            [text != "" and text not in members for text in found],
            f"{column} is not one of {what}",
            expected=some or f"none: there are no {what}",
            remedy="Correct the value.",
            values=found,
        )
        return found

    def numbers(
        self,
        column: str,
        *,
        minimum: float = -np.inf,
        whole: bool = False,
        optional: bool = False,
    ) -> NDArray[np.float64]:
        """Finite numbers of at least `minimum`; NaN where the row is faulty or empty."""
        series = self.table.frame[column]
        found = np.array(pd.to_numeric(series, errors="coerce"), dtype=np.float64)
        bad = ~np.isfinite(found) | (found < minimum)
        if whole:
            bad |= np.nan_to_num(found, posinf=0.5, neginf=0.5) % 1 != 0
            bad |= np.abs(found) > _LARGEST_WHOLE
        if optional:
            bad &= ~_empty(series)
        kind = "a whole number" if whole else "a finite number"
        least = "" if minimum == -np.inf else f" of at least {minimum:g}"
        self.refuse(
            bad,
            f"{column} is not {kind}{least}",
            expected=f"{kind}{least}",
            remedy="Correct the value.",
            values=series,
        )
        return np.where(bad, np.nan, found)

    def flags(self, column: str) -> list[bool]:
        """True or False from 1/0, true/false or yes/no."""
        found = [text.lower() for text in self.texts(column)]
        self.refuse(
            [text != "" and text not in _FLAGS for text in found],
            f"{column} is neither 1 nor 0",
            expected="1 or 0",
            remedy="Correct the value.",
            values=found,
        )
        return [_FLAGS.get(text, False) for text in found]

    def dates(self, column: str) -> list[date | None]:
        """Calendar dates, YYYY-MM-DD."""
        codes, distinct = pd.factorize(self.table.frame[column], use_na_sentinel=False)
        parsed = [_date(value) for value in distinct]
        found = [parsed[code] for code in codes.tolist()]
        self.refuse(
            [day is None for day in found],
            f"{column} is not a date",
            expected="a date without a time, such as 2027-02-05",
            remedy="Write dates as YYYY-MM-DD.",
            values=self.table.frame[column],
        )
        return found

    def moments(
        self, column: str, local_timezone: str | None = None, *, optional: bool = False
    ) -> list[datetime | None]:
        """Moments in UTC from ISO 8601 text or time stamps; None where empty, if `optional`.

        A moment without an offset is a fault, unless `local_timezone` says whose clock the file
        shows; then hours that the clock skips or shows twice are faults.
        """
        series = self.table.frame[column]
        numbers, distinct = pd.factorize(series, use_na_sentinel=False)
        codes = numbers.tolist()
        zone = None if local_timezone is None else ZoneInfo(local_timezone)
        parsed = [
            None
            if optional and (pd.isna(value) or not str(value).strip())
            else _moment(value, zone)
            for value in distinct
        ]
        for reason, expected, remedy in _MOMENT_FAULTS:
            self.refuse(
                [parsed[code] == reason for code in codes],
                f"{column} {reason}",
                expected=expected,
                remedy=remedy,
                values=series,
            )
        moments = [value if isinstance(value, datetime) else None for value in parsed]
        return [moments[code] for code in codes]

    def require_each(self, found: Sequence[str], wanted: Sequence[str], what: str) -> None:
        """Every one of `wanted` must stand in a row; `what` says what these are."""
        missing = [name for name in wanted if name not in found]
        if missing:
            self.faults.add(
                self.table.file,
                f"{what} are missing",
                expected=", ".join(wanted),
                remedy="Add a row for each.",
                value=", ".join(missing),
            )

    def evidence(self) -> list[str]:
        """Optional column `evidence`: where the figures of a row come from, empty if untold."""
        if "evidence" not in self.table.frame.columns:
            return [""] * len(self.sound)
        return self.texts("evidence", optional=True)

    def clock_hours(self) -> NDArray[np.int64] | None:
        """Column `hour`: the clock hours 0 to 23, each once, else None with the fault noted."""
        hours = self.numbers("hour", minimum=0.0, whole=True)
        if sorted(hours.tolist()) == list(range(24)):
            return hours.astype(np.int64)
        self.faults.add(
            self.table.file,
            "the hours are not 0 to 23, each once",
            expected="one row for each clock hour",
            remedy="Add the missing hours and remove repeated ones.",
            value=len(hours),
        )
        return None

    def unique(self, columns: Sequence[str], keys: Sequence[object], what: str) -> None:
        """Refuse the second and later sound rows with the same key."""
        repeated = np.zeros(len(self.sound), dtype=bool)
        sound = np.nonzero(self.sound)[0].tolist()
        repeated[sound] = pd.Series([keys[row] for row in sound], dtype=object).duplicated()
        self.refuse(
            repeated,
            f"{what} stands in an earlier row",
            expected=f"each {', '.join(columns)} once",
            remedy="Remove one of the rows.",
            values=keys,
        )


_NOT_ISO = "is not a time"
_NAIVE = "has no time zone"
_SKIPPED = "is skipped by the local clock"
_TWICE = "is shown twice by the local clock"
_MOMENT_FAULTS = (
    (_NOT_ISO, "ISO 8601, such as 2027-02-05T20:00+08:00", "Correct the time."),
    (_NAIVE, "an offset, such as +08:00", "Add the offset; none is assumed."),
    (_SKIPPED, "a time that exists", "Write the offset; the clock goes forward here."),
    (_TWICE, "one moment", "Write the offset; the clock goes back here."),
)


def _empty(series: pd.Series) -> NDArray[np.bool_]:
    """Cells without a value."""
    blank = series.isna()
    if not pd.api.types.is_numeric_dtype(series):
        blank |= series.astype(str).str.strip() == ""
    return np.asarray(blank, dtype=bool)


def _plain(value: object) -> object:
    """A value as it should be shown: Python's own types, time stamps in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.item() if isinstance(value, np.generic) else value


def _date(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        return None


def _moment(value: object, zone: ZoneInfo | None) -> datetime | str:
    """The moment in UTC, or what is wrong with it."""
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return _NOT_ISO
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return _NAIVE if zone is None else _local_moment(moment, zone)


def _local_moment(naive: datetime, zone: ZoneInfo) -> datetime | str:
    local = naive.replace(tzinfo=zone)
    utc = local.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != naive:
        return _SKIPPED
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        return _TWICE
    return utc
