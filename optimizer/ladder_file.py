"""Reads threshold ladders: one row for each action of a step, steps in order of severity."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from geodata.sites import Site
from optimizer.threshold_ladder import ACTIONS, MEASURES, Action, Ladder, Step, ladder_problems

_COLUMNS = (
    "site_id",
    "step_id",
    "name_en",
    "name_zh",
    "zone_ids",
    "measure",
    "at",
    "release",
    "action",
    "targets",
    "gates_in",
    "gates_out",
    "direction",
    "in_share",
    "source",
)
_STEP_COLUMNS = ("name_en", "name_zh", "zone_ids", "measure", "at", "release", "source")


def read_ladders(path: Path, sites: Sequence[Site], faults: FaultLog) -> tuple[Ladder, ...]:
    """Ladders of `sites`, in the order of the sites.

    `zone_ids` and `targets` hold ids with `;` between them. Rows of one step differ in their
    action only. Without sites (their own files had faults) nothing is read. To be used only when
    `faults` is empty.
    """
    table = read_table(path, _COLUMNS, faults) if sites else None
    if table is None:
        return ()
    check = RowCheck(table, faults)
    known = {site.site_id: site for site in sites}
    owner = check.choices("site_id", list(known), "the sites")
    step_ids = check.texts("step_id")
    keys = list(zip(owner, step_ids, strict=True))
    steps = _steps(check, keys)
    found = []
    for site in sites:
        own = tuple(step for (site_id, _), step in steps.items() if site_id == site.site_id)
        problems = ladder_problems(site, own)
        for problem in problems:
            faults.add(
                table.file,
                f"ladder of {site.site_id}: {problem}",
                expected="steps whose thresholds rise, taken back below a lower value, with "
                "actions the site has the passages for",
                remedy="Correct the rows of the step.",
            )
        if own and not problems:
            found.append(Ladder(site, own))
    return tuple(found)


def _steps(check: RowCheck, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Step]:
    """Step of each (site, step) whose rows are all sound, with the actions of its rows."""
    names_en, sources = check.texts("name_en"), check.texts("source")
    names_zh = check.texts("name_zh", optional=True)
    zones = [_ids(text) for text in check.texts("zone_ids", optional=True)]
    measures = check.choices("measure", MEASURES, "the measures")
    at, release = check.numbers("at", minimum=0.0), check.numbers("release", minimum=0.0)
    actions = _actions(check)
    _refuse_mixed_steps(check, keys)
    found: dict[tuple[str, str], Step] = {}
    for row in np.flatnonzero(check.sound).tolist():
        key = keys[row]
        earlier = found[key].actions if key in found else ()
        found[key] = Step(
            key[1],
            names_en[row],
            names_zh[row],
            zones[row],
            measures[row],
            float(at[row]),
            float(release[row]),
            (*earlier, actions[row]),
            sources[row],
        )
    return found


def _actions(check: RowCheck) -> list[Action]:
    """Action of each row; what a row leaves empty stays at its default."""
    kinds = check.choices("action", ACTIONS, "the actions")
    targets = check.texts("targets", optional=True)
    directions = check.texts("direction", optional=True)
    gates_in, gates_out = _counts(check, "gates_in"), _counts(check, "gates_out")
    in_share = check.numbers("in_share", minimum=0.0, optional=True)
    share = np.where(np.isnan(in_share), 1.0, in_share)
    return [
        Action(
            kinds[row],
            _ids(targets[row]),
            int(gates_in[row]),
            int(gates_out[row]),
            directions[row],
            float(share[row]),
        )
        for row in range(len(kinds))
    ]


def _ids(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(";") if name.strip())


def _counts(check: RowCheck, column: str) -> NDArray[np.float64]:
    return np.nan_to_num(check.numbers(column, minimum=0.0, whole=True, optional=True))


def _refuse_mixed_steps(check: RowCheck, keys: Sequence[tuple[str, str]]) -> None:
    """Rows of one step must agree in everything but the action."""
    frame = check.table.frame
    stated = list(zip(*(frame[name].astype(str) for name in _STEP_COLUMNS), strict=True))
    first: dict[tuple[str, str], tuple[str, ...]] = {}
    differs = [first.setdefault(key, row) != row for key, row in zip(keys, stated, strict=True)]
    check.refuse(
        differs,
        "the step differs from an earlier row of it",
        expected=f"the same {', '.join(_STEP_COLUMNS)} in every row of a step",
        remedy="Make the rows equal, or give one of them another step_id.",
        values=keys,
    )
