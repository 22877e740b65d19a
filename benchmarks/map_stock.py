"""Stock Folium pages of the same cells, for comparison.

Their scripts come from other hosts. Leaflet is served from the copy that ships with this
package and everything else is refused: a `GeoJson` page needs no more. `TimeSliderChoropleth`
needs D3 as well, which does not ship; its page is written and weighed, not opened.
"""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any

import folium
import numpy as np
from folium.plugins import TimeSliderChoropleth
from numpy.typing import NDArray

from benchmarks.chromium import measured
from benchmarks.city_world import CitySize
from benchmarks.location import timed
from benchmarks.map_fields import drawn_plan
from benchmarks.map_record import SEED, MapRecord, record
from maps.metrics import METRICS
from maps.offline import VENDORED


@dataclass(frozen=True)
class Stock:
    """A stock page: what draws it, and its cells (the side of a square) and hours."""

    kind: str
    side_cells: int
    hours: int


STOCK: dict[str, Stock] = {
    "geojson-1000": Stock("GeoJson", 32, 1),
    "geojson-5000": Stock("GeoJson", 70, 1),
    "timeslider-1000": Stock("TimeSliderChoropleth", 32, 24),
    "timeslider-5000": Stock("TimeSliderChoropleth", 70, 24),
}
"""About 1,000 and 5,000 cells: beyond these stock pages take minutes or fail."""


def stock_record(name: str, stock: Stock, browser: Any, folder: Path) -> MapRecord:
    """Draw and write one stock page, and open it where it can be."""
    size = CitySize(stock.side_cells, 1000.0, 2, 40, 44, stock.hours, 300.0, cutoff_min=8.0)
    drawn = drawn_plan(size, SEED)
    shapes = geojson(drawn.city.situation)
    p90 = METRICS[0]
    classes = p90.classes(drawn.evaluation.p90_min)
    colours = np.array([*p90.palette, "#3f4650", "#ffffff"])[classes]
    file = folder / f"{name}.html"
    layer = geojson_layer if stock.kind == "GeoJson" else slider_layer
    cpu = process_time()
    _, write_s = timed(lambda: written(layer(shapes, colours), file))
    cpu_s = process_time() - cpu
    cells = drawn.city.situation.grid.n_cells
    found = None
    if browser is not None and stock.kind == "GeoJson":
        ready = f"document.querySelectorAll('path.leaflet-interactive').length >= {cells}"
        found = measured(browser, file, ready, served=leaflet_only)
    note = "Leaflet served, all else refused" if stock.kind == "GeoJson" else "needs D3: not opened"
    size_mb = file.stat().st_size / 1e6
    params = f"folium {version('folium')};{stock.kind};p90 of the plan;{note}"
    return record(name, params, (cells, stock.hours), (size_mb, write_s, cpu_s), found)


def geojson(situation: Any) -> dict[str, Any]:
    """Cells as features with their number as id."""
    grid, area = situation.grid, situation.area
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    lonlat = np.stack(
        [
            np.stack(area.to_lonlat((grid.col + c) * grid.cell_m, (grid.row + r) * grid.cell_m), 1)
            for c, r in corners
        ],
        axis=1,
    ).round(6)
    features = [
        {
            "type": "Feature",
            "id": str(number),
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for number, ring in enumerate(lonlat.tolist())
    ]
    return {"type": "FeatureCollection", "features": features}


def geojson_layer(shapes: dict[str, Any], colours: NDArray[np.str_]) -> folium.GeoJson:
    """The usual way: a style function on the features."""
    first = colours[:, 0].tolist()
    return folium.GeoJson(
        shapes,
        style_function=lambda feature: {
            "fillColor": first[int(feature["id"])],
            "fillOpacity": 0.8,
            "weight": 0,
        },
    )


def slider_layer(shapes: dict[str, Any], colours: NDArray[np.str_]) -> TimeSliderChoropleth:
    """The usual way to show hours: a style for every feature and time."""
    styles = {
        str(number): {
            str(1_800_000_000 + 3600 * hour): {"color": colour, "opacity": 0.8}
            for hour, colour in enumerate(row)
        }
        for number, row in enumerate(colours.tolist())
    }
    return TimeSliderChoropleth(shapes, styledict=styles)


def written(layer: Any, file: Path) -> None:
    """Write a stock map with one layer."""
    page = folium.Map(location=(30.9, 121.2), zoom_start=9, tiles=None)
    layer.add_to(page)
    page.save(str(file))


def leaflet_only(route: Any) -> None:
    """Answer a request for Leaflet from the vendored copy and refuse every other."""
    name = route.request.url.rsplit("/", 1)[-1]
    if name in ("leaflet.js", "leaflet.css"):
        route.fulfill(path=VENDORED / name)
    else:
        route.abort()
