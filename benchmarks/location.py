"""Location problems put to the patrol engine: p sites, no unit ever busy, one group."""

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.models.patrol import allocate_hour, swap_units

Result = TypeVar("Result")


def location_problem(
    indptr: NDArray[np.int64],
    cell: NDArray[np.int32],
    rank: NDArray[np.int16],
    gain: NDArray[np.float64],
    sites: int,
) -> HourProblem:
    """Choose `sites` places, at most one unit in each, with all units idle.

    `indptr`, `cell`, `rank` are the reach lists of the places; `gain[cell, rank]` as in
    `HourProblem`.
    """
    places = len(indptr) - 1
    return HourProblem(
        indptr=indptr,
        cell=cell,
        bin=rank,
        gain=gain,
        busy=np.zeros(len(gain)),
        group=np.zeros(places, dtype=np.int64),
        group_min=np.array([sites]),
        group_max=np.array([sites]),
        total=sites,
        place_min=np.zeros(places, dtype=np.int64),
        place_cap=np.ones(places, dtype=np.int64),
    )


def chosen_sites(problem: HourProblem, seconds: float) -> NDArray[np.int64]:
    """Places that the engine chooses, ascending.

    Greedy, then swap passes until one changes nothing or `seconds` have gone by.
    """
    began = perf_counter()
    units = allocate_hour(problem, swap_passes=0)
    while perf_counter() - began < seconds:
        before = units.copy()
        swap_units(problem, units, passes=1)
        if np.array_equal(before, units):
            break
    return np.flatnonzero(units)


def warm_up() -> None:
    """Compile the kernels, so that no instance is charged for it."""
    one = np.ones((2, 1))
    reach = np.array([0, 1, 2]), np.array([0, 1], np.int32), np.zeros(2, np.int16)
    allocate_hour(location_problem(*reach, one, 1), swap_passes=1)


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Run `work`; return its result and the seconds it took."""
    began = perf_counter()
    result = work()
    return result, round(perf_counter() - began, 3)
