"""Hours of the horizon, also across a clock change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from geodata.horizon import Horizon

SHANGHAI, LONDON = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")


def test_hours_of_a_night() -> None:
    horizon = Horizon(datetime(2027, 2, 5, 22, tzinfo=SHANGHAI), 4)
    assert horizon.hour_of_day.tolist() == [22, 23, 0, 1]
    assert horizon.end == datetime(2027, 2, 6, 2, tzinfo=SHANGHAI)
    assert horizon.hour_index(datetime(2027, 2, 5, 21, 30, tzinfo=SHANGHAI)) == -0.5
    assert horizon.hour_index(datetime(2027, 2, 5, 15, tzinfo=UTC)) == 1.0


@pytest.mark.parametrize(
    ("day", "clocks", "end"),
    [
        (datetime(2027, 3, 28, tzinfo=LONDON), [0, 2, 3, 4], 5),  # 01:00 is skipped
        (datetime(2027, 10, 31, tzinfo=LONDON), [0, 1, 1, 2], 3),  # 01:00 comes twice
    ],
)
def test_the_clock_change(day: datetime, clocks: list[int], end: int) -> None:
    horizon = Horizon(day, 4)
    assert horizon.hour_of_day.tolist() == clocks
    assert horizon.end.hour == end
    elapsed = [start.astimezone(UTC) - day.astimezone(UTC) for start in horizon.starts]
    assert elapsed == [timedelta(hours=hour) for hour in range(4)]
    assert [horizon.hour_index(start) for start in horizon.starts] == [0.0, 1.0, 2.0, 3.0]


def test_hours_that_share_time_with_a_window() -> None:
    start = datetime(2027, 2, 5, 20, tzinfo=SHANGHAI)
    horizon = Horizon(start, 4)
    minutes = [timedelta(minutes=m) for m in (-60, 0, 60, 90, 121, 500)]
    before, now, one, half_past, after_two, late = (start + m for m in minutes)
    assert horizon.overlaps(one, half_past).tolist() == [False, True, False, False]
    assert horizon.overlaps(half_past, after_two).tolist() == [False, True, True, False]
    assert horizon.overlaps(before, now).tolist() == [False] * 4
    assert horizon.overlaps(before, late).tolist() == [True] * 4


@pytest.mark.parametrize(
    ("start", "hours", "reason"),
    [
        (datetime(2027, 2, 5, 20), 4, "no time zone"),
        (datetime(2027, 2, 5, 20, 30, tzinfo=SHANGHAI), 4, "not on the hour"),
        (datetime(2027, 2, 5, 20, tzinfo=SHANGHAI), 0, "at least 1 h"),
    ],
)
def test_refused(start: datetime, hours: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Horizon(start, hours)
