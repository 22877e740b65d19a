"""What stands on the sheet of an event: posts by phase and ring, steps, senders, ways in."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from geodata.crowd_density import CLASSES as DENSITY
from geodata.crowd_density import crowd_class
from optimizer.crowd_forecast import StepForecast
from optimizer.judges.loan_times import loan_times
from optimizer.published_nights import busiest, quarter_start
from optimizer.requirement import ROLES, PostNeed
from optimizer.threshold_ladder import Step
from scenarios.event_report import access_frame, event_staff_frame, window_of
from scenarios.event_sites import SiteEvent
from scenarios.order_insets import Ground, day_zones, event_inset
from scenarios.order_posts import PostRow, count_of, days_of, post_key, post_rows
from scenarios.order_sheets import OrderBook, clock_text, event_name, hour_parts
from scenarios.order_words import CLASSES, Pair, phase_words, ring_words

HOURS_ACROSS = 24
"""Hours side by side in a table as wide as A3."""


def event_sheet(book: OrderBook, ground: Ground, event_id: str) -> dict[str, Any]:
    """Content of an event's sheet."""
    needs, days = book.needs[event_id], days_of(book, event_id)
    rows = post_rows(book, event_id)
    sites = dict.fromkeys((need.district, need.lon, need.lat) for need in needs)
    return {
        "id": event_id,
        "name": event_name(book, event_id),
        "sites": [(book.commands[c], f"{lon:.5f}", f"{lat:.5f}") for c, lon, lat in sites],
        "commands": [book.commands[c] for c in dict.fromkeys(need.district for need in needs)],
        "inset": event_inset(book, ground, event_id),
        "has_site": bool(days),
        "crowds": [_crowd(one) for one in days],
        "zones": [zone for one in days[:1] for zone in _zone_rows(one)],
        "steps": step_rows(book, event_id),
        "ways": [row for one in days for row in _ways_in(book, one)],
        "totals": _totals(book, needs),
        "total": [count_of(book, group) for group in _by_role(needs)],
        "roles": [(role, _role_words(role)) for role in ROLES],
        "by_hour": _by_hour(book, needs),
        "senders": sender_rows(book, event_id),
        "loans": _loans(book, needs),
        "organiser": _organiser(days, rows),
        "unsworn": [book.forces[force_id] for force_id in book.unsworn],
        "posts": list(post_key(book, event_id).values()),
        "blocks": _blocks(rows),
        "sources": list(dict.fromkeys(need.source for need in needs)),
    }


def _role_words(role: str) -> Pair:
    return {
        "supervisor": ("Supervisors", "带班领导"),
        "police": ("Police", "民警"),
        "support": ("Support", "辅助力量"),
    }[role]


def _blocks(rows: Sequence[PostRow]) -> list[dict[str, Any]]:
    """Rows under a heading for each phase and span of hours."""
    blocks: dict[tuple[Pair, str, str], list[PostRow]] = {}
    for row in rows:
        blocks.setdefault((row.phase, row.begins, row.ends), []).append(row)
    return [
        {"phase": phase, "begins": begins, "ends": ends, "rows": own}
        for (phase, begins, ends), own in blocks.items()
    ]


def _by_role(needs: Sequence[PostNeed]) -> list[list[PostNeed]]:
    """Posts of each role, then all of them."""
    return [*([need for need in needs if need.role == role] for role in ROLES), list(needs)]


def _totals(book: OrderBook, needs: Sequence[PostNeed]) -> list[dict[str, Any]]:
    """One row for each phase and ring, in the order of time: counts by role and in all."""
    return [
        {
            "phase": phase_words(group[0].phase),
            "ring": ring_words(group[0].ring),
            "begins": book.clock(min(need.from_hour for need in group)),
            "ends": book.clock(max(need.to_hour for need in group)),
            "counts": [count_of(book, part) for part in _by_role(group)],
        }
        for group in _unbroken(needs)
    ]


def _unbroken(needs: Sequence[PostNeed]) -> list[list[PostNeed]]:
    """Posts of one phase and ring over hours without a gap, by their first hour."""
    found: list[list[PostNeed]] = []
    last: dict[tuple[str, str], list[PostNeed]] = {}
    for need in sorted(needs, key=lambda need: need.from_hour):
        group = last.get((need.phase, need.ring))
        if group is None or max(other.to_hour for other in group) < need.from_hour:
            group = last[need.phase, need.ring] = []
            found.append(group)
        group.append(need)
    return found


