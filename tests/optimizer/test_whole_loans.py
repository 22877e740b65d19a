"""Loans in whole officers first, then officers of every district so that they can be spared."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.judges.duty_rules import check_week_hours
from optimizer.judges.rules import staffing_violations
from optimizer.models.solver import SolverOptions
from optimizer.models.staffing import staffing
from optimizer.models.staffing.districts import Exchange, staff_districts
from optimizer.models.staffing.limits import shift_limits
from optimizer.models.staffing.loans import whole_loans
from optimizer.models.staffing.staffing import staff
from optimizer.models.staffing.totals import district_totals, on_duty_for_loans
from optimizer.shifts import LabourRules
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.staffing_cases import duty, kind, post, town
from tests.optimizer.test_loan_travel import lenders, of_hand

NO_GROUPS = np.zeros(0, dtype=np.int64)


def test_the_nearest_whole_loans() -> None:
    """2.4 and 1.6 are 2 and 2; a half is one."""
    problem = lenders([9, 9], [10.0, 10.0])
    wanted = np.zeros((3, 3, 1, 1))
    wanted[0, 2], wanted[1, 2], wanted[1, 0] = 2.4, 1.6, 0.5
    found = whole_loans(problem, shift_limits(problem), np.full((3, 1, 1), 9.0), wanted)
    assert found[:, :, 0, 0].tolist() == [[0, 0, 2], [1, 0, 2], [0, 0, 0]]


@pytest.mark.parametrize(
    ("terms", "on_duty", "out"),
    [
        ({"donor_max_share": 0.4}, 9.0, [1, 2]),
        ({"donor_floor": 0.6}, 9.0, [1, 2]),
        ({"donor_floor": 0.6}, 10.0, [2, 2]),
    ],
)
def test_no_more_are_rounded_up_than_a_lender_may_lend(
    terms: dict[str, float], on_duty: float, out: list[int]
) -> None:
    """1.6 and 1.9 of nine: two fifths are 3.6, so that only the larger fraction goes up."""
    problem = lenders([9, 9, 9], [10.0, 10.0, 10.0], **terms)
    wanted = np.zeros((4, 4, 1, 1))
    wanted[0, 2], wanted[0, 3] = 1.6, 1.9
    officers = np.full((4, 1, 1), on_duty)
    if on_duty > 9.0:
        officers[0] = 10.0
    found = whole_loans(problem, shift_limits(problem), officers, wanted)
    assert found[0, 2:, 0, 0].tolist() == out


def two_shifts(**terms: object) -> StaffingProblem:
    """Nine officers who work one of two shifts that meet in hours 4 to 7."""
    shifts = (duty(0, 8, rest=24.0), duty(4, 8, rest=24.0))
    rules = LabourRules(min_rest_h=24.0, min_presence=0)
    return town([[9]], (kind("cops"),), shifts, 12, rules=rules, **terms)


def test_fractions_by_size_unless_a_loan_needs_others() -> None:
    """Nine on 4.4 and 4.6: five late ones, but for a loan of five early ones the other way."""
    problem = two_shifts(donor_floor=0.0)
    limits = shift_limits(problem)
    target = np.array([[[4.4, 4.6]], [[0.0, 0.0]]])
    found = {
        early: district_totals(problem, limits, 0, target, np.array([[early, 0]]))[0, 0].tolist()
        for early in (0, 4, 5, 6)
    }
    assert found == {0: [4, 5], 4: [4, 5], 5: [5, 4], 6: [5, 4]}


def test_enough_stay_on_duty_for_those_lent() -> None:
    """One of four leaves three quarters only if four are on duty: the early shift needs four."""
    problem = two_shifts(donor_floor=0.75)
    limits = shift_limits(problem)
    lent = np.array([[1, 0]])
    assert on_duty_for_loans(problem, limits, lent).tolist() == [4] * 8 + [0] * 4
    target = np.array([[[3.3, 5.7]], [[0.0, 0.0]]])
    nobody = np.zeros_like(lent)
    assert district_totals(problem, limits, 0, target, nobody)[0, 0].tolist() == [3, 6]
    assert district_totals(problem, limits, 0, target, lent)[0, 0].tolist() == [4, 5]


def test_loans_that_a_lender_cannot_make_are_called_off() -> None:
    """Nine are to be lent by a district of three: it lends three, and the others have a plan."""
    problem = lenders([3], [0.0])
    limits = shift_limits(problem)
    loans = np.zeros((2, 2, 1, 1), dtype=np.int64)
    loans[0, 1] = 9
    found = staff_districts(
        problem,
        limits,
        {},
        SolverOptions(),
        integer=False,
        exchange=Exchange(loans, NO_GROUPS),
    )
    assert found.officers[0].sum() == pytest.approx(3.0)
    loans[0, 1] = 2
    two = staff_districts(
        problem, limits, {}, SolverOptions(), integer=False, exchange=Exchange(loans, NO_GROUPS)
    )
    assert two.officers[0].sum() == pytest.approx(2.0)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_rounded_staffings_keep_the_rules_and_the_bound(data: st.DataObject) -> None:
    """Districts that lend over many ways, staffed in fractions and made whole."""
    draw = data.draw
    officers = [draw(st.integers(3, 15)) for _ in range(3)]
    shifts = tuple(duty(start, 8, rest=8.0) for start in (0, 4, 8, 12))
    posts = tuple(
        post(f"P{row}", (start, start + 3), draw(st.integers(1, 6)), district=3)
        for row, start in enumerate((1, 5, 9, 13))
    )
    problem = lenders(
        officers,
        [draw(st.sampled_from([10.0, 35.0])) for _ in range(3)],
        20,
        instances=shifts,
        posts=posts,
        donor_floor=draw(st.sampled_from([0.0, 0.3, 0.7])),
        donor_max_share=draw(st.sampled_from([0.3, 1.0])),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staffing, "EXACT_UP_TO", 0)
        rounded = staff(problem)
    exact = staff(problem, SolverOptions(relative_gap=0.0, nodes=100_000))
    assert staffing_violations(problem, rounded) == ()
    assert exact.value <= rounded.bound + 1e-6 * abs(rounded.bound)
    assert rounded.value <= exact.value + 1e-6 * abs(exact.value)
    assert exact.value - rounded.value <= 3 * 300.0 + 1.0, "three officers' blocks of posts"


def test_a_home_has_the_hours_of_its_officers_rounded_up() -> None:
    """Of nine 8.55 are not absent: nine at a home, with the hours of nine, as its lines have."""
    rules = LabourRules(min_presence=0, max_week_h=10.0, max_overtime_h=0.0)
    shifts = tuple(duty(24 * day, 8) for day in range(3))
    problem = town([[9], [9]], (kind("cops"),), shifts, 72, rules=rules)
    level = replace(problem.levels["routine"], absent_share=0.05)
    problem = replace(problem, levels={"routine": level})
    rows = shift_limits(problem).forces
    hours = np.flatnonzero(rows.each != 1.0)
    most = rules.most_hours(72)
    assert rows.each[hours] == pytest.approx([most])
    assert rows.station_caps()[:, 0, hours] == pytest.approx(9 * most)
    assert rows.district_caps()[0, 0, hours] == pytest.approx(np.floor(0.95 * 18 * most + 1e-9))


@pytest.mark.parametrize(("here", "there", "told"), [(9, 8, []), (10, 7, [80.0]), (9, 9, [144.0])])
def test_the_judge_gives_homes_whole_officers_and_the_district_its_share(
    here: int, there: int, told: list[float]
) -> None:
    """8 h each: 72 h at a home of nine, of whom 8.55 are not absent; 136 h for both, not 144."""
    rules = LabourRules(min_presence=0, max_week_h=8.0 * 168 / 72, max_overtime_h=0.0)
    shifts = tuple(duty(24 * day, 8) for day in range(3))
    problem = town([[9], [9]], (kind("cops"),), shifts, 72, rules=rules)
    level = replace(problem.levels["routine"], absent_share=0.05)
    problem = replace(problem, levels={"routine": level})
    staffing = of_hand(problem, [[here, 0, 0], [there, 0, 0]], ())
    assert [one.found for one in check_week_hours(problem, staffing)] == told
