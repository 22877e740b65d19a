"""Recorded calls with four time stamps: received, dispatched, arrived, cleared.

Positions are cells; no point, no text and no word about a person is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

UNKNOWN = -1
"""Station of a call whose station is not recorded."""

_WHOLE = ("cell", "kind", "station", "grade", "units", "clock_hour", "weekday")
_STAMPS = ("received_min", "dispatched_min", "arrived_min", "cleared_min")


@dataclass(frozen=True)
class CallRecords:
    """Calls in the order of receipt, arrays `[call]`.

    The four stamps are minutes since 1970-01-01 UTC; `arrived_min` is NaN for a call that was
    cancelled on the way. The recording clock shows steps of `clock_min` minutes (1.0 where
    seconds were cut off). `cell` indexes a grid of `n_cells`, `kind` indexes `class_ids`,
    `station` indexes `station_ids` (`UNKNOWN` for none), `grade` is 1 to 4, 0 where none is
    recorded, `units` were asked for; `clock_hour` (0 to 23) and `weekday` (0 is Monday) are
    those of the local clock at receipt.

    Raises
    ------
    ValueError
        When stamps run backwards or an index is out of range.
    """

    class_ids: tuple[str, ...]
    station_ids: tuple[str, ...]
    n_cells: int
    clock_min: float
    received_min: NDArray[np.float64]
    dispatched_min: NDArray[np.float64]
    arrived_min: NDArray[np.float64]
    cleared_min: NDArray[np.float64]
    cell: NDArray[np.int64]
    kind: NDArray[np.int64]
    station: NDArray[np.int64]
    grade: NDArray[np.int64]
    units: NDArray[np.int64]
    clock_hour: NDArray[np.int64]
    weekday: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (len(self.received_min),)
        for name in _STAMPS:
            stamp = frozen_array(getattr(self, name), np.float64, shape, name)
            object.__setattr__(self, name, stamp)
        for name in _WHOLE:
            number = frozen_array(getattr(self, name), np.int64, shape, name)
            object.__setattr__(self, name, number)
        self._require_order()
        self._require_range("cell", 0, self.n_cells - 1)
        self._require_range("kind", 0, len(self.class_ids) - 1)
        self._require_range("station", UNKNOWN, len(self.station_ids) - 1)
        self._require_range("grade", 0, 4)
        self._require_range("clock_hour", 0, 23)
        self._require_range("weekday", 0, 6)

    def _require_order(self) -> None:
        came = self.arrived
        steps = (
            np.diff(self.received_min),
            self.dispatched_min - self.received_min,
            (self.arrived_min - self.dispatched_min)[came],
            (self.cleared_min - self.arrived_min)[came],
            self.cleared_min - self.dispatched_min,
        )
        if any((step < 0).any() for step in steps):
            raise ValueError("calls are not in the order of receipt, or stamps run backwards")

    def _require_range(self, name: str, low: int, high: int) -> None:
        values = getattr(self, name)
        if values.size and not low <= values.min() <= values.max() <= high:
            raise ValueError(f"{name} lies outside {low}..{high}")

    def __len__(self) -> int:
        return len(self.received_min)

    @property
    def arrived(self) -> NDArray[np.bool_]:
        """Whether a unit came to the scene, `[call]`."""
        return np.isfinite(self.arrived_min)

    @property
    def handling_min(self) -> NDArray[np.float64]:
        """Minutes from receipt to dispatch."""
        return np.asarray(self.dispatched_min - self.received_min)

    @property
    def travel_min(self) -> NDArray[np.float64]:
        """Minutes from dispatch to arrival, turnout included; NaN for a cancelled call."""
        return np.asarray(self.arrived_min - self.dispatched_min)

    @property
    def scene_min(self) -> NDArray[np.float64]:
        """Minutes from arrival to clearance; NaN for a cancelled call."""
        return np.asarray(self.cleared_min - self.arrived_min)

    def where(self, wanted: NDArray[np.bool_]) -> "CallRecords":
        """The calls for which `wanted[call]` holds; ids and indices stay as they are."""
        parts = {name: getattr(self, name)[wanted] for name in (*_STAMPS, *_WHOLE)}
        return replace(self, **parts)

    def received_within(self, begin_min: float, end_min: float) -> "CallRecords":
        """The calls received in [begin, end), minutes since 1970-01-01 UTC."""
        return self.where((self.received_min >= begin_min) & (self.received_min < end_min))


def joined(parts: Sequence[CallRecords]) -> CallRecords:
    """All calls of some records of the same classes and cells, in the order of receipt.

    The clock is the coarsest of theirs.

    Raises
    ------
    ValueError
        When there are none, or their classes or cells differ.
    """
    if len({(part.class_ids, part.n_cells) for part in parts}) != 1:
        raise ValueError("records to join need the same classes and cells")
    station_ids = tuple(sorted({name for part in parts for name in part.station_ids}))
    number = {name: index for index, name in enumerate(station_ids)}
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in (*_STAMPS, *_WHOLE)
    }
    columns["station"] = np.concatenate(
        [np.array([*map(number.get, part.station_ids), UNKNOWN])[part.station] for part in parts]
    )
    order = np.lexsort((columns["dispatched_min"], columns["received_min"]))
    clock_min = max(part.clock_min for part in parts)
    parts_in_order: dict[str, Any] = {name: values[order] for name, values in columns.items()}
    return replace(parts[0], station_ids=station_ids, clock_min=clock_min, **parts_in_order)


def open_jobs(records: CallRecords) -> NDArray[np.int64]:
    """Jobs of the same station that were open when each call was dispatched, `[call]`.

    A job is open from its dispatch until it is cleared; of jobs dispatched at the same minute
    the one received earlier counts as open.
    """
    found = np.zeros(len(records), dtype=np.int64)
    for station in np.unique(records.station).tolist():
        calls = np.flatnonzero(records.station == station)
        order = calls[np.argsort(records.dispatched_min[calls], kind="stable")]
        cleared = np.sort(records.cleared_min[order])
        begun = np.arange(len(order))
        ended = np.searchsorted(cleared, records.dispatched_min[order], side="right")
        found[order] = np.maximum(begun - ended, 0)
    return found
