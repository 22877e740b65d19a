"""Durations of calls: a base times factors of class, clock hour and area, times a draw."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma, lognorm

from geodata.call_records import CallRecords
from optimizer.judges.replay.effects import (
    CONSTANT,
    LEAST,
    SLICES,
    Factors,
    Spread,
    shrunk_factors,
    spread_of,
)
from optimizer.judges.simulation.call_stream import CallDraws

OWN_SPREAD = 100
"""Calls of a class from which on it has a spread of its own."""

_ROUNDS = 3
_WITHIN = 50
"""Quantiles taken in each slice of an assumed distribution."""


class CallGroups(NamedTuple):
    """What a call's times depend on, each `[call]`: class, clock hour, station (-1: unknown)."""

    kind: NDArray[np.int64]
    clock_hour: NDArray[np.int64]
    station: NDArray[np.int64]


@dataclass(frozen=True)
class DurationModel:
    """Minutes of one part of a call: `level * base * factors`, and how calls spread around it.

    `level_error` is the standard error of the level; `spread_of_class` has one entry a class.
    """

    level: float
    level_error: float
    by_class: Factors
    by_hour: Factors
    by_station: Factors
    spread_of_class: tuple[Spread, ...]

    def expected(self, groups: CallGroups) -> NDArray[np.float64]:
        """Mean of each call in units of the base."""
        return np.asarray(
            self.level
            * self.by_class.of(groups.kind)
            * self.by_hour.of(groups.clock_hour)
            * self.by_station.of(groups.station)
        )

    def drawn(self, groups: CallGroups, rng: np.random.Generator) -> NDArray[np.float64]:
        """One draw for each call in units of the base."""
        share = rng.random(len(groups.kind))
        around = np.ones(len(groups.kind))
        for number, spread in enumerate(self.spread_of_class):
            own = groups.kind == number
            around[own] = spread.at(share[own])
        return self.expected(groups) * around

    def redrawn(self, rng: np.random.Generator) -> "DurationModel":
        """Level and factors as they may be, given their standard errors."""
        level = self.level + self.level_error * rng.standard_normal()
        return replace(
            self,
            level=max(level, LEAST * self.level),
            by_class=self.by_class.redrawn(rng),
            by_hour=self.by_hour.redrawn(rng),
            by_station=self.by_station.redrawn(rng),
        )

    @property
    def cv(self) -> float:
        """Coefficient of variation within classes, weighted by their calls."""
        weight = np.maximum(self.by_class.calls, 1e-9)
        squares = [spread.cv**2 for spread in self.spread_of_class]
        return float(np.sqrt(np.average(squares, weights=weight)))


@dataclass(frozen=True)
class CallDurations:
    """What the simulation draws for every call.

    `handling` (receipt to dispatch) and `scene` (arrival to clearance) are minutes; `travel`
    multiplies the minutes of the way.
    """

    handling: DurationModel
    travel: DurationModel
    scene: DurationModel

    def redrawn(self, rng: np.random.Generator) -> "CallDurations":
        """Durations as they may be, given the standard errors; spreads stay."""
        return CallDurations(
            self.handling.redrawn(rng), self.travel.redrawn(rng), self.scene.redrawn(rng)
        )

    @property
    def draws(self) -> CallDraws:
        """Means and coefficients of variation as a simulation from a forecast takes them."""
        return CallDraws(
            handling_min=self.handling.level,
            handling_cv=self.handling.cv,
            scene_cv=self.scene.cv,
            travel_cv=self.travel.cv,
        )

    @property
    def scene_min(self) -> NDArray[np.float64]:
        """Mean minutes on scene, `[class]`."""
        return np.asarray(self.scene.level * self.scene.by_class.factor)


def assumed_durations(
    draws: CallDraws, scene_min: NDArray[np.float64], n_stations: int
) -> CallDurations:
    """Durations by assumption: `scene_min[class]` means, spreads of the families of `draws`."""
    same = np.ones(len(scene_min))

    def assumed(level: float, by_class: NDArray[np.float64], spread: Spread) -> DurationModel:
        factors = replace(_even(len(by_class)), factor=by_class)
        spreads = (spread,) * len(by_class)
        return DurationModel(level, 0.0, factors, _even(24), _even(n_stations), spreads)

    return CallDurations(
        assumed(draws.handling_min, same, _gamma(draws.handling_cv)),
        assumed(1.0, same, _lognormal(draws.travel_cv)),
        assumed(1.0, scene_min, _gamma(draws.scene_cv)),
    )


def _even(groups: int) -> Factors:
    """Groups that do not differ."""
    return Factors(np.ones(groups), np.zeros(groups), np.zeros(groups, dtype=np.int64))


def _gamma(cv: float) -> Spread:
    """Gamma distribution with mean one."""
    return _sliced(gamma(cv**-2.0, scale=cv**2.0).ppf) if cv > 0.0 else CONSTANT


def _lognormal(cv: float) -> Spread:
    """Lognormal distribution with mean one."""
    return _sliced(lognorm(np.sqrt(np.log1p(cv**2.0))).ppf) if cv > 0.0 else CONSTANT


def _sliced(quantile: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Spread:
    """Mean of a distribution in each of `SLICES` slices, by its quantiles within them."""
    share = (np.arange(SLICES * _WITHIN) + 0.5) / (SLICES * _WITHIN)
    values = np.asarray(quantile(share)).reshape(SLICES, _WITHIN).mean(axis=1)
    return Spread(values / values.mean())


def groups_of(records: CallRecords) -> CallGroups:
    """What the times of recorded calls depend on."""
    return CallGroups(records.kind, records.clock_hour, records.station)


def fit_durations(
    minutes: NDArray[np.float64], base: NDArray[np.float64], records: CallRecords
) -> DurationModel:
    """Level, factors and spreads of `minutes` over `base`, both `[call]`; one factor at a time.

    The clock cuts the stamps at both ends off, which adds a sixth of its squared step to the
    variance; the spreads are without it.
    """
    groups = groups_of(records)
    sizes = (len(records.class_ids), 24, len(records.station_ids))
    level = float(minutes.sum() / base.sum()) if len(minutes) else 0.0
    factors = [_even(size) for size in sizes]
    for _ in range(_ROUNDS):
        for number, size in enumerate(sizes):
            others = level * base
            for other, group in enumerate(groups):
                if other != number:
                    others = others * factors[other].of(group)
            factors[number] = shrunk_factors(minutes, others, groups[number], size)
    by_class, by_hour, by_station = factors
    error = _level_error(minutes, base)
    model = DurationModel(level, error, by_class, by_hour, by_station, ())
    expected = base * model.expected(groups)
    return replace(model, spread_of_class=_spreads(minutes, expected, records))


def _level_error(minutes: NDArray[np.float64], base: NDArray[np.float64]) -> float:
    if len(minutes) < 2:
        return 0.0
    level = minutes.sum() / base.sum()
    return float(np.sqrt(((minutes - level * base) ** 2).sum()) / base.sum())


def _spreads(
    minutes: NDArray[np.float64], expected: NDArray[np.float64], records: CallRecords
) -> tuple[Spread, ...]:
    """Spread of each class; one for all where a class has few calls."""
    noise_var = records.clock_min**2 / 6.0
    pooled = spread_of(minutes, np.maximum(expected, 1e-9), noise_var)
    found = []
    for number in range(len(records.class_ids)):
        own = records.kind == number
        many = int(own.sum()) >= OWN_SPREAD
        found.append(spread_of(minutes[own], expected[own], noise_var) if many else pooled)
    return tuple(found)
