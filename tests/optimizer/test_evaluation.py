"""The analytic evaluation on the tiny city, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from geodata.situation import Situation
from optimizer.judges.evaluation import evaluate, quantile_min
from optimizer.judges.evaluation_result import HISTOGRAM_MIN, Evaluation
from optimizer.judges.queueing import erlang_b
from optimizer.judges.summary import COLUMNS, summarise
from optimizer.plan import Deployment
from tests.optimizer.tiny_city import TERMS, tiny_city, tiny_force


def deployed(at_places: list[int], hours: int = 1) -> Deployment:
    return Deployment(("car",), np.array(at_places)[np.newaxis, :, np.newaxis].repeat(hours, 2), ())


def judged(at_places: list[int], city: Situation | None = None) -> Evaluation:
    city = tiny_city(hours=1) if city is None else city
    hours = city.horizon.hours
    return evaluate(city, tiny_force(), deployed(at_places, hours), terms=TERMS)


def test_one_busy_pool_is_erlang_b() -> None:
    """Two cars at station 0 are offered 4 x 0.5 + 1 x (0.5 + 8/60) erlangs; cell 14 is too far.

    A served call waits 1 minute at cell 0 and 9 at cell 13, an unserved one counts 20.
    """
    offered = 4 * 0.5 + (0.5 + 8 / 60)
    lost = erlang_b(2, offered)
    found = judged([2, 0, 0, 0])
    assert found.unserved_min == 20.0
    assert found.served[[0, 13, 14], 0] == pytest.approx([1 - lost, 1 - lost, 0], abs=2e-4)
    assert found.mean_min[0, 0] == pytest.approx(1 + 19 * lost, abs=5e-3)
    assert found.mean_min[13, 0] == pytest.approx(9 + 11 * lost, abs=5e-3)
    assert found.mean_min[14, 0] == np.inf
    assert found.p90_min[0, 0] == np.inf
    assert found.utilisation[0, 0, 0] == pytest.approx(offered * (1 - lost) / 2, abs=2e-4)
    assert np.isnan(found.utilisation[0, 1:, 0]).all()


def test_idle_units_give_their_plain_response() -> None:
    found = judged([40, 0, 0, 0])
    assert found.mean_min[[0, 13], 0] == pytest.approx([1.0, 9.0])
    assert found.p90_min[[0, 13, 14], 0] == pytest.approx([1.0, 9.0, np.inf])
    assert found.within[:, 0, 0] == pytest.approx([1, 1, 1])
    assert found.within[:, 13, 0] == pytest.approx([0, 0, 0])
    assert found.covered[[0, 13, 14], 0] == pytest.approx([1, 0, 0])
    assert found.class_covered[0, 0] == pytest.approx(4 / 7)
    assert found.class_mean_min[0, 0] == pytest.approx((4 * 1 + 1 * 9 + 2 * 20) / 7)


def test_cells_without_calls_and_classes_by_phone_are_blank() -> None:
    found = judged([3, 3, 0, 0])
    assert found.demand_per_h[5, 0] == 0.0
    for name in ("mean_min", "p90_min", "covered", "served"):
        assert np.isnan(getattr(found, name)[5, 0])
    assert np.isnan(found.class_covered[1, 0])


def test_a_crew_on_the_street_needs_no_turnout() -> None:
    found = judged([0, 0, 0, 40])
    assert found.mean_min[14, 0] == pytest.approx(0.0)
    assert found.mean_min[13, 0] == pytest.approx(2.0)


def test_percentiles_of_districts_are_pooled_not_averaged() -> None:
    """West: 4 of 5 calls within 1 minute, the fifth after 9: the pooled P90 is 9."""
    city = tiny_city(hours=1)
    table = summarise(city, judged([40, 0, 0, 0], city), deployed([40, 0, 0, 0]).units)
    whole = table[table["hour"] == "all"].set_index(["scope", "id"])
    assert whole.loc[("district", "west"), "p90_min"] == pytest.approx(9.0)
    assert whole.loc[("district", "west"), "mean_min"] == pytest.approx(13 / 5)
    assert whole.loc[("district", "east"), "p90_min"] == np.inf
    assert whole.loc[("city", "city"), "p90_min"] == np.inf
    assert whole.loc[("city", "city"), "served"] == pytest.approx(5 / 7)
    assert whole.loc[("class", "theft"), "within_5"] == pytest.approx(4 / 7)
    assert ("class", "noise") not in whole.index


def test_table_adds_up() -> None:
    city = tiny_city()
    found = judged([3, 1, 2, 2], city)
    table = summarise(city, found, deployed([3, 1, 2, 2], 2).units)
    assert tuple(table.columns) == COLUMNS
    whole = table[table["hour"] == "all"]
    for scope in ("city", "district", "zone", "class"):
        assert whole.loc[whole["scope"] == scope, "calls"].sum() == pytest.approx(14.0)
    total = whole[whole["scope"] == "city"].iloc[0]
    parts = whole[whole["scope"] == "district"]
    for name in ("covered", "mean_min", "within_3", "served"):
        weighted = (parts[name] * parts["calls"]).sum() / parts["calls"].sum()
        assert total[name] == pytest.approx(weighted)
    busy = found.utilisation[0, :, 0] @ np.array([3, 1, 2, 2]) / 8
    assert total["utilisation"] == pytest.approx(busy)


def test_histograms_hold_every_call() -> None:
    found = judged([2, 1, 1, 2])
    calls = found.demand_per_h.sum()
    for hist in (found.district_hist, found.zone_hist, found.class_hist):
        assert hist.sum() == pytest.approx(calls)


def test_better_staffed_plans_answer_sooner() -> None:
    few, many = judged([2, 1, 1, 1]), judged([3, 2, 2, 2])
    assert (many.served[[0, 13, 14]] >= few.served[[0, 13, 14]]).all()
    assert np.nansum(many.covered * many.demand_per_h) > np.nansum(few.covered * few.demand_per_h)


def test_a_busier_hour_waits_longer() -> None:
    city = tiny_city(hours=1)
    rate = city.forecast.rate_per_h * np.float32(1.5)
    busy = replace(city, forecast=replace(city.forecast, rate_per_h=rate))
    calm, loaded = judged([3, 1, 1, 2], city), judged([3, 1, 1, 2], busy)
    assert loaded.class_mean_min[0, 0] > calm.class_mean_min[0, 0]


def test_moving_the_coordinates_changes_nothing() -> None:
    here = judged([3, 1, 1, 2])
    there = judged([3, 1, 1, 2], tiny_city(hours=1, shift_cells=11))
    for name in ("mean_min", "p90_min", "covered", "served", "district_hist"):
        assert getattr(here, name).tobytes() == getattr(there, name).tobytes()


def test_a_deployment_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 3, 1\), expected \(1, 4, 1\)"):
        judged([1, 1, 1])


@pytest.mark.parametrize("seed", range(5))
def test_quantile_is_that_of_the_sorted_calls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    minutes = rng.integers(0, 100, 50)
    hist = np.bincount(minutes, minlength=200).astype(float)
    expected = np.sort(minutes)[44] * HISTOGRAM_MIN
    assert quantile_min(hist) == pytest.approx(expected)
