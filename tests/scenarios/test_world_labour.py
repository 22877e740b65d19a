"""Levels by area, reinforcements, rotations, rest debts and leave as the world holds them."""

import json
from pathlib import Path

import numpy as np
import pytest

from optimizer.levels import LevelsInForce
from optimizer.rotations import LeaveQuota, RestDebt
from optimizer.shifts import LabourRules
from scenarios.level_prices import at_most, level_sources
from scenarios.level_spans import level_spans
from scenarios.scenario import load_scenario
from scenarios.world import World, build_world
from tests.scenarios.town import Muster, Town

WINDOW = "{start=2027-02-05T%s:00, end=2027-02-05T%s:00, level='%s', districts=%s}"
ROTATIONS = """\
rotation_id,name_en,name_zh,forces,teams,cycle,first_day,evidence
four,Four teams,四班,officers,4,duty_24h;-;-;-,2027-02-05,made up
"""
DEBTS = """\
station_id,force_id,officers,until,team
S1,officers,2,2027-02-05T22:00,1
S2,officers,3,2027-02-05T19:00,
"""


def windows(*rows: tuple[str, str, str, str]) -> str:
    return f"levels.windows=[{', '.join(WINDOW % row for row in rows)}]"


@pytest.fixture
def staffed(town: Town) -> Town:
    """The town with four teams and rest owed to five officers."""
    (town.folder / "rotations.csv").write_text(ROTATIONS, encoding="utf-8")
    (town.folder / "rest.csv").write_text(DEBTS, encoding="utf-8")
    town.edit(
        "tiny.toml",
        'shifts = "shifts.csv"',
        'shifts = "shifts.csv"\nrotations = "rotations.csv"\nrest_debt = "rest.csv"',
    )
    return town


def test_levels_by_area(town: Town) -> None:
    """Level 2 everywhere, level 1 in the east from 21:00 to 23:00."""
    rows = (("20:00", "23:59", "2", "[]"), ("21:00", "23:00", "1", "['E']"))
    world = build_world(town.load(windows(*rows)))
    assert world.in_force.by_command == (("2",) * 4, ("2", "1", "1", "2"))
    assert world.in_force.highest == ("2", "1", "1", "2")
    assert world.home_command.tolist() == [0, 1]


def test_a_precinct_has_one_level(portland: World) -> None:
    """All 22 districts of the North Precinct named: its level rises, the others' does not."""
    area = portland.situation.area
    north = area.commands.index("North Precinct")
    own = [
        name
        for name, command in zip(area.district_ids, area.command_of, strict=True)
        if command == north
    ]
    row = f"{{start=2016-09-10T20:00:00, end=2016-09-11T00:00:00, level='1', districts={own}}}"
    loaded = load_scenario("portland-2016", (f"levels.windows=[{row}]",))
    found = build_world(loaded).in_force.by_command
    for command, levels in enumerate(found):
        evening = "1" if command == north else "routine"
        assert levels == ("routine",) * 20 + (evening,) * 4


def test_spans_say_where_a_level_holds(town: Town) -> None:
    area = build_world(town.load()).situation.area
    names = {"2": ("Level 2", "二级"), "1": ("Level 1", "一级")}
    levels = LevelsInForce((("2", "2", "1", "1"), ("2", "1", "1", "2")))
    assert level_spans(levels, area, names) == [
        (0, ("Level 2", "二级")),
        (1, ("Level 1 in East, Level 2 elsewhere", "东区一级，其余二级")),
        (2, ("Level 1", "一级")),
        (3, ("Level 1 in West, Level 2 elsewhere", "西区一级，其余二级")),
    ]


def test_a_price_list_keeps_the_districts_of_its_windows(town: Town) -> None:
    rows = (("20:00", "23:59", "2", "[]"), ("21:00", "23:00", "1", "['E']"))
    scenario = town.load(windows(*rows)).scenario
    for level, found in (("routine", ["routine"] * 2), ("1", ["2", "1"]), ("1+", ["2", "1+"])):
        part = at_most(scenario, level)
        assert [window.level for window in part.windows] == found
        assert [window.districts for window in part.windows] == [(), ("E",)]


def test_quiet_levels_visit_less_where_they_hold(town: Town) -> None:
    """V1 in the west and V2 in the east; density 1 at level 1, 0.5 at the routine level."""
    town.edit("visits.csv", "12,2,20:00", "12,1,20:00")
    town.edit("visits.csv", "10,4,20:00", "10,1,20:00")
    west = build_world(town.load(windows(("20:00", "23:59", "1", "['W']"))))
    assert np.bincount(west.due_visits[:, 0]).tolist() == [4, 2]
    everywhere = build_world(town.load())
    assert np.bincount(everywhere.due_visits[:, 0]).tolist() == [4, 4]
    assert west.requirement.visit_officers.sum() < everywhere.requirement.visit_officers.sum()


