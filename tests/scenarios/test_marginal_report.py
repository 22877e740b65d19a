"""Marginal values as a table and as words, from made-up figures that are easy to follow."""

from dataclasses import replace

import numpy as np

from geodata.incidents import ZONES
from optimizer.marginal_value import CHANGES, AreaValues, Checked, MarginalValue
from scenarios.marginal_report import command_names, marginal_frame, marginal_text, to_digits
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
        command=1,
        hour=1,
        change=1,
        told=1050.0,
        judged=2e3,
        unrelieved=900.0,
        resolved=1100.0,
        moved=20.0,
    )
    table = marginal_frame(tiny_city(hours=HOURS), marginal(solved))
    assert len(table) == (2 + len(ZONES)) * HOURS * len(CHANGES)
    keys = ["area_kind", "area_id", "hour", "change"]
    assert not table.duplicated(keys).any()
    east = table.set_index(keys).loc[("district", "east", 1, 5)]
    assert (east["name_en"], east["name_zh"]) == ("East", "东")
    assert east["weighted_min_per_h"] == 1050.0
    assert east["area_coverage_points"] == 131.2  # 1050 / 8, four digits
    assert (east["resolved_weighted_min_per_h"], east["moved_weighted_min_per_h"]) == (1100, 20)
    assert east["judged_weighted_min_per_h"] == 2000
    assert east["unrelieved_weighted_min_per_h"] == 900
    assert table["resolved_weighted_min_per_h"].notna().sum() == 1


def test_the_summary_names_where_units_count_most_and_least() -> None:
    solved = (
        Checked(0, 0, 1, told=148.0, judged=150.0, unrelieved=90.0, resolved=110.0, moved=10.0),
        Checked(0, 0, 4, told=251.0, judged=250.0, unrelieved=100.0, resolved=70.0, moved=10.0),
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
    assert [one.net for one in solved] == [100.0, 80.0]
    assert "what moving alone would buy deducted, comes to 180.00; one figure" in text
    assert "differs by 20.00 at most" in text
    assert "come to 400.00 weighted call-minutes an hour together, 399.00 as told here" in text
    assert "190.00 if the others stayed as busy as before" in text


def test_figures_have_four_digits_and_no_noise() -> None:
    values = np.array([123456.0, -0.00123456, 9e-7, -1e-12, 0.0, np.nan])
    assert np.array_equal(
        to_digits(values), [123500.0, -0.001235, 0.0, 0.0, 0.0, np.nan], equal_nan=True
    )


def test_fewer_than_ten_units() -> None:
    text = marginal_text(tiny_city(hours=HOURS), marginal(ten=False), 0)
    assert "| 5 more buy most | East 东 | -105.00 |" in text
    assert "checked" not in text


def test_a_command_of_several_districts_has_its_own_name() -> None:
    city = tiny_city()
    grouped = tuple(replace(district, group_en="Centre") for district in city.area.districts)
    area = replace(city.area, districts=grouped)
    assert command_names(replace(city, area=area)) == [("Centre", "Centre", "")]
