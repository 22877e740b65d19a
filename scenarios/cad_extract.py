"""The description of an extract of a dispatch system: a TOML file beside the extract."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError

from geodata.cad_file import OPTIONAL, REQUIRED, CadExtract
from geodata.call_file import read_case_codes
from geodata.faults import BadInput, Fault, FaultLog
from scenarios.scenario import as_fault, read_toml
from scenarios.schema import Part


class ExtractFile(Part):
    """What the TOML file says; file names are relative to its folder."""

    file: str
    crs: str
    timezone: str
    class_of_code: str
    officer_initiated: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    longest_job_h: Annotated[float, Field(gt=0.0, le=8760.0)] = 24.0
    leave_out_faulty: bool = False


@dataclass(frozen=True)
class DescribedExtract:
    """The file with the calls and what is declared of it."""

    path: Path
    declared: CadExtract


def read_description(path: Path, class_ids: Collection[str]) -> DescribedExtract:
    """Description of an extract whose calls are of the classes `class_ids`.

    Raises
    ------
    BadInput
        With every fault of the description and of the tables of codes that it names.
    """
    stated = _stated(path)
    faults = FaultLog()
    _check_columns(path, stated, faults)
    _check_timezone(path, stated, faults)
    folder = path.parent
    codes = faults.attempt(
        lambda log: read_case_codes(folder / stated.class_of_code, "class_id", log)
    )
    own: dict[str, str] | None = {}
    if stated.officer_initiated is not None:
        own_path = folder / stated.officer_initiated
        own = faults.attempt(lambda log: read_case_codes(own_path, "reason", log))
    _check_classes(stated, codes or {}, class_ids, faults)
    faults.raise_if_any()
    declared = CadExtract(
        stated.columns,
        stated.crs,
        stated.timezone,
        codes or {},
        frozenset(own or {}),
        stated.longest_job_h,
        stated.leave_out_faulty,
    )
    return DescribedExtract(folder / stated.file, declared)


def _stated(path: Path) -> ExtractFile:
    if path.suffix != ".toml" or not path.is_file():
        raise BadInput(
            [
                Fault(
                    "--calls",
                    "there is no such description",
                    "a TOML file that describes the extract",
                    "Write one; docs/data-formats.md shows an example.",
                    value=path.name,
                )
            ]
        )
    try:
        return ExtractFile.model_validate(read_toml(path))
    except ValidationError as error:
        raise BadInput(as_fault(path.name, item) for item in error.errors()) from None


def _check_columns(path: Path, stated: ExtractFile, faults: FaultLog) -> None:
    known = (*REQUIRED, *OPTIONAL)
    for name in sorted(set(stated.columns) - set(known)):
        faults.add(
            path.name,
            f"unknown key columns.{name}",
            expected=", ".join(known),
            remedy="Give the file's name of one of these columns.",
            value=stated.columns[name],
        )


def _check_timezone(path: Path, stated: ExtractFile, faults: FaultLog) -> None:
    try:
        ZoneInfo(stated.timezone)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        faults.add(
            path.name,
            "timezone is not known",
            expected="a name such as Asia/Shanghai",
            remedy="Correct the name.",
            value=stated.timezone,
        )


def _check_classes(
    stated: ExtractFile, codes: dict[str, str], class_ids: Collection[str], faults: FaultLog
) -> None:
    strangers = sorted(set(codes.values()) - set(class_ids))
    if strangers:
        faults.add(
            Path(stated.class_of_code).name,
            "a case class is not among the incident classes of the run",
            expected=", ".join(class_ids),
            remedy="Correct the classes.",
            value=", ".join(strangers),
        )
