"""Hours side by side: the same results in the same order, whatever the number of workers."""

import numpy as np
import pytest

from optimizer import hours as hours_module
from optimizer.hours import side_by_side
from optimizer.models.patrol.allocation import allocate
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_results_come_in_the_order_of_the_hours(workers: int) -> None:
    assert side_by_side(lambda hour: hour * hour, 20, workers=workers) == [h * h for h in range(20)]


def test_an_error_in_one_hour_is_raised() -> None:
    def fails(hour: int) -> int:
        if hour == 3:
            raise ValueError("hour 3")
        return hour

    with pytest.raises(ValueError, match="hour 3"):
        side_by_side(fails, 5, workers=2)


def test_allocation_is_the_same_with_one_processor_and_with_four(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    city = tiny_city(hours=6)
    limits = np.array([[8, 4, 3, 2, 6, 5], [4, 2, 2, 3, 4, 1]])
    found = []
    for processors in (1, 4):
        monkeypatch.setattr(hours_module.os, "cpu_count", lambda processors=processors: processors)
        found.append(allocate(city, CAR, limits, TERMS))
    assert np.array_equal(found[0].units, found[1].units)
    assert np.array_equal(found[0].response_sum, found[1].response_sum)
