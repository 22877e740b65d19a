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
from optimizer.models.marginal import LEAST_BUSY, marginal_value
from optimizer.models.marginal_steps import tails_of, unit_steps_of_area
from optimizer.models.patrol import allocate_hour
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
    """Places and gains of the steps, every place open, the gains of the problem as weight."""
    busy = np.maximum(problem.busy, LEAST_BUSY)
    tail = tails_of(problem.indptr, problem.cell, problem.bin, problem.gain, busy, units)
    ones = np.ones(problem.n_cells)
    work = tail.copy(), tail.copy()
    room = np.full(len(places), steps) if more else units[places]
    chosen, effects = unit_steps_of_area(
        problem.indptr,
        problem.cell,
        problem.bin,
        problem.bin,
        busy,
        ones,
        ones,
        ones > 0,
        tail,
        tail,
        *work,
        places,
        room,
        steps,
        more,
    )
    assert (work[0] == tail).all()
    assert (work[1] == tail).all()
    assert effects[:, 1:] == pytest.approx(np.repeat(effects[:, :1], 4, axis=1))
    return chosen, effects[:, 0]


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


def test_a_car_more_in_the_west_by_hand() -> None:
    """A car at each station; half of the time a car is busy; an unserved call counts 20 minutes.

    A second car at the station (1 minute to cell 0, 9 to cell 13) saves 3.125 minutes of 4 calls
    and 2.75 of one: 15.25. At the standby point it is at cell 13 at once, at cell 14 after 2
    minutes and at cell 0 after 8: 7.25 x 1 + 6.25 x 2 + 1.5 x 4 = 25.75, and 0.5 + 1 calls
    more meet the 5 minutes. 5 of the 7 calls are in the west.
    """
    west = value_of(tiny_city(), STATIONS_ONLY).district
    assert west.weighted_min_per_h[WEST, :, PLUS_1] == pytest.approx([25.75] * 2)
    assert west.city_mean_min[WEST, :, PLUS_1] == pytest.approx([25.75 / 7] * 2)
    assert west.area_mean_min[WEST, :, PLUS_1] == pytest.approx([(7.25 + 6.0) / 5] * 2)
    assert west.city_coverage_points[WEST, :, PLUS_1] == pytest.approx([100 * 1.5 / 7] * 2)
    assert west.area_coverage_points[WEST, :, PLUS_1] == pytest.approx([100 * 0.5 / 5] * 2)


def test_the_only_car_of_the_west_by_hand() -> None:
    """Without it cell 0 waits 13.5 instead of 7.25 minutes, cell 13 20 instead of 14.5."""
    west = value_of(tiny_city(), STATIONS_ONLY).district
    assert west.weighted_min_per_h[WEST, 0, MINUS_1] == pytest.approx(6.25 * 4 + 5.5)
    assert west.city_coverage_points[WEST, 0, MINUS_1] == pytest.approx(100 * 2 / 7)
    assert np.isnan(west.weighted_min_per_h[:, :, [MINUS_5, MINUS_10]]).all()


def test_zones_count_their_own_calls() -> None:
    """All cells are of the city zone; a unit may come to any place, and goes from there."""
    found = value_of(tiny_city(), STATIONS_ONLY).zone
    city = ZONES.index("city")
    assert found.weighted_min_per_h[city, 0, PLUS_1] == pytest.approx(25.75)
    others = [zone for zone in range(len(ZONES)) if zone != city]
    assert (found.weighted_min_per_h[others][:, :, :PLUS_10] == 0).all()
    assert np.isnan(found.area_mean_min[others]).all()
    assert np.isnan(found.weighted_min_per_h[others][:, :, MINUS_1]).all()


def test_a_zone_of_two_cells_by_hand() -> None:
    """Cell 13 alone is a hub: only its call counts, though the car helps others too."""
    city = tiny_city()
    zone = city.zone.copy()
    zone[13] = ZONES.index("hub")
    found = value_of(replace(city, zone=zone), STATIONS_ONLY).zone
    hub = ZONES.index("hub")
    assert found.weighted_min_per_h[hub, 0, PLUS_1] == pytest.approx(7.25)
    assert found.area_mean_min[hub, 0, PLUS_1] == pytest.approx(7.25)
    assert found.city_mean_min[hub, 0, PLUS_1] == pytest.approx(25.75 / 7)
    assert found.area_coverage_points[hub, 0, PLUS_1] == pytest.approx(50.0)


