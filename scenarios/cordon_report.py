"""What came out of `muster cordon`: the table, the record and the text."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimizer.cordon import Cordon
from optimizer.judges.violation import Violation
from optimizer.ring_cordon import LateCheckpoint, RingSearch, RingTrial, Verdict
from scenarios.cordon_scene import Scene, Stop, arc_stops, cells_at_edge
from scenarios.drawable import NOT_VALID
from scenarios.provenance import synthetic_line

HOLDS, NONE_HOLDS = "holds", "none"
LISTED = 3
"""Late or scarce checkpoints that the text names for each ring; the record has all of them."""


@dataclass(frozen=True)
class Answer:
    """A cordon or why there is none.

    Attributes
    ----------
    mode
        `ring` or `exits`.
    status
        `HOLDS`, `NONE_HOLDS` or that of a cordon that breaks a rule.
    stops
        The checkpoints or exits; of a ring that none holds, empty.
    inside
        Cells that a ring closes in, None without one.
    rings
        One entry for each ring tried.
    wider
        Rings that may do with fewer checkpoints, with their least number.
    missing
        Units that would do besides, with the stops that need them.
    """

    mode: str
    status: str
    stops: tuple[Stop, ...]
    violations: tuple[Violation, ...]
    inside: NDArray[np.bool_] | None = None
    rings: tuple[dict[str, Any], ...] = ()
    wider: tuple[dict[str, Any], ...] = ()
    ring_min: float | None = None
    missing: tuple[int, tuple[str, ...]] = (0, ())
    bound_min: float | None = None


@dataclass(frozen=True)
class Origin:
    """Where a unit comes from; empty text where no unit comes."""

    unit_type: str = ""
    unit_en: str = ""
    unit_zh: str = ""
    place_id: str = ""
    place_en: str = ""
    place_zh: str = ""
    lon: float = float("nan")
    lat: float = float("nan")


def origin_of(scene: Scene, stop: Stop) -> Origin:
    """The unit of a stop and the place it stands at."""
    if stop.squad < 0:
        return Origin()
    kind = scene.finished.world.force.unit_types[int(scene.type_of_squad[stop.squad])]
    places, at = scene.situation.patrol_places, int(scene.place_of_squad[stop.squad])
    lon, lat = scene.situation.area.to_lonlat(places.x[at], places.y[at])
    return Origin(
        kind.unit_type,
        kind.name_en,
        kind.name_zh,
        places.place_ids[at],
        places.name_en[at],
        places.name_zh[at],
        float(lon),
        float(lat),
    )


def ring_answer(scene: Scene, search: RingSearch, violations: tuple[Violation, ...]) -> Answer:
    """The smallest ring that holds, and what is missing in the smaller ones."""
    rings = tuple(_ring_entry(scene, trial) for trial in search.trials)
    if search.cordon is None:
        status = NOT_VALID if violations else NONE_HOLDS
        return Answer("ring", status, (), violations, rings=rings)
    points = sorted(search.cordon.checkpoints, key=lambda c: (c.car_min, c.arc))
    arcs = np.array([point.arc for point in points], dtype=np.int64)
    times = [(point.squad, point.manned_min, point.car_min) for point in points]
    return Answer(
        "ring",
        NOT_VALID if violations else HOLDS,
        arc_stops(scene, arcs, times),
        violations,
        inside=search.cordon.inside,
        rings=rings,
        wider=tuple(asdict(ring) for ring in search.wider),
        ring_min=search.cordon.ring_min,
    )


def exits_answer(
    scene: Scene, stops: tuple[Stop, ...], cordon: Cordon, violations: tuple[Violation, ...]
) -> Answer:
    """The exits with their units, or those that cannot all be sealed."""
    status = HOLDS if cordon.sealed else NONE_HOLDS
    critical = tuple(stops[at].stop_id for at in cordon.critical_exits)
    return Answer(
        "exits",
        NOT_VALID if violations else status,
        stops,
        violations,
        missing=(cordon.units_short, () if cordon.sealed else critical),
        bound_min=cordon.bound_min,
    )


def stops_frame(scene: Scene, answer: Answer) -> pd.DataFrame:
    """One row for each checkpoint or exit; minutes count from the alarm."""
    rows = []
    for stop in answer.stops:
        origin, area = origin_of(scene, stop), scene.situation.area
        arrival_min = stop.arrival_min if stop.squad >= 0 else np.nan
        rows.append(
            (
                stop.stop_id,
                stop.kind,
                stop.name_en,
                stop.name_zh,
                round(stop.lon, 6),
                round(stop.lat, 6),
                area.district_ids[stop.district],
                origin.unit_type,
                origin.place_id,
                round(arrival_min, 2),
                round(stop.car_min, 2),
                round(stop.car_min - arrival_min, 2),
            )
        )
    columns = (
        "id kind name_en name_zh lon lat district_id unit_type from_place_id arrival_min car_min "
        "slack_min"
    )
    return pd.DataFrame(rows, columns=columns.split())


def cordon_record(scene: Scene, answer: Answer) -> dict[str, Any]:
    """Plain values of all that is told."""
    request, stops = scene.request, answer.stops
    manned = [stop for stop in stops if stop.squad >= 0]
    return {
        "run": scene.finished.record["digest"],
        "mode": answer.mode,
        "status": answer.status,
        "at": {"lon": round(request.lon, 6), "lat": round(request.lat, 6)},
        "cell_id": scene.situation.grid.cell_ids[request.cell],
        "alarm": request.alarm.isoformat(),
        "alarm_min": request.alarm_min,
        "car_factor": request.car_factor,
        "units_standing": scene.units,
        "ring_min": answer.ring_min,
        "stops": len(stops),
        "last_arrival_min": max((round(s.arrival_min, 4) for s in manned), default=None),
        "least_slack_min": min((round(s.slack_min, 4) for s in manned), default=None),
        "bound_min": answer.bound_min,
        "after_the_car": [stop.stop_id for stop in manned if stop.slack_min < 0.0],
        "units_short": answer.missing[0],
        "short_at": list(answer.missing[1]),
        "cells_inside": None if answer.inside is None else int(answer.inside.sum()),
        "cells_at_edge": _at_edge(scene, answer),
        "rings": list(answer.rings),
        "wider_rings": list(answer.wider),
        "violations": [str(violation) for violation in answer.violations],
    }


def cordon_text(scene: Scene, answer: Answer) -> str:
    """The cordon in words."""
    body = _ring_lines(scene, answer) if answer.mode == "ring" else _exit_lines(scene, answer)
    broken = [f"* {violation}" for violation in answer.violations]
    return "\n".join(
        [
            *_head(scene, answer),
            *body,
            *(["", "## Rules broken", "", *broken] if broken else []),
            *_stops_table(scene, answer),
            *_rings_tried(answer),
            *_rings_beyond(answer),
            *_grounds(scene),
        ]
    )


def _head(scene: Scene, answer: Answer) -> list[str]:
    request, area = scene.request, scene.situation.area
    district = area.districts[int(scene.situation.grid.district[request.cell])]
    title = "Ring of checkpoints" if answer.mode == "ring" else "Exits to be sealed"
    return [
        f"# {title}",
        "",
        f"Alarm at {request.alarm:%Y-%m-%d %H:%M} for {request.lon:.4f}, {request.lat:.4f} in "
        f"{_both(district.name_en, district.name_zh)}. {scene.units:,} units stand in this hour. "
        "All minutes count from the alarm.",
        "",
    ]


def _ring_lines(scene: Scene, answer: Answer) -> list[str]:
    if answer.inside is None:
        if not answer.rings:
            return ["**No ring holds**: no place of the area lies beyond the first ring."]
        return [f"**No ring holds**: {len(answer.rings)} were tried, out to the edge of the area."]
    last = max((stop.arrival_min for stop in answer.stops), default=0.0)
    tight = min(answer.stops, key=lambda stop: stop.slack_min)
    inside, request = int(answer.inside.sum()), scene.request
    edge = _at_edge(scene, answer) or 0
    lines = [
        f"**A ring of {answer.ring_min:g} minutes holds** with {len(answer.stops)} checkpoints. "
        f"The last is manned after {last:.1f} min; the tightest is {tight.stop_id} in "
        f"{_both(tight.name_en, tight.name_zh)}, {tight.slack_min:.1f} min before the car.",
        "",
        f"What is guaranteed: a car that leaves the point {request.alarm_min:g} min before the "
        f"alarm and drives at most {request.car_factor:g} times the quickest speeds of the roads "
        f"stays in {inside:,} cells. It was driven against the checkpoints, each closed from the "
        "minute it is manned on, and reached no cell outside.",
    ]
    if edge:
        lines += [
            "",
            f"**{edge:,} of these cells lie at the edge of the area.** Roads that lead out of the "
            "area there are not known and have no checkpoint.",
        ]
    return lines


def _exit_lines(scene: Scene, answer: Answer) -> list[str]:
    short, names = answer.missing
    if short:
        return [
            f"**The exits cannot all be sealed.** {short:,} more units would do that can reach "
            f"these: {', '.join(names)}."
        ]
    late = [stop for stop in answer.stops if stop.slack_min < 0.0]
    last = max(stop.arrival_min for stop in answer.stops)
    lines = [
        f"**All {len(answer.stops)} exits are sealed after {last:.1f} min**, and no assignment of "
        "these units is complete sooner. The sum of all arrivals is the least of those."
    ]
    if late:
        named = ", ".join(f"{stop.stop_id} ({-stop.slack_min:.1f} min)" for stop in late)
        lines += [
            "",
            f"A car that left the point {scene.request.alarm_min:g} min before the alarm can be "
            f"gone first at {len(late)}: {named}.",
        ]
    return [*lines, "", "Other ways than these exits are not watched."]


def _stops_table(scene: Scene, answer: Answer) -> list[str]:
    if not answer.stops:
        return []
    lines = [
        "",
        "## Who goes where",
        "",
        "| | where | unit | from | arrives, min | car, min | slack, min |",
        "|---|---|---|---|---|---|---|",
    ]
    for stop in answer.stops:
        origin, manned = origin_of(scene, stop), stop.squad >= 0
        cells = (
            stop.stop_id,
            _both(stop.name_en, stop.name_zh),
            _both(origin.unit_en, origin.unit_zh) if manned else "none",
            _both(origin.place_en, origin.place_zh) if manned else "-",
            f"{stop.arrival_min:.1f}" if manned else "-",
            f"{stop.car_min:.1f}",
            f"{stop.slack_min:.1f}" if manned else "-",
        )
        lines.append("| " + " | ".join(_plain(cell) for cell in cells) + " |")
    return lines


def _rings_tried(answer: Answer) -> list[str]:
    smaller = [ring for ring in answer.rings if ring["verdict"] != Verdict.HOLDS.value]
    if not smaller:
        return []
    return ["", "## Rings that do not hold", "", *(f"* {_why(ring)}" for ring in smaller)]


def _rings_beyond(answer: Answer) -> list[str]:
    if not answer.wider:
        return []
    rings = "; ".join(f"{ring['ring_min']:g} min {ring['fewest']:,}" for ring in answer.wider)
    return [
        "",
        "## Wider rings",
        "",
        f"These may do with fewer checkpoints, at least: {rings}. Whether units can man them all "
        "was not tried; ask with `--ring-min`.",
    ]


def _why(ring: dict[str, Any]) -> str:
    named = ", ".join(_at(stop) for stop in ring["stops"][:LISTED])
    more = f" and {len(ring['stops']) - LISTED} more" if len(ring["stops"]) > LISTED else ""
    what = f"{ring['ring_min']:g} min"
    if ring["verdict"] == Verdict.LATE.value:
        return (
            f"{what}: the best {ring['checkpoints']:,} checkpoints have {len(ring['stops']):,} "
            f"that the first unit reaches after the car: {named}{more}."
        )
    proof = "no set of checkpoints can be manned" if ring["proven"] else "none was found"
    return (
        f"{what}: every way out can be met in time, but not each by a unit of its own ({proof}). "
        f"Units short for the best of the sets tried: {ring['units_short']:,} for "
        f"{ring['checkpoints']:,} checkpoints; too few reach {named}{more}."
    )


def _at(stop: dict[str, Any]) -> str:
    place = f"{_both(stop['name_en'], stop['name_zh'])} {stop['lon']:.4f}, {stop['lat']:.4f}"
    if stop["late_min"] is None:
        return place
    late = stop["late_min"]
    return f"{place} ({late:.1f} min late)" if np.isfinite(late) else f"{place} (no unit)"


def _ring_entry(scene: Scene, trial: RingTrial) -> dict[str, Any]:
    late: tuple[LateCheckpoint | None, ...] = trial.late or (None,) * len(trial.critical_arcs)
    arcs = [one.arc for one in trial.late] or list(trial.critical_arcs)
    times = [(-1, one.first_unit_min, one.car_min) if one else (-1, np.inf, np.inf) for one in late]
    stops = arc_stops(scene, np.array(arcs, dtype=np.int64), times)
    return {
        "ring_min": trial.ring_min,
        "verdict": trial.verdict.value,
        "checkpoints": trial.checkpoints,
        "units_short": trial.units_short,
        "proven": trial.proven,
        "stops": [
            {
                "name_en": stop.name_en,
                "name_zh": stop.name_zh,
                "lon": round(stop.lon, 6),
                "lat": round(stop.lat, 6),
                "late_min": None if one is None else round(one.late_min, 4),
            }
            for stop, one in zip(stops, late, strict=True)
        ],
    }


def _grounds(scene: Scene) -> list[str]:
    return [
        "",
        "## What this rests on",
        "",
        "* Units are taken where the plan has them in this hour, all of them free: one that is on "
        "a call or at a visit comes later or not at all.",
        "* Units drive at the speeds of this hour after their turnout, the car at the quickest "
        "speeds of any hour times the factor (assumption), from the middle of the point's cell.",
        "* A checkpoint stops every car from the minute its unit is there. Time to set it up is "
        "asked for by a longer `--alarm-min`.",
        "* A checkpoint is one street of the road graph, which joins neighbouring cells.",
        f"* {synthetic_line(scene.situation.provenance)}.",
    ]


def _at_edge(scene: Scene, answer: Answer) -> int | None:
    return None if answer.inside is None else cells_at_edge(scene.situation, answer.inside)


def _both(name_en: str, name_zh: str) -> str:
    """Both names, or the one there is."""
    return f"{name_en} ({name_zh})" if name_zh and name_zh != name_en else name_en


def _plain(text: str) -> str:
    """Text that stays within its cell of the table."""
    return text.replace("|", "/").replace("\n", " ")