def _by_hour(book: OrderBook, needs: Sequence[PostNeed]) -> list[dict[str, Any]]:
    """People asked for, there and missing in each hour by ring, over the hours with posts."""
    first, last = min(n.from_hour for n in needs), max(n.to_hour for n in needs)
    rings = list(dict.fromkeys(need.ring for need in needs))
    counts = np.zeros((len(rings), 2, last), dtype=np.int64)
    for need in needs:
        span = slice(need.from_hour, need.to_hour)
        counts[rings.index(need.ring), 0, span] += need.required
        counts[rings.index(need.ring), 1, span] += book.have[need.post_id]
    parts = []
    for part in hour_parts(last - first, HOURS_ACROSS):
        span = slice(first + part.start, first + part.stop)
        rows = [
            (ring_words(ring), counts[n, 0, span].tolist(), counts[n, 1, span].tolist())
            for n, ring in enumerate(rings)
        ]
        both = counts[:, :, span].sum(axis=0).tolist()
        starts = book.situation.horizon.starts[span]
        parts.append(
            {
                "begins": clock_text(starts[0]),
                "ends": book.clock(first + part.stop),
                "hours": [f"{moment:%H}" for moment in starts],
                "blank": HOURS_ACROSS - len(part) if last - first > HOURS_ACROSS else 0,
                "rows": [*rows, (("All rings", "合计"), *both)],
            }
        )
    return parts


def _crowd(one: SiteEvent) -> dict[str, Any]:
    """Crowd of a day: the median one, the one that is staffed for, and its density."""
    (row,) = event_staff_frame([one]).to_dict("records")
    return {
        "date": f"{one.event.start:%m-%d}",
        "median": f"{row['crowd_median']:,}",
        "staffed": f"{row['crowd_staffed']:,}",
        "per_m2": f"{row['most_per_m2']:.1f}",
        "class": CLASSES[row["density_class"]],
    }


def _zone_rows(one: SiteEvent) -> list[dict[str, Any]]:
    """Zones of a day by the letters of the map, with their rings and densities."""
    return [
        {
            "ring": ring_words(zone.ring),
            "per_m2": f"{per_m2:.1f}",
            "class": CLASSES[DENSITY[int(crowd_class(per_m2))]],
        }
        for zone, (_, per_m2) in zip(one.forecast.site.zones, day_zones(one), strict=True)
    ]


def step_rows(book: OrderBook, event_id: str) -> list[dict[str, Any]]:
    """Steps of the ladders: when each is expected and who must be on place before it."""
    return [
        _step_row(book, one, told) for one in days_of(book, event_id) for told in one.forecast.steps
    ]


def _step_row(book: OrderBook, one: SiteEvent, told: StepForecast) -> dict[str, Any]:
    step = next(
        step
        for ladder in one.ladders
        for step in ladder.steps
        if (ladder.site.site_id, step.step_id) == (told.site_id, told.step_id)
    )
    usual = quarter_start(one.forecast, told.median_crowd)
    of_day = {need.post_id for need in one.posts.needs if need.step_id == told.step_id}
    own = [need for need in book.needs[one.event.event_id] if need.post_id in of_day]
    return {
        "date": f"{one.event.start:%m-%d}",
        "name": (step.name_en, step.name_zh),
        "at": _threshold(one, step),
        "expected": "" if usual is None else clock_text(usual),
        "share": f"{told.reached_share:.0%}",
        "between": [_clock(one, quarter) for quarter in (told.p10, told.p90)],
        "staffed": window_of(one, told.step_id) is not None,
        "from": book.clock(min(need.from_hour for need in own)) if own else "",
        "until": book.clock(max(need.to_hour for need in own)) if own else "",
        "count": count_of(book, own) if own else None,
    }


def _threshold(one: SiteEvent, step: Step) -> Pair:
    """What a step watches, and where."""
    names = {zone.zone_id: (zone.name_en, zone.name_zh) for zone in one.forecast.site.zones}
    zones = [names[zone_id] for zone_id in step.zone_ids]
    where = (", ".join(z[0] for z in zones) or "site", "、".join(z[1] for z in zones) or "全场")
    if step.measure == "people":
        return f"{step.at:,.0f} people, {where[0]}", f"{where[1]} {step.at:,.0f} 人"
    return f"{step.at:g} per m², {where[0]}", f"{where[1]} {step.at:g} 人/m²"


def _clock(one: SiteEvent, quarter: float) -> str:
    moment = None if np.isnan(quarter) else quarter_start(one.forecast, int(quarter))
    return "" if moment is None else f"{moment:%H:%M}"


