"""`muster map RUN [RUN]`: the map of a finished run drawn again, or of two runs side by side."""

import os
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from geodata.faults import BadInput, Fault, FaultLog
from geodata.situation import Situation
from scenarios.approval import DRAFT, Standing, standing
from scenarios.drawable import NOT_VALID, map_page, run_label
from scenarios.orders import write_orders
from scenarios.progress import Progress
from scenarios.read_back import ReadBack, read_back

PAGE, SHEETS = "map.html", "orders"
BESIDE = "map-against-{run}.html"
"""Name of the map of a run that is shown against another one."""


def map_run(folder: Path, against: Path | None, out: Path | None) -> tuple[dict[str, Any], str]:
    """Draw the run in `folder` again, or show `against` beside it; the record and a text.

    One run is drawn beside its strongest practice into its own `map.html`, and without `out` its
    sheets are written again too: the same bytes as the run wrote for the same versions and status.
    Of two, the second is the plan and the first what it is compared with.

    Raises
    ------
    BadInput
        When a folder holds no run that can be read back, the runs have other cells or hours, or
        `out` is no file that can be written.
    """
    folders = [folder] if against is None else [folder, against]
    refuse_same_folder(folders)
    target = _target(folder, against, out)
    progress = Progress()
    first, shown = _read_all(folders, progress)
    now = standing(shown.folder)
    with progress.phase("map", "Drawing the map"):
        if against is None:
            page = map_page(shown, status=now.status)
        else:
            page = page_of_two(first, shown, now.status)
        write_page(page, target)
    sheets = None
    if against is None and out is None:
        with progress.phase("sheets", "Writing the sheets"):
            sheets = write_sheets(shown, now.status)
    record = {
        "run": shown.record["digest"],
        "scenario": shown.loaded.scenario.id,
        "baseline": shown.record["headline"]["strongest_baseline"]
        if against is None
        else folder.name,
        "status": now.status,
        "void": len(now.void),
        "rules_broken": len(shown.violations),
        "map": str(target),
        "sheets": None if sheets is None else str(sheets),
    }
    return record, _text(shown, now, target, sheets)


def _read_all(folders: list[Path], progress: Progress) -> tuple[ReadBack, ReadBack]:
    """The first and the last of the runs, which may be one; faults of all are told at once."""
    faults = FaultLog()
    found = []
    for folder in folders:
        with progress.phase("world", f"Reading {folder.name} back and judging it again"):
            run = faults.attempt(partial(_read, folder))
        found += [] if run is None else [run]
    faults.raise_if_any()
    return found[0], found[-1]


def _read(folder: Path, _: FaultLog) -> ReadBack:
    return read_back(folder)


def page_of_two(first: ReadBack, second: ReadBack, status: str = DRAFT) -> str:
    """The map of the second run with the first in place of the strongest practice.

    Raises
    ------
    BadInput
        When the two have other districts, cells or hours.
    """
    refuse_other_ground(first, second)
    names = distinct_names([first.folder, second.folder])
    titles = (
        f"{second.loaded.scenario.title_en}. Plan: {names[1]}, baseline: {names[0]}",
        f"{second.loaded.scenario.title_zh}（方案：{names[1]}，对照：{names[0]}）",
    )
    label = f"{names[1]}: {run_label(second)} | {names[0]}: {run_label(first)}"
    return map_page(
        replace(second, baseline=first.judged), titles=titles, label=label, status=status
    )


def refuse_same_folder(folders: list[Path]) -> None:
    """Refuse a run that is named twice.

    Raises
    ------
    BadInput
        With every folder that stands twice.
    """
    resolved = [folder.resolve() for folder in folders]
    twice = [folder for at, folder in enumerate(folders) if resolved.index(folder.resolve()) < at]
    if twice:
        raise BadInput(
            Fault(
                "RUN",
                "the same run is named twice",
                "the folders of different runs",
                "Name each run once.",
                value=folder.name,
            )
            for folder in twice
        )


