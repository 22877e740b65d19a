"""Drones of a scenario: their files, what they take off the forecast, and the report's tables."""

from dataclasses import dataclass, replace

import pandas as pd

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.forecast import DemandForecast
from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.incident_file import ClassTable
from geodata.incidents import IncidentClasses
from geodata.situation import Situation
from optimizer.drone_file import read_drone_bases, read_no_fly, read_wind
from optimizer.drones import (
    NO_DRONES,
    DroneFleet,
    DroneService,
    NoFlyZone,
    drone_service,
    freed_unit_hours,
)
from optimizer.force import UnitType
from optimizer.observation import (
    ObservationPlan,
    ObservationTask,
    committed_drones,
    without_freed_posts,
)
from optimizer.observation_file import read_observation
from optimizer.requirement import PostNeed
from scenarios.scenario import LoadedScenario
from scenarios.tables import known_zone


@dataclass(frozen=True)
class DroneTasks:
    """A fleet and the places that it is to watch."""

    fleet: DroneFleet
    watch: tuple[ObservationTask, ...]


@dataclass(frozen=True)
class Drones:
    """A fleet, what it does for the `calls` expected before, and what it watches.

    `post_hours_freed` officer-hours on observation posts are not asked for while drones watch.
    """

    fleet: DroneFleet
    service: DroneService
    calls: float
    observation: ObservationPlan
    post_hours_freed: int = 0

    @property
    def cleared(self) -> float:
        """Calls that need no unit any more, over the horizon."""
        return float(self.service.cleared.sum())


def drone_fleet(
    loaded: LoadedScenario,
    area: StudyArea,
    horizon: Horizon,
    classes: ClassTable | None,
    faults: FaultLog,
) -> DroneTasks | None:
    """Fleet and watched places of the scenario's files, none where it names no file."""
    part = loaded.scenario.drones
    if part.file is None:
        _refuse_no_bases(loaded, faults)
        return DroneTasks(NO_DRONES, ())
    local = part.local_timezone
    zone = None if local is None else known_zone(local, "drones.local_timezone", loaded, faults)
    if classes is None or (local is not None and zone is None):
        return None
    return faults.attempt(lambda log: _read(loaded, area, horizon, classes.classes, log))


def _refuse_no_bases(loaded: LoadedScenario, faults: FaultLog) -> None:
    part = loaded.scenario.drones
    if any(name is not None for name in (part.no_fly, part.wind, part.observation)):
        faults.add(
            f"scenario {loaded.scenario.id}",
            "drones.file is missing",
            expected="a table of bases beside drones.no_fly, drones.wind and drones.observation",
            remedy="Name the table, or leave out the whole table [drones].",
        )


def _read(
    loaded: LoadedScenario,
    area: StudyArea,
    horizon: Horizon,
    classes: IncidentClasses,
    faults: FaultLog,
) -> DroneTasks:
    part, local = loaded.scenario.drones, loaded.scenario.drones.local_timezone
    bases = read_drone_bases(loaded.path(str(part.file)), area, classes, part.crs, faults)
    zones: tuple[NoFlyZone, ...] = ()
    wind = None
    if part.no_fly is not None:
        path = loaded.path(part.no_fly)
        zones = read_no_fly(path, area, part.crs, faults, local_timezone=local)
    if part.wind is not None:
        path = loaded.path(part.wind)
        wind = read_wind(path, horizon, faults, local_timezone=local)
    watch: tuple[ObservationTask, ...] = ()
    if part.observation is not None:
        path = loaded.path(part.observation)
        watch = read_observation(path, area, part.crs, faults, local_timezone=local)
    return DroneTasks(DroneFleet(bases, zones, wind), watch)


def drones_at_work(
    tasks: DroneTasks, grid: Grid, horizon: Horizon, forecast: DemandForecast
) -> Drones | None:
    """What a fleet watches, and what the drones left over do to a forecast; None without bases."""
    from optimizer.models.observation_flights import observation_flights

    fleet = tasks.fleet
    if not fleet.bases:
        return None
    plan = observation_flights(fleet, tasks.watch, horizon)
    kept = committed_drones(fleet, plan)
    service = drone_service(fleet, grid, horizon, forecast, kept)
    return Drones(fleet, service, forecast.calls(), plan)


