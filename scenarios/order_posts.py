"""The table of posts (布警表): numbered posts, who mans them, who leads and who relieves them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geodata.sites import OUTSIDE, RINGS, Passage, Site
from optimizer.crowd_load import passage_rings
from optimizer.head_counts import ORGANISER
from optimizer.requirement import POST_KINDS, PostNeed
from scenarios.event_sites import SiteEvent
from scenarios.order_sheets import OrderBook
from scenarios.order_words import (
    POSTED_AT,
    TASKS,
    Pair,
    joined,
    kind_words,
    phase_words,
    post_words,
    ring_words,
)


class Post(NamedTuple):
    """Those who stand there by turns are one post with one number; `lon`, `lat` in WGS84."""

    ring: str
    kind: str
    step_id: str
    lon: float
    lat: float


NOBODY: Pair = ("–", "")


@dataclass(frozen=True)
class PostCount:
    """People asked for, assigned and missing: `required` is always `have` and `need` together."""

    required: int
    have: int

    @property
    def need(self) -> int:
        """People missing."""
        return self.required - self.have


@dataclass(frozen=True)
class PostFilling:
    """Officers of one force that one command sends to a block of posts.

    `homeward` of them go home after it.
    """

    force: Pair
    command: Pair
    officers: int
    homeward: int


@dataclass(frozen=True)
class PostRow:
    """One row of the table: a block of at most four hours on one post.

    `number` counts rows, `post` is the number on the map. `unsworn` are people by the forces of
    `OrderBook.unsworn`. `count` is None for people of the organiser, whom the plan asks for but
    does not send: `guards` and `volunteers`. `relief` is the time at which the same post is
    taken over, empty when nobody follows.
    """

    number: int
    post: int
    need: PostNeed
    phase: Pair
    ring: Pair
    name: Pair
    role: Pair
    begins: str
    ends: str
    count: PostCount | None
    fillings: tuple[PostFilling, ...]
    leader: Pair
    police: int
    unsworn: tuple[int, ...]
    guards: int
    volunteers: int
    relief: str
    task: Pair
    reinforcement: Pair
    remarks: Pair


def count_of(book: OrderBook, needs: Iterable[PostNeed]) -> PostCount:
    """People of some post blocks at one time.

    Counted in the hour in which most are missing; where none are, in the busiest hour.
    """
    required = np.zeros(book.situation.horizon.hours, dtype=np.int64)
    have = np.zeros_like(required)
    for need in needs:
        required[need.from_hour : need.to_hour] += need.required
        have[need.from_hour : need.to_hour] += book.have[need.post_id]
    hour = int(np.lexsort((-required, have - required))[0])
    return PostCount(int(required[hour]), int(have[hour]))


def days_of(book: OrderBook, event_id: str) -> tuple[SiteEvent, ...]:
    """Days of an event whose posts were computed from a crowd; none for other events."""
    return tuple(one for one in book.run.world.site_events if one.event.event_id == event_id)


def numbered_posts(book: OrderBook, event_id: str) -> dict[Post, int]:
    """Posts of an event with their numbers from 1: by ring, then kind, step and position."""
    rings = {ring: number for number, ring in enumerate(RINGS)}
    kinds = {kind: number for number, kind in enumerate(POST_KINDS)}
    found = {_post(need): None for need in _all_needs(book, event_id)}
    ordered = sorted(
        found,
        key=lambda post: (
            rings.get(post.ring, len(rings)),
            kinds.get(post.kind, len(kinds)),
            post,
        ),
    )
    return {post: number for number, post in enumerate(ordered, start=1)}


def _post(need: PostNeed) -> Post:
    return Post(need.ring, need.kind, need.step_id, need.lon, need.lat)


def _all_needs(book: OrderBook, event_id: str) -> list[PostNeed]:
    """Blocks of the force, then those of the organiser."""
    asked = [need for one in days_of(book, event_id) for need in one.posts.organiser]
    return [*book.needs[event_id], *asked]


def passages_of(site: Site, post: Post) -> list[int]:
    """Passages of a site at which a post stands, by their numbers."""
    ring, kind = post.ring, post.kind
    if kind not in POSTED_AT:
        return []
    rings = passage_rings(site)
    own = [n for n, p in enumerate(site.passages) if p.kind in POSTED_AT[kind]]
    if kind == "screening":
        own = [n for n in own if _lets_in(site.passages[n])]
    return [n for n in own if rings[n] == ring] or own


def _lets_in(way: Passage) -> bool:
    return way.outer_zone == OUTSIDE and way.direction in ("in", "both")


@dataclass(frozen=True)
class NumberedPost:
    """A post in the key of the map: what it is, where it stands, the step it is there for."""

    number: int
    name: Pair
    places: tuple[Pair, ...]
    step: Pair | None


def post_key(book: OrderBook, event_id: str) -> dict[Post, NumberedPost]:
    """Posts of an event in the order of their numbers; with positions where they differ."""
    days, posts = days_of(book, event_id), numbered_posts(book, event_id)
    steps = step_names(days)
    apart = len({(post.lon, post.lat) for post in posts}) > 1
    found = {}
    for post, number in posts.items():
        places = _places(days, post)
        name = _name(post.kind, post.ring, len(places))
        if apart:
            places = (*places, (f"{post.lon:.5f}, {post.lat:.5f}", ""))
        found[post] = NumberedPost(number, name, places, steps.get(post.step_id))
    return found


def _places(days: Sequence[SiteEvent], post: Post) -> tuple[Pair, ...]:
    """Names of the passages that a post stands at; none for those in zones."""
    if not days:
        return ()
    site = days[0].forecast.site
    ways = [site.passages[number] for number in passages_of(site, post)]
    return tuple((way.name_en, way.name_zh) for way in ways)


def _name(kind: str, ring: str, places: int) -> Pair:
    what, where = kind_words(kind), ring_words(ring)
    many = (f", {places} places", f"（{places}处）") if places > 1 else ("", "")
    return f"{what[0]}, {where[0]}{many[0]}", f"{where[1]}{what[1]}{many[1]}"


def step_names(days: Iterable[SiteEvent]) -> dict[str, Pair]:
    """Names of the steps of an event's ladders by their ids."""
    return {
        step.step_id: (step.name_en, step.name_zh)
        for one in days
        for ladder in one.ladders
        for step in ladder.steps
    }


