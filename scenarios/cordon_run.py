"""`muster cordon RUN`: exits sealed, or a ring that a car cannot leave, by the units of an hour."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.arc_travel import node_minutes
from geodata.places import Places
from optimizer.cordon import Cordon
from optimizer.judges.cordon_rules import cordon_violations
from optimizer.judges.ring_rules import late_violations, ring_violations
from optimizer.models.location.cordon import seal
from optimizer.models.location.ring_cordon import smallest_ring
from optimizer.ring_cordon import Verdict
from scenarios.cordon_input import CordonWords, open_and_understand
from scenarios.cordon_layer import cordon_layer
from scenarios.cordon_report import (
    HOLDS,
    Answer,
    cordon_record,
    cordon_text,
    exits_answer,
    ring_answer,
    stops_frame,
)
from scenarios.cordon_scene import Scene, Stop, scene_of
from scenarios.headline import json_ready
from scenarios.progress import Progress
from scenarios.provenance import data_status
from scenarios.result_folder import ResultKind, refuse_other_files, write_result

TABLE, LAYER = "cordon.csv", "cordon.geojson"
CORDON = ResultKind("cordon", "cordon.json", "cordon.md", frozenset({TABLE, LAYER}))


def cordon_run(folder: Path, words: CordonWords, out: Path) -> tuple[dict[str, Any], str]:
    """Cordon a point with the units of a finished run and write `out`; the record and the text.

    The record's `status` is `HOLDS` when there is a cordon that breaks no rule.

    Raises
    ------
    BadInput
        When no run lies in `folder`, the request is faulty, or something else lies in `out`.
    """
    refuse_other_files(out, CORDON)
    progress = Progress()
    with progress.phase("world", f"Opening {folder.name} and building its world"):
        finished, request = open_and_understand(folder, words)
    with progress.phase("cordon", "Setting up the cordon and driving the car against it"):
        scene = scene_of(finished, request)
        answer = _ring(scene) if request.exits is None else _sealed(scene, request.exits)
    record: dict[str, Any] = json_ready(cordon_record(scene, answer))
    text = cordon_text(scene, answer)
    status = data_status(scene.situation.provenance)
    layer = cordon_layer(scene, answer, status)
    write_result(
        out, CORDON, {TABLE: stops_frame(scene, answer)}, record, text, status, [(LAYER, layer)]
    )
    return record, text


def is_held(record: dict[str, Any]) -> bool:
    """Whether the record is that of a cordon that stands."""
    return bool(record["status"] == HOLDS)


def _ring(scene: Scene) -> Answer:
    search = smallest_ring(scene.pursuit, first_min=scene.request.ring_min)
    violations = () if search.cordon is None else ring_violations(scene.pursuit, search.cordon)
    for trial in search.trials:
        if trial.verdict is Verdict.LATE:
            violations += late_violations(scene.pursuit, trial)
    return ring_answer(scene, search, violations)


def _sealed(scene: Scene, exits: Places) -> Answer:
    """Every unit of a squad counts alone, but no more of them than there are exits."""
    squads, pursuit = scene.pursuit.squads, scene.pursuit
    squad = np.repeat(np.arange(len(squads)), np.minimum(squads.units, len(exits)))
    minutes = _exit_minutes(scene, exits)[squad]
    cordon = seal(minutes)
    car = node_minutes(pursuit.graph, pursuit.car_kmh, np.array([pursuit.start]))[0]
    car_min = car[exits.cell] - pursuit.head_start_min
    stops = _exit_stops(scene, exits, cordon, squad, minutes, car_min)
    return exits_answer(scene, stops, cordon, cordon_violations(minutes, cordon))


def _exit_minutes(scene: Scene, exits: Places) -> NDArray[np.float64]:
    """Minutes from the alarm until a unit of each squad is at each exit, `[squad, exit]`.

    Within its own cell a unit drives the mean way from a place to a point of the cell.
    """
    pursuit, squads = scene.pursuit, scene.pursuit.squads
    graph, zone = pursuit.graph, scene.situation.zone[exits.cell]
    drive = node_minutes(graph, pursuit.unit_kmh, exits.cell)[:, squads.node].T
    own = graph.own_cell_m / (pursuit.unit_kmh[zone] * 1000.0 / 60.0)
    drive = np.maximum(drive, own)
    found = drive / squads.speed_factor[:, None] + squads.turnout_min[:, None]
    return np.asarray(found, dtype=np.float64)


def _exit_stops(
    scene: Scene,
    exits: Places,
    cordon: Cordon,
    squad: NDArray[np.int64],
    minutes: NDArray[np.float64],
    car_min: NDArray[np.float64],
) -> tuple[Stop, ...]:
    lon, lat = scene.situation.area.to_lonlat(exits.x, exits.y)
    return tuple(
        Stop(
            exits.place_ids[at],
            "exit",
            exits.name_en[at],
            exits.name_zh[at],
            float(lon[at]),
            float(lat[at]),
            int(exits.district[at]),
            int(squad[unit]) if unit >= 0 else -1,
            float(minutes[unit, at]) if unit >= 0 else np.inf,
            float(car_min[at]),
        )
        for at, unit in enumerate(cordon.unit_of_exit.tolist())
    )
