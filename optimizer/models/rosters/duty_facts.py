"""What the search for lines needs to know of every duty, as arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from optimizer.duty_lines import DutyLines, days_touched, hours_inside, nights_of, on_weekend

NIGHTS, WEEKENDS, FESTIVAL = 0, 1, 2
"""Rows of `DutyFacts.tally`: what is spread evenly over the lines."""


@dataclass(frozen=True)
class DutyFacts:
    """Facts of each duty, and the limits they are held against.

    `clash[duty, duty]` marks pairs that one line cannot both work (overlap or too little rest;
    a duty clashes with itself). `days` and `nights` are sets of dates as bits; `tally[duty, 3]`
    is what a duty adds to the nights, weekend duties and festival duties of its line.
    """

    clash: NDArray[np.bool_]
    hours: NDArray[np.int64]
    days: NDArray[np.int64]
    nights: NDArray[np.int64]
    tally: NDArray[np.int64]
    max_hours: int
    max_days: int
    max_nights: int


def duty_facts(problem: DutyLines) -> DutyFacts:
    """Facts of all duties of a problem."""
    horizon, duties = problem.horizon, problem.instances
    days = [days_touched(horizon, duty) for duty in duties]
    nights = [nights_of(horizon, duty) for duty in duties]
    first = min((day for touched in (*days, *nights) for day in touched), default=date.min)
    start = np.array([duty.start_h for duty in duties], dtype=np.float64)
    rested = np.array([duty.rests_until(problem.limits.labour) for duty in duties])
    before = (start[:, None] <= start) & (start < rested[:, None])
    tally = [
        (len(dark), on_weekend(horizon, duty), not problem.festival.isdisjoint(touched))
        for duty, touched, dark in zip(duties, days, nights, strict=True)
    ]
    return DutyFacts(
        clash=before | before.T,
        hours=np.array([hours_inside(horizon, duty) for duty in duties], dtype=np.int64),
        days=np.array([_bits(touched, first) for touched in days], dtype=np.int64),
        nights=np.array([_bits(dark, first) for dark in nights], dtype=np.int64),
        tally=np.array(tally, dtype=np.int64).reshape(len(duties), 3),
        max_hours=int(problem.max_hours),
        max_days=problem.limits.max_days_in_row,
        max_nights=problem.limits.max_nights_in_row,
    )


def _bits(dates: Iterable[date], first: date) -> int:
    return sum(1 << (day - first).days for day in dates)
