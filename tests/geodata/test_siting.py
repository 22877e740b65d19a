"""Where stations and standby points are put."""

import numpy as np
import pytest

from geodata.area import StudyArea
from geodata.grid import Grid
from geodata.incidents import ZONES
from geodata.places import Places
from geodata.siting import standby_points, synthetic_stations

CITY, RURAL = ZONES.index("city"), ZONES.index("rural")


def test_stations_by_district_and_a_branch_each(area: StudyArea, grid: Grid) -> None:
    people = np.full(grid.n_cells, 500.0)
    found = synthetic_stations(area, grid, people, {"W": 3, "E": 2}, seed=4)
    assert found.place_ids == ("W-01", "W-02", "W-03", "E-01", "E-02", "W-B", "E-B")
    assert found.kind == ("station",) * 5 + ("branch",) * 2
    assert found.district.tolist() == [0, 0, 0, 1, 1, 0, 1]
    assert (grid.district[found.cell] == found.district).all()
    assert all("synthetic" in name for name in found.name_en)
    assert all("模拟" in name for name in found.name_zh)


def test_one_station_stands_where_the_people_are(area: StudyArea, grid: Grid) -> None:
    people = np.full(grid.n_cells, 1e-9)
    people[[5, 30]] = 10_000.0
    assert grid.district[[5, 30]].tolist() == [1, 1]
    people[[8, 9]] = 10_000.0
    assert grid.district[[8, 9]].tolist() == [0, 0]
    found = synthetic_stations(area, grid, people, {"W": 1, "E": 2}, seed=4)
    west, *east = found.of_kind("station").tolist()
    assert found.x[west] == pytest.approx(grid.x[[8, 9]].mean(), abs=150)
    assert sorted(found.cell[east].tolist()) == [5, 30]


def test_the_same_seed_gives_the_same_stations(area: StudyArea, grid: Grid) -> None:
    people = np.random.default_rng(1).uniform(1, 1000, grid.n_cells)
    first, again, other = (
        synthetic_stations(area, grid, people, {"W": 3, "E": 3}, seed=seed) for seed in (1, 1, 2)
    )
    assert first.x.tolist() == again.x.tolist()
    assert first.x.tolist() != other.x.tolist()


def test_standby_points_by_tier(area: StudyArea, grid: Grid, stations: Places) -> None:
    """The west is city with a point in each of its 16 cells, the east rural.

    Squares of 2 km cut the rural 4 x 4 cells into four, each with one point.
    """
    zone = np.where(grid.district == 0, CITY, RURAL)
    found = standby_points(area, grid, zone, stations, {"city": 1000.0, "rural": 2000.0})
    assert found.place_ids[:2] == stations.place_ids
    standby = found.of_kind("standby")
    assert np.bincount(found.district[standby]).tolist() == [16, 4]
    assert len(set(found.cell[standby].tolist())) == 20
    assert (grid.x[found.cell[standby]] == found.x[standby]).all()
    rural = standby[found.district[standby] == 1]
    squares = np.stack([found.x[rural], found.y[rural]]) // 2000
    assert np.unique(squares, axis=1).shape == (2, 4)


def test_a_square_over_a_border_has_a_point_on_each_side(
    area: StudyArea, grid: Grid, stations: Places
) -> None:
    """A square of 20 km holds the whole area: one point a district."""
    zone = np.full(grid.n_cells, CITY)
    found = standby_points(area, grid, zone, stations, {"city": 20_000.0})
    assert found.district[found.of_kind("standby")].tolist() == [0, 1]
