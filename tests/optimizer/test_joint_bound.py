"""The joint bound of staffing and patrol against every staffing with every deployment."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.situation import Situation
from optimizer.joint_report import JointReport, JointRound
from optimizer.judges.claims import check_joint_bound
from optimizer.judges.objective import hour_shortfall
from optimizer.judges.staffing_value import staffing_value
from optimizer.levels import LevelsInForce
from optimizer.models.joint import joint_bound as joint
from optimizer.models.joint.joint_bound import StaffedType, joint_bound, pool_units_near
from optimizer.models.patrol.allocation import allocate, patrol_model
from optimizer.models.patrol.cuts import UnitCut, unit_cut
from optimizer.models.staffing import districts
from optimizer.models.staffing.staffing import staff
from optimizer.patrol_wishes import no_wishes
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.patrol_cases import every_allocation
from tests.optimizer.staffing_cases import car, duty, kind, town
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city

HOURS = 2
OFFICER_HOUR = 0.75
STAFFINGS = [(early, late) for early in range(3) for late in range(3 - early)]
"""Cars of a district with four officers in two hours: nobody can work both."""


def tiny_staffing(gain: float, headcount: tuple[int, int] = (4, 4)) -> StaffingProblem:
    """Two stations with officers for two cars each, who start at either of two hours."""
    return town(
        [[headcount[0]], [headcount[1]]],
        (kind("police"),),
        (duty(0, 1), duty(1, 1)),
        HOURS,
        station_district=[0, 1],
        unit_types=(car("police"),),
        unit_gain={"car": np.full((2, HOURS, 2), gain) * [1.0, 0.5]},
        officer_hour_cost=OFFICER_HOUR,
    )


def staffed(city: Situation, problem: StaffingProblem) -> tuple[StaffedType, float]:
    """One round of staffing and patrol, and what it misses and pays."""
    staffing = staff(problem)
    wishes = no_wishes(city, 1)
    pools = wishes.pool_units(staffing.units_available[0])
    found = allocate(city, CAR, pools, TERMS, rounds=1)
    prices = -staffing_value(replace(problem, unit_gain={}), staffing)
    kept = StaffedType(patrol_model(city, CAR, TERMS), wishes, 0, pools, found)
    return kept, float(found.missed.sum()) + prices


def cheapest(kept: StaffedType) -> float:
    """Least minutes missed and prices over all staffings and all deployments of each."""
    least: dict[tuple[int, int, int], float] = {}
    for hour, west, east in product(range(HOURS), range(3), range(3)):
        ask = kept.ask(hour, np.array([west, east]))
        problem = ask.problem(kept.allocation.busy[:, hour])
        found = (hour_shortfall(problem, units) for units in every_allocation(problem))
        least[hour, west, east] = min(found) + OFFICER_HOUR * 2 * (west + east)
    return min(
        least[0, west[0], east[0]] + least[1, west[1], east[1]]
        for west, east in product(STAFFINGS, STAFFINGS)
    )


@settings(max_examples=12, deadline=None)
@given(st.floats(0.0, 40.0), st.lists(st.sampled_from([0.1, 1.0, 3.0]), min_size=2, max_size=2))
def test_no_staffing_with_any_deployment_costs_less(gain: float, busier: list[float]) -> None:
    city = tiny_city(hours=HOURS)
    rate = city.forecast.rate_per_h * np.array(busier, dtype=np.float32)[:, np.newaxis]
    city = replace(city, forecast=replace(city.forecast, rate_per_h=rate))
    problem = tiny_staffing(gain)
    kept, objective = staffed(city, problem)
    once, often = (joint_bound(problem, [kept], solves=solves).cost for solves in (1, 12))
    best = cheapest(kept)
    assert once <= often + 1e-6
    assert often <= best + 1e-6
    assert best <= objective + 1e-6
    assert often >= 0.8 * best
    assert check_joint_bound(report(objective, often)) == ()


@pytest.mark.parametrize("solves", [1, 3])
def test_the_bound_of_a_large_model_is_nearly_that_of_a_small_one(
    monkeypatch: pytest.MonkeyPatch, solves: int
) -> None:
    problem = tiny_staffing(20.0)
    kept, _ = staffed(tiny_city(hours=HOURS), problem)
    exact = joint_bound(problem, [kept], solves=solves).cost
    monkeypatch.setattr(districts, "SIMPLEX_UP_TO", 0)
    rough = joint_bound(problem, [kept], solves=solves).cost
    assert rough != exact, "another method"
    assert exact - 1e-3 * abs(exact) <= rough <= cheapest(kept) + 1e-6


def report(objective: float, bound: float) -> JointReport:
    rounds = (JointRound(objective, 0.0, 0.0),)
    return JointReport(objective, 0.0, bound, 10.0, rounds, 0)


def test_a_cut_that_is_cut_off_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line promises too little: the bound then claims that the plan costs too little."""
    problem = tiny_staffing(20.0)
    kept, objective = staffed(tiny_city(hours=HOURS), problem)
    assert check_joint_bound(report(objective, joint_bound(problem, [kept], solves=4).cost)) == ()

    def short(*terms: object, **more: object) -> UnitCut:
        line = unit_cut(*terms, **more)
        return UnitCut(0.5 * line.level, 0.5 * line.slope)

    monkeypatch.setattr(joint, "unit_cut", short)
    (found,) = check_joint_bound(report(objective, joint_bound(problem, [kept], solves=4).cost))
    assert found.rule == "joint bound"


def test_bound_stops_where_it_is_good_enough() -> None:
    problem = tiny_staffing(20.0)
    kept, _ = staffed(tiny_city(hours=HOURS), problem)
    found = joint_bound(problem, [kept], solves=9, good_enough=-np.inf)
    assert found.solves == 0
    assert joint_bound(problem, [kept], solves=9, good_enough=0.0).solves == 1


def test_units_of_a_district_go_to_pools_as_the_plan_shares_them() -> None:
    """Pools are the two stations of one district: one unit and three, so 2 more are 1.5 and 4.5."""
    problem = tiny_staffing(20.0)
    kept, _ = staffed(tiny_city(hours=HOURS), problem)
    one = replace(problem, station_district=np.array([0, 0]), **_one_district(problem))
    pools = np.array([[1, 0], [3, 0]])
    wanted = pool_units_near(one, replace(kept, pool_units=pools), np.array([[6.0, 2.0]]))
    assert wanted.tolist() == [[1.5, 1.0], [4.5, 1.0]]


def _one_district(problem: StaffingProblem) -> dict[str, object]:
    return {
        "requirement": replace(problem.requirement, visit_officers=np.zeros((1, HOURS))),
        "loan_minutes": np.zeros((1, 1, HOURS)),
        "in_force": LevelsInForce(problem.in_force.by_command[:1]),
        "unit_gain": {},
    }


def test_figures_of_a_report() -> None:
    rounds = (JointRound(100.0, 5.0, 50.0), JointRound(90.0, 0.0, 55.0))
    told = JointReport(80.0, 55.0, 132.3, 20.0, rounds, 1)
    assert told.objective == 135.0
    assert told.gap_call_min == pytest.approx(2.7)
    assert told.gap_min == pytest.approx(0.135)
    assert told.gap_share == pytest.approx(0.02)
    assert told.gap_share_of_missed == pytest.approx(2.7 / 80.0)
    assert told.gain_over_first == 10.0
