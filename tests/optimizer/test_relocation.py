"""Moves between hours on the tiny city, whose distances are known."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.models.patrol.relocation import relocation
from tests.optimizer.tiny_city import tiny_city

POOLS = np.array([0, 1, 0, 1])


def test_moves_worked_out_by_hand() -> None:
    """In the west one of two units goes from cell 0 to cell 13: 1 column and 3 rows, 8 minutes.

    In the east a unit ends its shift at cell 3 while one starts at no other place: no move.
    """
    units = np.array([[2, 1], [1, 0], [0, 1], [1, 1]])
    found = relocation(tiny_city(), "car", units, POOLS)
    assert found.moves.tolist() == [0, 1]
    assert found.minutes.tolist() == [0.0, 8.0]


def test_units_that_stay_do_not_move_and_new_ones_do_not_count() -> None:
    units = np.array([[1, 1], [0, 2], [1, 1], [1, 1]])
    found = relocation(tiny_city(), "car", units, POOLS)
    assert found.moves.tolist() == [0, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_moves_are_the_smaller_of_leaving_and_arriving_in_each_pool(seed: int) -> None:
    units = np.random.default_rng(seed).integers(0, 4, (4, 3))
    found = relocation(tiny_city(hours=3), "car", units, POOLS)
    for hour in (1, 2):
        change = units[:, hour] - units[:, hour - 1]
        expected = sum(
            min(
                int(np.maximum(-change[pool == POOLS], 0).sum()),
                int(np.maximum(change[pool == POOLS], 0).sum()),
            )
            for pool in (0, 1)
        )
        assert found.moves[hour] == expected
        assert found.minutes[hour] >= 2.0 * expected * (expected > 0)
