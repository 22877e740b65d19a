"""Rules of what a planner asks of the patrol units: limits, pools, stays and changes."""

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.violation import Violation
from optimizer.patrol_wishes import PatrolWishes
from optimizer.plan import Deployment


def wish_violations(
    wishes: PatrolWishes, deployment: Deployment, available: NDArray[np.int64]
) -> tuple[Violation, ...]:
    """All limits and wishes that a deployment breaks.

    `available[type, station, hour]` are the staffed units, types in the order of the deployment.
    """
    return (
        *check_place_limits(wishes, deployment),
        *check_pool_ranges(wishes, deployment, available),
        *check_crossings(wishes, deployment, available),
        *check_stays(wishes, deployment, available),
        *check_changes(wishes, deployment, available),
    )


def check_place_limits(wishes: PatrolWishes, deployment: Deployment) -> list[Violation]:
    """Every place has at least its minimum and at most its maximum of each type."""
    units = deployment.units
    found = []
    for kind, place, hour in np.argwhere(units < wishes.place_min):
        where, when = _at_place(deployment, kind, place), f"hour {hour}"
        count, allowed = float(units[kind, place, hour]), wishes.place_min[kind, place, hour]
        found.append(Violation("place minimum", where, when, count, float(allowed)))
    for kind, place, hour in np.argwhere(units > wishes.place_cap):
        where, when = _at_place(deployment, kind, place), f"hour {hour}"
        count, allowed = float(units[kind, place, hour]), wishes.place_cap[kind, place, hour]
        found.append(Violation("place maximum", where, when, count, float(allowed)))
    return found


def check_pool_ranges(
    wishes: PatrolWishes, deployment: Deployment, available: NDArray[np.int64]
) -> list[Violation]:
    """The places of a pool hold its own units, more or fewer only by what may cross over."""
    found = []
    for kind, own in enumerate(available):
        standing = _by_pool(wishes, deployment.units[kind])
        least, most = wishes.pool_range(wishes.pool_units(own))
        allowed = np.clip(standing, least, most)
        for pool, hour in np.argwhere(standing != allowed):
            where, when = f"pool {pool}, {deployment.unit_types[kind]}", f"hour {hour}"
            count, limit = float(standing[pool, hour]), float(allowed[pool, hour])
            found.append(Violation("pool units", where, when, count, limit))
    return found


def check_crossings(
    wishes: PatrolWishes, deployment: Deployment, available: NDArray[np.int64]
) -> list[Violation]:
    """Of the units that come from somewhere, no more cross between pools than may."""
    types = deployment.unit_types
    shape = (len(types), wishes.n_pools, deployment.units.shape[2])
    given, taken = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for move in deployment.origins:
        home, goal = wishes.pool_of_station[move.station], wishes.pool_of_place[move.place]
        if home != goal:
            given[types.index(move.unit_type), home, move.hour] += move.units
            taken[types.index(move.unit_type), goal, move.hour] += move.units
    own = np.stack([wishes.pool_units(units) for units in available])
    most = np.floor(wishes.cross_pool_share * own).astype(np.int64)
    found = []
    for rule, crossing in (("given to other pools", given), ("taken from other pools", taken)):
        for kind, pool, hour in np.argwhere(crossing > most):
            count, allowed = float(crossing[kind, pool, hour]), float(most[kind, pool, hour])
            where = f"pool {pool}, {types[kind]}, {rule}"
            found.append(Violation("crossing units", where, f"hour {hour}", count, allowed))
    return found


def check_stays(
    wishes: PatrolWishes, deployment: Deployment, available: NDArray[np.int64]
) -> list[Violation]:
    """A unit stays `min_stay_h` hours unless limits and a shrinking pool leave no other way.

    Who leaves a place is not told, so those that stood longest count as the ones that left;
    units of the first hour may leave at once. What has to leave is counted over a pool, over
    all pools together where units may cross.
    """
    found = []
    for kind, units in enumerate(deployment.units):
        young = newcomers(units, wishes.min_stay_h)
        left = np.maximum(young - units[:, 1:], 0)
        own = wishes.pool_units(available[kind])
        for hour in range(1, units.shape[1]):
            if not left[:, hour - 1].any():
                continue
            for name, pools in _blocs(wishes):
                inside = np.isin(wishes.pool_of_place, pools)
                gone = int(left[inside, hour - 1].sum())
                forced = fewest_leaving(wishes, kind, hour, young[:, hour - 1], own[:, hour], pools)
                if gone > forced:
                    where = f"{name}, {deployment.unit_types[kind]}"
                    found.append(Violation("stay", where, f"hour {hour}", gone, forced))
    return found


