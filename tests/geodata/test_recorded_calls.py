from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geodata.back_test import accuracy_index, back_test, poisson_deviance
from geodata.call_file import read_calls, read_case_codes
from geodata.district_file import read_districts
from geodata.faults import FaultLog
from geodata.files import shipped
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from geodata.profile_file import read_profiles
from geodata.recorded_calls import (
    RateModel,
    RecordedCalls,
    count_calls,
    daily_rate,
    expected_demand,
    weekday_factors,
)

MONDAY = date(2027, 2, 1)
CODES = {"THEFT": "property", "FIGHT": "disorder"}
FLAT = np.full(24, 1 / 24)


def days(count: int, first: date = MONDAY) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def recorded(counts: np.ndarray) -> RecordedCalls:
    """Calls from `counts[day, cell, class]`, days from MONDAY; every day is recorded."""
    day, cell, kind = np.nonzero(counts)
    names = tuple(f"class{n}" for n in range(counts.shape[2]))
    return RecordedCalls(
        names, counts.shape[1], tuple(days(len(counts))), day, cell, kind, counts[day, cell, kind]
    )


def test_calls_are_counted_by_day_cell_and_class() -> None:
    dates = [MONDAY, MONDAY, MONDAY + timedelta(days=2)]
    calls = count_calls(("a", "b"), 4, dates, np.array([1, 1, 3]), np.array([0, 0, 1]))
    assert calls.days == tuple(days(3))  # a day without calls counts
    assert calls.calls.tolist() == [2, 1]
    assert calls.counts([MONDAY]).tolist() == [[0, 0], [2, 0], [0, 0], [0, 0]]
    assert calls.counts(days(3)).sum() == 3
    assert calls.by_weekday(days(3))[:3].tolist() == [[2, 0], [0, 0], [0, 1]]
    with pytest.raises(ValueError, match="2027-02-04"):
        calls.counts(days(4))


def test_counts_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"cell lies outside 0\.\.4"):
        RecordedCalls(("a",), 4, (MONDAY,), [0], [4], [0], [1])


@pytest.fixture
def read(area, grid):
    def reading(path, **options):
        faults = FaultLog()
        found = read_calls(
            path,
            {"date": "day", "code": "case"},
            area,
            grid,
            crs="wgs84",
            class_of_code=CODES,
            officer_initiated=("STOP",),
            faults=faults,
            **options,
        )
        return found, faults

    return reading


def test_recorded_calls_of_a_file(read, write_csv, lonlat) -> None:
    west, east, far = lonlat(500, 500), lonlat(7500, 3500), lonlat(50_000, 0)
    path = write_csv(
        "calls.csv",
        "day,case,lon,lat",
        [
            "2027-02-01,THEFT,{},{}".format(*west),
            "2027-02-01,STOP,{},{}".format(*west),
            "2027-02-02,FIGHT,{},{}".format(*east),
            "2027-02-02,FIGHT,{},{}".format(*far),
        ],
    )
    found, faults = read(path, max_outside_share=0.25)
    faults.raise_if_any()
    assert (found.rows, found.officer_initiated, found.outside_area) == (4, 1, 1)
    assert found.calls.class_ids == ("property", "disorder")
    assert found.calls.counts([MONDAY])[0].tolist() == [1, 0]
    assert found.calls.counts([date(2027, 2, 2)])[31].tolist() == [0, 1]
    assert found.calls.calls.sum() == 2
    assert not hasattr(found.calls, "lon")

    _, faults = read(path)
    (fault,) = faults.faults
    assert fault.problem == "1 of 4 calls lie outside the study area"
    assert "declared wgs84, the area is EPSG:32651" in fault.remedy


def test_all_bad_calls_are_told_at_once(read, write_csv, lonlat) -> None:
    lon, lat = lonlat(500, 500)
    path = write_csv(
        "calls.csv",
        "day,case,lon,lat",
        [
            f"2027-02-01,PARTY,{lon},{lat}",
            f"01/02/2027,THEFT,{lon},{lat}",
            f"2027-02-01T10:00,THEFT,{lon},{lat}",
            f"2027-02-01,THEFT,,{lat}",
        ],
    )
    _, faults = read(path)
    assert [(fault.row, fault.problem, fault.value) for fault in faults.faults] == [
        (1, "code is not one of the case codes", "PARTY"),
        (2, "date is not a date", "01/02/2027"),
        (3, "date is not a date", "2027-02-01T10:00"),
        (4, "lon is not a finite number", ""),
    ]
    assert faults.faults[0].expected == "FIGHT, STOP, THEFT"


