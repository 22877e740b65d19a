"""A plan gathered for its sheets, and what stands on the sheet of a station."""

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.loan_times import loan_times
from optimizer.plan import Loan, PostFill, UnitMove, Visit
from optimizer.requirement import PostNeed
from optimizer.visits import PATROL_OFFICERS
from scenarios.drawable import Drawable
from scenarios.loan_report import home_at
from scenarios.order_words import Pair

HOURS_ACROSS = 12
"""Hours side by side in a table, so that it is no wider than A4 portrait."""

PLACES_BESIDE = 14
"""Waiting places that have a number on the map of a station and stand in the list beside it."""


class OrderBook:
    """A run with its rows gathered by the sheet that they belong on, each gathered once."""

    def __init__(self, run: Drawable) -> None:
        self.run = run
        self.situation = run.world.situation
        self.clocks = tuple(clock_text(moment) for moment in self.situation.horizon.starts)
        force = run.world.force
        self.forces = {kind.force_id: (kind.name_en, kind.name_zh) for kind in force.types}
        self.units = {kind.unit_type: (kind.name_en, kind.name_zh) for kind in force.unit_types}

    def clock(self, hour: int) -> str:
        """Day and time `hour` hours after the horizon's start."""
        return clock_text(self.situation.horizon.at(hour))

    def time_of_day(self, hour: int) -> str:
        """Time of day, for a row under a heading that tells the day."""
        return f"{self.situation.horizon.at(hour):%H:%M}"

    @cached_property
    def commands(self) -> tuple[Pair, ...]:
        """Names of the commands; one that groups districts has an English name only."""
        chinese = {district.name_en: district.name_zh for district in self.situation.area.districts}
        return tuple((name, chinese.get(name, "")) for name in self.situation.area.commands)

    @cached_property
    def lonlat(self) -> tuple[tuple[str, str], ...]:
        """Longitude and latitude of each patrol place as text, five decimals (about 1 m)."""
        places = self.situation.patrol_places
        lon, lat = self.situation.area.to_lonlat(places.x, places.y)
        return tuple((f"{a:.5f}", f"{b:.5f}") for a, b in zip(lon, lat, strict=True))

    @cached_property
    def on_duty(self) -> NDArray[np.int64]:
        """People on duty, `[station, hour]`."""
        by_force = self.run.plan.roster.on_duty(self.situation.horizon.hours)
        return np.asarray(by_force.sum(axis=1), dtype=np.int64)

    @cached_property
    def units_out(self) -> NDArray[np.int64]:
        """Units that each station sends out, `[station, hour]`."""
        total = np.zeros_like(self.on_duty)
        for move in self.run.plan.deployment.origins:
            total[move.station, move.hour] += move.units
        return total

    @cached_property
    def moves(self) -> dict[int, list[UnitMove]]:
        """Unit moves by station."""
        found: dict[int, list[UnitMove]] = defaultdict(list)
        for move in self.run.plan.deployment.origins:
            found[move.station].append(move)
        return found

    @cached_property
    def visits(self) -> dict[int, list[Visit]]:
        """Visits by station, in the order of their start."""
        found: dict[int, list[Visit]] = defaultdict(list)
        for visit in sorted(self.run.plan.visits.visits, key=lambda v: (v.minute, v.point)):
            found[visit.station].append(visit)
        return found

    @cached_property
    def needs(self) -> dict[str, list[PostNeed]]:
        """Post blocks by event."""
        found: dict[str, list[PostNeed]] = defaultdict(list)
        for need in self.run.plan.posts.needs:
            found[need.event_id].append(need)
        return found

    @cached_property
    def fills(self) -> dict[str, list[PostFill]]:
        """Who mans each post block, by post."""
        found: dict[str, list[PostFill]] = defaultdict(list)
        for fill in self.run.plan.posts.fills:
            found[fill.post_id].append(fill)
        return found

    @cached_property
    def unsworn(self) -> tuple[str, ...]:
        """Forces that are not sworn and man posts, in the force's order."""
        manning = {fill.force_id for fill in self.run.plan.posts.fills}
        types = self.run.world.force.types
        return tuple(t.force_id for t in types if t.force_id in manning and not t.sworn)

    @cached_property
    def have(self) -> dict[str, int]:
        """People assigned, by post."""
        return self.run.plan.posts.have()

    @cached_property
    def lent(self) -> dict[int, list[Loan]]:
        """Loans by the command that lends, in the order of their start."""
        return _by_start(self.run, lambda loan: loan.from_district)

    @cached_property
    def borrowed(self) -> dict[int, list[Loan]]:
        """Loans by the command that borrows, in the order of their start."""
        return _by_start(self.run, lambda loan: loan.to_district)


