"""The difference between plan and baseline in Chromium: colours, texts and what has none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.browser

SHOWN = """([key, hour]) => {
  const { store, layers: { cells } } = muster;
  store.set({ metric: key, view: "difference", hour });
  const words = { no_data: "none", neither_reached: "neither", only_plan: "plan only",
    only_baseline: "baseline only" };
  const metric = cells.metrics.find((one) => one.key === key);
  const pixels = cells.image.difference.getContext("2d").getImageData(0, 0, 8, 1).data;
  return Array.from({ length: 8 }, (_, cell) => ({
    text: cells.valueText(metric, "difference", cell, words),
    colour: [...pixels.slice(4 * cell, 4 * cell + 4)],
  }));
}"""


def changed(city: Any) -> Any:
    """The small city with known differences in the first cells of hour 1."""
    plan, baseline = city.evaluation.p90_min.copy(), city.baseline.p90_min.copy()
    plan[:8, 1] = [np.nan, np.inf, np.inf, 4.0, 5.0, 5.0, 9.0, 3.0]
    baseline[:8, 1] = [np.nan, np.inf, 6.0, np.inf, 5.0, 5.4, 8.5, 11.0]
    return replace(
        city,
        evaluation=replace(city.evaluation, p90_min=plan),
        baseline=replace(city.baseline, p90_min=baseline),
    )


def test_differences_show_as_colours_and_texts(city: Any, open_page: Any) -> None:
    with open_page(changed(city).page()) as opened:
        shown = opened.page.evaluate(SHOWN, ["p90", 1])
        assert [one["text"] for one in shown] == [
            *("none", "neither", "baseline only", "plan only"),
            *("0.0", "−0.4", "+0.5", "−8"),
        ]
        same, worse, better = [0xF4, 0xF2, 0xEE], [0xED, 0xA9, 0x66], [0x0B, 0x4F, 0x96]
        assert [one["colour"] for one in shown] == [
            [0, 0, 0, 0],
            *([*colour, 255] for colour in ([63, 70, 80], [61, 18, 2], [4, 18, 46])),
            *([*colour, 255] for colour in (same, same, worse, better)),
        ]
        assert opened.errors == []


def test_a_metric_that_does_not_vary_shows_the_plan(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        names = "(state) => { muster.store.set(state); return muster.layers.cells.names(); }"
        found = opened.page.evaluate(names, {"metric": "demand", "view": "difference"})
        assert found == ["plan"]
        found = opened.page.evaluate(names, {"metric": "mean", "view": "difference"})
        assert found == ["difference"]
        found = opened.page.evaluate(names, {"metric": "mean", "view": "compare"})
        assert found == ["baseline", "plan"]
        assert opened.errors == []


def test_more_covered_reads_as_better(city: Any, open_page: Any) -> None:
    better = replace(city, baseline=replace(city.baseline, covered=city.baseline.covered * 0.5))
    with open_page(better.page()) as opened:
        shown = opened.page.evaluate(SHOWN, ["coverage", 0])
        assert shown[4]["text"] == "+47%"
        assert shown[4]["colour"] == [0x0B, 0x4F, 0x96, 255]
