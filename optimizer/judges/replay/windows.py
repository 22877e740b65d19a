"""A plan's hours laid over recorded calls, and the calls that then meet the plan."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from geodata.call_records import UNKNOWN, CallRecords
from geodata.horizon import Horizon
from geodata.situation import Situation
from optimizer.force import UnitType
from optimizer.reach import cell_reach, turnout_min


@dataclass(frozen=True)
class Windows:
    """Stretches of the record with the clock hours of a plan's horizon.

    `begin_min[window]` are minutes since 1970-01-01 UTC, ascending; `of_call[call]` is the
    window of each call of the record, -1 for none.
    """

    begin_min: NDArray[np.float64]
    of_call: NDArray[np.int64]

    def hour(self, records: CallRecords) -> NDArray[np.int64]:
        """Hour of the horizon in which each call came, `[call]`; -1 outside the windows."""
        begun = np.append(self.begin_min, 0.0)[self.of_call]
        hours = np.floor((records.received_min - begun) / 60.0).astype(np.int64)
        return np.where(self.of_call >= 0, hours, -1)


def windows_of(records: CallRecords, horizon: Horizon) -> Windows:
    """Lay the horizon over the record, on every day or, when it is longer, every so many days.

    A horizon of whole weeks meets its own weekdays. Windows without calls are left out.
    """
    of_call = np.full(len(records), -1, dtype=np.int64)
    begins: list[float] = []
    length_min = 60.0 * horizon.hours
    for day in _days(records, horizon):
        begin = datetime.combine(day, horizon.start.time(), tzinfo=horizon.start.tzinfo)
        begin_min = begin.timestamp() / 60.0
        since = records.received_min - begin_min
        own = (since >= 0.0) & (since < length_min) & (of_call < 0)
        if own.any():
            of_call[own] = len(begins)
            begins.append(begin_min)
    return Windows(np.array(begins, dtype=np.float64), of_call)


def _days(records: CallRecords, horizon: Horizon) -> list[date]:
    """Days on which the horizon may begin."""
    if not len(records):
        return []
    step = -(-horizon.hours // 24)
    first, last = (
        datetime.fromtimestamp(60.0 * float(minute), UTC).astimezone(horizon.start.tzinfo).date()
        for minute in (records.received_min[0], records.received_min[-1])
    )
    earliest = first - timedelta(days=step)
    earliest += timedelta(days=(horizon.start.date() - earliest).days % step)
    return [earliest + timedelta(days=n) for n in range(0, (last - earliest).days + 1, step)]


def known_travel(
    situation: Situation,
    unit_types: tuple[UnitType, ...],
    records: CallRecords,
    hour: NDArray[np.int64],
    station: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Travel minutes to each call by the situation's roads, `[call]`.

    From its `station[call]` (of the situation, `UNKNOWN` for none recorded), else from the
    station that is there first; by a unit of the type that answers the class, in the speeds of
    `hour[call]` of the horizon. NaN where no station reaches the cell, no such unit exists or
    the hour is -1.
    """
    found = np.full(len(records), np.nan)
    answered = _type_of_class(situation, unit_types, records.class_ids)[records.kind]
    for number, unit_type in enumerate(unit_types):
        times = situation.travel[unit_type.unit_type]
        turnout = turnout_min(situation.patrol_places, unit_type)
        for profile, reach in enumerate(times.reach):
            own = (answered == number) & (hour >= 0)
            own &= times.profile_of_hour[np.maximum(hour, 0)] == profile
            lists = cell_reach(reach, turnout, situation.grid.n_cells)
            for call in np.flatnonzero(own).tolist():
                cell = records.cell[call]
                part = slice(lists.indptr[cell], lists.indptr[cell + 1])
                place, minutes = lists.place[part], lists.travel_min[part]
                fits = place < len(situation.stations)
                if station[call] != UNKNOWN:
                    fits = place == station[call]
                if fits.any():
                    found[call] = minutes[fits][0]
    return found


def _type_of_class(
    situation: Situation, unit_types: tuple[UnitType, ...], class_ids: tuple[str, ...]
) -> NDArray[np.int64]:
    """Which type of unit answers each class of the record, -1 for none."""
    number = {kind.unit_type: index for index, kind in enumerate(unit_types)}
    answers = {kind.class_id: kind.unit_type for kind in situation.classes.classes}
    return np.array([number.get(answers.get(name, ""), -1) for name in class_ids], dtype=np.int64)
