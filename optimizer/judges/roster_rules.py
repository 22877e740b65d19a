"""Every hard rule of a roster of lines, and its cost, checked without model or solver.

Each `check_*` states one rule for one line and returns what breaks it.
"""

from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.violation import Violation
from optimizer.roster_lines import DAYS_A_WEEK, OFF, SATURDAY, SUNDAY, LineProblem, LineRules

Duties = list[int]


def roster_violations(problem: LineProblem, roster: NDArray[np.int64]) -> list[Violation]:
    """Everything in a roster `[line, day]` that breaks a rule of its line."""
    shape = (len(problem.lines), problem.n_days)
    if roster.shape != shape:
        return [Violation("shape", "roster", "all days", float(roster.size), float(np.prod(shape)))]
    strangers = np.argwhere((roster < OFF) | (roster >= len(problem.shifts)))
    if len(strangers):
        line, day = strangers[0].tolist()
        found, highest = float(roster[line, day]), float(len(problem.shifts) - 1)
        return [Violation("known shift", _line(problem.lines[line]), f"day {day}", found, highest)]
    return [
        violation
        for rules, duties in zip(problem.lines, roster.tolist(), strict=True)
        for check in LINE_CHECKS
        for violation in check(problem, rules, duties)
    ]


def roster_cost(problem: LineProblem, roster: NDArray[np.int64]) -> int:
    """Cost of requests not met and of cover missed or exceeded."""
    line, day = np.nonzero(roster != OFF)
    requests = int(problem.duty_cost[line, day, roster[line, day]].sum())
    have = np.zeros(problem.cover.shape, dtype=np.int64)
    np.add.at(have, (day, roster[line, day]), 1)
    under = np.maximum(problem.cover - have, 0) * problem.under_cost
    over = np.maximum(have - problem.cover, 0) * problem.over_cost
    return problem.base_cost + requests + int(under.sum()) + int(over.sum())


def check_days_off(problem: LineProblem, rules: LineRules, duties: Duties) -> list[Violation]:
    """No duty on a day that is fixed as free."""
    return [
        Violation("day off", _line(rules), f"day {day}", 1.0, 0.0)
        for day in sorted(rules.days_off)
        if duties[day] != OFF
    ]


def check_succession(problem: LineProblem, rules: LineRules, duties: Duties) -> list[Violation]:
    """No shift on the day after one that it must not follow."""
    return [
        Violation("succession", _line(rules), f"day {day}", float(after), 0.0)
        for day, (before, after) in enumerate(pairwise(duties), start=1)
        if OFF not in {before, after}
        and problem.shifts[after].shift_id in problem.shifts[before].not_followed_by
    ]


def check_shift_limits(problem: LineProblem, rules: LineRules, duties: Duties) -> list[Violation]:
    """No shift more often than its limit."""
    return [
        Violation("shift limit", f"{_line(rules)}, shift {kind.shift_id}", "all days", count, limit)
        for shift, (kind, limit) in enumerate(zip(problem.shifts, rules.most_of, strict=True))
        if (count := duties.count(shift)) > limit
    ]


def check_minutes(problem: LineProblem, rules: LineRules, duties: Duties) -> list[Violation]:
    """Total minutes within their limits."""
    total = sum(problem.shifts[duty].minutes for duty in duties if duty != OFF)
    found = []
    if total > rules.max_minutes:
        found.append(Violation("most minutes", _line(rules), "all days", total, rules.max_minutes))
    if total < rules.min_minutes:
        found.append(Violation("least minutes", _line(rules), "all days", total, rules.min_minutes))
    return found


def check_runs(problem: LineProblem, rules: LineRules, duties: Duties) -> list[Violation]:
    """Runs of working days neither too long nor, inside the horizon, too short."""
    found = []
    for on, first, length in _runs(duties):
        inside = first > 0 and first + length < len(duties)
        if on and length > rules.max_run:
            found.append(_run("longest run", rules, first, length, rules.max_run))
        elif on and inside and length < rules.min_run:
            found.append(_run("shortest run", rules, first, length, rules.min_run))
    return found


def check_off_runs(problem: LineProblem, rules: LineRules, duties: Duties) -> list[Violation]:
    """Runs of days off, inside the horizon, long enough."""
    return [
        _run("days off in a row", rules, first, length, rules.min_off)
        for on, first, length in _runs(duties)
        if not on and 0 < first and first + length < len(duties) and length < rules.min_off
    ]


def check_weekends(problem: LineProblem, rules: LineRules, duties: Duties) -> list[Violation]:
    """Not too many weekends with a duty on Saturday or Sunday."""
    worked = {
        day // DAYS_A_WEEK
        for day, duty in enumerate(duties)
        if duty != OFF and day % DAYS_A_WEEK in (SATURDAY, SUNDAY)
    }
    if len(worked) <= rules.max_weekends:
        return []
    return [Violation("weekends", _line(rules), "all days", len(worked), rules.max_weekends)]


LINE_CHECKS: tuple[Callable[[LineProblem, LineRules, Duties], list[Violation]], ...] = (
    check_days_off,
    check_succession,
    check_shift_limits,
    check_minutes,
    check_runs,
    check_off_runs,
    check_weekends,
)
"""The rules of a line, one function each."""


def _runs(duties: Duties) -> Iterator[tuple[bool, int, int]]:
    """Runs of days on or off as (on, first day, length)."""
    first = 0
    for on, group in groupby(duties, key=lambda duty: duty != OFF):
        length = len(list(group))
        yield on, first, length
        first += length


def _run(rule: str, rules: LineRules, first: int, length: int, limit: int) -> Violation:
    return Violation(rule, _line(rules), f"days {first} to {first + length - 1}", length, limit)


def _line(rules: LineRules) -> str:
    return f"line {rules.line_id}"
