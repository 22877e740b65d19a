"""The night with all lent officers at home, and what the donor limits cost."""

from dataclasses import dataclass

import numpy as np

from optimizer.calls import PatrolTerms
from optimizer.judges.donors import crews_lent
from optimizer.judges.evaluation import evaluate
from optimizer.judges.evaluation_result import Evaluation
from optimizer.models.patrol.allocation import PatrolAllocation
from optimizer.models.patrol.returned import with_units_back
from optimizer.models.staffing.loan_worth import LimitPrice, limit_prices
from optimizer.models.staffing.officer_worth import Around
from optimizer.patrol_wishes import PatrolWishes
from optimizer.plan import Deployment, Roster
from scenarios.world import World


@dataclass(frozen=True)
class Lending:
    """What lending leaves at home.

    `evaluation` is that of the plan, `at_home` of the same plan with the crews of all lent
    officers at home besides, each unit where it saves most, nobody else changed. `prices` are
    those of the donor limits by lender.
    """

    evaluation: Evaluation
    at_home: Evaluation
    prices: tuple[LimitPrice, ...]


def judge_lending(
    world: World,
    terms: PatrolTerms,
    wishes: PatrolWishes,
    allocations: tuple[PatrolAllocation, ...],
    evaluation: Evaluation,
    around: Around,
    roster: Roster,
) -> Lending | None:
    """The same night with all lent officers at home, and the prices of the donor limits.

    None where nobody lends. `around` is the staffing of `roster` with its prices.
    """
    if not roster.loans:
        return None
    crews = crews_lent(around.problem, roster)
    at_home = evaluation
    if crews.any():
        units = [
            with_units_back(
                world.situation,
                unit,
                terms,
                allocation.units,
                allocation.busy,
                crews[row],
                place_min=wishes.place_min[row],
                place_cap=wishes.place_cap[row],
            )
            for row, (unit, allocation) in enumerate(
                zip(world.force.unit_types, allocations, strict=True)
            )
        ]
        names = tuple(unit.unit_type for unit in world.force.unit_types)
        deployment = Deployment(names, np.stack(units), ())
        at_home = evaluate(world.situation, world.force, deployment, terms=terms)
    return Lending(evaluation, at_home, limit_prices(around, roster))
