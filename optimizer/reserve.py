"""Rapid and armed reserve: units that stand by so that each top site has its own.

A reserve stands at chosen patrol places, outside the cores of the crowds, and each of its units
is promised to one site at a time. Its crews are posts like those of events, so that relief,
rest, loans and shortages hold for them too, and nobody is counted twice.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from optimizer.event_posts import LONGEST_POST_H
from optimizer.requirement import PostNeed

RESERVE = "reserve"
"""Ring, phase and kind of the posts of a reserve."""

BEYOND_REACH_MIN = 10.0
"""Minutes beyond the longest travel time that a site without any unit counts."""

Cores = tuple[Polygon | MultiPolygon, ...]
"""Cores of crowds, in metres of the area's CRS."""

OWN, MORE = 1, 2
"""Ranks of a promise: the site's own unit, or one more after it."""


@dataclass(frozen=True)
class ReserveKind:
    """At least `units` units of `officers` from `start` to `end`, of one of `force_ids`.

    Every top site is to have a unit of its own within `within_min` minutes, turnout included.
    `speed_factor` scales car speeds. At most `most_a_place` units stand at one place, and at
    most `most_share` (0..1) of the people that a command has of these forces are held.
    `site_ids` name the sites; without any they are the largest events of each block.

    Raises
    ------
    ValueError
        When a number is out of its range or the reserve ends before it starts.
    """

    reserve_id: str
    name_en: str
    name_zh: str
    force_ids: tuple[str, ...]
    officers: int
    units: int
    within_min: float
    speed_factor: float
    turnout_min: float
    start: datetime
    end: datetime
    most_a_place: int
    most_share: float
    site_ids: tuple[str, ...]
    source: str

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"reserve {self.reserve_id} ends before it starts")
        if min(self.officers, self.units, self.most_a_place) < 1 or not self.force_ids:
            raise ValueError(f"reserve {self.reserve_id}: no officers, units, room or force")
        if min(self.within_min, self.speed_factor) <= 0 or self.turnout_min < 0:
            raise ValueError(f"reserve {self.reserve_id}: minutes or speed below 0")
        if not 0.0 < self.most_share <= 1.0:
            raise ValueError(f"reserve {self.reserve_id}: share {self.most_share}")

    def blocks(self, horizon: Horizon) -> tuple[tuple[int, int], ...]:
        """Hours of the horizon from `start` to `end`, cut to `LONGEST_POST_H`; end excluded."""
        first = max(math.floor(horizon.hour_index(self.start)), 0)
        last = min(math.ceil(horizon.hour_index(self.end)), horizon.hours)
        return tuple(
            (hour, min(hour + LONGEST_POST_H, last)) for hour in range(first, last, LONGEST_POST_H)
        )


@dataclass(frozen=True)
class ReserveSite:
    """A site that a reserve is to reach: an event or a must-visit point; WGS84 degrees.

    `size` are the people expected at its peak, 0 where nobody said.
    """

    site_id: str
    name_en: str
    name_zh: str
    lon: float
    lat: float
    cell: int
    size: float


@dataclass(frozen=True)
class StandbyTask:
    """What choosing places needs to know of a block.

    `minutes[place, site]` in the slowest hour, infinite out of reach; `command[place]`;
    `strength[command]` units that a command can man at most. A site without a unit counts
    `far_min` minutes, more than any travel time.
    """

    minutes: NDArray[np.float64]
    command: NDArray[np.int64]
    strength: NDArray[np.int64]
    most_a_place: int
    units: int
    within_min: float
    far_min: float

    def __post_init__(self) -> None:
        places = (np.shape(self.minutes)[0],)
        for name, dtype, shape in (
            ("minutes", np.float64, np.shape(self.minutes)),
            ("command", np.int64, places),
            ("strength", np.int64, np.shape(self.strength)),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))

    @property
    def reach_min(self) -> float:
        """Longest response that is worked out, minutes."""
        return self.far_min - BEYOND_REACH_MIN

    @property
    def late_price(self) -> float:
        """Minutes that a unit later than `within_min` counts: more than all minutes together."""
        return self.far_min * max(self.units, len(self.minutes.T)) + 1.0

    @property
    def none_price(self) -> float:
        """Minutes that a site without a unit counts."""
        return self.late_price + self.far_min

    @property
    def unplaced_price(self) -> float:
        """Minutes that a unit without a place counts: more than all sites without one."""
        return self.none_price * (self.units + len(self.minutes.T) + 1)

    @property
    def even_share(self) -> int:
        """Units beyond its own that a site gets before others get fewer."""
        reached = int(np.isfinite(self.minutes).any(axis=0).sum())
        return max(1, math.ceil((self.units - reached) / reached)) if reached else 0


@dataclass(frozen=True)
class StandbyLevel:
    """Cost of one level of the choice in priced minutes, and a proven lower bound of it."""

    cost: float
    bound: float


@dataclass(frozen=True)
class ReserveUnit:
    """A unit at a patrol place, promised to one site (index into the block's) with a rank."""

    place: int
    site: int
    rank: int


@dataclass(frozen=True)
class StandbyChoice:
    """Units in the order of site, rank and place, with the two levels of the choice.

    `own` is about each site's own unit; `more`, among the best of these, about the others.
    """

    units: tuple[ReserveUnit, ...]
    own: StandbyLevel
    more: StandbyLevel


