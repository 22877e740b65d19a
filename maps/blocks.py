"""Data in the page: blocks that a browser reads but never runs.

Every script of the page is constant. What comes from a plan lies in blocks of a type that no
browser executes, in JSON whose angle brackets are escaped, so that no name can end the block.
"""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from branca.element import Element, Figure, MacroElement
from folium.template import Template

ASSETS = Path(__file__).parent / "assets"
STYLES = ("panel.css", "lists.css", "map.css", "narrow.css", "print.css")
SCRIPTS = (
    "base.js",
    "canvas.js",
    "values.js",
    "cells.js",
    "polygons.js",
    "tiles.js",
    "lines.js",
    "points.js",
    "units.js",
    "nearest.js",
    "sites.js",
    "names.js",
    "popups.js",
    "panel.js",
    "events.js",
    "reserve.js",
    "symbols.js",
    "lending.js",
    "finder.js",
    "worst.js",
    "hours.js",
    "print.js",
    "app.js",
)
"""Own scripts, in the order they run."""


class Literal(Element):
    """Text that goes into the page as it is: no template engine looks at it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Literal"
        self.text = text

    def render(self, **kwargs: Any) -> str:
        """Return the text."""
        return self.text


class PageAssets(MacroElement):
    """The page's own style sheet and scripts, put into the head after Leaflet."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "PageAssets"

    def render(self, **kwargs: Any) -> str:
        """Add the assets to the head of the figure; nothing stands in place of the element."""
        header = figure_of(self).header
        for name in STYLES:
            header.add_child(Literal(style_tag(asset(name))), name=name)
        for name in SCRIPTS:
            header.add_child(Literal(script_tag(asset(name))), name=name)
        return ""


class DataLayer(MacroElement):
    """A layer of the map: a constant call of `muster.<factory>` and the data block it reads."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "muster.{{ this.factory }}({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )

    def __init__(self, factory: str, content: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "DataLayer"
        self.factory = factory
        self.content = content

    def without_data(self) -> "DataLayer":
        """Return the same layer with an empty block."""
        return DataLayer(self.factory, None)

    def render(self, **kwargs: Any) -> str:
        """Add the data block to the body and the constant call to the script of the figure."""
        block = (
            f'<script type="application/json" id="muster-{self.factory}">'
            f"{json_text(self.content)}</script>\n"
        )
        figure_of(self).html.add_child(Literal(block), name=f"muster-{self.factory}")
        super().render(**kwargs)  # type: ignore[no-untyped-call]
        return ""


def figure_of(element: Element) -> Figure:
    """Page that an element belongs to.

    Raises
    ------
    TypeError
        When the element stands in no page.
    """
    root = element.get_root()
    if not isinstance(root, Figure):
        raise TypeError(f"{element.get_name()} belongs to no page but to {root.get_name()}")
    return root


def asset(name: str) -> str:
    """Text of one of the page's own files."""
    return (ASSETS / name).read_text(encoding="utf-8")


def script_tag(text: str) -> str:
    """Inline script of trusted text; a closing tag inside it cannot end the element."""
    return "<script>" + text.replace("</script", "<\\/script") + "</script>\n"


def style_tag(text: str) -> str:
    """Inline style sheet of trusted text."""
    return "<style>" + text.replace("</style", "<\\/style") + "</style>\n"


def json_text(value: object) -> str:
    """JSON that is safe inside a script block.

    Raises
    ------
    ValueError
        When a number is NaN or infinite, which JSON does not know.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def packed(data: bytes) -> str:
    """Bytes compressed (zlib) and written in base64."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def packed_json(value: object) -> str:
    """JSON compressed and written in base64: for long lists of numbers."""
    return packed(json_text(value).encode("utf-8"))
