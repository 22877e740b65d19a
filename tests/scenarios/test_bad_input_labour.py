"""Bad levels, shifts, rotations, rest debts and leave end in one message and exit code 2."""

from pathlib import Path

import pytest

from tests.scenarios.test_bad_input import refused
from tests.scenarios.town import Muster, Town

ROTATION = "rotation_id,name_en,name_zh,forces,teams,cycle,first_day\n"
FOUR = "four,Four teams,四班,officers,4,duty_24h;-;-;-,2027-02-05\n"
DEBT = "station_id,force_id,officers,until\n"
LEAVE = "labour.leave=[{start=2027-02-05T20:00:00, end=2027-02-05T23:00:00, share=0.5%s}]"

SETTINGS = {
    "level unknown": (
        "levels.windows=[{start=2027-02-05T20:00:00, end=2027-02-05T22:00:00, level='4'}]",
        ("levels.windows.0.level", "'routine', '3', '2', '1' or '1+'", "(value: '4')"),
    ),
    "level window that ends before it begins": (
        "levels.windows=[{start=2027-02-05T20:00:00, end=2027-02-05T20:00:00, level='1'}]",
        ("window 1 of levels.windows ends before it starts", "Swap the times"),
    ),
    "level in a district that does not exist": (
        "levels.windows=[{start=2027-02-05T20:00:00, end=2027-02-05T22:00:00, level='1', "
        "districts=['W', 'X']}]",
        ("window 1 of levels.windows names districts", "(value: 'X')", "among W, E"),
    ),
    "24-h duty under a 12-h limit": (
        "labour.max_shift_h=12",
        ("shifts.csv, row 1:", "labour.max_shift_h", "'duty_24h: 24 h'", "at most 12", "Shorten"),
    ),
    "start that does not divide the day": (
        "labour.reinforcement={every_h=5, lengths_h=[8]}",
        ("labour.reinforcement.every_h", "1, 2, 3, 4, 6, 8, 12 or 24", "(value: 5)"),
    ),
    "reinforcement of 3 h": (
        "labour.reinforcement={every_h=2, lengths_h=[3]}",
        ("labour.reinforcement.lengths_h.0", "greater than or equal to 4", "(value: 3)"),
    ),
    "length twice": (
        "labour.reinforcement={every_h=12, lengths_h=[8, 8]}",
        ("labour.reinforcement makes shifts", "free_00_8h, free_12_8h", "Remove the repeated"),
    ),
    "leave above the strength": (
        LEAVE.replace("0.5", "1.5") % "",
        ("leave above the strength: the share of leave 1", "(value: 1.5)", "Write 0.5"),
    ),
    "negative leave": (
        LEAVE.replace("0.5", "-0.5") % "",
        ("labour.leave.0.share", "greater than or equal to 0", "(value: -0.5)"),
    ),
    "leave that ends before it begins": (
        LEAVE.replace("T23", "T19") % "",
        ("leave 1 of labour.leave ends before it starts", "Swap the times"),
    ),
    "leave of nobody": (
        LEAVE % ", forces=['dogs']",
        ("leave 1 of labour.leave names types of personnel", "(value: 'dogs')", "officers, auxil"),
    ),
    "leave nowhere": (
        LEAVE % ", districts=['N']",
        ("leave 1 of labour.leave names districts", "(value: 'N')"),
    ),
    "no nights at all": (
        "labour.max_nights_in_row=0",
        ("labour.max_nights_in_row", "greater than or equal to 1"),
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_one_fault_of_the_settings(case: str, town: Town, muster: Muster, tmp_path: Path) -> None:
    override, told = SETTINGS[case]
    one = ("1 fault; nothing was written.", *told)
    refused(muster, tmp_path, "check", town.path, "--set", override, told=one)


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        (
            "rotations",
            ROTATION + FOUR.replace(",4,", ",0,"),
            ("labour.csv, row 1: teams is not a whole number of at least 1", "(value: '0')"),
        ),
        (
            "rotations",
            ROTATION + FOUR.replace("duty_24h;-;-;-", "duty_24h;duty_24h;-;-"),
            (
                "labour.csv, row 1: a shift is longer than its rest allows",
                "24 h needed",
                "Add days",
            ),
        ),
        (
            "rotations",
            ROTATION + FOUR + FOUR.replace("four,", "again,"),
            ("labour.csv, row 2: a force is in two rotations", "(value: 'officers')"),
        ),
        ("rotations", ROTATION, ("labour.csv: the table has no rows",)),
        (
            "rest_debt",
            DEBT + "S1,officers,-4,2027-02-05T22:00\n",
            ("labour.csv, row 1: officers is not a whole number of at least 0", "(value: '-4')"),
        ),
        (
            "rest_debt",
            DEBT + "S2,officers,25,2027-02-05T22:00\n",
            ("labour.csv, row 1: more officers rest", "(value: '25 of 24')"),
        ),
    ],
)
def test_one_fault_of_a_table(
    key: str, text: str, told: tuple[str, ...], town: Town, muster: Muster, tmp_path: Path
) -> None:
    (town.folder / "labour.csv").write_text(text, encoding="utf-8")
    words = ("check", town.path, "--set", f"labour.{key}=labour.csv")
    refused(muster, tmp_path, *words, told=("1 fault; nothing was written.", *told))