def test_person_columns_and_missing_ones_are_refused(read, write_csv) -> None:
    _, faults = read(write_csv("calls.csv", "day,case,lon,lat,caller_phone,narrative", []))
    assert [fault.value for fault in faults.faults] == ["caller_phone", "narrative"]
    _, faults = read(write_csv("calls.csv", "day,lon,lat", []))
    assert [fault.value for fault in faults.faults] == ["case"]


def test_code_tables_and_profiles(write_csv) -> None:
    faults = FaultLog()
    path = write_csv("codes.csv", "case_code,class_id", ["A,x", "B,y"])
    assert read_case_codes(path, "class_id", faults) == {"A": "x", "B": "y"}
    hours = [f"{hour},{8 if hour == 20 else 4}" for hour in range(24)]
    path = write_csv("profile.csv", "hour,pct", hours)
    profile = read_profiles(path, faults, only="pct")["pct"]
    assert [fault.problem for fault in faults.faults] == []
    assert profile.sum() == pytest.approx(1)
    assert profile[20] == pytest.approx(0.08)


def test_faults_of_code_tables_and_profiles(write_csv) -> None:
    faults = FaultLog()
    codes = write_csv("codes.csv", "case_code,class_id", ["A,x", "A,y"])
    read_case_codes(codes, "class_id", faults)
    read_profiles(write_csv("short.csv", "hour,pct", ["0,50", "1,50"]), faults, only="pct")
    rows = [f"{hour},5" for hour in range(24)]
    read_profiles(write_csv("sum.csv", "hour,pct", rows), faults, only="pct")
    assert [fault.problem for fault in faults.faults] == [
        "the case code stands in an earlier row",
        "the hours are not 0 to 23, each once",
        "profile pct does not sum to 100",
    ]
    assert faults.faults[2].value == 120.0


def test_where_all_cells_are_alike_the_rate_is_theirs(grid: Grid) -> None:
    """Prior mean and own count agree, so shrinking changes nothing: 3 calls in 2 days."""
    counts = np.zeros((2, 32, 1), dtype=int)
    counts[0], counts[1] = 1, 2
    rate = daily_rate(recorded(counts), grid, days(2), RateModel())
    assert rate == pytest.approx(np.full((32, 1), 1.5))


def test_a_class_without_calls_has_rate_zero(grid: Grid) -> None:
    counts = np.zeros((2, 32, 2), dtype=int)
    counts[:, :, 0] = 1
    assert not daily_rate(recorded(counts), grid, days(2), RateModel())[:, 1].any()


def test_a_hot_cell_is_drawn_towards_its_neighbours_and_less_so_with_more_days(
    grid: Grid,
) -> None:
    day = np.ones((1, 32, 1), dtype=int)
    day[0, 12] = 6
    few, many = recorded(np.repeat(day, 2, axis=0)), recorded(np.repeat(day, 50, axis=0))
    after_few = daily_rate(few, grid, days(2), RateModel())
    after_many = daily_rate(many, grid, days(50), RateModel())
    assert 1.0 < after_few[12, 0] < after_many[12, 0] < 6.0
    assert after_many[12, 0] > 5.0
    # Neighbours rise, and more than cells far away.
    assert after_few[11, 0] > after_few[24, 0] >= 1.0
    assert (after_few > 0).all()


def test_moving_the_grid_changes_nothing(grid: Grid) -> None:
    counts = np.random.default_rng(1).poisson(0.7, (20, 32, 2))
    moved = replace(grid, col=grid.col + 100, row=grid.row - 50)
    first = daily_rate(recorded(counts), grid, days(20), RateModel())
    second = daily_rate(recorded(counts), moved, days(20), RateModel())
    assert np.array_equal(first, second)


def test_weekday_factors_by_hand() -> None:
    """Two weeks; Mondays have 20 calls, other days 10: 160 calls, 11.43 a day."""
    counts = np.full((14, 1, 1), 10)
    counts[[0, 7]] = 20
    factors = weekday_factors(recorded(counts), days(14), RateModel(weekday_prior_calls=0.001))
    assert factors[:, 0] == pytest.approx([1.75] + [0.875] * 6, rel=1e-3)
    shrunk = weekday_factors(recorded(counts), days(14), RateModel(weekday_prior_calls=100))
    # (40 + 100) / (22.857 + 100)
    assert shrunk[0, 0] == pytest.approx(1.1395, abs=1e-4)


