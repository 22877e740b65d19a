"""Loans take time: who lends by what the way costs, against hand counts and exhaustive search."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geodata.faults import BadInput
from optimizer.judges.loan_rules import (
    check_loan_lenders,
    check_loan_notice,
    check_loan_travel,
)
from optimizer.judges.loan_times import loan_times
from optimizer.judges.post_rules import check_relief, check_street, check_way_home
from optimizer.judges.rules import staffing_violations
from optimizer.judges.shortages import ShortageKind, shortages
from optimizer.judges.staffing_value import officers_on_street, staffing_value
from optimizer.loan_travel import loan_ways
from optimizer.models.solver import SolverOptions
from optimizer.models.staffing import staffing as staffing_model
from optimizer.models.staffing.limits import shift_limits
from optimizer.models.staffing.loan_worth import limit_prices
from optimizer.models.staffing.loans import agree_loans
from optimizer.models.staffing.officer_worth import around
from optimizer.models.staffing.staffing import staff
from optimizer.plan import Loan, PostAssignment, PostFill, Roster
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from tests.optimizer.staffing_cases import along_a_line, car, duty, kind, post, town
from tests.optimizer.test_staffing import values

COPS = kind("cops")
EXACT = SolverOptions(relative_gap=0.0, nodes=100_000)


def ways_to(last: list[float], hours: int) -> NDArray[np.float64]:
    """Minutes to and from the last district, the same in all hours; none between the others."""
    n = len(last) + 1
    found = np.full((n, n), np.inf)
    found[:-1, -1] = found[-1, :-1] = last
    np.fill_diagonal(found, 0.0)
    return np.repeat(found[..., None], hours, axis=2)


def lenders(
    officers: list[int], minutes: list[float], hours: int = 8, **terms: object
) -> StaffingProblem:
    """Districts that could lend to the last one, which has posts and nobody of its own."""
    n = len(officers) + 1
    facts = {
        "posts": (post("A", (2, 6), 3, district=n - 1),),
        "instances": (duty(0, hours),),
        "donor_max_share": 1.0,
        "donor_floor": 0.0,
        "loan_minutes": ways_to(minutes, hours),
    } | terms
    instances = facts.pop("instances")
    kinds = ("branch",) * n
    return town(
        [[count] for count in (*officers, 0)],
        (COPS,),
        instances,
        hours,
        station_district=list(range(n)),
        station_kind=kinds,
        **facts,
    )


def lent(result: StaffingResult) -> dict[tuple[int, int], int]:
    return {(one.from_district, one.instance): one.officers for one in result.roster.loans}


def of_hand(
    problem: StaffingProblem,
    officers: list[list[int]],
    loans: tuple[Loan, ...],
    fills: tuple[PostFill, ...] = (),
) -> StaffingResult:
    """A staffing made by hand, `officers[district][instance]`, without units and visits."""
    nobody = np.zeros((problem.n_stations, problem.horizon_hours), dtype=np.int64)
    counts = np.array(officers, dtype=np.int64)[:, None, :]
    return StaffingResult(
        roster=Roster(problem.instances, counts, loans, nobody),
        posts=PostAssignment(problem.requirement.posts, fills),
        units_available=np.zeros((0, problem.n_stations, problem.horizon_hours), dtype=np.int64),
        visit_officers=np.zeros((problem.n_districts, 1, problem.horizon_hours)),
        visit_short=np.zeros((problem.n_districts, problem.horizon_hours)),
        overtime_hours=np.zeros((problem.n_districts, 1)),
        protected_half_days=0,
        value=0.0,
        bound=0.0,
        idle_value=0.0,
    )


def test_hours_under_way_by_hand() -> None:
    """Out at 0 in 25 min: there from 1; 70 min back from 6 at the latest of a shift to 8."""
    minutes = np.full((2, 2, 10), 70.0)
    minutes[:, :, 0] = 25.0
    problem = lenders([5], [0.0], 10, instances=(duty(0, 8),), loan_minutes=minutes)
    times = loan_times(problem, Loan("cops", 0, 1, 0, 2))
    assert (times.leaves_h, times.on_h, times.off_h, times.home_h) == (0, 1, 6, 8)
    assert (times.there_min, times.back_min) == (25.0, 70.0)
    assert times.under_way_h == pytest.approx(95 / 60)
    roster = of_hand(problem, [[2], [0]], (Loan("cops", 0, 1, 0, 2),)).roster
    street = officers_on_street(problem, roster)[:, 0]
    assert street.tolist() == [[0] * 10, [0, 2, 2, 2, 2, 2, 0, 0, 0, 0]]


def test_the_way_back_waits_for_quicker_roads() -> None:
    """Back in 100 min until hour 6 and in 30 min from 7 on: off at 7, not two hours before 8."""
    minutes = np.full((2, 2, 8), 100.0)
    minutes[:, :, 7] = 30.0
    ways = loan_ways(
        minutes, (duty(0, 8),), notice_h=0.0, max_min=90.0, lenders=np.ones(2, dtype=np.int64)
    )
    assert (ways.on_h[0, 1, 0], ways.off_h[0, 1, 0]) == (2, 7)
    assert ways.leaves_time[0, 1, 0]
    assert not ways.offered[0, 1, 0]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_ways_are_those_of_each_loan(data: st.DataObject) -> None:
    hours = data.draw(st.integers(2, 30))
    some = st.sampled_from([0.0, 5.0, 60.0, 60.5, 119.0, 400.0, np.inf])
    minutes = np.array(data.draw(st.lists(some, min_size=4 * hours, max_size=4 * hours)))
    start = st.integers(-10, hours - 1)
    starts = data.draw(st.lists(start, min_size=1, max_size=3, unique=True))
    duties = tuple(duty(one, data.draw(st.integers(max(1, 1 - one), 12))) for one in sorted(starts))
    problem = lenders(
        [9],
        [0.0],
        hours,
        instances=duties,
        posts=(),
        loan_minutes=minutes.reshape(2, 2, hours),
        loan_notice_h=data.draw(st.sampled_from([0.0, 1.5])),
    )
    for number in range(len(duties)):
        loan = Loan("cops", 0, 1, number, 1)
        made = of_hand(problem, [[0] * len(duties)] * 2, (loan,))
        times = loan_times(problem, loan)
        if problem.ways.leaves_time[0, 1, number]:
            way = problem.ways.on_h[0, 1, number], problem.ways.off_h[0, 1, number]
            assert way == (times.on_h, times.off_h)
            assert problem.ways.way_h[0, 1, number] == pytest.approx(times.under_way_h)
        else:
            assert not times.on_street(hours).any()
        broken = [*check_loan_travel(problem, made), *check_loan_notice(problem, made)]
        assert bool(broken) != bool(problem.ways.offered[0, 1, number])


def test_the_near_lender_is_taken_although_the_far_one_has_more() -> None:
    """Both lose an hour each way; the near one is 20 min nearer: less time under way."""
    result = staff(lenders([4, 20], [10.0, 30.0]), EXACT)
    assert lent(result) == {(0, 0): 3}
    # 3 x (8 h + 20 min) at 0.05, 3 x 8 h on duty at 0.01.
    assert result.value == pytest.approx(-(3 * (8 + 1 / 3) * 0.05 + 24 * 0.01))
    assert result.bound == pytest.approx(result.value)


def test_the_far_lender_is_right_where_the_near_one_is_needed_at_home() -> None:
    posts = (post("A", (2, 6), 3, district=2), post("B", (0, 8), 4, district=0))
    result = staff(lenders([5, 5], [10.0, 50.0], posts=posts), EXACT)
    assert lent(result) == {(0, 0): 1, (1, 0): 2}
    assert result.posts.have() == {"A": 3, "B": 4}


def test_the_far_lender_is_right_where_its_shift_leaves_more_time() -> None:
    """The post is in hours 2 to 6. Near people start at 2 and come too late, far ones at 0."""
    terms = {"instances": (duty(0, 8, rest=0.0), duty(2, 6, rest=0.0)), "rotations": ()}
    problem = lenders([5, 5], [5.0, 55.0], **terms)
    roads = problem.loan_minutes.copy()
    roads[0, 2, 0] = np.inf
    result = staff(replace(problem, loan_minutes=roads), EXACT)
    assert lent(result) == {(1, 0): 3}
    assert staff(problem, EXACT).roster.loans[0].from_district == 0


def test_a_shift_that_travel_eats_is_not_lent() -> None:
    """Three hours with 70 min each way leave nothing: 0-2 to get there, back from 1."""
    short = (duty(2, 3),)
    posts = (post("A", (2, 5), 3, district=1),)
    problem = lenders([9], [70.0], instances=short, posts=posts)
    result = staff(problem, EXACT)
    assert result.roster.loans == ()
    assert result.posts.have() == {"A": 0}
    forced = of_hand(problem, [[3], [0]], (Loan("cops", 0, 1, 0, 3),))
    assert [(one.found, one.allowed) for one in check_loan_travel(problem, forced)] == [(0.0, 1.0)]
    assert not officers_on_street(problem, forced.roster).any()


def test_a_phase_that_begins_before_they_arrive_is_not_manned() -> None:
    """A night shift from 22:00 and a way of 40 min: hour 0 stays empty, hour 1 is manned."""
    posts = (post("early", (0, 4), 2, district=1), post("late", (1, 4), 2, district=1))
    problem = lenders([9], [40.0], instances=(duty(0, 8),), posts=posts)
    result = staff(problem, EXACT)
    assert result.posts.have() == {"early": 0, "late": 2}
    assert staffing_violations(problem, result) == ()
    loans = (Loan("cops", 0, 1, 0, 2),)
    broken = of_hand(problem, [[2], [0]], loans, (PostFill("early", "cops", 1, 2),))
    assert {(one.rule, one.when) for one in check_street(problem, broken)} == {
        ("filled once", "hour 0")
    }


def test_people_on_loan_go_home_with_their_last_block() -> None:
    """There from 1 to 5; the next block from 5 is for two others, and nobody is there to relieve.

    Only because the two travel back with the end of their block can the others take over.
    """
    posts = (post("A", (1, 5), 2, district=1), post("B", (5, 8), 2, district=1))
    problem = town(
        [[2], [2]],
        (COPS,),
        (duty(0, 6), duty(5, 3)),
        8,
        station_district=[0, 1],
        station_kind=("branch", "branch"),
        posts=posts,
        donor_max_share=1.0,
        donor_floor=0.0,
        loan_minutes=along_a_line(2, 8, 30.0),
    )
    result = staff(problem, EXACT)
    assert result.posts.have() == {"A": 2, "B": 2}
    assert result.posts.fills[0].homeward == 2
    assert staffing_violations(problem, result) == ()
    stays = replace(result.posts, fills=(replace(result.posts.fills[0], homeward=0),))
    both = replace(stays, fills=(*stays.fills, result.posts.fills[1]))
    assert {one.rule for one in check_relief(problem, replace(result, posts=both))} == {"relief"}
    longer = replace(problem, loan_minutes=along_a_line(2, 8, 70.0))
    assert {one.rule for one in check_way_home(longer, result)} == {"way home"}


@pytest.mark.parametrize("start", [0, 1, 2])
def test_notice_is_given(start: int) -> None:
    posts = (post("A", (3, 5), 3, district=1),)
    problem = lenders([9], [10.0], instances=(duty(start, 6),), posts=posts, loan_notice_h=2.0)
    result = staff(problem, EXACT)
    assert bool(result.roster.loans) == (start >= 2)
    forced = of_hand(problem, [[3], [0]], (Loan("cops", 0, 1, 0, 3),))
    told = [(one.found, one.allowed) for one in check_loan_notice(problem, forced)]
    assert told == ([] if start >= 2 else [(float(start), 2.0)])


def test_ways_that_are_too_long_are_not_lent_over() -> None:
    problem = lenders([9, 9], [80.0, 40.0], loan_max_min=60.0)
    assert set(lent(staff(problem, EXACT))) == {(1, 0)}
    forced = of_hand(problem, [[3], [0], [0]], (Loan("cops", 0, 2, 0, 3),))
    assert [(one.found, one.allowed) for one in check_loan_travel(problem, forced)] == [
        (80.0, 60.0)
    ]


def test_only_the_nearest_lend() -> None:
    """Of three the two nearest may lend to a district of nobody, all three once it has a post."""
    terms = {
        "unit_types": (car("cops", 1),),
        "unit_gain": {"car": np.concatenate([np.zeros((3, 8, 9)), np.full((1, 8, 9), 5.0)])},
        "loan_lenders": 2,
    }
    problem = lenders([2, 9, 2], [10.0, 40.0, 20.0], posts=(), **terms)
    result = staff(problem, EXACT)
    assert lent(result) == {(0, 0): 2, (2, 0): 2}
    assert staffing_violations(problem, result) == ()
    forced = of_hand(problem, [[0], [1], [0], [0]], (Loan("cops", 1, 3, 0, 1),))
    assert [(one.found, one.allowed) for one in check_loan_lenders(problem, forced)] == [(2.0, 1.0)]
    alike = replace(problem, loan_minutes=ways_to([10.0, 20.0, 20.0], 8))
    assert set(lent(staff(alike, EXACT))) == {(0, 0), (1, 0), (2, 0)}
    assert check_loan_lenders(alike, forced) == []
    busy = lenders(
        [2, 9, 2], [10.0, 40.0, 20.0], posts=(post("A", (2, 3), 1, district=3),), **terms
    )
    assert set(lent(staff(busy, EXACT))) == {(0, 0), (1, 0), (2, 0)}
    assert check_loan_lenders(busy, forced) == []


def test_agreed_loans_need_no_notice_and_no_short_way_but_time_on_the_street() -> None:
    terms = {"loan_notice_h": 5.0, "loan_max_min": 20.0}
    agreed = (Loan("cops", 0, 1, 0, 2),)
    problem = lenders([9], [50.0], agreed=agreed, **terms)
    result = staff(problem, EXACT)
    assert result.roster.loans == agreed
    assert result.posts.have() == {"A": 2}
    assert staffing_violations(problem, result) == ()
    more = of_hand(problem, [[3], [0]], (replace(agreed[0], officers=3),))
    rules = [
        one.rule for one in (*check_loan_travel(problem, more), *check_loan_notice(problem, more))
    ]
    assert rules == ["loan travel", "loan notice"]
    far = lenders([9], [300.0], agreed=agreed)
    nobody = staff(far, EXACT)
    assert nobody.roster.loans == ()
    (told,) = (one for one in shortages(far, nobody) if one.kind is ShortageKind.LOAN)
    assert told.most == 2.0


def test_minutes_of_another_kind_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        lenders([3], [-5.0], loan_notice_h=-1.0, loan_max_min=float("nan"), loan_lenders=0)
    for word in ("loan_minutes", "loan_notice_h", "loan_max_min", "loan_lenders"):
        assert word in str(caught.value)


def test_whole_loans_keep_to_the_lenders_and_their_room() -> None:
    """2.4 and 1.6 are four; the first lender has two left, so the other gives two."""
    problem = lenders([9, 9], [10.0, 10.0])
    officers = np.array([[[2]], [[9]], [[0]]])
    wanted = np.zeros((3, 3, 1, 1))
    wanted[0, 2], wanted[1, 2] = 2.4, 1.6
    loans = agree_loans(problem, shift_limits(problem), officers, wanted)
    assert {one.from_district: one.officers for one in loans} == {0: 2, 1: 2}


def test_a_price_of_the_floor_counts_the_way() -> None:
    """One more of ten would man the post for the hours 2 to 6 at 100, and be paid for the way.

    Ten are on duty and seven must stay. At 100 a post-hour the fourth is worth 400 less 0.05 x
    (8 h + 1 h under way); 130 min each way would leave hours 3 to 5, and is not offered.
    """
    posts = (post("A", (2, 6), 9, district=1),)
    problem = lenders([10], [30.0], posts=posts, donor_floor=0.7)
    result = staff(problem, EXACT)
    assert lent(result) == {(0, 0): 3}
    (price,) = limit_prices(around(problem, result.roster), result.roster)
    assert price.floor == pytest.approx(400.0 - 0.05 * 9)
    far = replace(problem, loan_minutes=ways_to([130.0], 8))
    (none,) = limit_prices(around(far, result.roster), result.roster)
    assert none.floor == 0.0


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.data())
def test_no_better_choice_of_lenders_exists(data: st.DataObject) -> None:
    """Two lenders and a borrower, one shift: every roster and every loan is tried."""
    draw = data.draw
    minutes = [draw(st.sampled_from([10.0, 45.0, 65.0, 95.0])) for _ in range(2)]
    gains = st.lists(st.integers(0, 9), min_size=2, max_size=2).map(lambda g: sorted(g)[::-1])
    gain = np.array([[draw(gains)] * 6 for _ in range(3)], dtype=np.float64)
    problem = lenders(
        [draw(st.integers(1, 3)), draw(st.integers(1, 3))],
        minutes,
        6,
        posts=(post("A", (draw(st.integers(0, 3)), 5), 2, priority=3, district=2),),
        unit_types=(car("cops"),),
        unit_gain={"car": gain},
        donor_floor=draw(st.sampled_from([0.0, 0.4])),
        loan_cost=draw(st.sampled_from([0.0, 0.3])),
    )
    best = -np.inf
    head = problem.force.headcount[:2, 0].tolist()
    nobody = np.zeros((3, 6), dtype=np.int64)
    for officers in product(*(range(count + 1) for count in head)):
        for given_away in product(*(range(count + 1) for count in officers)):
            loans = tuple(Loan("cops", a, 2, 0, n) for a, n in enumerate(given_away) if n)
            counts = np.array([*officers, 0], dtype=np.int64).reshape(3, 1, 1)
            best = max(best, *values(problem, Roster(problem.instances, counts, loans, nobody)))
    result = staff(problem, EXACT)
    assert staffing_violations(problem, result) == ()
    assert result.value == pytest.approx(best, abs=1e-6)
    assert result.bound == pytest.approx(best, abs=1e-6)


def test_rounded_loans_keep_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large for whole numbers in the model: rounded within the limits, under the bound."""
    monkeypatch.setattr(staffing_model, "EXACT_UP_TO", 0)
    posts = (post("A", (2, 6), 17, district=3), post("B", (3, 7), 5, district=2))
    shifts = (duty(0, 8, street=0.5), duty(1, 6))
    roads = along_a_line(4, 8, 35.0)
    problem = lenders(
        [9, 14, 11],
        [1.0] * 3,
        instances=shifts,
        posts=posts,
        loan_minutes=roads,
        donor_max_share=0.4,
        donor_floor=0.3,
        loan_notice_h=1.0,
    )
    result = staff(problem)
    assert result.roster.loans
    assert staffing_violations(problem, result) == ()
    assert result.value == pytest.approx(staffing_value(problem, result))
    assert result.value <= result.bound + 1e-6
