"""`muster compare RUN RUN ...`: finished runs side by side, as tables, a text and a map."""

from pathlib import Path
from typing import Any

import pandas as pd

from geodata.faults import BadInput, Fault
from scenarios.approval import standing
from scenarios.compare_figures import (
    MEASURES,
    as_number,
    figures_frame,
    headline_frame,
    settings_frame,
)
from scenarios.compare_plans import (
    deployment_changes,
    post_changes,
    staffing_changes,
    units_by_hour,
)
from scenarios.compare_report import caveats, compare_text
from scenarios.compared_run import ComparedRun, read_compared, refuse_strangers
from scenarios.headline import json_ready
from scenarios.map_run import distinct_names, page_of_two, refuse_same_folder
from scenarios.progress import Progress
from scenarios.read_back import read_back
from scenarios.result_folder import ResultKind, refuse_other_files, write_result

PAGE = "map.html"
TABLES = (
    *("headline.csv", "figures.csv", "settings.csv", "staffing_changes.csv"),
    *("deployment_changes.csv", "units_by_hour.csv", "post_changes.csv"),
)
COMPARISON = ResultKind(
    "comparison", "compare.json", "compare.md", frozenset(TABLES), frozenset({PAGE})
)

STATUS = {True: "partly synthetic", False: "real"}


def compare_runs(
    folders: list[Path], out: Path, *, with_map: bool = True
) -> tuple[dict[str, Any], str]:
    """Compare finished runs with the first of them and write it to `out`; the record and a text.

    Two runs get a map of the second with the first as its baseline. The comparison reads the
    tables of the runs; only the map needs the scenario's files.

    Raises
    ------
    BadInput
        With fewer than two runs, a run named twice, no run or half a run in a folder, runs of other
        districts or hours, or something else in `out`.
    """
    _refuse_few(folders)
    refuse_same_folder(folders)
    refuse_other_files(out, COMPARISON)
    progress = Progress()
    with progress.phase("tables", f"Comparing {len(folders)} runs"):
        runs = read_compared(folders, distinct_names(folders))
        refuse_strangers(runs)
        tables = comparison_tables(runs)
    page, why_not = "", "not asked for"
    if with_map:
        page, why_not = _page(folders, progress)
    note = (
        f"`{PAGE}` shows {runs[1].name} against {runs[0].name}." if page else f"No map: {why_not}."
    )
    text = compare_text(runs, tables, note)
    record = _record(runs, tables, PAGE if page else None)
    status = STATUS[any(run.is_synthetic for run in runs)]
    with progress.phase("files", "Writing the comparison"):
        files = [(PAGE, page)] if page else []
        write_result(out, COMPARISON, tables, record, text, status, files)
    return record, text


def comparison_tables(runs: list[ComparedRun]) -> dict[str, pd.DataFrame]:
    """All tables of the comparison by file name."""
    moved = deployment_changes(runs)
    return {
        "headline.csv": headline_frame(runs),
        "figures.csv": figures_frame(runs),
        "settings.csv": settings_frame(runs),
        "staffing_changes.csv": staffing_changes(runs),
        "deployment_changes.csv": moved,
        "units_by_hour.csv": units_by_hour(runs, moved),
        "post_changes.csv": post_changes(runs),
    }


def _refuse_few(folders: list[Path]) -> None:
    if len(folders) < 2:
        raise BadInput(
            [
                Fault(
                    "RUN",
                    "there is nothing to compare",
                    "the folders of at least two runs",
                    "Name more runs; the first is what the others are compared with.",
                    value=len(folders),
                )
            ]
        )


def _page(folders: list[Path], progress: Progress) -> tuple[str, str]:
    """The map of two runs, or why there is none."""
    if len(folders) != 2:
        return "", "a map shows two runs"
    with progress.phase("map", "Reading both runs back and drawing their map"):
        try:
            first, second = (read_back(folder) for folder in folders)
            return page_of_two(first, second, standing(second.folder).status), ""
        except BadInput as error:
            return "", str(error.faults[0]).rstrip(".")


def _record(
    runs: list[ComparedRun], tables: dict[str, pd.DataFrame], page: str | None
) -> dict[str, Any]:
    settings = tables["settings.csv"]
    record: dict[str, Any] = json_ready(
        {
            "runs": [
                {
                    "run": run.name,
                    "scenario": run.record["scenario"],
                    "digest": run.record["digest"],
                    "seed": run.told("seed"),
                    "status": run.told("status"),
                    "headline": {measure.name: as_number(measure.of(run)) for measure in MEASURES},
                }
                for run in runs
            ],
            "beware": {run.name: caveats(runs[0], run, settings) for run in runs[1:]},
            "settings_that_differ": {
                run.name: int((settings["run"] == run.name).sum()) for run in runs[1:]
            },
            "changes": {
                run.name: {
                    table.removesuffix(".csv"): int((tables[table]["run"] == run.name).sum())
                    for table in (
                        "staffing_changes.csv",
                        "deployment_changes.csv",
                        "post_changes.csv",
                    )
                }
                for run in runs[1:]
            },
            "map": page,
        }
    )
    return record
