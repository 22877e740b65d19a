"""Prediction: exact where nothing is random, within its interval where the truth is known."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.horizon import Horizon
from optimizer.judges.replay.calibration import calibrate
from optimizer.judges.replay.calls import rates_of, recorded_again
from optimizer.judges.replay.comparison import Comparison, compare, step_quantile
from optimizer.judges.replay.prediction import (
    CallTimes,
    predicted_again,
    predicted_anew,
    recorded_times,
    zones_of,
)
from tests.optimizer.replay_cases import HORIZON, made_up_records, square_grid

LATER = Horizon(datetime(2027, 3, 22, tzinfo=ZoneInfo("Asia/Shanghai")), 24 * 7)


def test_a_quantile_of_steps_by_hand() -> None:
    """Four 5s and four 6s lie evenly from 4.5 to 6.5: a quarter up to 5, half up to 5.5."""
    values = np.array([5.0, 6.0] * 4)
    assert step_quantile(values, 0.25, 1.0) == pytest.approx(5.0)
    assert step_quantile(values, 0.5, 1.0) == pytest.approx(5.5)
    assert step_quantile(values, 0.9, 1.0) == pytest.approx(6.3)
    assert step_quantile(np.array([0.0, 0.0]), 0.2, 1.0) == 0.0  # never below nothing
    assert step_quantile(np.array([3.0, 9.0]), 0.5, 1.0) == pytest.approx(6.0)


@given(
    st.lists(st.floats(0.0, 100.0), min_size=1, max_size=40), st.floats(0.05, 0.95),
    st.floats(0.0, 0.04),
)  # fmt: skip
def test_quantiles_rise_and_stay_within_half_a_step(
    values: list[float], share: float, more: float
) -> None:
    array = np.array(values)
    low, high = step_quantile(array, share, 0.5), step_quantile(array, share + more, 0.5)
    assert low <= high + 1e-9
    assert array.min() - 0.25 - 1e-9 <= low <= array.max() + 0.25 + 1e-9


def times(minutes: list[float], hour: list[int], area: list[int]) -> CallTimes:
    """Calls that take the same minutes in every part."""
    array = np.array(minutes, dtype=float)
    return CallTimes(array, array, array, array, np.array(hour), np.array(area))


def found(parts: tuple[Comparison, ...], statistic: str, scope: str, group: int) -> Comparison:
    (one,) = [
        part
        for part in parts
        if part.measure == "received_to_arrived"
        and (part.statistic, part.scope, part.group) == (statistic, scope, group)
    ]
    return one


def test_comparisons_by_hand() -> None:
    observed = times([4.0, 8.0], [9, 10], [0, 1])
    predicted = [times([5.0, 9.0], [9, 9], [0, 1]), times([7.0], [9], [0])]
    parts = compare(observed, predicted, 1.0, "station", 3)
    mean = found(parts, "mean", "all", 0)
    assert (mean.calls, mean.observed, mean.predicted) == (2, 6.0, 7.0)
    assert mean.error == pytest.approx(1 / 6)
    assert (mean.low, mean.high) == (7.0, 7.0)
    first = found(parts, "mean", "station", 0)
    assert (first.observed, first.predicted) == (4.0, 6.0)
    assert (first.low, first.high) == pytest.approx((5.05, 6.95))
    nothing_drawn = found(parts, "mean", "hour", 10)
    assert np.isnan(nothing_drawn.predicted)
    assert {part.group for part in parts if part.scope == "station"} == {0, 1}
    empty = times([], [], [])
    assert np.isnan(found(compare(empty, predicted, 1.0, "s", 1), "mean", "all", 0).observed)


def test_a_system_without_chance_is_predicted_to_the_second() -> None:
    """No noise in the record: a replay gives each call nearly its own times."""
    records = made_up_records(11, noise=0.0, calls=400, scene_min=0.01)
    grid = square_grid()
    fitted = calibrate(records, grid)
    (again,) = predicted_again(fitted, records, HORIZON, grid, range(1))
    real = recorded_times(records, records.station)
    assert len(again.travel_min) > 350  # all but those of the day before the period
    assert again.handling_min.mean() == pytest.approx(0.5, abs=0.02)
    assert again.response_min.mean() == pytest.approx(real.response_min.mean(), rel=0.01)
    assert step_quantile(again.travel_min, 0.9, 1 / 60) == pytest.approx(
        step_quantile(real.travel_min, 0.9, 1 / 60), rel=0.03
    )


def test_both_ways_hold_the_truth_in_a_later_period() -> None:
    grid = square_grid()
    fitting = made_up_records(12, calls=2500)
    later = made_up_records(13, calls=1250, horizon=LATER)
    fitted = calibrate(fitting, grid)
    observed = recorded_times(later, later.station)
    ways = (
        predicted_again(fitted, later, LATER, grid, range(20)),
        predicted_anew(fitted, fitting, HORIZON, LATER, grid, range(20)),
    )
    for predicted in ways:
        parts = compare(observed, predicted, 1 / 60, "station", 3)
        for statistic, limit in (("mean", 0.05), ("median", 0.06), ("p90", 0.10)):
            assert abs(found(parts, statistic, "all", 0).error) < limit
        inside = [part.low <= part.observed <= part.high for part in parts]
        assert np.mean(inside) > 0.75
    counts = [len(part.travel_min) for part in ways[1]]
    assert np.mean(counts) == pytest.approx(1250, rel=0.05)


def test_the_same_seed_gives_the_same_prediction() -> None:
    grid, records = square_grid(), made_up_records(14, calls=300)
    fitted = calibrate(records, grid)
    first, again = (predicted_again(fitted, records, HORIZON, grid, range(3)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(first[0].travel_min, first[1].travel_min)


def test_rates_follow_the_clock_and_the_weekday() -> None:
    records = made_up_records(15, calls=2000)
    night = records.where(records.clock_hour < 6)
    rates = rates_of(night, HORIZON)
    assert rates.per_day[:6].sum() == pytest.approx(len(night) / 14)
    assert rates.per_day[6:].sum() == 0.0
    drawn = rates.drawn(LATER, np.random.default_rng(1))
    assert len(drawn.cell) == pytest.approx(len(night) / 2, rel=0.2)
    assert (drawn.received_min % 1440.0 < 360.0).all()
    assert (np.diff(drawn.received_min) >= 0).all()
    weekend = records.where(records.weekday >= 5)
    factor = rates_of(weekend, HORIZON).weekday_factor
    assert factor[5:].min() > 1.5
    assert factor[:5].max() < 0.75


def test_what_the_clock_cut_off_is_drawn_again() -> None:
    records = made_up_records(16, calls=500)
    whole = replace(records, clock_min=1.0)
    asked = recorded_again(whole, float(whole.received_min[0]), np.random.default_rng(2))
    lost = asked.received_min - (whole.received_min - whole.received_min[0])
    assert lost.min() >= 0.0
    assert lost.max() < 1.0
    assert lost.mean() == pytest.approx(0.5, abs=0.05)


def test_zones_part_a_cell_that_two_stations_serve() -> None:
    records = made_up_records(17, calls=50)
    zones = zones_of(records, records)
    pairs = set(zip(records.cell.tolist(), records.station.tolist(), strict=True))
    assert len(zones.cell) == len(pairs)
    place = zones.of(records.cell, records.station)
    assert (zones.cell[place] == records.cell).all()
    assert (zones.station[place] == records.station).all()
