"""Proven optima of location problems: branch and bound on the places to open.

The root bounds and searches in turns: the relaxation's choices are starting points of swaps,
and a better value decides more places. The tree then takes the node with the largest bound,
decides one place both ways and improves the prices of its parent by a few steps.
"""

import heapq
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from optimizer.models.location.location import (
    CLOSED,
    FREE,
    OPEN,
    Location,
    best_worth,
    narrowed,
    opened_value,
)
from optimizer.models.location.location_dual import LocationBound, Pace, bound_location
from optimizer.models.location.location_search import Swaps

ROOT_PACES = (
    Pace(steps=300, stride=0.5, shrink=0.7, patience=20),
    Pace(steps=1000, stride=0.7, shrink=0.8, patience=15),
    Pace(steps=1000, stride=0.5, shrink=0.8, patience=15),
)
NODE_PACE = Pace(steps=150, stride=0.4, shrink=0.8, patience=10)

ROOT_MARGIN, NODE_MARGIN = 0.002, 0.6
"""How far below the cut the steps aim at least, as shares of the gap of the root so far."""

SWAPS_EVERY = 20
"""Nodes pushed between two starts of the swaps."""

SHORT_TREE_NODES = 10, 60
SHORT_TREE_WORK = 3e6
"""Nodes of a short tree, and entries that one step in each of them may look at."""

NARROW_AT = 0.7
"""Rows are rebuilt when no more than this share of their places is undecided."""

WHOLE_STEP = 1.0 - 1e-6
"""Whole values that differ by less than this are equal."""

EXACT = 1e-9
"""Relative difference below which other values count as equal."""


@dataclass(frozen=True)
class ProvenPlaces:
    """The best choice of places found and what is proved about it.

    No choice is worth more than `bound`, and none that decides a place otherwise than `fate` is
    better than the one found. `closed` is the share of the root's gap that the tree has closed.
    """

    opened: NDArray[np.bool_]
    value: float
    bound: float
    fate: NDArray[np.int8]
    nodes: int
    closed: float


@dataclass
class _Best:
    """The best choice so far."""

    location: Location
    whole: bool
    opened: NDArray[np.bool_]
    value: float

    @property
    def cut(self) -> float:
        """Value that a choice must reach to be better."""
        return better_than(self.value, whole=self.whole)

    def offer(self, opened: NDArray[np.bool_]) -> None:
        """Keep a choice if it is better."""
        value = opened_value(self.location, opened)
        if value > self.value:
            self.opened, self.value = opened.copy(), value


@dataclass(frozen=True)
class _Node:
    """An open node: its bound, its relaxation and the rows that still matter in it."""

    bound: float
    relaxed: LocationBound
    location: Location


def better_than(value: float, *, whole: bool) -> float:
    """Least value that counts as better than `value`."""
    return value + WHOLE_STEP if whole else value + EXACT * max(1.0, abs(value))


def prove_places(
    swaps: Swaps,
    opened: NDArray[np.bool_],
    *,
    seconds: float,
    nodes: int | None,
    whole: bool,
) -> ProvenPlaces:
    """Improve a choice of places and bound all others, within `seconds` and `nodes`.

    No number of nodes asks for a short tree, to see how it gets on.
    """
    deadline = perf_counter() + seconds
    location = swaps.location
    best = _Best(location, whole, opened.copy(), opened_value(location, opened))
    best.offer(swaps.search(opened))
    root = _root(best, swaps, deadline)
    fate, gap = root.relaxed.fate, root.bound - best.cut
    if gap < 0.0:
        return ProvenPlaces(best.opened, best.value, best.cut, fate, 0, 1.0)
    most = _short_tree(root.location) if nodes is None else nodes
    bound, count = _branch(root, best, swaps, deadline, most)
    closed = (root.bound - bound) / gap if gap > 0.0 else 1.0
    return ProvenPlaces(best.opened, best.value, bound, fate, count, closed)


