from pathlib import Path

import pytest

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.person_data import person_columns


@pytest.mark.parametrize(
    "column",
    [
        "caller_phone",
        "callerPhone",
        "Phone Number",
        "name",
        "victim_name",
        "full_name",
        "surname",
        "id_card",
        "national_id",
        "caller_id",
        "officer_id",
        "license_plate",
        "PLATE_NO",
        "sex",
        "gender",
        "ethnicity",
        "race",
        "face_photo",
        "birth_date",
        "dob",
        "age",
        "home_address",
        "caller",
        "witnesses_names",
        "suspect_address",
        "narrative",
        "free_text",
        "remarks",
        "call_description",
        "notes",
        "e_mail",
        "姓名",
        "报警人电话",
        "身份证号",
        "车牌",
        "性别",
        "民族",
        "出生日期",
        "家庭住址",
        "备注",
        "简要案情",
    ],
)
def test_columns_about_persons_are_found(column: str) -> None:
    assert person_columns(["cell_id", column]) == [column]


@pytest.mark.parametrize(
    "column",
    [
        "name_en",
        "name_zh",
        "station_name",
        "district_id",
        "cell_id",
        "event_id",
        "case_code",
        "phase",
        "sexton_road",
        "officers",
        "officers_needed",
        "residents",
        "person_crime",
        "patrol",
        "population",
        "coverage",
        "on_scene_min",
        "staff_reference",
        "peak_from",
        "percentage",
        "警情类别",
        "管辖单位",
    ],
)
def test_columns_about_places_and_counts_pass(column: str) -> None:
    assert person_columns([column]) == []


def test_an_allowed_column_passes() -> None:
    assert person_columns(["name", "notes"], allowed=("name",)) == ["notes"]


def test_a_table_with_person_columns_is_not_read_and_all_are_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("date,caller_phone,lon,lat,性别\n2027-02-05,13900000000,121,31,x\n", "utf-8")
    faults = FaultLog()
    assert read_table(path, ("date",), faults) is None
    assert [fault.value for fault in faults.faults] == ["caller_phone", "性别"]
    assert all(fault.file == "calls.csv" and "Remove" in fault.remedy for fault in faults.faults)
    assert "13900000000" not in "".join(str(fault) for fault in faults.faults)
