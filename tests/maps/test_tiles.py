"""Tiles of an intranet server: off unless asked for, and then from that origin alone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maps.offline import VENDORED
from maps.tiles import TileServer

SERVER = TileServer("https://tiles.example.test:8443/base/{z}/{x}/{y}.png?style=grey")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://tiles/{z}/{x}/{y}", "http://tiles"),
        ("http://10.1.2.3:8080/{z}/{y}/{x}.png", "http://10.1.2.3:8080"),
        (SERVER.url, "https://tiles.example.test:8443"),
        ("https://a-b.example.test/t?x={x}&y={y}&z={z}", "https://a-b.example.test"),
    ],
)
def test_the_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert TileServer(url).origin == origin


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "expected http:// or https://"),
        ("tiles/{z}/{x}/{y}", "expected http:// or https://"),
        ("ftp://tiles/{z}/{x}/{y}", "expected http:// or https://"),
        ("file:///tiles/{z}/{x}/{y}", "expected http:// or https://"),
        ("javascript:alert(1)//{z}/{x}/{y}", "expected http:// or https://"),
        ("//tiles/{z}/{x}/{y}", "expected http:// or https://"),
        ("https://{s}.tiles/{z}/{x}/{y}", "a host without user or placeholder"),
        ("https://*.tiles/{z}/{x}/{y}", "a host without user or placeholder"),
        ("https://user:secret@tiles/{z}/{x}/{y}", "a host without user or placeholder"),
        ("https://tiles;script-src */{z}/{x}/{y}", "a host without user or placeholder"),
        ("https://tiles {z}/{x}/{y}", "a host without user or placeholder"),
        ("https://tiles", "and a path; expected {z}, {x}, {y} once each"),
        ("https://tiles:0/{z}/{x}/{y}", "the port is not one of 1 to 65535"),
        ("https://tiles:99999/{z}/{x}/{y}", "the port is not one of 1 to 65535"),
        ("https://tiles/{z}/{x}", "expected {y} once each in the path"),
        ("https://tiles/{z}/{x}/{x}/{y}", "expected {x} once each in the path"),
        ("https://tiles/{z}/{x}/{y}{r}.png", "unknown placeholders {r}"),
        ("https://tiles/{z}/{x}/{y}?k={apikey}", "unknown placeholders {apikey}"),
        ('https://tiles/{z}/{x}/{y}"onerror="hit()', "signs that no address of tiles has: '\"'"),
        ("https://tiles/<{z}>/{x}/{y}", "signs that no address of tiles has: '<' '>'"),
        ("https://tiles/{z}/{x}/{y}#top", "signs that no address of tiles has: '#'"),
        ("https://tiles/{z}/{x}/{y}\n", r"signs that no address of tiles has: '\n'"),
        ("https://tiles/瓦片/{z}/{x}/{y}", r"signs that no address of tiles has: '\u7247'"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"expected|placeholders|signs|port") as refused:
        TileServer(url)
    assert says in str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="placeholders") as refused:
        TileServer("ftp://tiles/{z}/{q}")
    assert str(refused.value).count(";") == 2


def policy(html: str) -> str:
    found = re.search('Content-Security-Policy" content="([^"]*)"', html)
    assert found
    return found.group(1)


def test_the_policy_allows_that_origin_for_pictures_and_nothing_else(city: Any) -> None:
    without, with_tiles = policy(city.page()), policy(city.page(tiles=SERVER))
    assert "img-src data:;" in without
    assert with_tiles == without.replace(
        "img-src data:;", "img-src data: https://tiles.example.test:8443;"
    )
    assert "http" not in without
    assert SERVER.url not in city.page()


REACH = """async (host) => {
  const blocked = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    blocked.push(event.effectiveDirective + " " + event.blockedURI);
  });
  const picture = new Image();
  picture.src = host + "/picture.png";
  const script = document.createElement("script");
  script.src = host + "/script.js";
  document.head.append(picture, script);
  await fetch(host + "/data").catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return blocked.map((text) => text.split(" ")[0]).sort();
}"""
"""Directives that stop a picture, a script and a fetch from a host."""


@pytest.fixture
def served(browser: Any, tmp_path: Path) -> Callable[[str], tuple[Any, list[str]]]:
    """Function that opens a page whose requests for tiles are answered here."""

    def opened(html: str) -> tuple[Any, list[str]]:
        file = tmp_path / "tiles.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        asked: list[str] = []

        def answer(route: Any) -> None:
            asked.append(route.request.url)
            route.fulfill(body=(VENDORED / "images/layers.png").read_bytes())

        context.route(re.compile("^https?:"), answer)
        page = context.new_page()
        page.goto(file.as_uri())
        page.wait_for_selector("body.muster-ready", timeout=15_000)
        return page, asked

    return opened


@pytest.mark.browser
def test_without_tiles_the_page_cannot_reach_any_host(city: Any, served: Any) -> None:
    page, asked = served(city.page())
    stopped = page.evaluate(REACH, "https://tiles.example.test:8443")
    assert stopped == ["connect-src", "img-src", "script-src-elem"]
    assert asked == []
    assert page.locator("img.leaflet-tile").count() == 0
    page.context.close()


@pytest.mark.browser
def test_tiles_come_from_that_origin_and_lie_under_the_cells(city: Any, served: Any) -> None:
    page, asked = served(city.page(tiles=SERVER))
    page.wait_for_selector("img.leaflet-tile-loaded", state="attached", timeout=15_000)
    assert asked
    assert all(url.startswith("https://tiles.example.test:8443/base/") for url in asked)
    assert all(url.endswith(".png?style=grey") and "{" not in url for url in asked)
    order = "(name) => Number(getComputedStyle(muster.map.getPane(name)).zIndex)"
    land, tiles, cells = (page.evaluate(order, name) for name in ("land", "tiles", "drawings"))
    assert land < tiles < cells
    before = len(asked)
    stopped = page.evaluate(REACH, "https://elsewhere.example.test")
    assert stopped == ["connect-src", "img-src", "script-src-elem"]
    assert not [url for url in asked[before:] if "elsewhere" in url]
    page.context.close()
