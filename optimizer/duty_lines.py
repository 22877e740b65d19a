"""Anonymous lines for the duties of a staffing: what must be covered, and by what rules."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from optimizer.roster_lines import SATURDAY
from optimizer.shifts import LabourRules, ShiftInstance

WEEK_H = 168
NIGHT_FROM, NIGHT_TO = 23, 6
"""Clock hours of the night; its date is that of the evening."""

NIGHT_DUTY_H = 3
"""Hours of the night that make a duty a night duty (Directive 2003/88/EC, article 2)."""

CALM_FROM, CALM_TO = 0, 5
"""A duty that covers these clock hours of one night whole is an all-night duty."""

LONGEST_HORIZON_DAYS = 60
REMEMBERED = 8192
"""Duties whose calendar facts are kept: they are asked for again for every line."""

SOURCE = "rosters"


@dataclass(frozen=True)
class LineLimits:
    """Hard limits of every line beside its rest, and what is owed to it afterwards.

    `max_days_in_row` calendar days touched by duties: with 6, every seven days hold a free
    one. `max_nights_in_row` counts night duties on consecutive dates. `norm_week_h` hours a
    week are no overtime, and `all_night_rest_h` are owed for every all-night duty (assumptions;
    8 h a day and 40 h a week is the legal base in China).
    """

    labour: LabourRules = field(default_factory=LabourRules)
    max_nights_in_row: int = 4
    max_days_in_row: int = 6
    norm_week_h: float = 40.0
    all_night_rest_h: float = 8.0


@dataclass(frozen=True)
class ProtectedTime:
    """A share of the lines of every home that no duty touches in hours [from_h, to_h).

    The protected lines are the last ones, their number rounded down.
    """

    from_h: int
    to_h: int
    share: float


@dataclass(frozen=True)
class DutyLines:
    """Duties to be given to lines.

    `need[station, force, instance]` officers are wanted on each shift, `lines[station, force]`
    are there to be rostered. Duties on `festival` dates are spread evenly, besides
    nights and weekends. `resting[station, force, hour]` lines, the last ones, may not work yet:
    their rest from before the horizon is not over; without it nobody rests.

    Raises
    ------
    BadInput
        With every fault, when parts disagree in size or a value is out of its range.
    """

    horizon: Horizon
    instances: tuple[ShiftInstance, ...]
    need: NDArray[np.int64]
    lines: NDArray[np.int64]
    limits: LineLimits = field(default_factory=LineLimits)
    festival: frozenset[date] = frozenset()
    protected: tuple[ProtectedTime, ...] = ()
    resting: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        log = FaultLog()
        self._check_sizes(log)
        self._check_limits(log)
        self._check_protected(log)
        log.raise_if_any()
        for name in ("need", "lines"):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, np.int64, np.shape(array), name))

    @property
    def weeks(self) -> float:
        """Length of the horizon in weeks, at least one: averages go over a week or more."""
        return max(1.0, self.horizon.hours / WEEK_H)

    @property
    def max_hours(self) -> float:
        """Hours of duty inside the horizon that a line may have, overtime included."""
        labour = self.limits.labour
        return (labour.max_week_h + labour.max_overtime_h) * self.weeks

    @property
    def norm_h(self) -> float:
        """Hours of duty inside the horizon that are no overtime.

        The week's norm for a week or more, a fifth of it for every day of a shorter horizon.
        """
        norm, days = self.limits.norm_week_h, self.horizon.hours / 24.0
        return norm * self.horizon.hours / WEEK_H if days >= 7 else norm * min(days / 5.0, 1.0)

    def open_lines(self, station: int, force: int) -> NDArray[np.int64]:
        """How many lines, from the first, may work each shift, `[instance]`.

        The last ones rest from before the horizon, or are protected.
        """
        n_lines = int(self.lines[station, force])
        free = np.full(len(self.instances), n_lines, dtype=np.int64)
        for window in self.protected:
            kept = int(np.floor(window.share * n_lines + 1e-9))
            for at, duty in enumerate(self.instances):
                if duty.start_h < window.to_h and duty.end_h > window.from_h:
                    free[at] = min(free[at], n_lines - kept)
        if self.resting is not None:
            still = np.minimum(self.resting[station, force], n_lines)
            for at, duty in enumerate(self.instances):
                free[at] = min(free[at], n_lines - int(still[max(duty.start_h, 0)]))
        return free

    def _check_sizes(self, log: FaultLog) -> None:
        shape = (*np.shape(self.lines), len(self.instances))
        if len(shape) != 3 or np.shape(self.need) != shape:
            _fault(log, "need and lines disagree", np.shape(self.need), f"shape {shape}")
        for name in ("need", "lines"):
            if np.size(getattr(self, name)) and np.min(getattr(self, name)) < 0:
                _fault(log, f"{name} is negative", int(np.min(getattr(self, name))), "counts >= 0")
        if self.horizon.hours > LONGEST_HORIZON_DAYS * 24:
            most = f"at most {LONGEST_HORIZON_DAYS} days"
            _fault(log, "the horizon is too long for rosters", self.horizon.hours / 24, most)

    def _check_limits(self, log: FaultLog) -> None:
        limits = self.limits
        for name in ("max_nights_in_row", "max_days_in_row"):
            if getattr(limits, name) < 1:
                _fault(log, f"{name} forbids all duty", getattr(limits, name), "at least 1")
        for name in ("norm_week_h", "all_night_rest_h"):
            if not 0.0 <= getattr(limits, name) <= WEEK_H:
                _fault(log, name, getattr(limits, name), f"hours from 0 to {WEEK_H}")
        longest = max((duty.shift.hours for duty in self.instances), default=0)
        if longest > limits.labour.max_week_h:
            most = f"shifts of at most {limits.labour.max_week_h:g} h"
            _fault(log, "a shift is longer than the week's hours", longest, most)

    def _check_protected(self, log: FaultLog) -> None:
        for window in self.protected:
            if not 0.0 <= window.share <= 1.0:
                _fault(log, "a protected share", window.share, "a share from 0 to 1")
            if window.from_h >= window.to_h:
                found = (window.from_h, window.to_h)
                _fault(log, "a protected time ends before it begins", found, "from < to")


@dataclass(frozen=True)
class LineGroup:
    """The lines of one force at one home: `works[line, instance]`, `short[instance]` missing."""

    station: int
    force: int
    works: NDArray[np.bool_]
    short: NDArray[np.int64]

    def __post_init__(self) -> None:
        works = frozen_array(self.works, np.bool_, np.shape(self.works), "works")
        short = frozen_array(self.short, np.int64, works.shape[1:], "short")
        object.__setattr__(self, "works", works)
        object.__setattr__(self, "short", short)


@lru_cache(maxsize=REMEMBERED)
def days_touched(horizon: Horizon, duty: ShiftInstance) -> tuple[date, ...]:
    """Local calendar days on which a duty has at least an hour."""
    return tuple(sorted({horizon.at(hour).date() for hour in range(duty.start_h, duty.end_h)}))


@lru_cache(maxsize=REMEMBERED)
def nights_of(horizon: Horizon, duty: ShiftInstance) -> tuple[date, ...]:
    """Evenings of the nights of which a duty has at least `NIGHT_DUTY_H` hours."""
    hours = Counter(_evening(horizon, duty, lambda h: h >= NIGHT_FROM or h < NIGHT_TO))
    return tuple(sorted(night for night, count in hours.items() if count >= NIGHT_DUTY_H))


@lru_cache(maxsize=REMEMBERED)
def all_nights_of(horizon: Horizon, duty: ShiftInstance) -> int:
    """Nights whose calm hours a duty covers whole."""
    hours = Counter(_evening(horizon, duty, lambda h: CALM_FROM <= h < CALM_TO))
    return sum(count >= CALM_TO - CALM_FROM for count in hours.values())


def on_weekend(horizon: Horizon, duty: ShiftInstance) -> bool:
    """Whether a duty touches a Saturday or Sunday."""
    return any(day.weekday() >= SATURDAY for day in days_touched(horizon, duty))


def hours_inside(horizon: Horizon, duty: ShiftInstance) -> int:
    """Hours of a duty inside the horizon."""
    return max(0, min(duty.end_h, horizon.hours) - max(duty.start_h, 0))


def _evening(
    horizon: Horizon, duty: ShiftInstance, counts: Callable[[int], bool]
) -> Iterator[date]:
    """Date of the evening before each hour of a duty whose clock hour counts."""
    for hour in range(duty.start_h, duty.end_h):
        moment = horizon.at(hour)
        if counts(moment.hour):
            yield moment.date() - timedelta(days=1 if moment.hour < NIGHT_TO else 0)


def _fault(log: FaultLog, problem: str, value: object, expected: str) -> None:
    log.add(SOURCE, problem, expected=expected, remedy="Correct it where it is set.", value=value)
