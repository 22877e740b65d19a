"""What a scenario file may say. Unknown keys are refused; every value is checked."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from maps.tiles import TileServer

Crs = Annotated[str, Field(pattern=r"^(wgs84|gcj02|bd09|EPSG:\d+)$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[float, Field(ge=0.0)]
SpacingM = Annotated[float, Field(ge=100.0)]
Tier = Literal["hub", "commercial", "city", "fringe", "rural"]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):\d{2}$")]


class Part(BaseModel):
    """A table of the scenario file; refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(Part):
    """Districts and the metric CRS everything is measured in."""

    crs: Annotated[str, Field(pattern=r"^EPSG:\d+$")]
    timezone: str
    districts: str
    districts_crs: Crs
    attributes: str | None = None
    group_column: str | None = None


class GridPart(Part):
    """Side of the square cells in metres."""

    cell_m: Annotated[float, Field(ge=100.0, le=5000.0)] = 1000.0


class HorizonPart(Part):
    """First hour (local time unless it carries an offset) and number of hours."""

    start: datetime
    hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24


class ContextLayer(Part):
    """Lines or points drawn on the map.

    `label` and `label_en` are the layer's columns with the local and the English names.
    """

    kind: Literal["river", "crossing", "link", "expressway", "metro", "metro_station"]
    file: str
    where: dict[str, str] = {}
    label: str | None = None
    label_en: str | None = None


class PopulationPart(Part):
    """How residents are spread within districts (synthetic).

    `transit` is a layer of points, `centres` a table with lon, lat and weight.
    """

    transit: str | None = None
    centres: str | None = None
    centres_crs: Crs | None = None


class ZonesPart(Part):
    """Thresholds of the zone tiers; hub sites come from a table with lon, lat."""

    hub_sites: str | None = None
    hub_sites_crs: Crs | None = None
    hub_kinds: tuple[str, ...] = ()
    hub_radius_m: float = 600.0
    commercial_stops: Annotated[int, Field(ge=1)] = 3
    city_per_km2: float = 6000.0
    fringe_per_km2: float = 1500.0


class DemandPart(Part):
    """Where the forecast comes from.

    `season` multiplies district totals by the calendar, `recorded_calls` learns rates from
    calls, `file` reads the user's own forecast. `scale` multiplies the result.
    """

    method: Literal["season", "recorded_calls", "file"]
    scale: Annotated[float, Field(gt=0.0, le=20.0)] = 1.0
    calendar: str | None = None
    profile: str | None = None
    profile_column: str | None = None
    file: str | None = None
    crs: Crs | None = None
    calls: str | None = None
    calls_crs: Crs | None = None
    case_classes: str | None = None
    officer_initiated: str | None = None
    train_from: date | None = None
    train_to: date | None = None


class IncidentsPart(Part):
    """Incident classes and their response targets by grade and zone."""

    classes: str
    targets: str


class RoadsPart(Part):
    """The synthetic lattice: speeds by road and profile, profile by hour."""

    method: Literal["lattice"] = "lattice"
    speeds: str
    speed_hours: str
    speed_day: str = "working_day"
    barrier_kinds: tuple[str, ...] = ()


class StationsPart(Part):
    """Stations: a file, or synthetic ones by the districts' counts."""

    method: Literal["synthetic", "file"]
    file: str | None = None
    crs: Crs | None = None


class ForcePart(Part):
    """The force: types, units, and head-counts by home (file or spread over the homes)."""

    types: str
    unit_types: str
    method: Literal["spread", "file"] = "spread"
    headcount: str | None = None
    scale: Annotated[float, Field(ge=0.0, le=10.0)] = 1.0
    mutual_aid: str | None = None
    mutual_aid_crs: Crs | None = None


class LevelWindowPart(Part):
    """A service level over a window of local time, in some districts or in all."""

    start: datetime
    end: datetime
    level: Literal["routine", "3", "2", "1", "1+"]
    districts: tuple[str, ...] = ()


class LevelsPart(Part):
    """The table of service levels and the windows in which they are ordered."""

    table: str
    windows: tuple[LevelWindowPart, ...] = ()


class ReinforcementPart(Part):
    """Shifts with a free start: each length from every `every_h` hours after midnight on."""

    every_h: Literal[1, 2, 3, 4, 6, 8, 12, 24]
    lengths_h: tuple[Annotated[int, Field(ge=4, le=12)], ...]
    rest_after_h: Annotated[float, Field(ge=0.0, le=48.0)] = 11.0
    handover_min: Annotated[float, Field(ge=0.0, le=120.0)] = 0.0


