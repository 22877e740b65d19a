"""Groups from outside and agreed loans in a whole scenario: read, planned, told."""

from pathlib import Path

import pandas as pd
import pytest

from geodata.faults import BadInput
from scenarios.pipeline import run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from tests.scenarios.town import Town

AID = """\
group_id,name_en,name_zh,force_id,officers,groups,notice_h,lon,lat,speed_kmh,available_from,\
available_to,max_hours,evidence
county,County <b>unit</b>,县分队,officers,6,2,0.5,357500,3447500,36,,,2,made up for the tests
"""
LOANS = """\
force_id,from_district,to_district,shift_id,day,officers
officers,W,E,evening_8h,2027-02-05,2
"""


def planned(town: Town, *overrides: str):
    settings = ("simulation.replications=0", *overrides)
    return run_scenario(town.load(*settings), Progress(quiet=True))


@pytest.fixture
def poor(town: Town) -> Town:
    """The town with a fair that asks for more than it has, and two groups within reach."""
    town.edit("events.csv", "2000,30,once", "2000,300,once")
    (town.folder / "aid.csv").write_text(AID, encoding="utf-8")
    (town.folder / "loans.csv").write_text(LOANS, encoding="utf-8")
    town.edit(
        "tiny.toml", "[force]\n", '[force]\nmutual_aid = "aid.csv"\nmutual_aid_crs = "EPSG:32651"\n'
    )
    town.edit("tiny.toml", "[patrol]\n", '[staffing]\nloans = "loans.csv"\n\n[patrol]\n')
    return town


def test_groups_are_called_where_posts_are_short(poor: Town, tmp_path: Path) -> None:
    run = planned(poor)
    assert run.violations == ()
    calls = run.plan.roster.aid
    assert sum(call.groups for call in calls) == 2
    assert all(call.district == 0 for call in calls)
    assert all(call.from_h >= 1 for call in calls)
    late = [
        (loan.from_district, loan.to_district, loan.officers)
        for loan in run.plan.roster.loans
        if loan.force_id == "officers"
        and run.problem.instances[loan.instance].shift.shift_id == "evening_8h"
    ]
    assert late == [(0, 1, 2)]
    write_run(run, tmp_path / "run", Progress(quiet=True))
    table = pd.read_csv(tmp_path / "run" / "mutual_aid.csv", comment="#")
    assert table["officers"].sum() == 12
    assert set(table["to_command"]) == {"West"}
    text = (tmp_path / "run" / "summary.md").read_text(encoding="utf-8")
    assert "## Mutual aid called" in text


def test_a_town_without_groups_writes_no_table(town: Town, tmp_path: Path) -> None:
    run = planned(town)
    write_run(run, tmp_path / "run", Progress(quiet=True))
    assert not (tmp_path / "run" / "mutual_aid.csv").exists()
    assert "Mutual aid" not in (tmp_path / "run" / "summary.md").read_text(encoding="utf-8")


def test_faults_of_both_tables_are_told_at_once(poor: Town) -> None:
    poor.edit("aid.csv", "officers,6,2", "navy,6,-2")
    poor.edit("loans.csv", "officers,W,E", "officers,W,W")
    poor.append("loans.csv", "officers,E,W,evening_8h,2027-02-05,500")
    with pytest.raises(BadInput) as caught:
        planned(poor)
    text = str(caught.value)
    for part in ("aid.csv", "navy", "groups", "loans.csv", "stays within one command", "500"):
        assert part in text


def test_a_circle_of_agreed_loans_is_refused(poor: Town) -> None:
    poor.append("loans.csv", "officers,E,W,evening_8h,2027-02-05,1")
    with pytest.raises(BadInput, match=r"(West -> East|East -> West) -> "):
        planned(poor)
