"""A town of two districts of nine cells each, as a scenario whose every file is the user's own."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scenarios.scenario import LoadedScenario, load_scenario

CELLS = [f"E{col:04d}N{row:04d}" for row in range(3450, 3453) for col in range(355, 361)]
HOURS = ["20:00", "21:00", "22:00", "23:00"]

SCENARIO = """\
id = "tiny"
title_en = "Tiny town"
title_zh = "小镇"
seed = 7
opening_clock = "21:00"

[area]
crs = "EPSG:32651"
timezone = "Asia/Shanghai"
districts = "districts.geojson"
districts_crs = "EPSG:32651"

[horizon]
start = 2027-02-05T20:00:00
hours = 4

[demand]
method = "file"
file = "forecast.csv"

[incidents]
classes = "classes.csv"
targets = "package:shanghai/response_targets.csv"

[roads]
speeds = "package:shanghai/speeds.csv"
speed_hours = "package:shanghai/speed_hours.csv"

[stations]
method = "file"
file = "stations.csv"
crs = "EPSG:32651"

[force]
method = "file"
types = "types.csv"
unit_types = "units.csv"
headcount = "headcount.csv"

[levels]
table = "package:shanghai/service_levels.csv"

[[levels.windows]]
start = 2027-02-05T20:00:00
end = 2027-02-06T00:00:00
level = "1"

[labour]
shifts = "shifts.csv"

[events]
file = "events.csv"
crs = "EPSG:32651"
local_timezone = "Asia/Shanghai"

[visits]
file = "visits.csv"
crs = "EPSG:32651"

[patrol]
standby_spacing_m = { city = 1000 }
rounds = 2
"""

TABLES = {
    "classes.csv": """\
class_id,name_en,name_zh,grade,officers,units,on_scene_min,unit_type
fight,Fight,打架,1,2,1,30,patrol_car
noise,Noise,噪音,3,1,1,20,patrol_car
""",
    "stations.csv": """\
station_id,name_en,name_zh,kind,lon,lat
S1,West station,西所,station,356500,3451500
S2,East station,东所,station,359500,3451500
""",
    "types.csv": """\
force_id,name_en,name_zh,respond,post,patrol,sworn,pool_from_level
officers,Officers,民警,1,1,1,1,routine
auxiliary,Auxiliaries,辅警,0,1,1,0,routine
""",
    "units.csv": """\
unit_type,name_en,name_zh,force_id,officers,speed_factor,turnout_street_min,turnout_station_min
patrol_car,Patrol car,巡逻车,officers,2,1,1,2.5
""",
    "headcount.csv": """\
station_id,force_id,headcount
S1,officers,30
S1,auxiliary,20
S2,officers,24
""",
    "shifts.csv": """\
shift_id,name_en,name_zh,start_hour,hours,street_share,rest_after_h,team_share
duty_24h,Team duty,值班,8,24,0.5,24,0.25
evening_8h,Evening,晚班,18,8,1,11,1
""",
    "events.csv": """\
event_id,name_en,name_zh,district_id,lon,lat,start,end,peak_from,peak_to,peak_simultaneous,\
staff_reference,recurrence,source
fair,Temple fair,庙会,W,357500,3450500,2027-02-05T20:00,2027-02-06T00:00,2027-02-05T21:00,\
2027-02-05T23:00,2000,30,once,made up for the tests
""",
    "visits.csv": """\
point_id,name_en,name_zh,lon,lat,visit_min,interval_h,from_clock,to_clock
V1,Market,市场,356000,3452000,12,2,20:00,00:00
V2,Station square,站前,360000,3452000,10,4,20:00,00:00
""",
}


def districts(split: int = 358_000, west_edge: int = 358_000) -> str:
    """West from 355 km to `west_edge`, east from `split` to 361 km; both three km deep."""
    features = [
        {
            "type": "Feature",
            "properties": {"district_id": name[0], "name_en": name, "name_zh": chinese},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[x0, 3450e3], [x1, 3450e3], [x1, 3453e3], [x0, 3453e3], [x0, 3450e3]]
                ],
            },
        }
        for name, chinese, x0, x1 in (
            ("West", "西区", 355_000, west_edge),
            ("East", "东区", split, 361_000),
        )
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def forecast() -> str:
    """0.2 fights an hour in every cell, 0.6 noise calls in the six western ones: 28.8 calls."""
    rows = ["cell_id,start,incident_class,expected_incidents"]
    for number, cell in enumerate(CELLS):
        for hour in HOURS:
            rows.append(f"{cell},2027-02-05T{hour}+08:00,fight,0.2")
            if number % 6 < 2:
                rows.append(f"{cell},2027-02-05T{hour}+08:00,noise,0.6")
    return "\n".join(rows) + "\n"


@dataclass(frozen=True)
class Town:
    """The scenario's folder."""

    folder: Path

    @property
    def path(self) -> str:
        return str(self.folder / "tiny.toml")

    def load(self, *overrides: str) -> LoadedScenario:
        return load_scenario(self.path, overrides)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def append(self, name: str, line: str) -> None:
        path = self.folder / name
        path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Finished:
    """Exit code of a command and what it printed."""

    code: int
    out: str
    err: str


Muster = Callable[..., Finished]


def write_town(folder: Path, files: Mapping[str, str] | None = None) -> Town:
    """The tiny scenario in `folder`, with some files replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    every = {
        "tiny.toml": SCENARIO,
        "districts.geojson": districts(),
        "forecast.csv": forecast(),
        **TABLES,
        **(files or {}),
    }
    for name, text in every.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Town(folder)
