"""The reserve of a scenario: from its file to the run folder, and files that cannot be used."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.faults import BadInput
from scenarios.world import World, build_world
from tests.scenarios.town import Muster, Town, write_town

KEYS = """\
[reserve]
file = "reserve.csv"
local_timezone = "Asia/Shanghai"
released_as = "patrol_car"

[visits]"""

HEADER = (
    "reserve_id,name_en,name_zh,force_ids,officers,units,within_min,speed_factor,turnout_min,"
    "start,end,most_a_place,most_share,site_ids,source\n"
)
RAPID = (
    "rapid,Rapid units,快反,officers,3,3,10,1,1,2027-02-05T20:00,2027-02-06T00:00,1,0.5,,made up"
)
ARMED = (
    "armed,Armed units,武装,officers;auxiliary,2,2,10,1,1,"
    "2027-02-05T22:00,2027-02-06T02:00,1,0.5,V2;fair,made up"
)


@pytest.fixture
def ready_town(tmp_path: Path) -> Town:
    """The tiny town with three rapid units all evening and two armed ones from 22:00 on."""
    town = write_town(tmp_path / "ready", {"reserve.csv": f"{HEADER}{RAPID}\n{ARMED}\n"})
    town.edit("tiny.toml", "[visits]", KEYS)
    return town


def test_town_without_the_file_has_no_reserve(town: Town) -> None:
    world = build_world(town.load())
    assert world.reserve.blocks == ()
    assert not any(need.ring == "reserve" for need in world.requirement.posts)


def test_units_stand_near_the_sites_and_become_posts(ready_town: Town) -> None:
    """The fair is the one event; the armed units are named for the station square and it."""
    world = build_world(ready_town.load())
    rapid, armed = world.reserve.blocks
    assert (rapid.from_hour, rapid.to_hour, armed.from_hour, armed.to_hour) == (0, 4, 2, 4)
    assert [site.site_id for site in rapid.sites] == ["fair"]
    assert [site.site_id for site in armed.sites] == ["V2", "fair"]
    assert [unit.rank for unit in rapid.units] == [1, 2, 2]
    assert sorted(unit.site for unit in armed.units) == [0, 1]
    assert (rapid.promised_min <= 10.0).all()
    posts = [need for need in world.requirement.posts if need.ring == "reserve"]
    assert sum(need.required for need in posts) == 3 * 3 + 2 * 2
    assert {(need.event_id, need.role) for need in posts} == {
        ("rapid", "police"),
        ("armed", "support"),
    }
    again = build_world(ready_town.load()).reserve.blocks
    assert [block.choice for block in again] == [rapid.choice, armed.choice]


def test_run_tells_of_the_reserve(ready_town: Town, muster: Muster, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    quick = ("--set", "simulation.replications=0")
    finished = muster("run", ready_town.path, "--out", str(folder), *quick)
    assert finished.code == 0, finished.err
    units = pd.read_csv(folder / "reserve.csv")
    assert units["reserve_id"].tolist() == ["rapid"] * 3 + ["armed"] * 2
    assert units["units_have"].sum() == 5
    assert units["within"].all()
    posts = pd.read_csv(folder / "posts.csv")
    held = posts[posts["kind"] == "reserve"]
    assert held["have"].sum() == held["required"].sum() == 13
    sites = pd.read_csv(folder / "reserve_sites.csv")
    assert len(sites) == 4 + 2 * 2
    assert (sites["own_min"] <= sites["next_min"].fillna(np.inf)).all()
    assert sites["own_away_if_released"].between(0.0, 1.0).all()
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    reserve = record["reserve"]
    assert (reserve["released_as"], reserve["hours"]) == ("patrol_car", 4)
    assert reserve["units"] == {"least": 3, "most": 5}
    assert reserve["released"]["mean_min"] <= reserve["held"]["mean_min"]
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert "Rapid units (快反), 05 Feb 20:00 to 00:00: 3 of 3 units of 3; 1 of 1 sites" in summary
    assert "| held |" in summary
    assert "**assumption**: Strength of the reserve" in summary


def test_strength_that_is_not_there_is_told(ready_town: Town) -> None:
    """Fifteen officers of the west and twelve of the east may be held: nine crews of three."""
    ready_town.edit("reserve.csv", "officers,3,3,10", "officers,3,12,10")
    world = build_world(ready_town.load())
    block = world.reserve.blocks[0]
    assert block.task.strength.tolist() == [5, 4]
    assert block.unplaced == 3
    assert any("3 of 12 units have no place" in note for note in world.notes)


def test_second_reserve_gets_what_the_first_leaves(ready_town: Town) -> None:
    """Thirty and 24 officers: eight crews of three are held, 15 in the west and 9 in the east."""
    ready_town.edit("reserve.csv", "officers,3,3,10", "officers,3,8,10")
    ready_town.edit("reserve.csv", "officers;auxiliary,2,2,10,1,1", "officers,2,2,10,1,1")
    world = build_world(ready_town.load())
    rapid, armed = world.reserve.blocks
    held = 3 * np.bincount(rapid.command, minlength=2)
    free = np.minimum(np.array([30, 24]) - held, np.array([15, 12]))
    assert armed.task.strength.tolist() == (free // 2).tolist()


def test_nobody_runs_and_outside_the_horizon(ready_town: Town) -> None:
    ready_town.edit(
        "events.csv", "2027-02-05T20:00,2027-02-06T00:00", "2027-02-05T21:00,2027-02-05T23:00"
    )
    ready_town.edit(
        "reserve.csv", "2027-02-05T20:00,2027-02-06T00:00", "2027-02-05T20:00,2027-02-05T21:00"
    )
    ready_town.edit(
        "reserve.csv", "2027-02-05T22:00,2027-02-06T02:00", "2027-02-06T01:00,2027-02-06T02:00"
    )
    world = build_world(ready_town.load())
    (block,) = world.reserve.blocks
    assert (block.sites, block.units) == ((), ())
    assert any("no site runs" in note for note in world.notes)
    assert any("Armed units is not planned" in note for note in world.notes)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("officers,3,3", "cops,3,3", "force_ids names something that is no force for posts"),
        ("officers,3,3", "officers,0,3", "officers is not a whole number of at least 1"),
        ("officers,3,3", "officers,3,2.5", "units is not a whole number of at least 1"),
        ("3,3,10,1,1", "3,3,0,1,1", "within_min is out of its range"),
        ("3,3,10,1,1", "3,3,60,1,1", "within_min is longer than any travel time"),
        ("3,3,10,1,1", "3,3,10,1,-1", "turnout_min is not a finite number of at least 0"),
        ("1,0.5,,made", "1,1.5,,made", "most_share is out of its range"),
        ("1,0.5,,made", "1,0.5,nowhere,made", "site_ids names something that is no event"),
        ("1,0.5,,made", "1,0.5,fair;fair,made", "site_ids names a site twice"),
        ("1,0.5,V2;fair", "1,0.5,V1;V2;fair", "fewer units than sites"),
        ("20:00,2027-02-06T00:00", "20:00,2027-02-05T19:00", "the reserve ends before it starts"),
        ("armed,Armed", "rapid,Armed", "this reserve is promised in an earlier row"),
        ("rapid,Rapid", "fair,Rapid", "reserve_id is the id of an event or operation"),
    ],
)
def test_files_that_cannot_be_used(ready_town: Town, old: str, new: str, problem: str) -> None:
    ready_town.edit("reserve.csv", old, new)
    with pytest.raises(BadInput) as told:
        build_world(ready_town.load())
    (fault,) = told.value.faults
    assert fault.file == "reserve.csv"
    assert fault.problem.startswith(problem)
    assert fault.expected
    assert fault.remedy


def test_one_reserve_for_two_events_is_named_with_both_rows(ready_town: Town) -> None:
    ready_town.edit("reserve.csv", "armed,Armed", "rapid,Armed")
    with pytest.raises(BadInput, match="row 2") as told:
        build_world(ready_town.load())
    assert "row 1: 2027-02-05T12:00:00+00:00 to 2027-02-05T16:00:00+00:00" in str(told.value)


def test_every_fault_is_told_at_once(ready_town: Town) -> None:
    ready_town.edit("tiny.toml", '"patrol_car"', '"helicopter"')
    ready_town.edit("reserve.csv", "officers,3,3", "cops,3,0")
    with pytest.raises(BadInput) as told:
        build_world(ready_town.load())
    assert {fault.problem for fault in told.value.faults} == {
        "reserve.released_as is no type of unit that answers calls",
        "force_ids names something that is no force for posts",
        "units is not a whole number of at least 1",
    }


def test_type_without_a_file_is_refused(ready_town: Town) -> None:
    ready_town.edit("tiny.toml", 'file = "reserve.csv"\n', "")
    with pytest.raises(BadInput, match=r"reserve\.file is missing"):
        build_world(ready_town.load())


def test_file_counts_for_the_digest(ready_town: Town) -> None:
    digest = ready_town.load().digest()
    ready_town.edit("reserve.csv", "officers,3,3", "officers,3,4")
    assert ready_town.load().digest() != digest


def test_shipped_reserve_reaches_its_sites(shanghai: World) -> None:
    """Every top site has a rapid and an armed unit of its own within ten minutes."""
    blocks = shanghai.reserve.blocks
    assert [(b.kind.reserve_id, b.from_hour, len(b.units)) for b in blocks] == [
        ("rapid_response", 6, 20),
        ("rapid_response", 10, 20),
        ("armed_patrol", 6, 10),
        ("armed_patrol", 10, 10),
    ]
    for block in blocks:
        own = [unit.site for unit in block.units if unit.rank == 1]
        assert sorted(own) == list(range(len(block.sites)))
        assert (block.promised_min <= 10.0).all()
        assert block.choice.own.bound == pytest.approx(block.choice.own.cost)
        assert block.choice.more.bound == pytest.approx(block.choice.more.cost)
    assert [site.site_id for site in blocks[1].sites][:3] == [
        "hongqiao_rail",
        "yuyuan_lantern",
        "pvg",
    ]
