"""Which limits of places and pools clash, by how many units, and what would mend it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from optimizer.patrol_wishes import PatrolWishes

SHARE_STEPS = 100
"""Shares of units that may cross between pools are told in hundredths, rounded up."""


class ClashKind(StrEnum):
    """What cannot be: more units asked for than may stand there, or fewer places than units."""

    MINIMA = "minima above the pool"
    ROOM = "more units than places can hold"


class RepairKind(StrEnum):
    """What a planner can do about a clash."""

    LOWER = "lower minima"
    RAISE = "raise maxima"
    LEND = "lend units between pools"
    RESERVE = "hold units in reserve"


@dataclass(frozen=True)
class Repair:
    """One way to mend a clash by itself.

    `units` move, are given up or are held back in each hour. `places` are the pairs of a place
    and its new minimum or maximum; `pools` pairs of another pool and the units it gives or
    takes; `share` is the `cross_pool_share` that a loan needs; `cost` what the units of lowered
    minima save over all hours of the clash, at most.
    """

    kind: RepairKind
    units: int
    places: tuple[tuple[int, int], ...] = ()
    pools: tuple[tuple[int, int], ...] = ()
    share: float | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Clash:
    """Limits of one unit type that no allocation can keep, in hours of the horizon.

    `asked` units must stand there where only `possible` can, or the other way round: `asked`
    units are to be placed where the places hold `possible`. `pool` is None when each pool could
    keep its limits but all of them together cannot.
    """

    kind: ClashKind
    unit_type: int
    pool: int | None
    hours: tuple[int, ...]
    asked: int
    possible: int
    repairs: tuple[Repair, ...]

    @property
    def units(self) -> int:
        """Units by which the limits clash in each of the hours."""
        return self.asked - self.possible


@dataclass(frozen=True)
class HourLimits:
    """Limits of one unit type in one hour.

    `place_min`, `place_cap` and `pool` are `[place]`, `units` `[pool]` are those staffed, all of
    which are to be placed; `share` of a pool's units may cross over to other pools.
    """

    place_min: NDArray[np.int64]
    place_cap: NDArray[np.int64]
    pool: NDArray[np.int64]
    units: NDArray[np.int64]
    share: float

    def sums(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sum of the minima and of the maxima of each pool's places, `[pool]`."""
        pools = len(self.units)
        least = np.bincount(self.pool, self.place_min, pools)
        most = np.bincount(self.pool, self.place_cap, pools)
        return least.astype(np.int64), most.astype(np.int64)

    def ranges(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fewest and most units at the places of each pool, by what may cross over."""
        across = np.floor(self.share * self.units).astype(np.int64)
        return self.units - across, self.units + across


Found = tuple[ClashKind, int | None, int, int]
"""Kind of clash, pool, units asked and possible."""


def find_clashes(
    wishes: PatrolWishes,
    units: NDArray[np.int64],
    value: NDArray[np.float64],
    neighbours: NDArray[np.int64],
) -> tuple[Clash, ...]:
    """All clashes of `units[type, pool, hour]` with the limits, each with its repairs.

    `value[type, place, hour]` is what a unit at a place saves, `neighbours[pool, k]` the other
    pools, the nearest first. Hours with the same clash and repairs are told together.
    """
    hours_of: dict[tuple[int, Found, tuple[Repair, ...]], list[int]] = {}
    cost_of: dict[tuple[int, Found, tuple[Repair, ...]], float] = {}
    for kind, hour, limits in _side_by_side(wishes, units):
        for found in hour_clashes(limits):
            repairs = tuple(_repairs(limits, found, value[kind, :, hour], neighbours))
            key = (kind, found, tuple(replace(repair, cost=None) for repair in repairs))
            hours_of.setdefault(key, []).append(hour)
            cost_of[key] = cost_of.get(key, 0.0) + sum(repair.cost or 0.0 for repair in repairs)
    return tuple(
        Clash(
            found[0],
            kind,
            found[1],
            tuple(hours),
            found[2],
            found[3],
            tuple(_priced(repair, cost_of[kind, found, repairs]) for repair in repairs),
        )
        for (kind, found, repairs), hours in hours_of.items()
    )


def _priced(repair: Repair, cost: float) -> Repair:
    """A repair with its cost over all hours; only lowered minima cost something."""
    return replace(repair, cost=round(cost, 6)) if repair.kind == RepairKind.LOWER else repair


def limits_hold(wishes: PatrolWishes, units: NDArray[np.int64]) -> bool:
    """Whether some allocation of `units[type, pool, hour]` keeps all limits of places and pools."""
    return not any(hour_clashes(limits) for _, _, limits in _side_by_side(wishes, units))


def _side_by_side(
    wishes: PatrolWishes, units: NDArray[np.int64]
) -> Iterator[tuple[int, int, HourLimits]]:
    """Unit type, hour and the limits that hold for them."""
    for kind, hour in np.ndindex(units.shape[0], units.shape[2]):
        yield (
            kind,
            hour,
            HourLimits(
                wishes.place_min[kind, :, hour],
                wishes.place_cap[kind, :, hour],
                wishes.pool_of_place,
                units[kind, :, hour],
                wishes.cross_pool_share,
            ),
        )


def hour_clashes(limits: HourLimits) -> tuple[Found, ...]:
    """Clashes of one hour: those of single pools, then what is left of all pools together.

    For the latter each clashing pool counts as mended, so that nothing is told twice.
    """
    least, most = limits.sums()
    low, high = limits.ranges()
    found: list[Found] = [
        (ClashKind.MINIMA, int(g), int(least[g]), int(high[g]))
        for g in np.flatnonzero(least > high)
    ]
    found += [
        (ClashKind.ROOM, int(g), int(low[g]), int(most[g])) for g in np.flatnonzero(most < low)
    ]
    homeless = int(np.maximum(low - most, 0).sum())
    at_least = np.minimum(np.maximum(low, least), np.minimum(high, most))
    at_most = np.minimum(high, most)
    total = int(limits.units.sum()) - homeless
    if at_least.sum() > total:
        found.append((ClashKind.MINIMA, None, int(at_least.sum()), total))
    if total > at_most.sum():
        found.append((ClashKind.ROOM, None, total, int(at_most.sum())))
    return tuple(found)


def mended(limits: HourLimits, repair: Repair) -> HourLimits:
    """The limits of an hour after a repair."""
    if repair.share is not None:
        return replace(limits, share=repair.share)
    if repair.kind == RepairKind.RESERVE:
        units = limits.units.copy()
        for pool, count in repair.pools:
            units[pool] -= count
        return replace(limits, units=units)
    name = "place_min" if repair.kind == RepairKind.LOWER else "place_cap"
    changed = getattr(limits, name).copy()
    for place, count in repair.places:
        changed[place] = count
    return replace(limits, **{name: changed})


def mends(limits: HourLimits, found: Found, repair: Repair) -> bool:
    """Whether a repair, applied, removes a clash and brings no other one."""
    before = {clash[:2] for clash in hour_clashes(limits)}
    after = {clash[:2] for clash in hour_clashes(mended(limits, repair))}
    return after <= before - {found[:2]}


def _repairs(
    limits: HourLimits, found: Found, value: NDArray[np.float64], neighbours: NDArray[np.int64]
) -> Iterator[Repair]:
    """Repairs of one clash; each has been applied and does mend it.

    What is left of all pools together may take more units than it clashes by, as the repair
    has to see to the pools that clash by themselves too.
    """
    offer = _lower_minima if found[0] == ClashKind.MINIMA else _raise_maxima
    fewest = found[2] - found[3]
    most = fewest if found[1] is not None else int(limits.units.sum() + limits.place_min.sum())
    by_units = (offer(limits, found, value, units) for units in range(fewest, most + 1))
    at_places = next((repair for repair in by_units if mends(limits, found, repair)), None)
    crossing = _cross_over(limits, found, neighbours)
    reserve = _reserve(limits, found) if found[0] == ClashKind.ROOM else None
    yield from (repair for repair in (at_places, crossing, reserve) if repair is not None)


def _lower_minima(
    limits: HourLimits, found: Found, value: NDArray[np.float64], units: int
) -> Repair:
    """Give up `units` of the minima, those that save least."""
    least, _ = limits.sums()
    low, high = limits.ranges()
    above = np.maximum(least - (low if found[1] is None else high), 0)
    members = _members(limits, found[1])
    order = members[np.argsort(value[members], kind="stable")]
    given_up = _dealt(order, limits.place_min, above, limits.pool, units, at_once=units)
    places = tuple((place, int(limits.place_min[place]) - n) for place, n in given_up)
    cost = sum(n * float(value[place]) for place, n in given_up)
    return Repair(RepairKind.LOWER, units, places, cost=cost)


def _raise_maxima(
    limits: HourLimits, found: Found, value: NDArray[np.float64], units: int
) -> Repair:
    """Let `units` more stand where a unit saves most, at forbidden places last."""
    _, most = limits.sums()
    low, high = limits.ranges()
    below = np.maximum((high if found[1] is None else low) - most, 0)
    members = _members(limits, found[1])
    order = members[np.lexsort((-value[members], limits.place_cap[members] == 0))]
    room = np.full(len(limits.place_cap), units)
    raised = _dealt(order, room, below, limits.pool, units, at_once=1)
    places = tuple((place, int(limits.place_cap[place]) + n) for place, n in raised)
    return Repair(RepairKind.RAISE, units, places)


def _cross_over(limits: HourLimits, found: Found, neighbours: NDArray[np.int64]) -> Repair | None:
    """Let units of the nearest pools with units to spare, or to them, cross over."""
    kind, pool, asked, possible = found
    least, most = limits.sums()
    borrows = kind == ClashKind.MINIMA
    spare = np.maximum(limits.units - least if borrows else most - limits.units, 0)
    need = asked - possible
    if pool is not None:
        need = int(least[pool] - limits.units[pool] if borrows else limits.units[pool] - most[pool])
        if spare.sum() < need:
            return None
    share = _share_that_mends(limits, found)
    if share is None:
        return None
    if pool is None:
        return Repair(RepairKind.LEND, need, share=share)
    room = np.minimum(spare, np.floor(share * limits.units).astype(np.int64))
    own = np.arange(len(room))
    donors = _dealt(neighbours[pool], room, room, own, need, at_once=need)
    if sum(count for _, count in donors) < need:
        return None
    return Repair(RepairKind.LEND, need, pools=donors, share=share)


def _share_that_mends(limits: HourLimits, found: Found) -> float | None:
    """Smallest share in hundredths that mends a clash, None where not even all units do."""
    for step in range(int(np.floor(limits.share * SHARE_STEPS)) + 1, SHARE_STEPS + 1):
        share = step / SHARE_STEPS
        if mends(limits, found, Repair(RepairKind.LEND, 0, share=share)):
            return share
    return None


def _reserve(limits: HourLimits, found: Found) -> Repair | None:
    """Hold back the fewest units of the pool; of all pools together, of the fullest one."""
    _, pool, asked, possible = found
    _, most = limits.sums()
    holder = int(np.argmax(limits.units - most)) if pool is None else pool
    for units in range(asked - possible, int(limits.units[holder]) + 1):
        repair = Repair(RepairKind.RESERVE, units, pools=((holder, units),))
        if mends(limits, found, repair):
            return repair
    return None


def _members(limits: HourLimits, pool: int | None) -> NDArray[np.int64]:
    """Places of a pool, or of all pools."""
    inside = limits.pool == pool if pool is not None else np.ones(len(limits.pool), dtype=bool)
    return np.flatnonzero(inside)


def _dealt(
    order: NDArray[np.int64],
    room: NDArray[np.int64],
    budget: NDArray[np.int64],
    group: NDArray[np.int64],
    total: int,
    *,
    at_once: int,
) -> tuple[tuple[int, int], ...]:
    """Deal `total` units in `order`, round after round, as pairs of a member and its units.

    A member gets at most `at_once` units a round and `room[member]` in all, its group at most
    `budget[group]`.
    """
    dealt: dict[int, int] = {}
    left, left_in = total, budget.copy()
    before = -1
    while left and left != before:
        before = left
        for member in order.tolist():
            own = group[member]
            count = int(min(at_once, left, left_in[own], room[member] - dealt.get(member, 0)))
            if count > 0:
                dealt[member] = dealt.get(member, 0) + count
                left_in[own] -= count
                left -= count
    return tuple(sorted(dealt.items()))