class LeavePart(Part):
    """A share of every team at home over a window of local time, by force and district."""

    start: datetime
    end: datetime
    share: Weight
    forces: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()


class LabourPart(Part):
    """Shifts, rotations, time off and labour rules."""

    shifts: str
    reinforcement: ReinforcementPart | None = None
    rotations: str | None = None
    rest_debt: str | None = None
    leave: tuple[LeavePart, ...] = ()
    min_rest_h: Annotated[float, Field(ge=0.0, le=48.0)] = 11.0
    max_shift_h: Annotated[float, Field(ge=1.0, le=24.0)] = 24.0
    max_week_h: Annotated[float, Field(gt=0.0, le=168.0)] = 48.0
    max_nights_in_row: Annotated[int, Field(ge=1, le=14)] = 4
    max_days_in_row: Annotated[int, Field(ge=1, le=14)] = 6
    min_presence: Annotated[int, Field(ge=0)] = 2
    max_overtime_h: Annotated[float, Field(ge=0.0, le=120.0)] = 12.0
    post_relief_h: Annotated[int, Field(ge=0, le=8)] = 1


class EventsPart(Part):
    """The events table and how its reference staff is turned into posts.

    `police_share` and `support_share` of the reference staff are asked of the force; the rest
    are the organiser's guards and volunteers. `off_peak_day_share` scales the days of a
    recurring event other than its peak day. One supervisor leads up to `supervisor_span` of
    those on a ring's posts, and is one of them.

    With `sites`, `passages`, `crowds`, `ladders` and `site_posts` the events that name a site
    and a crowd get posts computed from it: for the `staffed_quantile` of `crowd_draws` drawn
    crowds, on place `post_lead_min` before the crowd. `crowd_scale` multiplies all crowds.
    """

    file: str | None = None
    crs: Crs | None = None
    local_timezone: str | None = None
    police_share: Share = 0.55
    support_share: Share = 0.25
    off_peak_day_share: Share = 0.5
    supervisor_span: Annotated[int, Field(ge=1)] = 10
    sites: str | None = None
    sites_crs: Crs | None = None
    passages: str | None = None
    crowds: str | None = None
    curves: str | None = None
    closures: str | None = None
    ladders: str | None = None
    site_posts: str | None = None
    crowd_scale: Annotated[float, Field(gt=0.0, le=10.0)] = 1.0
    crowd_draws: Annotated[int, Field(ge=10, le=10_000)] = 200
    staffed_quantile: Annotated[float, Field(ge=0.5, le=0.99)] = 0.9
    post_lead_min: Annotated[float, Field(ge=0.0, le=240.0)] = 30.0


class OperationsPart(Part):
    """The table of planned operations: inspections and escorts."""

    file: str | None = None
    crs: Crs | None = None
    local_timezone: str | None = None


class ReservePart(Part):
    """The table of reserves, and how many of the largest events they are near.

    `released_as` names the type of unit that they would be if they answered calls; the report
    then says what holding them costs the calls.
    """

    file: str | None = None
    local_timezone: str | None = None
    top_sites: Annotated[int, Field(ge=1, le=50)] = 10
    released_as: str | None = None


class DronesPart(Part):
    """Drones that clear calls alone: bases, zones closed to them and the wind by hour.

    `observation` is the table of places that drones watch.
    """

    file: str | None = None
    crs: Crs | None = None
    local_timezone: str | None = None
    no_fly: str | None = None
    wind: str | None = None
    observation: str | None = None


class VisitsPart(Part):
    """The tables of must-visit points and lines, and who visits them.

    `method`: visits one by one from the `nearest` station, or on `routes` of patrols, on `foot`
    or by the types of unit that `kinds` names. `walk_min` is the way to a visit that the officers
    on foot are counted with.
    """

    method: Literal["nearest", "routes"] = "nearest"
    kinds: tuple[str, ...] = ("foot",)
    file: str | None = None
    lines: str | None = None
    crs: Crs | None = None
    walk_min: Annotated[float, Field(ge=0.0)] = 10.0


class FloorsPart(Part):
    """Coverage that areas are to reach in every hour, by what each missing call counts.

    `district` holds for every district, `zones` for the cells of a tier; `price` is in weighted
    call-minutes for each call beyond its target that the floor asks for.
    """

    district: Share | None = None
    zones: dict[Tier, Share] = {}
    price: Weight = 20.0


