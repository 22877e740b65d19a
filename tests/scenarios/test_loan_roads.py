"""Minutes between commands by road, worked out by hand on a road of six cells."""

from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.faults import BadInput
from geodata.grid import grid_over
from geodata.places import Places
from geodata.roads import ROAD_KINDS, RoadGraph
from geodata.routing import SpeedProfiles
from optimizer.requirement import PostNeed
from scenarios.loan_roads import loan_minutes
from tests.optimizer.staffing_cases import post
from tests.scenarios.town import Town

CELL_M = 1000.0
WEST = 356_000.0
SOUTH = 3_451_000.0


def row_of_cells(cells: int, split: int) -> StudyArea:
    """Cells from west to east; the first `split` are the first district, the others the second."""
    shapes = [(0, split), (split, cells)]
    return StudyArea(
        "EPSG:32651",
        "Asia/Shanghai",
        tuple(
            District(
                name,
                name,
                name,
                box(WEST + a * CELL_M, SOUTH, WEST + b * CELL_M, SOUTH + CELL_M),
            )
            for name, (a, b) in zip(("W", "E"), shapes, strict=True)
        ),
    )


AREA = row_of_cells(6, 3)
GRID = grid_over(AREA, CELL_M)
SPEEDS = SpeedProfiles(
    ("day", "night"),
    np.array([[30.0] * len(ROAD_KINDS), [60.0] * len(ROAD_KINDS)]),
    np.array([0, 1, 1]),
)


def road(cells: list[int]) -> RoadGraph:
    """A road over neighbouring cells, 1 km from one to the next: 2 min by day, 1 min by night."""
    at = np.argsort(GRID.x)[cells]
    arcs = len(cells) - 1
    return RoadGraph(
        GRID.n_cells,
        at[:-1],
        at[1:],
        np.full(arcs, 1000.0),
        np.zeros(arcs, dtype=np.int64),
        CELL_M / 3,
    )


def homes(cells: list[int]) -> Places:
    x = WEST + (np.array(cells) + 0.5) * CELL_M
    y = np.full(len(cells), SOUTH + 0.5 * CELL_M)
    names = tuple(f"S{cell}" for cell in cells)
    district = (np.array(cells) >= 3).astype(np.int64)
    kinds = ("station",) * len(cells)
    return Places(names, kinds, names, names, x, y, GRID.locate(x, y), district)


def post_at(cell: int, officers: int) -> PostNeed:
    lon, lat = AREA.to_lonlat(
        np.array([WEST + (cell + 0.5) * CELL_M]), np.array([SOUTH + CELL_M / 2])
    )
    need = post(f"P{cell}", (0, 2), officers, district=int(cell >= 3))
    return replace(need, lon=float(lon[0]), lat=float(lat[0]))


def test_the_mean_over_homes_and_posts_at_the_speed_of_the_hour() -> None:
    """Homes in cells 0 (30 officers) and 2 (10), posts in cell 4 (1 officer) and 5 (3).

    Cell 0 is 4 and 5 cells away: 0.25 x 4 + 0.75 x 5 = 4.75; cell 2 2.75; on average 4.25 km, 2 min
    each by day. Back to the west, without posts: to the home nearest to the middle, cell 0 (the
    first of two as near), 4 km from the one home in cell 4.
    """
    found = loan_minutes(
        road([0, 1, 2, 3, 4, 5]),
        SPEEDS,
        AREA,
        GRID,
        homes([0, 2, 4]),
        np.array([30, 10, 7]),
        (post_at(4, 1), post_at(5, 3)),
    )
    assert found.shape == (2, 2, 3)
    assert found[0, 1] == pytest.approx([8.5, 4.25, 4.25])
    assert found[1, 0] == pytest.approx([8.0, 4.0, 4.0])
    assert (found[[0, 1], [0, 1]] == 0.0).all()


def test_homes_without_a_road_do_not_count_unless_none_has_one() -> None:
    officers = np.array([30, 10, 7])
    cut = loan_minutes(
        road([2, 3, 4, 5]), SPEEDS, AREA, GRID, homes([0, 2, 4]), officers, (post_at(5, 2),)
    )
    assert cut[0, 1] == pytest.approx([6.0, 3.0, 3.0])
    island = loan_minutes(
        road([3, 4, 5]), SPEEDS, AREA, GRID, homes([0, 2, 4]), officers, (post_at(5, 2),)
    )
    assert np.isinf(island[0, 1]).all()
    assert np.isinf(island[1, 0]).all()


def test_notice_and_longest_way_outside_their_range_are_refused(town: Town) -> None:
    with pytest.raises(BadInput) as caught:
        town.load("staffing.loan_notice_h=-1", "staffing.loan_max_min=601")
    text = str(caught.value)
    for part in ("loan_notice_h", "-1", "loan_max_min", "601"):
        assert part in text
    assert len(caught.value.faults) == 2
