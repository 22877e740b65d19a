"""Units near calls and sites, posts and visits: figures worked out by hand on the tiny city."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from geodata.places import VisitPoints
from geodata.situation import Situation
from optimizer.judges.duties import posts_at_start, unfilled_post_hours, visit_minutes
from optimizer.judges.sites import idle_units_near, largest_sites, nearest_cell
from optimizer.judges.standing import STANDING, second_idle_within, standing
from optimizer.plan import Deployment, PostAssignment, PostFill, Visit, VisitPlan
from optimizer.requirement import PostNeed
from tests.optimizer.tiny_city import places_at, tiny_city, tiny_force

BUSY = np.array([0.5, np.nan, 0.5, 0.25])


def deployed(*at_places: int) -> Deployment:
    return Deployment(("car",), np.array(at_places).reshape(1, -1, 1), ())


def need(event: str, hours: tuple[int, int], required: int, **other: object) -> PostNeed:
    """Police posts of the west in its control ring."""
    post_id = f"{event}/{hours[0]:03d}/{other.get('district', 0)}"
    found = PostNeed(
        post_id, event, event, "", "control", "peak", *hours, 0, 0.0, 0.0, 2, "police", required, ""
    )
    return replace(found, **other)  # type: ignore[arg-type]


def at_cell(city: Situation, cell: int) -> dict[str, float]:
    """Longitude and latitude of the middle of a cell."""
    lon, lat = city.area.to_lonlat(city.grid.x[[cell]], city.grid.y[[cell]])
    return {"lon": float(lon[0]), "lat": float(lat[0])}


def test_circles_and_second_units_of_the_tiny_city() -> None:
    """Two cars at station 0, one each at 13 and 14, half, half and a quarter busy.

    Cell 0 has two cars 1 minute away and the one at 13 after 8, just the target of 5 and 3 more:
    two of the three are idle with 1/2. Cells 13 and 14 have one car there and one after 2
    minutes, both idle with 1/2 x 3/4; the cars of station 0 come to cell 13 after 9 minutes.
    """
    found = standing(tiny_city(hours=1), tiny_force(), deployed(2, 0, 1, 1), BUSY.reshape(1, 4, 1))
    measures = dict(zip(STANDING, found.district[..., 0].tolist(), strict=True))
    assert measures["circle_1"] == measures["circle_5"] == [5.0, 2.0]
    assert measures["second_in_time"] == pytest.approx([4 / 2 + 3 / 8, 2 * 3 / 8])
    assert found.zone[..., 0].sum(axis=1) == pytest.approx([7, 7, 7, 3.125])
    assert found.of_class[..., 0].tolist() == [[7, 0], [7, 0], [7, 0], [3.125, 0]]


def test_circles_count_the_nearest_unit_however_busy() -> None:
    """Only a car at 14: cell 13 is 2 minutes away, cell 0 out of reach."""
    busy = np.array([np.nan, np.nan, np.nan, 1.0]).reshape(1, 4, 1)
    found = standing(tiny_city(hours=1), tiny_force(), deployed(0, 0, 0, 1), busy)
    assert found.district[:3, :, 0].tolist() == [[0, 2], [1, 2], [1, 2]]
    assert found.district[3].tolist() == [[0], [0]]


@pytest.mark.parametrize("seed", range(6))
def test_second_idle_unit_is_that_of_all_states(seed: int) -> None:
    """Every unit idle or busy: the states with two idle units within the limit, added up."""
    rng = np.random.default_rng(seed)
    units, busy = rng.integers(1, 4, 3), rng.uniform(0, 1, 3)
    minutes, limits = np.sort(rng.uniform(0, 10, 3)), np.array([[2.0, 5.0, 9.0]])
    place = np.repeat(np.arange(3), units)
    expected = np.zeros(3)
    for idle in product([False, True], repeat=len(place)):
        chance = np.prod(np.where(idle, 1 - busy[place], busy[place]))
        arrivals = np.sort(minutes[place][np.array(idle)])
        if len(arrivals) > 1:
            expected += chance * (arrivals[1] <= limits[0])
    found = second_idle_within(
        np.array([0, 3]), np.arange(3, dtype=np.int32), minutes, units, busy, limits
    )
    assert found[0] == pytest.approx(expected)


def test_idle_units_near_a_site() -> None:
    """Cell 13: the car at 14 comes after 2 minutes, the two of station 0 after 9."""
    city = tiny_city(hours=1)
    sites = largest_sites(city, (need("fair", (0, 1), 8, **at_cell(city, 13)),))
    assert [(site.event_id, site.hour, site.required, site.cell) for site in sites] == [
        ("fair", 0, 8, 13)
    ]
    busy = BUSY.reshape(1, 4, 1)
    near = idle_units_near(city, tiny_force(), deployed(2, 0, 0, 1), busy, sites)
    assert near[:, 0] == pytest.approx([0.75, 1.75])


def test_the_largest_sites_at_their_first_peak() -> None:
    """The fair asks for 4, then 4 + 3 at once, the match for 9; blocks of both overlap."""
    needs = (
        need("fair", (0, 3), 4),
        need("fair", (1, 3), 3, post_id="more"),
        need("match", (2, 4), 9),
        need("small", (0, 4), 1),
    )
    found = largest_sites(tiny_city(hours=4), needs, 2)
    assert [(site.event_id, site.hour, site.required) for site in found] == [
        ("match", 2, 9),
        ("fair", 1, 7),
    ]


def test_a_site_outside_the_grid_belongs_to_the_nearest_cell() -> None:
    city = tiny_city()
    lon, lat = city.area.to_lonlat(city.grid.x[[3]] + 700.0, city.grid.y[[3]])
    assert nearest_cell(city, float(lon[0]), float(lat[0])) == 3


def test_posts_when_they_start_and_hours_unfilled() -> None:
    """West: 6 of 8 for two hours, then 5 of 5; east: 3 of 4 of priority 1."""
    needs = (
        need("fair", (0, 2), 8),
        need("fair", (2, 3), 5),
        need("match", (1, 3), 4, district=1, priority=1),
    )
    have = (6, 5, 3)
    fills = tuple(
        PostFill(post.post_id, "police", post.district, officers)
        for post, officers in zip(needs, have, strict=True)
    )
    posts = PostAssignment(needs, fills)
    required, present = posts_at_start(posts, 2, 3)
    assert required.tolist() == [[8, 0, 5], [0, 4, 0]]
    assert present.tolist() == [[6, 0, 5], [0, 3, 0]]
    short = unfilled_post_hours(posts, 2, 3)
    assert short[1].tolist() == [[2, 2, 0], [0, 0, 0]]
    assert short[0].tolist() == [[0, 0, 0], [0, 1, 1]]
    assert short[2].sum() == 0


def test_minutes_of_visits_due_and_planned() -> None:
    """Point 0 in the west asks for 12 minutes twice, point 1 in the east for 20 once."""
    city = tiny_city(hours=2)
    points = VisitPoints(
        places_at(city.grid, (5, 6), "must_visit"), np.array([12.0, 20.0]), *[np.ones(2)] * 3
    )
    due = np.array([[0, 10], [1, 30], [0, 70]])
    plan = VisitPlan((Visit(0, 10, 12.0, 0), Visit(1, 30, 20.0, 1)), np.array([2, 1]))
    asked, planned = visit_minutes(replace(city, visit_points=points), due, plan)
    assert asked.tolist() == [[12, 12], [20, 0]]
    assert planned.tolist() == [[12, 0], [20, 0]]
