"""From a scenario to the world it describes: every file read, every fault told at once."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geodata.event_file import EventCalendar, read_events
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.places import Places, VisitPoints
from geodata.routing import SpeedProfiles, travel_times
from geodata.season import Season
from geodata.siting import standby_points, synthetic_stations
from geodata.situation import Situation
from geodata.speed_file import read_speeds
from geodata.station_file import read_stations
from geodata.visit_file import NO_VISIT_POINTS, read_visit_points
from optimizer.event_posts import PostRules, event_posts
from optimizer.force import Force
from optimizer.force_file import ForceParts, read_headcount, spread_headcount
from optimizer.levels import ServiceLevel, level_of_hour
from optimizer.limit_file import PlaceLimit
from optimizer.requirement import Requirement
from optimizer.shifts import LabourRules, Shift
from optimizer.visits import due_visits, visit_officers
from scenarios.demand import Demand, read_demand, station_counts
from scenarios.floors import cover_floors, floor_notes
from scenarios.ground import Ground, read_ground
from scenarios.limits import limit_notes, place_limits, refuse_unknown_residents
from scenarios.provenance import provenance_of
from scenarios.reach_notes import reach_notes
from scenarios.scenario import LoadedScenario
from scenarios.tables import Tables, known_zone, named_file, read_tables

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """The situation and the force of a scenario, with what the three demands ask for.

    `due_visits[visit, 2]` are point and start minute; `recorded[cell, class]` the calls
    recorded on the day, where there are any; `notes` what a reader of the report must know;
    `limits` what the planner fixed for places.
    """

    situation: Situation
    force: Force
    levels: MappingProxyType[str, ServiceLevel]
    level_of_hour: tuple[str, ...]
    shifts: tuple[Shift, ...]
    rules: LabourRules
    requirement: Requirement
    events: EventCalendar
    due_visits: NDArray[np.int64]
    recorded: NDArray[np.float64] | None
    notes: tuple[str, ...]
    limits: tuple[PlaceLimit, ...] = ()


def build_world(loaded: LoadedScenario) -> World:
    """World of a scenario.

    Raises
    ------
    BadInput
        With every fault of every file that could be read.
    """
    faults = FaultLog()
    tables = read_tables(loaded, faults)
    ground = read_ground(loaded, faults)
    if ground is None or tables.horizon is None:
        faults.raise_if_any()
    placed = _placed(loaded, _known(ground), tables, _known(tables.horizon), faults)
    faults.raise_if_any()
    return _assembled(loaded, _known(ground), tables, placed)


@dataclass(frozen=True)
class _Placed:
    """What stands on the ground; a part is None where its file has faults."""

    stations: Places | None
    patrol_places: Places | None
    headcount: NDArray[np.int64] | None
    demand: Demand | None
    speeds: SpeedProfiles | None
    events: EventCalendar | None
    visit_points: VisitPoints | None
    limits: tuple[PlaceLimit, ...] | None


def _known(part: T | None) -> T:
    """A part that must be there once no fault was noted."""
    if part is None:
        raise AssertionError("a part of the world is missing although no fault was noted")
    return part


def _placed(
    loaded: LoadedScenario, ground: Ground, tables: Tables, horizon: Horizon, faults: FaultLog
) -> _Placed:
    stations = _stations(loaded, ground, faults)
    if stations is not None:
        _refuse_bare_commands(loaded, ground, stations, faults)
    demand = None
    if tables.classes is not None:
        demand = read_demand(loaded, ground, horizon, tables.classes, tables.season, faults)
    refuse_unknown_residents(loaded, ground, faults)
    headcount = _headcount(loaded, ground, tables.force, stations, demand, faults)
    places = None if stations is None else _patrol_places(loaded, ground, stations)
    return _Placed(
        stations=stations,
        patrol_places=places,
        headcount=headcount,
        demand=demand,
        speeds=faults.attempt(lambda log: hourly_speeds(loaded, horizon, tables.season, log)),
        events=_events(loaded, ground, horizon, faults),
        visit_points=_visit_points(loaded, ground, faults),
        limits=place_limits(loaded, tables.force, places, headcount, horizon, faults),
    )


def _stations(loaded: LoadedScenario, ground: Ground, faults: FaultLog) -> Places | None:
    part = loaded.scenario.stations
    if part.method == "file":
        path = named_file(loaded, part.file, "stations.file", faults)
        if path is None:
            return None
        return faults.attempt(
            lambda log: read_stations(path, ground.area, ground.grid, part.crs, log)
        )
    counts = station_counts(loaded, ground, faults)
    if counts is None:
        return None
    none = [name for name, count in counts.items() if count < 1]
    if none:
        faults.add(
            loaded.path(str(loaded.scenario.area.attributes)).name,
            "districts without a station",
            expected="stations of at least 1 in every district",
            remedy="Correct the counts, or give a file of stations.",
            value=", ".join(none),
        )
        return None
    seed = loaded.scenario.seed
    return synthetic_stations(ground.area, ground.grid, ground.population, counts, seed=seed)


def _refuse_bare_commands(
    loaded: LoadedScenario, ground: Ground, stations: Places, faults: FaultLog
) -> None:
    """Note the commands in whose districts no station stands: nobody could staff them."""
    commands = ground.area.commands
    own = np.bincount(ground.area.command_of[stations.district], minlength=len(commands))
    bare = [name for name, count in zip(commands, own, strict=True) if not count]
    if bare:
        faults.add(
            loaded.path(str(loaded.scenario.stations.file)).name,
            "commands without a station",
            expected="at least one station in the districts of every command",
            remedy="Add stations, or name in area.group_column the command of each district.",
            value=", ".join(bare),
        )


def _headcount(
    loaded: LoadedScenario,
    ground: Ground,
    parts: ForceParts | None,
    stations: Places | None,
    demand: Demand | None,
    faults: FaultLog,
) -> NDArray[np.int64] | None:
    part = loaded.scenario.force
    if parts is None or stations is None:
        return None
    if part.method == "file":
        path = named_file(loaded, part.headcount, "force.headcount", faults)
        if path is None:
            return None
        count = faults.attempt(lambda log: read_headcount(path, parts.types, stations, log))
    elif demand is None or not _homes_exist(loaded, parts, stations, faults):
        return None
    else:
        count = spread_headcount(parts, stations, _work_of_homes(ground, stations, demand))
    return None if count is None else _scaled(loaded, count, faults)


def _homes_exist(
    loaded: LoadedScenario, parts: ForceParts, stations: Places, faults: FaultLog
) -> bool:
    """Whether each type of personnel has a place to belong to."""
    homeless = [
        kind.force_id
        for kind, home in zip(parts.types, parts.home, strict=True)
        if home not in stations.kind
    ]
    if homeless:
        faults.add(
            loaded.path(loaded.scenario.force.types).name,
            "types of personnel belong to a kind of home that no station is of",
            expected=f"home among {', '.join(sorted(set(stations.kind)))}",
            remedy="Correct home, add such stations, or give the head-counts by station.",
            value=", ".join(homeless),
        )
    return not homeless


def _scaled(
    loaded: LoadedScenario, count: NDArray[np.int64], faults: FaultLog
) -> NDArray[np.int64]:
    """Head-counts times `force.scale`, rounded half up; a force without officers is a fault."""
    scale = loaded.scenario.force.scale
    scaled: NDArray[np.int64] = np.floor(count * scale + 0.5).astype(np.int64)
    if not scaled.sum():
        faults.add(
            f"scenario {loaded.scenario.id}",
            "force.scale leaves no officers at all",
            expected="a scale that leaves at least one officer",
            remedy="Make force.scale larger.",
            value=scale,
        )
    return scaled


def _work_of_homes(ground: Ground, stations: Places, demand: Demand) -> NDArray[np.float64]:
    """Expected calls of each home: of the cells nearest to a station, of a branch's district."""
    calls = demand.forecast.rate_per_h.sum(axis=(1, 2), dtype=np.float64)
    district_calls = np.bincount(ground.grid.district, calls, minlength=len(ground.area.districts))
    work = district_calls[stations.district]
    for district in range(len(ground.area.districts)):
        cells = np.flatnonzero(ground.grid.district == district)
        own = stations.of_kind("station")
        own = own[stations.district[own] == district]
        if len(own) == 0:
            continue
        dx = ground.grid.x[cells, None] - stations.x[own]
        dy = ground.grid.y[cells, None] - stations.y[own]
        nearest = np.argmin(np.hypot(dx, dy), axis=1)
        work[own] = np.bincount(nearest, calls[cells], minlength=len(own))
    return np.maximum(work, 1e-9)


