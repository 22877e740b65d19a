"""Marginal values: figures by hand, brute force, and what must hold in every small problem."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.incidents import ZONES
from geodata.situation import Situation
from optimizer.calls import call_load
from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import hour_objective
from optimizer.judges.queueing import busy_units
from optimizer.marginal_value import CHANGES, MarginalValue
from optimizer.models.patrol.marginal import LEAST_BUSY, marginal_value
from optimizer.models.patrol.marginal_steps import tails_of, unit_steps_of_area
from optimizer.models.patrol.placing import allocate_hour
from optimizer.reach import cell_lists
from tests.optimizer.patrol_cases import optimum, problems
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city

WEST, EAST = 0, 1
PLUS_1, PLUS_5, PLUS_10, MINUS_1, MINUS_5, MINUS_10 = range(6)
STATIONS_ONLY = np.array([[1, 1], [1, 1], [0, 0], [0, 0]])


def value_of(situation: Situation, units: np.ndarray, busy: float = 0.5, **rest) -> MarginalValue:
    share = np.full((situation.grid.n_cells, situation.horizon.hours), busy)
    return marginal_value(situation, CAR, TERMS, units, share, **{"sample": 0, **rest})


def steps_of(
    problem: HourProblem, units: np.ndarray, places: np.ndarray, steps: int, *, more: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Places and gains of the steps, every place open and every cell counted."""
    busy = np.maximum(problem.busy, LEAST_BUSY)
    lists = (problem.indptr, problem.cell, problem.bin)
    tail = tails_of(*lists, problem.gain, busy, units)
    work = tail.copy()
    every = np.ones(problem.n_cells, dtype=np.bool_)
    room = np.full(len(places), steps) if more else units[places]
    found = unit_steps_of_area(*lists, busy, every, tail, work, places, room, steps, more)
    assert (work == tail).all()
    return found


@st.composite
def standing_plans(draw: st.DrawFn) -> tuple[HourProblem, np.ndarray]:
    problem = draw(problems(groups=1))
    size = problem.n_places
    return problem, np.array(draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)))


def unit_at(problem: HourProblem, place: int) -> np.ndarray:
    return np.eye(problem.n_places, dtype=np.int64)[place]


@settings(max_examples=60)
@given(standing_plans())
def test_units_that_come(case: tuple[HourProblem, np.ndarray]) -> None:
    """The first is the best single addition; gains are the objective's and never grow."""
    problem, units = case
    chosen, gains = steps_of(problem, units, np.arange(problem.n_places), 10, more=True)
    before = hour_objective(problem, units)
    single = [
        hour_objective(problem, units + unit_at(problem, place)) - before
        for place in range(problem.n_places)
    ]
    assert gains[0] == pytest.approx(max(single), abs=1e-6)
    after = units + np.bincount(chosen, minlength=problem.n_places)
    assert gains.sum() == pytest.approx(hour_objective(problem, after) - before, abs=1e-6)
    assert (np.diff(gains) <= 1e-6).all()
    assert gains.sum() <= 10 * gains[0] + 1e-6


@settings(max_examples=60)
@given(standing_plans())
def test_units_that_go(case: tuple[HourProblem, np.ndarray]) -> None:
    """The first is the least missed of all; losses are the objective's and never shrink."""
    problem, units = case
    chosen, losses = steps_of(problem, units, np.arange(problem.n_places), 4, more=False)
    assert len(losses) == min(4, units.sum())
    before = hour_objective(problem, units)
    single = [
        before - hour_objective(problem, units - unit_at(problem, place))
        for place in np.flatnonzero(units)
    ]
    if single:
        assert losses[0] == pytest.approx(min(single), abs=1e-6)
    after = units - np.bincount(chosen, minlength=problem.n_places)
    assert (after >= 0).all()
    assert losses.sum() == pytest.approx(before - hour_objective(problem, after), abs=1e-6)
    assert (losses >= 0).all()
    assert (np.diff(losses) >= -1e-6).all()


