"""What a plan changes against a given one, and what that buys: table and summary."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.situation import Situation
from scenarios.headline import shown
from scenarios.practice import Judged


def changes_frame(situation: Situation, given: Judged, plan: Judged) -> pd.DataFrame:
    """Where and when the number of units differs, one row per hour, type and place."""
    before, after = given.deployment.units, plan.deployment.units
    places, unit_types = situation.patrol_places, plan.deployment.unit_types
    starts = [moment.isoformat() for moment in situation.horizon.starts]
    differs = np.argwhere((before != after).transpose(2, 0, 1)).tolist()
    rows = [
        (
            starts[hour],
            unit_types[kind],
            places.place_ids[place],
            places.name_en[place],
            places.name_zh[place],
            int(before[kind, place, hour]),
            int(after[kind, place, hour]),
            int(after[kind, place, hour] - before[kind, place, hour]),
        )
        for hour, kind, place in differs
    ]
    columns = "start unit_type place_id name_en name_zh before after difference".split()
    return pd.DataFrame(rows, columns=columns)


def unit_hours_changed(before: NDArray[np.int64], after: NDArray[np.int64]) -> int:
    """Unit-hours that leave their place of the given plan: what a change budget counts."""
    return int(np.maximum(before - after, 0).sum())


def unit_hours_forced(
    before: NDArray[np.int64], after: NDArray[np.int64], pool_of_place: NDArray[np.int64]
) -> int:
    """Unit-hours that had to leave because their pool has fewer units than in the given plan."""
    pools = int(pool_of_place.max(initial=-1)) + 1
    left = np.zeros((before.shape[0], pools, before.shape[2]), dtype=np.int64)
    for kind in range(before.shape[0]):
        np.add.at(left[kind], pool_of_place, before[kind] - after[kind])
    return int(np.maximum(left, 0).sum())


def changes_text(
    given: Judged,
    plan: Judged,
    pool_of_place: NDArray[np.int64],
    unlimited: Judged | None = None,
    max_changes: int | None = None,
) -> str:
    """Section of the summary: what was changed, what it buys and what the budget costs.

    `unlimited` is the plan of the same units without the budget `max_changes`, where there is
    one.
    """
    before, after = given.deployment.units, plan.deployment.units
    changed, came = unit_hours_changed(before, after), unit_hours_changed(after, before)
    forced = unit_hours_forced(before, after, pool_of_place)
    budget = "no budget was set" if max_changes is None else f"the budget is {max_changes:,}"
    lines = [
        "## Changes against the given plan",
        "",
        f"{changed:,} of {before.sum():,} unit-hours leave their place and {came:,} come to "
        f"another one. At least {forced:,} had to leave because their pool has fewer units than "
        f"in the given plan; for the others {budget}. `changes.csv` lists all changes. All plans "
        "are judged under this scenario's forecast.",
        "",
        "| | unit-hours | weighted call-minutes | mean min | coverage |",
        "|---|---|---|---|---|",
        _row("given plan", given),
        _row("this plan", plan),
    ]
    if unlimited is not None:
        lines.append(_row("without the budget", unlimited))
    lines += ["", f"The changes save {_bought(given, plan)}."]
    if unlimited is not None:
        lines.append(f"Without the budget they would save another {_bought(plan, unlimited)}.")
    return "\n".join(lines)


def city_service(judged: Judged) -> tuple[float, float]:
    """Mean response in minutes and share of calls covered, of all calls; NaN without calls.

    A call out of reach counts `unserved_min`.
    """
    evaluation = judged.evaluation
    calls = evaluation.demand_per_h
    total = float(calls.sum())
    if total <= 0.0:
        return float("nan"), float("nan")
    minutes = np.where(
        np.isfinite(evaluation.mean_min), evaluation.mean_min, evaluation.unserved_min
    )
    covered = np.nan_to_num(evaluation.covered)
    return float((calls * minutes).sum()) / total, float((calls * covered).sum()) / total


def _row(name: str, judged: Judged) -> str:
    mean_min, covered = city_service(judged)
    return (
        f"| {name} | {judged.deployment.units.sum():,} | {judged.response_sum:,.1f} | "
        f"{shown(mean_min, '.3f')} | {shown(covered, '.2%')} |"
    )


def _bought(before: Judged, after: Judged) -> str:
    """What the later plan saves; a minus sign where it costs."""
    (min_before, covered_before), (min_after, covered_after) = map(city_service, (before, after))
    return (
        f"{before.response_sum - after.response_sum:,.1f} weighted call-minutes, "
        f"{shown(min_before - min_after, '.3f')} minutes of mean response and add "
        f"{shown(100.0 * (covered_after - covered_before), '.2f')} points of coverage"
    )
