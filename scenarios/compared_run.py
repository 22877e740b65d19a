"""Finished runs side by side: their records and tables, and whether they can be compared."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.faults import BadInput, Fault, FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from scenarios.finished_run import read_record, require_keys
from scenarios.tables import localised

PLAN_TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "scorecard.csv": (("scope", "id", "hour", "measure", "unit"), ("value",)),
    "staffing.csv": (
        ("station_id", "name_en", "name_zh", "force_id", "team", "shift_id", "start", "end"),
        ("officers",),
    ),
    "marginal.csv": (("area_kind", "area_id", "name_en"), ()),
    "deployment.csv": (("start", "unit_type", "place_id", "lon", "lat"), ("units",)),
    "posts.csv": (
        (
            *("post_id", "event_id", "event_en", "event_zh", "command", "phase", "ring", "kind"),
            *("role", "start", "end"),
        ),
        ("priority", "required", "have", "need"),
    ),
}
"""Tables of a run that are compared: their columns of text and of numbers."""


TOLD = (
    *("scenario", "provenance", "violations", "settings.area.districts", "settings.area.timezone"),
    *("settings.horizon.start", "settings.horizon.hours", "settings.grid.cell_m"),
    "settings.demand",
)
"""What the record of a run must tell to be compared."""


@dataclass(frozen=True)
class ComparedRun:
    """A run with a name that tells it apart, its record and its tables by file name."""

    name: str
    folder: Path
    record: dict[str, Any]
    tables: dict[str, pd.DataFrame]

    @cached_property
    def horizon(self) -> Horizon:
        """Hours of the run."""
        settings = self.record["settings"]
        zone = ZoneInfo(settings["area"]["timezone"])
        start = localised(datetime.fromisoformat(settings["horizon"]["start"]), zone)
        return Horizon(start, int(settings["horizon"]["hours"]))

    @property
    def is_synthetic(self) -> bool:
        """Whether a part of its situation is made up."""
        return any(part["status"] == "synthetic" for part in self.record["provenance"])

    @cached_property
    def _district_names(self) -> dict[str, str]:
        table = self.tables["marginal.csv"]
        districts = table[table["area_kind"] == "district"]
        return dict(zip(districts["area_id"], districts["name_en"], strict=True))

    def district(self, district_id: str) -> str:
        """English name of a district, its id where no table tells it."""
        return self._district_names.get(district_id, district_id)

    def told(self, *steps: str) -> Any:
        """A value of the record by its keys; None where there is none."""
        found: Any = self.record
        for step in steps:
            if not isinstance(found, dict) or step not in found:
                return None
            found = found[step]
        return found

    def city(self, measure: str) -> float | None:
        """A figure of the whole city over all hours from the scorecard; None without one."""
        table = self.tables["scorecard.csv"]
        rows = table[
            (table["scope"] == "city") & (table["hour"] == "all") & (table["measure"] == measure)
        ]
        return float(rows["value"].iloc[0]) if len(rows) else None


def read_compared(folders: list[Path], names: list[str]) -> list[ComparedRun]:
    """The runs of some folders.

    Raises
    ------
    BadInput
        With the faults of all folders: no run, a run of which tables are gone or faulty.
    """
    faults = FaultLog()
    found = []
    for folder, name in zip(folders, names, strict=True):
        record = faults.attempt(partial(_record, folder))
        if record is not None:
            tables = {table: _table(folder, name, table, faults) for table in sorted(PLAN_TABLES)}
            found.append(ComparedRun(name, folder, record, tables))
    faults.raise_if_any()
    return found


def _record(folder: Path, _: FaultLog) -> dict[str, Any]:
    record = read_record(folder)
    require_keys(record, *TOLD)
    return record


def refuse_strangers(runs: list[ComparedRun]) -> None:
    """Refuse runs of other cities or other hours than the first.

    Raises
    ------
    BadInput
        Naming all that differs.
    """
    first = runs[0]
    faults = [
        Fault(
            other.name,
            f"the run has other {what} than {first.name}",
            expected,
            "Compare runs of the same city and hours.",
            value=value,
        )
        for other in runs[1:]
        for what, expected, value in _strange(first, other)
    ]
    if faults:
        raise BadInput(faults)


def _strange(first: ComparedRun, other: ComparedRun) -> list[tuple[str, str, str]]:
    """What keeps a run from being compared with the first: name, the first's, its own."""
    pairs = [
        ("districts", _districts(first), _districts(other)),
        ("hours", _hours(first), _hours(other)),
    ]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _districts(run: ComparedRun) -> str:
    """The layer of districts by its content, and how many of them have figures."""
    layer = run.record["settings"]["area"]["districts"]
    digest = run.told("inputs", layer) or "unknown"
    table = run.tables["scorecard.csv"]
    count = table.loc[table["scope"] == "district", "id"].nunique()
    return f"{count} districts of the layer {digest[:12]}"


def _hours(run: ComparedRun) -> str:
    return f"{run.horizon.hours} h from {run.horizon.start.isoformat()}"


def _table(folder: Path, name: str, table: str, faults: FaultLog) -> pd.DataFrame:
    """A table with its numbers as numbers; empty where it has faults."""
    texts, numbers = PLAN_TABLES[table]
    if not (folder / table).is_file():
        faults.add(
            f"{name}/{table}",
            "the table of the run is gone",
            expected="every table that `muster run` of this version writes",
            remedy="Put it back, or plan the scenario again.",
        )
        return pd.DataFrame(columns=[*texts, *numbers])
    read = read_table(folder / table, (*texts, *numbers), faults)
    if read is None:
        return pd.DataFrame(columns=[*texts, *numbers])
    frame = read.frame[[*texts, *numbers]].copy()
    for column in numbers:
        frame[column] = _as_numbers(frame[column], f"{name}/{table}", faults)
    return frame


def _as_numbers(column: pd.Series, file: str, faults: FaultLog) -> pd.Series:
    """Numbers of a column; an empty cell is NaN, `inf` stays."""
    found = pd.to_numeric(column, errors="coerce")
    wrong = found.isna() & (column != "")
    for row in wrong[wrong].index[:1]:
        faults.add(
            file,
            f"{column.name} is not a number",
            expected="a number as `muster run` writes it",
            remedy="Plan the scenario again; the tables of a run are not edited by hand.",
            row=int(row) + 1,
            value=column[row],
        )
    return found


def hours_on(frame: pd.DataFrame, horizon: Horizon) -> NDArray[np.float64]:
    """Hours of each row's `start` to `end` that lie in the horizon."""

    def inside(column: str) -> NDArray[np.float64]:
        since = pd.to_datetime(frame[column], utc=True) - pd.Timestamp(horizon.start)
        hours = np.asarray(since / pd.Timedelta(hours=1), dtype=np.float64)
        return np.clip(hours, 0.0, float(horizon.hours))

    return inside("end") - inside("start")
