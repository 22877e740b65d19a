"""Rules of which loans may be made: travel, notice, lenders. Checked without model or solver.

What was agreed before the plan needs no notice and may come from anywhere that leaves an hour of
the horizon on the borrower's street.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from optimizer.judges.loan_times import EPSILON, loan_times
from optimizer.judges.violation import Violation
from optimizer.plan import Loan
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

Way = tuple[str, int, int, int]


def check_loan_travel(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """A loan leaves at least an hour on the borrower's street, and neither way is too long."""
    found = []
    for loan in staffing.roster.loans:
        where, when = _told(problem, loan)
        hours = int(loan_times(problem, loan).on_street(problem.horizon_hours).sum())
        if hours < 1:
            found.append(Violation("loan travel", where, when, float(hours), 1.0))
    for loan in _not_agreed(problem, staffing):
        where, when = _told(problem, loan)
        times = loan_times(problem, loan)
        longest = max(times.there_min, times.back_min)
        if longest > problem.loan_max_min + EPSILON:
            found.append(Violation("loan travel", where, when, longest, problem.loan_max_min))
    return found


def check_loan_notice(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """No shift of a loan begins earlier than the notice after the horizon's start."""
    found = []
    for loan in _not_agreed(problem, staffing):
        begins = problem.instances[loan.instance].start_h
        if begins < problem.loan_notice_h - EPSILON:
            where, when = _told(problem, loan)
            found.append(
                Violation("loan notice", where, when, float(begins), problem.loan_notice_h)
            )
    return found


def check_loan_lenders(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Fewer districts than `loan_lenders` are nearer to the borrower when the shift begins.

    Borrowers whose posts ask for more than an hour a day of each of their people are free.
    """
    found = []
    for loan in _not_agreed(problem, staffing):
        own = loan_times(problem, loan).there_min
        others = set(range(problem.n_districts)) - {loan.from_district, loan.to_district}
        ways = (loan_times(problem, replace(loan, from_district=other)) for other in others)
        nearer = sum(way.there_min < own - EPSILON for way in ways)
        if nearer >= problem.loan_lenders and not _much_asked(problem, loan.to_district):
            where, when = _told(problem, loan)
            most = float(problem.loan_lenders - 1)
            found.append(Violation("loan lenders", where, when, float(nearer), most))
    return found


def _much_asked(problem: StaffingProblem, district: int) -> bool:
    """Whether posts ask for more than an hour a day of each of a district's people."""
    asked = sum(
        need.required * (need.to_hour - need.from_hour)
        for need in problem.requirement.posts
        if need.district == district
    )
    people = int(problem.force.headcount[problem.stations_of(district)].sum())
    return asked * 24.0 > people * problem.horizon_hours


def _not_agreed(problem: StaffingProblem, staffing: StaffingResult) -> Iterator[Loan]:
    """Loans of more officers than were agreed over their way; of several alike the last ones."""
    agreed = Counter[Way]()
    for loan in problem.agreed:
        agreed[_way(loan)] += loan.officers
    for loan in staffing.roster.loans:
        agreed[_way(loan)] -= loan.officers
        if agreed[_way(loan)] < 0:
            yield loan


def _way(loan: Loan) -> Way:
    return loan.force_id, loan.from_district, loan.to_district, loan.instance


def _told(problem: StaffingProblem, loan: Loan) -> tuple[str, str]:
    where = f"district {loan.from_district} to {loan.to_district}, {loan.force_id}"
    return where, problem.instances[loan.instance].label
