"""The busy share of the units that answer a cell."""

import numpy as np
import pytest

from optimizer.judges.evaluation import judge_hour, judged_type
from optimizer.judges.queueing import erlang_b
from tests.optimizer.test_evaluation import deployed, judged
from tests.optimizer.tiny_city import TERMS, tiny_city, tiny_force


def test_one_place_gives_its_own_busy_share() -> None:
    """Two cars at station 0 are offered 4 x 0.5 + 1 x (0.5 + 8/60) erlangs; 14 is too far."""
    offered = 4 * 0.5 + (0.5 + 8 / 60)
    busy = offered * (1 - erlang_b(2, offered)) / 2
    found = judged([2, 0, 0, 0]).cell_utilisation[:, 0]
    assert found[[0, 13]] == pytest.approx([busy, busy], abs=2e-4)
    assert found[14] == np.inf
    assert np.isnan(found[5])


def test_places_count_by_the_calls_they_answer() -> None:
    """Summed over the entries of each cell's list by hand, in plain Python."""
    city, crews = tiny_city(hours=1), [2, 1, 1, 2]
    (car,) = tiny_force().unit_types
    units = deployed(crews).units[0]
    state = judge_hour(city, judged_type(city, car, units), 0, TERMS)
    found = judged(crews).cell_utilisation[:, 0]
    for cell in (0, 13, 14):
        entries = range(state.reach.indptr[cell], state.reach.indptr[cell + 1])
        parts = [(state.first[k], state.utilisation[state.reach.place[k]]) for k in entries]
        answered = sum(first for first, _ in parts)
        expected = sum(first * busy for first, busy in parts) / answered
        assert found[cell] == pytest.approx(expected)
        assert min(busy for _, busy in parts) <= found[cell] <= max(busy for _, busy in parts)
    assert len(set(found[[0, 13, 14]].round(6))) > 1
