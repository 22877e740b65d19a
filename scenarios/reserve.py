"""The reserve of a scenario: its file, the sites of each block, and where its units stand by."""

from collections.abc import Sequence

import numpy as np

from geodata.area import StudyArea
from geodata.event_file import EventCalendar
from geodata.events import EventWindow, occurrences
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.places import VisitPoints
from geodata.situation import Situation
from optimizer.force import Force
from optimizer.force_file import ForceParts
from optimizer.judges.reserve_rules import check_manned_reserve, check_reserve
from optimizer.judges.sites import nearest_cell
from optimizer.judges.violation import Violation
from optimizer.operations import Operation
from optimizer.plan import PostAssignment
from optimizer.reserve import (
    NO_RESERVE,
    Cores,
    ReserveBlock,
    ReserveKind,
    ReservePlan,
    ReserveSite,
    manned_units,
)
from optimizer.reserve_file import read_reserve
from optimizer.reserve_minutes import measured_by, reach_min
from scenarios.event_sites import SiteEvent
from scenarios.scenario import LoadedScenario
from scenarios.tables import known_zone


def reserve_of(
    loaded: LoadedScenario,
    area: StudyArea,
    force: ForceParts | None,
    events: EventCalendar | None,
    points: VisitPoints | None,
    faults: FaultLog,
) -> tuple[ReserveKind, ...] | None:
    """Kinds of reserve of the scenario's file, none where it names no file."""
    part = loaded.scenario.reserve
    if part.file is None:
        _refuse_no_file(loaded, faults)
        return ()
    path, local = loaded.path(part.file), part.local_timezone
    zone = None if local is None else known_zone(local, "reserve.local_timezone", loaded, faults)
    if force is None or (local is not None and zone is None):
        return None
    _refuse_unknown_type(loaded, force, faults)
    known = None
    if events is not None and points is not None:
        known = [*(event.event_id for event in events.placed), *points.places.place_ids]
    kinds = faults.attempt(
        lambda log: read_reserve(
            path, force.types, known, log, timezone=area.timezone, local_timezone=local
        )
    )
    _refuse_out_of_reach(loaded, kinds, force, faults)
    return kinds


def _refuse_out_of_reach(
    loaded: LoadedScenario,
    kinds: tuple[ReserveKind, ...] | None,
    force: ForceParts,
    faults: FaultLog,
) -> None:
    """Note minutes within which a reserve should be, but which no travel time is known for."""
    for row, kind in enumerate(kinds or (), start=1):
        cutoff = loaded.scenario.patrol.cutoff_min
        longest = reach_min(measured_by(force.unit_types), cutoff, kind)
        if kind.within_min > longest:
            faults.add(
                loaded.path(str(loaded.scenario.reserve.file)).name,
                "within_min is longer than any travel time that is worked out",
                expected=f"at most {longest:g} min",
                remedy="Correct the value, or raise patrol.cutoff_min.",
                row=row,
                value=kind.within_min,
            )


def _refuse_no_file(loaded: LoadedScenario, faults: FaultLog) -> None:
    if loaded.scenario.reserve.released_as is not None:
        faults.add(
            f"scenario {loaded.scenario.id}",
            "reserve.file is missing",
            expected="a table of reserves beside reserve.released_as",
            remedy="Name the table, or leave out the whole table [reserve].",
        )


def _refuse_unknown_type(loaded: LoadedScenario, force: ForceParts, faults: FaultLog) -> None:
    known = [unit.unit_type for unit in force.unit_types]
    told = loaded.scenario.reserve.released_as
    if told is not None and told not in known:
        faults.add(
            f"scenario {loaded.scenario.id}",
            "reserve.released_as is no type of unit that answers calls",
            expected=", ".join(known),
            remedy="Correct the value, or leave it out.",
            value=told,
        )


def refuse_reserve_names(
    loaded: LoadedScenario,
    kinds: tuple[ReserveKind, ...] | None,
    events: EventCalendar | None,
    operations: tuple[Operation, ...] | None,
    faults: FaultLog,
) -> None:
    """Note reserves that bear the id of an event or operation: posts would be taken for its own."""
    if kinds is None or events is None:
        return
    known = {event.event_id for event in (*events.placed, *events.citywide)}
    known |= {task.operation_id for task in operations or ()}
    same = sorted({kind.reserve_id for kind in kinds} & known)
    if same:
        faults.add(
            loaded.path(str(loaded.scenario.reserve.file)).name,
            "reserve_id is the id of an event or operation",
            expected="ids that no event and no operation has",
            remedy="Rename the reserve.",
            value=", ".join(same),
        )


