"""Places: stations, standby points and must-visit points, each tied to its cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array


@dataclass(frozen=True)
class Places:
    """Named points in the area's CRS.

    `kind` says what each one is: `station`, `branch` (a district bureau), `standby`,
    `must_visit` or `event`. `cell` and `district` are indices into the grid and the area.
    """

    place_ids: tuple[str, ...]
    kind: tuple[str, ...]
    name_en: tuple[str, ...]
    name_zh: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cell: NDArray[np.int64]
    district: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (len(self.place_ids),)
        if len(set(self.place_ids)) != shape[0]:
            raise ValueError("place ids repeat")
        for name in ("kind", "name_en", "name_zh"):
            if len(getattr(self, name)) != shape[0]:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries, not {shape[0]}")
        for name, dtype in (("x", float), ("y", float), ("cell", np.int64), ("district", np.int64)):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))

    def __len__(self) -> int:
        return len(self.place_ids)

    def of_kind(self, *kinds: str) -> NDArray[np.int64]:
        """Indices of the places of the given kinds."""
        return np.array([i for i, kind in enumerate(self.kind) if kind in kinds], dtype=np.int64)


@dataclass(frozen=True)
class VisitPoints:
    """Must-visit points with their dose: `visit_min` minutes at least every `interval_h` hours.

    `from_clock` and `to_clock` are local clock hours (half open, over midnight where `to` is not
    after `from`; equal means all day) in which visits are due.
    Arrays `[point]`.
    """

    places: Places
    visit_min: NDArray[np.float64]
    interval_h: NDArray[np.float64]
    from_clock: NDArray[np.int64]
    to_clock: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (len(self.places),)
        for name, dtype in (
            ("visit_min", float),
            ("interval_h", float),
            ("from_clock", np.int64),
            ("to_clock", np.int64),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))

    def due_at(self, clock_hour: int) -> NDArray[np.bool_]:
        """Points whose visits are due in a clock hour 0..23, `[point]`."""
        span = (self.to_clock - self.from_clock - 1) % 24 + 1
        return (clock_hour - self.from_clock) % 24 < span
