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
class LineEnds:
    """Where visits end: metres in the area's CRS and the cell. Arrays `[point]`."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cell: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = np.shape(self.x)
        for name, dtype in (("x", float), ("y", float), ("cell", np.int64)):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))


@dataclass(frozen=True)
class VisitPoints:
    """Must-visit points with their dose: `visit_min` minutes at least every `interval_h` hours.

    `from_clock` and `to_clock` are local clock hours (half open, over midnight where `to` is not
    after `from`; equal means all day) in which visits are due. A line is walked from its place to
    its other end; the end of a point is its place, as all ends are where `ends` is None.
    Arrays `[point]`.
    """

    places: Places
    visit_min: NDArray[np.float64]
    interval_h: NDArray[np.float64]
    from_clock: NDArray[np.int64]
    to_clock: NDArray[np.int64]
    ends: LineEnds | None = None

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

    @property
    def end(self) -> LineEnds:
        """Where each visit ends."""
        places = self.places
        return self.ends or LineEnds(places.x, places.y, places.cell)

    def only(self, rows: NDArray[np.int64]) -> "VisitPoints":
        """Some of the points, in the order of `rows`."""
        places, end = self.places, self.end

        def texts(every: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(every[row] for row in rows.tolist())

        return VisitPoints(
            Places(
                texts(places.place_ids),
                texts(places.kind),
                texts(places.name_en),
                texts(places.name_zh),
                places.x[rows],
                places.y[rows],
                places.cell[rows],
                places.district[rows],
            ),
            self.visit_min[rows],
            self.interval_h[rows],
            self.from_clock[rows],
            self.to_clock[rows],
            LineEnds(end.x[rows], end.y[rows], end.cell[rows]),
        )


def joined_points(first: VisitPoints, second: VisitPoints) -> VisitPoints:
    """The must-visit points of both, those of `second` behind."""
    one, other = first.places, second.places
    return VisitPoints(
        Places(
            one.place_ids + other.place_ids,
            one.kind + other.kind,
            one.name_en + other.name_en,
            one.name_zh + other.name_zh,
            np.concatenate([one.x, other.x]),
            np.concatenate([one.y, other.y]),
            np.concatenate([one.cell, other.cell]),
            np.concatenate([one.district, other.district]),
        ),
        np.concatenate([first.visit_min, second.visit_min]),
        np.concatenate([first.interval_h, second.interval_h]),
        np.concatenate([first.from_clock, second.from_clock]),
        np.concatenate([first.to_clock, second.to_clock]),
        LineEnds(
            np.concatenate([first.end.x, second.end.x]),
            np.concatenate([first.end.y, second.end.y]),
            np.concatenate([first.end.cell, second.end.cell]),
        ),
    )
