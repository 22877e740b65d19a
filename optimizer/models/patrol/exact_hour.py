"""The exact model of a small hour: mixed integer programming over piecewise linear values.

The value of n units near a cell is concave in n, so it is a sum of steps that are never taken
out of order: one column for each step. When there are more steps than columns the last column
goes on with its slope, which values the units too high, never too low: the bound stays a bound.
The units within a bin chain up along the bins of a cell, `near[b] <= near[b - 1] + arriving`, so
that the model has one entry for each entry of the reach lists (the radius formulation of
Garcia, Labbe and Marin 2011 where no unit is busy).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.greedy import unit_steps
from optimizer.models.solver import LinearModel, SolverOptions, minimise

STEPS = 24
"""Steps of the value that get a column of their own."""

EXACT = SolverOptions(relative_gap=0.0, nodes=1_000_000)


@dataclass(frozen=True)
class ExactHour:
    """Units per place, and a value that no allocation exceeds."""

    units: NDArray[np.int64]
    bound: float

    def __post_init__(self) -> None:
        shape = np.shape(self.units)
        object.__setattr__(self, "units", frozen_array(self.units, np.int64, shape, "units"))


@dataclass(frozen=True)
class HourTerms:
    """The bins of each cell in which units can arrive, `[term]`, by cell and bin.

    Attributes
    ----------
    cell
        Cell of each term.
    gain
        Gain of the bins from this one up to the next term of the cell.
    follows
        Whether the term before it belongs to the same cell.
    sure
        Units within the bin in every allocation: the minima of the places.
    room
        Units within the bin that may come on top of these.
    entry_term, entry_place
        The entries of the reach lists: where units of a place arrive.
    """

    cell: NDArray[np.int64]
    gain: NDArray[np.float64]
    follows: NDArray[np.bool_]
    sure: NDArray[np.int64]
    room: NDArray[np.int64]
    entry_term: NDArray[np.int64]
    entry_place: NDArray[np.int64]


def solve_hour(
    problem: HourProblem, options: SolverOptions = EXACT, *, steps: int = STEPS
) -> ExactHour:
    """Best allocation of an hour, exact up to the options and to negligible steps.

    `steps` columns stand for the value of the units within a bin.

    Raises
    ------
    NotSolved
        When the solver stops before it has any allocation.
    """
    terms = hour_terms(problem)
    model = LinearModel()
    room = np.minimum(problem.place_cap - problem.place_min, problem.total)
    added = model.add_columns(room, 0.0, (problem.n_places,), integer=True)
    _limit_units(model, problem, added)
    _charge_moves(model, problem, added)
    sure_value = _value_units(model, problem, terms, added, steps)
    solution = minimise(model, options)
    return ExactHour(problem.place_min + solution.whole(added), sure_value - solution.bound)


def open_entries(problem: HourProblem) -> int:
    """Entries of the exact model: where units may arrive that are not sure to be surpassed."""
    place = np.repeat(np.arange(problem.n_places), np.diff(problem.indptr))
    free = problem.place_cap[place] > problem.place_min[place]
    idle = (problem.busy == 0) & (problem.backup == 0)
    nearest = np.full(problem.n_cells, problem.n_bins)
    sure = (problem.place_min[place] > 0) & idle[problem.cell]
    np.minimum.at(nearest, problem.cell[sure], problem.bin[sure])
    return int((free & (problem.bin < nearest[problem.cell])).sum())


def hour_terms(problem: HourProblem) -> HourTerms:
    """Gather the bins of each cell in which units can arrive."""
    place = np.repeat(np.arange(problem.n_places), np.diff(problem.indptr))
    entry = np.flatnonzero(problem.place_cap[place] > 0)
    key = problem.cell[entry].astype(np.int64) * problem.n_bins + problem.bin[entry]
    keys, term = np.unique(key, return_inverse=True)
    cell, first_bin = np.divmod(keys, problem.n_bins)
    later = problem.gain[:, ::-1].cumsum(axis=1)[:, ::-1][cell, first_bin]
    follows = np.append(False, cell[1:] == cell[:-1])[: len(cell)]
    after = np.append(np.where(follows[1:], later[1:], 0.0), 0.0)[: len(cell)]
    most = np.minimum(problem.place_cap, problem.total)
    sure = _along_bins(np.bincount(term, problem.place_min[place[entry]], len(keys)), follows)
    reach = _along_bins(np.bincount(term, most[place[entry]], len(keys)), follows)
    room = np.minimum(reach, problem.total) - sure
    return HourTerms(cell, later - after, follows, sure, room, term, place[entry])


def _along_bins(
    units: NDArray[np.int64] | NDArray[np.float64], follows: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Running sums within each cell."""
    total = units.cumsum()
    first = np.flatnonzero(~follows)
    before = np.repeat(total[first] - units[first], np.diff(np.append(first, len(units))))
    whole: NDArray[np.int64] = np.rint(total - before).astype(np.int64)
    return whole


