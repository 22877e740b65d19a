"""The map's size, speed and memory beside stock Folium, in Chromium with the network cut off."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.chromium import Measured, chromium, measured
from benchmarks.city_world import CitySize
from benchmarks.location import timed
from benchmarks.map_fields import Drawn, drawn_plan
from benchmarks.map_record import SEED, record
from benchmarks.map_stock import STOCK, stock_record
from benchmarks.record import Record, refuse_unknown
from maps.metrics import METRICS, Metric
from maps.page import plan_map

TWO_PLANS: tuple[Metric, ...] = tuple(m for m in METRICS if m.key in ("p90", "mean", "demand"))
ONE: tuple[Metric, ...] = tuple(
    replace(m, difference=None) for m in METRICS if m.key in ("p90", "demand")
)
READY = "document.body && document.body.classList.contains('muster-ready')"
STEPS = """async () => {
  const { store } = muster;
  const times = [];
  const hours = muster.layers.cells.hours;
  for (let hour = 0; hour < Math.min(hours, 48); hour++) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const started = performance.now();
    store.set({ hour });
    times.push(performance.now() - started);
  }
  return times;
}"""


@dataclass(frozen=True)
class Limits:
    """What a page may take: megabytes, seconds to write and to be ready, a step, memory."""

    page_mb: float
    write_s: float | None
    ready_s: float
    step_ms: float | None
    renderer_mb: float | None


@dataclass(frozen=True)
class Case:
    """A page to be measured; `noise` for values that cannot be compressed."""

    side_cells: int
    cell_m: float
    hours: int
    metrics: tuple[Metric, ...]
    limits: Limits | None = None
    noise: bool = False

    @property
    def compared(self) -> bool:
        """Whether the page shows a baseline and the difference to it."""
        return any(metric.varies for metric in self.metrics)

    @property
    def size(self) -> CitySize:
        """The synthetic city behind it."""
        return CitySize(
            self.side_cells, self.cell_m, 2, 200, 204, self.hours, 1300.0, cutoff_min=8.0
        )


CASES: dict[str, Case] = {
    "smoke": Case(20, 1000.0, 6, TWO_PLANS),
    "night": Case(158, 500.0, 24, TWO_PLANS, Limits(2.0, 3.0, 2.0, 16.0, None)),
    "night-all": Case(158, 500.0, 24, METRICS),
    "night-noise": Case(158, 500.0, 24, TWO_PLANS, noise=True),
    "week": Case(316, 250.0, 168, ONE, Limits(8.0, None, 4.0, None, 300.0)),
}
"""Pages of ours: 25,000 cells for a night, 100,000 for a week; only those with limits have any."""


def run(names: Sequence[str]) -> Iterator[Record]:
    """Lines of the pages named, or of all, ours first and then those of stock Folium.

    Raises
    ------
    BadInput
        When a page is unknown.
    """
    known = [*CASES, *STOCK]
    refuse_unknown("map", "page", names, known)
    wanted = names or [name for name in known if name != "smoke"]
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            if name in CASES:
                yield our_record(name, CASES[name], browser, Path(folder))
            else:
                yield stock_record(name, STOCK[name], browser, Path(folder))


def our_record(name: str, case: Case, browser: Any, folder: Path) -> Record:
    """Draw, write and open one of our pages."""
    drawn = drawn_plan(case.size, SEED, noise=case.noise, compared=case.compared)
    file = folder / f"{name}.html"
    cpu = process_time()
    _, write_s = timed(lambda: file.write_text(page_of(drawn, case), encoding="utf-8"))
    cpu_s = process_time() - cpu
    page_mb = file.stat().st_size / 1e6
    found = None if browser is None else measured(browser, file, READY, steps=STEPS)
    keys = "+".join(metric.key for metric in case.metrics)
    kind = "noise" if case.noise else "smooth"
    plans = "plan, baseline and difference" if case.compared else "plan"
    return record(
        name,
        f"ours;{keys};{plans};{kind};seed={SEED}",
        (drawn.city.situation.grid.n_cells, case.hours),
        (page_mb, write_s, cpu_s),
        found,
        missed=missed(case.limits, page_mb, write_s, found),
    )


def page_of(drawn: Drawn, case: Case) -> str:
    """The page of a drawn plan."""
    return plan_map(
        drawn.city.situation,
        drawn.city.force,
        drawn.requirement,
        drawn.plan,
        drawn.evaluation,
        drawn.baseline,
        title_en="Benchmark",
        title_zh="基准",
        run_label=f"{case.side_cells**2} cells, {case.hours} h",
        opening_hour=0,
        metrics=case.metrics,
    )


def missed(limits: Limits | None, page_mb: float, write_s: float, found: Measured | None) -> str:
    """Targets that are missed, each with what was found; empty where all are kept."""
    if limits is None:
        return ""
    compared = [
        ("page_mb", page_mb, limits.page_mb),
        ("write_s", write_s, limits.write_s),
        ("ready_s", None if found is None else found.ready_s, limits.ready_s),
        ("step_ms", None if found is None else found.step_ms, limits.step_ms),
        ("renderer_mb", None if found is None else found.renderer_mb, limits.renderer_mb),
    ]
    return "; ".join(
        f"{name} {value:.2f} > {most:g}"
        for name, value, most in compared
        if value is not None and most is not None and value > most
    )
