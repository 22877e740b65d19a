"""`muster rosters RUN` on the tiny town: whole, repeatable, refused where input is bad."""

import json
import re
import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from geodata.faults import BadInput
from geodata.horizon import Horizon
from geodata.season import Season, SeasonPhase
from optimizer.duty_lines import DutyLines, LineGroup
from scenarios import roster_run
from scenarios.pipeline import run_scenario
from scenarios.progress import Progress
from scenarios.roster_run import festival_days, named_days
from scenarios.run_folder import write_run
from tests.scenarios.town import Muster, write_town

SHANGHAI = ZoneInfo("Asia/Shanghai")
KEYS = ["station_id", "force_id", "team"]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the town; the town lies beside it."""
    folder = tmp_path_factory.mktemp("rostered")
    progress = Progress(quiet=True)
    settings = ("patrol.rounds=1", "simulation.replications=0")
    run = run_scenario(write_town(folder / "town").load(*settings), progress)
    write_run(run, folder / "out", progress)
    return folder / "out"


@pytest.fixture
def copied(planned: Path, tmp_path: Path) -> Path:
    """A copy of run and town, to be spoilt."""
    shutil.copytree(planned.parent, tmp_path / "copy")
    return tmp_path / "copy" / "out"


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_rosters_of_a_run(copied: Path, muster: Muster) -> None:
    """Duties given and short are the staffing, shift by shift; the record adds them up."""
    done = muster("rosters", str(copied), "--json")
    assert done.code == 0
    out = copied / "rosters"
    assert set(contents(out)) == {
        "rosters.csv", "lines.csv", "homes.csv", "rosters.json", "rosters.md",
        "calendars/S1.ics", "calendars/S2.ics",
        "sheets/index.html", "sheets/station-S1.html", "sheets/station-S2.html",
    }  # fmt: skip
    duties, homes, lines, staffing = (
        pd.read_csv(path, keep_default_na=False)
        for path in (
            *(out / f"{name}.csv" for name in ("rosters", "homes", "lines")),
            copied / "staffing.csv",
        )
    )
    given = duties.groupby([*KEYS, "shift_id", "start"]).size()
    asked = staffing.set_index([*KEYS, "shift_id", "start"])["officers"]
    short = asked.sub(given, fill_value=0)
    assert (short >= 0).all()
    assert homes.set_index(KEYS)["duties_short"].to_dict() == short.groupby(KEYS).sum().to_dict()
    record = json.loads(done.out)
    assert record == json.loads((out / "rosters.json").read_text("utf-8"))
    assert record["duties"] == len(duties)
    assert record["duties"] + record["duties_short"] == staffing["officers"].sum()
    assert (record["lines"], record["hours"]) == (len(lines), lines["hours"].sum())
    assert (record["status"], record["violations"], record["festival_days"]) == ("valid", [], [])
    assert record["run"] == json.loads((copied / "run.json").read_text("utf-8"))["digest"]
    assert "seconds" not in json.dumps(record)
    events = sum(
        (out / "calendars" / f"S{n}.ics").read_text().count("BEGIN:VEVENT") for n in (1, 2)
    )
    assert events == len(duties)


def test_links_of_the_index_exist(planned: Path, muster: Muster, tmp_path: Path) -> None:
    out = tmp_path / "linked"
    assert muster("rosters", str(planned), "--out", str(out)).code == 0
    links = re.findall(r'href="([^"]*)"', (out / "sheets" / "index.html").read_text("utf-8"))
    assert len(links) == 4
    assert all((out / "sheets" / link).is_file() for link in links)


def test_the_same_run_is_the_same_bytes(planned: Path, muster: Muster, tmp_path: Path) -> None:
    words = ("rosters", str(planned), "--out")
    first, second = muster(*words, str(tmp_path / "a")), muster(*words, str(tmp_path / "b"))
    assert first.out == second.out
    assert "lines" in first.err
    before = contents(tmp_path / "a")
    assert before == contents(tmp_path / "b")
    assert muster(*words, str(tmp_path / "a")).code == 0
    assert contents(tmp_path / "a") == before


def test_festival_days_can_be_named(planned: Path, muster: Muster, tmp_path: Path) -> None:
    """The town's four hours are those of 5 February before midnight."""
    words = ("rosters", str(planned), "--out", str(tmp_path / "feast"), "--json")
    done = muster(*words, "--festival", "2027-02-05")
    assert done.code == 0
    assert json.loads(done.out)["festival_days"] == ["2027-02-05"]
    lines = pd.read_csv(tmp_path / "feast" / "lines.csv")
    assert lines["festival"].sum() == json.loads(done.out)["duties"]
    refused = muster(*words, "--festival", "2027-02-06", "--festival", "Eve")
    assert refused.code == 2
    assert refused.err.count("not a day of the run") == 2


