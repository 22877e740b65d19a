"""The layer of a cordon: the point, the stops, the units' ways to them, the closed-in cells."""

import json
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.cordon_report import Answer, origin_of
from scenarios.cordon_scene import Scene, Stop
from scenarios.headline import json_ready


def cordon_layer(scene: Scene, answer: Answer, status: str) -> str:
    """GeoJSON text in WGS84 degrees; every feature has a `kind` and the data's `status`."""
    request = scene.request
    point = [round(request.lon, 6), round(request.lat, 6)]
    features = [_feature(point, "Point", {"kind": "point"})]
    if answer.inside is not None:
        features.append(_inside(scene, answer.inside))
    for stop in answer.stops:
        features += _of_stop(scene, stop)
    for feature in features:
        feature["properties"]["data_status"] = status
    layer = {"type": "FeatureCollection", "features": features}
    return json.dumps(layer, ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n"


def _feature(coordinates: Any, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": json_ready(properties),
    }


def _of_stop(scene: Scene, stop: Stop) -> list[dict[str, Any]]:
    """The stop, and a straight line from where its unit stands."""
    at = [round(stop.lon, 6), round(stop.lat, 6)]
    origin = origin_of(scene, stop)
    facts = {
        "kind": stop.kind,
        "id": stop.stop_id,
        "name_en": stop.name_en,
        "name_zh": stop.name_zh,
        "unit_type": origin.unit_type,
        "from_place_id": origin.place_id,
        "arrival_min": round(stop.arrival_min, 2),
        "car_min": round(stop.car_min, 2),
        "slack_min": round(stop.slack_min, 2),
    }
    found = [_feature(at, "Point", facts)]
    if stop.squad >= 0:
        way = [[round(origin.lon, 6), round(origin.lat, 6)], at]
        found.append(_feature(way, "LineString", {"kind": "way", "id": stop.stop_id}))
    return found


def _inside(scene: Scene, inside: NDArray[np.bool_]) -> dict[str, Any]:
    grid, area = scene.situation.grid, scene.situation.area
    x, y, half = grid.x[inside], grid.y[inside], grid.cell_m / 2.0
    shape = shapely.union_all(shapely.box(x - half, y - half, x + half, y + half))

    def to_degrees(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(np.stack(area.to_lonlat(xy[:, 0], xy[:, 1]), axis=1), 6)

    geometry = json.loads(shapely.to_geojson(shapely.transform(shape, to_degrees)))
    cells = {"kind": "inside", "cells": int(inside.sum())}
    return _feature(geometry["coordinates"], geometry["type"], cells)
