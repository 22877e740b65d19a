"""Loans in the staffing model: who lends to whom for which shift, and what that puts on a street.

A loan from one district to another for a shift is one column. Its officers are missing at the
lender for the whole shift and are on the borrower's street without the hours under way. Ways
that lose the same hours at the begin and the end of a shift are alike to the borrower: one
column takes them all, so that the many pairs of districts have two entries each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.models.staffing.street import leaving_share, leaving_windows
from optimizer.staffing_input import StaffingProblem


@dataclass(frozen=True)
class WayClasses:
    """Ways that lose the same hours: `lost[class]` at the begin and the end of the shift.

    `number[lender, borrower, instance]` is the class of a way, -1 where there is none.
    """

    lost: NDArray[np.int64]
    number: NDArray[np.int64]


@dataclass(frozen=True)
class LoanColumns:
    """Officers on loan, -1 where there can be none.

    `pairs[lender, borrower, force, instance]` add up to `lent[lender, force, instance]` and to
    `borrowed[borrower, force, instance, class]`, less those called off.
    """

    classes: WayClasses
    pairs: Index
    lent: Index
    borrowed: Index


def way_classes(problem: StaffingProblem, used: NDArray[np.bool_]) -> WayClasses:
    """Classes of the `used[lender, borrower, instance]` ways."""
    ways = problem.ways
    start = np.array([one.start_h for one in problem.instances], dtype=np.int64)
    end = np.array([one.end_h for one in problem.instances], dtype=np.int64)
    lost = np.stack([ways.on_h - start, end - ways.off_h], axis=-1)[used]
    classes, of_way = np.unique(lost.reshape(-1, 2), axis=0, return_inverse=True)
    number = np.full(used.shape, -1, dtype=np.int64)
    number[used] = of_way.ravel()
    return WayClasses(classes, number)


def borrowed_shares(problem: StaffingProblem, classes: WayClasses) -> NDArray[np.float64]:
    """Part of a loan's officers in the supply of `add_street`, `[instance, class, column]`."""
    hour, windows = np.arange(problem.horizon_hours), leaving_windows(problem)
    found = np.zeros((len(problem.instances), len(classes.lost), len(hour) + len(windows)))
    for row, one in enumerate(problem.instances):
        for column, (before, after) in enumerate(classes.lost.tolist()):
            on, off = one.start_h + before, one.end_h - after
            found[row, column, : len(hour)] = (on <= hour) & (hour < off)
            found[row, column, len(hour) :] = leaving_share(windows, on, off)
        found[row] *= one.shift.street_share
    return found


def loan_prices(problem: StaffingProblem, limits: ShiftLimits) -> NDArray[np.float64]:
    """Price of one officer's loan, `[lender, borrower, instance]`: shift and ways once more."""
    return np.asarray(problem.loan_cost * (limits.hours + problem.ways.way_h))


def offer_loans(
    model: LinearModel,
    problem: StaffingProblem,
    limits: ShiftLimits,
    present: NDArray[np.bool_],
    *,
    integer: bool,
    settled: bool = False,
) -> LoanColumns:
    """Loans of officers whom a lender could have on a shift, `present[lender, force, instance]`.

    Where loans are `settled` beforehand, officers may be called off at a price above all that
    they could be worth: other officers of a lender may have been rounded down.
    """
    possible = _possible(problem, present)
    classes = way_classes(problem, np.asarray(possible.any(axis=2)))
    pairs = np.full(possible.shape, -1, dtype=np.int64)
    price = np.broadcast_to(loan_prices(problem, limits)[:, :, None], possible.shape)[possible]
    pairs[possible] = model.add_columns(np.inf, price, price.shape, integer=integer)
    called_off = _called_off_price(problem, limits) if settled else None
    lent = _sums(model, pairs, possible, np.asarray(possible.any(axis=1)), called_off)
    shape = (*possible.shape[1:], len(classes.lost))
    borrowed = np.full(shape, -1, dtype=np.int64)
    for one in range(len(classes.lost)):
        alike = possible & (classes.number == one)[:, :, None]
        borrowed[..., one] = _sums(
            model,
            pairs.swapaxes(0, 1),
            alike.swapaxes(0, 1),
            np.asarray(alike.any(axis=0)),
            called_off,
        )
    return LoanColumns(classes, pairs, lent, borrowed)


