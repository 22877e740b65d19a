"""Published nights beside the posts computed for them: the honest figures, roughly."""

import json
from typing import Any

import pytest

from benchmarks.__main__ import main


@pytest.fixture(scope="module")
def nights() -> dict[str, dict[str, Any]]:
    """The lines of five nights by name."""
    years = "bund_2014_12_31 bund_2016_12_31 bund_2019_12_31 bund_2020_10_01"
    names = [*years.split(), "yuyuan_2018_02_17"]
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda text, **_: printed.append(text))
        assert main(["event_nights", "--instance", *names]) == 0
    return {line["instance"]: line for line in map(json.loads, printed)}


def test_2014_had_a_tenth_of_the_posts(nights: dict[str, dict[str, Any]]) -> None:
    """350 people for about 4,000 posts; the steps were passed, and none had all of its posts."""
    night = nights["bund_2014_12_31"]
    assert night["known"] == 350
    assert 2000 < night["value"] < 8000
    assert night["times_to_meet"] < 0.2
    assert all(step["have"] < step["required"] for step in night["steps"].values())
    assert set(night["steps"]) == {"amber", "red", "stop"}
    assert "21:00" < night["classes"]["chenyi_dyke: amber"] < night["classes"]["chenyi_dyke: red"]
    assert night["classes"]["chenyi_dyke: red"] <= "23:35"
    for step in night["steps"].values():
        assert step["passed"] == "" or step["needed_from"] < step["passed"]


def test_2019_calibrates_the_bund_and_other_nights_check_it(
    nights: dict[str, dict[str, Any]],
) -> None:
    """Calibrated on 7,400 of 2019; 4,300 of 2020 and 10,000 of 2016 were not fitted."""
    night = nights["bund_2019_12_31"]
    assert night["published_per_1000"] == pytest.approx(96.1)
    assert night["times_to_meet"] == pytest.approx(1.0, abs=0.05)
    assert nights["bund_2020_10_01"]["times_to_meet"] == pytest.approx(1.0, abs=0.2)
    assert 1.5 < nights["bund_2016_12_31"]["times_to_meet"] < 3.0
    first = next(iter(nights["bund_2016_12_31"]["rules"].values()))
    assert first["heads_to_meet"] > first["heads"]
    assert night["with_relief"] == pytest.approx(1.25 * night["value"])
    assert night["at_median"] < night["value"]


def test_yuyuan_is_within_a_factor_of_three(nights: dict[str, dict[str, Any]]) -> None:
    night = nights["yuyuan_2018_02_17"]
    assert 1400 / 3 < night["value"] < 1400
    assert "waiting" in night["rules"]


def test_an_unknown_night_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["event_nights", "--instance", "atlantis"]) == 2
    assert "no night atlantis" in capsys.readouterr().err
