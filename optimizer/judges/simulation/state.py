"""What changes while a simulation runs: tables of units, stands, calls, lines and visits.

The kernels read and write one record of a table at a time; minutes run from the start.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.simulation.call_stream import CallKinds, CallStream
from optimizer.judges.simulation.system import Fleet

OFF, WAITING, LEAVING, NEARING, BUSY, RETURNING, VISITING = range(7)
"""What a unit does: off duty; waiting at its home; driving, in the first and in the second half
of the way; on a call; driving without being sent on; on a visit."""

UNIT = np.dtype(
    [
        ("kind", np.int64),
        ("doing", np.int64),
        ("home", np.int64),
        ("stand", np.int64),
        ("turnout_min", np.float64),
        ("still_min", np.float64),
        ("cell", np.int64),
        ("call", np.int64),
        ("visit", np.int64),
        ("visit_from", np.float64),
        ("over_from", np.float64),
        ("over_min", np.float64),
        ("ahead", np.int64),
        ("behind", np.int64),
        ("moment", np.float64),
        ("slot", np.int64),
    ]
)
"""A unit: its type; what it is doing; the place it belongs to now; the place from which it can be
sent (-1: cannot) and its turnout there; driving left after the first half of a way; the cell of
its job; its last call (-1: none); its visit (-1: none) and when that began; when its shift ended
under a job and minutes worked beyond shifts; its neighbours among the units of its stand, the
longest there ahead; its next moment and its slot in the agenda."""

STAND = np.dtype([("first", np.int64), ("last", np.int64)])
"""The units of one type that can be sent from a place: the longest there and the latest."""

CALL = np.dtype(
    [
        ("received", np.float64),
        ("ready", np.float64),
        ("cell", np.int64),
        ("class_", np.int64),
        ("line", np.int64),
        ("units", np.int64),
        ("scene_min", np.float64),
        ("pace", np.float64),
        ("dispatched", np.float64),
        ("arrived", np.float64),
        ("second", np.float64),
        ("cleared", np.float64),
        ("unit", np.int64),
        ("sent", np.int64),
        ("travel_min", np.float64),
        ("next", np.int64),
    ]
)
"""A call and what became of it: the stamps received, ready for dispatch, first unit dispatched,
first and second unit on scene, last unit off the scene (NaN for never); cell, class and waiting
line; units asked for and sent; minutes on scene; the pace that multiplies travel; the unit that
came first (-1: none) and its travel; the next call of its line and cell."""

LINE = np.dtype([("grade", np.int64), ("cells", np.int64)])
"""A waiting line: its grade and in how many cells calls wait in it."""

ENDS = np.dtype([("head", np.int64), ("tail", np.int64), ("at", np.int64), ("cell", np.int64)])
"""First and last call that wait in one line and cell, -1 for none; where the cell stands among
the line's cells with waiting calls; and, in that order, which cells these are."""

VISIT = np.dtype(
    [
        ("start", np.float64),
        ("latest", np.float64),
        ("minutes", np.float64),
        ("cell", np.int64),
        ("made_by", np.int64),
        ("begun", np.float64),
        ("delivered_min", np.float64),
    ]
)
"""A visit to make between calls: due from, given up when not begun by, how long, where, one more
than the number of the unit on whose route it is (0: any unit makes it); when it began, and the
minutes that were delivered."""


def units_at_rest(fleet: Fleet) -> NDArray[np.void]:
    """All units off duty; the first hour puts them in place."""
    units = np.zeros(fleet.units, dtype=UNIT)
    units["kind"] = fleet.kind
    units["doing"] = OFF
    for name in ("home", "stand", "cell", "call", "visit", "ahead", "behind"):
        units[name] = -1
    units["moment"] = np.inf
    units["slot"] = np.arange(fleet.units)
    return units


def empty_stands(kinds: int, places: int) -> NDArray[np.void]:
    """Nobody stands anywhere, `[kind, place]`."""
    stands = np.empty((kinds, places), dtype=STAND)
    stands["first"], stands["last"] = -1, -1
    return stands


def open_calls(calls: CallStream, line_of_class: NDArray[np.int64]) -> NDArray[np.void]:
    """Calls to which nothing has happened yet."""
    table = np.zeros(len(calls.cell), dtype=CALL)
    table["received"], table["ready"] = calls.received_min, calls.ready_min
    table["cell"], table["class_"] = calls.cell, calls.class_of_call
    table["line"] = line_of_class[calls.class_of_call]
    table["units"], table["scene_min"], table["pace"] = calls.units, calls.scene_min, calls.pace
    for name in ("dispatched", "arrived", "second", "cleared", "travel_min"):
        table[name] = np.nan
    table["unit"], table["next"] = -1, -1
    return table


def empty_lines(kinds: CallKinds, cells: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Waiting lines `[line]` and their ends `[line, cell]`; nobody waits."""
    lines = np.zeros(len(kinds.line_grade), dtype=LINE)
    lines["grade"] = kinds.line_grade
    ends = np.empty((len(lines), cells), dtype=ENDS)
    ends["head"], ends["tail"] = -1, -1
    ends["at"], ends["cell"] = -1, -1
    return lines, ends