def _possible(problem: StaffingProblem, present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which loans there can be: offered ones and agreed ones, `[lender, borrower, f, instance]`."""
    found = problem.ways.offered[:, :, None] & present[:, None]
    for loan in problem.agreed:
        force = problem.force.index(loan.force_id)
        way = (loan.from_district, loan.to_district, loan.instance)
        found[way[0], way[1], force, way[2]] = (
            problem.ways.leaves_time[way] & present[way[0], force, way[2]]
        )
    return np.asarray(found)


def _called_off_price(problem: StaffingProblem, limits: ShiftLimits) -> NDArray[np.float64]:
    """Price of calling off one officer's loan, `[instance]`: more than anybody does in an hour."""
    dear = max(problem.post_penalty.values(), default=0.0) + problem.presence_penalty
    return np.asarray((dear + problem.agreed_penalty) * limits.hours)


def _sums(
    model: LinearModel,
    pairs: Index,
    which: NDArray[np.bool_],
    some: NDArray[np.bool_],
    called_off: NDArray[np.float64] | None,
) -> Index:
    """Columns `[district, force, instance]` where `some`: sums over the second axis of `pairs`.

    Less those called off, at a price `[instance]` where one is given.
    """
    total = np.full(some.shape, -1, dtype=np.int64)
    total[some] = model.add_columns(np.inf, 0.0, (int(some.sum()),))
    rows = np.full(some.shape, -1, dtype=np.int64)
    rows[some] = model.add_rows(0.0, 0.0, (int(some.sum()),))
    model.add_entries(rows, total, -1.0)
    model.add_entries(rows[:, None], np.where(which, pairs, -1), 1.0)
    if called_off is not None:
        price = np.broadcast_to(called_off, some.shape)[some]
        model.add_entries(rows[some], model.add_columns(np.inf, price, price.shape), -1.0)
    return total


def require_donor_limits(
    model: LinearModel,
    problem: StaffingProblem,
    limits: ShiftLimits,
    officers: Index,
    loans: LoanColumns,
) -> None:
    """Officers lent are rostered at home, and not too many at any time."""
    lent = loans.lent
    rostered = model.add_rows(-np.inf, 0.0, lent.shape)
    model.add_entries(rostered, lent, 1.0)
    own = np.where(lent[:, None, limits.force] >= 0, officers, -1)
    model.add_entries(rostered[:, None, limits.force], own, -1.0)
    caps = donor_caps(problem, limits)
    at_most = model.add_rows(-np.inf, caps, caps.shape)
    active = limits.street.T
    model.add_entries(at_most[..., None], lent[:, :, None, :], active)
    respond = problem.may("respond").astype(np.float64)[:, None, None]
    stay = model.add_rows(-np.inf, 0.0, (problem.n_districts, problem.horizon_hours))
    model.add_entries(stay[:, None, :, None], lent[:, :, None, :], respond * active)
    share = (1.0 - problem.donor_floor) * respond[limits.force] * active
    model.add_entries(stay[:, None, None, :, None], officers[:, :, :, None, :], -share)


def donor_caps(problem: StaffingProblem, limits: ShiftLimits) -> NDArray[np.int64]:
    """Most officers a district may lend at one time, `[district, force, hour]`."""
    available = problem.district_headcount()[..., None] * limits.available_share[:, None]
    return np.floor(problem.donor_max_share * available + 1e-9).astype(np.int64)


def want_agreed_loans(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, loans: LoanColumns
) -> None:
    """Agreed loans made, or counted short; none of them is lent straight back.

    Over a way that only the agreement opens no more go than agreed. Beyond what was agreed, a
    borrower lends none of that force and shift and a lender borrows none.
    """
    asked: dict[tuple[int, int, int, int], int] = {}
    for loan in problem.agreed:
        force = problem.force.index(loan.force_id)
        way = (loan.from_district, loan.to_district, force, loan.instance)
        asked[way] = asked.get(way, 0) + loan.officers
    given = np.zeros(loans.pairs.shape[1:])
    taken = np.zeros(loans.pairs.shape[1:])
    for (lender, borrower, force, number), officers in asked.items():
        given[lender, force, number] += officers
        taken[borrower, force, number] += officers
        offered = problem.ways.offered[lender, borrower, number]
        price = problem.agreed_penalty * limits.hours[number]
        short = model.add_columns(officers, price, (1,))
        row = model.add_rows(officers, np.inf if offered else officers, (1,))
        model.add_entries(row, short, 1.0)
        model.add_entries(row, loans.pairs[lender, borrower, force, number], 1.0)
    for lender, borrower, force, number in asked:
        for total, district, most in (
            (loans.lent, borrower, given),
            (loans.borrowed, lender, taken),
        ):
            row = model.add_rows(-np.inf, most[district, force, number], (1,))
            model.add_entries(row, total[district, force, number], 1.0)
