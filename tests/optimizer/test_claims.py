"""Claims of a solver: equal sums pass, others are named with both figures."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.judges.claims import check_bound, check_objective, weighted_response
from optimizer.judges.evaluation import evaluate
from optimizer.models.staffing.staffing import staff
from optimizer.plan import Deployment
from tests.optimizer.staffing_cases import duty, kind, town
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city, tiny_force


def test_an_equal_objective_passes_and_another_is_named() -> None:
    assert check_objective(100.0, 100.0 + 1e-5) == ()
    (found,) = check_objective(100.0, 101.0)
    assert (found.rule, found.found, found.allowed) == ("objective", 100.0, 101.0)


def test_a_bound_below_the_value_is_named() -> None:
    result = staff(town([[4]], (kind("officer"),), (duty(0, 4),)))
    assert check_bound(result) == ()
    (found,) = check_bound(replace(result, bound=result.value - 1.0))
    assert found.rule == "staffing bound"


def test_weighted_response_of_a_city_without_units_counts_every_call_as_lost() -> None:
    """7 calls an hour of one class: weight x 7 x (cut-off and penalty)."""
    city = tiny_city(hours=1)
    nobody = np.zeros((1, len(city.patrol_places), 1), dtype=np.int64)
    judged = evaluate(city, tiny_force(), Deployment((CAR.unit_type,), nobody, ()), terms=TERMS)
    rate = city.forecast.rate_per_h.sum(axis=(0, 1), dtype=np.float64)
    weight = np.array([TERMS.grade_weight[c.grade - 1] for c in city.classes.classes])
    asks = np.array([c.unit_type == CAR.unit_type for c in city.classes.classes])
    expected = float((weight * rate * asks).sum()) * judged.unserved_min
    assert weighted_response(city, judged, TERMS) == pytest.approx(expected)
