"""Service levels by area and hour and the pools they open."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.faults import FaultLog
from geodata.files import shipped
from geodata.horizon import Horizon
from optimizer.level_file import read_levels, read_shifts
from optimizer.levels import (
    LEVELS,
    LevelsInForce,
    LevelWindow,
    ServiceLevel,
    levels_in_force,
    pool_is_open,
)

START = datetime(2027, 2, 5, 20, tzinfo=ZoneInfo("Asia/Shanghai"))


def window(from_min: int, to_min: int, level: str, commands: tuple[int, ...] = ()) -> LevelWindow:
    start, end = (START + timedelta(minutes=minutes) for minutes in (from_min, to_min))
    return LevelWindow(start, end, level, commands)


def test_the_highest_level_of_an_hour_holds() -> None:
    horizon = Horizon(START, 5)
    windows = (window(120, 240, "1+"), window(-600, 180, "2"), window(210, 215, "3"))
    assert levels_in_force(horizon, windows, 1).by_command == (("2", "2", "1+", "1+", "routine"),)
    assert levels_in_force(horizon, (), 2).by_command == (("routine",) * 5,) * 2


def test_a_window_holds_in_every_hour_it_touches() -> None:
    across, inside = (
        levels_in_force(Horizon(START, 3), (window(start, end, "1"),), 1).highest
        for start, end in ((59, 61), (60, 120))
    )
    assert across == ("1", "1", "routine")
    assert inside == ("routine", "1", "routine")


def test_a_window_holds_in_its_commands_only() -> None:
    """Level 2 everywhere in the first two hours, level 1 in the commands 0 and 2 in the second."""
    windows = (window(0, 120, "2"), window(60, 120, "1", (0, 2)))
    found = levels_in_force(Horizon(START, 3), windows, 3)
    assert found.by_command == (
        ("2", "1", "routine"),
        ("2", "2", "routine"),
        ("2", "1", "routine"),
    )
    assert found.highest == ("2", "1", "routine")
    assert found.used == {"2", "1", "routine"}
    assert found.is_open("1").tolist() == [[False, True, False], [False] * 3, [False, True, False]]
    levels = {
        name: ServiceLevel(name, name, name, share, 0.0)
        for name, share in (("routine", 0.25), ("2", 0.5), ("1", 0.75))
    }
    assert found.figure(levels, "on_duty_share").tolist() == [
        [0.5, 0.75, 0.25],
        [0.5, 0.5, 0.25],
        [0.5, 0.75, 0.25],
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(-120, 400),
            st.integers(1, 300),
            st.sampled_from(LEVELS),
            st.frozensets(st.integers(0, 2)),
        ),
        max_size=5,
    )
)
def test_levels_by_area_are_the_highest_of_each_place_and_hour(
    drawn: list[tuple[int, int, str, frozenset[int]]],
) -> None:
    windows = tuple(
        window(start, start + length, level, tuple(sorted(commands)))
        for start, length, level, commands in drawn
    )
    found = levels_in_force(Horizon(START, 5), windows, 3)
    for command in range(3):
        for hour in range(5):
            ranks = [
                LEVELS.index(level)
                for start, length, level, commands in drawn
                if start < 60 * hour + 60
                and start + length > 60 * hour
                and (not commands or command in commands)
            ]
            assert LEVELS.index(found.by_command[command][hour]) == max(ranks, default=0)


def test_commands_need_the_same_hours() -> None:
    with pytest.raises(ValueError, match="same hours"):
        LevelsInForce((("1", "1"), ("1",)))


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
    density = [x.patrol_density for x in ladder]
    assert density == sorted(density)
    assert density[-2:] == [1.0, 1.0]
    assert all(x.evidence.startswith(("public", "assumption")) for x in ladder)


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


LEVEL_ROWS = "level,name_en,name_zh,on_duty_share,absent_share"
SHIFT_ROWS = "shift_id,name_en,name_zh,start_hour,hours,street_share,rest_after_h,team_share"


def told_of(path: Path, text: str, read: Callable[[Path, FaultLog], object]) -> list[str]:
    path.write_text(text, encoding="utf-8")
    faults = FaultLog()
    read(path, faults)
    return [str(fault) for fault in faults.faults]


def test_more_people_than_there_are_is_leave_above_the_strength(tmp_path: Path) -> None:
    rows = "".join(f"{name},N,名,0.9,{0.2 if name == '1' else 0.1}\n" for name in LEVELS)
    (told,) = told_of(tmp_path / "levels.csv", f"{LEVEL_ROWS}\n{rows}", read_levels)
    assert told.startswith("levels.csv, row 4: leave above the strength")
    assert "(value: '0.9 + 0.2')" in told


def test_optional_columns_of_levels(tmp_path: Path) -> None:
    """An empty density is 1; one above 4 or below 0 is a fault."""
    cells = ("0.5,a guess", ",", "2,", "1,x", "0,")
    rows = "".join(f"{n},N,名,0.5,0.1,{c}\n" for n, c in zip(LEVELS, cells, strict=True))
    path = tmp_path / "levels.csv"
    path.write_text(f"{LEVEL_ROWS},patrol_density,evidence\n{rows}", encoding="utf-8")
    faults = FaultLog()
    levels = read_levels(path, faults)
    faults.raise_if_any()
    assert [levels[name].patrol_density for name in LEVELS] == [0.5, 1.0, 2.0, 1.0, 0.0]
    assert [levels[name].evidence for name in LEVELS] == ["a guess", "", "", "x", ""]
    worse = rows.replace("0.5,a guess", "5,").replace("2,\n", "-1,\n")
    told = told_of(path, f"{LEVEL_ROWS},patrol_density,evidence\n{worse}", read_levels)
    assert any("row 1: patrol_density is above 4 (value: 5.0)" in text for text in told)
    assert any("row 3: patrol_density is not a finite number of at least 0" in x for x in told)


def test_hand_over_and_the_longest_shift(tmp_path: Path) -> None:
    path = tmp_path / "shifts.csv"
    text = (
        f"{SHIFT_ROWS},handover_min\na,A,甲,8,8,1,11,1,30\nb,B,乙,8,12,1,11,1,\n"
        "c,C,丙,8,13,1,11,1,0\n"
    )
    path.write_text(text, encoding="utf-8")
    faults = FaultLog()
    shifts = read_shifts(path, faults)
    faults.raise_if_any()
    assert [shift.handover_min for shift in shifts] == [30.0, 0.0, 0.0]
    assert [shift.duty_h for shift in shifts] == [8.5, 12.0, 13.0]

    def within_twelve(path: Path, faults: FaultLog) -> object:
        return read_shifts(path, faults, max_shift_h=12.0)

    (long,) = told_of(path, text, within_twelve)
    assert "shifts.csv, row 3: the shift is longer than labour.max_shift_h allows" in long
    assert "(value: 'c: 13 h'). Expected hours of at most 12." in long
    (slow,) = told_of(path, text.replace(",30\n", ",121\n"), read_shifts)
    assert "row 1: handover_min is above 120" in slow
