"""Mutual aid in the staffing model: how many groups are called where, and from when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel
from optimizer.mutual_aid import AidCall
from optimizer.staffing_input import StaffingProblem

WHOLE = 1e-6


@dataclass(frozen=True)
class AidColumns:
    """One column for each call that could be made; `calls` in the same order, a group each."""

    calls: tuple[AidCall, ...]
    columns: Index


def offer_aid(model: LinearModel, problem: StaffingProblem, *, integer: bool) -> AidColumns:
    """Groups that districts may call, priced by officer-hour, no more than there are."""
    calls = possible_calls(problem)
    known = {group.group_id: group for group in problem.aid}
    of_group = [known[call.group_id] for call in calls]
    cost = [
        problem.aid_cost * group.officers * (call.to_h - call.from_h)
        for call, group in zip(calls, of_group, strict=True)
    ]
    most = [group.groups for group in of_group]
    columns = model.add_columns(most, cost, (len(calls),), integer=integer)
    rows = model.add_rows(-np.inf, [group.groups for group in problem.aid], (len(problem.aid),))
    number = {group.group_id: row for row, group in enumerate(problem.aid)}
    model.add_entries(rows[[number[call.group_id] for call in calls]], columns, 1.0)
    return AidColumns(calls, columns)


def possible_calls(problem: StaffingProblem) -> tuple[AidCall, ...]:
    """Every duty of one group that a district could ask for."""
    return tuple(
        AidCall(group.group_id, district, first, last, 1)
        for group in problem.aid
        for district in range(problem.n_districts)
        for first, last in group.duties(district, problem.horizon_hours)
    )


def aid_on_street(
    problem: StaffingProblem, calls: tuple[AidCall, ...], district: int
) -> NDArray[np.int64]:
    """Officers that one group of each call puts on a district's street, `[force, call, hour]`."""
    known = {group.group_id: group for group in problem.aid}
    shape = (len(problem.force.types), len(calls), problem.horizon_hours)
    found = np.zeros(shape, dtype=np.int64)
    for row, call in enumerate(calls):
        if call.district == district:
            group = known[call.group_id]
            found[problem.force.index(group.force_id), row, call.from_h : call.to_h] += (
                group.officers
            )
    return found


def whole_groups(
    problem: StaffingProblem, calls: tuple[AidCall, ...], groups: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Whole groups near `groups[call]`: down, then the largest halves up while any is left."""
    whole = np.floor(groups + WHOLE).astype(np.int64)
    left = {group.group_id: group.groups for group in problem.aid}
    for call, count in zip(calls, whole.tolist(), strict=True):
        left[call.group_id] -= count
    fraction = groups - whole
    for row in np.argsort(-fraction, kind="stable").tolist():
        if fraction[row] < 0.5:
            break
        if left[calls[row].group_id] > 0:
            whole[row] += 1
            left[calls[row].group_id] -= 1
    return whole


def made_calls(calls: tuple[AidCall, ...], groups: NDArray[np.int64]) -> tuple[AidCall, ...]:
    """Calls of at least one of `groups[call]`."""
    return tuple(
        AidCall(call.group_id, call.district, call.from_h, call.to_h, count)
        for call, count in zip(calls, groups.tolist(), strict=True)
        if count
    )
