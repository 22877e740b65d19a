"""Must-visit lines: read, joined to the points, and every fault of a table told."""

from pathlib import Path

import numpy as np
import pytest

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.grid import Grid
from geodata.places import VisitPoints, joined_points
from geodata.visit_line_file import read_visit_lines

HEAD = "line_id,order,name_en,name_zh,lon,lat,visit_min,interval_h,from_clock,to_clock\n"
LINES = """\
L2,1,River walk,滨江,355500,3450500,20,2,20:00,00:00
L1,2,Night street,夜市街,350500,3451500,,4,18:00,02:00
L2,2,River walk,滨江,356500,3450500,20,2,20:00,00:00
L1,1,Night street,夜市街,350500,3450500,,4,18:00,02:00
L1,3,Night street,夜市街,351500,3451500,,4,18:00,02:00
"""


def read(folder: Path, text: str, area: StudyArea, grid: Grid) -> tuple[VisitPoints, list[str]]:
    path, log = folder / "lines.csv", FaultLog()
    path.write_text(HEAD + text, encoding="utf-8")
    return read_visit_lines(path, area, grid, "EPSG:32651", log), [str(f) for f in log.faults]


def test_lines_by_hand(tmp_path: Path, area: StudyArea, grid: Grid) -> None:
    """L1 runs 1 km north and 1 km east: 2 km at 3 km/h are 40 min. L2 says 20 min."""
    lines, faults = read(tmp_path, LINES, area, grid)
    assert faults == []
    assert lines.places.place_ids == ("L2", "L1")
    assert lines.visit_min.tolist() == [20, 40]
    assert lines.interval_h.tolist() == [2, 4]
    assert (lines.from_clock.tolist(), lines.to_clock.tolist()) == ([20, 18], [0, 2])
    assert np.allclose(lines.places.x, [355_500, 350_500], atol=0.01)
    assert np.allclose(lines.end.x, [356_500, 351_500], atol=0.01)
    assert np.allclose(lines.end.y, [3_450_500, 3_451_500], atol=0.01)
    assert [grid.cell_ids[cell] for cell in lines.end.cell] == ["E0356N3450", "E0351N3451"]
    assert lines.places.district.tolist() == [1, 0]


def test_some_of_the_points_and_points_joined(tmp_path: Path, area: StudyArea, grid: Grid) -> None:
    lines, _ = read(tmp_path, LINES, area, grid)
    second = lines.only(np.array([1]))
    assert second.places.place_ids == ("L1",)
    assert np.allclose(second.end.x, [351_500], atol=0.01)
    both = joined_points(second, lines.only(np.array([0])))
    assert both.places.place_ids == ("L1", "L2")
    assert both.visit_min.tolist() == [40, 20]
    plain = VisitPoints(lines.places, [5, 5], [1, 1], [0, 0], [0, 0])
    assert plain.end.x.tolist() == lines.places.x.tolist()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("L2,2,River walk", "L2,1,River walk", "lines.csv, row 3: the point stands in an earlier"),
        ("L2,2,River", "L3,2,River", "lines.csv, row 3: the line has no length (value: 'L3')"),
        ("L2,2,River walk", "L2,2,River", "row 3: name_en differs from that of the line's first"),
        ("356500,3450500,20,", "356500,3450500,25,", "row 3: visit_min differs from that"),
        ("356500,3450500", "356500,3459500", "row 3: the point lies outside the study area"),
        ("L1,3", "L1,x", "row 5: order is not a whole number of at least 0 (value: 'x')"),
        ("L2,1,", ",1,", "row 1: line_id is empty"),
        ("355500,3450500,20", "355500,3450500,0", "visit_min is not a finite number of at least 1"),
        ("20,2,20:00,00:00\nL1,2", "20,2,20:15,00:00\nL1,2", "from_clock is not a full clock hour"),
    ],
)
def test_every_fault_is_told(
    tmp_path: Path, area: StudyArea, grid: Grid, old: str, new: str, told: str
) -> None:
    assert old in LINES
    _, faults = read(tmp_path, LINES.replace(old, new, 1), area, grid)
    assert any(told in fault for fault in faults), faults


def test_a_table_without_a_column_and_without_a_crs(
    tmp_path: Path, area: StudyArea, grid: Grid
) -> None:
    path, log = tmp_path / "lines.csv", FaultLog()
    path.write_text("line_id,lon\nL1,3\n", encoding="utf-8")
    assert len(read_visit_lines(path, area, grid, None, log).places) == 0
    assert len(log.faults) >= 2
