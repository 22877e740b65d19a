"""Rosters of lines: column generation, a dive to whole rosters, and repairs of some lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.roster_rules import roster_cost
from optimizer.models.rosters.columns import NoRoster, Relaxation, cheapest, generate, past
from optimizer.models.rosters.dive import Roster, cover_of, descend, dive, first_roster
from optimizer.models.rosters.line_search import LineSearch
from optimizer.models.rosters.master import Master
from optimizer.plan import Status
from optimizer.roster_lines import OFF, LineProblem

MOST_FREE_DAYS = 2000
"""Line-days that are decided together at most."""

FEWEST_FREE = 8
"""Lines that are decided together at least, where there are as many."""

KEPT_A_LINE = 20
"""Rosters of each line that a repair starts with."""

ROUNDING = 1e-6


@dataclass(frozen=True)
class RosterOptions:
    """When to stop: after `rounds` of column generation and `repairs` that bring nothing.

    Both are repeatable, which the limit in `seconds` of a benchmark is not.
    """

    seed: int = 0
    rounds: int = 1000
    repairs: int = 20
    seconds: float | None = None


@dataclass(frozen=True)
class RosterResult:
    """A roster `[line, day]`, its cost and a proven lower bound on the cost of any.

    When a line cannot keep its rules the status is infeasible, the roster all days off and
    `reason` names the line.
    """

    roster: Roster
    cost: int
    bound: int
    status: Status
    reason: str = ""


def solve_rosters(problem: LineProblem, options: RosterOptions) -> RosterResult:
    """Search for a roster of least cost; the lines' rules are kept in every one considered."""
    nobody = np.full((len(problem.lines), problem.n_days), OFF, dtype=np.int64)
    searches = [LineSearch(problem, line) for line in range(len(problem.lines))]
    until = None if options.seconds is None else monotonic() + options.seconds
    try:
        roster = first_roster(problem, searches)
        return _improved(_Search(problem, searches, options, until), roster)
    except NoRoster as reason:
        return RosterResult(nobody, 0, 0, Status.INFEASIBLE, str(reason))


@dataclass(frozen=True)
class _Search:
    """What every step needs."""

    problem: LineProblem
    searches: Sequence[LineSearch]
    options: RosterOptions
    until: float | None


def _improved(search: _Search, roster: Roster) -> RosterResult:
    problem = search.problem
    everyone = tuple(range(len(problem.lines)))
    master = Master(problem, everyone, problem.cover)
    for line in everyone:
        master.add(line, roster[line])
    relaxed = generate(master, search.searches, search.options.rounds, search.until)
    bound = problem.base_cost + math.ceil(relaxed.bound - ROUNDING)
    kept = _kept_columns(master, relaxed)
    if len(everyone) * problem.n_days <= MOST_FREE_DAYS:
        roster = _better(problem, roster, _with(search, roster, master, relaxed))
    roster = _repaired(search, roster, relaxed.price, kept, bound)
    cost = roster_cost(problem, roster)
    status = Status.OPTIMAL if cost <= bound else Status.FEASIBLE
    return RosterResult(roster, cost, bound, status)


def _kept_columns(master: Master, relaxed: Relaxation) -> dict[int, list[NDArray[np.int64]]]:
    """The rosters of each line that cost least at the prices of the bound."""
    kept: dict[int, list[NDArray[np.int64]]] = {line: [] for line in master.lines}
    order = sorted(
        (column.cost_at(relaxed.price), number) for number, column in enumerate(master.columns)
    )
    for _, number in order:
        column = master.columns[number]
        if len(kept[column.line]) < KEPT_A_LINE:
            kept[column.line].append(column.duties)
    return kept


def _repaired(
    search: _Search,
    roster: Roster,
    price: NDArray[np.float64],
    kept: dict[int, list[NDArray[np.int64]]],
    bound: int,
) -> Roster:
    """Free some lines at a time and decide them again beside the others.

    Lines that are dearest at the prices of the bound come first; after a repair that brings
    nothing more lines are freed.
    """
    problem, rng = search.problem, np.random.default_rng(search.options.seed)
    n_lines = len(problem.lines)
    most = min(n_lines, max(FEWEST_FREE, MOST_FREE_DAYS // problem.n_days))
    fewest = min(most, max(FEWEST_FREE, n_lines // 2))
    lines_free, idle = fewest, 0
    cost = roster_cost(problem, roster)
    while cost > bound and idle < search.options.repairs and not past(search.until):
        lines = _dearest(search, roster, price, lines_free, rng)
        found = _better(problem, roster, _repair(search, roster, lines, kept))
        if roster_cost(problem, found) < cost:
            lines_free, idle = fewest, 0
        else:
            lines_free, idle = min(lines_free + 1, most), idle + 1
        roster, cost = found, roster_cost(problem, found)
    return roster


def _dearest(
    search: _Search,
    roster: Roster,
    price: NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
) -> tuple[int, ...]:
    """Lines drawn with more weight on those far above their cheapest roster at the prices."""
    problem = search.problem
    excess = np.zeros(len(problem.lines))
    cost = problem.duty_cost - price
    best = cheapest(search.searches, range(len(excess)), cost)
    for line, (least, _) in enumerate(best):
        days = np.flatnonzero(roster[line] != OFF)
        excess[line] = cost[line, days, roster[line, days]].sum() - least
    rank = rng.random(len(excess)) + excess / max(float(excess.max()), ROUNDING)
    return tuple(sorted(np.argsort(-rank, kind="stable")[:count].tolist()))


def _repair(
    search: _Search,
    roster: Roster,
    lines: tuple[int, ...],
    kept: dict[int, list[NDArray[np.int64]]],
) -> Roster:
    """The roster with these lines decided again; as it is when a bound shows no gain in it."""
    problem = search.problem
    others = np.delete(roster, lines, axis=0)
    cover = problem.cover - cover_of(problem, others)
    master = Master(problem, lines, cover)
    for line in lines:
        for duties in (roster[line], *kept[line]):
            master.add(line, duties)
    relaxed = generate(master, search.searches, search.options.rounds, search.until)
    now = _part_cost(problem, roster, lines, cover)
    if math.ceil(relaxed.bound - ROUNDING) >= now:
        return roster
    return _with(search, roster, master, relaxed)


def _with(search: _Search, roster: Roster, master: Master, relaxed: Relaxation) -> Roster:
    """The roster with the lines of the master as a dive leaves them."""
    changed = roster.copy()
    for line, duties in dive(master, search.searches, relaxed, search.until).items():
        changed[line] = duties
    return descend(search.problem, search.searches, changed)


def _better(problem: LineProblem, old: Roster, new: Roster) -> Roster:
    """The new roster unless it costs more."""
    return new if roster_cost(problem, new) <= roster_cost(problem, old) else old


def _part_cost(
    problem: LineProblem, roster: Roster, lines: tuple[int, ...], cover: NDArray[np.int64]
) -> int:
    """Cost of some lines for the cover that the others leave to them."""
    part = roster[list(lines)]
    line, day = np.nonzero(part != OFF)
    requests = problem.duty_cost[np.array(lines)[line], day, part[line, day]].sum()
    lack = cover - cover_of(problem, part)
    under = np.maximum(lack, 0) * problem.under_cost
    over = np.maximum(-lack, 0) * problem.over_cost
    return int(requests + under.sum() + over.sum())
