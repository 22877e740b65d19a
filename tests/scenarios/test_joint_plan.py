"""Rounds of staffing and patrol in the tiny town: never worse, bounded, told."""

import json
from pathlib import Path

import numpy as np
import pytest

from optimizer.joint_report import JointRound
from optimizer.models.patrol.allocation import PatrolAllocation, PatrolPlacing, proven
from scenarios import joint_plan
from scenarios.clash_report import Infeasible
from scenarios.joint_plan import StaffedRound, best_round
from scenarios.pipeline import Planned, plan_scenario
from scenarios.progress import Progress
from tests.scenarios.town import Muster, Town


def planned(town: Town, rounds: int) -> Planned:
    return plan_scenario(town.load(f"staffing.rounds={rounds}"), Progress(quiet=True))


def test_more_rounds_are_never_worse_and_begin_alike(town: Town) -> None:
    once, often = planned(town, 1), planned(town, 4)
    first, joint = once.plan.report.joint, often.plan.report.joint
    assert first is not None
    assert joint is not None
    assert len(first.rounds) == 1
    assert 1 < len(joint.rounds) <= 4
    assert joint.rounds[0] == first.rounds[0]
    assert joint.gain_over_first >= 0.0
    assert joint.rounds[joint.kept].total == min(each.total for each in joint.rounds)
    assert joint.rounds[joint.kept].response == pytest.approx(often.plan.report.objective)


def test_the_bound_is_below_the_plan_and_the_patrol_bound_above_it(town: Town) -> None:
    """With the staffing as it is, patrol alone is bounded by more than both together."""
    report = planned(town, 2).plan.report
    joint, patrol = report.joint, report.patrol
    assert joint is not None
    assert patrol is not None
    assert joint.missed == pytest.approx(float(patrol.missed.sum()))
    assert joint.bound <= float(patrol.bound.sum()) + joint.prices + 1e-6
    assert joint.bound <= joint.objective + 1e-6
    assert joint.gap_min == pytest.approx(joint.gap_call_min / float(patrol.weight.sum()))


def test_a_later_round_that_breaks_limits_ends_the_rounds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def refuse_second(*_: object) -> None:
        asked.append(1)
        if len(asked) == 2:
            raise Infeasible([])

    monkeypatch.setattr(joint_plan, "refuse_clashes", refuse_second)
    joint = planned(town, 5).plan.report.joint
    assert joint is not None
    assert len(asked) == 2
    assert len(joint.rounds) == 1


def test_only_the_plan_is_proved(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """One proof a type of unit, however many rounds; a single round has the figures of before."""
    proved: list[int] = []

    def counted(placing: PatrolPlacing) -> PatrolAllocation:
        proved.append(1)
        return proven(placing)

    monkeypatch.setattr(joint_plan, "proven", counted)
    often = planned(town, 4)
    joint = often.plan.report.joint
    assert joint is not None
    assert len(joint.rounds) > 1
    assert len(proved) == len(often.allocations) == len(often.world.force.unit_types)
    once = planned(town, 1)
    afresh = joint_plan.allocations(
        once.world, once.staffing, once.terms, once.wishes, once.plan.report.rounds
    )
    for found, again in zip(once.allocations, afresh, strict=True):
        assert found.units.tobytes() == again.units.tobytes()
        assert found.missed_bound.tobytes() == again.missed_bound.tobytes()


def test_rounds_repeat_exactly(town: Town) -> None:
    first, second = planned(town, 3), planned(town, 3)
    assert first.plan.report.joint == second.plan.report.joint
    for one, two in zip(first.allocations, second.allocations, strict=True):
        assert one.units.tobytes() == two.units.tobytes()
        assert one.missed_bound.tobytes() == two.missed_bound.tobytes()


def test_the_first_of_equal_rounds_is_kept() -> None:
    totals = (7.0, 5.0, 5.0)
    made = tuple(
        StaffedRound(None, None, (), JointRound(total, 0.0, 0.0))  # type: ignore[arg-type]
        for total in totals
    )
    assert best_round(made) == 1


def test_run_tells_the_joint_bound(town: Town, muster: Muster, tmp_path: Path) -> None:
    assert muster("run", town.path, "--out", str(tmp_path / "out")).code == 0
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    joint = record["joint"]
    assert joint["objective"] == pytest.approx(
        joint["missed_call_minutes"] + joint["prices_call_minutes"]
    )
    gap = joint["objective"] - joint["bound"]
    assert joint["gap_call_minutes"] == pytest.approx(gap)
    assert gap >= 0.0
    kept = joint["rounds"][joint["kept_round"] - 1]
    assert np.isclose(kept["response_call_minutes"], record["objective"]["value"])
    summary = (tmp_path / "out" / "summary.md").read_text("utf-8")
    assert "Staffing and patrol together: no staffing with any deployment" in summary
