"""Wishes that bind hours together: stays, costly moves, small changes of a given plan."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.forecast import DemandForecast
from geodata.situation import Situation
from optimizer.models.patrol.allocation import allocate
from optimizer.models.patrol.steady import aged, changes, young_pins
from optimizer.patrol_wishes import PatrolWishes, no_wishes
from tests.optimizer.patrol_cases import problem_of
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city

HOURS = 6
LIMITS = np.array([[4, 3, 4, 4, 2, 4], [2, 2, 3, 1, 2, 2]])


def wishes_for(**asked: object) -> PatrolWishes:
    """Wishes of the tiny city over six hours."""
    return replace(no_wishes(tiny_city(hours=HOURS), 1), **asked)


def restless_city() -> Situation:
    """The tiny city with calls that jump between the north and the south every hour."""
    city = tiny_city(hours=HOURS)
    rate = np.zeros((16, HOURS, 2), dtype=np.float32)
    for hour in range(HOURS):
        rate[[0, 3] if hour % 2 else [13, 14], hour, 0] = 2.0
    return replace(city, forecast=DemandForecast(rate, 16, HOURS, ("theft", "noise")))


def stays_too_short(units: np.ndarray, least_h: int) -> int:
    """Units that left a place before `least_h` hours, followed one by one, oldest leaving first."""
    short = 0
    for row in units:
        came = [-least_h] * int(row[0])
        for hour in range(1, len(row)):
            while len(came) > row[hour]:
                short += hour - came.pop(0) < least_h
            came += [hour] * int(row[hour] - len(came))
    return short


def test_units_stay_as_long_as_asked_while_their_pool_is_large_enough() -> None:
    even = np.repeat(np.array([[4], [2]]), HOURS, axis=1)
    city = restless_city()
    free = allocate(city, CAR, even, TERMS)
    calm = allocate(city, CAR, even, TERMS, wishes=wishes_for(min_stay_h=3))
    assert stays_too_short(free.units, 3) > 0
    assert stays_too_short(calm.units, 3) == 0
    assert calm.units.sum(axis=0).tolist() == [6] * HOURS
    assert (calm.missed >= calm.missed_bound - 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_ages_count_every_unit_once(seed: int, least_h: int) -> None:
    rng = np.random.default_rng(seed)
    ages = np.zeros((3, least_h), dtype=np.int64)
    for hour in range(5):
        units = rng.integers(0, 4, 3)
        ages = aged(ages, units, first=hour == 0)
        assert (ages >= 0).all()
        assert ages.sum(axis=1).tolist() == units.tolist()


def test_ages_worked_out_by_hand() -> None:
    """Stays of three hours: two units come, one of them leaves, another comes."""
    ages = aged(np.zeros((1, 3), dtype=np.int64), np.array([1]), first=True)
    assert ages.tolist() == [[0, 0, 1]]
    ages = aged(ages, np.array([3]))
    assert ages.tolist() == [[2, 0, 1]]
    ages = aged(ages, np.array([2]))
    assert ages.tolist() == [[0, 2, 0]]
    ages = aged(ages, np.array([3]))
    assert ages.tolist() == [[1, 0, 2]]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_pins_of_young_units_always_leave_a_feasible_problem(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low, cap = np.array([0, 0, 1, 0]), rng.integers(1, 4, 4)
    most = np.array([cap[0] + cap[1], cap[2] + cap[3]])
    limit = np.maximum(rng.integers(0, most + 1), [0, 1])
    least = np.maximum(limit - rng.integers(0, 2, 2), [0, 1])
    problem = problem_of(
        [[0], [0], [0], [0]],
        np.ones((1, 1)),
        0.5,
        group=[0, 0, 1, 1],
        limit=least.tolist(),
        group_max=np.minimum(limit + 1, most).tolist(),
        total=int(limit.sum()),
        place_min=low.tolist(),
        place_cap=cap.tolist(),
    )
    young = rng.integers(0, 4, 4)
    pinned = young_pins(problem, young)
    assert (pinned >= low).all()
    assert (pinned <= np.maximum(low, young)).all()
    replace(problem, place_min=pinned)


def test_dear_moves_keep_units_where_they_are() -> None:
    city = restless_city()
    even = np.repeat(np.array([[3], [2]]), HOURS, axis=1)
    moved = [
        int(np.abs(np.diff(found.units, axis=1)).sum())
        for found in (
            allocate(city, CAR, even, TERMS, wishes=wishes_for(move_min=minutes))
            for minutes in (0.0, 120.0, 6000.0)
        )
    ]
    assert moved[0] > moved[1] > moved[2] == 0


@pytest.mark.parametrize("budget", [0, 1, 3, 100])
def test_a_change_budget_is_kept(budget: int) -> None:
    city = tiny_city(hours=HOURS)
    given_units = np.zeros((1, 4, HOURS), dtype=np.int64)
    given_units[0, 0], given_units[0, 1] = LIMITS
    asked = wishes_for(given=given_units, max_changes=budget)
    found = allocate(city, CAR, LIMITS, TERMS, wishes=asked)
    assert changes(found.units, given_units[0]) <= budget
    assert found.missed_bound.sum() - found.budget_worth <= found.missed.sum() + 1e-9
    if budget == 0:
        assert np.array_equal(found.units, given_units[0])


def test_a_larger_budget_never_misses_more() -> None:
    city = tiny_city(hours=HOURS)
    given_units = np.zeros((1, 4, HOURS), dtype=np.int64)
    given_units[0, 0], given_units[0, 1] = LIMITS
    missed = [
        allocate(
            city, CAR, LIMITS, TERMS, wishes=wishes_for(given=given_units, max_changes=budget)
        ).missed.sum()
        for budget in (0, 2, 5, 50)
    ]
    assert all(more <= less + 1e-9 for less, more in pairwise(missed))
    assert missed[-1] < missed[0]
