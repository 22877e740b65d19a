"""Reads a city of junctions, straight roads, posts and exits, with its travel times."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from geodata.faults import BadInput, Fault, FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck

UNIT_KM = 0.1
"""One unit of the coordinates."""

KM_PER_H = 60.0
"""The speed that the problem gives to police cars."""

WHOLE = "city"
"""The scope of all districts."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "nodes.csv": ("node", "x", "y", "district", "rate"),
    "roads.csv": ("u", "v"),
    "posts.csv": ("node",),
    "exits.csv": (f"{WHOLE}_exit",),
}
"""The files of a city and the columns that each must have."""

EXIT = "_exit"
"""Ending of the columns of exits; what stands before it is the scope, in small letters."""


@dataclass(frozen=True)
class Part:
    """A district, or the whole city.

    Attributes
    ----------
    minutes
        Travel times between all junctions of the city, `[junction, junction]`.
    junctions, posts, exits
        Numbers (rows of `minutes`) of its junctions, of those with a post, and of its exits.
    cases_per_day
        Cases at each of `junctions`.
    """

    minutes: NDArray[np.float64]
    junctions: NDArray[np.int64]
    posts: NDArray[np.int64]
    exits: NDArray[np.int64]
    cases_per_day: NDArray[np.float64]


@dataclass(frozen=True)
class City:
    """Junctions with travel times over all roads; posts and exits as numbers of junctions.

    `exits` by scope in small letters; `minutes[junction, junction]`, the others `[junction]`.
    """

    minutes: NDArray[np.float64]
    district: NDArray[np.str_]
    cases_per_day: NDArray[np.float64]
    posts: NDArray[np.int64]
    exits: dict[str, NDArray[np.int64]]

    def part(self, scope: str) -> Part:
        """A district with the posts in it; for `city` everything.

        Raises
        ------
        BadInput
            When no post stands in the district.
        """
        inside = (self.district == scope) | (scope == WHOLE)
        posts = self.posts[inside[self.posts]]
        if not len(posts):
            fault = Fault(
                "posts.csv",
                "no post stands in this district",
                expected=", ".join([WHOLE, *np.unique(self.district[self.posts]).tolist()]),
                remedy="Correct the name of the instance or add the posts.",
                value=scope,
            )
            raise BadInput([fault])
        return Part(
            minutes=self.minutes,
            junctions=np.flatnonzero(inside),
            posts=posts,
            exits=self.exits.get(scope.lower(), np.zeros(0, dtype=np.int64)),
            cases_per_day=self.cases_per_day[inside],
        )


def read_city_of(folder: Path, km_per_h: float) -> City:
    """The city of a folder, cars driving at one speed.

    Raises
    ------
    BadInput
        When a file is missing, a table faulty, a junction unknown or cut off from others.
    """
    faults = FaultLog()
    tables = {name: read_table(folder / name, columns, faults) for name, columns in COLUMNS.items()}
    faults.raise_if_any()
    checks = {name: RowCheck(table, faults) for name, table in tables.items() if table is not None}
    nodes = checks["nodes.csv"]
    names = nodes.texts("node")
    nodes.unique(["node"], names, "the junction")
    x, y = nodes.numbers("x"), nodes.numbers("y")
    cases_per_day = nodes.numbers("rate", minimum=0.0)
    district = np.array(nodes.texts("district"))
    number = {name: row for row, name in enumerate(names)}
    from_, to = (_junctions(checks["roads.csv"], end, number) for end in ("u", "v"))
    posts = _junctions(checks["posts.csv"], "node", number)
    listed = checks["exits.csv"]
    exits = {
        str(column).removesuffix(EXIT): _junctions(listed, str(column), number, optional=True)
        for column in listed.table.frame.columns
        if str(column).endswith(EXIT)
    }
    faults.raise_if_any()
    km = np.hypot(x[from_] - x[to], y[from_] - y[to]) * UNIT_KM
    minutes = _travel_minutes(from_, to, km * 60.0 / km_per_h, len(names), faults)
    return City(minutes, district, cases_per_day, posts, exits)


def _junctions(
    check: RowCheck, column: str, number: dict[str, int], *, optional: bool = False
) -> NDArray[np.int64]:
    """Numbers of the junctions named in a column; empty fields are left out if `optional`."""
    names = [name for name in check.texts(column, optional=optional) if name]
    strangers = sorted({name for name in names if name not in number})
    if strangers:
        check.faults.add(
            check.table.file,
            f"column {column} names {len(strangers)} unknown junctions",
            expected="junctions of nodes.csv",
            remedy="Correct the names or add the junctions.",
            value=", ".join(strangers[:3]),
        )
    return np.array([number[name] for name in names if name in number], dtype=np.int64)


def _travel_minutes(
    from_: NDArray[np.int64],
    to: NDArray[np.int64],
    road_min: NDArray[np.float64],
    n_junctions: int,
    faults: FaultLog,
) -> NDArray[np.float64]:
    """Shortest times between all junctions; a road that stands twice counts once."""
    ends = np.sort(np.stack([from_, to]), axis=0)
    _, first = np.unique(ends, axis=1, return_index=True)
    shape = (n_junctions, n_junctions)
    roads = coo_matrix((road_min[first], ends[:, first]), shape=shape).tocsr()
    parts, part = connected_components(roads, directed=False)
    if parts > 1:
        faults.add(
            "roads.csv",
            f"{int((part != part[0]).sum())} junctions are cut off from the first one",
            expected="roads that join all junctions",
            remedy="Add the missing roads.",
        )
    faults.raise_if_any()
    return np.asarray(dijkstra(roads, directed=False), dtype=np.float64)
