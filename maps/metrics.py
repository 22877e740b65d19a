"""What the cells can show, in classes of colour and in one byte per value.

A value is stored as the number of the step it lies in. Steps are half open, and every class
break is the edge of a step, so that storing a value never moves it to another class. The edges
are quotients of whole numbers: the step edge 0.3 is the same float as the literal 0.3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.evaluation_result import Evaluation

NO_DATA = 255
"""Code of NaN: no call is expected, so there is nothing to say."""

OUT_OF_REACH = 254
"""Code of infinity: no unit reaches the cell within the travel-time cut-off."""


@dataclass(frozen=True)
class Steps:
    """Equal steps up to a value: `per_unit` steps to one unit, shown with `digits` decimals."""

    up_to: float
    per_unit: int
    digits: int


@dataclass(frozen=True)
class Metric:
    """One quantity of the cells and how it is stored, cut into classes and coloured.

    `palette` has one colour more than `breaks`, from the lowest class to the highest. `percent`
    marks shares 0..1 shown in per cent. `varies` is False where plan and baseline agree.

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
    varies: bool = True

    def __post_init__(self) -> None:
        strangers = sorted(set(self.breaks) - set(self.edges.tolist()))
        if strangers:
            raise ValueError(f"{self.key}: breaks {strangers} are not edges of a step")
        if len(self.palette) != len(self.breaks) + 1:
            raise ValueError(f"{self.key}: {len(self.palette)} colours, {len(self.breaks)} breaks")
        if len(self.edges) > OUT_OF_REACH:
            raise ValueError(f"{self.key}: {len(self.edges)} steps, at most {OUT_OF_REACH}")

    @property
    def edges(self) -> NDArray[np.float64]:
        """Lower edge of each step, ascending from 0; the last step has no upper edge."""
        edges = [0.0]
        for steps in self.steps:
            first = round(edges[-1] * steps.per_unit) + 1
            last = round(steps.up_to * steps.per_unit)
            edges += [number / steps.per_unit for number in range(first, last + 1)]
        return np.array(edges)

    def codes(self, values: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Step of each value; NaN becomes `NO_DATA` and infinity `OUT_OF_REACH`."""
        code = np.searchsorted(self.edges, values, side="right") - 1
        code = np.where(np.isinf(values), OUT_OF_REACH, np.maximum(code, 0))
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

METRICS: tuple[Metric, ...] = (
    Metric("p90", MINUTE_STEPS, (2, 3, 5, 8, 12), GOOD_TO_BAD),
    Metric("mean", MINUTE_STEPS, (2, 3, 4, 5, 8), GOOD_TO_BAD),
    Metric(
        "coverage", (Steps(1, 200, 0),), (0.5, 0.7, 0.8, 0.9, 0.95), GOOD_TO_BAD[::-1], percent=True
    ),
    Metric(
        "demand",
        (Steps(0.1, 400, 2), Steps(0.5, 200, 2), Steps(4, 20, 1), Steps(30, 2, 0)),
        (0.05, 0.2, 0.5, 1, 3),
        FEW_TO_MANY,
        varies=False,
    ),
)
"""Every metric of the page, in the order of its buttons: light is good, dark is bad."""


def metric_values(metric: Metric, evaluation: Evaluation, cell_m: float) -> NDArray[np.float64]:
    """Values `[cell, hour]` of a metric; demand in calls an hour and square kilometre."""
    pick: dict[str, Callable[[], NDArray[np.float64]]] = {
        "p90": lambda: evaluation.p90_min,
        "mean": lambda: evaluation.mean_min,
        "coverage": lambda: evaluation.covered,
        "demand": lambda: evaluation.demand_per_h / (cell_m / 1000.0) ** 2,
    }
    return pick[metric.key]()
