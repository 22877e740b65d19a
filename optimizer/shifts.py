"""Shifts and labour rules, as data."""

import math
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
    quarter for a four-team rotation, 1 for a free reinforcement shift. After the shift its
    officers hand over to the next for `handover_min` minutes: on duty, no longer on the street.
    """

    shift_id: str
    name_en: str
    name_zh: str
    start_hour: int
    hours: int
    street_share: float
    rest_after_h: float
    team_share: float
    handover_min: float = 0.0

    @property
    def duty_h(self) -> float:
        """Hours on duty, hand-over included."""
        return self.hours + self.handover_min / 60.0


@dataclass(frozen=True)
class LabourRules:
    """Rules every roster keeps.

    `min_rest_h` between two duties, `max_week_h` hours a week on average (longer horizons than
    a day; overtime beyond it is counted, and at most `max_overtime_h` a week of it worked),
    `min_presence` officers on duty at every station.
    `max_nights_in_row` night duties on consecutive dates, `max_days_in_row` calendar days
    touched by duties: with 6, every seven days hold a free one. Whoever stood on a post takes on
    no other for `post_relief_h` whole hours (1 after 4 h: 1.25 people a head, the least that is
    asked for meals at fixed posts).
    """

    min_rest_h: float = 11.0
    max_week_h: float = 48.0
    min_presence: int = 2
    max_nights_in_row: int = 4
    max_days_in_row: int = 6
    post_relief_h: int = 1
    max_overtime_h: float = 12.0

    def most_hours(self, hours: int) -> float:
        """Hours, overtime included, that an officer may work on average in a horizon of `hours`.

        A day or less is no basis for an average: infinite then.
        """
        week_h = self.max_week_h + self.max_overtime_h
        return week_h * hours / 168.0 if hours > 24 else math.inf


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

    def worked_h(self, hours: int) -> float:
        """Hours on duty within the horizon, the hand-over included where the shift ends in it."""
        inside = max(0, min(self.end_h, hours) - max(self.start_h, 0))
        return inside + (self.shift.handover_min / 60.0 if 0 < self.end_h <= hours else 0.0)

    def rests_until(self, rules: LabourRules) -> float:
        """Hour from which the officers of this shift may start another one."""
        hand_over_h = self.shift.handover_min / 60.0
        return self.end_h + hand_over_h + max(self.shift.rest_after_h, rules.min_rest_h)


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


def free_start_shifts(
    every_h: int, lengths_h: tuple[int, ...], rest_after_h: float, handover_min: float = 0.0
) -> tuple[Shift, ...]:
    """Reinforcement shifts of each length that start every `every_h` hours from midnight."""
    return tuple(
        Shift(
            f"free_{start:02d}_{length}h",
            f"Reinforcement {start:02d}:00, {length} h",
            f"增援班 {start:02d}:00 {length}小时",
            start,
            length,
            1.0,
            rest_after_h,
            1.0,
            handover_min,
        )
        for length in lengths_h
        for start in range(0, 24, every_h)
    )
