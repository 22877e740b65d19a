"""Service levels of a scenario by area, and the spans of time that reports tell."""

from dataclasses import replace

from geodata.area import StudyArea
from geodata.faults import FaultLog
from optimizer.levels import LEVELS, LevelsInForce, LevelWindow
from scenarios.command_names import command_names, commands_of
from scenarios.scenario import LoadedScenario

Pair = tuple[str, str]


def windows_by_area(
    loaded: LoadedScenario, windows: tuple[LevelWindow, ...], area: StudyArea, faults: FaultLog
) -> tuple[LevelWindow, ...]:
    """The scenario's windows, in its order, with the commands of the districts they name."""
    return tuple(
        replace(
            window,
            commands=commands_of(
                part.districts, f"window {number} of levels.windows", loaded, area, faults
            ),
        )
        for number, (part, window) in enumerate(
            zip(loaded.scenario.levels.windows, windows, strict=True), start=1
        )
    )


def level_spans(
    in_force: LevelsInForce, area: StudyArea, names: dict[str, Pair]
) -> list[tuple[int, Pair]]:
    """First hour of each span in which the levels stay, and its levels in English and Chinese.

    Where commands differ, the higher levels name theirs and the lowest holds elsewhere.
    """
    by_hour = list(zip(*in_force.by_command, strict=True))
    return [
        (hour, _told(levels, area, names))
        for hour, levels in enumerate(by_hour)
        if hour == 0 or levels != by_hour[hour - 1]
    ]


def _told(levels: tuple[str, ...], area: StudyArea, names: dict[str, Pair]) -> Pair:
    used = sorted(set(levels), key=LEVELS.index, reverse=True)
    if len(used) == 1:
        return names[used[0]]
    english, chinese = [], []
    for level in used[:-1]:
        where = [
            command
            for command, own in zip(command_names(area), levels, strict=True)
            if own == level
        ]
        english.append(f"{names[level][0]} in {', '.join(en for en, _ in where)}")
        chinese.append(f"{'、'.join(zh for _, zh in where)}{names[level][1]}")
    english.append(f"{names[used[-1]][0]} elsewhere")
    chinese.append(f"其余{names[used[-1]][1]}")
    return ", ".join(english), "，".join(chinese)
