"""Duties to lines in order of start, and what a line may work beside what it has."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.rosters.duty_facts import DutyFacts

NOBODY = -1
EVENNESS = 10_000
"""Weight of the square of a tally beside the square of a line's hours: hours break ties."""

Works = NDArray[np.bool_]


class Duties(NamedTuple):
    """`DutyFacts` as the kernels take them."""

    clash: NDArray[np.bool_]
    hours: NDArray[np.int64]
    days: NDArray[np.int64]
    nights: NDArray[np.int64]
    tally: NDArray[np.int64]
    max_hours: int
    max_days: int
    max_nights: int


def as_arrays(facts: DutyFacts) -> Duties:
    """Facts in the form of the kernels."""
    return Duties(*(getattr(facts, name) for name in Duties._fields))


@njit(cache=True, nogil=True)
def fill(
    duties: Duties, need: NDArray[np.int64], open_lines: NDArray[np.int64], n_lines: int
) -> Works:
    """Which line works which duty, `[line, duty]`: each goes to those with the least of its kind.

    `open_lines[duty]` lines, from the first, may work it. Whole rest is always found in this
    way (duties with their rests are intervals); limits over many days may leave some missing.
    """
    works = np.zeros((n_lines, len(need)), dtype=np.bool_)
    tally = np.zeros((len(works), duties.tally.shape[1]), dtype=np.int64)
    hours = np.zeros(len(works), dtype=np.int64)
    for duty in range(len(need)):
        weight = np.full(len(works), np.int64(1) << 60)
        if need[duty] == 0:
            continue
        for line in range(open_lines[duty]):
            if fits(duties, works[line], duty, NOBODY):
                weight[line] = (tally[line] * duties.tally[duty]).sum() * EVENNESS + hours[line]
        for line in np.argsort(weight, kind="mergesort")[: need[duty]]:
            if weight[line] < np.int64(1) << 60:
                works[line, duty] = True
                tally[line] += duties.tally[duty]
                hours[line] += duties.hours[duty]
    return works


@njit(cache=True, nogil=True)
def fits(duties: Duties, line: NDArray[np.bool_], duty: int, without: int) -> bool:
    """Whether a line may work one more duty, once it has given `without` away."""
    hours = duties.hours[duty]
    days, nights = duties.days[duty], duties.nights[duty]
    for other in range(len(line)):
        if line[other] and other != without:
            if duties.clash[duty, other]:
                return False
            hours += duties.hours[other]
            days |= duties.days[other]
            nights |= duties.nights[other]
    return (
        hours <= duties.max_hours
        and not _longer_than(days, duties.max_days)
        and not _longer_than(nights, duties.max_nights)
    )


@njit(cache=True, nogil=True)
def _longer_than(dates: int, most: int) -> bool:
    """Whether bits hold a run of more than `most` ones."""
    for _ in range(most):
        dates &= dates >> 1
    return dates != 0
