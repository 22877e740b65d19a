"""The tiny town planned from the command line: what the folder holds and when it is replaced."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from optimizer.judges.claims import check_objective
from optimizer.judges.violation import Violation
from optimizer.judges.visit_rules import check_visit_plan
from scenarios import pipeline, run_folder
from scenarios.headline import json_ready, shown
from scenarios.pipeline import run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from tests.scenarios.town import CELLS, HOURS, Muster, Town, write_town

FILES = {
    "run.json",
    "summary.md",
    "staffing.csv",
    "loans.csv",
    "deployment.csv",
    "posts.csv",
    "visits.csv",
    "scorecard.csv",
    "baselines.csv",
    "marginal.csv",
    "officers.csv",
    "donors.csv",
    "lender_hours.csv",
    "shortages.csv",
    "baseline_deployment.csv",
    "simulation.csv",
    "cells.parquet",
    "plan.gpkg",
    "map.html",
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one run of the town."""
    folder = tmp_path_factory.mktemp("planned")
    town = write_town(folder / "town")
    progress = Progress(quiet=True)
    write_run(run_scenario(town.load(), progress), folder / "out", progress)
    return folder / "out"


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file of a run by its path in the folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def record(folder: Path) -> dict[str, Any]:
    text = (folder / "run.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text, parse_constant=pytest.fail)
    return found


def test_every_file_is_there(planned: Path) -> None:
    found = contents(planned)
    assert {name for name in found if not name.startswith("orders/")} == FILES
    assert all(found.values())
    sheets = " ".join(name for name in found if name.startswith("orders/"))
    assert all(name in sheets for name in ("S1", "S2", "fair"))
    assert [path.name for path in planned.parent.iterdir() if path.name.startswith(".")] == []


def test_staffing_stays_within_the_headcount(planned: Path) -> None:
    staffing = table(planned, "staffing")
    at_work = staffing.groupby(["station_id", "force_id"])["officers"].sum()
    assert at_work["S1", "officers"] <= 30
    assert at_work["S1", "auxiliary"] <= 20
    assert at_work["S2", "officers"] <= 24
    assert ("S2", "auxiliary") not in at_work
    assert set(staffing["shift_id"]) <= {"duty_24h", "evening_8h"}


def test_posts_add_up(planned: Path) -> None:
    posts = table(planned, "posts")
    assert (posts["required"] == posts["have"] + posts["need"]).all()
    assert (posts["need"] >= 0).all()
    named = posts["filled_by"].fillna("").str.findall(r": (\d+)")
    assert [sum(map(int, counts)) for counts in named] == posts["have"].tolist()
    figures = record(planned)["headline"]["posts"]
    assert figures == {name: int(posts[name].sum()) for name in ("required", "have", "need")}


def test_posts_of_the_fair(planned: Path) -> None:
    """30 staff at the peak; half of them in the core, 55 % police: 8.25, so nine officers.

    With four of support (3.75) they are thirteen, whom two of the nine lead.
    """
    posts = table(planned, "posts").set_index(["phase", "ring", "role"])["required"]
    assert posts["peak", "core", "police"] == 7
    assert posts["peak", "core", "supervisor"] == 2
    assert posts["build_up", "core", "police"] == 4  # 60 % of 8.25, less one who leads
    assert posts["dispersal", "outer", "support"] == 2  # 70 % of 30 x 0.2 x 0.25 = 1.05


def test_units_are_staffed(planned: Path) -> None:
    """Two officers a car: no more cars in an hour than the officers on duty can man."""
    duty = table(planned, "staffing").query("force_id == 'officers'")
    units = table(planned, "deployment").groupby("start")["units"].sum()
    for start in (f"2027-02-05T{hour}:00+08:00" for hour in HOURS):
        on_duty = duty[(duty["start"] <= start) & (start < duty["end"])]["officers"].sum()
        assert 0 < 2 * units[start] <= on_duty


def test_cars_stand_where_the_table_says(planned: Path) -> None:
    deployment = table(planned, "deployment")
    assert set(deployment["cell_id"]) <= set(CELLS)
    at = gpd.GeoSeries.from_xy(deployment["lon"], deployment["lat"], crs="EPSG:4326")
    metric = at.to_crs("EPSG:32651")
    named = deployment["cell_id"].str.extract(r"E(\d+)N(\d+)").astype(float)
    offset = [metric.x - (named[0] + 0.5) * 1000, metric.y - (named[1] + 0.5) * 1000]
    assert max(axis.abs().max() for axis in offset) < 1.0


def test_visits_are_planned_within_their_hours(planned: Path) -> None:
    visits = table(planned, "visits")
    assert visits.groupby("point_id")["due_at_point"].first().to_dict() == {"V1": 2, "V2": 1}
    clocks = visits["start"].str[11:16]
    assert clocks.between("20:00", "23:59").all()


def test_cells_hold_the_forecast(planned: Path) -> None:
    cells = gpd.read_parquet(planned / "cells.parquet")
    assert cells["cell_id"].tolist() == CELLS
    assert cells["expected_calls"].sum() == pytest.approx(28.8)
    assert cells.crs == "EPSG:32651"
    assert cells.geometry.area.tolist() == pytest.approx([1e6] * 18)


def test_layers_of_the_geopackage(planned: Path) -> None:
    layers = gpd.list_layers(planned / "plan.gpkg")["name"].tolist()
    assert layers == ["districts", "patrol_places", "visit_points", "posts"]
    posts = gpd.read_file(planned / "plan.gpkg", layer="posts")
    assert posts.geometry.x.tolist() == pytest.approx([357_500.0] * len(posts), abs=0.5)


def test_a_second_run_is_the_same(planned: Path, tmp_path: Path) -> None:
    """In another folder of another name."""
    town, progress = write_town(tmp_path / "elsewhere"), Progress(quiet=True)
    write_run(run_scenario(town.load(), progress), tmp_path / "again", progress)
    first_files, second_files = contents(planned), contents(tmp_path / "again")
    assert first_files.keys() == second_files.keys()
    differing = [name for name in first_files if first_files[name] != second_files[name]]
    assert differing == ["run.json"]
    first, second = record(planned), record(tmp_path / "again")
    for found in (first, second):
        assert set(found.pop("seconds")) >= {"world", "staffing", "patrol", "judges", "map"}
        assert found.pop("peak_mb") > 0
    assert first.pop("scenario_folder") == "../town"
    assert second.pop("scenario_folder") == "../elsewhere"
    assert first == second
    assert str(tmp_path) not in json.dumps(second)


def test_the_command_ends_with_json(town: Town, muster: Muster, tmp_path: Path) -> None:
    finished = muster("run", town.path, "--out", str(tmp_path / "out"), "--quick", "--json")
    assert finished.code == 0
    printed = json.loads(finished.out, parse_constant=pytest.fail)
    assert printed == record(tmp_path / "out")
    assert printed["settings"]["patrol"]["rounds"] == 1
    assert printed["status"] == "feasible"
    assert printed["violations"] == []
    assert "Staffing stations" in finished.err


def test_the_command_ends_with_the_headline(town: Town, muster: Muster, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    finished = muster("run", town.path, "--out", out, "--set", "demand.scale=2", "--set", "seed=8")
    assert finished.code == 0
    assert "Expected calls: 58" in finished.out  # twice 28.8
    assert f"Map: {tmp_path / 'out' / 'map.html'}" in finished.out
    assert record(tmp_path / "out")["seed"] == 8


def test_check_counts_what_there_is(town: Town, muster: Muster) -> None:
    finished = muster("check", town.path, "--json")
    facts = json.loads(finished.out)
    assert (facts["cells"], facts["hours"], facts["stations"], facts["force"]) == (18, 4, 2, 74)
    assert facts["expected_calls"] == pytest.approx(28.8)
    assert facts["patrol_places"] == 20  # two stations and a standby point in each cell
    assert (facts["post_blocks"], facts["visits_due"]) == (24, 3)


def test_no_calls_at_all_are_planned_for_too(town: Town, muster: Muster, tmp_path: Path) -> None:
    header = "cell_id,start,incident_class,expected_incidents"
    row = "E0355N3450,2027-02-05T20:00+08:00,fight,0"
    (town.folder / "forecast.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    finished = muster("run", town.path, "--out", str(tmp_path / "out"))
    assert finished.code == 0
    assert record(tmp_path / "out")["headline"]["service"]["plan"]["mean_min"] is None
    assert "nan" not in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")


def test_a_failed_run_leaves_the_old_folder(
    town: Town, muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert muster("run", town.path, "--out", str(out)).code == 0
    before = contents(out)

    def no_ink(*_: object, **__: object) -> str:
        raise RuntimeError("no ink")

    with monkeypatch.context() as broken:
        broken.setattr(run_folder, "map_page", no_ink)
        with pytest.raises(RuntimeError, match="no ink"):
            muster("run", town.path, "--out", str(out), "--set", "seed=9")
    assert contents(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "town"]
    assert muster("run", town.path, "--out", str(out), "--set", "seed=9").code == 0
    assert record(out)["seed"] == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "town"]


def test_a_plan_that_breaks_a_rule_is_never_written_as_valid(
    town: Town, muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Violation("filled once", "district W", "hour 2", 9.0, 7.0)
    monkeypatch.setattr(pipeline, "violations", lambda *_: (broken,))
    finished = muster("run", town.path, "--out", str(tmp_path / "out"))
    assert finished.code == 1
    assert "not valid" in finished.out
    assert "Rules broken: 1" in finished.out
    found = record(tmp_path / "out")
    assert found["status"] == "not valid"
    assert found["violations"] == ["filled once: district W, hour 2: 9, allowed 7"]
    row = table(tmp_path / "out", "violations").iloc[0]
    assert (row["rule"], row["where"], row["found"]) == ("filled once", "district W", 9)
    assert "not valid" in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")
    assert "not valid: 1 rules broken" in (tmp_path / "out" / "map.html").read_text("utf-8")


def test_a_wrong_claim_of_the_solver_is_a_broken_rule(town: Town, quiet: Progress) -> None:
    run = run_scenario(town.load(), quiet)
    claimed = run.plan.report.objective
    assert run.violations == ()
    assert claimed == pytest.approx(run.judged.response_sum, rel=1e-6)
    worse = replace(run.judged, response_sum=claimed * 1.01)
    (found,) = check_objective(claimed, worse.response_sum)
    assert (found.rule, found.found) == ("objective", claimed)


def test_a_visit_that_nobody_can_make_is_a_broken_rule(town: Town, quiet: Progress) -> None:
    run = run_scenario(town.load(), quiet)
    visits, walk_min = run.plan.visits, run.loaded.scenario.visits.walk_min
    situation = run.world.situation
    assert len(visits.visits) >= 1
    assert check_visit_plan(situation, visits, run.staffing, walk_min=walk_min) == ()
    nobody = replace(run.staffing, visit_officers=0.0 * run.staffing.visit_officers)
    found = check_visit_plan(situation, visits, nobody, walk_min=walk_min)
    assert {fault.rule for fault in found} == {"visits manned"}
    twice = replace(visits, visits=visits.visits * 2)
    rules = {f.rule for f in check_visit_plan(situation, twice, run.staffing, walk_min=walk_min)}
    assert "visits due" in rules


def test_figures_that_are_not_finite_are_no_json() -> None:
    assert json_ready({"a": [1.0, float("nan")], "b": float("inf")}) == {
        "a": [1.0, None],
        "b": None,
    }
    assert shown(float("inf"), ".1f") == shown(None, ".1f") == "-"
    assert shown(0.1234, ".1%") == "12.3%"
