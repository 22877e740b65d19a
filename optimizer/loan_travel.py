"""When officers on loan are on the borrower's street: they report at home, travel, and are back.

A lent officer begins the shift at a home of the lender, is on the borrower's street from the
first full hour after the way there until the last full hour that leaves time for the way back,
and is home again when the shift ends.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.shifts import ShiftInstance

ROUNDING = 1e-9


@dataclass(frozen=True)
class LoanWays:
    """Ways of loans, all arrays `[lender, borrower, instance]` unless they say otherwise.

    `on_h` and `off_h` are the hours (half open, from the horizon's start) on the borrower's
    street and `way_h` the hours under way, there and back. `leaves_time` says that some hour on
    that street lies in the horizon; where none does `on_h` and `off_h` are equal. `offered` are
    the ways that notice, the longest way and the number of lenders allow as well.
    """

    on_h: NDArray[np.int64]
    off_h: NDArray[np.int64]
    way_h: NDArray[np.float64]
    leaves_time: NDArray[np.bool_]
    offered: NDArray[np.bool_]

    def __post_init__(self) -> None:
        shape = np.shape(self.on_h)
        for name, dtype in (
            ("on_h", np.int64),
            ("off_h", np.int64),
            ("way_h", np.float64),
            ("leaves_time", np.bool_),
            ("offered", np.bool_),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Hours on a borrower's street that offered loans have, without repeats, in order."""
        pairs = np.stack([self.on_h[self.offered], self.off_h[self.offered]], axis=1)
        return tuple((int(on), int(off)) for on, off in np.unique(pairs, axis=0))


def loan_ways(
    minutes: NDArray[np.float64],
    instances: tuple[ShiftInstance, ...],
    *,
    notice_h: float,
    max_min: float,
    lenders: NDArray[np.int64],
) -> LoanWays:
    """Ways of all loans from `minutes[lender, borrower, hour]` of a way begun in that hour.

    Either way takes as long in both directions; before the horizon and after it the minutes of
    its first and last hour hold. Infinite minutes are no way. A shift that begins less than
    `notice_h` after the horizon's start is not offered, nor is a way of more than `max_min`, nor
    one to a borrower that has `lenders[borrower]` others nearer by the way there (equal ways are
    offered).
    """
    hours = minutes.shape[2]
    start = np.array([one.start_h for one in instances], dtype=np.int64)
    end = np.array([one.end_h for one in instances], dtype=np.int64)
    there = minutes[:, :, np.clip(start, 0, hours - 1)]
    back, off = _way_back(minutes, start, end)
    reached = np.isfinite(there) & np.isfinite(back)
    on = start + np.ceil(np.where(reached, there, 0.0) / 60.0 - ROUNDING).astype(np.int64)
    inside = np.minimum(off, hours) > np.maximum(on, 0)
    between = ~np.eye(len(minutes), dtype=np.bool_)[:, :, None]
    leaves = reached & inside & between
    soon = start >= notice_h - ROUNDING
    return LoanWays(
        np.where(leaves, on, start),
        np.where(leaves, off, start),
        np.where(leaves, there + back, 0.0) / 60.0,
        leaves,
        leaves
        & soon
        & (there <= max_min + ROUNDING)
        & (back <= max_min + ROUNDING)
        & _among_nearest(there, between, lenders),
    )


def _among_nearest(
    there: NDArray[np.float64], between: NDArray[np.bool_], lenders: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Ways of a borrower that are no longer than those of its `lenders[borrower]` nearest."""
    ranked = np.sort(np.where(between, there, np.inf), axis=0)
    last = np.minimum(lenders, len(there)) - 1
    longest = np.take_along_axis(ranked, last[None, :, None], axis=0)
    return np.asarray(there <= longest + ROUNDING)


def _way_back(
    minutes: NDArray[np.float64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Minutes of the way back, and the last full hour at which it begins early enough.

    Infinite minutes and the shift's start where no hour of the shift does.
    """
    back = np.full((*minutes.shape[:2], len(end)), np.inf)
    off = np.broadcast_to(start, back.shape).copy()
    for ahead in range(int((end - start).max(initial=0)) + 1):
        hour = end - ahead
        way = minutes[:, :, np.clip(hour, 0, minutes.shape[2] - 1)]
        in_time = np.isinf(back) & (way <= ahead * 60.0 + ROUNDING) & (hour >= start)
        back = np.where(in_time, way, back)
        off = np.where(in_time, hour, off)
    return back, off
