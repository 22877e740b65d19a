"""Twins: for every wish a deployment that keeps it and the nearest one that breaks it."""

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from optimizer.hour_problem import UNLIMITED
from optimizer.judges.wish_rules import (
    check_changes,
    check_crossings,
    check_place_limits,
    check_pool_ranges,
    check_stays,
    forced_changes,
    newcomers,
    wish_violations,
)
from optimizer.patrol_wishes import PatrolWishes
from optimizer.plan import Deployment, UnitMove

POOLS = np.array([0, 0, 1, 1])
"""Four places in two pools; the stations of the pools are places 0 and 2."""


def wishes(hours: int, **terms: object) -> PatrolWishes:
    shape = (1, 4, hours)
    free = {"place_min": np.zeros(shape), "place_cap": np.full(shape, UNLIMITED)}
    return PatrolWishes(**(free | {"pool_of_place": POOLS, "pool_of_station": [0, 1]} | terms))


def at_hour(hours: int, place: int, hour: int, count: int, base: int = 0) -> NDArray[np.int64]:
    array = np.full((1, 4, hours), base)
    array[0, place, hour] = count
    return array


def plan(*places: list[int], origins: tuple[UnitMove, ...] = ()) -> Deployment:
    """Units by hour of each of the four places."""
    return Deployment(("car",), np.array([places]), origins)


def staffed(*pools: list[int]) -> NDArray[np.int64]:
    return np.array([pools])


def test_minima_and_maxima_of_places() -> None:
    asked = wishes(2, place_min=at_hour(2, 1, 1, 2), place_cap=at_hour(2, 2, 0, 0, base=UNLIMITED))
    assert check_place_limits(asked, plan([0, 0], [0, 2], [0, 9], [0, 0])) == []
    (few,) = check_place_limits(asked, plan([0, 0], [2, 1], [0, 0], [0, 0]))
    assert str(few) == "place minimum: place 1, car, hour 1: 1, allowed 2"
    (many,) = check_place_limits(asked, plan([0, 0], [0, 2], [1, 0], [0, 0]))
    assert str(many) == "place maximum: place 2, car, hour 0: 1, allowed 0"


def test_a_pin_allows_one_number_only() -> None:
    pin = wishes(1, place_min=at_hour(1, 0, 0, 2), place_cap=at_hour(1, 0, 0, 2, base=UNLIMITED))
    for count, rules in ((1, ["place minimum"]), (2, []), (3, ["place maximum"])):
        found = check_place_limits(pin, plan([count], [0], [0], [0]))
        assert [fault.rule for fault in found] == rules


def test_pools_hold_their_own_units() -> None:
    own = staffed([4], [2])
    assert check_pool_ranges(wishes(1), plan([1], [3], [2], [0]), own) == []
    shifted = plan([1], [2], [2], [1])
    found = check_pool_ranges(wishes(1), shifted, own)
    assert [str(fault) for fault in found] == [
        "pool units: pool 0, car, hour 0: 3, allowed 4",
        "pool units: pool 1, car, hour 0: 3, allowed 2",
    ]
    assert len(check_pool_ranges(wishes(1, cross_pool_share=0.49), shifted, own)) == 1
    assert check_pool_ranges(wishes(1, cross_pool_share=0.5), shifted, own) == []


def test_units_from_another_pool_come_only_within_the_share() -> None:
    own = staffed([4], [2])
    home = plan([3], [0], [2], [1], origins=(UnitMove("car", 0, 0, 0, 3),))
    abroad = replace(home, origins=(*home.origins, UnitMove("car", 0, 0, 3, 1)))
    assert check_crossings(wishes(1), home, own) == []
    assert [fault.where for fault in check_crossings(wishes(1), abroad, own)] == [
        "pool 0, car, given to other pools",
        "pool 1, car, taken from other pools",
    ]
    assert check_crossings(wishes(1, cross_pool_share=0.5), abroad, own) == []
    (taken,) = check_crossings(wishes(1, cross_pool_share=0.3), abroad, own)
    assert (taken.where, taken.allowed) == ("pool 1, car, taken from other pools", 0.0)


def test_a_unit_stays_its_hours() -> None:
    # One unit; it comes to place 1 in hour 1 and may leave after two hours there.
    own = staffed([1, 1, 1, 1], [0, 0, 0, 0])
    stays = plan([1, 0, 0, 1], [0, 1, 1, 0], [0] * 4, [0] * 4)
    leaves = plan([1, 0, 1, 1], [0, 1, 0, 0], [0] * 4, [0] * 4)
    for hours, kept in ((1, True), (2, False)):
        asked = wishes(4, min_stay_h=hours)
        assert check_stays(asked, stays, own) == []
        assert (check_stays(asked, leaves, own) == []) == kept
    (fault,) = check_stays(wishes(4, min_stay_h=2), leaves, own)
    assert str(fault) == "stay: pool 0, car, hour 2: 1, allowed 0"


def test_units_of_the_first_hour_may_leave_at_once() -> None:
    own = staffed([1, 1], [0, 0])
    moved = plan([1, 0], [0, 1], [0, 0], [0, 0])
    assert check_stays(wishes(2, min_stay_h=6), moved, own) == []


