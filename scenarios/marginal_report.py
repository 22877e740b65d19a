"""Marginal values as a table and as a section of the summary."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.incidents import ZONES, ZONES_ZH
from geodata.situation import Situation
from optimizer.marginal_value import CHANGES, AreaValues, MarginalValue
from scenarios.headline import shown

FIGURES = (
    "weighted_min_per_h",
    "area_mean_min",
    "city_mean_min",
    "area_coverage_points",
    "city_coverage_points",
)
CHECKS = (
    "judged_weighted_min_per_h",
    "unrelieved_weighted_min_per_h",
    "resolved_weighted_min_per_h",
    "moved_weighted_min_per_h",
)
KEYS = ("unit_type", "hour", "area_kind", "area_id", "name_en", "name_zh", "change")

DIGITS = 4
SMALLEST = 1e-6
"""Figures below this, in any unit, are written as zero."""

LISTED = 5
"""Districts in each half of the summary's table."""

AreaName = tuple[str, str, str]
"""Id, English and Chinese name."""


def marginal_frame(situation: Situation, marginal: tuple[MarginalValue, ...]) -> pd.DataFrame:
    """What units more and fewer give and take, one row per type, hour, area and change.

    The columns of `CHECKS` are empty but for the sample.
    """
    rows = [row for value in marginal for row in _rows(situation, value)]
    table = pd.DataFrame(rows, columns=[*KEYS, *FIGURES, *CHECKS])
    figures = [*FIGURES, *CHECKS]
    table[figures] = to_digits(table[figures].to_numpy(dtype=np.float64))
    return table


def to_digits(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values rounded to `DIGITS` significant digits; those below `SMALLEST` are zero."""
    text = np.char.mod(f"%.{DIGITS}g", np.where(np.abs(values) < SMALLEST, 0.0, values))
    return text.astype(np.float64)


def command_names(situation: Situation) -> list[AreaName]:
    """Names of the commands; one that is a single district bears its id and Chinese name."""
    area = situation.area
    found = []
    for number, name in enumerate(area.commands):
        own = [area.districts[d] for d in np.flatnonzero(area.command_of == number)]
        single = own[0] if len(own) == 1 and not own[0].group_en else None
        found.append((single.district_id, name, single.name_zh) if single else (name, name, ""))
    return found


def _rows(situation: Situation, value: MarginalValue) -> list[tuple[object, ...]]:
    checks = {
        (one.command, one.hour, one.change): (
            one.judged,
            one.unrelieved,
            one.resolved,
            one.moved,
        )
        for one in value.checked
    }
    zones = [(name, name, chinese) for name, chinese in zip(ZONES, ZONES_ZH, strict=True)]
    rows: list[tuple[object, ...]] = []
    for kind, names, values in (
        ("district", command_names(situation), value.district),
        ("zone", zones, value.zone),
    ):
        table = np.stack([getattr(values, name) for name in FIGURES], axis=-1)
        for hour in range(situation.horizon.hours):
            for area, change in np.ndindex(len(names), len(CHANGES)):
                key = (value.unit_type, hour, kind, *names[area], CHANGES[change])
                check = checks.get((area, hour, change)) if kind == "district" else None
                figures = table[area, hour, change].tolist()
                rows.append((*key, *figures, *(check or (np.nan,) * len(CHECKS))))
    return rows


def marginal_text(
    situation: Situation, marginal: tuple[MarginalValue, ...], opening_hour: int
) -> str:
    """Section of the summary: where more units buy most and where they are least missed."""
    clock = f"{situation.horizon.at(opening_hour):%d %b %H:%M}"
    parts = [
        "## What the next units buy",
        "All other units stay where they stand; with more units all near them are less busy, "
        "with fewer busier, as the queueing model has it. `marginal.csv` has every district, "
        "zone tier and hour. Weighted call-minutes count urgent calls more; mean response and "
        "coverage are those of the whole city.",
    ]
    for value in marginal:
        parts.append(_table_of(situation, value, opening_hour, clock))
        if value.checked:
            parts.append(_checked(value))
    return "\n\n".join(parts)


def _table_of(situation: Situation, value: MarginalValue, hour: int, clock: str) -> str:
    names = [f"{english} {chinese}".strip() for _, english, chinese in command_names(situation)]
    rows = [
        f"At {clock}, {value.unit_type}:",
        "",
        "| units | district | weighted call-minutes an hour | mean min | coverage points |",
        "|---|---|---|---|---|",
    ]
    for sign, what in ((1, "more buy most"), (-1, "fewer are least missed")):
        change = _largest_known(value.district, hour, sign)
        if change is None:
            rows.append(f"| none can come or go ({what}) | - | - | - | - |")
            continue
        worth = value.district.weighted_min_per_h[:, hour, change]
        order = np.argsort(-sign * worth, kind="stable")
        for area in order[np.isfinite(worth[order])][:LISTED]:
            rows.append(
                f"| {abs(CHANGES[change])} {what} | {names[area]} | "
                + " | ".join(_signed(value.district, area, hour, change))
                + " |"
            )
    return "\n".join(rows)


def _largest_known(values: AreaValues, hour: int, sign: int) -> int | None:
    """Largest change in one direction that is possible in some district, an index."""
    known = [
        index
        for index, units in enumerate(CHANGES)
        if units * sign > 0 and np.isfinite(values.weighted_min_per_h[:, hour, index]).any()
    ]
    return max(known, key=lambda index: abs(CHANGES[index]), default=None)


def _signed(values: AreaValues, area: int, hour: int, change: int) -> list[str]:
    """Response falls and coverage rises with more units, and the other way round with fewer."""
    sign = 1.0 if CHANGES[change] > 0 else -1.0
    at = (area, hour, change)
    figures: list[tuple[NDArray[np.float64], float, int]] = [
        (values.weighted_min_per_h, -sign, 2),
        (values.city_mean_min, -sign, 3),
        (values.city_coverage_points, sign, 2),
    ]
    return [_figure(direction * float(table[at]), digits) for table, direction, digits in figures]


def _figure(value: float, digits: int) -> str:
    """A change with its sign; a zero bears no minus."""
    return shown(round(value, digits) + 0.0, f"+,.{digits}f")


def _checked(value: MarginalValue) -> str:
    told = sum(one.told for one in value.checked)
    judged = sum(one.judged for one in value.checked)
    unrelieved = sum(one.unrelieved for one in value.checked)
    net = sum(one.net for one in value.checked)
    most = max(abs(one.net - one.unrelieved) for one in value.checked)
    return (
        f"{len(value.checked)} figures drawn by the seed were checked. Judged afresh, they come "
        f"to {judged:,.2f} weighted call-minutes an hour together, {told:,.2f} as told here; "
        f"{unrelieved:,.2f} if the others stayed as busy as before. The places were chosen at "
        "those busy shares, and at them solving the hours again with every unit free to move, "
        f"what moving alone would buy deducted, comes to {net:,.2f}; one figure differs by "
        f"{most:.2f} at most."
    )
