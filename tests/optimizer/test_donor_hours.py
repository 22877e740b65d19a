"""What lending leaves at home by hour: officers by hand, service against that of the judge."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.judges.donor_hours import LenderHours, lender_hours, officers_lent
from optimizer.judges.donors import command_service
from optimizer.judges.evaluation import evaluate
from optimizer.plan import Deployment, Loan, Roster
from optimizer.shifts import Shift, ShiftInstance
from tests.optimizer.tiny_city import TERMS, tiny_city, tiny_force


def roster(*loans: Loan) -> Roster:
    """Two shifts, one in each hour."""
    shift = Shift("hour", "Hour", "小时", 0, 1, 1.0, 11.0, 1.0)
    instances = tuple(ShiftInstance(shift, hour, hour + 1) for hour in range(2))
    return Roster(instances, np.zeros((2, 1, 2)), loans, np.zeros((2, 2)))


def test_officers_away_add_up_by_borrower_and_hour() -> None:
    lent = roster(
        Loan("cops", 0, 2, 0, 4),
        Loan("cops", 0, 1, 1, 3),
        Loan("cops", 0, 2, 1, 1),
        Loan("cops", 1, 0, 0, 9),
    )
    to, officers = officers_lent(lent, 0, 2)
    assert to == (1, 2)
    assert officers.tolist() == [[0, 3], [4, 1]]


def test_service_by_hour_is_that_of_the_command() -> None:
    situation = tiny_city()
    units = np.zeros((1, 4, 2), dtype=np.int64)
    units[0, 1] = 8
    planned = evaluate(situation, tiny_force(), Deployment(("car",), units, ()), terms=TERMS)
    units[0, 0] = 8
    home = evaluate(situation, tiny_force(), Deployment(("car",), units, ()), terms=TERMS)
    (found,) = lender_hours(situation, roster(Loan("cops", 0, 1, 0, 2)), planned, home)
    assert (found.command, found.to, found.lent.tolist()) == (0, (1,), [[2, 0]])
    for hour in range(2):
        inside = np.arange(2) == hour
        kept, at_home = (
            command_service(situation, judged, 0, inside) for judged in (planned, home)
        )
        assert found.covered[hour] == pytest.approx(kept.covered, abs=1e-6)
        assert found.covered_at_home[hour] == pytest.approx(at_home.covered, abs=1e-6)
        assert found.p90_min[hour] == pytest.approx(kept.p90_min, abs=1e-6)
        assert found.p90_at_home_min[hour] == pytest.approx(at_home.p90_min, abs=1e-6)
    assert (found.covered_at_home > found.covered).all()


def test_nobody_lends_without_loans() -> None:
    situation = tiny_city()
    units = np.ones((1, 4, 2), dtype=np.int64)
    judged = evaluate(situation, tiny_force(), Deployment(("car",), units, ()), terms=TERMS)
    assert lender_hours(situation, roster(), judged, judged) == ()


def test_lists_of_other_lengths_are_refused() -> None:
    sound = LenderHours(0, (1,), np.zeros((1, 2)), *(np.zeros(2) for _ in range(4)))
    with pytest.raises(ValueError, match="p90_min has shape"):
        replace(sound, p90_min=np.zeros(3))
