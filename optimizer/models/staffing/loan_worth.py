"""Shadow prices of the donor limits: what one officer more lent would buy."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.donors import floor_room, share_room
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
    limit forbids; the streets of both districts are solved anew. The best such loan counts.
    """
    by_floor, by_share = _forbidden(plan, roster)
    lenders = sorted({loan.from_district for loan in roster.loans})
    worth_of = cache(lambda *change: plan.change(*change).worth.street)
    return tuple(
        LimitPrice(
            lender,
            _best_loan(plan, worth_of, lender, by_floor[lender] & ~by_share[lender]),
            _best_loan(plan, worth_of, lender, by_share[lender] & ~by_floor[lender]),
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


def _best_loan(
    plan: Around, worth_of: Callable[..., float], lender: int, forbidden: NDArray[np.bool_]
) -> float:
    """Worth of the best of the forbidden loans of one officer, at least 0."""
    price, own = plan.street_price(), plan.own[lender]
    cost = plan.problem.loan_cost * plan.limits.hours
    gain = price - price[lender] - cost
    gain[lender] = -np.inf
    gain[:, ~(forbidden & (own > 0) & plan.limits.force_allowed()[lender])] = -np.inf
    best = 0.0
    for flat in np.argsort(-gain, axis=None, kind="stable"):
        borrower, force, instance = (int(n) for n in np.unravel_index(flat, gain.shape))
        if gain[borrower, force, instance] <= best + NEGLIGIBLE:
            break
        bought = worth_of(borrower, force, instance, 1) - worth_of(lender, force, instance, -1)
        best = max(best, bought - float(cost[instance]))
    return best
