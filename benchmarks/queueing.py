"""Erlang's formulas and lines with priorities against their published tables, to six digits."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.location import timed
from benchmarks.queueing_files import (
    COBHAM,
    ERLANG,
    CobhamRow,
    ErlangRow,
    Figures,
    check_names,
    read_cobham,
    read_erlang,
    told_deviation,
)
from benchmarks.record import Record, peak_mb
from geodata.faults import FaultLog
from optimizer.judges.erlang import erlang_b, erlang_c, mean_wait, priority_waits

FAMILY = "queueing"


def run(folder: Path, names: Sequence[str]) -> Iterator[Record]:
    """A line for each row of the two tables; only those in `names` if any.

    Raises
    ------
    BadInput
        When a table is missing or faulty, or there is no instance of a name.
    """
    faults = FaultLog()
    erlang = faults.attempt(lambda _: read_erlang(folder / ERLANG)) or []
    cobham = faults.attempt(lambda _: read_cobham(folder / COBHAM)) or []
    faults.raise_if_any()
    plain = {f"erlang_{row.servers}_{row.offered:g}": row for row in erlang}
    graded = {f"cobham_{number}": row for number, row in enumerate(cobham, 1)}
    check_names(FAMILY, names, [*graded, *plain])
    erlang_b(1, 1.0)
    yield from (erlang_line(name, row) for name, row in plain.items() if not names or name in names)
    yield from (
        cobham_line(name, row) for name, row in graded.items() if not names or name in names
    )


def erlang_line(name: str, row: ErlangRow) -> Record:
    """Loss, chance of waiting and mean wait in service times of one row."""

    def figures() -> dict[str, Figures | float]:
        return {
            "erlang_B": erlang_b(row.servers, row.offered),
            "erlang_C": erlang_c(row.servers, row.offered),
            "mean_wait": mean_wait(row.servers, row.offered),
        }

    found, solve_s = timed(figures)
    params = f"c={row.servers};a={row.offered:g};value=erlang_C"
    return _line(name, params, "erlang_C", found, row.known, solve_s)


def cobham_line(name: str, row: CobhamRow) -> Record:
    """Mean waits by grade of one row."""
    calls = row.calls_per_h

    def figures() -> dict[str, Figures | float]:
        waits = priority_waits(row.servers, row.services_per_h, calls)
        return {
            "erlang_C": erlang_c(row.servers, float(calls.sum()) / row.services_per_h),
            "Wq_by_class": waits,
            "W_by_class": waits + 1.0 / row.services_per_h,
            "Wq_overall": float(calls @ waits / calls.sum()),
        }

    found, solve_s = timed(figures)
    rates = " ".join(f"{rate:g}" for rate in calls)
    params = f"c={row.servers};mu={row.services_per_h:g};lambda={rates};value=Wq_overall"
    return _line(name, params, "Wq_overall", found, row.known, solve_s)


def _line(
    name: str,
    params: str,
    shown: str,
    found: dict[str, Figures | float],
    known: dict[str, Figures],
    solve_s: float,
) -> Record:
    return Record(
        family=FAMILY,
        instance=name,
        params=params,
        value=float(np.max(found[shown])),
        bound=None,
        known=float(known[shown][0]),
        status=told_deviation({key: (found[key], known[key]) for key in known}),
        build_s=0.0,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )
