"""Patrol allocation: where the units of each district wait in each hour."""

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.models.patrol.greedy import lazy_greedy, slopes_of, unit_steps
from optimizer.models.patrol.near import near_problem
from optimizer.models.patrol.swaps import places_of_cells, swap_pass

__all__ = ["UNLIMITED", "HourProblem", "allocate_hour", "marginal_gains"]

SWAP_TOLERANCE = 1e-9

SPARE_UNITS = 4


def allocate_hour(problem: HourProblem, *, swap_passes: int = 2) -> NDArray[np.int64]:
    """Units per place, `[place]`, within all limits of the problem.

    Lazy greedy, at least half the optimum under group limits and within 1 - 1/e with one group
    (Nemhauser, Wolsey and Fisher 1978), then at most `swap_passes` rounds of single moves.
    Ties go to the lower place index.
    """
    units, _, _ = lazy_greedy(
        problem.indptr,
        problem.cell,
        problem.bin,
        problem.gain,
        problem.busy,
        problem.backup,
        problem.group,
        problem.group_min,
        problem.group_max,
        problem.place_min,
        problem.place_cap,
        problem.keep,
        problem.move_cost,
        problem.total,
    )
    if swap_passes > 0:
        swap_units(problem, units, swap_passes)
    return units


def swap_units(problem: HourProblem, units: NDArray[np.int64], passes: int) -> None:
    """Improve `units` in place by moving single units as far as the limits allow.

    Where every unit is busy at times, only reach that could matter after `SPARE_UNITS` units
    have left is looked at.
    """
    if problem.busy.min(initial=1.0) > 0:
        problem, _ = near_problem(problem, units, spare=SPARE_UNITS)
    step = unit_steps(problem.busy, problem.backup, int(units.sum()))
    slope, within = slopes_of(problem.indptr, problem.cell, problem.bin, problem.gain, step, units)
    by_cell = places_of_cells(problem.indptr, problem.cell, problem.bin, problem.n_cells)
    members = members_of_groups(problem)
    for _ in range(passes):
        moved = swap_pass(
            problem.indptr,
            problem.cell,
            problem.bin,
            *by_cell,
            problem.gain,
            step,
            problem.group,
            members,
            problem.group_min,
            problem.group_max,
            problem.place_min,
            problem.place_cap,
            problem.keep,
            problem.move_cost,
            units,
            slope,
            within,
            SWAP_TOLERANCE,
        )
        if moved == 0:
            break


def members_of_groups(problem: HourProblem) -> NDArray[np.int64]:
    """The places of each group, ascending, `[group, member]`, filled up with -1."""
    inside = [np.flatnonzero(problem.group == group) for group in range(problem.n_groups)]
    table = np.full((len(inside), max((len(places) for places in inside), default=0)), -1)
    for group, places in enumerate(inside):
        table[group, : len(places)] = places
    return table


def marginal_gains(problem: HourProblem, total: int) -> NDArray[np.float64]:
    """Value of the k-th unit of each group, `[group, k]`, never increasing in k.

    The greedy puts `total` units wherever in the city they add most, without group limits or
    minima; the gains of a group's units in the order they were placed are its value curve. The
    table is as wide as the largest group, filled up with zeros.
    """
    groups, places = problem.n_groups, problem.n_places
    no_limit = frozen_array(np.full(groups, max(total, 0)), np.int64, (groups,), "limit")
    nobody = frozen_array(np.zeros(groups), np.int64, (groups,), "nobody")
    no_minimum = frozen_array(np.zeros(places), np.int64, (places,), "minimum")
    _, chosen, added = lazy_greedy(
        problem.indptr,
        problem.cell,
        problem.bin,
        problem.gain,
        problem.busy,
        problem.backup,
        problem.group,
        nobody,
        no_limit,
        no_minimum,
        problem.place_cap,
        problem.keep,
        problem.move_cost,
        total,
    )
    group_of = problem.group[chosen]
    width = int(np.bincount(group_of, minlength=1).max())
    curve = np.zeros((groups, width))
    for group in range(groups):
        gains = added[group_of == group]
        curve[group, : len(gains)] = np.minimum.accumulate(gains)
    return curve
