"""The map's benchmark at its smallest size, and what it says of targets."""

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from benchmarks.__main__ import main
from benchmarks.chromium import Measured
from benchmarks.map_pages import CASES, Limits, missed


@pytest.mark.browser
def test_our_page_in_the_browser() -> None:
    """In a process of its own: two Playwrights in one thread get in each other's way."""
    if shutil.which("chromium") is None:
        pytest.skip("no chromium on this machine")
    pytest.importorskip("playwright.sync_api")
    command = [sys.executable, "-m", "benchmarks", "map", "--instance", "smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    line = json.loads(done.stdout)
    assert line["instance"] == "smoke"
    assert (line["cells"], line["hours"], line["status"]) == (400, 6, "opened")
    assert 0.1 < line["value"] < 1.0
    assert (line["requests"], line["errors"], line["missed"]) == (0, 0, "")
    assert line["longest_step_ms"] >= line["step_ms"] > 0
    assert line["renderer_mb"] > 20


def test_targets_that_are_missed_are_named() -> None:
    limits = Limits(2.0, 3.0, 2.0, 16.0, 300.0)
    good = Measured(1.9, 15.0, 40.0, 299.0, 0, 0)
    assert missed(limits, 1.9, 2.9, good) == ""
    assert missed(None, 99.0, 99.0, good) == ""
    bad = Measured(2.5, 17.0, 40.0, None, 0, 0)
    assert (
        missed(limits, 2.25, 2.9, bad) == "page_mb 2.25 > 2; ready_s 2.50 > 2; step_ms 17.00 > 16"
    )
    assert missed(limits, 1.0, 4.0, None) == "write_s 4.00 > 3"


def test_the_sizes_are_those_of_the_targets() -> None:
    night, week = CASES["night"], CASES["week"]
    assert night.side_cells**2 == pytest.approx(25_000, rel=0.01)
    assert week.side_cells**2 == pytest.approx(100_000, rel=0.01)
    assert (night.hours, week.hours) == (24, 168)


def test_an_unknown_page_is_refused(capsys: Any) -> None:
    assert main(["map", "--instance", "nowhere"]) == 2
    assert "no page nowhere" in capsys.readouterr().err
