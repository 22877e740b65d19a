"""A town whose east lends to its west: the donor view and the marginal officers of its run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.judges.shortages import shortages
from optimizer.officer_worth import STEP
from scenarios.donors_report import donors_frame, donors_text
from scenarios.loan_report import loans_frame, loans_text
from scenarios.officers import officers_frame, officers_text
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from tests.scenarios.town import TABLES, Town, write_town

HEADCOUNT = "station_id,force_id,headcount\nS1,officers,12\nS2,officers,80\nS2,auxiliary,40\n"


def lending_town(folder: Path) -> Town:
    """The fair is in the west, nearly everybody in the east; some begin with the horizon."""
    shifts = TABLES["shifts.csv"] + "night_8h,Night,夜班,20,8,1,11,1\n"
    return write_town(folder, {**TABLES, "headcount.csv": HEADCOUNT, "shifts.csv": shifts})


def run_of(folder: Path, *overrides: str) -> Run:
    """The town, in which loans need no notice."""
    quiet = ("simulation.replications=0", "patrol.rounds=1", "staffing.loan_notice_h=0")
    town = lending_town(folder / "town")
    return run_scenario(town.load(*quiet, *overrides), Progress(quiet=True))


@pytest.fixture(scope="module")
def lending(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("lending"))


def frame_of(run: Run) -> pd.DataFrame:
    return donors_frame(run.world, run.problem, run.plan.roster, run.lending)


def test_every_loan_is_a_row_with_the_lender_s_service(lending: Run) -> None:
    table = frame_of(lending)
    loans = lending.plan.roster.loans
    assert len(table) == len(loans) > 0
    assert table["officers"].tolist() == [loan.officers for loan in loans]
    assert set(table["from_command"]) == {"East"}
    assert set(table["from_station_id"]) == {"S2"}
    assert set(table["to_command"]) == {"West"}
    # All shifts that start before the horizon have no hours before them.
    early = pd.to_datetime(table["start"]) <= pd.Timestamp("2027-02-05T20:00+08:00")
    assert table.loc[early, "covered_before"].isna().all()
    assert table["covered_during"].between(0.0, 1.0).all()


def test_crews_at_home_make_the_lender_s_calls_wait_less(lending: Run) -> None:
    table = frame_of(lending)
    crews = table[table["force_id"] == "officers"]
    assert (crews["covered_at_home"] >= crews["covered_during"] - 1e-9).all()
    assert lending.lending is not None
    home, plan = lending.lending.at_home, lending.judged.evaluation
    calls = plan.demand_per_h
    assert (calls * home.mean_min).sum() < (calls * plan.mean_min).sum()


def test_the_summary_tells_what_lending_costs(lending: Run) -> None:
    text = donors_text(lending.world, lending.problem, lending.plan.roster, lending.lending)
    (row,) = [line for line in text.splitlines() if line.startswith("| East")]
    total = sum(loan.officers for loan in lending.plan.roster.loans)
    assert f"West {total}" in row


def test_loans_travel_and_the_table_and_the_summary_say_when(lending: Run) -> None:
    """East is some minutes away: there at 21:00, where the horizon goes on to midnight."""
    table = loans_frame(lending.world, lending.problem, lending.plan.roster)
    assert len(table) > 0
    assert set(table["shift_id"]) == {"night_8h"}
    assert set(table["leaves"]) == {"2027-02-05T20:00:00+08:00"}
    assert set(table["on_post"]) == {"2027-02-05T21:00:00+08:00"}
    assert set(table["off_post"]) == {"2027-02-06T03:00:00+08:00"}
    assert table["travel_min"].between(1.0, 30.0).all()
    home = pd.to_datetime(table["home"])
    assert (home > pd.to_datetime(table["off_post"])).all()
    assert (home <= pd.to_datetime(table["end"])).all()
    assert lending.violations == ()
    short = shortages(lending.problem, lending.staffing)
    text = loans_text(lending.world, lending.problem, lending.plan.roster, short)
    (row,) = [line for line in text.splitlines() if line.startswith("| West")]
    total, minutes = table["officers"].sum(), table["travel_min"].iloc[0]
    assert (
        f"| Temple fair | East {total} ({minutes:.0f} min) | 05 Feb 21:00 | 06 Feb 03:00 |" in row
    )


def test_two_hours_notice_leaves_nobody_to_lend_at_once(tmp_path: Path) -> None:
    run = run_of(tmp_path, "staffing.loan_notice_h=2")
    assert run.plan.roster.loans == ()
    text = loans_text(run.world, run.problem, run.plan.roster, ())
    assert text == "## Who lends\n\nNobody: every command keeps its people."


def test_nobody_lends_when_nothing_may_be_lent(tmp_path: Path) -> None:
    run = run_of(tmp_path, "staffing.donor_max_share=0.0")
    assert run.lending is None
    table = frame_of(run)
    assert table.empty
    assert next(iter(table.columns)) == "from_command"
    assert donors_text(run.world, run.problem, run.plan.roster, run.lending) == ""


def test_officers_csv_has_every_shift_and_both_lists(lending: Run) -> None:
    table = officers_frame(
        lending.world.situation, lending.world.force, lending.plan.roster, lending.officers
    )
    one = table[table["change"] == 1]
    assert len(one) == np.isfinite(lending.officers.first).sum()
    assert not one.duplicated(["area_id", "force_id", "shift_id", "start"]).any()
    strength = table[table["shift_id"] == "any"]
    assert set(zip(strength["area_id"], strength["force_id"], strength["change"], strict=True)) == {
        ("W", "officers", STEP),
        ("E", "officers", STEP),
        ("E", "auxiliary", STEP),
    }
    assert strength["resolved_worth"].notna().sum() == len(lending.officers.checked) == 1
    more = table[(table["change"] == STEP) & (table["shift_id"] != "any")]
    assert more["worth"].tolist() == sorted(more["worth"], reverse=True)
    fewer = table[table["change"] == -STEP]
    assert fewer["worth"].tolist() == sorted(fewer["worth"])


def test_the_summary_lists_the_next_officers_with_a_check(lending: Run) -> None:
    text = officers_text(
        lending.world.situation, lending.world.force, lending.plan.roster, lending.officers
    )
    assert text.startswith("## What the next officers buy")
    rows = [line for line in text.splitlines() if line.startswith(("| West", "| East"))]
    assert len(rows) == len(lending.officers.next_best) + len(lending.officers.least_missed)
    assert "Check: 10 " in text
