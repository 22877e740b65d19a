"""What a solver claims, checked: the objective recomputed, the bound held against the value."""

import numpy as np

from geodata.situation import Situation
from optimizer.calls import PatrolTerms
from optimizer.joint_report import JointReport
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.violation import Violation
from optimizer.plan import PatrolBound
from optimizer.staffing_result import StaffingResult

TOLERANCE = 1e-6
"""Relative difference up to which two sums of the same figures count as equal."""


def weighted_response(situation: Situation, evaluation: Evaluation, terms: PatrolTerms) -> float:
    """Weighted response in call-minutes over the horizon, from the evaluation alone.

    The sum over classes and hours of grade weight, expected calls and mean response; calls of
    classes that ask for no unit count nothing.
    """
    calls = situation.forecast.rate_per_h.sum(axis=0, dtype=np.float64).T
    weight = np.array([terms.grade_weight[kind.grade - 1] for kind in situation.classes.classes])
    minutes = np.nan_to_num(evaluation.class_mean_min)
    return float((weight[:, None] * calls * minutes).sum())


def check_objective(claimed: float, recomputed: float) -> tuple[Violation, ...]:
    """The allocation's objective must be the judge's."""
    if abs(claimed - recomputed) <= TOLERANCE * max(1.0, abs(recomputed)):
        return ()
    return (Violation("objective", "whole plan", "all hours", claimed, recomputed),)


def check_bound(staffing: StaffingResult) -> tuple[Violation, ...]:
    """No staffing may be worth more than its proven bound."""
    if staffing.value <= staffing.bound + TOLERANCE * max(1.0, abs(staffing.bound)):
        return ()
    return (Violation("staffing bound", "whole plan", "all hours", staffing.value, staffing.bound),)


def check_hour_bound(
    unit_type: str, hour: int, missed: float, bound: float
) -> tuple[Violation, ...]:
    """No allocation of an hour may miss less than every allocation is proved to miss."""
    if missed >= bound - TOLERANCE * max(1.0, abs(bound)):
        return ()
    return (Violation("patrol bound", unit_type, f"hour {hour}", missed, bound),)


def check_patrol_bound(patrol: PatrolBound) -> tuple[Violation, ...]:
    """Every hour of every type against its bound; under a change budget all hours together."""
    if patrol.budget_worth > 0:
        total = float(patrol.bound.sum()) - patrol.budget_worth
        missed = float(patrol.missed.sum())
        if missed >= total - TOLERANCE * max(1.0, abs(total)):
            return ()
        return (Violation("patrol bound", "all types", "all hours", missed, total),)
    return tuple(
        violation
        for row, unit_type in enumerate(patrol.unit_types)
        for hour in range(patrol.missed.shape[1])
        for violation in check_hour_bound(
            unit_type, hour, float(patrol.missed[row, hour]), float(patrol.bound[row, hour])
        )
    )


def check_joint_bound(joint: JointReport) -> tuple[Violation, ...]:
    """Staffing and patrol together may not cost less than every such plan is proved to cost."""
    if joint.objective >= joint.bound - TOLERANCE * max(1.0, abs(joint.bound)):
        return ()
    return (Violation("joint bound", "whole plan", "all hours", joint.objective, joint.bound),)
