"""Loading a scenario: library name or path, base and overrides, digest."""

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from geodata.faults import BadInput, Fault
from scenarios.schema import Scenario

LIBRARY = Path(str(files("scenarios"))) / "library"
PACKAGE_DATA = Path(str(files("geodata"))) / "data"


@dataclass(frozen=True)
class LoadedScenario:
    """A checked scenario and the folder its relative paths start from."""

    scenario: Scenario
    folder: Path

    def path(self, name: str) -> Path:
        """File of the scenario: `package:...` lies in the shipped data, else beside the file."""
        if name.startswith("package:"):
            return PACKAGE_DATA / name.removeprefix("package:")
        return self.folder / name

    def input_files(self) -> dict[str, Path]:
        """Every input file the scenario names, by its name in the scenario, sorted."""
        names = sorted(set(_file_names(self.scenario.model_dump(mode="python"))))
        return {name: self.path(name) for name in names}

    def digest(self) -> str:
        """SHA-256 over the scenario's settings and the bytes of its input files."""
        content = hashlib.sha256()
        settings = json.dumps(settings_json(self.scenario), sort_keys=True)
        content.update(settings.encode())
        for name, path in self.input_files().items():
            content.update(name.encode())
            content.update(hashlib.sha256(path.read_bytes()).digest())
        return content.hexdigest()


_FILE_KEYS = frozenset(
    "districts attributes file transit centres hub_sites calendar profile calls case_classes "
    "officer_initiated classes targets speeds speed_hours types unit_types headcount table "
    "shifts rotations rest_debt mutual_aid loans limits sites passages crowds curves closures "
    "ladders site_posts no_fly wind lines".split()
)


def _file_names(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [v for k, v in part.items() if k in _FILE_KEYS and isinstance(v, str)]
        return own + [name for value in part.values() for name in _file_names(value)]
    if isinstance(part, list | tuple):
        return [name for value in part for name in _file_names(value)]
    return []


def library_names() -> list[str]:
    """Names of the scenarios that are shipped."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def load_scenario(name: str, overrides: tuple[str, ...] = ()) -> LoadedScenario:
    """Scenario by library name or path, with `key.key=value` overrides (values as in TOML).

    A scenario file may say `base = "other"` (a library name or a path beside it) and then
    only what differs.

    Raises
    ------
    BadInput
        With every fault of the file at once.
    """
    path = _find(name, Path())
    settings = _with_base(path)
    for override in overrides:
        _apply(settings, override)
    return LoadedScenario(_validated(settings, path.name), path.parent)


def changed(loaded: LoadedScenario, overrides: tuple[str, ...]) -> LoadedScenario:
    """The same scenario with `key.key=value` overrides.

    Raises
    ------
    BadInput
        With every fault of the changed settings at once.
    """
    settings = loaded.scenario.model_dump(mode="python")
    for override in overrides:
        _apply(settings, override)
    return LoadedScenario(_validated(settings, loaded.scenario.id), loaded.folder)


def _validated(settings: dict[str, Any], file: str) -> Scenario:
    try:
        return Scenario.model_validate(settings)
    except ValidationError as error:
        raise BadInput(as_fault(file, item) for item in error.errors()) from None


def _find(name: str, folder: Path) -> Path:
    candidate = folder / name
    if candidate.suffix == ".toml" and candidate.is_file():
        return candidate
    shipped = LIBRARY / f"{name}.toml"
    if "/" not in name and shipped.is_file():
        return shipped
    raise BadInput(
        [
            Fault(
                name,
                "no such scenario",
                f"a path to a .toml file or one of {', '.join(library_names())}",
                "Check the name or give the path of the scenario file.",
            )
        ]
    )


def _with_base(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    settings = read_toml(path)
    base = settings.pop("base", None)
    if base is None:
        return settings
    if path.resolve() in seen:
        raise BadInput(
            [
                Fault(
                    path.name,
                    "scenario is its own base",
                    "a base that does not lead back",
                    "Remove one `base` key from the circle.",
                    value=base,
                )
            ]
        )
    base_path = _find(str(base), path.parent)
    below = _with_base(base_path, (*seen, path.resolve()))
    if base_path.parent != path.parent:
        below = _files_from(below, os.path.relpath(base_path.parent, path.parent))
    return _merged(below, settings)


def _files_from(part: Any, folder: str) -> Any:
    """Settings whose relative file names start with `folder`: the base's, as seen from here."""
    if isinstance(part, dict):
        return {
            key: Path(folder, value).as_posix()
            if key in _FILE_KEYS and isinstance(value, str) and not value.startswith("package:")
            else _files_from(value, folder)
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [_files_from(value, folder) for value in part]
    return part


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file.

    Raises
    ------
    BadInput
        When it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            [
                Fault(
                    path.name,
                    f"not readable as TOML: {error}",
                    "a TOML file in UTF-8",
                    "Mend the line named.",
                )
            ]
        ) from None


def _apply(settings: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    steps = key.strip().split(".")
    if not separator or not all(steps):
        raise BadInput(
            [
                Fault(
                    "--set",
                    "not of the form key=value",
                    "for example grid.cell_m=500",
                    "Write the key as in the scenario file, its tables joined by dots.",
                    value=override,
                )
            ]
        )
    part = settings
    for step in steps[:-1]:
        part = part.setdefault(step, {})
        if not isinstance(part, dict):
            raise BadInput(
                [
                    Fault(
                        "--set",
                        f"{step} is not a table",
                        "a key inside a table of the scenario file",
                        "Look at the keys in docs/data-formats.md.",
                        value=override,
                    )
                ]
            )
    part[steps[-1]] = _toml_value(text.strip())


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def as_fault(file: str, item: Any) -> Fault:
    """What pydantic found wrong with a key of a file, in words."""
    where = ".".join(str(step) for step in item["loc"]) or "scenario"
    if item["type"] == "extra_forbidden":
        return Fault(
            file,
            f"unknown key {where}",
            "only keys that are documented",
            "Check the spelling against docs/data-formats.md.",
            value=item["input"],
        )
    if item["type"] == "missing":
        return Fault(file, f"key {where} is missing", "a value", "Add the key.")
    return Fault(
        file, f"{where}: {item['msg']}", "a valid value", "Change the value.", value=item["input"]
    )


def settings_json(scenario: Scenario) -> dict[str, Any]:
    """The scenario's settings as plain JSON values."""
    settings: dict[str, Any] = json.loads(scenario.model_dump_json())
    return settings
