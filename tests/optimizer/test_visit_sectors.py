"""Sectors, the patrols they ask for and get, and the ways between points, by hand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.places import LineEnds, Places, VisitPoints
from geodata.roads import DETOUR, ROAD_KINDS, RoadGraph
from geodata.routing import SpeedProfiles
from optimizer.visit_patrols import ROUTE_H, foot_patrols, pieces
from optimizer.visit_routes import DueWindows
from optimizer.visit_sectors import (
    MOST_POINTS,
    WIDEST_M,
    WINDOW_SHARE,
    VisitWork,
    staggered,
    visit_sectors,
    visit_work,
)
from optimizer.visit_ways import (
    VisitRoads,
    driving_min,
    foot_min,
    slowest_profile,
    spots_of,
    walking_min,
)

START = datetime(2027, 2, 5, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
EVENING = Horizon(START, 4)
NOTHING = np.empty(0)


def must_visit(
    x: list[float],
    y: list[float] | None = None,
    *,
    visit_min: float = 12.0,
    ends: LineEnds | None = None,
) -> VisitPoints:
    """Points due every two hours all day, in cells of 1 km from the origin on."""
    names = tuple(f"M{number}" for number in range(len(x)))
    y = [500.0] * len(x) if y is None else y
    cell = [int(at // 1000) for at in x]
    zeros = np.zeros(len(x), dtype=np.int64)
    places = Places(names, ("must_visit",) * len(x), names, names, x, y, cell, zeros)
    full = np.full(len(x), 1.0)
    return VisitPoints(places, visit_min * full, 2 * full, zeros, zeros, ends)


def road(cells: int = 8, gap: tuple[int, ...] = ()) -> VisitRoads:
    """Cells of 1 km in a row, joined by roads of 1.2 km but after the cells `gap`.

    Two profiles: 30 km/h by day, 60 km/h from the second hour on.
    """
    tail = np.array([cell for cell in range(cells - 1) if cell not in gap])
    graph = RoadGraph(
        cells, tail, tail + 1, np.full(len(tail), 1200.0), np.zeros(len(tail), np.int64), 400.0
    )
    every = np.zeros(cells, dtype=np.int64)
    kinds = len(ROAD_KINDS)
    speeds = SpeedProfiles(
        ("day", "night"),
        np.array([[30.0] * kinds, [60.0] * kinds]),
        np.array([0, 1, 1, 1]),
    )
    return VisitRoads(graph, speeds, Grid(1000.0, np.arange(cells), every, every), every, 20.0)


def work_of(points: VisitPoints, walk_min: float, **keys: object) -> VisitWork:
    command = np.zeros(len(points.places), dtype=np.int64)
    density = np.ones((len(points.places), 4))
    kinds = keys.get("kinds", ("foot",))
    assert isinstance(kinds, tuple)
    return visit_work(
        points, command, EVENING, density, road(), kinds=kinds, walk_min=walk_min, seed=1
    )


def test_sectors_by_hand() -> None:
    """Steps of 1.5 km join three points; the fourth is 4 km on, the fifth of another command."""
    points = must_visit([0.0, 1500.0, 7000.0, 3000.0, 3100.0])
    sectors = visit_sectors(points, np.array([0, 0, 0, 0, 1]))
    assert [rows.tolist() for rows in sectors] == [[0, 1, 3], [2], [4]]
    assert visit_sectors(must_visit([]), np.empty(0, dtype=np.int64)) == ()


@given(st.lists(st.integers(2, 6), min_size=1, max_size=6), st.integers(0, 99))
def test_points_take_turns_within_their_intervals(lengths: list[int], seed: int) -> None:
    """Cut windows lie in the whole ones, leave room to choose, and keep visits near in time."""
    edges = 60.0 * np.cumsum([0, *lengths])
    zeros = np.zeros(len(lengths), dtype=np.int64)
    whole = DueWindows(zeros, edges[:-1], edges[1:])
    points = must_visit([500.0])
    cut = staggered(whole, points, seed)
    visit = points.visit_min[0]
    assert (cut.from_min >= whole.from_min).all()
    assert (cut.to_min <= whole.to_min).all()
    free = edges[1:] - edges[:-1] - visit
    assert (cut.to_min - cut.from_min - visit >= WINDOW_SHARE * free - 2).all()
    latest, earliest = cut.to_min[1:] - visit, cut.from_min[:-1]
    bound = np.maximum(whole.to_min - whole.from_min, 0)
    apart = (1 + WINDOW_SHARE) * np.maximum(bound[1:], bound[:-1]) + 2
    assert (latest - earliest <= apart).all()


@given(st.integers(1, 150), st.integers(0, 99))
def test_every_point_is_in_one_sector_of_its_command(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 8000, (2, count)).tolist()
    command = rng.integers(0, 3, count)
    sectors = visit_sectors(must_visit(x, y), command)
    assert sorted(np.concatenate(sectors).tolist()) == list(range(count))
    assert all(len(rows) <= MOST_POINTS for rows in sectors)
    assert all(np.ptp(np.array([x, y])[:, rows], axis=1).max() <= WIDEST_M for rows in sectors)
    assert all(len(set(command[rows].tolist())) == 1 for rows in sectors)


@pytest.fixture
def whole_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visits may begin at any time of their interval."""
    monkeypatch.setattr("optimizer.visit_sectors.WINDOW_SHARE", 1.0)


