"""The door for extracts of dispatch systems: every fault told, or left out and counted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.area import StudyArea
from geodata.cad_file import CadExtract, CadReading, read_cad
from geodata.call_records import UNKNOWN, CallRecords, joined, open_jobs
from geodata.faults import FaultLog
from geodata.grid import Grid

HEADER = "got,dispatched,arrived,cleared,code,lon,lat,beat"
DECLARED = CadExtract(
    columns={"received": "got", "station": "beat"},
    crs="wgs84",
    timezone="Asia/Shanghai",
    class_of_code={"THEFT": "property", "FIGHT": "disorder", "NOISE": "disorder"},
    officer_initiated=frozenset({"STOP"}),
)

Read = Callable[..., tuple[CadReading, FaultLog]]


@pytest.fixture
def read(
    area: StudyArea,
    grid: Grid,
    lonlat: Callable[[float, float], tuple[float, float]],
    write_csv: Callable[[str, str, Sequence[str]], Path],
) -> Read:
    """Reads rows of `received dispatched arrived cleared code [beat [east north]]`, clock times."""

    def reading(
        *rows: str, declared: CadExtract = DECLARED, header: str = HEADER
    ) -> tuple[CadReading, FaultLog]:
        lines = []
        for row in rows:
            words = row.split()
            east, north = (float(word) for word in words[6:8]) if words[6:] else (500.0, 500.0)
            stamps = ["" if word == "-" else f"2027-02-05 {word}" for word in words[:4]]
            beat = words[5] if words[5:] else "B1"
            lon, lat = lonlat(east, north)
            lines.append(",".join([*stamps, words[4], str(lon), str(lat), beat]))
        faults = FaultLog()
        found = read_cad(write_csv("cad.csv", header, lines), declared, area, grid, faults)
        return found, faults

    return reading


def test_rows_become_calls_in_the_order_of_receipt(read: Read) -> None:
    found, faults = read(
        "21:30 21:31 21:36 22:00 FIGHT B2 7500 500",
        "20:05 20:06 20:10 20:30 THEFT B1 500 500",
        "20:40 20:40 - 20:45 NOISE B1 500 3500",
        "20:50 20:50 20:50 21:00 STOP B1",
    )
    assert faults.faults == []
    records = found.records
    assert (found.rows, found.officer_initiated, found.cancelled) == (4, 1, 1)
    assert dict(found.left_out) == {}
    assert records.class_ids == ("property", "disorder")
    assert records.station_ids == ("B1", "B2")
    assert records.kind.tolist() == [0, 1, 1]
    assert records.station.tolist() == [0, 0, 1]
    assert records.cell.tolist() == [0, 24, 7]  # 8 columns, 4 rows
    assert records.clock_hour.tolist() == [20, 20, 21]
    assert records.weekday.tolist() == [4, 4, 4]  # a Friday
    assert records.clock_min == 1.0
    first = datetime(2027, 2, 5, 12, 5, tzinfo=UTC)  # 20:05 in Shanghai
    assert records.received_min[0] == first.timestamp() / 60.0
    assert records.handling_min.tolist() == [1.0, 0.0, 1.0]
    assert records.travel_min[[0, 2]].tolist() == [4.0, 5.0]
    assert records.scene_min[[0, 2]].tolist() == [20.0, 24.0]
    assert np.isnan(records.arrived_min[1])
    assert records.units.tolist() == [1, 1, 1]
    assert records.grade.tolist() == [0, 0, 0]


def test_a_clock_with_seconds_is_seen(read: Read) -> None:
    found, _ = read("20:05:10 20:06:00 20:10:00 20:30:00 THEFT")
    assert found.records.clock_min == pytest.approx(1 / 60)


FAULTY = {
    "dispatched before received": "20:05 20:04 20:10 20:30 THEFT",
    "arrived before dispatched": "20:05 20:07 20:06 20:30 THEFT",
    "cleared before arrived": "20:05 20:06 20:10 20:09 THEFT",
    "unreadable received": "25:05 20:06 20:10 20:30 THEFT",
    "unreadable dispatched": "20:05 - 20:10 20:30 THEFT",
    "unreadable arrived": "20:05 20:06 soon 20:30 THEFT",
    "unreadable cleared": "20:05 20:06 20:10 - THEFT",
    "unknown code": "20:05 20:06 20:10 20:30 ARSON",
    "outside the area": "20:05 20:06 20:10 20:30 THEFT B1 -900 500",
}
SOUND = "20:05 20:06 20:10 20:30 THEFT"


@pytest.mark.parametrize("reason", FAULTY)
def test_a_faulty_row_is_told_with_its_number(read: Read, reason: str) -> None:
    _, faults = read(SOUND, FAULTY[reason])
    assert [fault.row for fault in faults.faults] == [2]
    assert faults.faults[0].file == "cad.csv"


def test_all_faults_are_told_at_once_or_counted_by_reason(read: Read) -> None:
    rows = (SOUND, *FAULTY.values(), FAULTY["unknown code"])
    _, faults = read(*rows)
    assert sorted(fault.row or 0 for fault in faults.faults) == [*range(2, len(rows) + 1)]
    found, faults = read(*rows, declared=replace(DECLARED, leave_out_faulty=True))
    assert faults.faults == []
    assert dict(found.left_out) == {reason: 1 for reason in FAULTY} | {"unknown code": 2}
    assert len(found.records) == 1
    assert found.rows == len(rows)


def test_a_cancelled_call_must_not_be_cleared_before_its_dispatch(read: Read) -> None:
    _, faults = read("20:05 20:06 - 20:05 THEFT")
    assert [fault.problem for fault in faults.faults] == ["cleared before arrived"]


def test_a_job_that_lasts_too_long_is_a_fault(read: Read) -> None:
    row = "20:05 20:06 20:10 23:30 THEFT"
    _, faults = read(row)
    assert faults.faults == []
    _, faults = read(row, declared=replace(DECLARED, longest_job_h=3.0))
    assert "3 h" in faults.faults[0].expected


def test_officers_own_initiative_is_no_fault_and_no_call(read: Read) -> None:
    found, faults = read(SOUND, "20:05 20:01 20:00 19:00 STOP B1 -900 500")
    assert faults.faults == []
    assert (len(found.records), found.officer_initiated) == (1, 1)


def test_no_row_left_is_a_fault_even_when_faulty_ones_are_left_out(read: Read) -> None:
    _, faults = read(FAULTY["unknown code"], declared=replace(DECLARED, leave_out_faulty=True))
    assert [fault.problem for fault in faults.faults] == ["no row is left"]


def test_person_data_an_unknown_crs_and_missing_columns_are_refused(read: Read) -> None:
    _, faults = read(SOUND, header=HEADER.replace("beat", "caller_phone"))
    assert faults.faults[0].value == "caller_phone"
    _, faults = read(SOUND, declared=replace(DECLARED, crs=None))
    assert "no CRS" in faults.faults[0].problem
    _, faults = read(SOUND, header=HEADER.replace("cleared", "closed"))
    assert [fault.value for fault in faults.faults] == ["cleared"]
    _, faults = read()
    assert "no rows" in faults.faults[0].problem


def test_an_hour_that_the_clock_shows_twice_is_refused(read: Read, write_csv, area, grid) -> None:
    row = "2026-11-01 01:30,2026-11-01 01:31,2026-11-01 01:35,2026-11-01 03:00,THEFT,121.4,31.2,B"
    faults = FaultLog()
    declared = replace(DECLARED, timezone="America/Denver")
    read_cad(write_csv("dst.csv", HEADER, [row]), declared, area, grid, faults)
    assert [fault.problem.partition(" ")[0] for fault in faults.faults] == [
        "received",
        "dispatched",
        "arrived",
    ]
    assert all("shown twice" in fault.problem for fault in faults.faults)


def test_grade_and_units_are_read_where_they_are_declared(read: Read) -> None:
    header = HEADER.replace("beat", "cars")
    columns = {"received": "got", "units": "cars"}
    found, faults = read(
        "20:05 20:06 20:10 20:30 THEFT 3", declared=replace(DECLARED, columns=columns),
        header=header,
    )  # fmt: skip
    assert faults.faults == []
    assert found.records.units.tolist() == [3]
    assert found.records.station.tolist() == [UNKNOWN]
    columns = {"received": "got", "grade": "cars"}
    _, faults = read(
        "20:05 20:06 20:10 20:30 THEFT 5", declared=replace(DECLARED, columns=columns),
        header=header,
    )  # fmt: skip
    assert "above 4" in faults.faults[0].problem


def records_of(
    stamps: Sequence[tuple[float, float, float, float]],
    station: Sequence[int],
    ids: tuple[str, ...],
) -> CallRecords:
    """Calls of one class in cell 0 with stamps in the order of receipt."""
    n = len(stamps)
    columns = np.array(stamps, dtype=float).reshape(n, 4).T
    zero = np.zeros(n, dtype=np.int64)
    one = np.ones(n, dtype=np.int64)
    return CallRecords(
        ("any",), ids, 1, 1.0, *columns, zero, zero, np.array(station), zero, one, zero, zero
    )


def test_records_refuse_stamps_that_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        records_of([(0, 2, 1, 5)], [0], ("A",))
    with pytest.raises(ValueError, match="order of receipt"):
        records_of([(5, 6, 7, 8), (0, 1, 2, 3)], [0, 0], ("A",))
    with pytest.raises(ValueError, match=r"station lies outside -1\.\.0"):
        records_of([(0, 1, 2, 3)], [1], ("A",))


def test_joined_records_keep_their_stations() -> None:
    one = records_of([(0, 1, 2, 3), (20, 21, 22, 23)], [0, UNKNOWN], ("B",))
    two = records_of([(10, 11, 12, 13)], [1], ("A", "B"))
    both = joined([one, two])
    assert both.received_min.tolist() == [0, 10, 20]
    assert both.station_ids == ("A", "B")
    assert both.station.tolist() == [1, 1, UNKNOWN]
    with pytest.raises(ValueError, match="same classes"):
        joined([one, replace(two, class_ids=("other",))])


def test_open_jobs_by_hand() -> None:
    stamps = [(0, 0, 5, 30), (10, 10, 15, 20), (25, 25, 26, 40), (30, 30, 35, 36), (31, 31, 32, 33)]
    records = records_of(stamps, [0, 0, 0, 0, 1], ("A", "B"))
    # the first is still open at 10 and 25, over at 30; the second is over at 25
    assert open_jobs(records).tolist() == [0, 1, 1, 1, 0]


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60), st.integers(0, 1)), max_size=12))
def test_open_jobs_are_those_a_count_finds(jobs: list[tuple[int, int, int]]) -> None:
    jobs = sorted(jobs)
    stamps = [(begin, begin, begin, begin + minutes) for begin, minutes, _ in jobs]
    records = records_of(stamps, [station for *_, station in jobs], ("A", "B"))
    counted = [
        sum(
            other < call and jobs[other][2] == jobs[call][2] and stamps[other][3] > stamps[call][1]
            for other in range(len(jobs))
        )
        for call in range(len(jobs))
    ]
    assert open_jobs(records).tolist() == counted
