"""Loans between districts: whole officers, nearest lenders first."""

import numpy as np
from numpy.typing import NDArray

from optimizer.models.staffing.apportion import apportion
from optimizer.models.staffing.districts import donor_caps
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.plan import Loan
from optimizer.staffing_input import StaffingProblem


def agree_loans(
    problem: StaffingProblem,
    limits: ShiftLimits,
    officers: NDArray[np.int64],
    lent: NDArray[np.float64],
    borrowed: NDArray[np.float64],
) -> tuple[Loan, ...]:
    """Whole loans near `lent` and `borrowed` `[district, force, instance]` within all limits.

    `officers[station, force, instance]` is the roster the lenders have. Lenders and borrowers
    of a shift are paired by travel minutes, shortest first.
    """
    own = np.zeros(lent.shape, dtype=np.int64)
    np.add.at(own, problem.station_district, officers)
    room = donor_caps(problem, limits)
    respond = problem.may("respond")
    active = limits.active.astype(np.int64)
    on_duty = (own @ active)[:, respond].sum(axis=1)
    may_leave = np.floor((1.0 - problem.donor_floor) * on_duty + 1e-9).astype(np.int64)
    loans = []
    for force, instance in np.argwhere(lent.sum(axis=0) > 1e-6):
        hours = limits.active[instance]
        cap = np.minimum(own[:, force, instance], room[:, force, hours].min(axis=1))
        if respond[force]:
            cap = np.minimum(cap, may_leave[:, hours].min(axis=1))
        net = lent[:, force, instance] - borrowed[:, force, instance]
        out = apportion(round(np.maximum(net, 0.0).sum()), np.maximum(net, 0.0), cap * (net > 0))
        wanted = np.maximum(-net, 0.0)
        into = apportion(int(out.sum()), wanted, np.where(wanted > 0, out.sum(), 0))
        pairs = pair_nearest(out, into, problem.loan_minutes)
        force_id = problem.force.ids[force]
        loans += [Loan(force_id, a, b, int(instance), count) for a, b, count in pairs]
        given = np.zeros_like(out)
        for lender, _, count in pairs:
            given[lender] += count
        room[:, force] -= given[:, None] * active[instance]
        may_leave -= given[:, None] * active[instance] * bool(respond[force])
    return tuple(loans)


def pair_nearest(
    out: NDArray[np.int64], into: NDArray[np.int64], minutes: NDArray[np.float64]
) -> list[tuple[int, int, int]]:
    """Lender, borrower and officers, pairing the shortest way first; ties by index."""
    left, open_need = out.copy(), into.copy()
    lenders, borrowers = np.nonzero(out)[0], np.nonzero(into)[0]
    ways = sorted((float(minutes[a, b]), int(a), int(b)) for a in lenders for b in borrowers)
    pairs = []
    for _, lender, borrower in ways:
        count = int(min(left[lender], open_need[borrower]))
        if count:
            pairs.append((lender, borrower, count))
            left[lender] -= count
            open_need[borrower] -= count
    return pairs
