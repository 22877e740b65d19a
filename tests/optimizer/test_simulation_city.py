"""The simulation of the tiny city: fleets out of deployments, visits, posts, figures."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.situation import Situation
from optimizer.judges.simulation.call_stream import CallDraws, CallKinds, CallStream
from optimizer.judges.simulation.city import City, SimulationTerms, fleet_of, simulated_city
from optimizer.judges.simulation.replication import VisitTask, replicate
from optimizer.judges.simulation.service import (
    MEASURES,
    interval,
    one_record_per_call,
    simulate,
)
from optimizer.judges.simulation.state import VISIT
from optimizer.judges.simulation.system import OFF_DUTY, Crossing, DispatchRules, Fleet
from optimizer.judges.simulation.unit_lines import unit_lines
from optimizer.plan import Deployment
from tests.optimizer.tiny_city import CAR, TERMS, tiny_city

POOLS = np.array([0, 1, 0, 1])
SURE = CallDraws(handling_min=0.0, handling_cv=0.0, scene_cv=0.0)


def deployment(*counts: list[int]) -> Deployment:
    """Units of the four places, one list an hour."""
    return Deployment(("car",), np.array(counts).T[None, :, :], ())


def city_of(situation: Situation, **terms: object) -> City:
    wanted = SimulationTerms(**{"draws": SURE, "warm_up_h": 0, **terms})  # type: ignore[arg-type]
    return simulated_city(situation, (CAR,), TERMS, wanted)


def calls_at(*calls: tuple[float, int, int]) -> CallStream:
    """Thefts of 30 minutes: minute, cell and units asked for."""
    minute = np.array([call[0] for call in calls], dtype=float)
    cell = np.array([call[1] for call in calls], dtype=np.int64)
    asked = np.array([call[2] for call in calls], dtype=np.int64)
    flat = np.ones(len(calls))
    return CallStream(minute, minute, cell, np.zeros(len(calls), np.int64), asked, 30 * flat, flat)


class TestUnitLines:
    def test_who_need_not_move_stays(self) -> None:
        situation = tiny_city(hours=2)
        home = unit_lines(
            np.array([[2, 1], [0, 0], [0, 1], [0, 0]]),
            situation.patrol_places,
            POOLS,
            situation.travel["car"],
        )
        assert sorted(home.tolist()) == [[0, 0], [0, 2]]

    def test_least_travel_in_sum(self) -> None:
        """Both leave; place 2 is 8 min from place 0 and 6 from place 3, so 3 goes to 2."""
        situation = tiny_city(hours=2)
        one_pool = np.zeros(4, dtype=np.int64)
        home = unit_lines(
            np.array([[0, 0], [1, 0], [1, 0], [0, 2]]),
            situation.patrol_places,
            one_pool,
            situation.travel["car"],
        )
        assert sorted(home.tolist()) == [[1, 3], [2, 3]]

    def test_nobody_leaves_the_pool(self) -> None:
        situation = tiny_city(hours=2)
        home = unit_lines(
            np.array([[1, 0], [0, 1], [0, 0], [0, 0]]),
            situation.patrol_places,
            POOLS,
            situation.travel["car"],
        )
        assert sorted(home.tolist()) == [[OFF_DUTY, 1], [0, OFF_DUTY]]

    @given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=5))
    @settings(max_examples=40, deadline=None)
    def test_lines_add_up_to_the_deployment(self, counts: list[list[int]]) -> None:
        hours = len(counts)
        situation = tiny_city(hours=hours)
        units = np.array(counts).T
        home = unit_lines(units, situation.patrol_places, POOLS, situation.travel["car"])
        for hour in range(hours):
            there = home[:, hour][home[:, hour] != OFF_DUTY]
            assert np.bincount(there, minlength=4).tolist() == counts[hour]
        for line in home:
            assert len({int(POOLS[place]) for place in line[line != OFF_DUTY]}) == 1


class TestByHand:
    """One unit at station 0 (turnout 1), one at the standby point in cell 13 (none)."""

    kinds = CallKinds(np.array([2]), np.array([[True]]))

    def run(
        self,
        *calls: tuple[float, int, int],
        rules: DispatchRules | None = None,
        visits: VisitTask | None = None,
        units: Deployment | None = None,
    ) -> np.ndarray:
        city = city_of(tiny_city(hours=2))
        fleet = fleet_of(city, units or deployment([1, 0, 1, 0], [1, 0, 1, 0]), POOLS)
        wanted = rules or DispatchRules()
        run = replicate(city.ground, fleet, calls_at(*calls), self.kinds, wanted, visits)
        self.visited, self.begun = run.visits["delivered_min"], run.visits["begun"]
        self.busy_min, self.over_min = run.busy_min, run.over_min
        return run.calls

    def test_the_quickest_response_counts_turnout(self) -> None:
        """Cell 1: 2 + 1 from the station, 6 from cell 13."""
        calls = self.run((10.0, 1, 1))
        assert calls["arrived"].tolist() == [13.0]
        assert calls["cleared"].tolist() == [43.0]
        assert self.busy_min.tolist() == [[33.0, 0.0], [0.0, 0.0]]

    def test_both_units_and_then_a_wait(self) -> None:
        """The second call waits for the unit from cell 13 (8 min away, free at 30 + 0)."""
        calls = self.run((0.0, 13, 2), (5.0, 13, 1))
        assert calls["arrived"].tolist() == [0.0, 30.0]
        assert calls["second"][0] == 9.0
        assert calls["dispatched"].tolist() == [0.0, 30.0]
        assert calls["sent"].tolist() == [2, 1]

    def test_what_is_missing_when_all_have_left_is_not_sent(self) -> None:
        """The only unit is off the scene at 31 and then takes the call that has waited since 5."""
        units = deployment([1, 0, 0, 0], [1, 0, 0, 0])
        calls = self.run((0.0, 0, 2), (5.0, 0, 1), units=units)
        assert calls["sent"].tolist() == [1, 1]
        assert np.isnan(calls["second"][0])
        assert calls["dispatched"].tolist() == [0.0, 31.0]

    def test_on_the_way_back_it_answers_from_near_the_scene(self) -> None:
        """Free at 38 in cell 0, 8 min from home: for 4 min it stands at station 0, no turnout."""
        units = deployment([0, 0, 1, 0], [0, 0, 1, 0])
        calls = self.run((0.0, 0, 1), (40.0, 1, 1), units=units)
        assert calls["arrived"].tolist() == [8.0, 42.0]
        calls = self.run((0.0, 0, 1), (43.0, 1, 1), units=units)
        assert calls["arrived"].tolist() == [8.0, 49.0]

    def test_no_return_before_the_unit_is_home(self) -> None:
        units = deployment([0, 0, 1, 0], [0, 0, 1, 0])
        rules = DispatchRules(returning=False)
        calls = self.run((0.0, 0, 1), (40.0, 1, 1), units=units, rules=rules)
        assert calls["arrived"].tolist() == [8.0, 52.0]

    def test_own_units_first_or_only(self) -> None:
        """Cell 2 lies in the east: the east's unit in cell 3 is 3 min away, west's at cell 1, 2."""
        units = deployment([0, 1, 1, 0], [0, 1, 1, 0])
        near_west = (0.0, 10, 1)
        assert self.run(near_west, units=units)["arrived"][0] == 4.0
        own = DispatchRules(crossing=Crossing.OWN_FIRST)
        assert self.run(near_west, units=units, rules=own)["arrived"][0] == 7.0
        only = DispatchRules(crossing=Crossing.OWN_ONLY)
        both = self.run(near_west, (1.0, 10, 1), units=units, rules=only)
        assert both["dispatched"].tolist() == [0.0, 37.0]

    def test_a_shift_that_ends_lets_the_job_finish(self) -> None:
        units = deployment([1, 0, 0, 0], [0, 0, 0, 0])
        calls = self.run((50.0, 0, 1), (70.0, 0, 1), units=units)
        assert calls["cleared"][0] == 81.0
        assert np.isnan(calls["arrived"][1])
        assert self.over_min.tolist() == [21.0]

    def test_a_preemptible_visit_ends_with_a_call(self) -> None:
        """Visit in cell 9 (2 min away) from 12 to 22; the call at 15 ends it after 3 minutes."""
        visit = np.zeros(1, dtype=VISIT)
        visit["start"], visit["latest"], visit["minutes"], visit["cell"] = 10.0, 30.0, 10.0, 9
        units = deployment([0, 0, 1, 0], [0, 0, 1, 0])
        leaves = VisitTask(visit, np.array([True]), preemptible=True)
        calls = self.run((15.0, 13, 1), visits=leaves, units=units)
        assert calls["arrived"].tolist() == [15.0]
        assert self.visited.tolist() == [3.0]
        stays = VisitTask(visit, np.array([True]), preemptible=False)
        calls = self.run((15.0, 13, 1), visits=stays, units=units)
        assert calls["dispatched"].tolist() == [22.0]
        assert self.visited.tolist() == [10.0]

    def test_a_visit_nobody_is_free_for_is_given_up(self) -> None:
        visit = np.zeros(1, dtype=VISIT)
        visit["start"], visit["latest"], visit["minutes"], visit["cell"] = 10.0, 20.0, 10.0, 13
        units = deployment([0, 0, 1, 0], [0, 0, 1, 0])
        task = VisitTask(visit, np.array([True]), preemptible=True)
        self.run((5.0, 13, 1), visits=task, units=units)
        assert self.visited.tolist() == [0.0]
        late = visit.copy()
        late["latest"] = 40.0
        self.run((5.0, 13, 1), visits=replace(task, table=late), units=units)
        assert self.visited.tolist() == [10.0]

    def test_a_visit_on_a_route_is_its_unit_s_alone(self) -> None:
        """Due at 10 in cell 9, 2 min away. Its unit is called at 5 and free at 35: begun at 37.

        The other unit at the place waits for calls; without a route it would have gone at 10.
        """
        visit = np.zeros(1, dtype=VISIT)
        visit["start"], visit["latest"], visit["minutes"], visit["cell"] = 10.0, 60.0, 10.0, 9
        visit["made_by"] = 1
        units = deployment([0, 0, 2, 0], [0, 0, 2, 0])
        task = VisitTask(visit, np.array([True]), preemptible=True)
        self.run((5.0, 13, 1), visits=task, units=units)
        by_route, own = self.begun.tolist(), self.visited.tolist()
        free = visit.copy()
        free["made_by"] = 0
        self.run((5.0, 13, 1), visits=replace(task, table=free), units=units)
        assert self.begun.tolist() == [12.0]
        assert by_route == [37.0]
        assert own == [10.0]
        given_up = visit.copy()
        given_up["latest"] = 15.0
        self.run((5.0, 13, 1), visits=replace(task, table=given_up), units=units)
        assert self.visited.tolist() == [0.0]

    def test_a_visit_of_a_unit_that_is_not_there_is_refused(self) -> None:
        visit = np.zeros(1, dtype=VISIT)
        visit["made_by"] = 9
        task = VisitTask(visit, np.array([True]), preemptible=True)
        with pytest.raises(ValueError, match="unit of a visit"):
            self.run(visits=task, units=deployment([0, 0, 1, 0], [0, 0, 1, 0]))


class TestFigures:
    def test_groups_add_up_and_threads_change_nothing(self) -> None:
        city = city_of(tiny_city(hours=3), draws=CallDraws(), warm_up_h=1)
        fleet = fleet_of(city, deployment(*[[3, 1, 2, 2]] * 3), POOLS)
        one = simulate(city, fleet, replications=6, seed=5, workers=1)
        two = simulate(city, fleet, replications=6, seed=5, workers=3)
        assert np.array_equal(one.figures, two.figures, equal_nan=True)
        calls = one.figures[:, :, MEASURES.index("calls")]
        scopes = np.array([scope for scope, _ in one.groups])
        everything = one.hour < 0
        for scope in ("city", "district", "zone", "class"):
            in_scope = (scopes == scope) & everything
            assert calls[:, in_scope].sum(axis=1).tolist() == one.of("calls").tolist()
            by_hour = (scopes == scope) & ~everything
            assert calls[:, by_hour].sum(axis=1).tolist() == one.of("calls").tolist()

    def test_figures_follow_from_the_records(self) -> None:
        city = city_of(tiny_city(hours=3), draws=CallDraws(), warm_up_h=1)
        fleet = fleet_of(city, deployment(*[[1, 1, 1, 1]] * 3), POOLS)
        service = simulate(city, fleet, replications=1, seed=5)
        table = one_record_per_call(city, fleet, seed=5, replication=0)
        response = (table["arrived_min"] - table["ready_min"]).fillna(city.unserved_min)
        assert service.of("calls")[0] == len(table)
        assert service.of("mean_min")[0] == pytest.approx(response.mean())
        assert service.of("covered")[0] == pytest.approx((response <= 5.0).mean())
        waits = table["dispatched_min"] > table["ready_min"]
        assert service.of("waited")[0] == pytest.approx(
            (waits | table["arrived_min"].isna()).mean()
        )
        assert 0.0 <= table["received_min"].min() <= table["received_min"].max() < 180.0

    def test_a_quiet_city_answers_as_the_reach_lists_say(self) -> None:
        """Hardly any calls, a unit everywhere: 1 min in cell 0, none in cells 13 and 14."""
        situation = tiny_city(hours=24)
        rate = situation.forecast.rate_per_h * np.float32(0.01)
        quiet = replace(situation, forecast=replace(situation.forecast, rate_per_h=rate))
        city = city_of(quiet)
        fleet = fleet_of(city, deployment(*[[4, 4, 4, 4]] * 24), POOLS)
        found = simulate(city, fleet, replications=60, seed=1)
        mean, half = interval(found.of("mean_min"))
        assert abs(mean - 4.0 / 7.0) <= 2.0 * half
        assert np.nanmin(found.of("within_1")) == 1.0

    def test_more_units_shorten_the_response(self) -> None:
        city = city_of(tiny_city(hours=4), draws=CallDraws())
        few = simulate(
            city, fleet_of(city, deployment(*[[2, 1, 1, 1]] * 4), POOLS), replications=30, seed=3
        )
        many = simulate(
            city, fleet_of(city, deployment(*[[4, 2, 2, 2]] * 4), POOLS), replications=30, seed=3
        )
        saved, half = interval(few.of("mean_min") - many.of("mean_min"))
        assert saved > half > 0.0
        assert (few.of("calls") == many.of("calls")).all()

    def test_posts_that_may_leave_are_counted_apart(self) -> None:
        city = city_of(tiny_city(hours=2))
        fleet = fleet_of(city, deployment([1, 0, 0, 0], [1, 0, 0, 0]), POOLS)
        posts = Fleet(np.zeros(1, dtype=np.int64), np.array([[2, 2]]))
        found = simulate(city, fleet, replications=10, seed=2, posts=posts)
        alone = simulate(city, fleet, replications=10, seed=2)
        assert (found.of("mean_min") < alone.of("mean_min")).all()
        assert ((found.posted_share > 0.0) & (found.posted_share < 1.0)).all()
        assert np.isnan(alone.posted_share).all()

    def test_no_units_and_no_calls(self) -> None:
        city = city_of(tiny_city(hours=2))
        nobody = fleet_of(city, deployment([0, 0, 0, 0], [0, 0, 0, 0]), POOLS)
        found = simulate(city, nobody, replications=2, seed=2)
        assert found.of("mean_min").tolist() == [city.unserved_min] * 2
        assert np.isinf(found.of("p90_min")).all()
        assert found.of("covered").tolist() == [0.0, 0.0]
        empty = city.rate_per_h * 0.0
        silent = simulate(replace(city, rate_per_h=empty), nobody, replications=2, seed=2)
        assert silent.of("calls").tolist() == [0.0, 0.0]
        assert np.isnan(silent.of("mean_min")).all()
        assert silent.frame()["calls"].sum() == 0.0

    def test_other_types_of_units_are_refused(self) -> None:
        city = city_of(tiny_city())
        with pytest.raises(ValueError, match="not of the city's"):
            fleet_of(city, Deployment(("van",), np.zeros((1, 4, 2)), ()), POOLS)


def test_intervals_are_those_of_student() -> None:
    mean, half = interval(np.array([1.0, 2.0, 3.0, np.nan]))
    assert mean == 2.0
    assert half == pytest.approx(4.302652729911275 / np.sqrt(3.0))
