"""Splitting shifts over homes: which officers are left out where not all can work."""

import numpy as np
import pytest

from optimizer.models.solver import SolverOptions
from optimizer.models.staffing.districts import staff_districts
from optimizer.models.staffing.limits import shift_limits
from optimizer.models.staffing.stations import share_out, split_over_stations
from optimizer.shifts import LabourRules
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.staffing_cases import duty, kind, post, town

WANTED = np.array([[3, 2]])
"""Officers of two homes of two who start at 0:00 and at 8:00; nobody can do both, one is over."""


def two_homes() -> StaffingProblem:
    shifts = (duty(0, 8, rest=24.0), duty(8, 8, rest=24.0))
    rules = LabourRules(min_rest_h=24.0, min_presence=1)
    return town([[2], [2]], (kind("cops"),), shifts, 24, rules=rules)


def test_scarce_shifts_are_shared_out_first() -> None:
    """In order of start the first home gives both officers to the early shift, none is left."""
    problem = two_homes()
    limits = shift_limits(problem)
    caps = limits.teams.station_caps(), limits.forces.station_caps()[:, 0]
    terms = (limits, WANTED, problem.teams.headcount, *caps, 1)
    assert share_out(*terms)[:, 0].tolist() == [[2, 0], [1, 1]]
    assert share_out(*terms, scarce_first=True)[:, 0].tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(("early", "left"), [(8.0, [2, 2]), (81.0, [2, 2]), (99.0, [3, 1])])
def test_presence_and_worth_decide_who_is_left_out(early: float, left: list[int]) -> None:
    """Presence short for 8 h counts 80, an officer on the late shift 8, on the early one more.

    An early officer is worth keeping from 88 on.
    """
    problem = two_homes()
    assert problem.presence_penalty == 10.0
    target = np.zeros((1, 2, 1, 2))
    target[0, 0] = WANTED
    worth = np.array([[[early, 8.0]]])
    found = split_over_stations(
        problem, shift_limits(problem), target, worth, np.zeros((1, 1, 2), dtype=np.int64)
    )
    assert found.sum(axis=(0, 1)).tolist() == left


def test_worth_of_a_shift_by_hand() -> None:
    """Four hours of a post that seven more could man, and two hours without any."""
    short = post("P1", (0, 4), 9)
    problem = town([[2]], (kind("cops"),), (duty(0, 6),), 6, posts=(short,), officer_hour_cost=0.0)
    price = problem.post_penalty[short.priority]
    parts = {
        integer: staff_districts(
            problem, shift_limits(problem), {}, SolverOptions(), integer=integer
        ).worth[0, 0, 0]
        for integer in (False, True)
    }
    assert parts[False] == pytest.approx(4 * price)
    assert parts[True] == 6.0
