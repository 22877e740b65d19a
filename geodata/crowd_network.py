"""A site as a network: how its passages stand, what they let through, and the ways to the exits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.crowd import Attendance, StationClosure, quarter_of
from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from geodata.sites import OUTSIDE, Site


@dataclass(frozen=True)
class Setting:
    """How the passages of a site stand: which way they lead and how often they are open inwards.

    `direction[passage]` is in, out, both or closed. `in_share[passage]` is the part of the time
    in which people are let in, 0..1 (wave release).
    """

    direction: tuple[str, ...]
    in_share: tuple[float, ...]


@dataclass(frozen=True)
class Trigger:
    """When a step is taken: `weights[zone]` times people inside reach `at`; back below `release`.

    Weights of 1 count the people of a zone, 1 over its free area their density.
    """

    weights: tuple[float, ...]
    at: float
    release: float


@dataclass(frozen=True)
class Party:
    """People of one event on a site: when they come, where they enter, where they want to be.

    `arrival_share[passage]` and `zone_share[zone]` each sum to 1; `entrances[passage]` are those
    the party can be sent to.
    """

    attendance: Attendance
    entrances: NDArray[np.bool_]
    arrival_share: NDArray[np.float64]
    zone_share: NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """Arrays of the flow model. Arc 2p leads in through passage p, arc 2p + 1 out of it.

    Nodes are the zones and, last, the world outside. A *configuration* is a setting with some
    stations closed: `configuration[quarter, setting]`, the first setting before any step is taken.

    `arc_share[configuration, arc]` is the part of the capacity that is open, 0..1;
    `route[configuration, target, arc]` the part of the people at the arc's tail who take it on a
    shortest way to the target, by capacity where several are as short; `entry[configuration,
    party, passage]` the part of a party's arrivals that heads for each entrance. `rounds` is how
    many passages one after the other people may use in a quarter-hour.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    capacity: NDArray[np.float64]
    area_m2: NDArray[np.float64]
    configuration: NDArray[np.int64]
    arc_share: NDArray[np.float64]
    route: NDArray[np.float64]
    entry: NDArray[np.float64]
    rounds: int

    def __post_init__(self) -> None:
        for name in [name for name in self.__dataclass_fields__ if name != "rounds"]:
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, array.dtype, array.shape, name))


def usual_setting(site: Site) -> Setting:
    """The passages as the site's data states them."""
    return Setting(tuple(p.direction for p in site.passages), (1.0,) * len(site.passages))


def site_party(attendance: Attendance, home: Site, site: Site | None = None) -> Party:
    """The visitors of `home`, on that site or on one it was joined into.

    Without any stated share of arrivals people come to all entrances by their capacity.
    """
    on = site or home
    entrances = [p for p in home.passages if p.outer_zone == OUTSIDE]
    arrivals = {p.passage_id: p.arrival_share for p in entrances}
    if not any(arrivals.values()):
        arrivals = {p.passage_id: p.people_per_quarter for p in entrances}
    visits = {zone.zone_id: zone.visit_share for zone in home.zones}
    arrival = np.array([arrivals.get(name, 0.0) for name in on.passage_ids])
    zone = np.array([visits.get(name, 0.0) for name in on.zone_ids])
    usable = np.array([name in arrivals for name in on.passage_ids])
    return Party(attendance, usable, arrival / arrival.sum(), zone / zone.sum())


def build_network(
    site: Site,
    parties: Sequence[Party],
    settings: Sequence[Setting],
    closures: Sequence[StationClosure],
    horizon: Horizon,
) -> Network:
    """The network of a site with every setting its ladders may ask for, the usual one first."""
    node = {zone_id: place for place, zone_id in enumerate((*site.zone_ids, OUTSIDE))}
    outer = [node[p.outer_zone] for p in site.passages]
    inner = [node[p.inner_zone] for p in site.passages]
    tail = np.array([outer, inner], dtype=np.int64).T.ravel()
    head = np.array([inner, outer], dtype=np.int64).T.ravel()
    capacity = np.array([p.people_per_quarter for p in site.passages])
    shut = _closed_stations(closures, horizon)
    kinds = list(dict.fromkeys((number, gone) for gone in shut for number in range(len(settings))))
    index = {kind: place for place, kind in enumerate(kinds)}
    configuration = [[index[number, gone] for number in range(len(settings))] for gone in shut]
    open_shares = [_arc_shares(site, settings[number], gone) for number, gone in kinds]
    routes = [_routes(tail, head, share, capacity, len(site.zones)) for share in open_shares]
    entries = [
        [_entry_shares(party, share, capacity) for party in parties] for share in open_shares
    ]
    return Network(
        tail,
        head,
        capacity,
        np.array([zone.free_area_m2 for zone in site.zones]),
        np.array(configuration, dtype=np.int64),
        np.array(open_shares),
        np.array(routes),
        np.array(entries),
        _longest_way(tail, head, len(site.zones)) + 1,
    )


