"""Reads recorded calls; points become cells while the file is read and are not kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.datum import to_wgs84
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.grid import Grid
from geodata.points import cells_of, crs_is_known, place
from geodata.recorded_calls import RecordedCalls, count_calls
from geodata.row_check import RowCheck

_COLUMNS = ("date", "code", "lon", "lat")


@dataclass(frozen=True)
class CallReading:
    """Recorded calls and what was left out of the file's rows, by reason.

    `officer_initiated` rows were not asked for by the public and are no demand;
    `outside_area` rows lie in no district.
    """

    calls: RecordedCalls
    rows: int
    officer_initiated: int
    outside_area: int


def read_calls(
    path: Path,
    columns: Mapping[str, str],
    area: StudyArea,
    grid: Grid,
    crs: str | None,
    class_of_code: Mapping[str, str],
    officer_initiated: Collection[str],
    faults: FaultLog,
    *,
    max_outside_share: float = 0.02,
) -> CallReading:
    """Calls of a table with `date`, `code`, `lon` and `lat`, counted by day, cell and class.

    `columns` maps these four names to those of the file. `class_of_code` gives the incident
    class of each case code; codes in `officer_initiated` are dropped and counted, any other
    code is a fault. More than `max_outside_share` of the calls outside the area is a fault,
    fewer are counted. The result is to be used only when `faults` is empty
    (`faults.raise_if_any()`).
    """
    class_ids = tuple(dict.fromkeys(class_of_code.values()))
    nothing = RecordedCalls(
        class_ids, grid.n_cells, (), *(np.empty(0, dtype=np.int64) for _ in range(4))
    )
    crs_ok = crs_is_known(path.name, crs, faults)
    table = read_table(path, _COLUMNS, faults, columns=columns)
    if table is None or not crs_ok:
        return CallReading(nothing, 0, 0, 0)
    check = RowCheck(table, faults)
    check.require_rows()
    codes = check.choices("code", sorted({*class_of_code, *officer_initiated}), "the case codes")
    dates = check.dates("date")
    lon, lat = check.numbers("lon"), check.numbers("lat")
    points = place(*to_wgs84(lon, lat, str(crs)), area)
    public = np.array([code not in officer_initiated for code in codes], dtype=bool)
    cell = cells_of(points, grid)
    outside = check.sound & public & (cell < 0)
    _require_inside(check, outside, max_outside_share, str(crs), area)
    used = np.nonzero(check.sound & public & (cell >= 0))[0].tolist()
    position = {name: number for number, name in enumerate(class_ids)}
    calls = count_calls(
        class_ids,
        grid.n_cells,
        [day for row in used if (day := dates[row]) is not None],
        cell[used],
        np.array([position[class_of_code[codes[row]]] for row in used], dtype=np.int64),
    )
    dropped = int((check.sound & ~public).sum())
    return CallReading(calls, len(public), dropped, int(outside.sum()))


def _require_inside(
    check: RowCheck, outside: NDArray[np.bool_], share: float, crs: str, area: StudyArea
) -> None:
    if outside.sum() > share * max(int(check.sound.sum()), 1):
        check.faults.add(
            check.table.file,
            f"{int(outside.sum())} of {int(check.sound.sum())} calls lie outside the study area",
            expected=f"at most {share:.0%} of them",
            remedy=f"Check the CRS: the file is declared {crs}, the area is {area.crs}.",
            value=f"{outside.sum() / max(int(check.sound.sum()), 1):.1%}",
        )


def read_case_codes(path: Path, value_column: str, faults: FaultLog) -> dict[str, str]:
    """Value of each `case_code` of a table: an incident class, or a reason."""
    table = read_table(path, ("case_code", value_column), faults)
    if table is None:
        return {}
    check = RowCheck(table, faults)
    check.require_rows()
    codes, values = check.texts("case_code"), check.texts(value_column)
    check.unique(["case_code"], codes, "the case code")
    pairs = zip(codes, values, check.sound, strict=True)
    return {code: value for code, value, sound in pairs if sound}
