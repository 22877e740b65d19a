"""Marginal values as a table and as words, from made-up figures that are easy to follow."""

from dataclasses import replace

import numpy as np
import pytest

from geodata.incidents import ZONES
from optimizer.marginal_value import CHANGES, AreaValues, Checked, MarginalValue
from scenarios.marginal_report import command_names, marginal_frame, marginal_text
from tests.optimizer.tiny_city import tiny_city

HOURS = 2


def values_of(areas: int, *, ten: bool = True) -> AreaValues:
    """Area a gains 100 a + the number of units in hour 0, ten times that in hour 1."""
    table = np.zeros((areas, HOURS, len(CHANGES)))
    for change, units in enumerate(CHANGES):
        for area in range(areas):
            worth = 100.0 * area + abs(units)
            table[area, :, change] = worth, 10.0 * worth
    if not ten:
        table[:, :, [2, 5]] = np.nan
    return AreaValues(table, table / 2, table / 4, table / 8, table / 16)


def marginal(*checked: Checked, ten: bool = True) -> tuple[MarginalValue, ...]:
    values = values_of(2, ten=ten), values_of(len(ZONES), ten=ten)
    return (MarginalValue("car", *values, checked),)


def test_the_table_has_every_area_hour_and_change() -> None:
    solved = Checked(
        command=1, hour=1, change=1, predicted=1050.0, resolved=1100.0, moved=20.0, judged=2e3
    )
    table = marginal_frame(tiny_city(hours=HOURS), marginal(solved))
    assert len(table) == (2 + len(ZONES)) * HOURS * len(CHANGES)
    keys = ["area_kind", "area_id", "hour", "change"]
    assert not table.duplicated(keys).any()
    east = table.set_index(keys).loc[("district", "east", 1, 5)]
    assert (east["name_en"], east["name_zh"]) == ("East", "东")
    assert east["weighted_min_per_h"] == 1050.0
    assert east["area_coverage_points"] == 1050.0 / 8
    assert (east["resolved_weighted_min_per_h"], east["moved_weighted_min_per_h"]) == (1100, 20)
    assert east["judged_weighted_min_per_h"] == 2000
    assert table["resolved_weighted_min_per_h"].notna().sum() == 1


def test_the_summary_names_where_units_count_most_and_least() -> None:
    solved = (
        Checked(
            command=0, hour=0, change=1, predicted=90.0, resolved=110.0, moved=10.0, judged=150.0
        ),
        Checked(
            command=0, hour=0, change=4, predicted=100.0, resolved=70.0, moved=10.0, judged=250.0
        ),
    )
    text = marginal_text(tiny_city(hours=HOURS), marginal(*solved), 1)
    assert "At 05 Feb 19:00, car:" in text
    rows = [row for row in text.splitlines() if row.startswith("| 10")]
    assert rows == [
        "| 10 more buy most | East 东 | -1,100.00 | -275.000 | +68.75 |",
        "| 10 more buy most | West 西 | -100.00 | -25.000 | +6.25 |",
        "| 10 fewer are least missed | West 西 | +100.00 | +25.000 | -6.25 |",
        "| 10 fewer are least missed | East 东 | +1,100.00 | +275.000 | -68.75 |",
    ]
    assert solved[0].difference == pytest.approx(10 / 100)
    assert solved[1].difference == pytest.approx(-20 / 100)
    assert "differs by 15.0% on average and 20.0% at most" in text
    assert "figure; 20.00 weighted call-minutes an hour at most" in text
    assert "come to 400.00 weighted call-minutes an hour together, 190.00 as told here" in text


def test_fewer_than_ten_units() -> None:
    text = marginal_text(tiny_city(hours=HOURS), marginal(ten=False), 0)
    assert "| 5 more buy most | East 东 | -105.00 |" in text
    assert "checked" not in text


def test_a_command_of_several_districts_has_its_own_name() -> None:
    city = tiny_city()
    grouped = tuple(replace(district, group_en="Centre") for district in city.area.districts)
    area = replace(city.area, districts=grouped)
    assert command_names(replace(city, area=area)) == [("Centre", "Centre", "")]
