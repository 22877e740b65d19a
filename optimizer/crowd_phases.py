"""Phases of an event from its crowd: build-up, peak, dispersal, cut into blocks of posts.

The peak runs from the first to the last quarter-hour in which at least `PEAK_SHARE` of the most
people are inside. Build-up begins when `PRESENT_SHARE` of them are there first, less the time
that people are on post before it; dispersal ends when fewer than that are there for good.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from optimizer.event_posts import LONGEST_POST_H

PEAK_SHARE = 0.9
"""Part of the most people inside from which it is the peak (assumption)."""

PRESENT_SHARE = 0.05
"""Part of the most people inside from which the site is manned (assumption)."""

QUARTERS_PER_H = 4


@dataclass(frozen=True)
class PostBlock:
    """At most four hours of one phase, `from_hour` to `to_hour` of a horizon (half open)."""

    phase: str
    from_hour: int
    to_hour: int


def crowd_phases(people: NDArray[np.float64], lead_min: float) -> tuple[PostBlock, ...]:
    """Phases of people inside `[quarter]` in whole hours, none when nobody comes.

    Build-up may begin before the first quarter-hour, by `lead_min`. Phases share no hour: each
    begins with the hour it begins in, the peak lasts at least one, and the last phase takes the
    hour it ends in.
    """
    most = float(people.max(initial=0.0))
    if most <= 0:
        return ()
    present = np.flatnonzero(people >= PRESENT_SHARE * most)
    high = np.flatnonzero(people >= PEAK_SHARE * most)
    start = math.floor(present[0] / QUARTERS_PER_H - lead_min / 60.0)
    peak_from = math.floor(high[0] / QUARTERS_PER_H)
    after_peak = max(math.floor((high[-1] + 1) / QUARTERS_PER_H), peak_from + 1)
    end = max(after_peak, math.ceil((present[-1] + 1) / QUARTERS_PER_H))
    bounds = (("build_up", start, peak_from), ("peak", peak_from, after_peak))
    found = (*bounds, ("dispersal", after_peak, end))
    return tuple(PostBlock(*phase) for phase in found if phase[1] < phase[2])


def post_blocks(
    phases: tuple[PostBlock, ...], offset_h: int, horizon: Horizon
) -> Iterator[PostBlock]:
    """Blocks of at most four hours within the horizon, `offset_h` after which the phases start."""
    for phase in phases:
        first = max(phase.from_hour + offset_h, 0)
        last = min(phase.to_hour + offset_h, horizon.hours)
        while first < last:
            until = min(first + LONGEST_POST_H, last)
            yield PostBlock(phase.phase, first, until)
            first = until