def test_coverage_by_definition() -> None:
    """Two classes with their own targets: calls times the chance that a car is in time and idle."""
    city = tiny_city()
    second = replace(city.classes.classes[1], unit_type="car", units=1.0)
    target = city.classes.target_min.copy()
    target[:, 1] = 8.0
    classes = replace(city.classes, classes=(city.classes.classes[0], second), target_min=target)
    situation = replace(city, classes=classes)
    units = np.array([[1, 2], [0, 1], [1, 0], [2, 1]])
    found = value_of(situation, units, 0.3).district.city_coverage_points
    rate = situation.forecast.rate_per_h.astype(float)
    for hour in range(2):
        before = covered_calls(situation, units[:, hour], rate[:, hour], 0.3)
        for command, places in ((WEST, (0, 2)), (EAST, (1, 3))):
            after = [
                covered_calls(
                    situation, units[:, hour] + np.eye(4, dtype=int)[p], rate[:, hour], 0.3
                )
                for p in places
            ]
            points = [100 * (calls - before) / rate[:, hour].sum() for calls in after]
            assert min(abs(found[command, hour, PLUS_1] - share) for share in points) < 1e-6


def covered_calls(situation: Situation, units: np.ndarray, rate: np.ndarray, busy: float) -> float:
    reach = situation.travel["car"].reach[0]
    total = 0.0
    for cell, kind in np.argwhere(rate > 0):
        near = 0
        for place, crew in enumerate(units):
            inside = slice(reach.indptr[place], reach.indptr[place + 1])
            minutes = dict(zip(reach.cell[inside], reach.minutes[inside], strict=True))
            turnout = 1.0 if place < 2 else 0.0
            if minutes.get(cell, np.inf) + turnout <= situation.target_min()[cell, kind]:
                near += crew
        total += rate[cell, kind] * (1.0 - busy**near)
    return total


def test_full_and_pinned_places() -> None:
    """No car comes to a place that is full, none goes from one that must hold it."""
    city = tiny_city(hours=1)
    units = STATIONS_ONLY[:, :1]
    no_standby = np.array([[9], [9], [0], [0]])
    found = value_of(city, units, place_cap=no_standby, place_min=units).district
    assert found.weighted_min_per_h[WEST, 0, PLUS_1] == pytest.approx(15.25)
    assert np.isfinite(found.weighted_min_per_h[WEST, 0, PLUS_5])
    assert np.isnan(found.weighted_min_per_h[WEST, 0, [PLUS_10, MINUS_1]]).all()


def test_changes_add_up_and_flatten() -> None:
    units = np.full((4, 2), 6)
    found = value_of(tiny_city(), units)
    for values in (found.district, found.zone):
        table = values.weighted_min_per_h
        assert np.nanmin(table) >= 0
        assert (table[..., PLUS_10] <= 10 * table[..., PLUS_1] + 1e-9).all()
        assert (table[..., PLUS_5] <= 5 * table[..., PLUS_1] + 1e-9).all()
    west = found.district.weighted_min_per_h[WEST, 0]
    assert 5 * west[MINUS_1] <= west[MINUS_5] + 1e-9
    assert 2 * west[MINUS_5] <= west[MINUS_10] + 1e-9


def test_hours_solved_again() -> None:
    """From the best plan of 5 cars, moving alone buys nothing and solving again no less."""
    city = tiny_city()
    units = np.array([[2, 2], [0, 0], [1, 1], [2, 2]])
    checked = value_of(city, units, sample=100).checked
    assert len(checked) == 2 * 2 * 4  # districts, hours, changes: -5 and -10 cannot be
    for one in checked:
        if CHANGES[one.change] > 0:
            assert one.resolved >= one.predicted - 1e-9
        else:
            assert one.resolved <= one.predicted + 1e-9
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
        larger = max(one.predicted, abs(one.net))
        assert one.difference == pytest.approx((one.net - one.predicted) / larger)


def test_the_judge_lets_the_busy_shares_follow() -> None:
    """The car of the first test by hand, a standby point manned, as the queueing judge sees it."""
    units = np.array([[1, 1], [1, 1], [0, 0], [0, 0]])
    situation, changed = tiny_city(), units[:, 0] + [0, 0, 1, 0]
    (one, *_) = (
        one
        for one in value_of(situation, units, sample=100).checked
        if (one.command, one.hour, CHANGES[one.change]) == (WEST, 0, 1)
    )
    sums = []
    for crews in (units[:, 0], changed):
        load = call_load(situation, CAR, 0, TERMS)
        state = busy_units(cell_lists(situation, CAR)[0], crews, load)
        sums.append(float(load.weight @ state.capped_response_min(20.0)))
    assert one.judged == pytest.approx(sums[0] - sums[1])