def test_a_station_without_head_count(town: Town, muster: Muster, tmp_path: Path) -> None:
    town.edit("headcount.csv", "S2,officers,24\n", "")
    told = (
        "1 fault;",
        "headcount.csv: 1 of 2 stations have no head-count (value: 'S2')",
        "write 0",
    )
    refused(muster, tmp_path, "check", town.path, told=told)


def test_reinforcements_within_the_longest_shift(
    town: Town, muster: Muster, tmp_path: Path
) -> None:
    town.edit("shifts.csv", "duty_24h,Team duty,值班,8,24,0.5,24,0.25\n", "")
    limit = ("--set", "labour.max_shift_h=9")
    free = ("--set", "labour.reinforcement={every_h=2, lengths_h=[8, 10, 12]}")
    told = ("2 faults;", "longer than labour.max_shift_h", "(value: 10)", "(value: 12)")
    refused(muster, tmp_path, "check", town.path, *limit, *free, told=told)


def test_a_precinct_is_named_whole(muster: Muster, tmp_path: Path) -> None:
    """The first district of Portland alone: its precinct staffs many more."""
    window = "{start=2016-09-10T00:00:00, end=2016-09-10T06:00:00, level='2', districts=['%s']}"
    override = f"levels.windows=[{window % '510'}]"
    told = (
        "1 fault;",
        "window 1 of levels.windows names a part of North Precinct",
        "'missing 520, 530, 540, ",
        "Add the missing districts",
    )
    refused(muster, tmp_path, "check", "portland-2016", "--set", override, told=told)


def test_faults_of_all_parts_are_told_at_once(town: Town, muster: Muster, tmp_path: Path) -> None:
    (town.folder / "rota.csv").write_text(ROTATION + FOUR.replace(",4,", ",3,"), encoding="utf-8")
    town.edit("headcount.csv", "S2,officers,24\n", "")
    words = ["--set", "labour.rotations=rota.csv", "--set", LEAVE.replace("0.5", "2") % ""]
    window = "{start=2027-02-05T20:00:00, end=2027-02-05T22:00:00, level='1', districts=['Z']}"
    words += ["--set", f"levels.windows=[{window}]"]
    told = (
        "4 faults; nothing was written.",
        "rota.csv, row 1: the teams do not share the cycle evenly",
        "headcount.csv: 1 of 2 stations",
        "leave above the strength",
        "window 1 of levels.windows names districts",
    )
    refused(muster, tmp_path, "check", town.path, *words, told=told)