def _ways_in(book: OrderBook, one: SiteEvent) -> list[dict[str, Any]]:
    """Ways of help to the densest zone, with the minutes through the crowd."""
    site = one.forecast.site
    zones = {zone.zone_id: (zone.name_en, zone.name_zh) for zone in site.zones}
    chinese = {zone.name_en: zone.name_zh for zone in site.zones}
    chinese |= {way.name_en: way.name_zh for way in site.passages}
    edge: Pair = ("edge of the core", "核心区边缘")
    return [
        {
            "reserve": bool(row["reserve"]),
            "ring": ring_words(row["from_ring"]),
            "where": (row["where"], chinese[row["where"]]) if row["where"] in chinese else edge,
            "to": zones[row["target_zone"]],
            "metres": row["metres"],
            "minutes": f"{row['minutes_least']:.0f}–{row['minutes_most']:.0f}",
        }
        for row in access_frame([one], book.situation.area).to_dict("records")
    ]


def sender_rows(book: OrderBook, event_id: str) -> list[dict[str, Any]]:
    """Who sends people: by command and force, from when to when, most people at one time."""
    hours = book.situation.horizon.hours
    found: dict[tuple[int, str], np.ndarray] = {}
    for need in book.needs[event_id]:
        for fill in book.fills.get(need.post_id, ()):
            at = found.setdefault((fill.from_district, fill.force_id), np.zeros(hours, np.int64))
            at[need.from_hour : need.to_hour] += fill.officers
    forces = list(book.forces)
    return [
        {
            "sender": command,
            "command": book.commands[command],
            "force": book.forces[force_id],
            "begins": book.clock(int(np.flatnonzero(people)[0])),
            "ends": book.clock(int(np.flatnonzero(people)[-1]) + 1),
            "most": int(people.max()),
            "hours": int(people.sum()),
        }
        for (command, force_id), people in sorted(
            found.items(), key=lambda item: (item[0][0], forces.index(item[0][1]))
        )
        if people.any()
    ]


def posts_by_sender(book: OrderBook) -> dict[int, list[dict[str, Any]]]:
    """Rows of `sender_rows` by the command that sends, each with its event."""
    found: dict[int, list[dict[str, Any]]] = {}
    for event_id in book.needs:
        for row in sender_rows(book, event_id):
            told = {**row, "event": event_id, "name": event_name(book, event_id)}
            found.setdefault(row["sender"], []).append(told)
    return found


def _loans(book: OrderBook, needs: Sequence[PostNeed]) -> list[dict[str, Any]]:
    """Who lends to the command of the event: most people there at one time while it has posts."""
    first, last = min(n.from_hour for n in needs), max(n.to_hour for n in needs)
    problem = book.run.problem
    found: dict[int, np.ndarray] = {}
    minutes: dict[int, float] = {}
    for command in dict.fromkeys(need.district for need in needs):
        for loan in book.borrowed[command]:
            times = loan_times(problem, loan)
            there = times.on_street(book.situation.horizon.hours)[first:last]
            lent = found.setdefault(loan.from_district, np.zeros(last - first, dtype=np.int64))
            lent += loan.officers * there
            minutes[loan.from_district] = max(times.there_min, minutes.get(loan.from_district, 0.0))
    return [
        {
            "command": book.commands[command],
            "begins": book.clock(first + int(np.flatnonzero(lent)[0])),
            "ends": book.clock(first + int(np.flatnonzero(lent)[-1]) + 1),
            "most": int(lent.max()),
            "minutes": math.ceil(minutes[command]),
        }
        for command, lent in sorted(found.items())
        if lent.any()
    ]


def _organiser(days: Sequence[SiteEvent], rows: Sequence[PostRow]) -> list[dict[str, Any]]:
    """People whom the site needs of its organiser by kind, at most at one time; then those there.

    The plan asks for them and sends none of them; `have` is known for all kinds together.
    """
    asked = [row for row in rows if row.count is None]
    kinds = dict.fromkeys(row.role for row in asked)
    found: list[dict[str, Any]] = [
        {"kind": kind, "required": busiest(row.need for row in asked if row.role == kind)}
        for kind in kinds
    ]
    if found:
        have = max((round(one.crowd.organiser_staff) for one in days), default=0)
        total = busiest(row.need for row in asked)
        found.append(
            {"kind": ("All of the organiser", "主办方合计"), "required": total, "have": have}
        )
    return found
