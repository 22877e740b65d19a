"""Benchmarks: formats, traps and output, on instances whose optimum is worked out by hand.

The path graph 1-2-3-4-5 has edges of length 1, 1, 1 and 10; one site costs least at node 3
(2+1+0+1+11 = 15), two sites at node 2 or 3 and 5: with {2, 5} it is 1+0+1+2+0 = 4.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.mclp import EARTH_RADIUS_M, great_circle_reach, planar_reach
from benchmarks.pmedian import graph_distances, tsplib_distances

HEADER = "family,instance,file,params,sense,value,status,source\n"
KEYS = [
    "family",
    "instance",
    "params",
    "value",
    "bound",
    "known",
    "status",
    "build_s",
    "solve_s",
    "peak_mb",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the published layout; the edge 1-2 stands twice, the last one counts."""
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "path.txt").write_text(
        " 5 5 1 \n 1 2 99\n 2 3 1\n 3 4 1\n 4 5 10\n 2 1 1\n", "utf-8"
    )
    (tmp_path / "line.txt").write_text("4\n0 0\n100 0\n200 0\n900 0\n", "utf-8")
    (tmp_path / "demand-line.dat").write_text("5\n1\n5\n7\n", "utf-8")
    (tmp_path / "town.txt").write_text(
        "NAME : town\nDIMENSION : 3\nNODE_COORD_SECTION\n31.0 121.0\n31.0 121.001\n31.1 121.0\n"
        "DEMAND_SECTION\n3\n4\n6\nEOF",
        "utf-8",
    )
    (tmp_path / "known_values.csv").write_text(
        HEADER
        + "pmedian,path,graphs/path.txt,n=5;p=1,min,15,optimal,by hand\n"
        + "pmedian,path,graphs/path.txt,n=5;p=2,min,4,optimal,by hand\n"
        + 'mclp,line,line.txt;demand-line.dat,"radius=100;p=1;a note",max,11,optimal,by hand\n'
        + "mclp,line,line.txt;demand-line.dat,radius=100;p=2,max,18,optimal,by hand\n"
        + "mclp,town,town.txt,radius_m=100;p=1,max,7,optimal,by hand\n",
        "utf-8",
    )
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("family", "count"), [("pmedian", 2), ("mclp", 3)])
def test_known_optima_are_found(
    folder: Path, family: str, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([family, "--data", str(folder)]) == 0
    found = lines(capsys)
    assert len(found) == count
    for line in found:
        assert list(line) == KEYS
        assert line["value"] == line["known"]
        assert line["bound"] is None
        assert line["status"] == "heuristic"


def test_only_named_instances_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mclp", "--data", str(folder), "--instance", "town"]) == 0
    assert [(line["instance"], line["value"]) for line in lines(capsys)] == [("town", 7.0)]


def test_one_median_on_a_path(folder: Path) -> None:
    distance = graph_distances(folder / "graphs" / "path.txt")
    assert distance[0].tolist() == [0, 1, 2, 3, 13]
    assert distance.sum(axis=0).tolist() == [19, 16, 15, 16, 46]


def test_tsplib_distances_are_rounded_down(tmp_path: Path) -> None:
    path = tmp_path / "three.tsp"
    path.write_text(
        "NAME : three\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n"
        "1 0.0e+00 0.0\n2 1.0 1.0\n3 3.0 4.0\nEOF\n",
        "utf-8",
    )
    assert tsplib_distances(path).tolist() == [[0, 1, 5], [1, 0, 3], [5, 3, 0]]


def test_radius_includes_its_rim() -> None:
    indptr, cell = planar_reach(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.1]]), 5.0)
    assert indptr.tolist() == [0, 2, 5, 7]
    assert cell.tolist() == [0, 1, 0, 1, 2, 1, 2]


def test_great_circle_on_the_equator() -> None:
    """A thousandth of a degree on the equator is R * pi / 180000 = 111.3 m."""
    step_m = EARTH_RADIUS_M * np.pi / 180_000
    points = np.array([[0.0, 0.0], [0.0, 0.001]])
    for radius_m, reached in ((step_m - 1, [0, 1]), (step_m + 1, [0, 1, 0, 1])):
        assert great_circle_reach(points, radius_m)[1].tolist() == reached


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pmedian", "--instance", "nowhere"], "no row of family pmedian has instance nowhere"),
        (["pmedian", "--data", "no_such_folder"], "known_values.csv: not found"),
        (["city", "--instance", "vast"], "no city of size vast"),
    ],
)
def test_bad_arguments_are_told_without_traceback(
    folder: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = [] if "--data" in arguments or arguments[0] == "city" else ["--data", str(folder)]
    assert main([*arguments, *data]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err


def test_every_fault_of_the_table_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "known_values.csv").open("a", encoding="utf-8") as table:
        table.write("pmedian,gone,gone.txt,p=1,min,1,optimal,by hand\n")
        table.write("pmedian,odd,graphs/path.txt,p=1,min,many,optimal,by hand\n")
    assert main(["pmedian", "--data", str(folder)]) == 2
    told = capsys.readouterr().err
    assert "row 6: file gone.txt is missing" in told
    assert "row 7: the known value is not a number (value: 'many')" in told


def test_missing_parameter_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "known_values.csv").open("a", encoding="utf-8") as table:
        table.write("pmedian,bare,graphs/path.txt,n=5,min,1,optimal,by hand\n")
    assert main(["pmedian", "--data", str(folder), "--instance", "bare"]) == 2
    assert "pmedian bare: parameter p is missing" in capsys.readouterr().err
