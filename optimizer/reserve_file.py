"""Reads the kinds of reserve: who mans them, from when to when, how many, and how near."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.force import ForceType
from optimizer.reserve import ReserveKind

_COLUMNS = (
    "reserve_id",
    "name_en",
    "name_zh",
    "force_ids",
    "officers",
    "units",
    "within_min",
    "speed_factor",
    "turnout_min",
    "start",
    "end",
    "most_a_place",
    "most_share",
    "site_ids",
    "source",
)
_COUNTS = ("officers", "units", "most_a_place")
_MEASURES = ("within_min", "speed_factor", "turnout_min", "most_share")


def read_reserve(
    path: Path,
    types: Sequence[ForceType],
    known_sites: Sequence[str] | None,
    faults: FaultLog,
    *,
    timezone: str,
    local_timezone: str | None = None,
) -> tuple[ReserveKind, ...]:
    """Reserves in file order, times in the area's `timezone`.

    `force_ids` and `site_ids` are lists split by `;`. Times without an offset are a fault unless
    `local_timezone` is given. `known_sites` are the ids that may be named, None where they
    could not be read. To be used only when `faults` is empty.
    """
    table = read_table(path, _COLUMNS, faults, allowed=("notes",))
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    ids = check.texts("reserve_id")
    forces = _forces(check, types)
    counts = {name: check.numbers(name, minimum=1.0, whole=True) for name in _COUNTS}
    measures = _measures(check)
    sites = _sites(check, known_sites, counts["units"])
    zone = ZoneInfo(timezone)
    starts, ends = (check.moments(name, local_timezone) for name in ("start", "end"))
    _refuse_times(check, ids, starts, ends)
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    sources = check.texts("source")
    found = []
    for row in np.flatnonzero(check.sound).tolist():
        start, end = starts[row], ends[row]
        assert start is not None
        assert end is not None
        found.append(
            ReserveKind(
                ids[row],
                names_en[row],
                names_zh[row],
                forces[row],
                int(counts["officers"][row]),
                int(counts["units"][row]),
                float(measures["within_min"][row]),
                float(measures["speed_factor"][row]),
                float(measures["turnout_min"][row]),
                start.astimezone(zone),
                end.astimezone(zone),
                int(counts["most_a_place"][row]),
                float(measures["most_share"][row]),
                sites[row],
                sources[row],
            )
        )
    return tuple(found)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _forces(check: RowCheck, types: Sequence[ForceType]) -> list[tuple[str, ...]]:
    """Forces that may man each reserve, all of them allowed on posts."""
    able = [kind.force_id for kind in types if kind.post]
    texts = check.texts("force_ids")
    found = [_split(text) for text in texts]
    check.refuse(
        [
            bool(text) and (not own or not set(own) <= set(able))
            for text, own in zip(texts, found, strict=True)
        ],
        "force_ids names something that is no force for posts",
        expected=f"ids among {', '.join(able)}, split by ;",
        remedy="Correct the value.",
        values=texts,
    )
    return found


def _measures(check: RowCheck) -> dict[str, NDArray[np.float64]]:
    found = {name: check.numbers(name, minimum=0.0) for name in _MEASURES}
    for name in ("within_min", "speed_factor", "most_share"):
        highest = 1.0 if name == "most_share" else np.inf
        check.refuse(
            (found[name] == 0.0) | (found[name] > highest),
            f"{name} is out of its range",
            expected="a share above 0, up to 1" if name == "most_share" else "a number above 0",
            remedy="Correct the value.",
            values=found[name].tolist(),
        )
    return found


def _sites(
    check: RowCheck, known: Sequence[str] | None, units: NDArray[np.float64]
) -> list[tuple[str, ...]]:
    """Named sites of each row, each once; a unit cannot be promised to two of them."""
    texts = check.texts("site_ids", optional=True)
    found = [_split(text) for text in texts]
    if known is not None:
        check.refuse(
            [not set(own) <= set(known) for own in found],
            "site_ids names something that is no event of these hours and no must-visit point",
            expected="ids of events with a position or of must-visit points, split by ;",
            remedy="Correct the value, or leave it empty for the largest events.",
            values=texts,
        )
    check.refuse(
        [len(set(own)) < len(own) for own in found],
        "site_ids names a site twice",
        expected="each site once",
        remedy="Remove one of them.",
        values=texts,
    )
    check.refuse(
        [len(own) > count for own, count in zip(found, units, strict=True)],
        "fewer units than sites: one would be promised to two sites at once",
        expected="at least as many units as site_ids",
        remedy="Ask for more units, or name fewer sites.",
        values=[f"{count:g} for {text}" for text, count in zip(texts, units, strict=True)],
    )
    return found


def _refuse_times(
    check: RowCheck,
    ids: Sequence[str],
    starts: Sequence[datetime | None],
    ends: Sequence[datetime | None],
) -> None:
    """Refuse windows that end before they start, and one reserve in two rows at a time."""
    spans = list(zip(starts, ends, strict=True))
    told = [f"{a and a.isoformat()} to {b and b.isoformat()}" for a, b in spans]
    check.refuse(
        [a is not None and b is not None and b <= a for a, b in spans],
        "the reserve ends before it starts",
        expected="start before end",
        remedy="Correct the times; one that runs over midnight ends on the next date.",
        values=told,
    )
    earlier: dict[int, int] = {}
    for row in np.flatnonzero(check.sound).tolist():
        for other in range(row):
            if check.sound[other] and ids[other] == ids[row] and _overlap(spans[other], spans[row]):
                earlier.setdefault(row, other)
    check.refuse(
        [row in earlier for row in range(len(ids))],
        "this reserve is promised in an earlier row at the same time",
        expected="one row at a time for each reserve_id",
        remedy="Give the second one an id and units of its own, or move its hours.",
        values=[
            f"{ids[row]}, {told[row]}; row {earlier[row] + 1}: {told[earlier[row]]}"
            if row in earlier
            else ""
            for row in range(len(ids))
        ],
    )


Span = tuple[datetime | None, datetime | None]


def _overlap(one: Span, other: Span) -> bool:
    if None in one or None in other:
        return False
    (a, b), (c, d) = one, other
    assert a is not None
    assert b is not None
    assert c is not None
    assert d is not None
    return a < d and c < b
