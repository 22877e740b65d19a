"""Reads hourly profiles: how the calls of a day spread over its hours."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck

_NO_PROFILES = ("hour", "evidence")


def read_profiles(
    path: Path, faults: FaultLog, *, only: str | None = None
) -> dict[str, NDArray[np.float64]]:
    """Profiles by name: a column `hour` (0 to 23) and a column of percent for each.

    Each is a share of a day's calls in each clock hour, `[24]`, scaled to sum to 1; it must sum
    to 100 within 0.5. `only` reads one column and leaves the others.
    """
    table = read_table(path, ("hour",) if only is None else ("hour", only), faults)
    if table is None:
        return {}
    check = RowCheck(table, faults)
    hours = check.clock_hours()
    if hours is None:
        return {}
    found = {}
    columns = [str(name) for name in table.frame.columns if name not in _NO_PROFILES]
    for name in columns if only is None else [only]:
        percent = np.nan_to_num(check.numbers(name, minimum=0.0))
        if abs(float(percent.sum()) - 100.0) > 0.5:
            faults.add(
                table.file,
                f"profile {name} does not sum to 100",
                expected="percent of a day's calls in each hour, 100 within 0.5",
                remedy="Scale the shares.",
                value=round(float(percent.sum()), 3),
            )
            continue
        found[name] = np.zeros(24)
        found[name][hours] = percent / percent.sum()
    return found
