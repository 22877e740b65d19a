"""One run of the simulation: a ground, a fleet and calls in, one record for each call out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.simulation.call_stream import CallKinds, CallStream
from optimizer.judges.simulation.engine import simulate_calls
from optimizer.judges.simulation.state import (
    VISIT,
    empty_lines,
    empty_stands,
    open_calls,
    units_at_rest,
)
from optimizer.judges.simulation.system import OFF_DUTY, DispatchRules, Fleet, Ground


@dataclass(frozen=True)
class VisitTask:
    """Visits to make between calls: records `VISIT` in the order of their `start`.

    `by[kind]` says which types of unit make them, each unit those on its route and those on
    none; a unit on a `preemptible` visit is sent to calls as if it waited there, and the visit
    ends.
    """

    table: NDArray[np.void]
    by: NDArray[np.bool_]
    preemptible: bool


@dataclass(frozen=True)
class Replication:
    """What became of the calls, the units and the visits of one run.

    `calls` are records `CALL`, `visits` records `VISIT` in the order given; `busy_min[unit,
    hour]` from dispatch until free again; `over_min[unit]` worked after the end of a shift.
    """

    calls: NDArray[np.void]
    visits: NDArray[np.void]
    busy_min: NDArray[np.float64]
    over_min: NDArray[np.float64]

    @property
    def response_min(self) -> NDArray[np.float64]:
        """Minutes from ready for dispatch to the first arrival, `[call]`; NaN for never."""
        return np.asarray(self.calls["arrived"] - self.calls["ready"])

    @property
    def wait_min(self) -> NDArray[np.float64]:
        """Minutes from ready for dispatch to the first dispatch, `[call]`; NaN for never."""
        return np.asarray(self.calls["dispatched"] - self.calls["ready"])


def no_visits(kinds: int) -> VisitTask:
    """Nothing to visit."""
    return VisitTask(np.zeros(0, dtype=VISIT), np.zeros(kinds, dtype=np.bool_), True)


def replicate(
    ground: Ground,
    fleet: Fleet,
    calls: CallStream,
    kinds: CallKinds,
    rules: DispatchRules,
    visits: VisitTask | None = None,
) -> Replication:
    """Run the calls through the fleet. No randomness is left: equal inputs, equal records.

    Raises
    ------
    ValueError
        When ground and fleet have different hours or none to answer calls in, calls or visits are
        not in order, or a number is not one of a place, type of unit, cell or class.
    """
    to_visit = no_visits(len(ground.kinds)) if visits is None else visits
    _check_fit(ground, fleet, calls, kinds, to_visit)
    units, table = units_at_rest(fleet), open_calls(calls, kinds.line_of_class)
    visit_table = to_visit.table.copy()
    lines, ends = empty_lines(kinds, len(ground.cell_command))
    busy_min = np.zeros((fleet.units, fleet.hours))
    simulate_calls(
        ground,
        fleet.home,
        np.arange(fleet.units),
        empty_stands(len(ground.kinds), len(ground.places)),
        units,
        lines,
        ends,
        kinds.line_kinds,
        table,
        visit_table,
        to_visit.by,
        to_visit.preemptible,
        busy_min,
        int(rules.crossing),
        rules.calls_wait,
        rules.returning,
        rules.closing_min,
    )
    return Replication(table, visit_table, busy_min, units["over_min"].copy())


def _check_fit(
    ground: Ground, fleet: Fleet, calls: CallStream, kinds: CallKinds, visits: VisitTask
) -> None:
    """Refuse what the kernels would read beyond their tables for."""
    hours, cells = ground.list_of_hour.shape[1], len(ground.cell_command)
    if hours != fleet.hours:
        raise ValueError(f"fleet of {fleet.hours} h on {hours} h of travel")
    if hours == 0 and len(calls.cell) + len(visits.table):
        raise ValueError("calls or visits, but no hour to answer them in")
    if not all((np.diff(time) >= 0).all() for time in (calls.ready_min, visits.table["start"])):
        raise ValueError("calls and visits must come in the order of time")
    for what, number, least, count in (
        ("home", fleet.home, OFF_DUTY, len(ground.places)),
        ("type of unit", fleet.kind, 0, len(ground.kinds)),
        ("cell of a call", calls.cell, 0, cells),
        ("class of a call", calls.class_of_call, 0, len(kinds.grade)),
        ("cell of a visit", visits.table["cell"], 0, cells),
        ("unit of a visit", visits.table["made_by"] - 1, -1, fleet.units),
    ):
        strange = number[(number < least) | (number >= count)]
        if len(strange):
            raise ValueError(f"{what} {strange[:3].tolist()}: there are {count}, from 0 on")
