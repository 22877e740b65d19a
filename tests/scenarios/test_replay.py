"""`muster replay RUN`: recorded calls on the town's plan, from the extract to the tables."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.pipeline import run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from tests.scenarios.town import Muster, write_town

DESCRIPTION = """\
file = "cad.csv"
crs = "EPSG:32651"
timezone = "Asia/Shanghai"
class_of_code = "codes.csv"
officer_initiated = "own.csv"

[columns]
received = "got"
code = "type"
station = "beat"
"""
HEADER = "got,dispatched,arrived,cleared,type,lon,lat,beat"
CODES = "case_code,class_id\nF,fight\nN,noise\n"
OWN = "case_code,reason\nSTOP,stopped by officers\n"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run of the town."""
    folder = tmp_path_factory.mktemp("replay")
    progress = Progress(quiet=True)
    run = run_scenario(write_town(folder / "town").load("patrol.rounds=1"), progress)
    write_run(run, folder / "out", progress)
    return folder / "out"


def evenings(days: int = 10, calls: int = 24, *, arrived: bool = True) -> list[str]:
    """Rows of evenings from 20:00 on: handled in 1.5, reached in 5, done in 15 minutes."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(days * calls):
        day, turn = divmod(number, calls)
        got = datetime(2027, 1, 4 + day, 20) + timedelta(minutes=turn * 235.0 / calls)
        stamps = [got + timedelta(minutes=m) for m in (0.0, 1.5, 6.5, 21.5)]
        text = [stamp.isoformat(timespec="seconds") for stamp in stamps]
        text[2] = text[2] if arrived else ""
        x, y = 355_000 + 6000 * rng.random(), 3_450_000 + 3000 * rng.random()
        code, beat = "FN"[number % 2], "S1" if x < 358_000 else "S2"
        rows.append(",".join([*text, code, f"{x:.1f}", f"{y:.1f}", beat]))
    return rows


@pytest.fixture
def extract(tmp_path: Path) -> Callable[..., Path]:
    """Writes an extract with its description; returns the latter."""

    def write(rows: list[str], description: str = DESCRIPTION, codes: str = CODES) -> Path:
        folder = tmp_path / "cad"
        folder.mkdir(exist_ok=True)
        for name, text in (
            ("cad.csv", "\n".join([HEADER, *rows]) + "\n"),
            ("codes.csv", codes),
            ("own.csv", OWN),
            ("cad.toml", description),
        ):
            (folder / name).write_text(text, encoding="utf-8")
        return folder / "cad.toml"

    return write


OWN_ROW = (
    "2027-01-04T20:00,2027-01-04T20:00,2027-01-04T20:00,2027-01-04T20:05,STOP,356000,3451000,S1"
)
LATE_ROW = "2027-01-04T09:00,2027-01-04T09:01,2027-01-04T09:05,2027-01-04T09:30,F,356000,3451000,S1"
CANCELLED = "2027-01-04T20:30,2027-01-04T20:31,,2027-01-04T20:33,F,356000,3451000,S1"
BACKWARDS = (
    "2027-01-04T20:30,2027-01-04T20:31,2027-01-04T20:29,2027-01-04T20:40,F,356000,3451000,S1"
)


def test_a_replay_from_extract_to_tables(
    planned: Path, extract: Callable[..., Path], muster: Muster, tmp_path: Path
) -> None:
    calls = extract([*evenings(), OWN_ROW, LATE_ROW, CANCELLED])
    words = ("replay", str(planned), "--calls", str(calls), "--replications", "6")
    done = muster(*words, "--out", str(tmp_path / "one"), "--json")
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert record["calls"] == {
        "rows": 243,
        "officer_initiated": 1,
        "faulty_left_out": 0,
        "cancelled": 1,
        "no_unit_asked_for": 0,
        "outside_the_plans_hours": 1,
        "replayed": 240,
        "windows": 10,
    }
    assert set(record["ways"]) == {"planned", "fitted"}
    table = pd.read_csv(tmp_path / "one" / "replay.csv", dtype={"group": str})
    means = table[(table.statistic == "mean") & (table.scope == "all")]
    means = means.set_index(["way", "measure"])
    for way in ("planned", "fitted"):
        row = means.loc[(way, "received_to_arrived")]
        assert (row.calls, row.observed) == (240, pytest.approx(6.5))
        assert row.error == pytest.approx(row.predicted / 6.5 - 1, abs=1e-6)
    # the scenario assumes 1 minute of handling and 30 or 20 minutes on scene; fitted is what was
    assert means.loc[("planned", "received_to_dispatched")].predicted < 1.4
    assert means.loc[("planned", "arrived_to_cleared")].predicted == pytest.approx(25, rel=0.1)
    assert means.loc[("fitted", "received_to_dispatched")].predicted == pytest.approx(1.5, rel=0.05)
    assert means.loc[("fitted", "arrived_to_cleared")].predicted == pytest.approx(15, rel=0.05)
    assert set(table.scope) == {"all", "hour", "district"}
    assert set(table[table.scope == "district"]["group"]) == {"W", "E"}
    assert set(table[table.scope == "hour"]["group"]) >= {"20", "21", "22", "23"}
    again = muster(*words, "--out", str(tmp_path / "two"))
    assert again.code == 0
    assert "Recorded calls on the plan" in again.out
    for name in ("replay.csv", "replay.json", "replay.md", "calibration.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    estimates = pd.read_csv(tmp_path / "one" / "calibration.csv").set_index(["estimate", "group"])
    # every call is reached in 5 minutes, near or far: all turnout, no travel
    assert estimates.loc[("turnout_min", "all"), "value"] == pytest.approx(5.0, abs=0.01)
    assert estimates.loc[("scene_min", "all"), "value"] == pytest.approx(15.0, abs=0.01)
    assert record["fitted_settings"]["handling_min"] == pytest.approx(1.5, abs=0.01)


def test_without_arrivals_the_plan_alone_is_simulated(
    planned: Path, extract: Callable[..., Path], muster: Muster, tmp_path: Path
) -> None:
    calls = extract(evenings(2, arrived=False))
    out = tmp_path / "out"
    done = muster(
        "replay", str(planned), "--calls", str(calls), "--out", str(out), "--json",
        "--replications", "2", "--seed", "5",
    )  # fmt: skip
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert set(record["ways"]) == {"planned"}
    assert record["calls"]["replayed"] == 48
    response = record["ways"]["planned"]["all_calls"][0]
    assert response["observed"] is None
    assert 1.0 < response["predicted"] < 20.0
    assert not (out / "calibration.csv").exists()


def test_faulty_rows_end_in_exit_2_or_are_left_out_on_request(
    planned: Path, extract: Callable[..., Path], muster: Muster, tmp_path: Path
) -> None:
    rows = [*evenings(2), BACKWARDS, LATE_ROW.replace("356000", "300000")]
    out = tmp_path / "out"
    words = ("replay", str(planned), "--out", str(out), "--replications", "1", "--json", "--calls")
    done = muster(*words, str(extract(rows)))
    assert done.code == 2
    assert "cad.csv, row 49: arrived before dispatched" in done.err
    assert "cad.csv, row 50: the call lies outside the study area" in done.err
    assert not out.exists()
    done = muster(*words, str(extract(rows, "leave_out_faulty = true\n" + DESCRIPTION)))
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert record["left_out"] == {"arrived before dispatched": 1, "outside the area": 1}
    assert record["calls"]["faulty_left_out"] == 2
    assert set(record["ways"]) == {"planned"}  # 48 calls are too few to fit


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Nowhere"', "timezone is not known"),
        ('crs = "EPSG:32651"', 'crs = "utm"', "the declared CRS is not known"),
        ('crs = "EPSG:32651"\n', "", "key crs is missing"),
        ('beat"', 'beat"\nname = "caller"', "unknown key columns.name"),
        ('file = "cad.csv"', 'file = "no.csv"', "no.csv: the file does not exist"),
        ('file = "cad.csv"', 'file = cad.csv', "not readable as TOML"),
        ('own.csv"', 'own.csv"\nlongest_job_h = 0', "longest_job_h"),
        ('class_of_code = "codes.csv"', 'class_of_code = "own.csv"', "a column is missing"),
    ],
)  # fmt: skip
def test_a_faulty_description_is_told(
    planned: Path,
    extract: Callable[..., Path],
    muster: Muster,
    old: str,
    new: str,
    told: str,
) -> None:
    assert old in DESCRIPTION
    calls = extract(evenings(1), DESCRIPTION.replace(old, new))
    done = muster("replay", str(planned), "--calls", str(calls))
    assert done.code == 2
    assert told in done.err


def test_what_cannot_be_replayed_is_told(
    planned: Path, extract: Callable[..., Path], muster: Muster, tmp_path: Path
) -> None:
    words = ("replay", str(planned), "--calls")
    done = muster(*words, str(tmp_path / "none.toml"))
    assert (done.code, "no such description" in done.err) == (2, True)
    done = muster(*words, str(extract(evenings(1), codes=CODES + "X,arson\n")))
    assert (done.code, "arson" in done.err) == (2, True)
    done = muster(*words, str(extract([LATE_ROW])))
    assert (done.code, "no call falls into the hours of the plan" in done.err) == (2, True)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("mine", encoding="utf-8")
    done = muster(*words, str(extract(evenings(1))), "--out", str(foreign))
    assert (done.code, "something that is no replay" in done.err) == (2, True)
    assert (foreign / "letter.txt").read_text(encoding="utf-8") == "mine"
