"""The workbook of orders: complete, typed, closed against formulas, equal byte for byte."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from optimizer.plan import Loan
from scenarios.order_sheets import OrderBook
from scenarios.order_workbook import orders_workbook
from scenarios.orders import sheet_head
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from scenarios.workbook import (
    FORMULA_MARKS,
    HEAD_ROWS,
    LONGEST_TEXT,
    Column,
    Label,
    Sheet,
    characters,
    workbook_bytes,
)
from tests.scenarios.test_event_sites import FILES
from tests.scenarios.test_orders import everything_named
from tests.scenarios.town import write_town

SHEETS = [
    "Index 目录",
    "Events 活动",
    "Posts 布警表",
    "Senders 派出",
    "Steps 分级响应",
    "Stations 单位",
    "Duties 班次",
    "Units 警组",
    "Loans 增援",
    "Visits 巡逻",
    "Shortages 缺口",
]
FORMULAS = (
    '=HYPERLINK("x","y")',
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "=cmd|' /C calc'!A0",
    "{=1+1}",
    "https://example.invalid/",
    "007",
    "1e5",
)
"""Names that a spreadsheet may take for formulas, links or numbers."""

LABEL = Label("Night", "Draft", "run 1", "made up", datetime(2027, 2, 5, 20, tzinfo=UTC))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tiny town with a crowd at its fair."""
    town = write_town(tmp_path_factory.mktemp("workbook") / "town", FILES)
    return run_scenario(town.load(), Progress(quiet=True))


def written(run: Run, status: str = "draft") -> bytes:
    head = sheet_head(run.loaded, run.world, len(run.violations), status)
    return orders_workbook(OrderBook(run), head)


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def rows(book: Any, sheet: str) -> list[dict[str, Any]]:
    """Rows of a sheet by the English part of their columns' names."""
    head, *body = list(book[sheet].iter_rows(min_row=HEAD_ROWS, values_only=True))
    names = ["".join(c for c in name if c.isascii()).strip(" /") for name in head]
    return [dict(zip(names, row, strict=True)) for row in body]


def cells(book: Any) -> Iterator[Any]:
    for sheet in book:
        for row in sheet.iter_rows():
            yield from (cell for cell in row if cell.value is not None)


def test_there_is_a_sheet_for_each_kind_of_row(run: Run) -> None:
    book = opened(written(run))
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert "Tiny town 小镇" in sheet["A1"].value
        assert sheet["A2"].value.startswith("Draft, not approved 草案，未经批准 · tiny ")
        assert "Synthetic or assumed: " in sheet["A3"].value
        assert sheet.freeze_panes == f"A{HEAD_ROWS + 1}"
        assert sheet.print_title_rows == f"$1:${HEAD_ROWS}"
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        if sheet.max_row > HEAD_ROWS:
            assert sheet.auto_filter.ref.startswith(f"A{HEAD_ROWS}:")


def test_posts_and_their_people_are_those_of_the_plan(run: Run) -> None:
    """Organiser's people stand in their own columns, without a count of the force's."""
    book = opened(written(run))
    posts, have = rows(book, "Posts 布警表"), run.plan.posts.have()
    own = [row for row in posts if row["Required"] is not None]
    assert sum(row["Required"] for row in own) == sum(n.required for n in run.plan.posts.needs)
    assert sum(row["Have"] for row in own) == sum(have.values())
    assert all(row["Required"] == row["Have"] + row["Need"] for row in own)
    assert all(row["Have"] == (row["Police"] or 0) + (row["Auxiliaries"] or 0) for row in own)
    guards = [row for row in posts if row["Required"] is None]
    (day,) = run.world.site_events
    assert sum(row["Guards"] for row in guards) == sum(n.required for n in day.posts.organiser) > 0
    assert {row["Channel, call sign"] for row in posts} == {None}
    sent = rows(book, "Senders 派出")
    hours = {need.post_id: need.to_hour - need.from_hour for need in run.plan.posts.needs}
    told = sum(fill.officers * hours[fill.post_id] for fill in run.plan.posts.fills)
    assert sum(row["Officer-hours"] for row in sent) == told


def test_stations_duties_units_and_visits_are_those_of_the_plan(run: Run) -> None:
    book = opened(written(run))
    assert [row["Station id"] for row in rows(book, "Stations 单位")] == ["S1", "S2"]
    people = sum(row["People"] for row in rows(book, "Duties 班次"))
    assert people == run.plan.roster.officers.sum()
    hours = [f"02-05 {hour}:00" for hour in range(20, 24)]
    for hour, clock in enumerate(hours):
        units = sum(row[clock] or 0 for row in rows(book, "Units 警组"))
        assert units == sum(m.units for m in run.plan.deployment.origins if m.hour == hour)
    assert len(rows(book, "Visits 巡逻")) == len(run.plan.visits.visits)


