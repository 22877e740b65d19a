"""`muster why` and the shortages of a run: a town with too few officers for its fair."""

import json

import pandas as pd
import pytest

from optimizer.judges.shortages import ShortageKind, shortages
from scenarios.pipeline import run_scenario
from scenarios.progress import Progress
from scenarios.shortage_report import shortages_frame, shortages_text
from tests.scenarios.town import Muster, Town

FEW = "station_id,force_id,headcount\nS1,officers,6\nS2,officers,9\n"
DETECTIVES = "detectives,Detectives,刑侦,0,1,0,1,1+"


@pytest.fixture
def poor(town: Town) -> Town:
    """Six officers and nine, and thirty detectives who work at level 1+ only."""
    (town.folder / "headcount.csv").write_text(FEW + "S1,detectives,30\n", encoding="utf-8")
    town.append("types.csv", DETECTIVES)
    return town


def test_the_answer_names_what_is_short_and_repairs_that_work(poor: Town, muster: Muster) -> None:
    out = poor.folder / "why"
    done = muster("why", poor.path, "--out", str(out), "--json")
    assert done.code == 0
    record = json.loads(done.out)
    assert record == json.loads((out / "why.json").read_text(encoding="utf-8"))
    short = record["officer_hours_short"]
    assert short["post"] > 0
    table = pd.read_csv(out / "repairs.csv")
    pool = table[table["what"] == "detectives"].iloc[0]
    assert pool["mended_officer_hours"] > 0
    assert pool["post_hours_left"] < short["post"]
    each = table["price_call_min"] / table["mended_officer_hours"]
    assert each.tolist() == sorted(each)
    spans = pd.read_csv(out / "shortages.csv")
    assert spans["officer_hours"].sum() == pytest.approx(sum(short.values()), rel=1e-4)
    text = (out / "why.md").read_text(encoding="utf-8")
    assert "a closed pool opened: detectives" in text
    again = muster("why", poor.path, "--out", str(out))
    assert again.out.strip() == text.strip()


def test_a_folder_of_something_else_stays(poor: Town, muster: Muster) -> None:
    assert muster("why", poor.path, "--out", str(poor.folder)).code == 2


def test_a_run_tells_its_shortages(poor: Town) -> None:
    quiet = ("simulation.replications=0", "patrol.rounds=1")
    run = run_scenario(poor.load(*quiet), Progress(quiet=True))
    found = shortages(run.problem, run.staffing)
    table = shortages_frame(run.world, found)
    assert len(table) == len(found) > 0
    posts = table[table["kind"] == "post"]
    have = run.plan.posts.have()
    missing = sum(
        (need.required - have[need.post_id]) * (need.to_hour - need.from_hour)
        for need in run.plan.posts.needs
    )
    assert posts["officer_hours"].sum() == missing
    text = shortages_text(run.world, found)
    assert len([line for line in text.splitlines() if line.startswith("* ")]) <= 11
    assert "posts, fair / core / police" in text


def test_nothing_is_told_when_nothing_is_short(poor: Town) -> None:
    world = run_scenario(poor.load("simulation.replications=0"), Progress(quiet=True)).world
    assert shortages_text(world, ()) == ""
    assert shortages_frame(world, ()).empty
    assert [kind.value for kind in ShortageKind] == [
        "post",
        "presence",
        "visit",
        "loan",
        "order",
    ]
