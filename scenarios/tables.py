"""The scenario's tables that need no geography: horizon, classes, levels, labour, season."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.incident_file import ClassTable, read_incident_classes
from geodata.season import Season
from geodata.season_file import read_season
from optimizer.force_file import ForceParts, read_force_parts
from optimizer.level_file import read_levels
from optimizer.levels import LevelWindow, ServiceLevel
from optimizer.rotations import Rotation
from optimizer.shifts import Shift
from scenarios.labour import all_shifts, rotations_of
from scenarios.scenario import LoadedScenario


@dataclass(frozen=True)
class Tables:
    """What was read; a part is None where its file has faults.

    The `windows` hold everywhere: which commands each names is known with the ground.
    """

    horizon: Horizon | None
    classes: ClassTable | None
    levels: dict[str, ServiceLevel] | None
    windows: tuple[LevelWindow, ...]
    shifts: tuple[Shift, ...] | None
    rotations: tuple[Rotation, ...] | None
    force: ForceParts | None
    season: Season | None


def read_tables(loaded: LoadedScenario, faults: FaultLog) -> Tables:
    """Read all tables, noting every fault of every file."""
    parts = loaded.scenario
    zone = known_zone(parts.area.timezone, "area.timezone", loaded, faults)
    horizon = None if zone is None else _horizon(loaded, zone, faults)
    classes = faults.attempt(
        lambda log: read_incident_classes(
            loaded.path(parts.incidents.classes), loaded.path(parts.incidents.targets), log
        )
    )
    force = faults.attempt(
        lambda log: read_force_parts(
            loaded.path(parts.force.types),
            loaded.path(parts.force.unit_types),
            log,
            with_totals=parts.force.method == "spread",
        )
    )
    if classes is not None and force is not None:
        _refuse_unanswered(loaded, classes, force, faults)
    shifts = faults.attempt(lambda log: all_shifts(loaded, log))
    return Tables(
        horizon=horizon,
        classes=classes,
        levels=faults.attempt(lambda log: read_levels(loaded.path(parts.levels.table), log)),
        windows=() if zone is None else _windows(loaded, zone, faults),
        shifts=shifts,
        rotations=rotations_of(loaded, shifts, force, faults),
        force=force,
        season=_season(loaded, horizon, faults),
    )


def named_file(loaded: LoadedScenario, name: str | None, key: str, faults: FaultLog) -> Path | None:
    """Path of a file that the scenario must name under `key`, or None with the fault noted."""
    if name is not None:
        return loaded.path(name)
    faults.add(
        f"scenario {loaded.scenario.id}",
        f"the key {key} is missing",
        expected="the name of a file",
        remedy="Add the key; docs/data-formats.md describes the file.",
    )
    return None


def localised(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment of the scenario in its zone; without an offset it is local time."""
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def known_zone(name: str, key: str, loaded: LoadedScenario, faults: FaultLog) -> ZoneInfo | None:
    """Time zone that the scenario names under `key`, or None with the fault noted."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"{key} is not known",
            expected="a name such as Asia/Shanghai",
            remedy="Correct the name.",
            value=name,
        )
        return None


def _horizon(loaded: LoadedScenario, zone: ZoneInfo, faults: FaultLog) -> Horizon | None:
    part = loaded.scenario.horizon
    try:
        return Horizon(localised(part.start, zone), part.hours)
    except ValueError as error:
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"horizon: {error}",
            expected="a start on the full hour and at least 1 h",
            remedy="Correct horizon.start or horizon.hours.",
            value=part.start.isoformat(),
        )
        return None


def _windows(loaded: LoadedScenario, zone: ZoneInfo, faults: FaultLog) -> tuple[LevelWindow, ...]:
    windows = []
    for number, part in enumerate(loaded.scenario.levels.windows, start=1):
        start, end = localised(part.start, zone), localised(part.end, zone)
        if end <= start:
            faults.add(
                f"scenario {loaded.scenario.id}",
                f"window {number} of levels.windows ends before it starts",
                expected="`end` after `start`",
                remedy="Swap the times.",
                value=part.end.isoformat(),
            )
        windows.append(LevelWindow(start, end, part.level))
    return tuple(windows)


def _refuse_unanswered(
    loaded: LoadedScenario, classes: ClassTable, force: ForceParts, faults: FaultLog
) -> None:
    """Note the classes that ask for a type of unit the force does not have."""
    known = [unit.unit_type for unit in force.unit_types]
    for kind in classes.classes.classes:
        if kind.unit_type and kind.unit_type not in known:
            faults.add(
                loaded.path(loaded.scenario.incidents.classes).name,
                f"class {kind.class_id} asks for a unit_type that the force does not have",
                expected=f"one of {', '.join(known)}, or empty where no unit goes out",
                remedy="Correct the value, or add the type to the table of unit types.",
                value=kind.unit_type,
            )


def _season(loaded: LoadedScenario, horizon: Horizon | None, faults: FaultLog) -> Season | None:
    """Season of the scenario; None without one, or where it does not hold the whole horizon."""
    demand = loaded.scenario.demand
    if demand.method != "season":
        return None
    calendar = named_file(loaded, demand.calendar, "demand.calendar", faults)
    profile = named_file(loaded, demand.profile, "demand.profile", faults)
    if calendar is None or profile is None:
        return None
    season = faults.attempt(lambda log: read_season(calendar, profile, log))
    if season is None or horizon is None:
        return season
    missing = season.days_without_phase(horizon)
    if not missing:
        return season
    faults.add(
        calendar.name,
        "days of the horizon have no phase",
        expected="a phase for every day of the horizon and for the evening before it",
        remedy="Add the phase, or move the horizon.",
        value=", ".join(day.isoformat() for day in missing),
    )
    return None
