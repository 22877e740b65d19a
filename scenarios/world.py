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
from optimizer.calls import PatrolTerms
from optimizer.event_posts import PostRules, event_posts
from optimizer.force import Force
from optimizer.levels import LevelsInForce, LevelWindow, ServiceLevel, levels_in_force
from optimizer.limit_file import PlaceLimit
from optimizer.operations import Operation, OperationPlan, operation_posts
from optimizer.requirement import PostNeed, Requirement
from optimizer.reserve import NO_RESERVE, ReserveKind, ReservePlan, reserve_posts
from optimizer.rotations import LeaveQuota, RestDebt, Rotation, TimeOff
from optimizer.shifts import LabourRules, Shift
from optimizer.visit_sectors import VisitWork
from scenarios.demand import Demand, read_demand, station_counts
from scenarios.drones import (
    Drones,
    DroneTasks,
    drone_fleet,
    drone_notes,
    drones_at_work,
    relieved_posts,
    without_cleared,
)
from scenarios.dry_ground import refuse_events_in_water
from scenarios.event_sites import SiteBook, SiteEvent, needs_of, read_site_book, site_events
from scenarios.floors import cover_floors, floor_notes
from scenarios.ground import Ground, read_ground
from scenarios.labour import labour_rules, rotation_notes
from scenarios.level_spans import windows_by_area
from scenarios.limits import limit_notes, place_limits, refuse_unknown_residents
from scenarios.loan_roads import loan_minutes
from scenarios.observation_report import watch_notes
from scenarios.operations import (
    NO_OPERATIONS,
    operation_notes,
    operations_of,
    plan_operations,
    refuse_names_of_events,
)
from scenarios.provenance import provenance_of
from scenarios.reach_notes import reach_notes
from scenarios.reinforcements import NO_REINFORCEMENTS, Reinforcements, reinforcements
from scenarios.reserve import plan_reserve, refuse_reserve_names, reserve_notes, reserve_of
from scenarios.scenario import LoadedScenario
from scenarios.scenario_force import scenario_force
from scenarios.tables import Tables, known_zone, named_file, read_tables
from scenarios.time_off import leave_quotas, rest_debts, time_off_notes
from scenarios.visit_world import refuse_wrong_kinds, scenario_visit_points, visits_asked

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """The situation and the force of a scenario, with what the three demands ask for.

    `due_visits[visit, 2]` are point and start minute; `recorded[cell, class]` the calls
    recorded on the day, where there are any; `notes` what a reader of the report must know;
    `limits` what the planner fixed for places; `in_force` the service levels by command and hour;
    `loan_minutes[lender, borrower, hour]` are ways between commands begun in that hour;
    `visit_work` what routes are to deliver, None where visits are made one by one;
    `reinforcements` who may come from elsewhere, `reserve` who stands by. `drones` have
    taken what they clear off the situation's forecast.
    """

    situation: Situation
    force: Force
    levels: MappingProxyType[str, ServiceLevel]
    in_force: LevelsInForce
    shifts: tuple[Shift, ...]
    rules: LabourRules
    requirement: Requirement
    events: EventCalendar
    due_visits: NDArray[np.int64]
    recorded: NDArray[np.float64] | None
    notes: tuple[str, ...]
    rotations: tuple[Rotation, ...]
    time_off: TimeOff
    loan_minutes: NDArray[np.float64]
    limits: tuple[PlaceLimit, ...] = ()
    reinforcements: Reinforcements = NO_REINFORCEMENTS
    site_events: tuple[SiteEvent, ...] = ()
    operations: OperationPlan = NO_OPERATIONS
    drones: Drones | None = None
    reserve: ReservePlan = NO_RESERVE
    visit_work: VisitWork | None = None

    @property
    def home_command(self) -> NDArray[np.int64]:
        """Command of each home of officers, `[station]`."""
        return self.situation.area.command_of[self.situation.stations.district]


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
    force: Force | None
    demand: Demand | None
    speeds: SpeedProfiles | None
    sites: SiteBook | None
    events: EventCalendar | None
    visit_points: VisitPoints | None
    limits: tuple[PlaceLimit, ...] | None
    windows: tuple[LevelWindow, ...]
    debts: tuple[RestDebt, ...] | None
    leave: tuple[LeaveQuota, ...]
    reinforcements: Reinforcements | None
    operations: tuple[Operation, ...] | None
    drones: DroneTasks | None
    reserve: tuple[ReserveKind, ...] | None


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
    force = scenario_force(loaded, ground, tables.force, stations, demand, faults)
    places = None if stations is None else _patrol_places(loaded, ground, stations)
    headcount = None if force is None else force.headcount
    types = None if tables.force is None else tables.force.types
    sites = read_site_book(loaded, ground.area, faults)
    events = _events(loaded, ground, horizon, sites, faults)
    refuse_events_in_water(loaded, ground, events, sites, faults)
    operations = operations_of(loaded, ground.area, horizon, tables.force, faults)
    refuse_names_of_events(loaded, operations, events, faults)
    points = scenario_visit_points(loaded, ground, faults)
    refuse_wrong_kinds(loaded, tables.force, faults)
    reserve = reserve_of(loaded, ground.area, tables.force, events, points, faults)
    refuse_reserve_names(loaded, reserve, events, operations, faults)
    return _Placed(
        stations=stations,
        patrol_places=places,
        force=force,
        demand=demand,
        speeds=faults.attempt(lambda log: hourly_speeds(loaded, horizon, tables.season, log)),
        sites=sites,
        events=events,
        visit_points=points,
        limits=place_limits(loaded, tables.force, places, headcount, horizon, faults),
        windows=windows_by_area(loaded, tables.windows, ground.area, faults),
        debts=rest_debts(loaded, stations, force, tables.rotations, horizon, faults),
        leave=leave_quotas(loaded, ground.area, types, horizon, faults),
        reinforcements=reinforcements(
            loaded, ground.area, stations, force, tables.shifts, horizon, faults
        ),
        operations=operations,
        reserve=reserve,
        drones=drone_fleet(loaded, ground.area, horizon, tables.classes, faults),
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
    loaded: LoadedScenario,
    ground: Ground,
    horizon: Horizon,
    sites: SiteBook | None,
    faults: FaultLog,
) -> EventCalendar | None:
    part = loaded.scenario.events
    if part.file is None:
        return EventCalendar((), (), 0)
    path, local = loaded.path(part.file), part.local_timezone
    if local is not None and known_zone(local, "events.local_timezone", loaded, faults) is None:
        return None
    return faults.attempt(
        lambda log: read_events(
            path,
            ground.area,
            horizon,
            part.crs,
            log,
            local_timezone=local,
            site_of_crowd=sites.site_of_crowd if sites and sites.sites else None,
        )
    )


