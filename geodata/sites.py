"""Sites of events: polygon, rings, zones where a crowd stands and passages between them.

A passage is a gate, a stair, a street crossing or a metro entrance. It joins an outer zone, or
the world outside, to an inner zone; "in" always means towards the inner one.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise

import shapely
from shapely.geometry import MultiPolygon, Polygon

RINGS: tuple[str, ...] = ("core", "control", "outer")
KINDS: tuple[str, ...] = ("gate", "stairs", "crossing", "metro")
DIRECTIONS: tuple[str, ...] = ("in", "out", "both", "closed")
OUTSIDE = ""
"""Outer zone of a passage that leads to the world outside."""

NESTING_TOLERANCE_M = 1.0
"""By how much an inner shape may reach over an outer one: hand-drawn vertices."""

OVERLAP_TOLERANCE = 0.01
"""Share of the smaller of two zones that they may have in common."""


@dataclass(frozen=True)
class FlowLimit:
    """People per metre of width and minute that a kind of passage lets through at most."""

    people_per_m_min: float
    source: str


FLOW_LIMITS: dict[str, FlowLimit] = {
    "gate": FlowLimit(82.0, "UK council event guidance: 82 people per metre and minute, level"),
    "crossing": FlowLimit(82.0, "taken as a level exit: 82 people per metre and minute"),
    "stairs": FlowLimit(66.0, "Green Guide: 66 people per metre and minute on stairs"),
    "metro": FlowLimit(66.0, "metro entrances have stairs: Green Guide, 66 a metre and minute"),
}


@dataclass(frozen=True)
class Zone:
    """Part of a site where people stand; `polygon` in the site's CRS.

    `free_area_m2` is what is left to stand on. `visit_share` is its part of the visitors who
    have arrived where they want to be, relative to the site's other zones.
    """

    zone_id: str
    name_en: str
    name_zh: str
    ring: str
    polygon: Polygon | MultiPolygon
    free_area_m2: float
    visit_share: float
    source: str


@dataclass(frozen=True)
class Passage:
    """Way between two zones, or between the world outside (`outer_zone` empty) and a zone.

    `lon`, `lat` in WGS84 degrees. `flow_limit` carries its source. `arrival_share` is its part
    of the arrivals, relative to the other entrances. `station_id` names the metro station of a
    metro entrance, else it is empty.
    """

    passage_id: str
    name_en: str
    name_zh: str
    kind: str
    outer_zone: str
    inner_zone: str
    lon: float
    lat: float
    width_m: float
    direction: str
    flow_limit: FlowLimit
    arrival_share: float
    station_id: str
    source: str

    @property
    def people_per_quarter(self) -> float:
        """People that pass in 15 minutes at most."""
        return self.width_m * self.flow_limit.people_per_m_min * 15.0


@dataclass(frozen=True)
class Site:
    """Place of an event; `polygon` and `rings` (core, control, outer) in a metric CRS.

    Raises
    ------
    ValueError
        With everything that is wrong (`shape_problems`, `passage_problems`).
    """

    site_id: str
    name_en: str
    name_zh: str
    polygon: Polygon | MultiPolygon
    rings: tuple[Polygon | MultiPolygon, ...]
    zones: tuple[Zone, ...]
    passages: tuple[Passage, ...]
    source: str

    def __post_init__(self) -> None:
        problems = shape_problems(self.polygon, self.rings, self.zones)
        problems += passage_problems(self.zones, self.passages)
        if problems:
            raise ValueError(f"site {self.site_id}: " + "; ".join(problems))

    @cached_property
    def free_area_m2(self) -> float:
        """Room to stand in all zones."""
        return sum(zone.free_area_m2 for zone in self.zones)

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Ids in the order of arrays `[zone]`."""
        return tuple(zone.zone_id for zone in self.zones)

    @property
    def passage_ids(self) -> tuple[str, ...]:
        """Ids in the order of arrays `[passage]`."""
        return tuple(passage.passage_id for passage in self.passages)

    @property
    def station_ids(self) -> tuple[str, ...]:
        """Metro stations with an entrance on the site, in the order of their first entrance."""
        return tuple(dict.fromkeys(p.station_id for p in self.passages if p.station_id))

    @property
    def gates(self) -> tuple[Passage, ...]:
        """Gates to the world outside, in their order."""
        return tuple(p for p in self.passages if p.kind == "gate" and p.outer_zone == OUTSIDE)


def shape_problems(
    polygon: Polygon | MultiPolygon,
    rings: Sequence[Polygon | MultiPolygon],
    zones: Sequence[Zone],
) -> list[str]:
    """What is wrong with the shapes of a site, in words; empty when they fit together."""
    return [*_ring_problems(polygon, rings), *_zone_problems(polygon, zones)]


def passage_problems(zones: Sequence[Zone], passages: Sequence[Passage]) -> list[str]:
    """What is wrong with the passages between zones, in words; empty when all is well."""
    return [*_single_problems(zones, passages), *_way_problems(zones, passages)]


def _within(inner: Polygon | MultiPolygon, outer: Polygon | MultiPolygon) -> bool:
    return bool(shapely.covers(outer.buffer(NESTING_TOLERANCE_M), inner))


def _ring_problems(
    polygon: Polygon | MultiPolygon, rings: Sequence[Polygon | MultiPolygon]
) -> list[str]:
    if len(rings) != len(RINGS):
        return [f"{len(rings)} rings instead of {', '.join(RINGS)}"]
    named = list(zip(RINGS, rings, strict=True))
    found = [
        f"ring {inner} reaches {_share_outside(shape, around):.0%} beyond ring {outer}"
        for (inner, shape), (outer, around) in pairwise(named)
        if not _within(shape, around)
    ]
    if not _within(polygon, rings[-1]):
        found.append(
            f"the polygon reaches {_share_outside(polygon, rings[-1]):.0%} beyond the rings"
        )
    return found


