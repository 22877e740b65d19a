"""A service level orders people on duty; what is missing is counted, priced and bounded."""

import numpy as np
import pytest

from optimizer.judges.staffing_value import order_short
from optimizer.levels import ServiceLevel
from optimizer.models.staffing.staffing import staff
from tests.optimizer.staffing_cases import duty, kind, town

HALF_DAY = duty(0, 2, rest=4.0)
SECOND_HALF = duty(2, 2, rest=4.0)


def ordered_town(price: dict[str, float], *, pool: str = "routine"):
    """Ten officers, two shifts of two hours; nobody can work both, 80 % are ordered."""
    return town(
        [[10]],
        (kind("officer", pool=pool),),
        (HALF_DAY, SECOND_HALF),
        levels={"1": ServiceLevel("1", "Level 1", "一级勤务", 0.8, 0.0)},
        level_of_hour=("1",) * 4,
        order_penalty=price,
        officer_hour_cost=0.01,
    )


def test_an_order_that_rest_rules_forbid_is_met_as_far_as_they_let() -> None:
    """8 of 10 are ordered in all four hours; 10 people make one shift each: 20 of 32 h."""
    problem = ordered_town({"1": 0.3})
    result = staff(problem)
    assert problem.ordered().tolist() == [[[8, 8, 8, 8]]]
    assert result.roster.officers.sum() == 10
    assert order_short(problem, result.roster).sum() == 12
    assert result.value == pytest.approx(-12 * 0.3 - 20 * 0.01)
    assert result.value <= result.bound + 1e-9
    assert result.bound == pytest.approx(result.value)


def test_a_level_without_a_price_orders_nothing() -> None:
    problem = ordered_town({})
    result = staff(problem)
    assert not problem.ordered().any()
    assert result.roster.officers.sum() == 0
    assert result.value == pytest.approx(0.0)


def test_a_protected_pool_is_never_ordered() -> None:
    problem = ordered_town({"1": 0.3}, pool="never")
    assert not problem.ordered().any()
    assert not np.any(staff(problem).roster.officers)
