"""`muster cordon RUN`: rings and exits in the tiny town, and requests that are refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.faults import BadInput
from optimizer.judges.ring_rules import ring_violations
from optimizer.models.location.ring_cordon import smallest_ring
from optimizer.plan import Deployment
from scenarios import cordon_run
from scenarios.cordon_input import CordonWords, open_and_understand
from scenarios.cordon_scene import cells_at_edge, scene_of
from scenarios.finished_run import FinishedRun, open_run
from scenarios.pipeline import run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from tests.scenarios.town import Finished, Muster, write_town

UTM = ("--crs", "EPSG:32651")
MIDDLE, CORNER = "357500,3451500", "355500,3450500"
EVENING = "2027-02-05T21:30"
SLOW_CAR = ("--car-factor", "0.4")
WORDS = CordonWords(MIDDLE, "EPSG:32651", EVENING, 0.0, 1.2, 5.0)

EXITS = """\
exit_id,name_en,name_zh,lon,lat
W,West gate,西门,355200,3451500
E,East gate,,360800,3451500
"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the town."""
    folder = tmp_path_factory.mktemp("planned")
    progress = Progress(quiet=True)
    run = run_scenario(write_town(folder / "town").load("patrol.rounds=1"), progress)
    write_run(run, folder / "out", progress)
    return folder / "out"


@pytest.fixture(scope="module")
def finished(planned: Path) -> FinishedRun:
    return open_run(planned)


@pytest.fixture
def cordon(planned: Path, muster: Muster, tmp_path: Path) -> Callable[..., Finished]:
    """Runs the command on the town; the result goes to `result`."""

    def run(*words: str, at: str = MIDDLE, time: str = EVENING) -> Finished:
        out = ("--out", str(tmp_path / "result"))
        return muster("cordon", str(planned), "--at", at, "--time", time, *UTM, *out, *words)

    return run


def with_units(finished: FinishedRun, units: dict[int, int]) -> FinishedRun:
    """The run with so many units at some places in all hours and none elsewhere."""
    standing = np.zeros_like(finished.deployment.units)
    for place, count in units.items():
        standing[0, place] = count
    return replace(finished, deployment=Deployment(("patrol_car",), standing, ()))


def test_a_ring_that_holds(cordon: Callable[..., Finished], tmp_path: Path) -> None:
    done = cordon("--json", *SLOW_CAR)
    said = json.loads(done.out)
    table = pd.read_csv(tmp_path / "result" / "cordon.csv")
    assert (done.code, said["status"], said["violations"]) == (0, "holds", [])
    assert len(table) == said["stops"] > 0
    assert (table["slack_min"] >= 0.0).all()
    assert table["slack_min"].min() == pytest.approx(said["least_slack_min"], abs=0.01)
    assert list(table["car_min"]) == sorted(table["car_min"])
    assert set(table["unit_type"]) == {"patrol_car"}
    assert said == json.loads((tmp_path / "result" / "cordon.json").read_text("utf-8"))
    text = (tmp_path / "result" / "cordon.md").read_text("utf-8")
    assert "West (西区)" in text
    assert "holds" in text


def test_the_layer_has_every_stop_and_the_cells(
    cordon: Callable[..., Finished], tmp_path: Path
) -> None:
    said = json.loads(cordon("--json", *SLOW_CAR).out)
    layer = json.loads((tmp_path / "result" / "cordon.geojson").read_text("utf-8"))
    kinds = [feature["properties"]["kind"] for feature in layer["features"]]
    assert kinds.count("checkpoint") == kinds.count("way") == said["stops"]
    assert (kinds.count("point"), kinds.count("inside")) == (1, 1)
    inside = layer["features"][kinds.index("inside")]
    assert inside["properties"]["cells"] == said["cells_inside"]
    lon, lat = layer["features"][0]["geometry"]["coordinates"]
    assert (lon, lat) == (said["at"]["lon"], said["at"]["lat"])


def test_same_request_same_bytes(cordon: Callable[..., Finished], tmp_path: Path) -> None:
    files = []
    for _ in range(2):
        cordon(*SLOW_CAR)
        files.append({p.name: p.read_bytes() for p in (tmp_path / "result").iterdir()})
    assert files[0] == files[1]
    assert set(files[0]) == {"cordon.csv", "cordon.json", "cordon.md", "cordon.geojson"}