def _share_outside(inner: Polygon | MultiPolygon, outer: Polygon | MultiPolygon) -> float:
    """Part of the inner shape's area that lies beyond the outer one, 0..1."""
    return float(inner.difference(outer).area / inner.area)


def _zone_problems(polygon: Polygon | MultiPolygon, zones: Sequence[Zone]) -> list[str]:
    ids = [zone.zone_id for zone in zones]
    found = [] if zones else ["it has no zone"]
    if len(set(ids)) != len(ids) or OUTSIDE in ids:
        found.append("zone ids repeat or are empty")
    if zones and not sum(zone.visit_share for zone in zones) > 0:
        found.append("no zone has a visit share above 0")
    for zone in zones:
        if zone.ring not in RINGS:
            found.append(f"zone {zone.zone_id} lies in the unknown ring {zone.ring!r}")
        if not 0 < zone.free_area_m2 <= zone.polygon.area + NESTING_TOLERANCE_M:
            found.append(
                f"zone {zone.zone_id} has {zone.free_area_m2:g} m2 free of {zone.polygon.area:.0f}"
            )
        if not _within(zone.polygon, polygon):
            found.append(f"zone {zone.zone_id} reaches beyond the site's polygon")
        if not zone.visit_share >= 0:
            found.append(f"zone {zone.zone_id} has the visit share {zone.visit_share:g}")
    return found + _overlaps(zones)


def _overlaps(zones: Sequence[Zone]) -> list[str]:
    """Zones that share more than their edges: people there would be counted on one of them."""
    return [
        f"zones {first.zone_id} and {second.zone_id} overlap by {share:.0%} of the smaller one"
        for first, second in combinations(zones, 2)
        if (share := _overlap_share(first.polygon, second.polygon)) > OVERLAP_TOLERANCE
    ]


def _overlap_share(first: Polygon | MultiPolygon, second: Polygon | MultiPolygon) -> float:
    return float(first.intersection(second).area / min(first.area, second.area))


def _single_problems(zones: Sequence[Zone], passages: Sequence[Passage]) -> list[str]:
    ids, known = [p.passage_id for p in passages], {zone.zone_id for zone in zones}
    found = ["passage ids repeat"] if len(set(ids)) != len(ids) else []
    for p in passages:
        if p.inner_zone not in known or p.outer_zone not in known | {OUTSIDE}:
            found.append(f"passage {p.passage_id} leads to an unknown zone")
        if p.inner_zone == p.outer_zone:
            found.append(f"passage {p.passage_id} leads from a zone to itself")
        if p.kind not in KINDS or p.direction not in DIRECTIONS:
            found.append(f"passage {p.passage_id} is a {p.kind!r} with direction {p.direction!r}")
        if not (p.width_m > 0 and p.flow_limit.people_per_m_min > 0 and p.arrival_share >= 0):
            found.append(f"passage {p.passage_id} has a width, flow limit or share below its least")
        if (p.kind == "metro") != (p.station_id != ""):
            found.append(f"passage {p.passage_id}: a station belongs to metro entrances only")
    return found


def _way_problems(zones: Sequence[Zone], passages: Sequence[Passage]) -> list[str]:
    """Zones that people cannot reach or leave when every passage stands as it usually does."""
    ways_in = {(p.outer_zone, p.inner_zone) for p in passages if p.direction in ("in", "both")}
    ways_out = {(p.inner_zone, p.outer_zone) for p in passages if p.direction in ("out", "both")}
    arcs = ways_in | ways_out
    entered, left = _reached(arcs), _reached({(head, tail) for tail, head in arcs})
    return [
        f"zone {zone.zone_id} has no way {way}"
        for zone in zones
        for way, reached in (("in", entered), ("out", left))
        if zone.zone_id not in reached
    ]


def _reached(arcs: set[tuple[str, str]]) -> set[str]:
    """Zones that can be reached from the world outside."""
    seen, queue = {OUTSIDE}, deque([OUTSIDE])
    while queue:
        here = queue.popleft()
        for head in {head for tail, head in arcs if tail == here} - seen:
            seen.add(head)
            queue.append(head)
    return seen


def joined_site(sites: Sequence[Site]) -> Site:
    """Neighbouring sites as one: zones and passages of the same id stand once, areas add.

    A shared zone or passage may draw another share of each site's people; the first site's stands.

    Raises
    ------
    ValueError
        When a zone or passage of two sites has the same id and else differs, or zones overlap.
    """
    zones: dict[str, Zone] = {}
    passages: dict[str, Passage] = {}
    for site in sites:
        for zone in site.zones:
            first = zones.setdefault(zone.zone_id, zone)
            if replace(zone, visit_share=first.visit_share) != first:
                raise ValueError(f"zone {zone.zone_id} differs between sites")
        for passage in site.passages:
            known = passages.setdefault(passage.passage_id, passage)
            if replace(passage, arrival_share=known.arrival_share) != known:
                raise ValueError(f"passage {passage.passage_id} differs between sites")
    rings = zip(*(site.rings for site in sites), strict=True)
    return Site(
        "+".join(site.site_id for site in sites),
        " + ".join(site.name_en for site in sites),
        " + ".join(site.name_zh for site in sites),
        _union([site.polygon for site in sites]),
        tuple(_union(list(ring)) for ring in rings),
        tuple(zones.values()),
        tuple(passages.values()),
        "; ".join(dict.fromkeys(site.source for site in sites)),
    )


def _union(shapes: Sequence[Polygon | MultiPolygon]) -> Polygon | MultiPolygon:
    found = shapely.union_all(list(shapes))
    assert isinstance(found, Polygon | MultiPolygon)
    return found
