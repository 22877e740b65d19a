"""The table of what lending leaves at home in every hour, written and read back."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from geodata.situation import Situation
from optimizer.judges.donor_hours import LenderHours, lending_commands, officers_lent
from optimizer.plan import Roster

LENDERS = "lender_hours"
FIGURES = ("covered", "covered_at_home", "p90_min", "p90_at_home_min")


def lenders_frame(situation: Situation, lenders: tuple[LenderHours, ...]) -> pd.DataFrame:
    """One row a lending command and hour: officers away and the service of its own calls.

    `*_at_home` are the figures with all lent officers at home; empty without calls, `inf` where
    more than a tenth of the calls is not served.
    """
    commands = situation.area.commands
    rows = [
        (
            commands[lender.command],
            start.isoformat(),
            int(lender.lent[:, hour].sum()),
            *(float(getattr(lender, name)[hour]) for name in FIGURES),
        )
        for lender in lenders
        for hour, start in enumerate(situation.horizon.starts)
    ]
    return pd.DataFrame(rows, columns=["from_command", "start", "officers_away", *FIGURES])


def read_lenders(
    folder: Path, situation: Situation, roster: Roster, faults: FaultLog
) -> tuple[LenderHours, ...]:
    """The lenders of a finished run; who borrows is told by the loans of its roster."""
    name = f"{LENDERS}.csv"
    table = read_table(folder / name, ("from_command", "start", *FIGURES), faults)
    if table is None:
        return ()
    hours, commands = situation.horizon.hours, lending_commands(roster)
    check = RowCheck(table, faults)
    found = {figure: _figures(check, figure) for figure in FIGURES}
    wanted = [situation.area.commands[command] for command in commands for _ in range(hours)]
    if check.texts("from_command") != wanted:
        faults.add(
            name,
            "rows that are not those of the lenders in loans.csv",
            expected=f"{hours} rows for each command that lends, in the order of commands",
            remedy="Plan the scenario again; the tables of a run are not edited by hand.",
            value=f"{len(table.frame)} rows",
        )
        return ()
    lenders = []
    for number, command in enumerate(commands):
        to, lent = officers_lent(roster, command, hours)
        part = slice(number * hours, (number + 1) * hours)
        lenders.append(LenderHours(command, to, lent, *(found[key][part] for key in FIGURES)))
    return tuple(lenders)


def _figures(check: RowCheck, column: str) -> NDArray[np.float64]:
    """Numbers, NaN where empty; infinity is one of them."""
    texts = check.texts(column, optional=True)
    values = pd.to_numeric(pd.Series(texts, dtype=object).replace("", "nan"), errors="coerce")
    check.refuse(
        [text != "" and np.isnan(value) for text, value in zip(texts, values, strict=True)],
        f"{column} is no number",
        expected="a number, inf or nothing",
        remedy="Plan the scenario again; the tables of a run are not edited by hand.",
        values=check.table.frame[column],
    )
    return values.to_numpy(dtype=np.float64)
