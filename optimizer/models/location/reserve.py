"""Where a reserve stands by: every site its own unit in time, then the fewest minutes.

An assignment of units to sites over places with room for few units, in commands that man few.
It is solved in two levels, the second among the best of the first: each site's own unit (fewest
sites without one in time, then the sum of minutes), then the units that remain (all of the
minimum placed, no site without a second one, fewest late ones, the sum of minutes). Own units
alone are a transportation problem; with the second level a cost row joins both, which makes the
model a mixed integer one.

Of the places of a command only the nearest ones to each site are offered, one more than the
others of its units can fill: where a unit stands farther away, one of these has room, and moving
there changes no command's count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel, Solution, SolverOptions, minimise
from optimizer.reserve import (
    MORE,
    OWN,
    ReserveUnit,
    StandbyChoice,
    StandbyLevel,
    StandbyTask,
)

EXACT = SolverOptions(relative_gap=1e-9, nodes=5_000)
KEPT = 1e-6
"""Priced minutes by which the second level may worsen the first, for the solver's tolerances."""


@dataclass(frozen=True)
class _Pairs:
    """Places and sites that may be joined, `[pair]`, with their cost in priced minutes."""

    place: Index
    site: Index
    cost: NDArray[np.float64]


def stand_by(task: StandbyTask, options: SolverOptions = EXACT) -> StandbyChoice:
    """Places of a reserve's units and the site that each is promised to.

    Raises
    ------
    ValueError
        When there is no site.
    """
    if not task.minutes.shape[1]:
        raise ValueError("a reserve needs a site that it can be promised to")
    pairs = _pairs(task)
    first = minimise(_own_model(task, pairs), options)
    own = StandbyLevel(first.cost, min(first.bound, first.cost))
    model, columns = _full_model(task, pairs, first.cost + KEPT)
    second = minimise(model, options)
    more = StandbyLevel(second.cost, min(second.bound, second.cost))
    return StandbyChoice(_units(pairs, columns, second), own, more)


def _pairs(task: StandbyTask) -> _Pairs:
    """The nearest places of each command to each site, as many as can matter."""
    place, site = np.nonzero(np.isfinite(task.minutes))
    minutes, command = task.minutes[place, site], task.command[place]
    order = np.lexsort((place, minutes, command, site))
    place, site, minutes, command = place[order], site[order], minutes[order], command[order]
    new = np.ones(len(place), dtype=np.bool_)
    new[1:] = (site[1:] != site[:-1]) | (command[1:] != command[:-1])
    begins = np.flatnonzero(new)
    rank = np.arange(len(place)) - np.repeat(begins, np.diff([*begins, len(place)]))
    others = np.minimum(task.strength, task.units) - 1
    near = rank <= np.floor_divide(others, task.most_a_place)[command]
    late = minutes[near] > task.within_min
    cost = minutes[near] + task.late_price * late
    return _Pairs(place[near].astype(np.int64), site[near].astype(np.int64), cost)


def _own_model(task: StandbyTask, pairs: _Pairs) -> LinearModel:
    """Each site's own unit at the least price."""
    model = LinearModel()
    own, _ = _offer_own(model, task, pairs, price=1.0)
    _require_room(model, task, pairs, own)
    return model


def _full_model(
    task: StandbyTask, pairs: _Pairs, own_cost: float
) -> tuple[LinearModel, dict[int, Index]]:
    """Own units that cost at most `own_cost`, and the others at the least price.

    Columns `[pair]` by rank.
    """
    model = LinearModel()
    own, no_own = _offer_own(model, task, pairs, price=0.0)
    more = model.add_columns(task.units, pairs.cost, pairs.cost.shape, integer=True)
    _require_room(model, task, pairs, own, more)
    kept = model.add_rows(-np.inf, own_cost, (1,))
    model.add_entries(kept, own, pairs.cost)
    model.add_entries(kept, no_own, task.none_price)
    _share_out(model, task, pairs, more)
    unplaced = model.add_columns(task.units, task.unplaced_price, (1,), integer=True)
    every = model.add_rows(task.units, task.units, (1,))
    for part in (own, more, unplaced):
        model.add_entries(every, part, 1.0)
    return model, {OWN: own, MORE: more}


def _offer_own(
    model: LinearModel, task: StandbyTask, pairs: _Pairs, *, price: float
) -> tuple[Index, Index]:
    """Own units `[pair]` and sites without one, `[site]`: each site has one or the other."""
    sites = task.minutes.shape[1]
    own = model.add_columns(1.0, price * pairs.cost, pairs.cost.shape, integer=True)
    no_own = model.add_columns(1.0, price * task.none_price, (sites,), integer=True)
    each = model.add_rows(1.0, 1.0, (sites,))
    model.add_entries(each[pairs.site], own, 1.0)
    model.add_entries(each, no_own, 1.0)
    return own, no_own


def _require_room(model: LinearModel, task: StandbyTask, pairs: _Pairs, *units: Index) -> None:
    """Not more units at a place, of a command and in all than there may be."""
    at_place = model.add_rows(-np.inf, task.most_a_place, task.command.shape)
    of_command = model.add_rows(-np.inf, task.strength, task.strength.shape)
    in_all = model.add_rows(-np.inf, task.units, (1,))
    for columns in units:
        model.add_entries(at_place[pairs.place], columns, 1.0)
        model.add_entries(of_command[task.command[pairs.place]], columns, 1.0)
        model.add_entries(in_all, columns, 1.0)


def _share_out(model: LinearModel, task: StandbyTask, pairs: _Pairs, more: Index) -> None:
    """Price of the sites without a second unit, and of units beyond a site's even share."""
    shape = (task.minutes.shape[1],)
    no_second = model.add_columns(1.0, task.none_price, shape, integer=True)
    second = model.add_rows(1.0, np.inf, shape)
    model.add_entries(second[pairs.site], more, 1.0)
    model.add_entries(second, no_second, 1.0)
    beyond = model.add_columns(task.units, task.none_price, shape, integer=True)
    share = model.add_rows(-np.inf, task.even_share, shape)
    model.add_entries(share[pairs.site], more, 1.0)
    model.add_entries(share, beyond, -1.0)


def _units(pairs: _Pairs, columns: dict[int, Index], solution: Solution) -> tuple[ReserveUnit, ...]:
    found = []
    for rank, numbers in columns.items():
        for pair, count in enumerate(solution.whole(numbers).tolist()):
            found += [ReserveUnit(int(pairs.place[pair]), int(pairs.site[pair]), rank)] * count
    return tuple(sorted(found, key=lambda unit: (unit.site, unit.rank, unit.place)))
