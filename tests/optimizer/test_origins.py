"""Which station each unit comes from: pools, what may cross between them, least travel."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from optimizer.judges.deployment_rules import check_origins
from optimizer.judges.wish_rules import check_crossings
from optimizer.models.patrol.origins import least_travel, unit_origins
from optimizer.patrol_wishes import PatrolWishes, no_wishes
from optimizer.plan import Deployment, UnitMove
from tests.optimizer.tiny_city import tiny_city

CITY = tiny_city(hours=1)
FORBIDDEN = 10**6


def sharing(share: float) -> PatrolWishes:
    return replace(no_wishes(CITY, 1), cross_pool_share=share)


def origins(units: list[int], available: list[int], share: float) -> tuple[UnitMove, ...]:
    standing, staffed = np.array(units)[:, None], np.array(available)[:, None]
    return unit_origins(CITY, "car", standing, staffed, sharing(share))


def test_a_unit_crosses_where_that_is_the_least_travel() -> None:
    # Places 0 and 2 are west, 1 and 3 east. The east's two units stand with a third, one of
    # them at its station. West's unit needs 6 min to the eastern station and 14.4 to place 3;
    # the eastern ones 8 min to place 3: 6 + 8 + 8 beats 0 + 8 + 14.4.
    assert origins([1, 1, 1, 2], [3, 2], 0.5) == (
        UnitMove("car", 0, 0, 0, 1),
        UnitMove("car", 0, 0, 1, 1),
        UnitMove("car", 0, 0, 2, 1),
        UnitMove("car", 0, 1, 3, 2),
    )


def test_a_share_that_is_too_small_is_a_shortage() -> None:
    for share in (0.0, 0.49):
        with pytest.raises(ValueError, match="East, hour 0: 3 car units to place, 2 available"):
            origins([1, 1, 1, 2], [3, 2], share)


def test_a_pool_that_gives_keeps_what_it_may_not_give() -> None:
    # A quarter of the west's four may cross; the eastern station asks for one and gets it.
    moves = origins([0, 5, 0, 0], [4, 4], 0.25)
    assert moves == (UnitMove("car", 0, 0, 1, 1), UnitMove("car", 0, 1, 1, 4))
    with pytest.raises(ValueError, match="hour 0: 6 car units to place, 4 available, 25 %"):
        origins([0, 6, 0, 0], [4, 4], 0.25)


def test_own_units_go_before_those_of_others() -> None:
    # West's station is nearer to cell 13 than any, but the west needs nobody: nothing crosses.
    assert origins([0, 0, 1, 1], [1, 1], 1.0) == (
        UnitMove("car", 0, 0, 2, 1),
        UnitMove("car", 0, 1, 3, 1),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.2, 0.5, 1.0]))
def test_every_unit_comes_from_somewhere_within_the_share(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    available = rng.integers(0, 7, 2)
    across = np.floor(share * available).astype(int)
    crossing = rng.integers(0, min(across) + 1) * rng.choice([-1, 1])
    standing = available + np.array([crossing, -crossing])
    split = np.array([rng.integers(0, count + 1) for count in standing])
    units = np.array([split[0], split[1], standing[0] - split[0], standing[1] - split[1]])
    moves = origins(units.tolist(), available.tolist(), share)
    deployment = Deployment(("car",), units[None, :, None], moves)
    assert check_origins(deployment) == []
    assert check_crossings(sharing(share), deployment, available[None, :, None]) == []
    sent = np.zeros(2, dtype=int)
    for move in moves:
        sent[move.station] += move.units
    assert sent.tolist() == available.tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_forbidden_ways_are_not_gone(seed: int) -> None:
    """Against an assignment of single units in which a forbidden way costs a fortune."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 50, (3, 4))
    may_go = rng.random((3, 4)) < 0.6
    supply, demand = rng.integers(0, 4, 3), rng.integers(1, 3, 4)
    flow = least_travel(cost, supply, demand, may_go=may_go)
    dear = np.where(may_go, cost, FORBIDDEN)
    single = np.repeat(np.repeat(dear, supply, axis=0), demand, axis=1)
    rows, columns = linear_sum_assignment(single)
    least = single[rows, columns].sum()
    possible = len(rows) == demand.sum() and least < FORBIDDEN
    assert (flow is not None) == possible
    if flow is not None:
        assert flow.sum(axis=0).tolist() == demand.tolist()
        assert not flow[~may_go].any()
        assert (flow * cost).sum() == least


def test_units_that_may_not_idle_all_go() -> None:
    cost = np.array([[9], [1]])
    free = least_travel(cost, np.array([1, 1]), np.array([1]))
    bound = least_travel(cost, np.array([1, 1]), np.array([1]), may_idle=np.array([False, True]))
    assert free is not None
    assert bound is not None
    assert (free.tolist(), bound.tolist()) == ([[0], [1]], [[1], [0]])
