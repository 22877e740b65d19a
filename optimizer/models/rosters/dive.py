"""From rosters in parts to whole ones: fix the surest line, price again, and so on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optimizer.models.rosters.columns import Relaxation, best_line, generate, past
from optimizer.models.rosters.line_search import LineSearch
from optimizer.models.rosters.master import Master
from optimizer.roster_lines import OFF, LineProblem

WHOLE = 0.99
"""Share from which a roster counts as chosen."""

ROUNDS_A_STEP = 5
"""Rounds of column generation after each step of a dive."""

Roster = NDArray[np.int64]


def dive(
    master: Master, searches: Sequence[LineSearch], relaxed: Relaxation, until: float | None
) -> dict[int, NDArray[np.int64]]:
    """A roster for the master's lines; when time runs out, only for those fixed by then."""
    while master.free_lines and not past(until):
        _fix_surest(master, relaxed)
        if master.free_lines:
            relaxed = generate(master, searches, ROUNDS_A_STEP, until)
    return {line: master.columns[number].duties for line, number in master.fixed.items()}


def _fix_surest(master: Master, relaxed: Relaxation) -> None:
    """Fix every roster that is as good as chosen, at least the one with the largest share."""
    fixed = master.fixed
    shares = [
        (-share, number)
        for number, share in enumerate(relaxed.point.share.tolist())
        if master.columns[number].line not in fixed
    ]
    for place, (negative, number) in enumerate(sorted(shares)):
        if place and -negative < WHOLE:
            return
        master.fix(number)


def descend(problem: LineProblem, searches: Sequence[LineSearch], roster: Roster) -> Roster:
    """Give each line in turn its best roster beside the others, until a pass changes no cost.

    The cost of a duty is exact only for the first line more or less, which is all that one
    line can change.
    """
    roster = roster.copy()
    have = cover_of(problem, roster)
    gained = 1.0
    while gained > 0.0:
        gained = 0.0
        for line in range(len(searches)):
            _count(have, roster[line], -1)
            cost = problem.duty_cost[line] + np.where(
                have < problem.cover, -problem.under_cost, problem.over_cost
            )
            total, duties = best_line(searches, line, cost.astype(np.float64))
            days = np.flatnonzero(roster[line] != OFF)
            gained += float(cost[days, roster[line, days]].sum()) - total
            roster[line] = duties
            _count(have, duties, 1)
    return roster


def first_roster(problem: LineProblem, searches: Sequence[LineSearch]) -> Roster:
    """Line by line, each where most is missing, then `descend`.

    A line takes its part of what missing cover costs, as if those after it took theirs.
    """
    roster = np.full((len(problem.lines), problem.n_days), OFF, dtype=np.int64)
    have = np.zeros_like(problem.cover)
    for line in range(len(searches)):
        lack = np.maximum(problem.cover - have, 0)
        worth = problem.under_cost * lack / (len(searches) - line)
        cost = problem.duty_cost[line] + np.where(lack > 0, -worth, problem.over_cost)
        roster[line] = best_line(searches, line, cost)[1]
        _count(have, roster[line], 1)
    return descend(problem, searches, roster)


def cover_of(problem: LineProblem, roster: Roster) -> NDArray[np.int64]:
    """Lines on each shift of each day, `[day, shift]`."""
    have = np.zeros_like(problem.cover)
    for duties in roster:
        _count(have, duties, 1)
    return have


def _count(have: NDArray[np.int64], duties: NDArray[np.int64], lines: int) -> None:
    days = np.flatnonzero(duties != OFF)
    have[days, duties[days]] += lines
