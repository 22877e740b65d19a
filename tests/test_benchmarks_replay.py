"""The replay benchmark on a made-up record of three stations."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks import south_metro
from benchmarks.__main__ import main

HEADER = "received,notified,arrived,cleared,category,station_first_due,lon,lat"


def write_calls(folder: Path, name: str, first: str, days: int, seed: int, *extra: str) -> None:
    """Twelve calls a day around three stations, a minute clock; 2 minutes a km and 2 at once."""
    rng = np.random.default_rng(seed)
    calls = 12 * days
    start = datetime.fromisoformat(first).timestamp()
    received = start + np.sort(rng.random(calls)) * 86400.0 * days
    station = rng.integers(0, 3, calls)
    off_km = rng.normal(0.0, 1.0, (calls, 2))
    travel = (2.0 + 2.0 * np.hypot(*off_km.T)) * rng.gamma(16.0, 1 / 16, calls)
    minutes = np.cumsum([rng.gamma(4.0, 0.25, calls), travel, 20 * rng.gamma(4.0, 0.25, calls)], 0)
    rows = [HEADER, *extra]
    for call in range(calls):
        stamps = [received[call], *(received[call] + 60.0 * minutes[:, call])]
        text = [datetime.fromtimestamp(s).strftime("%Y-%m-%d %H:%M:00") for s in stamps]
        lon = -105.0 + 0.1 * station[call] + off_km[call, 0] / 86.0
        lat = 39.55 + off_km[call, 1] / 111.0
        place = f"{station[call] + 1},{lon:.4f},{lat:.4f}"
        rows.append(f'{",".join(text)},"RESCUE, EMS",{place}')
    target = folder / "south_metro"
    target.mkdir(exist_ok=True)
    (target / name).write_text("\n".join(rows) + "\n", encoding="utf-8")


FAULTY = "2019-05-03 10:00:00,2019-05-03 09:59:00,,2019-05-03 10:10:00,SERVICE CALL,1,-105.0,39.55"


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict]:
    assert main(["replay", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_later_period_is_predicted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(south_metro, "REPLICATIONS", 8)
    write_calls(tmp_path, "calls_2019_apr_may.csv", "2019-04-01", 61, 1, FAULTY)
    write_calls(tmp_path, "calls_2019_jun.csv", "2019-06-01", 29, 2)
    found = lines(capsys, "--data", str(tmp_path))
    reading = found[0]
    assert (reading["value"], reading["known"]) == (732.0, 733.0)
    assert "dispatched before received 1" in reading["status"]
    estimates = {line["params"].partition(";")[0]: line["value"] for line in found[2:12]}
    assert estimates["estimate=handling_min"] == pytest.approx(1.0, rel=0.1)
    assert estimates["estimate=scene_min"] == pytest.approx(20.0, rel=0.06)
    periods = {line["instance"] for line in found[12:]}
    assert periods == {"2019-06-01/2019-06-15", "2019-06-16/2019-06-29"}
    overall = [line for line in found if "scope=all" in line["params"]]
    assert len(overall) == 2 * 2 * 4 * 3
    for line in overall:
        if "handling" not in line["params"] and "statistic=mean" in line["params"]:
            assert line["value"] == pytest.approx(line["known"], rel=0.12)
            assert ("reached" in line["status"]) or ("missed" in line["status"])
    (named,) = [
        line
        for line in found
        if line["instance"] == "2019-06-01/2019-06-15"
        and "calls=drawn;measure=received_to_arrived;statistic=p90;scope=every station"
        in line["params"]
    ]
    assert 0.0 < named["value"] < 0.4
    only = lines(capsys, "--data", str(tmp_path), "--instance", "2019-06-20/2019-06-21")
    assert {line["instance"] for line in only[12:]} == {"2019-06-20/2019-06-21"}


@pytest.mark.parametrize("name", ["2019-05-01/2019-05-31", "June", "2019-06-20/2019-06-10"])
def test_a_period_that_cannot_be_checked_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    write_calls(tmp_path, "calls_2019.csv", "2019-05-20", 20, 3)
    assert main(["replay", "--data", str(tmp_path), "--instance", name]) == 2
    assert name in capsys.readouterr().err


def test_missing_records_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--data", str(tmp_path)]) == 2
    assert "no recorded calls are there" in capsys.readouterr().err
    write_calls(tmp_path, "calls_2019.csv", "2019-06-02", 3, 4)
    assert main(["replay", "--data", str(tmp_path)]) == 2
    assert "no call was received in the fitting period" in capsys.readouterr().err


def test_files_that_overlap_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_calls(tmp_path, "calls_2019_a.csv", "2019-05-01", 10, 5)
    write_calls(tmp_path, "calls_2019_b.csv", "2019-05-08", 10, 6)
    assert main(["replay", "--data", str(tmp_path)]) == 2
    assert "calls_2019_b.csv: its calls begin before" in capsys.readouterr().err
