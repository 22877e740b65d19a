"""Calibration: estimates against truths that are known, shrinkage and limits by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.judges.replay.calibration import calibrate, counted_units
from optimizer.judges.replay.durations import CallGroups, assumed_durations
from optimizer.judges.replay.effects import CONSTANT, Spread, shrunk_factors, spread_of
from optimizer.judges.replay.stations import all_placed, fit_stations
from optimizer.judges.replay.travel_line import reach_km, robust_line
from optimizer.judges.simulation.call_stream import CallDraws
from tests.optimizer.replay_cases import (
    MIN_PER_KM,
    STATIONS_KM,
    TURNOUT_MIN,
    made_up_records,
    square_grid,
)


def test_a_spread_has_mean_one_and_keeps_its_quantiles() -> None:
    rng = np.random.default_rng(1)
    minutes = 30.0 * rng.gamma(4.0, 0.25, 20_000)
    spread = spread_of(minutes, np.full(len(minutes), 30.0))
    assert spread.values.mean() == pytest.approx(1.0, abs=1e-12)
    assert spread.cv == pytest.approx(0.5, rel=0.03)
    assert spread.at(np.array([0.905]))[0] == pytest.approx(
        np.quantile(minutes, 0.905) / 30, rel=0.02
    )
    with pytest.raises(ValueError, match="mean one"):
        Spread(np.array([1.0, 2.0]))


def test_a_spread_leaves_the_clock_out() -> None:
    """Six minutes exactly, cut to whole minutes at both ends: the clock makes all the spread."""
    rng = np.random.default_rng(2)
    begin = rng.random(50_000) * 1000.0
    seen = np.floor(begin + 6.3) - np.floor(begin)
    assert seen.var() == pytest.approx(0.3 * 0.7, rel=0.05)
    expected = np.full(len(seen), seen.mean())
    assert spread_of(seen, expected, noise_var=1.0 / 6.0).cv < 0.6 * seen.std() / seen.mean()
    assert spread_of(seen, expected, noise_var=0.3).cv == 0.0
    assert spread_of(np.zeros(3), np.ones(3)) is CONSTANT


@given(st.integers(0, 1000), st.integers(1, 6))
@settings(max_examples=25)
def test_factors_keep_the_sum(seed: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    expected = rng.uniform(1.0, 5.0, 60)
    observed = expected * rng.gamma(4.0, 0.25, 60)
    group = rng.integers(0, groups, 60)
    factors = shrunk_factors(observed, expected, group, groups)
    assert (factors.of(group) * expected).sum() == pytest.approx(observed.sum())
    assert factors.calls.sum() == 60


def test_factors_of_large_groups_are_found_and_those_of_small_ones_shrunk() -> None:
    rng = np.random.default_rng(3)
    group = np.repeat([0, 1, 2], [4000, 4000, 4])
    truth = np.array([0.8, 1.2, 1.0])
    observed = 10.0 * truth[group] * rng.gamma(4.0, 0.25, len(group))
    observed[group == 2] = 30.0  # three times the mean, but only four calls
    factors = shrunk_factors(observed, np.full(len(group), 10.0), group, 4)
    assert factors.factor[:2] == pytest.approx([0.8, 1.2], abs=0.03)
    assert 1.0 < factors.factor[2] < 2.5
    assert factors.factor[3] == pytest.approx(1.0, abs=0.03)  # no calls: the whole
    assert factors.error[2] > 3 * factors.error[0]
    assert factors.of(np.array([-1])).tolist() == [1.0]


def test_groups_that_do_not_differ_get_one_factor() -> None:
    group = np.arange(40) % 4
    observed = np.tile([9.0, 9.0, 9.0, 9.0, 11.0, 11.0, 11.0, 11.0], 5)
    factors = shrunk_factors(observed, np.full(40, 10.0), group, 4)
    assert factors.factor == pytest.approx(np.ones(4))
    assert factors.error == pytest.approx(np.zeros(4))


def test_reach_is_smooth_where_cruising_begins() -> None:
    assert reach_km(np.array([0.0, 0.5, 2.0, 5.0]), 2.0) == pytest.approx([0.0, 2.0, 4.0, 7.0])
    slope = np.diff(reach_km(np.array([2.0 - 1e-6, 2.0, 2.0 + 1e-6]), 2.0)) / 1e-6
    assert slope == pytest.approx([1.0, 1.0], rel=1e-3)


def test_a_robust_line_is_exact_and_ignores_strays() -> None:
    basis = np.linspace(0.0, 10.0, 101)
    line = robust_line(basis, 2.0 + 1.5 * basis)
    assert (line.turnout_min, line.slope) == pytest.approx((2.0, 1.5))
    rng = np.random.default_rng(4)
    minutes = 2.0 + 1.5 * basis + rng.normal(0.0, 0.3, 101)
    minutes[::20] += 500.0
    line = robust_line(basis, minutes)
    assert line.turnout_min == pytest.approx(2.0, abs=4 * line.turnout_error)
    assert line.slope == pytest.approx(1.5, abs=4 * line.slope_error)
    assert line.slope_error < 0.05


def test_a_line_never_falls_and_never_begins_below_zero() -> None:
    basis = np.linspace(1.0, 10.0, 50)
    falling = robust_line(basis, 20.0 - basis)
    assert (falling.slope, falling.slope_error) == (0.0, 0.0)
    assert falling.turnout_min == pytest.approx(14.5, abs=0.1)
    steep = robust_line(basis, 2.0 * basis - 1.0)
    assert steep.turnout_min == 0.0
    assert robust_line(np.ones(5), np.full(5, 3.0)).turnout_min == pytest.approx(3.0)
    with pytest.raises(ValueError, match="at least 3 calls"):
        robust_line(np.ones(2), np.ones(2))


def test_stations_are_found_from_their_calls() -> None:
    records = made_up_records(5)
    grid = square_grid()
    x_km, y_km = grid.x[records.cell] / 1000.0, grid.y[records.cell] / 1000.0
    fit = fit_stations(x_km, y_km, records.station, records.travel_min, 4)
    found = np.column_stack([fit.x_km, fit.y_km])
    off = np.linalg.norm(found[:3] - STATIONS_KM, axis=1)
    assert (off < 4 * fit.error_km[:3]).all()
    assert off.max() < 0.3
    middle = np.column_stack([np.bincount(records.station, at) for at in (x_km, y_km)])
    middle /= np.bincount(records.station)[:, None]
    assert off.mean() < 0.5 * np.linalg.norm(middle - STATIONS_KM, axis=1).mean()
    assert fit.cruise_km in (1.0, 2.0, 4.0)
    assert np.isnan(fit.x_km[3])
    placed = all_placed(fit, x_km, y_km, records.station)
    assert placed.x_km[3] == np.median(x_km)
    assert placed.x_km[0] == fit.x_km[0]


def test_a_station_with_few_calls_stays_near_their_middle() -> None:
    """Two calls south of a station, the far one quicker: without a prior it would run away."""
    x_km, y_km = np.zeros(22), np.concatenate([np.linspace(0.0, 4.0, 20), [30.0, 31.0]])
    minutes = np.concatenate([1.0 + np.linspace(0.0, 4.0, 20), [9.0, 1.0]])
    station = np.repeat([0, 1], [20, 2])
    fit = fit_stations(x_km, y_km, station, minutes, 2)
    assert np.hypot(fit.x_km[1], fit.y_km[1] - 30.5) < 2.0


def test_calibration_finds_what_was_made_up() -> None:
    fitted = calibrate(made_up_records(6, calls=3000), square_grid())
    durations = fitted.durations
    assert durations.handling.level == pytest.approx(0.5, rel=0.02)
    assert durations.scene.level == pytest.approx(12.0, abs=3 * durations.scene.level_error)
    assert durations.scene.level_error == pytest.approx(6.0 / 3000**0.5, rel=0.1)
    assert durations.scene.cv == pytest.approx(0.5, abs=0.03)
    assert durations.travel.cv == pytest.approx(0.15, abs=0.03)
    assert fitted.line.turnout_min == pytest.approx(TURNOUT_MIN, abs=0.5)
    assert durations.draws == CallDraws(
        durations.handling.level, durations.handling.cv, durations.scene.cv, durations.travel.cv
    )
    assert durations.scene_min == pytest.approx([12.0], rel=0.03)
    assert fitted.calls == 3000
    assert 1000 < fitted.undisturbed < 2000  # with 3 stations a job is often open


def test_known_travel_gives_turnout_and_a_factor_of_speed() -> None:
    """Ways known as 1.2 times too slow by the map: the factor is 1 / 1.2."""
    records = made_up_records(7, calls=2000)
    grid = square_grid()
    points = np.column_stack([grid.x[records.cell], grid.y[records.cell]]) / 1000.0
    away = np.linalg.norm(points - STATIONS_KM[records.station], axis=1)
    known = 1.2 * MIN_PER_KM * reach_km(away, 2.0)
    known[:100] = np.nan
    fitted = calibrate(records, grid, known)
    assert fitted.stations is None
    assert fitted.line.slope == pytest.approx(1 / 1.2, abs=4 * fitted.line.slope_error)
    assert fitted.line.turnout_min == pytest.approx(TURNOUT_MIN, abs=4 * fitted.line.turnout_error)
    assert fitted.undisturbed <= 1900


def test_hours_and_classes_that_differ_are_found() -> None:
    records = made_up_records(8, calls=4000)
    slow = np.where(records.clock_hour < 6, 1.4, 1.0)
    arrived = records.dispatched_min + slow * records.travel_min
    kind = (np.arange(4000) % 4 == 0).astype(np.int64)
    cleared = arrived + records.scene_min * np.where(kind == 1, 3.0, 1.0)
    changed = replace(
        records, class_ids=("short", "long"), kind=kind, arrived_min=arrived, cleared_min=cleared
    )
    durations = calibrate(changed, square_grid()).durations
    hours = durations.travel.by_hour.factor
    assert hours[:6].mean() / hours[6:].mean() == pytest.approx(1.4, rel=0.05)
    short, long = durations.scene_min
    assert (short, long) == pytest.approx((12.0, 36.0), rel=0.06)


def test_redrawn_estimates_spread_by_their_errors() -> None:
    durations = calibrate(made_up_records(9, calls=600), square_grid()).durations
    rng = np.random.default_rng(0)
    levels = [durations.redrawn(rng).scene.level for _ in range(400)]
    assert np.mean(levels) == pytest.approx(durations.scene.level, rel=0.01)
    assert np.std(levels) == pytest.approx(durations.scene.level_error, rel=0.15)


def test_assumed_durations_have_the_stated_means_and_spreads() -> None:
    draws = CallDraws(handling_min=2.0, handling_cv=0.4, scene_cv=1.0, travel_cv=0.3)
    durations = assumed_durations(draws, np.array([10.0, 40.0]), 1)
    found = durations.draws
    assert found.handling_min == 2.0
    assert found.handling_cv == pytest.approx(0.4, abs=0.02)
    assert found.scene_cv == pytest.approx(1.0, abs=0.05)
    assert found.travel_cv == pytest.approx(0.3, abs=0.02)
    groups = CallGroups(np.repeat([0, 1], 20_000), np.zeros(40_000, int), np.full(40_000, -1))
    drawn = durations.scene.drawn(groups, np.random.default_rng(1))
    assert drawn[:20_000].mean() == pytest.approx(10.0, rel=0.03)
    assert drawn[20_000:].mean() == pytest.approx(40.0, rel=0.03)


def test_units_are_counted_from_jobs_that_overlap() -> None:
    """Calls of a station come in pairs: at the same minute, then ten minutes apart."""
    records = made_up_records(10, calls=200)
    calls = np.arange(200)
    begin = records.received_min[0] + 60.0 * (calls // 2)
    stamps = {
        "received_min": begin,
        "dispatched_min": begin,
        "arrived_min": begin + 5.0,
        "cleared_min": begin + 30.0,
    }
    station = np.where(calls < 100, 0, 2)
    assert counted_units(replace(records, **stamps, station=station)).tolist() == [2, 1, 2]
    apart = {name: np.sort(values + 10.0 * (calls % 2)) for name, values in stamps.items()}
    apart["cleared_min"] = apart["arrived_min"] + 1.0
    assert counted_units(replace(records, **apart, station=station)).tolist() == [1, 1, 1]
