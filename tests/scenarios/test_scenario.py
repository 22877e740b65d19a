"""Scenario files: base and overrides, paths, digests."""

from datetime import datetime
from pathlib import Path

import pytest

from geodata.faults import BadInput
from scenarios.scenario import load_scenario
from tests.scenarios.town import Town, write_town


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_base_and_one_changed_key(tmp_path: Path) -> None:
    text = 'base = "shanghai-chuxi-2027"\nid = "fewer"\n[force]\nscale = 0.9\n'
    changed = load_scenario(write(tmp_path / "fewer.toml", text)).scenario
    whole = load_scenario("shanghai-chuxi-2027").scenario
    assert changed.id == "fewer"
    assert changed.force.scale == 0.9
    force = changed.force.model_copy(update={"scale": 1.0})
    assert changed.model_copy(update={"id": whole.id, "force": force}) == whole


def test_files_of_a_base_elsewhere_are_found(town: Town, tmp_path: Path) -> None:
    text = 'base = "../../town/tiny.toml"\nseed = 8\n[stations]\nfile = "own.csv"\n'
    loaded = load_scenario(write(tmp_path / "plans" / "a" / "b.toml", text))
    files = loaded.input_files()
    assert loaded.path(loaded.scenario.demand.file or "").samefile(town.folder / "forecast.csv")
    assert files["own.csv"] == tmp_path / "plans" / "a" / "own.csv"
    assert not any(Path(name).is_absolute() for name in files)


def test_the_nearest_of_three_files_wins(town: Town) -> None:
    middle = write(
        town.folder / "middle.toml", 'base = "tiny.toml"\nseed = 8\n[grid]\ncell_m = 500\n'
    )
    top = write(town.folder / "top.toml", 'base = "middle.toml"\nseed = 9\n')
    assert load_scenario(middle).scenario.seed == 8
    found = load_scenario(top).scenario
    assert (found.seed, found.grid.cell_m, found.horizon.hours) == (9, 500.0, 4)


@pytest.mark.parametrize("base", ["a.toml", "../town/a.toml", "b.toml"])
def test_a_circle_of_bases_is_refused(base: str, town: Town) -> None:
    write(town.folder / "b.toml", 'base = "../town/a.toml"\n')
    with pytest.raises(BadInput, match="scenario is its own base"):
        load_scenario(write(town.folder / "a.toml", f'base = "{base}"\n'))


def test_overrides_speak_toml(town: Town) -> None:
    found = town.load(
        "grid.cell_m=500",
        "horizon.start=2027-02-05T21:00:00",
        "patrol.grade_weight=[1,1,1,1]",
        "title_en=Second try",
        "staffing.relax_protected = true",
    ).scenario
    assert found.grid.cell_m == 500.0
    assert found.horizon.start == datetime(2027, 2, 5, 21)
    assert found.patrol.grade_weight == (1.0, 1.0, 1.0, 1.0)
    assert found.title_en == "Second try"
    assert found.staffing.relax_protected is True


def test_every_fault_of_the_file_is_told_at_once(town: Town) -> None:
    with pytest.raises(BadInput) as caught:
        town.load("horizon.hours=0", "grid.cell_m=5", "sea=1", "demand.method=guess")
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 4
    for text in ("horizon.hours", "grid.cell_m", "unknown key sea", "demand.method"):
        assert any(text in fault for fault in told)


def test_the_digest_follows_the_bytes_of_the_inputs(tmp_path: Path) -> None:
    first, second = write_town(tmp_path / "one"), write_town(tmp_path / "two")
    assert first.load().digest() == second.load().digest()
    second.edit("forecast.csv", "fight,0.2", "fight,0.3")
    assert first.load().digest() != second.load().digest()


def test_the_digest_follows_the_settings(town: Town) -> None:
    digests = {town.load(*words).digest() for words in ((), ("seed=8",), ("grid.cell_m=500",))}
    assert len(digests) == 3
    assert town.load().digest() == town.load("grid.cell_m=1000").digest()


def test_the_digest_of_a_base_elsewhere_does_not_follow_the_folder(tmp_path: Path) -> None:
    digests = set()
    for place in ("here", "there"):
        write_town(tmp_path / place / "town")
        path = write(tmp_path / place / "own" / "x.toml", 'base = "../town/tiny.toml"\n')
        digests.add(load_scenario(path).digest())
    assert len(digests) == 1


def test_input_files_are_all_that_is_read(town: Town) -> None:
    names = set(town.load().input_files())
    own = {path.name for path in town.folder.iterdir()} - {"tiny.toml"}
    assert own == {name for name in names if not name.startswith("package:")}
    assert {name.rpartition("/")[2] for name in names - own} == {
        "response_targets.csv",
        "speeds.csv",
        "speed_hours.csv",
        "service_levels.csv",
    }
