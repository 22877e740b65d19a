"""Time from dispatch to arrival against distance or known travel times, by robust regression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HUBER = 1.5
"""Residuals beyond this many scales count linearly instead of squared."""

CRUISE_KM: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
"""Distances tried for reaching cruising speed."""

_ROUNDS = 50


@dataclass(frozen=True)
class TravelLine:
    """Minutes from dispatch to arrival: `turnout_min + slope * basis`.

    `basis` are known travel minutes, then `slope` is a factor of them; or the `reach_km` of a
    distance, then it is minutes for each kilometre at cruising speed, detours included.
    `_error` are standard errors, `scale_min` the robust spread of single calls.
    """

    turnout_min: float
    slope: float
    turnout_error: float
    slope_error: float
    scale_min: float

    def minutes(self, basis: NDArray[np.float64]) -> NDArray[np.float64]:
        """Minutes from dispatch to arrival for each entry."""
        return self.turnout_min + self.slope * basis


def reach_km(distance_km: NDArray[np.float64], cruise_km: float) -> NDArray[np.float64]:
    """Distance as its time counts: the root of it up to `cruise_km`, then straight.

    A vehicle speeds up over half of the way until it cruises, after `cruise_km` in all: Kolesar,
    Walker and Hausner (1975), Operations Research 23, 614-627.
    """
    near = 2.0 * np.sqrt(cruise_km * distance_km)
    return np.where(distance_km <= cruise_km, near, cruise_km + distance_km)


def robust_line(basis: NDArray[np.float64], minutes: NDArray[np.float64]) -> TravelLine:
    """Regression of `minutes` on `basis`, `[call]`, by iterated weights (Huber 1964).

    Neither coefficient is below 0: where the best slope is, the line is level; where the best
    turnout is, it goes through the origin.

    Raises
    ------
    ValueError
        With fewer than three calls.
    """
    if len(minutes) < 3:
        raise ValueError(f"a travel line needs at least 3 calls, there are {len(minutes)}")
    design = np.column_stack([np.ones(len(basis)), basis])
    line, scale, weight = _weighted(design, minutes)
    columns = [0, 1]
    if line[1] < 0.0 or np.ptp(basis) == 0.0:
        columns = [0]
    elif line[0] < 0.0:
        columns = [1]
    if len(columns) == 1:
        part, scale, weight = _weighted(design[:, columns], minutes)
        line = np.zeros(2)
        line[columns] = part
    error = _errors(design[:, columns], minutes - design @ line, scale, weight)
    errors = np.zeros(2)
    errors[columns] = error
    return TravelLine(float(line[0]), float(line[1]), float(errors[0]), float(errors[1]), scale)


def huber_loss(residual: NDArray[np.float64], scale: float) -> float:
    """Sum of squared halves within `HUBER` scales, linear beyond; in squared scales."""
    size = np.abs(residual) / scale
    return float(np.where(size < HUBER, 0.5 * size**2, HUBER * (size - 0.5 * HUBER)).sum())


def _weighted(
    design: NDArray[np.float64], minutes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Coefficients, scale and weights `[call]` of the last round."""
    weight: NDArray[np.float64] = np.ones(len(minutes))
    line: NDArray[np.float64] = np.zeros(design.shape[1])
    scale = 1.0
    for _ in range(_ROUNDS):
        root = np.sqrt(weight)
        before = line
        line = np.asarray(np.linalg.lstsq(design * root[:, None], minutes * root, rcond=None)[0])
        size = np.abs(minutes - design @ line)
        scale = max(1.4826 * float(np.median(size)), 1e-6)
        weight = np.minimum(1.0, HUBER * scale / np.maximum(size, 1e-12))
        if np.abs(line - before).max() < 1e-9:
            break
    return line, scale, weight


def _errors(
    design: NDArray[np.float64],
    residual: NDArray[np.float64],
    scale: float,
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Standard errors of an M-estimate: Huber (1981), Robust Statistics, section 7.6."""
    calls, terms = design.shape
    pull = np.clip(residual, -HUBER * scale, HUBER * scale)
    inside = max(float((weight >= 1.0).mean()), 1.0 / calls)
    variance = (pull**2).sum() / max(calls - terms, 1) / inside**2
    return np.asarray(np.sqrt(np.diag(variance * np.linalg.pinv(design.T @ design))))
