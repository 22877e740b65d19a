"""Units near a call: the bare circle around each of them, and the second one that may follow.

The circle counts a call when any unit stands near enough, as if nobody were ever busy; beside it
the evaluation tells the chance that an idle unit is there in time. The second unit is an
estimate: units are taken as busy independently of each other, each with the busy share that the
queueing judge found for its place.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.incidents import ZONES
from geodata.situation import Situation
from optimizer.force import Force
from optimizer.hours import side_by_side
from optimizer.judges.evaluation import JudgedType, judged_type
from optimizer.judges.evaluation_result import WITHIN_MIN
from optimizer.judges.queueing import places_with_units
from optimizer.plan import Deployment
from optimizer.reach import CellReach

SECOND_AFTER_MIN = 3.0
"""Minutes after the target within which the second unit is to arrive."""

STANDING: tuple[str, ...] = (*(f"circle_{m:.0f}" for m in WITHIN_MIN), "second_in_time")
"""What is counted, in the order of the first axis of `Standing`."""


@dataclass(frozen=True)
class Standing:
    """Calls an hour that each measure of `STANDING` counts.

    `district[measure, district, hour]`, `zone[measure, zone, hour]` and
    `of_class[measure, class, hour]`.
    """

    district: NDArray[np.float64]
    zone: NDArray[np.float64]
    of_class: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("district", "zone", "of_class"):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, np.float64, np.shape(array), name))


def standing(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    utilisation: NDArray[np.float64],
) -> Standing:
    """Calls within the bare circles, and calls whose second unit comes in time.

    `utilisation[type, place, hour]` is the busy share of the units of the deployment, as in its
    evaluation. Response includes the turnout. A second unit is in time when a second idle one
    would arrive within the target of the call's class and zone and `SECOND_AFTER_MIN` more.
    """
    by_name = {kind.unit_type: kind for kind in force.unit_types}
    judged = [
        judged_type(situation, by_name[name], deployment.units[number])
        for number, name in enumerate(deployment.unit_types)
    ]

    def hour_sums(hour: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        cells = np.zeros((len(STANDING), situation.grid.n_cells))
        classes = np.zeros((len(STANDING), len(situation.classes.ids)))
        for kind, busy in zip(judged, utilisation[:, :, hour], strict=True):
            counted = counted_calls(situation, kind, hour, np.nan_to_num(busy))
            cells += counted.sum(axis=2)
            classes[:, kind.answered] += counted.sum(axis=1)
        return cells, classes

    sums = side_by_side(hour_sums, situation.horizon.hours)
    cells = np.stack([of_cells for of_cells, _ in sums], axis=-1)
    return Standing(
        district=_by_label(cells, situation.grid.district, len(situation.area.districts)),
        zone=_by_label(cells, situation.zone, len(ZONES)),
        of_class=np.stack([of_classes for _, of_classes in sums], axis=-1),
    )


def _by_label(
    cells: NDArray[np.float64], label: NDArray[np.int64], groups: int
) -> NDArray[np.float64]:
    """Sums `[measure, group, hour]` of `cells[measure, cell, hour]`."""
    total = np.zeros((cells.shape[0], groups, cells.shape[2]))
    for measure, values in enumerate(cells):
        np.add.at(total[measure], label, values)
    return total


def counted_calls(
    situation: Situation, kind: JudgedType, hour: int, busy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Calls of one type of unit in one hour, `[measure, cell, class]` of the classes it answers."""
    rate = situation.forecast.rate_per_h[:, hour, kind.answered].astype(np.float64)
    units = np.ascontiguousarray(kind.units[:, hour])
    reach = places_with_units(kind.lists[int(kind.profile_of_hour[hour])], units)
    nearest = nearest_min(reach)
    limit_min = situation.target_min()[:, kind.answered] + SECOND_AFTER_MIN
    second = second_idle_within(
        reach.indptr, reach.place, reach.response_min, units, busy, np.ascontiguousarray(limit_min)
    )
    circles = [rate * (nearest <= minutes)[:, np.newaxis] for minutes in WITHIN_MIN]
    return np.stack([*circles, rate * second])


def nearest_min(reach: CellReach) -> NDArray[np.float64]:
    """Response of the quickest listed place, inf where there is none, `[cell]`."""
    minutes = np.full(reach.n_cells, np.inf)
    listed = np.diff(reach.indptr) > 0
    minutes[listed] = reach.response_min[reach.indptr[:-1][listed]]
    return minutes


@njit(cache=True, nogil=True)
def second_idle_within(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    response_min: NDArray[np.float64],
    units: NDArray[np.int64],
    utilisation: NDArray[np.float64],
    limit_min: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Chance that two idle units are within `limit_min[cell, class]`, in that shape.

    `none` and `one` are the chances that so many units up to the entry are idle.
    """
    chance = np.zeros_like(limit_min)
    for cell in range(len(limit_min)):
        none, one = 1.0, 0.0
        for k in range(indptr[cell], indptr[cell + 1]):
            here = place[k]
            busy = min(utilisation[here], 1.0)
            all_busy = busy ** units[here]
            one_idle = units[here] * (1.0 - busy) * busy ** (units[here] - 1)
            one = one * all_busy + none * one_idle
            none *= all_busy
            for kind in range(limit_min.shape[1]):
                if response_min[k] <= limit_min[cell, kind]:
                    chance[cell, kind] = 1.0 - none - one
    return chance
