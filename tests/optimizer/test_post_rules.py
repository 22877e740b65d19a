"""Relief and supervisors on posts: rules by hand, model and judge alike, and people by name."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.judges.post_rules import check_leaders, check_posts, check_relief, check_way_home
from optimizer.judges.rules import staffing_violations
from optimizer.models.solver import LinearModel, NotSolved, SolverOptions, minimise
from optimizer.models.staffing.staffing import staff
from optimizer.models.staffing.street import add_street, street_supply
from optimizer.plan import PostAssignment, PostFill, Roster
from optimizer.requirement import PostNeed
from optimizer.shifts import LabourRules, ShiftInstance
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from tests.optimizer.staffing_cases import duty, kind, post, town

COPS = kind("cops")
EXACT = SolverOptions(relative_gap=0.0)
LONGEST_H = 4


def on_posts(problem: StaffingProblem, fills: tuple[PostFill, ...]) -> StaffingResult:
    """A staffing in which every shift is worked by everybody, and posts are filled as told."""
    shape = (problem.n_stations, len(problem.force.types), len(problem.instances))
    officers = np.broadcast_to(problem.force.headcount[..., None], shape)
    nobody = np.zeros((problem.n_stations, problem.horizon_hours), dtype=np.int64)
    visits = np.zeros((problem.n_districts, len(problem.force.types), problem.horizon_hours))
    return StaffingResult(
        roster=Roster(problem.instances, officers, (), nobody),
        posts=PostAssignment(problem.requirement.posts, fills),
        units_available=np.zeros((0, problem.n_stations, problem.horizon_hours), dtype=np.int64),
        visit_officers=visits,
        visit_short=problem.requirement.visit_officers,
        overtime_hours=np.zeros((problem.n_districts, len(problem.force.types))),
        protected_half_days=0,
        value=0.0,
        bound=0.0,
        idle_value=0.0,
    )


def fair(
    people: int,
    shifts: tuple[ShiftInstance, ...],
    *blocks: tuple[int, int],
    relief_h: int = 1,
    hours: int = 12,
    **terms: object,
) -> StaffingProblem:
    """One station of `people`; blocks A, B, ... of posts for up to 99 each."""
    posts = tuple(post("ABCDEF"[n], block, 99, **terms) for n, block in enumerate(blocks))
    rules = LabourRules(min_presence=0, post_relief_h=relief_h)
    return town([[people]], (COPS,), shifts, hours, posts=posts, rules=rules)


def fills(*officers: int, homeward: tuple[int, ...] = ()) -> tuple[PostFill, ...]:
    home = homeward or (0,) * len(officers)
    return tuple(
        PostFill("ABCDEF"[n], "cops", 0, count, away)
        for n, (count, away) in enumerate(zip(officers, home, strict=True))
    )


ALL_DAY = (duty(0, 12),)


def test_the_relieved_do_not_take_on_the_next_block() -> None:
    """Five officers: three stand from 0 to 4, so two are left at 4 and all are free at 5."""
    problem = fair(5, ALL_DAY, (0, 4), (4, 8))
    assert not check_relief(problem, on_posts(problem, fills(3, 2)))
    (broken,) = check_relief(problem, on_posts(problem, fills(3, 3)))
    assert (broken.when, broken.found, broken.allowed) == ("hour 4", 6.0, 5.0)
    assert broken.where == "district 0, cops"


@pytest.mark.parametrize(("relief_h", "from_hour"), [(0, 4), (1, 5), (2, 6)])
def test_relief_is_over_after_its_hours(relief_h: int, from_hour: int) -> None:
    def broken(start: int) -> bool:
        problem = fair(5, ALL_DAY, (0, 4), (start, start + 4), relief_h=relief_h)
        return bool(check_relief(problem, on_posts(problem, fills(5, 5))))

    assert not broken(from_hour)
    assert broken(from_hour - 1) is (relief_h > 0)


def test_nobody_needs_relief_at_hand_where_nobody_stands() -> None:
    problem = fair(5, (duty(0, 4), duty(6, 6)), (0, 4), (6, 8), relief_h=2)
    assert not check_relief(problem, on_posts(problem, fills(5, 5)))


def test_a_block_of_five_hours_is_too_long() -> None:
    problem = fair(9, ALL_DAY, (0, 5))
    assert not check_relief(problem, on_posts(problem, fills(0)))
    (broken,) = check_relief(problem, on_posts(problem, fills(1)))
    assert (broken.rule, broken.found, broken.allowed) == ("stand", 5, 4)


def test_those_who_go_home_with_their_shift_need_no_relief() -> None:
    """Five go home at 4, five others come: without going home ten would be tied at 4."""
    problem = fair(5, (duty(0, 4), duty(4, 4)), (0, 4), (4, 8))
    assert not check_relief(problem, on_posts(problem, fills(5, 5, homeward=(5, 0))))
    assert not check_way_home(problem, on_posts(problem, fills(5, 5, homeward=(5, 0))))
    assert check_relief(problem, on_posts(problem, fills(5, 5, homeward=(4, 0))))


def test_only_those_whose_shift_ends_go_home() -> None:
    longer = fair(5, (duty(0, 5),), (0, 4), (1, 5))
    (broken,) = check_way_home(longer, on_posts(longer, fills(1, 1, homeward=(1, 0))))
    assert (broken.rule, broken.when, broken.found, broken.allowed) == ("way home", "hour 4", 1, 0)
    assert not check_way_home(longer, on_posts(longer, fills(1, 1, homeward=(0, 1))))
    more = on_posts(longer, fills(0, 1, homeward=(0, 2)))
    assert check_way_home(longer, more)[0].allowed == 1
    late = fair(5, (duty(2, 2),), (0, 4), (2, 4))
    assert check_way_home(late, on_posts(late, fills(1, 1, homeward=(1, 0))))
    assert not check_way_home(late, on_posts(late, fills(1, 1, homeward=(0, 1))))


@pytest.mark.parametrize(
    ("officers", "home", "allowed"),
    [
        ((6, 0), (5, 0), True),
        ((6, 0), (6, 0), False),
        ((5, 6), (5, 5), True),
        ((5, 6), (5, 6), False),
        ((3, 7), (3, 7), True),
    ],
)
def test_going_home_is_counted_by_the_start_of_blocks(
    officers: tuple[int, int], home: tuple[int, int], allowed: bool
) -> None:
    """At 4 end five on duty from 0 and five from 2; block A begins at 0 and block B at 2."""
    problem = fair(5, (duty(0, 4), duty(0, 8), duty(2, 2)), (0, 4), (2, 4))
    staffing = on_posts(problem, fills(*officers, homeward=home))
    assert (not check_way_home(problem, staffing)) is allowed
    assert model_allows(problem, staffing.roster, officers, home) is allowed


def test_the_last_block_is_begun_rested() -> None:
    """Of two officers one stands from 0 to 4; both cannot be kept at 3 for a block from 4 on."""
    problem = fair(2, (duty(0, 8),), (0, 4), (4, 8))
    assert not check_relief(problem, on_posts(problem, fills(1, 1, homeward=(0, 1))))
    (broken,) = check_relief(problem, on_posts(problem, fills(1, 2, homeward=(0, 2))))[:1]
    assert (broken.when, broken.found, broken.allowed) == ("hour 3", 3.0, 2.0)


def test_a_count_of_those_gone_home_would_not_do() -> None:
    """The example of the model: at 12 ten stand, ten are relieved, ten are there, ten gone home."""
    problem = fair(10, (duty(0, 6), duty(2, 10)), (0, 4), (2, 6), (5, 9))
    (broken,) = check_relief(problem, on_posts(problem, fills(10, 10, 10)))
    assert (broken.when, broken.found, broken.allowed) == ("hour 6", 20.0, 10.0)
    for home in ((0, 10, 0), (0, 1, 0)):
        assert check_relief(problem, on_posts(problem, fills(10, 10, 10, homeward=home)))


def led(people: int, leader_share: float, required: int = 9) -> StaffingProblem:
    cops = replace(COPS, leader_share=leader_share)
    posts = (post("A", (0, 2), required, role="supervisor"),)
    return town([[people]], (cops,), (duty(0, 4),), posts=posts)


@pytest.mark.parametrize(
    ("people", "share", "leaders"), [(25, 0.12, 3), (24, 0.12, 2), (9, 0.0, 0)]
)
def test_supervisors_are_leaders_on_the_street(people: int, share: float, leaders: int) -> None:
    problem = led(people, share)
    assert not check_leaders(problem, on_posts(problem, fills(leaders)))
    (broken, _) = check_leaders(problem, on_posts(problem, fills(leaders + 1)))
    assert (broken.rule, broken.allowed) == ("leaders", leaders)
    assert staff(problem, EXACT).posts.have() == {"A": leaders}


def test_supervisors_are_sworn() -> None:
    aides = kind("aides", can="pt", sworn=False)
    posts = (post("A", (0, 2), 9, role="supervisor"),)
    problem = town([[50]], (aides,), (duty(0, 4),), posts=posts)
    assert staff(problem, EXACT).posts.have() == {"A": 0}
    wrong = on_posts(problem, (PostFill("A", "aides", 0, 1),))
    assert {fault.rule for fault in check_posts(problem, wrong)} == {"post role"}


def test_leaders_also_stand_as_police() -> None:
    """Of 20 officers two may lead; the other 18 man the posts that nobody has to lead."""
    cops = replace(COPS, leader_share=0.1)
    posts = (post("A", (0, 2), 5, role="supervisor"), post("B", (0, 2), 30, priority=2))
    problem = town([[20]], (cops,), (duty(0, 4),), posts=posts)
    assert staff(problem, EXACT).posts.have() == {"A": 2, "B": 18}


@st.composite
def events(draw: st.DrawFn) -> StaffingProblem:
    """A station, up to four shifts and blocks, some of supervisors, odd shares of the street."""
    hours = 14
    starts = draw(st.lists(st.integers(-4, 8), min_size=1, max_size=4, unique=True))
    shifts = tuple(
        duty(start, draw(st.integers(4, 10)), street=draw(st.sampled_from([0.5, 0.85, 1.0])))
        for start in sorted(starts)
    )
    ends = sorted({one.end_h for one in shifts if 1 < one.end_h < hours})
    posts = []
    for name in "ABCDE"[: draw(st.integers(1, 5))]:
        length = draw(st.integers(1, LONGEST_H))
        end = draw(st.sampled_from(ends)) if ends and draw(st.booleans()) else None
        first = draw(st.integers(0, 11)) if end is None else max(end - length, 0)
        last = first + length if end is None else end
        role = draw(st.sampled_from(["police", "supervisor"]))
        posts.append(post(name, (first, last), draw(st.integers(1, 9)), role=role))
    rules = LabourRules(min_rest_h=0.0, min_presence=0, post_relief_h=draw(st.integers(0, 2)))
    cops = replace(COPS, leader_share=draw(st.sampled_from([0.2, 0.5])))
    count = draw(st.integers(1, 12))
    return town([[count]], (cops,), shifts, hours, posts=tuple(posts), rules=rules)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_model_and_judge_agree(data: st.DataObject) -> None:
    """Fixed fills are feasible in the model of the street exactly when no rule is broken.

    Without relief nobody is counted as going home.
    """
    problem = data.draw(events())
    needs = problem.requirement.posts
    wanted = tuple(data.draw(st.integers(0, need.required)) for need in needs)
    most = 9 if problem.rules.post_relief_h else 0
    home = tuple(data.draw(st.integers(0, min(count, most))) for count in wanted)
    staffing = on_posts(problem, fills(*wanted, homeward=home))
    rules = {fault.rule for fault in staffing_violations(problem, staffing)}
    broken = rules & {"relief", "stand", "way home", "leaders", "filled once"}
    assert model_allows(problem, staffing.roster, wanted, home) is not bool(broken)


def model_allows(
    problem: StaffingProblem, roster: Roster, wanted: tuple[int, ...], home: tuple[int, ...]
) -> bool:
    """Whether the street model has a point with these fills."""
    model = LinearModel()
    supply = street_supply(problem, roster)[0]
    columns = add_street(model, problem, {}, 0, supply, integer=True)
    for block, values in ((columns.fills, wanted), (columns.homeward, home)):
        for column, value in zip(block[:, 0].tolist(), values, strict=True):
            if column < 0:
                if value:
                    return False
            else:
                model.add_entries(model.add_rows(value, value, (1,)), np.array([column]), 1.0)
    try:
        minimise(model, EXACT)
    except NotSolved:
        return False
    return True


@dataclass
class Person:
    """Someone on a shift; `last` is the block that they go home from."""

    shift: ShiftInstance
    last: PostNeed | None = None
    seat: tuple[str, int] | None = None
    free_from: int = -99

    def there(self, hour: int, relief_h: int) -> bool:
        """On the street and not kept for the last block."""
        kept = self.last is not None and hour >= self.last.from_hour - relief_h
        return self.shift.start_h <= hour < self.shift.end_h and not kept


def people_of(problem: StaffingProblem, staffing: StaffingResult) -> list[Person]:
    """Everybody on duty, those who go home given to their blocks, the earliest block first."""
    found = [
        Person(shift)
        for number, shift in enumerate(problem.instances)
        for _ in range(int(staffing.roster.officers[0, 0, number]))
    ]
    needs = {need.post_id: need for need in problem.requirement.posts}
    for fill in sorted(staffing.posts.fills, key=lambda fill: needs[fill.post_id].from_hour):
        need = needs[fill.post_id]
        for _ in range(fill.homeward):
            someone = next(
                one
                for one in found
                if one.last is None
                and one.shift.end_h == need.to_hour
                and one.shift.start_h <= need.from_hour
            )
            someone.last = need
    return found


@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(problem=events())
def test_counts_are_enough_to_give_every_block_to_rested_people(problem: StaffingProblem) -> None:
    """Seats are taken in order of time by whoever is free: nobody is ever missing."""
    shifts = tuple(
        replace(one, shift=replace(one.shift, street_share=1.0)) for one in problem.instances
    )
    problem = replace(problem, instances=shifts)
    staffing = staff(problem, EXACT)
    assert staffing_violations(problem, staffing) == ()
    relief_h, people = problem.rules.post_relief_h, people_of(problem, staffing)
    needs = {need.post_id: need for need in problem.requirement.posts}
    seats = {
        (fill.post_id, number): needs[fill.post_id]
        for fill in staffing.posts.fills
        for number in range(fill.officers - fill.homeward)
    }
    for hour in range(problem.horizon_hours):
        for one in people:
            if one.seat is not None:
                over = seats[one.seat].to_hour <= hour
                if over or not one.there(hour, relief_h):
                    one.seat, one.free_from = None, hour + relief_h
        held = {one.seat for one in people}
        for seat, need in seats.items():
            if need.from_hour <= hour < need.to_hour and seat not in held:
                free = (
                    one
                    for one in people
                    if one.seat is None and one.free_from <= hour and one.there(hour, relief_h)
                )
                someone = next(free, None)
                assert someone is not None, f"nobody rested for {seat} at {hour}"
                someone.seat = seat
