"""Duties handed between lines by chance, worse rosters less and less: simulated annealing."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.rosters.duty_search import NOBODY, Duties, Works, fits

BLOCKED = -2
"""A line would have to give more than one duty away."""

MISSING = 400.0
"""Cost of a missing duty, where a line's cost is the sum of the squares of its tallies."""

HOUR = 0.002
"""Cost of the square of a line's hours: less than any step of a tally."""

HOT, COLD = 8.0, 0.15
"""First and last temperature, in the units of the cost (Kirkpatrick, Gelatt and Vecchi 1983)."""


class _Roster(NamedTuple):
    """Lines with what they have, and what is missing of each duty."""

    works: Works
    short: NDArray[np.int64]
    tally: NDArray[np.int64]
    hours: NDArray[np.int64]


@njit(cache=True, nogil=True)
def anneal(
    duties: Duties,
    need: NDArray[np.int64],
    open_lines: NDArray[np.int64],
    start: Works,
    steps: int,
    rng: np.random.Generator,
) -> Works:
    """Lines with fewer duties missing and tallies more even, after so many steps from `start`.

    Every roster on the way keeps every rule. Tallies are even when the sum of their squares is
    least. The same generator gives the same lines.
    """
    roster = _counted(duties, need, start)
    asked = np.flatnonzero((need > 0) & (open_lines > 0))
    cooling = (COLD / HOT) ** (1.0 / steps)
    heat = HOT
    for _ in range(steps):
        heat *= cooling
        duty = int(asked[rng.integers(0, len(asked))])
        taker = int(rng.integers(0, open_lines[duty]))
        giver = NOBODY if roster.short[duty] > 0 else int(rng.integers(0, len(start)))
        if roster.works[taker, duty] or (giver >= 0 and not roster.works[giver, duty]):
            continue
        given = _in_the_way(duties, roster.works[taker], duty, rng)
        if given == BLOCKED:
            continue
        back = _receiver(duties, open_lines, roster.works, giver, duty, given)
        change = _hand_over(duties, roster, duty, giver, taker)
        if given != NOBODY:
            change += _hand_over(duties, roster, given, taker, back)
        if change > 0.0 and rng.random() >= np.exp(-change / heat):
            if given != NOBODY:
                _hand_over(duties, roster, given, back, taker)
            _hand_over(duties, roster, duty, taker, giver)
    return roster.works


@njit(cache=True, nogil=True)
def _counted(duties: Duties, need: NDArray[np.int64], start: Works) -> _Roster:
    """The lines of `start` with their tallies."""
    tally = np.zeros((len(start), duties.tally.shape[1]), dtype=np.int64)
    hours = np.zeros(len(start), dtype=np.int64)
    roster = _Roster(np.zeros_like(start), need.copy(), tally, hours)
    for line in range(len(start)):
        for duty in range(len(need)):
            if start[line, duty]:
                _hand_over(duties, roster, duty, NOBODY, line)
    return roster


@njit(cache=True, nogil=True)
def _in_the_way(
    duties: Duties, line: NDArray[np.bool_], duty: int, rng: np.random.Generator
) -> int:
    """What a line gives away to take a duty: a duty drawn by lot, `NOBODY`'s or `BLOCKED`.

    Half the time a line that could take the duty beside all others still gives one away.
    """
    if rng.random() < 0.5 and fits(duties, line, duty, NOBODY):
        return NOBODY
    first = int(rng.integers(0, len(line)))
    for step in range(len(line)):
        given = (first + step) % len(line)
        if line[given] and fits(duties, line, duty, given):
            return given
    return BLOCKED


@njit(cache=True, nogil=True)
def _receiver(
    duties: Duties, open_lines: NDArray[np.int64], works: Works, giver: int, duty: int, given: int
) -> int:
    """Who takes what was given away: the giver of the duty if it may, else it is missing."""
    if min(giver, given) == NOBODY or works[giver, given] or giver >= open_lines[given]:
        return NOBODY
    return giver if fits(duties, works[giver], given, duty) else NOBODY


@njit(cache=True, nogil=True)
def _hand_over(duties: Duties, roster: _Roster, duty: int, giver: int, taker: int) -> float:
    """Hand a duty from one line to another (`NOBODY`: it is missing); returns what it costs."""
    cost = 0.0
    for line, sign in ((giver, -1), (taker, 1)):
        if line == NOBODY:
            cost += sign * MISSING
            roster.short[duty] += sign
            continue
        before = _line_cost(roster, line)
        roster.works[line, duty] = sign > 0
        roster.tally[line] += sign * duties.tally[duty]
        roster.hours[line] += sign * duties.hours[duty]
        cost += _line_cost(roster, line) - before
    return cost


@njit(cache=True, nogil=True)
def _line_cost(roster: _Roster, line: int) -> float:
    squares = 0.0
    for count in roster.tally[line]:
        squares += float(count) ** 2
    return squares + HOUR * float(roster.hours[line]) ** 2