def test_units_are_those_of_the_hour_with_their_turnout(finished: FinishedRun) -> None:
    """A station first (2.5 min to move off), then a standby point (1 min)."""
    situation = finished.world.situation
    standby = int(situation.patrol_places.of_kind("standby")[0])
    _, request = open_and_understand(finished.folder, WORDS)
    scene = scene_of(with_units(finished, {0: 2, standby: 1}), request)
    assert request.hour == 1
    assert scene.pursuit.squads.units.tolist() == [2, 1]
    assert scene.pursuit.squads.turnout_min.tolist() == [2.5, 1.0]
    assert scene.pursuit.squads.node.tolist() == situation.patrol_places.cell[[0, standby]].tolist()
    assert scene.pursuit.car_kmh.max() == pytest.approx(1.2 * 85.0)


@pytest.mark.parametrize("units", [1, 4])
def test_every_ring_is_judged_sound(finished: FinishedRun, units: int) -> None:
    _, request = open_and_understand(finished.folder, WORDS)
    standby = finished.world.situation.patrol_places.of_kind("standby").tolist()
    scene = scene_of(with_units(finished, dict.fromkeys(standby, units)), request)
    search = smallest_ring(scene.pursuit, first_min=1.0, step_min=1.0)
    assert search.cordon is not None
    assert ring_violations(scene.pursuit, search.cordon) == ()


def test_no_ring_holds_against_a_long_head_start(
    cordon: Callable[..., Finished], tmp_path: Path
) -> None:
    done = cordon("--alarm-min", "8", at=CORNER)
    assert done.code == 1
    assert "No ring holds" in done.out
    record = json.loads((tmp_path / "result" / "cordon.json").read_text("utf-8"))
    assert (record["status"], record["stops"], record["cells_inside"]) == ("none", 0, None)
    assert pd.read_csv(tmp_path / "result" / "cordon.csv").empty


def test_late_checkpoints_are_named_with_their_minutes(cordon: Callable[..., Finished]) -> None:
    done = cordon("--json", "--ring-min", "1", "--alarm-min", "4", at=CORNER)
    first = json.loads(done.out)["rings"][0]
    assert first["verdict"] == "late"
    assert first["stops"][0]["late_min"] > 0.0
    assert first["stops"][0]["name_zh"] == "西区"


def test_exits_are_sealed(cordon: Callable[..., Finished], tmp_path: Path) -> None:
    (tmp_path / "exits.csv").write_text(EXITS, encoding="utf-8")
    done = cordon("--exits", str(tmp_path / "exits.csv"), "--json")
    said = json.loads(done.out)
    assert (done.code, said["mode"], said["status"]) == (0, "exits", "holds")
    assert said["last_arrival_min"] == pytest.approx(said["bound_min"], abs=1e-4)
    table = pd.read_csv(tmp_path / "result" / "cordon.csv").set_index("id")
    assert list(table.index) == ["W", "E"]
    assert table["kind"].unique().tolist() == ["exit"]
    assert table["arrival_min"].max() == pytest.approx(said["last_arrival_min"], abs=0.01)
    assert "All 2 exits are sealed" in (tmp_path / "result" / "cordon.md").read_text("utf-8")


