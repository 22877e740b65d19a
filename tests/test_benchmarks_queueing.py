"""Benchmarks of queues: tables and hypercube cases whose figures are worked out by hand.

One unit with half a call an hour and services of an hour: without a line it is busy a third of
the time, with one half of it; half of the calls wait and the mean line is 0.5.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.hypercube_drawn import drawn_system
from benchmarks.hypercube_methods import exact, of_busy_units, of_larson, of_pools
from benchmarks.q_factor import larson, q_factors
from optimizer.judges.erlang import erlang_b

ERLANG = "c,offered_load_a,erlang_B,erlang_C,Wq_over_service_time\n"
COBHAM = "c,mu,lambda_by_class_high_first,erlang_C,Wq_by_class,W_by_class,Wq_overall\n"
WAITS = "1.142857143 5.714285714"
STAYS = "2.142857143 6.714285714"
CASE: dict[str, object] = {
    "name": "one_unit (a note)",
    "line": "inf",
    "N": 1,
    "mu": 1.0,
    "lam": [0.25, 0.25],
    "home": [0],
    "pref": [[0], [0]],
    "T": [[0.0, 2.0], [2.0, 0.0]],
    "p_state": [0.5, 0.25],
    "p_queue": 0.25,
    "p_all_busy": 0.5,
    "workload": [0.5],
    "f_nj": [[0.5, 0.5]],
    "interdistrict_fraction": 0.0,
    "mean_travel_time": 1.0,
    "T_Q": 1.0,
    "Lq": 0.5,
    "Wq": 1.0,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the published layout."""
    inside = tmp_path / "queueing"
    inside.mkdir()
    (inside / "erlang.csv").write_text(
        ERLANG + "1,0.5,0.333333333,0.5,1.0\n2,1.0,0.2,0.333333333,0.333333333\n", "utf-8"
    )
    (inside / "priority_mmc_cobham.csv").write_text(
        COBHAM + f"1,1,0.3 0.5,0.8,{WAITS},{STAYS},4.0\n", "utf-8"
    )
    write_cases(tmp_path, [CASE])
    return tmp_path


def write_cases(folder: Path, cases: list[dict[str, object]]) -> None:
    (folder / "queueing" / "hypercube_cases.json").write_text(json.dumps(cases), "utf-8")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_tables_are_reproduced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["queueing", "--data", str(folder)]) == 0
    found = lines(capsys)
    assert [line["instance"] for line in found] == ["erlang_1_0.5", "erlang_2_1", "cobham_1"]
    for line in found:
        assert str(line["status"]).startswith("reproduced to 6 digits")
        assert line["value"] == pytest.approx(line["known"], abs=1e-8)


def test_wrong_known_values_are_not_reproduced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "queueing" / "erlang.csv").write_text(ERLANG + "1,0.5,0.333334,0.5,1.0\n", "utf-8")
    assert main(["queueing", "--data", str(folder), "--instance", "erlang_1_0.5"]) == 0
    (line,) = lines(capsys)
    assert "NOT reproduced: largest deviation of 3 figures 6.7e-07 (erlang_B)" in str(
        line["status"]
    )


