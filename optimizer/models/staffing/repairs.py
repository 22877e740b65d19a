"""The cheapest repairs of a short staffing, each staffed again to see that it works.

A repair relaxes one rule of the problem, or drops a post, and leaves all else. It is priced by
the people whom the relaxation touches in the new staffing and not by what the relaxed problem is
worth more, which is never negative.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.donors import floor_room, share_room
from optimizer.judges.shortages import HARD, Shortage, ShortageKind, hours_short, shortages
from optimizer.levels import LEVELS
from optimizer.models.staffing.apportion import apportion
from optimizer.models.staffing.limits import shift_limits
from optimizer.models.staffing.staffing import staff
from optimizer.repairs import Repair, RepairKind
from optimizer.requirement import PostNeed
from optimizer.shifts import Shift, ShiftInstance
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

LISTED = 3
"""Repairs that are told."""

SHIFT_HOURS = 8
"""Length of a shift that is added (assumption)."""

LEAST_SHARE = 1e-9
"""On-duty share that stands for nobody."""

GIVEN_WAY = 0.1
"""Share by which a donor limit gives way (assumption)."""


@dataclass(frozen=True)
class Touched:
    """Whom a repair touches, for how many officer-hours, at what price."""

    people: int
    officer_hours: float
    price: float


@dataclass(frozen=True)
class Candidate:
    """A relaxed problem, and whom a staffing of it touches."""

    kind: RepairKind
    what: str
    problem: StaffingProblem
    touched: Callable[[StaffingResult], Touched]


def cheapest_repairs(problem: StaffingProblem, staffing: StaffingResult) -> tuple[Repair, ...]:
    """The `LISTED` repairs that mend an officer-hour for the least, those that mend nothing out.

    Posts, presence and visits are to be mended; where none of them is short, orders are.
    """
    found = shortages(problem, staffing)
    kinds = mended_kinds(found)
    before = hours_short(found)
    tried = [tried_repair(one, before) for one in candidates(problem, found)]
    working = [one for one in tried if one.mended(kinds) >= 1.0]
    return tuple(sorted(working, key=lambda one: one.price / one.mended(kinds))[:LISTED])


def mended_kinds(found: tuple[Shortage, ...]) -> tuple[str, ...]:
    """Kinds of shortage that repairs are to mend."""
    hard = any(one.kind in HARD for one in found)
    return tuple(HARD) if hard else (ShortageKind.ORDER,)


def tried_repair(candidate: Candidate, before: dict[ShortageKind, float]) -> Repair:
    """A repair with what is short once the relaxed problem is staffed."""
    result = staff(candidate.problem)
    touched = candidate.touched(result)
    after = hours_short(shortages(candidate.problem, result))
    return Repair(
        candidate.kind,
        candidate.what,
        touched.people,
        touched.officer_hours,
        touched.price,
        {kind.value: hours for kind, hours in before.items()},
        {kind.value: hours for kind, hours in after.items()},
    )


def candidates(problem: StaffingProblem, found: tuple[Shortage, ...]) -> list[Candidate]:
    """Relaxations that could mend the shortages, none where nothing is short.

    Loans, other pools and dropped posts put nobody on duty whom a level orders.
    """
    if not found:
        return []
    always = [*_one_more_shift(problem, found[0]), _less_rest(problem), *_no_leave(problem)]
    hard = tuple(one for one in found if one.kind in HARD)
    if not hard:
        return always
    several = problem.n_districts > 1
    return [
        *always,
        *([_wider_share(problem)] if several and problem.donor_max_share < 1.0 else []),
        *([_lower_floor(problem)] if several and problem.donor_floor > 0.0 else []),
        *_opened_pools(problem, hard),
        *_dropped_post(problem, hard[0]),
    ]


def _one_more_shift(problem: StaffingProblem, worst: Shortage) -> list[Candidate]:
    """A shift that starts with the worst shortage, where there is none of that length yet."""
    start = worst.from_hour
    if any(one.start_h == start and one.end_h - start == SHIFT_HOURS for one in problem.instances):
        return []
    rest = problem.rules.min_rest_h
    shift = Shift("added", "Added shift", "增设班次", 0, SHIFT_HOURS, 1.0, rest, 1.0)
    added = ShiftInstance(shift, start, start + SHIFT_HOURS)
    more = tuple(
        sorted((*problem.instances, added), key=lambda one: (one.start_h, one.shift.shift_id))
    )
    number = more.index(added)
    hours = int(added.on_duty(problem.horizon_hours).sum())

    def touched(result: StaffingResult) -> Touched:
        people = int(result.roster.officers[:, :, number].sum())
        return Touched(people, people * hours, problem.overtime_cost * people * hours)

    return [Candidate(RepairKind.SHIFT, str(start), replace(problem, instances=more), touched)]


def _less_rest(problem: StaffingProblem) -> Candidate:
    """Every rest is an hour shorter; touched are the officers whom the old rests would not free."""
    shorter = tuple(
        replace(one, shift=replace(one.shift, rest_after_h=max(one.shift.rest_after_h - 1.0, 0.0)))
        for one in problem.instances
    )
    rules = replace(problem.rules, min_rest_h=max(problem.rules.min_rest_h - 1.0, 0.0))
    limits = shift_limits(problem)
    caps = limits.teams.station_caps()

    def touched(result: StaffingResult) -> Touched:
        beyond = result.roster.by_team @ limits.teams.pattern.T - caps
        people = int(np.maximum(beyond.max(axis=2), 0).sum())
        return Touched(people, people, problem.overtime_cost * people)

    return Candidate(RepairKind.REST, "", replace(problem, instances=shorter, rules=rules), touched)


def _no_leave(problem: StaffingProblem) -> list[Candidate]:
    """Leave quotas given up; touched are the officers on duty beyond what they allowed."""
    if not problem.leave:
        return []
    limits = shift_limits(problem)
    caps = limits.teams.station_caps()
    hours = sum(quota.to_h - quota.from_h for quota in problem.leave) / len(problem.leave)

    def touched(result: StaffingResult) -> Touched:
        beyond = result.roster.by_team @ limits.teams.pattern.T - caps
        people = int(np.maximum(beyond.max(axis=2), 0).sum())
        return Touched(people, people * hours, problem.overtime_cost * people * hours)

    return [Candidate(RepairKind.LEAVE, "", replace(problem, leave=()), touched)]


def _wider_share(problem: StaffingProblem) -> Candidate:
    share = min(problem.donor_max_share + GIVEN_WAY, 1.0)

    def touched(result: StaffingResult) -> Touched:
        return _lent_beyond(problem, share_room(problem, result.roster))

    return Candidate(RepairKind.SHARE, "", replace(problem, donor_max_share=share), touched)


def _lower_floor(problem: StaffingProblem) -> Candidate:
    floor = max(problem.donor_floor - GIVEN_WAY, 0.0)

    def touched(result: StaffingResult) -> Touched:
        return _lent_beyond(problem, floor_room(problem, result.roster))

    return Candidate(RepairKind.FLOOR, "", replace(problem, donor_floor=floor), touched)


def _lent_beyond(problem: StaffingProblem, room: NDArray[np.int64]) -> Touched:
    """Officers lent where there was no `room[..., hour]` under the old limit."""
    beyond = np.maximum(-room, 0)
    hours = int(beyond.sum())
    return Touched(int(beyond.max(axis=-1).sum()), hours, problem.loan_cost * hours)


def _opened_pools(problem: StaffingProblem, found: tuple[Shortage, ...]) -> list[Candidate]:
    """Each pool that is closed in some hour, open in all of them; a protected one by relaxation.

    Of a pool that is closed in every hour no more people are drawn on than the districts lack.
    """
    candidates_found = []
    before = shift_limits(problem).force_allowed()
    for row, kind in enumerate(problem.force.types):
        protected = kind.pool_from_level == "never"
        open_in = problem.in_force.is_open(kind.pool_from_level)
        useful = kind.respond or kind.post or kind.patrol
        if open_in.all() or not useful or (protected and problem.protected_relaxed):
            continue
        headcount = problem.force.headcount.copy()
        if not open_in.any():
            headcount[:, row] = _people_wanted(problem, found, row)
        if not headcount[:, row].any():
            continue
        level = kind.pool_from_level if protected else LEVELS[0]
        types = tuple(
            replace(one, pool_from_level=level) if one == kind else one
            for one in problem.force.types
        )
        opened = replace(
            problem,
            force=replace(problem.force, types=types, headcount=headcount),
            protected_relaxed=problem.protected_relaxed or protected,
        )
        touched = _drawn_on(problem, row, before[:, row])
        candidates_found.append(Candidate(RepairKind.POOL, kind.force_id, opened, touched))
    return candidates_found


def _people_wanted(
    problem: StaffingProblem, found: tuple[Shortage, ...], force: int
) -> NDArray[np.int64]:
    """People of a force who could fill all that their district lacks, `[station]`."""
    lacking = np.zeros(problem.n_districts)
    for one in found:
        lacking[one.district] += max(one.most, one.officer_hours / SHIFT_HOURS)
    share = float(problem.in_force.figure(problem.levels, "on_duty_share").min())
    people = np.ceil(lacking / max(share, LEAST_SHARE)).astype(np.int64)
    wanted = np.zeros(problem.n_stations, dtype=np.int64)
    for district in np.flatnonzero(people).tolist():
        homes = problem.stations_of(district)
        there = problem.force.headcount[homes, force]
        wanted[homes] = apportion(int(people[district]), there, there)
    return wanted


def _drawn_on(
    problem: StaffingProblem, force: int, before: NDArray[np.bool_]
) -> Callable[[StaffingResult], Touched]:
    """Officers of a force on shifts that were not open to it `before[district, instance]`."""

    def touched(result: StaffingResult) -> Touched:
        officers = result.roster.officers[:, force]
        people = np.where(before[problem.station_district], 0, officers).sum(axis=0)
        hours = np.stack([one.on_duty(problem.horizon_hours) for one in problem.instances])
        worked = float(people @ hours.sum(axis=1))
        return Touched(int(people.sum()), worked, problem.overtime_cost * worked)

    return touched


def _dropped_post(problem: StaffingProblem, worst: Shortage) -> list[Candidate]:
    """The block of posts that counts least beside the worst shortage, given up."""
    beside = [
        need
        for need in problem.requirement.posts
        if need.district == worst.district
        and need.required
        and need.from_hour < worst.to_hour
        and worst.from_hour < need.to_hour
    ]
    if not beside:
        return []
    least = min(beside, key=lambda need: _post_price(problem, need))
    posts = tuple(need for need in problem.requirement.posts if need != least)
    hours = float(least.required * (least.to_hour - least.from_hour))

    def touched(result: StaffingResult) -> Touched:
        return Touched(least.required, hours, _post_price(problem, least))

    asked = replace(problem.requirement, posts=posts)
    dropped = replace(problem, requirement=asked)
    return [Candidate(RepairKind.POST, least.post_id, dropped, touched)]


def _post_price(problem: StaffingProblem, need: PostNeed) -> float:
    """What a block of posts counts when nobody is there."""
    hours = need.to_hour - need.from_hour
    return problem.post_penalty[need.priority] * need.required * hours