def test_a_broken_rule_is_never_written_as_valid(
    planned: Path, muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line 1 of one home is put on every duty: told everywhere, and nothing to import."""

    def all_on_one(problem: DutyLines, seed: int) -> tuple[LineGroup, ...]:
        need = problem.need[0, 0]
        works = np.ones((1, len(need)), dtype=np.bool_)
        return (LineGroup(0, 0, works, need - 1),)

    monkeypatch.setattr(roster_run, "roster_lines", all_on_one)
    out = tmp_path / "broken"
    done = muster("rosters", str(planned), "--out", str(out))
    assert done.code == 1
    assert "**Not valid**: the rosters break" in done.out
    assert json.loads((out / "rosters.json").read_text("utf-8"))["status"] == "not valid"
    assert "rest" in set(pd.read_csv(out / "violations.csv")["rule"])
    assert not (out / "calendars").exists()
    assert "Not valid" in (out / "sheets" / "station-S1.html").read_text("utf-8")


def test_a_plan_that_breaks_rules_has_no_valid_rosters(copied: Path, muster: Muster) -> None:
    record = json.loads((copied / "run.json").read_text("utf-8"))
    record["violations"] = ["rest: S1"]
    (copied / "run.json").write_text(json.dumps(record), encoding="utf-8")
    done = muster("rosters", str(copied))
    assert done.code == 1
    assert "the plan of the run breaks 1 rules" in done.out
    assert not (copied / "rosters" / "calendars").exists()


def test_bad_input_is_told_and_nothing_written(copied: Path, muster: Muster) -> None:
    table = pd.read_csv(copied / "staffing.csv", dtype=str)
    table.loc[0, "station_id"], table.loc[1, "officers"] = "S9", "500"
    table.to_csv(copied / "staffing.csv", index=False)
    done = muster("rosters", str(copied), "--festival", "Eve")
    assert done.code == 2
    assert "--festival: not a day of the run (value: 'Eve')" in done.err
    assert "staffing.csv, row 1: station_id" in done.err
    assert "staffing.csv, row 2: more officers" in done.err
    assert "Traceback" not in done.err
    assert not (copied / "rosters").exists()


def test_a_folder_without_a_run_is_refused(tmp_path: Path, muster: Muster) -> None:
    done = muster("rosters", str(tmp_path))
    assert done.code == 2
    assert "run.json" in done.err


@pytest.mark.parametrize("foreign", ["notes.txt", "sheets/notes.txt", "mine/S1.ics"])
def test_foreign_files_are_not_replaced(
    planned: Path, muster: Muster, tmp_path: Path, foreign: str
) -> None:
    path = tmp_path / "out" / foreign
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    done = muster("rosters", str(planned), "--out", str(tmp_path / "out"))
    assert done.code == 2
    assert path.read_text("utf-8") == "mine"


def test_nothing_is_left_of_an_interrupted_writing(
    planned: Path, muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "stopped"
    words = ("rosters", str(planned), "--out", str(out))
    assert muster(*words).code == 0
    before = contents(out)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(roster_run, "roster_pages", interrupted)
    assert muster(*words).code != 0
    assert contents(out) == before
    assert list(tmp_path.iterdir()) == [out]


def season(*phases: tuple[str, int, int, str]) -> Season:
    flat = {"flat": np.full(24, 1 / 24)}
    return Season(
        tuple(
            SeasonPhase(name, date(2027, 2, a), date(2027, 2, b), "flat", kind, (1.0,) * 5, 1, 1)
            for name, a, b, kind in phases
        ),
        flat,
    )


def test_festival_days_are_the_holidays_of_the_season() -> None:
    """From the noon of the 4th to 04:00 on the 7th: of the 7th only the night of the 6th."""
    horizon = Horizon(datetime(2027, 2, 4, 12, tzinfo=SHANGHAI), 64)
    found = season(("before", 1, 4, "working_day"), ("feast", 5, 8, "holiday"))
    assert festival_days(found, horizon) == (date(2027, 2, 5), date(2027, 2, 6))
    assert festival_days(None, horizon) == ()


def test_the_shortest_phase_says_what_a_day_is() -> None:
    horizon = Horizon(datetime(2027, 2, 4, 12, tzinfo=SHANGHAI), 48)
    found = season(("all", 1, 9, "holiday"), ("work", 5, 5, "working_day"))
    assert festival_days(found, horizon) == (date(2027, 2, 4), date(2027, 2, 6))


def test_named_days_are_days_of_the_run() -> None:
    horizon = Horizon(datetime(2027, 2, 4, 12, tzinfo=SHANGHAI), 24)
    assert named_days(["2027-02-05", "2027-02-04"], horizon) == (
        date(2027, 2, 4),
        date(2027, 2, 5),
    )
    with pytest.raises(BadInput, match="dates from 2027-02-04 to 2027-02-05") as caught:
        named_days(["2027-02-06", "tomorrow"], horizon)
    assert len(caught.value.faults) == 2
