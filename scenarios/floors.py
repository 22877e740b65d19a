"""Floors of coverage that a scenario asks for, and which of them nobody can reach."""

import numpy as np

from geodata.incidents import ZONES
from geodata.situation import Situation
from optimizer.force import UnitType
from optimizer.judges.floors import reachable_service
from optimizer.patrol_wishes import CoverFloor
from scenarios.schema import FloorsPart


def cover_floors(situation: Situation, part: FloorsPart) -> tuple[CoverFloor, ...]:
    """One floor for every district and one for every zone tier that the scenario names."""
    floors = []
    if part.district is not None:
        floors += [
            CoverFloor(f"district {name}", situation.grid.district == number, part.district)
            for number, name in enumerate(situation.area.district_ids)
        ]
    floors += [
        CoverFloor(f"zone {tier}", situation.zone == ZONES.index(tier), share)
        for tier, share in part.zones.items()
    ]
    return tuple(floors)


def floor_notes(
    situation: Situation, unit_types: tuple[UnitType, ...], floors: tuple[CoverFloor, ...]
) -> tuple[str, ...]:
    """Floors that no number of units can reach, with the hour in which most calls are missed."""
    if not floors:
        return ()
    best = reachable_service(situation, unit_types, floors)
    notes = []
    for number, name in enumerate(best.names):
        short = best.short_calls[number]
        worst = int(short.argmax())
        if short[worst] > 1e-9:
            notes.append(
                f"the floor of {best.asked[number]:.1%} for {name} is out of reach in "
                f"{np.count_nonzero(short > 1e-9)} of {len(short)} hours: "
                f"{situation.horizon.at(worst):%d %b %H:%M} no number of units covers more than "
                f"{best.covered[number, worst]:.1%}, {short[worst]:.3g} calls an hour short; "
                "lower the floor, add places or relax the targets"
            )
    return tuple(notes)
