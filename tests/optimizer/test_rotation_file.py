"""Team rotations from a file: what is read, and every way in which one is refused."""

from datetime import date
from pathlib import Path

import pytest

from geodata.faults import FaultLog
from geodata.files import shipped
from optimizer.level_file import read_shifts
from optimizer.rotation_file import read_rotations
from optimizer.rotations import Rotation
from optimizer.shifts import Shift

HEADER = "rotation_id,name_en,name_zh,forces,teams,cycle,first_day,evidence\n"
FORCES = ("response", "case", "auxiliary")


def shift(shift_id: str, start: int, hours: int, rest_h: float, share: float = 1.0) -> Shift:
    return Shift(shift_id, shift_id, shift_id, start, hours, 1.0, rest_h, share)


SHIFTS = (
    shift("whole", 8, 24, 24.0, 0.25),
    shift("day", 8, 8, 11.0),
    shift("evening", 16, 8, 11.0),
    shift("night", 0, 8, 11.0),
)


def read(folder: Path, *rows: str, min_rest_h: float = 11.0) -> tuple[Rotation, ...]:
    path = folder / "rotations.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    faults = FaultLog()
    found = read_rotations(path, SHIFTS, FORCES, min_rest_h, faults)
    faults.raise_if_any()
    return found


def told(folder: Path, *rows: str, min_rest_h: float = 11.0) -> list[str]:
    path = folder / "rotations.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    faults = FaultLog()
    read_rotations(path, SHIFTS, FORCES, min_rest_h, faults)
    return [str(fault) for fault in faults.faults]


FOUR = "four,Four teams,四班,response;case,4,whole;-;-;-,2027-02-05,public"


def test_a_rotation_is_read(tmp_path: Path) -> None:
    (four,) = read(tmp_path, FOUR)
    assert four.force_ids == ("response", "case")
    assert (four.teams, four.cycle, four.first_day) == (
        4,
        ("whole", "", "", ""),
        date(2027, 2, 5),
    )
    assert (four.name_zh, four.evidence) == ("四班", "public")
    assert [four.shift_on(team, date(2027, 2, 4)) for team in range(4)] == ["", "", "", "whole"]


REFUSED = {
    "no team": (FOUR.replace(",4,", ",0,"), "teams is not a whole number of at least 1", "'0'"),
    "fewer than none": (FOUR.replace(",4,", ",-2,"), "teams is not a whole number", "'-2'"),
    "half a team": (FOUR.replace(",4,", ",2.5,"), "teams is not a whole number", "'2.5'"),
    "uneven": (FOUR.replace(",4,", ",3,"), "teams do not share the cycle", "4 days for 3 teams"),
    "unknown shift": (FOUR.replace("whole;-", "noon;-"), "cycle names shifts", "'noon'"),
    "unknown force": (FOUR.replace("case", "navy"), "forces names types", "'navy'"),
    "idle": (FOUR.replace("whole;", "-;"), "the cycle has no duty", "'-;-;-;-'"),
    "empty place": (FOUR.replace("whole;-;", "whole;;"), "empty place between", "whole;;-;-"),
    "no date": (FOUR.replace("2027-02-05", "Friday"), "first_day is not a date", "'Friday'"),
    "too soon": (
        FOUR.replace("whole;-;-;-", "whole;whole;-;-"),
        "a shift is longer than its rest allows",
        "0 h from the end of whole to whole, 24 h needed",
    ),
    "evening before night": (
        FOUR.replace(",4,whole;-;-;-", ",4,day;evening;night;-"),
        "a shift is longer than its rest allows",
        "0 h from the end of evening to night, 11 h needed",
    ),
    "a part of a team": (
        FOUR.replace(",4,whole;-;-;-", ",3,whole;-;-"),
        "a team_share that keeps a part of the team at home",
        "whole: 0.25 of a force, a team is 0.333",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_one_message_each(case: str, tmp_path: Path) -> None:
    row, problem, value = REFUSED[case]
    (only,) = told(tmp_path, row)
    assert only.startswith("rotations.csv, row 1: ")
    assert problem in only
    assert value in only


def test_the_rest_of_the_rules_counts_where_it_is_longer(tmp_path: Path) -> None:
    """Day shifts on two days running leave 16 h between them."""
    row = FOUR.replace(",4,whole;-;-;-", ",2,day;day;-;-")
    assert len(read(tmp_path, row, min_rest_h=16.0)) == 1
    (only,) = told(tmp_path, row, min_rest_h=16.5)
    assert "16 h from the end of day to day, 16.5 h needed" in only


def test_a_force_has_one_rotation(tmp_path: Path) -> None:
    second = "five,Five,五班,auxiliary;case,2,day;-,2027-02-05,"
    (only,) = told(tmp_path, FOUR, second)
    assert "row 2: a force is in two rotations (value: 'case')" in only
    (same,) = told(tmp_path, FOUR.replace("response;case", "case;case"))
    assert "row 1: a force is in two rotations (value: 'case')" in same


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    rows = (
        FOUR.replace(",4,", ",0,").replace("whole", "noon"),
        "again,Again,又,navy,2,day;-;-,tomorrow,",
        "four,Four,四,auxiliary,1,night,2027-02-05,",
    )
    found = told(tmp_path, *rows)
    assert sum("row 1:" in text for text in found) == 2
    assert sum("row 2:" in text for text in found) == 3
    assert sum("row 3: the rotation stands in an earlier row" in text for text in found) == 1
    assert told(tmp_path, "x,X,某")


@pytest.mark.parametrize(
    ("rotations", "shifts", "week_h", "on_the_eve"),
    [
        ("rotations.csv", "shifts.csv", 42.0, {0: "duty_24h"}),
        ("rotations_three_teams.csv", "shifts_three_teams.csv", 56.0, {0: "duty_24h"}),
        (
            "rotations_five_teams.csv",
            "shifts_five_teams.csv",
            33.6,
            {0: "rota_day_8h", 2: "rota_night_8h", 4: "rota_evening_8h"},
        ),
    ],
)
def test_shipped_rotations(
    rotations: str, shifts: str, week_h: float, on_the_eve: dict[int, str]
) -> None:
    """Each duty of a day has its team; 24 h in 4 or 3 days, or in 5 days, by week."""
    faults = FaultLog()
    table = read_shifts(shipped("shanghai", shifts), faults)
    forces = ("station_response", "station_case_office", "auxiliary")
    (found,) = read_rotations(shipped("shanghai", rotations), table, forces, 11.0, faults)
    faults.raise_if_any()
    assert found.week_hours() == pytest.approx(week_h)
    for day in (date(2027, 2, 5), date(2027, 2, 20)):
        worked = [found.shift_on(team, day) for team in range(found.teams)]
        assert sorted(filter(None, worked)) == sorted(found.shift_ids)
    eve = {team: found.shift_on(team, date(2027, 2, 5)) for team in range(found.teams)}
    assert {team: shift_id for team, shift_id in eve.items() if shift_id} == on_the_eve
