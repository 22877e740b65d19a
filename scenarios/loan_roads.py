"""How long officers on loan travel: by road, from the lender's homes to the borrower's posts."""

import numpy as np
from numpy.typing import NDArray

from geodata.arc_travel import node_minutes
from geodata.area import StudyArea
from geodata.grid import Grid
from geodata.places import Places
from geodata.roads import RoadGraph
from geodata.routing import SpeedProfiles
from optimizer.requirement import PostNeed


def loan_minutes(
    roads: RoadGraph,
    speeds: SpeedProfiles,
    area: StudyArea,
    grid: Grid,
    stations: Places,
    officers: NDArray[np.int64],
    posts: tuple[PostNeed, ...],
) -> NDArray[np.float64]:
    """Minutes of a way between two commands begun in an hour, `[lender, borrower, hour]`.

    The mean over the lender's homes, weighted by `officers[station]`, to the places where the
    borrower has posts, weighted by officer-hours, at the car speeds of the hour; a command
    without posts is met at the home nearest to the middle of its homes. Homes and posts between
    which no road leads do not count; infinite where none does. 0 within a command.
    """
    command, commands = area.command_of[stations.district], len(area.commands)
    home = np.zeros((commands, grid.n_cells))
    np.add.at(home, (command, stations.cell), np.maximum(officers, 1).astype(np.float64))
    met = _meeting_places(area, grid, stations, posts)
    cells = np.flatnonzero(met.any(axis=0))
    used, profile_of_hour = np.unique(speeds.profile_of_hour, return_inverse=True)
    found = np.empty((commands, commands, len(used)))
    for row, profile in enumerate(used):
        minutes = node_minutes(roads, speeds.speed_kmh[profile], cells)
        found[:, :, row] = _weighted_mean(minutes.T, home, met[:, cells])
    found[np.arange(commands), np.arange(commands)] = 0.0
    return found[:, :, profile_of_hour]


def _meeting_places(
    area: StudyArea, grid: Grid, stations: Places, posts: tuple[PostNeed, ...]
) -> NDArray[np.float64]:
    """Where people on loan to a command go, weights `[command, cell]`."""
    met = np.zeros((len(area.commands), grid.n_cells))
    if posts:
        lon, lat = (np.array([getattr(need, name) for need in posts]) for name in ("lon", "lat"))
        x, y = area.to_metric(lon, lat)
        for need, cell in zip(posts, grid.locate(x, y).tolist(), strict=True):
            if cell >= 0:
                met[need.district, cell] += need.required * (need.to_hour - need.from_hour)
    command = area.command_of[stations.district]
    for number in np.flatnonzero(~met.any(axis=1)).tolist():
        homes = np.flatnonzero(command == number)
        x, y = stations.x[homes], stations.y[homes]
        nearest = homes[np.argmin(np.hypot(x - x.mean(), y - y.mean()))]
        met[number, stations.cell[nearest]] = 1.0
    return met


def _weighted_mean(
    minutes: NDArray[np.float64], home: NDArray[np.float64], met: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of `minutes[cell, place]` by `home[lender, cell]` and `met[borrower, place]`.

    Over the cells and places with a way between them; infinite where there are none.
    """
    inside = np.flatnonzero(home.any(axis=0))
    ways, homes = minutes[inside], home[:, inside]
    some = np.isfinite(ways)
    total = homes @ np.where(some, ways, 0.0) @ met.T
    weight = homes @ some.astype(np.float64) @ met.T
    found = np.full(total.shape, np.inf)
    np.divide(total, weight, out=found, where=weight > 0)
    return found
