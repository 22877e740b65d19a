"""Reads the lines and points drawn for orientation, and the barriers among them."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.files import read_layer
from geodata.situation import ContextLine

_LABELS = ("name", "name_en", "name_zh")


def read_context(
    path: Path,
    kind: str,
    where: dict[str, str],
    labels: tuple[str | None, str | None],
    faults: FaultLog,
) -> tuple[ContextLine, ...]:
    """Lines and points of one layer (WGS84), those whose columns equal `where`.

    `labels` are the columns of the local and the English names, None where there are none.

    Multi-part lines become one line each; a point becomes a line of one vertex.
    """
    columns = (*where, *(label for label in labels if label))
    layer = read_layer(path, columns, faults, allowed=_LABELS)
    if layer is None:
        return ()
    frame: gpd.GeoDataFrame = layer.frame
    for column, value in where.items():
        frame = frame[frame[column].astype(str) == value]
    local, english = (
        frame[label].fillna("").astype(str).tolist() if label else [""] * len(frame)
        for label in labels
    )
    return tuple(
        ContextLine(kind, name, shapely.get_coordinates(part), name_en)
        for name, name_en, geometry in zip(local, english, frame.geometry, strict=True)
        for part in shapely.get_parts(geometry)
    )


def metric_lines(
    area: StudyArea, context: tuple[ContextLine, ...], *kinds: str
) -> tuple[shapely.LineString, ...]:
    """Context lines of the given kinds in metres of the area's CRS."""
    found = [line.lonlat for line in context if line.kind in kinds and len(line.lonlat) > 1]
    if not found:
        return ()
    lonlat = np.concatenate(found)
    metric = np.stack(area.to_metric(lonlat[:, 0], lonlat[:, 1]), axis=1)
    ends = np.cumsum([len(line) for line in found])[:-1]
    return tuple(shapely.LineString(line) for line in np.split(metric, ends))


def metric_points(area: StudyArea, context: tuple[ContextLine, ...], kind: str) -> np.ndarray:
    """Context points of one kind in metres of the area's CRS, `[point, 2]`."""
    found = [line.lonlat[0] for line in context if line.kind == kind]
    lonlat = np.array(found, dtype=np.float64).reshape(-1, 2)
    return np.stack(area.to_metric(lonlat[:, 0], lonlat[:, 1]), axis=1)
