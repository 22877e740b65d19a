"""Benchmark rostering: the file format, its faults, and an instance worked out by hand.

Two lines, four days, one early shift wanted each day. Line A must not work on day 0, B may not
work twice; A asks for a free day 2 (weight 5), B for day 0 (weight 3). A works days 1 and 3 (and
day 2 costs 5), B day 0 and one more is not allowed, so day 2 costs 5 rather than 100.
"""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.rostering import read_rostering
from geodata.faults import BadInput

TEXT = """\
# a comment
SECTION_HORIZON
4

SECTION_SHIFTS
# id, minutes, must not follow
E,480,
L,600,E

SECTION_STAFF
A,E=4|L=0,1440,0,5,1,1,2
B,E=1|L=0,1440,0,5,1,1,2

SECTION_DAYS_OFF
A,0

SECTION_SHIFT_ON_REQUESTS
B,0,E,3

SECTION_SHIFT_OFF_REQUESTS
A,2,E,5

SECTION_COVER
0,E,1,100,1
1,E,1,100,1
2,E,1,100,1
3,E,1,100,1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.txt").write_text(TEXT, "utf-8")
    (tmp_path / "known_values.csv").write_text(
        "family,instance,file,params,sense,value,status,source\n"
        "rostering,tiny,tiny.txt,by hand,min,5,optimal,by hand\n",
        "utf-8",
    )
    return tmp_path


def test_the_optimum_is_found_and_proved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rostering", "--data", str(folder), "--seconds", "5"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["value"], line["bound"], line["status"]) == (5.0, 5.0, "optimal")


def test_a_file_is_read_as_it_says(folder: Path) -> None:
    problem = read_rostering(folder / "tiny.txt")
    assert problem.shifts[1].not_followed_by == {"E"}
    assert problem.lines[0].days_off == {0}
    assert [line.most_of for line in problem.lines] == [(4, 0), (1, 0)]
    assert (problem.base_cost, problem.duty_cost[1, 0, 0], problem.duty_cost[0, 2, 0]) == (3, -3, 5)
    assert problem.cover[:, 0].tolist() == [1, 1, 1, 1]
    assert (problem.under_cost[0].tolist(), problem.over_cost[0].tolist()) == ([100, 0], [1, 0])


def test_every_row_that_cannot_be_read_is_told(folder: Path) -> None:
    path = folder / "tiny.txt"
    text = TEXT.replace("B,E=1|L=0,", "B,E=1,").replace("0,E,1,100,1", "9,E,1,100,1")
    path.write_text(text.replace("A,2,E,5", "A,2,X,5"), "utf-8")
    with pytest.raises(BadInput) as found:
        read_rostering(path)
    told = str(found.value)
    assert "line 12 cannot be read: 'L'" in told
    assert "cannot be read: 'X'" in told
    assert "day 9 is not one of 0 to 3" in told


def test_missing_sections_and_short_rows_are_told(folder: Path) -> None:
    path = folder / "tiny.txt"
    path.write_text(TEXT.replace("SECTION_DAYS_OFF", "# none").replace("L,600,E", "L,600"), "utf-8")
    with pytest.raises(BadInput) as found:
        read_rostering(path)
    told = str(found.value)
    assert "SECTION_DAYS_OFF is missing" in told
    assert "line 8 is too short for SECTION_SHIFTS" in told
