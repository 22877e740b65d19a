"""Files of the queueing families: tables of Erlang and Cobham, and cases of the hypercube."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.hypercube_methods import SmallSystem
from geodata.faults import BadInput, Fault, FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.judges.hypercube import travel_after_wait

FOLDER = Path("queueing")
ERLANG = FOLDER / "erlang.csv"
COBHAM = FOLDER / "priority_mmc_cobham.csv"
CASES = FOLDER / "hypercube_cases.json"

SIX_DIGITS = 5e-7
"""Largest difference, as a share of figures above one, that is the same to six digits."""

NEEDED: tuple[str, ...] = ("name", "line", "N", "mu", "lam", "home", "pref", "T")
SINGLE: tuple[str, ...] = (
    "p_queue",
    "p_all_busy",
    "interdistrict_fraction",
    "mean_travel_time",
    "T_Q",
    "Lq",
    "Wq",
)
"""Known figures of a case that are one number; those that stand in the file are compared."""

Figures = NDArray[np.float64]


@dataclass(frozen=True)
class ErlangRow:
    """`servers` units offered `offered` erlangs and their known loss, wait and mean wait."""

    servers: int
    offered: float
    known: dict[str, Figures]


@dataclass(frozen=True)
class CobhamRow:
    """M/M/c with priorities: units, services and calls an hour by grade, and known figures."""

    servers: int
    services_per_h: float
    calls_per_h: Figures
    known: dict[str, Figures]


@dataclass(frozen=True)
class Case:
    """A published system, its note, and the figures it should have."""

    name: str
    note: str
    system: SmallSystem
    known: dict[str, Figures]


def check_names(family: str, names: Sequence[str], known: Iterable[str]) -> None:
    """Refuse names of instances that a family does not have.

    Raises
    ------
    BadInput
        Naming them.
    """
    present = list(known)
    faults = FaultLog()
    for name in names:
        if name not in present:
            faults.add(
                "--instance",
                f"family {family} has no instance {name}",
                expected=", ".join(present[:12]),
                remedy="Check the names.",
            )
    faults.raise_if_any()


def told_deviation(pairs: Mapping[str, tuple[Figures | float, Figures]]) -> str:
    """Whether found and known figures agree to six digits; `pairs` of them by name."""
    off = {name: _deviation(found, known) for name, (found, known) in pairs.items()}
    worst = max(off, key=lambda name: off[name])
    figures = sum(known.size for _, known in pairs.values())
    said = "reproduced to 6 digits" if off[worst] <= SIX_DIGITS else "NOT reproduced"
    return f"{said}: largest deviation of {figures} figures {off[worst]:.1e} ({worst})"


def _deviation(found: Figures | float, known: Figures) -> float:
    off = np.abs(found - known) / np.maximum(1.0, np.abs(known))
    return float(np.nan_to_num(off, nan=np.inf).max())


def read_erlang(path: Path) -> list[ErlangRow]:
    """Rows of the table of Erlang's formulas.

    Raises
    ------
    BadInput
        When it is missing or faulty.
    """
    columns = {
        "erlang_B": "erlang_B",
        "erlang_C": "erlang_C",
        "mean_wait": "Wq_over_service_time",
    }
    faults = FaultLog()
    table = read_table(path, ("c", "offered_load_a", *columns.values()), faults)
    faults.raise_if_any()
    assert table is not None
    check = RowCheck(table, faults)
    servers = check.numbers("c", minimum=1.0, whole=True)
    offered = check.numbers("offered_load_a", minimum=0.0)
    known = {name: check.numbers(column) for name, column in columns.items()}
    faults.raise_if_any()
    return [
        ErlangRow(
            int(servers[row]),
            float(offered[row]),
            {name: values[row : row + 1] for name, values in known.items()},
        )
        for row in range(len(servers))
    ]


def read_cobham(path: Path) -> list[CobhamRow]:
    """Rows of the table of lines with priorities; numbers by grade stand apart by blanks.

    Raises
    ------
    BadInput
        When it is missing or faulty.
    """
    singles, lists = ("erlang_C", "Wq_overall"), ("Wq_by_class", "W_by_class")
    grades = "lambda_by_class_high_first"
    faults = FaultLog()
    table = read_table(path, ("c", "mu", grades, *singles, *lists), faults)
    faults.raise_if_any()
    assert table is not None
    check = RowCheck(table, faults)
    servers = check.numbers("c", minimum=1.0, whole=True)
    services = check.numbers("mu", minimum=1e-9)
    known = {name: [np.array([value]) for value in check.numbers(name)] for name in singles}
    calls = _lists(check, grades)
    known |= {name: _lists(check, name) for name in lists}
    check.refuse(
        [
            any(len(known[name][row]) != len(calls[row]) for name in lists)
            for row in range(len(calls))
        ],
        "waits and calls are of different numbers of grades",
        expected="as many waits as grades of calls",
        remedy="Correct the row.",
        values=check.texts(grades),
    )
    faults.raise_if_any()
    return [
        CobhamRow(
            int(servers[row]),
            float(services[row]),
            calls[row],
            {name: values[row] for name, values in known.items()},
        )
        for row in range(len(servers))
    ]


def _lists(check: RowCheck, column: str) -> list[Figures]:
    """Numbers of each row that stand apart by blanks; NaN alone where they are none."""
    texts = check.texts(column)
    found = [_numbers(text) for text in texts]
    check.refuse(
        [bool(np.isnan(numbers).any() or (numbers < 0).any()) for numbers in found],
        f"{column} is not a list of numbers of at least 0",
        expected="numbers apart by blanks",
        remedy="Correct the value.",
        values=texts,
    )
    return found


def _numbers(text: str) -> Figures:
    try:
        return np.array([float(part) for part in text.split()] or [np.nan])
    except ValueError:
        return np.array([np.nan])


def read_cases(path: Path) -> list[Case]:
    """Cases of the hypercube with their known figures.

    Raises
    ------
    BadInput
        When the file is missing, is no list of cases, or a case is faulty.
    """
    entries = _entries(path)
    faults = FaultLog()
    cases = [_case(path.name, number, entry, faults) for number, entry in enumerate(entries, 1)]
    faults.raise_if_any()
    return [case for case in cases if case is not None]


def _entries(path: Path) -> list[Any]:
    expected = "a JSON list of cases"
    problem = "not found"
    if path.is_file():
        try:
            entries = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            problem = f"not readable as JSON: {error}"
        else:
            if isinstance(entries, list) and entries:
                return entries
            problem = "not a list with at least one case"
    fault = Fault(str(CASES), problem, expected, "Give a folder that holds it with --data.")
    raise BadInput([fault])


def _case(file: str, number: int, entry: Any, faults: FaultLog) -> Case | None:
    missing = [key for key in NEEDED if not isinstance(entry, dict) or key not in entry]
    problem = f"missing: {', '.join(missing)}"
    if not missing:
        try:
            return _built(entry)
        except (IndexError, TypeError, ValueError) as error:
            problem = str(error)
    faults.add(
        file,
        f"case {number}: {problem}",
        expected=f"keys {', '.join(NEEDED)} and known figures that fit each other",
        remedy="Correct the case.",
    )
    return None


def _built(entry: dict[str, Any]) -> Case:
    name, _, note = str(entry["name"]).partition(" ")
    calls = np.array(entry["lam"], dtype=np.float64)
    units, atoms = int(entry["N"]), len(calls)
    if entry["line"] not in ("inf", "zero"):
        raise ValueError(f"line is {entry['line']!r}, not 'inf' or 'zero'")
    between = np.array(entry["T"], dtype=np.float64)
    if between.shape != (atoms, atoms):
        raise ValueError(f"T has shape {between.shape}, expected {(atoms, atoms)}")
    system = SmallSystem(
        calls_per_h=calls,
        order=np.array(entry["pref"], dtype=np.int64),
        units=np.ones(units, dtype=np.int64),
        services_per_h=np.array(np.broadcast_to(entry["mu"], (units,)), dtype=np.float64),
        travel=between[np.array(entry["home"], dtype=np.int64)],
        travel_after_wait=travel_after_wait(calls, between),
        line=entry["line"] == "inf",
    )
    if system.order.shape != (atoms, units) or system.travel.shape != (units, atoms):
        raise ValueError("pref needs a list of all units for each atom, home an atom for each unit")
    if not np.array_equal(np.sort(system.order, axis=1), np.tile(np.arange(units), (atoms, 1))):
        raise ValueError(f"pref has a list that does not name units 0 to {units - 1} once each")
    system.by_unit()
    shapes = {"p_state": (1 << units,), "workload": (units,), "f_nj": (units, atoms)}
    shapes |= dict.fromkeys(SINGLE, (1,))
    known = {
        key: np.array(entry[key], dtype=np.float64).reshape(shape)
        for key, shape in shapes.items()
        if key in entry
    }
    if not known:
        raise ValueError("no known figure")
    return Case(name, note, system, known)
