"""Allocation over the horizon, origins of the units and value curves, on the tiny city."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from optimizer.calls import call_load, response_cutoff_min
from optimizer.judges.objective import hour_objective, hour_shortfall
from optimizer.judges.queueing import busy_units
from optimizer.models.patrol import allocation
from optimizer.models.patrol.allocation import (
    allocate,
    guessed_busy,
    hour_problem,
    patrol_model,
    place_units,
    proven,
    unit_value_curves,
)
from optimizer.models.patrol.hour_rounds import HourAsk, HourFound, settle_hour
from optimizer.models.patrol.origins import least_travel, unit_origins
from optimizer.models.patrol.placing import allocate_hour
from optimizer.patrol_wishes import no_wishes
from optimizer.plan import UnitMove
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city

LIMITS = np.array([[8, 4], [4, 2]])


def test_calls_and_cutoff_of_the_tiny_city() -> None:
    load = call_load(tiny_city(), CAR, 0, TERMS)
    assert load.calls_per_h[[0, 13, 14]].tolist() == [4.0, 1.0, 2.0]
    assert load.scene_h[0] == 0.5
    assert load.calls_per_h.sum() == 7.0
    assert response_cutoff_min(tiny_city(), CAR) == 9.0


def test_surrogate_is_the_capped_response_worked_out_by_hand() -> None:
    """One unit that is never busy, in the west.

    At station 0: 4 x 1 + 1 x 9 minutes and cell 14 unserved, 2 x 20: 53 call-minutes. At standby
    point 13: 4 x 8 + 1 x 0 + 2 x 2 = 36.
    """
    city = tiny_city()
    model = patrol_model(city, CAR, TERMS)
    load = model.load(0)
    problem = hour_problem(model, 0, load, np.zeros(16), np.array([1, 0]))
    assert hour_shortfall(problem, np.array([1, 0, 0, 0])) == pytest.approx(53)
    assert hour_shortfall(problem, np.array([0, 0, 1, 0])) == pytest.approx(36)
    assert allocate_hour(problem).tolist() == [0, 0, 1, 0]


def test_plenty_of_units_wait_where_the_calls_are() -> None:
    """East has calls at cell 14 only, where its standby point is; west has most at cell 0."""
    found = allocate(tiny_city(hours=1), CAR, np.array([[14], [6]]), TERMS)
    assert found.units[:, 0].sum() == 20
    assert found.units[3, 0] >= 4
    assert found.units[0, 0] > found.units[2, 0]
    assert found.converged.all()


@pytest.mark.parametrize(
    ("west", "east", "slack"), [(2, 1, 0.2), (4, 2, 0.2), (6, 3, 0.05), (8, 4, 0.05)]
)
def test_allocation_is_close_to_the_best_the_judge_can_find(
    west: int, east: int, slack: float
) -> None:
    """Every split of the units over the two places of each district, judged.

    With a handful of overloaded units the engine's independent busy units are a rough guide.
    """
    city = tiny_city(hours=1)
    model = patrol_model(city, CAR, TERMS)
    load, reach = model.load(0), model.reach_of(0)[2]
    judged = [
        load.weight
        @ busy_units(reach, np.array([a, b, west - a, east - b]), load).capped_response_min(20.0)
        for a in range(west + 1)
        for b in range(east + 1)
    ]
    found = allocate(city, CAR, np.array([[west], [east]]), TERMS)
    assert min(judged) <= found.response_sum[0] <= (1.0 + slack) * min(judged)


def test_allocation_is_never_worse_than_practice() -> None:
    for west in range(1, 9):
        limits = np.array([[west, west], [2, 3]])
        found = allocate(tiny_city(), CAR, limits, TERMS)
        assert (found.response_sum <= found.practice_sum).all()


def test_more_units_never_lengthen_the_judged_response() -> None:
    sums = [
        allocate(tiny_city(hours=1), CAR, np.array([[n], [n]]), TERMS).response_sum[0]
        for n in range(1, 8)
    ]
    assert (np.diff(sums) < 0).all()


def test_moving_the_coordinates_and_repeating_change_nothing() -> None:
    first = allocate(tiny_city(), CAR, LIMITS, TERMS)
    moved = allocate(tiny_city(shift_cells=23), CAR, LIMITS, TERMS)
    assert np.array_equal(first.units, moved.units)
    assert first.response_sum.tobytes() == moved.response_sum.tobytes()


def test_the_number_of_workers_changes_nothing() -> None:
    city = tiny_city(hours=14)
    limits = np.tile(LIMITS, (1, 7))
    one, two = (allocate(city, CAR, limits, TERMS, workers=workers) for workers in (1, 2))
    for name in ("units", "busy", "response_sum", "missed", "missed_bound"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_every_hour_has_a_bound_below_what_its_units_miss() -> None:
    found = allocate(tiny_city(), CAR, LIMITS, TERMS)
    assert (found.missed_bound <= found.missed + 1e-9).all()
    assert (found.missed_bound >= 0).all()
    assert (found.wish_cost == 0).all()


def test_pins_and_forbidden_places_are_kept() -> None:
    pins, caps = np.array([0, 2, 0, 0]), np.array([9, 9, 0, 9])
    city = tiny_city()
    hours = (1, 4, city.horizon.hours)
    limited = replace(
        no_wishes(city, 1),
        place_min=np.broadcast_to(pins[None, :, None], hours),
        place_cap=np.broadcast_to(caps[None, :, None], hours),
    )
    found = allocate(city, CAR, LIMITS, TERMS, wishes=limited)
    assert found.units[2].tolist() == [0, 0]
    assert (found.units[1] >= 2).all()
    assert not found.kept_practice.any()


def test_a_later_placing_starts_from_the_busy_shares_of_the_earlier_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half the units double the guessed share of an hour, so the found shares double too."""
    city, half = tiny_city(), np.array([[16, 8], [8, 4]])
    earlier = place_units(city, CAR, 2 * half, TERMS)
    began: list[np.ndarray] = []

    def noted(ask: HourAsk, practice: tuple, busy: np.ndarray, rounds: int) -> HourFound:
        began.append(busy)
        assert rounds == 1
        return settle_hour(ask, practice, busy, rounds)

    monkeypatch.setattr(allocation, "settle_hour", noted)
    same = place_units(city, CAR, 2 * half, TERMS, earlier=earlier, workers=1)
    fewer = place_units(city, CAR, half, TERMS, earlier=earlier, workers=1)
    assert np.allclose(np.stack(began[:2], axis=1), earlier.busy)
    guess = [guessed_busy(ask.load, int(ask.pool_units.sum()))[0] for ask in earlier.asks]
    assert min(guess) > 0.02
    assert np.allclose(np.stack(began[2:], axis=1), 2.0 * earlier.busy)
    assert (same.plan.units.sum(axis=0) == [48, 24]).all()
    assert (fewer.plan.units.sum(axis=0) == [24, 12]).all()


