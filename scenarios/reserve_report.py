"""Tables and text on the reserve: where it stands, minutes to the sites, what calls pay."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.judges.reserve_calls import ReserveCalls, away_chances
from optimizer.plan import PostAssignment
from optimizer.reserve import (
    OWN,
    ReserveBlock,
    ReservePlan,
    SiteMinutes,
    manned_units,
    own_in_time,
    post_id_of,
    site_minutes,
)
from scenarios.headline import json_ready, shown
from scenarios.world import World

PROVED_MIN = 0.005
"""Minutes over all sites below which a gap to the bound is none."""


def reserve_frame(plan: ReservePlan, situation: Situation, have: Mapping[str, int]) -> pd.DataFrame:
    """Every unit: block, place, whether its crew is there, the site it is promised to.

    `minutes` from dispatch to arrival in the slowest hour of the block.
    """
    rows = [row for block in plan.blocks for row in _unit_rows(block, situation, have)]
    columns = (
        "reserve_id name_en name_zh start end place_id place_kind lon lat district_id command "
        "forces officers units_required units_have site_id site_en site_zh promise minutes "
        "within_min within"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _unit_rows(
    block: ReserveBlock, situation: Situation, have: Mapping[str, int]
) -> list[tuple[object, ...]]:
    kind, places, at = block.kind, situation.patrol_places, situation.horizon.at
    manned, minutes = manned_units(block, have), block.promised_min
    rows: list[tuple[object, ...]] = []
    for number, unit in enumerate(block.units):
        site = block.sites[unit.site]
        rows.append(
            (
                kind.reserve_id,
                kind.name_en,
                kind.name_zh,
                at(block.from_hour).isoformat(),
                at(block.to_hour).isoformat(),
                block.place_ids[number],
                places.kind[unit.place],
                round(float(block.lon[number]), 6),
                round(float(block.lat[number]), 6),
                situation.area.district_ids[places.district[unit.place]],
                situation.area.commands[block.command[number]],
                "; ".join(kind.force_ids),
                kind.officers,
                1,
                int(manned[number]),
                site.site_id,
                site.name_en,
                site.name_zh,
                "own" if unit.rank == OWN else "more",
                float(minutes[number]),
                kind.within_min,
                bool(minutes[number] <= kind.within_min),
            )
        )
    return rows


def reserve_sites_frame(
    plan: ReservePlan,
    situation: Situation,
    have: Mapping[str, int],
    calls: ReserveCalls | None,
) -> pd.DataFrame:
    """Minutes of the manned units to each site by hour, its own and the next best.

    `next_promised_to` is the site that the next best is promised to: the same one where it has
    a second unit. The chances are those with the units released to calls, empty where that was
    not asked for.
    """
    rows = [
        row
        for number, block in enumerate(plan.blocks)
        for row in _site_rows(block, situation, have, None if calls is None else calls.busy[number])
    ]
    columns = (
        "reserve_id site_id site_en site_zh hour own_place_id own_min within next_place_id "
        "next_min next_promised_to own_away_if_released none_left_if_released"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _site_rows(
    block: ReserveBlock,
    situation: Situation,
    have: Mapping[str, int],
    busy: NDArray[np.float64] | None,
) -> list[tuple[object, ...]]:
    manned = manned_units(block, have)
    rows: list[tuple[object, ...]] = []
    for line in site_minutes(block, manned):
        site = block.sites[line.site]
        away = (np.nan, np.nan) if busy is None else away_chances(block, manned, busy, line)
        rows.append(
            (
                block.kind.reserve_id,
                site.site_id,
                site.name_en,
                site.name_zh,
                situation.horizon.at(line.hour).isoformat(),
                block.place_ids[line.own] if line.own >= 0 else "",
                line.own_min,
                line.own_min <= block.kind.within_min,
                block.place_ids[line.next_best] if line.next_best >= 0 else "",
                line.next_min,
                _promised(block, line.next_best),
                *away,
            )
        )
    return rows


def _promised(block: ReserveBlock, unit: int) -> str:
    return "" if unit < 0 else block.sites[block.units[unit].site].site_id


def reserve_text(world: World, posts: PostAssignment, calls: ReserveCalls | None) -> str:
    """The summary's section on the reserve; empty where there is none."""
    plan, situation = world.reserve, world.situation
    if not plan.blocks:
        return ""
    have = posts.have()
    lines = [
        "## Reserve",
        "",
        "Units that stand by outside the cores of the crowds; each is promised to one site at a "
        "time, and its crew does nothing else. Minutes run from dispatch to arrival, in the "
        "slowest hour; the way through a crowd comes on top (`event_access.csv`). `reserve.csv` "
        "has every unit, `reserve_sites.csv` the minutes hour by hour.",
        "",
        *(_block_line(block, situation, have) for block in plan.blocks),
    ]
    for reserve_id in dict.fromkeys(block.kind.reserve_id for block in plan.blocks):
        own = [block for block in plan.blocks if block.kind.reserve_id == reserve_id]
        lines += ["", *_site_table(own, situation, have)]
    if calls is not None:
        units = world.force.unit_types
        unit_name = next(unit.name_en for unit in units if unit.unit_type == calls.unit_type)
        lines += ["", *_calls_lines(plan, situation, have, calls, unit_name)]
    return "\n".join(lines)


