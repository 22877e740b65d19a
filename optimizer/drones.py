"""Drones that clear calls by themselves: which calls they reach, and how many they take off units.

A drone flies from its base straight to the cell and back. It flies to every call of its base's
classes that finds it free; a stated share of these calls it clears without a unit. Drones in the
air or charging take no call: each base is a loss system (Erlang 1917). A call in reach of several
bases asks the nearest first and goes on to the next when all drones there are away; what goes on
is taken to come at random and independently, which makes the bases' busy shares a fixed point.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from geodata.forecast import DemandForecast
from geodata.frozen import frozen_array
from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.incidents import IncidentClasses
from optimizer.calls import units_asked
from optimizer.force import UnitType
from optimizer.judges.erlang import erlang_b

_SETTLED = 1e-10
_ROUNDS = 2000


@dataclass(frozen=True)
class DroneBase:
    """`drones` alike at one place; `x`, `y` metres in the area's CRS, `lon`, `lat` degrees.

    A drone reaches cells up to `range_m` away, as far as flying there and back at `speed_kmh`
    with `scene_min` minutes on the scene keeps within `endurance_min`, and charges for
    `recharge_min` after every flight. It stays down in wind above `max_wind_ms`. `share` 0..1 of
    the calls of `classes` it can clear without a unit.

    Raises
    ------
    ValueError
        When there is no drone, it cannot fly or the share is not one.
    """

    base_id: str
    name_en: str
    name_zh: str
    lon: float
    lat: float
    x: float
    y: float
    drones: int
    range_m: float
    speed_kmh: float
    endurance_min: float
    recharge_min: float
    max_wind_ms: float
    classes: tuple[str, ...]
    share: float
    scene_min: float
    source: str

    def __post_init__(self) -> None:
        if self.drones < 1 or self.speed_kmh <= 0 or not 0 <= self.share <= 1:
            raise ValueError(f"base {self.base_id}: drones, speed or share")
        if not 0 <= self.scene_min < self.endurance_min or min(self.range_m, self.recharge_min) < 0:
            raise ValueError(f"base {self.base_id}: scene, endurance, range or recharge")

    @property
    def radius_m(self) -> float:
        """Metres within which cells are reached: by range and by endurance."""
        one_way_h = (self.endurance_min - self.scene_min) / 2.0 / 60.0
        return min(self.range_m, one_way_h * self.speed_kmh * 1000.0)

    def away_min(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        """Minutes from take-off until the drone can start again, for scenes so far away."""
        there = metres / (self.speed_kmh * 1000.0 / 60.0)
        return np.asarray(2.0 * there + self.scene_min + self.recharge_min)


@dataclass(frozen=True)
class NoFlyZone:
    """A zone closed to drones from one moment to another, or always; `shape` in the area's CRS."""

    zone_id: str
    shape: Polygon | MultiPolygon
    hours: tuple[datetime, datetime] | None
    reason: str


@dataclass(frozen=True)
class DroneFleet:
    """Bases with what keeps them down: zones, and the wind `wind_ms[hour]`, None where untold."""

    bases: tuple[DroneBase, ...]
    no_fly: tuple[NoFlyZone, ...] = ()
    wind_ms: NDArray[np.float64] | None = None


NO_DRONES = DroneFleet(())


@dataclass(frozen=True)
class DroneService:
    """What the drones of a fleet do to a forecast.

    `flying[base, hour]` is False where the wind keeps a base down or nothing is in reach.
    `flights[base, hour]` to calls are expected, `busy[base, hour]` is the share of the drones on
    call that are away or charging, `cleared[base, hour, class]` the calls that need no unit any
    more. The `remaining` forecast and the cleared calls are together the forecast there was.
    """

    flying: NDArray[np.bool_]
    flights: NDArray[np.float64]
    busy: NDArray[np.float64]
    cleared: NDArray[np.float64]
    remaining: DemandForecast

    def __post_init__(self) -> None:
        shape = np.shape(self.flights)
        sizes: tuple[tuple[str, type, tuple[int, ...]], ...] = (
            ("flying", np.bool_, shape),
            ("flights", np.float64, shape),
            ("busy", np.float64, shape),
            ("cleared", np.float64, (*shape, len(self.remaining.class_ids))),
        )
        for name, kind, size in sizes:
            object.__setattr__(self, name, frozen_array(getattr(self, name), kind, size, name))


