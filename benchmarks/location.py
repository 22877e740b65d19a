"""Location problems put to the patrol engine: p sites, no unit ever busy, one group."""

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.proof import prove

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


def warm_up() -> None:
    """Compile the kernels, so that no instance is charged for it."""
    for sites in (1, 2):
        prove(location_problem(*ring_of_five(), sites), seconds=60.0)


def ring_of_five() -> tuple[
    NDArray[np.int64], NDArray[np.int32], NDArray[np.int16], NDArray[np.float64]
]:
    """Five places on a ring, each of which covers its own cell and the next one."""
    cell = np.array([[i, (i + 1) % 5] for i in range(5)], dtype=np.int32)
    return np.arange(0, 11, 2), cell.ravel(), np.zeros(10, dtype=np.int16), np.ones((5, 1))


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Run `work`; return its result and the seconds it took."""
    began = perf_counter()
    result = work()
    return result, round(perf_counter() - began, 3)
