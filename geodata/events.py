"""Events: where and when crowds are expected, as far as posts and visits need to know."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from geodata.horizon import Horizon

RECURRENCES: tuple[str, ...] = ("once", "daily")


@dataclass(frozen=True)
class EventWindow:
    """One event, from `start` to `end`, its peak from `peak_from` to `peak_to`.

    A `daily` event takes place every day from the clock time of `start` to that of `end`; its
    peak is given for one of the days. `lon` and `lat` in WGS84 degrees, NaN for an event
    without one place; `district_id` is empty then. `peak_simultaneous` persons at the peak and
    `staff_reference` staff in an earlier year are NaN where unknown; `source` says where the
    figures come from. `crowd_id` names the crowd that is expected (a night of the table of
    crowds), at the site `site_id`; both are empty where no posts can be computed.

    Raises
    ------
    ValueError
        When a time has no zone, the event ends before it starts or the peak leaves the window.
    """

    event_id: str
    name_en: str
    name_zh: str
    district_id: str
    lon: float
    lat: float
    start: datetime
    end: datetime
    peak_from: datetime
    peak_to: datetime
    peak_simultaneous: float
    staff_reference: float
    recurrence: str
    source: str
    site_id: str = ""
    crowd_id: str = ""

    def __post_init__(self) -> None:
        times = (self.start, self.peak_from, self.peak_to, self.end)
        if any(moment.tzinfo is None for moment in times):
            raise ValueError(f"event {self.event_id}: a time has no time zone")
        if not self.start < self.end or not self.peak_from < self.peak_to:
            raise ValueError(f"event {self.event_id} ends before it starts, or its peak does")
        if self.peak_from < self.start or self.peak_to > self.end:
            raise ValueError(f"event {self.event_id}: the peak leaves the window")
        if self.recurrence not in RECURRENCES:
            raise ValueError(f"event {self.event_id}: recurrence {self.recurrence!r}")
        if self.recurrence == "daily" and not in_clock_window(self.peak_from, self.start, self.end):
            raise ValueError(f"event {self.event_id}: the peak lies outside the daily hours")

    def touches(self, horizon: Horizon) -> bool:
        """Whether the event shares time with the horizon."""
        return self.start < horizon.end and self.end > horizon.start


def in_clock_window(moment: datetime, start: datetime, end: datetime) -> bool:
    """Whether the clock time of `moment` lies in the daily hours from `start` to `end`."""
    if end.time() > start.time():
        return start.time() <= moment.time() < end.time()
    return moment.time() >= start.time() or moment.time() < end.time()


def occurrences(event: EventWindow) -> tuple[EventWindow, ...]:
    """The event day by day: each occurrence as an event that takes place once.

    Clock times are those of the event's own time zone. Where the last clock time is not after
    the first one, an occurrence ends on the next day. The peak keeps its clock times and ends
    with the occurrence at the latest.
    """
    if event.recurrence == "once":
        return (event,)
    first, last = event.start, event.end
    overnight = last.time() <= first.time()
    days = (last.date() - first.date()).days + (0 if overnight else 1)
    from_start = event.peak_from.date() - first.date()
    if event.peak_from.time() < first.time() and overnight:
        from_start -= timedelta(days=1)
    return tuple(
        _on_day(event, timedelta(days=day), from_start, overnight) for day in range(max(days, 1))
    )


def _on_day(
    event: EventWindow, day: timedelta, peak_day: timedelta, overnight: bool
) -> EventWindow:
    """The occurrence `day` days after the first."""
    zone = event.start.tzinfo
    start = event.start + day
    end_date = (start + timedelta(days=1) if overnight else start).date()
    end = datetime.combine(end_date, event.end.time(), tzinfo=zone)
    peak_from, peak_to = event.peak_from - peak_day + day, event.peak_to - peak_day + day
    return replace(
        event,
        start=start,
        end=end,
        peak_from=peak_from,
        peak_to=min(end, peak_to, key=lambda moment: moment.astimezone(UTC)),
        recurrence="once",
    )
