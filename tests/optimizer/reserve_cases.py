"""A reserve in the tiny city, worked out by hand.

Places stand at cells 0 (west station), 3 (east station), 13 (west) and 14 (east); a unit drives
2 minutes a cell, at most 8, and takes one minute to move off. Sites: `mill` at cell 12 and
`quay` at cell 15, the north-west and north-east corners, `park` at cell 0. Minutes, turnout
included:

    place    mill  quay  park
      0        7     -     1
      3        -     7     7
     13        3     5     9
     14        5     3     -
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from optimizer.force import Force, ForceType
from optimizer.models.location.reserve_blocks import reserve_block
from optimizer.reserve import Cores, ReserveBlock, ReserveKind, ReserveSite
from tests.optimizer.tiny_city import CAR, tiny_city

CITY = tiny_city(hours=6)
START = CITY.horizon.start


def tiny_people(west: int = 12, east: int = 12) -> Force:
    """Rapid officers by station, and ten guards without police powers in each."""
    rapid = ForceType("rapid", "rapid", "特警", True, True, True, True, "routine")
    guard = ForceType("guard", "guard", "武警", False, True, True, False, "routine")
    return Force((rapid, guard), (CAR,), np.array([[west, 10], [east, 10]]))


def kind(**changes: object) -> ReserveKind:
    """Two units of four for the first two hours, to be at a site within five minutes."""
    base = ReserveKind(
        reserve_id="rapid_units",
        name_en="Rapid units",
        name_zh="快反",
        force_ids=("rapid",),
        officers=4,
        units=2,
        within_min=5.0,
        speed_factor=1.0,
        turnout_min=1.0,
        start=START,
        end=START + timedelta(hours=2),
        most_a_place=1,
        most_share=1.0,
        site_ids=(),
        source="made up",
    )
    return replace(base, **changes)


def site(site_id: str, cell: int) -> ReserveSite:
    lon, lat = CITY.area.to_lonlat(CITY.grid.x[cell : cell + 1], CITY.grid.y[cell : cell + 1])
    return ReserveSite(site_id, site_id, "点", float(lon[0]), float(lat[0]), cell, 100.0)


MILL, QUAY, PARK = site("mill", 12), site("quay", 15), site("park", 0)


def block(
    *sites: ReserveSite,
    of: ReserveKind | None = None,
    hours: range = range(2),
    cores: Cores = (),
    earlier: tuple[ReserveBlock, ...] = (),
    force: Force | None = None,
) -> ReserveBlock:
    """The units of a kind near some sites, mill and quay unless others are given."""
    at = sites or (MILL, QUAY)
    return reserve_block(of or kind(), hours, at, cores, earlier, CITY, force or tiny_people())
