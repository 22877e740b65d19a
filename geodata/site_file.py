"""Reads sites of events: a layer of polygons, rings and zones, and a table of passages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from geodata.area import StudyArea, metric_polygon
from geodata.faults import FaultLog
from geodata.files import Layer, Table, read_layer, read_table
from geodata.points import crs_is_known, read_points
from geodata.row_check import RowCheck
from geodata.sites import (
    DIRECTIONS,
    FLOW_LIMITS,
    KINDS,
    OUTSIDE,
    RINGS,
    FlowLimit,
    Passage,
    Site,
    Zone,
    passage_problems,
    shape_problems,
)

PARTS: tuple[str, ...] = ("site", *RINGS, "zone")
_LAYER_COLUMNS = (
    "site_id",
    "part",
    "zone_id",
    "name_en",
    "name_zh",
    "ring",
    "free_area_m2",
    "visit_share",
    "source",
)
_PASSAGE_COLUMNS = (
    "site_id",
    "passage_id",
    "name_en",
    "name_zh",
    "kind",
    "outer_zone",
    "inner_zone",
    "lon",
    "lat",
    "width_m",
    "direction",
    "people_per_m_min",
    "arrival_share",
    "station_id",
    "source",
)


PASSAGE_TOLERANCE_M = 500.0
"""How far a passage may lie outside its site's outer ring."""

Shape = Polygon | MultiPolygon


@dataclass(frozen=True)
class _Features:
    """Rows of the layer, one entry each; `shape` in the area's CRS."""

    file: str
    site_id: list[str]
    part: list[str]
    zone_id: list[str]
    names: list[tuple[str, str]]
    ring: list[str]
    free_area_m2: list[float]
    visit_share: list[float]
    shape: list[Shape | None]
    source: list[str]

    @property
    def sites(self) -> tuple[str, ...]:
        """Ids in the order of their first feature."""
        return tuple(dict.fromkeys(self.site_id))

    def of(self, site_id: str, part: str) -> list[int]:
        """Rows of one part of a site."""
        pairs = enumerate(zip(self.site_id, self.part, strict=True))
        return [row for row, pair in pairs if pair == (site_id, part)]


def read_sites(
    layer_path: Path,
    passages_path: Path,
    area: StudyArea,
    crs: str | None,
    faults: FaultLog,
    *,
    outside_tolerance: float = 0.05,
) -> tuple[Site, ...]:
    """Sites of a layer and its table of passages, both declared to be in `crs`.

    Each site has one feature of the part `site`, one of each ring and one `zone` for each zone. A
    passage without `people_per_m_min` has the limit of its kind. At most `outside_tolerance` of a
    site's area may lie outside the study area (quays and bridges lie at its edge). To be used only
    when `faults` is empty.
    """
    crs_ok = crs_is_known(layer_path.name, crs, faults)
    layer = read_layer(layer_path, _LAYER_COLUMNS, faults)
    table = read_table(passages_path, _PASSAGE_COLUMNS, faults)
    if layer is None or table is None or not crs_ok:
        return ()
    features, sound = _features(layer, area, str(crs), faults)
    check = RowCheck(table, faults)
    owner = check.choices("site_id", features.sites, "the layer's sites")
    found = _passages(check, owner, area, str(crs))
    whole = bool(check.sound.all()) and len(found) == len(owner)
    if not sound:
        return ()
    sites = []
    for site_id in features.sites:
        own = FaultLog()
        _refuse_outside(features, site_id, area, outside_tolerance, own)
        passages = tuple(p for row, p in found.items() if owner[row] == site_id)
        polygon, rings, zones = _shapes_of(features, site_id)
        problems = shape_problems(polygon, rings, zones) + _far_passages(rings, passages, area)
        problems += passage_problems(zones, passages) if whole else []
        _note(f"{features.file}, {table.file}", site_id, problems, own)
        faults.faults.extend(own.faults)
        if whole and not own.faults:
            row = features.of(site_id, "site")[0]
            names, source = features.names[row], features.source[row]
            sites.append(Site(site_id, *names, polygon, rings, zones, passages, source))
    return tuple(sites)


def _features(layer: Layer, area: StudyArea, crs: str, faults: FaultLog) -> tuple[_Features, bool]:
    """Rows of the layer, and whether all of them can be used."""
    check = RowCheck(Table(layer.file, layer.frame), faults)
    check.require_rows()
    site_id = check.texts("site_id")
    part = check.choices("part", PARTS, "the parts of a site")
    zone_id = check.texts("zone_id", optional=True)
    ring = check.texts("ring", optional=True)
    _refuse_zone_rows(check, part, zone_id, ring)
    free = check.numbers("free_area_m2", minimum=0.0, optional=True)
    share = check.numbers("visit_share", minimum=0.0, optional=True)
    check.unique(
        ["site_id", "part", "zone_id"],
        list(zip(site_id, part, zone_id, strict=True)),
        "the part of the site",
    )
    names = list(zip(check.texts("name_en"), check.texts("name_zh", optional=True), strict=True))
    source = check.texts("source")
    shape = _shapes(check, list(layer.frame.geometry), area, crs, site_id)
    features = _Features(
        layer.file,
        site_id,
        part,
        zone_id,
        names,
        ring,
        np.nan_to_num(free).tolist(),
        np.nan_to_num(share).tolist(),
        shape,
        source,
    )
    return features, _complete(features, faults) and bool(check.sound.all())


