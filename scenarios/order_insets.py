"""Small maps on the sheets: an event with its rings and posts, a station with its places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry import MultiPoint, Point

from geodata.context_file import metric_lines
from geodata.sites import RINGS, Site
from maps.inset import Mark, Shape, Window, inset_svg, line_svg, symbol_svg, window_around
from scenarios.event_sites import SiteEvent
from scenarios.order_posts import Post, days_of, numbered_posts, passages_of
from scenarios.order_sheets import OrderBook, most_used
from scenarios.order_words import PASSAGES, Pair, ring_words

EVENT_MM = (150.0, 112.0)
"""Width and height of the map of an event."""

STATION_MM = (92.0, 76.0)
"""Width and height of the map of a station."""

EVENT_M = 2400.0
"""Width of ground around an event whose site has no shape."""

SITE_M = 400.0
"""Least width of ground around a site."""

STATION_M = 3000.0
"""Least width of ground around a station."""

STATIONS_UP_TO_M = 20_000.0
"""Width of ground up to which other stations are drawn."""

LINES: dict[str, Pair] = {
    "river": ("river", "江河"),
    "expressway": ("expressway", "快速路"),
    "metro": ("metro", "轨道交通"),
    "border": ("district", "区界"),
}
"""Ground that every map shows."""

SYMBOLS: dict[str, Pair] = {
    "here": ("this station", "本单位"),
    "standby": ("standby point", "屯警点"),
    "place": ("other standby point", "其他屯警点"),
    "visit": ("must-visit point", "必巡点"),
    "station": ("station", "派出所"),
    "post": ("post", "点位"),
    "command": ("command post", "指挥部"),
    "zone": ("zone", "区域"),
    "event": ("event", "活动"),
    **PASSAGES,
}


@dataclass(frozen=True)
class Inset:
    """A map as SVG with its key: symbol or line as SVG and what it stands for.

    `zones` are letters on the map and the names they stand for; `numbers` those of patrol places.
    """

    svg: str
    key: tuple[tuple[str, Pair], ...]
    zones: tuple[tuple[str, Pair], ...] = ()
    numbers: dict[int, int] = field(default_factory=dict)


class Ground:
    """What lies around: lines of the situation and borders of districts, in the area's metres."""

    def __init__(self, book: OrderBook) -> None:
        self.book = book

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """Borders first, then roads, metro and river."""
        borders = [district.polygon.boundary for district in self.book.situation.area.districts]
        return (
            *(Shape("border", border) for border in borders),
            *(shape for kind in ("expressway", "metro", "river") for shape in self._lines(kind)),
        )

    def _lines(self, kind: str) -> list[Shape]:
        """Lines of one kind, those that meet end to end joined."""
        situation = self.book.situation
        found = metric_lines(situation.area, situation.context, kind)
        if not found:
            return []
        joined = shapely.line_merge(shapely.multilinestrings(list(found)))
        return [Shape(kind, part) for part in shapely.get_parts(joined).tolist()]

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree([shape.geometry for shape in self.shapes])

    def near(self, window: Window) -> tuple[Shape, ...]:
        """Shapes that may be seen in a window, in their order."""
        right, top = window.left + window.width_m, window.bottom + window.height_m
        seen = shapely.box(window.left, window.bottom, right, top)
        found = self._tree.query(seen, predicate="intersects")
        return tuple(self.shapes[number] for number in sorted(found.tolist()))


def station_inset(book: OrderBook, ground: Ground, station: int) -> Inset:
    """A station, the places where its units stand most by number, and the points that it visits."""
    places, stations = book.situation.patrol_places, book.situation.stations
    here = (float(stations.x[station]), float(stations.y[station]))
    standing = dict.fromkeys(move.place for move in book.moves.get(station, ()))
    named = [place for place in most_used(book, station) if place != station]
    numbers = {place: number for number, place in enumerate(named, start=1)}
    visited = dict.fromkeys(visit.point for visit in book.visits.get(station, ()))
    points = book.situation.visit_points.places
    marks = [
        *(Mark("visit", float(points.x[p]), float(points.y[p])) for p in visited),
        *(
            Mark("place", float(places.x[p]), float(places.y[p]))
            for p in standing
            if p not in numbers and p != station
        ),
        Mark("here", *here),
        *(
            Mark("standby", float(places.x[p]), float(places.y[p]), str(n))
            for p, n in numbers.items()
        ),
    ]
    window = _window(np.array([(mark.x, mark.y) for mark in marks]), STATION_MM, STATION_M)
    marks = [*_other_stations(book, window, station), *marks]
    own = book.situation.area.districts[int(stations.district[station])]
    shapes = (Shape("own", own.polygon), *ground.near(window))
    svg = inset_svg(window, shapes, marks, stations.name_en[station])
    return Inset(svg, _key(window, shapes, marks), numbers=numbers)


def event_inset(book: OrderBook, ground: Ground, event_id: str) -> Inset:
    """The site of an event with rings, zones, ways in and numbered posts; else its point."""
    days = days_of(book, event_id)
    if not days:
        return _point_inset(book, ground, event_id)
    site = days[0].forecast.site
    shapes, zones = _site_shapes(site), _zones(site)
    marks = [*_ways(book, site), *zones, *_dots(book, site, event_id)]
    box = np.array(shapely.union_all(list(site.rings)).bounds).reshape(2, 2)
    window = _window(box, EVENT_MM, SITE_M)
    letters = tuple(
        (mark.text, (zone.name_en, zone.name_zh))
        for mark, zone in zip(zones, site.zones, strict=True)
    )
    drawn = (*ground.near(window), *shapes)
    svg = inset_svg(window, drawn, marks, site.name_en)
    return Inset(svg, _key(window, drawn, marks), letters)