def test_a_later_placing_repeats_exactly_and_is_proved_like_any_other() -> None:
    city = tiny_city(hours=14)
    limits = np.tile(LIMITS, (1, 7))
    earlier = place_units(city, CAR, np.tile([[6, 4], [5, 3]], (1, 7)), TERMS)
    one, two = (
        proven(place_units(city, CAR, limits, TERMS, earlier=earlier, workers=workers))
        for workers in (1, 2)
    )
    for name in ("units", "busy", "response_sum", "missed", "missed_bound", "cut_slope"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    afresh = allocate(city, CAR, limits, TERMS)
    assert one.response_sum.sum() <= 1.01 * afresh.response_sum.sum()
    assert (one.response_sum <= one.practice_sum).all()
    assert (one.missed_bound <= one.missed + 1e-9).all()


def test_no_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="0 rounds; at least 1 is needed"):
        allocate(tiny_city(), CAR, LIMITS, TERMS, rounds=0)


def test_value_curve_is_what_the_units_add_to_the_objective() -> None:
    city = tiny_city(hours=1)
    curves = unit_value_curves(city, CAR, np.array([9]), TERMS)
    model = patrol_model(city, CAR, TERMS)
    load = model.load(0)
    busy = guessed_busy(load, 9)
    best = max(
        hour_objective(hour_problem(model, 0, load, busy, np.array([5, 5])), single)
        for single in np.eye(4, dtype=int)
    )
    assert curves[:, 0, 0].max() == pytest.approx(best)
    assert (np.diff(curves, axis=2) <= 0).all()
    assert np.count_nonzero(curves) == 9


def test_units_come_from_the_stations_of_their_district() -> None:
    units = np.array([[1, 0], [0, 0], [2, 1], [3, 0]])
    available = np.array([[4, 1], [3, 0]])
    assert unit_origins(tiny_city(), "car", units, available) == (
        UnitMove("car", 0, 0, 0, 1),
        UnitMove("car", 0, 0, 2, 2),
        UnitMove("car", 0, 1, 3, 3),
        UnitMove("car", 1, 0, 2, 1),
    )


def test_too_few_units_are_named_by_district_and_hour() -> None:
    units = np.zeros((4, 2), dtype=int)
    units[3, 1] = 2
    with pytest.raises(ValueError, match="East, hour 1: 2 car units to place, 1 available"):
        unit_origins(tiny_city(), "car", units, np.ones((2, 2), dtype=int))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4))
def test_origins_travel_least(seed: int, homes: int, goals: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 50, (homes, goals))
    demand = rng.integers(1, 4, goals)
    supply = rng.multinomial(demand.sum() + 2, np.ones(homes) / homes)
    flow = least_travel(cost, supply, demand)
    assert flow is not None
    assert flow.sum(axis=0).tolist() == demand.tolist()
    assert (flow.sum(axis=1) <= supply).all()
    one_by_one = np.repeat(np.repeat(cost, supply, axis=0), demand, axis=1)
    assert (cost * flow).sum() == one_by_one[linear_sum_assignment(one_by_one)].sum()
