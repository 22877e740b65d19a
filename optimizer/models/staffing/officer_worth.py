"""Worth of officers around a staffing: prices of the street model, and ten of them solved anew.

With the roster as it is, what officers on the street give a district is a linear model of its
own, concave in their number. Its prices say what one officer more is worth and bound what ten
give or take, so that the ten best and the ten least missed are found exactly although only the
few changes that the bounds cannot rule out are solved.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.staffing_value import idle_value
from optimizer.models.solver import LinearModel, SolverOptions, minimise
from optimizer.models.staffing.districts import street_shares
from optimizer.models.staffing.limits import ShiftLimits, shift_limits
from optimizer.models.staffing.staffing import value_bound
from optimizer.models.staffing.street import add_street, post_hours, street_supply
from optimizer.models.staffing.value_curves import ValueCurve, value_curve
from optimizer.officer_worth import STEP, OfficerChange, OfficerWorth, StrengthCheck, Worth
from optimizer.plan import Roster
from optimizer.staffing_input import StaffingProblem

LISTED = 10
"""Changes that are solved and told, of each direction."""

SAMPLE = 1
"""Figures of the strength that are checked; each takes a linear model of the whole city."""

NEGLIGIBLE = 1e-6
"""Weighted call-minutes below which figures are alike and not worth checking."""


@dataclass(frozen=True)
class StreetUse:
    """Best use of the officers on a district's street, in parts of whole crews.

    `value` in weighted call-minutes is that of units (`call_min`), posts and visits; hours are
    officer-hours. `price[force, column]` is what one officer more in the supply of `add_street`
    adds.
    """

    value: float
    call_min: float
    post_hours: float
    visit_hours: float
    price: NDArray[np.float64]


@dataclass(frozen=True)
class Around:
    """A staffing with what changes of it are valued from.

    `supply[district, force, column]` are officers on the street and those who go home from it,
    `share[instance, column]` the part of a shift that is there, `spare[district, force, hour]`
    officers on duty beyond the order (negative below it), `own[district, force, instance]`
    rostered ones that are not lent; `use` by district.
    """

    problem: StaffingProblem
    limits: ShiftLimits
    curves: dict[str, ValueCurve]
    supply: NDArray[np.float64]
    share: NDArray[np.float64]
    spare: NDArray[np.int64]
    own: NDArray[np.int64]
    use: tuple[StreetUse, ...]

    def open_shifts(self) -> NDArray[np.bool_]:
        """Shifts that officers of a district's force could work, `[district, force, instance]`."""
        problem = self.problem
        useful = problem.may("respond") | problem.may("post") | problem.may("patrol")
        present = (problem.district_headcount() > 0) & useful
        return np.asarray(
            present[..., None] & self.limits.force_allowed() & (self.limits.hours > 0)
        )

    def ordered_hours(self, officers: int) -> NDArray[np.float64]:
        """Ordered officer-hours that a change fills or empties, `[d, force, instance, hour]`."""
        if officers > 0:
            filled = np.minimum(officers, np.maximum(-self.spare, 0))
        else:
            missed = -officers - np.maximum(self.spare, 0)
            filled = -np.clip(missed, 0, self.problem.ordered())
        return np.asarray(filled[:, :, None, :] * self.limits.street)

    def duty_value(self, officers: int) -> NDArray[np.float64]:
        """Orders met less the cost of being on duty, `[district, force, instance]`."""
        cost = self.problem.officer_hour_cost * officers * self.limits.hours
        filled = self.ordered_hours(officers)
        met = np.einsum("dfih,dh->dfi", filled, self.problem.order_price())
        return np.asarray(met - cost)

    def street_price(self) -> NDArray[np.float64]:
        """Worth of one officer of a shift on the street, `[district, force, instance]`."""
        return np.stack([use.price for use in self.use]) @ self.share.T

    def bound(self, officers: int) -> NDArray[np.float64]:
        """No change of so many officers is worth more, `[district, force, instance]`."""
        return officers * self.street_price() + self.duty_value(officers)

    def use_with(
        self, district: int, force: int, share: NDArray[np.float64], officers: int
    ) -> StreetUse:
        """Best use of a district's street with officers more, `share[column]` of them there."""
        supply = self.supply[district].copy()
        supply[force] = np.maximum(supply[force] + officers * share, 0.0)
        return street_use(self.problem, self.curves, district, supply)

    def change(self, district: int, force: int, instance: int, officers: int) -> OfficerChange:
        """A change with its worth, the district's street solved anew."""
        after = self.use_with(district, force, self.share[instance], officers)
        before, sign = self.use[district], 1.0 if officers > 0 else -1.0
        ordered = float(self.ordered_hours(officers)[district, force, instance].sum())
        duty = float(self.duty_value(officers)[district, force, instance])
        worth = Worth(
            call_min=sign * (after.call_min - before.call_min),
            post_hours=sign * (after.post_hours - before.post_hours),
            visit_hours=sign * (after.visit_hours - before.visit_hours),
            ordered_hours=sign * ordered,
            street=sign * (after.value - before.value),
            total=sign * (after.value - before.value + duty),
        )
        return OfficerChange(district, force, instance, officers, worth)


def around(problem: StaffingProblem, roster: Roster) -> Around:
    """The street of every district as the roster has it, with its prices."""
    limits = shift_limits(problem)
    curves = {kind: value_curve(gain) for kind, gain in problem.unit_gain.items()}
    supply = street_supply(problem, roster)
    own = np.zeros((problem.n_districts, *roster.officers.shape[1:]), dtype=np.int64)
    np.add.at(own, problem.station_district, roster.officers)
    on_duty = own @ limits.active.astype(np.int64)
    for loan in roster.loans:
        own[loan.from_district, problem.force.index(loan.force_id), loan.instance] -= loan.officers
    return Around(
        problem,
        limits,
        curves,
        supply,
        street_shares(problem, limits),
        on_duty - problem.ordered(),
        own,
        tuple(street_use(problem, curves, d, supply[d]) for d in range(problem.n_districts)),
    )