def _refuse_zone_rows(
    check: RowCheck, part: Sequence[str], zone_id: Sequence[str], ring: Sequence[str]
) -> None:
    """A zone needs an id and a ring; the other parts have no id."""
    zones = np.array([name == "zone" for name in part], dtype=bool)
    named = np.array([name != "" for name in zone_id], dtype=bool)
    check.refuse(
        zones != named,
        "zone_id does not belong to the part",
        expected="an id for every zone, none for site and rings",
        remedy="Correct zone_id or part.",
        values=list(zip(part, zone_id, strict=True)),
    )
    check.refuse(
        zones & np.array([name not in RINGS for name in ring], dtype=bool),
        "ring is not one of the rings",
        expected=", ".join(RINGS),
        remedy="Correct the value.",
        values=ring,
    )


def _shapes(
    check: RowCheck,
    shapes: Sequence[BaseGeometry | None],
    area: StudyArea,
    crs: str,
    site_id: Sequence[str],
) -> list[Shape | None]:
    """Polygons in the area's CRS, None in faulty rows."""
    found = [
        metric_polygon(shape, crs, area.crs)
        if shape is not None and shape.is_valid and not shape.is_empty
        else None
        for shape in shapes
    ]
    check.refuse(
        [shape is None for shape in found],
        "the feature is no valid polygon in the declared CRS",
        expected=f"a Polygon or MultiPolygon that does not cross itself, in {crs}",
        remedy="Repair the shape in a GIS, or correct the CRS declared for the layer.",
        values=[
            f"{name}: {'none' if shape is None else explain_validity(shape)}"
            for name, shape in zip(site_id, shapes, strict=True)
        ],
    )
    return found


def _complete(features: _Features, faults: FaultLog) -> bool:
    """Every site has its polygon and its three rings; missing ones are noted."""
    missing = [
        f"{site_id}: {part}"
        for site_id in features.sites
        for part in ("site", *RINGS)
        if not features.of(site_id, part)
    ]
    for name in missing:
        faults.add(
            features.file,
            "a site lacks a part",
            expected="one feature each of site, core, control and outer",
            remedy="Draw it; rings may be equal to the site's polygon.",
            value=name,
        )
    return not missing


def _shapes_of(
    features: _Features, site_id: str
) -> tuple[Shape, tuple[Shape, ...], tuple[Zone, ...]]:
    """Polygon, rings and zones of a site whose features are sound."""
    zones = tuple(
        Zone(
            features.zone_id[row],
            *features.names[row],
            features.ring[row],
            _sound(features.shape[row]),
            features.free_area_m2[row],
            features.visit_share[row],
            features.source[row],
        )
        for row in features.of(site_id, "zone")
    )
    polygon, *rings = (
        _sound(features.shape[features.of(site_id, part)[0]]) for part in ("site", *RINGS)
    )
    return polygon, tuple(rings), zones


def _sound(shape: Shape | None) -> Shape:
    assert shape is not None  # rows without a shape are not sound
    return shape


def _passages(
    check: RowCheck, owner: Sequence[str], area: StudyArea, crs: str
) -> dict[int, Passage]:
    """Passage of each sound row; neighbouring sites may share one."""
    ids = check.texts("passage_id")
    check.unique(
        ["site_id", "passage_id"], list(zip(owner, ids, strict=True)), "the passage of the site"
    )
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    kinds = check.choices("kind", KINDS, "the kinds of passage")
    directions = check.choices("direction", DIRECTIONS, "the directions")
    outer, inner = check.texts("outer_zone", optional=True), check.texts("inner_zone")
    points = read_points(check, area, crs)
    width = check.numbers("width_m", minimum=0.1)
    limit = check.numbers("people_per_m_min", minimum=1.0, optional=True)
    share = check.numbers("arrival_share", minimum=0.0)
    stations = check.texts("station_id", optional=True)
    sources = check.texts("source")
    return {
        row: Passage(
            ids[row],
            names_en[row],
            names_zh[row],
            kinds[row],
            outer[row] or OUTSIDE,
            inner[row],
            float(points.lon[row]),
            float(points.lat[row]),
            float(width[row]),
            directions[row],
            FlowLimit(float(limit[row]), sources[row])
            if np.isfinite(limit[row])
            else FLOW_LIMITS[kinds[row]],
            float(share[row]),
            stations[row],
            sources[row],
        )
        for row in np.flatnonzero(check.sound).tolist()
    }


def _far_passages(
    rings: tuple[Shape, ...], passages: Sequence[Passage], area: StudyArea
) -> list[str]:
    lon, lat = (np.array([getattr(p, axis) for p in passages]) for axis in ("lon", "lat"))
    away = shapely.distance(rings[-1], shapely.points(*area.to_metric(lon, lat)))
    return [
        f"passage {passage.passage_id} lies {metres:.0f} m outside the outer ring"
        for passage, metres in zip(passages, np.atleast_1d(away).tolist(), strict=True)
        if not metres <= PASSAGE_TOLERANCE_M
    ]


def _note(files: str, site_id: str, problems: Sequence[str], faults: FaultLog) -> None:
    for problem in problems:
        faults.add(
            files,
            f"site {site_id}: {problem}",
            expected="core in control in outer ring, zones inside the polygon, passages between "
            "them, and a way in and out of every zone",
            remedy="Correct the shapes or the table of passages.",
        )


def _refuse_outside(
    features: _Features, site_id: str, area: StudyArea, tolerance: float, faults: FaultLog
) -> None:
    """Note a site of which too much lies outside the area."""
    polygon = _shapes_of(features, site_id)[0]
    districts = shapely.union_all([district.polygon for district in area.districts])
    share = float(polygon.difference(districts).area / polygon.area)
    if share > tolerance:
        faults.add(
            features.file,
            f"site {site_id} lies outside the study area",
            expected=f"at most {tolerance:.0%} of its area outside",
            remedy="Check its coordinates and the CRS declared for the layer.",
            value=f"{share:.0%} outside",
        )
