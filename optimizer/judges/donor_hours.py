"""What lending leaves at home, hour by hour: who is away, and the lender's service."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.situation import Situation
from optimizer.judges.donors import command_service
from optimizer.judges.evaluation_result import Evaluation
from optimizer.plan import Roster

DIGITS = 6
"""Decimals of coverage and minutes; a table of them gives the same nouns back."""


@dataclass(frozen=True)
class LenderHours:
    """One command that lends, by hour of the horizon.

    `lent[borrower, hour]` officers away, borrowers in the order of `to`; coverage 0..1 and P90
    minutes of the lender's calls `[hour]` as planned and with all lent officers at home, NaN
    without calls.
    """

    command: int
    to: tuple[int, ...]
    lent: NDArray[np.int64]
    covered: NDArray[np.float64]
    covered_at_home: NDArray[np.float64]
    p90_min: NDArray[np.float64]
    p90_at_home_min: NDArray[np.float64]

    def __post_init__(self) -> None:
        hours = len(self.covered)
        lent = frozen_array(self.lent, np.int64, (len(self.to), hours), "lent")
        object.__setattr__(self, "lent", lent)
        for name in ("covered", "covered_at_home", "p90_min", "p90_at_home_min"):
            array = frozen_array(getattr(self, name), np.float64, (hours,), name)
            object.__setattr__(self, name, array)


def lender_hours(
    situation: Situation, roster: Roster, evaluation: Evaluation, at_home: Evaluation
) -> tuple[LenderHours, ...]:
    """Every command that lends, in its order; `at_home` is the night with all lent at home."""
    found = []
    for command in lending_commands(roster):
        to, lent = officers_lent(roster, command, situation.horizon.hours)
        kept, home = (_services(situation, judged, command) for judged in (evaluation, at_home))
        found.append(LenderHours(command, to, lent, kept[0], home[0], kept[1], home[1]))
    return tuple(found)


def lending_commands(roster: Roster) -> list[int]:
    """Commands that lend officers, ascending."""
    return sorted({loan.from_district for loan in roster.loans})


def officers_lent(
    roster: Roster, command: int, hours: int
) -> tuple[tuple[int, ...], NDArray[np.int64]]:
    """Commands that borrow from one, ascending, and the officers away, `[borrower, hour]`."""
    loans = [loan for loan in roster.loans if loan.from_district == command]
    to = tuple(sorted({loan.to_district for loan in loans}))
    lent = np.zeros((len(to), hours), dtype=np.int64)
    for loan in loans:
        active = roster.instances[loan.instance].on_duty(hours)
        lent[to.index(loan.to_district)] += loan.officers * active
    return to, lent


def _services(
    situation: Situation, evaluation: Evaluation, command: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and P90 of the command's calls, each `[hour]`."""
    hours = np.arange(situation.horizon.hours)
    found = [command_service(situation, evaluation, command, hours == hour) for hour in hours]
    covered = np.array([service.covered for service in found])
    p90_min = np.array([service.p90_min for service in found])
    return covered.round(DIGITS), p90_min.round(DIGITS)
