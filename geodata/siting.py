"""Where stations and standby points stand when no file says so: synthetic and seeded."""

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from geodata.area import District, StudyArea
from geodata.grid import Grid
from geodata.incidents import ZONES
from geodata.places import Places


def synthetic_stations(
    area: StudyArea,
    grid: Grid,
    population: NDArray[np.float64],
    counts: dict[str, int],
    *,
    seed: int,
) -> Places:
    """Stations by district (`counts[district_id]`), at the centres of residents' clusters.

    Each district also gets a branch bureau beside its station with the most residents. The
    clusters are weighted k-means over the cells of the district, seeded (Lloyd 1982).
    """
    names: list[tuple[str, str, str]] = []
    points: list[NDArray[np.float64]] = []
    for number, district in enumerate(area.districts):
        members = np.flatnonzero(grid.district == number)
        wanted = counts[district.district_id]
        points.append(_cluster_centres(grid, members, population[members], wanted, seed + number))
        names.extend(_station_name(district, i + 1) for i in range(wanted))
    n_stations = len(names)
    for number, district in enumerate(area.districts):
        cells = grid.locate(points[number][:, 0], points[number][:, 1])
        points.append(points[number][[int(np.argmax(population[cells]))]])
        names.append(
            (
                f"{district.district_id}-B",
                f"{district.name_en} branch bureau (synthetic place)",
                f"{district.name_zh}分局（模拟位置）",
            )
        )
    xy = np.concatenate(points)
    where = grid.locate(xy[:, 0], xy[:, 1])
    return Places(
        place_ids=tuple(name[0] for name in names),
        kind=("station",) * n_stations + ("branch",) * len(area.districts),
        name_en=tuple(name[1] for name in names),
        name_zh=tuple(name[2] for name in names),
        x=xy[:, 0],
        y=xy[:, 1],
        cell=where,
        district=grid.district[where],
    )


def _station_name(district: District, number: int) -> tuple[str, str, str]:
    return (
        f"{district.district_id}-{number:02d}",
        f"{district.name_en} station {number:02d} (synthetic)",
        f"{district.name_zh}{number:02d}号派出所（模拟）",
    )


def _cluster_centres(
    grid: Grid, members: NDArray[np.int64], weight: NDArray[np.float64], wanted: int, seed: int
) -> NDArray[np.float64]:
    """Centres `[wanted, 2]` of clusters of people, sorted south to north.

    Residents are weighted to the power 0.6, so that stations follow people but thin out less
    in the country than they do. A centre outside the district's cells moves to the nearest one.
    """
    rng = np.random.default_rng(seed)
    share = weight**0.6 / (weight**0.6).sum()
    picked = members[rng.choice(len(members), 60 * wanted, p=share)]
    sample = np.stack([grid.x[picked], grid.y[picked]], axis=1)
    sample += rng.uniform(-0.5, 0.5, sample.shape) * grid.cell_m
    start = sample[rng.choice(len(sample), wanted, replace=False)]
    centres, _ = kmeans2(sample, start, minit="matrix", iter=15, missing="warn")
    inside = np.isin(grid.locate(centres[:, 0], centres[:, 1]), members)
    for i in np.flatnonzero(~inside):
        offset = np.hypot(grid.x[members] - centres[i, 0], grid.y[members] - centres[i, 1])
        nearest = members[int(np.argmin(offset))]
        centres[i] = grid.x[nearest], grid.y[nearest]
    ordered: NDArray[np.float64] = centres[np.lexsort((centres[:, 0], centres[:, 1]))]
    return ordered


def standby_points(
    area: StudyArea,
    grid: Grid,
    zone: NDArray[np.int64],
    stations: Places,
    spacing_m: dict[str, float],
) -> Places:
    """Patrol places: the stations, then standby points on a lattice per zone tier.

    In a tier with spacing s, one cell per square of s metres becomes a standby point: the one
    nearest to the middle of the square among the cells of that tier and district.
    """
    chosen = np.concatenate(
        [
            _one_per_square(grid, np.flatnonzero(zone == ZONES.index(t)), s)
            for t, s in spacing_m.items()
        ]
    )
    chosen = np.sort(chosen)
    ids = tuple(f"SP-{grid.cell_ids[cell]}" for cell in chosen)
    names_en = [f"{area.districts[d].name_en} standby point" for d in grid.district[chosen]]
    names_zh = [f"{area.districts[d].name_zh}屯警点" for d in grid.district[chosen]]
    return Places(
        place_ids=stations.place_ids + ids,
        kind=stations.kind + ("standby",) * len(ids),
        name_en=stations.name_en + tuple(names_en),
        name_zh=stations.name_zh + tuple(names_zh),
        x=np.concatenate([stations.x, grid.x[chosen]]),
        y=np.concatenate([stations.y, grid.y[chosen]]),
        cell=np.concatenate([stations.cell, chosen]),
        district=np.concatenate([stations.district, grid.district[chosen]]),
    )


def _one_per_square(grid: Grid, cells: NDArray[np.int64], spacing_m: float) -> NDArray[np.int64]:
    square_x = np.floor(grid.x[cells] / spacing_m)
    square_y = np.floor(grid.y[cells] / spacing_m)
    offset = np.hypot(
        grid.x[cells] - (square_x + 0.5) * spacing_m, grid.y[cells] - (square_y + 0.5) * spacing_m
    )
    order = np.lexsort((cells, offset, grid.district[cells], square_y, square_x))
    keys = np.stack([square_x, square_y, grid.district[cells]])[:, order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return cells[order[first]]
