"""The documents say what the code does: keys, columns and rules that exist are described."""

import ast
import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from geodata.incidents import ZONES
from optimizer.judges.scorecard import COLUMNS as SCORECARD
from optimizer.judges.scorecard import MEASURE_UNITS, SCOPES
from optimizer.judges.simulation.service import MEASURES
from scenarios.schema import Scenario

ROOT = Path(__file__).resolve().parent.parent
FORMATS = (ROOT / "docs" / "data-formats.md").read_text("utf-8")
MODEL = (ROOT / "docs" / "model.md").read_text("utf-8")
TABLES = sorted((ROOT / "geodata" / "data").glob("*/*.csv*"))
DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"])
FREE_COLUMNS = {"evidence"}
"""Columns that are described once for all tables."""


def quoted(text: str) -> set[str]:
    """Everything that stands in backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def section(title_part: str) -> str:
    """Text below the one heading of the data formats that contains `title_part`."""
    parts = re.split(r"^(#{2,3} .*)$", FORMATS, flags=re.MULTILINE)
    found = [
        body for head, body in zip(parts[1::2], parts[2::2], strict=True) if title_part in head
    ]
    assert len(found) == 1, f"{len(found)} headings of docs/data-formats.md have {title_part}"
    return found[0]


def part_of(field: FieldInfo) -> type[BaseModel] | None:
    """Table of the scenario that a key holds, also in a list; None for a plain value."""
    kinds = [field.annotation, *get_args(field.annotation)]
    tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return tables[0] if tables else None


def keys_of(part: type[BaseModel], before: str = "") -> Iterator[tuple[str, str]]:
    """Every key of a scenario, dotted, with its default as the document writes it."""
    for name, field in part.model_fields.items():
        inner = part_of(field)
        if inner is None:
            yield before + name, shown_default(field)
        else:
            yield from keys_of(inner, f"{before}{name}.")


def shown_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return "none" if field.default is None else f"`{as_toml(field.default)}`"


def as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(as_toml(each) for each in value)}]"
    return "{}" if value == {} else f"{value:g}"


def header(path: Path) -> list[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return next(csv.reader(lines))


def rule_names(path: Path) -> set[str]:
    """First arguments of `Violation(...)` and of functions whose first parameter is `rule`."""
    tree = ast.parse(path.read_text("utf-8"))
    makers = {"Violation"} | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and [a.arg for a in node.args.args[:1]] == ["rule"]
    }
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in makers
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def written_names(file: str) -> dict[str, set[str]]:
    """Columns and keys that each function of a file of `scenarios/` writes, by its name."""
    tree = ast.parse((ROOT / "scenarios" / file).read_text("utf-8"))
    found: dict[str, set[str]] = {}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        texts: list[ast.Constant] = []
        for node in ast.walk(function):
            if isinstance(node, ast.Dict):
                texts += [key for key in node.keys if isinstance(key, ast.Constant)]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "columns":
                texts += [each for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
            elif isinstance(node, ast.keyword) and node.arg == "columns":
                texts += [each for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
        found[function.name] = set(" ".join(str(each.value) for each in texts).split())
    return found


def documented_keys() -> dict[str, str]:
    """Keys and defaults in the four-column tables of the scenario's part of the document."""
    text = FORMATS.split("\n## Scenario\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| [^|]* \| ([^|]*) \|", text, re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a key is described twice"
    return dict(rows)


def test_every_key_of_a_scenario_is_described_with_its_default() -> None:
    assert documented_keys() == dict(keys_of(Scenario))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_column_of_a_shipped_table_is_described(path: Path) -> None:
    described = quoted(section(f"`{path.name}`"))
    assert [name for name in header(path) if name not in described | FREE_COLUMNS] == []


def test_there_are_shipped_tables() -> None:
    assert len(TABLES) >= 25


def test_zones_are_described() -> None:
    assert set(ZONES) <= quoted(section("`response_targets.csv`"))


def test_every_rule_is_described_with_its_check() -> None:
    files = [*(ROOT / "optimizer" / "judges").glob("*.py"), ROOT / "scenarios" / "pipeline.py"]
    rules = set().union(*(rule_names(path) for path in files))
    assert {"rest", "on-duty share", "units available", "objective"} <= rules
    rows = re.findall(
        r"^\| `([^`]+)` \| `(?:check_\w+|\w+_check|\w+_violations)` \|", MODEL, re.MULTILINE
    )
    assert set(rows) == rules
    assert len(rows) == len(rules)


@pytest.mark.parametrize(
    ("file", "functions"),
    [
        (
            "frames.py",
            "staffing_frame deployment_frame posts_frame visits_frame violations_frame "
            "cells_frame map_layers standing_frame",
        ),
        ("headline.py", "headline recorded_check"),
        ("lender_table.py", "lenders_frame"),
        ("loan_report.py", "loans_frame"),
        ("reserve_report.py", "reserve_frame reserve_sites_frame reserve_record"),
        ("run_folder.py", "_record"),
        ("scorecard.py", "baselines_frame"),
        ("simulation_report.py", "simulation_record side_by_side"),
        ("visit_dose.py", "visit_dose_frame"),
        ("visit_report.py", "visit_record"),
        ("visit_tables.py", "routes_frame with_route_columns"),
    ],
)
def test_what_the_run_folder_holds_is_described(file: str, functions: str) -> None:
    described = quoted(FORMATS.split("\n## The run folder\n")[1])
    written = written_names(file)
    for function in functions.split():
        assert written[function], f"{function} writes nothing that can be seen"
        assert (function, sorted(written[function] - described)) == (function, [])
    for names in (SCORECARD, MEASURE_UNITS, SCOPES, MEASURES):
        assert set(names) <= described


@pytest.mark.parametrize("page", ["model.md", "judges.md"])
def test_names_in_the_model_exist(page: str) -> None:
    """A function or module that the page names can be found in the code."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    code = "\n".join(
        path.read_text("utf-8")
        for floor in ("geodata", "optimizer", "scenarios")
        for path in sorted((ROOT / floor).rglob("*.py"))
    )
    names = [name for name in quoted(text) if re.fullmatch(r"\w*_\w+|[A-Z]\w+\.\w+", name)]
    strangers = [
        name
        for name in names
        if not all(re.search(rf"\b{re.escape(part)}\b", code) for part in name.split("."))
    ]
    tables = set().union(*(header(path) for path in TABLES))
    assert sorted(set(strangers) - tables) == []
    files = [name for name in quoted(text) if re.fullmatch(r"[\w/]+/\w+\.py", name)]
    assert [name for name in files if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_decisions_are_numbered_and_complete() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in decisions:
        headings = re.findall(r"^## (.*)$", path.read_text("utf-8"), re.MULTILINE)
        assert (path.name, headings) == (
            path.name,
            ["Context", "Decision", "What we gave up", "When to revisit"],
        )
