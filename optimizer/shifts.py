"""Shifts and labour rules, as data."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon


@dataclass(frozen=True)
class Shift:
    """A shift that starts every day at `start_hour` (0..23) and lasts `hours`.

    `street_share` 0..1 is the part of those on duty who are on the street at one time (the
    others of a 24-h duty stand by in the station). `rest_after_h` must follow it.
    `team_share` 0..1 bounds how much of the head-count may work this shift on one day: a
    quarter for a four-team rotation, 1 for a free reinforcement shift.
    """

    shift_id: str
    name_en: str
    name_zh: str
    start_hour: int
    hours: int
    street_share: float
    rest_after_h: float
    team_share: float


@dataclass(frozen=True)
class LabourRules:
    """Rules every roster keeps.

    `min_rest_h` between two duties, `max_week_h` hours a week on average (longer horizons than
    a day; overtime beyond it is counted), `min_presence` officers on duty at every station.
    """

    min_rest_h: float = 11.0
    max_week_h: float = 48.0
    min_presence: int = 2


@dataclass(frozen=True)
class ShiftInstance:
    """One shift on one day; `start_h` and `end_h` in hours from the horizon's start.

    `start_h` is negative for a duty that began before the horizon.
    """

    shift: Shift
    start_h: int
    end_h: int

    @property
    def label(self) -> str:
        """Shift id and start, for tables: `duty_24h@-4`."""
        return f"{self.shift.shift_id}@{self.start_h}"

    def on_duty(self, hours: int) -> NDArray[np.bool_]:
        """Which hours of the horizon lie in this shift."""
        index = np.arange(hours)
        return (index >= self.start_h) & (index < self.end_h)

    def rests_until(self, rules: LabourRules) -> float:
        """Hour from which the officers of this shift may start another one."""
        return self.end_h + max(self.shift.rest_after_h, rules.min_rest_h)


def shift_instances(horizon: Horizon, shifts: tuple[Shift, ...]) -> tuple[ShiftInstance, ...]:
    """Every shift of every day that shares time with the horizon, by start, then id.

    Clock hours are local; a shift keeps its length across a clock change.
    """
    longest = max(shift.hours for shift in shifts)
    first_day = (horizon.start - timedelta(hours=longest)).date()
    days = (horizon.end.date() - first_day).days + 1
    found = []
    for day in range(days):
        date = first_day + timedelta(days=day)
        for shift in shifts:
            moment = horizon.start.replace(
                year=date.year, month=date.month, day=date.day, hour=shift.start_hour
            )
            start = round(horizon.hour_index(moment))
            if start < horizon.hours and start + shift.hours > 0:
                found.append(ShiftInstance(shift, start, start + shift.hours))
    return tuple(sorted(found, key=lambda instance: (instance.start_h, instance.shift.shift_id)))
