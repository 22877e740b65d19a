"""A finished run, opened again: its scenario, its world and what was planned in it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from geodata.faults import BadInput, Fault, FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.plan import Deployment, PatrolRoute, Visit
from scenarios.given_plan import DEPLOYMENT, RECORD, read_given_plan
from scenarios.scenario import LIBRARY, LoadedScenario
from scenarios.schema import Scenario
from scenarios.visit_tables import on_routes, read_routes
from scenarios.world import World, build_world

BASELINE = "baseline_deployment.csv"
"""Table of the strongest practice's units in a run folder."""

VISITS = "visits.csv"
"""Table of the planned visits in a run folder."""

SHIPPED = "library"
"""What a run records as the folder of a scenario that comes with the package."""


@dataclass(frozen=True)
class OpenedRun:
    """A run folder with its record, scenario and world."""

    folder: Path
    record: dict[str, Any]
    loaded: LoadedScenario
    world: World


@dataclass(frozen=True)
class FinishedRun(OpenedRun):
    """An opened run with its plan.

    `baseline` is the deployment of the strongest practice, `visits` those that were planned on
    `routes`, if any, and `have` the officers on each post.
    """

    deployment: Deployment
    baseline: Deployment
    visits: tuple[Visit, ...]
    have: dict[str, int]
    routes: tuple[PatrolRoute, ...] = ()

    @property
    def strongest(self) -> str:
        """Name of the strongest practice."""
        return str(self.record["headline"]["strongest_baseline"])


def scenario_folder(loaded: LoadedScenario, folder: Path) -> str:
    """How a run in `folder` finds its scenario's files again: by a relative path."""
    if loaded.folder.resolve() == LIBRARY.resolve():
        return SHIPPED
    return Path(os.path.relpath(loaded.folder.resolve(), folder.resolve())).as_posix()


def open_world(folder: Path) -> OpenedRun:
    """Open the run in `folder` without its plan.

    Raises
    ------
    BadInput
        When no run lies there, or its scenario's files are gone or no longer the same.
    """
    record = read_record(folder)
    loaded = _scenario(record, folder)
    _refuse_changed(record, loaded)
    return OpenedRun(folder, record, loaded, build_world(loaded))


def open_run(folder: Path) -> FinishedRun:
    """Open the run in `folder`.

    Raises
    ------
    BadInput
        When no run lies there, its scenario's files are gone or no longer the same, or a table
        of its plan is faulty.
    """
    opened = open_world(folder)
    world, faults = opened.world, FaultLog()
    visits = faults.attempt(lambda log: _visits(folder / VISITS, world, log)) or ()
    routes = faults.attempt(lambda log: read_routes(folder, world, log)) or ()
    routed = faults.attempt(lambda log: on_routes(folder / VISITS, world, visits, routes, log))
    have = faults.attempt(lambda log: _have(folder / "posts.csv", world, log))
    faults.raise_if_any()
    return FinishedRun(
        folder,
        opened.record,
        opened.loaded,
        world,
        _deployment(folder, DEPLOYMENT, world),
        _deployment(folder, BASELINE, world),
        routed or (),
        have or {},
        routes,
    )


def _deployment(folder: Path, table: str, world: World) -> Deployment:
    given = read_given_plan(folder, None, world.situation, world.force, table=table)
    names = tuple(kind.unit_type for kind in world.force.unit_types)
    return Deployment(names, given.units, ())


def _visits(path: Path, world: World, faults: FaultLog) -> tuple[Visit, ...]:
    """The planned visits; their minute counts from the start of the horizon."""
    situation = world.situation
    table = read_table(path, ("start", "point_id", "minutes", "station_id"), faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    points, homes = situation.visit_points.places.place_ids, situation.stations.place_ids
    start, minutes = check.moments("start"), check.numbers("minutes", minimum=0.0)
    point = check.choices("point_id", points, "the scenario's must-visit points")
    home = check.choices("station_id", homes, "the scenario's stations")
    return tuple(
        Visit(
            points.index(point[row]),
            round(60.0 * situation.horizon.hour_index(moment)),
            float(minutes[row]),
            homes.index(home[row]),
        )
        for row, moment in enumerate(start)
        if check.sound[row] and moment is not None
    )


def _have(path: Path, world: World, faults: FaultLog) -> dict[str, int]:
    """Officers on each post."""
    table = read_table(path, ("post_id", "have"), faults)
    if table is None:
        return {}
    check = RowCheck(table, faults)
    known = [need.post_id for need in world.requirement.posts]
    post = check.choices("post_id", known, "the posts of the scenario's events")
    have = check.numbers("have", minimum=0.0, whole=True)
    return {post[row]: int(have[row]) for row in np.flatnonzero(check.sound).tolist()}


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder`.

    Raises
    ------
    BadInput
        When there is none, or none that this version can read.
    """
    path = folder / RECORD
    if not path.is_file():
        raise BadInput(
            [
                Fault(
                    folder.name,
                    f"there is no {RECORD}",
                    "the folder of a finished run",
                    "Name a folder that `muster run` wrote.",
                )
            ]
        )
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput([_unreadable(str(error))]) from None
    missing = [
        key for key in ("settings", "scenario_folder", "digest", "headline") if key not in record
    ]
    if missing:
        raise BadInput([_unreadable(f"no {', '.join(missing)}")])
    return record


def require_keys(record: dict[str, Any], *keys: str) -> None:
    """Refuse a record that lacks some keys, dotted.

    Raises
    ------
    BadInput
        Naming all that are missing.
    """
    missing = [key for key in keys if not _has(record, key.split("."))]
    if missing:
        raise BadInput([_unreadable(f"no {', '.join(missing)}")])


def _has(part: object, steps: list[str]) -> bool:
    for step in steps:
        if not isinstance(part, dict) or step not in part:
            return False
        part = part[step]
    return True


def _unreadable(why: str) -> Fault:
    return Fault(
        RECORD,
        "the record of the run cannot be read",
        "a record as `muster run` of this version writes it",
        "Plan the scenario again.",
        value=why,
    )


def _scenario(record: dict[str, Any], folder: Path) -> LoadedScenario:
    where = str(record["scenario_folder"])
    try:
        scenario = Scenario.model_validate(record["settings"])
    except ValidationError as error:
        raise BadInput([_unreadable(f"{error.error_count()} settings are not valid")]) from None
    return LoadedScenario(scenario, LIBRARY if where == SHIPPED else folder.resolve() / where)


def _refuse_changed(record: dict[str, Any], loaded: LoadedScenario) -> None:
    """The files of the run must still be those that it was planned with."""
    gone = [name for name, path in loaded.input_files().items() if not path.is_file()]
    if gone or loaded.digest() != record["digest"]:
        raise BadInput(
            [
                Fault(
                    RECORD,
                    "input files of the run are gone" if gone else "input files have changed",
                    "the files that the run was planned with, where they were",
                    "Put them back, or plan the scenario again.",
                    value=", ".join(gone) or record["digest"][:12],
                )
            ]
        )
