"""The price list of service levels: one night planned at each of them."""

import json
from pathlib import Path

import pandas as pd

from optimizer.levels import LEVELS
from scenarios.level_prices import at_most
from scenarios.scenario import load_scenario
from tests.scenarios.town import Muster, Town


def levels_of(name: str, level: str) -> list[str]:
    return [window.level for window in at_most(load_scenario(name).scenario, level).windows]


def test_windows_are_capped_and_the_highest_raised() -> None:
    own = [window.level for window in load_scenario("shanghai-chuxi-2027").scenario.levels.windows]
    assert set(own) == {"1", "1+"}
    assert levels_of("shanghai-chuxi-2027", "1+") == own
    assert set(levels_of("shanghai-chuxi-2027", "1")) == {"1"}
    assert set(levels_of("shanghai-chuxi-2027", "routine")) == {"routine"}


def test_without_windows_the_whole_horizon_is_at_the_level(town: Town) -> None:
    scenario = town.load("levels.windows=[]").scenario
    part = at_most(scenario, "2")
    assert [window.level for window in part.windows] == ["2"]
    assert part.windows[0].start == scenario.horizon.start
    hours = (part.windows[0].end - part.windows[0].start).total_seconds() / 3600.0
    assert hours == scenario.horizon.hours


def test_each_level_is_planned_and_priced(town: Town, muster: Muster, tmp_path: Path) -> None:
    out = tmp_path / "prices"
    done = muster("levels", town.path, "--out", str(out), "--json")
    assert done.code == 0
    found = json.loads(done.out)["levels"]
    assert [row["level"] for row in found] == list(LEVELS)
    table = pd.read_csv(out / "levels.csv")
    assert table["level"].tolist() == list(LEVELS)
    assert set(table["data_status"]) <= {"real", "partly synthetic"}
    on_duty = table["most_on_duty"].tolist()
    assert on_duty == sorted(on_duty)
    assert on_duty[0] < on_duty[-1]
    assert table["leave_cancelled"].iloc[0] == 0
    assert table["leave_cancelled"].is_monotonic_increasing
    assert (table["order_short_h"].iloc[:3] == 0).all()
    assert (table["half_days_taken"] == 0).all()
    assert table["covered"].between(0.0, 1.0).all()
    text = (out / "levels.md").read_text("utf-8")
    assert "| coverage |" in text
    told = text.split("What each level orders, and where that comes from:")[1]
    assert [line.split(":")[0] for line in told.split("\n") if line] == [f"* {n}" for n in LEVELS]
    assert "opens Officers, Auxiliaries. assumption: 12 % leave" in told


def test_a_level_alone_and_one_that_does_not_exist(
    town: Town, muster: Muster, tmp_path: Path
) -> None:
    done = muster("levels", town.path, "--level", "2", "--out", str(tmp_path / "two"), "--json")
    assert [row["level"] for row in json.loads(done.out)["levels"]] == ["2"]
    wrong = muster("levels", town.path, "--level", "9", "--out", str(tmp_path / "nine"))
    assert wrong.code == 2
    assert "no such service level" in wrong.err
    assert not (tmp_path / "nine").exists()
