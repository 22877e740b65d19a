"""What a staffing leaves short: posts, presence, visits, loans, orders, by place and hours."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.staffing_value import agreed_short, order_short
from optimizer.plan import PostAssignment
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

NEGLIGIBLE = 1e-6
"""Officers below which nothing is short."""


class ShortageKind(StrEnum):
    """What is short, the most pressing first."""

    POST = "post"
    PRESENCE = "presence"
    VISIT = "visit"
    LOAN = "loan"
    ORDER = "order"


HARD = (ShortageKind.POST, ShortageKind.PRESENCE, ShortageKind.VISIT)
"""Shortages of work that is to be done; an order asks for people on duty whatever they do."""


@dataclass(frozen=True)
class Shortage:
    """One thing that is short in consecutive hours `from_hour` to `to_hour` (half open).

    `what` is the event, ring and role of posts, joined by ` / `, the number of the station for
    presence, the force of an order or of an agreed loan (of its lender), nothing for visits.
    `most` officers are missing at one time, `officer_hours` in all; `price` is what they count in
    staffing, weighted call-minutes.
    """

    kind: ShortageKind
    district: int
    what: str
    from_hour: int
    to_hour: int
    most: float
    officer_hours: float
    price: float


def shortages(problem: StaffingProblem, staffing: StaffingResult) -> tuple[Shortage, ...]:
    """Everything that is short, by kind, the highest price first.

    Posts of an event, ring and role are one thing over all their blocks.
    """
    found = [
        *_posts_short(problem, staffing.posts),
        *_presence_short(problem, staffing.roster.presence_short),
        *_spans(
            ShortageKind.VISIT,
            {(district, ""): row for district, row in enumerate(staffing.visit_short)},
            _everywhere(problem, problem.visit_penalty),
        ),
        *_loans_short(problem, staffing),
        *_spans(
            ShortageKind.ORDER,
            {
                (district, force_id): row
                for district, table in enumerate(order_short(problem, staffing.roster))
                for force_id, row in zip(problem.force.ids, table, strict=True)
            },
            problem.order_price(),
        ),
    ]
    rank = list(ShortageKind)
    return tuple(sorted(found, key=lambda one: (rank.index(one.kind), -one.price)))


def hours_short(found: tuple[Shortage, ...]) -> dict[ShortageKind, float]:
    """Officer-hours short of each kind."""
    total = dict.fromkeys(ShortageKind, 0.0)
    for one in found:
        total[one.kind] += one.officer_hours
    return total


def _posts_short(problem: StaffingProblem, posts: PostAssignment) -> list[Shortage]:
    have = posts.have()
    missing: dict[int, dict[tuple[int, str], NDArray[np.float64]]] = {}
    for need in posts.needs:
        key = (need.district, f"{need.event_id} / {need.ring} / {need.role}")
        table = missing.setdefault(need.priority, {})
        row = table.setdefault(key, np.zeros(problem.horizon_hours))
        row[max(need.from_hour, 0) : max(need.to_hour, 0)] += need.required - have[need.post_id]
    return [
        one
        for priority, table in sorted(missing.items())
        for one in _spans(
            ShortageKind.POST,
            table,
            _everywhere(problem, problem.post_penalty[priority]),
        )
    ]


def _presence_short(problem: StaffingProblem, short: NDArray[np.int64]) -> list[Shortage]:
    rows = {
        (int(problem.station_district[station]), str(station)): row.astype(np.float64)
        for station, row in enumerate(short)
    }
    return _spans(ShortageKind.PRESENCE, rows, _everywhere(problem, problem.presence_penalty))


def _loans_short(problem: StaffingProblem, staffing: StaffingResult) -> list[Shortage]:
    """What is missing from agreed loans, by lender and force."""
    rows: dict[tuple[int, str], NDArray[np.float64]] = {}
    missing = agreed_short(problem, staffing.roster)
    for loan, short in zip(problem.agreed, missing.tolist(), strict=True):
        hours = problem.instances[loan.instance].on_duty(problem.horizon_hours)
        key = (loan.from_district, loan.force_id)
        rows[key] = rows.get(key, np.zeros(problem.horizon_hours)) + short * hours
    return _spans(ShortageKind.LOAN, rows, _everywhere(problem, problem.agreed_penalty))


def _everywhere(problem: StaffingProblem, price: float) -> NDArray[np.float64]:
    """The same price in every district and hour."""
    return np.full((problem.n_districts, problem.horizon_hours), price)


def _spans(
    kind: ShortageKind,
    rows: dict[tuple[int, str], NDArray[np.float64]],
    price: NDArray[np.float64],
) -> list[Shortage]:
    """Spans of hours in which `rows[district, what]` are short, at `price[district, hour]`."""
    found = []
    for (district, what), short in rows.items():
        positive = np.concatenate([[False], short > NEGLIGIBLE, [False]])
        edges = np.flatnonzero(positive[1:] != positive[:-1]).tolist()
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            span = short[start:end]
            found.append(
                Shortage(
                    kind,
                    district,
                    what,
                    start,
                    end,
                    float(span.max()),
                    float(span.sum()),
                    float(span @ price[district, start:end]),
                )
            )
    return found
