"""Lines for orientation: district borders, river, crossings, expressways and metro."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.area import District, StudyArea
from geodata.situation import ContextLine
from maps.blocks import DataLayer, packed, packed_json
from maps.style import MAP_COLOURS, RIVER_WIDTH_M
from maps.text import both

BORDER_M = 30.0
LINE_DEG = 0.0002
UNITS_PER_DEG = 100_000


def line_layer(area: StudyArea, context: tuple[ContextLine, ...]) -> DataLayer:
    """Layer with everything that is drawn for orientation."""
    districts = [district_content(area, district) for district in area.districts]
    lines = [line_content(line) for line in context]
    paths = [path for district in districts for path in district.pop("paths")]
    paths += [line.pop("path") for line in lines]
    content = {
        "colours": MAP_COLOURS,
        "riverWidthM": RIVER_WIDTH_M,
        "packed": packed_json(
            {
                "districts": districts,
                "lines": lines,
                "vertices": [len(path) // 2 for path in paths],
            }
        ),
        "steps": packed(b"".join(step_bytes(path) for path in paths)),
    }
    return DataLayer("lines", content)


def district_content(area: StudyArea, district: District) -> dict[str, Any]:
    """Names, rings and label position of a district, simplified to about 30 m."""
    shape = district.polygon.simplify(BORDER_M)
    label = max(shapely.get_parts(shape), key=lambda part: part.area).representative_point()
    lon, lat = area.to_lonlat(np.array([label.x]), np.array([label.y]))
    paths = [steps_of(np.column_stack(area.to_lonlat(*ring.T))) for ring in rings(shape)]
    return {
        **both(district.name_en, district.name_zh),
        "label": [round(float(lat[0]), 5), round(float(lon[0]), 5)],
        "rings": len(paths),
        "paths": paths,
    }


def rings(shape: shapely.Geometry) -> Iterable[NDArray[np.float64]]:
    """Coordinates of every outer and inner ring, metres."""
    return (shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape)))


def line_content(line: ContextLine) -> dict[str, Any]:
    """Kind, name and path of a context line; a point is a path of one vertex."""
    path = line.lonlat
    if len(path) > 2:
        path = shapely.get_coordinates(shapely.LineString(path).simplify(LINE_DEG))
    return {"kind": line.kind, **both(line.name_en or line.name, line.name), "path": steps_of(path)}


def steps_of(lonlat: NDArray[np.float64]) -> list[int]:
    """Path in 1e-5 degrees: first vertex, then differences; lon, lat, lon, lat, ..."""
    whole = np.rint(lonlat * UNITS_PER_DEG).astype(np.int64)
    whole[1:] -= whole[:-1].copy()
    return [int(value) for value in whole.ravel()]


def step_bytes(steps: list[int]) -> bytes:
    """Whole numbers in seven bits a byte, the sign in the lowest bit, the least bits first."""
    found = bytearray()
    for step in steps:
        rest = 2 * step if step >= 0 else -2 * step - 1
        while rest > 127:
            found.append(rest & 127 | 128)
            rest >>= 7
        found.append(rest)
    return bytes(found)
