"""What a benchmark reads and prints: known values in, one JSON line per instance out."""

import csv
import json
import resource
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from geodata.faults import FaultLog

KNOWN_VALUES = "known_values.csv"
COLUMNS: tuple[str, ...] = ("family", "instance", "file", "params", "sense", "value", "status")

ROUNDING = 1e-12
"""Share of all there is to gain that a bound is moved outwards: sums differ by their rounding."""


@dataclass(frozen=True)
class Instance:
    """One row of known values: the files to read, the parameters, the value others found.

    `params` are the `key=value` parts of the row's parameters, `params_text` the whole of them.
    `known_status` says how far to trust the known value.
    """

    family: str
    name: str
    files: tuple[Path, ...]
    params: dict[str, str]
    params_text: str
    known: float
    known_status: str = ""


@dataclass(frozen=True)
class Record:
    """One line of output.

    `value` was computed from the solution by the benchmark, not taken from the model, and is
    None where there is no solution; `bound` is None where none was computed. Times in seconds;
    `peak_mb` is the largest resident memory of the process up to the end of this instance.
    """

    family: str
    instance: str
    params: str
    value: float | None
    bound: float | None
    known: float | None
    status: str
    build_s: float
    solve_s: float
    peak_mb: float

    def to_json(self) -> str:
        """One line of JSON, keys in the order of the fields."""
        return json.dumps(asdict(self), ensure_ascii=False)


def peak_mb() -> float:
    """Largest resident memory of this process so far, megabytes."""
    per_mb = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_mb, 1)


def read_instances(folder: Path, family: str, names: Sequence[str] = ()) -> tuple[Instance, ...]:
    """Rows of a family in `folder/known_values.csv`, in file order; all when `names` is empty.

    Raises
    ------
    BadInput
        When the table or a file it names is missing, a column or value is wrong, or no row has
        the family and one of the names.
    """
    faults = FaultLog()
    table = folder / KNOWN_VALUES
    if not table.is_file():
        faults.add(
            KNOWN_VALUES,
            f"not found in folder {folder.name or folder}",
            expected="a folder of benchmark instances with this table",
            remedy="Give the folder with --data.",
        )
        faults.raise_if_any()
    with table.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        for name in missing:
            faults.add(
                KNOWN_VALUES,
                f"column {name} is missing",
                expected=f"columns {', '.join(COLUMNS)}",
                remedy="Add the column.",
            )
        faults.raise_if_any()
        rows = [(number, row) for number, row in enumerate(reader, 1) if row["family"] == family]
    known_names = sorted({row["instance"] for _, row in rows})
    for name in [name for name in names if name not in known_names] or ([] if rows else [""]):
        faults.add(
            KNOWN_VALUES,
            f"no row of family {family}" + (f" has instance {name}" if name else ""),
            expected=", ".join(known_names[:10]) or "a row with this family",
            remedy="Check the names.",
        )
    chosen = [(number, row) for number, row in rows if not names or row["instance"] in names]
    instances = tuple(_instance(folder, number, row, faults) for number, row in chosen)
    faults.raise_if_any()
    return instances


def _instance(folder: Path, number: int, row: dict[str, str], faults: FaultLog) -> Instance:
    files = tuple(folder / name for name in row["file"].split(";"))
    for path in files:
        if not path.is_file():
            faults.add(
                KNOWN_VALUES,
                f"file {path.name} is missing",
                expected="a path relative to this table",
                remedy="Add the file or remove the row.",
                row=number,
                value=row["file"],
            )
    parts = [part.partition("=") for part in row["params"].split(";")]
    params = {key.strip(): text.strip() for key, sign, text in parts if sign}
    try:
        known = float(row["value"])
    except ValueError:
        known = float("nan")
        faults.add(
            KNOWN_VALUES,
            "the known value is not a number",
            expected="a number",
            remedy="Correct the row.",
            row=number,
            value=row["value"],
        )
    return Instance(
        row["family"], row["instance"], files, params, row["params"], known, row["status"]
    )


def refuse_unknown(family: str, kind: str, names: Sequence[str], known: Collection[str]) -> None:
    """Refuse names that a family does not have; `kind` says what these are, such as sizes.

    Raises
    ------
    BadInput
        Naming them, and all that are known.
    """
    faults = FaultLog()
    for name in names:
        if name not in known:
            faults.add(
                family,
                f"no {kind} {name}",
                expected=", ".join(known),
                remedy="Name one of these with --instance.",
            )
    faults.raise_if_any()


def number_in(instance: Instance, key: str) -> float:
    """Return the number that a parameter of the instance holds.

    Raises
    ------
    BadInput
        When the parameter is missing or not a number.
    """
    text = instance.params.get(key)
    try:
        return float(text or "")
    except ValueError:
        faults = FaultLog()
        faults.add(
            KNOWN_VALUES,
            f"{instance.family} {instance.name}: parameter {key} is missing or not a number",
            expected=f"{key}=number among the parameters",
            remedy="Correct the row.",
            value=instance.params_text,
        )
        faults.raise_if_any()
        raise


def sibling(path: Path, name: str) -> Path:
    """The file `name` in the folder of `path`, which the table of known values does not list.

    Raises
    ------
    BadInput
        When it does not exist.
    """
    found = path.with_name(name)
    if not found.is_file():
        faults = FaultLog()
        faults.add(
            name,
            f"not found beside {path.name}",
            expected="a file of this name in the same folder",
            remedy="Add it.",
        )
        faults.raise_if_any()
    return found
