"""Prediction of a period: the recorded system simulated with what was fitted on another one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.call_records import CallRecords
from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.travel import ReachLists
from optimizer.judges.replay.calibration import Calibration
from optimizer.judges.replay.calls import (
    Asked,
    graded,
    graded_class,
    rates_of,
    recorded_again,
    with_times,
)
from optimizer.judges.replay.stations import all_placed
from optimizer.judges.simulation.call_stream import CallKinds
from optimizer.judges.simulation.replication import replicate
from optimizer.judges.simulation.system import Crossing, DispatchRules, Fleet, Ground, ground_of

WARM_UP_H = 24
"""Hours simulated before the period; their calls are not counted."""

RULES = DispatchRules(Crossing.OWN_FIRST)
"""A free unit of the call's own station goes, else the quickest one."""

ANY = CallKinds(np.array([1]), np.array([[True]]))
"""All classes are answered by all units; grades are those of the record, 1 where it has none."""


class CallTimes(NamedTuple):
    """Times of calls, `[call]`, minutes cut to the recording clock.

    `clock_hour` is that of the receipt, `area` a number of the station or district.
    """

    handling_min: NDArray[np.float64]
    travel_min: NDArray[np.float64]
    response_min: NDArray[np.float64]
    scene_min: NDArray[np.float64]
    clock_hour: NDArray[np.int64]
    area: NDArray[np.int64]


def recorded_times(records: CallRecords, area: NDArray[np.int64]) -> CallTimes:
    """Times of the recorded calls to which a unit came; `area[call]` is a group of theirs."""
    seen = records.where(records.arrived)
    return CallTimes(
        seen.handling_min,
        seen.travel_min,
        np.asarray(seen.arrived_min - seen.received_min),
        seen.scene_min,
        seen.clock_hour,
        area[records.arrived],
    )


@dataclass(frozen=True)
class Zones:
    """Where calls come from: cells, parted where several stations serve one.

    `cell[zone]`, `station[zone]`, ascending.
    """

    cell: NDArray[np.int64]
    station: NDArray[np.int64]

    def of(self, cell: NDArray[np.int64], station: NDArray[np.int64]) -> NDArray[np.int64]:
        """Zone of each call."""
        width = int(self.station.max(initial=0)) + 2
        keys = self.cell * width + self.station
        return np.searchsorted(keys, cell * width + station)


def zones_of(*parts: CallRecords) -> Zones:
    """The zones of all calls of some records."""
    pairs = np.concatenate([np.column_stack([part.cell, part.station]) for part in parts])
    found = np.unique(pairs, axis=0)
    return Zones(found[:, 0], found[:, 1])


def predicted_again(
    fitted: Calibration, checked: CallRecords, horizon: Horizon, grid: Grid, seeds: range
) -> list[CallTimes]:
    """Replay: the recorded calls of the horizon, their times, cells and classes given.

    One entry for each seed. Cancelled calls are left out.
    """
    calls = checked.where(checked.arrived)
    begin_min = _early(horizon).start.timestamp() / 60.0
    within = calls.received_within(begin_min, horizon.end.timestamp() / 60.0)
    system = _system(fitted, within, zones_of(within), _early(horizon), grid)
    return [
        system.times(lambda rng: recorded_again(within, begin_min, rng), seed) for seed in seeds
    ]


def predicted_anew(
    fitted: Calibration,
    fitting: CallRecords,
    fitting_horizon: Horizon,
    horizon: Horizon,
    grid: Grid,
    seeds: range,
) -> list[CallTimes]:
    """Forecast: calls drawn at the rates of the fitting period; nothing of the horizon is used."""
    calls = fitting.where(fitting.arrived)
    rates = rates_of(calls, fitting_horizon)
    early = _early(horizon)
    system = _system(fitted, calls, zones_of(calls), early, grid)
    return [system.times(lambda rng: rates.drawn(early, rng), seed) for seed in seeds]


def _early(horizon: Horizon) -> Horizon:
    """The horizon with the hours of the warm-up before it."""
    return Horizon(horizon.at(-WARM_UP_H), horizon.hours + WARM_UP_H)


@dataclass(frozen=True)
class _System:
    """The stations of the record with their units, ready to be simulated."""

    fitted: Calibration
    zones: Zones
    ground: Ground
    fleet: Fleet
    clock_min: float

    def times(self, ask: Callable[[np.random.Generator], Asked], seed: int) -> CallTimes:
        """Times of the calls after the warm-up in one replication.

        The estimates are moved by their standard errors, so that replications differ by all
        that is not known.
        """
        rng = np.random.default_rng(seed)
        asked = ask(rng)
        place = self.zones.of(asked.cell, asked.groups.station)
        kinds = graded_class(ANY, np.zeros(len(place), dtype=np.int64), asked.grade)
        stream, order = with_times(asked, place, kinds, self.fitted.durations.redrawn(rng), rng)
        calls = replicate(self.ground, self.fleet, stream, graded(ANY), RULES).calls
        counted = (calls["received"] >= 60.0 * WARM_UP_H) & np.isfinite(calls["arrived"])
        return cut_times(
            calls[counted], asked, asked.groups.station, order[counted], self.clock_min
        )


def cut_times(
    calls: NDArray[np.void],
    asked: Asked,
    area: NDArray[np.int64],
    order: NDArray[np.int64],
    clock_min: float,
) -> CallTimes:
    """Times of simulated calls, every stamp cut off as the recording clock would have.

    `order[call]` is the position of each among those `asked`, which lie in `area`.
    """
    received, dispatched, arrived, cleared = (
        np.floor(calls[name] / clock_min) * clock_min
        for name in ("received", "dispatched", "arrived", "cleared")
    )
    return CallTimes(
        dispatched - received,
        arrived - dispatched,
        arrived - received,
        cleared - arrived,
        asked.groups.clock_hour[order],
        area[order],
    )


def _system(
    fitted: Calibration, calls: CallRecords, zones: Zones, horizon: Horizon, grid: Grid
) -> _System:
    reach = _reach(fitted, calls, zones, grid)
    stations = len(fitted.station_ids)
    ground = ground_of(
        [[reach]],
        np.zeros((1, horizon.hours), dtype=np.int64),
        np.zeros((1, stations)),
        np.zeros(1),
        np.zeros(stations, dtype=np.int64),
        np.arange(stations),
        zones.station,
        beyond_min=0.0,
    )
    home = np.repeat(np.arange(stations), fitted.units)
    fleet = Fleet(np.zeros(len(home), dtype=np.int64), np.tile(home[:, None], horizon.hours))
    return _System(fitted, zones, ground, fleet, calls.clock_min)


def _reach(fitted: Calibration, calls: CallRecords, zones: Zones, grid: Grid) -> ReachLists:
    """Minutes from dispatch at each station to arrival in each zone, the turnout included."""
    if fitted.stations is None:
        raise ValueError("the calibration has no positions of stations")
    x_km, y_km = grid.x / 1000.0, grid.y / 1000.0
    placed = all_placed(fitted.stations, x_km[calls.cell], y_km[calls.cell], calls.station)
    stations, count = len(fitted.station_ids), len(zones.cell)
    station, zone = (part.ravel() for part in np.indices((stations, count)))
    minutes = placed.minutes(x_km[zones.cell[zone]], y_km[zones.cell[zone]], station)
    return ReachLists(
        np.arange(stations + 1) * count, zone.astype(np.int32), minutes.astype(np.float32)
    )