def plan_reserve(
    loaded: LoadedScenario,
    kinds: Sequence[ReserveKind],
    situation: Situation,
    force: Force,
    events: EventCalendar,
    at_sites: Sequence[SiteEvent],
) -> ReservePlan:
    """Units of every kind at their places, kind by kind in the order of the file.

    A kind draws on what those before it leave of the people of each command.
    """
    if not kinds:
        return NO_RESERVE
    from optimizer.models.location.reserve_blocks import reserve_block

    blocks: list[ReserveBlock] = []
    for kind in kinds:
        for first, last in kind.blocks(situation.horizon):
            hours = range(first, last)
            sites = _sites(loaded, kind, situation, events.placed, hours)
            cores = _cores(at_sites, situation.horizon, hours)
            blocks.append(reserve_block(kind, hours, sites, cores, blocks, situation, force))
    outside = tuple(kind for kind in kinds if not kind.blocks(situation.horizon))
    return ReservePlan(tuple(blocks), outside)


def _sites(
    loaded: LoadedScenario,
    kind: ReserveKind,
    situation: Situation,
    events: Sequence[EventWindow],
    hours: range,
) -> tuple[ReserveSite, ...]:
    """The sites that are named, else the largest events that run in these hours."""
    points = situation.visit_points.places
    lon, lat = situation.area.to_lonlat(points.x, points.y)
    every = {event.event_id: _event_site(event, situation) for event in events}
    for number, point_id in enumerate(points.place_ids):
        names = (point_id, points.name_en[number], points.name_zh[number])
        position = (float(lon[number]), float(lat[number]), int(points.cell[number]))
        every.setdefault(point_id, ReserveSite(*names, *position, 0.0))
    if kind.site_ids:
        return tuple(every[name] for name in kind.site_ids)
    running = [every[event.event_id] for event in events if _runs(event, situation.horizon, hours)]
    largest = sorted(running, key=lambda site: -site.size)
    return tuple(largest[: loaded.scenario.reserve.top_sites])


def _event_site(event: EventWindow, situation: Situation) -> ReserveSite:
    return ReserveSite(
        event.event_id,
        event.name_en,
        event.name_zh,
        event.lon,
        event.lat,
        nearest_cell(situation, event.lon, event.lat),
        float(np.nan_to_num(event.peak_simultaneous)),
    )


def _runs(event: EventWindow, horizon: Horizon, hours: range) -> bool:
    """Whether a day of the event shares time with some hours of the horizon."""
    return any(
        horizon.hour_index(day.start) < hours.stop and horizon.hour_index(day.end) > hours.start
        for day in occurrences(event)
    )


def _cores(at_sites: Sequence[SiteEvent], horizon: Horizon, hours: range) -> Cores:
    """Cores of the crowds of these hours."""
    return tuple(
        one.forecast.site.rings[0]
        for one in at_sites
        if horizon.hour_index(one.event.start) < hours.stop
        and horizon.hour_index(one.event.end) > hours.start
    )


def reserve_notes(plan: ReservePlan, situation: Situation) -> tuple[str, ...]:
    """What a reader must know of the reserve."""
    at = situation.horizon.at
    notes = [
        f"reserve {kind.name_en} is not planned: it is held outside the horizon"
        for kind in plan.left_out
    ]
    for block in plan.blocks:
        when = f"{at(block.from_hour):%d %b %H:%M} to {at(block.to_hour):%H:%M}"
        if not block.sites:
            notes.append(
                f"reserve {block.kind.name_en}, {when}: no site runs that it could be promised "
                "to, so it has no places"
            )
        elif block.unplaced:
            notes.append(
                f"reserve {block.kind.name_en}, {when}: {block.unplaced} of {block.kind.units} "
                "units have no place: the commands within reach of the sites have no people for "
                "them, or no room"
            )
    return tuple(notes)


def reserve_violations(
    plan: ReservePlan, situation: Situation, force: Force, posts: PostAssignment
) -> tuple[Violation, ...]:
    """Rules that the reserve breaks, in its places or in its crews."""
    have = posts.have()
    crews = (check_manned_reserve(block, manned_units(block, have), posts) for block in plan.blocks)
    places = check_reserve(plan, situation, force, posts.needs)
    return (*places, *(fault for found in crews for fault in found))
