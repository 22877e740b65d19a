"""A page measured in Chromium, without a network: how soon it is ready, its steps, its memory."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class Measured:
    """What a browser says of a page.

    `ready_s` seconds from asking for the file until it is ready, None where that takes longer
    than `TIMEOUT_MS`; `step_ms` and `longest_step_ms`
    the median and the longest script of an hour step, None where the page has none;
    `renderer_mb` resident memory of the page's process after all steps; `requests` besides the
    file itself; `errors` that the page throws.
    """

    ready_s: float | None
    step_ms: float | None
    longest_step_ms: float | None
    renderer_mb: float | None
    requests: int
    errors: int


@contextmanager
def chromium() -> Iterator[Any | None]:
    """The system's Chromium, headless; None without it or without Playwright."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def measured(
    browser: Any,
    file: Path,
    ready: str,
    *,
    steps: str | None = None,
    served: Callable[[Any], None] | None = None,
) -> Measured:
    """Open a file and measure it.

    `ready` is a script that is true once the page is; `steps` one that returns the milliseconds
    of each hour step. `served` answers the page's requests, which else fail.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(lambda url: not url.startswith("file:"), served or (lambda route: route.abort()))
    started = perf_counter()
    page.goto(file.as_uri(), wait_until="commit")
    ready_s = round(perf_counter() - started, 2) if is_ready(page, ready) else None
    times = sorted(page.evaluate(steps)) if steps and ready_s is not None else []
    found = Measured(
        ready_s,
        round(times[len(times) // 2], 2) if times else None,
        round(times[-1], 2) if times else None,
        renderer_mb(browser),
        len(asked) - 1,
        len(errors),
    )
    context.close()
    return found


def is_ready(page: Any, ready: str) -> bool:
    """Wait until a page is ready; False when it takes too long."""
    from playwright.sync_api import TimeoutError as TookTooLong

    try:
        page.wait_for_function(ready, timeout=TIMEOUT_MS)
    except TookTooLong:
        return False
    return True


def renderer_mb(browser: Any) -> float | None:
    """Resident memory of the largest page process, megabytes; None where /proc is missing."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    found = [
        resident_mb(Path(f"/proc/{process['id']}/status"))
        for process in processes
        if process["type"] == "renderer"
    ]
    known = [size for size in found if size is not None]
    return max(known, default=None)


def resident_mb(status: Path) -> float | None:
    """Resident memory that a process's status file tells, megabytes."""
    if not status.is_file():
        return None
    for line in status.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return None
