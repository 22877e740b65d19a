"""Types of unit with different turnouts: claim and judgement of the response still agree."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.force import Force
from optimizer.judges.evaluation import evaluate
from optimizer.models.patrol.allocation import allocate
from optimizer.plan import Deployment
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city, tiny_force


def test_a_lost_call_counts_the_cutoff_of_the_type_that_answers_it() -> None:
    city, force = tiny_city(hours=1), tiny_force()
    slow = replace(CAR, unit_type="van", turnout_station_min=9.0)
    both = Force(force.types, (CAR, slow), force.headcount)
    city = replace(city, travel={**city.travel, "van": city.travel[CAR.unit_type]})
    found = allocate(city, CAR, np.array([[2], [1]]), TERMS)
    units = np.stack([found.units, np.zeros_like(found.units)])
    judged = evaluate(city, both, Deployment((CAR.unit_type, "van"), units, ()), terms=TERMS)
    weight = np.array([TERMS.grade_weight[kind.grade - 1] for kind in city.classes.classes])
    calls = city.forecast.rate_per_h.sum(axis=0, dtype=np.float64).T
    total = (weight[:, None] * calls * np.nan_to_num(judged.class_mean_min)).sum()
    assert np.nanmin(judged.served) < 0.999
    assert total == pytest.approx(found.response_sum.sum(), rel=1e-9)
