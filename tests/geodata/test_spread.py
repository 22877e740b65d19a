"""Residents by cell and zone tiers."""

from dataclasses import replace

import numpy as np
import pytest

from geodata.area import StudyArea
from geodata.grid import Grid, grid_over
from geodata.incidents import ZONES
from geodata.spread import spread_population, zone_tiers

NOTHING = {"transit_xy": np.empty((0, 2)), "centre_xyw": np.empty((0, 3))}


@pytest.fixture
def peopled(area: StudyArea) -> StudyArea:
    """16,000 residents in the west, 4,000 in the east."""
    west, east = area.districts
    return replace(area, districts=(replace(west, population=16e3), replace(east, population=4e3)))


@pytest.mark.parametrize("cell_m", [500.0, 1000.0])
def test_sums_to_each_district(peopled: StudyArea, cell_m: float) -> None:
    grid = grid_over(peopled, cell_m)
    people = spread_population(peopled, grid, **NOTHING, seed=1)
    assert np.bincount(grid.district, people).tolist() == pytest.approx([16_000.0, 4_000.0])
    assert people.min() > 0


def test_the_noise_of_a_place_does_not_depend_on_the_cell_size(peopled: StudyArea) -> None:
    """Four cells of half a kilometre hold the residents of the kilometre they lie in."""
    coarse, fine = grid_over(peopled, 1000.0), grid_over(peopled, 500.0)
    of_coarse = spread_population(peopled, coarse, **NOTHING, seed=1)
    of_fine = spread_population(peopled, fine, **NOTHING, seed=1)
    inside = coarse.locate(fine.x, fine.y)
    assert np.bincount(inside, of_fine).tolist() == pytest.approx(of_coarse.tolist())
    assert spread_population(peopled, coarse, **NOTHING, seed=2).tolist() != of_coarse.tolist()


@pytest.mark.parametrize(
    ("part", "at_centre", "two_km_away"),
    [
        # base 0.02; a stop adds 0.55 within 1.2 km and 0.2 within 3.5 km, a town of weight 5 adds
        # 5 x 0.12 within 1.8 km, each as a Gaussian of the distance
        ("transit_xy", 0.77, 0.02 + 0.55 * np.exp(-4 / 2.88) + 0.2 * np.exp(-4 / 24.5)),
        ("centre_xyw", 0.62, 0.02 + 0.6 * np.exp(-4 / 6.48)),
    ],
)
def test_people_live_around_stops_and_towns(
    peopled: StudyArea, grid: Grid, part: str, at_centre: float, two_km_away: float
) -> None:
    """The same seed gives the same noise, so it cancels out against a spread without them."""
    point = [[351_500.0, 3_451_500.0, 5.0][: 2 if part == "transit_xy" else 3]]
    plain = spread_population(peopled, grid, **NOTHING, seed=1)
    found = spread_population(peopled, grid, **{**NOTHING, part: np.array(point)}, seed=1)
    near, far = grid.locate([351_500.0, 353_500.0], [3_451_500.0, 3_451_500.0])
    gain = (found / plain)[near] / (found / plain)[far]
    assert gain == pytest.approx((at_centre / two_km_away) ** 0.8)


def test_tiers_by_hand(grid: Grid) -> None:
    """1,000 residents a cell are rural, 2,000 fringe, 7,000 city; sites and stops go before."""
    people = np.repeat([1_000.0, 2_000.0, 7_000.0, 7_000.0], 8)
    stops = np.array([[350_600.0, 3_452_600.0]] * 2 + [[350_400.0, 3_452_400.0]])
    tier = zone_tiers(
        grid,
        people,
        hub_xy=np.array([[357_500.0, 3_450_500.0]]),
        hub_radius_m=100.0,
        commercial_xy=stops,
        commercial_stops=3,
        city_per_km2=6_000.0,
        fringe_per_km2=1_500.0,
    )
    names = np.array([ZONES[t] for t in tier]).reshape(4, 8)
    assert names[0].tolist() == ["rural"] * 7 + ["hub"]
    assert names[1].tolist() == ["commercial"] * 2 + ["fringe"] * 6
    assert names[2].tolist() == ["commercial"] * 2 + ["city"] * 6
    assert names[3].tolist() == ["commercial"] + ["city"] * 7  # 1,556 m from the third stop


def test_a_hub_has_its_own_cell_whatever_the_radius(grid: Grid) -> None:
    tier = zone_tiers(
        grid,
        np.full(grid.n_cells, 7_000.0),
        hub_xy=np.array([[350_010.0, 3_450_010.0], [1.0, 1.0]]),
        hub_radius_m=1.0,
        commercial_xy=np.empty((0, 2)),
        commercial_stops=3,
        city_per_km2=6_000.0,
        fringe_per_km2=1_500.0,
    )
    assert [ZONES[t] for t in tier] == ["hub"] + ["city"] * 31
