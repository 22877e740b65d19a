"""Twins: for every rule a staffing that keeps it and the nearest one that breaks it."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.judges.deployment_rules import check_origins, check_units_at_places
from optimizer.judges.duty_rules import (
    check_headcount,
    check_on_duty,
    check_pools,
    check_rest,
    check_team_share,
)
from optimizer.judges.post_rules import check_pairs, check_posts, check_street, check_visits
from optimizer.judges.rules import (
    check_loans,
    check_presence,
    staffing_violations,
    violations,
)
from optimizer.levels import ServiceLevel
from optimizer.plan import (
    Deployment,
    Loan,
    Plan,
    PostAssignment,
    PostFill,
    Roster,
    SolveReport,
    Status,
    UnitMove,
    VisitPlan,
)
from optimizer.shifts import LabourRules
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from tests.optimizer.staffing_cases import car, duty, kind, post, town

COPS = kind("cops")
AIDES = kind("aides", can="pt", sworn=False)


def staffing(
    problem: StaffingProblem,
    officers: list,
    *,
    loans: tuple[Loan, ...] = (),
    fills: tuple[PostFill, ...] = (),
    units: dict[tuple[int, int], int] | None = None,
    visits: dict[tuple[int, int, int], float] | None = None,
) -> StaffingResult:
    """A hand-made staffing; `units[station, hour]` of type 0, `visits[district, force, hour]`."""
    hours = problem.horizon_hours
    available = np.zeros((len(problem.force.unit_types), problem.n_stations, hours), dtype=np.int64)
    for (station, hour), count in (units or {}).items():
        available[0, station, hour] = count
    visiting = np.zeros((problem.n_districts, len(problem.force.types), hours))
    for where, count in (visits or {}).items():
        visiting[where] = count
    short = np.zeros((problem.n_stations, hours), dtype=np.int64)
    return StaffingResult(
        roster=Roster(problem.instances, np.array(officers), loans, short),
        posts=PostAssignment(problem.requirement.posts, fills),
        units_available=available,
        visit_officers=visiting,
        visit_short=np.maximum(problem.requirement.visit_officers - visiting.sum(axis=1), 0.0),
        overtime_hours=np.zeros((problem.n_districts, len(problem.force.types))),
        protected_half_days=0,
        value=0.0,
        bound=0.0,
        idle_value=0.0,
    )


def level(on_duty: float, absent: float) -> dict[str, ServiceLevel]:
    return {"routine": ServiceLevel("routine", "Routine", "常态勤务", on_duty, absent)}


def test_nobody_works_twice_the_headcount() -> None:
    problem = town([[3]], (COPS,), (duty(0, 4),))
    assert not check_headcount(problem, staffing(problem, [[[3]]]))
    assert check_headcount(problem, staffing(problem, [[[4]]]))[0].allowed == 3
    assert check_headcount(problem, staffing(problem, [[[-1]]]))


def test_rest_lets_only_free_officers_start() -> None:
    # Two hours on, two hours off: those of hour 0 are free again at hour 4, not at hour 3.
    tired = (duty(0, 2, rest=2.0), duty(3, 2, rest=2.0), duty(4, 2, rest=2.0))
    problem = town([[5]], (COPS,), tired, 8, rules=LabourRules(min_rest_h=0.0, min_presence=0))
    assert not check_rest(problem, staffing(problem, [[[3, 2, 3]]]))
    broken = check_rest(problem, staffing(problem, [[[3, 3, 2]]]))
    assert {(fault.found, fault.allowed) for fault in broken} == {(6.0, 5.0)}
    assert broken[0].when == "hour 3"


def test_least_rest_counts_where_the_shift_asks_for_less() -> None:
    pair = (duty(0, 2, rest=0.0), duty(6, 2, rest=0.0))
    lax = town([[2]], (COPS,), pair, 8, rules=LabourRules(min_rest_h=4.0, min_presence=0))
    strict = replace(lax, rules=LabourRules(min_rest_h=5.0, min_presence=0))
    assert not check_rest(lax, staffing(lax, [[[2, 2]]]))
    assert check_rest(strict, staffing(strict, [[[2, 2]]]))


def test_a_duty_from_before_the_horizon_still_needs_rest() -> None:
    pair = (duty(-20, 24, rest=48.0), duty(4, 4))
    problem = town([[4]], (COPS,), pair, 8)
    assert not check_rest(problem, staffing(problem, [[[1, 3]]]))
    assert check_rest(problem, staffing(problem, [[[2, 3]]]))


def test_absent_officers_are_not_rostered() -> None:
    problem = town([[10]], (COPS,), (duty(0, 4),), levels=level(1.0, 0.2))
    assert not check_rest(problem, staffing(problem, [[[8]]]))
    assert check_rest(problem, staffing(problem, [[[9]]]))[0].allowed == 8


def test_on_duty_share_binds_districts_down_and_homes_up() -> None:
    problem = town([[3], [3]], (COPS,), (duty(0, 4),), levels=level(0.5, 0.0))
    assert not check_on_duty(problem, staffing(problem, [[[2]], [[1]]]))
    homes_ok = check_on_duty(problem, staffing(problem, [[[2]], [[2]]]))
    assert {fault.where for fault in homes_ok} == {"district 0, cops"}
    lopsided = check_on_duty(problem, staffing(problem, [[[3]], [[0]]]))
    assert {fault.where for fault in lopsided} == {"station 0, cops"}


def test_a_team_works_its_share_of_a_day() -> None:
    problem = town([[8]], (COPS,), (duty(0, 4, team=0.25),))
    assert not check_team_share(problem, staffing(problem, [[[2]]]))
    assert check_team_share(problem, staffing(problem, [[[3]]]))[0].allowed == 2


@pytest.mark.parametrize(
    ("pool", "relaxed", "kept"),
    [
        ("routine", False, True),
        ("1", False, False),
        ("never", False, False),
        ("never", True, True),
    ],
)
def test_pools_open_with_the_level(pool: str, relaxed: bool, kept: bool) -> None:
    problem = town([[2]], (kind("pool", pool=pool),), (duty(0, 4),), protected_relaxed=relaxed)
    assert (not check_pools(problem, staffing(problem, [[[1]]]))) is kept
    assert not check_pools(problem, staffing(problem, [[[0]]]))


def test_a_shift_that_reaches_into_a_closed_hour_is_closed() -> None:
    night = {
        "level_of_hour": ("1", "1", "1", "routine"),
        "levels": level(1.0, 0.0) | {"1": ServiceLevel("1", "Level 1", "一级勤务", 1.0, 0.0)},
    }
    problem = town([[2]], (kind("hq", pool="1"),), (duty(0, 3), duty(1, 3)), **night)
    assert not check_pools(problem, staffing(problem, [[[2, 0]]]))
    assert "hour 3" in check_pools(problem, staffing(problem, [[[0, 1]]]))[0].where


def two_districts(**terms: object) -> StaffingProblem:
    return town([[20], [20]], (COPS,), (duty(0, 4),), station_district=[0, 1], **terms)


def test_lenders_keep_their_share() -> None:
    problem = two_districts(donor_floor=0.0)
    lend = {n: (Loan("cops", 0, 1, 0, n),) for n in (3, 4)}
    assert not check_loans(problem, staffing(problem, [[[10]], [[0]]], loans=lend[3]))
    broken = check_loans(problem, staffing(problem, [[[10]], [[0]]], loans=lend[4]))
    assert {fault.rule for fault in broken} == {"donor share"}


def test_lenders_keep_responding_officers_on_duty() -> None:
    problem = two_districts(donor_max_share=1.0, donor_floor=0.7)
    lend = {n: (Loan("cops", 0, 1, 0, n),) for n in (3, 4)}
    assert not check_loans(problem, staffing(problem, [[[10]], [[0]]], loans=lend[3]))
    broken = check_loans(problem, staffing(problem, [[[10]], [[0]]], loans=lend[4]))
    assert {(fault.rule, fault.found, fault.allowed) for fault in broken} == {
        ("donor floor", 6.0, 7.0)
    }


def test_only_rostered_officers_are_lent_and_never_to_themselves() -> None:
    problem = two_districts(donor_max_share=1.0, donor_floor=0.0)
    excess = staffing(problem, [[[1]], [[0]]], loans=(Loan("cops", 0, 1, 0, 2),))
    assert "loan of rostered officers" in {f.rule for f in check_loans(problem, excess)}
    circle = staffing(problem, [[[1]], [[0]]], loans=(Loan("cops", 0, 0, 0, 1),))
    assert {f.rule for f in check_loans(problem, circle)} == {"loan"}


def test_presence_shortage_is_told() -> None:
    problem = town([[5]], (COPS,), (duty(0, 4),), rules=LabourRules(min_presence=2))
    honest = staffing(problem, [[[2]]])
    assert not check_presence(problem, honest)
    short = replace(honest, roster=replace(honest.roster, officers=np.array([[[1]]])))
    assert [fault.allowed for fault in check_presence(problem, short)] == [1.0] * 4
    branch = replace(problem, station_kind=("branch",))
    assert not check_presence(branch, staffing(branch, [[[0]]]))


def test_posts_take_only_those_who_may_and_no_more_than_asked() -> None:
    desk = kind("desk", can="")
    posts = (post("A", (0, 2), 2), post("B", (0, 2), 2, role="support"))
    problem = town([[5, 5, 5]], (COPS, AIDES, desk), (duty(0, 4),), posts=posts)

    def rules_of(*fills: PostFill) -> set[str]:
        return {f.rule for f in check_posts(problem, staffing(problem, [[[5]] * 3], fills=fills))}

    assert rules_of(PostFill("A", "cops", 0, 2), PostFill("B", "aides", 0, 2)) == set()
    assert rules_of(PostFill("A", "aides", 0, 1)) == {"post role"}
    assert rules_of(PostFill("B", "desk", 0, 1)) == {"post role"}
    assert rules_of(PostFill("A", "cops", 0, 2), PostFill("A", "cops", 0, 1)) == {"post head-count"}


def test_aides_are_never_alone() -> None:
    posts = (post("B", (0, 2), 4, role="support"),)
    problem = town([[5, 5]], (COPS, AIDES), (duty(0, 4),), posts=posts)
    escorted = (PostFill("B", "aides", 0, 2), PostFill("B", "cops", 0, 2))
    assert not check_pairs(problem, staffing(problem, [[[5], [5]]], fills=escorted))
    alone = staffing(problem, [[[5], [5]]], fills=(PostFill("B", "aides", 0, 2),))
    assert [fault.when for fault in check_pairs(problem, alone)] == ["hour 0", "hour 1"]


def test_visits_are_made_by_patrols_and_shortage_is_told() -> None:
    asked = np.array([[1.5, 0.0, 0.0, 0.0]])
    clerks = kind("clerks", can="p")
    problem = town([[5, 5]], (COPS, clerks), (duty(0, 4),), visit_officers=asked)
    good = staffing(problem, [[[5], [5]]], visits={(0, 0, 0): 1.0})
    assert good.visit_short[0, 0] == 0.5
    assert not check_visits(problem, good)
    silent = replace(good, visit_short=np.zeros((1, 4)))
    assert [fault.rule for fault in check_visits(problem, silent)] == ["visits told"]
    wrong = staffing(problem, [[[5], [5]]], visits={(0, 1, 0): 1.0})
    assert [fault.rule for fault in check_visits(problem, wrong)] == ["visit role"]


def test_nobody_is_filled_twice() -> None:
    # Six officers, half of them on the street: one car of two and one on a post.
    problem = town(
        [[6]],
        (COPS,),
        (duty(0, 4, street=0.5),),
        unit_types=(car("cops"),),
        posts=(post("A", (0, 2), 2),),
    )
    fills = {n: (PostFill("A", "cops", 0, n),) for n in (1, 2)}
    assert not check_street(problem, staffing(problem, [[[6]]], fills=fills[1], units={(0, 0): 1}))
    broken = check_street(problem, staffing(problem, [[[6]]], fills=fills[2], units={(0, 0): 1}))
    assert [(fault.when, fault.found, fault.allowed) for fault in broken] == [("hour 0", 4.0, 3.0)]


def test_borrowed_officers_work_where_they_are_lent_to() -> None:
    problem = two_districts(unit_types=(car("cops"),))
    loan = (Loan("cops", 0, 1, 0, 2),)
    there = staffing(problem, [[[3]], [[0]]], loans=loan, units={(1, 0): 1})
    both = staffing(problem, [[[3]], [[0]]], loans=loan, units={(1, 0): 1, (0, 0): 1})
    assert not check_street(problem, there)
    assert [fault.where for fault in check_street(problem, both)] == ["district 0, cops"]


def test_units_at_places_exist_and_come_from_somewhere() -> None:
    problem = town([[6]], (COPS,), (duty(0, 4),), unit_types=(car("cops"),))
    has_two = staffing(problem, [[[6]]], units={(0, 1): 2})

    def sent(units: int, moved: int) -> Deployment:
        array = np.zeros((1, 3, 4), dtype=np.int64)
        array[0, 2, 1] = units
        return Deployment(("car",), array, (UnitMove("car", 1, 0, 2, moved),))

    assert not check_units_at_places(problem, has_two, sent(2, 2))
    assert check_units_at_places(problem, has_two, sent(3, 3))[0].allowed == 2
    assert not check_origins(sent(2, 2))
    assert check_origins(sent(2, 1))[0].found == 1

    def plan(deployment: Deployment) -> Plan:
        visits = VisitPlan((), np.zeros(0, dtype=np.int64))
        report = SolveReport(Status.FEASIBLE, 0.0, 0, 1)
        return Plan(has_two.roster, deployment, has_two.posts, visits, report)

    assert violations(problem, plan(sent(2, 2)), has_two) == ()
    rules = [fault.rule for fault in violations(problem, plan(sent(3, 2)), has_two)]
    assert rules == ["origins"]


def test_a_violation_says_what_where_and_how_much() -> None:
    problem = town([[8]], (COPS,), (duty(0, 4, team=0.25),))
    home, district = staffing_violations(problem, staffing(problem, [[[3]]]))
    assert str(district) == "team share: district 0, cops, s0@0: 3, allowed 2"
    assert str(home) == "team share: station 0, cops, s0@0: 3, allowed 2"
