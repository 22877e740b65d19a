"""Orders: printable sheets for stations and events, an index of them, and one workbook."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from geodata.situation import Situation
from scenarios.drawable import Drawable
from scenarios.level_spans import level_spans
from scenarios.order_events import event_sheet, posts_by_sender
from scenarios.order_insets import Ground, station_inset
from scenarios.order_posts import count_of
from scenarios.order_sheets import OrderBook, clock_text, event_name, station_sheet
from scenarios.order_words import STATUSES, Pair
from scenarios.order_workbook import orders_workbook
from scenarios.provenance import data_status, synthetic_line
from scenarios.route_sheets import route_rows
from scenarios.scenario import LoadedScenario
from scenarios.world import World

WORKBOOK = "orders.xlsx"
"""File name of the workbook."""

LONGEST_SLUG = 80
"""Characters of an id that go into a file name."""


def write_orders(run: Drawable, folder: Path, status: str = "draft") -> None:
    """Write the sheets of a run to `folder`, and `orders.xlsx` with the same rows.

    The pages are `index.html`, `station-*.html` and `event-*.html`; they need no other file and
    run no script. All files are byte-identical for the same run and `status` (`STATUSES`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    book = OrderBook(run)
    head = sheet_head(run.loaded, run.world, len(run.violations), status)
    for name, page in order_pages(book, head):
        (folder / name).write_text(page, encoding="utf-8", newline="\n")
    (folder / WORKBOOK).write_bytes(orders_workbook(book, head))


def order_pages(book: OrderBook, head: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """File name and HTML text of every sheet under a head (`sheet_head`), the index first."""
    pages, ground = sheet_templates(), Ground(book)
    stations = file_names("station", book.situation.stations.place_ids)
    events = dict(zip(book.needs, file_names("event", book.needs), strict=True))
    shared = {"head": head, "event_files": events, "workbook": WORKBOOK}
    index = _index(book, stations, events)
    yield "index.html", pages.get_template("index.html").render(shared, **index)
    template, sent = pages.get_template("station.html"), posts_by_sender(book)
    for station, name in enumerate(stations):
        sheet = station_sheet(book, station) | {"routes": route_rows(book, station)}
        inset = station_inset(book, ground, station)
        posts = sent.get(sheet["command_index"], [])
        yield name, template.render(shared, **sheet, inset=inset, posts=posts)
    template = pages.get_template("event.html")
    for event_id, name in events.items():
        yield name, template.render(shared, **event_sheet(book, ground, event_id))


def file_names(prefix: str, ids: Iterable[str]) -> tuple[str, ...]:
    """One HTML file name for each id, in order (see `safe_names`)."""
    return tuple(f"{prefix}-{name}.html" for name in safe_names(ids))


def safe_names(ids: Iterable[str]) -> tuple[str, ...]:
    """One name for each id that may stand in a file name: safe characters only, none twice.

    Letters, digits, `_` and `-` stay, others become `_`. Names that would differ in nothing but
    upper and lower case count as the same, as they are on some disks; the later one is numbered.
    """
    taken: set[str] = set()
    names = []
    for text in ids:
        slug = re.sub(r"[^A-Za-z0-9_-]", "_", text)[:LONGEST_SLUG]
        name, number = slug, 1
        while name.lower() in taken:
            number += 1
            name = f"{slug}-{number}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


@cache
def sheet_templates() -> Environment:
    """Templates of the sheets; they escape every text that is put in."""
    pages = Environment(
        loader=PackageLoader("scenarios"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters["css_text"] = css_text
    return pages


def css_text(text: str) -> str:
    """A text as a string of a style sheet: all but plain letters and digits by their numbers."""
    plain = re.compile(r"[^A-Za-z0-9]")
    return '"' + plain.sub(lambda found: f"\\{ord(found[0]):06x}", text) + '"'


def sheet_head(
    loaded: LoadedScenario, world: World, broken: int, status: str = "draft"
) -> dict[str, Any]:
    """What stands at the top and foot of every sheet of a plan that breaks `broken` rules.

    `status` is one of `STATUSES`; a plan that breaks a rule has none of them.
    """
    scenario, situation = loaded.scenario, world.situation
    horizon, digest = situation.horizon, loaded.digest()
    told = STATUSES[status]
    if broken:
        told = (f"Not valid: {broken} rules broken", f"无效：违反规则 {broken} 项")
    return {
        "title": (scenario.title_en, scenario.title_zh),
        "scenario": scenario.id,
        "digest": digest[:12],
        "begins": f"{horizon.start:%Y-%m-%d %H:%M}",
        "ends": f"{horizon.end:%Y-%m-%d %H:%M}",
        "zone": situation.area.timezone,
        "hours": horizon.hours,
        "levels": _level_spans(world),
        "status": told,
        "valid": not broken,
        "foot": f"{told[0]} {told[1]} · {scenario.id} {digest[:12]} · {_made_up(situation)}",
        "made_up": (
            synthetic_line(situation.provenance),
            synthetic_line(situation.provenance, chinese=True),
        ),
    }


def _made_up(situation: Situation) -> str:
    """A few words on the data, for the foot of every page."""
    real = data_status(situation.provenance) == "real"
    return "real data 真实数据" if real else "partly synthetic data 部分为模拟数据"


def _level_spans(world: World) -> list[tuple[str, Pair]]:
    """Start of each service level and its names."""
    situation = world.situation
    names = {level: (one.name_en, one.name_zh) for level, one in world.levels.items()}
    return [
        (clock_text(situation.horizon.at(hour)), told)
        for hour, told in level_spans(world.in_force, situation.area, names)
    ]


def _index(
    book: OrderBook, station_files: tuple[str, ...], event_files: dict[str, str]
) -> dict[str, Any]:
    area, stations = book.situation.area, book.situation.stations
    districts: list[list[dict[str, Any]]] = [[] for _ in area.districts]
    for station, file in enumerate(station_files):
        districts[int(stations.district[station])].append(
            {
                "file": file,
                "id": stations.place_ids[station],
                "name": (stations.name_en[station], stations.name_zh[station]),
                "on_duty": int(book.on_duty[station].max()),
                "units": int(book.units_out[station].max()),
                "visits": len(book.visits.get(station, ())),
            }
        )
    return {
        "districts": [
            ((district.name_en, district.name_zh), rows)
            for district, rows in zip(area.districts, districts, strict=True)
            if rows
        ],
        "events": [
            {
                "file": file,
                "name": event_name(book, event_id),
                "command": book.commands[book.needs[event_id][0].district],
                "begins": book.clock(min(need.from_hour for need in book.needs[event_id])),
                "ends": book.clock(max(need.to_hour for need in book.needs[event_id])),
                "count": count_of(book, book.needs[event_id]),
            }
            for event_id, file in event_files.items()
        ],
    }
