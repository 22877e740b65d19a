"""The page of a plan: one HTML file that opens without a network."""

import math
from collections.abc import Iterable
from typing import Any

import folium
import numpy as np
from numpy.typing import NDArray

from geodata.incidents import ZONES_ZH
from geodata.situation import Situation
from maps.blocks import DataLayer, PageAssets
from maps.cells import cell_layer
from maps.figures import city_figures, demand_by_class
from maps.lines import line_layer
from maps.metrics import METRICS, metric_values
from maps.offline import offline_page
from maps.points import point_layer
from maps.text import ZONES_EN, both, hour_label, words
from optimizer.force import Force
from optimizer.judges.evaluation_result import Evaluation
from optimizer.plan import Plan
from optimizer.requirement import Requirement


def plan_map(
    situation: Situation,
    force: Force,
    requirement: Requirement,
    plan: Plan,
    evaluation: Evaluation,
    baseline: Evaluation,
    *,
    title_en: str,
    title_zh: str,
    run_label: str,
    opening_hour: int,
) -> str:
    """Return the map of a plan beside a baseline as a self-contained HTML page.

    `opening_hour` is the hour of the horizon shown first. The same input gives the same bytes.

    Raises
    ------
    ValueError
        When `opening_hour` lies outside the horizon or an evaluation has another number of
        cells or hours than the situation.
    """
    require_fit(situation, evaluation, baseline, opening_hour)
    page = page_content(situation, plan, evaluation, baseline)
    page |= {"title": both(title_en, title_zh), "run": run_label, "openingHour": opening_hour}
    layers = (
        line_layer(situation.area, situation.context),
        cell_layer(situation.area, situation.grid, situation.zone, evaluation, baseline),
        point_layer(situation, force, requirement, plan, evaluation),
        DataLayer("page", page),
    )
    twin = map_of(layer.without_data() for layer in layers)
    return offline_page(map_of(layers), twin, language="en")


def require_fit(
    situation: Situation, evaluation: Evaluation, baseline: Evaluation, opening_hour: int
) -> None:
    """Raise `ValueError` unless the parts of the page agree in cells and hours."""
    hours = situation.horizon.hours
    if not 0 <= opening_hour < hours:
        raise ValueError(f"opening hour {opening_hour} lies outside the horizon of {hours} h")
    expected = (situation.grid.n_cells, hours)
    for name, result in (("evaluation", evaluation), ("baseline", baseline)):
        found = result.demand_per_h.shape
        if found != expected:
            raise ValueError(f"{name} has {found} cells and hours, the situation {expected}")


def map_of(layers: Iterable[DataLayer]) -> folium.Map:
    """Folium map with the given layers; the page moves it to the city when it opens."""
    page = folium.Map(
        location=(0.0, 0.0),
        zoom_start=9,
        tiles=None,
        zoom_control="topright",
        attributionControl=False,
        minZoom=7,
        maxZoom=17,
        zoomSnap=0.5,
    )
    PageAssets().add_to(page)
    for layer in layers:
        layer.add_to(page)
    return page


def page_content(
    situation: Situation, plan: Plan, evaluation: Evaluation, baseline: Evaluation
) -> dict[str, Any]:
    """Words and figures of the page."""
    units = plan.deployment.units
    results = {"plan": evaluation, "baseline": baseline}
    figures: dict[str, dict[str, list[float | str | None]]] = {
        name: {
            key: numbers(values) for key, values in city_figures(situation, result, units).items()
        }
        for name, result in results.items()
    }
    figures["plan"]["units"] = units.sum(axis=(0, 1)).tolist()
    return {
        "words": words(),
        "hours": [hour_label(start) for start in situation.horizon.starts],
        "clock": [f"{start:%H:%M}" for start in situation.horizon.starts],
        "figures": figures,
        "classShares": {
            name: class_shares(result, situation.grid.cell_m) for name, result in results.items()
        },
        "districts": [both(d.name_en, d.name_zh) for d in situation.area.districts],
        "zones": zone_content(situation),
        "provenance": [
            {**both(item.item_en, item.item_zh), "status": item.status, "source": item.source}
            for item in situation.provenance
        ],
    }


def class_shares(result: Evaluation, cell_m: float) -> dict[str, list[list[float | str | None]]]:
    """Share of calls per metric, hour and class."""
    found = {}
    for metric in METRICS:
        values = metric_values(metric, result, cell_m)
        shares = demand_by_class(metric, values, result.demand_per_h)
        found[metric.key] = [numbers(row) for row in shares]
    return found


def zone_content(situation: Situation) -> list[dict[str, str]]:
    """Names of the zone tiers with the range of targets of the classes that need a unit."""
    asks = [bool(incident.unit_type) for incident in situation.classes.classes]
    asks = asks if any(asks) else [True] * len(asks)
    content = []
    for english, chinese, targets in zip(
        ZONES_EN, ZONES_ZH, situation.classes.target_min, strict=True
    ):
        bounds = sorted({f"{targets[asks].min():g}", f"{targets[asks].max():g}"}, key=float)
        content.append({**both(english, chinese), "target": "–".join(bounds)})
    return content


def numbers(values: NDArray[np.float64]) -> list[float | str | None]:
    """Values for the page with four decimals, None for NaN and `unreached` for infinity."""
    return [
        round(value, 4) if math.isfinite(value) else None if math.isnan(value) else "unreached"
        for value in values.tolist()
    ]
