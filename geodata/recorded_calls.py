"""Recorded calls, counted by day, cell and class, and the demand they let one expect.

Only counts are kept: no call, no point and no clock time (the open records give dates only).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geodata.forecast import DemandForecast
from geodata.frozen import frozen_array
from geodata.grid import Grid
from geodata.horizon import Horizon


@dataclass(frozen=True)
class RecordedCalls:
    """Public calls per day, cell and class, as a list of the counts above 0.

    `days` are all dates from the first to the last call; `day`, `cell`, `kind` index days,
    cells and classes, `calls` is the count; arrays `[entry]`, in the order of these keys.

    Raises
    ------
    ValueError
        When an index or a count is out of range.
    """

    class_ids: tuple[str, ...]
    n_cells: int
    days: tuple[date, ...]
    day: NDArray[np.int64]
    cell: NDArray[np.int64]
    kind: NDArray[np.int64]
    calls: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = np.shape(self.day)
        limits = {"day": len(self.days), "cell": self.n_cells, "kind": len(self.class_ids)}
        for name in ("day", "cell", "kind", "calls"):
            array = frozen_array(getattr(self, name), np.int64, shape, name)
            object.__setattr__(self, name, array)
            if array.size and not 0 <= array.min() <= array.max() < limits.get(name, np.inf):
                raise ValueError(f"{name} lies outside 0..{limits.get(name)}")

    def counts(self, days: Sequence[date]) -> NDArray[np.float64]:
        """Calls of the given days, `[cell, class]`.

        Raises
        ------
        ValueError
            When a day is not among the recorded ones; the message names the first three.
        """
        wanted = self._wanted(days)
        found = np.zeros((self.n_cells, len(self.class_ids)))
        used = wanted[self.day]
        np.add.at(found, (self.cell[used], self.kind[used]), self.calls[used])
        return found

    def by_weekday(self, days: Sequence[date]) -> NDArray[np.float64]:
        """Calls of the given days, `[weekday, class]`, Monday first."""
        wanted = self._wanted(days)
        weekday = np.array([day.weekday() for day in self.days], dtype=np.int64)
        found = np.zeros((7, len(self.class_ids)))
        used = wanted[self.day]
        np.add.at(found, (weekday[self.day[used]], self.kind[used]), self.calls[used])
        return found

    def _wanted(self, days: Sequence[date]) -> NDArray[np.bool_]:
        strangers = sorted(set(days) - set(self.days))
        if strangers:
            names = ", ".join(day.isoformat() for day in strangers[:3])
            raise ValueError(f"no calls are recorded for {len(strangers)} of the days ({names})")
        return np.isin(np.array(self.days, dtype="datetime64[D]"), np.array(days, "datetime64[D]"))


@dataclass(frozen=True)
class RateModel:
    """Choices of the daily-rate estimate.

    `bandwidth_m` is the standard deviation of the Gaussian kernel that spreads calls over
    neighbouring cells, `weekday_prior_calls` how many calls speak for "no difference between
    weekdays" before the record does.
    """

    bandwidth_m: float = 750.0
    weekday_prior_calls: float = 200.0


def count_calls(
    class_ids: tuple[str, ...],
    n_cells: int,
    dates: Sequence[date],
    cell: NDArray[np.int64],
    kind: NDArray[np.int64],
) -> RecordedCalls:
    """Counts of single calls; `dates`, `cell` and `kind` have one entry per call."""
    if not len(dates):
        nothing = (np.empty(0, dtype=np.int64) for _ in range(4))
        return RecordedCalls(class_ids, n_cells, (), *nothing)
    first, last = min(dates), max(dates)
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    number = (np.array(dates, "datetime64[D]") - np.datetime64(first, "D")).astype(np.int64)
    keys = pd.DataFrame({"day": number, "cell": cell, "kind": kind})
    entries = keys.groupby(["day", "cell", "kind"]).size().reset_index(name="calls")
    columns = (entries[name].to_numpy() for name in ("day", "cell", "kind", "calls"))
    return RecordedCalls(class_ids, n_cells, days, *columns)


def daily_rate(
    calls: RecordedCalls, grid: Grid, days: Sequence[date], model: RateModel
) -> NDArray[np.float64]:
    """Expected calls a day of each cell and class, `[cell, class]`, from the training `days`.

    Empirical Bayes, class by class: the calls y of a cell in D days are Poisson with a rate of
    Gamma prior whose mean m is the kernel-smoothed rate of the *other* cells, and whose shape a
    is found by moments over all cells; the estimate is (a + y) / (a / m + D), between the
    neighbourhood's rate (few days) and the cell's own (many). See Clayton and Kaldor (1987),
    Biometrics 43, 671-681.

    Raises
    ------
    ValueError
        When there are no training days, or the grid is not the one the calls were counted on.
    """
    if not len(days):
        raise ValueError("no training days")
    if grid.n_cells != calls.n_cells:
        raise ValueError(f"calls are counted on {calls.n_cells} cells, the grid has {grid.n_cells}")
    counts = calls.counts(days)
    n_days = len(set(days))
    return np.stack(
        [
            _shrunk(counts[:, kind], _neighbourhood(counts[:, kind], grid, model), n_days)
            for kind in range(counts.shape[1])
        ],
        axis=1,
    )


def _neighbourhood(count: NDArray[np.float64], grid: Grid, model: RateModel) -> NDArray[np.float64]:
    """Kernel mean of the other cells' counts, `[cell]`, above 0 where the class has calls.

    The city's mean enters with the weight of one cell at the kernel's centre, so that a cell
    far from all calls keeps a small rate.
    """
    col, row = grid.col - grid.col.min(), grid.row - grid.row.min()
    shape = (int(row.max()) + 1, int(col.max()) + 1)
    raster, mask = np.zeros(shape), np.zeros(shape)
    raster[row, col] = count
    mask[row, col] = 1.0
    sigma = model.bandwidth_m / grid.cell_m
    spread = gaussian_filter(raster, sigma, mode="constant")[row, col]
    weight = gaussian_filter(mask, sigma, mode="constant")[row, col]
    own = _own_weight(sigma)
    others = np.maximum(spread - own * count, 0.0) + own * count.mean()
    mean: NDArray[np.float64] = others / (np.maximum(weight - own, 0.0) + own)
    return mean


def _own_weight(sigma: float) -> float:
    """Weight of the centre cell in the Gaussian filter."""
    reach = int(4.0 * sigma + 0.5)
    point = np.zeros((2 * reach + 1, 2 * reach + 1))
    point[reach, reach] = 1.0
    return float(gaussian_filter(point, sigma, mode="constant")[reach, reach])


def _shrunk(
    count: NDArray[np.float64], mean: NDArray[np.float64], n_days: int
) -> NDArray[np.float64]:
    """Posterior mean daily rate `[cell]` from counts and prior mean counts of `n_days` days."""
    if not count.sum():
        return np.zeros_like(count)
    excess = float((np.square(count - mean) - mean).sum())
    shape = float(np.square(mean).sum()) / max(excess, 1e-9 * float(np.square(mean).sum()))
    rate: NDArray[np.float64] = (shape + count) / (shape / mean + 1.0) / n_days
    return rate


def weekday_factors(
    calls: RecordedCalls, days: Sequence[date], model: RateModel
) -> NDArray[np.float64]:
    """Calls of a weekday relative to the mean day, `[weekday, class]`, Monday first.

    Shrunk to 1: `weekday_prior_calls` imagined calls at the mean rate are added to each.
    """
    found = calls.by_weekday(days)
    seen = np.bincount([day.weekday() for day in sorted(set(days))], minlength=7)
    expected = np.outer(seen, found.sum(axis=0)) / max(int(seen.sum()), 1)
    factors: NDArray[np.float64] = (found + model.weekday_prior_calls) / (
        expected + model.weekday_prior_calls
    )
    return factors


def expected_demand(
    calls: RecordedCalls,
    grid: Grid,
    training_days: Sequence[date],
    horizon: Horizon,
    hourly_share: NDArray[np.float64],
    model: RateModel,
) -> DemandForecast:
    """Forecast for a horizon from the calls of the training days.

    Rate of the cell and class a day, times the factor of the weekday, times `hourly_share[24]`
    (sums to 1): the record has dates only, so the profile of the day is stated from outside and
    is the same in all cells and classes.

    Raises
    ------
    ValueError
        When the horizon touches a training day or the profile is no distribution.
    """
    if hourly_share.shape != (24,) or hourly_share.min() < 0 or abs(hourly_share.sum() - 1) > 1e-6:
        raise ValueError("the hourly profile must be 24 shares that sum to 1")
    dates = [moment.date() for moment in horizon.starts]
    known = sorted(set(dates) & set(training_days))
    if known:
        raise ValueError(f"training day {known[0].isoformat()} lies in the horizon")
    rate = daily_rate(calls, grid, training_days, model)
    factors = weekday_factors(calls, training_days, model)
    hourly = factors[[day.weekday() for day in dates]] * hourly_share[horizon.hour_of_day, None]
    rate_per_h = (rate[:, None, :] * hourly[None, :, :]).astype(np.float32)
    return DemandForecast(rate_per_h, grid.n_cells, horizon.hours, calls.class_ids)