@pytest.mark.usefixtures("whole_windows")
def test_patrols_asked_for_by_hand() -> None:
    """Two points 1 km apart: 12 min and 16 on the way each in 2 h, 28 an hour: one patrol.

    The lone third: 12 min and 10 of way in 2 h, 11 an hour: one as well. At 90 min of way the
    first two take 102 min an hour, 133 with some to spare: three patrols; the third takes 66.
    """
    points = must_visit([500.0, 1500.0, 6500.0])
    work = work_of(points, walk_min=10.0)
    assert work.asked.tolist() == [[1, 1, 1, 1], [1, 1, 1, 1]]
    assert work.officers(1).tolist() == [[4, 4, 4, 4]]
    assert work_of(points, walk_min=90.0).asked.tolist() == [[3] * 4, [2] * 4]
    assert work.due().tolist() == [[0, 0], [1, 0], [2, 0], [0, 120], [1, 120], [2, 120]]
    in_cars = work_of(points, walk_min=10.0, kinds=("patrol_car",))
    assert in_cars.asked.tolist() == work.asked.tolist()
    assert not in_cars.officers(1).any()


@pytest.mark.usefixtures("whole_windows")
def test_the_sector_with_most_patrols_loses_one_first() -> None:
    """Three and two are asked for; nine officers suffice for four patrols, three for one."""
    work = work_of(must_visit([500.0, 1500.0, 6500.0]), walk_min=90.0)
    have = np.array([[10.0, 9.0, 3.0, 0.0]])
    assert foot_patrols(work, have).tolist() == [[3, 2, 0, 0], [2, 2, 1, 0]]


def test_routes_are_cut_like_posts_without_relief() -> None:
    """Two patrols for five hours and one for six more: 3 + 2 or 2 + 3 h, and 11 h in three."""
    patrols = np.array([2] * 5 + [1] * 6)
    found = pieces(patrols)
    assert found == [(0, 3), (3, 7), (7, 11), (0, 2), (2, 5)]
    assert max(last - first for first, last in found) <= ROUTE_H
    assert pieces(np.zeros(4, dtype=np.int64)) == []


@given(st.lists(st.integers(0, 4), min_size=1, max_size=24))
def test_pieces_are_the_patrols_of_every_hour(patrols: list[int]) -> None:
    out = np.zeros(len(patrols), dtype=np.int64)
    for first, last in pieces(np.array(patrols)):
        out[first:last] += 1
        assert 1 <= last - first <= ROUTE_H
    assert out.tolist() == patrols


def test_ways_on_foot_by_hand() -> None:
    """Within a cell 600 m and the detour of 1.2; 1 km to the next cell by a road of 1.2 km."""
    points = must_visit([100.0, 700.0, 1700.0])
    spots = spots_of(points, NOTHING, NOTHING, NOTHING.astype(np.int64))
    ways = walking_min(road(), spots)
    per_min = 4500.0 / 60.0
    assert ways[0, 1] == pytest.approx(600 * DETOUR / per_min)
    assert ways[1, 2] == pytest.approx(1000 * 1.2 / per_min)
    assert np.allclose(ways, ways.T)


def test_nobody_walks_through_a_river() -> None:
    """No road leads from cell 0 to cell 1, so the near point on the other side is out of reach."""
    points = must_visit([900.0, 1100.0])
    spots = spots_of(points, NOTHING, NOTHING, NOTHING.astype(np.int64))
    assert np.isinf(walking_min(road(gap=(0,)), spots)[0, 1])
    assert walking_min(road(), spots)[0, 1] == pytest.approx(200 * 1.2 / 75.0)


def test_a_line_is_left_at_its_other_end() -> None:
    """From 500 to 2,500 m: 1 km away from a point at 3,500, which is 3 km away the other way."""
    ends = LineEnds(np.array([2500.0, 3500.0]), np.array([500.0, 500.0]), np.array([2, 3]))
    points = must_visit([500.0, 3500.0], ends=ends)
    ways = walking_min(road(), spots_of(points, NOTHING, NOTHING, NOTHING.astype(np.int64)))
    assert ways[0, 1] == pytest.approx(1000 * 1.2 / 75.0)
    assert ways[1, 0] == pytest.approx(3000 * 1.2 / 75.0)


def test_driving_by_hand() -> None:
    """3.6 km of road in 7.2 min at 30 km/h, half of it at double speed; near by it is walked."""
    roads, points = road(), must_visit([500.0, 3500.0, 3510.0])
    spots = spots_of(points, NOTHING, NOTHING, NOTHING.astype(np.int64))
    walking = walking_min(roads, spots)
    driven = driving_min(roads, spots, 0, 1.0, walking)
    assert driven[0, 1] == pytest.approx(7.2)
    assert driving_min(roads, spots, 0, 2.0, walking)[0, 1] == pytest.approx(3.6)
    assert driven[1, 2] == pytest.approx(10 * DETOUR / 500.0)
    near = VisitRoads(roads.graph, roads.speeds, roads.grid, roads.zone, 5.0)
    assert np.isinf(driving_min(near, spots, 0, 1.0, walking)[0, 1])
    assert (slowest_profile(roads, 0, 2), slowest_profile(roads, 1, 4)) == (0, 1)


def test_foot_patrols_are_driven_to_their_first_point_and_from_the_last() -> None:
    """From the station at 3,500 to the point 7.2 min by car (48 on foot); between points walked."""
    points = must_visit([500.0, 1500.0])
    station = (np.array([3500.0]), np.array([500.0]), np.array([3]))
    walking, patrol = foot_min(road(), spots_of(points, *station), 1)
    assert walking[2, 0] == pytest.approx(48.0)
    assert patrol[2, 0] == patrol[0, 2] == pytest.approx(7.2)
    assert patrol[0, 1] == walking[0, 1] == pytest.approx(16.0)
