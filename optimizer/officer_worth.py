"""What the next officers of a force on a shift buy, and which are least missed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

STEP = 10
"""Officers that come or go together."""


@dataclass(frozen=True)
class Worth:
    """What officers give, or take when they go, over the horizon.

    `call_min` are weighted call-minutes of the units they crew; `post_hours` and `visit_hours`
    officer-hours on posts and visits; `ordered_hours` officer-hours on duty that a service level
    orders. In weighted call-minutes at staffing's prices, `street` is that of calls, posts and
    visits and `total` all of it less the cost of being on duty.
    """

    call_min: float
    post_hours: float
    visit_hours: float
    ordered_hours: float
    street: float
    total: float


@dataclass(frozen=True)
class OfficerChange:
    """Officers of a force who come to a district for one shift, or are taken off it.

    `officers` is negative for those who go; `worth` is what the coming ones give or the going
    ones take.
    """

    district: int
    force: int
    instance: int
    officers: int
    worth: Worth


@dataclass(frozen=True)
class StrengthCheck:
    """`STEP` officers more on the strength of a district, staffed again from nothing.

    `told` is the figure of `OfficerWorth.strength` for all of them, `resolved` by how much the
    bound of staffing rises over what nobody on duty is worth. Weighted call-minutes.
    """

    district: int
    force: int
    told: float
    resolved: float


@dataclass(frozen=True)
class OfficerWorth:
    """Worth of officers at the planned staffing, in weighted call-minutes.

    `first[district, force, instance]` is the price of one officer more on a shift, everything
    else as planned: the linear model's, before crews are made whole. `STEP` officers give at most
    `STEP` times as much; as many fewer take at least that. NaN where the district has none of the
    force or its pool is closed for the shift.
    `strength[district, force]` is the most that an officer on the strength gives at these prices
    within rest, on-duty and team shares, NaN likewise.

    `next_best` are the changes of `STEP` officers that give most, `least_missed` those that take
    least, both solved anew and in this order.
    """

    first: NDArray[np.float64]
    strength: NDArray[np.float64]
    next_best: tuple[OfficerChange, ...]
    least_missed: tuple[OfficerChange, ...]
    checked: tuple[StrengthCheck, ...]

    def __post_init__(self) -> None:
        for name in ("first", "strength"):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, np.float64, array.shape, name))
