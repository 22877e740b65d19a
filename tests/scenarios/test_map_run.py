"""`muster map RUN [RUN]`: the same page drawn again, two runs side by side, refused where not."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geodata.faults import BadInput, FaultLog
from scenarios.finished_run import open_world
from scenarios.map_run import distinct_names, page_of_two
from scenarios.pipeline import run_scenario
from scenarios.plan_tables import read_fills
from scenarios.progress import Progress
from scenarios.read_back import read_back
from scenarios.run_folder import write_run
from tests.scenarios.town import Muster, districts, write_town
from tests.scenarios.two_runs import TwoRuns, edit_record, edit_table


@pytest.fixture
def spoilt(two: TwoRuns, tmp_path: Path) -> TwoRuns:
    return two.copied(tmp_path / "copy")


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def page_block(html: str) -> dict[str, Any]:
    """Content of the data block that has the page's words and figures."""
    found: dict[str, Any] = json.loads(
        html.split('id="muster-page">')[1].split("</script>", maxsplit=1)[0]
    )
    return found


def test_the_plan_read_back_is_the_plan(two: TwoRuns) -> None:
    """Loans, teams, origins, fills and visits: everything that is drawn."""
    plan, again = two.full.plan, read_back(two.first)
    assert plan.roster.loans
    assert again.plan.roster.loans == plan.roster.loans
    for name in ("officers", "by_team", "presence_short"):
        assert np.array_equal(getattr(again.plan.roster, name), getattr(plan.roster, name))
    assert again.plan.deployment.origins == plan.deployment.origins
    assert np.array_equal(again.plan.deployment.units, plan.deployment.units)
    assert plan.posts.fills
    assert again.plan.posts == plan.posts
    assert again.plan.visits.visits == plan.visits.visits
    assert np.array_equal(again.plan.visits.due, plan.visits.due)
    assert again.judged.response_sum == pytest.approx(two.full.judged.response_sum)


def test_map_and_sheets_are_drawn_again_to_the_byte(spoilt: TwoRuns, muster: Muster) -> None:
    before = contents(spoilt.first)
    (spoilt.first / "map.html").unlink()
    shutil.rmtree(spoilt.first / "orders")
    done = muster("map", str(spoilt.first))
    assert done.code == 0
    assert "Drawing the map" in done.err
    assert contents(spoilt.first) == before


