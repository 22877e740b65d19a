"""The loans family: what each line says of one night in a town."""

import pytest

from benchmarks import loans
from benchmarks.__main__ import main
from tests.scenarios.test_donors_and_officers import lending_town


def test_lines_of_a_town(tmp_path_factory: pytest.TempPathFactory) -> None:
    town = lending_town(tmp_path_factory.mktemp("bench") / "town")
    blind, judged, by_road, notice, alone = loans.measure("town", town.load())
    assert [line.params for line in (blind, judged, by_road, notice, alone)] == [
        "plan=ways take no time",
        "plan=the same loans by road",
        "plan=by road",
        "plan=by road;notice_h=2",
        "plan=no loans",
    ]
    assert blind.lent == judged.lent > 0
    assert blind.way_min == judged.way_min > 0.0
    # Fewer hours on the street than believed, and at least as many when the ways are known.
    assert blind.street_value > judged.street_value
    assert blind.short_h <= judged.short_h
    for line in (blind, by_road, notice, alone):
        assert line.broken == 0
        assert line.value is not None
        assert line.bound is not None
        assert line.value <= line.bound + 0.01
        assert line.value <= line.street_value + 0.01
    assert judged.street_value <= by_road.street_value + 0.01
    # Every shift of the town begins with the horizon or before it.
    assert (notice.lent, alone.lent) == (0, 0)
    assert notice.value == alone.value
    assert by_road.value > notice.value


def test_another_instance_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["loans", "--instance", "week"]) == 2
    assert "no instance week" in capsys.readouterr().err
