"""The staffing of a finished run read back: its numbers, and every fault of an edited table."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from geodata.faults import BadInput
from optimizer.rotations import Rotation
from optimizer.shifts import ShiftInstance, shift_instances
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from scenarios.rosters import roster_teams
from scenarios.run_folder import write_run
from scenarios.staffing_table import read_staffing
from scenarios.world import World
from tests.scenarios.town import write_town


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("staffed")
    progress = Progress(quiet=True)
    settings = ("patrol.rounds=1", "simulation.replications=0")
    run = run_scenario(write_town(folder / "town").load(*settings), progress)
    write_run(run, folder / "out", progress)
    return run, folder / "out"


@pytest.fixture
def edited(planned: tuple[Run, Path], tmp_path: Path) -> Path:
    """A folder with nothing but a copy of the table."""
    shutil.copy(planned[1] / "staffing.csv", tmp_path)
    return tmp_path


def duties(world: World) -> tuple[ShiftInstance, ...]:
    return shift_instances(world.situation.horizon, world.shifts)


def read(world: World, folder: Path) -> NDArray[np.int64]:
    instances = duties(world)
    return read_staffing(folder, world, roster_teams(world, instances), instances)


def faults(world: World, folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(world, folder)
    return [str(fault) for fault in caught.value.faults]


def test_the_table_is_the_roster(planned: tuple[Run, Path]) -> None:
    run, folder = planned
    officers = read(run.world, folder)
    assert officers.sum() > 0
    assert np.array_equal(officers, run.plan.roster.by_team)


def test_every_edit_is_told_with_its_row(planned: tuple[Run, Path], edited: Path) -> None:
    """Of each copied first row one value is changed, but in the last, which only repeats it."""
    run, _ = planned
    table = pd.read_csv(edited / "staffing.csv", dtype=str)
    rows, first = len(table), table.iloc[[0]]
    for column, value in (
        ("station_id", "S9"),
        ("force_id", "navy"),
        ("team", "7"),
        ("shift_id", "siesta"),
        ("start", "2027-02-05T19:30:00+08:00"),
        ("end", "2027-02-07T00:00:00+08:00"),
        ("officers", "999"),
        ("officers", "-1"),
        ("officers", first["officers"].iloc[0]),
    ):
        table = pd.concat([table, first.assign(**{column: value})])
    table.to_csv(edited / "staffing.csv", index=False)
    told = faults(run.world, edited)
    assert len(told) == 9
    for number, words in enumerate(
        (
            "station_id is not one of the scenario's stations (value: 'S9'). Expected S1, S2",
            "force_id is not one of the scenario's types of personnel (value: 'navy')",
            "the force has no such team (value: 'officers, team 7')",
            "shift_id is not one of the scenario's shifts (value: 'siesta')",
            "the shift does not start then (value: '2027-02-05T19:30:00+08:00')",
            "the shift does not end then (value: '2027-02-07T00:00:00+08:00')",
            "more officers than the team has at this station (value: '999, head-count ",
            "officers is not a whole number of at least 0 (value: '-1')",
            "this duty stands in an earlier row",
        ),
        start=rows + 1,
    ):
        assert any(f"staffing.csv, row {number}: {words}" in line for line in told), words


def test_columns_that_are_gone_are_named(planned: tuple[Run, Path], edited: Path) -> None:
    table = pd.read_csv(edited / "staffing.csv", dtype=str)
    table.drop(columns=["shift_id", "end"]).to_csv(edited / "staffing.csv", index=False)
    told = faults(planned[0].world, edited)
    assert len(told) == 2
    assert all("staffing.csv: a column is missing (value: " in line for line in told)


def test_a_table_that_is_gone_is_a_fault(planned: tuple[Run, Path], tmp_path: Path) -> None:
    (told,) = faults(planned[0].world, tmp_path)
    assert told.startswith("staffing.csv: the file does not exist.")


def test_an_empty_table_is_nobody_on_duty(planned: tuple[Run, Path], edited: Path) -> None:
    table = pd.read_csv(edited / "staffing.csv", dtype=str)
    table.iloc[:0].to_csv(edited / "staffing.csv", index=False)
    assert not read(planned[0].world, edited).any()


def test_a_team_works_its_turns_only(planned: tuple[Run, Path], edited: Path) -> None:
    """Two teams take 24-h duties in turn: the first on 5 February, so not on the 4th."""
    duty = next(one for one in planned[0].world.shifts if one.shift_id == "duty_24h")
    eve = date(2027, 2, 5)
    rotation = Rotation("two", "Two", "两班", ("officers",), 2, ("duty_24h", ""), eve, (duty,))
    world = replace(planned[0].world, rotations=(rotation,))
    own = "S1,officers,{},duty_24h,2027-02-05T08:00:00+08:00,2027-02-06T08:00:00+08:00,{}"
    header = "station_id,force_id,team,shift_id,start,end,officers"
    for rows, told in (
        ([own.format(1, 15)], []),
        ([own.format(2, 1)], ["another team's turn"]),
        ([own.format("", 1)], ["no such team"]),
        ([own.format(1, 16)], ["16, head-count 15"]),
    ):
        (edited / "staffing.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
        if told:
            found = faults(world, edited)
            assert len(found) == 1
            assert told[0] in found[0]
        else:
            officers = read(world, edited)
            assert officers.shape[:2] == (2, 3)
            assert (officers.sum(), officers[0, 0].sum()) == (15, 15)