def drone_service(
    fleet: DroneFleet,
    grid: Grid,
    horizon: Horizon,
    forecast: DemandForecast,
    kept: NDArray[np.int64] | None = None,
) -> DroneService:
    """Flights and cleared calls of every base and hour, and the forecast that is left to units.

    Hours are taken one by one, each in its steady state. The smallest fixed point of the busy
    shares is found, from drones that are all free upwards. `kept[base, hour]` drones are on
    observation flights and take no call.
    """
    bases, shape = fleet.bases, (len(fleet.bases), horizon.hours)
    remaining = forecast.rate_per_h.astype(np.float64)
    flights, busy = np.zeros(shape), np.zeros(shape)
    cleared = np.zeros((*shape, len(forecast.class_ids)))
    metres = np.array([np.hypot(grid.x - base.x, grid.y - base.y) for base in bases])
    reached = reach(fleet, grid, horizon, metres.reshape(len(bases), grid.n_cells))
    flying = np.asarray(reached.any(axis=2), dtype=np.bool_)
    on_call = np.array([base.drones for base in bases]).reshape(-1, 1) - (
        np.zeros(shape, dtype=np.int64) if kept is None else kept
    )
    reached &= (on_call > 0)[:, :, None]
    for hour in np.flatnonzero(reached.any(axis=(0, 2))).tolist():
        rate = remaining[:, hour]
        answer = _hour(
            bases, on_call[:, hour].tolist(), metres, reached[:, hour], rate, forecast.class_ids
        )
        flights[:, hour], busy[:, hour] = answer.flown.sum(axis=(1, 2)), answer.busy
        taken = answer.flown * np.array([base.share for base in bases])[:, None, None]
        cleared[:, hour] = taken.sum(axis=1)
        remaining[:, hour] -= taken.sum(axis=0)
    left = DemandForecast(
        np.maximum(remaining, 0.0).astype(np.float32),
        forecast.n_cells,
        forecast.n_hours,
        forecast.class_ids,
    )
    return DroneService(flying, flights, busy, cleared, left)


