"""The run folder: written beside its place and renamed, so that a crash leaves no half a run."""

import hashlib
import json
import platform
import shutil
import tempfile
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geodata.faults import BadInput, Fault
from optimizer.joint_report import JointReport
from optimizer.judges.shortages import shortages
from scenarios.approval import LOG
from scenarios.changes import changes_frame, unit_hours_changed
from scenarios.donors_report import donors_frame
from scenarios.drawable import NOT_VALID, map_page
from scenarios.drones import drones_frame
from scenarios.event_report import (
    access_frame,
    event_staff_frame,
    organiser_frame,
    steps_frame,
)
from scenarios.finished_run import scenario_folder
from scenarios.frames import (
    aid_frame,
    cells_frame,
    deployment_frame,
    map_layers,
    posts_frame,
    staffing_frame,
    standing_frame,
    violations_frame,
    visits_frame,
)
from scenarios.headline import headline, json_ready, recorded_check
from scenarios.lender_table import LENDERS, lenders_frame
from scenarios.loan_report import loans_frame
from scenarios.marginal_report import marginal_frame
from scenarios.observation_report import observation_frame
from scenarios.officers import officers_frame
from scenarios.operations import operations_frame
from scenarios.orders import write_orders
from scenarios.pipeline import Given, Run
from scenarios.progress import Progress, peak_memory_mb
from scenarios.provenance import data_status
from scenarios.reserve_report import reserve_frame, reserve_record, reserve_sites_frame
from scenarios.scenario import settings_json
from scenarios.scorecard import baselines_frame, scorecard_frame
from scenarios.shortage_report import shortages_frame
from scenarios.simulation_report import simulation_frame, simulation_record
from scenarios.summary import judges_side_by_side, summary_text
from scenarios.visit_report import delivered_of, visit_record, visit_tables
from scenarios.wish_report import floors_frame

PACKAGES = ("muster-deploy", "ortools", "numpy", "scipy", "numba", "pandas", "geopandas", "shapely")
"""Packages whose versions may change a plan."""


def refuse_foreign(folder: Path) -> None:
    """Refuse to replace anything but an earlier run or an empty folder.

    Raises
    ------
    BadInput
        When something else is there.
    """
    if (folder / "run.json").is_file() or not folder.exists():
        return
    if folder.is_dir() and not any(folder.iterdir()):
        return
    raise BadInput(
        [
            Fault(
                "--out",
                "something that is no run is there",
                "a new folder, an empty one or the folder of an earlier run",
                "Name another folder; a run replaces all that is in it.",
                value=folder.name,
            )
        ]
    )


