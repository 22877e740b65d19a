"""Rosters of anonymous lines: days, shifts, the rules of each line, what is asked for.

The shift scheduling problem of Curtois and Qu (2014), "Computational results on new staff
scheduling benchmark instances". A line is a row of a roster (line 1, line 2, ...), never a person.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.frozen import frozen_array

OFF = -1
"""The duty of a line on a day off."""

DAYS_A_WEEK = 7
SATURDAY, SUNDAY = 5, 6
SOURCE = "roster"


@dataclass(frozen=True)
class DayShift:
    """A shift of one day; none of `not_followed_by` may be worked on the day after it."""

    shift_id: str
    minutes: int
    not_followed_by: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LineRules:
    """Hard rules of one line.

    `most_of[shift]` bounds how often each shift is worked. Runs of working days are between
    `min_run` and `max_run` long, runs of days off at least `min_off`; a run that touches the
    first or last day may have begun before or go on after it, so no minimum binds it.
    A weekend counts when its Saturday or Sunday is worked.
    """

    line_id: str
    most_of: tuple[int, ...]
    min_minutes: int
    max_minutes: int
    min_run: int
    max_run: int
    min_off: int
    max_weekends: int
    days_off: frozenset[int] = frozenset()


@dataclass(frozen=True)
class LineProblem:
    """Lines over `n_days` days, the first a Monday, with what is asked for.

    `cover[day, shift]` lines are wanted; each one missing costs `under_cost`, each one too many
    `over_cost`. `duty_cost[line, day, shift]` is what working a shift costs by requests (below
    0 when it was asked for) and `base_cost` what the requests would cost if nobody worked.
    A roster is an array `[line, day]` of shift numbers, `OFF` on a day off.

    Raises
    ------
    BadInput
        With every fault, when parts disagree in size, a shift is unknown or a value is out of
        its range.
    """

    n_days: int
    shifts: tuple[DayShift, ...]
    lines: tuple[LineRules, ...]
    cover: NDArray[np.int64]
    under_cost: NDArray[np.int64]
    over_cost: NDArray[np.int64]
    duty_cost: NDArray[np.int64]
    base_cost: int = 0

    def __post_init__(self) -> None:
        log = FaultLog()
        self._check_shifts(log)
        for line in self.lines:
            self._check_line(line, log)
        self._check_arrays(log)
        log.raise_if_any()
        for name in ("cover", "under_cost", "over_cost", "duty_cost"):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, np.int64, np.shape(array), name))

    @property
    def minutes(self) -> NDArray[np.int64]:
        """Length of each shift, `[shift]`."""
        return np.array([shift.minutes for shift in self.shifts], dtype=np.int64)

    @property
    def follows(self) -> NDArray[np.bool_]:
        """Whether the second shift may be worked on the day after the first, `[shift, shift]`."""
        return np.array(
            [
                [after.shift_id not in s.not_followed_by for after in self.shifts]
                for s in self.shifts
            ],
            dtype=np.bool_,
        )

    def allowed(self, line: int) -> NDArray[np.bool_]:
        """Which shifts a line may work on which days at all, `[day, shift]`."""
        rules = self.lines[line]
        may = np.tile(np.array(rules.most_of) > 0, (self.n_days, 1))
        may[sorted(rules.days_off)] = False
        return may

    def _check_shifts(self, log: FaultLog) -> None:
        ids = [shift.shift_id for shift in self.shifts]
        if self.n_days < 1:
            _fault(log, "the horizon has no day", self.n_days, "at least 1 day")
        if not ids or len(set(ids)) < len(ids):
            _fault(log, "shift ids are missing or stand twice", ids, "one id for each shift")
        for shift in self.shifts:
            if shift.minutes <= 0:
                _fault(log, f"shift {shift.shift_id} has no length", shift.minutes, "minutes > 0")
            for stranger in sorted(shift.not_followed_by - set(ids)):
                _fault(log, f"shift {shift.shift_id} names an unknown one", stranger, f"{ids}")

    def _check_line(self, line: LineRules, log: FaultLog) -> None:
        where = f"line {line.line_id}"
        if len(line.most_of) != len(self.shifts):
            _fault(log, f"{where}: limits of shifts", line.most_of, f"{len(self.shifts)} numbers")
        if min((*line.most_of, line.min_minutes, line.max_weekends)) < 0:
            _fault(log, f"{where}: a limit is negative", line, "limits of at least 0")
        if line.min_minutes > line.max_minutes:
            found = (line.min_minutes, line.max_minutes)
            _fault(log, f"{where}: least minutes exceed the most", found, "least <= most")
        if not 1 <= line.min_run <= line.max_run:
            found = (line.min_run, line.max_run)
            _fault(log, f"{where}: runs of working days", found, "1 <= shortest <= longest")
        if line.min_off < 1:
            _fault(log, f"{where}: run of days off", line.min_off, "at least 1 day")
        strangers = [day for day in sorted(line.days_off) if not 0 <= day < self.n_days]
        if strangers:
            _fault(log, f"{where}: days off", strangers, f"days from 0 to {self.n_days - 1}")

    def _check_arrays(self, log: FaultLog) -> None:
        cover = (self.n_days, len(self.shifts))
        for name, shape in (
            ("cover", cover),
            ("under_cost", cover),
            ("over_cost", cover),
            ("duty_cost", (len(self.lines), *cover)),
        ):
            array = getattr(self, name)
            if np.shape(array) != shape:
                _fault(log, f"{name} has the wrong shape", np.shape(array), f"shape {shape}")
            elif name != "duty_cost" and (np.asarray(array) < 0).any():
                _fault(log, f"{name} is negative", int(np.min(array)), "numbers of at least 0")


def _fault(log: FaultLog, problem: str, value: object, expected: str) -> None:
    log.add(SOURCE, problem, expected=expected, remedy="Correct it where it is set.", value=value)
