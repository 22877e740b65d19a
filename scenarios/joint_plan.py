"""Staffing and patrol in rounds: each values units at the busy shares that the last one ended with.

The first round guesses how busy units are. The best round by the queueing judge is the plan, so
that more rounds never make it worse; a bound on both decisions together says how far it is from
the best one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.calls import PatrolTerms
from optimizer.force import UnitType
from optimizer.joint_report import JointReport, JointRound
from optimizer.judges.baselines import proportional_units
from optimizer.judges.staffing_value import staffing_value
from optimizer.models.joint.joint_bound import StaffedType, joint_bound
from optimizer.models.patrol.allocation import (
    PatrolAllocation,
    PatrolPlacing,
    place_units,
    proven,
    unit_value_curves,
)
from optimizer.models.patrol.patrol_model import patrol_model
from optimizer.models.staffing.districts import Effort
from optimizer.models.staffing.staffing import Staffed, staff_again
from optimizer.patrol_wishes import PatrolWishes
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from scenarios.clash_report import Infeasible, refuse_clashes
from scenarios.progress import Progress
from scenarios.world import World

BOUND_SOLVES = 1
"""Staffing models that a run solves for the joint bound."""


@dataclass(frozen=True)
class Asked:
    """What all rounds share: the world, the terms of patrol and what planners ask of it."""

    world: World
    terms: PatrolTerms
    wishes: PatrolWishes
    patrol_rounds: int


@dataclass(frozen=True)
class StaffedRound:
    """One staffing with its patrol, the curves it was staffed by, and what the judges say.

    `allocations` by type of unit are those of the plan; none where another round is the plan.
    """

    problem: StaffingProblem
    staffing: StaffingResult
    allocations: tuple[PatrolAllocation, ...]
    judged: JointRound


@dataclass(frozen=True)
class _Draft:
    """A round before it is known whether it is the plan and needs a proof."""

    problem: StaffingProblem
    staffed: Staffed
    placings: tuple[PatrolPlacing, ...]
    judged: JointRound

    def closed(self, *, kept: bool) -> StaffedRound:
        """The round, with its proofs when it is kept."""
        found = tuple(proven(placing) for placing in self.placings) if kept else ()
        return StaffedRound(self.problem, self.staffed.result, found, self.judged)


def plan_rounds(
    asked: Asked, problem: StaffingProblem, rounds: int, progress: Progress
) -> tuple[StaffedRound, ...]:
    """Staff and place units up to `rounds` times, until a round is no better than the one before.

    A later round whose units cannot keep the limits of places ends the rounds as well. Only the
    best round gets its allocations proved.

    Raises
    ------
    Infeasible
        When the units of the first round cannot keep the limits of places and pools.
    """
    made = [_draft(asked, problem, None, progress, last=rounds == 1)]
    while len(made) < rounds:
        with progress.phase("value", "Finding what units are worth when they are as busy"):
            busy = tuple(placing.busy for placing in made[-1].placings)
            again = replace(problem, unit_gain=unit_gains(asked.world, asked.terms, busy))
        try:
            last = len(made) + 1 == rounds
            made.append(_draft(asked, again, made[-1], progress, last=last))
        except Infeasible:
            break
        if made[-1].judged.total >= made[-2].judged.total:
            break
    kept = best_round(made)
    with progress.phase("proof", "Proving how far each hour is from the best"):
        return tuple(draft.closed(kept=number == kept) for number, draft in enumerate(made))


def best_round(made: Sequence[StaffedRound | _Draft]) -> int:
    """Number of the round with the smallest total, the first of equal ones."""
    return min(range(len(made)), key=lambda number: made[number].judged.total)


def _draft(
    asked: Asked,
    problem: StaffingProblem,
    earlier: _Draft | None,
    progress: Progress,
    *,
    last: bool,
) -> _Draft:
    """Staff and place, starting from an `earlier` round if there is one.

    All but the `last` round of a large problem are staffed with less effort: what they are for
    is how busy units are.
    """
    world, wishes = asked.world, asked.wishes
    with progress.phase("staffing", "Staffing stations, posts and visits"):
        staffed = staff_again(
            problem,
            effort=Effort.PLAN if last else Effort.DRAFT,
            earlier=earlier.staffed if earlier else None,
        )
        staffing = staffed.result
        refuse_clashes(world, wishes, staffing.units_available, asked.terms)
    with progress.phase("patrol", "Placing units hour by hour"):
        before = earlier.placings if earlier else ()
        placings = _placings(world, staffing, asked.terms, wishes, asked.patrol_rounds, before)
    judged = JointRound(
        sum(float(each.response_sum.sum()) for each in placings),
        wishes.floor_price * sum(float(each.floor_short.sum()) for each in placings),
        staffing_prices(problem, staffing),
    )
    return _Draft(problem, staffed, placings, judged)


def staffing_prices(problem: StaffingProblem, staffing: StaffingResult) -> float:
    """All prices that a staffing pays, weighted call-minutes, without what its units gain."""
    return -staffing_value(replace(problem, unit_gain={}), staffing)


def joint_report(
    asked: Asked, made: tuple[StaffedRound, ...], *, solves: int = BOUND_SOLVES
) -> JointReport:
    """Objective, bound and gap of the best round, and what every round gave.

    `solves` staffing models at most are solved for the bound.
    """
    kept = best_round(made)
    best = made[kept]
    types = tuple(
        StaffedType(
            patrol_model(asked.world.situation, unit, asked.terms),
            asked.wishes,
            row,
            asked.wishes.pool_units(best.staffing.units_available[row]),
            best.allocations[row],
        )
        for row, unit in enumerate(asked.world.force.unit_types)
    )
    missed = sum(float(found.missed.sum()) for found in best.allocations)
    return JointReport(
        missed=missed,
        prices=best.judged.prices,
        bound=joint_bound(best.problem, types, solves=solves).cost,
        weight=sum(float(found.weight.sum()) for found in best.allocations),
        rounds=tuple(each.judged for each in made),
        kept=kept,
    )


def unit_gains(
    world: World, terms: PatrolTerms, busy: tuple[NDArray[np.float64], ...] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Worth of the k-th unit on the street, `[command, hour, k]`, by unit type.

    At the busy shares `[cell, hour]` of each type, or guessed ones.
    """
    return {
        unit.unit_type: unit_value_curves(
            world.situation,
            unit,
            _most_units(world, unit),
            terms,
            None if busy is None else busy[row],
        )
        for row, unit in enumerate(world.force.unit_types)
    }


