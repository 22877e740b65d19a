"""Planned operations and drones in a scenario: from their files to the run folder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.faults import BadInput
from scenarios.drones import drones_frame, drones_text
from scenarios.world import build_world
from tests.scenarios.town import Muster, Town, write_town

KEYS = """\
[operations]
file = "operations.csv"
crs = "EPSG:32651"
local_timezone = "Asia/Shanghai"

[drones]
file = "drones.csv"
crs = "EPSG:32651"
local_timezone = "Asia/Shanghai"
no_fly = "no_fly.csv"
wind = "wind.csv"

[visits]"""

FILES = {
    "operations.csv": """\
operation_id,name_en,name_zh,district_id,lon,lat,start,end,window_from,window_to,officers,role,\
unit_type,priority,source
escort,Escort,警卫,W,357500,3450500,2027-02-05T20:30,2027-02-05T21:30,,,4,police,\
patrol_car,1,made up
fire,Fire inspection,消防检查,E,359500,3451500,2027-02-05T21:00,2027-02-05T22:00,\
2027-02-05T20:00,2027-02-06T00:00,6,police,,3,made up
later,Later,以后,E,359500,3451500,2027-02-06T21:00,2027-02-06T22:00,,,6,police,,3,made up
""",
    "drones.csv": """\
base_id,name_en,name_zh,lon,lat,drones,range_m,speed_kmh,endurance_min,recharge_min,max_wind_ms,\
classes,share,scene_min,source
D1,West base,西机场,356500,3451500,2,3000,45,35,20,10,noise,0.5,10,assumption
""",
    "no_fly.csv": """\
zone_id,lon,lat,radius_m,from,to,reason
fair,355500,3452500,300,2027-02-05T21:00,2027-02-05T22:00,Temple fair
""",
    "wind.csv": """\
hour,wind_ms
2027-02-05T20:00,3
2027-02-05T21:00,4
2027-02-05T22:00,5
2027-02-05T23:00,12
""",
}


@pytest.fixture
def busy_town(tmp_path: Path) -> Town:
    """The tiny town with two operations and a drone base."""
    town = write_town(tmp_path / "busy", FILES)
    town.edit("tiny.toml", "[visits]", KEYS)
    return town


def test_town_without_the_files_has_neither(town: Town) -> None:
    world = build_world(town.load())
    assert world.drones is None
    assert world.operations.placed == ()
    assert drones_text(None, world.situation, world.force.unit_types, 7.0) == ""


def test_units_are_planned_for_the_calls_that_drones_leave(town: Town, busy_town: Town) -> None:
    before = build_world(town.load()).situation.forecast
    world = build_world(busy_town.load())
    drones, left = world.drones, world.situation.forecast
    assert drones is not None
    assert drones.calls == pytest.approx(before.calls())
    np.testing.assert_allclose(
        drones.service.cleared.sum(axis=0) + left.rate_per_h.sum(axis=0, dtype=np.float64),
        before.rate_per_h.sum(axis=0, dtype=np.float64),
        rtol=1e-6,
    )
    cleared = drones.service.cleared.sum(axis=(0, 2))
    assert cleared[0] == pytest.approx(cleared[2])
    assert cleared[0] > cleared[1] > 0.0
    assert cleared[3] == 0.0
    frame = drones_frame(drones, world.situation)
    assert frame["flying"].tolist() == [1, 1, 1, 0]
    assert frame["flights"].tolist() == pytest.approx((2.0 * frame["calls_cleared"]).tolist())
    assert any("stays down in 1 of 4 hours" in note for note in world.notes)


def test_operations_become_posts_where_least_is_asked(busy_town: Town) -> None:
    """East has no event: its calls are alike in every hour, so the inspection stays at 21:00."""
    world = build_world(busy_town.load())
    escort, fire = world.operations.placed
    assert (escort.from_hour, escort.to_hour) == (0, 2)
    assert (fire.from_hour, fire.to_hour) == (1, 2)
    assert [task.operation_id for task in world.operations.left_out] == ["later"]
    posts = [need for need in world.requirement.posts if need.kind == "operation"]
    assert [(need.event_id, need.role, need.required) for need in posts] == [
        ("escort", "police", 4),
        ("fire", "supervisor", 1),
        ("fire", "police", 5),
    ]
    assert world.operations.bound <= world.operations.load


def test_inspection_moves_out_of_the_way_of_an_event(busy_town: Town) -> None:
    """In the west the fair asks most at its peak, 21:00 to 23:00, and the escort until 22:00."""
    busy_town.edit("operations.csv", "消防检查,E,359500", "消防检查,W,356500")
    _, fire = build_world(busy_town.load()).operations.placed
    assert (fire.from_hour, fire.to_hour) in ((0, 1), (3, 4))
    assert fire.others < fire.others_proposed


def test_run_tells_of_operations_and_drones(
    busy_town: Town, muster: Muster, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    quick = ("--set", "simulation.replications=0")
    finished = muster("run", busy_town.path, "--out", str(folder), *quick)
    assert finished.code == 0, finished.err
    operations = pd.read_csv(folder / "operations.csv").set_index("operation_id")
    assert operations.loc[
        "escort", ["required", "have", "units_required", "units_have"]
    ].tolist() == [
        4,
        4,
        2,
        2,
    ]
    assert operations.loc["fire", "have"] <= 6
    assert len(pd.read_csv(folder / "drones.csv")) == 4
    posts = pd.read_csv(folder / "posts.csv")
    assert posts.loc[posts["kind"] == "operation", "required"].sum() == 10
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert "## Planned operations" in summary
    assert "Later is not planned: it takes place outside the horizon" in summary
    assert "unit-hours of Patrol car" in summary
    assert "**assumption**: What drones clear" in summary


def test_bad_files_are_told_together(busy_town: Town) -> None:
    busy_town.edit("operations.csv", "escort,Escort", "fair,Escort")
    busy_town.edit(
        "drones.csv", "D1,West base,西机场,356500,3451500,2", "D1,West,西,356500,3451500,0"
    )
    busy_town.edit("wind.csv", "2027-02-05T23:00,12\n", "")
    with pytest.raises(BadInput) as told:
        build_world(busy_town.load())
    problems = {(fault.file, fault.problem) for fault in told.value.faults}
    assert problems == {
        ("operations.csv", "operation_id is the id of an event"),
        ("drones.csv", "drones is not a whole number of at least 1"),
        ("wind.csv", "1 hours of the horizon have no wind"),
    }


def test_zones_without_bases_are_refused(busy_town: Town) -> None:
    busy_town.edit("tiny.toml", 'file = "drones.csv"\n', "")
    with pytest.raises(BadInput, match=r"drones\.file is missing"):
        build_world(busy_town.load())


def test_files_count_for_the_digest(busy_town: Town) -> None:
    before = busy_town.load()
    assert {"operations.csv", "drones.csv", "no_fly.csv", "wind.csv"} <= set(before.input_files())
    digest = before.digest()
    busy_town.edit("wind.csv", "20:00,3", "20:00,2")
    assert busy_town.load().digest() != digest
