"""Routes of sectors put together: by hand, with units, and the judge against wrong plans."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from optimizer.force import UnitType
from optimizer.judges.routed_visit_rules import routed_visit_violations
from optimizer.models.visits.sector_routing import routed_visits
from optimizer.plan import Deployment, PatrolRoute, Visit
from optimizer.routed_visits import RoutedVisits
from optimizer.visit_patrols import UnitsOut
from tests.optimizer.test_visit_sectors import EVENING, Places, VisitWork, must_visit, work_of

CAR = UnitType("car", "Car", "车", "police", 2, 1.0, 1.0, 2.5)
COMMAND = np.zeros(2, dtype=np.int64)


def homes() -> Places:
    """A station at 500 m and a standby point at 5,500 m."""
    names, zeros = ("S", "SP"), [0, 0]
    kinds = ("station", "standby")
    return Places(names, kinds, names, names, [500.0, 5500.0], [500.0] * 2, [0, 5], zeros)


def cars(busy: float = 0.25) -> tuple[UnitsOut, Deployment, np.ndarray]:
    """Two cars at the station in the first two hours; one at the standby point all the time."""
    home = np.array([[0, 0, -1, -1], [0, 0, -1, -1], [1, 1, 1, 1]])
    units = np.array([[2, 2, 0, 0], [1, 1, 1, 1]])
    station = np.zeros((2, 4), dtype=np.int64)
    free = np.where(units > 0, 1.0 - busy, 0.0)
    deployment = Deployment(("car",), units[None], ())
    return UnitsOut(CAR, home, station, free), deployment, np.where(units > 0, busy, np.nan)[None]


def by(kind: str) -> tuple[VisitWork, RoutedVisits, np.ndarray, Deployment, np.ndarray]:
    """Points at 500, 1,500 and 6,500 m: two sectors. Foot patrols or cars."""
    work = work_of(must_visit([500.0, 1500.0, 6500.0]), walk_min=10.0, kinds=(kind,))
    out, deployment, busy = cars()
    officers = work.officers(1)
    found = routed_visits(
        work,
        EVENING,
        homes(),
        homes(),
        COMMAND,
        officers,
        [out] if kind == "car" else [],
        night=3,
    )
    return work, found, officers, deployment, busy


def rules_broken(kind: str, change: Callable[[RoutedVisits], RoutedVisits]) -> set[str]:
    work, found, officers, deployment, busy = by(kind)
    wrong = change(found)
    broken = routed_visit_violations(EVENING, wrong, work.density, officers, deployment, busy)
    return {violation.rule for violation in broken}


@pytest.fixture(autouse=True)
def whole_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visits may begin at any time of their interval, as counting by hand wants it."""
    monkeypatch.setattr("optimizer.visit_sectors.WINDOW_SHARE", 1.0)


@pytest.mark.parametrize(("kind", "made"), [("foot", [2, 2, 2]), ("car", [2, 2, 1])])
def test_visits_are_delivered_by_hand(kind: str, made: list[int]) -> None:
    """Six visits are due, two to each point; a patrol in each sector makes them.

    The car of the first sector stays, a car for the second is there for two hours only.
    """
    plan = by(kind)[1].plan
    assert plan.due.tolist() == [2, 2, 2]
    assert np.bincount([visit.point for visit in plan.visits]).tolist() == made
    assert plan.bound_min == 12.0 * sum(made)
    assert {route.kind for route in plan.routes} == {kind}
    assert [route.route_id for route in plan.routes] == ["R001", "R002"]
    assert rules_broken(kind, lambda same: same) == set()
    for visit in plan.visits:
        route = plan.routes[visit.route]
        assert route.from_min <= visit.leave <= visit.minute < visit.end <= route.to_min
        assert visit.due_from <= visit.minute <= visit.latest
        assert (visit.due_from, visit.latest) in [(0, 108), (120, 228)]


