"""Who comes from elsewhere, as a scenario says it: mutual aid, and loans agreed before."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.places import Places
from optimizer.aid_file import read_aid_groups
from optimizer.force import Force
from optimizer.loan_file import read_agreed_loans
from optimizer.mutual_aid import AidGroup
from optimizer.plan import Loan
from optimizer.shifts import Shift, shift_instances
from scenarios.scenario import LoadedScenario


class Reinforcements(NamedTuple):
    """Groups that may be called from outside, and loans between districts that are agreed."""

    aid: tuple[AidGroup, ...]
    agreed: tuple[Loan, ...]


NO_REINFORCEMENTS = Reinforcements((), ())


def reinforcements(
    loaded: LoadedScenario,
    area: StudyArea,
    stations: Places | None,
    force: Force | None,
    shifts: tuple[Shift, ...] | None,
    horizon: Horizon,
    faults: FaultLog,
) -> Reinforcements | None:
    """Both tables; None while they or what they refer to have faults."""
    aid_file, loan_file = loaded.scenario.force.mutual_aid, loaded.scenario.staffing.loans
    if aid_file is None and loan_file is None:
        return NO_REINFORCEMENTS
    if stations is None or force is None or shifts is None:
        return None
    aid: tuple[AidGroup, ...] | None = ()
    agreed: tuple[Loan, ...] | None = ()
    if aid_file is not None:
        path, crs = loaded.path(aid_file), loaded.scenario.force.mutual_aid_crs
        middles = command_middles(area, stations)
        aid = faults.attempt(
            lambda log: read_aid_groups(path, area, crs, horizon, force.ids, middles, log)
        )
    if loan_file is not None:
        instances, table = shift_instances(horizon, shifts), loaded.path(loan_file)
        people = _people_of_commands(area, stations, force)
        agreed = faults.attempt(
            lambda log: read_agreed_loans(table, area, horizon, instances, people, log)
        )
    return None if aid is None or agreed is None else Reinforcements(aid, agreed)


def command_middles(area: StudyArea, stations: Places) -> NDArray[np.float64]:
    """Middle of each command's homes, metres in the area's CRS, `[command, 2]`."""
    command = area.command_of[stations.district]
    return np.array(
        [
            [stations.x[command == number].mean(), stations.y[command == number].mean()]
            for number in range(len(area.commands))
        ]
    )


def _people_of_commands(
    area: StudyArea, stations: Places, force: Force
) -> dict[str, NDArray[np.int64]]:
    """Officers of each command, by force."""
    total = np.zeros((len(area.commands), len(force.types)), dtype=np.int64)
    np.add.at(total, area.command_of[stations.district], force.headcount)
    return {force_id: total[:, row] for row, force_id in enumerate(force.ids)}
