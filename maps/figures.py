"""City figures of an hour: what the headline and the legend say in numbers."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from maps.metrics import Metric
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.summary import summarise

CITY_COLUMNS = {"calls": "calls", "coverage": "covered", "mean": "mean_min", "p90": "p90_min"}
"""Figure of the page and the column of the summary it is taken from."""


def city_figures(
    situation: Situation, evaluation: Evaluation, units: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Figures of the city per hour, each `[hour]`, the same as in the summary table.

    `calls` expected calls, `coverage` the share of them answered within target, `mean` and
    `p90` minutes over all calls, `unserved` the share of calls for which no unit in reach is
    free. NaN in hours without calls; `p90` is inf where more than a tenth is unserved.
    """
    table = summarise(situation, evaluation, units)
    city = table[(table["scope"] == "city") & (table["hour"] != "all")]
    found = {key: city[column].to_numpy(dtype=float) for key, column in CITY_COLUMNS.items()}
    return {**found, "unserved": 1.0 - city["served"].to_numpy(dtype=float)}


def demand_by_class(
    metric: Metric, values: NDArray[np.float64], demand: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the hour's calls in each colour class, `[hour, class]`.

    The classes of the palette come first, then out of reach. An hour without calls has zeros.
    """
    found = metric.classes(values)
    classes = range(len(metric.palette) + 1)
    per_class = np.stack([np.where(found == k, demand, 0.0).sum(axis=0) for k in classes], axis=1)
    calls = demand.sum(axis=0)[:, np.newaxis]
    share = np.zeros(per_class.shape)
    np.divide(per_class, calls, out=share, where=calls > 0)
    return share
