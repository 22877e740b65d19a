"""The season: which phase holds when, and a forecast of two districts by hand."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geodata.area import StudyArea
from geodata.faults import BadInput, FaultLog
from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.incidents import ZONES, IncidentClass, IncidentClasses
from geodata.season import (
    ZONE_ATTRACTION,
    Season,
    SeasonPhase,
    seasonal_forecast,
    zone_multipliers,
)
from geodata.season_file import read_season

SHANGHAI = ZoneInfo("Asia/Shanghai")
FLAT = np.full(24, 1 / 24)
CLASSES = IncidentClasses(
    tuple(IncidentClass(name, name, name, 2, 2, 1, 30, "car") for name in ("a", "b", "c", "d")),
    np.zeros((5, 4)),
)


def phase(name: str, first: int, last: int, factor: float = 1.0) -> SeasonPhase:
    """A phase of days in February 2027; hubs get three times the factor of the other zones."""
    zones = tuple(factor * (3.0 if zone == "hub" else 1.0) for zone in ZONES)
    days = (date(2027, 2, first), date(2027, 2, last))
    return SeasonPhase(name, *days, "flat", "holiday", zones, 0.5 * factor, 2.0 * factor)


def at(day: int, hour: int) -> datetime:
    return datetime(2027, 2, day, hour, tzinfo=SHANGHAI)


@pytest.fixture
def season() -> Season:
    phases = (phase("whole", 1, 10), phase("eve", 5, 5, 2.0), phase("holiday", 6, 8))
    return Season(phases, {"flat": FLAT})


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [(5, 5, "whole"), (5, 6, "eve"), (5, 23, "eve"), (6, 5, "eve"), (6, 6, "holiday")],
)
def test_the_small_hours_belong_to_the_evening_before(
    season: Season, day: int, hour: int, expected: str
) -> None:
    """And the shortest phase of a day applies."""
    assert season.phase_at(at(day, hour)).name == expected


def test_days_without_a_phase(season: Season) -> None:
    assert season.days_without_phase(Horizon(at(5, 12), 24)) == ()
    assert season.days_without_phase(Horizon(at(10, 20), 30)) == (date(2027, 2, 11),)
    assert season.days_without_phase(Horizon(at(1, 5), 1)) == (date(2027, 1, 31),)
    with pytest.raises(ValueError, match="no phase for 2027-01-31"):
        season.phase_at(at(1, 5))


def test_a_profile_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="profile flat sums to"):
        Season((), {"flat": FLAT * 2})
    with pytest.raises(ValueError, match="unknown profile flat"):
        Season((phase("eve", 5, 5),), {})


def test_multipliers_in_zone_order() -> None:
    names = ("residential", "migrant_suburb", "commercial", "hub", "scenic")
    row = dict(zip((f"{name}_mult" for name in names), (0.8, 0.6, 0.7, 1.0, 2.0), strict=True))
    assert zone_multipliers(row) == (1.5, 0.7, 0.8, 0.6, 0.8)


def test_forecast_by_hand(area: StudyArea, grid: Grid, season: Season) -> None:
    """240 calls a day in the west, so 10 an hour; one cell of 16 is a hub.

    A hub attracts 3 times the calls of a city resident: it has 3 of the 18 parts, 10 / 6 calls
    an hour on a normal day, and its phase doubles them and trebles those by place.
    """
    zone = np.full(grid.n_cells, ZONES.index("city"))
    zone[0] = ZONES.index("hub")
    assert grid.district[0] == 0
    forecast = seasonal_forecast(
        grid,
        zone,
        np.full(grid.n_cells, 100.0),
        Horizon(at(5, 20), 2),
        CLASSES,
        season,
        calls_per_day=np.array([240.0, 480.0]),
        share=np.array([0.4, 0.3, 0.2, 0.1]),
        multiplier=("zone", "traffic", "nuisance", "5"),
    )
    rate = forecast.rate_per_h
    hub = 10 * ZONE_ATTRACTION[0] / 18
    expected = [hub * 0.4 * 6.0, hub * 0.3 * 1.0, hub * 0.2 * 4.0, hub * 0.1 * 5.0]
    assert rate[0, 0].tolist() == pytest.approx(expected)
    traffic = np.bincount(grid.district, rate[:, 1, 1])
    assert traffic.tolist() == pytest.approx([10 * 0.3 * 1.0, 20 * 0.3 * 1.0])


def test_days_of_a_normal_phase_sum_to_the_districts_totals(area: StudyArea, grid: Grid) -> None:
    plain = SeasonPhase(
        "normal", date(2027, 2, 1), date(2027, 2, 9), "day", "holiday", (1.0,) * 5, 1.0, 1.0
    )
    share = np.arange(1.0, 25.0) / 300.0
    rng = np.random.default_rng(3)
    forecast = seasonal_forecast(
        grid,
        rng.integers(0, 5, grid.n_cells),
        rng.uniform(1, 9, grid.n_cells),
        Horizon(at(3, 6), 24),
        CLASSES,
        Season((plain,), {"day": share}),
        calls_per_day=np.array([240.0, 480.0]),
        share=np.full(4, 0.25),
        multiplier=("zone", "traffic", "nuisance", "1"),
    )
    per_district = np.bincount(grid.district, forecast.rate_per_h.sum(axis=(1, 2)))
    assert per_district.tolist() == pytest.approx([240.0, 480.0], rel=1e-5)


CALENDAR = (
    "phase,from,to,profile,speed_day,residential_mult,migrant_suburb_mult,commercial_mult,"
    "hub_mult,scenic_mult,traffic_mult,night_nuisance_mult"
)


def test_calendar_file(write_csv) -> None:
    profile = write_csv("profile.csv", "hour,flat", [f"{hour},4.1667" for hour in range(24)])
    row = "eve,2027-02-05,2027-02-05,flat,holiday,0.8,0.6,0.7,1,2,0.5,3"
    found = read_season(write_csv("calendar.csv", CALENDAR, [row]), profile, FaultLog())
    (eve,) = found.phases
    assert eve.zone_multiplier == (1.5, 0.7, 0.8, 0.6, 0.8)
    assert (eve.traffic, eve.nuisance, eve.speed_day) == (0.5, 3.0, "holiday")
    assert found.profiles["flat"].sum() == pytest.approx(1.0)


def test_calendar_faults_name_row_and_value(write_csv) -> None:
    profile = write_csv("profile.csv", "hour,flat", [f"{hour},4.1667" for hour in range(24)])
    rows = [
        "eve,2027-02-05,2027-02-04,flat,holiday,0.8,0.6,0.7,1,2,0.5,3",
        "next,2027-02-06,2027-02-07,steep,holiday,-1,0.6,0.7,1,2,0.5,3",
    ]
    with pytest.raises(BadInput) as caught:
        read_season(write_csv("calendar.csv", CALENDAR, rows), profile, FaultLog())
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 3
    assert told[0].startswith("calendar.csv, row 1: the phase ends before it starts")
    assert "row 2: profile is not one of the hourly profiles (value: 'steep')" in told[1]
    assert "residential_mult" in told[2]
