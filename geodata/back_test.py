"""Back-test of the daily rates on held-out days, beside naive forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geodata.grid import Grid
from geodata.recorded_calls import RateModel, RecordedCalls, daily_rate, weekday_factors


@dataclass(frozen=True)
class BackTest:
    """How well forecasts meet the calls of days they have not seen.

    Deviances are means per cell, day and class (Poisson deviance, lower is better): of the
    shrunk cell rates, of one rate per district, and of one rate for the whole city. `pai` is
    the prediction accuracy index of the busiest forecast cells: their share of the calls over
    their share of the area (1 is chance). `pei` is their share of the calls over that of the
    cells that turned out busiest (1 is perfect).
    """

    calls: int
    model_deviance: float
    district_deviance: float
    city_deviance: float
    pai: float
    pei: float
    district_pai: float


def poisson_deviance(
    expected: NDArray[np.float64], observed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Poisson deviance of each count: 2 (y ln(y / mu) - y + mu); inf where mu is 0 and y is not.

    Arrays of one shape. On sparse counts absolute errors would reward forecasting nothing;
    the deviance does not.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(observed > 0, observed * np.log(observed / expected), 0.0)
    deviance: NDArray[np.float64] = 2.0 * (log - observed + expected)
    return deviance


def accuracy_index(
    forecast: NDArray[np.float64], observed: NDArray[np.float64], area_share: float
) -> tuple[float, float]:
    """PAI and PEI of the cells with the highest forecast, arrays `[cell]`.

    Chainey, Tompson and Uhlig (2008), Security Journal 21, 4-28 (PAI); Hunt (2016) (PEI). Cells
    of equal forecast are taken in the order of the grid.
    """
    chosen = max(1, round(area_share * len(forecast)))
    order = np.argsort(-forecast, kind="stable")
    hit = float(observed[order[:chosen]].sum())
    best = float(np.sort(observed)[::-1][:chosen].sum())
    share = hit / max(float(observed.sum()), 1e-300)
    return share * len(forecast) / chosen, hit / max(best, 1e-300)


def back_test(
    calls: RecordedCalls,
    grid: Grid,
    training_days: Sequence[date],
    test_days: Sequence[date],
    model: RateModel,
    *,
    area_share: float = 0.05,
) -> BackTest:
    """Train on some days, forecast others; all forecasts share the weekday factors.

    Raises
    ------
    ValueError
        When a day is in both sets or a set is empty.
    """
    if set(training_days) & set(test_days) or not len(test_days):
        raise ValueError("test days must be given and must not be training days")
    rate = daily_rate(calls, grid, training_days, model)
    trained = calls.counts(training_days) / len(set(training_days))
    least = 0.5 / len(set(training_days))
    district = _district_means(trained, grid.district, least)
    city = np.broadcast_to(trained.mean(axis=0), trained.shape)
    factors = weekday_factors(calls, training_days, model)
    by_model, by_district, by_city = (
        float(np.mean([_day_deviance(calls, day, each, factors) for day in test_days]))
        for each in (rate, district, city)
    )
    observed = calls.counts(test_days).sum(axis=1)
    pai, pei = accuracy_index(rate.sum(axis=1), observed, area_share)
    district_pai, _ = accuracy_index(district.sum(axis=1), observed, area_share)
    return BackTest(
        calls=int(observed.sum()),
        model_deviance=by_model,
        district_deviance=by_district,
        city_deviance=by_city,
        pai=pai,
        pei=pei,
        district_pai=district_pai,
    )


def _day_deviance(
    calls: RecordedCalls, day: date, rate: NDArray[np.float64], factors: NDArray[np.float64]
) -> float:
    return float(poisson_deviance(rate * factors[day.weekday()], calls.counts([day])).mean())


def _district_means(
    rate: NDArray[np.float64], district: NDArray[np.int64], least: float
) -> NDArray[np.float64]:
    """Rate of each cell when its district's calls are spread evenly, `[cell, class]`.

    `least` is added to the calls a day of each district and class: what never happened in
    training would otherwise be impossible.
    """
    sums = np.full((int(district.max()) + 1, rate.shape[1]), least)
    np.add.at(sums, district, rate)
    cells = np.bincount(district, minlength=len(sums))
    means: NDArray[np.float64] = (sums / np.maximum(cells, 1)[:, None])[district]
    return means
