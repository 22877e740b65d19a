"""Police districting instances: p centres, each basic area served by one of them.

The cost of an area depends on its centre in any way, `cost[centre, area]` (driving time times
calls in the published ones), and the sum is to be smallest: a p-median over a general matrix.
The published runs also kept limits that are not stored with them, so two lines are printed: the
published layout recomputed, with the least cost that is possible without longer drives than its
own, and the p-median without any limit.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import timed
from benchmarks.median import Median, solve_median
from benchmarks.record import Instance, Record, number_in, peak_mb, sibling
from geodata.faults import BadInput, Fault, FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck

PREFIX = "district_layout_"
SAME = 1e-6
"""Relative difference up to which a cost is as low as its bound."""

UNKNOWN = "the limits max_drive and nearby of its run are unknown"


@dataclass(frozen=True)
class Districting:
    """`cost[centre, area]`, `drive_min[centre, area]`, and each area's published centre."""

    cost: NDArray[np.float64]
    drive_min: NDArray[np.float64]
    centre_of_area: NDArray[np.int64]

    @property
    def published_cost(self) -> float:
        """Cost of the published layout."""
        return float(self.cost[self.centre_of_area, np.arange(len(self.cost))].sum())

    @property
    def longest_drive_min(self) -> float:
        """Longest drive from a centre to one of its areas in the published layout."""
        return float(self.drive_min[self.centre_of_area, np.arange(len(self.cost))].max())


def run(instance: Instance, seconds: float) -> tuple[Record, Record]:
    """The published layout's cost, and the least cost of as many centres without limits."""
    centres = int(number_in(instance, "p"))
    data, build_s = timed(lambda: read_districting(instance.files[0], centres))
    median, solve_s = timed(lambda: solve_median(data.cost, centres, seconds / 2))
    least, limited_s = timed(lambda: _least_cost(data, centres, median, seconds / 2))
    proved = "optimal" if data.published_cost - least <= SAME * least else "recomputed"
    published = Record(
        family=instance.family,
        instance=instance.name,
        params=instance.params_text,
        value=data.published_cost,
        bound=least,
        known=instance.known,
        status=f"published layout, {proved} without drives beyond its own longest of "
        f"{data.longest_drive_min:g} min; {UNKNOWN}",
        build_s=build_s,
        solve_s=limited_s,
        peak_mb=peak_mb(),
    )
    unlimited = Record(
        family=instance.family,
        instance=f"{instance.name}_without_limits",
        params=f"{instance.params_text};max_drive=none;nearby=none",
        value=median.cost,
        bound=median.bound,
        known=None,
        status=median.status,
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )
    return published, unlimited


def _least_cost(data: Districting, centres: int, median: Median, seconds: float) -> float:
    """Bound below the cost of every layout whose drives are no longer than the published ones.

    Longer drives cost extra what the published layout is dearer than the bound without limits:
    one of them is enough to make a layout as dear as the published one.
    """
    if median.cost >= data.published_cost:
        return median.bound
    extra = data.published_cost - median.bound
    too_far = data.drive_min > data.longest_drive_min
    return solve_median(data.cost + extra * too_far, centres, seconds).bound


def read_districting(layout_path: Path, centres: int) -> Districting:
    """The layout `district_layout_AREA_*.csv`, and beside it costs and drives of the area.

    These are `workload_AREA.csv.gz` and `drivingtimes_AREA.csv.gz`.

    Raises
    ------
    BadInput
        When a file is missing or a table faulty, areas are not numbered from 1 or have two
        centres, or the layout has not as many centres as it should.
    """
    area = layout_path.name.removeprefix(PREFIX).partition("_")[0]
    cost, drive_min = (
        read_square(sibling(layout_path, f"{name}_{area}.csv.gz"))
        for name in ("workload", "drivingtimes")
    )
    faults = FaultLog()
    table = read_table(layout_path, ("index", "location"), faults, allowed=("location",))
    faults.raise_if_any()
    assert table is not None
    check = RowCheck(table, faults)
    index = check.numbers("index", minimum=1.0, whole=True)
    location = check.numbers("location", minimum=1.0, whole=True)
    faults.raise_if_any()
    n_areas, n_centres = len(cost), len(np.unique(location))
    numbered = np.array_equal(np.sort(index), np.arange(1, n_areas + 1))
    if cost.shape != drive_min.shape:
        faults.add(
            layout_path.name,
            f"costs of {n_areas} areas and drives of {len(drive_min)}",
            expected="tables of the same size",
            remedy="Correct the tables.",
        )
    if not numbered or location.max() > n_areas or n_centres != centres:
        faults.add(
            layout_path.name,
            f"{len(index)} areas with {n_centres} centres",
            expected=f"areas 1 to {n_areas}, each once, and {centres} centres among them",
            remedy="Correct the layout or the parameters of the row.",
        )
    faults.raise_if_any()
    centre_of_area = np.empty(n_areas, dtype=np.int64)
    centre_of_area[index.astype(np.int64) - 1] = location.astype(np.int64) - 1
    return Districting(cost, drive_min, centre_of_area)


def read_square(path: Path) -> NDArray[np.float64]:
    """A square table of numbers, one row a line, apart by blanks or tabs.

    Raises
    ------
    BadInput
        When it is not that.
    """
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.split() for line in lines if line.strip()]
    try:
        table = np.array(rows, dtype=np.float64)
        told = f"shape {table.shape}"
    except ValueError as error:
        table = np.zeros(0)
        told = str(error)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not np.isfinite(table).all():
        fault = Fault(
            path.name,
            "not a square table of finite numbers",
            expected="as many numbers in each line as there are lines",
            remedy="Correct the file.",
            value=told,
        )
        raise BadInput([fault])
    return table
