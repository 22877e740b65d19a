"""The page of a plan: one HTML file that opens without a network."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import folium
import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.incidents import ZONES_ZH
from geodata.situation import Situation
from maps.blocks import DataLayer, PageAssets
from maps.cells import cell_layer
from maps.event_days import EventDay, event_layer
from maps.figures import city_figures, demand_by_class, difference_by_class
from maps.lines import line_layer
from maps.metrics import METRICS, Metric, metric_values
from maps.nearest import nearest_layer
from maps.offline import offline_page
from maps.points import point_layer
from maps.text import ZONES_EN, both, hour_label, words
from maps.tiles import TileServer
from optimizer.force import Force
from optimizer.judges.donor_hours import LenderHours
from optimizer.judges.evaluation_result import Evaluation
from optimizer.plan import Plan
from optimizer.requirement import Requirement
from optimizer.reserve import NO_RESERVE, ReservePlan

STATUSES = ("draft", "reviewed", "approved")
"""How far the approval of a plan has come; the map is marked until the last."""


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
    status: str = STATUSES[0],
    days: Sequence[EventDay] = (),
    lenders: Sequence[LenderHours] = (),
    reserve: ReservePlan = NO_RESERVE,
    tiles: TileServer | None = None,
    metrics: Sequence[Metric] = METRICS,
) -> str:
    """Return the map of a plan beside a baseline as a self-contained HTML page.

    `opening_hour` is the hour of the horizon shown first. With `tiles` the page fetches a base
    map from that server; else it fetches nothing. `metrics` are the buttons of the cells' colours;
    demand must be among them. The same input gives the same bytes.

    `status` is one of `STATUSES`; a plan that is not approved is marked on the screen and across
    the print. `days` are the events at sites, `lenders` the commands that lend and `reserve`
    the units that stand by.

    Raises
    ------
    ValueError
        When `opening_hour` lies outside the horizon, an evaluation has another number of cells
        or hours than the situation, or the status is unknown.
    """
    require_fit(situation, evaluation, baseline, opening_hour)
    if status not in STATUSES:
        raise ValueError(f"status {status!r} is none of {', '.join(STATUSES)}")
    page = page_content(situation, plan, evaluation, baseline, metrics)
    page |= {"title": both(title_en, title_zh), "run": run_label, "openingHour": opening_hour}
    page |= {"status": status, "lenders": [lender_content(one) for one in lenders]}
    layers = (
        line_layer(situation.area, situation.context),
        cell_layer(situation.area, situation.grid, situation.zone, evaluation, baseline, metrics),
        point_layer(situation, force, requirement, plan, evaluation, reserve),
        nearest_layer(situation, force, plan),
        event_layer(situation.area, situation.horizon, days),
        DataLayer("tiles", None if tiles is None else {"url": tiles.url}),
        DataLayer("page", page),
    )
    twin = map_of(layer.without_data() for layer in layers)
    pictures_from = None if tiles is None else tiles.origin
    return offline_page(map_of(layers), twin, language="en", pictures_from=pictures_from)


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
    situation: Situation,
    plan: Plan,
    evaluation: Evaluation,
    baseline: Evaluation,
    metrics: Sequence[Metric] = METRICS,
) -> dict[str, Any]:
    """Words and figures of the page."""
    units, cell_m = plan.deployment.units, situation.grid.cell_m
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
            **{name: class_shares(one, cell_m, metrics) for name, one in results.items()},
            "difference": difference_shares(evaluation, baseline, cell_m, metrics),
        },
        "districts": [both(d.name_en, d.name_zh) for d in situation.area.districts],
        "commands": command_names(situation.area),
        "zones": zone_content(situation),
        "provenance": [
            {**both(item.item_en, item.item_zh), "status": item.status, "source": item.source}
            for item in situation.provenance
        ],
    }


def difference_shares(
    plan: Evaluation, baseline: Evaluation, cell_m: float, metrics: Sequence[Metric]
) -> dict[str, list[list[float | str | None]]]:
    """Share of calls per metric that varies, hour and class of the difference."""
    found = {}
    for metric in metrics:
        if metric.difference is None:
            continue
        of_plan, of_baseline = (metric_values(metric, one, cell_m) for one in (plan, baseline))
        shares = difference_by_class(metric.difference, of_plan, of_baseline, plan.demand_per_h)
        found[metric.key] = [numbers(row) for row in shares]
    return found


def class_shares(
    result: Evaluation, cell_m: float, metrics: Sequence[Metric]
) -> dict[str, list[list[float | str | None]]]:
    """Share of calls per metric, hour and class."""
    found = {}
    for metric in metrics:
        values = metric_values(metric, result, cell_m)
        shares = demand_by_class(metric, values, result.demand_per_h)
        found[metric.key] = [numbers(row) for row in shares]
    return found


def command_names(area: StudyArea) -> list[dict[str, str]]:
    """Names of the commands; one that is a single district has the district's names."""
    names = {d.name_en: both(d.name_en, d.name_zh) for d in area.districts if not d.group_en}
    return [names.get(command, both(command, command)) for command in area.commands]


def lender_content(lender: LenderHours) -> dict[str, Any]:
    """Who is lent to whom, and what it leaves at home, by hour."""
    return {
        "command": lender.command,
        "to": list(lender.to),
        "lent": lender.lent.tolist(),
        "coverage": [numbers(lender.covered), numbers(lender.covered_at_home)],
        "p90": [numbers(lender.p90_min), numbers(lender.p90_at_home_min)],
    }


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
