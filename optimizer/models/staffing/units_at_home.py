"""Units of a district counted at the homes they start from."""

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.staffing_value import officers_on_street
from optimizer.models.staffing.apportion import apportion
from optimizer.plan import Roster
from optimizer.staffing_input import StaffingProblem


def units_at_home(
    problem: StaffingProblem, roster: Roster, units: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Split `units[type, district, hour]` over homes, `[type, station, hour]`.

    In proportion to each home's own officers on the street, whole crews only. Crews mixed
    from several homes and crews of borrowed officers are counted at the district's branch
    (without a branch, at its home with the most officers on the street).
    """
    found = np.zeros((len(units), problem.n_stations, problem.horizon_hours), dtype=np.int64)
    own = _own_street(problem, roster)
    total = officers_on_street(problem, roster)
    for row, district, hour in np.argwhere(units):
        kind = problem.force.unit_types[row]
        force = problem.force.index(kind.force_id)
        homes = problem.stations_of(int(district))
        street = own[homes, force, hour]
        strength = max(float(total[district, force, hour]), float(street.sum()))
        crews = np.floor(street / kind.officers + 1e-9).astype(np.int64)
        from_homes = round(units[row, district, hour] * float(street.sum()) / strength)
        given = apportion(from_homes, street, crews)
        given[_assembly_home(problem, homes, street)] += units[row, district, hour] - given.sum()
        found[row, homes, hour] = given
    return found


def _own_street(problem: StaffingProblem, roster: Roster) -> NDArray[np.float64]:
    """Officers of each home on the street, lent ones left out evenly, `[station, force, hour]`."""
    staying = roster.officers.astype(np.float64)
    district_total = np.zeros((problem.n_districts, *staying.shape[1:]))
    np.add.at(district_total, problem.station_district, staying)
    for loan in roster.loans:
        force = problem.force.index(loan.force_id)
        homes = problem.stations_of(loan.from_district)
        full = district_total[loan.from_district, force, loan.instance]
        share = roster.officers[homes, force, loan.instance] / full
        staying[homes, force, loan.instance] -= loan.officers * share
    share = np.stack(
        [i.shift.street_share * i.on_duty(problem.horizon_hours) for i in roster.instances]
    )
    return np.asarray(staying @ share)


def _assembly_home(
    problem: StaffingProblem, homes: NDArray[np.int64], street: NDArray[np.float64]
) -> int:
    branches = [row for row, home in enumerate(homes) if problem.station_kind[home] == "branch"]
    return branches[0] if branches else int(np.argmax(street))
