"""The reserve of the map: where its units stand, to which site each is promised, and minutes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.text import both
from optimizer.reserve import (
    OWN,
    ReserveBlock,
    ReservePlan,
    SiteMinutes,
    manned_units,
    site_minutes,
)


def reserve_content(
    plan: ReservePlan, have: Mapping[str, int], names: Mapping[str, dict[str, str]]
) -> dict[str, Any]:
    """Places of the reserve with one row a unit and block, and the minutes to every site.

    `have` are officers by post id: a unit without its whole crew is told as missing. `names` in
    both languages by place id; a place that has none is told by its id.
    """
    kinds = list(dict.fromkeys(block.kind.reserve_id for block in plan.blocks))
    places: dict[tuple[float, float], dict[str, Any]] = {}
    sites = []
    for block in plan.blocks:
        manned = manned_units(block, have)
        for number in range(len(block.units)):
            spot = (round(float(block.lat[number]), 5), round(float(block.lon[number]), 5))
            place = places.setdefault(
                spot,
                {
                    "names": names.get(block.place_ids[number], both(block.place_ids[number], "")),
                    "lat": spot[0],
                    "lon": spot[1],
                    "command": int(block.command[number]),
                    "rows": [],
                },
            )
            rank = kinds.index(block.kind.reserve_id)
            place["rows"].append({**_unit_row(block, number, manned), "kindRank": rank})
        sites += _site_rows(block, manned)
    return {"marks": list(places.values()), "sites": sites}


def _unit_row(block: ReserveBlock, number: int, manned: NDArray[np.bool_]) -> dict[str, Any]:
    unit, kind = block.units[number], block.kind
    site = block.sites[unit.site]
    return {
        "kind": both(kind.name_en, kind.name_zh),
        "officers": kind.officers,
        "from": block.from_hour,
        "to": block.to_hour,
        "required": 1,
        "have": int(manned[number]),
        "own": unit.rank == OWN,
        "site": both(site.name_en, site.name_zh),
        "minutes": _minutes(block.minutes[number, unit.site]),
        "limit": kind.within_min,
    }


def _site_rows(block: ReserveBlock, manned: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Minutes of the own unit and of the next best one, hour by hour, for every site."""
    by_site: dict[int, list[SiteMinutes]] = {}
    for one in site_minutes(block, manned):
        by_site.setdefault(one.site, []).append(one)
    return [
        {
            "kind": both(block.kind.name_en, block.kind.name_zh),
            "site": both(block.sites[site].name_en, block.sites[site].name_zh),
            "from": block.from_hour,
            "to": block.to_hour,
            "limit": block.kind.within_min,
            "own": _minutes(np.array([line.own_min for line in lines])),
            "next": _minutes(np.array([line.next_min for line in lines])),
        }
        for site, lines in by_site.items()
    ]


def _minutes(values: NDArray[np.float64]) -> list[float | None]:
    """Minutes with one decimal, None where nobody comes."""
    return [round(float(value), 1) if np.isfinite(value) else None for value in values]
