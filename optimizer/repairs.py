"""Repairs of a staffing that is short: which rule gives way, whom it touches, what it mends."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class RepairKind(StrEnum):
    """What gives way."""

    SHIFT = "one more shift"
    LEAVE = "leave cancelled"
    REST = "an hour less rest"
    SHARE = "loans beyond the donor share"
    FLOOR = "loans beyond the donor floor"
    POOL = "a closed pool opened"
    POST = "a post dropped"


@dataclass(frozen=True)
class Repair:
    """A relaxed problem staffed again from nothing.

    `what` names the shift's start hour, the force or the post, nothing for rules of all. `people`
    are those it touches and `officer_hours` how long: officers of the shift or pool and their
    hours on it, officers who rest less and the hours of rest they lose, officers whose leave is
    cancelled, officers lent beyond the limit, officers of the post. `price` values that in
    weighted call-minutes. `before` and `after` are officer-hours short by kind.
    """

    kind: RepairKind
    what: str
    people: int
    officer_hours: float
    price: float
    before: Mapping[str, float]
    after: Mapping[str, float]

    def mended(self, kinds: tuple[str, ...]) -> float:
        """Officer-hours that are no longer short, of the given kinds together."""
        return sum(self.before[kind] - self.after[kind] for kind in kinds)