class PatrolPart(Part):
    """Patrol allocation: minutes, weights, places, and what a planner asks of it.

    `limits` names the table of minima, maxima and pins; `pool` says whose units may stand at a
    place, `cross_pool_share` how many of them may cross over.
    """

    cutoff_min: Annotated[float, Field(ge=5.0, le=60.0)] = 20.0
    closing_min: Annotated[float, Field(ge=0.0, le=60.0)] = 7.0
    grade_weight: tuple[Weight, Weight, Weight, Weight] = (4.0, 2.0, 1.0, 0.5)
    rounds: Annotated[int, Field(ge=1, le=10)] = 3
    standby_spacing_m: Annotated[dict[Tier, SpacingM], Field(min_length=1)]
    limits: str | None = None
    pool: Literal["district", "station"] = "district"
    cross_pool_share: Share = 0.0
    floors: FloorsPart = FloorsPart()
    backup_weight: Share = 0.0
    min_stay_h: Annotated[int, Field(ge=1, le=24)] = 1
    move_min: Annotated[float, Field(ge=0.0, le=60.0)] = 0.0
    max_minutes_per_resident: Annotated[float, Field(gt=0.0)] | None = None


class StaffingPart(Part):
    """Limits of staffing, loans and floors as shares of the district's force, and its rounds.

    In each of the `rounds` staffing and patrol are solved once; from the second on staffing
    values units at the busy shares that patrol ended with. The best round is the plan. A loan
    is of a shift that begins `loan_notice_h` or more after the horizon's start, over a way of at
    most `loan_max_min` minutes, of one of the `loan_lenders` nearest unless posts ask for much
    (assumptions); loans that the table `loans` names are agreed.
    """

    rounds: Annotated[int, Field(ge=1, le=10)] = 2
    donor_max_share: Share = 0.15
    donor_floor: Share = 0.7
    loan_notice_h: Annotated[float, Field(ge=0.0, le=168.0)] = 2.0
    loan_max_min: Annotated[float, Field(ge=0.0, le=600.0)] = 90.0
    loan_lenders: Annotated[int, Field(ge=1, le=1000)] = 5
    loans: str | None = None
    relax_protected: bool = False


def tile_address(url: str) -> str:
    """Return the address of tiles, or raise `ValueError` with all that is wrong with it."""
    return TileServer(url).url


class MapPart(Part):
    """How the map is drawn; `tiles_url` is a tile server of the user's own network."""

    tiles_url: Annotated[str, AfterValidator(tile_address)] | None = None


class SimulationPart(Part):
    """How a plan is simulated (assumptions unless fitted to records).

    `handling_min` from receipt until a call can be dispatched; the `_cv` are coefficients of
    variation of handling, scene and travel times. `crossing` says whose units may answer a call.
    `visits`: made by foot patrols of their own (`reserved`), or by patrol units between calls
    that leave for a call (`preemptible`) or finish first (`held`), begun within
    `visit_window_min`. Posts in `release_rings` may be sent to calls.
    """

    replications: Annotated[int, Field(ge=0, le=10_000)] = 20
    warm_up_h: Annotated[int, Field(ge=0, le=24)] = 2
    handling_min: Weight = 1.0
    handling_cv: Annotated[float, Field(ge=0.0, le=5.0)] = 0.5
    scene_cv: Annotated[float, Field(ge=0.0, le=5.0)] = 0.5
    travel_cv: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    crossing: Literal["quickest", "own_first", "own_only"] = "quickest"
    returning: bool = True
    visits: Literal["reserved", "preemptible", "held"] = "reserved"
    visit_window_min: Annotated[float, Field(ge=0.0, le=1440.0)] = 30.0
    release_rings: tuple[Literal["core", "control", "outer"], ...] = ()


class Scenario(Part):
    """One scenario: everything a run needs to know."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title_en: str
    title_zh: str
    seed: int = 0
    opening_clock: Clock = "20:00"
    area: Area
    grid: GridPart = GridPart()
    horizon: HorizonPart
    context: tuple[ContextLayer, ...] = ()
    population: PopulationPart = PopulationPart()
    zones: ZonesPart = ZonesPart()
    demand: DemandPart
    incidents: IncidentsPart
    roads: RoadsPart
    stations: StationsPart
    force: ForcePart
    levels: LevelsPart
    labour: LabourPart
    events: EventsPart = EventsPart()
    operations: OperationsPart = OperationsPart()
    reserve: ReservePart = ReservePart()
    drones: DronesPart = DronesPart()
    visits: VisitsPart = VisitsPart()
    patrol: PatrolPart
    staffing: StaffingPart = StaffingPart()
    simulation: SimulationPart = SimulationPart()
    map: MapPart = MapPart()
