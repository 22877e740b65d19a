"""Loans between districts in whole officers: agreed ones first, then those that the model wants."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.models.staffing.apportion import apportion
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.models.staffing.loan_columns import donor_caps
from optimizer.plan import Loan
from optimizer.staffing_input import StaffingProblem

WHOLE = 1e-6


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


def whole_loans(
    problem: StaffingProblem,
    limits: ShiftLimits,
    officers: NDArray[np.float64],
    wanted: NDArray[np.float64],
) -> NDArray[np.int64]:
    """The nearest whole loans to `wanted[lender, borrower, force, instance]`.

    Rounded up, largest fractions first, as far as the lender may lend so many at one time when
    `officers[district, force, instance]` are on its shifts.
    """
    whole = np.floor(wanted + WHOLE).astype(np.int64)
    active, responds = limits.active.astype(np.int64), problem.may("respond")
    lent = whole.sum(axis=1) @ active
    room = donor_caps(problem, limits) - lent
    on_duty = (officers @ active)[:, responds].sum(axis=1)
    may_leave = np.floor((1.0 - problem.donor_floor) * on_duty + WHOLE)
    may_leave -= lent[:, responds].sum(axis=1)
    fraction = wanted - whole
    halves = np.argwhere(fraction >= 0.5)
    for place in np.argsort(-fraction[fraction >= 0.5], kind="stable").tolist():
        lender, borrower, force, instance = halves[place].tolist()
        hours = limits.active[instance]
        stay = responds[force] and (may_leave[lender, hours] < 1).any()
        if not stay and (room[lender, force, hours] > 0).all():
            whole[lender, borrower, force, instance] += 1
            room[lender, force] -= active[instance]
            may_leave[lender] -= active[instance] * responds[force]
    return whole


def agree_loans(
    problem: StaffingProblem,
    limits: ShiftLimits,
    officers: NDArray[np.int64],
    wanted: NDArray[np.float64] | NDArray[np.int64],
) -> tuple[Loan, ...]:
    """Whole loans near `wanted[lender, borrower, force, instance]` within all limits.

    Agreed loans are made first, as far as the lender has the officers on that shift.
    `officers[station, force, instance]` is the roster the lenders have. Of every force and shift
    as many are lent as wanted, rounded, by the lenders' parts; each lender sends them by the
    borrowers' parts.
    """
    book = _opened(problem, limits, officers)
    left = wanted.astype(np.float64)
    for loan in problem.agreed:
        force, way = problem.force.index(loan.force_id), (loan.from_district, loan.to_district)
        if problem.ways.leaves_time[*way, loan.instance]:
            count = min(loan.officers, int(book.left(force, loan.instance)[loan.from_district]))
            book.lend(force, loan.instance, *way, count)
        left[*way, force, loan.instance] -= loan.officers
    left = np.where(left > WHOLE, left, 0.0)
    for force, instance in np.argwhere(left.sum(axis=(0, 1)) > WHOLE).tolist():
        by_pair = left[:, :, force, instance]
        by_lender = by_pair.sum(axis=1)
        cap = book.left(force, instance) * (by_lender > 0)
        out = apportion(round(by_lender.sum()), by_lender, cap)
        for lender in np.flatnonzero(out).tolist():
            most = np.where(by_pair[lender] > 0, out[lender], 0)
            into = apportion(int(out[lender]), by_pair[lender], most)
            for borrower in np.flatnonzero(into).tolist():
                book.lend(force, instance, lender, borrower, int(into[borrower]))
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
