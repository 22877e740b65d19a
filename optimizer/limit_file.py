"""Reads the planner's limits of places: pins, forbidden places, minima and maxima."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import Table, read_table
from geodata.horizon import Horizon
from geodata.places import Places
from geodata.row_check import RowCheck
from optimizer.force import UnitType
from optimizer.hour_problem import UNLIMITED

_COLUMNS = ("place_id", "unit_type", "from", "to", "min", "max", "reason")


@dataclass(frozen=True)
class PlaceLimit:
    """Units of some types that a place has at least and at most, in the hours from-to.

    `row` is its row in the file; `unit_types` and `place` are indices; `most` is `UNLIMITED`
    where the row sets no maximum. Hours count from the horizon's start, `to_hour` is the first
    one after the limit.
    """

    row: int
    place: int
    unit_types: tuple[int, ...]
    from_hour: int
    to_hour: int
    least: int
    most: int
    reason: str

    @property
    def pinned(self) -> bool:
        """Whether the row fixes a number of units."""
        return self.least == self.most > 0


def limit_arrays(
    limits: tuple[PlaceLimit, ...], shape: tuple[int, int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Least and most units of all rows together, `[type, place, hour]`."""
    least = np.zeros(shape, dtype=np.int64)
    most = np.full(shape, UNLIMITED, dtype=np.int64)
    for limit in limits:
        at = _entries(limit)
        least[at] = np.maximum(least[at], limit.least)
        most[at] = np.minimum(most[at], limit.most)
    return least, most


def read_limits(
    path: Path,
    places: Places,
    unit_types: tuple[UnitType, ...],
    crews: NDArray[np.int64],
    horizon: Horizon,
    faults: FaultLog,
) -> tuple[PlaceLimit, ...]:
    """Limits of patrol places, in the order of the rows.

    `crews[type]` are the units that the whole force could man. An empty unit type means all, an
    empty time the end of the horizon, an empty minimum 0 and an empty maximum none. To be used
    only when `faults` is empty.
    """
    table = read_table(path, _COLUMNS, faults)
    if table is None:
        return ()
    check = RowCheck(_with_times(table, horizon), faults)
    check.require_rows()
    number_of = {name: number for number, name in enumerate(places.place_ids)}
    names = check.choices("place_id", number_of, "the patrol places")
    kinds = _kinds(check, unit_types)
    first, last = _hours(check, horizon)
    least, most = _bounds(check)
    reasons = _reasons(check, least, most)
    _refuse_unmanned(check, kinds, least, crews, unit_types)
    limits = tuple(
        PlaceLimit(
            row + 1,
            number_of[names[row]],
            kinds[row],
            int(first[row]),
            int(last[row]),
            int(least[row]),
            int(most[row]),
            reasons[row],
        )
        for row in np.flatnonzero(check.sound).tolist()
    )
    _refuse_contradictions(table.file, limits, places, unit_types, horizon, faults)
    return limits


def _with_times(table: Table, horizon: Horizon) -> Table:
    """The table with the horizon's own ends where a time is empty."""
    ends = {"from": horizon.start.isoformat(), "to": horizon.end.isoformat()}
    filled = {}
    for name, end in ends.items():
        text = table.frame[name].astype(str).str.strip()
        filled[name] = text.mask(table.frame[name].isna() | (text == ""), end)
    return Table(table.file, table.frame.assign(**filled))


def _kinds(check: RowCheck, unit_types: tuple[UnitType, ...]) -> list[tuple[int, ...]]:
    """Indices of the unit types of each row; all of them where none is named."""
    number_of = {kind.unit_type: number for number, kind in enumerate(unit_types)}
    found = check.texts("unit_type", optional=True)
    check.refuse(
        [text != "" and text not in number_of for text in found],
        "unit_type is not one that the force has",
        expected=f"{', '.join(number_of)}, or empty for all",
        remedy="Correct the value, or add the type to the table of unit types.",
        values=found,
    )
    every = tuple(range(len(unit_types)))
    return [(number_of[text],) if text in number_of else every for text in found]


