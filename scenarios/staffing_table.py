"""The staffing of a finished run, read back from its table."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.rotations import Teams
from optimizer.shifts import ShiftInstance
from scenarios.world import World

STAFFING = "staffing.csv"
COLUMNS = ("station_id", "force_id", "team", "shift_id", "start", "end", "officers")

Places = list[tuple[int, int, int] | None]
"""Station, team and shift of each row, None where the row is not sound."""


def read_staffing(
    folder: Path, world: World, teams: Teams, instances: tuple[ShiftInstance, ...]
) -> NDArray[np.int64]:
    """Officers that the run in `folder` puts on each shift, `[station, team, instance]`.

    Raises
    ------
    BadInput
        With every fault of the table, when it is gone, lacks a column, or names what the
        scenario does not have.
    """
    faults, path = FaultLog(), folder / STAFFING
    officers = np.zeros((*teams.headcount.shape, len(instances)), dtype=np.int64)
    if path.is_file():
        _read_into(officers, path, world, teams, instances, faults)
    else:
        faults.add(
            STAFFING,
            "the file does not exist",
            expected="the staffing that `muster run` writes",
            remedy="Plan the scenario again.",
        )
    faults.raise_if_any()
    return officers


def _read_into(
    officers: NDArray[np.int64],
    path: Path,
    world: World,
    teams: Teams,
    instances: tuple[ShiftInstance, ...],
    faults: FaultLog,
) -> None:
    """Enter the sound rows; every fault is noted."""
    table = read_table(path, COLUMNS, faults)
    if table is None:
        return
    check = RowCheck(table, faults)
    homes = world.situation.stations.place_ids
    station = check.choices("station_id", homes, "the scenario's stations")
    team = _teams_of(check, world, teams)
    duty = _duties_of(check, world, instances)
    count = check.numbers("officers", minimum=0.0, whole=True)
    home_number = {name: number for number, name in enumerate(homes)}
    places = [
        (home_number[home], row, at) if sound else None
        for home, row, at, sound in zip(station, team, duty, check.sound, strict=True)
    ]
    _refuse_other_turns(check, places, teams)
    _refuse_too_many(check, places, count, teams)
    keys = [
        f"{home}, team {row + 1} of all, {instances[at].label}"
        for home, row, at in zip(station, team, duty, strict=True)
    ]
    check.unique(("station_id", "force_id", "team", "shift_id", "start"), keys, "this duty")
    for row in np.flatnonzero(check.sound).tolist():
        officers[places[row]] = int(count[row])


def _teams_of(check: RowCheck, world: World, teams: Teams) -> list[int]:
    """Number of the team that each row speaks of, -1 for a row that is not sound."""
    force_ids = world.force.ids
    number = {(force_ids[one.force], one.label): at for at, one in enumerate(teams.teams)}
    force = check.choices("force_id", force_ids, "the scenario's types of personnel")
    label = check.texts("team", optional=True)
    found = [number.get(key, -1) for key in zip(force, label, strict=True)]
    check.refuse(
        [name in force_ids and at < 0 for name, at in zip(force, found, strict=True)],
        "the force has no such team",
        expected="the number of a team of its rotation, empty where the force has no rotation",
        remedy="Correct team.",
        values=[f"{name}, team {text}" for name, text in zip(force, label, strict=True)],
    )
    return found


def _duties_of(check: RowCheck, world: World, instances: tuple[ShiftInstance, ...]) -> list[int]:
    """Number of the shift that each row speaks of, -1 for a row that is not sound."""
    horizon = world.situation.horizon
    shift_ids = [shift.shift_id for shift in world.shifts]
    number: dict[tuple[str, datetime | None], int] = {
        (duty.shift.shift_id, horizon.at(duty.start_h).astimezone(UTC)): at
        for at, duty in enumerate(instances)
    }
    shift = check.choices("shift_id", shift_ids, "the scenario's shifts")
    start, end = check.moments("start"), check.moments("end")
    found = [number.get((name, begins), -1) for name, begins in zip(shift, start, strict=True)]
    check.refuse(
        [
            name in shift_ids and begins is not None and at < 0
            for name, begins, at in zip(shift, start, found, strict=True)
        ],
        "the shift does not start then",
        expected="a start of that shift by the scenario's table, within the hours of the run",
        remedy="Correct start or shift_id.",
        values=check.table.frame["start"],
    )
    ends = {at: horizon.at(duty.end_h).astimezone(UTC) for at, duty in enumerate(instances)}
    check.refuse(
        [
            at >= 0 and over is not None and over != ends[at]
            for at, over in zip(found, end, strict=True)
        ],
        "the shift does not end then",
        expected="the start and the hours of the shift",
        remedy="Correct end; the length of a shift stands in the scenario's table of shifts.",
        values=check.table.frame["end"],
    )
    return found


def _refuse_other_turns(check: RowCheck, places: Places, teams: Teams) -> None:
    """Shifts of a rotation on a day when it is another team's turn."""
    check.refuse(
        [place is not None and not teams.may_work[place[1:]] for place in places],
        "it is another team's turn",
        expected="the team that the rotation names for that day and shift",
        remedy="Correct team, shift_id or start.",
        values=check.table.frame["team"],
    )


def _refuse_too_many(
    check: RowCheck, places: Places, count: NDArray[np.float64], teams: Teams
) -> None:
    """More officers on one shift than the team has at its home."""
    there = [0 if place is None else int(teams.headcount[place[:2]]) for place in places]
    check.refuse(
        check.sound & (count > there),
        "more officers than the team has at this station",
        expected="at most the head-count",
        remedy="Correct officers, or the head-count in the scenario and plan again.",
        values=[f"{n:g}, head-count {have}" for n, have in zip(count, there, strict=True)],
    )
