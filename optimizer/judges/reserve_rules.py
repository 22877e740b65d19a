"""The reserve, checked: each unit once, at one place, for one site, and the minutes as told.

Everything is worked out again from travel times, head-counts and posts; the choice of places is
taken as it is. A plan says which crews are on post; only whole ones count as units.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Point

from geodata.horizon import Horizon
from geodata.situation import Situation
from optimizer.event_posts import LONGEST_POST_H
from optimizer.force import Force, UnitType
from optimizer.judges.sites import nearest_cell
from optimizer.judges.violation import Violation
from optimizer.plan import PostAssignment
from optimizer.requirement import PostNeed
from optimizer.reserve import OWN, RESERVE, ReserveBlock, ReservePlan

TOLERANCE = 1e-6
MINUTES = 1e-3
"""Minutes up to which two ways of working out the same response agree (travel is float32)."""


def check_reserve(
    plan: ReservePlan, situation: Situation, force: Force, posts: Sequence[PostNeed]
) -> tuple[Violation, ...]:
    """Whole crews for as long as asked, no unit twice, room kept, minutes and bounds as told."""
    reserve = [need for need in posts if need.ring == RESERVE]
    found = [*_times(plan, situation.horizon), *_crews(plan, reserve)]
    for block in plan.blocks:
        twice = _promised_once(block)
        found += twice
        if twice:
            continue
        found += _room(block, situation)
        found += _minutes(block, situation, force.unit_types)
        found += _levels(block)
    return (*found, *_strength(plan, situation, force))


def check_manned_reserve(
    block: ReserveBlock, manned: NDArray[np.bool_], posts: PostAssignment
) -> tuple[Violation, ...]:
    """A unit counts as manned only with its whole crew, of the forces asked for."""
    claimed: dict[str, int] = {}
    for unit, place_id in enumerate(block.place_ids):
        claimed[place_id] = claimed.get(place_id, 0) + int(manned[unit])
    needs = {
        (need.event_id, need.from_hour, need.lon, need.lat): need.post_id
        for need in posts.needs
        if need.ring == RESERVE
    }
    found = []
    for unit, place_id in enumerate(block.place_ids):
        if place_id in claimed:
            crews = claimed.pop(place_id)
            key = (block.kind.reserve_id, block.from_hour, block.lon[unit], block.lat[unit])
            there = sum(
                fill.officers
                for fill in posts.fills
                if fill.post_id == needs.get(key) and fill.force_id in block.kind.force_ids
            )
            if crews * block.kind.officers > there:
                what = crews * block.kind.officers
                found.append(_broken("reserve crew", block, place_id, what, there))
    return tuple(found)


def _broken(rule: str, block: ReserveBlock, where: str, value: float, allowed: float) -> Violation:
    when = f"hours {block.from_hour} to {block.to_hour}"
    return Violation(rule, f"{block.kind.reserve_id}, {where}", when, value, allowed)


def _times(plan: ReservePlan, horizon: Horizon) -> list[Violation]:
    """Every hour from start to end is held by one block, none of them longer than a post."""
    held: dict[tuple[str, int], int] = {}
    for block in plan.blocks:
        for hour in range(block.from_hour, block.to_hour):
            key = (block.kind.reserve_id, hour)
            held[key] = held.get(key, 0) + 1
    kinds = {id(block.kind): block.kind for block in plan.blocks}.values()
    for kind in kinds:
        within = horizon.overlaps(kind.start, kind.end)
        for hour in np.flatnonzero(within).tolist():
            held[kind.reserve_id, hour] = held.get((kind.reserve_id, hour), 0) - 1
    found = [
        Violation("reserve time", reserve_id, f"hour {hour}", float(count + 1), 1.0)
        for (reserve_id, hour), count in held.items()
        if count
    ]
    return found + [
        _broken("reserve time", block, "block", block.to_hour - block.from_hour, LONGEST_POST_H)
        for block in plan.blocks
        if block.to_hour - block.from_hour > LONGEST_POST_H
    ]


def _crews(plan: ReservePlan, posts: Sequence[PostNeed]) -> list[Violation]:
    """The posts at each place ask for the whole crews of its units in every hour, and no more."""
    asked: dict[tuple[str, int, float, float], int] = {}
    for need in posts:
        for hour in range(need.from_hour, need.to_hour):
            key = (need.event_id, hour, need.lon, need.lat)
            asked[key] = asked.get(key, 0) + need.required
    for block in plan.blocks:
        for lon, lat in zip(block.lon.tolist(), block.lat.tolist(), strict=True):
            for hour in range(block.from_hour, block.to_hour):
                key = (block.kind.reserve_id, hour, lon, lat)
                asked[key] = asked.get(key, 0) - block.kind.officers
    return [
        Violation("reserve head-count", f"{name} at {lon:.5f} {lat:.5f}", f"hour {hour}", extra, 0)
        for (name, hour, lon, lat), extra in asked.items()
        if extra
    ]


def _promised_once(block: ReserveBlock) -> list[Violation]:
    """Units promised to a site of the block, one of them at most as its own; none beyond asked."""
    own = [unit.site for unit in block.units if unit.rank == OWN]
    found = [
        _broken("reserve once", block, block.sites[site].site_id, own.count(site), 1)
        for site in sorted(set(own))
        if own.count(site) > 1 and site < len(block.sites)
    ]
    strangers = [unit.site for unit in block.units if not 0 <= unit.site < len(block.sites)]
    if strangers:
        found.append(_broken("reserve once", block, "no site", len(strangers), 0))
    told = (len(block.units), len(block.place_ids), len(block.minutes), len(block.command))
    if len(set(told)) > 1 or len(block.units) > block.kind.units:
        found.append(_broken("reserve once", block, "units", max(told), block.kind.units))
    return found


def _room(block: ReserveBlock, situation: Situation) -> list[Violation]:
    """Not too many units at a place, each where it is said to be, none within a core."""
    places = situation.patrol_places
    lon, lat = situation.area.to_lonlat(places.x, places.y)
    taken = np.array([unit.place for unit in block.units], dtype=np.int64)
    count = np.bincount(taken, minlength=len(places))
    found = [
        _broken("reserve room", block, places.place_ids[place], count[place], most)
        for most in (block.kind.most_a_place,)
        for place in np.flatnonzero(count > most).tolist()
    ]
    for number, unit in enumerate(block.units):
        there = (
            places.place_ids[unit.place] == block.place_ids[number]
            and situation.place_command[unit.place] == block.command[number]
            and abs(lon[unit.place] - block.lon[number]) < TOLERANCE
            and abs(lat[unit.place] - block.lat[number]) < TOLERANCE
        )
        if not there:
            found.append(_broken("reserve place", block, block.place_ids[number], 1, 0))
        point = Point(places.x[unit.place], places.y[unit.place])
        if any(core.covers(point) for core in block.cores):
            found.append(_broken("reserve core", block, block.place_ids[number], 1, 0))
    return found


def _minutes(
    block: ReserveBlock, situation: Situation, unit_types: tuple[UnitType, ...]
) -> list[Violation]:
    """Minutes of every unit to every site, hour by hour, from the travel times."""
    quickest = max(unit_types, key=lambda unit: unit.speed_factor)
    travel = situation.travel[quickest.unit_type]
    slower = quickest.speed_factor / block.kind.speed_factor
    found = []
    for row, site in enumerate(block.sites):
        cell = nearest_cell(situation, site.lon, site.lat)
        for number, unit in enumerate(block.units):
            for column, hour in enumerate(range(block.from_hour, block.to_hour)):
                reach = travel.at(hour)
                begin, end = reach.indptr[unit.place], reach.indptr[unit.place + 1]
                at = begin + int(np.searchsorted(reach.cell[begin:end], cell))
                known = at < end and reach.cell[at] == cell
                right = (
                    float(reach.minutes[at]) * slower + block.kind.turnout_min if known else np.inf
                )
                told = float(block.minutes[number, row, column])
                if not (told == right or abs(told - right) <= MINUTES):
                    where = f"{block.place_ids[number]} to {site.site_id}"
                    found.append(_broken("reserve minutes", block, where, told, right))
    return found


def _levels(block: ReserveBlock) -> list[Violation]:
    """Both levels of the choice cost what is claimed, and no less than is proved."""
    task, minutes = block.task, block.promised_min
    site = np.array([unit.site for unit in block.units], dtype=np.int64)
    own = np.array([unit.rank == OWN for unit in block.units], dtype=np.bool_)
    price = minutes + task.late_price * (minutes > task.within_min)
    sites = len(block.sites)
    with_own = len(np.unique(site[own]))
    others = np.bincount(site[~own], minlength=sites)
    beyond = np.maximum(others - task.even_share, 0).sum()
    bare = int((others == 0).sum() + beyond)
    costs = (
        (block.choice.own, price[own].sum() + task.none_price * (sites - with_own)),
        (
            block.choice.more,
            price[~own].sum() + task.none_price * bare + task.unplaced_price * block.unplaced,
        ),
    )
    found = []
    for name, (level, cost) in zip(("own units", "other units"), costs, strict=True):
        slack = TOLERANCE * max(1.0, cost) + MINUTES * max(1, len(block.units))
        if abs(level.cost - cost) > slack:
            found.append(_broken("reserve cost", block, name, level.cost, cost))
        if level.bound > cost + slack:
            found.append(_broken("reserve bound", block, name, cost, level.bound))
    return found


def _strength(plan: ReservePlan, situation: Situation, force: Force) -> list[Violation]:
    """Crews of all reserves that draw on the same forces fit the people of each command."""
    commands = len(situation.area.commands)
    home = situation.area.command_of[situation.stations.district]
    heads = np.zeros((commands, len(force.types)), dtype=np.int64)
    np.add.at(heads, home, force.headcount)
    found = []
    for number, block in enumerate(plan.blocks):
        people = heads[:, [force.index(name) for name in block.kind.force_ids]].sum(axis=1)
        crews = np.bincount(block.command, minlength=commands) * block.kind.officers
        held = crews.copy()
        for other in plan.blocks[:number]:
            shares = set(other.kind.force_ids) & set(block.kind.force_ids)
            if shares and other.from_hour < block.to_hour and block.from_hour < other.to_hour:
                held += np.bincount(other.command, minlength=commands) * other.kind.officers
        most = block.kind.most_share * people
        for command in np.flatnonzero((crews > most + TOLERANCE) | ((held > people) & (crews > 0))):
            where = situation.area.commands[command]
            allowed = min(float(most[command]), float(people[command]))
            found.append(_broken("reserve strength", block, where, held[command], allowed))
    return found
