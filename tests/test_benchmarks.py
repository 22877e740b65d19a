"""Benchmarks: formats, traps and output, on instances whose optimum is worked out by hand.

The path graph 1-2-3-4-5 has edges of length 1, 1, 1 and 10; one site costs least at node 3
(2+1+0+1+11 = 15), two sites at node 2 or 3 and 5: with {2, 5} it is 1+0+1+2+0 = 4.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.cumcm2011b_city import read_city_of
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
        assert (line["status"], line["bound"]) in [
            ("heuristic", None),
            ("optimal", pytest.approx(line["known"])),
        ]


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


TWO_CENTRES = "0 2 9 9\n4 0 9 9\n9 9 1 3\n9 9 8 0\n"
"""Cost of centre i for area j. Centres 1 and 3 cost 0 + 2 + 1 + 3 = 6, no other pair is cheaper
(2 and 3: 8, 1 and 4: 10, 2 and 4: 12, and pairs of one side leave the other at 9 an area)."""

DRIVES = "1 6 9 9\n4 1 9 9\n9 9 1 3\n9 9 8 1\n"
"""The layout of centres 2 and 3 drives 4 minutes at most, which keeps centre 1 from area 2."""

NODES = (
    "node,x,y,district,rate\na,0,0,N,1\nb,10,0,N,1\nc,20,0,N,1\nd,30,0,N,1\ne,80,0,N,2\n"
    "f,80,40,S,3\n"
)
"""A road of a, b, c, d, e at 0, 1, 2, 3 and 8 minutes, and f four minutes off its end. Posts of
district N are at a and c: e alone is beyond 3 minutes (6 from c) and needs a post of its own.
Exits b and e: c to e in 6 minutes and a to b in 1; the other way round a takes 8 to e. Cases
times minutes: 0 + 1 + 0 + 1 + 2 x 6 = 14; with posts at b and e 1 + 0 + 1 + 2 + 0 = 4. In the
city a third post at f brings e within 4 minutes: 0 + 1 + 0 + 1 + 8 + 0 = 10, still beyond 3."""


@pytest.fixture
def families(tmp_path: Path) -> Path:
    """Tiny instances of the families beside p-median and MCLP."""
    (tmp_path / "line.txt").write_text("4\n0 0\n100 0\n200 0\n900 0\n", "utf-8")
    (tmp_path / "demand-line.dat").write_text("5\n1\n5\n7\n", "utf-8")
    (tmp_path / "district_layout_toy_two.csv").write_text(
        "index,location\n1.0,2.0\n2.0,2.0\n3.0,3.0\n4.0,3.0\n", "utf-8"
    )
    for file, text in (("workload_toy.csv.gz", TWO_CENTRES), ("drivingtimes_toy.csv.gz", DRIVES)):
        with gzip.open(tmp_path / file, "wt", encoding="utf-8") as table:
            table.write(text)
    for name, text in {
        "nodes.csv": NODES,
        "roads.csv": "u,v\na,b\nb,c\nb,a\nc,d\nd,e\ne,f\n",
        "posts.csv": "post,node\nN1,a\nN2,c\nS1,f\n",
        "exits.csv": "city_exit,n_exit\nf,b\n,e\n",
        "known_values.csv": HEADER
        + "lscp,line,line.txt,radius=100;all nodes,min,2,optimal,by hand\n"
        + "lscp,line,line.txt,radius=99,min,4,optimal,by hand\n"
        + "mexclp,line,line.txt,radius=100;M=2;busy q=0.5,max,9,optimal,by hand\n"
        + "mexclp,line,line.txt,radius=100;M=3;busy q=0.5,max,11.75,optimal,by hand\n"
        + "police_districting,toy,district_layout_toy_two.csv,p=2,min,8,published,by hand\n"
        + "cumcm2011b,N_junctions_beyond_3min,nodes.csv,posts=2,min,1,by hand,\n"
        + "cumcm2011b,N_posts_added_to_cover,nodes.csv,keep=2;minutes=3,min,1,by hand,\n"
        + "cumcm2011b,N_cordon_minutes,exits.csv,exits=2;posts=2,min,6,by hand,\n"
        + "cumcm2011b,city_junctions_beyond_3min,nodes.csv,posts=3,min,1,by hand,\n"
        + "cumcm2011b,city_weighted_minutes_now,nodes.csv,posts=3,min,10,by hand,\n",
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def line_of(found: list[dict[str, object]], instance: str) -> dict[str, object]:
    (line,) = [line for line in found if line["instance"] == instance]
    return line


@pytest.mark.parametrize(
    ("family", "lines_printed"),
    [("lscp", 2), ("mexclp", 2), ("police_districting", 2), ("cumcm2011b", 7)],
)
def test_other_families_find_their_known_values(
    families: Path, family: str, lines_printed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([family, "--data", str(families)]) == 0
    found = lines(capsys)
    assert len(found) == lines_printed
    for line in found:
        assert list(line) == KEYS
        if line["known"] is not None:
            assert line["value"] == pytest.approx(line["known"], abs=1e-9)


def test_covers_and_expected_covers_are_proved(
    families: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """M = 3 puts two units on one site: 11 x 0.75 + 7 x 0.5 beats 11 x 0.5 + 7 x 0.75."""
    for family in ("lscp", "mexclp"):
        assert main([family, "--data", str(families)]) == 0
        for line in lines(capsys):
            assert line["status"] == "optimal"
            assert line["bound"] == pytest.approx(line["value"], abs=1e-6)


def test_layout_is_recomputed_beside_the_proven_least_cost(
    families: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["police_districting", "--data", str(families)]) == 0
    published, unlimited = lines(capsys)
    assert (published["value"], published["known"]) == (8.0, 8.0)
    assert "published layout, optimal without drives beyond" in str(published["status"])
    assert "longest of 4 min; the limits max_drive and nearby" in str(published["status"])
    assert (unlimited["instance"], unlimited["known"]) == ("toy_without_limits", None)
    assert (unlimited["value"], unlimited["status"]) == (6.0, "optimal")
    for line, least in ((published, 8.0), (unlimited, 6.0)):
        assert line["bound"] == pytest.approx(least, abs=1e-6)
        assert float(str(line["bound"])) <= least


def test_dear_layout_is_not_called_optimal(
    families: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Centres 1 and 4 with a drive of 8 minutes: centres 1 and 3 drive 6 and cost 6, not 10."""
    (families / "district_layout_toy_two.csv").write_text(
        "index,location\n1,1\n2,1\n3,4\n4,4\n", "utf-8"
    )
    assert main(["police_districting", "--data", str(families)]) == 0
    published, _ = lines(capsys)
    assert published["value"] == 10.0
    assert published["bound"] == pytest.approx(6.0, abs=1e-6)
    assert "published layout, recomputed without drives beyond" in str(published["status"])


