"""Officers of a district in whole numbers, so that those lent can be spared.

Fractions are rounded by size. Where that leaves too few on duty for the loans, a small integer
model chooses who is rounded up.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel, SolverOptions, minimise
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.staffing_input import StaffingProblem

WHOLE = 1e-6

CALLED_OFF = 10.0
"""Price of an officer-hour that is missing for a loan, in fractions of officers rounded up: above
what can be gained, so that it only happens where the limits ask for it."""


def district_totals(
    problem: StaffingProblem,
    limits: ShiftLimits,
    district: int,
    target: NDArray[np.float64],
    lent: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Whole officers near `target[kind, team, instance]` of a district, within its limits.

    `lent[force, instance]` of them are lent.
    """
    team_caps = limits.teams.district_caps()[district]
    force_caps = limits.forces.district_caps()[district]
    found = np.zeros(target.shape, dtype=np.int64)
    for force in range(len(problem.force.types)):
        teams = problem.teams.of_force(force)
        found[:, teams] = whole_totals(
            limits, target[:, teams], team_caps[teams], force_caps[force]
        )
    needed = on_duty_for_loans(problem, limits, lent)
    if (_on_duty(problem, limits, found) < needed).any() or _not_there(problem, found, lent).any():
        return _lending_totals(problem, limits, target, lent, needed, (team_caps, force_caps))
    return found


def on_duty_for_loans(
    problem: StaffingProblem, limits: ShiftLimits, lent: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Responding officers who must be on duty for `lent[force, instance]`, `[hour]`."""
    away = lent[problem.may("respond")].sum(axis=0) @ limits.active.astype(np.int64)
    share = 1.0 - problem.donor_floor
    needed = np.ceil(away / share - WHOLE) if share > 0 else np.zeros(len(away))
    return np.asarray(needed, dtype=np.int64)


def _on_duty(
    problem: StaffingProblem, limits: ShiftLimits, officers: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Responding officers on duty of `officers[kind, team, instance]`, `[hour]`."""
    responding = officers[:, problem.may("respond")[limits.force]].sum(axis=(0, 1))
    return np.asarray(responding @ limits.active.astype(np.int64))


def _not_there(
    problem: StaffingProblem, officers: NDArray[np.int64], lent: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Officers lent beyond those who have the shift, `[force, instance]`."""
    own = problem.teams.by_force(officers.sum(axis=0), len(lent), axis=0)
    return np.asarray(np.maximum(lent - own, 0), dtype=np.int64)


def _lending_totals(
    problem: StaffingProblem,
    limits: ShiftLimits,
    target: NDArray[np.float64],
    lent: NDArray[np.int64],
    needed: NDArray[np.int64],
    caps: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.int64]:
    """Officers rounded down, and of the fractions as many up as the limits allow.

    As few as can be are missing for the loans.
    """
    whole = np.floor(target + WHOLE).astype(np.int64)
    fraction = target - whole
    _, team, instance = open_up = np.nonzero(fraction > WHOLE)
    force = limits.force[team]
    model = LinearModel()
    up = model.add_columns(1.0, -fraction[open_up], team.shape, integer=True)
    by_team = whole.sum(axis=0)
    by_force = problem.teams.by_force(by_team, len(lent), axis=0)
    for rows, cap, used, member in (
        (limits.teams, caps[0], by_team, team),
        (limits.forces, caps[1], by_force, force),
    ):
        room = cap - used @ rows.pattern.T
        row = model.add_rows(-np.inf, np.where(np.isfinite(room), room, np.inf), room.shape)
        model.add_entries(row[member], up[:, None], rows.pattern[:, instance].T)
    responds = np.where(problem.may("respond")[force], limits.street[instance].T, 0.0)
    _want(model, up, needed - _on_duty(problem, limits, whole), responds)
    missing = np.argwhere(lent > by_force)
    of_shift = (missing[:, :1] == force) & (missing[:, 1:] == instance)
    _want(model, up, (lent - by_force)[lent > by_force], of_shift.astype(np.float64))
    solution = minimise(model, SolverOptions(relative_gap=0.0))
    whole[open_up] += solution.whole(up)
    return whole


def _want(
    model: LinearModel, up: Index, wanted: NDArray[np.int64], counted: NDArray[np.float64]
) -> None:
    """At least `wanted[row]` of those rounded up, who count `counted[row, column]`, or missing."""
    rows = np.flatnonzero(wanted > 0)
    short = model.add_columns(np.inf, CALLED_OFF, rows.shape)
    row = model.add_rows(wanted[rows], np.inf, rows.shape)
    model.add_entries(row, short, 1.0)
    model.add_entries(row[:, None], up, counted[rows])


def whole_totals(
    limits: ShiftLimits,
    target: NDArray[np.float64],
    team_cap: NDArray[np.float64],
    force_cap: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Round `target[kind, team, instance]`: down, then up by largest fraction within the caps.

    `team_cap[team, row]` and `force_cap[row]` bind the teams of one force and the force.
    """
    whole = np.floor(target + WHOLE).astype(np.int64)
    fraction = target - whole
    by_team = whole.sum(axis=0)
    used = by_team @ limits.teams.pattern.T - WHOLE
    used_by_all = limits.forces.pattern @ by_team.sum(axis=0) - WHOLE
    for flat in np.argsort(-fraction, axis=None, kind="stable"):
        kind, team, instance = (int(part) for part in np.unravel_index(flat, target.shape))
        if fraction[kind, team, instance] <= WHOLE:
            break
        more = used[team] + limits.teams.pattern[:, instance]
        of_all = used_by_all + limits.forces.pattern[:, instance]
        if (more <= team_cap[team]).all() and (of_all <= force_cap).all():
            whole[kind, team, instance] += 1
            used[team], used_by_all = more, of_all
    return whole