def hourly_speeds(
    loaded: LoadedScenario, horizon: Horizon, season: Season | None, faults: FaultLog
) -> SpeedProfiles:
    """Speeds of the roads in every hour; a season says what kind of day it is."""
    part = loaded.scenario.roads
    kinds = tuple(
        part.speed_day if season is None else season.phase_at(moment).speed_day
        for moment in horizon.starts
    )
    return read_speeds(
        loaded.path(part.speeds), loaded.path(part.speed_hours), horizon, kinds, faults
    )


def _events(
    loaded: LoadedScenario, ground: Ground, horizon: Horizon, faults: FaultLog
) -> EventCalendar | None:
    part = loaded.scenario.events
    if part.file is None:
        return EventCalendar((), (), 0)
    path, local = loaded.path(part.file), part.local_timezone
    if local is not None and known_zone(local, "events.local_timezone", loaded, faults) is None:
        return None
    return faults.attempt(
        lambda log: read_events(path, ground.area, horizon, part.crs, log, local_timezone=local)
    )


def _visit_points(loaded: LoadedScenario, ground: Ground, faults: FaultLog) -> VisitPoints | None:
    part = loaded.scenario.visits
    if part.file is None:
        return NO_VISIT_POINTS
    path = loaded.path(part.file)
    return faults.attempt(
        lambda log: read_visit_points(path, ground.area, ground.grid, part.crs, log)
    )


