"""The table of the lenders: written, read back the same, refused where it is not whole."""

from pathlib import Path

import numpy as np
import pytest

from geodata.faults import FaultLog
from optimizer.judges.donor_hours import LenderHours
from optimizer.plan import Loan, Roster
from optimizer.shifts import Shift, ShiftInstance
from scenarios.lender_table import FIGURES, LENDERS, lenders_frame, read_lenders
from tests.optimizer.tiny_city import tiny_city

SITUATION = tiny_city()


def roster() -> Roster:
    shift = Shift("both", "Both", "两小时", 0, 2, 1.0, 11.0, 1.0)
    loans = (Loan("cops", 0, 1, 0, 4),)
    instances = (ShiftInstance(shift, 0, 2),)
    return Roster(instances, np.zeros((2, 1, 1)), loans, np.zeros((2, 2)))


def lender() -> LenderHours:
    return LenderHours(
        0,
        (1,),
        np.array([[4, 4]]),
        np.array([0.123457, np.nan]),
        np.array([1.0, np.nan]),
        np.array([2.7, np.nan]),
        np.array([np.inf, np.nan]),
    )


def written(folder: Path) -> Path:
    frame = lenders_frame(SITUATION, (lender(),))
    path = folder / f"{LENDERS}.csv"
    frame.to_csv(path, index=False, float_format="%.9g", lineterminator="\n")
    return path


def test_lenders_come_back_as_they_were(tmp_path: Path) -> None:
    written(tmp_path)
    faults = FaultLog()
    (found,) = read_lenders(tmp_path, SITUATION, roster(), faults)
    faults.raise_if_any()
    assert (found.command, found.to, found.lent.tolist()) == (0, (1,), [[4, 4]])
    for name in FIGURES:
        np.testing.assert_array_equal(getattr(found, name), getattr(lender(), name))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("0.123457", "much", "covered is no number"),
        ("2.7", "two", "p90_min is no number"),
        ("\nWest", "\nNorth", "rows that are not those of the lenders"),
    ],
)
def test_a_table_that_was_edited_is_refused(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    path = written(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    faults = FaultLog()
    read_lenders(tmp_path, SITUATION, roster(), faults)
    assert any(told in str(fault) for fault in faults.faults)


def test_rows_that_are_missing_are_told(tmp_path: Path) -> None:
    path = written(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    faults = FaultLog()
    assert read_lenders(tmp_path, SITUATION, roster(), faults) == ()
    assert "1 rows" in str(faults.faults[0])