def refuse_other_ground(first: ReadBack, second: ReadBack) -> None:
    """Refuse to lay two maps over each other that have other districts, cells or hours.

    Raises
    ------
    BadInput
        Naming all that differs.
    """
    faults = [
        Fault(
            second.folder.name,
            f"the runs have other {what}",
            f"those of {first.folder.name}: {one}",
            "Compare runs of the same city, cells and hours.",
            value=other,
        )
        for what, same, one, other in _ground(first.world.situation, second.world.situation)
        if not same
    ]
    if faults:
        raise BadInput(faults)


def _ground(one: Situation, other: Situation) -> list[tuple[str, bool, str, str]]:
    """What two maps must share: its name, whether it is the same, and both as texts."""
    return [
        (
            "districts",
            one.area.crs == other.area.crs
            and one.area.district_ids == other.area.district_ids
            and all(
                a.polygon.equals(b.polygon)
                for a, b in zip(one.area.districts, other.area.districts, strict=True)
            ),
            _districts(one),
            _districts(other),
        ),
        (
            "cells",
            one.grid.cell_m == other.grid.cell_m and one.grid.cell_ids == other.grid.cell_ids,
            _cells(one),
            _cells(other),
        ),
        (
            "hours",
            one.horizon.start == other.horizon.start and one.horizon.hours == other.horizon.hours,
            _hours(one),
            _hours(other),
        ),
    ]


def _districts(situation: Situation) -> str:
    ids = situation.area.district_ids
    return f"{len(ids)} districts, {ids[0]} to {ids[-1]}, {situation.area.crs}"


def _cells(situation: Situation) -> str:
    return f"{situation.grid.n_cells:,} cells of {situation.grid.cell_m:g} m"


def _hours(situation: Situation) -> str:
    return f"{situation.horizon.hours} h from {situation.horizon.start.isoformat()}"


def distinct_names(folders: list[Path]) -> list[str]:
    """The shortest ends of the paths that tell the folders apart, joined by `/`."""
    parts = [folder.resolve().parts for folder in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return names


def write_page(page: str, target: Path) -> None:
    """Write a page beside its place and rename it, so that a crash leaves no half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as lines:
        lines.write(page)
    Path(draft).chmod(0o644)
    Path(draft).replace(target)


def write_sheets(run: ReadBack, status: str) -> Path:
    """Write the sheets of a run again, whole or not at all; returns their folder."""
    folder = run.folder.resolve()
    draft = Path(tempfile.mkdtemp(prefix=f".{SHEETS}-", dir=folder))
    try:
        write_orders(run, draft, status)
        draft.chmod(0o755)
        retired = draft.with_name(draft.name + "-old")
        if (folder / SHEETS).exists():
            (folder / SHEETS).rename(retired)
        draft.rename(folder / SHEETS)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    shutil.rmtree(retired, ignore_errors=True)
    return run.folder / SHEETS


def _target(folder: Path, against: Path | None, out: Path | None) -> Path:
    """Where the page goes; a folder or a file of another kind is refused before the work."""
    if out is None:
        return (
            folder / PAGE if against is None else against / BESIDE.format(run=folder.resolve().name)
        )
    if out.suffix.lower() not in (".html", ".htm") or out.is_dir():
        raise BadInput(
            [
                Fault(
                    "--out",
                    "not the name of a page",
                    "a file whose name ends in .html; one that is there is replaced",
                    "Name a file, for example map.html.",
                    value=out.name,
                )
            ]
        )
    return out


def _text(shown: ReadBack, now: Standing, target: Path, sheets: Path | None) -> str:
    lines = [now.note] if now.note else []
    lines.append(f"Status: {now.status}")
    if shown.violations:
        lines.append(f"The plan is {NOT_VALID}: {len(shown.violations)} rules broken")
    lines.append(f"Map: {target}")
    return "\n".join([*lines, *([f"Sheets: {sheets}"] if sheets else [])])
