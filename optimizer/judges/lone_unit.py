"""What one unit alone at a place would save: a quick rank of places, without a model."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.calls import PatrolTerms, call_load, response_cutoff_min
from optimizer.force import UnitType
from optimizer.reach import place_of_entry, turnout_min


def lone_unit_value(
    situation: Situation, unit_type: UnitType, terms: PatrolTerms
) -> NDArray[np.float64]:
    """Weighted call-minutes saved an hour by the only unit of the city, `[place, hour]`.

    A call in its reach would otherwise count the cut-off and the penalty. The unit is always
    idle, so the values of two places do not add up; they tell which is worth more.
    """
    travel = situation.travel[unit_type.unit_type]
    places = len(situation.patrol_places)
    turnout = turnout_min(situation.patrol_places, unit_type)
    unserved_min = response_cutoff_min(situation, unit_type) + terms.penalty_min
    value = np.zeros((places, situation.horizon.hours))
    for hour in range(situation.horizon.hours):
        reach = travel.at(hour)
        place = place_of_entry(reach)
        saved_min = unserved_min - (reach.minutes.astype(np.float64) + turnout[place])
        weight = call_load(situation, unit_type, hour, terms).weight
        value[:, hour] = np.bincount(place, weight[reach.cell] * saved_min, places)
    return value
