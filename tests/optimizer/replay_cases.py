"""A made-up dispatch system whose truth is known: three stations, one class, fixed times."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from geodata.call_records import CallRecords
from geodata.grid import Grid
from geodata.horizon import Horizon
from optimizer.judges.replay.travel_line import reach_km

ZONE = ZoneInfo("Asia/Shanghai")
HORIZON = Horizon(datetime(2027, 3, 1, tzinfo=ZONE), 24 * 14)
"""Two weeks from a Monday."""

STATIONS_KM = np.array([[3.0, 3.0], [9.0, 4.0], [5.0, 10.0]])
SIDE = 26
"""Cells of 500 m along each side of the square: 13 km."""

TURNOUT_MIN, CRUISE_KM, MIN_PER_KM = 1.5, 2.0, 0.9


def square_grid() -> Grid:
    """Cells numbered row by row from the origin."""
    row, col = np.divmod(np.arange(SIDE * SIDE), SIDE)
    return Grid(500.0, col, row, np.zeros(SIDE * SIDE, dtype=np.int64))


def made_up_records(
    seed: int,
    *,
    calls: int = 1500,
    horizon: Horizon = HORIZON,
    noise: float = 0.15,
    scene_min: float = 12.0,
) -> CallRecords:
    """Calls at even times and places, answered by the nearest station at once.

    Handling takes half a minute, the way `TURNOUT_MIN` and 0.9 minutes a km of reach, both with
    a gamma spread of coefficient `noise`; the scene `scene_min` minutes with a spread of 0.5.
    """
    rng = np.random.default_rng(seed)
    grid = square_grid()
    start = horizon.start.timestamp() / 60.0
    received = start + np.sort(rng.random(calls) * 60.0 * horizon.hours)
    cell = rng.integers(0, grid.n_cells, calls)
    point = np.column_stack([grid.x[cell], grid.y[cell]]) / 1000.0
    away = np.linalg.norm(point[:, None] - STATIONS_KM[None], axis=2)
    station = away.argmin(axis=1)
    way = TURNOUT_MIN + MIN_PER_KM * reach_km(away.min(axis=1), CRUISE_KM)
    spread = rng.gamma(noise**-2.0, noise**2.0, (2, calls)) if noise else np.ones((2, calls))
    dispatched = received + 0.5 * spread[0]
    arrived = dispatched + way * spread[1]
    cleared = arrived + scene_min * rng.gamma(4.0, 0.25, calls)
    local = [datetime.fromtimestamp(60.0 * minute, ZONE) for minute in received.tolist()]
    return CallRecords(
        ("any",),
        ("A", "B", "C"),
        grid.n_cells,
        1.0 / 60.0,
        received,
        dispatched,
        arrived,
        cleared,
        cell=cell,
        kind=np.zeros(calls, dtype=np.int64),
        station=station,
        grade=np.zeros(calls, dtype=np.int64),
        units=np.ones(calls, dtype=np.int64),
        clock_hour=np.array([moment.hour for moment in local]),
        weekday=np.array([moment.weekday() for moment in local]),
    )
