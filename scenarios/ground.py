"""The ground of a scenario: area, cells, residents, zone tiers, roads and context."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.context_file import metric_lines, metric_points, read_context
from geodata.datum import to_wgs84
from geodata.district_file import read_districts
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.grid import Grid, grid_over
from geodata.points import crs_is_known
from geodata.roads import Crossing, RoadGraph, lattice
from geodata.row_check import RowCheck
from geodata.situation import ContextLine
from geodata.spread import spread_population, zone_tiers
from scenarios.scenario import LoadedScenario
from scenarios.schema import ContextLayer


@dataclass(frozen=True)
class Ground:
    """Where things are. `population[cell]` is NaN where districts have no figures."""

    area: StudyArea
    grid: Grid
    population: NDArray[np.float64]
    zone: NDArray[np.int64]
    roads: RoadGraph
    context: tuple[ContextLine, ...]


def read_ground(loaded: LoadedScenario, faults: FaultLog) -> Ground | None:
    """Read and build the ground; None when a file has faults."""
    context = _context(loaded, faults)
    area = faults.attempt(lambda log: _area(loaded, log))
    if area is None:
        return None
    hubs = faults.attempt(lambda log: _hub_sites(loaded, area, log))
    transit = faults.attempt(lambda log: _transit(loaded, area, log))
    centres = faults.attempt(lambda log: _centres(loaded, area, log))
    if context is None or hubs is None or transit is None or centres is None:
        return None
    grid = grid_over(area, loaded.scenario.grid.cell_m)
    if not _districts_are_filled(loaded, area, grid, faults):
        return None
    population = _population(loaded, area, grid, transit, centres)
    zone = _zones(loaded, grid, population, hubs, transit)
    roads = road_graph(loaded, area, grid, zone, context)
    return Ground(area, grid, population, zone, roads, context)


def _area(loaded: LoadedScenario, faults: FaultLog) -> StudyArea:
    part = loaded.scenario.area
    return read_districts(
        loaded.path(part.districts),
        None if part.attributes is None else loaded.path(part.attributes),
        part.districts_crs,
        faults,
        area_crs=part.crs,
        timezone=part.timezone,
        group_column=part.group_column,
    )


def _districts_are_filled(
    loaded: LoadedScenario, area: StudyArea, grid: Grid, faults: FaultLog
) -> bool:
    """Whether every district has a cell and, where residents are given, some of them."""
    cells = np.bincount(grid.district, minlength=len(area.districts))
    bare = [d.district_id for d, count in zip(area.districts, cells, strict=True) if not count]
    if bare:
        faults.add(
            loaded.path(loaded.scenario.area.districts).name,
            f"districts without a cell of {grid.cell_m:g} m",
            expected="the centre of at least one cell in every district",
            remedy="Make grid.cell_m smaller, or join small districts.",
            value=", ".join(bare),
        )
    empty = [d.district_id for d in area.districts if d.population == 0]
    if empty:
        faults.add(
            loaded.path(str(loaded.scenario.area.attributes)).name,
            "districts without residents",
            expected="a population above 0",
            remedy="Correct the population, or join these districts to others.",
            value=", ".join(empty),
        )
    return not (bare or empty)


def _context(loaded: LoadedScenario, faults: FaultLog) -> tuple[ContextLine, ...] | None:
    found: list[ContextLine] = []
    sound = True
    for layer in loaded.scenario.context:
        lines = faults.attempt(partial(_context_lines, loaded, layer))
        sound &= lines is not None
        found.extend(lines or ())
    return tuple(found) if sound else None


def _context_lines(
    loaded: LoadedScenario, layer: ContextLayer, faults: FaultLog
) -> tuple[ContextLine, ...]:
    labels = (layer.label, layer.label_en)
    return read_context(loaded.path(layer.file), layer.kind, layer.where, labels, faults)


def _transit(loaded: LoadedScenario, area: StudyArea, faults: FaultLog) -> NDArray[np.float64]:
    name = loaded.scenario.population.transit
    if name is None:
        return np.empty((0, 2))
    stops = read_context(loaded.path(name), "metro_station", {}, (None, None), faults)
    return metric_points(area, stops, "metro_station")


def _centres(loaded: LoadedScenario, area: StudyArea, faults: FaultLog) -> NDArray[np.float64]:
    name = loaded.scenario.population.centres
    crs = loaded.scenario.population.centres_crs
    table = None
    if name is not None and crs_is_known(loaded.path(name).name, crs, faults):
        table = read_table(loaded.path(name), ("lon", "lat", "weight"), faults)
    if table is None:
        return np.empty((0, 3))
    check = RowCheck(table, faults)
    lon, lat, weight = (check.numbers(column) for column in ("lon", "lat", "weight"))
    x, y = area.to_metric(*to_wgs84(lon, lat, str(crs)))
    return np.stack([x, y, weight], axis=1)


def _hub_sites(loaded: LoadedScenario, area: StudyArea, faults: FaultLog) -> NDArray[np.float64]:
    """Hub and scenic sites in metres, from a table with a position and a `site_kind`."""
    part = loaded.scenario.zones
    table = None
    path = None if part.hub_sites is None else loaded.path(part.hub_sites)
    if path is not None and crs_is_known(path.name, part.hub_sites_crs, faults):
        table = read_table(path, ("lon", "lat", "site_kind"), faults, allowed=("notes",))
    if table is None:
        return np.empty((0, 2))
    check = RowCheck(table, faults)
    lon, lat = (check.numbers(column, optional=True) for column in ("lon", "lat"))
    kinds = check.texts("site_kind")
    rows = np.flatnonzero(np.isfinite(lon) & np.isin(kinds, part.hub_kinds))
    lon, lat = to_wgs84(lon[rows], lat[rows], str(part.hub_sites_crs))
    return np.stack(area.to_metric(lon, lat), axis=1)


def _population(
    loaded: LoadedScenario,
    area: StudyArea,
    grid: Grid,
    transit: NDArray[np.float64],
    centres: NDArray[np.float64],
) -> NDArray[np.float64]:
    if not all(np.isfinite(district.population) for district in area.districts):
        return np.full(grid.n_cells, np.nan)
    seed = loaded.scenario.seed
    return spread_population(area, grid, transit_xy=transit, centre_xyw=centres, seed=seed)


def _zones(
    loaded: LoadedScenario,
    grid: Grid,
    population: NDArray[np.float64],
    hubs: NDArray[np.float64],
    transit: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Zone tiers; without residents every cell counts as city but for the hubs."""
    part = loaded.scenario.zones
    known = bool(np.isfinite(population).all())
    cell_km2 = (grid.cell_m / 1000.0) ** 2
    residents = population if known else np.full(grid.n_cells, part.city_per_km2 * cell_km2)
    return zone_tiers(
        grid,
        residents,
        hub_xy=hubs,
        hub_radius_m=part.hub_radius_m,
        commercial_xy=transit,
        commercial_stops=part.commercial_stops,
        city_per_km2=part.city_per_km2,
        fringe_per_km2=part.fringe_per_km2,
    )


def road_graph(
    loaded: LoadedScenario,
    area: StudyArea,
    grid: Grid,
    zone: NDArray[np.int64],
    context: tuple[ContextLine, ...],
) -> RoadGraph:
    """Streets over the grid with the barriers, crossings, links and expressways of `context`."""
    points = metric_points(area, context, "crossing")
    names = [line.name for line in context if line.kind == "crossing"]
    crossings = tuple(
        Crossing(name, float(x), float(y)) for name, (x, y) in zip(names, points, strict=True)
    )
    return lattice(
        grid,
        zone,
        barriers=metric_lines(area, context, *loaded.scenario.roads.barrier_kinds),
        crossings=crossings,
        links=metric_lines(area, context, "link"),
        expressways=metric_lines(area, context, "expressway"),
    )
