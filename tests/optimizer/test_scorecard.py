"""The scorecard of the tiny city beside that of another deployment."""

import numpy as np
import pandas as pd
import pytest

from optimizer.judges.evaluation import evaluate
from optimizer.judges.scorecard import (
    COLUMNS,
    MEASURE_UNITS,
    Figures,
    deployment_figures,
    duty_figures,
    scorecard_table,
)
from optimizer.judges.stability import unstable_calls
from optimizer.judges.summary import city_service, summarise
from optimizer.plan import Deployment, PostAssignment, PostFill, VisitPlan
from optimizer.requirement import PostNeed
from tests.optimizer.tiny_city import TERMS, tiny_city, tiny_force

CITY = tiny_city()
NEEDS = (
    PostNeed(
        "a", "fair", "fair", "", "core", "peak", 0, 2, 0, 121.4, 31.2, 1, "police", 10, "test"
    ),
    PostNeed("b", "fair", "fair", "", "core", "peak", 1, 2, 1, 121.4, 31.2, 3, "police", 5, "test"),
)
POSTS = PostAssignment(NEEDS, (PostFill("a", "police", 0, 9), PostFill("b", "police", 1, 5)))


def figures(*at_places: int) -> list[Figures]:
    units = np.array(at_places).reshape(1, -1, 1).repeat(2, axis=2)
    deployment = Deployment(("car",), units, ())
    found = evaluate(CITY, tiny_force(), deployment, terms=TERMS)
    unstable = unstable_calls(CITY, tiny_force(), deployment, found, TERMS)
    return deployment_figures(CITY, tiny_force(), deployment, found, unstable, ())


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    visits = VisitPlan((), np.zeros(0))
    duties = duty_figures(CITY, POSTS, np.zeros((0, 2), dtype=np.int64), visits)
    return scorecard_table([*figures(3, 1, 1, 2), *duties], figures(4, 3, 0, 0))


def value(table: pd.DataFrame, scope: str, name: str, hour: object, measure: str) -> float:
    found = table[
        (table["scope"] == scope)
        & (table["id"] == name)
        & (table["hour"] == hour)
        & (table["measure"] == measure)
    ]
    assert len(found) == 1
    return float(found["value"].iloc[0])


def test_one_row_per_scope_id_hour_and_measure(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    assert not table.duplicated(["scope", "id", "hour", "measure"]).any()
    assert set(table["measure"]) <= set(MEASURE_UNITS)
    assert (table["unit"] == table["measure"].map(MEASURE_UNITS)).all()
    assert set(table["hour"]) == {0, 1, "all"}
    assert table["scope"].unique().tolist() == ["city", "command", "district", "zone", "class"]
    assert not (table["value"].isna() & table["baseline"].isna()).any()


def test_shares_are_shares_and_circles_hold_the_answered(table: pd.DataFrame) -> None:
    shares = table.loc[table["unit"] == "share", "value"]
    assert shares.between(0, 1 + 1e-9).all()
    for minutes in (1, 3, 5):
        keys = ["scope", "id", "hour"]
        within, circle = (
            table[table["measure"] == f"{name}_{minutes}"].set_index(keys)["value"]
            for name in ("within", "circle")
        )
        assert len(within) == len(circle) == 3 * 5  # city, two districts, the city zone, theft
        assert (circle.loc[within.index] >= within - 1e-9).all()


def test_difference_is_plan_less_baseline(table: pd.DataFrame) -> None:
    both = table.dropna(subset=["value", "baseline"])
    finite = both[np.isfinite(both["value"]) & np.isfinite(both["baseline"])]
    assert len(finite) > 100
    assert finite["difference"].to_numpy() == pytest.approx(
        (finite["value"] - finite["baseline"]).to_numpy()
    )


def test_a_deployment_beside_itself_differs_in_nothing() -> None:
    same = scorecard_table(figures(3, 1, 1, 2), figures(3, 1, 1, 2))
    known = same["difference"].dropna()
    assert (known == 0).all()
    assert np.isinf(same.loc[same["difference"].isna(), "value"]).all()


def test_service_is_that_of_the_summary(table: pd.DataFrame) -> None:
    units = np.array([3, 1, 1, 2]).reshape(1, -1, 1).repeat(2, axis=2)
    found = evaluate(CITY, tiny_force(), Deployment(("car",), units, ()), terms=TERMS)
    whole = city_service(CITY, found, units)
    for measure in ("calls", "covered", "p50_min", "p99_min", "utilisation", "uncommitted_unit_h"):
        assert value(table, "city", "city", "all", measure) == pytest.approx(whole[measure])
    assert value(table, "city", "city", 0, "no_idle_unit") == pytest.approx(1 - whole["served"])
    rows = summarise(CITY, found, units)
    worst = rows[(rows["scope"] == "district") & (rows["hour"] == "all")]["covered"].min()
    assert value(table, "city", "city", "all", "worst_district_covered") == pytest.approx(worst)
    assert whole["uncommitted_unit_h"] == pytest.approx(14 * (1 - whole["utilisation"]))


def test_the_busiest_hour_is_that_of_the_hours(table: pd.DataFrame) -> None:
    hours = [value(table, "city", "city", hour, "utilisation") for hour in (0, 1)]
    most = value(table, "city", "city", "all", "utilisation_max_hour")
    assert most == pytest.approx(max(hours))


def test_patrol_minutes_of_the_tiny_city(table: pd.DataFrame) -> None:
    """One car at 13 and two at 14, 8,000 residents each: 7.5 and 15 minutes an hour."""
    assert value(table, "district", "west", 0, "patrol_min_per_1000") == 7.5
    assert value(table, "district", "east", "all", "patrol_min_per_1000") == 30.0
    assert value(table, "city", "city", "all", "district_patrol_ratio") == 2.0


def test_posts_of_the_command_and_the_city(table: pd.DataFrame) -> None:
    """Nine of ten from hour 0 to 2, five of five in hour 1."""
    assert value(table, "command", "West", 0, "posts_filled_at_start") == 0.9
    assert value(table, "city", "city", 1, "posts_filled_at_start") == 1.0
    assert value(table, "city", "city", "all", "posts_filled_at_start") == pytest.approx(14 / 15)
    assert value(table, "city", "city", "all", "unfilled_post_hours_1") == 2.0
    assert value(table, "command", "East", "all", "unfilled_post_hours_3") == 0.0


def test_posts_have_no_baseline(table: pd.DataFrame) -> None:
    posts = table[table["measure"] == "posts_filled_at_start"]
    assert posts["baseline"].isna().all()
    assert "visit_dose" not in set(table["measure"])


def test_p50_is_below_p90_is_below_p99(table: pd.DataFrame) -> None:
    keys = ["scope", "id", "hour"]
    p50, p90, p99 = (
        table[table["measure"] == name].set_index(keys)["value"]
        for name in ("p50_min", "p90_min", "p99_min")
    )
    assert len(p50) == 15
    assert (p50 <= p90).all()
    assert (p90 <= p99).all()
