"""Small maps for printed sheets: one SVG of lines and symbols, no tiles, no script, no other file.

Lengths on paper are tenths of a millimetre, on the ground metres of a projected CRS. Colours and
line widths are those of the sheet's style, by the class names `Shape.kind` and `Mark.symbol`.
"""

import html
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

PER_MM = 10.0
"""Units of the drawing in a millimetre of paper."""

BEYOND = 30.0
"""How far ground is drawn beyond the frame, so that no clipped edge shows in it."""

FINEST = 1.5
"""Vertices closer than this to a straight line are left out."""

SHORTEST = 20.0
"""Lines shorter than this are left out: scraps of a road that would look like symbols."""

DOT_GAP = 36.0
"""Least distance between the middles of two marks that carry text."""

SCALE_SHARE = 0.28
"""Part of the width that the scale bar takes up at most."""

_FIXED = {
    "station": "M-9-9H9V9H-9Z",
    "gate": "M-13-9V9M13-9V9M-13 0H-4M4 0H13",
    "stairs": "M-13 11h9v-8h9v-8h9v-8",
    "crossing": "M-11-11L11 11M-11 11L11-11",
    "metro": "M-13 0A13 13 0 1 1 13 0A13 13 0 1 1-13 0ZM-7 7V-6L0 3L7-6V7",
    "place": "M-6 0A6 6 0 1 1 6 0A6 6 0 1 1-6 0Z",
    "visit": "M0-11L11 0L0 11L-11 0Z",
    "event": "M0-26L7-8L26-8L11 4L16 22L0 11L-16 22L-11 4L-26-8L-7-8Z",
}
"""Symbols that stand where they belong."""

_NUMBERED = {
    "here": "M-18-18H18V18H-18Z",
    "post": "M-17 0A17 17 0 1 1 17 0A17 17 0 1 1-17 0Z",
    "command": "M-18 22V-18H20L10-5L20 8H-18",
    "standby": "M-17 0A17 17 0 1 1 17 0A17 17 0 1 1-17 0Z",
    "zone": "M-17-15H17V15H-17Z",
}
"""Symbols with text in them; they make room for each other."""

_AWAY = np.array(
    [
        (
            ring * 0.75 * DOT_GAP * math.cos(2.0 * math.pi * number / max(8 * ring, 1)),
            ring * 0.75 * DOT_GAP * math.sin(2.0 * math.pi * number / max(8 * ring, 1)),
        )
        for ring in range(7)
        for number in range(max(8 * ring, 1))
    ]
)
"""Where a mark may be moved to from its place: rings of spots around it, the nearest first."""

SYMBOLS: tuple[str, ...] = (*_FIXED, *_NUMBERED)
"""What a mark may be."""


@dataclass(frozen=True)
class Shape:
    """Ground to draw: lines, or areas with their edges; `kind` is a class name of the style."""

    kind: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Mark:
    """A symbol at a point; `text` is written in the symbols that have room for it."""

    symbol: str
    x: float
    y: float
    text: str = ""

    def __post_init__(self) -> None:
        if self.symbol not in SYMBOLS:
            raise ValueError(f"symbol {self.symbol!r} is none of {', '.join(SYMBOLS)}")