def newcomers(units: NDArray[np.int64], min_stay_h: int) -> NDArray[np.int64]:
    """Units that stand too briefly to leave after each hour but the last, `[place, hour]`.

    `units[place, hour]`; of the units of a place those that stood longest leave first.
    """
    places, hours = units.shape
    young = np.zeros((places, hours - 1), dtype=np.int64)
    if min_stay_h == 1:
        return young
    stood = np.zeros((places, min_stay_h), dtype=np.int64)
    stood[:, -1] = units[:, 0]
    for hour in range(hours - 1):
        young[:, hour] = stood[:, :-1].sum(axis=1)
        going = np.maximum(units[:, hour] - units[:, hour + 1], 0)
        for hours_stood in range(min_stay_h - 1, -1, -1):
            leaving = np.minimum(stood[:, hours_stood], going)
            stood[:, hours_stood] -= leaving
            going -= leaving
        stood[:, -1] += stood[:, -2]
        stood[:, 1:-1] = stood[:, :-2].copy()
        stood[:, 0] = np.maximum(units[:, hour + 1] - units[:, hour], 0)
    return young


def check_changes(
    wishes: PatrolWishes, deployment: Deployment, available: NDArray[np.int64]
) -> list[Violation]:
    """No more unit-hours leave their place in the given plan than the budget and the limits say.

    Those that have to leave whatever one does, because pools or limits changed, do not count.
    """
    if wishes.given is None or wishes.max_changes is None:
        return []
    taken = int(np.maximum(wishes.given - deployment.units, 0).sum())
    forced = sum(
        forced_changes(wishes, kind, wishes.given[kind], wishes.pool_units(own))
        for kind, own in enumerate(available)
    )
    if taken <= wishes.max_changes + forced:
        return []
    budget = float(wishes.max_changes + forced)
    return [Violation("changes", "whole plan", "all hours", float(taken), budget)]


def forced_changes(
    wishes: PatrolWishes, kind: int, given: NDArray[np.int64], own: NDArray[np.int64]
) -> int:
    """Fewest unit-hours of a given plan that leave their place whatever one does.

    `given[place, hour]` of the type number `kind`, whose pools have `own[pool, hour]` units.
    """
    return sum(
        fewest_leaving(wishes, kind, hour, given[:, hour], own[:, hour], pools)
        for hour in range(given.shape[1])
        for _, pools in _blocs(wishes)
    )


def _blocs(wishes: PatrolWishes) -> list[tuple[str, NDArray[np.int64]]]:
    """Pools that must be looked at together, with a name."""
    pools = np.arange(wishes.n_pools)
    if wishes.cross_pool_share > 0:
        return [("all pools", pools)]
    return [(f"pool {pool}", pools[pool : pool + 1]) for pool in pools]


def fewest_leaving(
    wishes: PatrolWishes,
    kind: int,
    hour: int,
    standing: NDArray[np.int64],
    own: NDArray[np.int64],
    pools: NDArray[np.int64],
) -> int:
    """Fewest of the units `standing[place]` that leave some pools' places whatever one does.

    They can stay up to the maximum of their place, in place of units that minima bring, and
    beyond them as far as the pool and all `own[pool]` units together reach.
    """
    group, count = wishes.pool_of_place, wishes.n_pools
    least, most = wishes.place_min[kind, :, hour], wishes.place_cap[kind, :, hour]
    staying = np.minimum(standing, most)
    minima, within, beyond = (
        np.bincount(group, of_place, count)[pools]
        for of_place in (least, np.minimum(staying, least), np.maximum(staying - least, 0))
    )
    low, high = (limit[pools] for limit in wishes.pool_range(own))
    anyway = np.minimum(beyond, np.maximum(low - minima, 0))
    at_most = np.minimum(beyond, np.maximum(high - minima, 0))
    spare = max(int(own[pools].sum()) - int(np.maximum(low, minima).sum()), 0)
    stay = within.sum() + anyway.sum() + min(spare, int((at_most - anyway).sum()))
    return int(standing[np.isin(group, pools)].sum() - stay)


def _by_pool(wishes: PatrolWishes, units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum `units[place, hour]` over the places of each pool, `[pool, hour]`."""
    total = np.zeros((wishes.n_pools, units.shape[1]), dtype=np.int64)
    np.add.at(total, wishes.pool_of_place, units)
    return total


def _at_place(deployment: Deployment, kind: int, place: int) -> str:
    return f"place {place}, {deployment.unit_types[kind]}"
