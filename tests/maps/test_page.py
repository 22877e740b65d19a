"""What the page says: words in both languages, figures, posts and lines."""

import base64
import json
import re
import zlib
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from geodata.incidents import ZONES
from maps.blocks import ASSETS
from maps.lines import line_layer, steps_of
from maps.page import STATUSES
from maps.points import point_content
from maps.style import MAP_COLOURS
from maps.text import WORDS, ZONES_EN, hour_label, term, words


def block(html: str, name: str) -> Any:
    return json.loads(html.split(f'id="muster-{name}">')[1].split("</script>", maxsplit=1)[0])


def unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))


def test_every_word_has_both_languages() -> None:
    assert all(english and chinese for english, chinese in WORDS.values())
    assert set(words()["en"]) == set(words()["zh"])
    assert len(ZONES_EN) == len(ZONES)


def test_every_word_the_scripts_name_exists() -> None:
    code = "".join(path.read_text("utf-8") for path in sorted(ASSETS.glob("*.js")))
    named = set(re.findall(r"\bwords\.(\w+)\b(?!\()", code))
    named |= set(re.findall(r"\bword(?:Label|Title)?: \"(\w+)\"", code))
    stems = {name for name in named if name.endswith("_")}
    assert stems == {"status_", "mark_"}
    named |= {f"status_{status}" for status in STATUSES} | {"mark_draft", "mark_reviewed"}
    assert named - stems - set(WORDS) == set()


def test_both_themes_have_the_same_colours() -> None:
    assert set(MAP_COLOURS["light"]) == set(MAP_COLOURS["dark"])


def test_hours_are_written_in_both_languages() -> None:
    label = hour_label(datetime(2027, 2, 5, 23))
    assert label == {"en": "Fri 5 Feb, 23:00–00:00", "zh": "2月5日 周五 23:00–00:00"}


def test_an_unknown_ring_stands_for_itself() -> None:
    assert term("bridgehead", {}) == {"en": "bridgehead", "zh": "bridgehead"}


def test_headline_figures_of_the_hour(city: Any) -> None:
    page = block(city.page(), "page")
    assert page["figures"]["plan"]["units"] == [7, 7, 8, 8]
    assert page["figures"]["plan"]["p90"] == [8.0] * 4
    assert page["figures"]["baseline"]["p90"] == [12.0] * 4
    assert page["openingHour"] == 1
    assert page["zones"][0]["target"] == "1"


def test_posts_show_need_have_and_their_hours(city: Any) -> None:
    (post,) = unpacked(block(city.page(), "points")["packed"])["posts"]
    (row,) = post["rows"]
    assert (row["required"], row["have"], row["from"], row["to"]) == (10, 8, 1, 3)
    assert row["ring"] == {"en": "core", "zh": "核心区"}
    assert row["role"] == {"en": "police", "zh": "民警"}


def test_only_places_with_units_are_sent(city: Any) -> None:
    content = point_content(
        city.situation, city.force, city.requirement, city.plan, city.evaluation
    )
    units: Any = content["units"]
    assert [names["en"] for names in units["names"]] == ["Place S1", "Place P1"]
    counts = np.frombuffer(zlib.decompress(base64.b64decode(units["counts"])), dtype="<u2")
    assert counts.reshape(4, 2, 2)[2].tolist() == [[5, 0], [0, 3]]


def test_lines_come_as_steps_of_whole_units(city: Any) -> None:
    path = np.array([[121.5, 31.2], [121.50002, 31.19999]])
    assert steps_of(path) == [12150000, 3120000, 2, -1]
    layer: Any = line_layer(city.situation.area, city.situation.context)
    content = unpacked(layer.content["packed"])
    assert [district["zh"] for district in content["districts"]] == ["西区", "东区"]
    assert {line["kind"] for line in content["lines"]} == {
        *("river", "crossing", "link", "expressway", "metro", "metro_station")
    }


def test_an_opening_hour_outside_the_horizon_is_refused(city: Any) -> None:
    with pytest.raises(ValueError, match="opening hour 4 lies outside the horizon of 4 h"):
        city.page(opening_hour=4)


def test_an_evaluation_of_another_size_is_refused(city: Any) -> None:
    other = replace(city.baseline, demand_per_h=np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"baseline has \(3, 4\) cells and hours"):
        replace(city, baseline=other).page()


def test_an_unknown_status_is_refused(city: Any) -> None:
    with pytest.raises(ValueError, match="status 'final' is none of draft, reviewed, approved"):
        city.page(status="final")


def test_units_come_from_their_stations(city: Any) -> None:
    content = point_content(
        city.situation, city.force, city.requirement, city.plan, city.evaluation
    )
    origins: Any = content["units"]["origins"]
    steps = np.frombuffer(zlib.decompress(base64.b64decode(origins["ways"])), dtype="<i2")
    assert np.cumsum(steps.reshape(3, 2), axis=1).tolist() == [[0, 1], [0, 1], [0, 1]]
    change = np.frombuffer(zlib.decompress(base64.b64decode(origins["counts"])), dtype="u1")
    counts = np.cumsum(change.reshape(4, 2), axis=0, dtype=np.uint8)
    assert counts.tolist() == [[5, 2], [5, 2], [5, 3], [5, 3]]


def test_lenders_stand_in_the_page_by_hour(city: Any) -> None:
    page = block(city.page(), "page")
    assert page["commands"] == page["districts"]
    (lender,) = page["lenders"]
    assert lender["lent"] == [[5, 5, 0, 0]]
    assert lender["p90"] == [[6.0, "unreached", 6.0, None], [5.0, 7.5, 6.0, None]]