def _patrol_places(loaded: LoadedScenario, ground: Ground, stations: Places) -> Places:
    part = loaded.scenario.patrol
    spacing = {str(zone): metres for zone, metres in part.standby_spacing_m.items()}
    return standby_points(ground.area, ground.grid, ground.zone, stations, spacing)


def _assembled(loaded: LoadedScenario, ground: Ground, tables: Tables, placed: _Placed) -> World:
    scenario = loaded.scenario
    horizon, demand = _known(tables.horizon), _known(placed.demand)
    parts, limits = _known(tables.force), _known(placed.limits)
    situation = _situation(loaded, ground, tables, placed)
    events, points = _known(placed.events), _known(placed.visit_points)
    visits = due_visits(points, horizon, seed=scenario.seed)
    floors = cover_floors(situation, scenario.patrol.floors)
    posts = event_posts(
        events.placed,
        ground.area,
        horizon,
        PostRules(
            scenario.events.police_share,
            scenario.events.support_share,
            scenario.events.off_peak_day_share,
        ),
    )
    on_foot = visit_officers(
        points,
        visits,
        ground.area.command_of[points.places.district],
        len(ground.area.commands),
        horizon.hours,
        walk_min=scenario.visits.walk_min,
    )
    return World(
        situation=situation,
        force=Force(parts.types, parts.unit_types, _known(placed.headcount)),
        levels=MappingProxyType(_known(tables.levels)),
        level_of_hour=level_of_hour(horizon, tables.windows),
        shifts=_known(tables.shifts),
        rules=LabourRules(
            scenario.labour.min_rest_h, scenario.labour.max_week_h, scenario.labour.min_presence
        ),
        requirement=Requirement(posts, on_foot),
        events=events,
        due_visits=visits,
        recorded=demand.recorded,
        notes=(
            *demand.notes,
            *_event_notes(events),
            *reach_notes(situation, parts.unit_types),
            *floor_notes(situation, parts.unit_types, floors),
            *limit_notes(limits, situation.patrol_places.place_ids, parts.unit_types, horizon),
        ),
        limits=limits,
    )


def _situation(
    loaded: LoadedScenario, ground: Ground, tables: Tables, placed: _Placed
) -> Situation:
    scenario = loaded.scenario
    stations, patrol_places = _known(placed.stations), _known(placed.patrol_places)
    travel = travel_times(
        ground.roads,
        ground.zone,
        patrol_places,
        _known(placed.speeds),
        speed_factors={u.unit_type: u.speed_factor for u in _known(tables.force).unit_types},
        cutoff_min=scenario.patrol.cutoff_min,
    )
    return Situation(
        area=ground.area,
        grid=ground.grid,
        horizon=_known(tables.horizon),
        zone=ground.zone,
        classes=_known(tables.classes).classes,
        forecast=_known(placed.demand).forecast,
        stations=stations,
        patrol_places=patrol_places,
        visit_points=_known(placed.visit_points),
        travel=MappingProxyType(travel),
        population=ground.population,
        context=ground.context,
        provenance=provenance_of(scenario),
    )


def _event_notes(events: EventCalendar) -> tuple[str, ...]:
    return tuple(
        f"{event.name_en} ({event.name_zh}) has no one place: it is met by the service level "
        "and the visits, no posts are planned for it"
        for event in events.citywide
    )