@dataclass(frozen=True, eq=False)
class ReserveBlock:
    """One kind of reserve over hours of the horizon, `to_hour` excluded: all that a map needs.

    `task` is what its places were chosen for and `choice` the units, at `lon`, `lat` (WGS84
    degrees) of the commands `command`, `[unit]`. `minutes[unit, site, hour]` from dispatch to
    arrival in the hours of the block, infinite out of reach. `cores` were closed to it.
    """

    kind: ReserveKind
    from_hour: int
    to_hour: int
    sites: tuple[ReserveSite, ...]
    cores: Cores
    task: StandbyTask
    choice: StandbyChoice
    place_ids: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    command: NDArray[np.int64]
    minutes: NDArray[np.float64]

    @property
    def units(self) -> tuple[ReserveUnit, ...]:
        """The units that have a place."""
        return self.choice.units

    @property
    def unplaced(self) -> int:
        """Units of the minimum that no command can man within reach of a site."""
        return self.kind.units - len(self.units)

    @property
    def promised_min(self) -> NDArray[np.float64]:
        """Minutes of each unit to its site in the slowest hour, `[unit]`."""
        site = np.array([unit.site for unit in self.units], dtype=np.int64)
        found: NDArray[np.float64] = self.minutes[np.arange(len(site)), site].max(axis=1)
        return found


@dataclass(frozen=True)
class ReservePlan:
    """The blocks of every reserve, in the order of the file; `left_out` ones touch no hour."""

    blocks: tuple[ReserveBlock, ...]
    left_out: tuple[ReserveKind, ...] = ()


NO_RESERVE = ReservePlan(())


def reserve_posts(plan: ReservePlan, sworn: Mapping[str, bool]) -> tuple[PostNeed, ...]:
    """Post blocks of the crews, one for each block and place; `sworn` by force id."""
    return tuple(need for block in plan.blocks for need in _posts_of(block, sworn))


def post_id_of(block: ReserveBlock, unit: int) -> str:
    """Post that mans a unit of a block."""
    return f"{block.kind.reserve_id}/{block.from_hour:03d}/{block.place_ids[unit]}"


def _posts_of(block: ReserveBlock, sworn: Mapping[str, bool]) -> Iterator[PostNeed]:
    kind = block.kind
    at_post: dict[str, list[int]] = {}
    for number in range(len(block.units)):
        at_post.setdefault(post_id_of(block, number), []).append(number)
    for post_id, members in at_post.items():
        first = members[0]
        yield PostNeed(
            post_id=post_id,
            event_id=kind.reserve_id,
            event_en=kind.name_en,
            event_zh=kind.name_zh,
            ring=RESERVE,
            phase=RESERVE,
            from_hour=block.from_hour,
            to_hour=block.to_hour,
            district=int(block.command[first]),
            lon=float(block.lon[first]),
            lat=float(block.lat[first]),
            priority=1,
            role="police" if all(sworn[name] for name in kind.force_ids) else "support",
            required=len(members) * kind.officers,
            source=kind.source,
            kind=RESERVE,
            force_ids=kind.force_ids,
            crew=kind.officers,
        )


def manned_units(block: ReserveBlock, have: Mapping[str, int]) -> NDArray[np.bool_]:
    """Units of a block whose whole crew is on its post, `[unit]`; `have` officers by post id.

    Where a place has fewer crews than units, own units go first, then the order of the sites.
    """
    crews: dict[str, int] = {}
    manned = np.zeros(len(block.units), dtype=np.bool_)
    order = sorted(range(len(block.units)), key=lambda n: (block.units[n].rank, n))
    for number in order:
        post = post_id_of(block, number)
        left = crews.setdefault(post, have.get(post, 0) // block.kind.officers)
        manned[number] = left > 0
        crews[post] = left - 1
    return manned


@dataclass(frozen=True)
class SiteMinutes:
    """What one site has of a reserve in one hour: unit numbers of the block, or -1, and minutes.

    `own` is the quickest manned unit that is promised to the site; `next_best` the quickest
    other one, promised to whichever site. Minutes are infinite where there is none.
    """

    site: int
    hour: int
    own: int
    own_min: float
    next_best: int
    next_min: float


def site_minutes(block: ReserveBlock, manned: NDArray[np.bool_]) -> tuple[SiteMinutes, ...]:
    """Minutes to each site by hour, by site and hour."""
    promised = np.array([unit.site for unit in block.units], dtype=np.int64)
    found = []
    for site in range(len(block.sites)):
        for number, hour in enumerate(range(block.from_hour, block.to_hour)):
            minutes = np.where(manned, block.minutes[:, site, number], np.inf)
            own = _quickest(np.where(promised == site, minutes, np.inf))
            rest = minutes.copy()
            if own >= 0:
                rest[own] = np.inf
            after = _quickest(rest)
            found.append(
                SiteMinutes(site, hour, own, _at(minutes, own), after, _at(minutes, after))
            )
    return tuple(found)


def _quickest(minutes: NDArray[np.float64]) -> int:
    if not np.isfinite(minutes).any():
        return -1
    return int(minutes.argmin())


def _at(minutes: NDArray[np.float64], number: int) -> float:
    return math.inf if number < 0 else float(minutes[number])


def own_in_time(block: ReserveBlock, lines: Sequence[SiteMinutes]) -> NDArray[np.bool_]:
    """Sites whose own unit is within `within_min` in every hour of the block, `[site]`."""
    kept = np.ones(len(block.sites), dtype=np.bool_)
    for line in lines:
        kept[line.site] &= line.own_min <= block.kind.within_min
    return kept
