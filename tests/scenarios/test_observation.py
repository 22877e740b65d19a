"""Observation flights in a scenario: from the table to posts, calls, report and refusals."""

from pathlib import Path

import pandas as pd
import pytest

from scenarios.observation_report import observation_frame, observation_text
from scenarios.world import build_world
from tests.scenarios.test_bad_input import refused
from tests.scenarios.test_event_sites import FILES as FAIR
from tests.scenarios.test_operations_and_drones import FILES as TASKS
from tests.scenarios.town import Muster, Town, write_town

KEYS = """\
[drones]
file = "drones.csv"
crs = "EPSG:32651"
local_timezone = "Asia/Shanghai"
wind = "wind.csv"
observation = "watch.csv"

[visits]"""

WATCH = """\
task_id,name_en,name_zh,event_id,lon,lat,from,to,aloft,posts_freed,priority,source
square,Square,广场,fair,357500,3450500,2027-02-05T20:00,2027-02-06T00:00,1,2,1,made up
far,Far bank,远岸,,359500,3451500,2027-02-05T20:00,2027-02-05T21:00,1,,3,made up
"""


@pytest.fixture
def watched(tmp_path: Path) -> Town:
    """The fairground with three people on observation and four drones close by."""
    posts = FAIR["posts.csv"] + "*,eyes,observation,core,police,site,3,0,,,,rule of eyes\n"
    drones = TASKS["drones.csv"].replace(",3451500,2,3000,", ",3451500,4,3000,")
    files = {"drones.csv": drones, "wind.csv": TASKS["wind.csv"], "watch.csv": WATCH}
    town = write_town(tmp_path / "watched", {**FAIR, **files, "posts.csv": posts})
    town.edit("tiny.toml", "[visits]", KEYS)
    return town


def eyes(town: Town, *changes: str) -> dict[str, int]:
    """People on observation posts by block."""
    needs = build_world(town.load(*changes)).requirement.posts
    return {n.post_id: n.required for n in needs if n.kind == "observation"}


def test_drones_watch_and_free_people(watched: Town) -> None:
    """At 12 m/s from 23:00 the wind keeps them down; blocks that end before it are freed."""
    world = build_world(watched.load())
    assert world.drones is not None
    plan = world.drones.observation
    assert plan.watched[0].tolist() == [True, True, True, False]
    assert plan.watched[1].tolist() == [False] * 4, "3 km is the most a drone flies"
    watched.edit("watch.csv", ",1,2,1,made up", ",1,0,1,made up")
    before = eyes(watched)
    watched.edit("watch.csv", ",1,0,1,made up", ",1,2,1,made up")
    after = eyes(watched)
    ends = {need.post_id: need.to_hour for need in world.requirement.posts}
    assert {post: before[post] - after[post] for post in before} == {
        post: 2 if ends[post] <= 3 else 0 for post in before
    }
    assert any(ends[post] <= 3 for post in before)
    text = observation_text(world.drones, world.situation.horizon)
    assert "Square (广场): 1 drone above it in 3 of 4 hours asked for, from West base" in text
    assert "Far bank (远岸): 1 drone above it in 0 of 1 hours asked for, from no base" in text
    assert any("no drone watches Far bank in 1 of 1 hours" in note for note in world.notes)
    frame = observation_frame(world.drones, world.situation.horizon)
    assert frame["watched"].tolist() == [1, 1, 1, 0, 0]
    assert frame["base_id"].tolist() == ["D1", "D1", "D1", "", ""]


def test_drones_that_watch_clear_fewer_calls(watched: Town) -> None:
    world = build_world(watched.load())
    watched.edit("tiny.toml", 'observation = "watch.csv"\n', "")
    free = build_world(watched.load())
    assert world.drones is not None
    assert free.drones is not None
    assert 0.0 < world.drones.cleared < free.drones.cleared


def test_a_run_writes_what_is_watched(watched: Town, muster: Muster, tmp_path: Path) -> None:
    out = tmp_path / "out"
    finished = muster("run", watched.path, "--out", str(out), "--quick")
    assert finished.code == 0, finished.err
    table = pd.read_csv(out / "observation.csv")
    assert table["drones_taking_turns"].tolist()[:3] == [2, 2, 2]
    assert pd.read_csv(out / "drones.csv")["observing"].tolist() == [2, 2, 2, 0]
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert "## Observation flights" in summary
    assert "**assumption**: What drones watch" in summary


def test_every_fault_of_the_table_is_told(watched: Town, muster: Muster, tmp_path: Path) -> None:
    watched.edit("watch.csv", "06T00:00,1,2,1", "05T19:00,0,-2,4")
    watched.edit("watch.csv", "far,Far bank,远岸,,359500", "square,Far bank,远岸,,959500")
    watched.edit("watch.csv", "21:00,1,,3", "21:00,1,2,3")
    told = (
        "watch.csv, row 1: the flight ends before it begins",
        "watch.csv, row 1: aloft is not a whole number of at least 1 (value: '0')",
        "watch.csv, row 1: posts_freed is not a whole number of at least 0 (value: '-2')",
        "watch.csv, row 1: priority",
        "watch.csv, row 2: posts_freed without an event",
        "watch.csv, row 2: ",
    )
    refused(muster, tmp_path, "check", watched.path, told=told)
    watched.edit("tiny.toml", 'file = "drones.csv"\n', "")
    refused(muster, tmp_path, "check", watched.path, told=("drones.file is missing",))