def _patrol_places(loaded: LoadedScenario, ground: Ground, stations: Places) -> Places:
    part = loaded.scenario.patrol
    spacing = {str(zone): metres for zone, metres in part.standby_spacing_m.items()}
    return standby_points(ground.area, ground.grid, ground.zone, stations, spacing)


def _assembled(loaded: LoadedScenario, ground: Ground, tables: Tables, placed: _Placed) -> World:
    scenario = loaded.scenario
    horizon, demand = _known(tables.horizon), _known(placed.demand)
    parts, limits = _known(tables.force), _known(placed.limits)
    drones = drones_at_work(
        _known(placed.drones), ground.grid, horizon, _known(placed.demand).forecast
    )
    situation = without_cleared(_situation(loaded, ground, tables, placed), drones)
    events, points = _known(placed.events), _known(placed.visit_points)
    book = _known(placed.sites)
    at_sites = site_events(loaded, events.placed, book, ground.area, horizon)
    posts = _posts(loaded, events, situation, at_sites)
    posts, drones = relieved_posts(posts, drones)
    operations = plan_operations(
        _known(placed.operations),
        situation,
        parts.unit_types,
        posts,
        PatrolTerms(scenario.patrol.closing_min),
    )
    of_tasks = operation_posts(operations.placed, scenario.events.supervisor_span)
    force = _known(placed.force)
    reserve = plan_reserve(loaded, _known(placed.reserve), situation, force, events, at_sites)
    of_reserve = reserve_posts(reserve, {kind.force_id: kind.sworn for kind in force.types})
    levels, command = _known(tables.levels), ground.area.command_of[points.places.district]
    in_force = levels_in_force(horizon, placed.windows, len(ground.area.commands))
    density = in_force.figure(levels, "patrol_density")[command]
    visits = visits_asked(loaded, ground, _known(placed.speeds), situation, density)
    floors = cover_floors(situation, scenario.patrol.floors)
    rotations, rules = _known(tables.rotations), labour_rules(loaded)
    time_off = TimeOff(_known(placed.debts), placed.leave)
    return World(
        situation=situation,
        force=force,
        levels=MappingProxyType(levels),
        in_force=in_force,
        shifts=_known(tables.shifts),
        rules=rules,
        requirement=Requirement((*posts, *of_tasks, *of_reserve), visits.officers),
        events=events,
        due_visits=visits.due,
        recorded=demand.recorded,
        notes=(
            *demand.notes,
            *_event_notes(events),
            *book.notes,
            *operation_notes(operations),
            *reserve_notes(reserve, situation),
            *drone_notes(drones),
            *watch_notes(drones, horizon),
            *reach_notes(situation, parts.unit_types),
            *floor_notes(situation, parts.unit_types, floors),
            *limit_notes(limits, situation.patrol_places.place_ids, parts.unit_types, horizon),
            *rotation_notes(rotations, rules),
            *time_off_notes(loaded, time_off, horizon),
        ),
        rotations=rotations,
        time_off=time_off,
        loan_minutes=loan_minutes(
            ground.roads,
            _known(placed.speeds),
            ground.area,
            ground.grid,
            situation.stations,
            _known(placed.force).headcount.sum(axis=1),
            (*posts, *of_tasks),
        ),
        limits=limits,
        reinforcements=_known(placed.reinforcements),
        site_events=at_sites,
        operations=operations,
        drones=drones,
        reserve=reserve,
        visit_work=visits.work,
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


def _posts(
    loaded: LoadedScenario,
    events: EventCalendar,
    situation: Situation,
    at_sites: tuple[SiteEvent, ...],
) -> tuple[PostNeed, ...]:
    """Posts by the crowd where an event names one, else by the reference staff."""
    part = loaded.scenario.events
    rules = PostRules(
        part.police_share, part.support_share, part.off_peak_day_share, part.supervisor_span
    )
    others = tuple(event for event in events.placed if not event.crowd_id)
    reference = event_posts(others, situation.area, situation.horizon, rules)
    return (*needs_of(at_sites), *reference)


def _event_notes(events: EventCalendar) -> tuple[str, ...]:
    return tuple(
        f"{event.name_en} ({event.name_zh}) has no one place: it is met by the service level "
        "and the visits, no posts are planned for it"
        for event in events.citywide
    )
