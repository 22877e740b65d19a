"""Shadow prices of the donor limits: what one officer more lent would buy."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.donors import floor_room, share_room
from optimizer.models.staffing.loan_columns import (
    WayClasses,
    borrowed_shares,
    loan_prices,
    way_classes,
)
from optimizer.models.staffing.officer_worth import NEGLIGIBLE, Around
from optimizer.plan import Roster


@dataclass(frozen=True)
class LimitPrice:
    """What the donor limits of a lender cost, in weighted call-minutes an officer.

    `floor` if one responding officer fewer had to stay at home, `share` if one officer more of
    a force might be lent; every other limit and officer as planned. 0 where the limit forbids no
    loan or none would pay.
    """

    district: int
    floor: float
    share: float


def limit_prices(plan: Around, roster: Roster) -> tuple[LimitPrice, ...]:
    """Prices of the donor floor and share of every lender, by district.

    An officer of a force who is not lent goes to another district for a shift which only that
    limit forbids, over a way that is offered; the streets of both districts are solved anew. The
    best such loan counts.
    """
    by_floor, by_share = _forbidden(plan, roster)
    lenders = sorted({loan.from_district for loan in roster.loans})
    loans = _Loans(plan)
    return tuple(
        LimitPrice(
            lender,
            loans.best(lender, by_floor[lender] & ~by_share[lender]),
            loans.best(lender, by_share[lender] & ~by_floor[lender]),
        )
        for lender in lenders
    )


def _forbidden(plan: Around, roster: Roster) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the floor and where the share forbids a loan, `[district, force, instance]`."""
    problem, active = plan.problem, plan.limits.active
    tight = (floor_room(problem, roster) < 1)[:, None, :] & active
    floor = problem.may("respond")[:, None] & np.any(tight, axis=2)[:, None, :]
    full = (share_room(problem, roster) < 1)[:, :, None, :] & active
    return np.asarray(floor), np.asarray(np.any(full, axis=3))


class _Loans:
    """Loans of one officer around a staffing; a street that was solved once is remembered.

    `there[borrower, force, instance, class]` is what prices say of an officer on loan, -inf in
    the last place, which stands for no way.
    """

    def __init__(self, plan: Around) -> None:
        self.plan = plan
        self.classes: WayClasses = way_classes(plan.problem, plan.problem.ways.offered)
        self.share = borrowed_shares(plan.problem, self.classes)
        self.price = loan_prices(plan.problem, plan.limits)
        prices = np.stack([use.price for use in plan.use])
        there = np.einsum("dfk,ick->dfic", prices, self.share)
        self.there = np.pad(there, [(0, 0)] * 3 + [(0, 1)], constant_values=-np.inf)
        self.at_home = plan.street_price()
        self.bought = cache(self._bought)
        self.missed = cache(self._missed)

    def best(self, lender: int, forbidden: NDArray[np.bool_]) -> float:
        """Worth of the lender's best loan among the `forbidden[force, instance]`, at least 0."""
        bound, best = self._bounds(lender, forbidden), 0.0
        for flat in np.argsort(-bound, axis=None, kind="stable"):
            borrower, force, instance = (int(n) for n in np.unravel_index(flat, bound.shape))
            if bound[borrower, force, instance] <= best + NEGLIGIBLE:
                break
            way = int(self.classes.number[lender, borrower, instance])
            gained = self.bought(borrower, force, instance, way)
            lost = self.missed(lender, force, instance)
            best = max(best, gained - lost - float(self.price[lender, borrower, instance]))
        return best

    def _bounds(self, lender: int, forbidden: NDArray[np.bool_]) -> NDArray[np.float64]:
        """No loan is worth more, `[borrower, force, instance]`; -inf where there can be none."""
        plan, number = self.plan, self.classes.number[lender]
        there = np.take_along_axis(self.there, number[:, None, :, None], axis=3)[..., 0]
        bound = there - self.at_home[lender] - self.price[lender][:, None]
        may = forbidden & (plan.own[lender] > 0) & plan.limits.force_allowed()[lender]
        return np.where(may, bound, -np.inf)

    def _bought(self, borrower: int, force: int, instance: int, way: int) -> float:
        after = self.plan.use_with(borrower, force, self.share[instance, way], 1)
        return after.value - self.plan.use[borrower].value

    def _missed(self, lender: int, force: int, instance: int) -> float:
        after = self.plan.use_with(lender, force, self.plan.share[instance], -1)
        return self.plan.use[lender].value - after.value