def _limit_units(model: LinearModel, problem: HourProblem, added: NDArray[np.int64]) -> None:
    """Ranges of the groups and the units in all, beyond the minima of the places."""
    pinned = np.bincount(problem.group, problem.place_min, problem.n_groups)
    low, high = problem.group_min - pinned, problem.group_max - pinned
    rows = model.add_rows(np.maximum(low, 0), high, (problem.n_groups,))
    model.add_entries(rows[problem.group], added, 1.0)
    left = problem.total - problem.place_min.sum()
    model.add_entries(model.add_rows(left, left, (1,)), added, 1.0)


def _charge_moves(model: LinearModel, problem: HourProblem, added: NDArray[np.int64]) -> None:
    """Units of `keep` that leave, beyond those that the minima hold: left + added >= keep."""
    free = np.maximum(problem.keep - problem.place_min, 0)
    place = np.flatnonzero(free) if problem.move_cost > 0 else np.zeros(0, dtype=np.int64)
    left = model.add_columns(free[place], problem.move_cost, (len(place),))
    rows = model.add_rows(free[place], np.inf, (len(place),))
    model.add_entries(rows, left, 1.0)
    model.add_entries(rows, added[place], 1.0)


def _value_units(
    model: LinearModel,
    problem: HourProblem,
    terms: HourTerms,
    added: NDArray[np.int64],
    steps: int,
) -> float:
    """Columns for the units near each cell and their value; returns the value of the sure ones.

    Where a second unit adds nothing, the chain along the bins itself carries the value and is
    cut off at one unit; elsewhere it counts units and buys steps of the value.
    """
    table = unit_steps(problem.busy, problem.backup, problem.total)
    last = table.shape[1] - 1
    worth = np.minimum(terms.sure, last)
    sure_value = terms.gain * (table.cumsum(axis=1) - table)[terms.cell, worth]
    second_adds: NDArray[np.bool_] = np.asarray((table[:, 1:] > 0).any(axis=1))
    single = ~second_adds[terms.cell]
    open_ended = (terms.room > 0) & (terms.gain > 0)
    chained = ~single | (terms.sure == 0)
    upper = np.where(single, np.minimum(terms.room, 1), terms.room)
    near = np.full(len(terms.cell), -1, dtype=np.int64)
    near[chained] = model.add_columns(
        upper[chained],
        np.where(single, -terms.gain * table[terms.cell, 0], 0.0)[chained],
        (int(chained.sum()),),
    )
    _chain(model, terms, added, near)
    bought = np.flatnonzero(~single & open_ended)
    _buy_steps(model, terms, table, near, bought, steps)
    return float(sure_value.sum())


def _chain(
    model: LinearModel, terms: HourTerms, added: NDArray[np.int64], near: NDArray[np.int64]
) -> None:
    """Rows near[term] <= near[term before] + units arriving in the bin."""
    row = np.full(len(near), -1, dtype=np.int64)
    linked = np.flatnonzero(near >= 0)
    row[linked] = model.add_rows(-np.inf, 0.0, (len(linked),))
    model.add_entries(row[linked], near[linked], 1.0)
    follower = linked[terms.follows[linked]]
    model.add_entries(row[follower], near[follower - 1], -1.0)
    entry = np.flatnonzero(near[terms.entry_term] >= 0)
    model.add_entries(row[terms.entry_term[entry]], added[terms.entry_place[entry]], -1.0)


def _buy_steps(
    model: LinearModel,
    terms: HourTerms,
    table: NDArray[np.float64],
    near: NDArray[np.int64],
    bought: NDArray[np.int64],
    steps: int,
) -> None:
    """Columns for the steps of the value; the last one of a term has room for all the rest."""
    last = table.shape[1] - 1
    width = min(steps, int(terms.room[bought].max(initial=1)))
    number = terms.sure[bought, np.newaxis] + np.arange(width)
    slope = table[terms.cell[bought, np.newaxis], np.minimum(number, last)]
    slope = np.maximum(slope, 0.0)
    size = np.clip(terms.room[bought, np.newaxis] - np.arange(width), 0, 1)
    size[:, -1] = np.maximum(terms.room[bought] - (width - 1), 0)
    rows = model.add_rows(-np.inf, 0.0, (len(bought),))
    taken = model.add_columns(size, -terms.gain[bought, np.newaxis] * slope, size.shape)
    model.add_entries(rows[:, np.newaxis], taken, 1.0)
    model.add_entries(rows, near[bought], -1.0)
