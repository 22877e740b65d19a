"""The same deployment on a worse night: more calls, fewer units."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geodata.places import Places
from geodata.situation import Situation
from optimizer.plan import Deployment, UnitMove


def with_more_calls(situation: Situation, factor: float) -> Situation:
    """The situation with `factor` times the expected calls everywhere."""
    rate = situation.forecast.rate_per_h * np.float32(factor)
    return replace(situation, forecast=replace(situation.forecast, rate_per_h=rate))


def without_sick(deployment: Deployment, share: float, rng: np.random.Generator) -> Deployment:
    """The deployment without a `share` of its units, drawn at random in every hour and type.

    A share of `n` units is rounded half up to whole ones.
    """
    units = deployment.units.copy()
    for kind in range(units.shape[0]):
        for hour in range(units.shape[2]):
            there = units[kind, :, hour]
            sick = int(np.floor(share * there.sum() + 0.5))
            there -= rng.multivariate_hypergeometric(there, sick, method="marginals")
    return Deployment(deployment.unit_types, units, ())


def units_of_stations(
    origins: tuple[UnitMove, ...], unit_types: tuple[str, ...], stations: int, hours: int
) -> NDArray[np.int64]:
    """Units that each station sends out, `[type, station, hour]`."""
    sent = np.zeros((len(unit_types), stations, hours), dtype=np.int64)
    for move in origins:
        sent[unit_types.index(move.unit_type), move.station, move.hour] += move.units
    return sent


def without_own_units(deployment: Deployment, station: int) -> Deployment:
    """The deployment without the units that come from one station, by its `origins`."""
    units = deployment.units.copy()
    for move in deployment.origins:
        if move.station == station:
            units[deployment.unit_types.index(move.unit_type), move.place, move.hour] -= move.units
    return Deployment(deployment.unit_types, units, ())


def without_nearest_units(
    deployment: Deployment, places: Places, station: int, missing: NDArray[np.int64]
) -> Deployment:
    """The deployment without the `missing[type, hour]` units nearest to a station.

    For deployments that do not say where units come from. `station` is a patrol place; nearest
    is by straight line, equal distances by place.
    """
    offset = np.hypot(places.x - places.x[station], places.y - places.y[station])
    order = np.argsort(offset, kind="stable")
    nearest_first = deployment.units[:, order]
    before = np.cumsum(nearest_first, axis=1) - nearest_first
    gone = np.clip(missing[:, np.newaxis] - before, 0, nearest_first)
    units = deployment.units.copy()
    units[:, order] -= gone
    return Deployment(deployment.unit_types, units, ())
