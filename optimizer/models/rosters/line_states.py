"""The rules of a line as a finite automaton, with the minutes that every state leaves open."""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.roster_lines import LineProblem, LineRules

FORBIDDEN = -1
FAR = 1 << 40


@dataclass(frozen=True)
class LineStates:
    """What a line may do next, day by day.

    Column `s` of `next_state[state, column]` is a duty on shift s, the last column a day off;
    state 0 is the evening before the first day and `on[state]` says whether the day that led
    to the state was worked. After `day` days in `state` the line has used between
    `low[day, state]` and `high[day, state]` of its time, in units of `unit_min` minutes: less
    could not be made up for, more would exceed the limit or cannot be reached. `low > high`
    marks a state that no roster passes through. Weekends and limits of shifts are not in here.
    """

    next_state: NDArray[np.int64]
    on: NDArray[np.bool_]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    units: NDArray[np.int64]


def line_states(problem: LineProblem, line: int) -> LineStates:
    """States of one line, with what it may do on which day taken into account."""
    rules = problem.lines[line]
    unit_min = gcd(*problem.minutes.tolist())
    units = np.append(problem.minutes // unit_min, 0)
    next_state, on = _automaton(rules, problem.follows)
    may = np.column_stack([problem.allowed(line), np.ones(problem.n_days, dtype=np.bool_)])
    low, high = _minutes_open(
        next_state, may, units, -(-rules.min_minutes // unit_min), rules.max_minutes // unit_min
    )
    return LineStates(next_state, on, low, high, units)


def _automaton(
    rules: LineRules, follows: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Next states `[state, column]` and whether each state ends a working day.

    A state holds the length of the run so far, and whether the run began before the first day
    (then no minimum binds it); on a run of work also which shifts may follow.
    """
    _, group = np.unique(follows, axis=0, return_inverse=True)
    names: list[tuple[str, int, int, bool]] = [("start", 0, 0, True)]
    number = {names[0]: 0}
    rows: list[list[int]] = []
    shift_of = {int(group[shift]): shift for shift in range(len(follows))}
    while len(rows) < len(names):
        kind, key, length, free = names[len(rows)]
        row = []
        for column in range(len(follows) + 1):
            after = _step(rules, (kind, key, length, free), column, group, follows, shift_of)
            if after is not None and after not in number:
                number[after] = len(names)
                names.append(after)
            row.append(FORBIDDEN if after is None else number[after])
        rows.append(row)
    return np.array(rows, dtype=np.int64), np.array([name[0] == "on" for name in names])


def _step(
    rules: LineRules,
    state: tuple[str, int, int, bool],
    column: int,
    group: NDArray[np.int64],
    follows: NDArray[np.bool_],
    shift_of: dict[int, int],
) -> tuple[str, int, int, bool] | None:
    """The state after one more day, or None when a rule forbids it."""
    kind, key, length, free = state
    off = column == len(follows)
    if kind == "on" and off:
        done = free or length >= rules.min_run
        return ("off", 0, 1, False) if done else None
    if off:
        longer = min(length + 1, rules.min_off)
        return ("off", 0, longer, free and longer < rules.min_off)
    if kind == "on":
        if length == rules.max_run or not follows[shift_of[key], column]:
            return None
        return ("on", int(group[column]), length + 1, free and length + 1 < rules.min_run)
    if kind == "off" and not (free or length >= rules.min_off):
        return None
    fresh = kind == "start" and rules.min_run > 1
    return ("on", int(group[column]), 1, fresh)


@njit(cache=True, nogil=True)
def _minutes_open(
    next_state: NDArray[np.int64],
    may: NDArray[np.bool_],
    units: NDArray[np.int64],
    least: int,
    most: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Units used after each day in each state, `[day, state]`, from both ends of the horizon."""
    n_days = len(may)
    low = np.full((n_days + 1, len(next_state)), FAR)
    high = np.full((n_days + 1, len(next_state)), -FAR)
    low[0, 0] = high[0, 0] = 0
    for day in range(n_days):
        _use_day(next_state, may[day], units, low[day], high[day], low[day + 1], high[day + 1])
    fewest = np.zeros(len(next_state), dtype=np.int64)
    greatest = np.zeros(len(next_state), dtype=np.int64)
    for day in range(n_days, -1, -1):
        if day < n_days:
            fewest, greatest = _still_to_use(next_state, may[day], units, fewest, greatest)
        low[day] = np.maximum(low[day], least - greatest)
        high[day] = np.minimum(high[day], most - fewest)
    return low, high


@njit(cache=True, nogil=True)
def _use_day(
    next_state: NDArray[np.int64],
    may: NDArray[np.bool_],
    units: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    then_low: NDArray[np.int64],
    then_high: NDArray[np.int64],
) -> None:
    """Least and most units used after one more day, from those before it."""
    for state in range(len(next_state)):
        for column in range(len(units)):
            after = next_state[state, column]
            if after >= 0 and may[column] and low[state] <= high[state]:
                then_low[after] = min(then_low[after], low[state] + units[column])
                then_high[after] = max(then_high[after], high[state] + units[column])


@njit(cache=True, nogil=True)
def _still_to_use(
    next_state: NDArray[np.int64],
    may: NDArray[np.bool_],
    units: NDArray[np.int64],
    later_fewest: NDArray[np.int64],
    later_greatest: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fewest and most units to the end of the horizon, from those of the day after."""
    fewest = np.full(len(next_state), FAR)
    greatest = np.full(len(next_state), -FAR)
    for state in range(len(next_state)):
        for column in range(len(units)):
            after = next_state[state, column]
            if after >= 0 and may[column]:
                fewest[state] = min(fewest[state], units[column] + later_fewest[after])
                greatest[state] = max(greatest[state], units[column] + later_greatest[after])
    return fewest, greatest
