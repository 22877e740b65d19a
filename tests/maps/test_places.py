"""In Chromium: every cell lies where it is, whatever its shape, and a click finds the right one."""

from typing import Any

import numpy as np
import pytest

from tests.maps.other_cells import Cells, hexagon_cells, page_with, turned_cells, wide_cells

pytestmark = pytest.mark.browser

ZOOMS = range(7, 18)
KINDS = {"wide": wide_cells, "turned": turned_cells, "hexagons": hexagon_cells}

CLICKS = """(ratio) => {
  const { map, layers } = muster;
  const box = map.getContainer().getBoundingClientRect();
  let seed = ratio;
  const drawn = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const spot = (from, size) => from + Math.floor(drawn() * size * ratio) / ratio;
  return Array.from({ length: 400 }, () => {
    const event = { clientX: spot(box.left, box.width), clientY: spot(box.top, box.height) };
    const place = map.mouseEventToLatLng(event);
    return [place.lat, place.lng, layers.cells.cellAt(place)];
  });
}"""
"""Clicks at 400 random device pixels of the map: latitude, longitude, cell that was found."""


def fit(opened: Any, cells: Cells) -> None:
    """Show all the cells."""
    west, south, east, north = cells.area.districts[0].polygon.bounds
    lon, lat = cells.area.to_lonlat(
        np.array([west, east, west, east]), np.array([south, south, north, north])
    )
    opened.page.evaluate(
        "(places) => muster.map.fitBounds(L.latLngBounds(places), { animate: false })",
        np.column_stack([lat, lon]).tolist(),
    )


@pytest.fixture(scope="module", params=list(KINDS))
def cells(request: pytest.FixtureRequest) -> Cells:
    return KINDS[request.param]()


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_click_finds_the_cell_that_is_there(
    city: Any, cells: Cells, open_page: Any, ratio: int
) -> None:
    with open_page(page_with(city, cells), device_scale_factor=ratio) as opened:
        fit(opened, cells)
        found = np.array(opened.page.evaluate(CLICKS, ratio))
        assert found[:, 2].astype(int).tolist() == cells.holding(found[:, :2]).tolist()
        assert (found[:, 2] >= 0).sum() > 70
        assert len(set(found[:, 2])) > 20
        assert opened.errors == []


@pytest.mark.parametrize("kind", ["wide", "turned"])
def test_the_mesh_is_within_a_pixel_at_every_zoom(city: Any, open_page: Any, kind: str) -> None:
    """Places drawn evenly over the grid, exact by projection, against where they are painted."""
    cells = KINDS[kind]()
    rng = np.random.default_rng(3)
    content: Any = cells.layer.content
    col, row = rng.uniform(0, 1, (2, 400)) * [[content["cols"]], [content["rows"]]]
    west, south, east, north = cells.area.districts[0].polygon.bounds
    x = west + (east - west) * col / content["cols"]
    y = south + (north - south) * row / content["rows"]
    lon, lat = cells.area.to_lonlat(x, y)
    with open_page(page_with(city, cells)) as opened:
        for zoom in ZOOMS:
            off = opened.page.evaluate(
                """([zoom, places]) => {
                  const { map, layers: { cells } } = muster;
                  map.setView([31.2, 121.4], zoom, { animate: false });
                  const size = cells.blockSize();
                  const key = (col, row) => col + " " + row;
                  const blocks = new Map(cells.blocksOf(size).map((b) => [key(b.col, b.row), b]));
                  const first = (count) => size * Math.floor(count / size);
                  return places.map(([lat, lon, col, row]) => {
                    const block = blocks.get(key(first(col), first(row)));
                    const [a, b, c, d, x, y] = cells.placeOf(block);
                    const [right, up] = [col - block.col, row - block.row];
                    const exact = map.project([lat, lon], zoom).subtract(cells.origin);
                    const painted = L.point(x + a * right + c * up, y + b * right + d * up);
                    return painted.distanceTo(exact);
                  });
                }""",
                [zoom, np.column_stack([lat, lon, col, row]).tolist()],
            )
            assert max(off) < 0.5, zoom


PAINTED = """(places) => {
  const layer = muster.layers.cells;
  muster.drawings.shown = new Set(["cells"]);
  layer.opacity = 1;
  muster.drawings.draw();
  const context = layer.canvas.getContext("2d");
  return places.map(([lat, lon]) => {
    const world = muster.world(lat, lon);
    const at = [layer.x(world), layer.y(world)].map((x) => Math.floor(x * layer.ratio));
    return [...context.getImageData(at[0], at[1], 1, 1).data].slice(0, 3);
  });
}"""
"""Colour of the cells alone, not yet translucent, at each place of the view."""


@pytest.mark.parametrize("kind", ["turned", "hexagons"])
@pytest.mark.parametrize("ratio", [1, 2])
def test_the_colour_over_a_cell_is_that_of_its_class(
    city: Any, open_page: Any, kind: str, ratio: int
) -> None:
    cells = KINDS[kind]()
    near = np.arange(len(cells.shapes))[:: max(1, len(cells.shapes) // 300)]
    inside = [cells.shapes[number].representative_point() for number in near]
    lon, lat = cells.area.to_lonlat(*np.array([[at.x, at.y] for at in inside]).T)
    places = np.column_stack([lat, lon]).tolist()
    with open_page(page_with(city, cells), device_scale_factor=ratio) as opened:
        fit(opened, cells)
        expected = opened.page.evaluate(
            """(numbers) => {
              const { metric, hour, cells } = muster.layers.cells;
              return numbers.map((number) => {
                const colour = metric.colours[metric.codes.plan[hour * cells + number]];
                return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
              });
            }""",
            near.tolist(),
        )
        assert opened.page.evaluate(PAINTED, places) == expected
        assert len({tuple(colour) for colour in expected}) == 6


VALUE = """(words) => {
  const { cells } = muster.layers;
  return cells.valueText(cells.metrics[0], "baseline", 0, words);
}"""


def test_a_large_page_decodes_what_is_asked_for(city: Any, open_page: Any) -> None:
    with open_page(page_with(city, wide_cells())) as opened:
        page = opened.page

        def known(key: str) -> Any:
            return page.evaluate(
                """(key) => Object.keys(
                  muster.layers.cells.metrics.find((metric) => metric.key === key).codes)""",
                key,
            )

        def wait_for(key: str, names: list[str]) -> None:
            for _ in range(200):  # a strict policy forbids waiting for a function
                if known(key) == names:
                    return
                page.wait_for_timeout(50)
            pytest.fail(f"{key}: {known(key)}, expected {names}")

        assert known("p90") == ["plan"]
        page.evaluate("muster.store.set({ metric: 'mean', view: 'difference' })")
        wait_for("mean", ["plan", "baseline", "difference"])
        assert known("coverage") == []
        assert known("p90") == ["plan"]
        assert page.evaluate(VALUE, {}) == "…"
        wait_for("p90", ["plan", "baseline"])
        assert float(page.evaluate(VALUE, {})) >= 0
        assert opened.errors == []
