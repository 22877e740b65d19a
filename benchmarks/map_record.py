"""A line of the map's benchmark."""

from dataclasses import dataclass

from benchmarks.chromium import Measured
from benchmarks.record import Record, peak_mb

SEED = 1


@dataclass(frozen=True)
class MapRecord(Record):
    """A line of this family: the value is the page's size in megabytes.

    `build_s` seconds to draw and write the page (`build_cpu_s` of the processor alone, on a busy
    machine the better figure), `solve_s` those until it is ready in the browser (0 where it was
    not opened or not ready in time). `missed` names the targets that were missed.
    """

    build_cpu_s: float
    cells: int
    hours: int
    step_ms: float | None
    longest_step_ms: float | None
    renderer_mb: float | None
    requests: int | None
    errors: int | None
    missed: str


def record(
    name: str,
    params: str,
    size: tuple[int, int],
    written: tuple[float, float, float],
    found: Measured | None,
    missed: str = "",
) -> MapRecord:
    """A line of output; `size` in cells and hours, `written` megabytes, seconds, those of CPU."""
    return MapRecord(
        family="map",
        instance=name,
        params=params,
        value=round(written[0], 3),
        bound=None,
        known=None,
        status=status_of(found),
        build_s=round(written[1], 2),
        solve_s=0.0 if found is None or found.ready_s is None else found.ready_s,
        peak_mb=peak_mb(),
        build_cpu_s=round(written[2], 2),
        cells=size[0],
        hours=size[1],
        step_ms=None if found is None else found.step_ms,
        longest_step_ms=None if found is None else found.longest_step_ms,
        renderer_mb=None if found is None else found.renderer_mb,
        requests=None if found is None else found.requests,
        errors=None if found is None else found.errors,
        missed=missed,
    )


def status_of(found: Measured | None) -> str:
    """Whether the page was only written, opened, or opened in vain."""
    if found is None:
        return "written"
    return "not ready in time" if found.ready_s is None else "opened"
