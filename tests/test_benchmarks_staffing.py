"""The staffing family: three plans of the same night, each line with what it says it is."""

from dataclasses import asdict

import pytest

from benchmarks import staffing
from benchmarks.__main__ import main
from tests.scenarios.town import write_town

TIMES = {"build_s", "solve_s", "peak_mb"}


def test_lines_of_a_town(tmp_path_factory: pytest.TempPathFactory) -> None:
    loaded = write_town(tmp_path_factory.mktemp("bench") / "town").load()
    once, joint, longer, flat = staffing.measure("town", loaded)
    assert [line.params.split("plan=")[1] for line in (once, joint, longer, flat)] == [
        "once each;rounds=1",
        "joint;rounds=2",
        "joint;rounds=2;solves=4",
        "flat shifts",
    ]
    for line in (once, joint, longer):
        assert line.value is not None
        assert line.bound is not None
        assert line.gap_share is not None
        assert line.bound <= line.value
        assert line.gap_share == pytest.approx((line.value - line.bound) / line.value, abs=1e-4)
    assert joint.bound <= longer.bound + 0.01
    assert joint.judged <= once.judged
    assert (flat.value, flat.bound) == (None, None)
    assert flat.judged - flat.response == pytest.approx(joint.judged - joint.response, abs=0.02)
    again = list(staffing.measure("town", loaded))[1]
    assert {k: v for k, v in asdict(again).items() if k not in TIMES} == {
        k: v for k, v in asdict(joint).items() if k not in TIMES
    }


def test_unknown_horizon_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staffing", "--instance", "year"]) == 2
    assert "no horizon year" in capsys.readouterr().err
