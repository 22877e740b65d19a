"""A workbook of tables for printing and filtering: numbers are numbers, all else is text.

No cell holds a formula, a link or a date: what comes from data cannot run when the file is opened
(`=`, `+`, `-`, `@`, tab and carriage return at the start of a name stay the text that they are).
"""

import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell must not begin with when a spreadsheet takes text for a formula."""

LONGEST_TEXT = 32_767
"""Characters that a cell holds; longer text is cut and ends with `CUT`."""

CUT = " [...]"
HEAD_ROWS = 4
"""Rows above the table's rows: title, what the plan is, what is made up, names of columns."""

LINE_PT = {"title": 18.0, "state": 13.0, "note": 12.5}
"""Height of a line of each heading, in points."""

A3, A4 = 8, 9
Cell = str | int | float | None


@dataclass(frozen=True)
class Column:
    """One column: its name, its width in characters and whether long texts are wrapped in it."""

    name: str
    width: float = 12.0
    wraps: bool = False


@dataclass(frozen=True)
class Sheet:
    """One table of a workbook; `rows` have a cell for each column, None or "" where empty.

    `paper` is `A3` or `A4`; it is printed landscape as wide as the page.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    paper: int = A4


@dataclass(frozen=True)
class Label:
    """What every sheet says of the plan: its name, state and run, and what of it is made up.

    `made` stands for the time of writing, so that equal content gives equal bytes.
    """

    title: str
    state: str
    run: str
    made_up: str
    made: datetime


def workbook_bytes(sheets: Sequence[Sheet], label: Label) -> bytes:
    """The workbook as a file's content; byte-identical for equal sheets and label."""
    memory = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(memory, options)
    made = label.made.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": label.title, "status": label.state, "created": made})
    formats = _formats(book)
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        _write(page, sheet, label, formats)
        _set_up(page, sheet, label)
    book.close()
    return memory.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    """Formats by name; `marked` ones keep text as text when a cell is edited by hand."""
    plain: dict[str, Any] = {"font_size": 9, "valign": "top"}
    own: dict[str, dict[str, Any]] = {
        "text": {},
        "wrapped": {"text_wrap": True},
        "head": {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 2},
        "title": {"bold": True, "font_size": 13, "text_wrap": True},
        "state": {"bold": True, "text_wrap": True},
        "note": {"italic": True, "text_wrap": True},
    }
    formats = {}
    for name, given in own.items():
        formats[name] = book.add_format({**plain, **given})
        formats[f"{name} marked"] = book.add_format({**plain, **given, "quote_prefix": True})
    return formats


def put(
    page: Worksheet, row: int, column: int, value: Cell, formats: dict[str, Any], name: str
) -> None:
    """Write one cell: the one way by which text and numbers come into a workbook."""
    if value is None or value == "":
        return
    if isinstance(value, str):
        text = value
        if len(text) > LONGEST_TEXT:
            text = text[: LONGEST_TEXT - len(CUT)] + CUT
        marked = text.startswith(FORMULA_MARKS)
        page.write_string(row, column, text, formats[f"{name} marked" if marked else name])
    elif np.isfinite(value):
        page.write_number(row, column, value, formats[name])


def _write(page: Worksheet, sheet: Sheet, label: Label, formats: dict[str, Any]) -> None:
    note = " ".join(text for text in (label.made_up, sheet.note) if text)
    _heading(page, 0, f"{sheet.title} – {label.title}", sheet, formats, "title")
    _heading(page, 1, f"{label.state} · {label.run}", sheet, formats, "state")
    _heading(page, 2, note, sheet, formats, "note")
    names = ["wrapped" if column.wraps else "text" for column in sheet.columns]
    for number, column in enumerate(sheet.columns):
        put(page, HEAD_ROWS - 1, number, column.name, formats, "head")
        page.set_column(number, number, column.width)
    for row, cells in enumerate(sheet.rows):
        for number, (value, name) in enumerate(zip(cells, names, strict=True)):
            put(page, HEAD_ROWS + row, number, value, formats, name)


def _heading(
    page: Worksheet, row: int, text: str, sheet: Sheet, formats: dict[str, Any], name: str
) -> None:
    """A line over the whole width of the table, as high as its text needs."""
    if len(sheet.columns) > 1:
        page.merge_range(row, 0, row, len(sheet.columns) - 1, "", formats[name])
    put(page, row, 0, text, formats, name)
    line_pt = LINE_PT[name]
    width = sum(column.width for column in sheet.columns) * LINE_PT["note"] / line_pt
    lines = math.ceil(characters(text) / max(width, 1.0))
    page.set_row(row, line_pt * max(lines, 1) + 2.0)


def characters(text: str) -> int:
    """Width of a text in characters; Chinese ones are two wide."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _set_up(page: Worksheet, sheet: Sheet, label: Label) -> None:
    """Frozen header and filters for the screen; landscape, repeated header, numbered pages."""
    last = HEAD_ROWS + len(sheet.rows) - 1
    page.freeze_panes(HEAD_ROWS, 0)
    if sheet.rows:
        page.autofilter(HEAD_ROWS - 1, 0, last, len(sheet.columns) - 1)
    page.set_landscape()
    page.set_paper(sheet.paper)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0, HEAD_ROWS - 1)
    foot = f"{label.state} · {label.run}".replace("&", "&&")
    page.set_footer(f"&L&8{foot}&R&8&P / &N")
