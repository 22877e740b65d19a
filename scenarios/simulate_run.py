"""`muster simulate RUN`: the plan of a finished run and the strongest practice, simulated."""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from geodata.faults import BadInput, Fault
from optimizer.calls import PatrolTerms
from optimizer.judges.evaluation import evaluate
from optimizer.judges.simulation.city import fleet_of
from optimizer.judges.simulation.service import one_record_per_call
from optimizer.judges.summary import city_service
from scenarios.finished_run import FinishedRun, open_run
from scenarios.headline import NAMES, json_ready
from scenarios.progress import Progress
from scenarios.provenance import data_status
from scenarios.scenario import changed
from scenarios.simulated import Simulated, city_of, simulate_both
from scenarios.simulation_report import (
    side_by_side,
    simulation_frame,
    simulation_record,
    simulation_text,
)
from scenarios.wishes import patrol_wishes

TABLE, RECORD, TEXT, CALLS = "simulation.csv", "simulation.json", "simulation.md", "calls.csv"
OWN_FILES = frozenset({TABLE, RECORD, TEXT, CALLS})

CHANGEABLE = ("simulation.", "seed=")
"""Settings that leave the plan what it is."""


def with_settings(asked: list[str], replications: int | None, seed: int | None) -> tuple[str, ...]:
    """The settings to change, options included.

    Raises
    ------
    BadInput
        When a setting would change the plan.
    """
    overrides = list(asked)
    if replications is not None:
        overrides.append(f"simulation.replications={replications}")
    if seed is not None:
        overrides.append(f"seed={seed}")
    strange = [name for name in overrides if not name.startswith(CHANGEABLE)]
    if strange:
        raise BadInput(
            Fault(
                "--set",
                "the setting belongs to the plan, which a simulation does not change",
                "simulation.* only",
                "Plan the scenario again with this setting.",
                value=name,
            )
            for name in strange
        )
    return tuple(overrides)


def simulate_run(
    folder: Path, overrides: tuple[str, ...], out: Path, *, one_per_call: bool
) -> tuple[dict[str, Any], str]:
    """Simulate a finished run and write tables, record and text to `out`.

    Returns the record and the text.

    Raises
    ------
    BadInput
        When no run lies in `folder`, a setting is wrong, or something else lies in `out`.
    """
    _refuse_foreign(out)
    progress = Progress()
    with progress.phase("world", f"Opening {folder.name} and building its world"):
        finished = open_run(folder)
        finished = replace(finished, loaded=changed(finished.loaded, overrides))
    with progress.phase("simulation", "Simulating the plan and the strongest practice"):
        simulated = _simulated(finished)
    rows = side_by_side(_analytic(finished), simulated.plan)
    scenario = finished.loaded.scenario
    text = simulation_text(rows, simulated, NAMES[finished.strongest], scenario.simulation)
    record: dict[str, Any] = json_ready(
        {
            "run": finished.record["digest"],
            "settings": json.loads(scenario.simulation.model_dump_json()),
            "seed": scenario.seed,
            **simulation_record(rows, simulated, finished.strongest),
        }
    )
    with progress.phase("tables", "Writing tables"):
        _write(finished, simulated, record, text, out, one_per_call=one_per_call)
    return record, text


def _simulated(finished: FinishedRun) -> Simulated:
    world = finished.world
    return simulate_both(
        finished.loaded.scenario,
        world,
        finished.deployment,
        finished.baseline,
        patrol_wishes(finished.loaded, world).pool_of_place,
        finished.visits,
        finished.have,
    )


def _analytic(finished: FinishedRun) -> dict[str, float]:
    """The city's figures by the analytic judge."""
    patrol, world = finished.loaded.scenario.patrol, finished.world
    terms = PatrolTerms(patrol.closing_min, patrol.grade_weight)
    evaluation = evaluate(world.situation, world.force, finished.deployment, terms=terms)
    return dict(city_service(world.situation, evaluation, finished.deployment.units))


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    strange = [path.name for path in out.iterdir()] if out.is_dir() else [out.name]
    if not set(strange) <= OWN_FILES:
        raise BadInput(
            [
                Fault(
                    "--out",
                    "something that is no simulation is there",
                    "a new folder, an empty one or that of an earlier simulation",
                    "Name another folder; a simulation replaces all that is in it.",
                    value=out.name,
                )
            ]
        )


def _write(
    finished: FinishedRun,
    simulated: Simulated,
    record: dict[str, Any],
    text: str,
    out: Path,
    *,
    one_per_call: bool,
) -> None:
    """Write beside the place and rename, so that nothing half written is left."""
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    status = data_status(finished.world.situation.provenance)
    tables = {TABLE: simulation_frame(simulated, finished.strongest)}
    if one_per_call:
        scenario = finished.loaded.scenario
        city = city_of(scenario, finished.world)
        pools = patrol_wishes(finished.loaded, finished.world).pool_of_place
        fleet = fleet_of(city, finished.deployment, pools)
        tables[CALLS] = one_record_per_call(city, fleet, seed=scenario.seed, replication=0)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name, frame in tables.items():
            labelled = frame.assign(data_status=status)
            labelled.to_csv(draft / name, index=False, float_format="%.9g", lineterminator="\n")
        (draft / TEXT).write_text(text + "\n", encoding="utf-8")
        written = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
        (draft / RECORD).write_text(written + "\n", encoding="utf-8")
        draft.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
