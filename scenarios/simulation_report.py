"""A simulation beside the analytic judge: tables, a section of the summary, warnings."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optimizer.judges.simulation.service import CONFIDENCE, SimulatedService, interval
from scenarios.headline import shown
from scenarios.schema import SimulationPart
from scenarios.simulated import Simulated

LABELS: dict[str, tuple[str, str]] = {
    "covered": ("coverage", ".1%"),
    "mean_min": ("mean response, min", ".2f"),
    "p90_min": ("P90, min", ".1f"),
    "within_3": ("within 3 min", ".1%"),
    "within_5": ("within 5 min", ".1%"),
    "waited": ("no idle unit in reach", ".3%"),
    "utilisation": ("utilisation", ".1%"),
}
"""Measures that both judges know, with their names and how they are written."""

SHARES = frozenset({"covered", "within_3", "within_5", "waited"})
NONE_SEEN = 3.0
"""Events that may be expected, at 95 %, where none was seen (the rule of three)."""

ROUNDING = {"p90_min": 0.1}
"""How far two figures may lie apart by rounding alone: quantiles end at histogram bins."""


def side_by_side(analytic: Mapping[str, float], service: SimulatedService) -> list[dict[str, Any]]:
    """One row for each measure: analytic figure, simulated mean and its half-width.

    They disagree when they lie further apart than that (and the rounding of quantiles).
    `analytic` has the city's figures over all hours (`city_service`).
    """
    analytic = {**analytic, "waited": 1.0 - analytic["served"]}
    calls = float(service.of("calls").sum())
    rows = []
    for measure in LABELS:
        mean, half = (float(value) for value in interval(service.of(measure)))
        if measure in SHARES and calls:
            half = max(half, NONE_SEEN / calls)
        expected = float(analytic[measure])
        apart = abs(mean - expected)
        rows.append(
            {
                "measure": measure,
                "analytic": expected,
                "simulated": mean,
                "half_width": half,
                "disagree": bool(apart > half + ROUNDING.get(measure, 0.0) + 1e-12),
            }
        )
    return rows


def simulation_frame(simulated: Simulated, baseline: str) -> pd.DataFrame:
    """Figures of the plan and of the baseline by group and hour, with half-widths."""
    plan, practice = simulated.plan.frame(), simulated.baseline.frame()
    plan.insert(0, "plan", "plan")
    practice.insert(0, "plan", baseline)
    return pd.concat([plan, practice], ignore_index=True)


def simulation_record(
    rows: list[dict[str, Any]], simulated: Simulated, baseline: str
) -> dict[str, Any]:
    """What `run.json` and `muster simulate --json` say of a simulation."""
    gain, half = simulated.gain
    return {
        "replications": len(simulated.plan.over_min),
        "confidence": CONFIDENCE,
        "city": rows,
        "baseline": baseline,
        "gain_of_weighted_response": gain,
        "gain_half_width": half,
        "visited_share": float(interval(simulated.plan.visited_share)[0]),
        "posted_share": float(interval(simulated.plan.posted_share)[0]),
    }


def simulation_text(
    rows: list[dict[str, Any]], simulated: Simulated, baseline: str, part: SimulationPart
) -> str:
    """Section of the summary: both judges side by side, the gain, what was delivered."""
    replications = len(simulated.plan.over_min)
    if not simulated.plan.of("calls").any():
        return "## Simulated\n\nNo call that asks for a unit came in any replication."
    lines = [
        "## Simulated",
        "",
        f"{replications} nights of calls drawn from the forecast, the same for the plan and the "
        f"baseline; intervals are {CONFIDENCE:.0%}. Means are of the first unit from ready for "
        "dispatch to arrival; a call waits until a unit in reach is free.",
        "",
        "| plan | analytic | simulated | |",
        "|---|---|---|---|",
    ]
    for row in rows:
        label, form = LABELS[row["measure"]]
        mark = "disagree" if row["disagree"] else ""
        lines.append(
            f"| {label} | {shown(row['analytic'], form)} | {shown(row['simulated'], form)} ± "
            f"{shown(row['half_width'], form)} | {mark} |"
        )
    gain, half = simulated.gain
    lines += [
        "",
        f"Against the strongest practice ({baseline}) the plan takes {shown(gain, '.1%')} ± "
        f"{shown(half, '.1%')} off the simulated weighted response. From receipt to arrival a "
        f"call takes {_mean(simulated.plan, 'since_receipt_min', '.2f')} min (handling: "
        f"{part.handling_min:g} min, an assumption); units work "
        f"{shown(float(simulated.plan.over_min.mean()) / 60.0, ',.0f')} unit-hours beyond their "
        "shifts to finish a job.",
        *_delivered(simulated.plan, part),
        *_warning(rows),
    ]
    return "\n".join(lines)


def _mean(service: SimulatedService, measure: str, form: str) -> str:
    return shown(float(interval(service.of(measure))[0]), form)


def _delivered(service: SimulatedService, part: SimulationPart) -> list[str]:
    """What of visits and posts is delivered when their people also answer calls."""
    lines = []
    for share, what in (
        (service.visited_share, f"minutes of visits, made by patrol units ({part.visits})"),
        (service.posted_share, f"minutes on posts ({', '.join(part.release_rings)} ring)"),
    ):
        mean, half = (float(value) for value in interval(share))
        if math.isfinite(mean):
            lines += ["", f"Of the planned {what}, {mean:.1%} ± {half:.1%} can be delivered."]
    return lines


def _warning(rows: list[dict[str, Any]]) -> list[str]:
    """Where the two judges disagree by more than the interval."""
    apart = [f"{LABELS[row['measure']][0]} ({_relative(row)})" for row in rows if row["disagree"]]
    if not apart:
        return []
    return [
        "",
        f"**The judges disagree beyond the interval** on {', '.join(apart)}: the analytic one "
        "takes every hour as a steady state with places near each other busy together.",
    ]


def _relative(row: dict[str, Any]) -> str:
    if not row["analytic"]:
        return "analytic 0"
    return f"simulated {row['simulated'] / row['analytic'] - 1.0:+.1%}"
