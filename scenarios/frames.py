"""The plan as tables: what the CSV files of a run hold."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.incidents import ZONES
from optimizer.plan import Deployment
from scenarios.pipeline import Run
from scenarios.visit_tables import with_route_columns


def staffing_frame(run: Run) -> pd.DataFrame:
    """Officers per station, force, team and shift, one row for each number above 0.

    The team is empty where the force has no rotation.
    """
    situation, roster, teams = run.world.situation, run.plan.roster, run.problem.teams.teams
    stations, horizon = situation.stations, situation.horizon
    rows = []
    for station, team, number in np.argwhere(roster.by_team > 0):
        instance = roster.instances[number]
        rows.append(
            (
                stations.place_ids[station],
                stations.name_en[station],
                stations.name_zh[station],
                situation.area.district_ids[stations.district[station]],
                run.world.force.ids[teams[team].force],
                teams[team].label,
                instance.shift.shift_id,
                horizon.at(instance.start_h).isoformat(),
                horizon.at(instance.end_h).isoformat(),
                int(roster.by_team[station, team, number]),
            )
        )
    columns = (
        "station_id name_en name_zh district_id force_id team shift_id start end officers".split()
    )
    return pd.DataFrame(rows, columns=columns)


def aid_frame(run: Run) -> pd.DataFrame:
    """Groups called from outside: where they go, from when to when, how many people."""
    situation, known = run.world.situation, {group.group_id: group for group in run.problem.aid}
    rows = [
        (
            call.group_id,
            known[call.group_id].name_en,
            known[call.group_id].name_zh,
            known[call.group_id].force_id,
            situation.area.commands[call.district],
            situation.horizon.at(call.from_h).isoformat(),
            situation.horizon.at(call.to_h).isoformat(),
            call.groups,
            call.groups * known[call.group_id].officers,
        )
        for call in run.plan.roster.aid
    ]
    columns = "group_id name_en name_zh force_id to_command start end groups officers".split()
    return pd.DataFrame(rows, columns=columns)


def deployment_frame(run: Run) -> pd.DataFrame:
    """Where units stand each hour and which station they come from."""
    situation = run.world.situation
    places, stations = situation.patrol_places, situation.stations
    lon, lat = situation.area.to_lonlat(places.x, places.y)
    starts = [moment.isoformat() for moment in situation.horizon.starts]
    rows = [
        (
            starts[move.hour],
            move.unit_type,
            places.place_ids[move.place],
            places.kind[move.place],
            round(float(lon[move.place]), 6),
            round(float(lat[move.place]), 6),
            situation.grid.cell_ids[places.cell[move.place]],
            situation.area.district_ids[places.district[move.place]],
            stations.place_ids[move.station],
            move.units,
        )
        for move in run.plan.deployment.origins
    ]
    columns = (
        "start unit_type place_id place_kind lon lat cell_id district_id from_station_id units"
    )
    return pd.DataFrame(rows, columns=columns.split())


def standing_frame(run: Run, deployment: Deployment) -> pd.DataFrame:
    """Units that stand at each place by hour and type, one row where there are any."""
    situation = run.world.situation
    places = situation.patrol_places
    lon, lat = situation.area.to_lonlat(places.x, places.y)
    starts = [moment.isoformat() for moment in situation.horizon.starts]
    kind, hour, place = np.nonzero(deployment.units.transpose(0, 2, 1))
    return pd.DataFrame(
        {
            "start": [starts[h] for h in hour.tolist()],
            "unit_type": [deployment.unit_types[k] for k in kind.tolist()],
            "place_id": [places.place_ids[p] for p in place.tolist()],
            "lon": np.round(lon[place], 6),
            "lat": np.round(lat[place], 6),
            "units": deployment.units[kind, place, hour],
        }
    )


def posts_frame(run: Run) -> pd.DataFrame:
    """Event posts by phase and ring: required, have, need, and who fills them."""
    situation, posts = run.world.situation, run.plan.posts
    commands = situation.area.commands
    have = posts.have()
    filled_by: dict[str, list[str]] = {need.post_id: [] for need in posts.needs}
    going_home: dict[str, list[int]] = {need.post_id: [] for need in posts.needs}
    for fill in posts.fills:
        text = f"{fill.force_id} of {commands[fill.from_district]}: {fill.officers}"
        filled_by[fill.post_id].append(text)
        going_home[fill.post_id].append(fill.homeward)
    rows = [
        (
            need.post_id,
            need.event_id,
            need.event_en,
            need.event_zh,
            commands[need.district],
            need.phase,
            need.ring,
            need.kind,
            need.role,
            need.step_id,
            need.priority,
            situation.horizon.at(need.from_hour).isoformat(),
            situation.horizon.at(need.to_hour).isoformat(),
            need.required,
            have[need.post_id],
            need.required - have[need.post_id],
            "; ".join(filled_by[need.post_id]),
            sum(going_home[need.post_id]),
            "; ".join(map(str, going_home[need.post_id])),
            need.source,
        )
        for need in posts.needs
    ]
    columns = (
        "post_id event_id event_en event_zh command phase ring kind role step_id priority "
        "start end required have need filled_by going_home "
        "going_home_each source"
    )
    return pd.DataFrame(rows, columns=columns.split())


def visits_frame(run: Run) -> pd.DataFrame:
    """Planned visits by start, with the visits due at the point over the horizon."""
    situation, plan = run.world.situation, run.plan.visits
    points, stations = situation.visit_points.places, situation.stations
    rows = [
        (
            (situation.horizon.start + pd.Timedelta(minutes=visit.minute)).isoformat(),
            points.place_ids[visit.point],
            points.name_en[visit.point],
            points.name_zh[visit.point],
            visit.minutes,
            stations.place_ids[visit.station],
            2,
            int(plan.due[visit.point]),
        )
        for visit in plan.visits
    ]
    columns = "start point_id name_en name_zh minutes station_id officers due_at_point".split()
    frame = pd.DataFrame(rows, columns=columns)
    return frame if run.world.visit_work is None else with_route_columns(frame, run.world, plan)


def violations_frame(run: Run) -> pd.DataFrame:
    """Rules that the plan breaks, one row each."""
    rows = [(v.rule, v.where, v.when, v.found, v.allowed) for v in run.violations]
    return pd.DataFrame(rows, columns=["rule", "where", "when", "found", "allowed"])


def cells_frame(run: Run) -> gpd.GeoDataFrame:
    """Cells with demand and the plan's service over the whole horizon."""
    situation, grid = run.world.situation, run.world.situation.grid
    evaluation = run.judged.evaluation
    calls = situation.forecast.rate_per_h.sum(axis=(1, 2), dtype=np.float64)
    half = grid.cell_m / 2.0
    boxes = shapely.box(grid.x - half, grid.y - half, grid.x + half, grid.y + half)
    demand = evaluation.demand_per_h
    answered = demand.sum(axis=1)
    frame = {
        "cell_id": list(grid.cell_ids),
        "district_id": [situation.area.district_ids[d] for d in grid.district],
        "zone": [ZONES[z] for z in situation.zone],
        "population": situation.population,
        "expected_calls": calls,
        "covered": _mean_over_hours(evaluation.covered, demand, answered),
        "mean_min": _mean_over_hours(evaluation.mean_min, demand, answered),
        "baseline_covered": _mean_over_hours(run.baseline.evaluation.covered, demand, answered),
        "baseline_mean_min": _mean_over_hours(run.baseline.evaluation.mean_min, demand, answered),
    }
    return gpd.GeoDataFrame(frame, geometry=boxes, crs=situation.area.crs)


