"""The patrol problem of one hour and unit type, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

UNLIMITED: int = 1_000_000
"""Place cap that never binds."""


@dataclass(frozen=True)
class HourProblem:
    """Where to put units so that `sum_ib gain[i, b] (1 - busy[i] ** N_i(b))` is largest.

    `N_i(b)` counts the units whose response bin at cell `i` is at most `b`. A gain that is
    constant over the bins (a ramp of the response time) gives the mean response, a gain in one
    bin gives MEXCLP (Daskin 1983); busy = 0 turns them into the p-median and the MCLP.

    Attributes
    ----------
    indptr, cell, bin
        Compressed sparse rows: place `p` reaches `cell[indptr[p]:indptr[p + 1]]` in response
        bins `bin[...]`; each cell at most once per place.
    gain
        `[cell, bin]`, not negative.
    busy
        Probability 0..1 that a unit near the cell is busy, `[cell]`.
    group
        Group (district) of each place.
    group_limit
        Units to place in each group, exactly.
    place_min, place_cap
        Units that a place has at least (pins) and at most (0 forbids it), `[place]`.

    Raises
    ------
    ValueError
        When arrays do not fit together, values are out of range or a group cannot hold its
        units.
    """

    indptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    bin: NDArray[np.int16]
    gain: NDArray[np.float64]
    busy: NDArray[np.float64]
    group: NDArray[np.int64]
    group_limit: NDArray[np.int64]
    place_min: NDArray[np.int64]
    place_cap: NDArray[np.int64]

    def __post_init__(self) -> None:
        entries, places = len(self.cell), len(self.indptr) - 1
        cells, bins = np.shape(self.gain)
        for name, dtype, shape in (
            ("indptr", np.int64, (places + 1,)),
            ("cell", np.int32, (entries,)),
            ("bin", np.int16, (entries,)),
            ("gain", np.float64, (cells, bins)),
            ("busy", np.float64, (cells,)),
            ("group", np.int64, (places,)),
            ("group_limit", np.int64, np.shape(self.group_limit)),
            ("place_min", np.int64, (places,)),
            ("place_cap", np.int64, (places,)),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))
        self._check_ranges()
        self._check_room()

    def _check_ranges(self) -> None:
        if self.indptr[0] != 0 or self.indptr[-1] != len(self.cell):
            raise ValueError("indptr does not partition the reach lists")
        if len(self.cell) and not 0 <= self.cell.min() <= self.cell.max() < len(self.busy):
            raise ValueError("the reach lists name cells that do not exist")
        if len(self.bin) and not 0 <= self.bin.min() <= self.bin.max() < self.n_bins:
            raise ValueError(f"response bins must lie in 0..{self.n_bins - 1}")
        if not np.isfinite(self.gain).all() or (self.gain < 0).any():
            raise ValueError("gains must be finite and not negative")
        if not ((self.busy >= 0) & (self.busy < 1)).all():
            raise ValueError("busy probabilities must be at least 0 and below 1")
        if self.n_places and not 0 <= self.group.min() <= self.group.max() < self.n_groups:
            raise ValueError(f"groups must lie in 0..{self.n_groups - 1}")

    def _check_room(self) -> None:
        if (self.place_min < 0).any() or (self.place_min > self.place_cap).any():
            raise ValueError("place minima must lie between 0 and the place caps")
        low = np.bincount(self.group, self.place_min, self.n_groups)
        high = np.bincount(self.group, self.place_cap, self.n_groups)
        wrong = np.flatnonzero((self.group_limit < low) | (self.group_limit > high))
        if len(wrong):
            g = int(wrong[0])
            raise ValueError(
                f"group {g} is to hold {int(self.group_limit[g])} units, its places hold "
                f"{int(low[g])} to {int(high[g])} ({len(wrong)} groups like this)"
            )

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.indptr) - 1

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.busy)

    @property
    def n_bins(self) -> int:
        """Number of response bins."""
        return int(self.gain.shape[1])

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.group_limit)
