"""Loans agreed before the plan: made as far as the rules allow, told where they are not."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.faults import BadInput, FaultLog
from geodata.horizon import Horizon
from optimizer.judges.rules import staffing_violations
from optimizer.judges.shortages import ShortageKind, shortages
from optimizer.judges.staffing_value import agreed_short
from optimizer.loan_file import read_agreed_loans
from optimizer.models.solver import SolverOptions
from optimizer.models.staffing import staffing as staffing_model
from optimizer.models.staffing.staffing import staff
from optimizer.plan import Loan
from optimizer.shifts import ShiftInstance
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.staffing_cases import city, duty, kind, post, shift, town

COPS = kind("cops")
EXACT = SolverOptions(relative_gap=0.0, nodes=100_000)


def two(agreed: tuple[Loan, ...], **terms: object) -> StaffingProblem:
    """Ten officers in each of two districts, a post in the first that wants them all."""
    facts = {"donor_max_share": 0.5, "donor_floor": 0.0} | terms
    return town(
        [[10], [10]],
        (COPS,),
        (duty(0, 4),),
        station_district=[0, 1],
        posts=(post("A", (0, 4), 10), post("B", (0, 4), 1, district=1)),
        agreed=agreed,
        **facts,
    )


def test_an_agreed_loan_is_made_although_the_lender_needs_its_people() -> None:
    problem = two((Loan("cops", 0, 1, 0, 3),), agreed_penalty=1e4)
    result = staff(problem, EXACT)
    assert result.roster.loans == (Loan("cops", 0, 1, 0, 3),)
    assert result.posts.have() == {"A": 7, "B": 1}
    assert staffing_violations(problem, result) == ()
    assert result.bound == pytest.approx(result.value)


def test_what_the_donor_share_forbids_is_short_and_told() -> None:
    problem = two((Loan("cops", 0, 1, 0, 8),), agreed_penalty=1e4)
    result = staff(problem, EXACT)
    assert agreed_short(problem, result.roster).tolist() == [3]
    (told,) = (one for one in shortages(problem, result) if one.kind is ShortageKind.LOAN)
    assert (told.district, told.what, told.most, told.officer_hours) == (0, "cops", 3.0, 12.0)
    assert told.price == 12.0 * 1e4
    assert staffing_violations(problem, result) == ()


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.integers(0, 99), st.integers(1, 400))
def test_a_city_keeps_its_rules_and_its_bound(seed: int, officers: int) -> None:
    problem = city(districts=3, stations=3, scale=0.05, seed=seed)
    agreed = (
        Loan("traffic", 0, 1, 3, officers),
        Loan("traffic", 0, 2, 3, 2),
        Loan("station_response", 2, 0, 5, officers),
    )
    asked = replace(problem, agreed=agreed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staffing_model, "EXACT_UP_TO", 0)
        result = staff(asked)
    assert staffing_violations(asked, result) == ()
    assert result.value <= result.bound + 1e-6
    assert (agreed_short(asked, result.roster) >= 0).all()


def test_loans_within_a_district_are_refused() -> None:
    with pytest.raises(BadInput, match="agreed loan"):
        two((Loan("cops", 0, 0, 0, 3),))


AREA = StudyArea(
    "EPSG:32651",
    "Asia/Shanghai",
    tuple(District(f"D{n}", f"Name {n}", f"名{n}", box(n, 0, n + 1, 1)) for n in range(3)),
)
HORIZON = Horizon(datetime(2027, 2, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai")), 24)
LATE = (ShiftInstance(shift("late", 18, 8), 6, 14),)


def read(path: Path, rows: list[str]) -> tuple[Loan, ...]:
    file = path / "loans.csv"
    header = "force_id,from_district,to_district,shift_id,day,officers"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    faults = FaultLog()
    head = {"cops": np.array([5, 5, 5])}
    found = read_agreed_loans(file, AREA, HORIZON, LATE, head, faults)
    faults.raise_if_any()
    return found


def test_agreed_loans_are_read(tmp_path: Path) -> None:
    rows = ["cops,D0,D1,late,2027-02-05,3", "cops,D0,D2,late,2027-02-05,1"]
    assert read(tmp_path, rows) == (Loan("cops", 0, 1, 0, 3), Loan("cops", 0, 2, 0, 1))


def test_a_circle_of_loans_is_refused(tmp_path: Path) -> None:
    rows = [f"cops,D{n},D{(n + 1) % 3},late,2027-02-05,1" for n in range(3)]
    with pytest.raises(BadInput, match="circle") as caught:
        read(tmp_path, rows)
    (fault,) = caught.value.faults
    assert str(fault.value).count("->") == 3


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    rows = [
        "navy,D0,D1,late,2027-02-05,3",
        "cops,D9,D1,late,2027-02-05,3",
        "cops,D0,D1,early,2027-02-05,3",
        "cops,D0,D1,late,2027-02-09,3",
        "cops,D1,D1,late,2027-02-05,3",
        "cops,D0,D1,late,2027-02-05,-3",
        "cops,D0,D1,late,2027-02-05,6",
    ]
    with pytest.raises(BadInput) as caught:
        read(tmp_path, rows)
    assert len(caught.value.faults) == 7
