"""What the next ten officers buy and which ten are least missed, as a table and in the summary."""

import numpy as np
import pandas as pd

from geodata.situation import Situation
from optimizer.force import Force
from optimizer.officer_worth import STEP, OfficerChange, OfficerWorth
from optimizer.plan import Roster
from scenarios.marginal_report import command_names, to_digits

KEYS = ("area_id", "name_en", "name_zh", "force_id", "shift_id", "start", "end", "change")
FIGURES = ("call_min", "post_hours", "visit_hours", "ordered_hours", "worth")
CHECKS = ("resolved_worth",)
ANY_SHIFT = "any"


def officers_frame(
    situation: Situation, force: Force, roster: Roster, worth: OfficerWorth
) -> pd.DataFrame:
    """Worth of officers, one row per district, force, shift and change.

    One officer more on every shift, `STEP` more or fewer where they were solved anew, and `STEP`
    more on the strength, who work `any` shifts.
    """
    labels = _Labels(situation, force, roster)
    rows = [
        (*labels.of(*at), 1, *[np.nan] * 4, worth.first[tuple(at)], np.nan)
        for at in np.argwhere(np.isfinite(worth.first)).tolist()
    ]
    for change in (*worth.next_best, *worth.least_missed):
        key = labels.of(change.district, change.force, change.instance)
        rows.append((*key, change.officers, *_figures(change), np.nan))
    resolved = {(one.district, one.force): one.resolved for one in worth.checked}
    for district, row in np.argwhere(np.isfinite(worth.strength)).tolist():
        total, check = STEP * worth.strength[district, row], resolved.get((district, row), np.nan)
        rows.append((*labels.of(district, row, None), STEP, *[np.nan] * 4, total, check))
    table = pd.DataFrame(rows, columns=[*KEYS, *FIGURES, *CHECKS])
    figures = [*FIGURES, *CHECKS]
    table[figures] = to_digits(table[figures].to_numpy(dtype=np.float64))
    return table


class _Labels:
    """Names of districts, forces and shifts."""

    def __init__(self, situation: Situation, force: Force, roster: Roster) -> None:
        self.situation, self.force, self.roster = situation, force, roster
        self.names = command_names(situation)

    def of(self, district: int, force: int, instance: int | None) -> tuple[str, ...]:
        """District, force and shift as the first columns of the table."""
        where = (*self.names[district], self.force.ids[force])
        if instance is None:
            return (*where, ANY_SHIFT, "", "")
        shift, horizon = self.roster.instances[instance], self.situation.horizon
        hours = (horizon.at(shift.start_h), horizon.at(shift.end_h))
        return (*where, shift.shift.shift_id, *(moment.isoformat() for moment in hours))


def _figures(change: OfficerChange) -> tuple[float, ...]:
    worth = change.worth
    return (worth.call_min, worth.post_hours, worth.visit_hours, worth.ordered_hours, worth.total)


def officers_text(situation: Situation, force: Force, roster: Roster, worth: OfficerWorth) -> str:
    """Section of the summary: the next ten officers, and the ten least missed."""
    parts = [
        "## What the next officers buy",
        f"{STEP} officers come for one shift or are taken off it, everybody else as planned. Calls "
        "in weighted call-minutes; posts, visits and service-level orders in officer-hours; worth "
        "is all of it at staffing's prices less the cost of being on duty, in weighted "
        "call-minutes. What lies outside the horizon does not count. `officers.csv` has every "
        "district, force and shift.",
        _table(f"the next {STEP}", situation, force, roster, worth.next_best),
    ]
    if worth.least_missed:
        parts.append(
            _table(f"the {STEP} least missed", situation, force, roster, worth.least_missed)
        )
    parts += [
        f"Check: {STEP} {force.types[one.force].name_en} more on the strength of "
        f"{situation.area.commands[one.district]} are worth {one.told:,.1f} at these prices and "
        f"{one.resolved:,.1f} when the whole city is staffed again with them."
        for one in worth.checked
    ]
    return "\n\n".join(parts)


def _table(
    title: str,
    situation: Situation,
    force: Force,
    roster: Roster,
    changes: tuple[OfficerChange, ...],
) -> str:
    rows = [
        f"| {title} | force | shift from | calls | posts, h | visits, h | ordered, h | worth |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for change in changes:
        shift = roster.instances[change.instance]
        figures = [value + 0.0 for value in np.round(_figures(change), 1)]
        rows.append(
            f"| {situation.area.commands[change.district]} | "
            f"{force.types[change.force].name_en} | {shift.shift.shift_id} "
            f"{situation.horizon.at(shift.start_h):%d %b %H:%M} | "
            f"{' | '.join(f'{value:,.1f}' for value in figures)} |"
        )
    return "\n".join(rows)
