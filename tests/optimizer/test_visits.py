"""Visits by hand: when they are due, what they take and which are dropped."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geodata.horizon import Horizon
from geodata.places import Places, VisitPoints
from optimizer.visits import due_visits, plan_visits, visit_officers

START = datetime(2027, 2, 5, 16, tzinfo=ZoneInfo("Asia/Shanghai"))


def places(kind: str, x: list[float], district: list[int]) -> Places:
    names = tuple(f"{kind}{number}" for number in range(len(x)))
    zeros = [0] * len(x)
    return Places(names, (kind,) * len(x), names, names, x, zeros, zeros, district)


@pytest.fixture
def points() -> VisitPoints:
    """Point 0: 12 min every 2 h from 17:00 to 02:00; point 1: 20 min every hour, all day."""
    return VisitPoints(
        places("must_visit", [100.0, 900.0], [0, 1]), [12, 20], [2, 1], [17, 0], [2, 0]
    )


@pytest.mark.parametrize("seed", range(8))
def test_visits_keep_their_interval(points: VisitPoints, seed: int) -> None:
    """Nine due hours hold a visit in each of four intervals of 2 h, and in the last a half."""
    visits = due_visits(points, Horizon(START, 12), seed=seed)
    first = visits[visits[:, 0] == 0, 1]
    assert 60 <= first[0] < 60 + 120 - 12 + 1
    assert set(np.diff(first)) <= {119, 120, 121}
    assert len(first) in (4, 5)
    assert first[-1] + 12 <= 10 * 60
    second = visits[visits[:, 0] == 1, 1]
    assert len(second) == 12
    assert second[0] <= 40
    assert (np.diff(visits[:, 1]) >= 0).all()


def test_the_seed_moves_the_visits(points: VisitPoints) -> None:
    one, again, two = (due_visits(points, Horizon(START, 12), seed=s).tolist() for s in (1, 1, 2))
    assert one == again
    assert one != two


def test_nothing_is_due_outside_the_hours(points: VisitPoints) -> None:
    noon = Horizon(START.replace(hour=8), 9)
    assert set(due_visits(points, noon, seed=1)[:, 0]) == {1}
    nothing = VisitPoints(places("must_visit", [], []), [], [], [], [])
    assert due_visits(nothing, noon, seed=1).shape == (0, 2)


def test_officers_on_foot_by_hand(points: VisitPoints) -> None:
    """Two officers for 12 + 10 and 20 + 10 minutes: 44 / 60 and one officer-hour."""
    visits = np.array([[0, 59], [1, 60], [0, 150], [1, 185]])
    taken = visit_officers(points, visits, np.array([1, 0]), 2, 3, walk_min=10.0)
    assert taken.tolist() == [[0.0, 1.0, 1.0], pytest.approx([44 / 60, 0.0, 44 / 60])]


def test_the_latest_visits_of_a_short_hour_are_dropped(points: VisitPoints) -> None:
    """In the first hour one officer-hour of the first command is missing: two visits go."""
    visits = np.array([[0, 5], [0, 20], [1, 30], [0, 40], [0, 70]])
    short = np.array([[1.0, 0.0], [0.0, 0.0]])
    stations = places("station", [0.0, 1000.0], [0, 1])
    plan = plan_visits(points, stations, visits, short, np.array([0, 1]), 2, walk_min=10.0)
    assert [(v.point, v.minute, v.station) for v in plan.visits] == [
        (0, 5, 0),
        (1, 30, 1),
        (0, 70, 0),
    ]
    assert plan.due.tolist() == [4, 1]


def test_the_nearest_station_of_the_command_walks(points: VisitPoints) -> None:
    """Station 0 is nearer to point 1 but of another command."""
    visits = np.array([[1, 0]])
    stations = places("station", [880.0, 500.0, 1000.0], [0, 1, 1])
    short = np.zeros((2, 1))
    plan = plan_visits(points, stations, visits, short, np.array([0, 1]), 1, walk_min=10.0)
    assert [visit.station for visit in plan.visits] == [2]


@pytest.mark.parametrize("seed", range(4))
def test_half_the_density_doubles_the_interval(points: VisitPoints, seed: int) -> None:
    """Each point has the same phase, in intervals twice as long."""
    horizon = Horizon(START, 12)
    full = due_visits(points, horizon, seed=seed)
    half = due_visits(points, horizon, seed=seed, density=np.full((2, 12), 0.5))
    one = np.array_equal(full, due_visits(points, horizon, seed=seed, density=np.ones((2, 12))))
    assert one
    for point, opens, step in ((0, 60, 120), (1, 0, 60)):
        before, after = (v[v[:, 0] == point, 1] for v in (full, half))
        assert abs((after[0] - opens) - 2 * (before[0] - opens)) <= 2
        assert set(np.diff(after)) <= {2 * step - 1, 2 * step, 2 * step + 1}
        assert len(before) // 2 <= len(after) <= len(before) // 2 + 1


def test_the_density_of_an_hour_holds_in_that_hour(points: VisitPoints) -> None:
    """Point 1, every hour of its clock: none in the first six hours, then each hour, then each
    half hour."""
    density = np.ones((2, 12))
    density[1, :6], density[1, 9:] = 0.0, 2.0
    visits = due_visits(points, Horizon(START, 12), seed=3, density=density)
    own = visits[visits[:, 0] == 1, 1]
    assert own[0] >= 360
    assert ((own >= 360) & (own < 540)).sum() == 3
    late = own[own >= 540]
    assert len(late) in (5, 6)
    assert set(np.diff(late)) <= {29, 30, 31}
