from dataclasses import replace
from datetime import datetime
from math import isnan
from zoneinfo import ZoneInfo

import pytest

from geodata.event_file import read_events
from geodata.events import EventWindow, occurrences
from geodata.faults import FaultLog

HEADER = (
    "event_id,name_en,name_zh,district_id,lon,lat,start,end,peak_from,peak_to,"
    "peak_simultaneous,staff_reference,recurrence,source,notes"
)
NIGHT = "2027-02-05T18:00,2027-02-06T02:00,2027-02-05T22:00,2027-02-06T00:30"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def window(start: str, end: str, peak_from: str, peak_to: str, recurrence: str) -> EventWindow:
    times = (moment(text) for text in (start, end, peak_from, peak_to))
    return EventWindow("e", "E", "某", "W", 121.5, 31.2, *times, 5000, 100, recurrence, "public")


def test_events_of_the_horizon(area, horizon, write_csv, lonlat) -> None:
    lon, lat = lonlat(2000, 2000)
    path = write_csv(
        "events.csv",
        HEADER,
        [
            f"bell,Bell,撞钟,W,{lon},{lat},{NIGHT},20000,400,once,assumption,wave release",
            f"sky,Fireworks,烟花,,,,{NIGHT},,30000,once,press report,",
            f"far,Later,以后,W,{lon},{lat},{NIGHT.replace('-02-0', '-03-0')},1,1,once,assumption,",
        ],
    )
    faults = FaultLog()
    found = read_events(path, area, horizon, "wgs84", faults, local_timezone="Asia/Shanghai")
    faults.raise_if_any()
    (bell,), (sky,) = found.placed, found.citywide
    assert found.outside_horizon == 1
    assert (bell.event_id, bell.district_id, bell.recurrence) == ("bell", "W", "once")
    assert bell.start == moment("2027-02-05T18:00")
    assert bell.peak_to == moment("2027-02-06T00:30")
    assert (bell.peak_simultaneous, bell.staff_reference) == (20_000, 400)
    assert (bell.lon, bell.lat) == pytest.approx((lon, lat))
    assert isnan(sky.lon)
    assert isnan(sky.lat)
    assert isnan(sky.peak_simultaneous)
    assert sky.district_id == ""


def test_naive_times_are_faults_unless_the_clock_is_named(area, horizon, write_csv, lonlat) -> None:
    lon, lat = lonlat(2000, 2000)
    row = f"bell,Bell,撞钟,W,{lon},{lat},{NIGHT},1,1,once,assumption,"
    path = write_csv("events.csv", HEADER, [row])
    faults = FaultLog()
    read_events(path, area, horizon, "wgs84", faults)
    assert [(fault.row, fault.problem) for fault in faults.faults] == [
        (1, f"{name} has no time zone") for name in ("start", "peak_from", "peak_to", "end")
    ]
    assert faults.faults[0].value == "2027-02-05T18:00"


def test_a_skipped_and_a_repeated_clock_hour_are_faults(area, horizon, write_csv, lonlat) -> None:
    """Berlin: 02:30 does not exist on 28 March 2027 and comes twice on 31 October 2027."""
    lon, lat = lonlat(2000, 2000)
    times = "2027-03-28T02:30,2027-10-31T02:30,2027-03-28T10:00,2027-03-28T11:00"
    row = f"bell,Bell,撞钟,W,{lon},{lat},{times},1,1,once,assumption,"
    path = write_csv("events.csv", HEADER, [row])
    faults = FaultLog()
    read_events(path, area, horizon, "wgs84", faults, local_timezone="Europe/Berlin")
    assert [fault.problem for fault in faults.faults] == [
        "start is skipped by the local clock",
        "end is shown twice by the local clock",
    ]


