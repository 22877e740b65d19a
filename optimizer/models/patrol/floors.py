"""Coverage floors in the objective: calls answered in time, and what one of them is worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import expected_idle
from optimizer.models.patrol.patrol_model import PatrolModel
from optimizer.patrol_wishes import CoverFloor

EPSILON_MIN = 1e-9


@dataclass(frozen=True)
class HourFloors:
    """Floors of one hour: `cells[floor, cell]`, calls in time `cover[cell, bin]`, `asked[floor]`.

    `cover` holds calls an hour in the last bin that is within target, `asked` the calls an hour
    that are to be answered in time, `price` the weighted call-minutes a missing one counts.
    """

    cells: NDArray[np.bool_]
    cover: NDArray[np.float64]
    asked: NDArray[np.float64]
    price: float

    def extra_gain(self, toll: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gain that floors add when a call in time is worth `toll[floor]`, `[cell, bin]`."""
        return np.asarray(self.cover * (toll @ self.cells)[:, np.newaxis])

    def short(self, problem: HourProblem, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """Calls an hour by which an allocation misses each floor, `[floor]`."""
        if not len(self.asked):
            return np.zeros(0)
        in_time = (self.cover * expected_idle(problem, units)).sum(axis=1)
        return np.asarray(np.maximum(self.asked - self.cells @ in_time, 0.0))


def hour_floors(
    model: PatrolModel, hour: int, floors: tuple[CoverFloor, ...], price: float
) -> HourFloors:
    """Floors of one hour for one type of unit; without any, no table of calls is made."""
    if not floors:
        return HourFloors(np.zeros((0, 0), dtype=bool), np.zeros((0, 0)), np.zeros(0), price)
    cover = cover_by_bin(model, hour)
    cells = np.zeros((len(floors), len(cover)), dtype=bool)
    for row, floor in enumerate(floors):
        cells[row] = floor.cells
    share = np.array([floor.share for floor in floors])
    return HourFloors(cells, cover, share * (cells @ cover.sum(axis=1)), price)


def cover_by_bin(model: PatrolModel, hour: int) -> NDArray[np.float64]:
    """Calls an hour by the last response bin that is within their target, `[cell, bin]`."""
    situation = model.situation
    answered = situation.classes.answered_by(model.unit_type.unit_type)
    rate = situation.forecast.rate_per_h[:, hour, answered].astype(np.float64)
    target = situation.target_min()[:, answered]
    last = np.floor((target + EPSILON_MIN) / model.terms.bin_min).astype(np.int64)
    cover = np.zeros((len(rate), model.n_bins))
    for kind in range(len(answered)):
        column = np.minimum(last[:, kind], model.n_bins - 1)
        np.add.at(cover, (np.arange(len(rate)), column), rate[:, kind])
    return cover


def tolls_between(
    low: NDArray[np.float64], high: NDArray[np.float64], short: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Narrow the range of every floor's toll: up where it is missed, down where it is met."""
    middle = 0.5 * (low + high)
    missed = short > 0
    return np.where(missed, middle, low), np.where(missed, high, middle)
