"""Limits that clash, in a planner's words: which, by how many units, when, and what mends it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from optimizer.calls import PatrolTerms
from optimizer.judges.clashes import Clash, Repair, RepairKind, find_clashes, limits_hold
from optimizer.judges.lone_unit import lone_unit_value
from optimizer.patrol_wishes import PatrolWishes
from optimizer.pools import pool_names, pool_neighbours
from scenarios.world import World

CLASHES_LISTED = 20
"""Clashes that the text tells, those of the most unit-hours first; the others are counted."""

ALL_POOLS = "all pools together"

LISTED = 10
"""Places and pools that the text of a repair lists; the values for `--json` hold them all."""


class Infeasible(Exception):
    """No deployment keeps the planner's limits; carries what to tell of every clash.

    `clashes` are plain values for `--json`, the text of the exception is for a reader.
    """

    def __init__(self, clashes: list[dict[str, Any]]) -> None:
        self.clashes = clashes
        count = "1 clash" if len(clashes) == 1 else f"{len(clashes)} clashes"
        lines = [f"No deployment keeps the limits: {count}; nothing was written."]
        for clash in clashes[:CLASHES_LISTED]:
            lines.append(f"* {clash['text']}")
            lines += [f"  - {repair['text']}" for repair in clash["repairs"]]
        if len(clashes) > CLASHES_LISTED:
            lines.append(f"* {len(clashes) - CLASHES_LISTED} more clashes; --json tells them all")
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Names:
    """What unit types, places and pools are called, and the clock of the hours."""

    unit_types: tuple[str, ...]
    places: tuple[str, ...]
    pools: tuple[str, ...]
    horizon: Horizon

    def of_clash(self, clash: Clash) -> dict[str, Any]:
        """A clash as plain values, with a sentence for each repair."""
        pool = ALL_POOLS if clash.pool is None else self.pools[clash.pool]
        kind = self.unit_types[clash.unit_type]
        many = "hour" if len(clash.hours) == 1 else "hours"
        return {
            "text": (
                f"{pool}, {kind}, {self.spans(clash.hours)} ({len(clash.hours)} {many}): "
                f"{clash.kind.value}: {_counted(clash.asked)} against {clash.possible}, "
                f"{clash.units} too many"
            ),
            "kind": clash.kind.value,
            "pool": pool,
            "unit_type": kind,
            "hours": [self.horizon.at(hour).isoformat() for hour in clash.hours],
            "asked": clash.asked,
            "possible": clash.possible,
            "units": clash.units,
            "repairs": [self.of_repair(repair, pool) for repair in clash.repairs],
        }

    def of_repair(self, repair: Repair, pool: str) -> dict[str, Any]:
        """A repair as plain values."""
        return {
            "text": self.repair_text(repair, pool),
            "kind": repair.kind.value,
            "units": repair.units,
            "places": {self.places[place]: count for place, count in repair.places},
            "pools": {self.pools[other]: count for other, count in repair.pools},
            "cross_pool_share": repair.share,
            "cost_call_minutes": repair.cost,
        }

    def repair_text(self, repair: Repair, pool: str) -> str:
        """A repair as a sentence."""
        units = _counted(repair.units)
        places = _listed([f"{self.places[place]} to {count}" for place, count in repair.places])
        others = _listed([f"{self.pools[other]} {count}" for other, count in repair.pools])
        if repair.kind == RepairKind.LOWER:
            return (
                f"lower minima by {units}: {places} (the least loss: at most {repair.cost:,.1f} "
                "weighted call-minutes over these hours)"
            )
        if repair.kind == RepairKind.RAISE:
            return f"raise maxima by {units}: {places}"
        if repair.kind == RepairKind.RESERVE:
            return f"hold {units} in reserve at the stations: {others}"
        between = f" between {pool} and its neighbours ({others})" if others else " between pools"
        return f"let {units} cross{between}: patrol.cross_pool_share of {repair.share:g} is needed"

    def spans(self, hours: tuple[int, ...]) -> str:
        """Local times of hours, those in a row joined."""
        breaks = [n for n in range(1, len(hours)) if hours[n] != hours[n - 1] + 1]
        firsts = [hours[n] for n in (0, *breaks)]
        lasts = [hours[n - 1] for n in (*breaks, len(hours))]
        return ", ".join(
            f"{self.horizon.at(first):%d %b %H:%M}-{self.horizon.at(last + 1):%H:%M}"
            for first, last in zip(firsts, lasts, strict=True)
        )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _counted(units: int) -> str:
    return "1 unit" if units == 1 else f"{units} units"


def refuse_clashes(
    world: World, wishes: PatrolWishes, available: NDArray[np.int64], terms: PatrolTerms
) -> None:
    """Stop when the staffed units cannot keep the limits of places and pools.

    `available[type, station, hour]` are the staffed units, all of which are to be placed.

    Raises
    ------
    Infeasible
        With every clash and the repairs that mend it.
    """
    units = np.stack([wishes.pool_units(of_type) for of_type in available])
    if limits_hold(wishes, units):
        return
    situation = world.situation
    value = np.stack([lone_unit_value(situation, unit, terms) for unit in world.force.unit_types])
    places, pools = situation.patrol_places, wishes.pool_of_place
    neighbours = pool_neighbours(places, pools, wishes.n_pools)
    names = Names(
        tuple(unit.unit_type for unit in world.force.unit_types),
        places.place_ids,
        pool_names(situation, pools, wishes.pool_of_station),
        situation.horizon,
    )
    found = find_clashes(wishes, units, value, neighbours)
    worst = sorted(found, key=lambda clash: -clash.units * len(clash.hours))
    raise Infeasible([names.of_clash(clash) for clash in worst])
