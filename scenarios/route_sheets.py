"""Routes of a station's patrols as rows of its order sheet."""

from datetime import timedelta
from typing import Any

from optimizer.plan import Visit
from scenarios.order_sheets import OrderBook, clock_text
from scenarios.order_words import Pair

ON_FOOT: Pair = ("On foot", "步巡")


def route_rows(book: OrderBook, station: int) -> list[dict[str, Any]]:
    """Routes that a station sends out, each with its stops in order; empty without routes.

    Times are those of the horizon's clock; a patrol leaves for a point at `leave`, arrives `at`
    and has done there at `end`.
    """
    plan, situation = book.run.plan.visits, book.situation
    stops: dict[int, list[Visit]] = {}
    for visit in book.visits.get(station, ()):
        if visit.route >= 0:
            stops.setdefault(visit.route, []).append(visit)
    return [
        {
            "id": route.route_id,
            "kind": ON_FOOT if route.on_foot else book.units[route.kind],
            "officers": route.officers,
            "place": situation.patrol_places.place_ids[route.place],
            "begins": _clock(book, route.from_min),
            "ends": _clock(book, route.to_min),
            "stops": [_stop(book, number, visit) for number, visit in enumerate(stops[at], 1)],
        }
        for at, route in enumerate(plan.routes)
        if at in stops
    ]


def _stop(book: OrderBook, number: int, visit: Visit) -> dict[str, Any]:
    points = book.situation.visit_points.places
    return {
        "order": number,
        "leave": _clock(book, visit.leave),
        "at": _clock(book, visit.minute),
        "end": _clock(book, visit.end),
        "id": points.place_ids[visit.point],
        "name": (points.name_en[visit.point], points.name_zh[visit.point]),
        "minutes": f"{visit.minutes:g}",
    }


def _clock(book: OrderBook, minute: int) -> str:
    start = book.situation.horizon.start
    return clock_text(start + timedelta(minutes=minute))