def street_use(
    problem: StaffingProblem,
    curves: dict[str, ValueCurve],
    district: int,
    supply: NDArray[np.float64],
) -> StreetUse:
    """Best use of a district's `supply[force, column]` of `add_street`."""
    model = LinearModel()
    columns = add_street(model, problem, curves, district, supply, integer=False)
    solution = minimise(model, SolverOptions(), duals=True)
    fills, on_posts, post_value = solution.at(columns.fills), 0.0, 0.0
    for row, post in enumerate(columns.posts):
        need = problem.requirement.posts[post]
        span = post_hours(need, problem.horizon_hours)
        hours = float(fills[row].sum()) * (span.stop - span.start)
        on_posts += hours
        post_value += problem.post_penalty[need.priority] * hours
    visits = float(solution.at(columns.visits).sum())
    value = -solution.cost
    call_min = value - post_value - problem.visit_penalty * visits
    return StreetUse(value, call_min, on_posts, visits, columns.price(solution.prices))


def officer_worth(plan: Around, *, sample: int = SAMPLE, seed: int = 0) -> OfficerWorth:
    """What officers more buy and officers fewer take, `around` a staffing.

    `sample` figures of the strength, drawn with `seed`, are checked by solving again.
    """
    problem, possible = plan.problem, plan.open_shifts()
    first = np.where(possible, plan.bound(1), np.nan)
    strength = _strength(plan, possible)
    return OfficerWorth(
        first,
        strength,
        _ranked(plan, STEP, possible),
        _ranked(plan, -STEP, possible & (plan.own >= STEP) & _whole_shifts(problem)),
        _checked(problem, strength, sample, seed),
    )


def _whole_shifts(problem: StaffingProblem) -> NDArray[np.bool_]:
    """Shifts that lie in the horizon: what others do outside it is not seen, `[instance]`."""
    hours = problem.horizon_hours
    return np.array([0 <= one.start_h and one.end_h <= hours for one in problem.instances])


def _ranked(plan: Around, officers: int, possible: NDArray[np.bool_]) -> tuple[OfficerChange, ...]:
    """The `LISTED` changes that are worth most to make, proved by the bounds of the others."""
    bound, sign = plan.bound(officers), 1.0 if officers > 0 else -1.0
    rows = np.argwhere(possible)
    found: list[OfficerChange] = []
    for number in np.argsort(-bound[possible], kind="stable"):
        district, force, instance = rows[number].tolist()
        least = sign * found[-1].worth.total if len(found) == LISTED else -np.inf
        if least + NEGLIGIBLE >= bound[district, force, instance]:
            break
        found.append(plan.change(district, force, instance, officers))
        found = sorted(found, key=lambda change: -sign * change.worth.total)[:LISTED]
    return tuple(found)


def _strength(plan: Around, possible: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Most that `STEP` officers on the strength can work at the prices, for one of them.

    They are ordered on duty by their share too, so that every ordered hour they work counts; they
    are spread evenly over the teams of the force.
    """
    limits, problem, model = plan.limits, plan.problem, LinearModel()
    ordered = (problem.ordered() > 0) * problem.order_price()[:, None]
    worth = plan.street_price() + (ordered - problem.officer_hour_cost) @ limits.street.T
    size = np.array([STEP / team.of for team in problem.teams.teams])
    may = possible[:, limits.force] & limits.allowed
    of_team = np.where(may, worth[:, limits.force], 0.0)
    columns = model.add_columns(np.where(may, size[:, None], 0.0), -of_team, of_team.shape)
    for rules, member, strength in (
        (limits.teams, np.arange(len(size)), size),
        (limits.forces, limits.force, np.full(worth.shape[1], float(STEP))),
    ):
        most = rules.share * rules.each * strength[:, None]
        rows = model.add_rows(-np.inf, most, most.shape)
        counts, instance = np.nonzero(rules.pattern)
        times = rules.pattern[counts, instance]
        model.add_entries(rows[:, member][..., counts], columns[..., instance], times)
    total = np.zeros(worth.shape[:2])
    worked = (minimise(model, SolverOptions()).at(columns) * of_team).sum(axis=2)
    for team, force in enumerate(limits.force):
        total[:, force] += worked[:, team] / STEP
    return np.where(possible.any(axis=2), total, np.nan)


def _checked(
    problem: StaffingProblem,
    strength: NDArray[np.float64],
    sample: int,
    seed: int,
) -> tuple[StrengthCheck, ...]:
    """Sampled figures beside what the bounds of the staffing differ by with these officers."""
    known = np.argwhere(np.nan_to_num(strength) > NEGLIGIBLE)
    drawn = np.random.default_rng(seed).permutation(len(known))[:sample]
    found, before = [], value_bound(problem) - idle_value(problem) if len(drawn) else 0.0
    for district, force in known[np.sort(drawn)].tolist():
        more = with_more(problem, district, force, STEP)
        gained = value_bound(more) - idle_value(more) - before
        told = STEP * float(strength[district, force])
        found.append(StrengthCheck(district, force, told, gained))
    return tuple(found)


def with_more(
    problem: StaffingProblem, district: int, force: int, officers: int
) -> StaffingProblem:
    """The problem with more officers at the district's home that has most of the force."""
    homes = problem.stations_of(district)
    headcount = problem.force.headcount.copy()
    headcount[homes[np.argmax(headcount[homes, force])], force] += officers
    return replace(problem, force=replace(problem.force, headcount=headcount))