def test_demand_is_rate_times_weekday_times_hour(grid: Grid) -> None:
    counts = np.full((14, 32, 1), 2)
    counts[[0, 7]] = 4
    profile = np.zeros(24)
    profile[[9, 21]] = 0.25, 0.75
    model = RateModel(weekday_prior_calls=1e-6)
    # 14 days end on Sunday 14 February; from Monday 21:00 to Tuesday 10:00
    horizon = Horizon(datetime(2027, 2, 15, 21, tzinfo=ZoneInfo("Asia/Shanghai")), 13)
    found = expected_demand(
        recorded(counts), grid, days(14), horizon, hourly_share=profile, model=model
    )
    by_hour = found.rate_per_h[5, :, 0]
    # Mean day 32/14 = 2.2857: Mondays 4, Tuesdays 2 calls
    assert by_hour[0] == pytest.approx(4 * 0.75, rel=1e-5)
    assert by_hour[12] == pytest.approx(2 * 0.25, rel=1e-5)
    assert by_hour[1:12].sum() == 0
    assert found.class_ids == ("class0",)


def test_a_forecast_never_sees_its_own_day(grid: Grid) -> None:
    counts = np.ones((3, 32, 1), dtype=int)
    horizon = Horizon(datetime(2027, 2, 3, tzinfo=ZoneInfo("Asia/Shanghai")), 24)
    with pytest.raises(ValueError, match="training day 2027-02-03"):
        expected_demand(
            recorded(counts), grid, days(3), horizon, hourly_share=FLAT, model=RateModel()
        )
    with pytest.raises(ValueError, match="24 shares"):
        expected_demand(
            recorded(counts), grid, days(2), horizon, hourly_share=FLAT * 2, model=RateModel()
        )
    with pytest.raises(ValueError, match="must not be training days"):
        back_test(recorded(counts), grid, days(3), days(1), RateModel())


def test_poisson_deviance_by_hand() -> None:
    found = poisson_deviance(np.array([1.0, 0.5, 3.0, 0.0]), np.array([2.0, 0.0, 3.0, 1.0]))
    assert found[:3] == pytest.approx([2 * (2 * np.log(2) - 1), 1.0, 0.0])
    assert np.isinf(found[3])


def test_accuracy_index_by_hand() -> None:
    """The two highest of ten cells catch 5 of 10 calls, the two best 8."""
    forecast = np.arange(10.0)[::-1]
    observed = np.array([5.0, 0, 3, 2, 0, 0, 0, 0, 0, 0])
    assert accuracy_index(forecast, observed, 0.2) == pytest.approx((2.5, 5 / 8))


def test_back_test_on_a_city_with_hot_spots(grid: Grid) -> None:
    """Rates differ by cell inside the districts: cell rates must beat flat ones."""
    rng = np.random.default_rng(7)
    truth = np.full((32, 1), 0.3)
    truth[[10, 11, 21]] = 4.0
    calls = recorded(rng.poisson(truth, (60, 32, 1)))
    found = back_test(calls, grid, days(40), days(60)[40:], RateModel(), area_share=0.1)
    assert found.model_deviance < 0.8 * found.district_deviance
    assert found.pei == pytest.approx(1.0)
    assert found.pai > 4
    assert found == back_test(calls, grid, days(40), days(60)[40:], RateModel(), area_share=0.1)


def test_portland_august_forecasts_september() -> None:
    faults = FaultLog()
    area = read_districts(
        shipped("portland", "districts.geojson"),
        None,
        "wgs84",
        faults,
        area_crs="EPSG:32610",
        timezone="America/Los_Angeles",
    )
    grid = grid_over(area, 500.0)
    found = read_calls(
        shipped("portland", "calls.csv.gz"),
        {"code": "case_code"},
        area,
        grid,
        crs="wgs84",
        class_of_code=read_case_codes(shipped("portland", "case_classes.csv"), "class_id", faults),
        officer_initiated=read_case_codes(
            shipped("portland", "officer_initiated.csv"), "reason", faults
        ),
        faults=faults,
    )
    faults.raise_if_any()
    assert found.rows == 37_818
    assert found.rows == found.officer_initiated + found.outside_area + found.calls.calls.sum()
    assert 3000 < found.officer_initiated < 3500
    assert found.outside_area < 200
    august, september = days(31, date(2016, 8, 1)), days(30, date(2016, 9, 1))
    result = back_test(found.calls, grid, august, september, RateModel())
    assert result.model_deviance < 0.92 * result.district_deviance
    assert result.district_deviance < result.city_deviance
    assert result.pai > result.district_pai > 1
    profile = read_profiles(shipped("portland", "hourly_profile.csv"), faults, only="police_pct")[
        "police_pct"
    ]
    friday = Horizon(datetime(2016, 9, 2, tzinfo=ZoneInfo("America/Los_Angeles")), 24)
    demand = expected_demand(
        found.calls, grid, august, friday, hourly_share=profile, model=RateModel()
    )
    observed = found.calls.counts([date(2016, 9, 2)]).sum()
    assert demand.calls() == pytest.approx(observed, rel=0.1)
