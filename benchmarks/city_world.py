"""A synthetic square city: grid, lattice roads, demand that peaks in the middle, one car type."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.forecast import DemandForecast
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from geodata.incidents import IncidentClass, IncidentClasses
from geodata.places import Places, VisitPoints
from geodata.roads import ROAD_KINDS, lattice
from geodata.routing import SpeedProfiles, travel_times
from geodata.situation import Provenance, Situation
from geodata.travel import TravelTimes
from optimizer.force import Force, ForceType, UnitType
from optimizer.judges.baselines import proportional_units

WEST_M, SOUTH_M = 300_000.0, 3_400_000.0
"""Where the city lies, about: its corner is the nearest corner of a cell."""

SPEED_KMH = {"hub": 18.0, "commercial": 18.0, "city": 24.0, "fringe": 36.0, "rural": 45.0}
PATROL_CAR = "patrol_car"


@dataclass(frozen=True)
class CitySize:
    """How large a synthetic city is: a square of `side_cells`, cut into `side_districts` squared.

    Cells have sides of `cell_m` metres; `places` standby points besides one station per
    district; `units` patrol cars in all; `calls_per_h` over the whole city; a place reaches what
    is at most `cutoff_min` minutes away.
    """

    side_cells: int
    cell_m: float
    side_districts: int
    places: int
    units: int
    hours: int
    calls_per_h: float
    cutoff_min: float

    @property
    def west_m(self) -> float:
        """Easting of the western edge, metres."""
        return round(WEST_M / self.cell_m) * self.cell_m

    @property
    def south_m(self) -> float:
        """Northing of the southern edge, metres."""
        return round(SOUTH_M / self.cell_m) * self.cell_m


@dataclass(frozen=True)
class City:
    """A situation with its force and the cars of each district, `cars[district]`."""

    situation: Situation
    force: Force
    cars: NDArray[np.int64]


def synthetic_city(size: CitySize, seed: int) -> City:
    """Build the city; places and demand are drawn from `seed`."""
    rng = np.random.default_rng(seed)
    area = _area(size)
    grid = grid_over(area, size.cell_m)
    zone = _zones(grid, size)
    horizon = Horizon(datetime(2027, 2, 5, 18, tzinfo=UTC), size.hours)
    stations, patrol = _places(area, grid, size, rng)
    rate = _rates(grid, size, rng)
    none, no_minutes = np.zeros(0, dtype=np.int64), np.zeros(0)
    situation = Situation(
        area=area,
        grid=grid,
        horizon=horizon,
        zone=zone,
        classes=_classes(),
        forecast=DemandForecast(rate, grid.n_cells, size.hours, ("urgent", "other")),
        stations=stations,
        patrol_places=patrol,
        visit_points=VisitPoints(_places_at(grid, none, ()), no_minutes, no_minutes, none, none),
        travel=MappingProxyType(_travel(grid, zone, patrol, size)),
        population=np.zeros(grid.n_cells),
        context=(),
        provenance=(Provenance("whole city", "整座城市", "synthetic", f"benchmark, seed {seed}"),),
    )
    calls = np.bincount(grid.district, rate.sum(axis=(1, 2)), len(area.districts)).astype(float)
    return City(situation, _force(len(stations)), proportional_units(calls, size.units))


def _area(size: CitySize) -> StudyArea:
    side_m = size.side_cells * size.cell_m / size.side_districts
    districts = []
    for row in range(size.side_districts):
        for col in range(size.side_districts):
            west, south = size.west_m + col * side_m, size.south_m + row * side_m
            name = f"D{row}{col}"
            square = box(west, south, west + side_m, south + side_m)
            districts.append(District(name, name, name, square))
    return StudyArea("EPSG:32651", "UTC", tuple(districts))


def _from_middle(grid: Grid, size: CitySize) -> NDArray[np.float64]:
    """Distance from the middle of the city as a share of half its side, `[cell]`."""
    half_m = size.side_cells * size.cell_m / 2
    away_m = np.hypot(grid.x - size.west_m - half_m, grid.y - size.south_m - half_m)
    return np.asarray(away_m / half_m)


def _zones(grid: Grid, size: CitySize) -> NDArray[np.int64]:
    return np.searchsorted([0.05, 0.15, 0.6, 1.0], _from_middle(grid, size)).astype(np.int64)


def _rates(grid: Grid, size: CitySize, rng: np.random.Generator) -> NDArray[np.float32]:
    weight = np.exp(-3.0 * _from_middle(grid, size)) * rng.gamma(2.0, 0.5, grid.n_cells)
    per_h = size.calls_per_h * weight / weight.sum()
    by_class = per_h[:, None, None] * np.array([0.2, 0.8])
    return np.broadcast_to(by_class, (grid.n_cells, size.hours, 2)).astype(np.float32)


def _places(
    area: StudyArea, grid: Grid, size: CitySize, rng: np.random.Generator
) -> tuple[Places, Places]:
    """Stations in the middle of the districts, and all patrol places: stations and standby."""
    middles = [district.polygon.centroid for district in area.districts]
    x, y = np.array([m.x for m in middles]), np.array([m.y for m in middles])
    homes = grid.locate(x, y)
    standby = np.sort(rng.choice(grid.n_cells, size.places, replace=False))
    kinds = ("station",) * len(homes) + ("standby",) * len(standby)
    stations = _places_at(grid, homes, kinds[: len(homes)])
    return stations, _places_at(grid, np.concatenate([homes, standby]), kinds)


def _places_at(grid: Grid, cells: NDArray[np.int64], kinds: tuple[str, ...]) -> Places:
    ids = tuple(f"{kind}-{number:04d}" for number, kind in enumerate(kinds))
    return Places(ids, kinds, ids, ids, grid.x[cells], grid.y[cells], cells, grid.district[cells])


def _travel(
    grid: Grid, zone: NDArray[np.int64], places: Places, size: CitySize
) -> dict[str, TravelTimes]:
    graph = lattice(grid, zone, barriers=(), crossings=(), links=(), expressways=())
    speeds = [SPEED_KMH.get(kind, SPEED_KMH["rural"]) for kind in ROAD_KINDS]
    profile = SpeedProfiles(("all",), np.array([speeds]), np.zeros(size.hours, dtype=np.int64))
    return travel_times(
        graph, zone, places, profile, speed_factors={PATROL_CAR: 1.0}, cutoff_min=size.cutoff_min
    )


def _classes() -> IncidentClasses:
    classes = (
        IncidentClass("urgent", "Urgent", "紧急", 1, 2.0, 1.0, 45.0, PATROL_CAR),
        IncidentClass("other", "Other", "其他", 3, 2.0, 1.0, 30.0, PATROL_CAR),
    )
    target = np.array([[1, 10], [3, 10], [5, 10], [10, 15], [15, 20]], dtype=np.float64)
    return IncidentClasses(classes, target)


def _force(stations: int) -> Force:
    officer = ForceType("response", "Response", "处警", True, True, True, True, "routine")
    car = UnitType(PATROL_CAR, "Patrol car", "巡逻车", "response", 2, 1.0, 1.0, 2.5)
    return Force((officer,), (car,), np.zeros((stations, 1), dtype=np.int64))
