"""Reads incident classes and their response targets by grade and zone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.incidents import ZONES, IncidentClass, IncidentClasses
from geodata.row_check import RowCheck

_CLASS_COLUMNS = (
    "class_id",
    "name_en",
    "name_zh",
    "grade",
    "officers",
    "units",
    "on_scene_min",
    "unit_type",
)
_GRADES = ("1", "2", "3", "4")


@dataclass(frozen=True)
class ClassTable:
    """Incident classes, their shares of all calls and festival multipliers.

    `share[class]` sums to 1; it is NaN where the file states none.
    """

    classes: IncidentClasses
    share: NDArray[np.float64]
    multiplier: tuple[str, ...]


def read_incident_classes(classes_path: Path, targets_path: Path, faults: FaultLog) -> ClassTable:
    """Classes with targets `[zone, class]` looked up by grade.

    The optional column `share_pct` is needed for a seasonal forecast only. The optional column
    `festival_multiplier` (`zone`, `traffic`, `nuisance` or a number) is 1 where it is missing.
    To be used only when `faults` is empty.
    """
    target_of_grade = _read_targets(targets_path, faults)
    table = read_table(classes_path, _CLASS_COLUMNS, faults)
    if table is None:
        return ClassTable(IncidentClasses((), np.zeros((len(ZONES), 0))), np.zeros(0), ())
    check = RowCheck(table, faults)
    check.require_rows()
    ids = check.texts("class_id")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh")
    grades = check.choices("grade", _GRADES, "the grades")
    share = _shares(check)
    numbers = {
        name: check.numbers(name, minimum=0.0) for name in ("officers", "units", "on_scene_min")
    }
    unit_types = check.texts("unit_type", optional=True)
    check.unique(["class_id"], ids, "the class")
    multiplier = _multipliers(check)
    rows = np.flatnonzero(check.sound).tolist()
    classes = tuple(
        IncidentClass(
            ids[row],
            names_en[row],
            names_zh[row],
            int(grades[row]),
            float(numbers["officers"][row]),
            float(numbers["units"][row]),
            float(numbers["on_scene_min"][row]),
            unit_types[row],
        )
        for row in rows
    )
    target = np.array([target_of_grade.get(c.grade, [np.nan] * len(ZONES)) for c in classes])
    return ClassTable(
        IncidentClasses(classes, target.reshape(len(classes), len(ZONES)).T),
        share[rows],
        tuple(multiplier[row] for row in rows),
    )


def _shares(check: RowCheck) -> NDArray[np.float64]:
    if "share_pct" not in check.table.frame.columns:
        return np.full(len(check.sound), np.nan)
    percent = check.numbers("share_pct", minimum=0.0)
    total = float(np.nansum(percent))
    if abs(total - 100.0) > 1.0:
        check.faults.add(
            check.table.file,
            "share_pct does not sum to 100",
            expected="percent of all calls, 100 in total",
            remedy="Correct the shares.",
            value=round(total, 3),
        )
    return percent / max(total, 1e-9)


def _multipliers(check: RowCheck) -> list[str]:
    if "festival_multiplier" not in check.table.frame.columns:
        return ["1"] * len(check.sound)
    found = check.texts("festival_multiplier")
    check.refuse(
        [text not in ("zone", "traffic", "nuisance") and not _is_factor(text) for text in found],
        "festival_multiplier is not known",
        expected="zone, traffic, nuisance or a number of at least 0",
        remedy="Correct the value.",
        values=found,
    )
    return found


def _is_factor(text: str) -> bool:
    try:
        return bool(0.0 <= float(text) < np.inf)
    except ValueError:
        return False


def _read_targets(path: Path, faults: FaultLog) -> dict[int, list[float]]:
    table = read_table(path, ("grade", *ZONES), faults)
    if table is None:
        return {}
    check = RowCheck(table, faults)
    grades = check.choices("grade", _GRADES, "the grades")
    check.unique(["grade"], grades, "the grade")
    minutes = {zone: check.numbers(zone, minimum=0.0) for zone in ZONES}
    check.require_each(grades, _GRADES, "targets of a grade")
    return {
        int(grades[row]): [float(minutes[zone][row]) for zone in ZONES]
        for row in np.flatnonzero(check.sound).tolist()
    }