def test_reinforcements_follow_the_table(town: Town) -> None:
    free = "labour.reinforcement={every_h=12, lengths_h=[8, 10], rest_after_h=12, handover_min=15}"
    shifts = build_world(town.load(free)).shifts
    assert [shift.shift_id for shift in shifts] == [
        "duty_24h",
        "evening_8h",
        "free_00_8h",
        "free_12_8h",
        "free_00_10h",
        "free_12_10h",
    ]
    assert {(s.rest_after_h, s.handover_min) for s in shifts[2:]} == {(12.0, 15.0)}
    assert build_world(town.load(free, "labour.reinforcement.lengths_h=[]")).shifts == shifts[:2]


def test_rotations_and_rest_owed(staffed: Town) -> None:
    """The debt of S1 ends 2 h into the horizon; that of S2 ended an hour before it."""
    world = build_world(staffed.load())
    (four,) = world.rotations
    assert (four.rotation_id, four.force_ids, four.teams) == ("four", ("officers",), 4)
    assert world.time_off.debts == (RestDebt(0, 0, 2, 2.0, 0), RestDebt(1, 0, 3, -1.0, None))
    assert "1 of 2 rest debts end before the horizon begins" in world.notes[-1]


def test_leave_in_whole_hours_of_the_horizon(town: Town) -> None:
    """20:30 to 21:10 touches two hours; a day before touches none and is told."""
    rows = (
        "{start=2027-02-05T20:30:00, end=2027-02-05T21:10:00, share=0.5, forces=['auxiliary']}",
        "{start=2027-02-04T20:00:00, end=2027-02-04T23:00:00, share=1}",
        "{start=2027-02-05T10:00:00, end=2027-02-07T00:00:00, share=0.25, districts=['E']}",
    )
    world = build_world(town.load(f"labour.leave=[{', '.join(rows)}]"))
    assert world.time_off.leave == (
        LeaveQuota(0, 2, 0.5, (1,), ()),
        LeaveQuota(0, 4, 0.25, (), (1,)),
    )
    assert world.notes[-1] == "Leave 2 of labour.leave lies outside the horizon"


def test_labour_rules_and_long_weeks(staffed: Town) -> None:
    """24 h in four days are 42 h a week."""
    short = ("labour.max_nights_in_row=2", "labour.max_days_in_row=5", "labour.max_week_h=40")
    world = build_world(staffed.load(*short))
    assert world.rules == LabourRules(11.0, 40.0, 2, 2, 5)
    assert any("42 h of duty a week on average" in note for note in world.notes)
    assert not any("a week on average" in note for note in build_world(staffed.load()).notes)


def test_a_run_with_everything_keeps_every_rule(
    staffed: Town, muster: Muster, tmp_path: Path
) -> None:
    """Levels by area, teams, rest owed, free starts and a third of each team at home."""
    rows = (("20:00", "23:59", "2", "[]"), ("21:00", "23:00", "1", "['E']"))
    leave = "labour.leave=[{start=2027-02-05T20:00:00, end=2027-02-05T23:00:00, share=0.3}]"
    words = ["--set", windows(*rows), "--set", leave]
    words += ["--set", "labour.reinforcement={every_h=2, lengths_h=[8, 10], handover_min=30}"]
    out = tmp_path / "out"
    done = muster("run", staffed.path, "--out", str(out), *words)
    assert done.code == 0, done.err
    assert json.loads((out / "run.json").read_text("utf-8"))["violations"] == []
    assert "1 in East, 2 elsewhere from 05 Feb 21:00" in (out / "summary.md").read_text("utf-8")
    sheet = (out / "orders" / "index.html").read_text("utf-8")
    assert "Level 1 in East, Level 2 elsewhere" in sheet


def test_nobody_who_responds_is_an_answer(town: Town, muster: Muster, tmp_path: Path) -> None:
    """Nine auxiliaries and no officer: every post is short, no unit goes out, no rule breaks."""
    table = "station_id,force_id,headcount\nS1,officers,0\nS2,officers,0\nS2,auxiliary,9\n"
    (town.folder / "headcount.csv").write_text(table, encoding="utf-8")
    out = tmp_path / "out"
    done = muster("run", town.path, "--out", str(out), "--set", "simulation.replications=0")
    assert done.code == 0, done.err
    found = json.loads((out / "run.json").read_text("utf-8"))["headline"]
    assert found["units_on_street"]["most"] == 0
    assert found["posts"]["have"] + found["posts"]["need"] == found["posts"]["required"]
    assert found["posts"]["need"] > 0
    assert found["presence_short_officer_hours"] == 2 * 2 * 4


def test_sources_stand_under_the_price_list(portland: World, shanghai: World) -> None:
    levels, types = dict(shanghai.levels), shanghai.force.types
    lines = level_sources(levels, types, ("1", "1+"))
    assert lines[0].startswith("* 1: at most 60% on duty at one time, 4% absent, patrol density 1;")
    assert "opens Headquarters and support, Armed police on joint patrol. public:" in lines[0]
    assert "opens Detectives and specialists. public: all hands" in lines[1]
    assert lines[2] == "* Protected at every level: Community officers."
    (quiet,) = level_sources(dict(portland.levels), portland.force.types, ("3",))
    assert "opens no further pool. assumption." in quiet
