"""Predicted beside observed: mean, median and P90 in all, by hour and by station or district."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.replay.prediction import CallTimes

MEASURES: tuple[tuple[str, str], ...] = (
    ("received_to_arrived", "response_min"),
    ("dispatched_to_arrived", "travel_min"),
    ("received_to_dispatched", "handling_min"),
    ("arrived_to_cleared", "scene_min"),
)
"""Names of the measures and where `CallTimes` has them."""

ROUNDING = 1e-9
"""Shares that differ by less are the same."""

INTERVAL = (0.025, 0.975)
"""Shares of replications below the ends of an interval."""


@dataclass(frozen=True)
class Comparison:
    """One statistic of one measure in one group of calls, minutes.

    `scope` is `all`, `hour` or what areas are, `group` the number of the clock hour or area;
    `calls` were observed, `observed` is NaN where there are none.
    `predicted` is the mean over replications; `low` and `high` hold 95 % of them: within them
    the observed figure should lie if the model is right, given chance and the standard errors
    of the estimates; NaN where no replication has a call of the group.
    """

    measure: str
    statistic: str
    scope: str
    group: int
    calls: int
    observed: float
    predicted: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Predicted over observed, minus one; NaN when nothing was observed."""
        return self.predicted / self.observed - 1.0 if self.observed > 0.0 else float("nan")


def step_quantile(values: NDArray[np.float64], share: float, step: float) -> float:
    """Quantile of values recorded in steps: each stands evenly for half a step around it.

    So the quantile moves smoothly although the clock shows whole minutes; with small steps it
    is the ordinary one. Where the share falls between two values it is the middle of the gap.
    """
    found, counts = np.unique(np.asarray(values), return_counts=True)
    upto = np.cumsum(counts) / len(values)
    edges = np.column_stack([found - step / 2.0, found + step / 2.0]).ravel()
    below = np.column_stack([np.concatenate([[0.0], upto[:-1]]), upto]).ravel()
    sides = np.interp([share - ROUNDING, share + ROUNDING], below, edges)
    return float(max(sides.mean(), 0.0))


def statistics(step: float) -> dict[str, Callable[[NDArray[np.float64]], float]]:
    """Mean, median and P90 of times recorded in steps of `step` minutes, by name."""
    return {
        "mean": lambda values: float(values.mean()),
        "median": lambda values: step_quantile(values, 0.5, step),
        "p90": lambda values: step_quantile(values, 0.9, step),
    }


def compare(
    observed: CallTimes,
    predicted: Sequence[CallTimes],
    clock_min: float,
    area_scope: str,
    n_areas: int,
) -> tuple[Comparison, ...]:
    """All comparisons: each measure and statistic in all, by clock hour and by area.

    `area_scope` says what the areas are. Groups without any call are left out.
    """
    return tuple(
        comparison
        for scope, members in (("all", 1), ("hour", 24), (area_scope, n_areas))
        for group in range(members)
        for comparison in _group(observed, predicted, scope, group, clock_min)
    )


def _group(
    observed: CallTimes, predicted: Sequence[CallTimes], scope: str, group: int, clock_min: float
) -> Iterator[Comparison]:
    """Comparisons of one group of calls."""
    own = _members(observed, scope, group)
    theirs = [_members(times, scope, group) for times in predicted]
    if not own.any() and not any(members.any() for members in theirs):
        return
    for measure, field in MEASURES:
        real = getattr(observed, field)[own]
        drawn = [
            getattr(times, field)[members]
            for times, members in zip(predicted, theirs, strict=True)
            if members.any()
        ]
        for name, statistic in statistics(clock_min).items():
            values = np.array([statistic(sample) for sample in drawn])
            low, high = np.quantile(values, INTERVAL) if len(values) else (np.nan, np.nan)
            yield Comparison(
                measure,
                name,
                scope,
                group,
                len(real),
                statistic(real) if len(real) else float("nan"),
                float(values.mean()) if len(values) else float("nan"),
                float(low),
                float(high),
            )


def _members(times: CallTimes, scope: str, group: int) -> NDArray[np.bool_]:
    """Which calls belong to a group."""
    if scope == "all":
        return np.ones(len(times.area), dtype=np.bool_)
    return np.asarray((times.clock_hour if scope == "hour" else times.area) == group)