def test_cases_are_reproduced_and_approximations_set_beside(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hypercube", "--data", str(folder), "--instance", "one_unit"]) == 0
    published, busy, larson_line = lines(capsys)
    assert str(published["status"]).startswith("reproduced to 6 digits: largest deviation of 12")
    assert "workloads .5000" in str(published["status"])
    assert (published["value"], published["known"]) == (pytest.approx(0.5), 0.5)
    assert busy["instance"] == "one_unit_busy_units"
    assert "mean travel +0.00 %" in str(busy["status"])
    assert "after 3 rounds .5000" in str(larson_line["status"])


def test_saturated_case_is_unstable(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_cases(folder, [CASE | {"lam": [0.5, 0.5]}])
    assert main(["hypercube", "--data", str(folder), "--instance", "one_unit"]) == 0
    (line,) = lines(capsys)
    assert line["value"] is None
    assert str(line["status"]).startswith("unstable")


def test_drawn_systems_and_speed_have_lines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["drawn_3_places_of_1_zero", "exact_10_units", "city_of_300_units"]
    assert main(["hypercube", "--data", str(folder), "--instance", *names]) == 0
    found = lines(capsys)
    assert [line["instance"] for line in found] == names
    assert float(str(found[0]["value"])) < 0.01
    assert found[1]["value"] == pytest.approx(found[1]["known"], abs=1e-12)
    assert "NOT converged" not in str(found[2]["status"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pref": [[0, 0], [0, 0]]}, "case 1: pref needs a list of all units"),
        ({"pref": [[1], [0]]}, "case 1: pref has a list that does not name units 0 to 0 once"),
        ({"line": "short"}, "case 1: line is 'short'"),
        ({"mu": 0.0}, "case 1: services_per_h must be finite and positive"),
        ({"T": [[0.0]]}, "case 1: T has shape (1, 1)"),
        ({"workload": [0.5, 0.5]}, "case 1: cannot reshape"),
    ],
)
def test_faulty_cases_are_told(
    folder: Path, change: dict[str, object], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cases(folder, [CASE | change, {"name": "bare"}])
    assert main(["hypercube", "--data", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert "case 2: missing: line, N, mu" in captured.err


def test_faulty_files_are_told_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "queueing" / "erlang.csv").unlink()
    (folder / "queueing" / "priority_mmc_cobham.csv").write_text(
        COBHAM + "1,1,0.3 many,0.8,1.1 5.7,2.1 6.7,4.0\n1,1,0.3,0.8,1.1 5.7,2.1,4.0\n", "utf-8"
    )
    assert main(["queueing", "--data", str(folder)]) == 2
    told = capsys.readouterr().err
    assert "erlang.csv" in told
    assert "row 1: lambda_by_class_high_first is not a list of numbers" in told
    assert "row 2: waits and calls are of different numbers of grades" in told


def test_missing_folder_and_unknown_names_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hypercube", "--data", str(folder / "queueing")]) == 2
    assert "hypercube_cases.json: not found" in capsys.readouterr().err
    for family in ("hypercube", "queueing"):
        assert main([family, "--data", str(folder), "--instance", "nowhere"]) == 2
        assert f"family {family} has no instance nowhere" in capsys.readouterr().err
    (folder / "queueing" / "hypercube_cases.json").write_text("{", "utf-8")
    assert main(["hypercube", "--data", str(folder)]) == 2
    assert "not readable as JSON" in capsys.readouterr().err


def test_q_factors_of_the_book() -> None:
    """Q(3, 0.5, j) = 1, 0.73684, 0.63158 (Larson and Odoni, chapter 5)."""
    assert q_factors(3, 1.5, line=True) == pytest.approx([1.0, 0.73684, 0.63158], abs=5e-6)


def test_three_rounds_of_larson_are_those_of_the_book() -> None:
    """The book prints .5627 .4716 .4657; its hand computation rounds on the way."""
    lists = np.array([[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1]])
    workload, _, waits = larson(np.array([0.5, 0.35, 0.25, 0.4]), 1.0, lists, line=True, rounds=3)
    assert workload == pytest.approx([0.5627, 0.4716, 0.4657], abs=1e-4)
    assert waits == pytest.approx(0.23684, abs=5e-6)


def test_one_pool_is_exact_for_every_method() -> None:
    """Four units at one place, offered 2 erlangs: all methods carry 2 (1 - B) / 4."""
    system = drawn_system(3, 1, 4, 0.5, line=False)
    units = int(system.units[0])
    busy = 0.5 * (1.0 - erlang_b(units, 0.5 * units))
    for judged in (exact(system)[0], of_busy_units(system), of_larson(system), of_pools(system)):
        assert judged.workload == pytest.approx([busy], abs=2e-4)
        assert judged.dispatched.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("line", [False, True])
def test_methods_agree_on_a_drawn_system(line: bool) -> None:
    """Two places, at most three units each: busy shares within 0.02 of the exact ones."""
    system = drawn_system(5, 2, 3, 0.6, line=line)
    truth, _ = exact(system)
    methods = [of_busy_units, of_larson] if line else [of_busy_units, of_larson, of_pools]
    for method in methods:
        judged = method(system)
        assert judged.workload == pytest.approx(truth.workload, abs=0.02)
        assert judged.mean_travel == pytest.approx(truth.mean_travel, rel=0.02)
