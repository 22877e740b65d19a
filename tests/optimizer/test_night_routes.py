"""Routes of a night: windows, stretched minutes and gaps by hand, and nights that differ."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geodata.horizon import Horizon
from geodata.places import Places, VisitPoints
from optimizer.judges.route_rules import longest_gaps, night_violations
from optimizer.models.visits.night_routing import KEPT, LINGER_MIN, night_routes
from optimizer.models.visits.orienteering import RouteOptions
from optimizer.visit_routes import DueWindows, NightRoutes, Patrols, RouteVisit, due_windows

START = datetime(2027, 2, 5, 16, tzinfo=ZoneInfo("Asia/Shanghai"))
EVENING = Horizon(START, 6)
OPTIONS = RouteOptions(starts=2, steps=400, bound_rounds=0)


def visit_points(
    visit_min: list[float], interval_h: list[float], first: list[int], last: list[int]
) -> VisitPoints:
    names = tuple(f"M{number}" for number in range(len(visit_min)))
    zeros = [0] * len(names)
    places = Places(names, ("must_visit",) * len(names), names, names, zeros, zeros, zeros, zeros)
    return VisitPoints(places, visit_min, interval_h, first, last)


def patrols(free_min: list[float], mode: list[int], start: list[int]) -> Patrols:
    count = len(free_min)
    ids = tuple(f"P{number}" for number in range(count))
    return Patrols(ids, mode, start, np.zeros(count), np.full(count, 360.0), free_min)


@pytest.fixture
def town() -> tuple[VisitPoints, Patrols, np.ndarray]:
    """Eight points on two streets; two patrols on foot, one in a car, one on a motorcycle."""
    points = visit_points([12.0] * 6 + [15.0] * 2, [2.0] * 6 + [1.0] * 2, [17] * 8, [21] * 8)
    x = np.array([0, 1, 2, 3, 0, 1, 2, 3, 0, 3]) * 300.0
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 1]) * 400.0
    metres = np.hypot(x[:, None] - x, y[:, None] - y)
    travel = metres / np.array([75.0, 400.0, 450.0])[:, None, None]
    return points, patrols([180.0, 240.0, 90.0, 120.0], [0, 0, 1, 2], [0, 1, 1, 0]), travel


def orders(night: NightRoutes) -> list[list[int]]:
    return [
        [visit.point for visit in night.visits if visit.patrol == patrol] for patrol in range(4)
    ]


def test_windows_by_hand() -> None:
    """Due from 17 to 21: in 4 h two windows of 2 h, or at 1.5 h three of 80 min; or from 21 on."""
    points = visit_points([12.0, 10.0, 10.0], [2.0, 1.5, 2.0], [17, 17, 21], [21, 21, 3])
    windows = due_windows(points, EVENING)
    assert windows.point.tolist() == [0, 0, 1, 1, 1, 2]
    assert windows.from_min.tolist() == [60, 180, 60, 140, 220, 300]
    assert windows.to_min.tolist() == [180, 300, 140, 220, 300, 360]


def test_a_visit_longer_than_its_window_is_not_due() -> None:
    assert len(due_windows(visit_points([40.0], [0.5], [17], [21]), EVENING).point) == 0


def test_stretched_minutes_by_hand() -> None:
    """Free half of its time, the patrol takes 20 min for 10 min of way and 24 for the visit.

    It leaves at 0 and comes too early: the visit begins with the window at 60 or up to 20 min
    later and takes 24.
    """
    points = visit_points([12.0], [4.0], [17], [21])
    travel = np.full((3, 2, 2), 10.0)
    begins = set()
    for number in range(30):
        night = night_routes(points, EVENING, patrols([180.0], [0], [0]), travel, night=number)
        (visit,) = night.visits
        begins.add(visit.begin_min)
        assert visit == RouteVisit(0, 0, visit.begin_min, visit.begin_min + 24.0, 12.0)
        assert (night.due_min.tolist(), night.planned_min.tolist()) == ([12], [12])
        assert night.longest_gap_min.tolist() == [300 - visit.end_min]
        assert night.best_min == night.bound_min == 12
    assert min(begins) >= 60 > max(begins) - LINGER_MIN
    assert len(begins) > 10


def test_a_visit_lingers_no_longer_than_the_next_one_allows() -> None:
    """From 60 to 100 two visits of 12 min, 10 min apart: 6 minutes are left to linger in all."""
    points = visit_points([12.0, 12.0], [0.7, 0.7], [17, 17], [18, 18])
    travel = np.full((3, 3, 3), 10.0)
    fleet = replace(patrols([110.0], [0], [0]), to_min=[110.0])
    windows = DueWindows(np.array([0, 1]), np.full(2, 60.0), np.full(2, 100.0))
    for number in range(20):
        night = night_routes(points, EVENING, fleet, travel, night=number, windows=windows)
        assert len(night.visits) == 2
        first, second = night.visits
        assert 60 <= first.begin_min <= 66
        assert first.end_min + 10 <= second.begin_min <= 88


def test_stretched_minutes_are_told_whole() -> None:
    """Free 200 of 360 min: 10 min of way take 18 and the 12 of a visit 21.6, so 22."""
    points = visit_points([12.0], [4.0], [17], [21])
    fleet = patrols([200.0], [0], [0])
    travel = np.full((3, 2, 2), 10.0)
    night = night_routes(points, EVENING, fleet, travel, night=1)
    (visit,) = night.visits
    assert visit.end_min - visit.begin_min == 22
    assert visit.begin_min == int(visit.begin_min)
    assert night_violations(points, EVENING, fleet, travel, night) == ()


def test_intervals_pass_at_the_pace_of_the_level() -> None:
    """Due from 17 to 21 every 2 h. At half the pace one window; none at 19, then two hours."""
    points = visit_points([12.0], [2.0], [17], [21])
    slow = due_windows(points, EVENING, np.full((1, 6), 0.5))
    assert (slow.from_min.tolist(), slow.to_min.tolist()) == ([60], [300])
    broken = np.array([[1.0, 1.0, 1.0, 0.0, 1.0, 1.0]])
    split = due_windows(points, EVENING, broken)
    assert split.from_min.tolist() == [60, 240]
    assert split.to_min.tolist() == [180, 300]
    mixed = due_windows(points, EVENING, np.array([[1.0, 1.0, 1.0, 0.5, 0.5, 1.0]]))
    assert mixed.from_min.tolist() == [60, 150]


def test_gaps_by_hand() -> None:
    """Due from 60 to 300, visited from 70 to 82 and from 200 to 212: without one up to 118 min."""
    points = visit_points([12.0, 12.0, 12.0], [2.0] * 3, [17, 17, 8], [21, 21, 9])
    visits = (RouteVisit(0, 0, 200.0, 212.0, 12.0), RouteVisit(1, 0, 70.0, 82.0, 12.0))
    assert longest_gaps(points, EVENING, visits).tolist() == [118, 240, 0]


def test_every_night_is_another_one(town: tuple[VisitPoints, Patrols, np.ndarray]) -> None:
    points, fleet, travel = town
    nights = [
        night_routes(points, EVENING, fleet, travel, night=night, options=OPTIONS)
        for night in range(6)
    ]
    assert len({str(orders(night)) for night in nights}) == 6
    assert len({night.best_min for night in nights}) == 1
    for night in nights:
        assert night_violations(points, EVENING, fleet, travel, night) == ()
        assert KEPT * night.best_min <= night.planned_min.sum() <= night.best_min
        assert night.best_min <= night.bound_min <= night.due_min.sum()
        assert (night.planned_min <= night.due_min).all()


def test_same_night_same_routes(town: tuple[VisitPoints, Patrols, np.ndarray]) -> None:
    points, fleet, travel = town
    one, two = (
        night_routes(points, EVENING, fleet, travel, night=5, options=OPTIONS) for _ in range(2)
    )
    assert one.visits == two.visits


def test_patrols_without_free_minutes_visit_nothing(
    town: tuple[VisitPoints, Patrols, np.ndarray],
) -> None:
    points, fleet, travel = town
    busy = replace(fleet, free_min=np.zeros(4))
    night = night_routes(points, EVENING, busy, travel, night=1, options=OPTIONS)
    assert night.visits == ()
    assert night.longest_gap_min.tolist() == [240] * 8


def test_no_points_and_no_patrols(town: tuple[VisitPoints, Patrols, np.ndarray]) -> None:
    points, _, travel = town
    nobody = patrols([], [], [])
    night = night_routes(points, EVENING, nobody, travel, night=1)
    assert (night.visits, night.best_min, night.bound_min) == ((), 0.0, 0.0)
    nothing = night_routes(
        visit_points([], [], [], []),
        EVENING,
        patrols([90.0], [1], [0]),
        np.zeros((3, 1, 1)),
        night=1,
    )
    assert nothing.visits == ()


def test_judge_tells_wrong_nights(town: tuple[VisitPoints, Patrols, np.ndarray]) -> None:
    points, fleet, travel = town
    night = night_routes(points, EVENING, fleet, travel, night=1, options=OPTIONS)

    def broken(first: RouteVisit, *others: RouteVisit, planned: np.ndarray) -> set[str]:
        wrong = replace(night, visits=(first, *others), planned_min=planned)
        return {each.rule for each in night_violations(points, EVENING, fleet, travel, wrong)}

    one = np.array([12.0, 0, 0, 0, 0, 0, 0, 0])
    visit = RouteVisit(1, 0, 100.0, 118.0, 12.0)
    assert broken(visit, planned=one) == set()
    assert broken(visit, planned=2 * one) == {"planned dose"}
    assert broken(replace(visit, end_min=112.0), planned=one) == {"visit length"}
    early = replace(visit, begin_min=10.0, end_min=28.0)
    assert broken(early, planned=one) == {"visit in due window", "patrol on its way"}
    again = replace(visit, begin_min=140.0, end_min=158.0)
    assert broken(visit, again, planned=2 * one) == {"one visit a window"}
    far = RouteVisit(1, 3, 119.0, 137.0, 12.0)
    both = one + one[[3, 1, 2, 0, 4, 5, 6, 7]]
    assert broken(visit, far, planned=both) == {"patrol on its way"}
    short = replace(fleet, to_min=np.full(4, 240.0), free_min=fleet.free_min / 1.5)
    late = RouteVisit(1, 0, 225.0, 243.0, 12.0)
    wrong = replace(night, visits=(late,), planned_min=one)
    found = night_violations(points, EVENING, short, travel, wrong)
    assert [each.rule for each in found] == ["patrol back in time"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": np.array([0, 3])}, "mode of patrol P1 cannot be 3"),
        ({"start": np.array([-1, 0])}, "start of patrol P0 cannot be -1"),
        ({"to_min": np.array([-5.0, 360.0])}, "to_min of patrol P0 cannot be -5.0"),
        ({"free_min": np.array([0.0, 361.0])}, "free_min of patrol P1 cannot be 361.0"),
        ({"free_min": np.array([0.0, np.nan])}, "free_min of patrol P1 cannot be nan"),
        ({"patrol_ids": ("a", "a")}, "patrol ids repeat"),
        ({"from_min": np.zeros(3)}, "from_min has shape"),
    ],
)
def test_patrols_are_right_or_refused(change: dict[str, object], message: str) -> None:
    fleet = patrols([60.0, 60.0], [0, 1], [0, 0])
    with pytest.raises(ValueError, match=message):
        replace(fleet, **change)


def test_travel_times_must_cover_all_places(
    town: tuple[VisitPoints, Patrols, np.ndarray],
) -> None:
    points, fleet, travel = town
    with pytest.raises(ValueError, match="travel_min is 3 x 9 x 9, expected 3 x 10 x 10"):
        night_routes(points, EVENING, fleet, travel[:, :9, :9], night=1)
