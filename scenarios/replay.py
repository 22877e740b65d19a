"""`muster replay RUN --calls FILE`: recorded calls through the plan of a finished run."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.cad_file import CadReading, read_cad
from geodata.call_records import UNKNOWN, CallRecords
from geodata.faults import BadInput, Fault, FaultLog
from geodata.situation import Situation
from optimizer.judges.replay.calibration import Calibration, calibrate
from optimizer.judges.replay.comparison import compare
from optimizer.judges.replay.durations import CallDurations, assumed_durations
from optimizer.judges.replay.plan_replay import fitted_situation, replay_plan
from optimizer.judges.replay.prediction import CallTimes, recorded_times
from optimizer.judges.replay.windows import Windows, known_travel, windows_of
from optimizer.judges.simulation.city import fleet_of
from scenarios.cad_extract import read_description
from scenarios.finished_run import FinishedRun, open_run
from scenarios.progress import Progress
from scenarios.replay_report import (
    REPLAY,
    Way,
    replay_record,
    replay_text,
    write_replay,
)
from scenarios.result_folder import refuse_other_files
from scenarios.simulated import city_of, simulation_terms
from scenarios.wishes import patrol_wishes
from scenarios.world import World

FIT_CALLS = 100
"""Calls with an arrival from a known station that a fit needs."""


@dataclass(frozen=True)
class Replayed:
    """The calls that meet the plan, and what was left out before.

    `outside_hours` came when the plan has no hours, `no_unit` ask for no unit on the street.
    """

    reading: CadReading
    calls: CallRecords
    windows: Windows
    outside_hours: int
    no_unit: int


def replay_run(
    folder: Path, description: Path, out: Path, replications: int | None, seed: int | None
) -> tuple[dict[str, Any], str]:
    """Replay an extract on a finished run and write tables, record and text to `out`.

    Returns the record and the text.

    Raises
    ------
    BadInput
        When no run lies in `folder`, the extract is faulty, none of its calls falls into the
        plan's hours, or something else lies in `out`.
    """
    refuse_other_files(out, REPLAY)
    progress = Progress()
    with progress.phase("world", f"Opening {folder.name} and building its world"):
        finished = open_run(folder)
    with progress.phase("calls", f"Reading the calls that {description.name} describes"):
        replayed = read_calls_for(finished.world, description)
        calibration = fitted_to(finished.world, replayed)
    scenario = finished.loaded.scenario
    wanted = scenario.simulation.replications if replications is None else replications
    first = scenario.seed if seed is None else seed
    seeds = np.random.SeedSequence(first).generate_state(max(wanted, 1)).tolist()
    with progress.phase("simulation", "Simulating the recorded calls"):
        ways = simulated_ways(finished, replayed, calibration, seeds)
    record = replay_record(finished, replayed.reading, _counts(replayed), ways, calibration)
    text = replay_text(record, ways)
    write_replay(finished, ways, calibration, record, text, out)
    return record, text


def read_calls_for(world: World, description: Path) -> Replayed:
    """The calls of an extract that fall into the plan's hours and ask for a unit.

    Raises
    ------
    BadInput
        With all faults of the extract, or when no call is left.
    """
    situation = world.situation
    extract = read_description(description, situation.classes.ids)
    faults = FaultLog()
    reading = read_cad(extract.path, extract.declared, situation.area, situation.grid, faults)
    faults.raise_if_any()
    types = {kind.unit_type for kind in world.force.unit_types}
    answered = {kind.class_id for kind in situation.classes.classes if kind.unit_type in types}
    asks = np.array([name in answered for name in reading.records.class_ids], dtype=np.bool_)
    street = asks[reading.records.kind]
    calls = reading.records.where(street)
    if calls.arrived.any():
        calls = calls.where(calls.arrived)
    windows = windows_of(calls, situation.horizon)
    if not len(windows.begin_min):
        raise BadInput(
            [
                Fault(
                    extract.path.name,
                    "no call falls into the hours of the plan",
                    f"calls that ask for a unit, from {situation.horizon.start:%H:%M} on for "
                    f"{situation.horizon.hours} h",
                    "Replay them on a run whose hours they meet.",
                    value=len(reading.records),
                )
            ]
        )
    outside = int((windows.of_call < 0).sum())
    return Replayed(reading, calls, windows, outside, int((~street).sum()))


def fitted_to(world: World, replayed: Replayed) -> Calibration | None:
    """What the calls say, by the travel times of the scenario; None with too few arrivals."""
    situation, calls = world.situation, replayed.calls
    minutes = known_travel(
        situation,
        world.force.unit_types,
        calls,
        replayed.windows.hour(calls),
        _stations_of(calls, situation),
    )
    if (calls.arrived & np.isfinite(minutes)).sum() < FIT_CALLS:
        return None
    inside = replayed.windows.of_call >= 0
    return calibrate(calls.where(inside), situation.grid, minutes[inside])


def _stations_of(calls: CallRecords, situation: Situation) -> NDArray[np.int64]:
    """Station of the situation that each call names, `UNKNOWN` for none or a stranger."""
    number = {name: index for index, name in enumerate(situation.stations.place_ids)}
    of_id = [number.get(name, UNKNOWN) for name in calls.station_ids]
    return np.array([*of_id, UNKNOWN], dtype=np.int64)[calls.station]


def simulated_ways(
    finished: FinishedRun, replayed: Replayed, calibration: Calibration | None, seeds: list[int]
) -> tuple[Way, ...]:
    """The replay as the scenario assumes times and, where they could be fitted, as recorded."""
    world, calls = finished.world, replayed.calls
    mean_min = {kind.class_id: kind.on_scene_min for kind in world.situation.classes.classes}
    scene_min = np.array([mean_min[name] for name in calls.class_ids])
    draws = simulation_terms(finished.loaded.scenario.simulation).draws
    assumed = assumed_durations(draws, scene_min, len(calls.station_ids))
    ways = [_way("planned", finished, world, replayed, assumed, seeds)]
    if calibration is not None:
        situation, unit_types = fitted_situation(
            world.situation, world.force.unit_types, calibration.line
        )
        force = replace(world.force, unit_types=unit_types)
        fitted = replace(world, situation=situation, force=force)
        ways.append(_way("fitted", finished, fitted, replayed, calibration.durations, seeds))
    return tuple(ways)


def _way(
    name: str,
    finished: FinishedRun,
    world: World,
    replayed: Replayed,
    durations: CallDurations,
    seeds: list[int],
) -> Way:
    city = city_of(finished.loaded.scenario, world)
    pools = patrol_wishes(finished.loaded, finished.world).pool_of_place
    fleet = fleet_of(city, finished.deployment, pools)
    runs = replay_plan(city, fleet, replayed.calls, replayed.windows, durations, seeds)
    comparisons = compare(
        _observed(replayed, world.situation),
        [run.times for run in runs],
        replayed.calls.clock_min,
        "district",
        len(world.situation.area.districts),
    )
    unanswered = float(np.mean([run.unanswered for run in runs]))
    return Way(name, comparisons, unanswered)


def _observed(replayed: Replayed, situation: Situation) -> CallTimes:
    """Times of the recorded calls in the plan's hours."""
    calls = replayed.calls.where(replayed.windows.of_call >= 0)
    return recorded_times(calls, situation.grid.district[calls.cell])


def _counts(replayed: Replayed) -> dict[str, int]:
    """How many calls there were and what became of them."""
    return {
        "rows": replayed.reading.rows,
        "officer_initiated": replayed.reading.officer_initiated,
        "faulty_left_out": sum(replayed.reading.left_out.values()),
        "cancelled": replayed.reading.cancelled,
        "no_unit_asked_for": replayed.no_unit,
        "outside_the_plans_hours": replayed.outside_hours,
        "replayed": int((replayed.windows.of_call >= 0).sum()),
        "windows": len(replayed.windows.begin_min),
    }
