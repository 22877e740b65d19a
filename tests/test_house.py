"""The rules of the house: floors, sizes, texts, commands, licences and what is packaged."""

import ast
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("geodata", "optimizer", "maps", "scenarios")
CODE = (*FLOORS, "benchmarks", "tests")
TEXT_SUFFIXES = {".css", ".csv", ".html", ".js", ".json", ".md", ".py", ".toml", ".txt", ".yml"}
LONGEST_MODULE_LINES = 500

MAIN_JOB = (
    "python3 -m venv .venv && .venv/bin/pip install -q . && "
    ".venv/bin/muster run shanghai-chuxi-2027"
)
TESTS = (
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && "
    ".venv/bin/python -m pytest -q -n auto"
)


def modules() -> list[Path]:
    return sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))


def own_texts() -> list[Path]:
    """Files written for this project: no vendored file, no cache."""
    folders = [ROOT / folder for folder in (*CODE, "docs", ".ci")]
    inside = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    top = [path for path in ROOT.iterdir() if path.is_file()]
    return sorted(
        path
        for path in inside + top
        if (path.suffix in TEXT_SUFFIXES or path.parent.name == ".ci")
        and "vendored" not in path.parts
    )


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{named(path)}:{number}: {line.strip()[:80]}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_imports_go_one_direction() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_says_what_it_is() -> None:
    silent = [
        named(path)
        for path in modules()
        if path.parts[len(ROOT.parts)] != "tests"
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_modules_stay_small() -> None:
    long = {
        named(path): count
        for path in modules()
        if (count := len(path.read_text("utf-8").splitlines())) >= LONGEST_MODULE_LINES
    }
    assert long == {}


def test_contributing_maps_every_module() -> None:
    """A missing line is shown as it should be added to the map of the house."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    missing = [
        f"| `{named(path)}` | {summary} |"
        for path in modules()
        if path.parts[len(ROOT.parts)] in FLOORS
        and path.name != "__init__.py"
        and f"`{named(path)}`" not in text
        for summary in (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[:1]
    ]
    assert missing == []
    mapped = re.findall(r"^\| `((?:" + "|".join(FLOORS) + r")/[\w/]+\.py)` \|", text, re.MULTILINE)
    assert [name for name in mapped if not (ROOT / name).is_file()] == []


def test_no_path_of_one_machine() -> None:
    folders = ("work", "tmp", "home", "root", "Users", "mnt")
    machine = re.compile(r"(?<![\w.<*)/-])/(?:" + "|".join(folders) + r")(?:/|\b(?!\s*>))")
    assert lines_with(machine, own_texts()) == []


def test_nothing_is_left_for_later() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")
    assert lines_with(re.compile(r"\b(?:" + "|".join(marks) + r")\b"), own_texts()) == []


def test_own_scripts_fetch_nothing() -> None:
    reach_out = re.compile(
        r"\bfetch\s*\(|XMLHttpRequest|\bimport\s*\(|WebSocket|EventSource|sendBeacon|importScripts"
        r"|\bhttps?://(?!www\.w3\.org/)|@import|url\(\s*['\"]?(?!data:|#)"
    )
    assets = ROOT / "maps" / "assets"
    scripts = sorted(path for path in assets.rglob("*") if path.suffix in {".css", ".js"})
    assert scripts, "maps/assets holds the scripts and styles of the map"
    assert lines_with(reach_out, scripts) == []


@pytest.mark.parametrize("command", [MAIN_JOB, TESTS], ids=["main job", "tests"])
def test_readme_and_ci_run_the_same_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text("utf-8").splitlines()
    assert command in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_notice_names_every_data_folder() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    folders = sorted(path for path in (ROOT / "geodata" / "data").iterdir() if path.is_dir())
    assert folders
    assert [named(folder) for folder in folders if f"{named(folder)}/" not in notice] == []


def test_notice_names_every_vendored_project() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8").lower()
    manifest = json.loads((ROOT / "maps/vendored/manifest.json").read_text("utf-8"))
    entries = manifest if isinstance(manifest, list) else manifest["files"]
    assert entries
    unnamed = [
        entry
        for entry in entries
        if f"{entry['name']} {entry['version']}".lower() not in notice
        or entry["licence"].lower() not in notice
    ]
    assert unnamed == []


def test_licence_is_the_one_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_every_imported_package_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[<>=]", need)[0] for need in project["dependencies"]}
    imported: set[str] = set()
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.partition(".")[0])
    assert imported - set(sys.stdlib_module_names) - set(FLOORS) <= declared


def test_dependencies_have_both_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    open_ended = [need for need in needs if not re.search(r">=[\d.]+,<[\d.]+$", need)]
    assert [need for need in open_ended if not need.startswith("tzdata>=")] == []


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## {re.escape(project['version'])}\b", changelog, re.MULTILINE)


def test_wheel_holds_code_data_and_assets(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        named(path)
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == expected
    assert {Path(name).parts[0] for name in packed} == set(FLOORS)
