"""Nearest units of a cell: the right places, and minutes as close as the page tells them."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.travel import ReachLists, TravelTimes
from maps.lines import step_bytes, steps_of
from maps.nearest import NEAREST, NOT_REACHED, STEPS_PER_MIN, nearest_layer, nearest_pairs


def bytes_of(text: str, dtype: str) -> NDArray[Any]:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=dtype)


def drawn_travel(rng: np.random.Generator, places: int, cells: int) -> TravelTimes:
    """Each place reaches about half of the cells, on two speed profiles over five hours."""
    reach = []
    for _ in range(2):
        reached = rng.random((places, cells)) < 0.5
        minutes = rng.integers(1, 400, (places, cells)) / 10.0
        place, cell = np.nonzero(reached)
        indptr = np.concatenate([[0], np.cumsum(reached.sum(axis=1))])
        reach.append(ReachLists(indptr, cell, minutes[place, cell]))
    return TravelTimes(("night", "day"), tuple(reach), np.array([0, 0, 1, 1, 0]), 60.0)


def table(reach: ReachLists, cells: int) -> NDArray[np.float64]:
    """Minutes `[place, cell]`, infinite where out of reach."""
    found = np.full((reach.n_places, cells), np.inf)
    for place in range(reach.n_places):
        part = slice(reach.indptr[place], reach.indptr[place + 1])
        found[place, reach.cell[part]] = reach.minutes[part]
    return found


def test_pairs_hold_the_nearest_places_of_every_hour() -> None:
    """Brute force over a full table of minutes."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        travel = drawn_travel(rng, 12, 30)
        used = np.flatnonzero(rng.random(12) < 0.7)
        held = rng.random((len(used), 5)) < 0.5
        pairs = nearest_pairs(travel, used, held)
        found = set(zip(pairs.cell.tolist(), pairs.place.tolist(), strict=True))
        wanted = set()
        for hour in range(5):
            minutes = table(travel.at(hour), 30)[used]
            minutes[~held[:, hour]] = np.inf
            for cell in range(30):
                order = np.argsort(minutes[:, cell], kind="stable")[:NEAREST]
                wanted |= {(cell, int(p)) for p in order if np.isfinite(minutes[p, cell])}
        assert found == wanted


def test_minutes_come_back_to_a_step(city: Any) -> None:
    content: Any = nearest_layer(city.situation, city.force, city.plan).content
    lists: list[NDArray[Any]] = []
    for one in content["minutes"]:
        codes = bytes_of(one["change"], "u1") if one["change"] else None
        if lists:
            first = lists[one["of"]].astype(float)
            guess = np.floor(first * one["ratio"] + 0.5)
            guess[first == NOT_REACHED] = NOT_REACHED
            codes = (guess.astype(int) + (0 if codes is None else codes)) % 256
        assert codes is not None
        lists.append(codes)
    counts = bytes_of(content["counts"], "<u2")
    assert np.flatnonzero(counts).tolist() == [63, 273]
    assert bytes_of(content["places"], "<u2").tolist() == [0, 1]
    assert [codes.tolist() for codes in lists] == [[STEPS_PER_MIN] * 2] * 2
    assert content["turnout"] == [[1.0, 2.0], [0.5, 1.0]]
    assert content["stations"] == 1


def test_steps_of_a_path_come_back_from_their_bytes() -> None:
    steps = [12150000, 3120000, 2, -1, 0, -64, 64, 63, -8192, 8191]
    found, bits, rest = [], 0, 0
    for byte in step_bytes(steps):
        rest |= (byte & 127) << bits
        bits += 7
        if byte < 128:
            found.append(-(rest + 1) // 2 if rest & 1 else rest // 2)
            bits = rest = 0
    assert found == steps
    assert step_bytes(steps_of(np.array([[0.0, 0.0]]))) == b"\x00\x00"
