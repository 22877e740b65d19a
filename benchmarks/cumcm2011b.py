"""Police posts of a city (China's national modelling contest 2011, problem B).

Junctions with cases a day, straight roads, posts at junctions and exits to be sealed. The name
of an instance begins with the district it is about, or with `city`; what follows is the
question. Posts and junctions are those of the district, roads those of the whole city.
"""

import re
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.cumcm2011b_city import KM_PER_H, Part, read_city_of
from benchmarks.location import timed
from benchmarks.median import solve_median
from benchmarks.record import KNOWN_VALUES, Instance, Record, number_in, peak_mb
from geodata.faults import BadInput, Fault
from optimizer.judges.cordon_rules import cordon_violations
from optimizer.models.location.cordon import seal
from optimizer.models.location.covering import fewest_places

Answer = tuple[float, float, str]
"""Value, bound and status."""


def run(instance: Instance, seconds: float) -> Iterator[Record]:
    """Answer one question; `junctions_beyond` is followed by the best posts of that part.

    Raises
    ------
    BadInput
        When the question is unknown or the files are not those of a part.
    """
    scope, _, question = instance.name.partition("_")
    answer = _answer_to(question, instance)
    speed = number_in(instance, "km/h") if "km/h" in instance.params else KM_PER_H
    city, build_s = timed(lambda: read_city_of(instance.files[0].parent, speed))
    part = city.part(scope)

    def record(name: str, params: str, known: float | None, found: Answer, took_s: float) -> Record:
        value, bound, status = found
        return Record(
            family=instance.family,
            instance=name,
            params=params,
            value=value,
            bound=bound,
            known=known,
            status=status,
            build_s=build_s,
            solve_s=took_s,
            peak_mb=peak_mb(),
        )

    found, took_s = timed(lambda: answer(instance, part, seconds))
    yield record(instance.name, instance.params_text, instance.known, found, took_s)
    if question.startswith("junctions_beyond"):
        found, took_s = timed(lambda: weighted_minutes_best(instance, part, seconds))
        now = weighted_minutes_now(instance, part, seconds)[0]
        params = f"posts={len(part.posts)};sites=junctions;today={now}"
        yield record(f"{scope}_weighted_minutes_best", params, None, found, took_s)


def junctions_beyond(instance: Instance, part: Part, seconds: float) -> Answer:
    """Junctions that no post reaches in time; nothing is decided, so the count is exact."""
    count = float((_nearest_min(part) > _limit_min(instance)).sum())
    return count, count, "exact"


def weighted_minutes_now(instance: Instance, part: Part, seconds: float) -> Answer:
    """Cases a day times minutes from the nearest post, summed."""
    total = float((part.cases_per_day * _nearest_min(part)).sum())
    return total, total, "exact"


def weighted_minutes_best(instance: Instance, part: Part, seconds: float) -> Answer:
    """The same with as many posts at the best junctions."""
    cost = part.minutes[np.ix_(part.junctions, part.junctions)] * part.cases_per_day
    median = solve_median(cost, len(part.posts), seconds)
    return median.cost, median.bound, median.status


def posts_added(instance: Instance, part: Part, seconds: float) -> Answer:
    """Fewest posts at junctions that, with those kept, reach every junction in time."""
    limit_min = _limit_min(instance)
    kept = part.posts[: int(number_in(instance, "keep"))]
    in_time = part.minutes[:, part.junctions] <= limit_min
    open_junctions = np.logical_not(in_time[kept].any(axis=0))
    indptr, cell = _rows(in_time[part.junctions])
    cover = fewest_places(indptr, cell, open_junctions, seconds=seconds)
    sites = np.concatenate([kept, part.junctions[cover.places]])
    sound = bool(in_time[sites].any(axis=0).all())
    status = cover.status if sound else "not a cover"
    return float(len(cover.places)), float(cover.bound), status


def cordon_minutes(instance: Instance, part: Part, seconds: float) -> Answer:
    """Minutes until the last exit has its post's unit.

    Raises
    ------
    BadInput
        When this part has no exits, or too few posts for them.
    """
    minutes = part.minutes[np.ix_(part.posts, part.exits)]
    cordon = seal(minutes)
    if not len(part.exits) or not cordon.sealed:
        fault = Fault(
            "exits.csv",
            f"{len(part.exits)} exits of this part and {len(part.posts)} posts",
            expected="a column of exits, such as a_exit for district A, and a post for each exit",
            remedy="Correct the exits or the posts, or remove the row of the known values.",
            value=instance.name,
        )
        raise BadInput([fault])
    latest_min = float(minutes[cordon.unit_of_exit, np.arange(len(part.exits))].max())
    sound = not cordon_violations(minutes, cordon)
    return latest_min, cordon.bound_min, "optimal" if sound else "breaks a rule"


QUESTIONS: dict[str, Callable[[Instance, Part, float], Answer]] = {
    "junctions_beyond": junctions_beyond,
    "posts_added": posts_added,
    "cordon_minutes": cordon_minutes,
    "weighted_minutes_now": weighted_minutes_now,
    "weighted_minutes_best": weighted_minutes_best,
}
"""By the words that a question begins with."""


def _answer_to(question: str, instance: Instance) -> Callable[[Instance, Part, float], Answer]:
    for words, answer in QUESTIONS.items():
        if question.startswith(words):
            return answer
    fault = Fault(
        KNOWN_VALUES,
        f"{instance.family} has no such question",
        expected="a district or `city`, then " + ", ".join(f"_{words}" for words in QUESTIONS),
        remedy="Correct the name of the instance.",
        value=instance.name,
    )
    raise BadInput([fault])


def _limit_min(instance: Instance) -> float:
    """The limit in the name (`..._beyond_3min`), otherwise the parameter `minutes`."""
    told = re.search(r"_(\d+(?:\.\d+)?)min$", instance.name)
    return float(told.group(1)) if told else number_in(instance, "minutes")


def _nearest_min(part: Part) -> NDArray[np.float64]:
    return np.asarray(part.minutes[np.ix_(part.posts, part.junctions)].min(axis=0))


def _rows(near: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """`near[place, cell]` as compressed sparse rows."""
    indptr = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
    return indptr.astype(np.int64), np.nonzero(near)[1].astype(np.int32)