def write_run(run: Run, folder: Path, progress: Progress) -> dict[str, Any]:
    """Write all outputs of a run to `folder`, replacing an earlier run there.

    Returns the content of `run.json`. All files but `run.json` are byte-identical for the same
    scenario, seed and versions; `run.json` differs in `seconds` and `peak_mb` only, and in
    `scenario_folder` where the scenario lies elsewhere. A plan that breaks a rule has the status
    `NOT_VALID`, a table of the broken rules, and says so in the summary and on the map.

    Raises
    ------
    BadInput
        When something that is no run lies at `folder`.
    """
    folder = folder.resolve()
    refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with progress.phase("tables", "Writing tables and layers"):
            figures, checked = _write_tables(run, draft)
        with progress.phase("map", "Drawing the map"):
            page = map_page(run)
            (draft / "map.html").write_text(page, encoding="utf-8")
        record = _record(run, figures, checked, progress)
        record["scenario_folder"] = scenario_folder(run.loaded, folder)
        text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
        (draft / "run.json").write_text(text + "\n", encoding="utf-8")
        _keep_log(folder, draft)
        _put_in_place(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return record


def _write_tables(run: Run, draft: Path) -> tuple[dict[str, Any], dict[str, float] | None]:
    scorecard = scorecard_frame(run)
    figures, checked = headline(run), recorded_check(run)
    status = data_status(run.world.situation.provenance)
    for name, frame in (
        ("staffing", staffing_frame(run)),
        ("loans", loans_frame(run.world, run.problem, run.plan.roster)),
        *([("mutual_aid", aid_frame(run))] if run.problem.aid else []),
        ("deployment", deployment_frame(run)),
        ("posts", posts_frame(run)),
        *_event_tables(run),
        *_task_tables(run),
        ("visits", visits_frame(run)),
        *visit_tables(run.world, run.plan.visits, delivered_of(run.simulated)),
        ("scorecard", scorecard),
        ("baselines", baselines_frame(run)),
        ("baseline_deployment", standing_frame(run, run.baseline.deployment)),
        *(
            [("simulation", simulation_frame(run.simulated, run.strongest.name))]
            if run.simulated
            else []
        ),
        ("marginal", marginal_frame(run.world.situation, run.marginal)),
        (
            "officers",
            officers_frame(run.world.situation, run.world.force, run.plan.roster, run.officers),
        ),
        ("shortages", shortages_frame(run.world, shortages(run.problem, run.staffing))),
        ("donors", donors_frame(run.world, run.problem, run.plan.roster, run.lending)),
        (LENDERS, lenders_frame(run.world.situation, run.lenders)),
        *([("floors", floors_frame(run))] if run.wishes.floors else []),
        *([("changes", _changes(run, run.given))] if run.given else []),
        *([("violations", violations_frame(run))] if run.violations else []),
    ):
        labelled = frame.assign(data_status=status)
        path = draft / f"{name}.csv"
        labelled.to_csv(path, index=False, float_format="%.9g", lineterminator="\n")
    cells_frame(run).assign(data_status=status).to_parquet(draft / "cells.parquet")
    _write_geopackage(map_layers(run), draft / "plan.gpkg", run)
    text = summary_text(run, scorecard, figures, checked)
    (draft / "summary.md").write_text(text, encoding="utf-8")
    write_orders(run, draft / "orders")
    return figures, checked


def _event_tables(run: Run) -> list[tuple[str, pd.DataFrame]]:
    """Tables on events whose posts were computed from a crowd; none without any."""
    events, situation = run.world.site_events, run.world.situation
    if not events:
        return []
    return [
        ("event_steps", steps_frame(events, situation.horizon)),
        ("event_staff", event_staff_frame(events)),
        ("event_access", access_frame(events, situation.area)),
        ("event_organiser", organiser_frame(events, situation.horizon)),
    ]


def _task_tables(run: Run) -> list[tuple[str, pd.DataFrame]]:
    """Tables on planned operations and drones, where the scenario has them."""
    world, posts = run.world, run.plan.posts
    units = world.force.unit_types
    operations = operations_frame(world.operations, world.situation, units, posts)
    watched = observation_frame(world.drones, world.situation.horizon)
    return [
        *([("operations", operations)] if world.operations.placed else []),
        *_reserve_tables(run),
        *([("drones", drones_frame(world.drones, world.situation))] if world.drones else []),
        *([("observation", watched)] if len(watched) else []),
    ]


def _reserve_tables(run: Run) -> list[tuple[str, pd.DataFrame]]:
    """Units of the reserve and minutes to the sites, where the scenario has one."""
    world, have = run.world, run.plan.posts.have()
    if not world.reserve.blocks:
        return []
    return [
        ("reserve", reserve_frame(world.reserve, world.situation, have)),
        (
            "reserve_sites",
            reserve_sites_frame(world.reserve, world.situation, have, run.released),
        ),
    ]


def _changes(run: Run, given: Given) -> pd.DataFrame:
    return changes_frame(run.world.situation, given.judged, run.judged)


def _write_geopackage(layers: dict[str, gpd.GeoDataFrame], path: Path, run: Run) -> None:
    """All layers in one file, stamped with the horizon's start instead of the clock."""
    stamp = run.world.situation.horizon.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        for name, frame in layers.items():
            labelled = frame.assign(data_status=data_status(run.world.situation.provenance))
            labelled.to_file(path, layer=name, driver="GPKG")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _record(
    run: Run, figures: dict[str, Any], checked: dict[str, float] | None, progress: Progress
) -> dict[str, Any]:
    report, staffing = run.plan.report, run.staffing
    record: dict[str, Any] = {
        "scenario": run.loaded.scenario.id,
        "digest": run.loaded.digest(),
        "settings": settings_json(run.loaded.scenario),
        "inputs": {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in run.loaded.input_files().items()
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
        "seed": report.seed,
        "status": NOT_VALID if run.violations else report.status.value,
        "violations": [str(violation) for violation in run.violations],
        "objective": {
            "name": "weighted response, call-minutes over the horizon",
            "value": report.objective,
            "recomputed_by_judge": run.judged.response_sum,
        },
        "patrol": _patrol_record(run),
        "staffing": {
            "value_call_minutes": staffing.value,
            "bound_call_minutes": staffing.bound,
            "gap_share_of_gain": staffing.relative_gap,
        },
        "joint": _joint_record(report.joint),
        "headline": figures,
        "provenance": [
            {"item": part.item_en, "status": part.status, "source": part.source}
            for part in run.world.situation.provenance
        ],
        "notes": list(run.world.notes),
        "seconds": {name: round(spent, 3) for name, spent in progress.seconds.items()},
        "peak_mb": round(peak_memory_mb(), 1),
    }
    if checked is not None:
        record["recorded_calls"] = checked
    if run.released is not None:
        record["reserve"] = reserve_record(run.released)
    if run.simulated is not None:
        record["simulation"] = simulation_record(
            judges_side_by_side(run, run.simulated), run.simulated, run.strongest.name
        )
    routed = visit_record(run.world, run.plan.visits, delivered_of(run.simulated))
    if routed is not None:
        record["visit_routes"] = routed
    if run.given is not None:
        record["given_plan"] = {
            "scenario": run.given.plan.scenario,
            "digest": run.given.plan.digest,
            "max_changes": run.given.plan.max_changes,
            "unit_hours_changed": unit_hours_changed(
                run.given.plan.units, run.plan.deployment.units
            ),
        }
    plain: dict[str, Any] = json_ready(record)
    return plain


def _patrol_record(run: Run) -> dict[str, Any] | None:
    """The allocation model's objective, bound and gap, in all and by hour and type of unit."""
    patrol = run.plan.report.patrol
    if patrol is None:
        return None
    starts = [moment.isoformat() for moment in run.world.situation.horizon.starts]
    return {
        "name": "weighted response beyond bin zero at the final busy shares, call-minutes",
        "objective": float(patrol.missed.sum()),
        "bound": float(patrol.bound.sum()) - patrol.budget_worth,
        "gap_call_minutes": patrol.gap_call_min,
        "gap_min": patrol.gap_min,
        "gap_min_of": "minutes per weighted call",
        "gap_share": patrol.gap_share,
        "gap_share_of": "objective: the minutes that the units miss",
        "change_budget_worth": patrol.budget_worth,
        "hours": [
            {
                "unit_type": unit_type,
                "hour": start,
                "objective": round(float(patrol.missed[row, hour]), 6),
                "bound": round(float(patrol.bound[row, hour]), 6),
                "weighted_calls": round(float(patrol.weight[row, hour]), 6),
            }
            for row, unit_type in enumerate(patrol.unit_types)
            for hour, start in enumerate(starts)
        ],
    }


def _joint_record(joint: JointReport | None) -> dict[str, Any] | None:
    """Staffing and patrol as one decision: objective, bound, gap, and what every round gave."""
    if joint is None:
        return None
    return {
        "name": "weighted response beyond bin zero at the final busy shares and the prices of "
        "staffing, call-minutes",
        "objective": joint.objective,
        "missed_call_minutes": joint.missed,
        "prices_call_minutes": joint.prices,
        "bound": joint.bound,
        "gap_call_minutes": joint.gap_call_min,
        "gap_min": joint.gap_min,
        "gap_min_of": "minutes per weighted call",
        "gap_share": joint.gap_share,
        "gap_share_of": "objective: the minutes that the units miss and the prices of staffing",
        "gap_share_of_missed": joint.gap_share_of_missed,
        "rounds": [
            {
                "response_call_minutes": each.response,
                "floors_missed_call_minutes": each.floors_missed,
                "prices_call_minutes": each.prices,
                "total_call_minutes": each.total,
            }
            for each in joint.rounds
        ],
        "kept_round": joint.kept + 1,
        "gain_over_first_call_minutes": joint.gain_over_first,
    }


def _keep_log(folder: Path, draft: Path) -> None:
    """Approvals of an earlier run stay on record; they hold for the files that they were about."""
    if (folder / LOG).is_file():
        shutil.copy2(folder / LOG, draft / LOG)


def _put_in_place(draft: Path, folder: Path) -> None:
    """Rename the draft to its place; an earlier run goes only once the new one stands there."""
    draft.chmod(0o755)
    if not folder.exists():
        draft.rename(folder)
        return
    retired = draft.with_name(draft.name + "-old")
    folder.rename(retired)
    try:
        draft.rename(folder)
    except OSError:
        retired.rename(folder)
        raise
    shutil.rmtree(retired)
