"""Travel minutes along a street of four cells, worked out by hand."""

import numpy as np
import pytest

from geodata.incidents import ZONES
from geodata.places import Places
from geodata.roads import ROAD_KINDS, RoadGraph
from geodata.routing import SpeedProfiles, travel_times
from geodata.travel import TravelTimes

CITY = ZONES.index("city")
CAR, BIKE = "car", "bike"


def reached(times: TravelTimes, hour: int, place: int) -> dict[int, float]:
    lists = times.at(hour)
    span = slice(lists.indptr[place], lists.indptr[place + 1])
    return dict(zip(lists.cell[span].tolist(), lists.minutes[span].tolist(), strict=True))


def street(cutoff_min: float, **factors: float) -> dict[str, TravelTimes]:
    """Cells 0 to 3 with arcs of 1.2 km; 24 km/h by day (3 min an arc), 36 km/h at night."""
    kind = [ROAD_KINDS.index("city")] * 3
    graph = RoadGraph(4, [0, 1, 2], [1, 2, 3], [1200.0] * 3, kind, own_cell_m=400.0)
    names = ("p0", "p1", "p2")
    x = y = np.zeros(3)
    places = Places(names, ("standby",) * 3, names, names, x, y, [3, 0, 0], [0, 0, 0])
    kmh = np.array([[24.0] * len(ROAD_KINDS), [99.0] * len(ROAD_KINDS), [36.0] * len(ROAD_KINDS)])
    speeds = SpeedProfiles(("day", "unused", "night"), kmh, np.array([0, 2, 0]))
    zone = np.full(4, CITY)
    return travel_times(graph, zone, places, speeds, speed_factors=factors, cutoff_min=cutoff_min)


def test_minutes_by_hand() -> None:
    times = street(20.0, car=1.0)[CAR]
    assert times.profiles == ("day", "night")
    assert times.profile_of_hour.tolist() == [0, 1, 0]
    assert reached(times, 0, 0) == pytest.approx({0: 9.0, 1: 6.0, 2: 3.0, 3: 1.0})
    assert reached(times, 1, 0) == pytest.approx({0: 6.0, 1: 4.0, 2: 2.0, 3: 400 / 600})


def test_places_in_one_cell_reach_the_same() -> None:
    times = street(20.0, car=1.0)[CAR]
    assert reached(times, 0, 1) == reached(times, 0, 2)
    assert reached(times, 0, 1) == pytest.approx({0: 1.0, 1: 3.0, 2: 6.0, 3: 9.0})


def test_the_cut_off_holds() -> None:
    times = street(6.0, car=1.0)[CAR]
    assert reached(times, 0, 1) == pytest.approx({0: 1.0, 1: 3.0, 2: 6.0})
    assert times.cutoff_min == 6.0


def test_a_faster_unit_reaches_farther() -> None:
    """1.5 times the speed: 9 car minutes are 6, at the cut-off."""
    times = street(6.0, car=1.0, bike=1.5)
    assert reached(times[BIKE], 0, 1) == pytest.approx({0: 2 / 3, 1: 2.0, 2: 4.0, 3: 6.0})
    assert reached(times[CAR], 0, 1) == pytest.approx({0: 1.0, 1: 3.0, 2: 6.0})


def test_no_call_is_nearer_than_one_in_its_own_cell() -> None:
    """Cells 50 m apart: the mean way to a call next door is not shorter than within a cell."""
    kind = [ROAD_KINDS.index("city")]
    graph = RoadGraph(2, [0], [1], [50.0], kind, own_cell_m=400.0)
    place = Places(("p",), ("standby",), ("p",), ("p",), [0.0], [0.0], [0], [0])
    speeds = SpeedProfiles(("day",), np.full((1, len(ROAD_KINDS)), 24.0), np.array([0]))
    zone = np.full(2, CITY)
    found = travel_times(graph, zone, place, speeds, speed_factors={CAR: 1.0}, cutoff_min=20.0)[CAR]
    assert reached(found, 0, 0) == pytest.approx({0: 1.0, 1: 1.0})