def _by_start(run: Drawable, command_of: Callable[[Loan], int]) -> dict[int, list[Loan]]:
    roster = run.plan.roster
    found: dict[int, list[Loan]] = {c: [] for c in range(len(run.world.situation.area.commands))}
    for loan in sorted(roster.loans, key=lambda loan: roster.instances[loan.instance].start_h):
        found[command_of(loan)].append(loan)
    return found


def clock_text(moment: datetime) -> str:
    """Day and time as every sheet writes them, the same in both languages: `02-05 20:00`."""
    return f"{moment:%m-%d %H:%M}"


def station_sheet(book: OrderBook, station: int) -> dict[str, Any]:
    """Content of a station's sheet: duties, strength, standby, visits and its command's loans."""
    situation, stations = book.situation, book.situation.stations
    district = int(stations.district[station])
    command = int(situation.area.command_of[district])
    names = situation.area.districts[district]
    return {
        "id": stations.place_ids[station],
        "name": (stations.name_en[station], stations.name_zh[station]),
        "branch": stations.kind[station] == "branch",
        "district": (names.name_en, names.name_zh),
        "command_index": command,
        "command": book.commands[command],
        "duties": station_duties(book, station),
        "strength": _strength(book, station),
        "standby": _standby(book, station),
        **_places(book, station),
        "visits": visit_rows(book, station),
        "loans_out": [loan_row(book, loan, loan.to_district) for loan in book.lent[command]],
        "loans_in": [loan_row(book, loan, loan.from_district) for loan in book.borrowed[command]],
    }


def event_name(book: OrderBook, event_id: str) -> Pair:
    """Names of an event."""
    first = book.needs[event_id][0]
    return first.event_en, first.event_zh


def station_duties(book: OrderBook, station: int) -> list[dict[str, Any]]:
    """Shifts in the order of their start, with the officers of each force."""
    roster = book.run.plan.roster
    ids = book.run.world.force.ids
    officers = roster.officers[station]
    rows = []
    for number, force in np.argwhere(officers.T > 0).tolist():
        instance = roster.instances[number]
        rows.append(
            {
                "shift": (instance.shift.name_en, instance.shift.name_zh),
                "begins": book.clock(instance.start_h),
                "ends": book.clock(instance.end_h),
                "force": book.forces[ids[force]],
                "officers": int(officers[force, number]),
            }
        )
    return rows


def hour_parts(hours: int, across: int = HOURS_ACROSS) -> list[range]:
    """The hours cut into spans of at most `across`, which fit side by side on a page."""
    return [range(first, min(first + across, hours)) for first in range(0, hours, across)]


def _strength(book: OrderBook, station: int) -> list[dict[str, Any]]:
    """People on duty and missing from the minimum presence, hour by hour."""
    short = book.run.plan.roster.presence_short[station]
    return [
        {
            **_span(book, part),
            "on_duty": book.on_duty[station, part.start : part.stop].tolist(),
            "short": short[part.start : part.stop].tolist() if short.any() else [],
        }
        for part in hour_parts(book.situation.horizon.hours)
    ]


def _span(book: OrderBook, part: range) -> dict[str, Any]:
    starts = book.situation.horizon.starts
    return {
        "begins": book.clocks[part.start],
        "ends": book.clock(part.stop),
        "hours": [f"{starts[hour]:%H}" for hour in part],
        "blank": HOURS_ACROSS - len(part),
    }


