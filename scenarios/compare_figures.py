"""Figures of compared runs: the headline, every scope and hour, and the settings that differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scenarios.compared_run import ComparedRun, hours_on
from scenarios.level_prices import NIGHT_FROM, NIGHT_TO, REST_FOR_A_NIGHT_H

Number = float | int | None

NONE = "none"
"""A setting that is not there."""


@dataclass(frozen=True)
class Measure:
    """A headline figure: its name, what it is called, its unit and how it is written."""

    name: str
    title: str
    unit: str
    form: str
    of: Callable[[ComparedRun], Number]


def _told(*steps: str) -> Callable[[ComparedRun], Number]:
    return lambda run: run.told(*steps)


def _city(measure: str) -> Callable[[ComparedRun], Number]:
    return lambda run: run.city(measure)


def _service(name: str, title: str, unit: str, form: str) -> Measure:
    return Measure(name, title, unit, form, _told("headline", "service", "plan", name))


def _simulated(measure: str, key: str) -> Callable[[ComparedRun], Number]:
    def found(run: ComparedRun) -> Number:
        rows = run.told("simulation", "city") or []
        return next((row[key] for row in rows if row["measure"] == measure), None)

    return found


def officer_hours(run: ComparedRun) -> float:
    """Officer-hours on duty within the horizon."""
    staffing = run.tables["staffing.csv"]
    return float((staffing["officers"] * hours_on(staffing, run.horizon)).sum())


def unit_hours(run: ComparedRun) -> float:
    """Unit-hours on the street."""
    return float(run.tables["deployment.csv"]["units"].sum())


def rest_owed_h(run: ComparedRun) -> float:
    """Overtime and the rest for every officer on duty in all hours of a night, officer-hours."""
    staffing, horizon = run.tables["staffing.csv"], run.horizon
    start = pd.to_datetime(staffing["start"], utc=True)
    end = pd.to_datetime(staffing["end"], utc=True)
    night = pd.Timedelta(hours=NIGHT_TO - NIGHT_FROM)
    begins = [pd.Timestamp(at).tz_convert("UTC") for at in horizon.starts if at.hour == NIGHT_FROM]
    nights = sum(
        float(staffing.loc[(start <= at) & (end >= at + night), "officers"].sum()) for at in begins
    )
    overtime = run.told("headline", "overtime_hours") or 0.0
    return float(overtime) + REST_FOR_A_NIGHT_H * nights


MEASURES: tuple[Measure, ...] = (
    Measure(
        "expected_calls", "expected calls", "calls", ",.0f", _told("headline", "expected_calls")
    ),
    _service("covered", "within target", "share", ".2%"),
    _service("mean_min", "mean response", "minutes", ".3f"),
    _service("p90_min", "P90 response", "minutes", ".1f"),
    _service("within_3", "within 3 minutes", "share", ".1%"),
    _service("within_5", "within 5 minutes", "share", ".1%"),
    _service("served", "an idle unit in reach", "share", ".3%"),
    Measure(
        "weighted_response",
        "weighted response",
        "call-minutes",
        ",.1f",
        _told("headline", "objective_call_minutes", "plan"),
    ),
    Measure(
        "worst_district_covered", "worst district", "share", ".1%", _city("worst_district_covered")
    ),
    Measure("gini_covered", "unevenness of coverage", "Gini", ".4f", _city("gini_covered")),
    Measure(
        "posts_required", "posts required", "people", ",.0f", _told("headline", "posts", "required")
    ),
    Measure("posts_have", "posts filled", "people", ",.0f", _told("headline", "posts", "have")),
    *(
        Measure(
            f"unfilled_post_hours_{priority}",
            f"posts short, priority {priority}",
            "officer-hours",
            ",.0f",
            _city(f"unfilled_post_hours_{priority}"),
        )
        for priority in (1, 2, 3)
    ),
    Measure("visits_due", "visits due", "visits", ",.0f", _told("headline", "visits", "due")),
    Measure(
        "visits_planned", "visits planned", "visits", ",.0f", _told("headline", "visits", "planned")
    ),
    Measure(
        "presence_short_officer_hours",
        "minimum presence short",
        "officer-hours",
        ",.0f",
        _told("headline", "presence_short_officer_hours"),
    ),
    Measure(
        "order_short_officer_hours",
        "below the level's order",
        "officer-hours",
        ",.0f",
        _told("headline", "order_short_officer_hours"),
    ),
    Measure(
        "on_duty_most",
        "most people on duty",
        "people",
        ",.0f",
        _told("headline", "officers_on_duty", "most"),
    ),
    Measure(
        "on_duty_least",
        "fewest people on duty",
        "people",
        ",.0f",
        _told("headline", "officers_on_duty", "least"),
    ),
    Measure("officer_hours", "on duty in all", "officer-hours", ",.0f", officer_hours),
    Measure(
        "overtime_hours", "overtime", "officer-hours", ",.0f", _told("headline", "overtime_hours")
    ),
    Measure("rest_owed_h", "compensatory rest owed", "officer-hours", ",.0f", rest_owed_h),
    Measure("officers_lent", "officers lent", "people", ",.0f", _told("headline", "officers_lent")),
    Measure(
        "community_half_days_taken",
        "community half-days taken",
        "half-days",
        ",.0f",
        _told("headline", "community_half_days_taken"),
    ),
    Measure(
        "units_most",
        "most units on the street",
        "units",
        ",.0f",
        _told("headline", "units_on_street", "most"),
    ),
    Measure("unit_hours", "units on the street in all", "unit-hours", ",.0f", unit_hours),
    Measure(
        "relocation_moves",
        "moves of units",
        "moves",
        ",.0f",
        _told("headline", "relocations", "moves"),
    ),
    Measure(
        "joint_bound",
        "bound of staffing and patrol",
        "call-minutes",
        ",.1f",
        _told("joint", "bound"),
    ),
    Measure(
        "joint_gap_call_minutes",
        "gap to that bound",
        "call-minutes",
        ",.1f",
        _told("joint", "gap_call_minutes"),
    ),
    Measure("joint_gap_min", "gap a weighted call", "minutes", ".3f", _told("joint", "gap_min")),
    Measure(
        "staffing_gap",
        "gap of staffing, of its gain",
        "share",
        ".3%",
        _told("staffing", "gap_share_of_gain"),
    ),
    Measure(
        "patrol_gap_min",
        "gap of patrol a weighted call",
        "minutes",
        ".4f",
        _told("patrol", "gap_min"),
    ),
    Measure(
        "covered_simulated",
        "within target, simulated",
        "share",
        ".2%",
        _simulated("covered", "simulated"),
    ),
    Measure(
        "covered_half_width",
        "half its interval",
        "share",
        ".2%",
        _simulated("covered", "half_width"),
    ),
    Measure(
        "mean_min_simulated",
        "mean response, simulated",
        "minutes",
        ".3f",
        _simulated("mean_min", "simulated"),
    ),
    Measure(
        "mean_min_half_width",
        "half its interval",
        "minutes",
        ".3f",
        _simulated("mean_min", "half_width"),
    ),
)
"""The headline in the order of the report."""


def headline_frame(runs: list[ComparedRun]) -> pd.DataFrame:
    """Every headline figure of every run, and what it is more than in the first run."""
    rows = []
    for measure in MEASURES:
        first = as_number(measure.of(runs[0]))
        for run in runs:
            value = as_number(measure.of(run))
            rows.append((measure.name, measure.unit, run.name, value, value - first))
    return pd.DataFrame(rows, columns=["measure", "unit", "run", "value", "difference"])


def as_number(value: Number) -> float:
    """A figure of a record; NaN where it has none."""
    return float("nan") if value is None else float(value)


def figures_frame(runs: list[ComparedRun]) -> pd.DataFrame:
    """All measures by scope, id and hour of every run; a measure that a run lacks has no row.

    `difference` is what it is more than in the first run (0 there), NaN where the first run has no
    such figure or both are infinite.
    """
    keys = ["scope", "id", "hour", "measure", "unit"]
    first = runs[0].tables["scorecard.csv"].set_index(keys)["value"]
    parts = []
    for run in runs:
        table = run.tables["scorecard.csv"]
        base = first.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy(dtype=np.float64)
        values = table["value"].to_numpy(dtype=np.float64)
        with np.errstate(invalid="ignore"):
            difference = values - base
        parts.append(table[keys].assign(run=run.name, value=values, difference=difference))
    return pd.concat(parts, ignore_index=True)


def settings_frame(runs: list[ComparedRun]) -> pd.DataFrame:
    """Settings and input files that differ from the first run's, one row each.

    A list is compared item by item; a file that has other content stands under its name with the
    beginning of its digest. A key that a run does not have counts as none.
    """
    first = dict(_settings(runs[0]))
    rows = []
    for run in runs[1:]:
        own = dict(_settings(run))
        for key in [*first, *(key for key in own if key not in first)]:
            before, after = first.get(key, NONE), own.get(key, NONE)
            if before != after:
                rows.append((run.name, key, before, after))
    return pd.DataFrame(rows, columns=["run", "key", "first", "value"])


def _settings(run: ComparedRun) -> Iterator[tuple[str, str]]:
    yield from _flat(run.record["settings"], "")
    for name, digest in (run.told("inputs") or {}).items():
        yield f"file {name}", str(digest)[:12]


def _flat(part: Any, before: str) -> Iterator[tuple[str, str]]:
    """Every plain value with its dotted key; items of lists are numbered from 1."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _flat(value, f"{before}.{key}" if before else str(key))
    elif isinstance(part, list):
        for number, value in enumerate(part, start=1):
            yield from _flat(value, f"{before}.{number}")
    else:
        yield before, NONE if part is None else str(part)
