"""The scorecard in the summary: the city, its largest event sites and the worse nights."""

import math

import pandas as pd

from optimizer.judges.scorecard import MEASURE_UNITS
from scenarios.headline import NAMES, shown
from scenarios.pipeline import Run
from scenarios.scorecard import gain_over, run_sites, stress_value

SHOWN: tuple[tuple[str, str, str], ...] = (
    ("covered", "answered within target", ".1%"),
    ("p50_min", "P50 response, min", ".1f"),
    ("p90_min", "P90 response, min", ".1f"),
    ("p99_min", "P99 response, min", ".1f"),
    ("within_1", "answered within 1 min", ".1%"),
    ("circle_1", "a unit stands within 1 min, busy or not", ".1%"),
    ("within_3", "answered within 3 min", ".1%"),
    ("circle_3", "a unit stands within 3 min, busy or not", ".1%"),
    ("within_5", "answered within 5 min", ".1%"),
    ("circle_5", "a unit stands within 5 min, busy or not", ".1%"),
    ("no_idle_unit", "no idle unit in reach", ".2%"),
    ("second_in_time", "second unit within target + 3 min", ".1%"),
    ("utilisation", "busy share of the units", ".1%"),
    ("utilisation_max_hour", "the same in the busiest hour", ".1%"),
    ("worst_district_covered", "answered within target in the weakest district", ".1%"),
    ("district_p90_ratio", "highest over lowest P90 of the districts", ".2f"),
    ("gini_covered", "Gini coefficient of coverage over residents", ".3f"),
    ("district_patrol_ratio", "highest over lowest patrol minutes a resident, busy or not", ".1f"),
    ("visit_dose", "planned of the minutes due at must-visit points", ".1%"),
    ("posts_filled_at_start", "posts filled when they start", ".1%"),
    ("unfilled_post_hours_1", "unfilled post-hours, priority 1", ",.0f"),
    ("unfilled_post_hours_2", "unfilled post-hours, priority 2", ",.0f"),
    ("unfilled_post_hours_3", "unfilled post-hours, priority 3", ",.0f"),
)
"""Measures of the city that the summary shows, in words, with their format."""


def of_plan(scorecard: pd.DataFrame, scope: str) -> pd.DataFrame:
    """The plan's figures of one scope, a column for each measure, by `id` and `hour`."""
    rows = scorecard[scorecard["scope"] == scope]
    keyed = rows.set_index(["id", "hour", "measure"])["value"]
    return keyed.unstack("measure", sort=False).reindex(columns=list(MEASURE_UNITS)).reset_index()


def against_practice(run: Run) -> str:
    """Which practice is the strongest and what the plan takes off its weighted response."""
    best = run.strongest
    gain = gain_over(run, best)
    return (
        f"The strongest practice is `{best.name}`. Against it the plan takes "
        f"{shown(gain, '.1%')} off the weighted response: {run.judged.response_sum:,.0f} against "
        f"{best.response_sum:,.0f} weighted call-minutes."
    )


def city_text(run: Run, scorecard: pd.DataFrame) -> str:
    """The city over all hours beside the strongest practice."""
    found = _figures(scorecard[scorecard["hour"] == "all"], "city")
    rows = [
        "## Scorecard",
        "",
        "All hours together; `scorecard.csv` has every district, zone, class and hour. The second "
        "unit is an estimate that takes units as busy independently of each other. Differences of "
        "shares are in percentage points.",
        "",
        f"| the city | plan | {NAMES[run.strongest.name]} | difference |",
        "|---|---|---|---|",
    ]
    for measure, words, form in SHOWN:
        if ("city", measure) in found:
            value, baseline, difference = found["city", measure]
            figures = [
                _figure(value, form),
                _figure(baseline, form),
                _figure(difference, f"+{form}").replace("%", ""),
            ]
            rows.append(f"| {words} | {' | '.join(figures)} |")
    return "\n".join([*rows, *_unstable(run, scorecard)])


def _unstable(run: Run, scorecard: pd.DataFrame) -> list[str]:
    """Warning of hours in which lines of waiting calls grow without limit."""
    by_hour = of_plan(scorecard, "city").set_index("hour")["unstable_calls"].drop("all")
    hours = by_hour[by_hour > 0.0]
    if hours.empty:
        return []
    worst = hours.idxmax()
    clock = f"{run.world.situation.horizon.at(int(str(worst))):%d %b %H:%M}"
    return [
        "",
        f"**Unstable in {len(hours)} of {len(by_hour)} hours**: there are calls from places whose "
        f"units in reach cannot do the work, most of them at {clock} "
        f"({float(hours.max()):.1%} of the hour's calls). Waiting calls would pile up: the figures "
        "of these hours are no steady state; utilisation is not told where most calls are such.",
    ]


def _figures(
    scorecard: pd.DataFrame, scope: str
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Value, baseline and difference of one scope by id and measure."""
    rows = scorecard[scorecard["scope"] == scope]
    keys = zip(rows["id"], rows["measure"], strict=True)
    figures = rows[["value", "baseline", "difference"]].to_numpy(dtype=float).tolist()
    return {key: (row[0], row[1], row[2]) for key, row in zip(keys, figures, strict=True)}


def _figure(value: float, form: str) -> str:
    """A figure as text: infinite as such, a dash where there is none."""
    return "inf" if math.isinf(value) else shown(value, form)


def sites_text(run: Run, scorecard: pd.DataFrame) -> str:
    """Idle units near the largest event sites; empty without events."""
    sites = run_sites(run)
    if not sites:
        return ""
    near = _figures(scorecard, "site")
    rows = [
        "## Units near the largest event sites",
        "",
        "Expected idle patrol units within 5 and 10 minutes of the site (turnout and travel) in "
        "the hour in which its posts ask for most people; in brackets under the strongest "
        "practice. No reserve is planned: these units also answer the calls around them.",
        "",
        "| site | hour | people on posts | within 5 min | within 10 min |",
        "|---|---|---|---|---|",
    ]
    for site in sites:
        figures = " | ".join(
            f"{near[site.event_id, measure][0]:.1f} ({near[site.event_id, measure][1]:.1f})"
            for measure in ("idle_units_5", "idle_units_10")
        )
        clock = f"{run.world.situation.horizon.at(site.hour):%d %b %H:%M}"
        where = f"{site.name_en} ({site.name_zh})"
        rows.append(f"| {where} | {clock} | {site.required:,} | {figures} |")
    return "\n".join(rows)


def stress_text(run: Run) -> str:
    """What is left on worse nights; empty unless they were judged."""
    if not run.stress:
        return ""
    rows = [
        "## Worse nights",
        "",
        "The same plan, nothing planned again; in brackets the strongest practice on that night.",
        "",
        "| what happens | coverage | P90 min | no idle unit in reach | weighted response |",
        "|---|---|---|---|---|",
    ]
    for case in run.stress:
        figures = [
            f"{_figure(stress_value(case.plan, measure), form)} "
            f"({_figure(stress_value(case.baseline, measure), form)})"
            for measure, form in (
                ("covered", ".1%"),
                ("p90_min", ".1f"),
                ("no_idle_unit", ".2%"),
                ("weighted_response", ",.0f"),
            )
        ]
        rows.append(f"| {case.text} | {' | '.join(figures)} |")
    return "\n".join(rows)
