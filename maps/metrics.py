"""What the cells can show, in classes of colour and in one byte per value."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.differences import Difference
from maps.steps import NO_DATA, OUT_OF_REACH, Steps, require_steps, step_edges, step_of
from optimizer.judges.evaluation_result import WITHIN_MIN, Evaluation


@dataclass(frozen=True)
class Metric:
    """One quantity of the cells and how it is stored, cut into classes and coloured.

    `palette` has one colour more than `breaks`, from the lowest class to the highest. `percent`
    marks shares 0..1 shown in per cent. `difference` says how plan minus baseline is shown; it
    is None where they always agree.

    Raises
    ------
    ValueError
        When a break is not the edge of a step, the palette does not fit or there are more than
        254 steps.
    """

    key: str
    steps: tuple[Steps, ...]
    breaks: tuple[float, ...]
    palette: tuple[str, ...]
    percent: bool = False
    difference: Difference | None = None

    def __post_init__(self) -> None:
        require_steps(self.key, self.breaks, self.edges, OUT_OF_REACH)
        if len(self.palette) != len(self.breaks) + 1:
            raise ValueError(f"{self.key}: {len(self.palette)} colours, {len(self.breaks)} breaks")

    @property
    def varies(self) -> bool:
        """Whether plan and baseline may differ."""
        return self.difference is not None

    @property
    def edges(self) -> NDArray[np.float64]:
        """Lower edge of each step, ascending from 0; the last step has no upper edge."""
        return step_edges(self.steps)

    def codes(self, values: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Step of each value; NaN becomes `NO_DATA` and infinity `OUT_OF_REACH`."""
        code = np.maximum(step_of(values, self.edges), 0)
        code = np.where(np.isinf(values), OUT_OF_REACH, code)
        return np.where(np.isnan(values), NO_DATA, code).astype(np.uint8)

    def classes(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Colour class of each value; one past the last for infinity, two past it for NaN."""
        found = np.searchsorted(np.array(self.breaks), values, side="right")
        found = np.where(np.isinf(values), len(self.palette), found)
        return np.where(np.isnan(values), len(self.palette) + 1, found).astype(np.int64)

    def class_of_code(self) -> NDArray[np.int64]:
        """Colour class of each step, by its lower edge."""
        return self.classes(self.edges)


GOOD_TO_BAD = ("#fff5e6", "#fddcae", "#fbb173", "#ec7448", "#c2301f", "#6e0a12")
FEW_TO_MANY = ("#f6f3fa", "#dcd2ec", "#b9a3d8", "#9070be", "#673f9c", "#3c1566")
MINUTE_STEPS = (Steps(10, 20, 1), Steps(30, 2, 0))
SHARE_STEPS = (Steps(1, 200, 0),)
MINUTE_CHANGES = (Steps(4, 20, 1), Steps(20, 2, 0))
SHARE_CHANGES = (Steps(0.3, 200, 0), Steps(1, 50, 0))
CIRCLE_BREAKS = (0.1, 0.25, 0.5, 0.75, 0.9)
CIRCLES: dict[str, int] = {f"within{minutes:g}": k for k, minutes in enumerate(WITHIN_MIN)}
"""Metrics of the 1-3-5-minute circles, and the row of `Evaluation.within` of each."""


def circle(key: str) -> Metric:
    """Probability of arrival within some minutes; the circles have the same classes."""
    change = Difference(SHARE_CHANGES, (0.02, 0.1), lower_is_better=False)
    return Metric(
        key, SHARE_STEPS, CIRCLE_BREAKS, GOOD_TO_BAD[::-1], percent=True, difference=change
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        "p90",
        MINUTE_STEPS,
        (2, 3, 5, 8, 12),
        GOOD_TO_BAD,
        difference=Difference(MINUTE_CHANGES, (0.5, 2), lower_is_better=True),
    ),
    Metric(
        "mean",
        MINUTE_STEPS,
        (2, 3, 4, 5, 8),
        GOOD_TO_BAD,
        difference=Difference(MINUTE_CHANGES, (0.2, 1), lower_is_better=True),
    ),
    Metric(
        "coverage",
        SHARE_STEPS,
        (0.5, 0.7, 0.8, 0.9, 0.95),
        GOOD_TO_BAD[::-1],
        percent=True,
        difference=Difference(SHARE_CHANGES, (0.02, 0.1), lower_is_better=False),
    ),
    *(circle(key) for key in CIRCLES),
    Metric(
        "utilisation",
        SHARE_STEPS,
        (0.05, 0.1, 0.2, 0.4, 0.6),
        GOOD_TO_BAD,
        percent=True,
        difference=Difference(SHARE_CHANGES, (0.02, 0.1), lower_is_better=True),
    ),
    Metric(
        "demand",
        (Steps(0.1, 400, 2), Steps(0.5, 200, 2), Steps(4, 20, 1), Steps(30, 2, 0)),
        (0.05, 0.2, 0.5, 1, 3),
        FEW_TO_MANY,
    ),
)
"""Every metric of the page, in the order of its buttons: light is good, dark is bad."""


def metric_values(metric: Metric, evaluation: Evaluation, cell_m: float) -> NDArray[np.float64]:
    """Values `[cell, hour]` of a metric; demand in calls an hour and square kilometre."""
    if metric.key in CIRCLES:
        return np.asarray(evaluation.within[CIRCLES[metric.key]])
    pick: dict[str, Callable[[], NDArray[np.float64]]] = {
        "p90": lambda: evaluation.p90_min,
        "mean": lambda: evaluation.mean_min,
        "coverage": lambda: evaluation.covered,
        "utilisation": lambda: utilisation(evaluation),
        "demand": lambda: evaluation.demand_per_h / (cell_m / 1000.0) ** 2,
    }
    return pick[metric.key]()


def utilisation(evaluation: Evaluation) -> NDArray[np.float64]:
    """Busy share of the units that answer a cell, NaN in an evaluation that does not hold it."""
    if evaluation.cell_utilisation.size == 0:
        return np.full(evaluation.demand_per_h.shape, np.nan)
    return evaluation.cell_utilisation
