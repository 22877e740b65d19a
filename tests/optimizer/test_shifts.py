"""Shift instances that touch a horizon."""

from datetime import datetime
from zoneinfo import ZoneInfo

from geodata.horizon import Horizon
from optimizer.shifts import LabourRules, Shift, ShiftInstance, shift_instances

SHANGHAI, LONDON = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")
TEAM = Shift("team", "Team", "值班", 8, 24, 0.5, 24, 0.25)
EVENING = Shift("evening", "Evening", "晚班", 18, 8, 1.0, 11, 1.0)
NIGHT = Shift("night", "Night", "夜班", 22, 8, 1.0, 6, 1.0)


def labels(horizon: Horizon, *shifts: Shift) -> list[str]:
    return [instance.label for instance in shift_instances(horizon, shifts)]


def test_a_duty_that_began_before_the_horizon_counts() -> None:
    """From noon: the duty of 08:00 began four hours ago; the evening shift of the day before
    ended at 02:00."""
    noon = Horizon(datetime(2027, 2, 5, 12, tzinfo=SHANGHAI), 24)
    assert labels(noon, TEAM, EVENING) == ["team@-4", "evening@6", "team@20"]
    began, _, last = shift_instances(noon, (TEAM, EVENING))
    assert (began.start_h, began.end_h) == (-4, 20)
    assert began.on_duty(24).tolist() == [True] * 20 + [False] * 4
    assert last.on_duty(24).tolist() == [False] * 20 + [True] * 4


def test_a_shift_that_ends_as_the_horizon_begins_does_not() -> None:
    at_two = Horizon(datetime(2027, 2, 6, 2, tzinfo=SHANGHAI), 6)
    assert labels(at_two, EVENING, NIGHT) == ["night@-4"]
    at_one = Horizon(datetime(2027, 2, 6, 1, tzinfo=SHANGHAI), 7)
    assert labels(at_one, EVENING, NIGHT, TEAM) == ["team@-17", "evening@-7", "night@-3"]


def test_every_day_of_a_week_has_each_shift_once() -> None:
    week = Horizon(datetime(2027, 2, 1, tzinfo=SHANGHAI), 168)
    found = shift_instances(week, (EVENING,))
    assert [instance.start_h for instance in found] == [-6, *range(18, 168, 24)]


def test_clock_hours_are_local_across_a_clock_change() -> None:
    """On 28 March 2027 British clocks skip 01:00: 22:00 is 21 hours after midnight."""
    day = Horizon(datetime(2027, 3, 28, tzinfo=LONDON), 24)
    evening, night = (i for i in shift_instances(day, (EVENING, NIGHT)) if i.start_h > 0)
    assert (evening.start_h, evening.end_h) == (17, 25)
    assert night.start_h == 21


def test_the_longer_rest_holds() -> None:
    rules = LabourRules(min_rest_h=11.0)
    assert ShiftInstance(TEAM, -4, 20).rests_until(rules) == 44
    assert ShiftInstance(NIGHT, 2, 10).rests_until(rules) == 21
