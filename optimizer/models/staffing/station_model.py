"""Officers of one force split over the homes of a district by a linear model, then made whole.

Used where sharing out in order of start drops officers or leaves a station short of presence: the
model sees all shifts of all teams at once, and sharing out in order then follows its parts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel, SolverOptions, minimise
from optimizer.models.staffing.limits import ShiftLimits

DROPPED, UNEVEN = 0.01, 0.01
"""Costs of an officer-hour that nobody works beyond its worth, and of an officer above a home's
share: small, so that they only decide between equals."""


@dataclass(frozen=True)
class SplitPrices:
    """What a split over homes costs, in weighted call-minutes.

    `worth[instance]` for every officer dropped from a shift, `presence` for every officer-hour
    of presence that is short.
    """

    worth: NDArray[np.float64]
    presence: float


def parts_by_model(
    limits: ShiftLimits,
    total: NDArray[np.int64],
    headcount: NDArray[np.int64],
    team_cap: NDArray[np.float64],
    force_cap: NDArray[np.float64],
    presence: int,
    prices: SplitPrices,
) -> NDArray[np.float64]:
    """Officers `[home, team, instance]`, in parts, that sum to at most `total[team, instance]`.

    `headcount[home, team]`, `team_cap[home, team, row]` and `force_cap[home, row]` are those of
    one force at homes of one kind. Those dropped and `presence` that homes are short of cost as
    little as possible by the `prices`, and the rest goes by head-count.
    """
    model = LinearModel()
    wanted = np.broadcast_to(total, (len(headcount), *total.shape))
    present = (headcount > 0)[..., None] & (wanted > 0)
    columns = np.full(present.shape, -1, dtype=np.int64)
    most = np.minimum(headcount[..., None], wanted)[present]
    columns[present] = model.add_columns(most, 0.0, (int(present.sum()),))
    _give_out(model, columns, total, prices.worth + DROPPED * limits.hours)
    _keep_caps(model, limits.teams.pattern, columns, team_cap)
    _keep_caps(model, limits.forces.pattern, columns, force_cap[:, None])
    _keep_presence(model, limits, columns, presence, prices.presence)
    _keep_even(model, columns, wanted * _shares(headcount)[..., None])
    return np.maximum(minimise(model, SolverOptions()).at(columns), 0.0)


def _shares(headcount: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each home's part of a team, `[home, team]`."""
    return np.asarray(headcount / np.maximum(headcount.sum(axis=0), 1))


def _give_out(
    model: LinearModel, columns: Index, total: NDArray[np.int64], cost: NDArray[np.float64]
) -> None:
    """All officers of a shift are given out or dropped, at `cost[instance]` each."""
    dropped = model.add_columns(total, cost, total.shape)
    rows = model.add_rows(total, total, total.shape)
    model.add_entries(rows, dropped, 1.0)
    model.add_entries(rows, columns, 1.0)


def _keep_caps(
    model: LinearModel,
    pattern: NDArray[np.float64],
    columns: Index,
    caps: NDArray[np.float64],
) -> None:
    """Rows of every home: of its teams, or of all of them where `caps` has one."""
    holds = np.isfinite(caps)
    rows = np.full(caps.shape, -1, dtype=np.int64)
    rows[holds] = model.add_rows(-np.inf, caps[holds], (int(holds.sum()),))
    counted, instance = np.nonzero(pattern)
    used = columns[..., instance]
    of_member = np.broadcast_to(rows[..., counted], used.shape)
    kept = np.where(of_member >= 0, used, -1)
    model.add_entries(of_member, kept, pattern[counted, instance])


def _keep_presence(
    model: LinearModel, limits: ShiftLimits, columns: Index, presence: int, price: float
) -> None:
    """Officers on duty at every home and hour, or counted short."""
    if presence:
        shape = (len(columns), limits.active.shape[1])
        short = model.add_columns(presence, price, shape)
        rows = model.add_rows(presence, np.inf, shape)
        model.add_entries(rows, short, 1.0)
        instance, hour = np.nonzero(limits.active)
        model.add_entries(rows[:, None, hour], columns[..., instance], 1.0)


def _keep_even(model: LinearModel, columns: Index, quota: NDArray[np.float64]) -> None:
    """Officers beyond the quota rounded up, at a small price."""
    known = columns >= 0
    beyond = model.add_columns(np.inf, UNEVEN, (int(known.sum()),))
    rows = model.add_rows(-np.inf, np.ceil(quota[known] - 1e-9), beyond.shape)
    model.add_entries(rows, columns[known], 1.0)
    model.add_entries(rows, beyond, -1.0)
