"""Benchmark team_orienteering: file formats, their faults, and optima worked out by hand.

Start and end at 0 and 10 on a line, points at 3 (score 4), 5 (score 1) and at 5 but 6 aside
(score 9): within 10 a route gets 5, within 16 it gets the 9 as well, since the way over 3 and 5
is 3 + 2 + 6 + sqrt(61) = 18.8 and too long, and that from 3 to the point aside is
3 + sqrt(40) + sqrt(61) = 17.1; so 9 by one route, and 14 by two.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.record import Instance
from benchmarks.team_orienteering import read_orienteering, status_of
from geodata.faults import BadInput
from optimizer.visit_routes import RoutePlan

TEAM = "n 5\nm 2\ntmax 16.0\n0 0\t0\n3 0\t4\n5 0\t1\n5 6\t9\n10 0\t0\n"
ALONE = "16 1\n0 0 0\n10 0 0\n3 0 4\n5 0 1\n5 6 9\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "team.txt").write_text(TEAM, "utf-8")
    (tmp_path / "alone.txt").write_text(ALONE, "utf-8")
    (tmp_path / "known_values.csv").write_text(
        "family,instance,file,params,sense,value,status,source\n"
        "team_orienteering,team,team.txt,m=2,max,14,optimal,by hand\n"
        "orienteering,alone,alone.txt,m=1,max,9,best known FROM MEMORY,by hand\n",
        "utf-8",
    )
    return tmp_path


@pytest.mark.parametrize(
    ("family", "value", "status"),
    [
        ("team_orienteering", 14.0, "optimal"),
        (
            "orienteering",
            9.0,
            "optimal; recalled value cannot be beaten; known value from memory",
        ),
    ],
)
def test_the_optimum_is_found_and_proved(
    folder: Path, family: str, value: float, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([family, "--data", str(folder), "--seconds", "5"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["value"], line["bound"], line["known"]) == (value, value, value)
    assert line["status"] == status


def test_both_formats_are_read(folder: Path) -> None:
    team, alone = (read_orienteering(folder / name) for name in ("team.txt", "alone.txt"))
    assert (team.routes, alone.routes) == (2, 1)
    for problem in (team, alone):
        assert problem.score.tolist() == [4, 1, 9]
        assert problem.travel_min[0, 3, :3].round(3).tolist() == [3, 5, 7.81]
        assert problem.travel_min[0, 4, 0] == 7
        assert problem.to_min[0] == 16


@pytest.mark.parametrize(
    ("score", "bound", "status"),
    [
        (9.0, 9.0, "optimal; recalled value cannot be beaten; known value from memory"),
        (8.0, 10.0, "feasible; known value from memory"),
        (10.0, 11.0, "feasible; better than known; known value from memory"),
        (8.0, 8.5, "feasible; known value above the proven bound; known value from memory"),
    ],
)
def test_doubtful_values_are_named(score: float, bound: float, status: str) -> None:
    instance = Instance("orienteering", "x", (), {}, "", 9.0, "best known FROM MEMORY")
    plan = RoutePlan(((0,),), score, bound)
    assert status_of(instance, plan) == status
    published = replace(instance, known_status="optimal")
    assert "memory" not in status_of(published, plan)


def test_every_line_that_cannot_be_read_is_told(folder: Path) -> None:
    path = folder / "team.txt"
    path.write_text(TEAM.replace("m 2", "m two").replace("5 6\t9", "5 6").replace("\t4", "\t-4"))
    with pytest.raises(BadInput) as found:
        read_orienteering(path)
    told = str(found.value)
    assert "line 2 cannot be read (value: 'two')" in told
    assert "line 5 cannot be read (value: '3 0 -4')" in told
    assert "line 7 cannot be read (value: '5 6')" in told


@pytest.mark.parametrize("text", ["", "n 1\n", "16 1\n0 0 0\n"])
def test_short_files_are_told(folder: Path, text: str) -> None:
    path = folder / "team.txt"
    path.write_text(text)
    with pytest.raises(BadInput, match="too few points"):
        read_orienteering(path)
