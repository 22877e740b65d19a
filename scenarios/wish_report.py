"""What the planner's wishes for the patrol got and cost, as a table and in words."""

import numpy as np
import pandas as pd

from optimizer.judges.floors import floor_service
from scenarios.pipeline import Run


def floors_frame(run: Run) -> pd.DataFrame:
    """Every coverage floor in every hour: asked, reached, short, and what a call was worth.

    Shares 0..1; `calls` and `short_calls` an hour; `worth_TYPE` in weighted call-minutes is what
    one more call in time counted when the units of a type were placed, 0 where the floor did
    not bind.
    """
    service = floor_service(run.wishes.floors, run.judged.evaluation)
    starts = [moment.isoformat() for moment in run.world.situation.horizon.starts]
    floors, hours = len(service.names), len(starts)
    table = {
        "floor": np.repeat(service.names, hours),
        "hour": starts * floors,
        "asked": np.repeat(service.asked, hours),
        "calls": service.calls.ravel(),
        "covered": service.covered.ravel(),
        "short_calls": service.short_calls.ravel(),
    }
    for row, unit in enumerate(run.world.force.unit_types):
        table[f"worth_{unit.unit_type}"] = run.allocations[row].floor_toll.ravel()
    return pd.DataFrame(table)


def moves_text(run: Run) -> str:
    """How often units change their place between hours, and how long they travel at least."""
    moves = sum(int(moved.moves.sum()) for moved in run.relocations)
    minutes = sum(float(moved.minutes.sum()) for moved in run.relocations)
    stood = int(run.plan.deployment.units[:, :, 1:].sum())
    if not stood:
        return ""
    mean = f", {minutes / moves:.1f} minutes each at least" if moves else ""
    return (
        f"From hour to hour {moves:,} of {stood:,} unit-hours begin with a move to another "
        f"place ({moves / stood:.0%}){mean}; `patrol.min_stay_h` and `patrol.move_min` hold "
        "units longer at their place."
    )


def wishes_text(run: Run) -> str:
    """What the wishes cost in weighted call-minutes, and which floors are missed; or nothing."""
    cost = sum(float(found.wish_cost.sum()) for found in run.allocations)
    floors = run.wishes.floors
    if not floors and not cost:
        return ""
    missed = sum(float(found.missed.sum()) for found in run.allocations)
    rows = [
        "## What your limits and wishes cost",
        "",
        f"Pins, limits, floors and stays cost {cost:,.1f} weighted call-minutes over the horizon "
        f"({cost / missed if missed else 0.0:.2%} of the minutes the units miss): so much less "
        "would be missed at the same busy shares if only the pools bound the units.",
    ]
    if floors:
        rows += ["", _floors_text(run)]
    return "\n".join(rows)


def _floors_text(run: Run) -> str:
    table = floors_frame(run)
    short = table[table["short_calls"] > 0].sort_values("short_calls", ascending=False)
    if short.empty:
        return f"All {len(run.wishes.floors)} coverage floors are met in every hour."
    worst = "; ".join(
        f"{row['floor']} at {str(row['hour'])[11:16]}: {row['covered']:.1%} of "
        f"{row['calls']:.1f} calls, asked {row['asked']:.0%}"
        for row in short.head(3).to_dict("records")
    )
    return (
        f"Coverage floors are missed in {len(short)} of {len(table)} floor-hours, by "
        f"{short['short_calls'].sum():,.1f} calls in all (`floors.csv`). The largest: {worst}."
    )
