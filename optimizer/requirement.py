"""What the three demands ask for: calls, event posts and visits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

ROLES: tuple[str, ...] = ("supervisor", "police", "support")
"""Who stands on a post: leads the group, must be sworn, may be an auxiliary."""

POST_KINDS: tuple[str, ...] = (
    "command",
    "observation",
    "stairs",
    "crossing",
    "gate",
    "screening",
    "fixed",
    "reserve",
    "supervisor",
    "traffic",
    "guard",
    "volunteer",
    "operation",
    "mixed",
)
"""What is done on a post, in the order in which few people are shared out among equal priorities.

`mixed` posts come from a reference figure that does not tell kinds apart.
"""


@dataclass(frozen=True)
class PostNeed:
    """One block of an event's posts: a ring in a phase, cut to at most four hours.

    `district` is the command that the post lies in (`StudyArea.commands`), which staffs it.
    `from_hour` and `to_hour` are hours of the horizon (half open); `required` officers of the
    `role` (`ROLES`): `police` must be sworn, `support` may be auxiliaries or armed police, a
    `supervisor` is one of the leaders of a sworn force and leads the others of the ring in that
    block. `lon`, `lat` in WGS84 degrees. `priority` 1 is filled first; `source` says where the
    head-count comes from. `kind` is one of `POST_KINDS`; `step_id` names the step of a threshold
    ladder that the posts are there for, or is empty. `force_ids` are the only forces that may
    man it; without any, all that may do so by their role. It is manned by whole crews of `crew`.
    """

    post_id: str
    event_id: str
    event_en: str
    event_zh: str
    ring: str
    phase: str
    from_hour: int
    to_hour: int
    district: int
    lon: float
    lat: float
    priority: int
    role: str
    required: int
    source: str
    kind: str = "mixed"
    step_id: str = ""
    force_ids: tuple[str, ...] = ()
    crew: int = 1


@dataclass(frozen=True)
class Requirement:
    """Posts to man and the officers that visits take.

    `visit_officers[command, hour]` are the officers on foot that the visit dose of the
    command's points takes up in that hour.
    """

    posts: tuple[PostNeed, ...]
    visit_officers: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = np.shape(self.visit_officers)
        array = frozen_array(self.visit_officers, np.float64, shape, "visit_officers")
        object.__setattr__(self, "visit_officers", array)
