"""`muster simulate RUN`: a finished run opened again, simulated, refused where it has changed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.faults import BadInput
from scenarios.finished_run import open_run
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from tests.scenarios.town import Muster, write_town


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run of the town; the town lies beside it."""
    folder = tmp_path_factory.mktemp("planned")
    progress = Progress(quiet=True)
    run = run_scenario(write_town(folder / "town").load("patrol.rounds=1"), progress)
    write_run(run, folder / "out", progress)
    return run, folder / "out"


@pytest.fixture
def copied(planned: tuple[Run, Path], tmp_path: Path) -> Path:
    """A copy of run and town, to be spoilt."""
    shutil.copytree(planned[1].parent, tmp_path / "copy")
    return tmp_path / "copy" / "out"


def test_an_opened_run_is_the_run(planned: tuple[Run, Path]) -> None:
    run, folder = planned
    opened = open_run(folder)
    assert opened.loaded.digest() == run.loaded.digest()
    assert np.array_equal(opened.deployment.units, run.plan.deployment.units)
    assert np.array_equal(opened.baseline.units, run.baseline.deployment.units)
    assert opened.strongest == run.strongest.name
    assert opened.visits == run.plan.visits.visits
    assert opened.have == run.plan.posts.have()


def test_the_simulation_of_a_run_is_repeated_exactly(
    planned: tuple[Run, Path], muster: Muster, tmp_path: Path
) -> None:
    _, folder = planned
    done = muster("simulate", str(folder), "--out", str(tmp_path / "again"), "--json")
    assert done.code == 0
    said = json.loads(done.out)
    written = json.loads((folder / "run.json").read_text("utf-8"))["simulation"]
    assert {name: said[name] for name in written} == written
    again = (tmp_path / "again" / "simulation.csv").read_bytes()
    assert again == (folder / "simulation.csv").read_bytes()


def test_records_of_calls_and_another_number_of_nights(
    planned: tuple[Run, Path], muster: Muster, tmp_path: Path
) -> None:
    out = tmp_path / "more"
    words = ("simulate", str(planned[1]), "--out", str(out), "--replications", "3", "--calls")
    done = muster(*words)
    assert done.code == 0
    assert "3 nights" in done.out
    calls = pd.read_csv(out / "calls.csv")
    stamps = calls[["received_min", "ready_min", "dispatched_min", "arrived_min", "cleared_min"]]
    answered = stamps.dropna().to_numpy()
    assert (np.diff(answered, axis=1) >= 0.0).all()
    assert muster(*words).code == 0


def test_visits_made_by_patrol_units_are_measured(
    planned: tuple[Run, Path], muster: Muster, tmp_path: Path
) -> None:
    said = {}
    for way in ("preemptible", "held"):
        done = muster(
            "simulate", str(planned[1]), "--out", str(tmp_path / way), "--json",
            "--set", f"simulation.visits={way}",
        )  # fmt: skip
        assert done.code == 0
        said[way] = json.loads(done.out)
    assert 0.0 < said["preemptible"]["visited_share"] <= said["held"]["visited_share"] <= 1.0


def test_settings_of_the_plan_are_refused(planned: tuple[Run, Path], muster: Muster) -> None:
    done = muster("simulate", str(planned[1]), "--set", "patrol.rounds=2", "--set", "grid.cell_m=9")
    assert done.code == 2
    assert done.err.count("belongs to the plan") == 2
    assert not (planned[1] / "simulation").exists()


def test_wrong_values_are_refused(planned: tuple[Run, Path], muster: Muster) -> None:
    done = muster("simulate", str(planned[1]), "--set", "simulation.scene_cv=-1")
    assert done.code == 2
    assert "simulation.scene_cv" in done.err


def test_a_changed_input_is_refused(copied: Path) -> None:
    forecast = copied.parent / "town" / "forecast.csv"
    forecast.write_text(forecast.read_text("utf-8").replace("1", "2", 1), encoding="utf-8")
    with pytest.raises(BadInput, match="have changed"):
        open_run(copied)


def test_a_missing_input_is_named(copied: Path) -> None:
    (copied.parent / "town" / "stations.csv").unlink()
    with pytest.raises(BadInput, match=r"are gone.*stations\.csv"):
        open_run(copied)


@pytest.mark.parametrize("spoilt", ["no json", '{"settings": {}}'])
def test_an_unreadable_record_is_refused(copied: Path, spoilt: str) -> None:
    (copied / "run.json").write_text(spoilt, encoding="utf-8")
    with pytest.raises(BadInput, match="cannot be read"):
        open_run(copied)


def test_a_folder_without_a_run_is_refused(tmp_path: Path, muster: Muster) -> None:
    done = muster("simulate", str(tmp_path))
    assert done.code == 2
    assert "run.json" in done.err


def test_foreign_files_are_not_replaced(
    planned: tuple[Run, Path], muster: Muster, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    done = muster("simulate", str(planned[1]), "--out", str(tmp_path))
    assert done.code == 2
    assert (tmp_path / "notes.txt").read_text("utf-8") == "mine"


def test_a_night_without_calls_or_without_units(tmp_path: Path, muster: Muster) -> None:
    for name, column, told in (
        ("forecast.csv", "expected_incidents", "No call"),
        ("headcount.csv", "headcount", "100.000%"),
    ):
        town = write_town(tmp_path / column)
        table = pd.read_csv(town.folder / name)
        rows = table["force_id"] == "officers" if column == "headcount" else slice(None)
        table.loc[rows, column] = 0
        table.to_csv(town.folder / name, index=False)
        out = tmp_path / column / "out"
        assert muster("run", town.path, "--out", str(out), "--quick").code == 0
        done = muster("simulate", str(out))
        assert done.code == 0
        assert told in done.out
