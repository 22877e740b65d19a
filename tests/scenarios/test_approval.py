"""`muster approve RUN`: the order of the statuses, what makes them void, and what is refused."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from geodata.faults import BadInput
from scenarios.approval import LOG, plan_files, read_log, standing
from scenarios.approve_run import approve_run
from scenarios.progress import Progress
from scenarios.role_words import reason_faults, role_faults
from scenarios.run_folder import write_run
from tests.scenarios.town import Muster
from tests.scenarios.two_runs import TwoRuns, edit_record, edit_table

NOW = datetime(2027, 2, 5, 18, 30, tzinfo=UTC)
REASON = "Posts of the fair looked at, coverage will do"
PLACES = ["Huangpu station 01 (synthetic)", "黄浦区01号派出所（模拟）", "Jing'an"]


@pytest.fixture
def run(two: TwoRuns, tmp_path: Path) -> Path:
    """A copy of a run, its town beside it."""
    return two.copied(tmp_path / "copy").first


def approve(folder: Path, status: str, role: str = "duty commander") -> dict[str, Any]:
    return approve_run(folder, status, role, REASON, NOW)[0]


def words(folder: Path, status: str, **others: str) -> list[str]:
    asked = {"status": status, "role": "duty commander", "reason": REASON, **others}
    return ["approve", str(folder), *(w for k, v in asked.items() for w in (f"--{k}", v))]


def test_a_plan_is_reviewed_then_approved(run: Path, muster: Muster) -> None:
    record = (run / "run.json").read_bytes()
    assert standing(run).status == "draft"
    done = muster(*words(run, "reviewed", role="planner"))
    assert (done.code, done.err) == (0, "")
    assert "is reviewed (it was draft)" in done.out
    done = muster(*words(run, "approved"), "--json")
    told = json.loads(done.out)
    assert (told["before"], told["status"]) == ("reviewed", "approved")
    now = standing(run)
    assert (now.status, now.note) == ("approved", "")
    assert [(line.status, line.role) for line in now.log] == [
        ("reviewed", "planner"),
        ("approved", "duty commander"),
    ]
    assert {line.plan for line in now.log} == {told["plan"]}
    assert (run / "run.json").read_bytes() == record


def test_lines_are_only_added(run: Path) -> None:
    approve(run, "reviewed")
    first = (run / LOG).read_bytes()
    approve(run, "reviewed", "traffic officer")
    approve(run, "approved")
    assert (run / LOG).read_bytes().startswith(first)
    assert len(read_log(run)) == 3
    line = json.loads(first)
    assert set(line) == {"time", "status", "role", "reason", "plan", "files", "previous"}
    assert line["time"] == "2027-02-05T18:30:00+00:00"
    assert line["files"] == plan_files(run)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ([], "approved"),
        (["reviewed", "approved"], "reviewed"),
        (["reviewed", "approved"], "approved"),
        ([], "draft"),
        ([], "published"),
        (["reviewed"], "draft"),
    ],
)
def test_the_order_is_kept(run: Path, muster: Muster, before: list[str], status: str) -> None:
    for step in before:
        approve(run, step)
    log = (run / LOG).read_bytes() if before else None
    done = muster(*words(run, status))
    assert done.code == 2
    assert "--status" in done.err
    assert ((run / LOG).read_bytes() if before else None) == log


@pytest.mark.parametrize("table", ["deployment.csv", "staffing.csv", "summary.md"])
def test_a_change_of_the_plan_makes_its_approval_void(
    run: Path, muster: Muster, table: str
) -> None:
    approve(run, "reviewed")
    approve(run, "approved")
    (run / table).write_bytes((run / table).read_bytes() + b"\n")
    now = standing(run)
    assert now.status == "draft"
    assert now.changed == (table,)
    assert len(now.void) == 2
    assert table in now.note
    assert "void" in now.note
    done = muster(*words(run, "approved"))
    assert done.code == 2
    assert "is void" in done.err
    done = muster(*words(run, "reviewed"))
    assert done.code == 0
    assert table in done.out
    assert standing(run).status == "reviewed"


def test_a_table_that_is_new_or_gone_makes_it_void_too(run: Path) -> None:
    approve(run, "reviewed")
    (run / "violations.csv").write_text("rule\n", encoding="utf-8")
    assert standing(run).changed == ("violations.csv",)
    (run / "violations.csv").unlink()
    assert standing(run).status == "reviewed"
    (run / "donors.csv").unlink()
    assert standing(run).changed == ("donors.csv",)


def test_the_clock_of_a_run_and_what_is_drawn_do_not_count(run: Path) -> None:
    approve(run, "reviewed")
    edit_record(run, lambda record: record.update(seconds={"world": 9.0}, peak_mb=1.0))
    (run / "map.html").write_text("drawn again", encoding="utf-8")
    (run / "simulation").mkdir()
    assert standing(run).status == "reviewed"
    edit_record(run, lambda record: record.update(status="optimal"))
    assert standing(run).changed == ("run.json",)


def test_the_log_outlives_a_new_plan(two: TwoRuns, run: Path) -> None:
    """The same plan written again keeps its status, another one does not."""
    approve(run, "reviewed")
    quiet = Progress(quiet=True)
    write_run(two.full, run, quiet)
    assert standing(run).status == "reviewed"
    kept = (run / LOG).read_bytes()
    shutil.copy(run.parent / "fewer" / "deployment.csv", run / "deployment.csv")
    assert standing(run).status == "draft"
    assert (run / LOG).read_bytes() == kept


def test_map_and_sheets_show_the_status(run: Path, muster: Muster) -> None:
    draft = (run / "map.html").read_bytes()
    sheet = next((run / "orders").glob("station-*.html"))
    assert "Draft, not approved" in sheet.read_text("utf-8")
    approve(run, "reviewed")
    approve(run, "approved")
    assert "Status: approved" in muster("map", str(run)).out
    assert (run / "map.html").read_bytes() != draft
    assert '"status":"approved"' in (run / "map.html").read_text("utf-8").replace(": ", ":")
    text = sheet.read_text("utf-8")
    assert "Draft, not approved" not in text
    assert "Approved" in text
    assert standing(run).status == "approved"
    edit_table(run / "summary.md", "#", "##")
    done = muster("map", str(run))
    assert "void" in done.out
    assert (run / "map.html").read_bytes() == draft
    assert "Draft, not approved" in sheet.read_text("utf-8")


def test_a_plan_that_breaks_rules_is_not_approved(run: Path, muster: Muster) -> None:
    edit_record(
        run, lambda record: record.update(status="not valid", violations=["rest at S1", "b"])
    )
    done = muster(*words(run, "reviewed"))
    assert done.code == 2
    assert "breaks 2 rules, the first: rest at S1" in done.err
    assert not (run / LOG).exists()


def test_all_faults_are_told_at_once(run: Path, muster: Muster) -> None:
    done = muster(*words(run, "final", role="Zhang Wei", reason="x"))
    assert done.code == 2
    assert "3 faults" in done.err
    assert "Zhang" not in done.err


def test_no_run_and_half_a_run_are_refused(run: Path, tmp_path: Path, muster: Muster) -> None:
    done = muster(*words(tmp_path, "reviewed"))
    assert done.code == 2
    assert "there is no run.json" in done.err
    for table in ("staffing.csv", "posts.csv"):
        (run / table).unlink()
    done = muster(*words(run, "reviewed"))
    assert done.code == 2
    assert "2 faults" in done.err
    assert "posts.csv" in done.err


@pytest.mark.parametrize("spoil", ["edited", "taken out", "no json", "strange"])
def test_a_log_that_was_changed_is_refused(run: Path, muster: Muster, spoil: str) -> None:
    for status in ("reviewed", "reviewed", "approved"):
        approve(run, status)
    lines = (run / LOG).read_text("utf-8").splitlines()
    kept = {
        "edited": [lines[0].replace("duty commander", "planner"), *lines[1:]],
        "taken out": [lines[0], lines[2]],
        "no json": [lines[0], "approved by us all", lines[2]],
        "strange": [*lines, '{"status": "approved"}'],
    }[spoil]
    (run / LOG).write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=LOG):
        standing(run)
    done = muster("map", str(run))
    assert done.code == 2
    assert LOG in done.err


@pytest.mark.parametrize(
    "role",
    [
        *("duty commander", "Duty Commander Huangpu", "deputy chief, Jing'an", "HQ duty officer"),
        *("值班指挥长", "黄浦区值班指挥长", "黄浦分局副局长", "治安支队长", "市局指挥中心值班主任"),
    ],
)
def test_functions_pass(role: str) -> None:
    assert role_faults(role, PLACES) == []


@pytest.mark.parametrize(
    "role",
    [
        *("Zhang Wei", "duty commander Zhang Wei", "Mr. Smith", "chief 13812345678", "a@b.cn"),
        *("张局长", "李明", "王伟 值班指挥长", "", "x" * 61, "duty\ncommander", "duty comrade"),
        *("陈先生", "badge of the duty officer"),
    ],
)
def test_names_are_refused(role: str) -> None:
    (fault,) = role_faults(role, PLACES)
    assert fault.file == "--role"


@pytest.mark.parametrize(
    ("reason", "sound"),
    [
        (REASON, True),
        ("岗位与覆盖率已核对", True),
        ("ok", False),
        ("x" * 501, False),
        ("told by Mr. Wu on the line", False),
        ("call 021 6431 0110 for more", False),
        ("two\nlines of text", False),
        ("the plan of 2027 covers 99.1 % of 8339 calls", True),
    ],
)
def test_reasons(reason: str, sound: bool) -> None:
    assert (reason_faults(reason) == []) == sound
