"""How evenly service and presence are shared: between districts, and over residents."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.judges.evaluation import share_of
from optimizer.reach import STATION_KINDS


def gini(values: NDArray[np.float64], people: NDArray[np.float64]) -> float:
    """Gini coefficient of a figure over people: 0 when all have the same, near 1 when one has all.

    `values[group]` is what each of the `people[group]` has, not negative. NaN where there is
    nobody or nothing to share.
    """
    order = np.argsort(values, kind="stable")
    share = people[order] / people.sum() if people.sum() > 0 else np.zeros(len(people))
    held = np.cumsum(share * values[order])
    if not len(held) or held[-1] <= 0:
        return float("nan")
    lorenz = np.concatenate([[0.0], held / held[-1]])
    return float(1.0 - (share * (lorenz[1:] + lorenz[:-1])).sum())


def gini_of_coverage(
    situation: Situation, covered: NDArray[np.float64], demand_per_h: NDArray[np.float64]
) -> float:
    """Gini coefficient over residents of the coverage where they live.

    The coverage of a cell is `covered[cell, hour]` averaged over its calls; cells without calls
    or residents are left out. NaN where the residents are not known.
    """
    calls = demand_per_h.sum(axis=1)
    counted = (calls > 0) & (np.nan_to_num(situation.population) > 0)
    mean = share_of(np.nan_to_num(covered * demand_per_h).sum(axis=1), calls)
    return gini(mean[counted], situation.population[counted])


def lowest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smallest known value of each column of `values[district, hour]`, NaN without any."""
    known = np.where(np.isnan(values), np.inf, values).min(axis=0, initial=np.inf)
    return np.where(np.isnan(values).all(axis=0), np.nan, known)


def highest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest known value of each column of `values[district, hour]`, NaN without any."""
    return -lowest(-values)


def ratio_of_extremes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Highest over lowest known value of each column, `[hour]`.

    Inf where only the lowest is 0 or only the highest is inf, NaN where both are or none is known.
    """
    most, least = highest(values), lowest(values)
    ratio = np.full(len(most), np.nan)
    both = np.isfinite(most) & (least > 0)
    ratio[both] = most[both] / least[both]
    one_sided = (np.isposinf(most) & np.isfinite(least)) | ((most > 0) & (least == 0))
    ratio[one_sided] = np.inf
    return ratio


def patrol_min_per_1000(situation: Situation, units: NDArray[np.int64]) -> NDArray[np.float64]:
    """Minutes that units stand on the street for 1,000 residents, `[district, hour]`.

    `units[type, place, hour]`, busy or not; those in stations and branches are not on the
    street. NaN where the residents are not known or there are none.
    """
    districts = len(situation.area.districts)
    residents = np.bincount(situation.grid.district, situation.population, districts)
    street = ~np.isin(np.array(situation.patrol_places.kind), STATION_KINDS)
    district = situation.patrol_places.district[street]
    minutes = np.zeros((districts, units.shape[2]))
    np.add.at(minutes, district, 60.0 * units[:, street].sum(axis=0))
    return share_of(1000.0 * minutes, np.broadcast_to(residents[:, np.newaxis], minutes.shape))