@settings(max_examples=40)
@given(problems(groups=1), st.integers(1, 2))
def test_the_best_of_more_units_gains_at_least_as_much(problem: HourProblem, more: int) -> None:
    """The additions are one allocation of the larger problem, the removals one of the smaller."""
    units = allocate_hour(problem)
    value, places = hour_objective(problem, units), np.arange(problem.n_places)
    _, gains = steps_of(problem, units, places, more, more=True)
    assert optimum(resized(problem, more)) >= value + gains.sum() - 1e-6
    if problem.total >= more:
        _, losses = steps_of(problem, units, places, more, more=False)
        assert optimum(resized(problem, -more)) >= value - losses.sum() - 1e-6


def resized(problem: HourProblem, more: int) -> HourProblem:
    limit = problem.group_max + more
    return replace(problem, total=problem.total + more, group_min=limit, group_max=limit)


def unrelieved_of(values: MarginalValue, command: int, hour: int, change: int) -> float:
    (one,) = (
        one
        for one in values.checked
        if (one.command, one.hour, one.change) == (command, hour, change)
    )
    return one.unrelieved


def test_units_that_relieve_nobody_by_hand() -> None:
    """A car at each station; half of the time a car is busy; an unserved call counts 20 minutes.

    A second car at the station (1 minute to cell 0, 9 to cell 13) saves 3.125 minutes of 4 calls
    and 2.75 of one: 15.25. At the standby point it is at cell 13 at once, at cell 14 after 2
    minutes and at cell 0 after 8: 7.25 x 1 + 6.25 x 2 + 1.5 x 4 = 25.75. Without its only car
    cell 0 waits 13.5 instead of 7.25 minutes, cell 13 20 instead of 14.5.
    """
    found = value_of(tiny_city(), STATIONS_ONLY, sample=100)
    assert unrelieved_of(found, WEST, 0, PLUS_1) == pytest.approx(25.75)
    assert unrelieved_of(found, WEST, 0, MINUS_1) == pytest.approx(6.25 * 4 + 5.5)
    assert np.isnan(found.district.weighted_min_per_h[:, :, [MINUS_5, MINUS_10]]).all()


def judged(situation: Situation, units: np.ndarray) -> dict[str, np.ndarray]:
    """The judge, from nothing: minutes and calls in time of each cell in hour 0."""
    load = call_load(situation, CAR, 0, TERMS)
    state = busy_units(cell_lists(situation, CAR)[0], units, load, tolerance=1e-9)
    cell = np.repeat(np.arange(16), np.diff(state.reach.indptr))
    in_time = np.where(state.reach.response_min <= 5.0, state.first, 0.0)
    minutes = load.calls_per_h * state.capped_response_min(20.0)
    return {"minutes": minutes, "in_time": load.calls_per_h * np.bincount(cell, in_time, 16)}


def test_a_car_more_is_worth_what_the_judge_says() -> None:
    """It goes to the standby point; 5 of the 7 calls are in the west, in cells 0 and 13."""
    before = judged(tiny_city(), STATIONS_ONLY[:, 0])
    after = judged(tiny_city(), STATIONS_ONLY[:, 0] + [0, 0, 1, 0])
    saved = before["minutes"] - after["minutes"]
    timely = after["in_time"] - before["in_time"]
    west = value_of(tiny_city(), STATIONS_ONLY).district
    close = {"rel": 1e-3, "abs": 1e-3}
    at = (WEST, 0, PLUS_1)
    assert west.weighted_min_per_h[at] == pytest.approx(saved.sum(), **close)
    assert west.city_mean_min[at] == pytest.approx(saved.sum() / 7, **close)
    assert west.area_mean_min[at] == pytest.approx(saved[[0, 13]].sum() / 5, **close)
    assert west.city_coverage_points[at] == pytest.approx(100 * timely.sum() / 7, **close)
    assert west.area_coverage_points[at] == pytest.approx(100 * timely[[0, 13]].sum() / 5, **close)


