"""Recorded calls on a plan: windows, known ways and times in the tiny city, by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from geodata.call_records import UNKNOWN, CallRecords
from geodata.horizon import Horizon
from optimizer.judges.replay.durations import assumed_durations
from optimizer.judges.replay.plan_replay import fitted_situation, replay_plan
from optimizer.judges.replay.travel_line import TravelLine
from optimizer.judges.replay.windows import known_travel, windows_of
from optimizer.judges.simulation.call_stream import CallDraws
from optimizer.judges.simulation.city import SimulationTerms, fleet_of, simulated_city
from optimizer.plan import Deployment
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city

FIXED = CallDraws(handling_min=1.0, handling_cv=0.0, scene_cv=0.0, travel_cv=0.0)


def calls_at(
    moments: list[datetime],
    cells: list[int],
    kinds: list[int],
    *,
    ids: tuple[str, ...] = ("theft",),
) -> CallRecords:
    """Calls with a clock that shows seconds: handled in 1, reached in 4, done in 20 minutes."""
    received = np.array([moment.timestamp() / 60.0 for moment in moments])
    n = len(moments)
    zero = np.zeros(n, dtype=np.int64)
    return CallRecords(
        ids, (), 16, 1 / 60, received, received + 1, received + 5, received + 25,
        cell=np.array(cells), kind=np.array(kinds), station=zero + UNKNOWN, grade=zero,
        units=zero + 1, clock_hour=np.array([moment.hour for moment in moments]),
        weekday=np.array([moment.weekday() for moment in moments]),
    )  # fmt: skip


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_a_plan_of_two_hours_meets_every_day() -> None:
    """The tiny city's hours are 18 to 20 o'clock."""
    records = calls_at(
        [at(1, 17, 59), at(1, 18), at(1, 19, 59), at(1, 20), at(4, 19, 30)], [0] * 5, [0] * 5
    )
    windows = windows_of(records, tiny_city().horizon)
    assert windows.begin_min.tolist() == [at(1, 18).timestamp() / 60, at(4, 18).timestamp() / 60]
    assert windows.of_call.tolist() == [-1, 0, 0, -1, 1]
    assert windows.hour(records).tolist() == [-1, 0, 1, -1, 1]


def test_a_plan_of_a_week_meets_its_own_weekdays() -> None:
    horizon = Horizon(datetime(2027, 2, 5, 18, tzinfo=UTC), 168)  # from a Friday
    records = calls_at([at(5, 12), at(6, 18), at(13, 17, 59), at(13, 18)], [0] * 4, [0] * 4)
    windows = windows_of(records, horizon)
    begins = [datetime.fromtimestamp(60 * m, UTC) for m in windows.begin_min.tolist()]
    assert [begin.weekday() for begin in begins] == [4, 4, 4]
    assert windows.of_call.tolist() == [0, 1, 1, 2]
    nothing = records.where(np.zeros(4, dtype=bool))
    assert windows_of(nothing, horizon).begin_min.tolist() == []


def test_an_evening_past_midnight_is_one_window() -> None:
    horizon = Horizon(datetime(2027, 2, 5, 22, tzinfo=UTC), 4)
    records = calls_at([at(2, 1), at(2, 23), at(3, 1, 59), at(3, 2)], [0] * 4, [0] * 4)
    assert windows_of(records, horizon).of_call.tolist() == [0, 1, 1, -1]


def test_known_ways_are_those_of_the_city() -> None:
    """Cell 1 is 2 minutes from the west station and 4 from the east one; noise asks for nobody."""
    situation = tiny_city()
    records = calls_at([at(1, 18)] * 5, [1, 1, 12, 13, 1], [0, 0, 0, 0, 1], ids=("theft", "noise"))
    station = np.array([UNKNOWN, 1, UNKNOWN, 1, UNKNOWN])
    hour = np.array([0, 1, 0, 0, 0])
    minutes = known_travel(situation, (CAR,), records, hour, station)
    # cell 12 is 3 rows north of the west station; cell 13 is 5 steps from the east one: too far
    assert minutes[:3].tolist() == [2.0, 4.0, 6.0]
    assert np.isnan(minutes[3:]).all()
    assert np.isnan(known_travel(situation, (CAR,), records, hour - 2, station)).all()


@pytest.fixture
def standing() -> Deployment:
    """One car at the west station and one at standby point 13, in both hours."""
    units = np.zeros((1, 4, 2), dtype=np.int64)
    units[0, [0, 2]] = 1
    return Deployment(("car",), units, ())


def test_calls_meet_the_units_of_the_plan(standing: Deployment) -> None:
    """Turnout 1 minute at the station, none on the street; the second call finds the car away."""
    situation = tiny_city()
    city = simulated_city(situation, (CAR,), TERMS, SimulationTerms(FIXED, warm_up_h=0))
    fleet = fleet_of(city, standing, np.zeros(4, dtype=np.int64))
    records = calls_at([at(1, 18), at(1, 18, 10), at(4, 19)], [0, 0, 13], [0, 0, 0])
    durations = assumed_durations(FIXED, np.array([30.0]), 0)
    windows = windows_of(records, situation.horizon)
    (run,) = replay_plan(city, fleet, records, windows, durations, [1])
    assert run.unanswered == 0
    # cell 0: 1 + 0 min by the station's car; from cell 13 four steps; cell 13 from where it is
    assert run.times.travel_min == pytest.approx([1.0, 8.0, 0.0], abs=0.04)
    assert run.times.handling_min == pytest.approx([1.0] * 3, abs=0.04)
    assert run.times.scene_min == pytest.approx([30.0] * 3, abs=0.04)
    assert run.times.area.tolist() == [0, 0, 0]
    assert run.times.clock_hour.tolist() == [18, 18, 19]


def test_the_number_of_workers_changes_nothing(standing: Deployment) -> None:
    situation, draws = tiny_city(), CallDraws(1.0, 0.5, 0.5, 0.3)
    city = simulated_city(situation, (CAR,), TERMS, SimulationTerms(draws, warm_up_h=1))
    fleet = fleet_of(city, standing, np.zeros(4, dtype=np.int64))
    moments = [at(day, 18, minute) for day in range(1, 6) for minute in range(0, 60, 10)]
    records = calls_at(moments, [0, 1, 13] * 10, [0] * 30)
    windows = windows_of(records, situation.horizon)
    durations = assumed_durations(draws, np.array([30.0]), 0)
    one, four = (
        replay_plan(city, fleet, records, windows, durations, range(5), workers=workers)
        for workers in (1, 4)
    )
    for left, right in zip(one, four, strict=True):
        assert left.unanswered == right.unanswered
        assert all(np.array_equal(a, b) for a, b in zip(left.times, right.times, strict=True))


def test_a_recorded_grade_goes_before_that_of_the_class(standing: Deployment) -> None:
    """Three calls at cell 0 at once for two cars: the third waits unless its grade is better."""
    situation = tiny_city()
    city = simulated_city(situation, (CAR,), TERMS, SimulationTerms(FIXED, warm_up_h=0))
    fleet = fleet_of(city, standing, np.zeros(4, dtype=np.int64))
    moments = [at(1, 18), at(1, 18, 1), at(1, 18, 2), at(1, 18, 3)]
    records = calls_at(moments, [0] * 4, [0] * 4)
    durations = assumed_durations(FIXED, np.array([30.0]), 0)
    windows = windows_of(records, situation.horizon)
    (plain,) = replay_plan(city, fleet, records, windows, durations, [1])
    urgent = replace(records, grade=np.array([0, 0, 0, 1]))  # thefts have grade 2
    (changed,) = replay_plan(city, fleet, urgent, windows, durations, [1])
    # cars are free again at 18:32 and 18:40; the wait counts as handling
    assert plain.times.handling_min == pytest.approx([1, 1, 30, 37], abs=0.1)
    assert changed.times.handling_min[[2, 3]] == pytest.approx([38, 29], abs=0.1)


def test_fitted_ways_hold_turnout_and_factor(standing: Deployment) -> None:
    """3 minutes from the station, 2 on the street (1 is saved), travel times one and a half."""
    situation, types = fitted_situation(tiny_city(), (CAR,), TravelLine(3.0, 1.5, 0, 0, 1))
    assert situation.travel["car"].cutoff_min == 3.0 + 1.5 * 8.0
    city = simulated_city(situation, types, TERMS, SimulationTerms(FIXED, warm_up_h=0))
    fleet = fleet_of(city, standing, np.zeros(4, dtype=np.int64))
    records = calls_at([at(1, 18), at(1, 18, 10)], [1, 13], [0, 0])
    durations = assumed_durations(FIXED, np.array([30.0]), 0)
    (run,) = replay_plan(
        city, fleet, records, windows_of(records, situation.horizon), durations, [1]
    )
    assert run.times.travel_min == pytest.approx([3.0 + 1.5 * 2.0, 2.0], abs=0.04)


def test_what_cannot_be_replayed_is_refused(standing: Deployment) -> None:
    situation = tiny_city()
    city = simulated_city(situation, (CAR,), TERMS, SimulationTerms(FIXED, warm_up_h=0))
    fleet = fleet_of(city, standing, np.zeros(4, dtype=np.int64))
    durations = assumed_durations(FIXED, np.array([30.0, 5.0]), 0)
    noise = calls_at([at(1, 18)], [0], [1], ids=("theft", "noise"))
    with pytest.raises(ValueError, match="no unit answers the classes noise"):
        replay_plan(city, fleet, noise, windows_of(noise, situation.horizon), durations, [1])
    night = calls_at([at(1, 3)], [0], [0])
    with pytest.raises(ValueError, match="no recorded call"):
        replay_plan(city, fleet, night, windows_of(night, situation.horizon), durations, [1])
