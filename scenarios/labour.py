"""Who works when, as a scenario says it: shifts, team rotations and labour rules."""

from collections import Counter

from geodata.faults import FaultLog
from optimizer.force_file import ForceParts
from optimizer.level_file import read_shifts
from optimizer.rotation_file import read_rotations
from optimizer.rotations import Rotation
from optimizer.shifts import LabourRules, Shift, free_start_shifts
from scenarios.scenario import LoadedScenario


def all_shifts(loaded: LoadedScenario, faults: FaultLog) -> tuple[Shift, ...]:
    """Shifts of the table, then reinforcements with a free start; no id twice."""
    part = loaded.scenario.labour
    path = loaded.path(part.shifts)
    shifts = read_shifts(path, faults, max_shift_h=part.max_shift_h)
    free = part.reinforcement
    if free is None:
        return shifts
    for length in free.lengths_h:
        if length > part.max_shift_h:
            faults.add(
                f"scenario {loaded.scenario.id}",
                "labour.reinforcement.lengths_h has a shift longer than labour.max_shift_h",
                expected=f"lengths of at most {part.max_shift_h:g} h",
                remedy="Remove the length, or raise labour.max_shift_h.",
                value=length,
            )
    shifts += free_start_shifts(free.every_h, free.lengths_h, free.rest_after_h, free.handover_min)
    again = sorted(
        name for name, count in Counter(shift.shift_id for shift in shifts).items() if count > 1
    )
    if again:
        faults.add(
            f"scenario {loaded.scenario.id}",
            f"labour.reinforcement makes shifts that {path.name} or the key itself has already",
            expected="lengths that differ, and no shift_id of the form free_08_10h in the table",
            remedy="Remove the repeated length, or rename the shift.",
            value=", ".join(again),
        )
    return shifts


def rotations_of(
    loaded: LoadedScenario,
    shifts: tuple[Shift, ...] | None,
    force: ForceParts | None,
    faults: FaultLog,
) -> tuple[Rotation, ...] | None:
    """The scenario's rotations; None while these, the shifts or the force have faults."""
    part = loaded.scenario.labour
    if part.rotations is None:
        return ()
    if shifts is None or force is None:
        return None
    path = loaded.path(part.rotations)
    ids = tuple(kind.force_id for kind in force.types)
    return faults.attempt(lambda log: read_rotations(path, shifts, ids, part.min_rest_h, log))


def labour_rules(loaded: LoadedScenario) -> LabourRules:
    """The rules that every roster keeps."""
    part = loaded.scenario.labour
    return LabourRules(
        min_rest_h=part.min_rest_h,
        max_week_h=part.max_week_h,
        min_presence=part.min_presence,
        max_nights_in_row=part.max_nights_in_row,
        max_days_in_row=part.max_days_in_row,
        post_relief_h=part.post_relief_h,
        max_overtime_h=part.max_overtime_h,
    )


def rotation_notes(rotations: tuple[Rotation, ...], rules: LabourRules) -> tuple[str, ...]:
    """Rotations whose average week is longer than the labour rules want."""
    weeks = [(rotation, rotation.week_hours()) for rotation in rotations]
    return tuple(
        f"{rotation.name_en} ({rotation.name_zh}): {week_h:.3g} h of duty a week on average, more "
        f"than the {rules.max_week_h:g} h of labour.max_week_h; in plans of more than a day the "
        "hours beyond count as overtime"
        for rotation, week_h in weeks
        if week_h > rules.max_week_h
    )