def _hours(check: RowCheck, horizon: Horizon) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First hour of each row and the first one after it, NaN where a time cannot be read."""
    zone = str(horizon.start.tzinfo)
    hours = []
    for column in ("from", "to"):
        moments = check.moments(column, zone)
        hours.append(np.array([np.nan if m is None else horizon.hour_index(m) for m in moments]))
    first, last = hours
    spans = f"{horizon.start.isoformat()} to {horizon.end.isoformat()}"
    for column, hour in (("from", first), ("to", last)):
        shown = check.table.frame[column]
        check.refuse(
            hour % 1 > 0,
            f"{column} is not on the full hour",
            expected="a full hour, such as 2027-02-05T20:00",
            remedy="Limits hold for whole hours; move the time.",
            values=shown,
        )
        check.refuse(
            (hour < 0) | (hour > horizon.hours),
            f"{column} lies outside the horizon",
            expected=f"a time from {spans}",
            remedy="Correct the time, or leave it empty for the horizon's end.",
            values=shown,
        )
    check.refuse(
        first >= last,
        "from is not before to",
        expected="`from` before `to`",
        remedy="Swap the times; `to` is the first moment after the limit.",
        values=list(zip(check.table.frame["from"], check.table.frame["to"], strict=True)),
    )
    return first, last


def _bounds(check: RowCheck) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and most units of each row; 0 and `UNLIMITED` where they are empty."""
    least, most = (
        check.numbers(name, minimum=0.0, whole=True, optional=True) for name in ("min", "max")
    )
    pairs = list(zip(check.table.frame["min"], check.table.frame["max"], strict=True))
    check.refuse(
        np.isnan(least) & np.isnan(most) & check.sound,
        "the row limits nothing",
        expected="a number in min, in max or in both",
        remedy="Fill one in, or remove the row.",
        values=pairs,
    )
    check.refuse(
        least > most,
        "min is above max",
        expected="min at most max",
        remedy="Swap the numbers or correct one.",
        values=pairs,
    )
    check.refuse(
        least >= UNLIMITED,
        f"min is {UNLIMITED:,} or more",
        expected="a number of units",
        remedy="Correct the value.",
        values=check.table.frame["min"],
    )
    return np.nan_to_num(least), np.minimum(np.nan_to_num(most, nan=UNLIMITED), UNLIMITED)


def _reasons(check: RowCheck, least: NDArray[np.float64], most: NDArray[np.float64]) -> list[str]:
    """Why each limit was set; a pin must say it."""
    found = check.texts("reason", optional=True)
    check.refuse(
        (least == most) & (least > 0) & check.sound & np.array([not text for text in found], bool),
        "a pin gives no reason",
        expected="a reason, as it is to be shown on the plan",
        remedy="Fill in why the number of units is fixed.",
        values=[f"min = max = {count:g}" for count in least],
    )
    return found


def _refuse_unmanned(
    check: RowCheck,
    kinds: list[tuple[int, ...]],
    least: NDArray[np.float64],
    crews: NDArray[np.int64],
    unit_types: tuple[UnitType, ...],
) -> None:
    """Note the minima of types that the whole force could not man even once."""
    missing = [
        ", ".join(unit_types[kind].unit_type for kind in row if crews[kind] < wanted)
        for row, wanted in zip(kinds, least, strict=True)
    ]
    check.refuse(
        [text != "" for text in missing],
        "min asks for more units than the whole force can man",
        expected="a type of unit with officers enough",
        remedy="Lower min, name another unit_type, or correct the head-counts.",
        values=missing,
    )


def _refuse_contradictions(
    file: str,
    limits: tuple[PlaceLimit, ...],
    places: Places,
    unit_types: tuple[UnitType, ...],
    horizon: Horizon,
    faults: FaultLog,
) -> None:
    """Note each pair of rows of which one asks for more than the other allows."""
    at_place: dict[int, list[PlaceLimit]] = {}
    for limit in limits:
        at_place.setdefault(limit.place, []).append(limit)
    pairs = [
        (first, second)
        for own in at_place.values()
        for number, second in enumerate(own)
        for first in own[:number]
        if _contradict(first, second)
    ]
    for first, second in sorted(pairs, key=lambda pair: (pair[1].row, pair[0].row)):
        kinds = [unit_types[k].unit_type for k in second.unit_types if k in first.unit_types]
        begin = max(first.from_hour, second.from_hour)
        hours = min(first.to_hour, second.to_hour) - begin
        faults.add(
            file,
            f"contradicts row {first.row}: {_asked(first)} there, {_asked(second)} here, for "
            f"{hours} h from {horizon.at(begin).isoformat()}",
            expected="rows that can hold together for the same place, unit type and hour",
            remedy="Change one of the two rows, or its times.",
            row=second.row,
            value=f"{places.place_ids[second.place]}, {', '.join(kinds)}",
        )


def _contradict(first: PlaceLimit, second: PlaceLimit) -> bool:
    shared = set(first.unit_types) & set(second.unit_types)
    meet = first.from_hour < second.to_hour and second.from_hour < first.to_hour
    return bool(shared) and meet and max(first.least, second.least) > min(first.most, second.most)


def _asked(limit: PlaceLimit) -> str:
    if limit.most == UNLIMITED:
        return f"at least {limit.least}"
    return f"exactly {limit.least}" if limit.pinned else f"{limit.least} to {limit.most}"


def _entries(limit: PlaceLimit) -> tuple[list[int], int, slice]:
    return list(limit.unit_types), limit.place, slice(limit.from_hour, limit.to_hour)
