"""The figures a planner asks for first."""

import math
from typing import Any

import numpy as np

from optimizer.judges.staffing_value import order_short
from optimizer.judges.summary import city_service
from scenarios.pipeline import Run

NAMES = {
    "plan": "Plan",
    "demand_proportional_points": "Practice: at standby points by demand",
    "waiting_at_stations": "Practice: waiting at stations",
    "equal_stations": "Practice: all stations of a district alike",
    "random_patrol": "Practice: random patrol",
    "flat_shifts": "Practice: flat shifts, at standby points",
}


def shown(value: float | None, form: str) -> str:
    """A figure as text; a dash where there is none (no calls, or too many out of reach)."""
    return "-" if value is None or not math.isfinite(value) else format(value, form)


def json_ready(value: Any) -> Any:
    """Plain values as JSON knows them: None for a figure that is not finite."""
    if isinstance(value, dict):
        return {key: json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def headline(run: Run) -> dict[str, Any]:
    """Headline figures as plain values; shares 0..1, minutes, officers, units."""
    world, plan = run.world, run.plan
    own = city_service(world.situation, run.judged.evaluation, plan.deployment.units)
    figures = {"plan": own} | {practice.name: practice.service for practice in run.baselines}
    service = {
        name: {
            key: round(found[key], 6)
            for key in ("covered", "mean_min", "p90_min", "within_3", "within_5", "served")
        }
        for name, found in figures.items()
    }
    on_duty = plan.roster.on_duty(world.situation.horizon.hours).sum(axis=(0, 1))
    units = plan.deployment.units.sum(axis=(0, 1))
    have = plan.posts.have()
    return {
        "expected_calls": round(world.situation.forecast.calls(), 3),
        "service": service,
        "objective_call_minutes": {
            "plan": round(run.judged.response_sum, 6),
            **{practice.name: round(practice.response_sum, 6) for practice in run.baselines},
        },
        "strongest_baseline": run.strongest.name,
        "officers_on_duty": {"most": int(on_duty.max()), "least": int(on_duty.min())},
        "units_on_street": {"most": int(units.max()), "least": int(units.min())},
        "relocations": {
            "moves": sum(int(moved.moves.sum()) for moved in run.relocations),
            "minutes": round(sum(float(moved.minutes.sum()) for moved in run.relocations), 1),
        },
        "posts": {
            "required": sum(need.required for need in plan.posts.needs),
            "have": sum(have.values()),
            "need": sum(need.required - have[need.post_id] for need in plan.posts.needs),
        },
        "visits": {"due": int(plan.visits.due.sum()), "planned": len(plan.visits.visits)},
        "officers_lent": sum(loan.officers for loan in plan.roster.loans),
        "presence_short_officer_hours": int(plan.roster.presence_short.sum()),
        "order_short_officer_hours": int(order_short(run.problem, plan.roster).sum()),
        "overtime_hours": round(float(run.staffing.overtime_hours.sum()), 3),
        "community_half_days_taken": run.staffing.protected_half_days,
    }


def recorded_check(run: Run) -> dict[str, float] | None:
    """Recorded calls of the day against the plan's coverage, None without a record.

    The record has dates only, so each call counts with the coverage of its cell averaged over
    the hours of the day in proportion to the forecast.
    """
    recorded = run.world.recorded
    if recorded is None:
        return None
    classes = run.world.situation.classes.classes
    answered = [k for k, kind in enumerate(classes) if kind.unit_type]
    calls = recorded[:, answered].sum(axis=1)
    found = {"calls": float(calls.sum())}
    for name, judged in (("plan", run.judged), ("baseline", run.baseline)):
        evaluation = judged.evaluation
        weight = evaluation.demand_per_h
        total = weight.sum(axis=1)
        covered = np.nan_to_num(evaluation.covered * weight).sum(axis=1)
        share = np.divide(covered, total, out=np.zeros_like(total), where=total > 0)
        found[f"covered_{name}"] = float((calls * share).sum() / max(calls.sum(), 1.0))
    forecast = run.world.situation.forecast.rate_per_h[:, :, answered]
    found["expected_calls"] = float(forecast.sum(dtype=np.float64))
    return {key: round(value, 6) for key, value in found.items()}
