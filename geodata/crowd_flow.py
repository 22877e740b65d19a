"""Flow of a crowd through a site by quarter-hour: people inside, density, queues, steps taken.

A quarter-hour goes: steps are taken on the people inside; arrivals join the queues; whoever has
stayed long enough wants to leave; then queues move in, visitors move towards the zones they want
to be in and leavers towards the exits, passage after passage, all within what the passages let
through and the zones hold; `geodata/crowd_density.py` says how density slows them. People are
neither made nor lost.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.crowd_kernel import follow_crowd
from geodata.crowd_network import Network, Party, Trigger


@dataclass(frozen=True)
class CrowdFlow:
    """What the model found, at the end of each quarter-hour, for each drawn size of the crowd.

    `occupancy[draw, quarter, zone]` people; `queue[draw, quarter, passage]` people waiting outside
    an entrance; `flow[draw, quarter, arc]` people through arc 2p inwards and 2p + 1 outwards of
    passage p; `left` and `turned_away[draw, quarter]` people up to then; `step[draw, quarter,
    ladder]` how many steps of each ladder hold in the quarter-hour.
    """

    network: Network
    occupancy: NDArray[np.float64]
    queue: NDArray[np.float64]
    flow: NDArray[np.float64]
    left: NDArray[np.float64]
    turned_away: NDArray[np.float64]
    step: NDArray[np.int64]

    @property
    def density(self) -> NDArray[np.float64]:
        """People per m2 `[draw, quarter, zone]`."""
        return np.asarray(self.occupancy / self.network.area_m2)

    @property
    def inside(self) -> NDArray[np.float64]:
        """People on the site `[draw, quarter]`."""
        return np.asarray(self.occupancy.sum(axis=2))

    @property
    def passage_density(self) -> NDArray[np.float64]:
        """People per m2 at the denser end of each passage `[draw, quarter, passage]`."""
        nowhere = np.zeros((*self.occupancy.shape[:2], 1))
        ends = np.concatenate([self.density, nowhere], axis=2)
        tails, heads = self.network.tail[::2], self.network.head[::2]
        return np.asarray(np.maximum(ends[:, :, tails], ends[:, :, heads]))


def crowd_flow(
    network: Network,
    parties: Sequence[Party],
    factors: ArrayLike,
    ladders: Sequence[Sequence[Trigger]] = (),
) -> CrowdFlow:
    """Flow of the parties through the network.

    `factors[draw]`, or `[draw, party]`, multiply the arrivals. `ladders[ladder][step]` say when
    steps are taken; the network must have a setting for each combination of steps taken, the last
    ladder's changing quickest.

    Raises
    ------
    ValueError
        When the numbers of quarter-hours, parties or steps differ, or a factor is negative.
    """
    sizes = np.asarray(factors, dtype=np.float64)
    sizes = sizes[:, None].repeat(len(parties), axis=1) if sizes.ndim == 1 else sizes
    quarters, settings = network.configuration.shape
    levels = [len(ladder) + 1 for ladder in ladders]
    if settings != math.prod(levels) or network.entry.shape[1] != len(parties):
        raise ValueError(f"{settings} settings for ladders of {levels}, {len(parties)} parties")
    if any(party.attendance.quarters != quarters for party in parties):
        raise ValueError(f"an attendance does not have {quarters} quarter-hours")
    if sizes.shape[1] != len(parties) or not (sizes >= 0).all():
        raise ValueError("factors are negative, or not one for each party")
    draws, zones, passages = len(sizes), len(network.area_m2), len(network.capacity)
    triggers = [trigger for ladder in ladders for trigger in ladder]
    owner = [number for number, ladder in enumerate(ladders) for _ in ladder]
    result = CrowdFlow(
        network,
        np.zeros((draws, quarters, zones)),
        np.zeros((draws, quarters, passages)),
        np.zeros((draws, quarters, 2 * passages)),
        np.zeros((draws, quarters)),
        np.zeros((draws, quarters)),
        np.zeros((draws, quarters, len(levels)), dtype=np.int64),
    )
    follow_crowd(
        np.array([party.attendance.arrivals for party in parties]),
        np.array([party.attendance.leave_share for party in parties]),
        np.array([party.attendance.last_entry for party in parties], dtype=np.int64),
        np.array([party.zone_share for party in parties]),
        np.ascontiguousarray(sizes),
        np.array([trigger.weights for trigger in triggers]).reshape(len(triggers), zones),
        np.array([trigger.at for trigger in triggers], dtype=np.float64),
        np.array([trigger.release for trigger in triggers], dtype=np.float64),
        np.array(owner, dtype=np.int64),
        np.array([math.prod(levels[k + 1 :]) for k in range(len(levels))], dtype=np.int64),
        network.tail,
        network.head,
        network.capacity,
        network.area_m2,
        network.configuration,
        network.arc_share,
        network.route,
        network.entry,
        network.rounds,
        result.occupancy,
        result.queue,
        result.flow,
        result.left,
        result.turned_away,
        result.step,
    )
    return result