def relieved_posts(
    posts: tuple[PostNeed, ...], drones: Drones | None
) -> tuple[tuple[PostNeed, ...], Drones | None]:
    """Posts with the people that drones make unnecessary taken off, and the drones with the sum."""
    if drones is None:
        return posts, None
    left, freed = without_freed_posts(posts, drones.observation)
    return left, replace(drones, post_hours_freed=freed)


def without_cleared(situation: Situation, drones: Drones | None) -> Situation:
    """The situation with the calls that drones leave over."""
    if drones is None:
        return situation
    return replace(situation, forecast=drones.service.remaining)


def drone_notes(drones: Drones | None) -> tuple[str, ...]:
    """What a reader must know of the drones."""
    if drones is None:
        return ()
    fleet, flying = drones.fleet, drones.service.flying
    notes = [
        "units are planned for the calls that drones leave over; what a drone clears alone is an "
        "assumption of the table of bases"
    ]
    if fleet.wind_ms is None:
        notes.append("no wind is given for the drones: every hour counts as fit to fly in")
    notes += [
        f"drone base {base.name_en} stays down in {int((~hours).sum())} of {len(hours)} hours "
        "(wind, closed zones or nothing in reach)"
        for base, hours in zip(fleet.bases, flying, strict=True)
        if not hours.all()
    ]
    return tuple(notes)


def drones_frame(drones: Drones, situation: Situation) -> pd.DataFrame:
    """Every base in every hour: whether it flies, flights, busy share, calls cleared by class."""
    service, classes = drones.service, situation.classes.ids
    kept = committed_drones(drones.fleet, drones.observation)
    rows = [
        (
            base.base_id,
            base.name_en,
            base.name_zh,
            start.isoformat(),
            base.drones,
            int(kept[row, hour]),
            int(service.flying[row, hour]),
            service.flights[row, hour],
            service.busy[row, hour],
            service.cleared[row, hour].sum(),
            *service.cleared[row, hour],
        )
        for row, base in enumerate(drones.fleet.bases)
        for hour, start in enumerate(situation.horizon.starts)
    ]
    columns = (
        "base_id name_en name_zh hour drones observing flying flights busy_share calls_cleared"
    ).split()
    handled = {name for base in drones.fleet.bases for name in base.classes}
    frame = pd.DataFrame(rows, columns=[*columns, *(f"cleared_{name}" for name in classes)])
    return frame.drop(columns=[f"cleared_{name}" for name in classes if name not in handled])


def drones_text(
    drones: Drones | None,
    situation: Situation,
    units: tuple[UnitType, ...],
    closing_min: float,
) -> str:
    """The summary's section on drones; empty where there are none."""
    if drones is None:
        return ""
    service, fleet = drones.service, drones.fleet
    freed = freed_unit_hours(service, situation.classes, units, closing_min)
    told = ", ".join(
        f"{hours:,.1f} unit-hours of {unit.name_en}"
        for unit, hours in zip(units, freed.sum(axis=1), strict=True)
        if hours > 0
    )
    lines = [
        f"* {base.name_en} ({base.name_zh}): {service.flights[row].sum():,.1f} flights, "
        f"{service.cleared[row].sum():,.1f} calls cleared; its {base.drones} drones are away or "
        f"charging {service.busy[row].max():.0%} of the busiest hour"
        for row, base in enumerate(fleet.bases)
    ]
    return "\n".join(
        [
            "## Drones",
            "",
            f"Of {drones.calls:,.1f} calls expected, drones clear {drones.cleared:,.1f}; the plan "
            "is made for the others, and every figure of response speaks of these. The cleared "
            f"calls would take {told or 'no unit-hours'} on the scene and closing, their travel "
            "on top. What the plan gains shows when the scenario is planned again without the "
            "table `[drones]`.",
            "",
            *lines,
        ]
    )
