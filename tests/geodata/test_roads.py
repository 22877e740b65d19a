"""The lattice over three by three cells of 1 km, counted by hand."""

import numpy as np
import pytest
from shapely.geometry import LineString

from geodata.grid import Grid
from geodata.roads import DETOUR, ROAD_KINDS, Crossing, RoadGraph, lattice

CITY, FRINGE, EXPRESSWAY, LINK = (
    ROAD_KINDS.index(name) for name in ("city", "fringe", "expressway", "link")
)
RIVER = LineString([(1000, -500), (1000, 3500)])
"""Between the first column of cells and the second."""


@pytest.fixture
def square() -> Grid:
    """Cells 0 1 2 in the south, 6 7 8 in the north; centres at 500, 1500, 2500 m."""
    row, col = np.divmod(np.arange(9), 3)
    return Grid(1000.0, col, row, np.zeros(9, dtype=np.int64))


def streets(square: Grid, **parts: object) -> RoadGraph:
    nothing = {"barriers": (), "crossings": (), "links": (), "expressways": ()}
    zone = np.full(9, CITY)
    return lattice(square, zone, **{**nothing, **parts})  # type: ignore[arg-type]


def pairs(graph: RoadGraph) -> set[tuple[int, int]]:
    ends = zip(graph.tail.tolist(), graph.head.tolist(), strict=True)
    return {(min(pair), max(pair)) for pair in ends}


def test_neighbours_are_joined_once(square: Grid) -> None:
    """6 arcs east, 6 north and 8 diagonals."""
    graph = streets(square)
    assert len(graph.tail) == len(pairs(graph)) == 20
    assert {(0, 1), (0, 3), (0, 4), (1, 3)} <= pairs(graph)
    assert (0, 2) not in pairs(graph)
    assert sorted(set(graph.length_m.round(3))) == [1200.0, round(1200 * 2**0.5, 3)]
    assert set(graph.kind) == {CITY}


def test_no_arc_crosses_a_barrier(square: Grid) -> None:
    """Over the river went three arcs east and four diagonals."""
    graph = streets(square, barriers=(RIVER,))
    assert len(graph.tail) == 13
    west = {0, 3, 6}
    assert all((a in west) == (b in west) for a, b in pairs(graph))


def test_each_crossing_opens_the_nearest_arc(square: Grid) -> None:
    bridge, tunnel = Crossing("bridge", 1040.0, 520.0), Crossing("tunnel", 900.0, 2450.0)
    graph = streets(square, barriers=(RIVER,), crossings=(bridge, tunnel))
    west = {0, 3, 6}
    assert {p for p in pairs(graph) if (p[0] in west) != (p[1] in west)} == {(0, 1), (6, 7)}


def test_a_street_is_as_slow_as_the_slower_zone(square: Grid) -> None:
    zone = np.full(9, FRINGE)
    zone[4] = CITY
    graph = lattice(square, zone, barriers=(), crossings=(), links=(), expressways=())
    at_middle = (graph.tail == 4) | (graph.head == 4)
    assert set(graph.kind[at_middle]) == {CITY}
    assert set(graph.kind[~at_middle]) == {FRINGE}


def test_cells_touched_by_an_expressway_are_joined_at_its_speed(square: Grid) -> None:
    graph = streets(square, expressways=(LineString([(100, 400), (2900, 400)]),))
    ends = zip(graph.tail.tolist(), graph.head.tolist(), strict=True)
    fast = {pair for pair, kind in zip(ends, graph.kind, strict=True) if kind == EXPRESSWAY}
    assert fast == {(0, 1), (1, 2)}


def test_a_link_joins_the_cells_at_its_ends(square: Grid) -> None:
    graph = streets(square, links=(LineString([(400, 400), (400, 3000), (2600, 2600)]),))
    (found,) = np.flatnonzero(graph.kind == LINK)
    assert (graph.tail[found], graph.head[found]) == (0, 8)
    assert graph.length_m[found] == pytest.approx(2600 + np.hypot(2200, 400))


def test_parallel_arcs_keep_the_faster_one() -> None:
    """6 km at 60 km/h takes 6 min, 4 km at 30 km/h takes 8 min."""
    city, link = ROAD_KINDS.index("city"), ROAD_KINDS.index("link")
    graph = RoadGraph(2, [0, 1], [1, 0], [4000.0, 6000.0], [city, link], 100.0)
    speed = np.full(len(ROAD_KINDS), 30.0)
    speed[link] = 60.0
    matrix = graph.minutes_matrix(speed).toarray()
    assert matrix.tolist() == [[0.0, 6.0], [6.0, 0.0]]


def test_the_way_within_a_cell(square: Grid) -> None:
    """Mean distance from the middle of a unit square to a random point, by simulation."""
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (200_000, 2))
    mean = np.hypot(points[:, 0], points[:, 1]).mean()
    assert streets(square).own_cell_m == pytest.approx(mean * 1000 * DETOUR, rel=0.01)
