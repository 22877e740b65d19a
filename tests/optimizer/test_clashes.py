"""Limits that clash: by how many units, at which hours, and repairs that do mend them."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.judges.clashes import (
    Clash,
    ClashKind,
    HourLimits,
    Repair,
    RepairKind,
    find_clashes,
    hour_clashes,
    limits_hold,
    mended,
)
from optimizer.patrol_wishes import PatrolWishes

POOLS = np.array([0, 0, 0, 1, 1, 2])
"""Six places in three pools."""

NEIGHBOURS = np.array([[1, 2], [2, 0], [1, 0]])
VALUE = np.array([5.0, 1.0, 3.0, 2.0, 4.0, 6.0])


def clashes(
    units: list[list[int]],
    least: list[int] | None = None,
    most: list[int] | None = None,
    share: float = 0.0,
) -> tuple[Clash, ...]:
    """Clashes of `units[pool][hour]` with limits that are the same in all hours."""
    staffed = np.array(units)
    hours = staffed.shape[1]
    low = np.zeros(6, int) if least is None else np.array(least)
    high = np.full(6, UNLIMITED) if most is None else np.array(most)
    wishes = PatrolWishes(
        np.repeat(low[None, :, None], hours, axis=2),
        np.repeat(high[None, :, None], hours, axis=2),
        POOLS,
        np.array([0, 1, 2]),
        cross_pool_share=share,
    )
    value = np.repeat(VALUE[None, :, None], hours, axis=2)
    found = find_clashes(wishes, staffed[None], value, NEIGHBOURS)
    assert limits_hold(wishes, staffed[None]) == (found == ())
    return found


def repair(clash: Clash, kind: RepairKind) -> Repair:
    (found,) = [repair for repair in clash.repairs if repair.kind == kind]
    return found


def test_limits_that_fit_do_not_clash() -> None:
    assert clashes([[3], [2], [0]], least=[1, 1, 1, 2, 0, 0], most=[1, 1, 1, 2, 2, 0]) == ()


def test_minima_above_a_pool() -> None:
    (clash,) = clashes([[4, 5, 4], [2, 2, 1], [9, 9, 9]], least=[2, 2, 1, 0, 0, 0])
    assert (clash.kind, clash.pool, clash.hours) == (ClashKind.MINIMA, 0, (0, 2))
    assert (clash.asked, clash.possible, clash.units) == (5, 4, 1)
    # A unit of place 1 saves least, in two hours. Of the neighbours pool 1 comes first; one of
    # the four own units may be taken in, and given by pool 2, once a quarter may cross (of 2 or
    # 1 units a quarter is none, of 9 it is 2).
    assert clash.repairs[0] == Repair(RepairKind.LOWER, 1, places=((1, 1),), cost=2.0)
    assert clash.repairs[1] == Repair(RepairKind.LEND, 1, pools=((2, 1),), share=0.25)


def test_the_nearest_pool_with_units_to_spare_lends() -> None:
    (clash,) = clashes([[4], [4], [9]], least=[5, 0, 0, 1, 0, 0])
    assert repair(clash, RepairKind.LEND).pools == ((1, 1),)
    (clash,) = clashes([[4], [4], [9]], least=[5, 0, 0, 4, 0, 0])
    assert repair(clash, RepairKind.LEND).pools == ((2, 1),)


def test_minima_are_dropped_from_the_least_worth_upwards() -> None:
    (clash,) = clashes([[1], [0], [0]], least=[2, 1, 2, 0, 0, 0])
    assert clash.units == 4
    assert clash.repairs == (
        Repair(RepairKind.LOWER, 4, places=((0, 1), (1, 0), (2, 0)), cost=1.0 + 2 * 3.0 + 5.0),
    )


def test_more_units_than_places_hold() -> None:
    (clash,) = clashes([[6], [1], [1]], most=[2, 0, 1, 9, 9, 9])
    assert (clash.kind, clash.asked, clash.possible) == (ClashKind.ROOM, 6, 3)
    # Place 0 is worth most, place 1 is forbidden: round by round 0, 2, 1.
    assert clash.repairs[0] == Repair(RepairKind.RAISE, 3, places=((0, 3), (1, 1), (2, 2)))
    assert repair(clash, RepairKind.RESERVE).pools == ((0, 3),)
    # Three of six may cross at a half; a pool of 1 takes 1 only when all units may.
    assert [offer.kind for offer in clash.repairs] == [RepairKind.RAISE, RepairKind.RESERVE]
    (clash,) = clashes([[4], [2], [4]], most=[2, 0, 1, 9, 9, 9])
    assert repair(clash, RepairKind.LEND) == Repair(RepairKind.LEND, 1, pools=((2, 1),), share=0.25)


def test_pools_that_clash_only_together() -> None:
    # Pool 0 may take in two, but the others keep their own minima.
    (clash,) = clashes([[4], [4], [4]], least=[6, 0, 0, 4, 0, 3], share=0.5)
    assert (clash.kind, clash.pool, clash.units) == (ClashKind.MINIMA, None, 1)
    lower = repair(clash, RepairKind.LOWER)
    assert lower.places == ((3, 3),)
    assert RepairKind.LEND not in [offer.kind for offer in clash.repairs]


def test_two_pools_clash_and_each_is_told_once() -> None:
    found = clashes([[1], [1], [5]], least=[2, 0, 0, 3, 0, 0])
    assert [(clash.pool, clash.units) for clash in found] == [(0, 1), (1, 2)]


def limits_of(seed: int) -> HourLimits:
    rng = np.random.default_rng(seed)
    least = rng.integers(0, 3, 6) * (rng.random(6) < 0.5)
    most = least + np.where(rng.random(6) < 0.6, rng.integers(0, 3, 6), 3)
    share = float(rng.choice([0.0, 0.25, 0.5, 1.0]))
    return HourLimits(least, most, POOLS, rng.integers(0, 5, 3), share)


def possible(limits: HourLimits) -> bool:
    """Whether some split of the units over the pools keeps every limit, by trying all."""
    least, most = limits.sums()
    low, high = limits.ranges()
    low, high = np.maximum(least, low), np.minimum(most, high)
    total = int(limits.units.sum())
    splits = product(*[range(total + 1)] * 3)
    return any(
        sum(split) == total and (low <= split).all() and (split <= high).all() for split in splits
    )


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**6))
def test_no_clash_means_an_allocation_exists(seed: int) -> None:
    limits = limits_of(seed)
    assert (hour_clashes(limits) == ()) == possible(limits)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6))
def test_every_repair_mends_its_clash(seed: int) -> None:
    limits = limits_of(seed)
    wishes = PatrolWishes(
        limits.place_min[None, :, None],
        limits.place_cap[None, :, None],
        POOLS,
        np.array([0, 1, 2]),
        cross_pool_share=limits.share,
    )
    found = find_clashes(wishes, limits.units[None, :, None], VALUE[None, :, None], NEIGHBOURS)
    for clash in found:
        assert RepairKind.LOWER in kinds(clash) or clash.kind == ClashKind.ROOM
        assert RepairKind.RAISE in kinds(clash) or clash.kind == ClashKind.MINIMA
        for offer in clash.repairs:
            after = hour_clashes(mended(limits, offer))
            assert (clash.kind, clash.pool) not in [other[:2] for other in after]
            if offer.kind == RepairKind.LEND and clash.pool is not None:
                assert sum(count for _, count in offer.pools) == offer.units
    if len(found) == 1:
        assert all(possible(mended(limits, offer)) for offer in found[0].repairs)


def kinds(clash: Clash) -> set[RepairKind]:
    return {offer.kind for offer in clash.repairs}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_lowering_minima_gives_up_the_least(seed: int) -> None:
    """Against every way to lower the minima of the pool by as many units."""
    limits = replace(limits_of(seed), share=0.0)
    wishes = PatrolWishes(
        limits.place_min[None, :, None],
        np.full((1, 6, 1), UNLIMITED),
        POOLS,
        np.array([0, 1, 2]),
    )
    units = limits.units[None, :, None]
    for clash in find_clashes(wishes, units, VALUE[None, :, None], NEIGHBOURS):
        inside = np.flatnonzero(clash.pool == POOLS)
        ways = product(*[range(count + 1) for count in limits.place_min[inside]])
        costs = [VALUE[inside] @ way for way in ways if sum(way) == clash.units]
        assert repair(clash, RepairKind.LOWER).cost == pytest.approx(min(costs))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_clashes_are_what_the_hour_problem_refuses(seed: int) -> None:
    limits = limits_of(seed)
    low, high = limits.ranges()

    def build() -> HourProblem:
        nothing: NDArray[np.int64] = np.zeros(7, dtype=np.int64)
        return HourProblem(
            nothing,
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.int16),
            np.zeros((1, 1)),
            np.zeros(1),
            POOLS,
            low,
            high,
            int(limits.units.sum()),
            limits.place_min,
            limits.place_cap,
        )

    if hour_clashes(limits):
        with pytest.raises(ValueError, match=r"units|group"):
            build()
    else:
        assert build().n_places == 6
