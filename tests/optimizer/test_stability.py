"""Overload told as such: calls that the units in reach cannot serve, whatever the line."""

from dataclasses import replace

import numpy as np
import pytest

from geodata.situation import Situation
from optimizer.judges.evaluation import evaluate
from optimizer.judges.scorecard import Figures, deployment_figures
from optimizer.judges.stability import requests_by_grade, unstable_calls
from optimizer.plan import Deployment
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city, tiny_force


def busier(factor: float) -> Situation:
    situation = tiny_city(hours=1)
    rate = situation.forecast.rate_per_h * np.float32(factor)
    return replace(situation, forecast=replace(situation.forecast, rate_per_h=rate))


def unstable(situation: Situation, *units: int) -> np.ndarray:
    deployment = Deployment(("car",), np.array(units)[None, :, None], ())
    found = evaluate(situation, tiny_force(), deployment, terms=TERMS)
    return unstable_calls(situation, tiny_force(), deployment, found, TERMS)[:, 0]


def figures(situation: Situation, *units: int) -> dict[tuple[str, str], Figures]:
    deployment = Deployment(("car",), np.array(units)[None, :, None], ())
    found = evaluate(situation, tiny_force(), deployment, terms=TERMS)
    calls = unstable_calls(situation, tiny_force(), deployment, found, TERMS)
    parts = deployment_figures(situation, tiny_force(), deployment, found, calls, ())
    return {(part.scope, part.measure): part for part in parts}


@pytest.mark.parametrize(("units", "overload"), [(4, False), (3, True)])
def test_seven_calls_of_half_an_hour_take_more_than_three_units(units: int, overload: bool) -> None:
    """3.5 unit-hours an hour on scene and some travel: four units at cell 0 can, three cannot."""
    short = tiny_city(hours=1)
    by_cell = np.zeros_like(short.forecast.rate_per_h)
    by_cell[0, :, 0] = 7.0
    at_home = replace(short, forecast=replace(short.forecast, rate_per_h=by_cell))
    calls = unstable(at_home, units, 0, 0, 0)
    assert calls.sum() == (7.0 if overload else 0.0)


def test_an_overload_has_no_utilisation() -> None:
    calm, wild = figures(busier(0.2), 1, 1, 1, 1), figures(busier(5.0), 1, 1, 1, 1)
    assert calm["city", "unstable_calls"].values.tolist() == [[0.0, 0.0]]
    assert 0.0 < calm["city", "utilisation"].values[0, 0] < 1.0
    assert wild["city", "unstable_calls"].values.tolist() == [[1.0, 1.0]]
    assert np.isnan(wild["city", "utilisation"].values).all()


def test_no_units_and_no_calls() -> None:
    assert unstable(busier(1.0), 0, 0, 0, 0).sum() == pytest.approx(7.0)
    assert unstable(busier(0.0), 0, 0, 0, 0).sum() == 0.0


def test_grades_add_up() -> None:
    situation = busier(1.0)
    grades = requests_by_grade(situation, CAR, 0)
    assert grades[:, 1].tolist() == situation.forecast.rate_per_h[:, 0, 0].tolist()
    assert grades[:, [0, 2, 3]].sum() == 0.0
