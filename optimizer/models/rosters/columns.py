"""Column generation: rosters that the prices of the master problem ask for, and its bound."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from optimizer.models.rosters.line_search import LineSearch
from optimizer.models.rosters.master import Master, MasterPoint

SMOOTHING = 0.5
"""Weight of the best prices so far against the last ones (Wentges 1997)."""

CLOSED = 1e-4
"""Cost units between the master and its bound at which nothing is left to gain."""

IMPROVING = -1e-6
"""Reduced cost below which a roster can improve the master."""

LineRoster = tuple[float, NDArray[np.int64]]


class NoRoster(Exception):
    """No roster of a line keeps its rules, whatever it costs."""


@dataclass(frozen=True)
class Relaxation:
    """The relaxed master after column generation: its last point and a bound on its cost.

    The bound is Lagrangean, so it holds for any prices, whether or not the generation has
    ended; `price[day, shift]` are those that prove it.
    """

    point: MasterPoint
    bound: float
    price: NDArray[np.float64]


def generate(
    master: Master, searches: Sequence[LineSearch], rounds: int, until: float | None = None
) -> Relaxation:
    """Add rosters until none improves the master, for `rounds` rounds or to a moment at most.

    Prices are smoothed towards those of the best bound; when these bring nothing, the last
    ones are tried before the search ends. `until` is a moment of the monotonic clock.

    Raises
    ------
    NoRoster
        When a line has none.
    """
    point = master.solve()
    center = last = _within(master, point.cover_price)
    bound = -np.inf
    for _ in range(rounds):
        for price in (SMOOTHING * center + (1.0 - SMOOTHING) * last, last):
            below, added = _price_lines(master, searches, point, price)
            if below > bound:
                bound, center = below, price
            if added:
                break
        if not added:
            break
        point = master.solve()
        last = _within(master, point.cover_price)
        if point.cost - bound < CLOSED or past(until):
            break
    return Relaxation(point, bound, center)


def cheapest(
    searches: Sequence[LineSearch], lines: Sequence[int], cost: NDArray[np.float64]
) -> list[LineRoster]:
    """The best roster of each line at `cost[line, day, shift]`; one thread a share of lines.

    Raises
    ------
    NoRoster
        When a line has none.
    """
    if not lines:
        return []
    workers = min(os.cpu_count() or 1, len(lines))
    shares = [lines[first::workers] for first in range(workers)]
    with ThreadPoolExecutor(max_workers=workers) as threads:
        parts = threads.map(
            lambda share: [best_line(searches, line, cost[line]) for line in share], shares
        )
        found = {
            line: best
            for share, part in zip(shares, parts, strict=True)
            for line, best in zip(share, part, strict=True)
        }
    return [found[line] for line in lines]


def best_line(searches: Sequence[LineSearch], line: int, cost: NDArray[np.float64]) -> LineRoster:
    """The best roster of one line at `cost[day, shift]`.

    Raises
    ------
    NoRoster
        When it has none.
    """
    best = searches[line].best(cost)
    if best is None:
        raise NoRoster(f"line number {line + 1} has no roster that keeps its rules")
    return best


def past(until: float | None) -> bool:
    """Whether a moment of the monotonic clock has passed."""
    return until is not None and monotonic() > until


def _within(master: Master, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Prices no higher than what missing cover costs, no lower than surplus costs."""
    return np.clip(price, -master.problem.over_cost, master.problem.under_cost)


def _price_lines(
    master: Master, searches: Sequence[LineSearch], point: MasterPoint, price: NDArray[np.float64]
) -> tuple[float, int]:
    """Lagrangean bound at the prices, and how many improving rosters were added."""
    duty_cost = master.problem.duty_cost
    free = master.free_lines
    bound, added = float((price * master.cover).sum()), 0
    for number in master.fixed.values():
        bound += master.columns[number].cost_at(price)
    for line, (cost, duties) in zip(free, cheapest(searches, free, duty_cost - price), strict=True):
        bound += cost
        days = np.flatnonzero(duties >= 0)
        at = days, duties[days]
        reduced = (duty_cost[line][at] - point.cover_price[at]).sum() - point.line_price[line]
        if reduced < IMPROVING:
            added += master.add(line, duties)
    return bound, added
