"""Teams that take turns: whose turn it is, who rests, and staffing that keeps to it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.faults import BadInput
from geodata.horizon import Horizon
from optimizer.force import Force
from optimizer.judges.duty_rules import (
    check_free_days,
    check_leave,
    check_nights,
    check_rest,
    check_teams_add_up,
    check_turns,
    check_week_hours,
)
from optimizer.judges.rules import staffing_violations
from optimizer.levels import LevelsInForce
from optimizer.models.solver import SolverOptions
from optimizer.models.staffing.staffing import staff
from optimizer.rotations import LeaveQuota, RestDebt, Rotation, split_in_teams
from optimizer.shifts import LabourRules, ShiftInstance, free_start_shifts, shift_instances
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from tests.optimizer.staffing_cases import LEVELS, START, car, duty, kind, post, shift, town
from tests.optimizer.test_rules_staffing import staffing

COPS = kind("cops")
NOON = START.replace(hour=12)
EXACT = SolverOptions(relative_gap=0.0, nodes=100_000)
DUTY = shift("duty", 8, 24, street=0.5, rest=24.0)
LATE = shift("late", 18, 8, rest=11.0)
EVE = date(2027, 2, 5)
FOUR = Rotation("four", "Four", "四班", ("cops",), 4, ("duty", "", "", ""), EVE, (DUTY,))
NIGHT = replace(shift("night", 0, 8), handover_min=30.0)
DAYS = (shift("day", 8, 8), shift("late", 16, 8), NIGHT)
FIVE = Rotation("five", "Five", "五班", ("cops",), 5, ("day", "late", "night", "", ""), EVE, DAYS)


def with_turns(
    headcount: list[list[int]],
    shifts: tuple,
    rotations: tuple[Rotation, ...],
    hours: int = 24,
    start: datetime = NOON,
    **terms: object,
) -> StaffingProblem:
    """A town from noon on 5 February whose shifts come every day."""
    instances = shift_instances(Horizon(start, hours), shifts)
    return town(headcount, (COPS,), instances, hours, rotations=rotations, start=start, **terms)


def by_hand(problem: StaffingProblem, by_team: np.ndarray) -> StaffingResult:
    """A staffing with these officers by team."""
    total = problem.teams.by_force(by_team, len(problem.force.types), axis=1)
    made = staffing(problem, total.tolist())
    return replace(made, roster=replace(made.roster, by_team=by_team))


def test_teams_take_turns_one_step_after_the_other() -> None:
    days = [date(2027, 2, day) for day in range(5, 13)]
    assert [FOUR.shift_on(0, day) for day in days] == ["duty", "", "", ""] * 2
    assert [FOUR.shift_on(3, day) for day in days] == ["", "", "", "duty"] * 2
    assert [FIVE.shift_on(team, days[0]) for team in range(5)] == ["day", "", "", "night", "late"]
    assert FOUR.shift_on(0, date(2027, 2, 1)) == "duty"


def test_every_day_has_one_team_on_each_shift_of_its_cycle() -> None:
    for day in range(1, 29):
        worked = [FIVE.shift_on(team, date(2027, 2, day)) for team in range(5)]
        assert sorted(worked) == ["", "", "day", "late", "night"]


def test_rests_and_hours_of_a_cycle() -> None:
    assert FOUR.rests() == ((DUTY, DUTY, 72.0),)
    assert FOUR.week_hours() == 42.0
    day, late, night = DAYS
    assert FIVE.rests() == ((day, late, 24.0), (late, night, 0.0), (night, day, 71.5))
    assert FIVE.week_hours() == pytest.approx(7 * 24.5 / 5)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"teams": 0}, "0 teams"),
        ({"teams": 3}, "4 days cannot be shared by 3 teams"),
        ({"cycle": ("", "", "", "")}, "without any shift"),
        ({"cycle": ("duty", "", "eve", "")}, "nobody described eve"),
    ],
)
def test_rotations_that_make_no_sense_are_refused(terms: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(FOUR, **terms)


def test_teams_are_as_equal_as_officers_allow() -> None:
    force = Force((COPS,), (), np.array([[9], [9], [2], [0]]))
    horizon = Horizon(START, 24)
    teams = split_in_teams(force, horizon, (duty(0, 4),), LabourRules(), (FOUR,))
    assert teams.headcount.tolist() == [[3, 2, 2, 2], [2, 3, 2, 2], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert teams.headcount.sum() == 20


def test_a_team_rests_from_the_duty_it_had_before_the_horizon() -> None:
    """From noon on the 5th: team 1 is on duty since 8:00, team 4 rests 24 h from then."""
    problem = with_turns([[8]], (DUTY, LATE), (FOUR,))
    resting = problem.teams.resting[0]
    assert resting[0].tolist() == [0] * 24
    assert resting[3].tolist() == [2] * 20 + [0] * 4
    assert resting[[1, 2]].sum() == 0
    labels = [one.label for one in problem.instances]
    assert labels == ["duty@-4", "late@6", "duty@20"]
    assert problem.teams.may_work[:, 0].tolist() == [True, False, False, False]
    assert problem.teams.may_work[:, 1].all()
    assert problem.teams.may_work[:, 2].tolist() == [False, True, False, False]


def test_a_duty_that_no_longer_touches_the_horizon_is_rested_from_too() -> None:
    """From 20:00 for four hours: the day team came off at 16:00 and rests until 3:00."""
    problem = with_turns([[10]], DAYS, (FIVE,), hours=4, start=START.replace(hour=20))
    assert [one.shift.shift_id for one in problem.instances] == ["late"]
    resting = problem.teams.resting[0, :, 0].tolist()
    assert resting == [2, 0, 0, 2, 0]


def test_rest_debts_fall_on_their_team_or_on_all() -> None:
    debts = (RestDebt(0, 0, 5, 3.0), RestDebt(0, 0, 2, 2.5, team=3))
    rested = replace(FOUR, cycle=("late", "", "", ""), shifts=(LATE,))
    start = START.replace(hour=15)
    problem = with_turns([[16]], (LATE,), (rested,), hours=4, start=start, debts=debts)
    assert problem.teams.resting[0].tolist() == [
        [2, 2, 2, 0],
        [1, 1, 1, 0],
        [1, 1, 1, 0],
        [3, 3, 3, 0],
    ]


def test_only_the_team_whose_turn_it_is_works_the_rotation_and_the_resting_one_nothing() -> None:
    """Eight officers in four teams: two on the 24-h duty, four more for the late shift."""
    posts = (post("A", (0, 4), 9), post("B", (6, 10), 9, priority=2))
    result = staff(with_turns([[8]], (DUTY, LATE), (FOUR,), posts=posts), EXACT)
    assert result.roster.by_team[0].tolist() == [[2, 0, 0], [0, 2, 0], [0, 2, 0], [0, 0, 0]]
    assert result.posts.have() == {"A": 1, "B": 5}


def test_judges_see_the_wrong_turn_and_teams_that_do_not_add_up() -> None:
    problem = with_turns([[8]], (DUTY, LATE), (FOUR,))
    right = by_hand(problem, np.array([[[2, 0, 0], [0, 2, 0], [0, 2, 0], [0, 0, 0]]]))
    assert staffing_violations(problem, right) == ()
    wrong = by_hand(problem, np.array([[[2, 0, 0], [1, 1, 0], [0, 2, 0], [0, 0, 0]]]))
    assert [one.rule for one in check_turns(problem, wrong)] == ["turn"]
    resting = by_hand(problem, np.array([[[2, 0, 0], [0, 2, 0], [0, 2, 0], [0, 1, 0]]]))
    assert {one.rule for one in staffing_violations(problem, resting)} == {"rest"}
    other = replace(right, roster=replace(right.roster, by_team=resting.roster.by_team))
    assert [one.rule for one in check_teams_add_up(problem, other)] == ["teams add up"]


def test_a_hand_over_delays_the_next_duty() -> None:
    """Eight hours and 11 h of rest let a shift follow 19 h later, not with half an hour more."""
    rules = LabourRules(min_presence=0)
    plain = ShiftInstance(shift("a", 0, 8, rest=11.0), 0, 8)
    longer = ShiftInstance(replace(plain.shift, handover_min=30.0), 0, 8)
    second = ShiftInstance(shift("b", 19, 4, rest=11.0), 19, 23)
    assert longer.worked_h(24) == 8.5
    assert longer.worked_h(8) == 8.5
    assert longer.worked_h(7) == 7.0
    for first, broken in ((plain, []), (longer, ["rest"] * 2)):
        problem = town([[2]], (COPS,), (first, second), 24, rules=rules)
        found = check_rest(problem, staffing(problem, [[[2, 2]]]))
        assert [one.rule for one in found] == broken


def test_half_of_each_team_at_home_on_the_eve() -> None:
    """Eight officers in two teams of four: two of each may touch the evening."""
    turn = shift("duty", 0, 4, rest=11.0)
    two = Rotation("two", "Two", "两班", ("cops",), 2, ("duty", ""), date(2027, 2, 5), (turn,))
    quota = LeaveQuota(6, 12, 0.5)
    posts = (post("A", (6, 10), 9), post("B", (14, 18), 9, priority=2))
    shifts = (LATE, shift("early", 2, 6, rest=11.0))
    problem = with_turns([[8]], shifts, (two,), leave=(quota,), posts=posts)
    result = staff(problem, EXACT)
    assert result.roster.by_team[0].tolist() == [[2, 2], [2, 2]]
    assert check_leave(problem, result) == []
    more = by_hand(problem, np.array([[[3, 0], [1, 0]]]))
    assert {(one.rule, one.found, one.allowed) for one in check_leave(problem, more)} == {
        ("leave", 3.0, 2.0)
    }
    elsewhere = replace(problem, leave=(replace(quota, forces=(7,)),))
    assert staff(elsewhere, EXACT).roster.by_team[0].sum(axis=0)[0] == 8


def test_nights_in_a_row_and_free_days_bind_the_average() -> None:
    """Two officers, five nights, at most three in a row: six duties of any four nights."""
    night = shift("night", 22, 8, rest=11.0)
    rules = LabourRules(min_presence=0, max_week_h=168.0, max_nights_in_row=3)
    start = START.replace(hour=20)
    problem = with_turns(
        [[2]],
        (night,),
        (),
        hours=120,
        start=start,
        rules=rules,
        unit_types=(car("cops", 1),),
        unit_gain={"car": np.ones((1, 120, 2))},
    )
    result = staff(problem, EXACT)
    assert result.roster.officers.sum() == 8
    assert staffing_violations(problem, result) == ()
    every = staffing(problem, [[[2] * 5]])
    assert {one.rule for one in check_nights(problem, every)} == {"nights in a row"}
    days = replace(problem, rules=replace(rules, max_days_in_row=2, max_nights_in_row=9))
    assert {one.rule for one in check_free_days(days, every)} == {"free day"}
    assert staffing_violations(days, staff(days, EXACT)) == ()


def test_levels_bind_each_district_for_itself() -> None:
    """Only the second district is at level 1+; the pool that it opens stays shut in the first."""
    hq = kind("hq", can="p", pool="1+")
    problem = town(
        [[10, 10], [10, 10]],
        (COPS, hq),
        (duty(0, 4),),
        station_district=[0, 1],
        posts=(post("A", (0, 4), 30), post("B", (0, 4), 30, district=1)),
        levels=LEVELS,
        in_force=LevelsInForce((("routine",) * 4, ("1+",) * 4)),
        donor_max_share=0.0,
    )
    result = staff(problem, EXACT)
    assert result.roster.officers[:, :, 0].tolist() == [[2, 0], [9, 9]]
    assert staffing_violations(problem, result) == ()
    wrong = staffing(problem, [[[3], [1]], [[9], [9]]])
    rules = [one.rule for one in staffing_violations(problem, wrong)]
    assert sorted(set(rules)) == ["on-duty share", "pool"]


def test_two_rotations_of_one_force_are_refused() -> None:
    with pytest.raises(BadInput, match="rotation of cops"):
        with_turns([[8]], (DUTY, LATE), (FOUR, replace(FOUR, rotation_id="again")))


def test_negative_debts_and_quotas_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        town(
            [[2]],
            (COPS,),
            (duty(0, 4),),
            debts=(RestDebt(0, 0, -1, 3.0),),
            leave=(LeaveQuota(4, 2, 0.5), LeaveQuota(0, 2, 1.5)),
        )
    assert len(caught.value.faults) == 3


def test_free_start_shifts_cover_the_day() -> None:
    shifts = free_start_shifts(2, (8, 10, 12), 11.0)
    assert len(shifts) == len({one.shift_id for one in shifts}) == 36
    assert {one.start_hour for one in shifts} == set(range(0, 24, 2))


@st.composite
def turns(draw: st.DrawFn) -> StaffingProblem:
    """One small home in two teams with a rotation, a free shift, debts and leave."""
    gains = st.lists(st.integers(0, 9), min_size=3, max_size=3).map(lambda g: sorted(g)[::-1])
    turn = shift("duty", 8, 10, rest=draw(st.sampled_from([8.0, 24.0])))
    two = Rotation("two", "Two", "两班", ("cops",), 2, ("duty", ""), date(2027, 2, 5), (turn,))
    quota = LeaveQuota(draw(st.integers(0, 8)), 10, draw(st.sampled_from([0.0, 0.3, 0.5])))
    start = datetime(2027, 2, 5, draw(st.sampled_from([0, 6, 12])), tzinfo=UTC)
    debts = draw(st.lists(st.integers(0, 1), max_size=1))
    return with_turns(
        [[draw(st.integers(1, 4))]],
        (turn, shift("free", 11, 6)),
        (two,),
        hours=12,
        start=start,
        debts=tuple(RestDebt(0, 0, 1, 5.0, team) for team in debts),
        leave=(quota,) if draw(st.booleans()) else (),
        unit_types=(car("cops", 1),),
        unit_gain={"car": np.array([[draw(gains) for _ in range(12)]], dtype=np.float64)},
        posts=(post("A", (4, 7), 2, priority=3),),
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(turns())
def test_no_better_staffing_keeps_to_the_turns(problem: StaffingProblem) -> None:
    """Every roster by team is tried: the best one without a violation is what staffing finds."""
    result = staff(problem, EXACT)
    assert staffing_violations(problem, result) == ()
    best = -np.inf
    shape = (1, len(problem.teams.teams), len(problem.instances))
    head = np.repeat(problem.teams.headcount[0], shape[2])
    for flat in product(*[range(int(count) + 1) for count in head]):
        by_team = np.array(flat).reshape(shape)
        if staffing_violations(problem, by_hand(problem, by_team)):
            continue
        fixed = replace(problem, rotations=(), leave=(), debts=())
        best = max(best, _value_of(fixed, by_team.sum(axis=1, keepdims=True)))
    assert result.value == pytest.approx(best, abs=1e-6)
    assert result.bound == pytest.approx(result.value, abs=1e-6)


def _value_of(problem: StaffingProblem, officers: np.ndarray) -> float:
    """Best use of these officers: cars of one, the post's two heads first or not at all."""
    street = np.zeros(problem.horizon_hours)
    hours = 0.0
    for number, one in enumerate(problem.instances):
        street += one.on_duty(problem.horizon_hours) * officers[0, 0, number]
        hours += float(one.on_duty(problem.horizon_hours).sum() * officers[0, 0, number])
    gain = problem.unit_gain["car"][0]
    best = -np.inf
    for filled in range(3):
        left = street.copy()
        left[4:7] -= filled
        if (left >= 0).all():
            saved = sum(gain[hour, : int(left[hour])].sum() for hour in range(len(left)))
            best = max(best, saved - problem.post_penalty[3] * (2 - filled) * 3)
    return best - problem.officer_hour_cost * hours


def test_overtime_ends_where_the_rules_say() -> None:
    """Two officers over 48 h: 60 h a week are 17.1 h each, three duties of ten hours."""
    shifts = (duty(0, 10, rest=11.0), duty(24, 10, rest=11.0))
    gain = {"car": np.full((1, 48, 2), 9.0)}
    terms = {"unit_types": (car("cops", 1),), "unit_gain": gain}
    problem = town([[2]], (COPS,), shifts, 48, **terms)
    result = staff(problem, EXACT)
    assert result.roster.officers.sum() == 3
    assert result.overtime_hours[0, 0] == pytest.approx(30 - 2 * 48 / 168 * 48)
    assert staffing_violations(problem, result) == ()
    every = staffing(problem, [[[2, 2]]])
    assert {one.rule for one in check_week_hours(problem, every)} == {"week hours"}
    longer = replace(problem, rules=replace(problem.rules, max_overtime_h=40.0))
    assert staff(longer, EXACT).roster.officers.sum() == 4
