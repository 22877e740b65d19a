"""A plan read back from its run folder, refused where it does not fit, and what was changed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.faults import BadInput
from optimizer.plan import Deployment
from scenarios.changes import (
    changes_frame,
    changes_text,
    city_service,
    unit_hours_changed,
    unit_hours_forced,
)
from scenarios.given_plan import read_given_plan
from scenarios.headline import headline
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from scenarios.world import build_world
from tests.scenarios.town import Muster, Town, write_town

HOUR_LATER = "start = 2027-02-05T21:00:00\nhours = 3"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """One run of the town and its folder."""
    folder = tmp_path_factory.mktemp("earlier")
    progress = Progress(quiet=True)
    once = write_town(folder / "town").load("patrol.rounds=1", "staffing.rounds=1")
    run = run_scenario(once, progress)
    write_run(run, folder / "out", progress)
    return run, folder / "out"


@pytest.fixture
def given(earlier: tuple[Run, Path], tmp_path: Path) -> Path:
    """A copy of the two files that are read, to be spoilt."""
    folder = tmp_path / "given"
    folder.mkdir()
    for name in ("run.json", "deployment.csv"):
        (folder / name).write_bytes((earlier[1] / name).read_bytes())
    return folder


def faults_of(folder: Path, run: Run) -> str:
    with pytest.raises(BadInput) as refused:
        read_given_plan(folder, None, run.world.situation, run.world.force)
    return str(refused.value)


def spoil(folder: Path, column: str, row: int, value: object) -> None:
    table = pd.read_csv(folder / "deployment.csv", dtype=object)
    table.loc[row, column] = value
    table.to_csv(folder / "deployment.csv", index=False)


def test_a_plan_comes_back_as_it_was(earlier: tuple[Run, Path], given: Path) -> None:
    run = earlier[0]
    found = read_given_plan(given, 7, run.world.situation, run.world.force)
    assert found.units.sum() > 0
    assert (found.units == run.plan.deployment.units).all()
    assert (found.scenario, found.digest, found.max_changes) == ("tiny", run.loaded.digest(), 7)


def test_rows_of_one_place_are_added_up(earlier: tuple[Run, Path], given: Path) -> None:
    """A second row: three more units from another station."""
    run = earlier[0]
    table = pd.read_csv(given / "deployment.csv")
    more = table.iloc[[0]].assign(units=3)
    pd.concat([table, more]).to_csv(given / "deployment.csv", index=False)
    found = read_given_plan(given, None, run.world.situation, run.world.force).units
    assert found.sum() == run.plan.deployment.units.sum() + 3
    assert (found >= run.plan.deployment.units).all()


def test_a_folder_without_a_run(earlier: tuple[Run, Path], tmp_path: Path) -> None:
    text = faults_of(tmp_path / "nothing", earlier[0])
    assert "--from nothing: there is no run.json" in text
    assert "--from nothing: there is no deployment.csv" in text


def test_every_fault_at_once(earlier: tuple[Run, Path], given: Path) -> None:
    run = earlier[0]
    spoil(given, "place_id", 0, "nowhere")
    spoil(given, "unit_type", 1, "helicopter")
    spoil(given, "units", 2, "1.5")
    spoil(given, "start", 3, "2027-02-06T03:00:00+08:00")
    spoil(given, "lon", 4, "121.0")
    text = faults_of(given, run)
    assert "row 1: place_id is not one of the scenario's places (value: 'nowhere')" in text
    assert "row 2: unit_type is not one of the scenario's unit types" in text
    assert "row 3: units is not a whole number" in text
    assert "row 4: start is not an hour of the scenario's horizon" in text
    assert "row 5: the place stands elsewhere in this scenario" in text
    assert len(text.splitlines()) == 5


def test_a_run_of_other_hours(earlier: tuple[Run, Path], given: Path, tmp_path: Path) -> None:
    """The town an hour later: the first hour of the plan is strange, and the record says so."""
    town = write_town(tmp_path / "town")
    town.edit("tiny.toml", "start = 2027-02-05T20:00:00\nhours = 4", HOUR_LATER)
    rows = (town.folder / "forecast.csv").read_text("utf-8").splitlines()
    kept = [row for row in rows if "T20:00" not in row]
    (town.folder / "forecast.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    later = build_world(town.load())
    with pytest.raises(BadInput) as refused:
        read_given_plan(given, None, later.situation, later.force)
    text = str(refused.value)
    assert "run.json: the run has other hours than the scenario" in text
    assert "4 h from 2027-02-05T20:00:00+08:00" in text
    assert "start is not an hour of the scenario's horizon" in text


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"settings": {}}', '{"settings": {"area": {"timezone": "Nowhere/At_all"}}}'],
)
def test_a_record_that_cannot_be_read(earlier: tuple[Run, Path], given: Path, text: str) -> None:
    (given / "run.json").write_text(text, encoding="utf-8")
    assert "run.json: the record of the run cannot be read" in faults_of(given, earlier[0])


def test_a_column_is_missing(earlier: tuple[Run, Path], given: Path) -> None:
    table = pd.read_csv(given / "deployment.csv").drop(columns="units")
    table.to_csv(given / "deployment.csv", index=False)
    assert "a column is missing (value: 'units')" in faults_of(given, earlier[0])


def test_the_list_of_changes(earlier: tuple[Run, Path]) -> None:
    """One car moves from the first manned place to the one behind it in the last hour."""
    run = earlier[0]
    units = run.judged.deployment.units.copy()
    place = int(np.flatnonzero(units[0, :, 3])[0])
    units[0, place, 3] -= 1
    units[0, place + 1, 3] += 1
    moved = replace(run.judged, deployment=Deployment(("patrol_car",), units, ()))
    table = changes_frame(run.world.situation, run.judged, moved)
    assert table["place_id"].tolist() == list(
        run.world.situation.patrol_places.place_ids[place : place + 2]
    )
    assert table["difference"].tolist() == [-1, 1]
    assert (table["after"] - table["before"]).tolist() == [-1, 1]
    assert set(table["start"]) == {"2027-02-05T23:00:00+08:00"}
    assert unit_hours_changed(run.judged.deployment.units, units) == 1
    assert changes_frame(run.world.situation, moved, moved).empty


def test_changes_that_had_to_be() -> None:
    """Pool 0 shrinks by two, of the three units that leave; pool 1 grows."""
    before = np.array([[[3], [1], [2]]])
    after = np.array([[[0], [2], [4]]])
    assert unit_hours_changed(before, after) == 3
    assert unit_hours_forced(before, after, np.array([0, 0, 1])) == 2


def test_what_the_changes_buy(earlier: tuple[Run, Path]) -> None:
    run = earlier[0]
    pools = run.world.situation.place_command
    text = changes_text(run.baseline, run.judged, pools, run.judged, 12)
    saved = run.baseline.response_sum - run.judged.response_sum
    assert f"The changes save {saved:,.1f} weighted call-minutes" in text
    assert "the budget is 12" in text
    assert "Without the budget they would save another 0.0 weighted call-minutes" in text
    mean_min, covered = city_service(run.judged)
    service = headline(run)["service"]["plan"]
    assert (mean_min, covered) == pytest.approx((service["mean_min"], service["covered"]), abs=1e-6)
    assert f"| this plan | {run.judged.deployment.units.sum():,} |" in text
    assert f"| {mean_min:.3f} | {covered:.2%} |" in text
    assert "budget they" not in changes_text(run.baseline, run.judged, pools)


def test_the_command_changes_a_given_plan(
    town: Town, muster: Muster, earlier: tuple[Run, Path], tmp_path: Path
) -> None:
    """Twice the calls: at most five unit-hours leave their place, where staffing moves none."""
    out = tmp_path / "out"
    words = ["run", town.path, "--out", str(out), "--set", "demand.scale=2"]
    words += ["--set", "staffing.rounds=1"]
    finished = muster(*words, "--from", str(earlier[1]), "--changes", "5")
    assert finished.code == 0
    table = pd.read_csv(out / "changes.csv")
    left = -table["difference"][table["difference"] < 0].sum()
    assert left <= 5
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert f"{left} of {earlier[0].plan.deployment.units.sum():,} unit-hours leave" in summary
    assert "| without the budget |" in summary
    found = json.loads((out / "run.json").read_text(encoding="utf-8"))["given_plan"]
    digest = earlier[0].loaded.digest()
    assert found == {
        "scenario": "tiny",
        "digest": digest,
        "max_changes": 5,
        "unit_hours_changed": left,
    }


def test_the_same_plan_again_when_nothing_may_change(
    town: Town, muster: Muster, earlier: tuple[Run, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["run", town.path, "--out", str(out), "--from", str(earlier[1]), "--changes", "0"]
    assert muster(*words).code == 0
    assert pd.read_csv(out / "changes.csv").empty


def test_bad_words_after_from(town: Town, muster: Muster, tmp_path: Path) -> None:
    out = tmp_path / "out"
    finished = muster("run", town.path, "--out", str(out), "--from", str(tmp_path / "none"))
    assert finished.code == 2
    assert "--from none: there is no run.json" in finished.err
    finished = muster("run", town.path, "--out", str(out), "--changes", "3")
    assert finished.code == 2
    assert "a change budget without a plan to change" in finished.err
    assert not out.exists()