def _short_tree(location: Location) -> int:
    """Nodes of a short tree: fewer where one step of the prices looks at more entries."""
    row = len(location.place) / max(location.n_cells, 1)
    near = 2.0 * float((location.fate == FREE).sum()) / max(location.sites, 1)
    step = location.n_cells * min(row, near)
    return int(np.clip(SHORT_TREE_WORK / max(step, 1.0), *SHORT_TREE_NODES))


def _root(best: _Best, swaps: Swaps, deadline: float) -> _Node:
    """Bound the whole problem, with swaps from the relaxation's choices in between."""
    location = best.location
    fate = location.fate
    prices = best_worth(location.start, location.place, location.worth, best.opened)
    bound = float(location.most_worth.sum())
    tried: set[bytes] = set()
    for number, pace in enumerate(ROOT_PACES):
        margin = ROOT_MARGIN * max(bound - best.cut, 0.0)
        relaxed = bound_location(location, fate, prices, best.cut, margin, pace)
        bound = min(bound, relaxed.value)
        fate, prices = relaxed.fate, relaxed.prices
        for start in (relaxed.choice, _most_chosen(best.location, relaxed.share)):
            if start.sum() == location.sites and start.tobytes() not in tried:
                tried.add(start.tobytes())
                best.offer(swaps.search(start))
        best.offer(swaps.search(best.opened, moves=swaps.few_moves, seed=number))
        if bound < best.cut or perf_counter() > deadline:
            break
        location = narrowed(location, fate)
    return _Node(bound, relaxed, location)


def _most_chosen(location: Location, share: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The places that the relaxation chose most often."""
    order = np.argsort(-np.where(location.fate == OPEN, 2.0, share), kind="stable")
    order = order[location.fate[order] != CLOSED]
    chosen = np.zeros(location.n_places, dtype=np.bool_)
    chosen[order[: location.sites]] = True
    return chosen


def _branch(
    root: _Node, best: _Best, swaps: Swaps, deadline: float, nodes: int
) -> tuple[float, int]:
    """Search the tree, the largest bound first; returns the bound left and the nodes done."""
    margin = NODE_MARGIN * (root.bound - best.cut)
    heap = [(-root.bound, 0, root)]
    done, pushed = 0, 0
    while heap and done < nodes and perf_counter() < deadline:
        _, _, node = heapq.heappop(heap)
        if node.bound < best.cut:
            return best.cut, done
        done += 1
        for child in _children(node, best, margin):
            pushed += 1
            if pushed % SWAPS_EVERY == 1:
                best.offer(swaps.search(child.relaxed.choice))
            heapq.heappush(heap, (-child.bound, pushed, child))
    return max(best.cut, -heap[0][0]) if heap else best.cut, done


def _children(node: _Node, best: _Best, margin: float) -> list[_Node]:
    """The node with one place open and with it closed, as far as they may hold better choices."""
    found: list[_Node] = []
    place = _place_to_decide(node.relaxed)
    if place < 0:
        decided = node.relaxed.fate == OPEN
        if decided.sum() == best.location.sites:
            best.offer(decided)
        return found
    for decision in (OPEN, CLOSED):
        fate = node.relaxed.fate.copy()
        fate[place] = decision
        relaxed = bound_location(
            node.location, fate, node.relaxed.prices, best.cut, margin, NODE_PACE
        )
        bound = min(node.bound, relaxed.value)
        if bound < best.cut:
            continue
        best.offer(relaxed.choice)
        location = node.location
        if (relaxed.fate == FREE).sum() <= NARROW_AT * (location.fate == FREE).sum():
            location = narrowed(location, relaxed.fate)
        found.append(_Node(bound, relaxed, location))
    return found


def _place_to_decide(relaxed: LocationBound) -> int:
    """The undecided place that was chosen nearest to half the time, -1 for none."""
    free = np.flatnonzero(relaxed.fate == FREE)
    if not len(free):
        return -1
    return int(free[np.argmin(np.abs(relaxed.share[free] - 0.5))])
