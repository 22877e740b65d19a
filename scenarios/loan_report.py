"""Loans between commands as a table and in the summary: who comes from where, and when."""

import math
from collections import defaultdict
from datetime import datetime, timedelta

import pandas as pd

from geodata.horizon import Horizon
from optimizer.judges.loan_times import LoanTimes, loan_times
from optimizer.judges.shortages import Shortage, ShortageKind
from optimizer.plan import Loan, Roster
from optimizer.staffing_input import StaffingProblem
from scenarios.world import World

LISTED = 5
"""Lenders told of each borrower, those of the most officers first."""

Timed = tuple[Loan, LoanTimes]


def home_at(horizon: Horizon, times: LoanTimes) -> datetime:
    """When the officers of a loan are home, begun minutes counted whole."""
    return horizon.at(times.off_h) + timedelta(minutes=math.ceil(times.back_min))


def loans_frame(world: World, problem: StaffingProblem, roster: Roster) -> pd.DataFrame:
    """Officers lent between commands by force and shift, and when they travel and stand there."""
    commands, horizon = world.situation.area.commands, world.situation.horizon
    rows = [
        (
            commands[loan.from_district],
            commands[loan.to_district],
            loan.force_id,
            roster.instances[loan.instance].shift.shift_id,
            horizon.at(roster.instances[loan.instance].start_h).isoformat(),
            horizon.at(roster.instances[loan.instance].end_h).isoformat(),
            loan.officers,
            round(times.there_min, 1),
            horizon.at(times.leaves_h).isoformat(),
            horizon.at(times.on_h).isoformat(),
            horizon.at(times.off_h).isoformat(),
            home_at(horizon, times).isoformat(),
        )
        for loan, times in _timed(problem, roster)
    ]
    columns = (
        "from_command to_command force_id shift_id start end officers "
        "travel_min leaves on_post off_post home"
    )
    return pd.DataFrame(rows, columns=columns.split())


def loans_text(
    world: World, problem: StaffingProblem, roster: Roster, short: tuple[Shortage, ...]
) -> str:
    """Section of the summary: for each borrower its lenders, their way, and what it lacks still."""
    timed = _timed(problem, roster)
    if not timed:
        return "## Who lends\n\nNobody: every command keeps its people."
    area, horizon = world.situation.area, world.situation.horizon
    by_borrower: dict[int, list[Timed]] = defaultdict(list)
    for loan, times in timed:
        by_borrower[loan.to_district].append((loan, times))
    events = _events_of(problem)
    missing = _posts_missing(short)
    ranked = sorted(by_borrower, key=lambda one: (-_officers(by_borrower[one]), one))
    rows = [
        "## Who lends",
        "",
        f"{_officers(timed):,} officer-shifts are lent, {_way(timed):.0f} min away on average by "
        "road (assumed speeds of the hour). They report at home when their shift begins, stand "
        "at the borrower's from the first full hour after the way and are home when it ends. No "
        f"loan is made of a shift that begins within {problem.loan_notice_h:g} h or over more "
        f"than {problem.loan_max_min:g} min, but for those agreed before. `loans.csv` has all.",
        "",
        "| borrower | its events | lenders: officer-shifts, way | first there | last gone | "
        "posts short, officer-hours |",
        "|---|---|---|---|---|---|",
    ]
    for borrower in ranked:
        loans = by_borrower[borrower]
        first = min(times.on_h for _, times in loans)
        last = max(times.off_h for _, times in loans)
        rows.append(
            f"| {area.commands[borrower]} | {', '.join(events.get(borrower, ())) or '-'} | "
            f"{_lenders(area.commands, loans)} | {horizon.at(first):%d %b %H:%M} | "
            f"{horizon.at(last):%d %b %H:%M} | {missing.get(borrower, 0.0):,.0f} |"
        )
    return "\n".join(rows)


def _timed(problem: StaffingProblem, roster: Roster) -> list[Timed]:
    return [(loan, loan_times(problem, loan)) for loan in roster.loans]


def _officers(loans: list[Timed]) -> int:
    return sum(loan.officers for loan, _ in loans)


def _way(loans: list[Timed]) -> float:
    """Mean minutes of the way there over the officers."""
    return sum(loan.officers * times.there_min for loan, times in loans) / _officers(loans)


def _lenders(commands: tuple[str, ...], loans: list[Timed]) -> str:
    """The lenders with officers and minutes; beyond `LISTED` they are counted."""
    found: dict[int, list[Timed]] = defaultdict(list)
    for loan, times in loans:
        found[loan.from_district].append((loan, times))
    ranked = sorted(found, key=lambda one: (-_officers(found[one]), one))
    told = [
        f"{commands[one]} {_officers(found[one]):,} ({_way(found[one]):.0f} min)"
        for one in ranked[:LISTED]
    ]
    more = len(ranked) - LISTED
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _events_of(problem: StaffingProblem) -> dict[int, list[str]]:
    """Events with posts in each command, in the order of their first posts."""
    found: dict[int, list[str]] = defaultdict(list)
    for need in problem.requirement.posts:
        if need.event_en not in found[need.district]:
            found[need.district].append(need.event_en)
    return found


def _posts_missing(short: tuple[Shortage, ...]) -> dict[int, float]:
    """Officer-hours of posts that nobody mans, by command."""
    found: dict[int, float] = defaultdict(float)
    for one in short:
        if one.kind is ShortageKind.POST:
            found[one.district] += one.officer_hours
    return found
