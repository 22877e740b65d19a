"""The reserve on the map: units with their sites and minutes, by hand and in Chromium."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from maps.reserve_marks import reserve_content
from optimizer.plan import PostAssignment, PostFill
from optimizer.reserve import ReserveBlock, ReservePlan, post_id_of, reserve_posts
from tests.optimizer.reserve_cases import block

pytest.importorskip("playwright")


def crews(one: ReserveBlock) -> dict[str, int]:
    """Officers that man every unit of a block."""
    have: dict[str, int] = {}
    for number in range(len(one.units)):
        post = post_id_of(one, number)
        have[post] = have.get(post, 0) + one.kind.officers
    return have


def test_units_stand_with_their_site_and_minutes() -> None:
    one = block()
    content = reserve_content(ReservePlan((one,)), crews(one), {})
    rows = [row for mark in content["marks"] for row in mark["rows"]]
    assert len(rows) == len(one.units)
    assert sum(row["have"] for row in rows) == len(one.units)
    for row, unit in zip(rows, one.units, strict=True):
        assert row["site"]["en"] == one.sites[unit.site].name_en
        assert (row["from"], row["to"]) == (one.from_hour, one.to_hour)
    told = [row["minutes"][0] for row in rows]
    assert told == np.round(one.promised_min, 1).tolist()
    assert [row["own"][0] for row in content["sites"]] == told


def test_a_missing_crew_is_told_and_its_site_has_nobody_of_its_own() -> None:
    one = block()
    have = crews(one)
    have[post_id_of(one, 0)] = one.kind.officers - 1
    content = reserve_content(ReservePlan((one,)), have, {})
    rows = [row for mark in content["marks"] for row in mark["rows"]]
    assert [row["have"] for row in rows] == [0, 1]
    by_site = {row["site"]["en"]: row["own"][0] for row in content["sites"]}
    assert by_site[one.sites[one.units[0].site].name_en] is None


def test_without_a_reserve_there_is_nothing() -> None:
    assert reserve_content(ReservePlan(()), {}, {}) == {"marks": [], "sites": []}


@pytest.mark.browser
def test_the_page_tells_minutes_and_missing_crews(city: Any, open_page: Any) -> None:
    one = replace(block(), command=np.zeros(2, dtype=np.int64))
    page_text = city.page(reserve=ReservePlan((one,)))
    with open_page(page_text) as opened:
        page = opened.page
        page.locator(".muster-reserve summary").click()
        page.locator(".muster-reserve tbody tr").first.wait_for()
        lines = page.locator(".muster-reserve tbody tr").all_inner_texts()
        assert [line.split("\t")[0] for line in lines] == ["Rapid units", "mill", "quay"]
        assert page.locator(".muster-reserve strong").count() == len(one.sites), "no crew is there"
        assert page.locator('input[name="reserve"]').is_checked()
        assert opened.errors == []


def manned_page(city: Any, one: ReserveBlock) -> str:
    """The city with the tiny city's reserve, its second unit without a crew."""
    one = replace(one, command=np.zeros(2, dtype=np.int64), lon=LON, lat=LAT)
    needs = (*city.requirement.posts, *reserve_posts(ReservePlan((one,)), {"rapid": True}))
    fill = PostFill(post_id_of(one, 0), "rapid", 0, one.kind.officers)
    posts = PostAssignment(needs, (*city.plan.posts.fills, fill))
    other = replace(
        city,
        requirement=replace(city.requirement, posts=needs),
        plan=replace(city.plan, posts=posts),
    )
    page: str = other.page(reserve=ReservePlan((one,)))
    return page


LON, LAT = np.array([121.5, 121.55]), np.array([31.2, 31.25])

SQUARES = """() => {
  const { reserve } = muster.layers;
  muster.drawings.shown = new Set(["reserve"]);
  muster.drawings.draw();
  const context = muster.drawings.canvas.getContext("2d");
  return reserve.marks.map(({ world }) => {
    const [x, y] = [reserve.x(world) + 5, reserve.y(world) + 5].map(Math.floor);
    return [...context.getImageData(x, y, 1, 1).data];
  });
}"""
"""Colours of the marks inside their squares, above and left of the number."""


@pytest.mark.browser
def test_squares_are_full_or_hollow_and_popups_tell_the_limit(city: Any, open_page: Any) -> None:
    """Unit 0 is 3 minutes from its site, within 5; unit 1 has no crew."""
    with open_page(manned_page(city, block())) as opened:
        page = opened.page
        assert page.evaluate("muster.layers.posts.marks.length") == 1, "crews are no event"
        text = []
        for number in (0, 1):
            page.evaluate(
                """(number) => muster.inspect("reserve", muster.layers.reserve.marks[number],
                   muster.map.getCenter())""",
                number,
            )
            text.append(" ".join(page.locator(".muster-pop-body").inner_text().split()))
        assert "Units manned 1 / 1" in text[0]
        assert "3.0 (≤ 5)" in text[0]
        assert "Units manned 0 / 1" in text[1]
        assert "no crew" in text[1]
        assert opened.errors == []
        full, hollow = page.evaluate(SQUARES)
        assert full == [0x0B, 0x3B, 0x2E, 255]
        assert hollow == [255, 255, 255, 255]
        page.evaluate("muster.store.set({ hour: 3 })")
        said = page.locator(".muster-pop-body").inner_text()
        assert "No reserve stands here in this hour." in said


@pytest.mark.browser
def test_symbols_are_explained_in_both_languages(city: Any, open_page: Any) -> None:
    with open_page(manned_page(city, block())) as opened:
        page = opened.page
        lines = page.locator(".muster-symbols li")
        assert page.locator(".muster-symbols canvas").count() == 0
        page.locator(".muster-symbols summary").click()
        page.locator(".muster-symbols canvas").first.wait_for()
        assert page.locator(".muster-symbols canvas").count() == lines.count() == 21
        drawn = page.locator(".muster-symbols canvas").evaluate_all(INKED)
        assert len(set(drawn)) == len(drawn), "each symbol looks different"
        texts = lines.all_inner_texts()
        assert len(set(texts)) == len(texts)
        rings = "Rings: core, control, outer"
        assert {"Gate", "Stairs", "Crossing", "closed", "in only", rings} <= set(texts)
        page.locator("#muster-language").click()
        assert "出入口" in lines.all_inner_texts()
        assert opened.errors == []
    with open_page(city.page(days=())) as opened:
        assert opened.page.locator(".muster-symbols li").count() == 7, "neither sites nor reserve"


INKED = """(all) => all.map((canvas) => canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data.join(""))"""
"""What is drawn on each canvas."""
