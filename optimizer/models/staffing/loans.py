"""Loans between districts: agreed ones first, then whole officers of the nearest lenders."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.models.staffing.apportion import apportion
from optimizer.models.staffing.districts import donor_caps
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.plan import Loan
from optimizer.staffing_input import StaffingProblem


@dataclass
class LoanBook:
    """Loans made so far, and how many officers every lender has left to lend.

    `own[district, force, instance]` rostered officers not lent, `room[district, force, hour]`
    under the donor share and `may_leave[district, hour]` responding ones under the floor.
    `made` counts officers by force, instance, lender and borrower, in the order of the loans.
    """

    responds: NDArray[np.bool_]
    active: NDArray[np.bool_]
    own: NDArray[np.int64]
    room: NDArray[np.int64]
    may_leave: NDArray[np.int64]
    made: Counter[tuple[int, int, int, int]] = field(default_factory=Counter)

    def left(self, force: int, instance: int) -> NDArray[np.int64]:
        """Officers that each district can still lend for a shift."""
        hours = self.active[instance]
        cap = np.minimum(self.own[:, force, instance], self.room[:, force, hours].min(axis=1))
        if self.responds[force]:
            cap = np.minimum(cap, self.may_leave[:, hours].min(axis=1))
        return np.asarray(np.maximum(cap, 0), dtype=np.int64)

    def lend(self, force: int, instance: int, lender: int, borrower: int, officers: int) -> None:
        """Enter a loan."""
        if officers:
            self.made[(force, instance, lender, borrower)] += officers
            self.own[lender, force, instance] -= officers
            self.room[lender, force] -= officers * self.active[instance]
            self.may_leave[lender] -= officers * self.active[instance] * bool(self.responds[force])


def agree_loans(
    problem: StaffingProblem,
    limits: ShiftLimits,
    officers: NDArray[np.int64],
    lent: NDArray[np.float64],
    borrowed: NDArray[np.float64],
) -> tuple[Loan, ...]:
    """Whole loans near `lent` and `borrowed` `[district, force, instance]` within all limits.

    Agreed loans are made first, as far as the lender has the officers on that shift.
    `officers[station, force, instance]` is the roster the lenders have. Lenders and borrowers
    of a shift are paired by travel minutes, shortest first.
    """
    book = _opened(problem, limits, officers)
    lent, borrowed = lent.copy(), borrowed.copy()
    for loan in problem.agreed:
        force, instance, lender = (
            problem.force.index(loan.force_id),
            loan.instance,
            loan.from_district,
        )
        count = min(loan.officers, int(book.left(force, instance)[lender]))
        book.lend(force, instance, lender, loan.to_district, count)
        lent[lender, force, instance] -= loan.officers
        borrowed[loan.to_district, force, instance] -= loan.officers
    lent, borrowed = np.maximum(lent, 0.0), np.maximum(borrowed, 0.0)
    for force, instance in np.argwhere(lent.sum(axis=0) > 1e-6).tolist():
        net = lent[:, force, instance] - borrowed[:, force, instance]
        cap = book.left(force, instance) * (net > 0)
        out = apportion(round(np.maximum(net, 0.0).sum()), np.maximum(net, 0.0), cap)
        wanted = np.maximum(-net, 0.0)
        into = apportion(int(out.sum()), wanted, np.where(wanted > 0, out.sum(), 0))
        for lender, borrower, count in pair_nearest(out, into, problem.loan_minutes):
            book.lend(force, instance, lender, borrower, count)
    ids = problem.force.ids
    return tuple(
        Loan(ids[force], lender, borrower, instance, count)
        for (force, instance, lender, borrower), count in book.made.items()
    )


def _opened(problem: StaffingProblem, limits: ShiftLimits, officers: NDArray[np.int64]) -> LoanBook:
    own = np.zeros((problem.n_districts, *officers.shape[1:]), dtype=np.int64)
    np.add.at(own, problem.station_district, officers)
    respond = problem.may("respond")
    on_duty = (own @ limits.active.astype(np.int64))[:, respond].sum(axis=1)
    may_leave = np.floor((1.0 - problem.donor_floor) * on_duty + 1e-9).astype(np.int64)
    return LoanBook(respond, limits.active, own, donor_caps(problem, limits), may_leave)


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
