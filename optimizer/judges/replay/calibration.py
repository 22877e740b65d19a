"""Calibration: what recorded calls say about handling, travel and scene times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.call_records import CallRecords, open_jobs
from geodata.grid import Grid
from optimizer.judges.replay.durations import CallDurations, fit_durations
from optimizer.judges.replay.stations import StationFit, fit_stations
from optimizer.judges.replay.travel_line import TravelLine, robust_line

OVERLAP_SHARE = 0.01
"""Share of a station's calls in which so many jobs were open before it counts as units."""


@dataclass(frozen=True)
class Calibration:
    """What the calls of the fitting period say.

    The travel part of `durations` (dispatch to arrival) multiplies the minutes of the `line`: on
    known travel times, or on distances from the fitted `stations`. `units[station]` were counted
    from jobs that overlap. `undisturbed` calls were used for handling and travel, `calls` for
    scenes.
    """

    class_ids: tuple[str, ...]
    station_ids: tuple[str, ...]
    durations: CallDurations
    line: TravelLine
    stations: StationFit | None
    units: NDArray[np.int64]
    calls: int
    undisturbed: int


def calibrate(
    records: CallRecords, grid: Grid, known_min: NDArray[np.float64] | None = None
) -> Calibration:
    """Fit handling, travel and scene times to recorded calls.

    Handling and travel are fitted on the calls for which no other job of their station was open,
    so that waiting and help from elsewhere are left to the simulation. `known_min[call]` are travel
    minutes where stations and roads are known (NaN for calls without); without it the stations
    are placed by `fit_stations`.

    Raises
    ------
    ValueError
        With fewer than three undisturbed calls with an arrival.
    """
    came, named = records.arrived, records.station >= 0
    calm = came & ~(named & (open_jobs(records) > 0))
    calm &= named if known_min is None else np.isfinite(known_min)
    seen, quiet = records.where(came), records.where(calm)
    stations = None
    if known_min is None:
        x_km, y_km = grid.x[quiet.cell] / 1000.0, grid.y[quiet.cell] / 1000.0
        stations = fit_stations(
            x_km, y_km, quiet.station, quiet.travel_min, len(records.station_ids)
        )
        line = stations.line
        base = stations.minutes(x_km, y_km, quiet.station)
    else:
        line = robust_line(known_min[calm], quiet.travel_min)
        base = line.minutes(known_min[calm])
    return Calibration(
        records.class_ids,
        records.station_ids,
        durations=CallDurations(
            fit_durations(quiet.handling_min, np.ones(len(quiet)), quiet),
            fit_durations(quiet.travel_min, np.maximum(base, 1e-3), quiet),
            fit_durations(seen.scene_min, np.ones(len(seen)), seen),
        ),
        line=line,
        stations=stations,
        units=counted_units(records),
        calls=len(seen),
        undisturbed=len(quiet),
    )


def counted_units(records: CallRecords) -> NDArray[np.int64]:
    """Units of each station, `[station]`: at least one, and one more for each open job.

    Counted is the largest number of the station's jobs that were open before in more than one
    and at least `OVERLAP_SHARE` of its calls: rarer ones may well be a neighbour's work.
    """
    before = open_jobs(records)
    units = np.ones(len(records.station_ids), dtype=np.int64)
    for number in range(len(units)):
        own = before[records.station == number]
        while (own >= units[number]).sum() >= max(2.0, OVERLAP_SHARE * len(own)):
            units[number] += 1
    return units
