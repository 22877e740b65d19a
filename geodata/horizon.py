"""The planning horizon: whole hours from a time-zone-aware start."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Horizon:
    """`hours` consecutive hours from `start`, which carries its time zone.

    Raises
    ------
    ValueError
        When `start` has no time zone or is not on the hour, or `hours` is below 1.
    """

    start: datetime
    hours: int

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError(f"horizon start {self.start.isoformat()} has no time zone")
        if self.start.minute or self.start.second or self.start.microsecond:
            raise ValueError(f"horizon start {self.start.isoformat()} is not on the hour")
        if self.hours < 1:
            raise ValueError(f"horizon of {self.hours} h; at least 1 h is needed")

    @property
    def end(self) -> datetime:
        """First moment after the horizon."""
        return self.at(self.hours)

    def at(self, hour: int) -> datetime:
        """Local time `hour` hours after the start (elapsed time, also across a clock change)."""
        zone = self.start.tzinfo
        return (self.start.astimezone(tz=UTC) + timedelta(hours=hour)).astimezone(zone)

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Local start of each hour."""
        return tuple(self.at(hour) for hour in range(self.hours))

    @property
    def hour_of_day(self) -> NDArray[np.int64]:
        """Clock hour 0..23 of each hour of the horizon."""
        return np.array([moment.hour for moment in self.starts], dtype=np.int64)

    def hour_index(self, moment: datetime) -> float:
        """Hours from the horizon's start to `moment`; negative before it."""
        return (moment.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds() / 3600.0

    def overlaps(self, start: datetime, end: datetime) -> NDArray[np.bool_]:
        """Which hours share time with [start, end)."""
        first, last = self.hour_index(start), self.hour_index(end)
        index = np.arange(self.hours)
        return (index < last) & (index + 1 > first)
