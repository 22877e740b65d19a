"""`muster compare RUN RUN ...`: every difference worked out by hand, and what is refused."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scenarios.compare_figures import MEASURES, officer_hours, rest_owed_h
from scenarios.compare_report import caveats
from scenarios.compare_run import comparison_tables
from scenarios.compared_run import ComparedRun, read_compared
from tests.scenarios.town import Muster
from tests.scenarios.two_runs import TwoRuns, edit_record

FILES = {
    *("headline.csv", "figures.csv", "settings.csv", "staffing_changes.csv", "compare.md"),
    *("deployment_changes.csv", "units_by_hour.csv", "post_changes.csv", "compare.json"),
}


@pytest.fixture
def spoilt(two: TwoRuns, tmp_path: Path) -> TwoRuns:
    return two.copied(tmp_path / "copy")


def compared(two: TwoRuns) -> list[ComparedRun]:
    return read_compared([two.first, two.second], ["full", "fewer"])


def same_twice(two: TwoRuns) -> list[ComparedRun]:
    """A run beside itself, to be changed by hand."""
    return read_compared([two.first, two.first], ["before", "after"])


def test_the_folder_holds_tables_text_record_and_map(
    two: TwoRuns, muster: Muster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = muster("compare", str(two.first), str(two.second), "--out", str(out))
    assert done.code == 0
    assert {path.name for path in out.iterdir()} == FILES | {"map.html"}
    assert done.out.strip() == (out / "compare.md").read_text("utf-8").strip()
    assert "Comparing 2 runs" in done.err
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert muster("compare", str(two.first), str(two.second), "--out", str(out)).code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first
    for name in FILES:
        if name.endswith(".csv"):
            assert set(pd.read_csv(out / name)["data_status"]) <= {"partly synthetic"}


def test_headline_figures_are_those_of_the_records(two: TwoRuns) -> None:
    runs = compared(two)
    table = comparison_tables(runs)["headline.csv"].set_index(["measure", "run"])
    assert len(table) == 2 * len(MEASURES)
    for measure, steps in (
        ("covered", ("service", "plan", "covered")),
        ("mean_min", ("service", "plan", "mean_min")),
        ("weighted_response", ("objective_call_minutes", "plan")),
        ("posts_have", ("posts", "have")),
        ("officers_lent", ("officers_lent",)),
    ):
        told = [run.told("headline", *steps) for run in runs]
        assert table.loc[(measure, "full"), "value"] == told[0]
        assert table.loc[(measure, "fewer"), "value"] == told[1]
        assert table.loc[(measure, "fewer"), "difference"] == pytest.approx(told[1] - told[0])
        assert table.loc[(measure, "full"), "difference"] == 0.0
    posts = pd.read_csv(two.second / "posts.csv")
    hours = (pd.to_datetime(posts["end"]) - pd.to_datetime(posts["start"])) / pd.Timedelta(hours=1)
    short = (posts["need"] * hours)[posts["priority"] == 2].sum()
    assert table.loc[("unfilled_post_hours_2", "fewer"), "value"] == short


def test_figures_by_scope_and_hour(two: TwoRuns) -> None:
    runs = compared(two)
    figures = comparison_tables(runs)["figures.csv"]
    cards = [pd.read_csv(folder / "scorecard.csv") for folder in (two.first, two.second)]
    assert len(figures) == sum(map(len, cards))
    at = {"scope": "district", "id": "E", "hour": "2", "measure": "mean_min"}
    told = [
        card.astype({"hour": str}).set_index(list(at)).loc[tuple(at.values()), "value"]
        for card in cards
    ]
    found = figures.set_index([*at, "run"]).sort_index()
    assert found.loc[(*at.values(), "fewer"), "value"] == told[1]
    assert found.loc[(*at.values(), "fewer"), "difference"] == pytest.approx(told[1] - told[0])


def test_settings_that_differ_are_listed(two: TwoRuns) -> None:
    settings = comparison_tables(compared(two))["settings.csv"]
    assert settings.to_dict("records") == [
        {"run": "fewer", "key": "force.scale", "first": "1.0", "value": "0.6"}
    ]


def test_a_plan_beside_itself_differs_in_nothing(two: TwoRuns) -> None:
    tables = comparison_tables(same_twice(two))
    for name in ("settings.csv", "staffing_changes.csv", "deployment_changes.csv"):
        assert tables[name].empty
    assert tables["post_changes.csv"].empty
    assert tables["units_by_hour.csv"][["come", "gone", "moved"]].to_numpy().sum() == 0
    difference = tables["headline.csv"]["difference"]
    assert difference.isna().eq(tables["headline.csv"]["value"].isna()).all()
    assert difference.fillna(0.0).eq(0.0).all()


def test_changes_of_the_staffing_by_hand(two: TwoRuns) -> None:
    """Two officers leave the first duty and one comes to a duty that nobody had."""
    runs = same_twice(two)
    staffing = runs[1].tables["staffing.csv"]
    had = int(staffing.loc[0, "officers"])
    staffing.loc[0, "officers"] = had - 2
    new = staffing.iloc[0].to_dict() | {"station_id": "S9", "officers": 1}
    runs[1].tables["staffing.csv"] = pd.concat([staffing, pd.DataFrame([new])], ignore_index=True)
    changes = comparison_tables(runs)["staffing_changes.csv"].set_index("station_id")
    assert len(changes) == 2
    before = changes.loc["S9"]
    assert (before["first"], before["value"], before["difference"]) == (0, 1, 1)
    gone = changes.drop("S9").iloc[0]
    assert (gone["first"], gone["value"], gone["difference"]) == (had, had - 2, -2)


def test_changes_of_the_deployment_by_hand(two: TwoRuns) -> None:
    """One unit moves to another place, another one only stands there in the second plan."""
    runs = same_twice(two)
    table = runs[1].tables["deployment.csv"].astype({"units": int})
    hour = table.loc[0, "start"]
    total = int(table.loc[table["start"] == hour, "units"].sum())
    table.loc[0, "units"] -= 1
    added = table.iloc[0].to_dict() | {"place_id": "X", "units": 2}
    runs[1].tables["deployment.csv"] = pd.concat([table, pd.DataFrame([added])])
    tables = comparison_tables(runs)
    assert sorted(tables["deployment_changes.csv"]["difference"]) == [-1, 2]
    by_hour = tables["units_by_hour.csv"].set_index("start")
    assert by_hour.loc[hour, ["first", "value", "come", "gone", "moved"]].tolist() == [
        *(total, total + 1),
        *(2, 1, 1),
    ]
    assert by_hour.drop(hour)[["come", "gone", "moved"]].to_numpy().sum() == 0


def test_changes_of_posts_by_hand(two: TwoRuns) -> None:
    runs = same_twice(two)
    posts = runs[1].tables["posts.csv"]
    posts.loc[2, ["have", "need"]] = [posts.loc[2, "have"] - 1, posts.loc[2, "need"] + 1]
    gone = posts.loc[0]
    runs[1].tables["posts.csv"] = posts.drop(index=0)
    changes = comparison_tables(runs)["post_changes.csv"].set_index("post_id")
    assert len(changes) == 2
    assert changes.loc[gone["post_id"], "required_first"] == gone["required"]
    assert changes.loc[gone["post_id"], "required"] == 0
    other = changes.drop(gone["post_id"]).iloc[0]
    assert other["have"] - other["have_first"] == -1
    assert other["need"] - other["need_first"] == 1


def test_rest_and_hours_by_hand(two: TwoRuns) -> None:
    """From 20:00 to midnight there is no night to count; on to 08:00 there is one.

    3 officers of a duty 18:00-02:00 and 5 of one 08:00-08:00: until midnight 8 x 4 = 32
    officer-hours, until 08:00 it is 3 x 6 + 5 x 12 = 78, and the five are owed 5 x 8 h.
    """
    runs = same_twice(two)
    rows = runs[0].tables["staffing.csv"].iloc[[0, 0]].reset_index(drop=True)
    rows["start"] = ["2027-02-05T18:00:00+08:00", "2027-02-05T08:00:00+08:00"]
    rows["end"] = ["2027-02-06T02:00:00+08:00", "2027-02-06T08:00:00+08:00"]
    rows["officers"] = [3, 5]
    for run in runs:
        run.tables["staffing.csv"] = rows
    assert (officer_hours(runs[0]), rest_owed_h(runs[0])) == (32.0, 0.0)
    runs[1].record["settings"]["horizon"]["hours"] = 12
    assert (officer_hours(runs[1]), rest_owed_h(runs[1])) == (78.0, 40.0)


def change_forecast(record: dict[str, Any]) -> None:
    record["headline"]["expected_calls"] = 40.0


def change_seed(record: dict[str, Any]) -> None:
    record["seed"] = 8


def change_cells(record: dict[str, Any]) -> None:
    record["settings"]["grid"]["cell_m"] = 500.0


def change_version(record: dict[str, Any]) -> None:
    record["versions"]["numba"] = "0.1"


def break_a_rule(record: dict[str, Any]) -> None:
    record["violations"] = ["rest at S1"]


def come_within_the_gap(record: dict[str, Any]) -> None:
    record["joint"]["gap_call_minutes"] = 1e6


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (change_forecast, "Another forecast (40 calls, full has 29"),
        (change_seed, "Another seed (8, full has 7)"),
        (change_cells, "Cells of 500 m, full has 1000 m"),
        (change_version, "Other versions of numba."),
        (break_a_rule, "fewer is not valid: 1 rules broken."),
        (come_within_the_gap, "the search alone may have made it"),
    ],
)
def test_what_to_beware_of_is_said(spoilt: TwoRuns, change: Any, told: str) -> None:
    def notes() -> list[str]:
        runs = compared(spoilt)
        return caveats(*runs, comparison_tables(runs)["settings.csv"])

    before = notes()
    assert len(before) == 1
    assert before[0].startswith("Another force")
    edit_record(spoilt.second, change)
    (new,) = [note for note in notes() if note not in before]
    assert told in new


def test_a_file_of_the_forecast_that_differs_is_named(spoilt: TwoRuns) -> None:
    def other_file(record: dict[str, Any]) -> None:
        record["inputs"]["forecast.csv"] = "f" * 64

    edit_record(spoilt.second, other_file)
    runs = compared(spoilt)
    tables = comparison_tables(runs)
    notes = caveats(*runs, tables["settings.csv"])
    assert any("forecast.csv" in note and "Another forecast" in note for note in notes)
    files = tables["settings.csv"].set_index("key")
    assert files.loc["file forecast.csv", "value"] == "f" * 12


def test_values_as_json_for_three_runs(spoilt: TwoRuns, muster: Muster, tmp_path: Path) -> None:
    third = spoilt.folder / "third"
    spoilt.first.rename(third)
    spoilt.copied(tmp_path / "more")
    folders = [third, spoilt.second, tmp_path / "more" / "third"]
    out = tmp_path / "out"
    done = muster("compare", *map(str, folders), "--out", str(out), "--json")
    assert done.code == 0
    told = json.loads(done.out, parse_constant=pytest.fail)
    names = [run["run"] for run in told["runs"]]
    assert names == ["copy/third", "copy/fewer", "more/third"]
    assert told["changes"]["more/third"] == dict.fromkeys(told["changes"]["more/third"], 0)
    assert told["changes"]["copy/fewer"]["staffing_changes"] > 0
    assert told["map"] is None
    assert {path.name for path in out.iterdir()} == FILES
    assert "a map shows two runs" in (out / "compare.md").read_text("utf-8")
    assert all(run["headline"].keys() == {m.name for m in MEASURES} for run in told["runs"])


def test_without_the_scenario_there_is_no_map_but_a_comparison(
    spoilt: TwoRuns, muster: Muster, tmp_path: Path
) -> None:
    (spoilt.folder / "town" / "stations.csv").unlink()
    words = ["compare", str(spoilt.first), str(spoilt.second), "--out", str(tmp_path / "out")]
    done = muster(*words)
    assert done.code == 0
    assert "No map: run.json: input files of the run are gone" in done.out
    assert not (tmp_path / "out" / "map.html").exists()
    assert "No map: not asked for." in muster(*words, "--no-map").out


def test_a_figure_that_a_run_lacks_is_a_dash(
    spoilt: TwoRuns, muster: Muster, tmp_path: Path
) -> None:
    edit_record(spoilt.second, lambda record: record.pop("simulation"))
    out = tmp_path / "out"
    done = muster(
        "compare", str(spoilt.first), str(spoilt.second), "--no-map", "--out", str(out), "--json"
    )
    told = json.loads(done.out)
    assert told["runs"][1]["headline"]["covered_simulated"] is None
    assert told["runs"][0]["headline"]["covered_simulated"] > 0.0
    table = pd.read_csv(out / "headline.csv").set_index(["measure", "run"])
    assert math.isnan(table.loc[("covered_simulated", "fewer"), "difference"])


def test_runs_of_other_cities_and_hours_are_refused(
    spoilt: TwoRuns, muster: Muster, tmp_path: Path
) -> None:
    def elsewhere(record: dict[str, Any]) -> None:
        record["inputs"]["districts.geojson"] = "e" * 64
        record["settings"]["horizon"]["hours"] = 5

    edit_record(spoilt.second, elsewhere)
    out = tmp_path / "out"
    done = muster("compare", str(spoilt.first), str(spoilt.second), "--out", str(out))
    assert done.code == 2
    assert "2 faults" in done.err
    assert "other districts than full" in done.err
    assert "5 h from" in done.err
    assert not out.exists()


def test_no_runs_are_refused_all_at_once(two: TwoRuns, muster: Muster, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    done = muster("compare", str(two.first), str(tmp_path / "a"), str(tmp_path / "b"))
    assert done.code == 2
    assert done.err.count("there is no run.json") == 2


@pytest.mark.parametrize(
    "table", ["scorecard.csv", "staffing.csv", "deployment.csv", "posts.csv", "marginal.csv"]
)
def test_half_a_run_is_refused(spoilt: TwoRuns, muster: Muster, table: str) -> None:
    (spoilt.second / table).unlink()
    done = muster("compare", str(spoilt.first), str(spoilt.second))
    assert done.code == 2
    assert f"fewer/{table}: the table of the run is gone" in done.err


def test_a_record_of_another_version_is_refused(spoilt: TwoRuns, muster: Muster) -> None:
    def poorer(record: dict[str, Any]) -> None:
        del record["provenance"], record["settings"]["grid"]

    edit_record(spoilt.second, poorer)
    done = muster("compare", str(spoilt.first), str(spoilt.second))
    assert done.code == 2
    assert "no provenance, settings.grid.cell_m" in done.err


def test_a_faulty_table_is_refused(spoilt: TwoRuns, muster: Muster) -> None:
    path = spoilt.second / "scorecard.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[3] = lines[3].replace(lines[3].split(",")[5], "much")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = muster("compare", str(spoilt.first), str(spoilt.second))
    assert done.code == 2
    assert "fewer/scorecard.csv, row 3: value is not a number (value: 'much')" in done.err


@pytest.mark.parametrize(
    ("names", "told"),
    [(["full"], "nothing to compare"), (["full", "fewer", "full"], "named twice")],
)
def test_too_few_and_repeated_runs_are_refused(
    two: TwoRuns, muster: Muster, names: list[str], told: str
) -> None:
    done = muster("compare", *(str(two.folder / name) for name in names))
    assert done.code == 2
    assert told in done.err


def test_foreign_files_are_not_replaced(two: TwoRuns, muster: Muster, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    done = muster("compare", str(two.first), str(two.second), "--out", str(tmp_path))
    assert done.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