def test_a_shrinking_pool_lets_the_longest_standing_go_first() -> None:
    # One unit stands at place 0 from the start, one comes to place 1 in hour 1; in hour 2 the
    # pool has one unit less.
    own = staffed([1, 2, 1], [0, 0, 0])
    asked = wishes(3, min_stay_h=3)
    old_goes = plan([1, 1, 0], [0, 1, 1], [0] * 3, [0] * 3)
    young_goes = plan([1, 1, 1], [0, 1, 0], [0] * 3, [0] * 3)
    assert check_stays(asked, old_goes, own) == []
    (fault,) = check_stays(asked, young_goes, own)
    assert (fault.found, fault.allowed) == (1.0, 0.0)
    # When both came lately one of them has to go.
    both_young = plan([0, 1, 1], [0, 1, 0], [0] * 3, [0] * 3)
    assert check_stays(asked, both_young, staffed([0, 2, 1], [0, 0, 0])) == []


def test_limits_go_before_a_stay() -> None:
    own = staffed([1, 1, 1], [0, 0, 0])
    moved = plan([1, 0, 1], [0, 1, 0], [0] * 3, [0] * 3)
    assert len(check_stays(wishes(3, min_stay_h=2), moved, own)) == 1
    closed = wishes(3, min_stay_h=2, place_cap=at_hour(3, 1, 2, 0, base=UNLIMITED))
    pinned = wishes(3, min_stay_h=2, place_min=at_hour(3, 0, 2, 1))
    assert check_stays(closed, moved, own) == []
    assert check_stays(pinned, moved, own) == []


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.5, 1.0]))
def test_what_a_stay_forces_is_what_no_allocation_avoids(seed: int, share: float) -> None:
    """Against all allocations of the next hour: only those that lose the fewest keep the rule."""
    rng = np.random.default_rng(seed)
    before, staffing = rng.integers(0, 3, 4), rng.integers(0, 4, 2)
    least = rng.integers(0, 2, 4) * (rng.random(4) < 0.3)
    most = np.where(rng.random(4) < 0.3, least + 1, UNLIMITED)
    asked = wishes(
        3,
        min_stay_h=2,
        cross_pool_share=share,
        place_min=np.stack([0 * least, 0 * least, least], axis=1)[None],
        place_cap=np.stack([0 * least + 9, 0 * least + 9, most], axis=1)[None],
    )
    own = np.array([[[0, 9, count] for count in staffing]])
    low, high = asked.pool_range(staffing)
    feasible = [
        after
        for after in product(range(int(staffing.sum()) + 1), repeat=4)
        if sum(after) == staffing.sum()
        and (np.array(after) >= least).all()
        and (np.array(after) <= most).all()
        and (low <= np.bincount(POOLS, after)).all()
        and (np.bincount(POOLS, after) <= high).all()
    ]
    lost = [int(np.maximum(before - after, 0).sum()) for after in feasible]
    for after, gone in zip(feasible, lost, strict=True):
        hours = np.stack([0 * before, before, after], axis=1)
        found = check_stays(asked, Deployment(("car",), hours[None], ()), own)
        assert (found == []) == (gone == min(lost))


def test_newcomers_are_those_of_the_last_hours() -> None:
    # 2 stand from the start, 1 comes in hour 1, 2 in hour 2, then one leaves: an old one.
    units = np.array([[2, 3, 5, 4, 4]])
    assert newcomers(units, 1).tolist() == [[0, 0, 0, 0]]
    assert newcomers(units, 2).tolist() == [[0, 1, 2, 0]]
    assert newcomers(units, 3).tolist() == [[0, 1, 3, 2]]
    assert newcomers(units, 9).tolist() == [[0, 1, 3, 3]]


def test_the_budget_of_changes() -> None:
    """In the west one unit leaves place 0 in each hour, in the east one leaves place 2 at last.

    The west has 2 units, so nobody has to go there; of the east's 1 unit none either.
    """
    given_units = np.array([[[2, 2], [0, 0], [1, 1], [0, 0]]])
    changed = plan([1, 1], [1, 1], [1, 0], [0, 1])
    have = staffed([3, 3], [1, 1])
    assert check_changes(wishes(2), changed, have) == []
    for budget, rules in ((3, []), (2, ["changes"])):
        asked = wishes(2, given=given_units, max_changes=budget)
        assert [fault.rule for fault in check_changes(asked, changed, have)] == rules
    assert check_changes(wishes(2, given=given_units), changed, have) == []


def test_units_that_have_to_leave_are_not_charged_to_the_budget() -> None:
    given_units = np.array([[[2, 2], [0, 0], [1, 1], [0, 0]]])
    fewer = plan([1, 1], [0, 0], [0, 0], [0, 0])
    asked = wishes(2, given=given_units, max_changes=0)
    assert forced_changes(asked, 0, given_units[0], np.array([[1, 1], [0, 0]])) == 4
    assert check_changes(asked, fewer, staffed([1, 1], [0, 0])) == []
    (fault,) = check_changes(asked, fewer, staffed([2, 2], [0, 0]))
    assert (fault.found, fault.allowed) == (4.0, 2.0)


def test_all_wishes_are_looked_at() -> None:
    asked = wishes(
        3,
        place_min=at_hour(3, 3, 0, 1),
        min_stay_h=3,
        given=np.array([[[1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]]),
        max_changes=0,
    )
    moves = (UnitMove("car", 0, 0, 2, 1),)
    messy = plan([1, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0], origins=moves)
    rules = {fault.rule for fault in wish_violations(asked, messy, staffed([1, 1, 1], [0, 0, 0]))}
    assert rules == {"place minimum", "pool units", "crossing units", "stay", "changes"}
