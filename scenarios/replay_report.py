"""A replay as tables, a record and a text: simulated beside observed."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.cad_file import CadReading
from geodata.situation import Situation
from optimizer.judges.replay.calibration import Calibration
from optimizer.judges.replay.comparison import Comparison
from optimizer.judges.replay.effects import Factors
from scenarios.finished_run import FinishedRun
from scenarios.headline import json_ready, shown
from scenarios.provenance import data_status
from scenarios.result_folder import ResultKind, write_result

TABLE, ESTIMATES = "replay.csv", "calibration.csv"
REPLAY = ResultKind("replay", "replay.json", "replay.md", frozenset({TABLE, ESTIMATES}))

MEANING = {
    "planned": "times as the scenario assumes them",
    "fitted": "handling, turnout, travel and scene times as fitted to these very calls",
}


@dataclass(frozen=True)
class Way:
    """One way of simulating the calls: its comparisons and the calls that nobody answered."""

    name: str
    comparisons: tuple[Comparison, ...]
    unanswered: float


def replay_record(
    finished: FinishedRun,
    reading: CadReading,
    counts: Mapping[str, int],
    ways: tuple[Way, ...],
    calibration: Calibration | None,
) -> dict[str, Any]:
    """What `--json` prints and `replay.json` holds."""
    record: dict[str, Any] = json_ready(
        {
            "run": finished.record["digest"],
            "analytic": {
                name: finished.record["headline"]["service"]["plan"][name]
                for name in ("mean_min", "p90_min")
            },
            "calls": dict(counts),
            "left_out": dict(reading.left_out),
            "ways": {
                way.name: {
                    "unanswered": way.unanswered,
                    "all_calls": [
                        {**asdict(part), "error": part.error}
                        for part in way.comparisons
                        if part.scope == "all"
                    ],
                }
                for way in ways
            },
            "fitted_settings": None if calibration is None else asdict(calibration.durations.draws),
            "fitted_turnout_min": None if calibration is None else calibration.line.turnout_min,
            "fitted_travel_factor": None if calibration is None else calibration.line.slope,
        }
    )
    return record


def replay_text(record: Mapping[str, Any], ways: tuple[Way, ...]) -> str:
    """The replay in words and one table for all calls together."""
    calls, analytic = record["calls"], record["analytic"]
    lines = [
        "# Recorded calls on the plan",
        "",
        f"{calls['replayed']:,} calls replayed in {calls['windows']:,} windows of the plan's "
        f"hours; of {calls['rows']:,} rows {calls['officer_initiated']:,} are officer-initiated, "
        f"{calls['faulty_left_out']:,} faulty and left out, {calls['cancelled']:,} without an "
        f"arrival, {calls['no_unit_asked_for']:,} ask for no unit and "
        f"{calls['outside_the_plans_hours']:,} came when the plan has no hours.",
        "",
        "Observed is what happened with the units of that day; simulated is the plan's. They "
        "agree only where plan and practice do; where the observed figure lies outside 95 % of the "
        "replications they disagree.",
        "",
        f"The analytic judge expects {shown(analytic['mean_min'], '.2f')} min from "
        f"dispatch to arrival on average and a P90 of {shown(analytic['p90_min'], '.1f')} "
        "min, for the calls of the forecast.",
    ]
    for way in ways:
        lines += ["", f"## {way.name.capitalize()}: {MEANING[way.name]}", ""]
        lines += ["| minutes | | observed | simulated | 95 % | difference | |"]
        lines += ["|---|---|---:|---:|---:|---:|---|"]
        lines += [_row(part) for part in way.comparisons if part.scope == "all"]
        lines += ["", f"Calls that nobody answered: {way.unanswered:,.1f} a replication."]
    return "\n".join(lines)


def _row(part: Comparison) -> str:
    apart = "disagree" if part.observed < part.low or part.observed > part.high else ""
    return (
        f"| {part.measure.replace('_', ' ')} | {part.statistic} | {shown(part.observed, '.2f')} | "
        f"{shown(part.predicted, '.2f')} | {shown(part.low, '.2f')} to {shown(part.high, '.2f')} | "
        f"{shown(part.error, '+.1%')} | {apart} |"
    )


def comparison_frame(ways: tuple[Way, ...], situation: Situation) -> pd.DataFrame:
    """One row for each way, measure, statistic and group of calls."""
    rows = []
    for way in ways:
        for part in way.comparisons:
            row = asdict(part)
            row["group"] = (
                situation.area.district_ids[part.group]
                if part.scope == "district"
                else str(part.group)
                if part.scope == "hour"
                else "all"
            )
            rows.append({"way": way.name, **row, "error": part.error})
    return pd.DataFrame(rows)


def estimate_frame(calibration: Calibration) -> pd.DataFrame:
    """Every estimate with its standard error and its sample."""
    line, quiet = calibration.line, calibration.undisturbed
    rows: list[tuple[str, str, float, float, int]] = [
        ("turnout_min", "all", line.turnout_min, line.turnout_error, quiet),
        ("travel_factor", "all", line.slope, line.slope_error, quiet),
    ]
    parts = calibration.durations
    for name, model, calls in (
        ("handling_min", parts.handling, quiet),
        ("travel_level", parts.travel, quiet),
        ("scene_min", parts.scene, calibration.calls),
    ):
        rows.append((name, "all", model.level, model.level_error, calls))
        rows.append((f"{name}_cv", "all", model.cv, np.nan, calls))
        hours = tuple(str(hour) for hour in range(24))
        for scope, factors, groups in (
            ("class", model.by_class, calibration.class_ids),
            ("hour", model.by_hour, hours),
            ("station", model.by_station, calibration.station_ids),
        ):
            rows += _factor_rows(f"{name}_by_{scope}", factors, groups)
    return pd.DataFrame(rows, columns=["estimate", "group", "value", "standard_error", "calls"])


def _factor_rows(
    name: str, factors: Factors, groups: tuple[str, ...]
) -> Iterator[tuple[str, str, float, float, int]]:
    """A row for each group that has calls."""
    for number, group in enumerate(groups):
        if factors.calls[number]:
            yield (
                name,
                group,
                float(factors.factor[number]),
                float(factors.error[number]),
                int(factors.calls[number]),
            )


def write_replay(
    finished: FinishedRun,
    ways: tuple[Way, ...],
    calibration: Calibration | None,
    record: Mapping[str, Any],
    text: str,
    out: Path,
) -> None:
    """Write tables, record and text to `out`."""
    situation = finished.world.situation
    tables = {TABLE: comparison_frame(ways, situation)}
    if calibration is not None:
        tables[ESTIMATES] = estimate_frame(calibration)
    write_result(out, REPLAY, tables, record, text, data_status(situation.provenance))
