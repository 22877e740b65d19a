"""What of a scenario is real, synthetic or assumed, said on every output."""

from geodata.situation import Provenance
from scenarios.schema import Scenario

_REAL, _SYNTHETIC, _ASSUMPTION = "real", "synthetic", "assumption"


def provenance_of(scenario: Scenario) -> tuple[Provenance, ...]:
    """One line for each part of the situation, in the order of the flow."""
    return (
        Provenance("Districts", "行政区划", _REAL, scenario.area.districts),
        *_people(scenario),
        _demand(scenario),
        _stations(scenario),
        Provenance(
            "Roads and travel times",
            "道路与行车时间",
            _SYNTHETIC,
            "lattice of the grid with assumed zone speeds by hour"
            + ("; real bridges and tunnels" if scenario.roads.barrier_kinds else "; no barriers"),
        ),
        Provenance("Standby points", "屯警点", _SYNTHETIC, "one per square of each zone tier"),
        _force(scenario),
        *_crowds(scenario),
        *_reserve(scenario),
        *_drones(scenario),
        Provenance(
            "Response targets, speeds, shifts, units",
            "到场时限、车速、班次与警组",
            _ASSUMPTION,
            "tables of the scenario, each row with its evidence",
        ),
    )


def synthetic_line(provenance: tuple[Provenance, ...], *, chinese: bool = False) -> str:
    """Names of the parts that are not real, for a label on an output."""
    made_up = [p for p in provenance if p.status != _REAL]
    names = [p.item_zh if chinese else p.item_en.lower() for p in made_up]
    if chinese:
        return "模拟或假设数据：" + "、".join(names)
    return "Synthetic or assumed: " + ", ".join(names)


def data_status(provenance: tuple[Provenance, ...]) -> str:
    """One word for a table's column: whether what it holds rests on made-up parts."""
    return "partly synthetic" if any(p.status == _SYNTHETIC for p in provenance) else "real"


def _people(scenario: Scenario) -> tuple[Provenance, ...]:
    if scenario.area.attributes is None:
        return ()
    return (
        Provenance("Residents by district", "分区人口", _REAL, scenario.area.attributes),
        Provenance(
            "Residents within districts",
            "区内人口分布",
            _SYNTHETIC,
            f"kernels around transit stops and towns, seed {scenario.seed}",
        ),
    )


def _demand(scenario: Scenario) -> Provenance:
    demand = scenario.demand
    if demand.method == "recorded_calls":
        source = f"rates learnt from {demand.calls}; hours of the day by an assumed profile"
        return Provenance("Calls", "警情", _REAL, source)
    if demand.method == "file":
        return Provenance("Calls", "警情", _REAL, f"forecast given in {demand.file}")
    source = "assumed district totals, class mix, profile and calendar"
    return Provenance("Calls", "警情", _SYNTHETIC, source)


def _stations(scenario: Scenario) -> Provenance:
    if scenario.stations.method == "file":
        return Provenance("Stations", "派出所", _REAL, str(scenario.stations.file))
    return Provenance(
        "Stations",
        "派出所",
        _SYNTHETIC,
        f"assumed counts per district, placed by residents, seed {scenario.seed}",
    )


def _crowds(scenario: Scenario) -> tuple[Provenance, ...]:
    part = scenario.events
    if part.sites is None:
        return ()
    source = f"{part.crowds} and {part.site_posts}, each row with its source"
    return (Provenance("Crowds and posts at event sites", "活动客流与岗位", _ASSUMPTION, source),)


def _reserve(scenario: Scenario) -> tuple[Provenance, ...]:
    if scenario.reserve.file is None:
        return ()
    source = f"{scenario.reserve.file}: units, minutes and hours, each row with its source"
    return (Provenance("Strength of the reserve", "机动力量规模", _ASSUMPTION, source),)


def _drones(scenario: Scenario) -> tuple[Provenance, ...]:
    file = scenario.drones.file
    if file is None:
        return ()
    source = f"{file}: range, turnaround and the share of calls that a drone clears"
    cleared = Provenance("What drones clear", "无人机处置", _ASSUMPTION, source)
    watch = scenario.drones.observation
    if watch is None:
        return (cleared,)
    freed = f"{watch}: places watched and the posts that this frees, each row with its source"
    return (cleared, Provenance("What drones watch", "无人机观察", _ASSUMPTION, freed))


def _force(scenario: Scenario) -> Provenance:
    source = scenario.force.headcount or scenario.force.types
    return Provenance("Head-counts of the force", "警力人数", _ASSUMPTION, source)
