from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.forecast_file import ForecastReading, read_forecast
from geodata.grid import Grid
from geodata.horizon import Horizon

CLASSES = ("assist", "traffic")
HEADER = "cell_id,start,incident_class,expected_incidents"


@pytest.fixture
def read(
    area: StudyArea, grid: Grid, horizon: Horizon
) -> Callable[..., tuple[ForecastReading, FaultLog]]:
    def reading(path: Path, crs: str | None = None) -> tuple[ForecastReading, FaultLog]:
        faults = FaultLog()
        return read_forecast(path, grid, area, horizon, CLASSES, crs=crs, faults=faults), faults

    return reading


def test_rates_by_cell(read, write_csv, grid: Grid) -> None:
    first, last = grid.cell_ids[0], grid.cell_ids[-1]
    path = write_csv(
        "forecast.csv",
        HEADER,
        [
            f"{first},2027-02-05T08:00+08:00,assist,0.5",
            f"{first},2027-02-05T00:00Z,traffic,0.25",  # the same hour in UTC
            f"{last},2027-02-06T07:00+08:00,traffic,1",
            f"{last},2027-02-06T08:00+08:00,traffic,9",  # after the horizon
            f"{last},2027-02-05T07:00+08:00,traffic,9",  # before it
        ],
    )
    found, faults = read(path)
    faults.raise_if_any()
    rate = found.forecast.rate_per_h
    assert rate[0, 0].tolist() == [0.5, 0.25]
    assert rate[31, 23].tolist() == [0.0, 1.0]
    assert found.forecast.calls() == pytest.approx(1.75)
    assert (found.rows, found.rows_outside_horizon) == (5, 2)


def test_points_of_one_cell_are_summed(read, write_csv, lonlat) -> None:
    rows = [
        "{},{},2027-02-05T08:00+08:00,assist,0.5".format(*lonlat(*point))
        for point in [(100, 100), (900, 900), (1100, 100)]
    ]
    path = write_csv("forecast.csv", "lon,lat,start,incident_class,expected_incidents", rows)
    found, faults = read(path, "wgs84")
    faults.raise_if_any()
    assert found.forecast.rate_per_h[:3, 0, 0].tolist() == [1.0, 0.5, 0.0]


def test_parquet_with_time_stamps(read, tmp_path: Path, grid: Grid) -> None:
    frame = pd.DataFrame(
        {
            "cell_id": [grid.cell_ids[5]] * 2,
            "start": pd.to_datetime(["2027-02-05T20:00+08:00", "2027-02-05T21:00+08:00"], utc=True),
            "incident_class": ["assist", "assist"],
            "expected_incidents": [2.0, 3.0],
        }
    )
    frame.to_parquet(tmp_path / "forecast.parquet")
    found, faults = read(tmp_path / "forecast.parquet")
    faults.raise_if_any()
    assert found.forecast.rate_per_h[5, 12:14, 0].tolist() == [2.0, 3.0]
    frame["start"] = frame["start"].dt.tz_localize(None)
    frame.to_parquet(tmp_path / "naive.parquet")
    _, faults = read(tmp_path / "naive.parquet")
    assert {fault.problem for fault in faults.faults} == {"start has no time zone"}


def test_all_bad_rows_are_told_at_once(read, write_csv, grid: Grid) -> None:
    cell = grid.cell_ids[0]
    path = write_csv(
        "forecast.csv",
        HEADER,
        [
            f"{cell},2027-02-05T08:00+08:00,assist,1",
            f"{cell},2027-02-05T08:00+08:00,assist,2",
            f"{cell},2027-02-05T08:00+08:00,assist,-1",
            f"{cell},2027-02-05T09:00+08:00,assist,nan",
            f"{cell},2027-02-05T09:00+08:00,traffic,inf",
            f"{cell},2027-02-05T10:00+08:00,murder,1",
            "E0001N0001,2027-02-05T10:00+08:00,assist,1",
            f"{cell},2027-02-05T10:30+08:00,assist,1",
            f"{cell},2027-02-05T10:00,assist,1",
            f"{cell},tonight,assist,1",
        ],
    )
    _, faults = read(path)
    found = {(fault.row, fault.problem, fault.value) for fault in faults.faults}
    rate = "expected_incidents is not a finite number of at least 0"
    assert found == {
        (
            2,
            "the same place, hour and class stands in an earlier row",
            "2027-02-05T08:00+08:00, assist",
        ),
        (3, rate, "-1"),
        (4, rate, "nan"),
        (5, rate, "inf"),
        (6, "incident_class is not one of the incident classes", "murder"),
        (7, "the cell lies outside the study area", "E0001N0001"),
        (8, "start is not on the hour", "2027-02-05T10:30+08:00"),
        (9, "start has no time zone", "2027-02-05T10:00"),
        (10, "start is not a time", "tonight"),
    }
    assert all(fault.file == "forecast.csv" and fault.remedy for fault in faults.faults)
    naive = next(fault for fault in faults.faults if fault.row == 9)
    assert naive.remedy == "Add the offset; none is assumed."


def test_points_need_a_declared_crs(read, write_csv, lonlat) -> None:
    row = "{},{},2027-02-05T08:00+08:00,assist,1".format(*lonlat(100, 100))
    header = "lon,lat,start,incident_class,expected_incidents"
    _, faults = read(write_csv("forecast.csv", header, [row]))
    assert [fault.problem for fault in faults.faults] == ["no CRS is declared"]


def test_a_point_outside_hints_at_the_crs_and_the_same_point_twice_is_refused(
    read, write_csv, lonlat
) -> None:
    rows = [
        "{},{},2027-02-05T08:00+08:00,assist,1".format(*lonlat(*point))
        for point in [(100, 100), (100, 100), (-5000, 100)]
    ]
    header = "lon,lat,start,incident_class,expected_incidents"
    _, faults = read(write_csv("forecast.csv", header, rows), "wgs84")
    assert [(fault.row, fault.problem) for fault in faults.faults] == [
        (3, "the point lies outside the study area"),
        (2, "the same place, hour and class stands in an earlier row"),
    ]
    assert "the file is declared wgs84, the area is EPSG:32651" in faults.faults[0].remedy


def test_missing_columns_and_places(read, write_csv) -> None:
    _, faults = read(write_csv("a.csv", "cell_id,start", ["E0001N0001,x"]))
    assert [fault.value for fault in faults.faults] == ["incident_class", "expected_incidents"]
    path = write_csv(
        "b.csv",
        "start,incident_class,expected_incidents",
        ["2027-02-05T08:00+08:00,assist,1"],
    )
    _, faults = read(path)
    assert faults.faults[0].expected == "cell_id, or lon and lat"


def test_a_forecast_of_other_days_and_an_empty_one_are_faults(read, write_csv, grid) -> None:
    row = f"{grid.cell_ids[0]},2027-03-05T08:00+08:00,assist,1"
    _, faults = read(write_csv("forecast.csv", HEADER, [row]))
    assert [fault.problem for fault in faults.faults] == ["no row lies in the planning horizon"]
    assert "2027-02-05T08:00:00+08:00" in faults.faults[0].expected
    _, faults = read(write_csv("empty.csv", HEADER, []))
    assert [fault.problem for fault in faults.faults] == ["the table has no rows"]
