"""Synthetic spread of people within districts, and the zone tiers that follow from it."""

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.grid import Grid
from geodata.incidents import ZONES

_TRANSIT_NEAR_M, _TRANSIT_FAR_M, _CENTRE_M = 1_200.0, 3_500.0, 1_800.0
_RURAL_BASE, _NOISE_SIGMA, _FLATTENING = 0.02, 0.25, 0.8


def spread_population(
    area: StudyArea,
    grid: Grid,
    *,
    transit_xy: NDArray[np.float64],
    centre_xyw: NDArray[np.float64],
    seed: int,
) -> NDArray[np.float64]:
    """Residents per cell: the district's population spread around transit stops and towns.

    `transit_xy[stop, 2]` and `centre_xyw[centre, 3]` (x, y, weight) are in metres of the
    area's CRS. Sums to each district's population. Synthetic: the kernels are assumptions and
    a seeded lognormal noise makes neighbouring cells differ. The noise of a place depends on
    its kilometre square, not on the cell size.
    """
    weight = np.full(grid.n_cells, _RURAL_BASE)
    weight += 0.55 * _kernel(grid, transit_xy, np.ones(len(transit_xy)), _TRANSIT_NEAR_M)
    weight += 0.20 * _kernel(grid, transit_xy, np.ones(len(transit_xy)), _TRANSIT_FAR_M)
    weight += 0.12 * _kernel(grid, centre_xyw[:, :2], centre_xyw[:, 2], _CENTRE_M)
    weight = weight**_FLATTENING * _noise(grid, seed)
    people = np.zeros(grid.n_cells)
    for number, district in enumerate(area.districts):
        cells = grid.district == number
        people[cells] = district.population * weight[cells] / weight[cells].sum()
    return people


def _kernel(
    grid: Grid, points: NDArray[np.float64], weight: NDArray[np.float64], width_m: float
) -> NDArray[np.float64]:
    total = np.zeros(grid.n_cells)
    for (x, y), w in zip(points[:, :2], weight, strict=True):
        total += w * np.exp(-((grid.x - x) ** 2 + (grid.y - y) ** 2) / (2.0 * width_m**2))
    return total


def _noise(grid: Grid, seed: int) -> NDArray[np.float64]:
    squares = np.stack([grid.x // 1000.0, grid.y // 1000.0]).astype(np.int64)
    unique, inverse = np.unique(squares, axis=1, return_inverse=True)
    rng = np.random.default_rng(seed)
    of_square = np.exp(rng.normal(0.0, _NOISE_SIGMA, unique.shape[1]))
    noise: NDArray[np.float64] = of_square[inverse.ravel()]
    return noise


def zone_tiers(
    grid: Grid,
    population: NDArray[np.float64],
    *,
    hub_xy: NDArray[np.float64],
    hub_radius_m: float,
    commercial_xy: NDArray[np.float64],
    commercial_stops: int,
    city_per_km2: float,
    fringe_per_km2: float,
) -> NDArray[np.int64]:
    """Zone tier of each cell, an index into `ZONES`.

    A cell is a hub within `hub_radius_m` of a hub or scenic site (and always the site's own
    cell), commercial with at least `commercial_stops` transit stops within 1.5 km, else city,
    fringe or rural by the residents per square kilometre.
    """
    density = population / (grid.cell_m / 1000.0) ** 2
    tier = np.full(grid.n_cells, ZONES.index("rural"))
    tier[density >= fringe_per_km2] = ZONES.index("fringe")
    tier[density >= city_per_km2] = ZONES.index("city")
    stops = np.zeros(grid.n_cells)
    for x, y in commercial_xy:
        stops += np.hypot(grid.x - x, grid.y - y) <= 1_500.0
    tier[(stops >= commercial_stops) & (density >= fringe_per_km2)] = ZONES.index("commercial")
    for x, y in hub_xy:
        tier[np.hypot(grid.x - x, grid.y - y) <= hub_radius_m] = ZONES.index("hub")
    own = grid.locate(hub_xy[:, 0], hub_xy[:, 1])
    tier[own[own >= 0]] = ZONES.index("hub")
    return tier
