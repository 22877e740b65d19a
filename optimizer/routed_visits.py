"""Routes of all sectors of a night, with all that they were made from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.places import VisitPoints
from optimizer.plan import PatrolRoute, VisitPlan
from optimizer.visit_routes import DueWindows, NightRoutes, Patrols


@dataclass(frozen=True, eq=False)
class SectorRoutes:
    """The routes of one sector, in `command`.

    `rows` are its points among all; `patrols` may make the `routes`, one each, with
    `travel_min[mode, place, place]` between the points and then the starts.
    """

    command: int
    rows: NDArray[np.int64]
    points: VisitPoints
    windows: DueWindows
    routes: tuple[PatrolRoute, ...]
    patrols: Patrols
    travel_min: NDArray[np.float64]
    night: NightRoutes


@dataclass(frozen=True)
class RoutedVisits:
    """Routes of all sectors and the plan of visits that they are."""

    sectors: tuple[SectorRoutes, ...]
    plan: VisitPlan
