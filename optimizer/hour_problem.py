"""The patrol problem of one hour and unit type, as arrays."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

UNLIMITED: int = 1_000_000
"""Place cap that never binds."""


def _nobody() -> NDArray[np.float64]:
    return np.zeros(0)


@dataclass(frozen=True)
class HourProblem:
    """Where to put units so that the expected gain over all cells is largest.

    The value is `sum_ib gain[i, b] f_i(N_i(b))` less `move_cost` for each unit that leaves a
    place of `keep`. `N_i(b)` counts the units whose response bin at cell `i` is at most `b`, and
    `f_i(n) = 1 - busy[i] ** n + backup[i] (1 - busy[i] ** n - n (1 - busy[i]) busy[i] ** (n - 1))`:
    the chance that a unit of n is idle, and `backup` times the chance that a second one is. It
    is concave in n as long as the second unit counts no more than the first.

    A gain that is constant over the bins (a ramp of the response time) gives the mean response,
    a gain in one bin gives MEXCLP (Daskin 1983); busy = 0 turns them into the p-median and the
    MCLP, with backup into backup coverage (Hogan and ReVelle 1986).

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
        Group (district, pool) of each place.
    group_min, group_max
        Units that the places of each group hold at least and at most.
    total
        Units to place in all, exactly.
    place_min, place_cap
        Units that a place has at least (pins) and at most (0 forbids it), `[place]`.
    backup
        Weight 0..1 of the second idle unit, `[cell]`; empty for none.
    keep
        Units that stand at each place already, `[place]`; empty for none.
    move_cost
        What one unit that leaves its place costs, in units of gain.

    Raises
    ------
    ValueError
        When arrays do not fit together, values are out of range or no allocation keeps the
        limits (`optimizer.limits` says which clash and what mends it).
    """

    indptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    bin: NDArray[np.int16]
    gain: NDArray[np.float64]
    busy: NDArray[np.float64]
    group: NDArray[np.int64]
    group_min: NDArray[np.int64]
    group_max: NDArray[np.int64]
    total: int
    place_min: NDArray[np.int64]
    place_cap: NDArray[np.int64]
    backup: NDArray[np.float64] = field(default_factory=_nobody)
    keep: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    move_cost: float = 0.0

    def __post_init__(self) -> None:
        entries, places = len(self.cell), len(self.indptr) - 1
        cells, bins = np.shape(self.gain)
        groups = np.shape(self.group_min)
        if not len(self.backup):
            object.__setattr__(self, "backup", np.zeros(cells))
        if not len(self.keep):
            object.__setattr__(self, "keep", np.zeros(places, dtype=np.int64))
        for name, dtype, shape in (
            ("indptr", np.int64, (places + 1,)),
            ("cell", np.int32, (entries,)),
            ("bin", np.int16, (entries,)),
            ("gain", np.float64, (cells, bins)),
            ("busy", np.float64, (cells,)),
            ("group", np.int64, (places,)),
            ("group_min", np.int64, groups),
            ("group_max", np.int64, groups),
            ("place_min", np.int64, (places,)),
            ("place_cap", np.int64, (places,)),
            ("backup", np.float64, (cells,)),
            ("keep", np.int64, (places,)),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))
        self._check_reach()
        self._check_ranges()
        self._check_room()

    def _check_reach(self) -> None:
        if self.indptr[0] != 0 or self.indptr[-1] != len(self.cell):
            raise ValueError("indptr does not partition the reach lists")
        if len(self.cell) and not 0 <= self.cell.min() <= self.cell.max() < len(self.busy):
            raise ValueError("the reach lists name cells that do not exist")
        if len(self.bin) and not 0 <= self.bin.min() <= self.bin.max() < self.n_bins:
            raise ValueError(f"response bins must lie in 0..{self.n_bins - 1}")
        if self.n_places and not 0 <= self.group.min() <= self.group.max() < self.n_groups:
            raise ValueError(f"groups must lie in 0..{self.n_groups - 1}")

    def _check_ranges(self) -> None:
        if not np.isfinite(self.gain).all() or (self.gain < 0).any():
            raise ValueError("gains must be finite and not negative")
        if not ((self.busy >= 0) & (self.busy < 1)).all():
            raise ValueError("busy probabilities must be at least 0 and below 1")
        if not ((self.backup >= 0) & (self.backup <= 1)).all():
            raise ValueError("backup weights must lie in 0..1")
        if (self.keep < 0).any() or not 0 <= self.move_cost < np.inf:
            raise ValueError("units that stand already and the cost of a move must not be negative")

    def _check_room(self) -> None:
        if (self.place_min < 0).any() or (self.place_min > self.place_cap).any():
            raise ValueError("place minima must lie between 0 and the place caps")
        low = np.maximum(np.bincount(self.group, self.place_min, self.n_groups), self.group_min)
        high = np.minimum(np.bincount(self.group, self.place_cap, self.n_groups), self.group_max)
        wrong = np.flatnonzero(low > high)
        if len(wrong):
            g = int(wrong[0])
            raise ValueError(
                f"group {g} must hold at least {int(low[g])} units and can hold {int(high[g])} "
                f"({len(wrong)} groups like this)"
            )
        if not low.sum() <= self.total <= high.sum():
            raise ValueError(
                f"{self.total} units to place, the groups together hold {int(low.sum())} to "
                f"{int(high.sum())}"
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
        return len(self.group_min)

    def changed_from(self, keep: NDArray[np.int64], move_cost: float) -> "HourProblem":
        """The same problem with units that stand at `keep[place]` already and moves that cost."""
        return replace(self, keep=keep, move_cost=move_cost)

    def free(self) -> "HourProblem":
        """The same problem with limits on groups only."""
        places = self.n_places
        return replace(
            self,
            place_min=np.zeros(places, dtype=np.int64),
            place_cap=np.full(places, UNLIMITED),
            keep=np.zeros(places, dtype=np.int64),
            move_cost=0.0,
        )