def test_a_page_elsewhere_leaves_the_run_alone(
    two: TwoRuns, muster: Muster, tmp_path: Path
) -> None:
    before = contents(two.first)
    done = muster("map", str(two.first), "--out", str(tmp_path / "new" / "a.html"), "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert told["map"] == str(tmp_path / "new" / "a.html")
    assert told["sheets"] is None
    assert told["status"] == "draft"
    assert (tmp_path / "new" / "a.html").read_bytes() == before["map.html"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.html"]
    assert contents(two.first) == before


def test_the_second_run_is_shown_against_the_first(spoilt: TwoRuns, muster: Muster) -> None:
    before = contents(spoilt.second)
    done = muster("map", str(spoilt.first), str(spoilt.second))
    assert done.code == 0
    target = spoilt.second / "map-against-full.html"
    html = target.read_text("utf-8")
    assert {**before, target.name: target.read_bytes()} == contents(spoilt.second)
    page = page_block(html)
    assert page["title"]["en"] == "Tiny town. Plan: fewer, baseline: full"
    assert page["title"]["zh"] == "小镇（方案：fewer，对照：full）"
    assert "fewer: tiny" in page["run"]
    assert "full: tiny" in page["run"]
    alone = {
        name: page_block((folder / "map.html").read_text("utf-8"))["figures"]["plan"]
        for name, folder in (("plan", spoilt.second), ("baseline", spoilt.first))
    }
    assert page["figures"]["plan"] == alone["plan"]
    shared = alone["baseline"].keys() & page["figures"]["baseline"].keys()
    assert {"p90", "mean"} <= shared
    for name in shared - {"units"}:
        assert page["figures"]["baseline"][name] == alone["baseline"][name]


def test_the_same_two_runs_give_the_same_page(two: TwoRuns) -> None:
    pages = [page_of_two(read_back(two.first), read_back(two.second)) for _ in range(2)]
    assert pages[0] == pages[1]


def test_names_of_folders_are_told_apart() -> None:
    assert distinct_names([Path("/x/a"), Path("/x/b")]) == ["a", "b"]
    assert distinct_names([Path("/x/a/out"), Path("/x/b/out")]) == ["a/out", "b/out"]


def test_a_folder_without_a_run_is_refused(muster: Muster, tmp_path: Path) -> None:
    done = muster("map", str(tmp_path))
    assert done.code == 2
    assert "there is no run.json" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "table",
    [
        *("staffing.csv", "loans.csv", "deployment.csv", "baseline_deployment.csv"),
        *("posts.csv", "visits.csv"),
    ],
)
def test_half_a_run_is_refused(spoilt: TwoRuns, muster: Muster, table: str) -> None:
    (spoilt.first / table).unlink()
    before = contents(spoilt.first)
    done = muster("map", str(spoilt.first))
    assert done.code == 2
    assert table in done.err
    assert contents(spoilt.first) == before


def test_a_run_of_another_version_is_refused(spoilt: TwoRuns, muster: Muster) -> None:
    def older(record: dict[str, Any]) -> None:
        record["settings"]["patrol"]["old_key"] = 1

    edit_record(spoilt.first, older)
    done = muster("map", str(spoilt.first))
    assert done.code == 2
    assert "Plan the scenario again" in done.err


def test_a_record_that_lacks_figures_is_refused(spoilt: TwoRuns, muster: Muster) -> None:
    def poorer(record: dict[str, Any]) -> None:
        del record["objective"], record["headline"]["service"]

    edit_record(spoilt.first, poorer)
    done = muster("map", str(spoilt.first))
    assert done.code == 2
    assert "no objective.value, headline.service.plan" in done.err


@pytest.mark.parametrize(
    ("table", "column", "value", "told"),
    [
        ("deployment.csv", "units", "7", "another objective_call_minutes of plan"),
        ("baseline_deployment.csv", "units", "7", "another objective_call_minutes of"),
        ("deployment.csv", "from_station_id", "S9", "the scenario's stations"),
        ("deployment.csv", "start", "2027-02-05T03:00:00+08:00", "horizon"),
        ("posts.csv", "filled_by", "officers of North: 1", "does not add up"),
        ("posts.csv", "going_home_each", "99", "does not add up"),
        ("loans.csv", "to_command", "North", "the scenario's commands"),
        ("loans.csv", "start", "2027-02-05T03:00:00+08:00", "no shift of this name"),
        ("staffing.csv", "officers", "many", "officers"),
    ],
)
def test_tables_that_were_changed_are_refused(
    spoilt: TwoRuns, muster: Muster, table: str, column: str, value: str, told: str
) -> None:
    path = spoilt.first / table
    lines = path.read_text("utf-8").splitlines()
    cells, at = lines[1].split(","), lines[0].split(",").index(column)
    cells[at] = value
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
    done = muster("map", str(spoilt.first), "--out", str(spoilt.folder / "m.html"))
    assert done.code == 2
    assert told in done.err
    assert not (spoilt.folder / "m.html").exists()


def test_another_city_and_other_hours_are_named(
    two: TwoRuns, muster: Muster, tmp_path: Path
) -> None:
    town = write_town(
        tmp_path / "moved",
        {"districts.geojson": districts(split=359_000, west_edge=359_000)},
    )
    forecast = town.folder / "forecast.csv"
    rows = [row for row in forecast.read_text("utf-8").splitlines() if "T23:00" not in row]
    forecast.write_text("\n".join(rows) + "\n", encoding="utf-8")
    loaded = town.load("patrol.rounds=1", "simulation.replications=0", "horizon.hours=3")
    quiet = Progress(quiet=True)
    write_run(run_scenario(loaded, quiet), tmp_path / "other", quiet)
    done = muster("map", str(two.first), str(tmp_path / "other"))
    assert done.code == 2
    assert "2 faults" in done.err
    assert "other districts" in done.err
    assert "other hours (value: '3 h from" in done.err


def test_faults_of_both_runs_are_told_at_once(
    spoilt: TwoRuns, muster: Muster, tmp_path: Path
) -> None:
    (spoilt.first / "visits.csv").unlink()
    done = muster("map", str(spoilt.first), str(tmp_path))
    assert done.code == 2
    assert "visits.csv" in done.err
    assert "there is no run.json" in done.err


def test_the_map_of_a_plan_that_is_not_valid_says_so(spoilt: TwoRuns, muster: Muster) -> None:
    edit_record(spoilt.first, lambda record: record.update(violations=["rest at S1"]))
    done = muster("map", str(spoilt.first))
    assert done.code == 1
    assert "not valid: 1 rules broken" in done.out
    assert "not valid: 1 rules broken" in (spoilt.first / "map.html").read_text("utf-8")


def test_one_run_twice_is_refused(two: TwoRuns, muster: Muster) -> None:
    done = muster("map", str(two.first), str(two.first / ".." / "full"))
    assert done.code == 2
    assert "named twice" in done.err


@pytest.mark.parametrize("name", ["map.txt", "folder"])
def test_a_page_needs_the_name_of_a_page(
    two: TwoRuns, muster: Muster, tmp_path: Path, name: str
) -> None:
    done = muster("map", str(two.first), "--out", str(tmp_path / name))
    assert done.code == 2
    assert "ends in .html" in done.err


def test_a_command_may_have_any_name(tmp_path: Path) -> None:
    """A name that holds the marks of the column is read back as what it is."""
    name = "West; officers of East: 3"
    layer = districts().replace('"name_en": "West"', f'"name_en": "{name}"')
    assert name in layer
    town = write_town(tmp_path / "town", {"districts.geojson": layer})
    quiet = Progress(quiet=True)
    run = run_scenario(town.load("patrol.rounds=1", "simulation.replications=0"), quiet)
    write_run(run, tmp_path / "out", quiet)
    assert any(fill.from_district == 0 for fill in run.plan.posts.fills)
    world = open_world(tmp_path / "out").world
    assert read_fills(tmp_path / "out", world, FaultLog()) == run.plan.posts.fills
    edit_table(tmp_path / "out" / "posts.csv", f"{name}: ", "West: ")
    faults = FaultLog()
    read_fills(tmp_path / "out", world, faults)
    with pytest.raises(BadInput, match="does not add up"):
        faults.raise_if_any()


def test_groups_from_outside_are_read_back(tmp_path: Path) -> None:
    group = (
        "group_id,name_en,name_zh,force_id,officers,groups,notice_h,lon,lat,speed_kmh,"
        "available_from,available_to,max_hours,evidence\n"
        "county,County unit,县分队,officers,6,2,0.5,357500,3447500,36,,,2,made up\n"
    )
    town = write_town(tmp_path / "town", {"aid.csv": group})
    town.edit("events.csv", "2000,30,once", "2000,300,once")
    town.edit(
        "tiny.toml", "[force]\n", '[force]\nmutual_aid = "aid.csv"\nmutual_aid_crs = "EPSG:32651"\n'
    )
    quiet = Progress(quiet=True)
    run = run_scenario(town.load("patrol.rounds=1", "simulation.replications=0"), quiet)
    write_run(run, tmp_path / "out", quiet)
    assert run.plan.roster.aid
    again = read_back(tmp_path / "out").plan
    assert again.roster.aid == run.plan.roster.aid
    assert again.posts == run.plan.posts
    edit_table(tmp_path / "out" / "mutual_aid.csv", "county", "navy")
    with pytest.raises(BadInput, match="groups of mutual aid"):
        read_back(tmp_path / "out")
