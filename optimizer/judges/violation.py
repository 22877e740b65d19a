"""One broken rule."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """A rule that a plan breaks: where, when, what was found and what is allowed."""

    rule: str
    where: str
    when: str
    found: float
    allowed: float

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}, {self.when}: {self.found:g}, allowed {self.allowed:g}"
