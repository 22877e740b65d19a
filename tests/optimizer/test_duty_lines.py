"""Lines for a staffing: definitions by hand, the judge, and the search held against it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.faults import BadInput
from geodata.horizon import Horizon
from optimizer.duty_lines import (
    DutyLines,
    LineGroup,
    LineLimits,
    ProtectedTime,
    all_nights_of,
    days_touched,
    hours_inside,
    nights_of,
    on_weekend,
)
from optimizer.judges.duty_line_rules import (
    check_nights,
    check_rest,
    check_rest_days,
    check_week_hours,
    duty_line_violations,
    line_tallies,
    spread,
)
from optimizer.models.rosters.duty_facts import duty_facts
from optimizer.models.rosters.duty_rosters import roster_lines
from optimizer.models.rosters.duty_search import NOBODY, as_arrays, fits
from optimizer.shifts import LabourRules, Shift, ShiftInstance, shift_instances

EVE = Horizon(datetime(2027, 2, 5, 8, tzinfo=ZoneInfo("Asia/Shanghai")), 168)
"""A week from Friday 08:00."""


def shift(shift_id: str, start_hour: int, hours: int, rest_h: float = 11.0) -> Shift:
    return Shift(shift_id, shift_id, shift_id, start_hour, hours, 1.0, rest_h, 1.0)


DAY, NIGHT, LONG = shift("day", 8, 8), shift("night", 22, 8), shift("duty", 8, 24, 24.0)


def at(start_h: int, kind: Shift) -> ShiftInstance:
    return ShiftInstance(kind, start_h, start_h + kind.hours)


def asked(
    duties: tuple[ShiftInstance, ...], need: list[int], lines: int, **terms: object
) -> DutyLines:
    facts = {"horizon": EVE, "need": np.array([[need]]), "lines": np.array([[lines]])}
    return DutyLines(instances=duties, **(facts | terms))


def week(need: int, lines: int, **terms: object) -> DutyLines:
    """Days, nights and 24-hour duties of a week, `need` lines on each."""
    duties = shift_instances(EVE, (DAY, NIGHT, LONG))
    return asked(duties, [need] * len(duties), lines, **terms)


def test_nights_and_days_by_the_clock() -> None:
    friday, saturday = date(2027, 2, 5), date(2027, 2, 6)
    assert days_touched(EVE, at(14, NIGHT)) == (friday, saturday)
    assert nights_of(EVE, at(14, NIGHT)) == (friday,)
    assert nights_of(EVE, at(16, shift("after midnight", 0, 8))) == (friday,)
    assert nights_of(EVE, at(14, shift("all hands", 22, 3))) == ()
    assert nights_of(EVE, at(8, shift("late", 16, 10))) == (friday,)
    assert nights_of(EVE, at(18, LONG)) == (friday, saturday)
    assert (
        all_nights_of(EVE, at(14, NIGHT)),
        all_nights_of(EVE, at(8, shift("late", 16, 10))),
    ) == (
        1,
        0,
    )
    assert (on_weekend(EVE, at(0, DAY)), on_weekend(EVE, at(14, NIGHT))) == (False, True)
    assert (hours_inside(EVE, at(-8, LONG)), hours_inside(EVE, at(164, DAY))) == (16, 4)


def test_every_rule_by_hand() -> None:
    problem = week(1, 1)
    days = [at(24 * day, DAY) for day in range(7)]
    assert check_rest(problem, "", [at(0, DAY), at(14, NIGHT)])
    assert not check_rest(problem, "", [at(0, DAY), at(24, DAY)])
    assert check_rest(problem, "", [at(0, LONG), at(40, NIGHT)])
    assert not check_rest(problem, "", [at(0, LONG), at(48, DAY)])
    assert check_rest(problem, "", [at(0, DAY), at(0, DAY)])
    assert not check_week_hours(problem, "", days[:6])
    without = replace(problem.limits.labour, max_overtime_h=0.0)
    strict = replace(problem, limits=replace(problem.limits, labour=without))
    assert check_week_hours(strict, "", days)
    assert not check_rest_days(problem, "", days[:6])
    assert check_rest_days(problem, "", days)
    assert not check_nights(problem, "", [at(14 + 24 * n, NIGHT) for n in (0, 1, 2, 3, 5)])
    assert check_nights(problem, "", [at(14 + 24 * n, NIGHT) for n in range(5)])


def test_the_judge_counts_what_is_not_covered_and_who_is_protected() -> None:
    problem = asked((at(0, DAY),), [2], 2, protected=(ProtectedTime(4, 30, 0.5),))
    works = np.array([[True], [False]])
    told = LineGroup(0, 0, works, np.array([1]))
    assert duty_line_violations(problem, [told]) == []
    rules = [
        [v.rule for v in duty_line_violations(problem, [group])]
        for group in (
            replace(told, short=np.array([0])),
            replace(told, works=~works),
            LineGroup(0, 0, np.array([[True], [False], [False]]), np.array([1])),
        )
    ]
    assert rules == [["staffed number"], ["protected line"], ["lines"]]


def test_rest_owed_is_overtime_and_all_nights() -> None:
    """Two 24-hour duties: 48 h are 8 h above 40, and 8 h are owed for each night."""
    problem = asked((at(0, LONG), at(72, LONG), at(110, NIGHT)), [1, 1, 1], 2)
    works = np.array([[True, True, False], [False, False, True]])
    first, second = line_tallies(problem, LineGroup(0, 0, works, np.zeros(3, dtype=np.int64)))
    assert (first.hours, first.nights, first.all_nights, first.owed_h) == (48, 2, 2, 8.0 + 16.0)
    assert (second.hours, second.weekend, second.owed_h) == (8, 0, 8.0)


def test_a_short_horizon_has_a_daily_norm() -> None:
    evening = Horizon(EVE.start, 24)
    problem = replace(week(0, 1), horizon=evening)
    assert (problem.norm_h, problem.max_hours) == (8.0, 60.0)
    assert replace(problem, horizon=Horizon(EVE.start, 336)).max_hours == 120.0


DRAWN = tuple(
    sorted(
        [at(h, k) for h in range(0, 168, 7) for k in (DAY, NIGHT, LONG)],
        key=lambda duty: duty.start_h,
    )
)


@given(st.lists(st.integers(0, len(DRAWN) - 1), max_size=9, unique=True))
@settings(max_examples=100)
def test_what_fits_is_what_the_judge_passes(chosen: list[int]) -> None:
    limits = LineLimits(max_nights_in_row=2, max_days_in_row=4)
    problem = asked(DRAWN, [1] * len(DRAWN), 1, limits=limits)
    arrays = as_arrays(duty_facts(problem))
    works = np.zeros((1, len(DRAWN)), dtype=np.bool_)
    for duty in chosen:
        if fits(arrays, works[0], duty, NOBODY):
            works[0, duty] = True
        else:
            works_too = works.copy()
            works_too[0, duty] = True
            short = np.ones(len(DRAWN), dtype=np.int64) - works_too.sum(axis=0)
            assert duty_line_violations(problem, [LineGroup(0, 0, works_too, short)])
    short = np.ones(len(DRAWN), dtype=np.int64) - works.sum(axis=0)
    assert duty_line_violations(problem, [LineGroup(0, 0, works, short)]) == []


@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(0.0, 0.5))
@settings(max_examples=10)
def test_lines_keep_every_rule_and_count_what_is_missing(
    seed: int, lines: int, kept: float
) -> None:
    base = week(0, lines, protected=(ProtectedTime(10, 40, kept),))
    need = np.random.default_rng(seed).integers(0, 4, (1, 1, len(base.instances)))
    problem = replace(base, need=need, festival=frozenset({date(2027, 2, 6)}))
    groups = roster_lines(problem, seed)
    assert duty_line_violations(problem, groups) == []


@pytest.mark.parametrize("seed", range(8))
def test_no_roster_misses_fewer_duties(seed: int) -> None:
    """Against all ways to give five duties to two lines."""
    rng = np.random.default_rng(seed)
    pool = [at(h, k) for h in range(0, 60, 8) for k in (DAY, NIGHT, LONG)]
    picked = sorted(rng.choice(len(pool), 5, replace=False).tolist())
    problem = asked(tuple(pool[n] for n in picked), rng.integers(1, 3, 5).tolist(), 2)
    need = problem.need[0, 0]
    least = min(
        int(short.sum())
        for bits in product((False, True), repeat=10)
        for works in [np.array(bits).reshape(2, 5)]
        for short in [need - works.sum(axis=0)]
        if (short >= 0).all() and not duty_line_violations(problem, [LineGroup(0, 0, works, short)])
    )
    (group,) = roster_lines(problem)
    assert int(group.short.sum()) == least


def test_nights_weekends_and_festival_days_are_even_where_numbers_allow() -> None:
    """20 lines, four of them on each of seven days and nights: 28 nights, one or two a line."""
    duties = shift_instances(EVE, (DAY, NIGHT))
    problem = asked(duties, [4] * len(duties), 20, festival=frozenset({date(2027, 2, 6)}))
    (group,) = roster_lines(problem)
    assert not group.short.any()
    tallies = line_tallies(problem, group)
    assert spread(t.nights for t in tallies) <= 1
    assert spread(t.weekend for t in tallies) <= 1
    assert spread(t.festival for t in tallies) <= 1


def test_resting_lines_work_only_when_their_rest_is_over() -> None:
    """Three of four rest for 20 h: the first day has one line, the second all four."""
    first, second = at(0, DAY), at(24, DAY)
    resting = np.where(np.arange(168) < 20, 3, 0)[None, None]
    problem = asked((first, second), [2, 4], 4, resting=resting)
    assert problem.open_lines(0, 0).tolist() == [1, 4]
    (group,) = roster_lines(problem)
    assert group.short.tolist() == [1, 0]
    assert duty_line_violations(problem, [group]) == []
    works = np.zeros((4, 2), dtype=bool)
    works[3, 0] = True
    late = LineGroup(0, 0, works, np.array([1, 4]))
    assert [one.rule for one in duty_line_violations(problem, [late])] == ["protected line"]


def test_the_same_seed_gives_the_same_lines() -> None:
    problem = week(2, 9)
    for one, other in zip(roster_lines(problem, 3), roster_lines(problem, 3), strict=True):
        np.testing.assert_array_equal(one.works, other.works)


def test_homes_without_lines_are_short_of_everything() -> None:
    (group,) = roster_lines(asked((at(0, DAY),), [3], 0))
    assert (group.works.shape, group.short.tolist()) == ((0, 1), [3])
    (kept,) = roster_lines(asked((at(0, DAY),), [3], 3, protected=(ProtectedTime(0, 9, 1.0),)))
    assert kept.short.tolist() == [3]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadInput) as found:
        asked(
            (at(0, LONG),),
            [-1, 2],
            1,
            horizon=Horizon(datetime(2027, 2, 5, tzinfo=UTC), 61 * 24),
            limits=LineLimits(LabourRules(max_week_h=12.0), 0, 6, -1.0),
            protected=(ProtectedTime(9, 3, 1.5),),
        )
    text = str(found.value)
    for part in (
        "need and lines disagree",
        "need is negative (value: -1)",
        "too long for rosters (value: 61.0)",
        "max_nights_in_row forbids all duty",
        "norm_week_h (value: -1.0)",
        "a shift is longer than the week's hours (value: 24)",
        "a protected share (value: 1.5)",
        "ends before it begins (value: (9, 3))",
    ):
        assert part in text