def _span(block: ReserveBlock, situation: Situation) -> str:
    at = situation.horizon.at
    return f"{at(block.from_hour):%d %b %H:%M} to {at(block.to_hour):%H:%M}"


def _block_line(block: ReserveBlock, situation: Situation, have: Mapping[str, int]) -> str:
    """Strength, sites without a unit of their own, the bottleneck and how good the places are."""
    kind, manned = block.kind, manned_units(block, have)
    lines = site_minutes(block, manned)
    kept = own_in_time(block, lines)
    strength = f"{int(manned.sum())} of {kind.units} units of {kind.officers}"
    told = [
        f"* {kind.name_en} ({kind.name_zh}), {_span(block, situation)}: {strength}"
        f"{_short(block, situation, manned, have)}"
    ]
    if block.sites:
        late = [site.name_en for site, good in zip(block.sites, kept, strict=True) if not good]
        told.append(
            f"{len(block.sites) - len(late)} of {len(block.sites)} sites have a unit of their "
            f"own within {kind.within_min:g} min" + (f" (not {', '.join(late)})" if late else "")
        )
        told.append(f"{_slowest(block, lines)}; {_proved(block)}")
    return "; ".join(told) + "."


def _short(
    block: ReserveBlock,
    situation: Situation,
    manned: NDArray[np.bool_],
    have: Mapping[str, int],
) -> str:
    """Who is short: units without a place, and crews that commands cannot fill."""
    parts = [f"{block.unplaced} without a place"] if block.unplaced else []
    commands = situation.area.commands
    for command in np.unique(block.command[~manned]).tolist():
        there = np.flatnonzero(block.command == command).tolist()
        wanted = len(there) * block.kind.officers
        got = sum(have.get(post, 0) for post in {post_id_of(block, unit) for unit in there})
        parts.append(f"{commands[command]} lacks {wanted - got} of {wanted} officers")
    return f" ({'; '.join(parts)})" if parts else ""


def _slowest(block: ReserveBlock, lines: Sequence[SiteMinutes]) -> str:
    """The bottleneck: the site whose own unit takes longest."""
    there = [line for line in lines if line.own >= 0]
    if not there:
        return "no site has a unit of its own"
    worst = max(there, key=lambda line: line.own_min)
    return f"the slowest is {worst.own_min:.1f} min to {block.sites[worst.site].name_en}"


def _proved(block: ReserveBlock) -> str:
    """How far the places can be from the best ones, by the proven bounds of both levels."""
    levels = (block.choice.own, block.choice.more)
    gaps = [max(level.cost - level.bound, 0.0) for level in levels]
    if max(gaps) < PROVED_MIN:
        return "proved: no other places are better"
    return (
        f"proved: no other places are better by more than {gaps[0]:.2f} min in all for own units "
        f"and {gaps[1]:.2f} min for the others"
    )


