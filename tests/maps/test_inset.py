"""Small maps of printed sheets: where things are drawn, and that text stays text."""

import html
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, box

from maps.inset import (
    DOT_GAP,
    SYMBOLS,
    Mark,
    Shape,
    Window,
    inset_svg,
    line_svg,
    scale_length_m,
    spread,
    symbol_svg,
    window_around,
)

WINDOW = Window(left=1000.0, bottom=2000.0, width_m=1000.0, height_m=500.0, width_mm=100.0)
"""One metre of ground is one unit of the drawing."""


def paths(svg: str, kind: str) -> list[str]:
    """Paths of one kind of shape."""
    return re.findall(rf'<path class="{kind}" d="([^"]*)"', svg)


def places(svg: str, symbol: str) -> list[tuple[int, int]]:
    """Where the symbols of one kind stand."""
    found = re.findall(rf'<g class="{symbol}" transform="translate\((-?\d+) (-?\d+)\)"', svg)
    return [(int(x), int(y)) for x, y in found]


def test_ground_is_drawn_where_it_is() -> None:
    """North is up: 100 m east and 100 m above the lower left corner are 100 right, 400 down."""
    line = LineString([(1100, 2100), (1400, 2100), (1400, 2400)])
    svg = inset_svg(WINDOW, [Shape("metro", line)], [])
    assert paths(svg, "metro") == ["M100 400L400 400L400 100"]
    assert 'width="100mm" height="50mm" viewBox="0 0 1000 500"' in svg


def test_areas_are_drawn_with_their_holes() -> None:
    ring = box(1100, 2100, 1400, 2400).difference(box(1200, 2200, 1300, 2300))
    (path,) = paths(inset_svg(WINDOW, [Shape("core", ring)], []), "core")
    assert path.count("M") == 2
    for corner in ("100 100", "400 400", "200 200", "300 300"):
        assert corner in path


def test_shapes_of_one_kind_in_a_row_are_one_path() -> None:
    both = [Shape("river", LineString([(1000, y), (2000, y)])) for y in (2100, 2200)]
    other = Shape("metro", LineString([(1000, 2300), (2000, 2300)]))
    svg = inset_svg(WINDOW, [*both, other, both[0]], [])
    assert [path.count("M") for path in paths(svg, "river")] == [2, 1]
    assert len(paths(svg, "metro")) == 1


def test_what_lies_outside_is_left_out() -> None:
    """No edge of the clipped area shows: it is clipped 30 units beyond the frame."""
    wide = MultiPolygon([box(0, 0, 9000, 9000)])
    far = LineString([(5000, 5000), (6000, 6000)])
    marks = [Mark("station", 999, 2100), Mark("post", 2001, 2100, "1")]
    svg = inset_svg(WINDOW, [Shape("own", wide), Shape("metro", far)], marks)
    assert set(re.findall(r"-?\d+", paths(svg, "own")[0])) == {"-30", "1030", "530"}
    assert paths(svg, "metro") == []
    assert places(svg, "station") == places(svg, "post") == []


def test_scraps_of_lines_are_left_out() -> None:
    scrap = LineString([(1500, 2200), (1515, 2200)])
    assert paths(inset_svg(WINDOW, [Shape("expressway", scrap)], []), "expressway") == []


def test_fixed_symbols_stay_and_numbered_ones_make_room() -> None:
    marks = [
        Mark("gate", 1500, 2250),
        Mark("gate", 1500, 2250),
        Mark("post", 1500, 2250, "1"),
        Mark("post", 1500, 2250, "2"),
    ]
    svg = inset_svg(WINDOW, [], marks)
    assert places(svg, "gate") == [(500, 250)] * 2
    first, second = places(svg, "post")
    assert first == (500, 250)
    assert math.dist(first, second) >= DOT_GAP - 1
    assert svg.count('class="leader"') == 1
    assert re.findall(r"<text>(\d)</text>", svg) == ["1", "2"]


@pytest.mark.parametrize(
    ("most", "expected"),
    [(1000, 1000), (999, 500), (499, 200), (199, 100), (7, 5), (21_000, 20_000)],
)
def test_scale_bars_are_round(most: float, expected: float) -> None:
    assert scale_length_m(most) == expected


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    """At most 28 % of 1,000 m: 200 m."""
    svg = inset_svg(WINDOW, [], [])
    assert "M0-10V0H200V-10" in svg
    assert ">200 m<" in svg


def test_a_window_holds_its_points_in_the_shape_asked_for() -> None:
    points = np.array([[0.0, 0.0], [840.0, 100.0]])
    window = window_around(points, width_mm=90.0, height_mm=60.0, least_m=10.0)
    assert window.width_m == pytest.approx(1000.0)
    assert window.height_m == pytest.approx(1000.0 * 60 / 90)
    assert (window.left, window.bottom) == pytest.approx((-80.0, 50.0 - window.height_m / 2))
    single = window_around(points[:1], width_mm=90.0, height_mm=60.0, least_m=300.0)
    assert (single.left, single.width_m) == (-150.0, 300.0)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><b>', "</svg><img src=x>", "&lt;", "{{ 1 }}", "]]>"]
)
def test_texts_stay_texts(text: str) -> None:
    marks = [Mark("post", 1500, 2250, text)]
    svg = inset_svg(WINDOW, [Shape(text, box(1100, 2100, 1400, 2400))], marks, label=text)
    tags = {element.tag for element in ElementTree.fromstring(svg).iter()}
    assert tags == {"svg", "path", "g", "text"}
    assert f"<text>{html.escape(text)}</text>" in svg
    assert f'aria-label="{html.escape(text)}"' in svg
    assert ElementTree.fromstring(line_svg(text)).find("path") is not None


def test_every_symbol_can_be_drawn_and_no_other() -> None:
    for symbol in SYMBOLS:
        assert f'<g class="{symbol}"' in symbol_svg(symbol, "1")
    with pytest.raises(ValueError, match="symbol 'flag' is none of"):
        Mark("flag", 0.0, 0.0)


POINT = st.tuples(st.floats(0, 900), st.floats(0, 600))


@given(st.lists(POINT, max_size=30))
def test_spread_marks_do_not_cover_each_other(points: list[tuple[float, float]]) -> None:
    """Thirty marks find room on 90 x 60 mm unless their surroundings are full."""
    placed = spread(points, (900.0, 600.0))
    assert len(placed) == len(points)
    for number, (x, y) in enumerate(placed):
        if (x, y) == points[number]:
            continue
        assert DOT_GAP / 2 <= x <= 900 - DOT_GAP / 2
        assert DOT_GAP / 2 <= y <= 600 - DOT_GAP / 2
        assert all(math.dist((x, y), other) >= DOT_GAP - 1e-9 for other in placed[:number])


def test_marks_with_room_stay_where_they_are() -> None:
    points = [(100.0, 100.0), (100.0 + DOT_GAP, 100.0), (300.0, 300.0)]
    assert spread(points, (900.0, 600.0)) == points
