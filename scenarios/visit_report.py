"""What the routes of a plan deliver: a section of the summary, figures of the record, tables."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimizer.judges.simulation.service import interval
from optimizer.plan import VisitPlan
from scenarios.simulated import Simulated
from scenarios.visit_dose import DeliveredVisits, planned_gaps, planned_min, visit_dose_frame
from scenarios.visit_tables import routes_frame
from scenarios.world import World

LISTED = 10
"""Points that the summary lists."""


def delivered_of(simulated: Simulated | None) -> DeliveredVisits | None:
    """What a simulation says of the plan's routes, if there was one."""
    return None if simulated is None else simulated.visits


def visit_tables(
    world: World, plan: VisitPlan, delivered: DeliveredVisits | None
) -> list[tuple[str, pd.DataFrame]]:
    """Tables of routes and of every point's dose, where visits are on routes."""
    if world.visit_work is None:
        return []
    return [
        ("routes", routes_frame(world, plan)),
        ("visit_dose", visit_dose_frame(world, plan, delivered)),
    ]


def visit_record(
    world: World, plan: VisitPlan, delivered: DeliveredVisits | None
) -> dict[str, Any] | None:
    """What `run.json` says of routes; None where visits are made one by one."""
    if world.visit_work is None:
        return None
    due = plan.due * world.situation.visit_points.visit_min
    record: dict[str, Any] = {
        "routes": len(plan.routes),
        "on_foot": sum(route.on_foot for route in plan.routes),
        "due_min": float(due.sum()),
        "planned_min": float(planned_min(world, plan.visits).sum()),
        "bound_min": plan.bound_min,
        "longest_gap_min": float(planned_gaps(world, plan).max(initial=0.0)),
    }
    if delivered is not None:
        for name, samples in (
            ("delivered_min", delivered.delivered_min.sum(axis=1)),
            ("simulated_gap_min", delivered.gap_min.max(axis=1, initial=0.0)),
        ):
            mean, half = interval(samples)
            record[name], record[f"{name}_half_width"] = float(mean), float(half)
    return record


def visits_text(world: World, plan: VisitPlan, delivered: DeliveredVisits | None) -> str:
    """Section of the summary on routes; empty where visits are made one by one."""
    record = visit_record(world, plan, delivered)
    if record is None:
        return ""
    units = record["routes"] - record["on_foot"]
    lines = [
        "## Visits on routes",
        "",
        f"{len(plan.visits):,} of {int(plan.due.sum()):,} visits that are due, "
        f"{record['planned_min']:,.0f} of {record['due_min']:,.0f} minutes, are on "
        f"{record['routes']:,} routes: {record['on_foot']:,} on foot, {units:,} of units between "
        f"calls. No routes of these patrols in these sectors deliver more than "
        f"{record['bound_min']:,.0f} minutes. `routes.csv` has every route, `visit_dose.csv` "
        "every point.",
    ]
    if delivered is not None:
        mean, half = record["delivered_min"], record["delivered_min_half_width"]
        share = mean / record["planned_min"] if record["planned_min"] else float("nan")
        lines += [
            "",
            f"Simulated, with calls coming in between: {mean:,.0f} ± {half:,.0f} minutes are "
            f"delivered, {share:.1%} of those planned. Patrols on foot are not called and keep to "
            "the plan.",
        ]
    return "\n".join([*lines, *_gaps(world, plan, delivered), *_missed(world, plan)])


def _gaps(world: World, plan: VisitPlan, delivered: DeliveredVisits | None) -> list[str]:
    """The points that are longest without a visit, measured by their interval."""
    points, gaps = world.situation.visit_points, planned_gaps(world, plan)
    if not gaps.any():
        return []
    worst = np.argsort(-gaps / points.interval_h, kind="stable")[:LISTED].tolist()
    head, rule = "| point | asked at least every, min | longest gap planned, min |", "|---|---|---|"
    simulated = [""] * len(gaps)
    if delivered is not None:
        head, rule = f"{head} simulated |", f"{rule}---|"
        simulated = [
            f" {mean:.0f} ± {half:.0f} |"
            for mean, half in zip(*interval(delivered.gap_min), strict=True)
        ]
    return [
        "",
        head,
        rule,
        *(
            f"| {_name(world, point)} | {60.0 * points.interval_h[point]:.0f} | "
            f"{gaps[point]:.0f} |{simulated[point]}"
            for point in worst
        ),
    ]


def _missed(world: World, plan: VisitPlan) -> list[str]:
    """The points with most visits that are due and on no route."""
    missed = missed_visits(plan)
    worst = [p for p in np.argsort(-missed, kind="stable")[:LISTED].tolist() if missed[p] > 0]
    if not worst:
        return []
    told = ", ".join(f"{_name(world, point)} {missed[point]}" for point in worst)
    return ["", f"Visits that are due and on no route: {int(missed.sum()):,}, most at {told}."]


def missed_visits(plan: VisitPlan) -> NDArray[np.int64]:
    """Visits that are due and not planned, `[point]`."""
    made = np.bincount([visit.point for visit in plan.visits], minlength=len(plan.due))
    return np.asarray(plan.due - made)


def _name(world: World, point: int) -> str:
    places = world.situation.visit_points.places
    return f"{places.name_en[point]} ({places.name_zh[point]})"