def _site_table(
    blocks: Sequence[ReserveBlock], situation: Situation, have: Mapping[str, int]
) -> list[str]:
    """Own and next best minutes of each site, block by block, in the slowest hour."""
    sites = {site.site_id: site for block in blocks for site in block.sites}
    cells: dict[tuple[str, int], str] = {}
    for number, block in enumerate(blocks):
        lines = site_minutes(block, manned_units(block, have))
        for row, site in enumerate(block.sites):
            own = [line for line in lines if line.site == row]
            cells[site.site_id, number] = (
                f"{_told(block, max(line.own_min for line in own))} / "
                f"{_told(block, max(line.next_min for line in own))}"
            )
    name = blocks[0].kind.name_en
    heads = " | ".join(_span(block, situation) for block in blocks)
    return [
        f"Minutes of {name}, own unit / next best once it is gone:",
        "",
        f"| site | {heads} |",
        "|---|" + "---|" * len(blocks),
        *(
            f"| {site.name_en} ({site.name_zh}) | "
            + " | ".join(cells.get((site_id, number), "-") for number in range(len(blocks)))
            + " |"
            for site_id, site in sites.items()
        ),
    ]


def _told(block: ReserveBlock, minutes: float) -> str:
    """Minutes, or that they are beyond the longest response that is worked out."""
    return f"{minutes:.1f}" if minutes < np.inf else f"over {block.task.reach_min:.0f}"


def _calls_lines(
    plan: ReservePlan,
    situation: Situation,
    have: Mapping[str, int],
    calls: ReserveCalls,
    unit_name: str,
) -> list[str]:
    """What holding the reserve costs the calls, and what releasing it costs the sites."""
    least, most = int(calls.units.min()), int(calls.units.max())
    units = f"{most}" if least == most else f"{least} to {most}"
    lines = [
        f"Held or released: in {len(calls.hours)} hours {units} units wait for their sites. The "
        f"calls of these hours, judged once more with each of them answering as a {unit_name} at "
        "its place:",
        "",
        "| | coverage | mean min | P90 min |",
        "|---|---|---|---|",
        *(
            f"| {name} | {shown(service.covered, '.2%')} | {shown(service.mean_min, '.3f')} | "
            f"{shown(service.p90_min, '.1f')} |"
            for name, service in (("held", calls.held), ("released", calls.released))
        ),
        "",
    ]
    chances: dict[str, list[tuple[float, float, str]]] = {}
    for block, busy in zip(plan.blocks, calls.busy, strict=True):
        manned = manned_units(block, have)
        for line in site_minutes(block, manned):
            told = (*away_chances(block, manned, busy, line), block.sites[line.site].name_en)
            if line.own >= 0:
                chances.setdefault(block.kind.name_en, []).append(told)
    return lines + [_left_line(name, rows) for name, rows in chances.items()]


def _left_line(name: str, chances: Sequence[tuple[float, float, str]]) -> str:
    """What is left at the sites of one kind of reserve while its units answer calls."""
    away, left = (np.array([row[column] for row in chances]) for column in (0, 1))
    worst = chances[int(away.argmax())][2]
    return (
        f"* {name}, released: a site's own unit would be on a call {away.mean():.1%} of the time "
        f"(worst {away.max():.1%}, {worst}); with probability {left.mean():.2%} (worst "
        f"{left.max():.2%}) no unit within its minutes is free, units taken as busy independently "
        "of each other."
    )


def reserve_record(calls: ReserveCalls) -> dict[str, Any]:
    """Held and released as plain values; None for a figure that is not finite."""
    record: dict[str, Any] = json_ready(
        {
            "released_as": calls.unit_type,
            "hours": len(calls.hours),
            "units": {"least": int(calls.units.min()), "most": int(calls.units.max())},
            "held": asdict(calls.held),
            "released": asdict(calls.released),
        }
    )
    return record
