"""The baselines of practice, worked out by hand on the tiny city."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.situation import Situation
from optimizer.judges.baselines import (
    demand_points_baseline,
    equal_stations_baseline,
    flat_units,
    proportional_units,
    random_patrol_baseline,
    station_baseline,
)
from optimizer.reach import cell_reach, response_bins, turnout_min
from tests.optimizer.tiny_city import CAR, TERMS, manhattan_times, places_at, tiny_city


def test_station_baseline_follows_the_calls_nearest_to_each_station() -> None:
    """Station 0 is alone in reach of cells 0 and 13 (5 calls), station 3 of cell 14 (2 calls)."""
    units = station_baseline(tiny_city(), CAR, np.array([7, 14]), TERMS)
    assert units.tolist() == [[5, 10], [2, 4], [0, 0], [0, 0]]


def test_points_baseline_keeps_each_district_its_units() -> None:
    units = demand_points_baseline(tiny_city(), CAR, np.array([[3, 5], [2, 0]]), TERMS)
    assert units.tolist() == [[0, 0], [0, 0], [3, 5], [2, 0]]


def test_largest_remainders_get_the_rest() -> None:
    """Quotas 2.5, 1.5 and 1 of 5 units: the half goes to the lower index first."""
    assert proportional_units(np.array([5.0, 3.0, 2.0]), 5).tolist() == [3, 1, 1]
    assert proportional_units(np.array([0.0, 0.0, 0.0]), 4).tolist() == [2, 1, 1]
    assert proportional_units(np.zeros(0), 0).tolist() == []


def test_units_without_a_place_are_refused() -> None:
    with pytest.raises(ValueError, match="3 units and no place"):
        proportional_units(np.zeros(0), 3)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.integers(0, 200))
def test_shares_add_up_and_stay_within_one_unit_of_the_quota(
    demand: list[float], total: int
) -> None:
    weights = np.array(demand)
    units = proportional_units(weights, total)
    assert units.sum() == total
    assert (units >= 0).all()
    if weights.sum() > 1e-6:
        assert (np.abs(units - weights / weights.sum() * total) < 1 + 1e-6).all()


def test_reach_of_cells_is_sorted_by_response_then_place() -> None:
    """Cell 13: standby 13 at once, standby 14 after 2 minutes, station 0 after 1 + 8."""
    city = tiny_city()
    turnout = turnout_min(city.patrol_places, CAR)
    assert turnout.tolist() == [1, 1, 0, 0]
    reach = cell_reach(city.travel["car"].at(0), turnout, 16)
    inside = slice(reach.indptr[13], reach.indptr[14])
    assert reach.place[inside].tolist() == [2, 3, 0]
    assert reach.response_min[inside].tolist() == [0.0, 2.0, 9.0]
    assert reach.travel_min[inside].tolist() == [0.0, 2.0, 8.0]


def test_response_bins_round_and_end_in_the_last_bin() -> None:
    city = tiny_city()
    reach = city.travel["car"].at(0)
    bins = response_bins(reach, turnout_min(city.patrol_places, CAR), 2.0, 3)
    first = slice(reach.indptr[2], reach.indptr[3])
    expected = np.minimum(reach.minutes[first] / 2.0, 3)
    assert bins[first].tolist() == expected.tolist()


def three_stations(hours: int = 1) -> Situation:
    """The tiny city with a second station in the west, at cell 12, and one more point, at 8."""
    city = tiny_city(hours=hours)
    places = places_at(city.grid, (0, 12, 3, 13, 8, 14), *["station"] * 3, *["standby"] * 3)
    return replace(
        city,
        stations=places_at(city.grid, (0, 12, 3), "station"),
        patrol_places=places,
        travel=MappingProxyType({"car": manhattan_times(city.grid, places, hours)}),
    )


def test_stations_of_a_district_get_the_same_number() -> None:
    """The west has 5 of 7 calls: 6 of 8 units (quota 5.71), three for each of its stations."""
    units = equal_stations_baseline(three_stations(), CAR, np.array([8]), TERMS)
    assert units[:, 0].tolist() == [3, 3, 2, 0, 0, 0]


def test_what_cannot_be_shared_goes_to_the_first_station() -> None:
    units = equal_stations_baseline(three_stations(), CAR, np.array([7]), TERMS)
    assert units[:, 0].tolist() == [3, 2, 2, 0, 0, 0]


def test_random_patrol_keeps_each_district_its_units() -> None:
    limits = np.array([[10_000, 3], [2, 0]])
    units = random_patrol_baseline(three_stations(2), limits, np.random.default_rng(5))
    assert units[:3].sum() == 0
    assert (units[3:5].sum(axis=0) == limits[0]).all()
    assert (units[5] == limits[1]).all()
    assert units[3, 0] == pytest.approx(5000, abs=250)  # five standard deviations of 50
    again = random_patrol_baseline(three_stations(2), limits, np.random.default_rng(5))
    assert (units == again).all()


def test_flat_shifts_fill_the_hours_with_fewest_people_first() -> None:
    """Six units of two beside 0, 4 and 0 people on posts: 6, 6 and 4 people on the street."""
    flat = flat_units(np.array([[5, 0, 1]]), 2, np.array([[0.0, 4.0, 0.0]]))
    assert flat.tolist() == [[3, 1, 2]]


def test_posts_that_take_everybody_leave_no_units() -> None:
    flat = flat_units(np.array([[1, 1, 2]]), 2, np.array([[100.0, 0.0, 0.0]]))
    assert flat.tolist() == [[0, 2, 2]]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), min_size=1, max_size=24),
    st.integers(1, 4),
)
def test_flat_shifts_keep_the_unit_hours_and_are_even(
    hours: list[tuple[int, int]], officers: int
) -> None:
    """No hour with a unit has a unit more than the hour with fewest people on the street."""
    units, elsewhere = np.array(hours).T[:, np.newaxis]
    flat = flat_units(units, officers, elsewhere.astype(float))
    street = flat * officers + elsewhere
    assert flat.sum() == units.sum()
    assert (street[flat > 0] - officers <= street.min()).all()
