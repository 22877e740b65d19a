"""`muster simulate RUN`: the plan of a finished run and the strongest practice, simulated."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.faults import BadInput, Fault
from optimizer.calls import PatrolTerms
from optimizer.judges.evaluation import evaluate
from optimizer.judges.simulation.city import fleet_of
from optimizer.judges.simulation.service import one_record_per_call
from optimizer.judges.summary import city_service
from optimizer.plan import VisitPlan
from scenarios.finished_run import FinishedRun, open_run
from scenarios.headline import NAMES, json_ready
from scenarios.progress import Progress
from scenarios.provenance import data_status
from scenarios.result_folder import ResultKind, refuse_other_files, write_result
from scenarios.scenario import changed
from scenarios.simulated import Simulated, city_of, simulate_both
from scenarios.simulation_report import (
    side_by_side,
    simulation_frame,
    simulation_record,
    simulation_text,
)
from scenarios.wishes import patrol_wishes

TABLE, CALLS = "simulation.csv", "calls.csv"
SIMULATION = ResultKind("simulation", "simulation.json", "simulation.md", frozenset({TABLE, CALLS}))

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
    refuse_other_files(out, SIMULATION)
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
        tables = _tables(finished, simulated, one_per_call=one_per_call)
        status = data_status(finished.world.situation.provenance)
        write_result(out, SIMULATION, tables, record, text, status)
    return record, text


def _simulated(finished: FinishedRun) -> Simulated:
    world = finished.world
    return simulate_both(
        finished.loaded.scenario,
        world,
        finished.deployment,
        finished.baseline,
        patrol_wishes(finished.loaded, world).pool_of_place,
        _visit_plan(finished),
        finished.have,
    )


def _visit_plan(finished: FinishedRun) -> VisitPlan:
    """The planned visits with their routes and those due."""
    points = len(finished.world.situation.visit_points.places)
    due = np.bincount(finished.world.due_visits[:, 0], minlength=points)
    return VisitPlan(finished.visits, due, finished.routes)


def _analytic(finished: FinishedRun) -> dict[str, float]:
    """The city's figures by the analytic judge."""
    patrol, world = finished.loaded.scenario.patrol, finished.world
    terms = PatrolTerms(patrol.closing_min, patrol.grade_weight)
    evaluation = evaluate(world.situation, world.force, finished.deployment, terms=terms)
    return dict(city_service(world.situation, evaluation, finished.deployment.units))


def _tables(
    finished: FinishedRun, simulated: Simulated, *, one_per_call: bool
) -> dict[str, pd.DataFrame]:
    """Figures of both plans and, if asked for, the calls of the first replication."""
    tables = {TABLE: simulation_frame(simulated, finished.strongest)}
    if one_per_call:
        scenario = finished.loaded.scenario
        city = city_of(scenario, finished.world)
        pools = patrol_wishes(finished.loaded, finished.world).pool_of_place
        fleet = fleet_of(city, finished.deployment, pools)
        tables[CALLS] = one_record_per_call(city, fleet, seed=scenario.seed, replication=0)
    return tables
