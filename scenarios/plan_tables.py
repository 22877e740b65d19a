"""Tables of a finished run read back: loans, groups from outside, moves of units, posts."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.row_check import RowCheck
from optimizer.mutual_aid import AidCall
from optimizer.plan import Loan, PostFill, UnitMove
from optimizer.shifts import ShiftInstance
from scenarios.world import World

LOANS, AID, POSTS, MOVES = "loans.csv", "mutual_aid.csv", "posts.csv", "deployment.csv"

Filling = tuple[str, int, int, int]
"""Force, command, officers, and how many of them go home after the block."""

GO_BACK = "Plan the scenario again; the tables of a run are not edited by hand."


def read_loans(
    folder: Path, world: World, instances: tuple[ShiftInstance, ...], faults: FaultLog
) -> tuple[Loan, ...]:
    """Loans in the order of the table."""
    columns = ("from_command", "to_command", "force_id", "shift_id", "start", "officers")
    table = read_table(folder / LOANS, columns, faults)
    if table is None:
        return ()
    check, commands = RowCheck(table, faults), world.situation.area.commands
    ends = [
        _numbers(check.choices(name, commands, "the scenario's commands"), commands)
        for name in ("from_command", "to_command")
    ]
    force = check.choices("force_id", world.force.ids, "the scenario's types of personnel")
    duty = _duties(check, world, instances)
    officers = check.numbers("officers", minimum=1.0, whole=True)
    return tuple(
        Loan(force[row], ends[0][row], ends[1][row], duty[row], int(officers[row]))
        for row in np.flatnonzero(check.sound).tolist()
    )


def read_aid(folder: Path, world: World, faults: FaultLog) -> tuple[AidCall, ...]:
    """Groups called from outside; none where the scenario has none."""
    known = [group.group_id for group in world.reinforcements.aid]
    if not known:
        return ()
    columns = ("group_id", "to_command", "start", "end", "groups")
    table = read_table(folder / AID, columns, faults)
    if table is None:
        return ()
    check, commands = RowCheck(table, faults), world.situation.area.commands
    group = check.choices("group_id", known, "the scenario's groups of mutual aid")
    goes_to = _numbers(check.choices("to_command", commands, "the scenario's commands"), commands)
    start, end = (_hours(check, name, world.situation.horizon) for name in ("start", "end"))
    count = check.numbers("groups", minimum=1.0, whole=True)
    return tuple(
        AidCall(group[row], goes_to[row], start[row], end[row], int(count[row]))
        for row in np.flatnonzero(check.sound).tolist()
    )


def read_moves(folder: Path, world: World, faults: FaultLog) -> tuple[UnitMove, ...]:
    """Units of every hour with the station they come from, in the order of the table."""
    columns = ("start", "unit_type", "place_id", "from_station_id", "units")
    table = read_table(folder / MOVES, columns, faults)
    if table is None:
        return ()
    check, situation = RowCheck(table, faults), world.situation
    places, homes = situation.patrol_places.place_ids, situation.stations.place_ids
    kinds = [unit.unit_type for unit in world.force.unit_types]
    hour = _hours(check, "start", situation.horizon)
    kind = check.choices("unit_type", kinds, "the scenario's unit types")
    place = _numbers(check.choices("place_id", places, "the scenario's places"), places)
    home = _numbers(check.choices("from_station_id", homes, "the scenario's stations"), homes)
    units = check.numbers("units", minimum=0.0, whole=True).tolist()
    return tuple(
        UnitMove(kind[row], hour[row], home[row], place[row], int(units[row]))
        for row in np.flatnonzero(check.sound).tolist()
    )


def read_fills(folder: Path, world: World, faults: FaultLog) -> tuple[PostFill, ...]:
    """Who mans each block of posts and how many of them go home after it, as the table lists."""
    columns = ("post_id", "have", "filled_by", "going_home_each")
    table = read_table(folder / POSTS, columns, faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    known = [need.post_id for need in world.requirement.posts]
    post = check.choices("post_id", known, "the posts of the scenario's events")
    have = check.numbers("have", minimum=0.0, whole=True)
    lenders = _Lenders(world)
    named = [
        lenders.read(who, home)
        for who, home in zip(
            check.texts("filled_by", optional=True),
            check.texts("going_home_each", optional=True),
            strict=True,
        )
    ]
    check.refuse(
        [
            who is None or sum(officers for _, _, officers, _ in who) != count
            for who, count in zip(named, have, strict=True)
        ],
        "who mans the post does not add up to those it has",
        expected="`FORCE of COMMAND: NUMBER` of the scenario's, joined by `; `, `have` in all, "
        "and in going_home_each for each of them at most that number",
        remedy=GO_BACK,
        values=table.frame["filled_by"],
    )
    return tuple(
        PostFill(post[row], *fill)
        for row in np.flatnonzero(check.sound).tolist()
        for fill in named[row] or ()
    )


class _Lenders:
    """Reads `FORCE of COMMAND: NUMBER; ...`, whatever marks the names of commands hold."""

    def __init__(self, world: World) -> None:
        self._of_label = {
            f"{force_id} of {name}": (force_id, number)
            for force_id in world.force.ids
            for number, name in enumerate(world.situation.area.commands)
        }
        longest_first = sorted(self._of_label, key=len, reverse=True)
        labels = "|".join(re.escape(label) for label in longest_first)
        self._one = re.compile(rf"({labels}): (\d+)(?:; |$)")

    def read(self, text: str, homeward: str) -> list[Filling] | None:
        """Force, command, officers and those who go home of each part; None for other texts."""
        home = homeward.split("; ") if homeward else []
        found: list[Filling] = []
        at = 0
        while at < len(text):
            part = self._one.match(text, at)
            if part is None or len(found) == len(home) or not home[len(found)].isdecimal():
                return None
            found.append((*self._of_label[part[1]], int(part[2]), int(home[len(found)])))
            at = part.end()
        sound = len(found) == len(home) and all(going <= count for _, _, count, going in found)
        return found if sound else None


def _numbers(names: list[str], known: tuple[str, ...]) -> list[int]:
    """Position of each name among the known ones, -1 for a stranger."""
    number = {name: at for at, name in enumerate(known)}
    return [number.get(name, -1) for name in names]


def _hours(check: RowCheck, column: str, horizon: Horizon) -> list[int]:
    """Hours of a column of times, counted from the horizon's start; the end counts too."""
    ends = [horizon.at(hour).astimezone(UTC) for hour in range(horizon.hours + 1)]
    number = {moment: hour for hour, moment in enumerate(ends)}
    moments = check.moments(column)
    found = [-1 if moment is None else number.get(moment, -1) for moment in moments]
    check.refuse(
        [moment is not None and hour < 0 for moment, hour in zip(moments, found, strict=True)],
        f"{column} is not an hour of the scenario's horizon",
        expected=f"full hours from {horizon.start.isoformat()} to {horizon.end.isoformat()}",
        remedy=GO_BACK,
        values=check.table.frame[column],
    )
    return found


def _duties(check: RowCheck, world: World, instances: tuple[ShiftInstance, ...]) -> list[int]:
    """Number of the shift of each row, -1 for one that does not start then."""
    horizon = world.situation.horizon
    number: dict[tuple[str, datetime | None], int] = {
        (duty.shift.shift_id, horizon.at(duty.start_h).astimezone(UTC)): at
        for at, duty in enumerate(instances)
    }
    shifts = check.choices(
        "shift_id", [shift.shift_id for shift in world.shifts], "the scenario's shifts"
    )
    starts = check.moments("start")
    found = [number.get(key, -1) for key in zip(shifts, starts, strict=True)]
    check.refuse(
        [at < 0 and begins is not None for at, begins in zip(found, starts, strict=True)],
        "no shift of this name starts then",
        expected="a start of that shift by the scenario's table, within the hours of the run",
        remedy=GO_BACK,
        values=check.table.frame["start"],
    )
    return found