@dataclass(frozen=True)
class Window:
    """Part of the ground that is drawn `width_mm` wide; north is the grid's."""

    left: float
    bottom: float
    width_m: float
    height_m: float
    width_mm: float

    @property
    def width(self) -> float:
        """Width on paper."""
        return self.width_mm * PER_MM

    @property
    def per_m(self) -> float:
        """Units of the drawing in a metre of ground."""
        return self.width / self.width_m

    @property
    def height(self) -> float:
        """Height on paper."""
        return self.height_m * self.per_m

    def on_paper(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ground to paper, `[point, 2]`; paper counts from its upper left corner."""
        x = (points[:, 0] - self.left) * self.per_m
        y = self.height - (points[:, 1] - self.bottom) * self.per_m
        return np.column_stack([x, y])


def window_around(
    points: NDArray[np.float64],
    *,
    width_mm: float,
    height_mm: float,
    least_m: float,
    margin: float = 0.08,
) -> Window:
    """The smallest window of that shape which holds all points `[point, 2]` and a margin around.

    `margin` is a share of the window on each side; the window is `least_m` wide at least.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    span = (high - low) / (1.0 - 2.0 * margin)
    width_m = max(float(span[0]), float(span[1]) * width_mm / height_mm, least_m)
    height_m = width_m * height_mm / width_mm
    left, bottom = (low + high) / 2.0 - np.array([width_m, height_m]) / 2.0
    return Window(float(left), float(bottom), width_m, height_m, width_mm)


def inset_svg(
    window: Window, shapes: Iterable[Shape], marks: Sequence[Mark], label: str = ""
) -> str:
    """The drawing as an SVG element; `label` is read out in its place.

    Shapes are drawn in their order, marks above them. Marks outside the window are left out.
    """
    parts = [
        *_ground(window, shapes),
        *_marks(window, marks),
        *_north(window),
        *_scale_bar(window),
    ]
    width, height = _short(window.width), _short(window.height)
    return (
        f'<svg class="inset" role="img" aria-label="{html.escape(label)}" '
        f'width="{window.width_mm:g}mm" height="{window.height / PER_MM:.4g}mm" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}'
        f'<path class="frame" d="M0 0H{width}V{height}H0Z"/></svg>'
    )


def symbol_svg(symbol: str, text: str = "") -> str:
    """One symbol by itself, for a key."""
    drawn = "".join(_symbol(Mark(symbol, 0.0, 0.0, text), (30.0, 30.0)))
    return (
        f'<svg class="inset" aria-hidden="true" width="4.2mm" height="4.2mm" '
        f'viewBox="0 0 60 60">{drawn}</svg>'
    )


def line_svg(kind: str) -> str:
    """One line by itself, for a key."""
    return (
        f'<svg class="inset" aria-hidden="true" width="7mm" height="4.2mm" '
        f'viewBox="0 0 70 42"><path class="{html.escape(kind)}" d="M5 21H65"/></svg>'
    )


def _ground(window: Window, shapes: Iterable[Shape]) -> Iterator[str]:
    """One path for each run of shapes of one kind."""
    beyond = BEYOND / window.per_m
    right, top = window.left + window.width_m, window.bottom + window.height_m
    frame = (window.left - beyond, window.bottom - beyond, right + beyond, top + beyond)
    listed = tuple(shapes)
    whole = np.array([shape.geometry for shape in listed], dtype=object)
    clipped = shapely.simplify(shapely.clip_by_rect(whole, *frame), FINEST / window.per_m)
    for kind, run in groupby(_outlines(window, clipped), key=lambda line: listed[line[0]].kind):
        path = "".join(text for _, text in run)
        yield f'<path class="{html.escape(kind)}" d="{path}"/>'


def _outlines(window: Window, clipped: NDArray[np.object_]) -> Iterator[tuple[int, str]]:
    """Lines and rings of areas as the text of a path, each with the number of its geometry."""
    parts, owner = shapely.get_parts(clipped, return_index=True)
    area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    line &= shapely.length(parts) * window.per_m >= SHORTEST
    rings, of_area = shapely.get_rings(parts[area], return_index=True)
    drawn = np.concatenate([parts[line], rings])
    owner = np.concatenate([owner[line], owner[area][of_area]])
    order = np.argsort(owner, kind="stable")
    points, number = shapely.get_coordinates(drawn[order], return_index=True)
    on_paper = np.rint(window.on_paper(points)).astype(np.int64)
    ends = np.searchsorted(number, np.arange(len(order) + 1)).tolist()
    for place, (first, last) in enumerate(pairwise(ends)):
        text = "L".join(f"{x} {y}" for x, y in on_paper[first:last].tolist())
        yield int(owner[order[place]]), f"M{text}"


def _marks(window: Window, marks: Sequence[Mark]) -> Iterator[str]:
    """Fixed symbols where they are, then those with text, with a line to where they belong."""
    at = window.on_paper(np.array([(mark.x, mark.y) for mark in marks]).reshape(-1, 2))
    shown = [
        (mark, (x, y))
        for mark, (x, y) in zip(marks, at.tolist(), strict=True)
        if 0 <= x <= window.width and 0 <= y <= window.height
    ]
    for mark, point in shown:
        if mark.symbol in _FIXED:
            yield from _symbol(mark, point)
    numbered = [(mark, point) for mark, point in shown if mark.symbol in _NUMBERED]
    placed = spread([point for _, point in numbered], (window.width, window.height))
    for (_, home), (x, y) in zip(numbered, placed, strict=True):
        if home != (x, y):
            yield f'<path class="leader" d="M{_pair(home)}L{_pair((x, y))}"/>'
    for (mark, _), point in zip(numbered, placed, strict=True):
        yield from _symbol(mark, point)


def _symbol(mark: Mark, at: tuple[float, float]) -> Iterator[str]:
    path = _FIXED.get(mark.symbol) or _NUMBERED[mark.symbol]
    yield f'<g class="{mark.symbol}" transform="translate({_pair(at)})"><path d="{path}"/>'
    if mark.text and mark.symbol in _NUMBERED:
        yield f"<text>{html.escape(mark.text)}</text>"
    yield "</g>"


def spread(
    points: Sequence[tuple[float, float]], size: tuple[float, float]
) -> list[tuple[float, float]]:
    """Points moved apart, each to the nearest of some places where it has `DOT_GAP` around it.

    Earlier points stay nearer to where they belong. One that finds no free place within the
    `size` of the paper stays.
    """
    edge = DOT_GAP / 2.0
    placed = np.empty((len(points), 2))
    for number, home in enumerate(points):
        spots = np.array(home) + _AWAY
        spots = spots[((spots >= edge) & (spots <= np.array(size) - edge)).all(axis=1)]
        taken = placed[:number]
        far = np.hypot(*(spots[:, np.newaxis] - taken).T).min(axis=0, initial=np.inf)
        free = np.flatnonzero(far >= DOT_GAP)
        placed[number] = spots[free[0]] if len(free) else home
    return [(x, y) for x, y in placed.tolist()]


def _north(window: Window) -> Iterator[str]:
    x, y = _short(window.width - 35), 30
    yield f'<g class="north" transform="translate({x} {y})"><path d="M0-20L12 20L0 11L-12 20Z"/>'
    yield '<text y="48">N</text></g>'


def _scale_bar(window: Window) -> Iterator[str]:
    metres = scale_length_m(SCALE_SHARE * window.width_m)
    long, y = _short(metres * window.per_m), _short(window.height - 25)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    yield f'<g class="scale" transform="translate(25 {y})"><path d="M0-10V0H{long}V-10"/>'
    yield f'<text x="{long + 14}">{text}</text></g>'


def scale_length_m(most_m: float) -> float:
    """The longest of 1, 2, 5, 10, 20, ... metres that is not longer than `most_m`."""
    power = 10.0 ** math.floor(math.log10(most_m))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= most_m)


def _short(value: float) -> int:
    return round(value)


def _pair(point: tuple[float, float]) -> str:
    return f"{_short(point[0])} {_short(point[1])}"
