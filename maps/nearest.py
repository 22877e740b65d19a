"""Which units are nearest to a cell: places, and the minutes that each unit type takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from geodata.travel import ReachLists, TravelTimes
from maps.blocks import DataLayer, packed
from maps.cells import GridFrame
from optimizer.force import Force
from optimizer.plan import Plan

NEAREST = 3
"""So many of the nearest places with units are sure to be told in every hour."""

STEPS_PER_MIN = 4
LONGEST = 254
NOT_REACHED = 255


@dataclass(frozen=True)
class Pairs:
    """Cells and the places that belong to them, places counted among those with units."""

    cell: NDArray[np.int64]
    place: NDArray[np.int64]


def nearest_layer(situation: Situation, force: Force, plan: Plan) -> DataLayer:
    """Layer with the places that are nearest to each cell in some hour.

    For every cell the `NEAREST` places that hold units and from which the first type of unit
    drives soonest are gathered, hour by hour; so the page finds the nearest units of any hour
    among them. Travel minutes are told to a quarter of a minute.
    """
    units, kinds = plan.deployment.units, plan.deployment.unit_types
    used = np.flatnonzero(units.sum(axis=(0, 2)))
    pairs = nearest_pairs(situation.travel[kinds[0]], used, units[:, used].sum(axis=0) > 0)
    order = GridFrame(situation.grid).order
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    by_frame = np.lexsort((pairs.place, position[pairs.cell]))
    pairs = Pairs(pairs.cell[by_frame], pairs.place[by_frame])
    keys = [(kind, k) for kind in kinds for k in range(len(situation.travel[kind].reach))]
    minutes = [_codes(pairs, situation.travel[kind].reach[k], used) for kind, k in keys]
    turnout = {
        kind.unit_type: [kind.turnout_street_min, kind.turnout_station_min]
        for kind in force.unit_types
    }
    counts = np.bincount(position[pairs.cell], minlength=len(order))
    content = {
        "counts": packed(counts.astype("<u2").tobytes()),
        "places": packed(pairs.place.astype("<u2").tobytes()),
        "minutes": _packed_lists(minutes),
        "listOf": [
            [keys.index((kind, k)) for k in situation.travel[kind].profile_of_hour.tolist()]
            for kind in kinds
        ],
        "turnout": [turnout[kind] for kind in kinds],
        "stations": int((used < len(situation.stations)).sum()),
        "stepsPerMin": STEPS_PER_MIN,
        "notReached": NOT_REACHED,
        "shown": NEAREST,
    }
    return DataLayer("nearest", content)


def nearest_pairs(travel: TravelTimes, used: NDArray[np.int64], held: NDArray[np.bool_]) -> Pairs:
    """Each cell with its `NEAREST` places in any hour, among those with units in that hour.

    `used` are places of the travel times, `held[place, hour]` says whether they have units.
    """
    lists = [_by_cell(reach, used) for reach in travel.reach]
    found = [
        _soonest(lists[profile], held[:, hour], len(used))
        for hour, profile in enumerate(travel.profile_of_hour.tolist())
    ]
    every = np.unique(np.concatenate(found))
    return Pairs(every // max(len(used), 1), every % max(len(used), 1))


def _by_cell(reach: ReachLists, used: NDArray[np.int64]) -> Pairs:
    """Cells with the used places that reach them, the soonest first, equal ones by place."""
    rows = _rows(reach, used)
    cell = reach.cell[rows].astype(np.int64)
    place = np.repeat(np.arange(len(used)), np.diff(reach.indptr)[used])
    order = np.lexsort((reach.minutes[rows], cell))
    return Pairs(cell[order], place[order])


def _rows(reach: ReachLists, used: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of the used places' cells in the reach lists, place by place."""
    counts = np.diff(reach.indptr)[used]
    first = np.repeat(reach.indptr[used] - np.cumsum(counts) + counts, counts)
    return np.asarray(first + np.arange(counts.sum()))


def _soonest(listed: Pairs, held: NDArray[np.bool_], n_places: int) -> NDArray[np.int64]:
    """Keys (cell times places, plus place) of the soonest places with units, `held[place]`."""
    there = held[listed.place]
    cell, place = listed.cell[there], listed.place[there]
    counts = np.bincount(cell) if len(cell) else np.zeros(0, dtype=np.int64)
    rank = np.arange(len(cell)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(cell[rank < NEAREST] * n_places + place[rank < NEAREST])


def _codes(pairs: Pairs, reach: ReachLists, used: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Travel minutes of each pair in steps, `NOT_REACHED` where the place does not reach."""
    rows = _rows(reach, used)
    width = int(max(reach.cell.max(initial=0), pairs.cell.max(initial=0))) + 1
    place = np.repeat(np.arange(len(used)), np.diff(reach.indptr)[used])
    keys, wanted = place * width + reach.cell[rows], pairs.place * width + pairs.cell
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    there = keys[at] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
    found = np.full(len(wanted), NOT_REACHED, dtype=np.uint8)
    steps = np.rint(reach.minutes[rows][at[there]] * STEPS_PER_MIN)
    found[there] = np.minimum(steps, LONGEST).astype(np.uint8)
    return found


def _packed_lists(lists: list[NDArray[np.uint8]]) -> list[dict[str, Any]]:
    """Each list as its difference to an earlier one times a ratio: near alike, they pack small.

    A list that departs from such a multiple by no more than a step is told as the multiple.
    """
    content: list[dict[str, Any]] = []
    for number, codes in enumerate(lists):
        guesses = [_multiple(lists[k], _ratio(codes, lists[k])) for k in range(number)]
        like = [k for k, guess in enumerate(guesses) if _within_a_step(codes, guess)]
        of = like[0] if like else 0
        change = codes - guesses[of] if guesses else codes
        content.append(
            {
                "of": of,
                "ratio": _ratio(codes, lists[of]),
                "change": "" if like else packed(change.tobytes()),
            }
        )
    return content


def _multiple(codes: NDArray[np.uint8], ratio: float) -> NDArray[np.uint8]:
    """Codes times a ratio; what is not reached stays so."""
    steps = np.minimum(np.floor(codes * ratio + 0.5), LONGEST)
    return np.where(codes == NOT_REACHED, NOT_REACHED, steps).astype(np.uint8)


def _within_a_step(codes: NDArray[np.uint8], guess: NDArray[np.uint8]) -> bool:
    alike = (codes == NOT_REACHED) == (guess == NOT_REACHED)
    return bool((alike & (np.abs(codes.astype(int) - guess.astype(int)) <= 1)).all())


def _ratio(codes: NDArray[np.uint8], first: NDArray[np.uint8]) -> float:
    """How many times the first list's minutes these are, over all pairs together."""
    both = (codes < LONGEST) & (first < LONGEST)
    total = int(first[both].sum(dtype=np.int64))
    return round(int(codes[both].sum(dtype=np.int64)) / total, 6) if total else 1.0
