"""The tiny town, the command line in this process and the worlds that are shipped."""

import sys
from pathlib import Path

import pytest

from scenarios.cli import main
from scenarios.progress import Progress
from scenarios.scenario import load_scenario
from scenarios.world import World, build_world
from tests.scenarios.town import Finished, Muster, Town, write_town
from tests.scenarios.two_runs import TwoRuns, plan_two


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """The tiny scenario in its own folder `town`."""
    return write_town(tmp_path / "town")


@pytest.fixture
def muster(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Muster:
    """Runs the command line in this process."""

    def run(*words: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["muster", *words])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        assert isinstance(code, int)
        return Finished(code, *capsys.readouterr())

    return run


@pytest.fixture
def quiet() -> Progress:
    """Progress that prints nothing."""
    return Progress(quiet=True)


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> TwoRuns:
    """Two finished runs of the town, the second with fewer people; not to be changed."""
    return plan_two(tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="session")
def shanghai() -> World:
    """World of the shipped Shanghai scenario."""
    return build_world(load_scenario("shanghai-chuxi-2027"))


@pytest.fixture(scope="session")
def portland() -> World:
    """The world of the shipped Portland scenario."""
    return build_world(load_scenario("portland-2016"))
