"""Orders: printable sheets, one for each station and event, with an index of them all."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from scenarios.level_spans import level_spans
from scenarios.order_sheets import (
    OrderBook,
    Pair,
    clock_text,
    count_of,
    event_name,
    event_sheet,
    station_sheet,
)
from scenarios.pipeline import Run
from scenarios.provenance import synthetic_line
from scenarios.scenario import LoadedScenario
from scenarios.world import World

LONGEST_SLUG = 80
"""Characters of an id that go into a file name."""


def write_orders(run: Run, folder: Path) -> None:
    """Write the sheets of a run to `folder`: `index.html`, `station-*.html`, `event-*.html`.

    The pages need no other file, run no script and are byte-identical for the same run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in order_pages(run):
        (folder / name).write_text(page, encoding="utf-8", newline="\n")


def order_pages(run: Run) -> Iterator[tuple[str, str]]:
    """File name and HTML text of every sheet, the index first."""
    book, pages = OrderBook(run), sheet_templates()
    stations = file_names("station", run.world.situation.stations.place_ids)
    events = dict(zip(book.needs, file_names("event", book.needs), strict=True))
    shared = {"head": sheet_head(run.loaded, run.world, len(run.violations)), "event_files": events}
    index = _index(book, stations, events)
    yield "index.html", pages.get_template("index.html").render(shared, **index)
    template = pages.get_template("station.html")
    for station, name in enumerate(stations):
        yield name, template.render(shared, **station_sheet(book, station))
    template = pages.get_template("event.html")
    for event_id, name in events.items():
        yield name, template.render(shared, **event_sheet(book, event_id))


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


def sheet_templates() -> Environment:
    """Templates of the sheets; they escape every text that is put in."""
    return Environment(
        loader=PackageLoader("scenarios"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def sheet_head(loaded: LoadedScenario, world: World, broken: int) -> dict[str, Any]:
    """What stands at the top and foot of every sheet of a plan that breaks `broken` rules."""
    scenario, situation = loaded.scenario, world.situation
    horizon, digest = situation.horizon, loaded.digest()
    status = ("Draft, not approved", "草案，未经批准")
    if broken:
        status = (f"Not valid: {broken} rules broken", f"无效：违反规则 {broken} 项")
    return {
        "title": (scenario.title_en, scenario.title_zh),
        "scenario": scenario.id,
        "digest": digest[:12],
        "begins": f"{horizon.start:%Y-%m-%d %H:%M}",
        "ends": f"{horizon.end:%Y-%m-%d %H:%M}",
        "zone": situation.area.timezone,
        "hours": horizon.hours,
        "levels": _level_spans(world),
        "status": status,
        "valid": not broken,
        "made_up": (
            synthetic_line(situation.provenance),
            synthetic_line(situation.provenance, chinese=True),
        ),
    }


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
                "count": count_of(book, book.needs[event_id]),
            }
            for event_id, file in event_files.items()
        ],
    }
