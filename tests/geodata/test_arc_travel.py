"""Travel along a street of three arcs, by hand, and the first of many against each alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.arc_travel import (
    arc_minutes,
    fastest_kmh,
    first_minutes,
    middle_minutes,
    node_minutes,
)
from geodata.roads import ROAD_KINDS, RoadGraph
from geodata.routing import SpeedProfiles

CITY, EXPRESSWAY = ROAD_KINDS.index("city"), ROAD_KINDS.index("expressway")
SPEED = np.full(len(ROAD_KINDS), 30.0)
SPEED[EXPRESSWAY] = 60.0
STREET = RoadGraph(5, [0, 1, 2], [1, 2, 3], [1000, 500, 2000], [CITY, CITY, EXPRESSWAY], 100.0)
"""0 -2 min- 1 -1 min- 2 -2 min- 3; node 4 lies apart."""


def test_the_fastest_speed_is_that_of_any_profile() -> None:
    profiles = np.stack([SPEED, SPEED[::-1]])
    speeds = SpeedProfiles(("night", "peak"), profiles, np.zeros(3, dtype=np.int64))
    fastest = fastest_kmh(speeds, 1.5)
    assert fastest[CITY] == 45.0
    assert fastest[EXPRESSWAY] == fastest[len(ROAD_KINDS) - 1 - EXPRESSWAY] == 90.0


def test_minutes_along_the_street() -> None:
    assert arc_minutes(STREET, SPEED).tolist() == [2.0, 1.0, 2.0]
    to_node = node_minutes(STREET, SPEED, np.array([0, 3]))
    assert to_node.tolist() == [[0.0, 2.0, 3.0, 5.0, np.inf], [5.0, 3.0, 2.0, 0.0, np.inf]]
    limited = node_minutes(STREET, SPEED, np.array([0]), 3.0)
    assert limited.tolist() == [[0.0, 2.0, 3.0, np.inf, np.inf]]


def test_the_middle_of_an_arc_is_reached_over_its_nearer_end() -> None:
    to_node = node_minutes(STREET, SPEED, np.array([2]))
    middle = middle_minutes(STREET, SPEED, to_node, np.array([0, 1, 2]))
    assert middle.tolist() == [[2.0, 0.5, 1.0]]


def test_the_first_of_two_who_set_off_at_different_minutes() -> None:
    first = first_minutes(STREET, SPEED, np.array([0, 3]), np.array([1.0, 0.5]))
    assert first == pytest.approx(np.array([1.0, 3.0, 2.5, 0.5, np.inf]))


def test_nobody_comes_where_nobody_stands() -> None:
    none = np.empty(0, dtype=np.int64)
    assert np.isinf(first_minutes(STREET, SPEED, none, np.empty(0))).all()


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0, 9)), min_size=1, max_size=6),
)
def test_the_first_is_the_soonest_of_all(squads: list[tuple[int, float]]) -> None:
    node, ready = np.array([n for n, _ in squads]), np.array([m for _, m in squads])
    each = node_minutes(STREET, SPEED, node) + ready[:, None]
    assert first_minutes(STREET, SPEED, node, ready) == pytest.approx(each.min(axis=0))
