"""The address of a tile server in a scenario."""

import pytest

from geodata.faults import BadInput
from scenarios.scenario import load_scenario


def test_no_library_scenario_fetches_tiles() -> None:
    assert load_scenario("shanghai-chuxi-2027").scenario.map.tiles_url is None


def test_an_address_is_taken_as_it_is() -> None:
    url = "https://tiles.example.test/{z}/{x}/{y}.png"
    loaded = load_scenario("shanghai-chuxi-2027", (f"map.tiles_url={url}",))
    assert loaded.scenario.map.tiles_url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("tiles.example.test/{z}/{x}/{y}.png", "expected http:// or https://"),
        ("https://tiles.example.test/{z}/{x}.png", "expected {y} once each in the path"),
        ("https://tiles.example.test/{s}/{z}/{x}/{y}.png", "unknown placeholders {s}"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_key(url: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        load_scenario("shanghai-chuxi-2027", (f"map.tiles_url={url}",))
    text = str(refused.value)
    assert "map.tiles_url" in text
    assert says in text
    assert url in text
