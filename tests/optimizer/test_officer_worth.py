"""Worth of officers: by hand, against every change solved anew, and as a property."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.levels import ServiceLevel
from optimizer.models.solver import LinearModel, SolverOptions, minimise
from optimizer.models.staffing.officer_worth import (
    LISTED,
    around,
    officer_worth,
    street_use,
    with_more,
)
from optimizer.models.staffing.staffing import staff
from optimizer.models.staffing.value_curves import value_curve
from optimizer.officer_worth import STEP
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.staffing_cases import car, city, duty, kind, post, town

COPS = kind("cops")


def fair(headcount: int, required: int, **terms: object) -> StaffingProblem:
    """One station and one shift of four hours; a post of the core ring in all of them."""
    posts = (post("P", (0, 4), required),)
    return town([[headcount]], (COPS,), (duty(0, 4),), posts=posts, **terms)


def test_the_next_ten_fill_what_is_left_of_a_post() -> None:
    """4 of 10 wanted: six more fill 24 hours at 100, ten cost 40 hours at 0.01."""
    problem = fair(4, 10)
    result = staff(problem)
    worth = officer_worth(around(problem, result.roster))
    assert worth.first[0, 0, 0] == pytest.approx(400 - 0.04)
    (best,) = worth.next_best
    assert (best.district, best.force, best.instance, best.officers) == (0, 0, 0, STEP)
    assert best.worth.post_hours == pytest.approx(24)
    assert best.worth.call_min == pytest.approx(0, abs=1e-6)
    assert best.worth.total == pytest.approx(2400 - 0.4)
    assert worth.least_missed == ()  # nobody has ten to give


def test_ten_fewer_leave_a_post_empty() -> None:
    """Of 30 only the ten on the post are on duty: without them 40 hours are missing."""
    problem = fair(30, 10)
    result = staff(problem)
    worth = officer_worth(around(problem, result.roster))
    (least,) = worth.least_missed
    assert least.officers == -STEP
    assert least.worth.post_hours == pytest.approx(40)
    assert least.worth.total == pytest.approx(4000 - 0.4)
    assert worth.next_best[0].worth.total == pytest.approx(-0.4)  # all is filled


def test_more_on_the_strength_are_checked_by_staffing_again() -> None:
    """A post for 50: each of ten more fills four hours, told and solved alike."""
    problem = fair(4, 50)
    result = staff(problem)
    worth = officer_worth(around(problem, result.roster), sample=3)
    (check,) = worth.checked
    assert check.told == pytest.approx(4000 - 0.4)
    assert check.resolved == pytest.approx(check.told, rel=1e-4)


def test_shares_bound_what_an_officer_on_the_strength_works() -> None:
    """Two shifts in a row and no time to rest: an officer works one of them, half by share."""
    half = {"routine": ServiceLevel("routine", "Routine", "常态勤务", 0.5, 0.0)}
    posts = (post("P", (0, 2), 90), post("Q", (2, 4), 90))
    shifts = (duty(0, 2), duty(2, 2))
    problem = town([[20]], (COPS,), shifts, posts=posts, levels=half)
    result = staff(problem)
    worth = officer_worth(around(problem, result.roster), sample=1)
    # Of two officers one works each shift: 200 less 0.02 for every officer.
    assert worth.strength[0, 0] == pytest.approx(200 - 0.02)
    assert worth.checked[0].resolved == pytest.approx(10 * (200 - 0.02), rel=1e-4)


def test_orders_count_as_far_as_they_are_short() -> None:
    """All 8 are ordered and half of them absent: four hours of four officers are missing."""
    level = {"1": ServiceLevel("1", "Level 1", "一级勤务", 1.0, 0.5)}
    problem = town(
        [[8]],
        (COPS,),
        (duty(0, 4),),
        levels=level,
        level_of_hour=("1",) * 4,
        order_penalty={"1": 2.0},
    )
    result = staff(problem)
    assert result.roster.officers.sum() == 4  # half are absent, eight are ordered
    change = around(problem, result.roster).change(0, 0, 0, STEP)
    assert change.worth.ordered_hours == pytest.approx(16)
    assert change.worth.total == pytest.approx(16 * 2 - 40 * 0.01)
    fewer = around(problem, result.roster).change(0, 0, 0, -2)
    assert fewer.worth.ordered_hours == pytest.approx(8)
    assert fewer.worth.total == pytest.approx(8 * 2 - 8 * 0.01)


def test_units_of_the_next_officers_gain_what_their_curve_says() -> None:
    """Two cars stand, worth 10 and 6 an hour; four officers more crew the third and fourth."""
    problem = town(
        [[4]],
        (COPS,),
        (duty(0, 4),),
        unit_types=(car("cops"),),
        unit_gain={"car": np.tile([10.0, 6.0, 3.0, 1.0], (1, 4, 1))},
    )
    plan = around(problem, staff(problem).roster)
    assert plan.use[0].call_min == pytest.approx(4 * 16)
    assert plan.change(0, 0, 0, 4).worth.call_min == pytest.approx(4 * 4)
    assert plan.change(0, 0, 0, -2).worth.call_min == pytest.approx(4 * 6)


@pytest.mark.parametrize("officers", [STEP, -STEP])
def test_the_lists_are_those_of_solving_every_change(officers: int) -> None:
    problem = city(2, 2, 16, scale=0.05)
    result = staff(problem)
    plan = around(problem, result.roster)
    worth = officer_worth(plan, sample=0)
    whole = np.array([0 <= i.start_h and i.end_h <= 16 for i in problem.instances])
    possible = plan.open_shifts()
    if officers < 0:
        possible &= (plan.own >= STEP) & whole
    sign = np.sign(officers)
    bound = plan.bound(officers)
    every = []
    for at in np.argwhere(possible).tolist():
        total = plan.change(*at, officers).worth.total
        assert sign * total <= bound[tuple(at)] + 1e-6
        every.append(total)
    listed = worth.next_best if officers > 0 else worth.least_missed
    expected = sorted(every, reverse=officers > 0)[:LISTED]
    assert [change.worth.total for change in listed] == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), district=st.integers(0, 1), force=st.integers(0, 9))
def test_more_officers_on_the_street_are_never_worth_less(
    seed: int, district: int, force: int
) -> None:
    problem = city(2, 2, 12, scale=0.02, seed=seed)
    rng = np.random.default_rng(seed)
    supply = rng.integers(0, 20, (len(problem.force.types), 12)).astype(float)
    curves = {name: value_curve(gain) for name, gain in problem.unit_gain.items()}
    more = supply.copy()
    more[force] += 5
    most = more.copy()
    most[force] += 5
    values = [street_use(problem, curves, district, street) for street in (supply, more, most)]
    first, second = np.diff([use.value for use in values])
    assert first >= -1e-6
    assert second <= first + 1e-6  # the next five never buy more than the five before
    assert first <= 5 * values[0].price[force].sum() + 1e-6


def test_lent_officers_are_not_taken_away_again() -> None:
    problem = city(2, 2, 24, scale=0.05)
    result = staff(problem)
    plan = around(problem, result.roster)
    own = np.zeros_like(plan.own)
    np.add.at(own, problem.station_district, result.roster.officers)
    lent = sum(loan.officers for loan in result.roster.loans)
    assert plan.own.sum() == own.sum() - lent
    assert (plan.own >= 0).all()


def test_officers_are_added_where_most_are() -> None:
    problem = town([[3], [5]], (COPS,), (duty(0, 4),))
    more = with_more(problem, 0, 0, STEP)
    assert more.force.headcount[:, 0].tolist() == [3, 15]


def test_prices_of_rows_are_what_the_limits_cost() -> None:
    """Of x + y <= 5 and y <= 2, worth 3 and 4 each: one more of the first 3, of the second 1."""
    model = LinearModel()
    columns = model.add_columns(np.inf, [-3.0, -4.0], (2,))
    rows = model.add_rows(-np.inf, [5.0, 2.0, 9.0], (3,))
    model.add_entries(rows[[0, 0, 1, 2]], columns[[0, 1, 1, 0]], 1.0)
    solution = minimise(model, SolverOptions(), duals=True)
    assert solution.cost == pytest.approx(-17)
    assert solution.prices.tolist() == pytest.approx([3, 1, 0], abs=1e-7)
    assert len(minimise(model, SolverOptions()).prices) == 0
    empty = LinearModel()
    empty.add_rows(-np.inf, 1.0, (2,))
    assert minimise(empty, SolverOptions(), duals=True).prices.tolist() == [0, 0]
