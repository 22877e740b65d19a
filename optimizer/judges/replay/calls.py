"""Calls to simulate from recorded ones: the same calls again, or others at the same rates."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.call_records import CallRecords
from geodata.horizon import Horizon
from optimizer.judges.replay.durations import CallDurations, CallGroups, groups_of
from optimizer.judges.simulation.call_stream import CallKinds, CallStream

GRADES = 4

WEEKDAY_PRIOR_CALLS = 200.0
"""Calls that speak for "no difference between weekdays" before the record does."""


class Asked(NamedTuple):
    """Calls without what became of them, `[call]`.

    `received_min` from the start of the simulation, `cell`, `groups`, `grade` (0: none recorded)
    and `units` asked for.
    """

    received_min: NDArray[np.float64]
    cell: NDArray[np.int64]
    groups: CallGroups
    grade: NDArray[np.int64]
    units: NDArray[np.int64]


@dataclass(frozen=True)
class CallRates:
    """Rates of the calls of a record: by clock hour, weekday, and the calls themselves.

    `per_day[clock_hour]` calls on a mean day, `weekday_factor[weekday]`; what and where a call
    is follows the recorded calls of its clock hour, all equally likely.
    """

    records: CallRecords
    per_day: NDArray[np.float64]
    weekday_factor: NDArray[np.float64]

    def drawn(self, horizon: Horizon, rng: np.random.Generator) -> Asked:
        """One draw of the calls of a horizon: Poisson, the rate constant in an hour."""
        minutes, found = [], []
        for hour, start in enumerate(horizon.starts):
            rate = self.per_day[start.hour] * self.weekday_factor[start.weekday()]
            count = int(rng.poisson(rate))
            like = np.flatnonzero(self.records.clock_hour == start.hour)
            minutes.append(60.0 * (hour + np.sort(rng.random(count))))
            found.append(like[rng.integers(0, max(len(like), 1), count)])
        chosen = np.concatenate([*found, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        return _asked(self.records, chosen, np.concatenate([*minutes, np.zeros(0)]))


def rates_of(records: CallRecords, horizon: Horizon) -> CallRates:
    """Rates of the calls recorded over `horizon`.

    The factors of the weekdays are shrunk to 1: `WEEKDAY_PRIOR_CALLS` calls at the mean rate
    are added to each.
    """
    starts = horizon.starts
    hours = np.bincount([start.hour for start in starts], minlength=24)
    weekdays = np.bincount([start.weekday() for start in starts], minlength=7)
    per_day = np.bincount(records.clock_hour, minlength=24) / np.maximum(hours, 1)
    found = np.bincount(records.weekday, minlength=7)
    expected = len(records) * weekdays / max(horizon.hours, 1)
    factor = (found + WEEKDAY_PRIOR_CALLS) / (expected + WEEKDAY_PRIOR_CALLS)
    return CallRates(records, per_day, factor)


def recorded_again(records: CallRecords, begin_min: float, rng: np.random.Generator) -> Asked:
    """The recorded calls; what their clock cut off the receipt is drawn evenly.

    `begin_min` is the start of the simulation in minutes since 1970-01-01 UTC.
    """
    lost = records.clock_min * rng.random(len(records))
    received = records.received_min - begin_min + lost
    return _asked(records, np.arange(len(records)), received)


def _asked(
    records: CallRecords, chosen: NDArray[np.int64], received_min: NDArray[np.float64]
) -> Asked:
    groups = CallGroups(*(part[chosen] for part in groups_of(records)))
    grade, units = records.grade[chosen], records.units[chosen]
    return Asked(received_min, records.cell[chosen], groups, grade, units)


def graded(kinds: CallKinds) -> CallKinds:
    """The classes of `kinds`, each in all grades: class k with grade g is class 4 k + g - 1."""
    grade = np.tile(np.arange(1, GRADES + 1), len(kinds.grade))
    return CallKinds(grade, np.repeat(kinds.answered_by, GRADES, axis=0))


def graded_class(
    kinds: CallKinds, class_of_call: NDArray[np.int64], grade: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Class of each call in `graded(kinds)`: its own grade, where none is recorded the class's."""
    of_call = np.where(grade > 0, grade, kinds.grade[class_of_call])
    return np.asarray(GRADES * class_of_call + of_call - 1)


def with_times(
    asked: Asked,
    place: NDArray[np.int64],
    class_of_call: NDArray[np.int64],
    durations: CallDurations,
    rng: np.random.Generator,
) -> tuple[CallStream, NDArray[np.int64]]:
    """Draw handling, pace and scene time of each call.

    `place[call]` is where the simulation has the call, `class_of_call` its class there. Returns
    the stream and, for each of its calls, the position in `asked`.
    """
    handling = durations.handling.drawn(asked.groups, rng)
    pace = durations.travel.drawn(asked.groups, rng)
    scene = durations.scene.drawn(asked.groups, rng)
    ready = asked.received_min + handling
    order = np.lexsort((asked.received_min, ready))
    stream = CallStream(
        asked.received_min[order],
        ready[order],
        place[order],
        class_of_call[order],
        asked.units[order],
        scene[order],
        pace[order],
    )
    return stream, order
