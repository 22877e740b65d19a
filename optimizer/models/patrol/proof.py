"""The best allocation of an hour with a proof: value, bound and how far apart they are.

Problems that only ask which places to open (`is_location`) are proved by branch and bound on
Lagrangean bounds, and by the exact model once few places are left undecided. All others start
from the dual bound of the hour; those of moderate size go to the exact model.
"""

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import hour_objective
from optimizer.models.location.location import (
    CLOSED,
    OPEN,
    is_location,
    location_of,
    opened_by,
    units_of,
    without_dominated,
)
from optimizer.models.location.location_rounds import search_rounds
from optimizer.models.location.location_search import swaps_of
from optimizer.models.location.location_tree import ProvenPlaces, better_than, prove_places
from optimizer.models.patrol.dual import dual_bound
from optimizer.models.patrol.exact_hour import open_entries, solve_hour
from optimizer.models.patrol.local_search import improve
from optimizer.models.patrol.placing import allocate_hour
from optimizer.models.solver import NotSolved, SolverOptions

NO_LIMIT = 1_000_000_000

PROMISING = 0.25
"""Share of the gap closed by a short tree from which on a long tree is expected to close it."""

FEW_ENTRIES = 10_000
"""Undecided entries up to which the exact model closes a location problem quicker."""

EXACT_ENTRIES = 250_000
"""Entries up to which the exact model of an hour with busy units is tried."""

SEARCH_SHARE = 0.85
"""Share of the time left that searches may take where the tree promises nothing."""

FIRST_MOVES = 1_000_000
"""Offered moves of the search before a long tree, at most; half of a long search otherwise."""

SWAP_PASSES = 20
IMPROVE_ROUNDS = 2_000
DUAL_ROUNDS = 400


@dataclass(frozen=True)
class Proof:
    """An allocation and what is proved about it.

    Attributes
    ----------
    units
        Units per place, `[place]`.
    value
        `hour_objective` of the units.
    bound
        No allocation within the limits is worth more.
    status
        `optimal` when no allocation is better (by a relative 1e-9, or by a whole unit where
        values are whole), else `feasible`.
    nodes
        Nodes of the search tree.
    seconds
        Time taken.
    """

    units: NDArray[np.int64]
    value: float
    bound: float
    status: Literal["optimal", "feasible"]
    nodes: int
    seconds: float

    def __post_init__(self) -> None:
        shape = np.shape(self.units)
        object.__setattr__(self, "units", frozen_array(self.units, np.int64, shape, "units"))


@dataclass(frozen=True)
class _Found:
    """Units, a bound on the value of all others and nodes searched."""

    units: NDArray[np.int64]
    bound: float
    nodes: int


def prove(
    problem: HourProblem, *, seconds: float, whole_values: bool = False, seed: int = 0
) -> Proof:
    """Best allocation and a proven bound, within about `seconds`.

    `whole_values` says that the value of every allocation is a whole number. Unless the seconds
    run out, the same problem and seed end in the same proof.
    """
    began = perf_counter()
    way = _prove_location if is_location(problem) else _prove_hour
    found = way(problem, began + seconds, whole_values, seed)
    value = hour_objective(problem, found.units)
    bound = max(value, found.bound)
    optimal = bound <= better_than(value, whole=whole_values)
    if whole_values:
        bound = value if optimal else float(np.floor(bound + 1e-6))
    return Proof(
        found.units,
        value,
        bound,
        "optimal" if optimal else "feasible",
        found.nodes,
        perf_counter() - began,
    )


def _prove_location(problem: HourProblem, deadline: float, whole: bool, seed: int) -> _Found:
    """Short trees before and after a search; then what is left in a long tree.

    The exact model takes over once a short tree has left few places undecided.
    """
    swaps = swaps_of(without_dominated(location_of(problem)))
    start = opened_by(swaps.location, allocate_hour(problem, swap_passes=0))
    opened, bound, nodes = start, np.inf, 0
    for most_nodes in (None, None, NO_LIMIT):
        proof = prove_places(swaps, opened, seconds=_left(deadline), nodes=most_nodes, whole=whole)
        opened, nodes, bound = proof.opened, nodes + proof.nodes, min(bound, proof.bound)
        found = _Found(units_of(problem, opened), bound, nodes)
        enough = better_than(proof.value, whole=whole)
        if bound <= enough or _left(deadline) == 0.0:
            break
        rest = _undecided(problem, proof)
        if open_entries(rest) <= FEW_ENTRIES:
            found = _solve(rest, _left(deadline), found)
            return replace(found, bound=min(bound, max(found.bound, enough)))
        if proof.closed >= PROMISING:
            moves = min(FIRST_MOVES, swaps.long_moves // 2)
            opened = swaps.search(opened, moves=moves, seed=seed)
        elif most_nodes is None and nodes == proof.nodes:
            until = deadline - (1.0 - SEARCH_SHARE) * _left(deadline)
            opened = search_rounds(swaps, start, opened, until=until, whole=whole, seed=seed)
    return found


def _undecided(problem: HourProblem, proof: ProvenPlaces) -> HourProblem:
    """The problem with the places fixed that the proof decided."""
    opened = np.maximum(problem.place_min, proof.fate == OPEN)
    closed = np.where(proof.fate == CLOSED, problem.place_min, problem.place_cap)
    return replace(problem, place_min=opened, place_cap=closed)


def _prove_hour(problem: HourProblem, deadline: float, whole: bool, seed: int) -> _Found:
    """Search, the dual bound and, if they leave a gap, the exact model."""
    units = allocate_hour(problem, swap_passes=SWAP_PASSES)
    units = improve(problem, units, rounds=IMPROVE_ROUNDS, seed=seed)
    good_enough = better_than(hour_objective(problem, units), whole=whole)
    bound = dual_bound(problem, units, rounds=DUAL_ROUNDS, good_enough=good_enough).value
    found = _Found(units, bound, 0)
    if bound <= good_enough or open_entries(problem) > EXACT_ENTRIES:
        return found
    return _solve(problem, _left(deadline), found)


def _solve(problem: HourProblem, seconds: float, found: _Found) -> _Found:
    """What the exact model adds to `found` in these seconds."""
    options = SolverOptions(relative_gap=0.0, nodes=NO_LIMIT, seconds=max(seconds, 0.01))
    try:
        exact = solve_hour(problem, options)
    except NotSolved:
        return found
    better = hour_objective(problem, exact.units) > hour_objective(problem, found.units)
    units = exact.units if better else found.units
    return _Found(units, min(found.bound, exact.bound), found.nodes)


def _left(deadline: float) -> float:
    return max(deadline - perf_counter(), 0.0)