def _standby(book: OrderBook, station: int) -> list[dict[str, Any]]:
    """Units sent out hour by hour: one row for each type and place, types in the force's order."""
    order = {name: number for number, name in enumerate(book.units)}
    hours = book.situation.horizon.hours
    sent: dict[tuple[int, int], list[int]] = {}
    for move in book.moves.get(station, ()):
        row = sent.setdefault((order[move.unit_type], move.place), [0] * hours)
        row[move.hour] += move.units
    names = tuple(book.units.values())
    parts = []
    for part in hour_parts(hours):
        rows = [
            {
                "unit": names[kind],
                **_place(book, station, place),
                "units": counts[part.start : part.stop],
            }
            for (kind, place), counts in sorted(sent.items())
            if any(counts[part.start : part.stop])
        ]
        total = book.units_out[station, part.start : part.stop].tolist()
        if rows:
            parts.append({**_span(book, part), "rows": rows, "total": total})
    return parts


def _use(book: OrderBook, station: int) -> NDArray[np.int64]:
    """Units of a station, `[place, hour]`."""
    units = np.zeros((len(book.situation.patrol_places), book.situation.horizon.hours), np.int64)
    for move in book.moves.get(station, ()):
        units[move.place, move.hour] += move.units
    return units


def most_used(book: OrderBook, station: int) -> list[int]:
    """The waiting places with the most unit-hours of a station, at most `PLACES_BESIDE`."""
    hours = _use(book, station).sum(axis=1)
    by_use = np.argsort(-hours, kind="stable")[: min(np.count_nonzero(hours), PLACES_BESIDE)]
    return sorted(by_use.tolist())


def _places(book: OrderBook, station: int) -> dict[str, Any]:
    """The most used places beside the map of a station, and how many more there are."""
    units, listed = _use(book, station), most_used(book, station)
    return {
        "places": [
            {**_place(book, station, place), "most": int(units[place].max())} for place in listed
        ],
        "places_more": int(np.count_nonzero(units.any(axis=1))) - len(listed),
    }


def _place(book: OrderBook, station: int, place: int) -> dict[str, Any]:
    """Index, id and position of a waiting place; `here` where it is the station itself."""
    lon, lat = book.lonlat[place]
    places = book.situation.patrol_places
    name = places.place_ids[place]
    return {"index": place, "place": name, "lon": lon, "lat": lat, "here": place == station}


def visit_rows(book: OrderBook, station: int) -> list[dict[str, Any]]:
    """Visits that a station makes, in the order of their start."""
    points, routes = book.situation.visit_points.places, book.run.plan.visits.routes
    rows = []
    for visit in book.visits.get(station, ()):
        hour, minute = divmod(visit.minute, 60)
        start = book.situation.horizon.at(hour).replace(minute=minute)
        rows.append(
            {
                "at": clock_text(start),
                "id": points.place_ids[visit.point],
                "name": (points.name_en[visit.point], points.name_zh[visit.point]),
                "minutes": f"{visit.minutes:g}",
                "officers": PATROL_OFFICERS if visit.route < 0 else routes[visit.route].officers,
            }
        )
    return rows


def loan_row(book: OrderBook, loan: Loan, other: int) -> dict[str, Any]:
    """A loan by its shift, with the command on the other side of it, and when they travel."""
    instance = book.run.plan.roster.instances[loan.instance]
    times = loan_times(book.run.problem, loan)
    return {
        "command": book.commands[other],
        "force": book.forces[loan.force_id],
        "shift": (instance.shift.name_en, instance.shift.name_zh),
        "begins": book.clock(instance.start_h),
        "ends": book.clock(instance.end_h),
        "minutes": math.ceil(times.there_min),
        "there": book.clock(times.on_h),
        "gone": book.clock(times.off_h),
        "home": clock_text(home_at(book.situation.horizon, times)),
        "officers": loan.officers,
    }