def test_steps_say_who_is_on_place_before_them(run: Run) -> None:
    (step,) = rows(opened(written(run)), "Steps 分级响应")
    assert step["Step"] == "Exit only 只出不进"
    assert step["Taken at"] == "1,800 people, site 全场 1,800 人"
    own = [need for need in run.plan.posts.needs if need.step_id == "full"]
    assert own
    assert step["Required"] == max(need.required for need in own)
    assert step["On post by"] == f"02-05 {20 + min(need.from_hour for need in own)}:00"


def test_loans_and_shortages_are_listed(run: Run) -> None:
    loan = Loan("officers", from_district=1, to_district=0, instance=1, officers=3)
    short = np.array([[0, 2, 0, 0], [0, 0, 0, 0]])
    roster = replace(run.plan.roster, loans=(loan,), presence_short=short)
    posts = replace(run.plan.posts, fills=())
    visits = replace(run.plan.visits, visits=())
    plan = replace(run.plan, roster=roster, posts=posts, visits=visits)
    book = opened(written(replace(run, plan=plan)))
    (lent,) = rows(book, "Loans 增援")
    assert (lent["Lent by"], lent["Lent to"], lent["People"]) == ("East 东区", "West 西区", 3)
    missing = rows(book, "Shortages 缺口")
    kinds = [row["What"].split()[0] for row in missing]
    needs, due = run.plan.posts.needs, run.plan.visits.due
    assert kinds == ["posts"] * len(needs) + ["minimum"] + ["visits"] * int((due > 0).sum())
    (presence,) = [row for row in missing if row["What"].startswith("minimum")]
    assert (presence["Id"], presence["From"], presence["Short"]) == ("S1", "02-05 21:00", 2)
    assert sum(row["Short"] for row in missing if row["What"].startswith("visits")) == due.sum()


@pytest.mark.parametrize("payload", FORMULAS)
def test_names_are_text_and_never_formulas(run: Run, payload: str) -> None:
    """Stations, points, districts, events, forces and the title through the whole workbook."""
    content = written(everything_named(run, payload))
    book = opened(content)
    assert {cell.data_type for cell in cells(book)} == {"s", "n"}
    found = [cell for cell in cells(book) if unescape(str(cell.value)).startswith(payload)]
    assert len(found) > 50
    assert {cell.data_type for cell in found} == {"s"}
    assert {cell.quotePrefix for cell in found} == {payload.startswith(FORMULA_MARKS)}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = parts.namelist()
        sheets = [parts.read(name) for name in names if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == len(SHEETS)
    assert not any(b"<f>" in sheet or b"<f " in sheet or b"hyperlink" in sheet for sheet in sheets)
    assert not [name for name in names if "rels" in name and "worksheets" in name]


def test_names_from_files_are_text_too(tmp_path: Any) -> None:
    """From the scenario's own table through the planning to the cell."""
    named = FILES["events.csv"].replace("Temple fair", "=1+1")
    town = write_town(tmp_path / "town", {**FILES, "events.csv": named})
    book = opened(written(run_scenario(town.load(), Progress(quiet=True))))
    event = book["Events 活动"].cell(HEAD_ROWS + 1, 2)
    assert (event.value, event.data_type) == ("=1+1 庙会", "s")


def test_written_again_it_is_the_same_to_the_byte(run: Run) -> None:
    """Made at the start of the plan by its own account, whatever the clock says."""
    content = written(run)
    assert content == written(run)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert opened(content).properties.created == datetime(2027, 2, 5, 12)
    assert opened(written(run, "approved"))["Index 目录"]["A2"].value.startswith("Approved 已批准")


def sheet_of(*values: Any) -> Any:
    """A sheet with one row of such values, written and opened again."""
    columns = tuple(Column(f"column {number}") for number in range(len(values)))
    content = workbook_bytes([Sheet("One", "One", columns, [values])], LABEL)
    return opened(content)["One"]


def test_cells_keep_their_kind() -> None:
    sheet = sheet_of("12", 12, 1.5, None, "", float("nan"), "a\nb")
    row = [cell.value for cell in sheet[HEAD_ROWS + 1]]
    assert row == ["12", 12, 1.5, None, None, None, "a\nb"]


def test_text_that_no_cell_holds_is_cut_and_says_so() -> None:
    value = sheet_of("x" * (LONGEST_TEXT + 1))[f"A{HEAD_ROWS + 1}"].value
    assert len(value) == LONGEST_TEXT
    assert value.endswith("x [...]")


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        workbook_bytes([Sheet("One", "One", (Column("a"),), [("x", "y")])], LABEL)


def test_chinese_characters_are_two_wide() -> None:
    assert characters("ab 布警") == 7