def _most_units(world: World, unit: UnitType) -> NDArray[np.int64]:
    """Units that the on-duty share of each hour allows, `[hour]`."""
    officers = world.force.headcount[:, world.force.index(unit.force_id)]
    share = world.in_force.figure(world.levels, "on_duty_share")[world.home_command]
    return np.floor(officers @ share / unit.officers + 1e-9).astype(np.int64)


def allocations(
    world: World,
    staffing: StaffingResult,
    terms: PatrolTerms,
    wishes: PatrolWishes,
    rounds: int,
) -> tuple[PatrolAllocation, ...]:
    """Where the staffed units of each type stand, with bounds, when they start from nothing."""
    return tuple(proven(each) for each in _placings(world, staffing, terms, wishes, rounds, ()))


def _placings(
    world: World,
    staffing: StaffingResult,
    terms: PatrolTerms,
    wishes: PatrolWishes,
    rounds: int,
    earlier: tuple[PatrolPlacing, ...],
) -> tuple[PatrolPlacing, ...]:
    """Where the staffed units of each type stand; a change budget is split by unit-hours."""
    found = []
    for row, unit in enumerate(world.force.unit_types):
        asked = wishes
        if wishes.given is not None and wishes.max_changes is not None:
            unit_hours = wishes.given.sum(axis=(1, 2)).astype(np.float64)
            budget = proportional_units(unit_hours, wishes.max_changes)
            asked = replace(wishes, max_changes=int(budget[row]))
        found.append(
            place_units(
                world.situation,
                unit,
                wishes.pool_units(staffing.units_available[row]),
                terms,
                rounds=rounds,
                wishes=asked,
                kind=row,
                earlier=earlier[row] if earlier else None,
            )
        )
    return tuple(found)
