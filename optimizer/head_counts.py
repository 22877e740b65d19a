"""Rules that say how many people a site's posts need: so many for each gate, stair, 1,000 people.

A rule counts a *basis* on the site (open gates, people in zones of a density class, ...) and asks
for `heads` people for each. A rule with an action is for the steps of a threshold ladder that take
it: it counts the passages that the step turns and asks for people only while it may hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from geodata.crowd_density import CLASSES
from geodata.sites import RINGS, Passage
from optimizer.requirement import POST_KINDS, ROLES
from optimizer.threshold_ladder import ACTIONS, Ladder, action_targets

ANY_SITE = "*"
"""Site id of the rules for all sites that have no rule of that id themselves."""

ORGANISER = "organiser"
"""Role of the organiser's guards and volunteers: told, never drawn from the force."""

RULE_ROLES: tuple[str, ...] = (*ROLES, ORGANISER)
RULE_KINDS: tuple[str, ...] = tuple(k for k in POST_KINDS if k not in ("mixed", "operation"))
"""Kinds of posts that a crowd asks for: not those of reference staff and planned operations."""

PASSAGE_BASES: tuple[str, ...] = ("gate", "stairs", "crossing", "metro")
"""Passages of a kind: those open in the quarter-hour, or those that a step turns."""

RING_BASES: tuple[str, ...] = ("site", "waiting", "lane")
"""Bases that lie in no ring of their own: the rule must name one."""

BASES: tuple[str, ...] = (
    *PASSAGE_BASES,
    *RING_BASES,
    "zone",
    "people",
    "outside_crossing",
    "ring_staff",
)


@dataclass(frozen=True)
class HeadCountRule:
    """People in `role` on posts of a `kind` for each unit of the `basis`, at least `floor`.

    `ring` empty is the ring that the passage or zone lies in. Bases: `site` (once), passages of a
    kind, `outside_crossing` (crossings that lead to the world outside), `zone`, `people` (1,000
    in zones of `density_class`, or in all), `waiting` (1,000 in queues outside), `lane` (lanes of
    `people_per_h` that the arrivals and the queue need, as far as there are open gates),
    `ring_staff` (each person on the ring's other posts; reserve first, then supervisors).
    `action` makes it a rule for steps; `source` says where the figure comes from.
    """

    rule_id: str
    kind: str
    ring: str
    role: str
    basis: str
    heads: float
    floor: int
    density_class: str
    action: str
    people_per_h: float
    source: str


SiteRules = Mapping[str, tuple[HeadCountRule, ...]]
"""Rules by site id, `ANY_SITE` among them."""


def rule_problems(rule: HeadCountRule) -> list[str]:
    """What is wrong with a rule, in words; empty when it can be used."""
    found = []
    for name, value, known in (
        ("kind", rule.kind, RULE_KINDS),
        ("role", rule.role, RULE_ROLES),
        ("basis", rule.basis, BASES),
        ("ring", rule.ring, ("", *RINGS)),
        ("density class", rule.density_class, ("", *CLASSES)),
        ("action", rule.action, ("", *ACTIONS)),
    ):
        if value not in known:
            allowed = ", ".join(name for name in known if name)
            found.append(f"{name} {value!r} is none of {allowed}")
    if not (rule.heads >= 0 and rule.floor >= 0):
        found.append(f"{rule.heads:g} heads and a floor of {rule.floor} are not both at least 0")
    return found + _combination_problems(rule)


def _combination_problems(rule: HeadCountRule) -> list[str]:
    """Fields that do not go with the basis."""
    found = []
    if rule.basis in RING_BASES and not rule.ring:
        found.append(f"basis {rule.basis} needs a ring")
    if (rule.basis == "lane") != (rule.people_per_h > 0):
        found.append("people_per_h above 0 belongs to lanes, and to nothing else")
    if rule.density_class and rule.basis != "people":
        found.append("a density class belongs to the basis people")
    if rule.action and rule.basis not in PASSAGE_BASES:
        found.append(f"an action counts passages ({', '.join(PASSAGE_BASES)})")
    if rule.basis == "ring_staff" and rule.role == ORGANISER:
        found.append("the organiser's people are no share of a ring's posts")
    return found


def rules_of(site_id: str, table: SiteRules) -> tuple[HeadCountRule, ...]:
    """Rules of a site: those for any site, each replaced by the site's own of the same id."""
    merged = {rule.rule_id: rule for rule in table.get(ANY_SITE, ())}
    merged.update({rule.rule_id: rule for rule in table.get(site_id, ())})
    return tuple(merged.values())


def step_rules(
    rules: Iterable[HeadCountRule], action: str, passage: Passage
) -> tuple[HeadCountRule, ...]:
    """Rules for a passage that a step turns by an action."""
    return tuple(rule for rule in rules if (rule.action, rule.basis) == (action, passage.kind))


def unmanned_steps(ladders: Sequence[Ladder], table: SiteRules) -> list[str]:
    """Steps whose actions turn passages that no rule has posts for, in words."""
    missing: dict[tuple[str, str, str, str], None] = {}
    for ladder in ladders:
        rules, site = rules_of(ladder.site.site_id, table), ladder.site
        passages = {passage.passage_id: passage for passage in site.passages}
        for step in ladder.steps:
            for action in step.actions:
                for name in action_targets(site, action):
                    if not step_rules(rules, action.kind, passages[name]):
                        kind = passages[name].kind
                        missing[site.site_id, step.step_id, action.kind, kind] = None
    return [
        f"step {step} of {site}: {action} at a {kind} has no posts"
        for site, step, action, kind in missing
    ]
