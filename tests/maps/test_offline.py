"""One file that needs no network: links, licences, hashes, and data that cannot run."""

import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import folium
import pytest
from branca.element import Element
from folium.plugins import MarkerCluster

from maps.blocks import DataLayer, figure_of, json_text
from maps.offline import VENDORED, UnknownLink, offline_page, vendored_files


class Elements(HTMLParser):
    """Collects the elements of a page with their attributes, and the text of each script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and data.strip():
            self.texts.append((self.found[-1][0], data))


def bare_map() -> folium.Map:
    return folium.Map(location=(31.2, 121.5), tiles=None)


def test_every_vendored_file_is_the_one_in_the_manifest() -> None:
    files = vendored_files()
    for file in files:
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256, file.file
    listed = {file.path for file in files} | {VENDORED / "manifest.json"}
    assert listed == {path for path in VENDORED.rglob("*") if path.is_file()}
    assert {(file.name, file.version) for file in files} == {("leaflet", "1.9.4")}


def test_every_vendored_package_ships_its_licence_text_and_its_name_in_the_page(city: Any) -> None:
    files = vendored_files()
    texts = {file.name: file for file in files if file.file.endswith("-LICENSE.txt")}
    assert {file.name for file in files} == set(texts)
    for name, licence_text in texts.items():
        (licence,) = {file.licence for file in files if file.name == name}
        assert licence == "BSD-2-Clause"
        text = licence_text.path.read_text("utf-8")
        assert "Copyright" in text
        assert "Redistribution and use in source and binary forms" in text
        assert text in city.page()


def test_a_link_that_is_not_known_is_refused_by_name() -> None:
    page = bare_map()
    MarkerCluster().add_to(page)
    with pytest.raises(UnknownLink, match=r"'markerclusterjs' .*not vendored"):
        offline_page(page, bare_map(), language="en")


def test_the_page_fetches_nothing(city: Any) -> None:
    html = city.page()
    elements = Elements(html)
    assert not [
        (tag, attrs)
        for tag, attrs in elements.found
        if {"src", "href", "action", "data", "srcset"} & attrs.keys() or tag == "link"
    ]
    styles = " ".join(text for tag, text in elements.texts if tag == "style")
    assert "@import" not in styles
    targets = re.findall(r"url\(([^)]{0,12})", styles)
    assert targets
    assert all(target.startswith(("data:image", "#")) for target in targets)


def test_same_input_same_bytes(city: Any) -> None:
    assert city.page() == city.page()


def test_numbering_leaves_other_maps_alone(city: Any) -> None:
    city.page()
    assert bare_map().get_name() != bare_map().get_name()


def test_scripts_and_policy_do_not_depend_on_the_data(
    city: Any, renamed: Callable[[Any, str], Any]
) -> None:
    def trusted(html: str) -> list[str | None]:
        (policy,) = (
            attrs["content"]
            for tag, attrs in Elements(html).found
            if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
        )
        return [policy]

    payload = "</script><script>window.hit=1</script>"
    assert trusted(city.page()) == trusted(renamed(city, payload).page(title_en=payload))


def test_a_script_that_the_twin_lacks_is_not_in_the_policy() -> None:
    page = bare_map()
    page.get_root().script.add_child(Element("window.hit = 1;"))
    twin_policy = offline_page(bare_map(), bare_map(), language="en").split("default-src")[1]
    policy = offline_page(page, bare_map(), language="en").split("default-src")[1]
    assert policy.split(">")[0] == twin_policy.split(">")[0]


def test_names_appear_only_escaped(
    city: Any, renamed: Callable[[Any, str], Any], payload: str
) -> None:
    html = renamed(city, payload).page(title_en=payload, title_zh=payload, run_label=payload)
    clean = [tag for tag, _ in Elements(city.page()).found]
    assert [tag for tag, _ in Elements(html).found] == clean
    if "<" in payload:
        assert payload not in html
    block = html.split('id="muster-page">')[1].split("</script>")[0]
    assert json.loads(block)["title"]["en"] == payload


def test_json_refuses_numbers_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text([float("nan")])


def test_an_element_outside_a_page_is_refused() -> None:
    with pytest.raises(TypeError, match="belongs to no page"):
        figure_of(DataLayer("cells", None))
