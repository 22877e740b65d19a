"""Frames: the values of a metric, one byte per cell and hour, for each plan and the difference."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.blocks import packed
from maps.differences import ONLY_BASELINE, ONLY_PLAN, Difference
from maps.metrics import METRICS, Metric, metric_values
from maps.steps import NO_DATA, OUT_OF_REACH, Steps
from maps.style import CELL_OPACITY, ONLY_BASELINE_COLOUR, ONLY_PLAN_COLOUR, UNREACHED_COLOUR
from optimizer.judges.evaluation_result import Evaluation


@dataclass(frozen=True)
class ShownMetric:
    """A metric with its values `[cell, hour]`; no baseline where the metric does not vary.

    Raises
    ------
    ValueError
        When plan and baseline differ in shape, or there is a baseline without a difference to
        show or the other way round.
    """

    metric: Metric
    plan: NDArray[np.float64]
    baseline: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        key = self.metric.key
        if self.metric.varies != (self.baseline is not None):
            raise ValueError(f"{key}: a baseline is given if and only if the metric varies")
        if self.baseline is not None and self.baseline.shape != self.plan.shape:
            raise ValueError(f"{key}: plan {self.plan.shape}, baseline {self.baseline.shape}")


def shown_metrics(
    plan: Evaluation, baseline: Evaluation, cell_m: float, metrics: Iterable[Metric] = METRICS
) -> tuple[ShownMetric, ...]:
    """Values of both evaluations on square cells with sides of `cell_m` metres."""
    return tuple(
        ShownMetric(
            metric,
            metric_values(metric, plan, cell_m),
            metric_values(metric, baseline, cell_m) if metric.varies else None,
        )
        for metric in metrics
    )


def frames_content(shown: Sequence[ShownMetric], order: NDArray[np.int64]) -> dict[str, object]:
    """Everything a layer of cells needs but their places; cells in the given order."""
    return {
        "hours": shown[0].plan.shape[1],
        "opacity": CELL_OPACITY,
        "unreachedColour": UNREACHED_COLOUR,
        "onlyPlanColour": ONLY_PLAN_COLOUR,
        "onlyBaselineColour": ONLY_BASELINE_COLOUR,
        "onlyPlan": ONLY_PLAN,
        "onlyBaseline": ONLY_BASELINE,
        "outOfReach": OUT_OF_REACH,
        "noData": NO_DATA,
        "metrics": [metric_content(one, order) for one in shown],
    }


def metric_content(shown: ShownMetric, order: NDArray[np.int64]) -> dict[str, object]:
    """One metric: its steps, classes and colours, and the frames of each plan."""
    metric = shown.metric
    plan = metric.codes(shown.plan[order])
    content: dict[str, object] = {
        "key": metric.key,
        "edges": metric.edges.tolist(),
        "digits": digits(metric.steps),
        "breaks": list(metric.breaks),
        "palette": list(metric.palette),
        "classOfCode": metric.class_of_code().tolist(),
        "percent": metric.percent,
    }
    if metric.difference is None or shown.baseline is None:
        return content | {"difference": None, "frames": {"plan": frames(plan)}}
    baseline = metric.codes(shown.baseline[order])
    expected = expected_difference(metric.edges, metric.difference)
    found = metric.difference.codes(shown.plan[order], shown.baseline[order])
    return content | {
        "difference": {
            **difference_content(metric.difference),
            "expected": packed(expected.tobytes()),
        },
        "frames": {
            "plan": frames(plan),
            "baseline": frames(baseline),
            "difference": frames(found - expected[plan, baseline]),
        },
    }


def expected_difference(edges: NDArray[np.float64], difference: Difference) -> NDArray[np.uint8]:
    """Code of the difference that the codes of plan and baseline lead to, `[256, 256]`.

    Taken between the middles of their steps. The true code is seldom more than one step away,
    so that what is sent of it is mostly zero.
    """
    middle = np.full(256, np.nan)
    middle[: len(edges)] = np.append((edges[:-1] + edges[1:]) / 2, edges[-1])
    middle[OUT_OF_REACH] = np.inf
    plan, baseline = np.meshgrid(middle, middle, indexing="ij")
    return difference.codes(plan, baseline)


def difference_content(difference: Difference) -> dict[str, object]:
    """Steps, classes and colours of a difference."""
    return {
        "edges": difference.edges.tolist(),
        "digits": digits(difference.steps),
        "breaks": list(difference.signed_breaks),
        "palette": list(difference.palette),
        "classOfCode": difference.class_of_code().tolist(),
        "lowerIsBetter": difference.lower_is_better,
    }


def digits(steps: tuple[Steps, ...]) -> list[list[float]]:
    """Values up to which so many decimals are shown."""
    return [[part.up_to, part.digits] for part in steps]


def frames(codes: NDArray[np.uint8]) -> dict[str, object]:
    """Codes `[cell, hour]` packed in the shortest of four ways.

    Hour by hour or cell by cell, each value as it is or as its change since the hour before.
    The ways are compared by a quick compression, and the shortest is compressed well.
    """
    ways = [(by_cell, change) for by_cell in (False, True) for change in (False, True)]
    shortest = min(ways, key=lambda way: len(zlib.compress(laid_out(codes, *way), 1)))
    by_cell, change = shortest
    return {"byCell": by_cell, "change": change, "packed": packed(laid_out(codes, *shortest))}


def laid_out(codes: NDArray[np.uint8], by_cell: bool, change: bool) -> bytes:
    """Codes `[cell, hour]` as bytes in one of the four ways."""
    values = codes
    if change:
        values = codes.copy()
        values[:, 1:] -= codes[:, :-1]
    return (values if by_cell else values.T).tobytes()
