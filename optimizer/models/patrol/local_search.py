"""Better allocations of an hour: take units near each other away and put them back better.

Each round walks over a few cells that share places, takes up to a few units from the places
that reach them and adds them again one by one where they gain most among those places, one of
the emptied places barred (ruin and recreate, Schrimpf et al. 2000). A round that
loses is undone. All limits of the problem hold throughout.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.models.location.location import is_location, location_of, opened_by, units_of
from optimizer.models.location.location_search import swaps_of
from optimizer.models.patrol.greedy import place_gain, shift_units, slopes_of, unit_steps

MOST_TAKEN = 4
"""Units taken away in a round, at most."""

CELLS_OF_A_WALK = 4
"""Cells over which a round extends."""

MOVES_PER_ROUND = 100
"""Offered moves of a location problem that take about the time of one round."""

TOLERANCE = 1e-12
"""A round must not lose more than this share of what it moves."""


def improve(
    problem: HourProblem, units: NDArray[np.int64], *, rounds: int, seed: int = 0
) -> NDArray[np.int64]:
    """An allocation at least as good as `units[place]`, within the same limits.

    The same problem, units, rounds and seed give the same allocation. Where units are never
    busy and there is one group (`is_location`), a quicker search does the work of the rounds.
    """
    if is_location(problem):
        location = location_of(problem)
        opened = opened_by(location, units)
        moves = rounds * MOVES_PER_ROUND
        return units_of(problem, swaps_of(location).search(opened, moves=moves, seed=seed))
    found_units = np.array(units, dtype=np.int64)
    if not len(problem.cell) or not found_units.any():
        return found_units
    by_cell = np.argsort(problem.cell, kind="stable")
    place = np.repeat(np.arange(problem.n_places), np.diff(problem.indptr))
    step = unit_steps(problem.busy, problem.backup, problem.total)
    slope, within = slopes_of(
        problem.indptr, problem.cell, problem.bin, problem.gain, step, found_units
    )
    rebuild_rounds(
        problem.indptr,
        problem.cell,
        problem.bin,
        problem.gain,
        step,
        problem.group,
        problem.group_min,
        problem.group_max,
        problem.place_min,
        problem.place_cap,
        problem.keep,
        problem.move_cost,
        np.searchsorted(problem.cell[by_cell], np.arange(problem.n_cells + 1)),
        place[by_cell],
        found_units,
        slope,
        within,
        rounds,
        np.random.default_rng(seed),
    )
    return found_units


@njit(cache=True, nogil=True)
def places_of_a_walk(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    first: NDArray[np.int64],
    places: NDArray[np.int64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Places that reach the cells of a random walk, each step over a place to another cell."""
    near = np.empty(0, np.int64)
    cell = random.integers(0, len(first) - 1)
    for _ in range(CELLS_OF_A_WALK):
        around = places[first[cell] : first[cell + 1]]
        if len(around) == 0:
            break
        near = np.append(near, around)
        place = around[random.integers(0, len(around))]
        cell = cells[random.integers(indptr[place], indptr[place + 1])]
    return np.unique(near)


@njit(cache=True, nogil=True)
def take_units(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    group: NDArray[np.int64],
    place_min: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    near: NDArray[np.int64],
    units: NDArray[np.int64],
    used: NDArray[np.int64],
    slope: NDArray[np.float64],
    within: NDArray[np.int32],
    taken: NDArray[np.int64],
    wanted: int,
    random: np.random.Generator,
) -> tuple[int, float]:
    """Take units from places of `near` in random order; returns how many and their worth."""
    count, lost = 0, 0.0
    first = random.integers(0, len(near))
    for offset in range(len(near)):
        place = near[(first + offset) % len(near)]
        if units[place] <= place_min[place] or random.random() < 0.3:
            continue
        shift_units(indptr, cells, bins, gain, step, slope, within, place, -1)
        units[place] -= 1
        used[group[place]] -= 1
        lost += place_gain(indptr, cells, bins, slope, place)
        if units[place] < keep[place]:
            lost += move_cost
        taken[count] = place
        count += 1
        if count == wanted:
            break
    return count, lost


@njit(cache=True, nogil=True)
def best_near(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    group: NDArray[np.int64],
    group_min: NDArray[np.int64],
    group_max: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    near: NDArray[np.int64],
    units: NDArray[np.int64],
    used: NDArray[np.int64],
    slope: NDArray[np.float64],
    left: int,
    barred: int,
) -> tuple[int, float]:
    """The place of `near` where the next of `left` units gains most, -1 if none may take it."""
    owed = 0
    for own in range(len(used)):
        owed += max(group_min[own] - used[own], 0)
    best, most = -1, -np.inf
    for place in near:
        own = group[place]
        if place == barred or units[place] >= place_cap[place] or used[own] >= group_max[own]:
            continue
        if used[own] >= group_min[own] and owed >= left:
            continue
        value = place_gain(indptr, cells, bins, slope, place)
        if units[place] < keep[place]:
            value += move_cost
        if value > most:
            best, most = place, value
    return best, most


@njit(cache=True, nogil=True)
def rebuild_rounds(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    group: NDArray[np.int64],
    group_min: NDArray[np.int64],
    group_max: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    first: NDArray[np.int64],
    places: NDArray[np.int64],
    units: NDArray[np.int64],
    slope: NDArray[np.float64],
    within: NDArray[np.int32],
    rounds: int,
    random: np.random.Generator,
) -> None:
    """Improve `units` in place; cell i is reached from `places[first[i]:first[i + 1]]`."""
    used = np.zeros(len(group_min), np.int64)
    for place in range(len(units)):
        used[group[place]] += units[place]
    taken = np.empty(MOST_TAKEN, np.int64)
    given = np.empty(MOST_TAKEN, np.int64)
    for _ in range(rounds):
        near = places_of_a_walk(indptr, cells, first, places, random)
        if len(near) == 0:
            continue
        count, lost = take_units(
            indptr, cells, bins, gain, step, group, place_min, keep, move_cost, near, units,
            used, slope, within, taken, int(random.integers(1, MOST_TAKEN + 1)), random,
        )  # fmt: skip
        gained, back = 0.0, 0
        barred = taken[0] if count > 0 else -1
        while back < count:
            place, value = best_near(
                indptr, cells, bins, group, group_min, group_max, place_cap, keep, move_cost,
                near, units, used, slope, count - back, barred,
            )  # fmt: skip
            if place < 0 and barred < 0:
                break
            barred = -1
            if place < 0:
                continue
            shift_units(indptr, cells, bins, gain, step, slope, within, place, 1)
            units[place] += 1
            used[group[place]] += 1
            given[back] = place
            back += 1
            gained += value
        if back == count and gained >= lost * (1.0 - TOLERANCE):
            continue
        for number in range(back):
            place = given[number]
            shift_units(indptr, cells, bins, gain, step, slope, within, place, -1)
            units[place] -= 1
            used[group[place]] -= 1
        for number in range(count):
            place = taken[number]
            shift_units(indptr, cells, bins, gain, step, slope, within, place, 1)
            units[place] += 1
            used[group[place]] += 1
