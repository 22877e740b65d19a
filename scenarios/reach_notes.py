"""What of a world no plan can serve: notes for the report."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.force import UnitType
from optimizer.reach import place_of_entry

LISTED = 10
"""Places and cells that a note lists; the others are counted."""


def reach_notes(situation: Situation, unit_types: tuple[UnitType, ...]) -> tuple[str, ...]:
    """Places from which nothing is reached, and cells with calls that no place reaches."""
    notes: list[str] = []
    for kind in unit_types:
        notes += _idle_places(situation, kind.unit_type)
        notes += _unreached_cells(situation, kind.unit_type)
    return tuple(notes)


def _idle_places(situation: Situation, unit_type: str) -> Iterator[str]:
    reach = _reach_in_force(situation, unit_type)
    idle = np.flatnonzero(np.any([np.diff(lists.indptr) == 0 for lists, _ in reach], axis=0))
    if len(idle):
        names = [situation.patrol_places.place_ids[place] for place in idle[:LISTED]]
        yield (
            f"{unit_type}: {len(idle)} places reach no cell within "
            f"{situation.travel[unit_type].cutoff_min:g} min in some hour, units there answer "
            f"nothing: {_listed(names, len(idle))}"
        )


def _unreached_cells(situation: Situation, unit_type: str) -> Iterator[str]:
    """One note on the cells with calls that lie beyond the cut-off of every place."""
    cutoff_min = situation.travel[unit_type].cutoff_min
    answered = situation.classes.answered_by(unit_type)
    calls = situation.forecast.rate_per_h[:, :, answered].sum(axis=2, dtype=np.float64)
    lost = np.zeros(len(calls))
    needed_min = np.zeros(len(calls))
    for lists, hours in _reach_in_force(situation, unit_type):
        outside = calls[:, hours].sum(axis=1)
        outside[lists.cell] = 0.0
        cells = np.flatnonzero(outside)
        if not len(cells):
            continue
        lost += outside
        speed = _mean_m_per_min(situation, lists)
        metres = _metres_to_nearest(situation, cells)
        estimate = np.ceil(metres / speed) if speed > 0 else np.full(len(cells), np.inf)
        needed_min[cells] = np.maximum(needed_min[cells], estimate)
    cells = np.flatnonzero(lost)
    if len(cells):
        worst = cells[np.argsort(-lost[cells], kind="stable")[:LISTED]]
        names = [
            f"{situation.grid.cell_ids[cell]} ({max(needed_min[cell], cutoff_min + 1):.0f} min)"
            if np.isfinite(needed_min[cell])
            else f"{situation.grid.cell_ids[cell]} (no estimate)"
            for cell in worst
        ]
        yield (
            f"{unit_type}: {len(cells)} cells with {lost.sum():.3g} expected calls lie beyond "
            f"{cutoff_min:g} min of every place; the cut-off they would need, estimated from the "
            f"straight line at the mean speed in reach: {_listed(names, len(cells))}"
        )


def _reach_in_force(
    situation: Situation, unit_type: str
) -> list[tuple[ReachLists, NDArray[np.int64]]]:
    """Reach lists of the speed profiles that hold in some hour, with those hours."""
    travel = situation.travel[unit_type]
    return [
        (travel.reach[profile], np.flatnonzero(travel.profile_of_hour == profile))
        for profile in np.unique(travel.profile_of_hour)
    ]


def _metres_to_nearest(situation: Situation, cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Straight line from each cell to the nearest place."""
    places, grid = situation.patrol_places, situation.grid
    x, y = grid.x, grid.y
    return np.array([np.hypot(places.x - x[c], places.y - y[c]).min() for c in cells.tolist()])


def _mean_m_per_min(situation: Situation, lists: ReachLists) -> float:
    """Mean speed along the straight line over all trips in reach; 0 where nobody drives."""
    place = place_of_entry(lists)
    places, grid = situation.patrol_places, situation.grid
    dx = places.x[place] - grid.x[lists.cell]
    dy = places.y[place] - grid.y[lists.cell]
    minutes = float(lists.minutes.sum(dtype=np.float64))
    return float(np.hypot(dx, dy).sum()) / minutes if minutes > 0 else 0.0


def _listed(names: list[str], count: int) -> str:
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return ", ".join(names) + more
