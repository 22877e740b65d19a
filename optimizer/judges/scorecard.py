"""The scorecard: every measure of a deployment by scope and hour, beside that of a baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.incidents import ZONES
from geodata.situation import Situation
from optimizer.force import Force
from optimizer.judges.duties import (
    PRIORITIES,
    posts_at_start,
    unfilled_post_hours,
    visit_minutes,
)
from optimizer.judges.equity import (
    gini_of_coverage,
    highest,
    lowest,
    patrol_min_per_1000,
    ratio_of_extremes,
)
from optimizer.judges.evaluation import share_of, sum_by
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.sites import NEAR_SITE_MIN, Site, idle_units_near
from optimizer.judges.standing import STANDING, standing
from optimizer.judges.summary import summarise
from optimizer.plan import Deployment, PostAssignment, VisitPlan

MEASURE_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "calls": "calls",
        "covered": "share",
        "mean_min": "minutes",
        "p50_min": "minutes",
        "p90_min": "minutes",
        "p99_min": "minutes",
        "within_1": "share",
        "within_3": "share",
        "within_5": "share",
        "circle_1": "share",
        "circle_3": "share",
        "circle_5": "share",
        "no_idle_unit": "share",
        "unstable_calls": "share",
        "second_in_time": "share",
        "utilisation": "share",
        "utilisation_max_hour": "share",
        "uncommitted_unit_h": "unit-hours",
        "patrol_min_per_1000": "minutes",
        "worst_district_covered": "share",
        "district_p90_ratio": "ratio",
        "district_patrol_ratio": "ratio",
        "gini_covered": "Gini",
        "idle_units_5": "units",
        "idle_units_10": "units",
        "posts_filled_at_start": "share",
        "unfilled_post_hours_1": "officer-hours",
        "unfilled_post_hours_2": "officer-hours",
        "unfilled_post_hours_3": "officer-hours",
        "visit_dose": "share",
        "weighted_response": "call-minutes",
    }
)
"""Measures in the order of the table, each with its unit."""

MOSTLY = 0.5
"""Share of unstable calls above which a group has no utilisation."""

COLUMNS: tuple[str, ...] = tuple("scope id hour measure unit value baseline difference".split())
SCOPES: tuple[str, ...] = ("city", "command", "district", "zone", "class", "site", "stress")


@dataclass(frozen=True)
class Figures:
    """One measure of all ids of a scope, `values[id, hour + 1]`; all hours together come last.

    NaN where there is no such figure.
    """

    scope: str
    ids: tuple[str, ...]
    measure: str
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = (len(self.ids), np.shape(self.values)[-1])
        object.__setattr__(
            self, "values", frozen_array(self.values, np.float64, shape, self.measure)
        )


def deployment_figures(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    evaluation: Evaluation,
    unstable: NDArray[np.float64],
    sites: tuple[Site, ...],
) -> list[Figures]:
    """What a deployment gives: service, units near calls and sites, evenness.

    `unstable[cell, hour]` are the calls that `unstable_calls` finds; where they are more than half
    of a group's calls there is no steady state and no utilisation is told.
    """
    table = summarise(situation, evaluation, deployment.units)
    table["unstable_calls"] = _unstable_shares(situation, table, unstable)
    table.loc[table["unstable_calls"] > MOSTLY, "utilisation"] = np.nan
    return [
        *_service_figures(situation, force, deployment, evaluation, table),
        *_equity_figures(situation, deployment, evaluation, table),
        *_site_figures(situation, force, deployment, evaluation, sites),
    ]


def _service_figures(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    evaluation: Evaluation,
    summary: pd.DataFrame,
) -> list[Figures]:
    """Service by city, district, zone and class."""
    table = summary.assign(no_idle_unit=1.0 - summary["served"]).drop(columns="served")
    near = standing(situation, force, deployment, evaluation.utilisation)
    counted = {"city": near.district.sum(axis=1, keepdims=True), "district": near.district}
    counted |= {"zone": near.zone, "class": near.of_class[:, _answered(situation)]}
    found: list[Figures] = []
    for scope, part in table.groupby("scope", sort=False):
        ids = tuple(part["id"].unique())
        by_id = {
            name: part[name].to_numpy().reshape(len(ids), -1)
            for name in part.columns.drop(["scope", "id", "hour"])
        }
        of_calls = _with_total(counted[str(scope)])
        shares = share_of(of_calls, np.broadcast_to(by_id["calls"], of_calls.shape))
        by_id |= dict(zip(STANDING, shares, strict=True))
        if scope in ("city", "district"):
            most = np.full_like(by_id["utilisation"], np.nan)
            most[:, -1] = highest(by_id["utilisation"][:, :-1].T)
            by_id["utilisation_max_hour"] = most
        found += [Figures(str(scope), ids, name, values) for name, values in by_id.items()]
    return found


def _unstable_shares(
    situation: Situation, summary: pd.DataFrame, unstable: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of unstable calls of every row of the summary; NaN for classes and without calls."""
    groups = {
        "city": _with_total(unstable.sum(axis=0, keepdims=True)),
        "district": _with_total(
            sum_by(unstable, situation.grid.district, len(situation.area.district_ids))
        ),
        "zone": _with_total(sum_by(unstable, situation.zone, len(ZONES))),
    }
    of_rows = np.full(len(summary), np.nan)
    for scope, calls in groups.items():
        rows = (summary["scope"] == scope).to_numpy()
        of_rows[rows] = calls.ravel()
    return share_of(of_rows, summary["calls"].to_numpy())