def _longest_way(tail: NDArray[np.int64], head: NDArray[np.int64], outside: int) -> int:
    """Passages from the zone farthest from the world outside, with everything open."""
    usable = np.ones(len(tail), dtype=np.bool_)
    return int(_steps_to(outside, tail, head, usable, outside).max())


def _closed_stations(closures: Sequence[StationClosure], horizon: Horizon) -> list[frozenset[str]]:
    """Stations shut in each quarter-hour: those whose closure holds at its middle."""
    middles = np.arange(4 * horizon.hours) + 0.5
    windows = [
        (closure.station_id, quarter_of(horizon, closure.start), quarter_of(horizon, closure.end))
        for closure in closures
    ]
    return [
        frozenset(name for name, start, end in windows if start <= middle < end)
        for middle in middles.tolist()
    ]


def _arc_shares(site: Site, setting: Setting, closed: frozenset[str]) -> NDArray[np.float64]:
    """Open part of each arc's capacity."""
    shares = np.zeros((len(site.passages), 2))
    for number, passage in enumerate(site.passages):
        if passage.station_id and passage.station_id in closed:
            continue
        direction = setting.direction[number]
        shares[number, 0] = setting.in_share[number] if direction in ("in", "both") else 0.0
        shares[number, 1] = 1.0 if direction in ("out", "both") else 0.0
    return shares.ravel()


def _entry_shares(
    party: Party, arc_share: NDArray[np.float64], capacity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where a party's people go in: as usual, past shut entrances to the open ones.

    When none of its usual entrances is open people go to the other open ones by capacity, and
    with none open they wait where they usually enter.
    """
    usual = party.arrival_share
    open_in = party.entrances & (arc_share[::2] > 0)
    for weight in (usual * open_in, capacity * open_in):
        if weight.sum() > 0:
            return np.asarray(weight / weight.sum())
    return usual


def _routes(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    arc_share: NDArray[np.float64],
    capacity: NDArray[np.float64],
    outside: int,
) -> NDArray[np.float64]:
    """`[target, arc]`: parts of the people at each tail by the arcs that lead nearer."""
    usable = arc_share > 0
    width = np.repeat(capacity, 2) * arc_share
    routes = np.zeros((outside + 1, len(tail)))
    for target in range(outside + 1):
        distance = _steps_to(target, tail, head, usable, outside)
        nearer = usable & (tail != outside) & np.isfinite(distance[tail])
        nearer &= distance[tail] == distance[head] + 1
        weight = np.where(nearer, width, 0.0)
        total = np.bincount(tail, weights=weight, minlength=outside + 1)[tail]
        routes[target] = np.divide(weight, total, out=np.zeros(len(tail)), where=total > 0)
    return routes


def _steps_to(
    target: int,
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    usable: NDArray[np.bool_],
    outside: int,
) -> NDArray[np.float64]:
    """Fewest passages from each node to the target; no way leads through the world outside."""
    distance = np.full(outside + 1, np.inf)
    distance[target] = 0.0
    for steps in range(1, outside + 2):
        before = usable & (distance[head] == steps - 1) & (distance[tail] == np.inf)
        distance[tail[before & (tail != outside)]] = float(steps)
    return distance


def egress_min(site: Site, people: float, setting: Setting | None = None) -> float:
    """Minutes in which so many people can leave through all ways out at full flow.

    A lower limit: it holds when the exits, not the ways to them or the density, bind. Infinite
    when every way out is shut.
    """
    stand = setting or usual_setting(site)
    per_quarter = sum(
        passage.people_per_quarter
        for passage, direction in zip(site.passages, stand.direction, strict=True)
        if passage.outer_zone == OUTSIDE and direction in ("out", "both")
    )
    return 15.0 * people / per_quarter if per_quarter else float("inf")
