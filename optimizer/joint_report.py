"""Staffing and patrol told as one decision: rounds made, objective, bound and gap."""

from dataclasses import dataclass


@dataclass(frozen=True)
class JointRound:
    """One staffing with its patrol, as the judges see it, weighted call-minutes of the horizon.

    `response` of the queueing judge, `floors_missed` calls below coverage floors at their price,
    `prices` of staffing: officer-hours, loans, overtime and all that is short.
    """

    response: float
    floors_missed: float
    prices: float

    @property
    def total(self) -> float:
        """The figure by which rounds are compared, smaller is better."""
        return self.response + self.floors_missed + self.prices


@dataclass(frozen=True)
class JointReport:
    """How far the whole plan can be from the best one, at the busy shares it ended with.

    Weighted call-minutes over the horizon: `missed` by the units beyond the response in bin zero
    (missed floors at their price), `prices` of staffing, `bound` what the sum of both is at least
    for every staffing under the same rules with every deployment of its units. `weight` are
    weighted calls; `rounds` in the order they were made, the plan is number `kept`.
    """

    missed: float
    prices: float
    bound: float
    weight: float
    rounds: tuple[JointRound, ...]
    kept: int

    @property
    def objective(self) -> float:
        """What the bound bounds."""
        return self.missed + self.prices

    @property
    def gap_call_min(self) -> float:
        """Weighted call-minutes that a better plan might save, at most."""
        return self.objective - self.bound

    @property
    def gap_min(self) -> float:
        """The gap in minutes per weighted call; 0 without calls."""
        return self.gap_call_min / self.weight if self.weight else 0.0

    @property
    def gap_share(self) -> float:
        """The gap as a share of the objective; 0 when that is 0."""
        return self.gap_call_min / self.objective if self.objective else 0.0

    @property
    def gap_share_of_missed(self) -> float:
        """The gap as a share of the minutes that the units miss; 0 when they miss none."""
        return self.gap_call_min / self.missed if self.missed else 0.0

    @property
    def gain_over_first(self) -> float:
        """Weighted call-minutes by which the kept round is better than the first, as judged."""
        return self.rounds[0].total - self.rounds[self.kept].total