def test_best_posts_stand_beside_those_of_today(
    families: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """City: e, f and b take 1 + 1 + 2 = 4; leaving out e or f costs 8 or 12 at least."""
    assert main(["cumcm2011b", "--data", str(families)]) == 0
    found = lines(capsys)
    for scope, posts, today in (("N", 2, 14.0), ("city", 3, 10.0)):
        best = line_of(found, f"{scope}_weighted_minutes_best")
        assert best["value"] == pytest.approx(4.0)
        assert best["bound"] == pytest.approx(4.0, abs=1e-6)
        assert best["params"] == f"posts={posts};sites=junctions;today={today}"
        assert (best["known"], best["status"]) == (None, "optimal")


def test_cordon_is_proved(families: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["--data", str(families), "--instance", "N_cordon_minutes"]
    assert main(["cumcm2011b", *chosen]) == 0
    (line,) = lines(capsys)
    assert (line["value"], line["bound"], line["status"]) == (6.0, 6.0, "optimal")


def test_half_the_speed_doubles_the_minutes(families: Path) -> None:
    quick, slow = (read_city_of(families, km_per_h).minutes for km_per_h in (60.0, 30.0))
    assert quick[0].tolist() == pytest.approx([0, 1, 2, 3, 8, 12])
    assert slow == pytest.approx(2 * quick)


@pytest.mark.parametrize(
    ("family", "file", "text", "told"),
    [
        ("cumcm2011b", "roads.csv", "u,v\na,b\n", "4 junctions are cut off from the first one"),
        ("cumcm2011b", "roads.csv", "u,v\na,z\n", "column v names 1 unknown junctions"),
        ("cumcm2011b", "posts.csv", "post,node\nS1,f\n", "no post stands in this district"),
        ("cumcm2011b", "exits.csv", "city_exit\nf\n", "0 exits of this part and 2 posts"),
        ("cumcm2011b", "exits.csv", "city_exit,n_exit\nf,b\n,e\n,c\n", "3 exits of this part"),
        ("cumcm2011b", "nodes.csv", "node,x,y\na,0,0\n", "a column is missing"),
        (
            "police_districting",
            "district_layout_toy_two.csv",
            "index,location\n1,1\n2,1\n3,1\n3,1\n",
            "4 areas with 1 centres",
        ),
    ],
)
def test_faulty_files_are_told(
    families: Path,
    family: str,
    file: str,
    text: str,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (families / file).write_text(text, "utf-8")
    assert main([family, "--data", str(families)]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert file in captured.err


@pytest.mark.parametrize(
    ("family", "file", "text", "told"),
    [
        ("mexclp", "demand-line.dat", None, "not found beside line.txt"),
        ("police_districting", "workload_toy.csv.gz", None, "not found beside district_layout"),
        ("police_districting", "workload_toy.csv.gz", "1 2\n3\n", "not a square table"),
        ("police_districting", "workload_toy.csv.gz", "1 2 3\n4 5 6\n", "not a square table"),
        ("police_districting", "workload_toy.csv.gz", "1 x\n3 4\n", "not a square table"),
        ("police_districting", "drivingtimes_toy.csv.gz", "1 2\n3 4\n", "drives of 2"),
    ],
)
def test_faulty_companions_are_told(
    families: Path,
    family: str,
    file: str,
    text: str | None,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (families / file).unlink()
    if text is not None:
        with gzip.open(families / file, "wt", encoding="utf-8") as table:
            table.write(text)
    assert main([family, "--data", str(families)]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


def test_unknown_question_is_told(families: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (families / "known_values.csv").open("a", encoding="utf-8") as table:
        table.write("cumcm2011b,N_mean_mood,nodes.csv,,min,1,by hand,\n")
    assert main(["cumcm2011b", "--data", str(families), "--instance", "N_mean_mood"]) == 2
    assert "no such question (value: 'N_mean_mood')" in capsys.readouterr().err
