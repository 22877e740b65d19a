"""Service levels by hour and the pools they open."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from geodata.faults import FaultLog
from geodata.files import shipped
from geodata.horizon import Horizon
from optimizer.level_file import read_levels, read_shifts
from optimizer.levels import LEVELS, LevelWindow, level_of_hour, pool_is_open

START = datetime(2027, 2, 5, 20, tzinfo=ZoneInfo("Asia/Shanghai"))


def window(from_min: int, to_min: int, level: str) -> LevelWindow:
    start, end = (START + timedelta(minutes=minutes) for minutes in (from_min, to_min))
    return LevelWindow(start, end, level)


def test_the_highest_level_of_an_hour_holds() -> None:
    horizon = Horizon(START, 5)
    windows = (window(120, 240, "1+"), window(-600, 180, "2"), window(210, 215, "3"))
    assert level_of_hour(horizon, windows) == ("2", "2", "1+", "1+", "routine")
    assert level_of_hour(horizon, ()) == ("routine",) * 5


def test_a_window_holds_in_every_hour_it_touches() -> None:
    assert level_of_hour(Horizon(START, 3), (window(59, 61, "1"),)) == ("1", "1", "routine")
    assert level_of_hour(Horizon(START, 3), (window(60, 120, "1"),)) == ("routine", "1", "routine")


@pytest.mark.parametrize(
    ("pool", "open_at"),
    [("routine", LEVELS), ("2", ("2", "1", "1+")), ("1+", ("1+",)), ("never", ())],
)
def test_pools_open_from_their_level_up(pool: str, open_at: tuple[str, ...]) -> None:
    assert tuple(level for level in LEVELS if pool_is_open(pool, level)) == open_at


@pytest.mark.parametrize("city", ["shanghai", "portland"])
def test_shipped_levels_ask_for_more_and_excuse_fewer(city: str) -> None:
    faults = FaultLog()
    levels = read_levels(shipped(city, "service_levels.csv"), faults)
    shifts = read_shifts(shipped(city, "shifts.csv"), faults)
    faults.raise_if_any()
    ladder = [levels[name] for name in LEVELS]
    assert [x.on_duty_share for x in ladder] == sorted(x.on_duty_share for x in ladder)
    absent = [x.absent_share for x in ladder]
    assert absent == sorted(absent, reverse=True)
    assert all(x.on_duty_share + x.absent_share <= 1.0 for x in ladder)
    assert all(shift.rest_after_h >= 11 for shift in shifts)


def test_faulty_levels_and_shifts_are_told(tmp_path) -> None:
    levels, shifts = tmp_path / "levels.csv", tmp_path / "shifts.csv"
    levels.write_text(
        "level,name_en,name_zh,on_duty_share,absent_share\nroutine,R,常,25,0.1\n4,F,四,0.5,0.1\n",
        encoding="utf-8",
    )
    shifts.write_text(
        "shift_id,name_en,name_zh,start_hour,hours,street_share,rest_after_h,team_share\n"
        "long,Long,长,8,25,1,11,1\nlong,Long,长,8,8,1,11,1\n",
        encoding="utf-8",
    )
    faults = FaultLog()
    read_levels(levels, faults)
    read_shifts(shifts, faults)
    told = [str(fault) for fault in faults.faults]
    assert any("levels.csv, row 1: on_duty_share is above 1 (value: 25.0)" in x for x in told)
    assert any("levels.csv, row 2: level is not one of" in x and "'4'" in x for x in told)
    assert any("levels.csv: service levels are missing" in x for x in told)
    assert any("shifts.csv, row 1: the shift does not fit a day" in x for x in told)
    assert any("shifts.csv, row 2" in x for x in told)
