"""Rules of head-counts: what may stand in the table, what replaces what, and what is missing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from geodata.faults import FaultLog
from geodata.files import shipped
from optimizer.head_counts import ANY_SITE, rules_of, unmanned_steps
from optimizer.site_post_file import RuleBook, read_site_posts
from optimizer.threshold_ladder import Action, Ladder, Step
from tests.geodata.crowd_cases import passage, site, zone

HEADER = "site_id,rule_id,kind,ring,role,basis,heads,floor,density_class,action,people_per_h,source"
SOUND = "*,gates,gate,,police,gate,2,0,,,,t"
TURN = "*,turn,gate,,police,gate,4,0,,exit_only,,t"

Reader = Callable[..., tuple[RuleBook, list[str]]]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Reads rows for the site `site`; returns the book and what was wrong."""

    def reading(*rows: str, ladders: tuple[Ladder, ...] = ()) -> tuple[RuleBook, list[str]]:
        path = tmp_path / "sites_posts.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        faults = FaultLog()
        book = read_site_posts(path, ["site"], ladders, faults)
        return book, [str(fault) for fault in faults.faults]

    return reading


def ladder(*actions: Action) -> Ladder:
    gates = [passage("in", "", "a", direction="in"), passage("out", "", "a", direction="out")]
    place = site([zone("a")], [*gates, passage("metro", "", "a", kind="metro", station_id="m")])
    return Ladder(place, (Step("full", "Full", "满", (), "people", 100, 80, actions, "t"),))


def test_a_sites_own_rule_replaces_the_one_for_any_site(read: Reader) -> None:
    book, faults = read(SOUND, TURN, "site,gates,gate,,support,gate,7,3,,,,own")
    assert faults == []
    assert book.notes == ()
    gates, turn = rules_of("site", book.rules)
    assert (gates.role, gates.heads, gates.floor, gates.source) == ("support", 7.0, 3, "own")
    assert turn.action == "exit_only"
    assert rules_of(ANY_SITE, book.rules)[0].heads == 2.0


def test_a_site_without_rules_falls_back_and_says_so(read: Reader) -> None:
    book, faults = read(SOUND)
    assert faults == []
    assert book.notes == (
        "no rules of head-counts of their own: site; those for any site (*) hold",
    )
    assert rules_of("site", book.rules) == book.rules[ANY_SITE]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("*,a,tower,,police,gate,2,0,,,,t", "kind 'tower' is none of command, observation"),
        ("*,a,operation,,police,gate,2,0,,,,t", "kind 'operation' is none of command"),
        ("*,a,gate,,police,gate,-2,0,,,,t", "heads is not a finite number of at least 0"),
        ("*,a,gate,,police,gate,2,-1,,,,t", "floor is not a whole number of at least 0"),
        ("*,a,gate,,soldier,gate,2,0,,,,t", "role 'soldier' is none of supervisor, police"),
        ("*,a,gate,moat,police,gate,2,0,,,,t", "ring 'moat' is none of core, control, outer"),
        ("*,a,gate,,police,doors,2,0,,,,t", "basis 'doors' is none of gate, stairs"),
        ("*,a,command,,police,site,6,0,,,,t", "basis site needs a ring"),
        ("*,a,fixed,,police,people,6,0,blue,,,t", "density class 'blue' is none of green"),
        ("*,a,gate,,police,gate,6,0,green,,,t", "a density class belongs to the basis people"),
        ("*,a,gate,,police,zone,6,0,,exit_only,,t", "an action counts passages"),
        ("*,a,gate,,police,gate,6,0,,sing,,t", "action 'sing' is none of gates, exit_only"),
        ("*,a,screening,core,police,lane,6,0,,,,t", "people_per_h above 0 belongs to lanes"),
        ("*,a,gate,,police,gate,6,0,,,500,t", "people_per_h above 0 belongs to lanes"),
        ("*,a,reserve,,organiser,ring_staff,0.1,0,,,,t", "no share of a ring's posts"),
        ("moon,a,gate,,police,gate,2,0,,,,t", "site_id is not one of the sites"),
        ("*,a,gate,,police,gate,2,0,,,,", "source is empty"),
    ],
)
def test_a_rule_that_cannot_be_used_is_one_message(read: Reader, row: str, problem: str) -> None:
    _, faults = read(SOUND, row)
    assert len(faults) == 1
    assert problem in faults[0]
    assert faults[0].startswith("sites_posts.csv, row 2:")


def test_every_fault_is_told_at_once(read: Reader) -> None:
    _, faults = read(
        SOUND, SOUND, "*,b,tower,,police,gate,2,0,,,,t", "*,c,gate,,police,gate,x,0,,,,t"
    )
    assert [fault.split(":")[0] for fault in faults] == [
        "sites_posts.csv, row 4",
        "sites_posts.csv, row 2",
        "sites_posts.csv, row 3",
    ]


def test_no_rule_at_all(read: Reader) -> None:
    _, faults = read("site,gates,gate,,police,gate,2,0,,,,t")
    assert faults == []
    _, faults = read()
    assert "the table has no rows" in faults[0]


def test_a_step_that_turns_passages_without_posts_is_a_fault(read: Reader) -> None:
    """Exit only turns the gates and the metro entrance; only the gates have posts for it."""
    steps = (ladder(Action("exit_only")),)
    _, faults = read(SOUND, TURN, ladders=steps)
    assert len(faults) == 1
    assert "step full of site: exit_only at a metro has no posts" in faults[0]
    _, faults = read(SOUND, TURN, "*,metro,gate,,police,metro,4,0,,exit_only,,t", ladders=steps)
    assert faults == []


def test_steps_and_rules_of_the_package_fit() -> None:
    """Without the rules for any site every step of every ladder would lack posts."""
    steps = ladder(Action("gates", gates_in=1), Action("metro_skip", ("m",)))
    assert unmanned_steps([steps], {}) == [
        "step full of site: gates at a gate has no posts",
        "step full of site: metro_skip at a metro has no posts",
    ]
    faults = FaultLog()
    path = shipped("shanghai", "sites_posts.csv")
    book = read_site_posts(path, ["longhua", "bund", "yuyuan"], (), faults)
    assert faults.faults == []
    rules = rules_of("longhua", book.rules)
    assert all(rule.source for rule in rules)
    assert {rule.rule_id: rule.heads for rule in rules}["lane"] == 4.0
    assert "lane" not in {rule.rule_id for rule in rules_of("bund", book.rules)}
