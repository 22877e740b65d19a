"""Drafts and plans of large models: loans and shifts picked roughly, bounds that hold."""

import numpy as np
import pytest

from optimizer.judges.rules import staffing_violations
from optimizer.models.staffing import districts, staffing
from optimizer.models.staffing.districts import Effort
from optimizer.models.staffing.staffing import staff_again, value_bound
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.staffing_cases import car, duty, post
from tests.optimizer.test_loan_travel import lenders


def four_districts(worth: float) -> StaffingProblem:
    """Three lend to one that has posts and nobody; units are worth less the more there are."""
    posts = tuple(
        post(f"P{row}", (start, start + 3), 5 + row, district=3)
        for row, start in enumerate((1, 5, 9, 13))
    )
    gain = np.broadcast_to(worth * 0.8 ** np.arange(20), (4, 20, 20)).copy()
    return lenders(
        [14, 9, 11],
        [10.0, 35.0, 20.0],
        20,
        instances=tuple(duty(start, 8, rest=8.0) for start in (0, 4, 8, 12)),
        posts=posts,
        donor_floor=0.4,
        unit_types=(car("cops", 1),),
        unit_gain={"car": gain},
    )


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model counts as large and nothing is solved in whole officers."""
    monkeypatch.setattr(districts, "SIMPLEX_UP_TO", 0)
    monkeypatch.setattr(staffing, "EXACT_UP_TO", 0)


@pytest.mark.usefixtures("large")
def test_a_plan_after_a_draft_is_near_the_exact_one() -> None:
    """The draft has other curves, as the round before has other busy shares."""
    problem = four_districts(30.0)
    draft = staff_again(four_districts(24.0), effort=Effort.DRAFT)
    exact = staff_again(problem, effort=Effort.EXACT).result
    best = value_bound(problem)
    assert exact.bound == pytest.approx(best)
    scale = best - exact.idle_value
    for earlier in (None, draft):
        plan = staff_again(problem, effort=Effort.PLAN, earlier=earlier)
        assert staffing_violations(problem, plan.result) == ()
        assert best - 1e-6 * scale <= plan.result.bound <= best + 0.05 * scale
        assert plan.result.value >= exact.value - 0.02 * scale
        assert plan.city.loans.sum() > 1.0, "otherwise no loan was picked"


@pytest.mark.usefixtures("large")
def test_a_draft_keeps_the_rules_and_its_bound_holds() -> None:
    problem = four_districts(30.0)
    draft = staff_again(problem, effort=Effort.DRAFT)
    assert staffing_violations(problem, draft.result) == ()
    assert draft.result.bound >= value_bound(problem) - 1e-6
    assert draft.result.value <= draft.result.bound
