"""Reads team rotations."""

import math
from collections.abc import Collection
from datetime import date
from pathlib import Path

import numpy as np

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.rotations import FREE, Rotation
from optimizer.shifts import Shift

FREE_MARK = "-"
"""How the file writes a day without duty."""

_COLUMNS = ("rotation_id", "name_en", "name_zh", "forces", "teams", "cycle", "first_day")
_ROUNDING = 0.01
"""A share may be written with two digits: 0.33 for a third."""


def read_rotations(
    path: Path,
    shifts: tuple[Shift, ...],
    force_ids: Collection[str],
    min_rest_h: float,
    faults: FaultLog,
) -> tuple[Rotation, ...]:
    """Rotations in file order, each sound by itself and no force in two of them.

    A cycle must leave between its duties the rest that the earlier one asks for, and every
    shift must let a whole team work. To be used only when `faults` is empty.
    """
    table = read_table(path, _COLUMNS, faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    by_id = {shift.shift_id: shift for shift in shifts}
    ids = check.texts("rotation_id")
    check.unique(["rotation_id"], ids, "the rotation")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh")
    forces, cycles = _lists(check, "forces"), _lists(check, "cycle")
    _refuse_strangers(check, "forces", forces, force_ids, "types of personnel")
    _refuse_second_rotation(check, forces)
    teams = check.numbers("teams", minimum=1.0, whole=True)
    _refuse_strangers(check, "cycle", cycles, (*by_id, FREE_MARK), "shifts")
    _refuse_idle_cycles(check, cycles)
    _refuse_uneven_cycles(check, cycles, teams.tolist())
    days = check.dates("first_day")
    evidence = check.evidence()
    found: list[Rotation | None] = [None] * len(ids)
    for row in np.flatnonzero(check.sound).tolist():
        cycle = tuple(FREE if day == FREE_MARK else day for day in cycles[row])
        first_day = days[row]
        assert isinstance(first_day, date)
        found[row] = Rotation(
            ids[row],
            names_en[row],
            names_zh[row],
            tuple(forces[row]),
            int(teams[row]),
            cycle,
            first_day,
            tuple(by_id[name] for name in sorted(set(cycle) - {FREE})),
            evidence[row],
        )
    _refuse_short_rests(check, found, min_rest_h)
    _refuse_divided_teams(check, found)
    return tuple(rotation for rotation in found if rotation is not None)


def _lists(check: RowCheck, column: str) -> list[list[str]]:
    """Ids separated by semicolons; no empty one."""
    texts = check.texts(column)
    found = [[part.strip() for part in text.split(";")] for text in texts]
    check.refuse(
        [text != "" and "" in parts for text, parts in zip(texts, found, strict=True)],
        f"{column} has an empty place between semicolons",
        expected="ids separated by ';', in a cycle '-' for a day without duty",
        remedy="Remove the semicolon, or fill in what is missing.",
        values=texts,
    )
    return found


def _refuse_strangers(
    check: RowCheck, column: str, found: list[list[str]], known: Collection[str], what: str
) -> None:
    strangers = [sorted({part for part in parts if part and part not in known}) for parts in found]
    check.refuse(
        [bool(names) for names in strangers],
        f"{column} names {what} that are not known",
        expected=f"among {', '.join(known)}",
        remedy=f"Correct the ids, or add them to the table of {what}.",
        values=[", ".join(names) for names in strangers],
    )


def _refuse_second_rotation(check: RowCheck, forces: list[list[str]]) -> None:
    """A force has one rotation; the first row that names it keeps it."""
    taken: set[str] = set()
    again = []
    for names in forces:
        again.append(sorted({n for n in names if n in taken or names.count(n) > 1} - {""}))
        taken |= set(names)
    check.refuse(
        [bool(names) for names in again],
        "a force is in two rotations",
        expected="each type of personnel in one rotation, once",
        remedy="Remove it from one of them.",
        values=[", ".join(names) for names in again],
    )


def _refuse_idle_cycles(check: RowCheck, cycles: list[list[str]]) -> None:
    check.refuse(
        [set(cycle) == {FREE_MARK} for cycle in cycles],
        "the cycle has no duty",
        expected="at least one shift",
        remedy="Name the shift of each day of duty.",
        values=[";".join(cycle) for cycle in cycles],
    )


def _refuse_uneven_cycles(check: RowCheck, cycles: list[list[str]], teams: list[float]) -> None:
    check.refuse(
        [
            not math.isnan(count) and len(cycle) % int(count) != 0
            for cycle, count in zip(cycles, teams, strict=True)
        ],
        "the teams do not share the cycle evenly",
        expected="as many days as teams, or a multiple of it",
        remedy="Add or remove days of the cycle, or correct the number of teams.",
        values=[
            f"{len(cycle)} days for {count:g} teams"
            for cycle, count in zip(cycles, teams, strict=True)
        ],
    )


def _refuse_short_rests(
    check: RowCheck, rotations: list[Rotation | None], min_rest_h: float
) -> None:
    """A duty may begin only when the rest after the one before it is over."""
    told = [
        [] if rotation is None else _short_rests(rotation, min_rest_h) for rotation in rotations
    ]
    check.refuse(
        [bool(texts) for texts in told],
        "a shift is longer than its rest allows: the next duty of the cycle comes too soon",
        expected="between two duties the shift's rest_after_h and at least "
        f"labour.min_rest_h ({min_rest_h:g} h)",
        remedy="Add days without duty ('-') to the cycle, or shorten the shift or its rest.",
        values=["; ".join(texts) for texts in told],
    )


def _short_rests(rotation: Rotation, min_rest_h: float) -> list[str]:
    return [
        f"{between:g} h from the end of {first.shift_id} to {second.shift_id}, {needed:g} h needed"
        for first, second, between in rotation.rests()
        if between < (needed := max(first.rest_after_h, min_rest_h))
    ]


def _refuse_divided_teams(check: RowCheck, rotations: list[Rotation | None]) -> None:
    """A shift that may take a quarter of a force cannot be the turn of a third of it."""
    told = [
        []
        if rotation is None
        else [
            f"{one.shift_id}: {one.team_share:g} of a force, a team is {1 / rotation.teams:.3g}"
            for one in rotation.shifts
            if one.team_share < 1.0 / rotation.teams - _ROUNDING
        ]
        for rotation in rotations
    ]
    check.refuse(
        [bool(texts) for texts in told],
        "a shift of the cycle has a team_share that keeps a part of the team at home",
        expected="a team_share of at least one team",
        remedy="Raise the shift's team_share, or correct the number of teams.",
        values=["; ".join(texts) for texts in told],
    )
