"""What the tests of the simulation share: small grounds, streams of calls, intervals."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from geodata.travel import ReachLists
from optimizer.judges.simulation.call_stream import CallDraws, CallKinds, CallStream, drawn_calls
from optimizer.judges.simulation.system import Fleet, Ground, ground_of

BEYOND_MIN = 16.0
CHANCE = 1e-3
"""Chance that a right simulation leaves its interval; seeds are fixed, so it never flickers."""


def reach_from(travel: ArrayLike) -> ReachLists:
    """Reach lists of a table `[place, cell]` of minutes; inf for out of reach."""
    table = np.asarray(travel, dtype=np.float64)
    place, cell = np.nonzero(np.isfinite(table))
    indptr = np.searchsorted(place, np.arange(len(table) + 1))
    return ReachLists(indptr, cell.astype(np.int32), table[place, cell].astype(np.float32))


def city_ground(
    travel: ArrayLike,
    hours: int,
    *,
    place_command: Sequence[int] | None = None,
    cell_command: Sequence[int] | None = None,
) -> Ground:
    """One type of unit, one profile, no turnout; place `p` lies in cell `p` or in the last one."""
    table = np.asarray(travel, dtype=np.float64)
    places, cells = table.shape
    return ground_of(
        [[reach_from(table)]],
        np.zeros((1, hours), dtype=np.int64),
        np.zeros((1, places)),
        np.zeros(1),
        np.minimum(np.arange(places), cells - 1),
        np.array(place_command or [0] * places),
        np.array(cell_command or [0] * cells),
        BEYOND_MIN,
    )


def steady_fleet(places: Sequence[int], hours: int) -> Fleet:
    """One unit of the only type at each of `places`, all hours."""
    home = np.repeat(np.array(places, dtype=np.int64)[:, None], hours, axis=1)
    return Fleet(np.zeros(len(places), dtype=np.int64), home.reshape(len(places), hours))


def alike(grades: Sequence[int]) -> CallKinds:
    """Classes of these grades that the only type of unit answers."""
    return CallKinds(np.array(grades), np.ones((len(grades), 1), dtype=np.bool_))


def steady_calls(
    calls_per_h: ArrayLike, hours: int, scene_min: float, scene_cv: float, seed: int
) -> CallStream:
    """Calls of `calls_per_h[cell, class]` with the same scene time, ready when received."""
    per_h = np.asarray(calls_per_h, dtype=np.float64)
    rate = np.repeat(per_h[:, None, :], hours, axis=1)
    classes = per_h.shape[1]
    return drawn_calls(
        rate,
        np.ones(classes),
        np.full(classes, scene_min),
        CallDraws(handling_min=0.0, handling_cv=0.0, scene_cv=scene_cv, travel_cv=0.0),
        np.random.default_rng(seed),
    )


def given_calls(
    ready_min: ArrayLike,
    scene_min: ArrayLike,
    *,
    cell: ArrayLike = 0,
    class_of_call: ArrayLike = 0,
    units: ArrayLike = 1,
) -> CallStream:
    """Calls one by one, in the order of their times."""
    ready = np.asarray(ready_min, dtype=np.float64)

    def each(values: ArrayLike, dtype: type) -> NDArray[np.generic]:
        return np.broadcast_to(np.asarray(values, dtype=dtype), ready.shape).copy()

    return CallStream(
        ready,
        ready,
        each(cell, np.int64),
        each(class_of_call, np.int64),
        each(units, np.int64),
        each(scene_min, np.float64),
        np.ones(len(ready)),
    )


def assert_in_interval(sample: ArrayLike, theory: ArrayLike, *, power: float) -> None:
    """The theory lies in the interval over replications, `sample[replication, ...]`.

    Student's interval, jointly for all figures (Bonferroni) at `1 - CHANCE`. It must be no wider
    than `power` either way, as a share of the largest figure: a wide one would prove nothing.
    """
    middle, half = interval(sample)
    expected = np.asarray(theory, dtype=np.float64)
    assert (np.abs(middle - expected) <= half).all(), (middle, half, expected)
    assert half.max() <= power * np.abs(expected).max(), (half, expected)


def interval(sample: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over replications and half the width of its interval."""
    table = np.asarray(sample, dtype=np.float64)
    runs = len(table)
    level = 1.0 - CHANCE / 2 / max(table[0].size, 1)
    half = student.ppf(level, runs - 1) * table.std(axis=0, ddof=1) / np.sqrt(runs)
    return table.mean(axis=0), half
