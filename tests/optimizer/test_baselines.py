"""The baselines of practice, worked out by hand on the tiny city."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.judges.baselines import (
    demand_points_baseline,
    proportional_units,
    station_baseline,
)
from optimizer.reach import cell_reach, response_bins, turnout_min
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city


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
