"""Mutual aid: whole groups from outside that come on call, after notice and travel."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array


@dataclass(frozen=True)
class AidGroup:
    """Up to `groups` alike groups of `officers` each, who come whole or not at all.

    Their people count as officers of `force_id` on the street of the district that called them.
    Asked at the horizon's start, a group moves off `notice_h` later, but not before
    `available_from_h`, and takes `travel_min[district]` minutes. It works one duty of at most
    `max_hours` and has left by `available_to_h` (hours of the horizon).

    Raises
    ------
    ValueError
        When a number is out of its range.
    """

    group_id: str
    name_en: str
    name_zh: str
    force_id: str
    officers: int
    groups: int
    notice_h: float
    travel_min: NDArray[np.float64]
    available_from_h: float
    available_to_h: float
    max_hours: int
    evidence: str = ""

    def __post_init__(self) -> None:
        minutes = frozen_array(
            self.travel_min, np.float64, np.shape(self.travel_min), f"travel_min of {self.group_id}"
        )
        object.__setattr__(self, "travel_min", minutes)
        if self.officers < 1 or self.groups < 0 or self.max_hours < 1:
            raise ValueError(f"group {self.group_id} needs officers, groups and hours of duty")
        if self.notice_h < 0 or (minutes < 0).any():
            raise ValueError(f"group {self.group_id}: notice and travel cannot be negative")

    def arrives_h(self, district: int) -> int:
        """First full hour in which a group can be on the street of a district."""
        leaves = max(self.notice_h, self.available_from_h)
        return math.ceil(leaves + float(self.travel_min[district]) / 60.0 - 1e-9)

    def duties(self, district: int, hours: int) -> Iterator[tuple[int, int]]:
        """Hours (half open) of each duty a district could ask for: the longest from each hour."""
        last = min(math.floor(self.available_to_h + 1e-9), hours)
        for start in range(max(self.arrives_h(district), 0), last):
            yield start, min(start + self.max_hours, last)


@dataclass(frozen=True)
class AidCall:
    """`groups` whole groups on the street of a district in hours [from_h, to_h)."""

    group_id: str
    district: int
    from_h: int
    to_h: int
    groups: int
