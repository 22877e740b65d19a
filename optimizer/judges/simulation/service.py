"""What simulated calls got, added up by city, district, zone and class, with intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student_t

from geodata.frozen import frozen_array
from geodata.incidents import ZONES
from optimizer.hours import side_by_side
from optimizer.judges.evaluation import quantile_min, share_of
from optimizer.judges.evaluation_result import HISTOGRAM_MIN, WITHIN_MIN
from optimizer.judges.simulation.city import City
from optimizer.judges.simulation.replication import Replication, VisitTask, replicate
from optimizer.judges.simulation.system import OFF_DUTY, Fleet

LONGEST_MIN = 120.0
"""Longest response that quantiles tell apart."""

SECOND_WITHIN_MIN = 3.0
"""Minutes after the first unit within which a second one counts as in time."""

CONFIDENCE = 0.95

MEASURES: tuple[str, ...] = (
    "calls",
    "covered",
    "mean_min",
    "p50_min",
    "p90_min",
    "p99_min",
    "within_1",
    "within_3",
    "within_5",
    "waited",
    "wait_min",
    "since_receipt_min",
    "second_in_time",
    "weighted_min",
    "utilisation",
)
"""Figures of a group of calls. Response runs from ready for dispatch to the first arrival,
`since_receipt_min` from receipt; `waited` is the share that found no idle unit in reach and
`wait_min` the mean wait of all; `second_in_time` the share of the calls for several units whose
second came within `SECOND_WITHIN_MIN` of the first; `weighted_min` the response weighted by grade;
`utilisation` the busy share of the units on duty. A call that nobody answered counts
`City.unserved_min` in means and is late for every quantile."""


@dataclass(frozen=True)
class SimulatedService:
    """Figures of every replication, `figures[replication, row, measure]`; NaN without calls.

    Row `r` is the group `groups[r]` (scope, id) in `hour[r]` of the horizon, -1 for all hours
    together. Of the `[replication]` arrays `over_min` are minutes worked after shifts' ends,
    `visited_share` is the share of the minutes of visits that was delivered and `posted_share`
    that of the minutes on posts whose units may be sent to calls; NaN where there are none.
    Arrays `[replication, visit]`, in the order of the task: `begun_min` from the horizon's start
    and `delivered_min`, 0 where a visit was not made.
    """

    groups: tuple[tuple[str, str], ...]
    hour: NDArray[np.int64]
    figures: NDArray[np.float64]
    over_min: NDArray[np.float64]
    visited_share: NDArray[np.float64]
    posted_share: NDArray[np.float64]
    begun_min: NDArray[np.float64]
    delivered_min: NDArray[np.float64]

    def __post_init__(self) -> None:
        rows = len(self.groups)
        replications = len(self.over_min)
        object.__setattr__(self, "hour", frozen_array(self.hour, np.int64, (rows,), "hour"))
        shape = (replications, rows, len(MEASURES))
        object.__setattr__(self, "figures", frozen_array(self.figures, float, shape, "figures"))

    def of(self, measure: str, scope: str = "city", name: str = "city") -> NDArray[np.float64]:
        """A measure over all hours of one group, `[replication]`."""
        rows = [
            row
            for row, group in enumerate(self.groups)
            if group == (scope, name) and self.hour[row] < 0
        ]
        return np.asarray(self.figures[:, rows[0], MEASURES.index(measure)])

    def frame(self) -> pd.DataFrame:
        """One row for each group and hour: means over replications, `<measure>_ci` half-widths.

        The half-width is that of the Student interval of `CONFIDENCE`, NaN for one replication.
        """
        mean, half = interval(self.figures)
        table: dict[str, object] = {
            "scope": [scope for scope, _ in self.groups],
            "id": [name for _, name in self.groups],
            "hour": ["all" if hour < 0 else str(hour) for hour in self.hour.tolist()],
        }
        for number, name in enumerate(MEASURES):
            table[name] = mean[:, number]
            if name != "calls":
                table[f"{name}_ci"] = half[:, number]
        return pd.DataFrame(table)


def interval(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over the first axis and half-width of its Student interval; NaN samples left out."""
    count = (~np.isnan(samples)).sum(axis=0)
    total = np.nansum(samples, axis=0)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    with np.errstate(invalid="ignore"):
        squares = np.square(samples - mean)
    squares = np.where(np.isinf(mean), np.nan, np.nansum(squares, axis=0))
    variance = np.divide(squares, count - 1, out=np.full(total.shape, np.nan), where=count > 1)
    reach = student_t.ppf(0.5 + CONFIDENCE / 2.0, np.maximum(count - 1, 1))
    return mean, reach * np.sqrt(variance / np.maximum(count, 1))