def test_the_way_to_an_exit_by_hand(
    finished: FinishedRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One car at the west station: off after 2.5 min, one cell of 1.2 km away at 24 km/h.

    The car has 2.4 km to go at 36 km/h and is there after 4 min, 1.5 min before it.
    """
    exits = tmp_path / "exits.csv"
    exits.write_text(EXITS.splitlines()[0] + "\nW,Gate,,355500,3451500\n", encoding="utf-8")
    run, request = open_and_understand(finished.folder, replace(WORDS, exits=exits))
    one = with_units(run, {0: 1})
    monkeypatch.setattr(cordon_run, "open_and_understand", lambda *_: (one, request))
    record, _ = cordon_run.cordon_run(finished.folder, WORDS, tmp_path / "result")
    assert record["last_arrival_min"] == pytest.approx(2.5 + 1.2 / 24.0 * 60.0)
    assert record["after_the_car"] == ["W"]


def test_exits_that_cannot_be_sealed(
    finished: FinishedRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One car for two exits: one more would do. None at all: two more."""
    (tmp_path / "exits.csv").write_text(EXITS, encoding="utf-8")
    words = replace(WORDS, exits=tmp_path / "exits.csv")
    run, request = open_and_understand(finished.folder, words)
    for units, short in (({0: 1}, 1), ({}, 2)):
        few = with_units(run, units)
        monkeypatch.setattr(cordon_run, "open_and_understand", lambda *_, few=few: (few, request))
        record, text = cordon_run.cordon_run(finished.folder, words, tmp_path / "result")
        assert (record["status"], record["units_short"]) == ("none", short)
        assert record["short_at"] == ["W", "E"]
        assert f"{short} more units would do" in text
        assert not cordon_run.is_held(record)
        assert pd.read_csv(tmp_path / "result" / "cordon.csv")["unit_type"].isna().all()


def test_every_fault_is_told_at_once(cordon: Callable[..., Finished], tmp_path: Path) -> None:
    rows = "far,Far,,400000,3451500\nW,Gate,,355500,north\nW,Again,,355500,3451500\n"
    (tmp_path / "exits.csv").write_text(EXITS + rows, encoding="utf-8")
    done = cordon(
        "--alarm-min", "-1", "--car-factor", "0", "--ring-min", "nan",
        "--exits", str(tmp_path / "exits.csv"), at="400000,3451500", time="2027-02-06T00:00",
    )  # fmt: skip
    assert done.code == 2
    for told in (
        "--alarm-min: ",
        "--car-factor: ",
        "--ring-min: ",
        "--at: the point lies outside",
        "--time: the alarm is not in the hours",
        "exits.csv, row 3: the point lies outside",
        "exits.csv, row 4: lat is not a finite number",
        "exits.csv, row 5: the exit stands in an earlier row",
    ):
        assert told in done.err
    assert not (tmp_path / "result").exists()


@pytest.mark.parametrize(
    ("at", "time", "told"),
    [
        ("here", EVENING, "--at: the point is not two numbers"),
        ("1,2,3", EVENING, "--at: the point is not two numbers"),
        ("nan,1", EVENING, "--at: the point is not two numbers"),
        ("-122.6,45.5", EVENING, "--at: the point lies outside"),
        (MIDDLE, "tonight", "--time: the alarm is not a time"),
        (MIDDLE, "2027-02-05T19:59:59", "--time: the alarm is not in the hours"),
    ],
)
def test_words_that_mean_nothing(
    cordon: Callable[..., Finished], at: str, time: str, told: str
) -> None:
    done = cordon(at=at, time=time)
    assert (done.code, told in done.err) == (2, True)


def test_an_unknown_crs_is_refused(cordon: Callable[..., Finished]) -> None:
    done = cordon("--crs", "mars")
    assert done.code == 2
    assert "--crs: 'mars' is none of wgs84" in done.err


def test_a_time_with_its_offset_is_the_same_moment(finished: FinishedRun) -> None:
    _, local = open_and_understand(finished.folder, WORDS)
    _, utc = open_and_understand(finished.folder, replace(WORDS, time="2027-02-05T13:30Z"))
    assert local.alarm == utc.alarm
    assert utc.hour == 1


def test_a_missing_run_is_told_with_the_other_faults(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        open_and_understand(tmp_path, replace(WORDS, alarm_min=float("inf")))
    assert [fault.file for fault in caught.value.faults] == ["--alarm-min", tmp_path.name]


def test_foreign_files_are_not_replaced(cordon: Callable[..., Finished], tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "notes.txt").write_text("mine", encoding="utf-8")
    done = cordon()
    assert done.code == 2
    assert (tmp_path / "result" / "notes.txt").read_text("utf-8") == "mine"


def test_cells_at_the_edge_of_the_area_are_counted(finished: FinishedRun) -> None:
    """Of six by three cells the four inner ones have all neighbours."""
    situation = finished.world.situation
    assert cells_at_edge(situation, np.ones(18, dtype=bool)) == 14
    assert cells_at_edge(situation, np.zeros(18, dtype=bool)) == 0