def _mean_over_hours(values: np.ndarray, demand: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Demand-weighted mean over the hours; NaN without demand, inf where out of reach."""
    weighted = np.where(demand > 0, values * demand, 0.0).sum(axis=1)
    mean: np.ndarray = np.divide(
        weighted, answered, out=np.full(len(answered), np.nan), where=answered > 0
    )
    return mean


def map_layers(run: Run) -> dict[str, gpd.GeoDataFrame]:
    """Layers of the GeoPackage: districts, stations, standby points, posts, visit points."""
    situation = run.world.situation
    area = situation.area
    districts = gpd.GeoDataFrame(
        {
            "district_id": list(area.district_ids),
            "name_en": [d.name_en for d in area.districts],
            "name_zh": [d.name_zh for d in area.districts],
        },
        geometry=[d.polygon for d in area.districts],
        crs=area.crs,
    )
    places = situation.patrol_places
    busiest = run.plan.deployment.units.sum(axis=0)
    standing = gpd.GeoDataFrame(
        {
            "place_id": list(places.place_ids),
            "kind": list(places.kind),
            "name_en": list(places.name_en),
            "name_zh": list(places.name_zh),
            "unit_hours": busiest.sum(axis=1),
            "most_units": busiest.max(axis=1),
        },
        geometry=shapely.points(places.x, places.y),
        crs=area.crs,
    )
    points = situation.visit_points.places
    visited = gpd.GeoDataFrame(
        {
            "point_id": list(points.place_ids),
            "name_en": list(points.name_en),
            "name_zh": list(points.name_zh),
            "visits_due": run.plan.visits.due,
        },
        geometry=shapely.points(points.x, points.y),
        crs=area.crs,
    )
    posts = posts_frame(run)
    lonlat = [(need.lon, need.lat) for need in run.plan.posts.needs]
    at = shapely.points(np.array(lonlat).reshape(-1, 2))
    placed = gpd.GeoDataFrame(posts, geometry=at, crs="EPSG:4326").to_crs(area.crs)
    return {
        "districts": districts,
        "patrol_places": standing,
        "visit_points": visited,
        "posts": placed,
    }
