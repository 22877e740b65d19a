"""Which station each unit comes from: least travel from stations to waiting places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from geodata.situation import Situation
from optimizer.patrol_wishes import PatrolWishes, no_wishes
from optimizer.plan import UnitMove
from optimizer.pools import pool_names

TENTHS = 10
BEYOND_REACH_M_PER_MIN = 250.0
"""Speed assumed for a place that a station does not reach within the cut-off (15 km/h)."""


def unit_origins(
    situation: Situation,
    unit_type: str,
    units: NDArray[np.int64],
    available: NDArray[np.int64],
    wishes: PatrolWishes | None = None,
) -> tuple[UnitMove, ...]:
    """Where the units at each place come from, by hour, station and place.

    `units[place, hour]` are to be manned from `available[station, hour]` units, each unit from
    one station of the place's own pool, with the least total travel minutes (rounded to tenths).
    A pool whose places hold more units than it has takes the rest from those that have more
    than their places hold, each giving at most its `cross_pool_share`. Without wishes the
    commands are the pools. Equal costs are resolved by the solver, which is deterministic.

    Raises
    ------
    ValueError
        When a pool has fewer units than its places are to hold and others may not give them.
    """
    asked = no_wishes(situation, 1) if wishes is None else wishes
    travel = situation.travel[unit_type]
    cost = [_tenths(situation, unit_type, p) for p in range(len(travel.profiles))]
    moves: list[UnitMove] = []
    for hour in range(situation.horizon.hours):
        tenths = cost[int(travel.profile_of_hour[hour])]
        sums = _PoolSums.of(asked, units[:, hour], available[:, hour])
        for pools in sums.transports():
            sent = _sent(asked, sums, pools, tenths, units[:, hour], available[:, hour])
            if sent is None:
                raise ValueError(_shortage(situation, asked, sums, pools, unit_type, hour))
            moves += [UnitMove(unit_type, hour, *of_pair) for of_pair in sent]
    return tuple(sorted(moves, key=lambda move: (move.hour, move.station, move.place)))


@dataclass(frozen=True)
class _PoolSums:
    """Units that each pool has, that its places hold and that may cross over, `[pool]`."""

    have: NDArray[np.int64]
    hold: NDArray[np.int64]
    across: NDArray[np.int64]

    @classmethod
    def of(
        cls, wishes: PatrolWishes, units: NDArray[np.int64], available: NDArray[np.int64]
    ) -> "_PoolSums":
        have = wishes.pool_units(available[:, np.newaxis])[:, 0]
        hold = np.bincount(wishes.pool_of_place, units, len(have)).astype(np.int64)
        _, most = wishes.pool_range(have)
        return cls(have, hold, most - have)

    @property
    def missing(self) -> NDArray[np.int64]:
        """Units that a pool takes from others."""
        taken: NDArray[np.int64] = np.maximum(self.hold - self.have, 0)
        return taken

    @property
    def kept(self) -> NDArray[np.int64]:
        """Units beyond those at its places that a pool may not give away."""
        left: NDArray[np.int64] = np.maximum(self.have - self.hold - self.across, 0)
        return left

    def transports(self) -> list[NDArray[np.int64]]:
        """Pools that see to themselves, one by one, then those that give or take together."""
        pools = np.arange(len(self.have))
        if not (self.missing.any() and self.across.any()):
            return [pools[pool : pool + 1] for pool in pools]
        together = (self.missing > 0) | (self.have > self.hold)
        alone = [pools[pool : pool + 1] for pool in np.flatnonzero(~together)]
        return [*alone, np.flatnonzero(together)]


def _sent(
    wishes: PatrolWishes,
    sums: _PoolSums,
    pools: NDArray[np.int64],
    tenths: NDArray[np.int64],
    units: NDArray[np.int64],
    available: NDArray[np.int64],
) -> list[tuple[int, int, int]] | None:
    """Station, place and number of the units that go there, among some pools.

    None when the pools cannot do it. What a pool may not give away goes to a goal of its own at
    no cost, and no unit of a pool that takes stays idle.
    """
    if (sums.missing[pools] > (sums.across[pools] if len(pools) > 1 else 0)).any():
        return None
    among = np.zeros(wishes.n_pools, dtype=np.bool_)
    among[pools] = True
    goals = np.flatnonzero(among[wishes.pool_of_place] & (units > 0))
    homes = np.flatnonzero(among[wishes.pool_of_station] & (available > 0))
    keepers = pools[(sums.kept[pools] > 0) & (sums.missing[pools].sum() > 0)]
    home_pool, goal_pool = wishes.pool_of_station[homes], wishes.pool_of_place[goals]
    takes = sums.missing > 0
    may_go = home_pool[:, np.newaxis] == goal_pool
    may_go |= ~takes[home_pool][:, np.newaxis] & takes[goal_pool]
    flow = least_travel(
        np.pad(tenths[np.ix_(homes, goals)], ((0, 0), (0, len(keepers)))),
        available[homes],
        np.concatenate([units[goals], sums.kept[keepers]]),
        may_go=np.concatenate([may_go, home_pool[:, np.newaxis] == keepers], axis=1),
        may_idle=~takes[home_pool],
    )
    if flow is None:
        return None
    rows, columns = np.nonzero(flow[:, : len(goals)])
    return [
        (int(homes[i]), int(goals[j]), int(flow[i, j])) for i, j in zip(rows, columns, strict=True)
    ]


def _shortage(
    situation: Situation,
    wishes: PatrolWishes,
    sums: _PoolSums,
    pools: NDArray[np.int64],
    unit_type: str,
    hour: int,
) -> str:
    """Message that names the pools that lack more than they may take, or all that lend too."""
    names = pool_names(situation, wishes.pool_of_place, wishes.pool_of_station)
    lacking = pools[sums.missing[pools] > sums.across[pools]]
    told = lacking if len(lacking) else pools
    return (
        f"{', '.join(names[pool] for pool in told)}, hour {hour}: {int(sums.hold[told].sum())} "
        f"{unit_type} units to place, {int(sums.have[told].sum())} available, "
        f"{int(np.floor(wishes.cross_pool_share * 100))} % of a pool's units may cross"
    )


def _tenths(situation: Situation, unit_type: str, profile: int) -> NDArray[np.int64]:
    """Travel from stations to the cells of the places, tenths of a minute, `[station, place]`.

    A pair beyond the cut-off counts the cut-off or its straight line at a slow speed,
    whichever is longer.
    """
    travel = situation.travel[unit_type]
    stations, places = situation.stations, situation.patrol_places
    line = np.hypot(stations.x[:, np.newaxis] - places.x, stations.y[:, np.newaxis] - places.y)
    minutes = np.maximum(travel.cutoff_min, line / BEYOND_REACH_M_PER_MIN)
    reach = travel.reach[profile]
    to_cell = np.full(situation.grid.n_cells, np.inf)
    for station in range(len(stations)):
        entries = slice(reach.indptr[station], reach.indptr[station + 1])
        to_cell[reach.cell[entries]] = reach.minutes[entries]
        reached = to_cell[places.cell]
        minutes[station] = np.where(np.isfinite(reached), reached, minutes[station])
        to_cell[reach.cell[entries]] = np.inf
    minutes[np.arange(len(stations)), np.arange(len(stations))] = 0.0
    tenths: NDArray[np.int64] = np.rint(minutes * TENTHS).astype(np.int64)
    return tenths


def least_travel(
    cost: NDArray[np.int64],
    supply: NDArray[np.int64],
    demand: NDArray[np.int64],
    *,
    may_go: NDArray[np.bool_] | None = None,
    may_idle: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64] | None:
    """Transport `demand` from `supply` at the least cost, `[home, goal]`; None if impossible.

    `may_go[home, goal]` and `may_idle[home]` say what a home's units may do; all of it where
    they are not given.
    """
    homes, goals = cost.shape
    if demand.sum() > supply.sum():
        return None
    if not goals:
        return np.zeros((homes, 0), dtype=np.int64)
    solver = SimpleMinCostFlow()
    tail = np.repeat(np.arange(homes), goals)
    head = homes + np.tile(np.arange(goals), homes)
    room = np.minimum(np.repeat(supply, goals), np.tile(demand, homes))
    if may_go is not None:
        room = np.where(may_go.ravel(), room, 0)
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tail, head, room, cost.ravel())
    spare = homes + goals
    idle_room = supply if may_idle is None else np.where(may_idle, supply, 0)
    solver.add_arcs_with_capacity_and_unit_cost(
        np.arange(homes), np.full(homes, spare), idle_room, np.zeros(homes, dtype=np.int64)
    )
    left = int(supply.sum() - demand.sum())
    solver.set_nodes_supplies(np.arange(spare + 1), np.concatenate([supply, -demand, [-left]]))
    status = solver.solve()
    if status == solver.INFEASIBLE:
        return None
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the transport problem ended with status {status}")
    return np.asarray(solver.flows(arcs), dtype=np.int64).reshape(homes, goals)
