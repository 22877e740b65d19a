"""Service levels: the planner's master switch over a window."""

from dataclasses import dataclass
from datetime import datetime

from geodata.horizon import Horizon

LEVELS: tuple[str, ...] = ("routine", "3", "2", "1", "1+")
"""Service levels from the quietest to all hands."""


@dataclass(frozen=True)
class ServiceLevel:
    """What a level orders: the share of each pool that may be on duty at one time.

    `on_duty_share` 0..1 of the head-count at any moment; `absent_share` 0..1 on leave, sick or
    in training and not to be rostered at all.
    """

    level: str
    name_en: str
    name_zh: str
    on_duty_share: float
    absent_share: float


@dataclass(frozen=True)
class LevelWindow:
    """A level in force over [start, end)."""

    start: datetime
    end: datetime
    level: str


def level_of_hour(horizon: Horizon, windows: tuple[LevelWindow, ...]) -> tuple[str, ...]:
    """Highest level in force in each hour of the horizon; `routine` where no window applies."""
    found = [0] * horizon.hours
    for window in windows:
        rank = LEVELS.index(window.level)
        for hour, inside in enumerate(horizon.overlaps(window.start, window.end)):
            if inside:
                found[hour] = max(found[hour], rank)
    return tuple(LEVELS[rank] for rank in found)


def pool_is_open(pool_from_level: str, level: str) -> bool:
    """Whether a pool may be drawn on at a level."""
    if pool_from_level == "never":
        return False
    return LEVELS.index(level) >= LEVELS.index(pool_from_level)
