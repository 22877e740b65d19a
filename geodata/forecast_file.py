"""Reads a demand forecast: expected calls per cell or point, hour and incident class."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.forecast import DemandForecast
from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.points import cells_of, crs_is_known, read_points_inside
from geodata.row_check import RowCheck

_MOST_CALLS_PER_H = 1_000_000.0

_COLUMNS = ("start", "incident_class", "expected_incidents")


@dataclass(frozen=True)
class ForecastReading:
    """A forecast and what was read of its file.

    `rows_outside_horizon` rows lie before or after the horizon and were not needed; cell-hours
    that the file does not list are forecast with 0 calls.
    """

    forecast: DemandForecast
    rows: int
    rows_outside_horizon: int


def read_forecast(
    path: Path,
    grid: Grid,
    area: StudyArea,
    horizon: Horizon,
    class_ids: Sequence[str],
    crs: str | None,
    faults: FaultLog,
) -> ForecastReading:
    """Forecast of a table with one row per cell (or point), hour and class.

    Places are the grid's `cell_id`, or `lon` and `lat` in the declared `crs`; points in the
    same cell are summed, the same key twice is a fault. `crs` may be None for a file with cell
    ids. The result is to be used only when `faults` is empty (`faults.raise_if_any()`).
    """
    rate = np.zeros((grid.n_cells, horizon.hours, len(class_ids)))
    table = read_table(path, _COLUMNS, faults)
    if table is None:
        return ForecastReading(_forecast(rate, class_ids), 0, 0)
    check = RowCheck(table, faults)
    check.require_rows()
    cell, keys = _places(check, grid, area, crs)
    hour = _hours(check, horizon)
    named = check.choices("incident_class", class_ids, "the incident classes")
    position = {name: number for number, name in enumerate(class_ids)}
    kind = np.array([position.get(name, -1) for name in named], dtype=np.int64)
    expected = check.numbers("expected_incidents", minimum=0.0)
    check.refuse(
        expected > _MOST_CALLS_PER_H,
        f"expected_incidents is above {_MOST_CALLS_PER_H:,.0f}",
        expected="calls in one cell and hour",
        remedy="Correct the value.",
        values=check.table.frame["expected_incidents"],
    )
    _refuse_repeated(check, keys, hour, kind)
    inside = (hour >= 0) & (hour < horizon.hours)
    _require_some_inside(check, inside, horizon)
    used = check.sound & inside & (cell >= 0)
    np.add.at(rate, (cell[used], hour[used], kind[used]), expected[used])
    outside = int((check.sound & ~inside).sum())
    return ForecastReading(_forecast(rate, class_ids), len(inside), outside)


def _forecast(rate: NDArray[np.float64], class_ids: Sequence[str]) -> DemandForecast:
    cells, hours, _ = rate.shape
    return DemandForecast(rate.astype(np.float32), cells, hours, tuple(class_ids))


def _places(
    check: RowCheck, grid: Grid, area: StudyArea, crs: str | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cell of each row (-1 where faulty) and a number that is equal for equal places."""
    columns = check.table.frame.columns
    if "cell_id" in columns:
        return _listed_cells(check, grid)
    if "lon" not in columns or "lat" not in columns:
        check.faults.add(
            check.table.file,
            "no column says where the calls are expected",
            expected="cell_id, or lon and lat",
            remedy="Add one of them; docs/data-formats.md describes the file.",
        )
    elif crs_is_known(check.table.file, crs, check.faults):
        points = read_points_inside(check, area, str(crs))
        pairs = np.stack([points.lon, points.lat], axis=1)
        _, keys = np.unique(pairs, axis=0, return_inverse=True)
        return cells_of(points, grid), keys.ravel()
    nowhere = np.full(len(check.sound), -1, dtype=np.int64)
    return nowhere, np.arange(len(nowhere))


def _listed_cells(check: RowCheck, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    codes, distinct = pd.factorize(
        check.table.frame["cell_id"].astype(str).str.strip(), use_na_sentinel=False
    )
    index = {name: number for number, name in enumerate(grid.cell_ids)}
    names = [str(name) for name in distinct]
    cell_of = np.array([index.get(name, -1) for name in names], dtype=np.int64)
    cell: NDArray[np.int64] = cell_of[codes]
    check.refuse(
        cell < 0,
        "the cell lies outside the study area",
        expected=f"one of the {grid.n_cells} cells of {grid.cell_m:g} m, "
        f"such as {', '.join(grid.cell_ids[:2])}",
        remedy="Check that the forecast was made for the same cell size and CRS.",
        values=[names[code] for code in codes.tolist()],
    )
    return cell, np.asarray(codes, dtype=np.int64)


def _hours(check: RowCheck, horizon: Horizon) -> NDArray[np.int64]:
    """Hour of the horizon of each row; negative before it and where faulty."""
    moments = check.moments("start")
    first = horizon.start.astimezone(UTC)
    distinct = {moment for moment in moments if moment is not None}
    hours = {moment: (moment - first).total_seconds() / 3600.0 for moment in distinct}
    found = np.array([-1.0 if moment is None else hours[moment] for moment in moments])
    check.refuse(
        found % 1 != 0,
        "start is not on the hour",
        expected="the beginning of a whole hour",
        remedy="Bring the forecast to whole hours.",
        values=check.table.frame["start"],
    )
    hours_from_start: NDArray[np.int64] = np.floor(found).astype(np.int64)
    return hours_from_start


def _refuse_repeated(
    check: RowCheck, place: NDArray[np.int64], hour: NDArray[np.int64], kind: NDArray[np.int64]
) -> None:
    """Refuse sound rows whose place, hour and class stand in an earlier row."""
    frame = pd.DataFrame({"place": place, "hour": hour, "kind": kind})[check.sound]
    repeated = np.zeros(len(check.sound), dtype=bool)
    repeated[check.sound] = frame.duplicated()
    check.refuse(
        repeated,
        "the same place, hour and class stands in an earlier row",
        expected="each place, start and incident_class once",
        remedy="Remove one of the rows, or add their expected_incidents.",
        values=_shown(check, repeated),
    )


def _shown(check: RowCheck, rows: NDArray[np.bool_]) -> list[str]:
    """Start and class of the marked rows, empty for the others."""
    frame = check.table.frame
    shown = [""] * len(rows)
    for row in np.nonzero(rows)[0].tolist():
        shown[row] = f"{frame['start'].iloc[row]}, {frame['incident_class'].iloc[row]}"
    return shown


def _require_some_inside(check: RowCheck, inside: NDArray[np.bool_], horizon: Horizon) -> None:
    if check.sound.any() and not (check.sound & inside).any():
        check.faults.add(
            check.table.file,
            "no row lies in the planning horizon",
            expected=f"hours from {horizon.start.isoformat()} to {horizon.end.isoformat()}",
            remedy="Give the forecast of these days, or move the horizon.",
        )
