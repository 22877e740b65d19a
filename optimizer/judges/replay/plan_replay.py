"""Recorded calls run through the units of a plan, with the plan's terms or those of the record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geodata.call_records import CallRecords
from geodata.situation import Situation
from geodata.travel import ReachLists, TravelTimes
from optimizer.force import UnitType
from optimizer.hours import side_by_side
from optimizer.judges.replay.calls import graded, graded_class, recorded_again, with_times
from optimizer.judges.replay.durations import CallDurations
from optimizer.judges.replay.prediction import CallTimes, cut_times
from optimizer.judges.replay.travel_line import TravelLine
from optimizer.judges.replay.windows import Windows
from optimizer.judges.simulation.city import City
from optimizer.judges.simulation.replication import replicate
from optimizer.judges.simulation.system import Fleet
from optimizer.reach import turnout_min


@dataclass(frozen=True)
class PlanReplay:
    """One replication: times of the calls that were answered, and how many were not."""

    times: CallTimes
    unanswered: int


def replay_plan(
    city: City,
    fleet: Fleet,
    records: CallRecords,
    windows: Windows,
    durations: CallDurations,
    seeds: Sequence[int],
    *,
    workers: int | None = None,
) -> list[PlanReplay]:
    """Run the calls of the windows through a fleet of the city (`fleet_of`), once a seed.

    Each window is simulated by itself with the calls before it as warm-up; `durations` are
    moved by their standard errors from one replication to the next. The number of `workers`
    changes nothing. Calls of classes that ask for no unit must have been left out; areas are
    districts.

    Raises
    ------
    ValueError
        When no call lies in a window, or a class of the record is none of the city's simulated
        classes.
    """
    if not len(windows.begin_min):
        raise ValueError("no recorded call lies in a window of the plan's hours")
    street = {city.situation.classes.ids[k]: n for n, k in enumerate(city.street.tolist())}
    used = np.unique(records.kind).tolist()
    strangers = [records.class_ids[kind] for kind in used if records.class_ids[kind] not in street]
    if strangers:
        raise ValueError(f"no unit answers the classes {', '.join(strangers[:3])}")
    class_of_kind = np.array([street.get(name, -1) for name in records.class_ids], dtype=np.int64)

    def one(number: int) -> PlanReplay:
        return _once(city, fleet, records, windows, durations, class_of_kind, seeds[number])

    return side_by_side(one, len(seeds), workers=workers)


def _once(
    city: City,
    fleet: Fleet,
    records: CallRecords,
    windows: Windows,
    durations: CallDurations,
    class_of_kind: NDArray[np.int64],
    seed: int,
) -> PlanReplay:
    rng = np.random.default_rng(seed)
    moved = durations.redrawn(rng)
    warm_min = 60.0 * city.terms.warm_up_h
    length_min = 60.0 * city.situation.horizon.hours
    parts, unanswered = [], 0
    for begin_min in windows.begin_min.tolist():
        own = records.received_within(begin_min - warm_min, begin_min + length_min)
        asked = recorded_again(own, begin_min - warm_min, rng)
        kinds = graded_class(city.kinds, class_of_kind[own.kind], asked.grade)
        stream, order = with_times(asked, asked.cell, kinds, moved, rng)
        calls = replicate(city.ground, fleet, stream, graded(city.kinds), city.rules).calls
        counted = calls["received"] >= warm_min
        came = counted & np.isfinite(calls["arrived"])
        unanswered += int((counted & ~came).sum())
        area = city.situation.grid.district[asked.cell]
        parts.append(cut_times(calls[came], asked, area, order[came], records.clock_min))
    times = CallTimes(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    return PlanReplay(times, unanswered)


def fitted_situation(
    situation: Situation, unit_types: tuple[UnitType, ...], line: TravelLine
) -> tuple[Situation, tuple[UnitType, ...]]:
    """The situation and its units with turnout and travel as fitted on known travel times.

    The minutes of a way become all minutes from dispatch to arrival, for `TravelLine` and its
    spread speak of these: the fitted turnout from a station, less what a unit on the street
    saves by its own type, plus the fitted factor times travel. Turnouts are then 0.
    """
    travel = dict(situation.travel)
    for unit_type in unit_types:
        times = travel[unit_type.unit_type]
        saved = unit_type.turnout_station_min - turnout_min(situation.patrol_places, unit_type)
        turnout = np.maximum(line.turnout_min - saved, 0.0)
        travel[unit_type.unit_type] = TravelTimes(
            times.profiles,
            tuple(_dispatched(reach, turnout, line.slope) for reach in times.reach),
            times.profile_of_hour,
            float(turnout.max(initial=0.0)) + line.slope * times.cutoff_min,
        )
    at_once = tuple(
        replace(kind, turnout_street_min=0.0, turnout_station_min=0.0) for kind in unit_types
    )
    return replace(situation, travel=MappingProxyType(travel)), at_once


def _dispatched(reach: ReachLists, turnout: NDArray[np.float64], factor: float) -> ReachLists:
    place = np.repeat(np.arange(reach.n_places), np.diff(reach.indptr))
    return ReachLists(reach.indptr, reach.cell, turnout[place] + factor * reach.minutes)
