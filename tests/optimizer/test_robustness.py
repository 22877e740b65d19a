"""Worse nights on the tiny city."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.judges.evaluation import evaluate
from optimizer.judges.robustness import (
    units_of_stations,
    with_more_calls,
    without_nearest_units,
    without_own_units,
    without_sick,
)
from optimizer.judges.summary import city_service
from optimizer.plan import Deployment, UnitMove
from tests.optimizer.tiny_city import TERMS, tiny_city, tiny_force

MOVES = (
    UnitMove("car", 0, 0, 0, 2),
    UnitMove("car", 0, 0, 2, 1),
    UnitMove("car", 0, 1, 2, 1),
    UnitMove("car", 1, 1, 3, 4),
)
UNITS = np.array([[[2, 0], [0, 0], [2, 0], [0, 4]]])


def test_more_calls_never_raise_coverage() -> None:
    city = tiny_city(hours=1)
    deployment = Deployment(("car",), np.array([[[2], [1], [1], [1]]]), ())
    covered, served = [], []
    for factor in (1.0, 1.2, 1.5, 2.0, 3.0):
        busier = with_more_calls(city, factor)
        assert busier.forecast.calls() == pytest.approx(factor * city.forecast.calls())
        found = evaluate(busier, tiny_force(), deployment, terms=TERMS)
        service = city_service(busier, found, deployment.units)
        covered.append(service["covered"])
        served.append(service["served"])
    assert np.diff(covered).max() < 0
    assert np.diff(served).max() < 0


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=6),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_as_many_are_sick_as_the_share_says(there: list[int], share: float, seed: int) -> None:
    units = np.array(there).reshape(1, -1, 1)
    deployment = Deployment(("car",), units, ())
    left = without_sick(deployment, share, np.random.default_rng(seed)).units
    assert ((left >= 0) & (left <= units)).all()
    assert units.sum() - left.sum() == int(np.floor(share * units.sum() + 0.5))
    assert deployment.units.tolist() == units.tolist()


def test_units_by_the_station_they_come_from() -> None:
    sent = units_of_stations(MOVES, ("car",), 2, 2)
    assert sent.tolist() == [[[3, 0], [1, 4]]]


def test_a_station_takes_its_own_units_with_it() -> None:
    left = without_own_units(Deployment(("car",), UNITS, MOVES), 0)
    assert left.units.tolist() == [[[0, 0], [0, 0], [1, 0], [0, 4]]]


def test_without_origins_the_nearest_units_are_missing() -> None:
    """From station 0 the places lie in the order 0, 3 (3 km), 13 (3.2 km), 14 (3.6 km)."""
    city = tiny_city()
    units = np.array([[[1, 0], [1, 2], [2, 1], [3, 1]]])
    gone = np.array([[3, 9]])
    left = without_nearest_units(Deployment(("car",), units, ()), city.patrol_places, 0, gone)
    assert left.units.tolist() == [[[0, 0], [0, 0], [1, 0], [3, 0]]]
