"""A city of 4 x 4 cells, two districts and two stations, small enough to work out by hand.

Cells are 1 km wide and numbered row by row from the south-west. Columns 0 and 1 are the
district `west`, columns 2 and 3 `east`. A unit drives 2 minutes a cell, along rows and columns,
and reaches everything within 8 minutes. Stations stand at cell 0 (west) and cell 3 (east),
standby points at cells 13 (west, the north of column 1) and 14 (east, the north of column 2):

    12 [13] [14] 15
     8   9   10  11
     4   5    6   7
    (0)  1    2  (3)

Turnout takes 1 minute from a station and none on the street. The only class answered by cars is
`theft`: 4 calls an hour at cell 0, 1 at cell 13, 2 at cell 14; each takes one unit for 30
minutes plus closing. `noise` is settled by phone.
"""

from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.forecast import DemandForecast
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from geodata.incidents import ZONES, IncidentClass, IncidentClasses
from geodata.places import Places, VisitPoints
from geodata.situation import Situation
from geodata.travel import ReachLists, TravelTimes
from optimizer.calls import PatrolTerms
from optimizer.force import Force, ForceType, UnitType

CAR = UnitType("car", "patrol car", "巡逻车", "police", 2, 1.0, 0.0, 1.0)
TERMS = PatrolTerms(
    closing_min=0.0, grade_weight=(1.0, 1.0, 1.0, 1.0), penalty_min=11.0, bin_min=1.0
)
"""Longest response is 8 + 1 minutes, so an unserved call counts 20."""

CUTOFF_MIN = 8.0
PLACE_CELLS = (0, 3, 13, 14)
CALLS = {0: 4.0, 13: 1.0, 14: 2.0}


def tiny_city(*, hours: int = 2, shift_cells: int = 0) -> Situation:
    """Build the city; `shift_cells` moves all its coordinates by whole cells."""
    west, south = 350_000.0 + 1000.0 * shift_cells, 3_450_000.0
    area = StudyArea(
        "EPSG:32651",
        "Asia/Shanghai",
        (
            District("west", "West", "西", box(west, south, west + 2000, south + 4000)),
            District("east", "East", "东", box(west + 2000, south, west + 4000, south + 4000)),
        ),
    )
    grid = grid_over(area, 1000.0)
    stations = places_at(grid, PLACE_CELLS[:2], "station")
    everywhere = places_at(grid, PLACE_CELLS, "station", "station", "standby", "standby")
    return Situation(
        area=area,
        grid=grid,
        horizon=Horizon(datetime(2027, 2, 5, 18, tzinfo=UTC), hours),
        zone=np.full(16, ZONES.index("city")),
        classes=incident_classes(),
        forecast=DemandForecast(call_rates(hours), 16, hours, ("theft", "noise")),
        stations=stations,
        patrol_places=everywhere,
        visit_points=VisitPoints(places_at(grid, (), "must_visit"), *[np.zeros(0)] * 4),
        travel=MappingProxyType({"car": manhattan_times(grid, everywhere, hours)}),
        population=np.full(16, 1000.0),
        context=(),
        provenance=(),
    )


def tiny_force() -> Force:
    """Two stations with ten officers each, who go out in cars."""
    police = ForceType("police", "police", "民警", True, True, True, True, "routine")
    return Force((police,), (CAR,), np.full((2, 1), 10))


def places_at(grid: Grid, cells: tuple[int, ...], *kinds: str) -> Places:
    """Places in the middle of cells; one kind stands for all."""
    at = np.array(cells, dtype=np.int64)
    kind = kinds if len(kinds) == len(cells) else kinds * len(cells)
    ids = tuple(f"{name}{cell}" for name, cell in zip(kind, cells, strict=True))
    return Places(ids, kind, ids, ids, grid.x[at], grid.y[at], at, grid.district[at])


def incident_classes() -> IncidentClasses:
    """Thefts with a target of 5 minutes in the city, and noise settled by phone."""
    theft = IncidentClass("theft", "theft", "盗窃", 2, 2.0, 1.0, 30.0, "car")
    noise = IncidentClass("noise", "noise", "噪音", 4, 0.0, 0.0, 5.0, "")
    return IncidentClasses((theft, noise), np.full((len(ZONES), 2), 5.0))


def call_rates(hours: int) -> np.ndarray:
    """The calls of the docstring, the same in every hour."""
    rate = np.zeros((16, hours, 2), dtype=np.float32)
    for cell, calls in CALLS.items():
        rate[cell, :, 0] = calls
    rate[:, :, 1] = 3.0
    return rate


def manhattan_times(grid: Grid, places: Places, hours: int) -> TravelTimes:
    """Two minutes a cell along rows and columns, up to the cut-off."""
    column, row = grid.col - grid.col[0], grid.row - grid.row[0]
    indptr, cells, minutes = [0], [], []
    for home in places.cell:
        time = 2.0 * (abs(column - column[home]) + abs(row - row[home]))
        inside = np.flatnonzero(time <= CUTOFF_MIN)
        cells.append(inside)
        minutes.append(time[inside])
        indptr.append(indptr[-1] + len(inside))
    reach = ReachLists(np.array(indptr), np.concatenate(cells), np.concatenate(minutes))
    return TravelTimes(("day",), (reach,), np.zeros(hours, dtype=np.int64), CUTOFF_MIN)
