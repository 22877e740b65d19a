"""What is short as a table and in the lines that a planner reads."""

from datetime import datetime

import pandas as pd

from optimizer.judges.shortages import Shortage, ShortageKind, hours_short
from scenarios.world import World

LISTED = 10
"""Lines of the section; the others are counted."""

WORDS = {
    ShortageKind.POST: "posts",
    ShortageKind.PRESENCE: "minimum presence at stations",
    ShortageKind.VISIT: "visits",
    ShortageKind.LOAN: "agreed loans of",
    ShortageKind.ORDER: "on duty by order of the level",
}

COLUMNS = (
    "kind",
    "command",
    "what",
    "start",
    "end",
    "officers_at_most",
    "officer_hours",
    "price_call_min",
)


def shortages_frame(world: World, found: tuple[Shortage, ...]) -> pd.DataFrame:
    """One row for each thing that is short and each span of hours; no row when nothing is."""
    situation = world.situation
    rows = [
        (
            one.kind.value,
            situation.area.commands[one.district],
            _what(world, one),
            situation.horizon.at(one.from_hour).isoformat(),
            situation.horizon.at(one.to_hour).isoformat(),
            round(one.most, 4),
            round(one.officer_hours, 4),
            round(one.price, 4),
        )
        for one in found
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _what(world: World, one: Shortage) -> str:
    """What is short; a station by its id."""
    if one.kind is ShortageKind.PRESENCE:
        return world.situation.stations.place_ids[int(one.what)]
    return one.what


def shortages_text(world: World, found: tuple[Shortage, ...]) -> str:
    """Section of the summary: what is short where and when; empty when nothing is."""
    if not found:
        return ""
    groups: dict[tuple[ShortageKind, str], list[Shortage]] = {}
    for one in found:
        several = one.kind in (ShortageKind.PRESENCE, ShortageKind.VISIT)
        groups.setdefault((one.kind, "" if several else one.what), []).append(one)
    lines = [_line(world, kind, what, members) for (kind, what), members in groups.items()]
    more = len(lines) - LISTED
    rest = [f"* {more} more: `shortages.csv`"] if more > 0 else []
    total = ", ".join(
        f"{WORDS[kind]} {hours:,.1f}" for kind, hours in hours_short(found).items() if hours
    )
    intro = (
        f"Officer-hours short in all: {total}. The most pressing first; `shortages.csv` has every "
        "district and span of hours. `muster why` staffs the night again with the cheapest repairs."
    )
    return "\n".join(["## Where and when it is short", "", intro, "", *lines[:LISTED], *rest])


def _line(world: World, kind: ShortageKind, what: str, members: list[Shortage]) -> str:
    """One line for all districts and spans of one thing, and where it is worst."""
    hours = sum(one.officer_hours for one in members)
    worst = max(members, key=lambda one: one.officer_hours)
    at = world.situation.horizon.at
    districts = len({one.district for one in members})
    where = "1 district" if districts == 1 else f"{districts} districts"
    name = f"{WORDS[kind]}, {what}" if what else WORDS[kind]
    return (
        f"* {name}: {hours:,.1f} officer-hours in {where}, most of them in "
        f"{world.situation.area.commands[worst.district]} "
        f"({worst.officer_hours:,.1f}; up to {worst.most:,.1f} people, "
        f"{clock(at(worst.from_hour))} to {clock(at(worst.to_hour))})"
    )


def clock(moment: datetime) -> str:
    """Local day and time."""
    return f"{moment:%d %b %H:%M}"
