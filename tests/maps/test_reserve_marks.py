"""The reserve on the map: units with their sites and minutes, by hand and in Chromium."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from maps.reserve_marks import reserve_content
from optimizer.reserve import ReserveBlock, ReservePlan, post_id_of
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
    content = reserve_content(ReservePlan((one,)), crews(one))
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
    content = reserve_content(ReservePlan((one,)), have)
    rows = [row for mark in content["marks"] for row in mark["rows"]]
    assert [row["have"] for row in rows] == [0, 1]
    by_site = {row["site"]["en"]: row["own"][0] for row in content["sites"]}
    assert by_site[one.sites[one.units[0].site].name_en] is None


def test_without_a_reserve_there_is_nothing() -> None:
    assert reserve_content(ReservePlan(()), {}) == {"marks": [], "sites": []}


@pytest.mark.browser
def test_the_page_tells_minutes_and_missing_crews(city: Any, open_page: Any) -> None:
    one = replace(block(), command=np.zeros(2, dtype=np.int64))
    page_text = city.page(reserve=ReservePlan((one,)))
    with open_page(page_text) as opened:
        page = opened.page
        page.locator(".muster-reserve summary").click()
        page.locator(".muster-reserve tbody tr").first.wait_for()
        lines = page.locator(".muster-reserve tbody tr").all_inner_texts()
        assert len(lines) == len(one.sites)
        assert all("Rapid units" in line for line in lines)
        assert page.locator(".muster-reserve strong").count() == len(one.sites), "no crew is there"
        assert page.locator('input[name="reserve"]').is_checked()
        assert opened.errors == []
