"""What a solver claims, checked: the objective recomputed, the bound held against the value."""

import numpy as np

from geodata.situation import Situation
from optimizer.calls import PatrolTerms
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.violation import Violation
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
