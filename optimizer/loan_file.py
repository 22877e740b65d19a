"""Reads the loans between districts that were agreed before the plan is made."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import numpy as np

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.row_check import RowCheck
from optimizer.plan import Loan
from optimizer.shifts import ShiftInstance

_COLUMNS = ("force_id", "from_district", "to_district", "shift_id", "day", "officers")


def read_agreed_loans(
    path: Path,
    area: StudyArea,
    horizon: Horizon,
    instances: tuple[ShiftInstance, ...],
    headcount: Mapping[str, np.ndarray],
    faults: FaultLog,
) -> tuple[Loan, ...]:
    """Agreed loans in file order; `headcount[force_id][command]` bounds what can be lent.

    Districts stand for the commands that staff them. For a force and a shift nobody may lend
    to a district that lends on to them: such a cycle is an error of whoever wrote the table.
    """
    table = read_table(path, _COLUMNS, faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    force = check.choices("force_id", list(headcount), "the types of personnel")
    lender, borrower = (
        check.choices(name, area.district_ids, "the districts")
        for name in ("from_district", "to_district")
    )
    shift = check.texts("shift_id")
    days = check.dates("day")
    officers = check.numbers("officers", minimum=1.0, whole=True)
    number = {
        (one.shift.shift_id, horizon.at(one.start_h).date()): row
        for row, one in enumerate(instances)
    }
    instance = [
        number.get((name, day), -1) if day else -1 for name, day in zip(shift, days, strict=True)
    ]
    check.refuse(
        check.sound & (np.array(instance, dtype=np.int64) < 0),
        "no such shift on that day shares time with the horizon",
        expected=f"a shift such as {instances[0].shift.shift_id} on a day of the horizon",
        remedy="Correct the shift or the day, or move the horizon.",
        values=list(zip(shift, [str(day) for day in days], strict=True)),
    )
    command = {name: int(area.command_of[row]) for row, name in enumerate(area.district_ids)}
    ends = [(command.get(a, -1), command.get(b, -2)) for a, b in zip(lender, borrower, strict=True)]
    check.refuse(
        [first == second for first, second in ends],
        "the loan stays within one command",
        expected="two districts of different commands",
        remedy="Remove the row, or correct a district.",
        values=list(zip(lender, borrower, strict=True)),
    )
    check.refuse(
        [
            bool(check.sound[row]) and officers[row] > headcount[force[row]][ends[row][0]]
            for row in range(len(ends))
        ],
        "more officers are lent than the district has",
        expected="at most the head-count of the force there",
        remedy="Lend fewer officers.",
        values=officers.tolist(),
    )
    rows = np.flatnonzero(check.sound).tolist()
    loans = tuple(Loan(force[row], *ends[row], instance[row], int(officers[row])) for row in rows)
    _refuse_cycles(path.name, area, instances, loans, faults)
    return loans


def _refuse_cycles(
    file: str,
    area: StudyArea,
    instances: tuple[ShiftInstance, ...],
    loans: tuple[Loan, ...],
    faults: FaultLog,
) -> None:
    """Note each force and shift whose loans go round in a circle."""
    graphs: dict[tuple[str, int], dict[int, set[int]]] = {}
    for loan in loans:
        graph = graphs.setdefault((loan.force_id, loan.instance), {})
        graph.setdefault(loan.from_district, set()).add(loan.to_district)
    for (force_id, instance), graph in graphs.items():
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            way = " -> ".join(area.commands[command] for command in reversed(error.args[1]))
            faults.add(
                file,
                f"loans of {force_id} for {instances[instance].label} go round in a circle",
                expected="no district that lends officers of a force borrows them back",
                remedy="Take the smallest number on the circle off every loan of it.",
                value=way,
            )