def _answered(situation: Situation) -> list[int]:
    return [k for k, kind in enumerate(situation.classes.classes) if kind.unit_type]


def _with_total(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums by hour `[..., hour]`, followed by the sum of all hours."""
    return np.concatenate([values, values.sum(axis=-1, keepdims=True)], axis=-1)


def _equity_figures(
    situation: Situation, deployment: Deployment, evaluation: Evaluation, summary: pd.DataFrame
) -> list[Figures]:
    """How evenly coverage, P90 and patrol are shared; minutes for all hours are added up."""
    district = summary[summary["scope"] == "district"]
    ids = situation.area.district_ids
    covered = district["covered"].to_numpy().reshape(len(ids), -1)
    p90 = district["p90_min"].to_numpy().reshape(len(ids), -1)
    patrol = _with_total(patrol_min_per_1000(situation, deployment.units))
    gini = np.full(patrol.shape[1], np.nan)
    gini[-1] = gini_of_coverage(situation, evaluation.covered, evaluation.demand_per_h)
    of_city = {
        "worst_district_covered": lowest(covered),
        "district_p90_ratio": ratio_of_extremes(p90),
        "district_patrol_ratio": ratio_of_extremes(patrol),
        "gini_covered": gini,
    }
    return [
        Figures("district", ids, "patrol_min_per_1000", patrol),
        *(Figures("city", ("city",), name, row[np.newaxis]) for name, row in of_city.items()),
    ]


def _site_figures(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    evaluation: Evaluation,
    sites: tuple[Site, ...],
) -> list[Figures]:
    near = idle_units_near(situation, force, deployment, evaluation.utilisation, sites)
    ids = tuple(site.event_id for site in sites)
    at_peak = np.full((len(near), len(sites), situation.horizon.hours + 1), np.nan)
    for number, site in enumerate(sites):
        at_peak[:, number, site.hour] = near[:, number]
    return [
        Figures("site", ids, f"idle_units_{minutes:.0f}", values)
        for minutes, values in zip(NEAR_SITE_MIN, at_peak, strict=True)
    ]


def duty_figures(
    situation: Situation, posts: PostAssignment, due: NDArray[np.int64], visits: VisitPlan
) -> list[Figures]:
    """Posts by command and visits by district against what they ask for, and of the city."""
    hours, commands = situation.horizon.hours, situation.area.commands
    required, present = posts_at_start(posts, len(commands), hours)
    asked, planned = visit_minutes(situation, due, visits)
    short = unfilled_post_hours(posts, len(commands), hours)
    short = np.where(required.sum() > 0, short, np.nan)
    found = _shares_of("command", commands, "posts_filled_at_start", present, required)
    found += _shares_of("district", situation.area.district_ids, "visit_dose", planned, asked)
    for priority, values in zip(PRIORITIES, short, strict=True):
        name, by_command = f"unfilled_post_hours_{priority}", _with_total(values)
        found.append(Figures("command", commands, name, by_command))
        found.append(Figures("city", ("city",), name, by_command.sum(axis=0, keepdims=True)))
    return found


def _shares_of(
    scope: str,
    ids: tuple[str, ...],
    measure: str,
    part: NDArray[np.float64],
    whole: NDArray[np.float64],
) -> list[Figures]:
    """Shares of each id and of the city, by hour and over all hours."""
    done, asked = _with_total(part), _with_total(whole)
    city = share_of(done.sum(axis=0, keepdims=True), asked.sum(axis=0, keepdims=True))
    return [
        Figures(scope, ids, measure, share_of(done, asked)),
        Figures("city", ("city",), measure, city),
    ]


def scorecard_table(plan: Sequence[Figures], baseline: Sequence[Figures]) -> pd.DataFrame:
    """One row per scope, id, hour and measure, ordered so; difference is plan less baseline.

    Figures that neither has are left out. `hour` is the hour of the horizon or `all`.
    """
    of_baseline = {(part.scope, part.measure): part for part in baseline}
    parts = [_rows(part, of_baseline.get((part.scope, part.measure))) for part in plan]
    rows = pd.concat(parts, ignore_index=True)
    order = np.lexsort([rows[key].to_numpy() for key in ("m", "h", "i", "s")])
    table = rows.iloc[order].drop(columns=["s", "i", "h", "m"]).reset_index(drop=True)
    return table.loc[:, list(COLUMNS)]


def _rows(part: Figures, baseline: Figures | None) -> pd.DataFrame:
    """Rows of one measure, with the numbers `s`, `i`, `h`, `m` to order them by."""
    ids, hours = part.values.shape
    number, hour = (axis.ravel() for axis in np.indices((ids, hours)))
    beside = np.full_like(part.values, np.nan) if baseline is None else baseline.values
    with np.errstate(invalid="ignore"):
        difference = part.values - beside
    labels = np.array([*range(hours - 1), "all"], dtype=object)
    rows = pd.DataFrame(
        {
            "scope": part.scope,
            "id": np.array(part.ids, dtype=object)[number],
            "hour": labels[hour],
            "measure": part.measure,
            "unit": MEASURE_UNITS[part.measure],
            "value": part.values.ravel(),
            "baseline": beside.ravel(),
            "difference": difference.ravel(),
            "s": SCOPES.index(part.scope),
            "i": number,
            "h": hour,
            "m": list(MEASURE_UNITS).index(part.measure),
        }
    )
    known: pd.DataFrame = rows.dropna(subset=["value", "baseline"], how="all")
    return known