def post_rows(book: OrderBook, event_id: str) -> tuple[PostRow, ...]:
    """Rows of an event in the order of time, those of its organiser last in each block."""
    posts, key = numbered_posts(book, event_id), post_key(book, event_id)
    needs = sorted(
        _all_needs(book, event_id),
        key=lambda need: (need.from_hour, -need.to_hour, need.phase, need.role == ORGANISER),
    )
    starts = {(_post(need), need.role, need.from_hour) for need in needs}
    rows = []
    for number, need in enumerate(needs, start=1):
        post = _post(need)
        followed = (post, need.role, need.to_hour) in starts
        fillings = _fillings(book, need)
        sworn, unsworn = _people(book, need)
        own = need.role != ORGANISER
        rows.append(
            PostRow(
                number,
                posts[post],
                need,
                phase_words(need.phase),
                ring_words(need.ring),
                key[post].name,
                post_words(need.kind, need.role),
                book.clock(need.from_hour),
                book.clock(need.to_hour),
                PostCount(need.required, book.have[need.post_id]) if own else None,
                fillings,
                _leader(need, needs, posts),
                sworn,
                unsworn,
                need.required if need.kind == "guard" else 0,
                need.required if need.kind == "volunteer" else 0,
                book.time_of_day(need.to_hour) if followed else "",
                TASKS[need.kind],
                _reinforcement(need, posts),
                _remarks(need, fillings, key[post].step),
            )
        )
    return tuple(rows)


def _fillings(book: OrderBook, need: PostNeed) -> tuple[PostFilling, ...]:
    return tuple(
        PostFilling(
            book.forces[fill.force_id],
            book.commands[fill.from_district],
            fill.officers,
            fill.homeward,
        )
        for fill in book.fills.get(need.post_id, ())
    )


def _people(book: OrderBook, need: PostNeed) -> tuple[int, tuple[int, ...]]:
    """Sworn people on a block of posts, and the others by their force."""
    own = book.fills.get(need.post_id, ())
    unsworn = tuple(
        sum(fill.officers for fill in own if fill.force_id == force_id) for force_id in book.unsworn
    )
    return sum(fill.officers for fill in own) - sum(unsworn), unsworn


def _leader(need: PostNeed, needs: Sequence[PostNeed], posts: dict[Post, int]) -> Pair:
    """Post of the supervisor who leads a block; a supervisor answers to the command post."""
    wanted = "command" if need.role == "supervisor" and need.kind != "command" else None
    for other in needs:
        shares_time = other.from_hour < need.to_hour and need.from_hour < other.to_hour
        if wanted is None:
            leads = other.role == "supervisor" and other.ring == need.ring
        else:
            leads = other.kind == wanted and other.role == "supervisor"
        if leads and shares_time and other is not need:
            number = posts[_post(other)]
            return f"supervisor, post {number}", f"带班领导，点位 {number}"
    return NOBODY


def _reinforcement(need: PostNeed, posts: dict[Post, int]) -> Pair:
    """The reserve of the ring, or else of another one: it stands inside the crowd already."""
    reserves = {post.ring: n for post, n in posts.items() if post.kind == "reserve"}
    if need.kind == "reserve" or not reserves:
        return NOBODY
    number = reserves.get(need.ring, next(iter(reserves.values())))
    return f"reserve, post {number}", f"机动力量，点位 {number}"


def _remarks(need: PostNeed, fillings: Sequence[PostFilling], step: Pair | None) -> Pair:
    """The step that a post is there for, and who goes home instead of being relieved."""
    parts: list[Pair] = [(f"for: {step[0]}", f"措施：{step[1]}")] if step else []
    home = sum(filling.homeward for filling in fillings)
    if home:
        parts.append((f"{home} go home after it", f"{home} 人下岗返回"))
    if need.role == ORGANISER:
        parts.append(("the organiser's people", "主办方人员"))
    return joined(parts) if parts else ("", "")
