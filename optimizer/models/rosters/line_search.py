"""The cheapest roster of one line under its rules: dynamic programming over its states."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.rosters.line_states import LineStates, line_states
from optimizer.roster_lines import DAYS_A_WEEK, OFF, SATURDAY, SUNDAY, LineProblem


class LineSearch:
    """Finds the best roster of one line for any price of its duties.

    Time and weekends are counted in every search. Limits on how often a shift is worked are
    counted from the first time that a roster exceeds them (decremental state space relaxation,
    Righini and Salani 2008); most never are.
    """

    def __init__(self, problem: LineProblem, line: int) -> None:
        self.states: LineStates = line_states(problem, line)
        self.may: NDArray[np.bool_] = problem.allowed(line)
        self.most_of: NDArray[np.int64] = np.array(problem.lines[line].most_of, dtype=np.int64)
        self.max_weekends = problem.lines[line].max_weekends
        self.counted: list[int] = []

    def best(self, cost: NDArray[np.float64]) -> tuple[float, NDArray[np.int64]] | None:
        """Least sum of `cost[day, shift]` over the duties of a roster, and the roster `[day]`.

        None when no roster keeps the rules.
        """
        n_days, n_shifts = cost.shape
        price = np.zeros((n_days, n_shifts + 1))
        price[:, :n_shifts] = np.where(self.may, cost, np.inf)
        while True:
            total, duties = _search(
                price,
                self.states.next_state,
                self.states.on,
                self.states.low,
                self.states.high,
                self.states.units,
                self.max_weekends,
                *_counter(self.most_of, self.counted),
            )
            if np.isinf(total):
                return None
            duties[duties == n_shifts] = OFF
            worked = np.bincount(duties[duties != OFF], minlength=n_shifts)
            broken = np.flatnonzero(worked > self.most_of)
            if not len(broken):
                return float(total), duties
            self.counted = sorted({*self.counted, *broken.tolist()})


def _counter(
    most_of: NDArray[np.int64], counted: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Next count `[count, column]` (-1 above a limit) and what a column adds, `[column]`.

    A count packs how often each counted shift was worked, as digits of mixed base.
    """
    size = 1
    added = np.zeros(len(most_of) + 1, dtype=np.int64)
    for shift in counted:
        added[shift] = size
        size *= int(most_of[shift]) + 1
    count = np.arange(size)[:, None] + added
    for shift in counted:
        digit = np.arange(size) // added[shift] % (most_of[shift] + 1)
        count[digit == most_of[shift], shift] = -1
    return count, added


@njit(cache=True, nogil=True)
def _search(
    price: NDArray[np.float64],
    next_state: NDArray[np.int64],
    on: NDArray[np.bool_],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    units: NDArray[np.int64],
    max_weekends: int,
    next_count: NDArray[np.int64],
    added: NDArray[np.int64],
) -> tuple[float, NDArray[np.int64]]:
    """Least price and its columns `[day]`; infinite when there is no roster."""
    n_days, n_columns = price.shape
    n_counts = len(next_count)
    base, width = _window(low, high)
    shape = (len(next_state), width, max_weekends + 1, n_counts)
    came = np.empty((n_days, *shape), dtype=np.int16)
    now, later = np.full(shape, np.inf), np.full(shape, np.inf)
    duties = np.empty(n_days, dtype=np.int64)
    if low[0, 0] > 0 or high[0, 0] < 0:
        return np.inf, duties
    now[0, -base[0], 0, 0] = 0.0
    for day in range(n_days):
        later[:] = np.inf
        for state in range(len(next_state)):
            if low[day, state] > high[day, state]:
                continue
            for column in range(n_columns):
                after = next_state[state, column]
                if after >= 0 and price[day, column] < np.inf:
                    more = _weekend(day, on[state], on[after])
                    code = state * n_columns + column
                    first = max(low[day, state], low[day + 1, after] - units[column])
                    last = min(high[day, state], high[day + 1, after] - units[column])
                    for used in range(first, last + 1):
                        then = used + units[column] - base[day + 1]
                        _step(
                            now[state, used - base[day]],
                            later[after, then],
                            came[day, after, then],
                            price[day, column],
                            code,
                            more,
                            next_count[:, column],
                        )
        now, later = later, now
    best = int(np.argmin(now))
    total = now.ravel()[best]
    if total < np.inf:
        _trace(came, best, base, n_columns, on, units, added, duties)
    return total, duties


@njit(cache=True, nogil=True)
def _window(low: NDArray[np.int64], high: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Least units used after each day, and the largest number of values that are possible."""
    base = np.zeros(len(low), dtype=np.int64)
    width = 1
    for day in range(len(low)):
        live = low[day] <= high[day]
        if live.any():
            base[day] = low[day][live].min()
            width = max(width, high[day][live].max() - base[day] + 1)
    return base, width


@njit(cache=True, nogil=True)
def _step(
    here: NDArray[np.float64],
    there: NDArray[np.float64],
    trail: NDArray[np.int16],
    fee: float,
    code: int,
    more: int,
    following: NDArray[np.int64],
) -> None:
    """Extend all rosters of one state and time, `[weekends, count]`, by one column."""
    for weekends in range(len(here) - more):
        for count in range(len(following)):
            after = following[count]
            total = here[weekends, count] + fee
            if after >= 0 and total < there[weekends + more, after]:
                there[weekends + more, after] = total
                trail[weekends + more, after] = code


@njit(cache=True, nogil=True)
def _trace(
    came: NDArray[np.int16],
    best: int,
    base: NDArray[np.int64],
    n_columns: int,
    on: NDArray[np.bool_],
    units: NDArray[np.int64],
    added: NDArray[np.int64],
    duties: NDArray[np.int64],
) -> None:
    """Fill in the columns that led to entry `best` of the last day."""
    n_days, _, width, n_weekends, n_counts = came.shape
    rest, count = divmod(best, n_counts)
    rest, weekends = divmod(rest, n_weekends)
    state, offset = divmod(rest, width)
    used = offset + base[n_days]
    for day in range(n_days - 1, -1, -1):
        code = came[day, state, used - base[day + 1], weekends, count]
        before, column = code // n_columns, code % n_columns
        duties[day] = column
        weekends -= _weekend(day, on[before], on[state])
        used -= units[column]
        count -= added[column]
        state = before


@njit(cache=True, nogil=True)
def _weekend(day: int, was_on: bool, is_on: bool) -> int:
    """1 when this day makes a weekend a worked one."""
    weekday = day % DAYS_A_WEEK
    if is_on and (weekday == SATURDAY or (weekday == SUNDAY and not was_on)):
        return 1
    return 0
