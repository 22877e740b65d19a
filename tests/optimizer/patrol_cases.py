"""Small patrol problems for tests, and their optimum by trying everything."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.judges.objective import hour_objective


def problem_of(
    bins: list[list[int]],
    gain: np.ndarray,
    busy: float | np.ndarray,
    *,
    group: list[int] | None = None,
    limit: list[int],
    group_max: list[int] | None = None,
    total: int | None = None,
    place_min: list[int] | None = None,
    place_cap: list[int] | None = None,
    backup: np.ndarray | None = None,
    keep: list[int] | None = None,
    move_cost: float = 0.0,
) -> HourProblem:
    """Problem from a dense table of bins `[place][cell]`; -1 is out of reach."""
    table = np.array(bins)
    place, cell = np.nonzero(table >= 0)
    places = len(table)
    return HourProblem(
        indptr=np.concatenate([[0], np.cumsum((table >= 0).sum(axis=1))]),
        cell=cell,
        bin=table[place, cell],
        gain=gain,
        busy=np.broadcast_to(busy, (gain.shape[0],)),
        group=np.zeros(places) if group is None else np.array(group),
        group_min=np.array(limit),
        group_max=np.array(limit if group_max is None else group_max),
        total=sum(limit) if total is None else total,
        place_min=np.zeros(places) if place_min is None else np.array(place_min),
        place_cap=np.full(places, UNLIMITED) if place_cap is None else np.array(place_cap),
        backup=np.zeros(0) if backup is None else backup,
        keep=np.zeros(0, dtype=np.int64) if keep is None else np.array(keep),
        move_cost=move_cost,
    )


@st.composite
def problems(draw: st.DrawFn, *, groups: int = 1, rich: bool = False) -> HourProblem:
    """Small instances with one to three units a group.

    `rich` ones also have a second unit that counts, units that stand already, minima and caps of
    places, and groups whose number of units is free within limits.
    """
    places, cells, n_bins = draw(st.integers(groups, 5)), draw(st.integers(1, 5)), 4

    def numbers(element: st.SearchStrategy, size: int) -> list:
        return draw(st.lists(element, min_size=size, max_size=size))

    bins = [numbers(st.integers(-1, n_bins - 1), cells) for _ in range(places)]
    flat = numbers(st.floats(0, 10, width=32), cells * n_bins)
    busy = numbers(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8]), cells)
    group = [place % groups for place in range(places)]
    gain = np.array(flat).reshape(cells, n_bins)
    limit = numbers(st.integers(0, 3), groups)
    if not rich:
        return problem_of(bins, gain, np.array(busy), group=group, limit=limit)
    low = numbers(st.sampled_from([0, 0, 0, 1]), places)
    cap = [
        least + more for least, more in zip(low, numbers(st.integers(0, 3), places), strict=True)
    ]
    pinned, room = np.bincount(group, low, groups), np.bincount(group, cap, groups)
    least = np.clip(limit, pinned, room).astype(int)
    most = np.minimum(least + numbers(st.integers(0, 2), groups), room).astype(int)
    return problem_of(
        bins,
        gain,
        np.array(busy),
        group=group,
        limit=least.tolist(),
        group_max=most.tolist(),
        total=draw(st.integers(int(least.sum()), int(most.sum()))),
        place_min=low,
        place_cap=cap,
        backup=np.array(numbers(st.sampled_from([0.0, 0.5, 1.0]), cells)),
        keep=numbers(st.integers(0, 2), places),
        move_cost=draw(st.sampled_from([0.0, 0.5, 3.0])),
    )


def every_allocation(problem: HourProblem) -> list[np.ndarray]:
    """All allocations within the limits of the problem."""
    spans = [
        range(int(low), min(int(cap), int(most)) + 1)
        for low, cap, most in zip(
            problem.place_min, problem.place_cap, problem.group_max[problem.group], strict=True
        )
    ]
    found = []
    for units in product(*spans):
        held = np.bincount(problem.group, units, problem.n_groups)
        fits = (held >= problem.group_min).all() and (held <= problem.group_max).all()
        if fits and sum(units) == problem.total:
            found.append(np.array(units))
    return found


def optimum(problem: HourProblem) -> float:
    """Best value over all allocations."""
    return max(hour_objective(problem, units) for units in every_allocation(problem))


def by_definition(problem: HourProblem, units: np.ndarray) -> float:
    """The objective with plain loops over cells, bins, places and numbers of idle units."""
    total = 0.0
    for cell in range(problem.n_cells):
        for last in range(problem.n_bins):
            near = 0
            for place in range(problem.n_places):
                for k in range(problem.indptr[place], problem.indptr[place + 1]):
                    if problem.cell[k] == cell and problem.bin[k] <= last:
                        near += int(units[place])
            busy = problem.busy[cell]
            none = busy**near
            one = near * (1.0 - busy) * busy ** (near - 1) if near else 0.0
            expected = (1.0 - none) + problem.backup[cell] * (1.0 - none - one)
            total += problem.gain[cell, last] * expected
    left = sum(max(int(k) - int(u), 0) for k, u in zip(problem.keep, units, strict=True))
    return total - problem.move_cost * left
