"""Reads the rules of head-counts on the posts of event sites."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from optimizer.head_counts import (
    ANY_SITE,
    HeadCountRule,
    SiteRules,
    rule_problems,
    rules_of,
    unmanned_steps,
)
from optimizer.threshold_ladder import Ladder

_COLUMNS = (
    "site_id",
    "rule_id",
    "kind",
    "ring",
    "role",
    "basis",
    "heads",
    "floor",
    "density_class",
    "action",
    "people_per_h",
    "source",
)


@dataclass(frozen=True)
class RuleBook:
    """Rules by site, and what a reader of the plan must know about them."""

    rules: SiteRules
    notes: tuple[str, ...]


def read_site_posts(
    path: Path, site_ids: Collection[str], ladders: Sequence[Ladder], faults: FaultLog
) -> RuleBook:
    """Rules for `site_ids` and for any site (`*`).

    A site without a rule of its own falls back to those for any site, which is noted. A step of a
    ladder that turns a passage for which there is no rule is a fault. To be used only when
    `faults` is empty.
    """
    table = read_table(path, _COLUMNS, faults) if site_ids else None
    if table is None:
        return RuleBook(MappingProxyType({}), ())
    check = RowCheck(table, faults)
    check.require_rows()
    owner = check.choices("site_id", [ANY_SITE, *site_ids], "the sites")
    found = _rules(check)
    check.unique(
        ["site_id", "rule_id"],
        [(site, rule.rule_id) for site, rule in zip(owner, found, strict=True)],
        "the rule of the site",
    )
    problems = ["; ".join(rule_problems(rule)) for rule in found]
    check.refuse(
        check.sound & np.array([text != "" for text in problems], dtype=bool),
        "the rule cannot be used",
        expected="a known kind, role, basis and action, heads of at least 0; "
        "docs/data-formats.md says what goes together",
        remedy="Correct the row.",
        values=problems,
    )
    rows = np.flatnonzero(check.sound).tolist()
    rules = {
        site: tuple(found[row] for row in rows if owner[row] == site)
        for site in (ANY_SITE, *site_ids)
    }
    if check.sound.all():
        _refuse_gaps(table.file, site_ids, ladders, rules, faults)
    return RuleBook(MappingProxyType(rules), _fallbacks(site_ids, rules))


def _rules(check: RowCheck) -> list[HeadCountRule]:
    """Rule of each row, also of those with faults (their figures are 0)."""
    ids, kinds = check.texts("rule_id"), check.texts("kind")
    rings, roles = check.texts("ring", optional=True), check.texts("role")
    bases, sources = check.texts("basis"), check.texts("source")
    classes = check.texts("density_class", optional=True)
    actions = check.texts("action", optional=True)
    heads = np.nan_to_num(check.numbers("heads", minimum=0.0))
    floors = np.nan_to_num(check.numbers("floor", minimum=0.0, whole=True, optional=True))
    lanes = np.nan_to_num(check.numbers("people_per_h", minimum=1.0, optional=True))
    return [
        HeadCountRule(
            ids[row],
            kinds[row],
            rings[row],
            roles[row],
            bases[row],
            float(heads[row]),
            int(floors[row]),
            classes[row],
            actions[row],
            float(lanes[row]),
            sources[row],
        )
        for row in range(len(ids))
    ]


def _refuse_gaps(
    file: str,
    site_ids: Collection[str],
    ladders: Sequence[Ladder],
    rules: SiteRules,
    faults: FaultLog,
) -> None:
    """Note sites without any rule and steps that ask for posts that do not exist."""
    gaps = [f"site {site} has no rules" for site in site_ids if not rules_of(site, rules)]
    for problem in [*gaps, *unmanned_steps(ladders, rules)]:
        faults.add(
            file,
            problem,
            expected="rules for every site, and one for each kind of passage that a step turns",
            remedy="Add a row for the site, or for any site (*).",
        )


def _fallbacks(site_ids: Collection[str], rules: SiteRules) -> tuple[str, ...]:
    bare = [site for site in site_ids if not rules.get(site)]
    if not bare:
        return ()
    return (
        f"no rules of head-counts of their own: {', '.join(bare)}; those for any site (*) hold",
    )
