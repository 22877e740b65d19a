"""Time off as a scenario says it: rest owed from before the horizon, and leave within it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.places import Places
from optimizer.force import Force, ForceType
from optimizer.rotations import LeaveQuota, RestDebt, Rotation, TimeOff
from optimizer.time_off_file import read_rest_debts
from scenarios.command_names import commands_of
from scenarios.scenario import LoadedScenario
from scenarios.schema import LeavePart
from scenarios.tables import localised


def rest_debts(
    loaded: LoadedScenario,
    stations: Places | None,
    force: Force | None,
    rotations: tuple[Rotation, ...] | None,
    horizon: Horizon,
    faults: FaultLog,
) -> tuple[RestDebt, ...] | None:
    """Rest owed at the start; None while this or what it refers to has faults."""
    name = loaded.scenario.labour.rest_debt
    if name is None:
        return ()
    if stations is None or force is None or rotations is None:
        return None
    teams_of = {force_id: one.teams for one in rotations for force_id in one.force_ids}
    zone = loaded.scenario.area.timezone
    return faults.attempt(
        lambda log: read_rest_debts(
            loaded.path(name), stations, force, teams_of, horizon, zone, log
        )
    )


def leave_quotas(
    loaded: LoadedScenario,
    area: StudyArea,
    types: tuple[ForceType, ...] | None,
    horizon: Horizon,
    faults: FaultLog,
) -> tuple[LeaveQuota, ...]:
    """Leave in the whole hours of the horizon that it touches; none where it touches no hour."""
    found = []
    for number, part in enumerate(loaded.scenario.labour.leave, start=1):
        where = f"leave {number} of labour.leave"
        commands = commands_of(part.districts, where, loaded, area, faults)
        forces = _forces(loaded, part, where, types, faults)
        _refuse_share(loaded, part, where, faults)
        hours = _hours(loaded, part, where, horizon, faults)
        if hours is not None and part.share <= 1.0:
            found.append(LeaveQuota(*hours, part.share, forces, commands))
    return tuple(found)


def _forces(
    loaded: LoadedScenario,
    part: LeavePart,
    where: str,
    types: tuple[ForceType, ...] | None,
    faults: FaultLog,
) -> tuple[int, ...]:
    if types is None:
        return ()
    known = [kind.force_id for kind in types]
    unknown = sorted(set(part.forces) - set(known))
    if unknown:
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"{where} names types of personnel that do not exist",
            expected=f"among {', '.join(known)}",
            remedy="Correct the ids.",
            value=", ".join(unknown),
        )
    return tuple(row for row, name in enumerate(known) if name in part.forces)


def _refuse_share(loaded: LoadedScenario, part: LeavePart, where: str, faults: FaultLog) -> None:
    if part.share > 1.0:
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"leave above the strength: the share of {where} is above 1",
            expected="a share from 0 to 1",
            remedy="Write 0.5 for half of every team.",
            value=part.share,
        )


def _hours(
    loaded: LoadedScenario, part: LeavePart, where: str, horizon: Horizon, faults: FaultLog
) -> tuple[int, int] | None:
    """First hour and hour after the last that the leave touches, None where there is none."""
    start, end = _window(loaded, part)
    if end <= start:
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"{where} ends before it starts",
            expected="`end` after `start`",
            remedy="Swap the times.",
            value=part.end.isoformat(),
        )
        return None
    touched = np.flatnonzero(horizon.overlaps(start, end))
    return (int(touched[0]), int(touched[-1]) + 1) if len(touched) else None


def time_off_notes(loaded: LoadedScenario, time_off: TimeOff, horizon: Horizon) -> tuple[str, ...]:
    """Rest debts and leave of the scenario that do not reach the horizon."""
    notes = []
    ended = sum(debt.until_h <= 0 for debt in time_off.debts)
    if ended:
        notes.append(
            f"{ended} of {len(time_off.debts)} rest debts end before the horizon begins: "
            "nobody rests for them any more"
        )
    for number, part in enumerate(loaded.scenario.labour.leave, start=1):
        if not horizon.overlaps(*_window(loaded, part)).any():
            notes.append(f"Leave {number} of labour.leave lies outside the horizon")
    return tuple(notes)


def _window(loaded: LoadedScenario, part: LeavePart) -> tuple[datetime, datetime]:
    zone = ZoneInfo(loaded.scenario.area.timezone)
    return localised(part.start, zone), localised(part.end, zone)