def _point_inset(book: OrderBook, ground: Ground, event_id: str) -> Inset:
    """Surroundings of an event of which only points are known: one, or one for each post."""
    posts = numbered_posts(book, event_id)
    at = list(dict.fromkeys((post.lon, post.lat) for post in posts))
    x, y = book.situation.area.to_metric(*np.array(at).T)
    where = dict(zip(at, zip(x.tolist(), y.tolist(), strict=True), strict=True))
    marks = [Mark("post", *where[post.lon, post.lat], str(n)) for post, n in posts.items()]
    if len(at) == 1:
        marks = [Mark("event", *where[at[0]])]
    window = _window(np.column_stack([x, y]), EVENT_MM, EVENT_M)
    marks = [*_other_stations(book, window), *marks]
    shapes = ground.near(window)
    return Inset(inset_svg(window, shapes, marks, event_id), _key(window, shapes, marks))


def _other_stations(book: OrderBook, window: Window, but: int | None = None) -> list[Mark]:
    """Stations, for readers to find their way by; none where they would hide what is shown."""
    if window.width_m > STATIONS_UP_TO_M:
        return []
    stations = book.situation.stations
    points = zip(stations.x.tolist(), stations.y.tolist(), strict=True)
    return [Mark("station", x, y) for number, (x, y) in enumerate(points) if number != but]


def _window(points: np.ndarray, size_mm: tuple[float, float], least_m: float) -> Window:
    return window_around(points, width_mm=size_mm[0], height_mm=size_mm[1], least_m=least_m)


def _site_shapes(site: Site) -> tuple[Shape, ...]:
    """Zones, then the rings from the outer to the core."""
    zones = (Shape("zone-area", zone.polygon) for zone in site.zones)
    rings = zip(reversed(RINGS), reversed(site.rings), strict=True)
    return (*zones, *(Shape(ring, shape) for ring, shape in rings))


def _zones(site: Site) -> list[Mark]:
    """A letter in each zone, in their order."""
    marks = []
    for number, zone in enumerate(site.zones):
        middle = zone.polygon.representative_point()
        marks.append(Mark("zone", middle.x, middle.y, letter(number)))
    return marks


def letter(number: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def _ways(book: OrderBook, site: Site) -> list[Mark]:
    """Gates, stairs, crossings and metro entrances."""
    return [
        Mark(way.kind, point.x, point.y)
        for way, point in zip(site.passages, _way_points(book, site), strict=True)
    ]


def _way_points(book: OrderBook, site: Site) -> list[Point]:
    """Passages of a site in the area's metres."""
    lonlat = np.array([(way.lon, way.lat) for way in site.passages]).reshape(-1, 2)
    return [Point(xy) for xy in np.column_stack(book.situation.area.to_metric(*lonlat.T))]


def _dots(book: OrderBook, site: Site, event_id: str) -> list[Mark]:
    """Posts by number: at the middle one of their passages, else in their ring's largest zone."""
    points = _way_points(book, site)
    marks = []
    for post, number in numbered_posts(book, event_id).items():
        spots = [points[n] for n in passages_of(site, post)]
        middle = MultiPoint(spots).centroid
        spot = min(spots, key=middle.distance) if spots else _ring_spot(site, post)
        symbol = "command" if post.kind == "command" else "post"
        marks.append(Mark(symbol, spot.x, spot.y, str(number)))
    return marks


def _ring_spot(site: Site, post: Post) -> Point:
    """A point in the largest zone of the post's ring, or in the ring where it has no zone."""
    zones = [zone for zone in site.zones if zone.ring == post.ring]
    if zones:
        return max(zones, key=lambda zone: zone.polygon.area).polygon.representative_point()
    if post.ring not in RINGS:
        return site.polygon.representative_point()
    number = RINGS.index(post.ring)
    ring = site.rings[number]
    band = ring.difference(site.rings[number - 1]) if number else ring
    return (ring if band.is_empty else band).representative_point()


def _key(
    window: Window, shapes: Iterable[Shape], marks: Sequence[Mark]
) -> tuple[tuple[str, Pair], ...]:
    """What the map shows, each kind once: symbols inside the window, then lines."""
    right, top = window.left + window.width_m, window.bottom + window.height_m
    seen = {
        mark.symbol
        for mark in marks
        if window.left <= mark.x <= right and window.bottom <= mark.y <= top
    }
    kinds = {shape.kind for shape in shapes}
    lines = {**{ring: _ring(ring) for ring in RINGS}, **LINES}
    return (
        *((symbol_svg(name), words) for name, words in SYMBOLS.items() if name in seen),
        *((line_svg(name), words) for name, words in lines.items() if name in kinds),
    )


def _ring(ring: str) -> Pair:
    english, chinese = ring_words(ring)
    return f"{english} ring", chinese


def day_zones(one: SiteEvent) -> list[tuple[Pair, float]]:
    """Zones of a day with the density that each reaches at most, people per m2."""
    most = one.load.people.max(axis=0)
    return [
        ((zone.name_en, zone.name_zh), float(people) / zone.free_area_m2)
        for zone, people in zip(one.forecast.site.zones, most, strict=True)
    ]
