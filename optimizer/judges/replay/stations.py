"""Where stations stand, estimated from how long it takes from them to their calls."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from geodata.frozen import frozen_array
from optimizer.judges.replay.travel_line import (
    CRUISE_KM,
    TravelLine,
    huber_loss,
    reach_km,
    robust_line,
)

_ROUNDS = 4
_STEP_KM = 0.1
"""Step of the differences that measure how sharp a position is."""


@dataclass(frozen=True)
class StationFit:
    """Estimated positions and the travel line that goes with them.

    `x_km`, `y_km` and the standard error `error_km` of each coordinate, `[station]`; NaN for a
    station without calls. `line` has the `reach_km` of `cruise_km` as its basis.
    """

    x_km: NDArray[np.float64]
    y_km: NDArray[np.float64]
    error_km: NDArray[np.float64]
    line: TravelLine
    cruise_km: float

    def __post_init__(self) -> None:
        shape = np.shape(self.x_km)
        for name in ("x_km", "y_km", "error_km"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), float, shape, name))

    def minutes(
        self, x_km: NDArray[np.float64], y_km: NDArray[np.float64], station: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Minutes from dispatch at a station to arrival at each point."""
        distance = np.hypot(x_km - self.x_km[station], y_km - self.y_km[station])
        return self.line.minutes(reach_km(distance, self.cruise_km))


def fit_stations(
    x_km: NDArray[np.float64],
    y_km: NDArray[np.float64],
    station: NDArray[np.int64],
    minutes: NDArray[np.float64],
    n_stations: int,
) -> StationFit:
    """Positions and travel line from the calls of each station, arrays `[call]`.

    Line and positions are fitted in turn, from the middle of each station's calls. That middle
    also counts as a normal prior as wide as the calls lie around it, so that a station with few
    calls stays near it. Of the cruising distances tried the one with the smallest loss is taken.

    Raises
    ------
    ValueError
        With fewer than three calls.
    """
    middle, width = _middles(x_km, y_km, station, n_stations)
    fits = [
        _fit(np.column_stack([x_km, y_km]), station, minutes, middle, width, cruise_km)
        for cruise_km in CRUISE_KM
    ]
    scale = fits[0].line.scale_min
    losses = [huber_loss(minutes - fit.minutes(x_km, y_km, station), scale) for fit in fits]
    return fits[int(np.argmin(losses))]


def all_placed(
    fit: StationFit,
    x_km: NDArray[np.float64],
    y_km: NDArray[np.float64],
    station: NDArray[np.int64],
) -> StationFit:
    """The fit with its unknown stations in the middle of their calls, `[call]`, or of all."""
    middle, _ = _middles(x_km, y_km, station, len(fit.x_km))
    for axis, values in enumerate((x_km, y_km)):
        empty = np.isnan(middle[:, axis])
        middle[empty, axis] = np.median(values) if len(values) else 0.0
    unknown = np.isnan(fit.x_km)
    return replace(
        fit,
        x_km=np.where(unknown, middle[:, 0], fit.x_km),
        y_km=np.where(unknown, middle[:, 1], fit.y_km),
    )


def _middles(
    x_km: NDArray[np.float64],
    y_km: NDArray[np.float64],
    station: NDArray[np.int64],
    n_stations: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median point of each station's calls, `[station, 2]`, and their distance from it."""
    middle = np.full((n_stations, 2), np.nan)
    width = np.ones(n_stations)
    for number in np.unique(station[station >= 0]).tolist():
        own = np.column_stack([x_km, y_km])[station == number]
        middle[number] = np.median(own, axis=0)
        away = np.square(own - middle[number]).sum(axis=1).mean() / 2.0
        width[number] = max(float(np.sqrt(away)), _STEP_KM)
    return middle, width


def _fit(
    points: NDArray[np.float64],
    station: NDArray[np.int64],
    minutes: NDArray[np.float64],
    middle: NDArray[np.float64],
    width: NDArray[np.float64],
    cruise_km: float,
) -> StationFit:
    """Line and positions in turn; at the end the line once more."""
    place = middle.copy()
    error = np.full(len(middle), np.nan)
    for _ in range(_ROUNDS):
        line = robust_line(_basis(points, place[station], cruise_km), minutes)
        for number in np.unique(station).tolist():
            own = station == number
            seen = _Seen(
                points[own], minutes[own], line, cruise_km, middle[number], float(width[number])
            )
            place[number] = seen.best_place(place[number])
            error[number] = seen.error_km(place[number])
    line = robust_line(_basis(points, place[station], cruise_km), minutes)
    return StationFit(place[:, 0], place[:, 1], error, line, cruise_km)


def _basis(
    points: NDArray[np.float64], place: NDArray[np.float64], cruise_km: float
) -> NDArray[np.float64]:
    away = points - place
    return reach_km(np.hypot(away[:, 0], away[:, 1]), cruise_km)


@dataclass(frozen=True)
class _Seen:
    """What one station's calls say about its place."""

    points: NDArray[np.float64]
    minutes: NDArray[np.float64]
    line: TravelLine
    cruise_km: float
    middle: NDArray[np.float64]
    width_km: float

    def loss(self, place: NDArray[np.float64]) -> float:
        """Loss of the calls plus that of the prior, in squared scales."""
        residual = self.minutes - self.line.minutes(_basis(self.points, place, self.cruise_km))
        prior = float(np.square(place - self.middle).sum()) / (2.0 * self.width_km**2)
        return huber_loss(residual, self.line.scale_min) + prior

    def best_place(self, start: NDArray[np.float64]) -> NDArray[np.float64]:
        """The place of least loss, sought from where the station was and from the middle."""
        found = [
            minimize(self.loss, begin, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-3})
            for begin in (start, self.middle)
        ]
        return np.asarray(min(found, key=lambda result: float(result.fun)).x)

    def error_km(self, place: NDArray[np.float64]) -> float:
        """Standard error of a coordinate, from the curvature of the loss; at most the prior's."""
        steps = np.array([[_STEP_KM, 0.0], [0.0, _STEP_KM]])
        here = self.loss(place)
        curved = [
            (self.loss(place + step) + self.loss(place - step) - 2.0 * here) / _STEP_KM**2
            for step in steps
        ]
        least = self.width_km**-2.0
        return float(np.mean([max(value, least) ** -0.5 for value in curved]))
