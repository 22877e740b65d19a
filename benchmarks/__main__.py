"""Run a benchmark family: `python -m benchmarks FAMILY --data FOLDER`."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks import (
    city,
    cumcm2011b,
    event_nights,
    events,
    hypercube,
    loans,
    lscp,
    map_pages,
    map_stock,
    mclp,
    mexclp,
    pmedian,
    police_districting,
    police_simulation,
    queueing,
    rostering,
    simulation,
    south_metro,
    spopt_peer,
    staffing,
    team_orienteering,
    visits,
)
from benchmarks.location import warm_up
from benchmarks.record import Instance, Record, read_instances
from geodata.faults import BadInput

PUBLISHED: dict[str, Callable[[Instance, float], Record | Iterable[Record]]] = {
    "cumcm2011b": cumcm2011b.run,
    "lscp": lscp.run,
    "mclp": mclp.run,
    "mexclp": mexclp.run,
    "orienteering": team_orienteering.run,
    "pmedian": pmedian.run,
    "police_districting": police_districting.run,
    "police_simulation": police_simulation.run,
    "rostering": rostering.run,
    "team_orienteering": team_orienteering.run,
}
"""Families that read a folder of instances."""

IN_FOLDER: dict[str, Callable[[Path, Sequence[str]], Iterable[Record]]] = {
    "hypercube": hypercube.run,
    "queueing": queueing.run,
    "replay": south_metro.run,
}
"""Families whose files hold their known values themselves."""

DRAWN: dict[str, Callable[[Sequence[str]], Iterator[Record]]] = {
    "event_nights": event_nights.run,
    "events": events.run,
    "loans": loans.run,
    "map": map_pages.run,
    "simulation": simulation.run,
    "staffing": staffing.run,
    "visits": visits.run,
}
WITHOUT_DATA = ("city", *DRAWN)
"""Families that draw or ship what they solve."""

DEFAULT_DATA = Path("../shared/benchmarks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON line per instance; return 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        for record in _records(options):
            print(record.to_json(), flush=True)
    except BadInput as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("family", choices=[*sorted([*PUBLISHED, *IN_FOLDER]), *WITHOUT_DATA])
    parser.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        metavar="FOLDER",
        help="folder with known_values.csv, or for queueing and hypercube with the folder queueing "
        f"(default: %(default)s; none for {', '.join(WITHOUT_DATA)})",
    )
    parser.add_argument(
        "--instance",
        nargs="+",
        default=[],
        metavar="NAME",
        help="only these instances; for city a size: "
        + ", ".join(city.SIZES)
        + "; for simulation: "
        + ", ".join(simulation.SIZES)
        + "; for map: "
        + ", ".join([*map_pages.CASES, *map_stock.STOCK])
        + "; for events: "
        + ", ".join(events.INSTANCES)
        + "; for staffing: "
        + ", ".join(staffing.HOURS)
        + "; for visits: "
        + ", ".join(visits.SIZES),
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=60.0,
        metavar="S",
        help="time limit per instance in seconds (default: %(default)g)",
    )
    parser.add_argument(
        "--peer",
        choices=["naive", "spopt"],
        help="solve beside it: city with a plain OR-Tools model, pmedian and mclp with spopt",
    )
    return parser


def _records(options: argparse.Namespace) -> Iterator[Record]:
    if options.family == "city":
        yield from city.run(options.instance, peer=options.peer, seconds=options.seconds)
        return
    if options.family in DRAWN:
        yield from DRAWN[options.family](options.instance)
        return
    if options.peer is not None:
        spopt_peer.check_peer(options.family, options.peer)
    if options.family in IN_FOLDER:
        yield from IN_FOLDER[options.family](options.data, options.instance)
        return
    instances = read_instances(options.data, options.family, options.instance)
    warm_up()
    for instance in instances:
        found = PUBLISHED[options.family](instance, options.seconds)
        yield from [found] if isinstance(found, Record) else found
        if options.peer is not None:
            yield spopt_peer.run(instance, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