def test_foot_patrols_start_at_a_station_and_cars_where_they_stand() -> None:
    _, found, *_ = by("foot")
    assert [(r.place, r.station, r.unit, r.on_foot) for r in found.plan.routes] == [
        (0, 0, -1, True),
        (0, 0, -1, True),
    ]
    _, found, *_ = by("car")
    assert found.plan.routes == (
        PatrolRoute("R001", "car", 2, 0, 1, 2, 0, 240, 180.0),
        PatrolRoute("R002", "car", 2, 0, 0, 0, 0, 120, 90.0),
    )


def test_a_car_makes_rounds_in_one_sector_at_a_time() -> None:
    _, found, *_ = by("car")
    taken = [(r.unit, h) for r in found.plan.routes for h in range(r.from_min, r.to_min, 60)]
    assert len(taken) == len(set(taken))


def test_without_officers_nothing_is_delivered_and_it_is_told() -> None:
    work = work_of(must_visit([500.0, 1500.0]), walk_min=10.0)
    nobody = np.zeros((1, 4))
    found = routed_visits(work, EVENING, homes(), homes(), COMMAND, nobody, [], night=1)
    assert (found.plan.visits, found.plan.routes, found.plan.bound_min) == ((), (), 0.0)
    assert found.plan.due.tolist() == [2, 2]


def test_same_night_same_plan_and_another_night_another() -> None:
    work = work_of(must_visit([500.0 * n for n in range(1, 15)]), walk_min=10.0)
    officers = work.officers(1)

    def night(number: int) -> tuple[Visit, ...]:
        return routed_visits(
            work, EVENING, homes(), homes(), COMMAND, officers, [], night=number
        ).plan.visits

    assert night(1) == night(1)
    assert len({night(number) for number in range(4)}) == 4


def first_route(found: RoutedVisits, **change: object) -> RoutedVisits:
    """The first route changed, in the plan and in its sector."""
    old = found.plan.routes[0]
    new = replace(old, **change)
    plan = replace(found.plan, routes=(new, *found.plan.routes[1:]))
    sectors = tuple(
        replace(
            sector,
            routes=tuple(
                replace(new, route_id="") if replace(r, route_id=old.route_id) == old else r
                for r in sector.routes
            ),
        )
        for sector in found.sectors
    )
    return RoutedVisits(sectors, plan)


def first_visit(found: RoutedVisits, **change: object) -> RoutedVisits:
    visits = found.plan.visits
    changed = replace(visits[0], **change)
    return replace(found, plan=replace(found.plan, visits=(changed, *visits[1:])))


@pytest.mark.parametrize(
    ("kind", "change", "rule"),
    [
        ("foot", lambda f: first_route(f, officers=3), "foot patrols manned"),
        ("foot", lambda f: first_route(f, free_min=241.0), "time between calls"),
        ("foot", lambda f: first_visit(f, minute=110), "visits as routed"),
        ("foot", lambda f: first_visit(f, route=1), "visits as routed"),
        ("foot", lambda f: first_visit(f, route=7), "visits as routed"),
        ("foot", lambda f: replace(f, plan=replace(f.plan, visits=())), "visits as routed"),
        ("car", lambda f: first_route(f, place=0), "units on rounds"),
        ("car", lambda f: first_route(f, to_min=180), "visits as routed"),
        ("car", lambda f: first_route(f, unit=f.plan.routes[1].unit), "one round at a time"),
        ("car", lambda f: first_route(f, free_min=200.0), "time between calls"),
    ],
)
def test_the_judge_tells_wrong_plans(
    kind: str, change: Callable[[RoutedVisits], RoutedVisits], rule: str
) -> None:
    assert rule in rules_broken(kind, change)


def test_the_judge_walks_every_route_again() -> None:
    """Ways twice as long: the visits told come before the patrol can be there."""

    def slower(found: RoutedVisits) -> RoutedVisits:
        far = tuple(replace(s, travel_min=s.travel_min + 100.0) for s in found.sectors)
        return replace(found, sectors=far)

    assert "patrol on its way" in rules_broken("foot", slower)


def test_a_busier_night_leaves_less_time_between_calls() -> None:
    work, found, officers, deployment, busy = by("car")
    judged = routed_visit_violations(EVENING, found, work.density, officers, deployment, busy + 0.1)
    assert {violation.rule for violation in judged} == {"time between calls"}
