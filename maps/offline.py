"""A Folium map as one page that opens without a network.

Folium links its scripts and style sheets from several hosts. Here every link is replaced by
the vendored text of the same name, or left out because the page does not need it; a name that
is in neither list is an error, so no link can slip through.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink

from maps.blocks import Literal, figure_of, script_tag, style_tag

VENDORED = Path(__file__).parent / "vendored"
REPLACED = {"leaflet": "leaflet.js", "leaflet_css": "leaflet.css"}
"""Links that are replaced, by the name Folium gives them, and the file that stands in."""

NOT_NEEDED = frozenset(
    {
        "jquery",
        "bootstrap",
        "bootstrap_css",
        "glyphicons_css",
        "awesome_markers",
        "awesome_markers_css",
        "awesome_markers_font_css",
        "awesome_rotate_css",
    }
)
"""Links that are left out: the page has no Bootstrap widgets and no icon markers."""


class UnknownLink(Exception):
    """A link that the map asks for and that is neither vendored nor known to be unneeded."""

    def __init__(self, name: str, url: str) -> None:
        super().__init__(
            f"the map links {name!r} ({url}), which is not vendored; "
            f"known are {sorted(REPLACED)} and, left out, {sorted(NOT_NEEDED)}"
        )


@dataclass(frozen=True)
class VendoredFile:
    """One third-party file that ships with the package."""

    name: str
    version: str
    licence: str
    file: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return VENDORED / self.file


def vendored_files() -> tuple[VendoredFile, ...]:
    """Files listed in the manifest."""
    rows = json.loads((VENDORED / "manifest.json").read_text(encoding="utf-8"))
    return tuple(VendoredFile(**row) for row in rows)


def offline_page(
    page: folium.Map, twin: folium.Map, *, language: str, pictures_from: str | None = None
) -> str:
    """Render a map as one self-contained HTML page.

    `twin` is the same map without data. Scripts and styles that the twin contains are the only
    ones the page may use: the content security policy lists their hashes and nothing else, so
    whatever data might bring into the page stays dead text. `pictures_from` is the one origin
    (scheme, host and port) that the page may fetch pictures from; without it, it fetches nothing.

    Raises
    ------
    UnknownLink
        When an element of either map links a file that is neither vendored nor unneeded.
    """
    trusted = ExecutableParts()
    trusted.feed(markup(twin, language, policy=""))
    policy = content_policy(trusted.scripts, trusted.styles, pictures_from)
    return markup(page, language, policy)


def markup(page: folium.Map, language: str, policy: str) -> str:
    """HTML of a map with all links replaced and ids counted up from zero."""
    figure = figure_of(page)
    number_elements(figure)
    for child in figure._children.values():
        child.render()
    replace_links(figure)
    header, body, script = (part.render() for part in (figure.header, figure.html, figure.script))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>muster</title>\n{header}\n</head>\n<body>\n{body}\n"
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def number_elements(figure: Figure) -> None:
    """Give every element its position in the tree as its id, in place of a random one."""
    waiting: list[Element] = [figure]
    number = 0
    while waiting:
        element = waiting.pop()
        element._id = f"{number:04d}"
        number += 1
        waiting.extend(element._children.values())


def replace_links(figure: Figure) -> None:
    """Replace or drop every link in the head of a rendered figure."""
    parts = figure.header._children
    for name, element in list(parts.items()):
        if not isinstance(element, JavascriptLink | CssLink):
            continue
        if name in NOT_NEEDED:
            del parts[name]
        elif name in REPLACED:
            parts[name] = Literal(vendored_tag(REPLACED[name]))
        else:
            raise UnknownLink(name, element.url)


def vendored_tag(file: str) -> str:
    """Inline element with a vendored file, its images included and its licence on top."""
    text = (VENDORED / file).read_text(encoding="utf-8")
    if file.endswith(".css"):
        return style_tag(re.sub(r"url\(([^)]+)\)", inline_image, text))
    licence = (VENDORED / f"{Path(file).stem}-LICENSE.txt").read_text(encoding="utf-8")
    code = re.sub(r"//# sourceMappingURL=\S+", "", text)
    return script_tag(f"/*!\n{licence}*/\n{code}")


def inline_image(match: re.Match[str]) -> str:
    """`url(...)` of a vendored image as a data URI; references inside the page stay."""
    target = match.group(1).strip("\"'")
    if target.startswith("#"):
        return match.group(0)
    image = (VENDORED / target).read_bytes()
    return f"url(data:image/png;base64,{base64.b64encode(image).decode('ascii')})"


def content_policy(scripts: list[str], styles: list[str], pictures_from: str | None = None) -> str:
    """Content security policy under which only the given texts run.

    Nothing is fetched but pictures from the one origin given, if any.
    """
    pictures = "data:" if pictures_from is None else f"data: {pictures_from}"
    return (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; "
        f"img-src {pictures}; base-uri 'none'; form-action 'none'"
    )


def hashes(texts: list[str]) -> str:
    """Hash sources of the texts, in their order."""
    digests = [hashlib.sha256(text.encode("utf-8")).digest() for text in texts]
    found = [f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests]
    return " ".join(dict.fromkeys(found))


class ExecutableParts(HTMLParser):
    """Collects the inline scripts and styles of a trusted page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note which list the text of this element belongs to."""
        self._into = None
        if tag == "script" and not attrs:
            self._into = self.scripts
        elif tag == "style":
            self._into = self.styles
        if self._into is not None:
            self._into.append("")

    def handle_endtag(self, tag: str) -> None:
        """Stop collecting."""
        self._into = None

    def handle_data(self, data: str) -> None:
        """Collect text of the current script or style."""
        if self._into is not None:
            self._into[-1] += data
