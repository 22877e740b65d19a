"""What is short, counted by hand and against the staffing's value; repairs worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.judges.rules import staffing_violations
from optimizer.judges.shortages import Shortage, ShortageKind, hours_short, shortages
from optimizer.judges.staffing_value import idle_value
from optimizer.models.staffing.repairs import candidates, cheapest_repairs
from optimizer.models.staffing.staffing import staff
from optimizer.plan import Loan, PostAssignment, PostFill, Roster
from optimizer.repairs import RepairKind
from optimizer.rotations import LeaveQuota
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from tests.optimizer.staffing_cases import city, duty, kind, post, town

COPS = kind("cops")


def result_of(
    problem: StaffingProblem, officers: np.ndarray, fills: tuple[PostFill, ...] = ()
) -> StaffingResult:
    """Nobody but the given officers and fills; every visit is short."""
    nobody = np.zeros((problem.n_stations, problem.horizon_hours), dtype=np.int64)
    respond = problem.may("respond")
    roster = Roster(problem.instances, officers, (), nobody)
    on_duty = roster.on_duty(problem.horizon_hours)[:, respond].sum(axis=1)
    at_station = np.array([kind == "station" for kind in problem.station_kind])[:, None]
    wanted = np.where(at_station, problem.rules.min_presence, 0)
    short = np.maximum(wanted - on_duty, 0)
    visits = problem.requirement.visit_officers
    forces = len(problem.force.types)
    return StaffingResult(
        roster=replace(roster, presence_short=short),
        posts=PostAssignment(problem.requirement.posts, fills),
        units_available=np.zeros((0, problem.n_stations, problem.horizon_hours)),
        visit_officers=np.zeros((visits.shape[0], forces, problem.horizon_hours)),
        visit_short=visits,
        overtime_hours=np.zeros((problem.n_districts, forces)),
        protected_half_days=0,
        value=0.0,
        bound=0.0,
        idle_value=0.0,
    )


def test_shortages_by_hand() -> None:
    """Two blocks of one post follow each other; the visits are short in hours 1 and 3."""
    posts = (post("P1", (0, 2), 5), post("P2", (2, 4), 3), post("Q", (1, 3), 2, role="support"))
    problem = town(
        [[9]],
        (COPS,),
        (duty(0, 4),),
        posts=posts,
        visit_officers=np.array([[0.0, 2.0, 0.0, 0.5]]),
    )
    fills = (
        PostFill("P1", "cops", 0, 1),
        PostFill("P2", "cops", 0, 3),
        PostFill("Q", "cops", 0, 2),
    )
    found = shortages(problem, result_of(problem, np.array([[[6]]]), fills))
    assert found == (
        Shortage(ShortageKind.POST, 0, "E1 / core / police", 0, 2, 4.0, 8.0, 800.0),
        Shortage(ShortageKind.VISIT, 0, "", 1, 2, 2.0, 2.0, 2.0),
        Shortage(ShortageKind.VISIT, 0, "", 3, 4, 0.5, 0.5, 0.5),
    )
    assert {kind.value: hours for kind, hours in hours_short(found).items() if hours} == {
        "post": 8.0,
        "visit": 2.5,
    }


@pytest.mark.parametrize("seed", range(3))
def test_with_nobody_on_duty_the_prices_are_the_value_of_an_idle_night(seed: int) -> None:
    problem = replace(
        city(2, 2, 24, scale=0.05, seed=seed),
        order_penalty={"1": 0.3, "1+": 1.5},
        agreed=(Loan("traffic", 0, 1, 3, 2),),
    )
    nobody = np.zeros((problem.n_stations, len(problem.force.types), len(problem.instances)))
    found = shortages(problem, result_of(problem, nobody.astype(np.int64)))
    assert sum(one.price for one in found) == pytest.approx(-idle_value(problem))
    assert {one.kind for one in found} == set(ShortageKind)


def lending_town(**terms: object) -> StaffingProblem:
    """Ten officers in district 0, one in district 1, where a post asks for twenty."""
    facts = {"donor_floor": 0.7, "donor_max_share": 1.0, "station_district": [0, 1]}
    posts = (post("P", (0, 4), 20, district=1),)
    return town([[10], [1]], (COPS,), (duty(0, 4),), posts=posts, **(facts | terms))


def test_the_floor_gives_way_for_one_officer_more() -> None:
    """Three are lent, 16 x 4 hours short. At a floor of 60 % a fourth goes: 4 h at 0.05."""
    problem = lending_town()
    first, second = cheapest_repairs(problem, staff(problem))
    assert first.kind is RepairKind.FLOOR
    assert (first.people, first.officer_hours) == (1, 4)
    assert first.price == pytest.approx(0.2)
    assert first.before["post"] == pytest.approx(64)
    assert first.after["post"] == pytest.approx(60)
    # The only other one that works gives the post up: 20 officers, 80 hours at 100.
    assert second.kind is RepairKind.POST
    assert (second.what, second.people, second.price) == ("P", 20, 8000)
    assert second.mended(("post",)) == pytest.approx(64)


def test_an_opened_pool_sends_no_more_than_are_missing() -> None:
    """Sixteen of fifty detectives fill the post for 64 hours at the price of overtime, 0.1."""
    closed = kind("detectives", can="p", pool="1")
    posts = (post("P", (0, 4), 20),)
    problem = town([[4, 50]], (COPS, closed), (duty(0, 4),), posts=posts)
    (pool, *_) = cheapest_repairs(problem, staff(problem))
    assert (pool.kind, pool.what, pool.people) == (RepairKind.POOL, "detectives", 16)
    assert pool.price == pytest.approx(6.4)
    assert pool.after["post"] == pytest.approx(0)


def test_an_hour_less_rest_lets_officers_come_back() -> None:
    """Posts ten hours apart, eleven hours of rest: four officers fill one of the two."""
    posts = (post("P", (0, 4), 4), post("Q", (14, 18), 4))
    shifts = (duty(0, 4, rest=11.0), duty(14, 4, rest=11.0))
    problem = town([[4]], (COPS,), shifts, hours=18, posts=posts)
    (rest, *_) = cheapest_repairs(problem, staff(problem))
    assert (rest.kind, rest.people) == (RepairKind.REST, 4)
    assert rest.price == pytest.approx(0.4)
    assert (rest.before["post"], rest.after["post"]) == pytest.approx((16, 0))


def test_cancelled_leave_lets_those_at_home_fill_the_post() -> None:
    """Half of six stay at home for eight hours; three of them fill what is short of the post."""
    posts = (post("P", (0, 4), 6),)
    problem = town([[6]], (COPS,), (duty(0, 4),), posts=posts, leave=(LeaveQuota(0, 8, 0.5),))
    (leave, *_) = cheapest_repairs(problem, staff(problem))
    assert (leave.kind, leave.people, leave.officer_hours) == (RepairKind.LEAVE, 3, 24)
    assert (leave.before["post"], leave.after["post"]) == pytest.approx((12, 0))


def test_one_more_shift_fills_hours_that_no_shift_covers() -> None:
    posts = (post("P", (4, 8), 3),)
    problem = town([[5]], (COPS,), (duty(0, 4),), hours=8, posts=posts)
    (shift, *_) = cheapest_repairs(problem, staff(problem))
    assert (shift.kind, shift.what, shift.people) == (RepairKind.SHIFT, "4", 3)
    assert shift.officer_hours == 12
    assert shift.after["post"] == pytest.approx(0)


def test_a_protected_pool_is_opened_by_relaxation() -> None:
    community = kind("community", can="p", pool="never")
    problem = town([[0, 9]], (COPS, community), (duty(0, 4),), posts=(post("P", (0, 4), 5),))
    found = shortages(problem, staff(problem))
    (pool,) = [one for one in candidates(problem, found) if one.kind is RepairKind.POOL]
    assert pool.problem.protected_relaxed
    assert pool.problem.force.types[1].pool_from_level == "never"
    assert pool.problem.force.headcount[0, 1] == 5


def test_nothing_short_asks_for_no_repair() -> None:
    problem = town([[10]], (COPS,), (duty(0, 4),), posts=(post("P", (0, 4), 4),))
    result = staff(problem)
    assert shortages(problem, result) == ()
    assert candidates(problem, ()) == []
    assert cheapest_repairs(problem, result) == ()


def test_every_repaired_staffing_keeps_the_other_rules() -> None:
    problem = city(2, 2, 12, scale=0.02)
    found = shortages(problem, staff(problem))
    assert found
    for candidate in candidates(problem, found):
        assert not staffing_violations(candidate.problem, staff(candidate.problem))
