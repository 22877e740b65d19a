"""City figures of an hour: what the headline and the legend say in numbers."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from maps.differences import Difference
from maps.metrics import CIRCLES, Metric, utilisation
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.summary import summarise

CITY_COLUMNS = {
    "calls": "calls",
    "coverage": "covered",
    "mean": "mean_min",
    "p90": "p90_min",
    **{key: f"within_{key.removeprefix('within')}" for key in CIRCLES},
}
"""Figure of the page and the column of the summary it is taken from."""


def city_figures(
    situation: Situation, evaluation: Evaluation, units: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Figures of the city per hour, each `[hour]`, the same as in the summary table.

    `calls` expected calls, `coverage` the share of them answered within target, `mean` and
    `p90` minutes over all calls, `within1` and its like the share of calls reached within so many
    minutes, `utilisation` the busy share of the units that answer, weighted by the calls in
    reach, `unserved` the share of calls for which no unit in reach is free. NaN in hours without
    calls; `p90` is inf where more than a tenth is unserved.
    """
    table = summarise(situation, evaluation, units)
    city = table[(table["scope"] == "city") & (table["hour"] != "all")]
    found = {key: city[column].to_numpy(dtype=float) for key, column in CITY_COLUMNS.items()}
    return {
        **found,
        "utilisation": mean_over_calls(utilisation(evaluation), evaluation.demand_per_h),
        "unserved": 1.0 - city["served"].to_numpy(dtype=float),
    }


def mean_over_calls(
    values: NDArray[np.float64], demand: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of `values[cell, hour]` by calls, over the cells where it is finite, `[hour]`."""
    weight = np.where(np.isfinite(values), demand, 0.0)
    calls = weight.sum(axis=0)
    mean = np.full(calls.shape, np.nan)
    total = (np.where(np.isfinite(values), values, 0.0) * weight).sum(axis=0)
    np.divide(total, calls, out=mean, where=calls > 0)
    return mean


def demand_by_class(
    metric: Metric, values: NDArray[np.float64], demand: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the hour's calls in each colour class, `[hour, class]`.

    The classes of the palette come first, then out of reach. An hour without calls has zeros.
    """
    return shares_of_calls(metric.classes(values), len(metric.palette) + 1, demand)


def difference_by_class(
    difference: Difference,
    plan: NDArray[np.float64],
    baseline: NDArray[np.float64],
    demand: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Share of the hour's calls in each class of a difference, `[hour, class]`.

    The classes of the palette come first, then in reach only with the plan, only with the
    baseline, with neither. An hour without calls has zeros.
    """
    found = difference.classes(plan, baseline)
    return shares_of_calls(found, len(difference.palette) + 3, demand)


def shares_of_calls(
    found: NDArray[np.int64], classes: int, demand: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the calls `demand[cell, hour]` in each of the classes found, `[hour, class]`."""
    hours = demand.shape[1]
    known = found < classes
    line = np.broadcast_to(np.arange(hours) * classes, found.shape)[known] + found[known]
    per_class = np.bincount(line, demand[known], hours * classes).reshape(hours, classes)
    calls = demand.sum(axis=0)[:, np.newaxis]
    share = np.zeros((hours, classes))
    np.divide(per_class, calls, out=share, where=calls > 0)
    return share