def test_all_bad_events_are_told_at_once(area, horizon, write_csv, lonlat) -> None:
    inside, far = lonlat(2000, 2000), lonlat(30_000, 2000)
    in_w, away = f"W,{inside[0]},{inside[1]}", f"W,{far[0]},{far[1]}"
    tail = "1,1,once,assumption,"
    daily = "2027-02-05T18:00,2027-02-08T22:00,2027-02-06T10:00,2027-02-06T12:00"
    rows = [
        f"a,A,某,{in_w},2027-02-05T18:00,2027-02-05T02:00,2027-02-05T19:00,2027-02-05T20:00,{tail}",
        f"b,B,某,{in_w},2027-02-05T18:00,2027-02-05T23:00,2027-02-05T17:00,2027-02-05T20:00,{tail}",
        f"c,C,某,{in_w},2027-02-05T18:00,2027-02-05T23:00,2027-02-05T22:00,2027-02-05T20:00,{tail}",
        f"d,D,某,{away},{NIGHT},{tail}",
        f"e,E,某,Z,{inside[0]},{inside[1]},{NIGHT},{tail}",
        f"f,F,某,W,{inside[0]},,{NIGHT},{tail}",
        f"g,G,某,{in_w},{NIGHT},-5,1,once,assumption,",
        f"h,H,某,{in_w},{NIGHT},1,1,weekly,assumption,",
        f"i,I,某,{in_w},{daily},1,1,daily,assumption,",
        f"j,J,某,{in_w},{NIGHT},1,1,once,,",
        f"k,K,某,{in_w},{NIGHT},{tail}",
        f"k,K,某,{in_w},{NIGHT},{tail}",
    ]
    faults = FaultLog()
    path = write_csv("events.csv", HEADER, rows)
    found = read_events(path, area, horizon, "wgs84", faults, local_timezone="Asia/Shanghai")
    assert {(fault.row, fault.problem) for fault in faults.faults} == {
        (1, "the event ends before it starts"),
        (2, "the peak lies outside the event"),
        (3, "the peak ends before it starts"),
        (4, "the event lies more than 500 m outside its district"),
        (5, "district_id is not a district of the area"),
        (6, "only one of lon and lat is given"),
        (7, "peak_simultaneous is not a finite number of at least 0"),
        (8, "recurrence is not one of the recurrences"),
        (9, "the peak lies outside the daily hours"),
        (10, "source is empty"),
        (12, "the event stands in an earlier row"),
    }
    assert [event.event_id for event in found.placed] == ["k"]
    first = next(fault for fault in faults.faults if fault.row == 1)
    assert first.value == "2027-02-05T18:00:00+08:00 to 2027-02-05T02:00:00+08:00"
    assert first.file == "events.csv"


def test_an_event_on_the_quay_may_lie_a_little_outside(area, horizon, write_csv, lonlat) -> None:
    lon, lat = lonlat(2000, -400)
    row = f"quay,Quay,江边,W,{lon},{lat},{NIGHT},1,1,once,assumption,"
    path = write_csv("events.csv", HEADER, [row])
    faults = FaultLog()
    read_events(path, area, horizon, "wgs84", faults, local_timezone="Asia/Shanghai")
    assert not faults.faults
    read_events(
        path,
        area,
        horizon,
        "wgs84",
        faults,
        local_timezone="Asia/Shanghai",
        position_tolerance_m=300,
    )
    assert [fault.row for fault in faults.faults] == [1]


def test_an_evening_event_day_by_day() -> None:
    event = window(
        "2027-02-06T15:00", "2027-02-08T23:00", "2027-02-07T18:00", "2027-02-07T21:30", "daily"
    )
    days = occurrences(event)
    assert [day.start for day in days] == [moment(f"2027-02-0{n}T15:00") for n in (6, 7, 8)]
    assert [day.end for day in days] == [moment(f"2027-02-0{n}T23:00") for n in (6, 7, 8)]
    assert [day.peak_from for day in days] == [moment(f"2027-02-0{n}T18:00") for n in (6, 7, 8)]
    assert {day.recurrence for day in days} == {"once"}


def test_a_night_event_day_by_day() -> None:
    event = window(
        "2027-02-06T20:00", "2027-02-08T02:00", "2027-02-07T01:00", "2027-02-07T01:30", "daily"
    )
    days = occurrences(event)
    assert [(day.start, day.end) for day in days] == [
        (moment("2027-02-06T20:00"), moment("2027-02-07T02:00")),
        (moment("2027-02-07T20:00"), moment("2027-02-08T02:00")),
    ]
    assert [day.peak_from for day in days] == [
        moment("2027-02-07T01:00"),
        moment("2027-02-08T01:00"),
    ]


def test_an_event_that_takes_place_once_is_its_own_occurrence() -> None:
    event = window(
        "2027-02-05T18:00", "2027-02-06T02:00", "2027-02-05T23:00", "2027-02-06T00:30", "once"
    )
    assert occurrences(event) == (event,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": datetime(2027, 2, 5, 18)}, "no time zone"),
        ({"end": moment("2027-02-05T17:00")}, "ends before it starts"),
        ({"peak_to": moment("2027-02-06T03:00")}, "peak leaves the window"),
        ({"recurrence": "weekly"}, "'weekly'"),
        ({"recurrence": "daily", "end": moment("2027-02-06T20:00")}, "outside the daily hours"),
    ],
)
def test_an_event_window_checks_itself(horizon, change, message) -> None:
    event = window(
        "2027-02-05T18:00", "2027-02-06T02:00", "2027-02-05T23:00", "2027-02-06T00:30", "once"
    )
    assert event.touches(horizon)
    with pytest.raises(ValueError, match=message):
        replace(event, **change)
