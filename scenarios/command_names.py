"""Commands as a scenario and its reports name them: by their districts."""

from geodata.area import StudyArea
from geodata.faults import FaultLog
from scenarios.scenario import LoadedScenario

LISTED = 10
"""Districts that a message lists; the others are counted."""


def commands_of(
    district_ids: tuple[str, ...],
    where: str,
    loaded: LoadedScenario,
    area: StudyArea,
    faults: FaultLog,
) -> tuple[int, ...]:
    """Commands of whole lists of districts, ascending; none for no district (everywhere).

    Faults are districts that do not exist and commands of which a part is missing: one command
    staffs all its districts together.
    """
    named = set(district_ids)
    unknown = sorted(named - set(area.district_ids))
    if unknown:
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"{where} names districts that do not exist",
            expected=f"among {_listed(area.district_ids)}",
            remedy="Correct the district ids.",
            value=_listed(unknown),
        )
    found = sorted(
        {
            int(command)
            for name, command in zip(area.district_ids, area.command_of, strict=True)
            if name in named
        }
    )
    for command in found:
        _refuse_part(command, named, where, loaded, area, faults)
    return tuple(found)


def _refuse_part(
    command: int,
    named: set[str],
    where: str,
    loaded: LoadedScenario,
    area: StudyArea,
    faults: FaultLog,
) -> None:
    missing = [
        name
        for name, own in zip(area.district_ids, area.command_of, strict=True)
        if own == command and name not in named
    ]
    if missing:
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"{where} names a part of {area.commands[command]}",
            expected="all districts of a command: it staffs them together",
            remedy="Add the missing districts, or leave out those of this command.",
            value=f"missing {_listed(missing)}",
        )


def command_names(area: StudyArea) -> tuple[tuple[str, str], ...]:
    """English and Chinese names of the commands; one of several districts has one name only."""
    own = {d.name_en: d.name_zh for d in area.districts if not d.group_en}
    return tuple((name, own.get(name, name)) for name in area.commands)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
