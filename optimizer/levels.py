"""Service levels: the planner's master switch over a window and an area."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon

LEVELS: tuple[str, ...] = ("routine", "3", "2", "1", "1+")
"""Service levels from the quietest to all hands."""


@dataclass(frozen=True)
class ServiceLevel:
    """What a level orders: the share of each pool that may be on duty at one time.

    `on_duty_share` 0..1 of the head-count at any moment; `absent_share` 0..1 on leave, sick or
    in training and not to be rostered at all. `patrol_density` scales how often must-visit
    points are visited (1 as their table says); `evidence` says where the figures come from.
    """

    level: str
    name_en: str
    name_zh: str
    on_duty_share: float
    absent_share: float
    patrol_density: float = 1.0
    evidence: str = ""


@dataclass(frozen=True)
class LevelWindow:
    """A level in force over [start, end) in some commands, by index; in all where none is named."""

    start: datetime
    end: datetime
    level: str
    commands: tuple[int, ...] = ()


@dataclass(frozen=True)
class LevelsInForce:
    """The level of every command and hour, `by_command[command][hour]`.

    Raises
    ------
    ValueError
        When there is no command, or commands differ in the number of hours.
    """

    by_command: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if len({len(levels) for levels in self.by_command}) != 1:
            raise ValueError("every command needs the levels of the same hours")

    @classmethod
    def everywhere(cls, levels: tuple[str, ...], commands: int) -> "LevelsInForce":
        """The same levels by hour in every command."""
        return cls((levels,) * commands)

    @property
    def hours(self) -> int:
        """Hours of the horizon."""
        return len(self.by_command[0])

    @property
    def used(self) -> frozenset[str]:
        """Levels that are in force somewhere."""
        return frozenset(level for levels in self.by_command for level in levels)

    @property
    def highest(self) -> tuple[str, ...]:
        """Highest level of any command, by hour."""
        return tuple(
            max((levels[hour] for levels in self.by_command), key=LEVELS.index)
            for hour in range(self.hours)
        )

    def figure(self, levels: Mapping[str, ServiceLevel], name: str) -> NDArray[np.float64]:
        """A figure of the levels in force, such as `on_duty_share`, `[command, hour]`."""
        return np.array(
            [[getattr(levels[level], name) for level in row] for row in self.by_command],
            dtype=np.float64,
        )

    def is_open(self, pool_from_level: str) -> NDArray[np.bool_]:
        """Where a pool may be drawn on, `[command, hour]`."""
        return np.array(
            [[pool_is_open(pool_from_level, level) for level in row] for row in self.by_command],
            dtype=np.bool_,
        )


def levels_in_force(
    horizon: Horizon, windows: tuple[LevelWindow, ...], commands: int
) -> LevelsInForce:
    """Highest level in force in each command and hour; `routine` where no window applies."""
    found = np.zeros((commands, horizon.hours), dtype=np.int64)
    for window in windows:
        rank = LEVELS.index(window.level)
        rows = np.array(window.commands or range(commands), dtype=np.int64)
        inside = horizon.overlaps(window.start, window.end)
        found[rows] = np.maximum(found[rows], np.where(inside, rank, 0))
    return LevelsInForce(tuple(tuple(LEVELS[rank] for rank in row) for row in found.tolist()))


def pool_is_open(pool_from_level: str, level: str) -> bool:
    """Whether a pool may be drawn on at a level."""
    if pool_from_level == "never":
        return False
    return LEVELS.index(level) >= LEVELS.index(pool_from_level)