def simulate(
    city: City,
    fleet: Fleet,
    *,
    replications: int,
    seed: int,
    visits: VisitTask | None = None,
    posts: Fleet | None = None,
    workers: int | None = None,
) -> SimulatedService:
    """Simulated service of a fleet (`fleet_of`) over that many replications.

    Replication r draws its calls from `seed` and r alone: two fleets meet the same calls, and
    the number of `workers` changes nothing. Times of `visits` run from the start of the horizon.
    `posts` are units on posts that may be sent to calls; `utilisation` leaves them out.
    """
    groups = _Groups(city)
    tasks = _warmed(visits, city)
    everyone = fleet if posts is None else fleet.joined(posts)

    def one(number: int) -> tuple[NDArray[np.float64], float, float, float, NDArray[np.void]]:
        calls = city.drawn(seed, number)
        run = replicate(city.ground, everyone, calls, city.kinds, city.rules, tasks)
        over_min = float(run.over_min[: fleet.units].sum())
        found = groups.figures(run, fleet), over_min, _visited(run), _posted(run, posts, city)
        return *found, run.visits

    figures, over_min, visited, posted, visits_made = zip(
        *side_by_side(one, replications, workers=workers), strict=True
    )
    made = np.stack(visits_made)
    return SimulatedService(
        groups.names,
        groups.hours,
        np.stack(figures),
        np.array(over_min),
        np.array(visited),
        np.array(posted),
        made["begun"] - 60.0 * city.terms.warm_up_h,
        made["delivered_min"].copy(),
    )


def one_record_per_call(city: City, fleet: Fleet, *, seed: int, replication: int) -> pd.DataFrame:
    """Every counted call of one replication: its stamps in minutes from the horizon's start."""
    calls = city.drawn(seed, replication)
    run = replicate(city.ground, fleet, calls, city.kinds, city.rules)
    start = 60.0 * city.terms.warm_up_h
    table = run.calls[run.calls["received"] >= start]
    ids = np.array(city.situation.classes.ids)[city.street]
    stamps = {
        f"{name}_min": table[name] - start
        for name in ("received", "ready", "dispatched", "arrived", "second", "cleared")
    }
    return pd.DataFrame(
        {
            "cell": table["cell"],
            "class_id": ids[table["class_"]],
            **stamps,
            "units_asked": table["units"],
            "units_sent": table["sent"],
            "travel_min": table["travel_min"],
        }
    )


def _warmed(visits: VisitTask | None, city: City) -> VisitTask | None:
    if visits is None:
        return None
    table = visits.table.copy()
    for name in ("start", "latest"):
        table[name] += 60.0 * city.terms.warm_up_h
    return VisitTask(table, visits.by, visits.preemptible)


def _visited(run: Replication) -> float:
    """Share of the minutes of visits that was delivered."""
    asked = float(run.visits["minutes"].sum())
    return float(run.visits["delivered_min"].sum()) / asked if asked else float("nan")


def _posted(run: Replication, posts: Fleet | None, city: City) -> float:
    """Share of the minutes on posts that the units were there or free to be."""
    if posts is None or not posts.on_duty.any():
        return float("nan")
    on_post = posts.on_duty[:, city.terms.warm_up_h :]
    away = run.busy_min[-posts.units :, city.terms.warm_up_h :]
    return 1.0 - float(away[on_post].sum()) / (60.0 * float(on_post.sum()))


