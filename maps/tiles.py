"""Tiles of an intranet server under the cells: off unless a scenario names a server.

The page may then fetch pictures from this one origin and from nowhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
ORIGIN = re.compile(rf"https?://{HOST}(?::\d{{1,5}})?")
REST = re.compile(r"[A-Za-z0-9._~:/?@!$&()*+,=%-]*")
PLACEHOLDERS = ("{z}", "{x}", "{y}")


@dataclass(frozen=True)
class TileServer:
    """Address of the tiles, with `{z}`, `{x}` and `{y}` in its path.

    Raises
    ------
    ValueError
        When the address is not one of http or https, its host is no plain name or number, it
        has a user, a fragment or other signs than an address has, or placeholders are missing
        or unknown. The message names all of it.
    """

    url: str

    def __post_init__(self) -> None:
        faults = tuple(tile_faults(self.url))
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def origin(self) -> str:
        """Scheme, host and port: what the page's policy lets pictures come from."""
        return self.url[: len(self.url) - len(after_origin(self.url))]


def after_origin(url: str) -> str:
    """Path and query of an address; the whole text where it does not begin with an origin."""
    found = ORIGIN.match(url)
    return url[found.end() :] if found else url


def tile_faults(url: str) -> Iterator[str]:
    """Everything that is wrong with an address of tiles."""
    rest = after_origin(url)
    if rest == url or not rest.startswith("/"):
        yield "expected http:// or https://, a host without user or placeholder, and a path"
    elif not port_is_right(url):
        yield "the port is not one of 1 to 65535"
    missing = [name for name in PLACEHOLDERS if rest.count(name) != 1]
    if missing:
        yield f"expected {', '.join(missing)} once each in the path"
    plain = rest
    for name in PLACEHOLDERS:
        plain = plain.replace(name, "")
    unknown = re.findall(r"\{[^}]*\}", plain)
    if unknown:
        yield f"unknown placeholders {', '.join(unknown)}"
    elif REST.fullmatch(plain) is None and rest != url:
        strange = sorted({sign for sign in plain if REST.fullmatch(sign) is None})
        yield f"signs that no address of tiles has: {' '.join(map(ascii, strange))}"


def port_is_right(url: str) -> bool:
    """Whether the port of an address that has an origin is one that exists."""
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port is None or port > 0
