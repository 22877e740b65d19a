"""Rosters of lines for a staffing, judged without model or solver.

Each `check_*` states one rule for one line; `line_tallies` counts what lines have and are owed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optimizer.duty_lines import (
    DutyLines,
    LineGroup,
    all_nights_of,
    days_touched,
    hours_inside,
    nights_of,
    on_weekend,
)
from optimizer.judges.violation import Violation
from optimizer.shifts import ShiftInstance

Duties = list[ShiftInstance]


def duty_line_violations(problem: DutyLines, groups: Iterable[LineGroup]) -> list[Violation]:
    """Everything in the lines of these homes that breaks a rule or is not counted."""
    found = []
    for group in groups:
        found += _cover(problem, group)
        free = problem.open_lines(group.station, group.force)
        for line, works in enumerate(group.works):
            where = f"{_home(group)}, line {line + 1}"
            duties = [problem.instances[at] for at in np.flatnonzero(works)]
            found += [v for check in LINE_CHECKS for v in check(problem, where, duties)]
            found += _protected(problem, where, np.flatnonzero(works & (line >= free)))
    return found


def check_rest(problem: DutyLines, where: str, duties: Duties) -> list[Violation]:
    """One duty at a time, and the rest that its shift and the rules ask for after it."""
    ordered = sorted(duties, key=lambda duty: duty.start_h)
    return [
        Violation("rest", where, f"hour {after.start_h}", after.start_h, needed)
        for before, after in pairwise(ordered)
        if after.start_h < (needed := before.rests_until(problem.limits.labour))
    ]


def check_week_hours(problem: DutyLines, where: str, duties: Duties) -> list[Violation]:
    """Hours of duty within the weekly average."""
    hours = sum(hours_inside(problem.horizon, duty) for duty in duties)
    if hours <= problem.max_hours:
        return []
    return [Violation("week hours", where, "all days", hours, problem.max_hours)]


def check_rest_days(problem: DutyLines, where: str, duties: Duties) -> list[Violation]:
    """A free day after at most so many days touched by duties."""
    touched = {day for duty in duties for day in days_touched(problem.horizon, duty)}
    most = problem.limits.max_days_in_row
    return _long_runs("rest day", where, touched, most)


def check_nights(problem: DutyLines, where: str, duties: Duties) -> list[Violation]:
    """Not too many night duties on consecutive dates."""
    nights = {night for duty in duties for night in nights_of(problem.horizon, duty)}
    most = problem.limits.max_nights_in_row
    return _long_runs("nights in a row", where, nights, most)


LINE_CHECKS: tuple[Callable[[DutyLines, str, Duties], list[Violation]], ...] = (
    check_rest,
    check_week_hours,
    check_rest_days,
    check_nights,
)
"""The rules of a line, one function each."""


@dataclass(frozen=True)
class LineTally:
    """What one line has and is owed at the end.

    `hours` of duty inside the horizon; `nights` counts nights, `weekend` and `festival`
    duties that touch a Saturday or Sunday, or a festival date. `owed_h` is compensatory rest: hours
    beyond the norm and the rest for `all_nights`.
    """

    line: int
    hours: int
    nights: int
    weekend: int
    festival: int
    all_nights: int
    owed_h: float


def line_tallies(problem: DutyLines, group: LineGroup) -> tuple[LineTally, ...]:
    """Tally of every line of a home."""
    return tuple(
        _tally(problem, line, [problem.instances[at] for at in np.flatnonzero(works)])
        for line, works in enumerate(group.works)
    )


def spread(counts: Iterable[int]) -> int:
    """Largest less smallest; 0 of nothing."""
    found = list(counts)
    return max(found) - min(found) if found else 0


def _tally(problem: DutyLines, line: int, duties: Duties) -> LineTally:
    horizon, limits = problem.horizon, problem.limits
    hours = sum(hours_inside(horizon, duty) for duty in duties)
    all_nights = sum(all_nights_of(horizon, duty) for duty in duties)
    return LineTally(
        line=line,
        hours=hours,
        nights=sum(len(nights_of(horizon, duty)) for duty in duties),
        weekend=sum(on_weekend(horizon, duty) for duty in duties),
        festival=sum(not problem.festival.isdisjoint(days_touched(horizon, d)) for d in duties),
        all_nights=all_nights,
        owed_h=max(0.0, hours - problem.norm_h) + limits.all_night_rest_h * all_nights,
    )


def _cover(problem: DutyLines, group: LineGroup) -> list[Violation]:
    need = problem.need[group.station, group.force]
    told = group.works.sum(axis=0) + group.short
    lines = int(problem.lines[group.station, group.force])
    found = [
        Violation("staffed number", _home(group), problem.instances[at].label, told[at], need[at])
        for at in np.flatnonzero((told != need) | (group.short < 0))
    ]
    if len(group.works) > lines:
        found.append(Violation("lines", _home(group), "all days", len(group.works), lines))
    return found


def _protected(problem: DutyLines, where: str, broken: NDArray[np.int64]) -> list[Violation]:
    return [
        Violation("protected line", where, problem.instances[at].label, 1.0, 0.0)
        for at in broken.tolist()
    ]


def _long_runs(rule: str, where: str, dates: set[date], most: int) -> list[Violation]:
    return [
        Violation(rule, where, f"from {first.isoformat()}", length, most)
        for first, length in _runs(dates)
        if length > most
    ]


def _runs(dates: set[date]) -> Iterator[tuple[date, int]]:
    """Runs of consecutive dates as (first, length)."""
    one = timedelta(days=1)
    for first in sorted(day for day in dates if day - one not in dates):
        length = 1
        while first + one * length in dates:
            length += 1
        yield first, length


def _home(group: LineGroup) -> str:
    return f"station {group.station}, force {group.force}"
