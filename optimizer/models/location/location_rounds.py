"""Long searches for places to open: several side by side, then the best of all their places.

Searches from different seeds end in choices that share most of their places. The problem that is
left when only places of these choices may open has a tenth of the places: the same searches settle
it in a fraction of the moves, and what their choices have in common after that leaves a tree of few
nodes (heuristic concentration, Rosing and ReVelle 1997).
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from optimizer.models.location.location import (
    CLOSED,
    Location,
    narrowed,
    opened_by,
    opened_value,
    without_dominated,
)
from optimizer.models.location.location_repair import repair
from optimizer.models.location.location_search import Swaps, swaps_of
from optimizer.models.location.location_tree import prove_places

Choice = NDArray[np.bool_]
"""Which places are open, `[place]`."""

ROUNDS = 6
"""Rounds of searches, at most."""

SEARCHES, INNER_SEARCHES = 8, 4
"""Searches of a round, and those among the places of their choices: as many on any machine."""

INNER_SHARE = 0.5
"""Share of the moves of a long search in one among the places of earlier choices."""

INNER_NODES = 50
"""Nodes of the tree over the places that are left then."""

REGION_SITES = (10, 14, 18)
"""Open places in a region to repair, in turns; at most half of all."""

LEAST_REPAIRS = 10
"""Repairs in vain, at least, before they end; a third of the open places otherwise."""


def search_rounds(
    swaps: Swaps, start: Choice, best: Choice, *, until: float, whole: bool, seed: int
) -> Choice:
    """The best of `best` and of rounds of searches from `start`, until the clock says `until`.

    Unless the clock ends them, the same seed ends in the same choice on any number of processors.
    """
    moves = swaps.long_moves
    for number in range(seed * ROUNDS, (seed + 1) * ROUNDS):
        if perf_counter() >= until:
            break
        seeds = range(number * SEARCHES, (number + 1) * SEARCHES)
        found = [best, *_searched(swaps, start, moves, seeds, until)]
        joined = concentrated(swaps, found, moves=moves, until=until, whole=whole, seed=number)
        if joined is not best:
            best = _repaired(swaps, joined, until=until, whole=whole, seed=number)
    return best


def concentrated(
    swaps: Swaps, choices: Sequence[Choice], *, moves: int, until: float, whole: bool, seed: int
) -> Choice:
    """A choice of the places of `choices`, at least as good as all of them."""
    best = _best_of(swaps.location, choices)
    inner = swaps_of(_among(swaps.location, choices))
    start = opened_by(inner.location, best)
    seeds = range(seed * INNER_SEARCHES, (seed + 1) * INNER_SEARCHES)
    found = [best, *_searched(inner, start, int(moves * INNER_SHARE), seeds, until)]
    best = _best_of(swaps.location, found)
    last = _among(swaps.location, found)
    seconds = max(until - perf_counter(), 0.0)
    proof = prove_places(
        swaps_of(last), opened_by(last, best), seconds=seconds, nodes=INNER_NODES, whole=whole
    )
    return _best_of(swaps.location, [best, proof.opened])


def _searched(
    swaps: Swaps, start: Choice, moves: int, seeds: Iterable[int], until: float
) -> list[Choice]:
    """One search for each seed, side by side; none begins once the clock says `until`."""

    def search(seed: int) -> Choice:
        late = perf_counter() >= until
        return swaps.search(start, moves=0 if late else moves, seed=seed)

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(search, seeds))


def _among(location: Location, choices: Sequence[Choice]) -> Location:
    """The problem in which only places of these choices may open."""
    fate = location.fate.copy()
    fate[~np.logical_or.reduce(choices)] = CLOSED
    return without_dominated(narrowed(location, fate))


def _best_of(location: Location, choices: Sequence[Choice]) -> Choice:
    """The choice that is worth most, the first of equal ones."""
    return choices[int(np.argmax([opened_value(location, choice) for choice in choices]))]


def _repaired(swaps: Swaps, opened: Choice, *, until: float, whole: bool, seed: int) -> Choice:
    """Repair regions around open places in random order while that helps and time allows."""
    random = np.random.default_rng(seed)
    sites = swaps.location.sites
    step, in_vain = 0, 0
    while in_vain < max(LEAST_REPAIRS, sites // 3) and perf_counter() < until:
        size = min(REGION_SITES[step % len(REGION_SITES)], sites // 2)
        around = int(random.choice(np.flatnonzero(opened)))
        seconds = max(until - perf_counter(), 0.0)
        changed = repair(swaps, opened, around, size, seconds, whole=whole)
        better = opened_value(swaps.location, changed) > opened_value(swaps.location, opened)
        opened, in_vain = (changed, 0) if better else (opened, in_vain + 1)
        step += 1
    return opened
