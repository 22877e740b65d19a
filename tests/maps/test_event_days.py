"""Event sites of the map: what stands open, how many people, and how sure a step is."""

from typing import Any

import numpy as np
import pytest

from maps.event_days import EventDay, event_layer, passage_states


@pytest.fixture
def day(city: Any) -> EventDay:
    found: EventDay = city.days[0]
    return found


def test_passages_follow_steps_and_closures(day: EventDay) -> None:
    """The step lets people out only, and the trains do not stop from 20:00 to 21:00.

    Passages: gate in, gate out, metro, stairs and crossing between the two zones.
    """
    states = passage_states(day)
    levels = day.levels[:, 0].tolist()
    assert levels == [1, 1, 0, 0]
    assert states == ["ooobb", "oosbb", "iobbb", "iobbb"]


def test_chances_are_shares_of_the_drawn_crowds(city: Any, day: EventDay) -> None:
    content: Any = event_layer(city.situation.area, city.situation.horizon, city.days).content
    (told,) = content["days"]
    ((taken, never),) = told["ladders"]
    drawn = day.forecast.drawn.step[:, :, 0]
    assert taken["chances"] == [
        pytest.approx((drawn[:, 4 * hour : 4 * hour + 4] > 0).any(axis=1).mean(), abs=1e-3)
        for hour in range(4)
    ]
    assert taken["chance"] == pytest.approx((drawn > 0).any(axis=1).mean(), abs=1e-3)
    assert (never["chance"], never["clocks"]) == (0.0, ["", "", ""])


def test_people_are_the_most_of_each_hour(city: Any, day: EventDay) -> None:
    content: Any = event_layer(city.situation.area, city.situation.horizon, city.days).content
    (told,) = content["days"]
    inside = day.forecast.median.inside[0].reshape(4, 4).max(axis=1)
    assert told["inside"] == np.rint(inside).astype(int).tolist()
    assert told["from"] == 0
    assert told["event"] == "bund"
    assert np.array(told["queue"]).shape == (4, 5)


def test_arrows_lead_inwards(city: Any) -> None:
    content: Any = event_layer(city.situation.area, city.situation.horizon, city.days).content
    (site,) = content["sites"]
    ways = [passage["inwards"] for passage in site["passages"]]
    expected = [[1, 0], [-1, 0], [0, 1], [1, 0], [-1, 0]]
    np.testing.assert_allclose(ways, expected, atol=0.01)


def test_a_page_without_events_at_sites_is_a_page(city: Any) -> None:
    content: Any = event_layer(city.situation.area, city.situation.horizon, ()).content
    assert content["sites"] == content["days"] == []