@pytest.mark.parametrize("seed", range(6))
def test_every_change_is_worth_what_the_judge_says(seed: int) -> None:
    units = np.random.default_rng(seed).integers(0, 6, (4, 1))
    found = value_of(tiny_city(hours=1), units, sample=100)
    assert len(found.checked) > 4
    for one in found.checked:
        assert one.told == pytest.approx(one.judged, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize("cars", [1, 2, 3])
def test_relief_makes_more_units_worth_more(cars: int) -> None:
    """At the busy shares that the judge finds, who lets them fall when cars come."""
    city, units = tiny_city(hours=1), STATIONS_ONLY[:, :1] * cars
    state = busy_units(cell_lists(city, CAR)[0], units[:, 0], call_load(city, CAR, 0, TERMS))
    share = state.near_busy[:, np.newaxis]
    found = marginal_value(city, CAR, TERMS, units, share, sample=100)
    coming = [one for one in found.checked if CHANGES[one.change] > 0]
    assert len(coming) == 2 * 3
    for one in coming:
        assert one.told >= one.unrelieved


def test_zones_count_their_own_calls() -> None:
    """All cells are of the city zone; a unit comes where it would relieve nobody and gain most."""
    values = value_of(tiny_city(), STATIONS_ONLY, sample=100)
    found, city = values.zone, ZONES.index("city")
    assert unrelieved_of(values, WEST, 0, PLUS_1) > unrelieved_of(values, EAST, 0, PLUS_1)
    west = values.district.weighted_min_per_h[WEST, 0, PLUS_1]
    assert found.weighted_min_per_h[city, 0, PLUS_1] == pytest.approx(west)
    others = [zone for zone in range(len(ZONES)) if zone != city]
    assert (found.weighted_min_per_h[others][:, :, :MINUS_1] == 0).all()
    assert np.isnan(found.area_mean_min[others]).all()
    assert np.isnan(found.weighted_min_per_h[others][:, :, MINUS_1]).all()


def test_a_zone_of_one_cell() -> None:
    """Cell 13 alone is a hub: only its call counts, though the car at its door helps others."""
    city = tiny_city()
    zone = city.zone.copy()
    zone[13] = ZONES.index("hub")
    before = judged(city, STATIONS_ONLY[:, 0])["minutes"]
    saved = before - judged(city, STATIONS_ONLY[:, 0] + [0, 0, 1, 0])["minutes"]
    found = value_of(replace(city, zone=zone), STATIONS_ONLY).zone
    hub = ZONES.index("hub")
    assert found.weighted_min_per_h[hub, 0, PLUS_1] == pytest.approx(saved[13], rel=1e-3)
    assert found.area_mean_min[hub, 0, PLUS_1] == pytest.approx(saved[13], rel=1e-3)
    assert found.city_mean_min[hub, 0, PLUS_1] == pytest.approx(saved.sum() / 7, rel=1e-3)


def test_full_and_pinned_places() -> None:
    """No car comes to a place that is full, none goes from one that must hold it."""
    city = tiny_city(hours=1)
    units = STATIONS_ONLY[:, :1]
    no_standby = np.array([[9], [9], [0], [0]])
    found = value_of(city, units, sample=100, place_cap=no_standby, place_min=units)
    assert unrelieved_of(found, WEST, 0, PLUS_1) == pytest.approx(15.25)
    west = found.district.weighted_min_per_h[WEST, 0]
    assert np.isfinite(west[PLUS_5])
    assert np.isnan(west[[PLUS_10, MINUS_1]]).all()


def test_hours_solved_again() -> None:
    """From the best plan of 5 cars, moving alone buys nothing and solving again no less."""
    city = tiny_city()
    units = np.array([[2, 2], [0, 0], [1, 1], [2, 2]])
    checked = value_of(city, units, sample=100).checked
    assert len(checked) == 2 * 2 * 4  # districts, hours, changes: -5 and -10 cannot be
    for one in checked:
        if CHANGES[one.change] > 0:
            assert one.resolved >= one.unrelieved - 1e-9
        else:
            assert one.resolved <= one.unrelieved + 1e-9
    again = value_of(city, units, sample=3, seed=7).checked
    assert again == value_of(city, units, sample=3, seed=7).checked
    assert set(again) < set(checked)


def test_what_moving_alone_buys_is_deducted() -> None:
    """Both cars of the west at the station: the second is worth more at the standby point."""
    units = np.array([[2, 2], [1, 1], [0, 0], [0, 0]])
    for one in value_of(tiny_city(), units, sample=100).checked:
        assert one.moved >= 25.75 - 15.25 - 1e-9
        deducted = -one.moved if CHANGES[one.change] > 0 else one.moved
        assert one.net == pytest.approx(one.resolved + deducted)