def reach(
    fleet: DroneFleet, grid: Grid, horizon: Horizon, metres: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Cells that drones may fly to and can reach, `[base, hour, cell]`.

    A zone closes the cells that it touches and those that the straight way crosses it to, in
    every hour that it shares time with.
    """
    radius = np.array([base.radius_m for base in fleet.bases]).reshape(-1, 1)
    near = metres <= radius
    reached = np.repeat(near[:, None, :], horizon.hours, axis=1)
    for zone in fleet.no_fly:
        hours = (
            np.ones(horizon.hours, dtype=np.bool_)
            if zone.hours is None
            else horizon.overlaps(*zone.hours)
        )
        for row, base in enumerate(fleet.bases):
            reached[row] &= ~(hours[:, None] & _closed(zone, base, grid, near[row])[None, :])
    if fleet.wind_ms is not None:
        limit = np.array([base.max_wind_ms for base in fleet.bases]).reshape(-1, 1)
        reached &= (fleet.wind_ms[None, :] <= limit)[:, :, None]
    return reached


def freed_unit_hours(
    service: DroneService,
    classes: IncidentClasses,
    unit_types: tuple[UnitType, ...],
    closing_min: float,
) -> NDArray[np.float64]:
    """Unit-hours of each type that the cleared calls would have taken, `[unit type, hour]`.

    Units asked for, on the scene and closing; their travel comes on top.
    """
    cleared = service.cleared.sum(axis=0)
    freed = np.zeros((len(unit_types), cleared.shape[0]))
    for row, unit in enumerate(unit_types):
        for k in classes.answered_by(unit.unit_type).tolist():
            kind = classes.classes[k]
            hours = units_asked(kind, unit) * (kind.on_scene_min + closing_min) / 60.0
            freed[row] += cleared[:, k] * hours
    return freed


def _closed(
    zone: NoFlyZone, base: DroneBase, grid: Grid, near: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the cells near a base a zone keeps its drones from."""
    closed = np.zeros(grid.n_cells, dtype=np.bool_)
    cells = np.flatnonzero(near)
    x, y, half = grid.x[cells], grid.y[cells], grid.cell_m / 2.0
    squares = shapely.box(x - half, y - half, x + half, y + half)
    start = np.broadcast_to([base.x, base.y], (len(cells), 2))
    ways = shapely.linestrings(np.stack([start, np.stack([x, y], axis=1)], axis=1))
    shapely.prepare(zone.shape)
    crossed = shapely.intersects(zone.shape, squares) | shapely.intersects(zone.shape, ways)
    closed[cells] = crossed
    return closed


@dataclass(frozen=True)
class _HourAnswer:
    """Flights `flown[base, cell, class]` and busy shares of one hour."""

    flown: NDArray[np.float64]
    busy: NDArray[np.float64]


def _hour(
    bases: tuple[DroneBase, ...],
    drones: list[int],
    metres: NDArray[np.float64],
    reached: NDArray[np.bool_],
    rate: NDArray[np.float64],
    class_ids: tuple[str, ...],
) -> _HourAnswer:
    """One hour's fixed point; `rate[cell, class]` calls an hour, `reached[base, cell]`.

    `drones[base]` may take calls; a base without any has nothing in reach.
    """
    flies = np.array([[name in base.classes for name in class_ids] for base in bases])
    cells, kinds = np.flatnonzero(reached.any(axis=0)), np.flatnonzero(flies.any(axis=0))
    calls, flies = rate[np.ix_(cells, kinds)], flies[:, kinds]
    near = np.where(reached, metres, np.inf)[:, cells]
    order = np.argsort(near, axis=0, kind="stable")[: int(reached.sum(axis=0).max())]
    away_h = np.array([b.away_min(row[cells]) / 60.0 for b, row in zip(bases, metres, strict=True)])
    lost = np.zeros(len(bases))
    for _ in range(_ROUNDS):
        before = lost
        work = (_offered(order, near, calls, flies, before).sum(axis=2) * away_h).sum(axis=1)
        lost = np.array([erlang_b(n, x) for n, x in zip(drones, work.tolist(), strict=True)])
        if float(np.abs(lost - before).max()) <= _SETTLED:
            break
    taken = _offered(order, near, calls, flies, lost) * (1.0 - lost)[:, None, None]
    carried = (taken.sum(axis=2) * away_h).sum(axis=1)
    flown = np.zeros((len(bases), *rate.shape))
    flown[np.ix_(np.arange(len(bases)), cells, kinds)] = taken
    return _HourAnswer(flown, carried / np.maximum(drones, 1))


def _offered(
    order: NDArray[np.int64],
    near: NDArray[np.float64],
    rate: NDArray[np.float64],
    flies: NDArray[np.bool_],
    lost: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Calls an hour that ask each base, `[base, cell, class]`: what nearer bases could not take."""
    cells = np.arange(order.shape[1])
    offered = np.zeros((len(near), *rate.shape))
    left = rate.copy()
    for base in order:
        asks = np.isfinite(near[base, cells])[:, None] & flies[base]
        offered[base, cells] = np.where(asks, left, 0.0)
        left *= np.where(asks, lost[base][:, None], 1.0)
    return offered
