"""The judge of the reserve: what the model makes passes, and every broken plan is caught."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from optimizer.judges.evaluation import evaluate
from optimizer.judges.post_rules import check_posts
from optimizer.judges.reserve_calls import away_chances, reserve_calls
from optimizer.judges.reserve_rules import check_manned_reserve, check_reserve
from optimizer.judges.rules import staffing_violations
from optimizer.judges.sites import largest_sites
from optimizer.judges.summary import city_service
from optimizer.models.staffing.staffing import staff
from optimizer.plan import Deployment, PostAssignment, PostFill
from optimizer.requirement import PostNeed
from optimizer.reserve import (
    MORE,
    ReserveBlock,
    ReservePlan,
    ReserveSite,
    reserve_posts,
    site_minutes,
)
from tests.optimizer import staffing_cases
from tests.optimizer.reserve_cases import (
    CITY,
    MILL,
    PARK,
    QUAY,
    START,
    block,
    kind,
    tiny_people,
)
from tests.optimizer.staffing_cases import duty
from tests.optimizer.test_post_rules import on_posts
from tests.optimizer.tiny_city import TERMS

SWORN = {"rapid": True, "guard": False}
FOUND = block(of=kind(units=3, within_min=6.0))
"""Units at 13 and 14 for mill and quay, and one more at a station."""


def rules(
    found: ReserveBlock, posts: tuple[PostNeed, ...] | None = None, *others: ReserveBlock
) -> set[str]:
    plan = ReservePlan((*others, found))
    needs = reserve_posts(plan, SWORN) if posts is None else posts
    return {fault.rule for fault in check_reserve(plan, CITY, tiny_people(), needs)}


def with_units(**changes: object) -> ReserveBlock:
    """The block whose first unit is changed."""
    first, *rest = FOUND.units
    units = (replace(first, **changes), *rest)
    return replace(FOUND, choice=replace(FOUND.choice, units=units))


def test_what_the_model_makes_keeps_every_rule() -> None:
    assert rules(FOUND) == set()
    later = block(
        of=kind(start=START + timedelta(hours=2), end=START + timedelta(hours=4)), hours=range(2, 4)
    )
    assert rules(later, None, FOUND) == set()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 2),
    st.sampled_from([2.0, 4.0, 6.0, 9.0]),
    st.sampled_from([0.4, 1.0]),
    st.tuples(st.integers(0, 20), st.integers(0, 20)),
    st.sampled_from([(MILL,), (QUAY, PARK), (PARK, MILL, QUAY)]),
)
def test_every_choice_of_the_model_passes(
    units: int,
    room: int,
    within_min: float,
    share: float,
    people: tuple[int, int],
    sites: tuple[ReserveSite, ...],
) -> None:
    asked = kind(units=units, most_a_place=room, within_min=within_min, most_share=share)
    force = tiny_people(*people)
    first = block(*sites, of=asked, force=force)
    other = replace(asked, reserve_id="other", officers=3)
    second = block(*sites, of=other, force=force, earlier=(first,))
    plan = ReservePlan((first, second))
    assert check_reserve(plan, CITY, force, reserve_posts(plan, SWORN)) == ()


def test_a_unit_belongs_to_one_site() -> None:
    assert rules(with_units(site=1)) == {"reserve once"}
    assert rules(with_units(site=7)) == {"reserve once"}


def test_not_more_units_than_asked_for() -> None:
    few = replace(FOUND, kind=replace(FOUND.kind, units=2))
    assert rules(few) == {"reserve once"}


def test_one_reserve_holds_one_block_at_a_time() -> None:
    assert "reserve time" in rules(FOUND, None, FOUND)
    assert "reserve time" in rules(replace(FOUND, to_hour=1, minutes=FOUND.minutes[:, :, :1]))
    long = kind(end=START + timedelta(hours=5))
    assert "reserve time" in rules(block(of=long, hours=range(5)))


def test_posts_ask_for_whole_crews() -> None:
    first, *rest = reserve_posts(ReservePlan((FOUND,)), SWORN)
    assert rules(FOUND, (replace(first, required=3), *rest)) == {"reserve head-count"}
    assert rules(FOUND, tuple(rest)) == {"reserve head-count"}
    assert rules(FOUND, (first, *rest, replace(first, post_id="again"))) == {"reserve head-count"}


def test_minutes_are_those_of_the_roads() -> None:
    assert rules(replace(FOUND, minutes=FOUND.minutes - 0.5)) >= {"reserve minutes"}
    lost = np.where(np.isfinite(FOUND.minutes), FOUND.minutes, 20.0)
    assert rules(replace(FOUND, minutes=lost)) == {"reserve minutes"}


def test_a_place_holds_its_units_and_is_what_it_is_called() -> None:
    full = replace(FOUND, kind=replace(FOUND.kind, most_a_place=1))
    assert "reserve room" in rules(
        replace(
            full,
            choice=replace(full.choice, units=(replace(full.units[0], place=3), *full.units[1:])),
        )
    )
    assert "reserve place" in rules(replace(FOUND, lon=FOUND.lon + 0.01))
    assert "reserve place" in rules(replace(FOUND, command=1 - FOUND.command))


def test_nobody_waits_in_a_core() -> None:
    x, y = CITY.grid.x[13], CITY.grid.y[13]
    core = box(x - 400, y - 400, x + 400, y + 400)
    assert rules(replace(FOUND, cores=(core,))) == {"reserve core"}


def test_costs_and_bounds_are_recomputed() -> None:
    own, more = FOUND.choice.own, FOUND.choice.more
    cheap = replace(own, cost=own.cost - 1.0, bound=own.bound - 1.0)
    assert rules(replace(FOUND, choice=replace(FOUND.choice, own=cheap))) == {"reserve cost"}
    proud = replace(more, bound=more.bound + 1.0)
    assert rules(replace(FOUND, choice=replace(FOUND.choice, more=proud))) == {"reserve bound"}
    assert "reserve cost" in rules(with_units(rank=MORE))
    swapped = tuple(replace(unit, site=1 - unit.site) for unit in FOUND.units)
    worse = replace(FOUND, choice=replace(FOUND.choice, units=swapped))
    assert "reserve cost" in rules(worse)


def test_commands_cannot_hold_more_people_than_they_have() -> None:
    plan = ReservePlan((FOUND,))
    needs = reserve_posts(plan, SWORN)
    few = tiny_people(west=4, east=4)
    assert {fault.rule for fault in check_reserve(plan, CITY, few, needs)} == {"reserve strength"}
    other = replace(FOUND, kind=replace(FOUND.kind, reserve_id="other"))
    both = ReservePlan((FOUND, other))
    crowded = check_reserve(both, CITY, tiny_people(), reserve_posts(both, SWORN))
    assert {fault.rule for fault in crowded} == {"reserve strength"}
    assert rules(replace(FOUND, kind=replace(FOUND.kind, most_share=0.4))) == {"reserve strength"}


def test_a_unit_counts_only_with_its_whole_crew() -> None:
    needs = reserve_posts(ReservePlan((FOUND,)), SWORN)
    three = tuple(PostFill(need.post_id, "rapid", need.district, 3) for need in needs)
    four = tuple(PostFill(need.post_id, "rapid", need.district, 4) for need in needs)
    guards = tuple(PostFill(need.post_id, "guard", need.district, 4) for need in needs)
    every = np.ones(3, dtype=np.bool_)
    assert check_manned_reserve(FOUND, every, PostAssignment(needs, four)) == ()
    for fills in (three, guards, ()):
        faults = check_manned_reserve(FOUND, every, PostAssignment(needs, fills))
        assert [fault.rule for fault in faults] == ["reserve crew"] * 3
    assert check_manned_reserve(FOUND, ~every, PostAssignment(needs, ())) == ()


def test_a_reserve_is_no_event_site() -> None:
    needs = reserve_posts(ReservePlan((FOUND,)), SWORN)
    assert largest_sites(CITY, needs) == ()


OFFICERS = staffing_cases.kind("cops")
SWAT = staffing_cases.kind("swat")


def test_staffing_sends_only_the_forces_named() -> None:
    """Ten officers stand idle while the four of the special force fill their crew of six."""
    held = staffing_cases.post("R", (0, 4), 6, force_ids=("swat",))
    problem = staffing_cases.town([[10, 4]], (OFFICERS, SWAT), (duty(0, 4),), 4, posts=(held,))
    found = staff(problem)
    assert [(fill.force_id, fill.officers) for fill in found.posts.fills] == [("swat", 4)]
    assert staffing_violations(problem, found) == ()
    stranger = on_posts(problem, (PostFill("R", "cops", 0, 2),))
    assert [fault.rule for fault in check_posts(problem, stranger)] == ["post role"]
    anyone = replace(held, force_ids=())
    free = staffing_cases.town([[10, 4]], (OFFICERS, SWAT), (duty(0, 4),), 4, posts=(anyone,))
    assert sum(fill.officers for fill in staff(free).posts.fills) == 6


@pytest.mark.parametrize(("people", "manned"), [(3, 0), (7, 4), (11, 8), (20, 12)])
def test_staffing_fills_whole_crews(people: int, manned: int) -> None:
    held = staffing_cases.post("R", (0, 4), 12, crew=4)
    problem = staffing_cases.town([[people]], (OFFICERS,), (duty(0, 4),), 4, posts=(held,))
    found = staff(problem)
    assert found.posts.have() == {"R": manned}
    assert staffing_violations(problem, found) == ()
    assert found.value <= found.bound + 1e-6
    if people % 4 and people < 12:
        torn = on_posts(problem, (PostFill("R", "cops", 0, people),))
        assert [fault.rule for fault in check_posts(problem, torn)] == ["post crew"]


def cars(west: int, east: int) -> Deployment:
    """Cars at the two stations in all hours."""
    units = np.zeros((1, 4, CITY.horizon.hours), dtype=np.int64)
    units[0, 0], units[0, 1] = west, east
    return Deployment(("car",), units, ())


HELD = block(of=kind(units=2))
HAVE = {need.post_id: need.required for need in reserve_posts(ReservePlan((HELD,)), SWORN)}


def test_released_units_answer_calls_where_they_stand() -> None:
    """Both hours of the reserve, one more car at 13 and at 14, as the judge of plans sees it."""
    before = cars(4, 4)
    now = evaluate(CITY, tiny_people(), before, terms=TERMS)
    plan = ReservePlan((HELD,))
    told = reserve_calls(CITY, tiny_people(), before, now, plan, HAVE, "car", TERMS)
    assert told is not None
    assert (told.hours, told.units.tolist()) == ((0, 1), [2, 2])
    more = before.units.copy()
    more[0, 2:] = 1
    after = evaluate(CITY, tiny_people(), Deployment(("car",), more, ()), terms=TERMS)
    for service, evaluation, units in (
        (told.held, now, before.units),
        (told.released, after, more),
    ):
        whole = city_service(CITY, evaluation, units)
        assert service.covered == pytest.approx(whole["covered"])
        assert service.mean_min == pytest.approx(whole["mean_min"])
        assert service.p90_min == pytest.approx(whole["p90_min"])
    assert told.released.mean_min < told.held.mean_min
    np.testing.assert_allclose(told.busy[0], after.utilisation[0, 2:, :2])
    assert (told.busy[0] > 0.0).all()


def test_only_whole_crews_are_released() -> None:
    before = cars(4, 4)
    now = evaluate(CITY, tiny_people(), before, terms=TERMS)
    plan = ReservePlan((HELD,))
    first, second = HAVE
    some = {first: 3, second: 4}
    told = reserve_calls(CITY, tiny_people(), before, now, plan, some, "car", TERMS)
    assert told is not None
    assert told.units.tolist() == [1, 1]
    assert np.isnan(told.busy[0]).tolist() == [[True, True], [False, False]]
    assert reserve_calls(CITY, tiny_people(), before, now, plan, {}, "car", TERMS) is None


def test_chance_that_nobody_is_left() -> None:
    """Own unit busy 20 % of the time, the other one within five minutes too, busy 50 %: 10 %."""
    busy = np.array([[0.2, 0.2], [0.5, 0.5]])
    both = np.array([True, True])
    mill = site_minutes(HELD, both)[0]
    assert away_chances(HELD, both, busy, mill) == pytest.approx((0.2, 0.1))
    near = replace(HELD, kind=replace(HELD.kind, within_min=4.0))
    assert away_chances(near, both, busy, mill) == pytest.approx((0.2, 0.2))
    alone = np.array([False, True])
    own, left = away_chances(near, alone, busy, site_minutes(near, alone)[0])
    assert np.isnan(own)
    assert left == 1.0