class _Groups:
    """The groups of a city's calls and how figures of a run are added up for them."""

    def __init__(self, city: City) -> None:
        self._city = city
        situation = city.situation
        self._horizon = situation.horizon.hours
        street = [situation.classes.ids[k] for k in city.street.tolist()]
        self._scopes = (
            ("city", ("city",)),
            ("district", situation.area.district_ids),
            ("zone", ZONES),
            ("class", tuple(street)),
        )
        labels = [(scope, name) for scope, names in self._scopes for name in names]
        hours = [*range(self._horizon), -1]
        self.names = tuple(label for label in labels for _ in hours)
        self.hours = np.array(hours * len(labels), dtype=np.int64)
        self._target = situation.target_min()[:, city.street]

    def figures(self, run: Replication, fleet: Fleet) -> NDArray[np.float64]:
        """Measures of every group and hour, `[row, measure]`."""
        city = self._city
        start = 60.0 * city.terms.warm_up_h
        counted = run.calls["received"] >= start
        calls, response = run.calls[counted], run.response_min[counted]
        hour = np.minimum((calls["received"] - start) // 60.0, self._horizon - 1).astype(np.int64)
        members = {
            "city": np.zeros(len(calls), dtype=np.int64),
            "district": city.situation.grid.district[calls["cell"]],
            "zone": city.situation.zone[calls["cell"]],
            "class": calls["class_"],
        }
        sums = self._sums(calls, response, run.wait_min[counted])
        busy = self._utilisation(run, fleet)
        parts = []
        for scope, names in self._scopes:
            group = members[scope] * self._horizon + hour
            parts.append(self._of_scope(group, len(names), sums, response, busy.get(scope)))
        return np.concatenate(parts)

    def _sums(
        self,
        calls: NDArray[np.void],
        response: NDArray[np.float64],
        wait: NDArray[np.float64],
    ) -> dict[str, NDArray[np.float64]]:
        """What each call adds to the sum of every measure, `[call]`."""
        city = self._city
        minutes = np.nan_to_num(response, nan=city.unserved_min)
        late = np.nan_to_num(response, nan=np.inf)
        weight = city.grade_weight[calls["class_"]]
        several = calls["units"] > 1
        gap = calls["second"] - calls["arrived"]
        return {
            "calls": np.ones(len(calls)),
            "covered": (late <= self._target[calls["cell"], calls["class_"]]).astype(float),
            "mean_min": minutes,
            **{f"within_{limit:.0f}": (late <= limit).astype(float) for limit in WITHIN_MIN},
            "waited": (np.nan_to_num(wait, nan=np.inf) > 0.0).astype(float),
            "wait_min": np.nan_to_num(wait, nan=city.unserved_min),
            "since_receipt_min": minutes + calls["ready"] - calls["received"],
            "several": several.astype(float),
            "second_in_time": (several & (gap <= SECOND_WITHIN_MIN)).astype(float),
            "weight": weight,
            "weighted_min": weight * minutes,
        }

    def _of_scope(
        self,
        group: NDArray[np.int64],
        names: int,
        sums: dict[str, NDArray[np.float64]],
        response: NDArray[np.float64],
        busy: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        """Measures of the groups of one scope, all hours after each, `[row, measure]`."""
        size = names * self._horizon

        def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
            by_hour = np.bincount(group, values, size).reshape(names, self._horizon)
            return np.column_stack([by_hour, by_hour.sum(axis=1)]).ravel()

        whole = {name: total(values) for name, values in sums.items()}
        divisor = {"second_in_time": "several", "weighted_min": "weight"}
        found = {"calls": whole["calls"], **self._quantiles(group, names, response)}
        for name in MEASURES:
            if name in sums and name != "calls":
                found[name] = share_of(whole[name], whole[divisor.get(name, "calls")])
        nothing = np.full(names * (self._horizon + 1), np.nan)
        found["utilisation"] = nothing if busy is None else busy
        return np.column_stack([found[name] for name in MEASURES])

    def _quantiles(
        self, group: NDArray[np.int64], names: int, response: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """P50, P90 and P99, rounded up to histogram bins; inf where too many got nobody."""
        bins = round(LONGEST_MIN / HISTOGRAM_MIN) + 2
        late = np.nan_to_num(response, nan=np.inf)
        of = np.ceil(np.minimum(late, 2.0 * LONGEST_MIN) / HISTOGRAM_MIN - 1e-9).astype(np.int64)
        at = group * bins + np.clip(of, 0, bins - 1)
        count = np.bincount(at, minlength=names * self._horizon * bins)
        count = count.reshape(names, self._horizon, bins)
        count = np.concatenate([count, count.sum(axis=1, keepdims=True)], axis=1)
        rows = count.reshape(-1, bins)
        shares = (("p50_min", 0.5), ("p90_min", 0.9), ("p99_min", 0.99))
        return {name: quantile_min(rows, share) for name, share in shares}

    def _utilisation(self, run: Replication, fleet: Fleet) -> dict[str, NDArray[np.float64]]:
        """Busy share of the units on duty of the city and of each district, by hour and in all."""
        warm = self._city.terms.warm_up_h
        home, busy = fleet.home[:, warm:], run.busy_min[: fleet.units, warm:]
        on_duty = home != OFF_DUTY
        district = self._city.situation.patrol_places.district[home]
        hour = np.broadcast_to(np.arange(self._horizon), home.shape)
        at = (district * self._horizon + hour)[on_duty]
        size = len(self._city.situation.area.district_ids) * self._horizon
        worked = np.bincount(at, busy[on_duty], size).reshape(-1, self._horizon)
        there = 60.0 * np.bincount(at, minlength=size).reshape(-1, self._horizon)
        city = (
            np.append(worked.sum(axis=0), worked.sum()),
            np.append(there.sum(axis=0), there.sum()),
        )
        by_district = (
            np.column_stack([worked, worked.sum(axis=1)]).ravel(),
            np.column_stack([there, there.sum(axis=1)]).ravel(),
        )
        return {"city": share_of(*city), "district": share_of(*by_district)}
