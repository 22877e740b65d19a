"""Who approved a plan is told by function: texts that look like names of persons are refused."""

import re
from collections.abc import Iterable

from geodata.faults import Fault

LONGEST_ROLE, LONGEST_REASON, SHORTEST_REASON = 60, 500, 4

_FUNCTIONS = frozenset(
    "commander command duty officer chief deputy director head inspector superintendent sergeant "
    "captain lieutenant major colonel commissioner commissar leader coordinator planner analyst "
    "supervisor controller control room gold silver bronze shift watch operations staff station "
    "branch district city municipal bureau traffic patrol response reserve event site security "
    "legal advisor adviser safety centre center headquarters acting on call the of for and in at "
    "senior assistant night day desk unit team section division planning public order".split()
)
"""Words that a function may be made of; others must be names of places of the run."""

_TITLES = re.compile(r"\b(?:mr|mrs|ms|miss|dr|prof|comrade)\b\.?", re.IGNORECASE)
_HONORIFICS = "先生 女士 小姐 同志 老师".split()
_CONTACTS = re.compile(r"\d{5,}|\S+@\S+|(?:\d[ -]?){7,}")
_PERSONAL = re.compile(r"姓名|电话|手机|身份证|警号|\bname\b|\bphone\b|\bbadge\b", re.IGNORECASE)
_FUNCTION_CHINESE = re.compile(
    "值班|指挥长|指挥员|指挥|局长|副局长|所长|教导员|政委|支队长|大队长|中队长|总队长|队长|处长|科长|"
    "主任|组长|负责人|民警|警长|警督|领导|参谋|调度员|调度|总|副|市局|分局|公安局|公安|派出所|交警|特警|"
    "高级|中级|巡警|治安|支队|大队|中队|总队|指挥中心|指挥部|中心|处|科|室|部|组|勤务|安保|现场|当班|夜班|白班|岗|"
    "长|官|员|的|和|兼|市|区|局|所|队"
)
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余"
    "潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)


def role_faults(role: str, places: Iterable[str]) -> list[Fault]:
    """What keeps a text from being a function; `places` are names that may stand in it.

    A Latin word must be a word of functions or of a place, so a name shows as a stranger; of
    Chinese text what is left without functions and places must not begin like a name.
    """
    if not role or len(role) > LONGEST_ROLE or not role.isprintable():
        return [_role_fault("a role is one line of 1 to 60 characters", role)]
    if _speaks_of_a_person(role):
        return [_role_fault("the role holds what looks like data about a person", None)]
    known = list(places)
    if _strange_words(role, known) or _chinese_name(role, known):
        return [_role_fault("the role holds what may be the name of a person", None)]
    return []


def reason_faults(reason: str) -> list[Fault]:
    """What keeps a text from being a reason: too short, too long, or about a person."""
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        return [
            Fault(
                "--reason",
                "a reason is one line of text",
                f"{SHORTEST_REASON} to {LONGEST_REASON} characters",
                "Say in a sentence what was looked at and why that is enough.",
                value=len(reason),
            )
        ]
    if _speaks_of_a_person(reason):
        return [
            Fault(
                "--reason",
                "the reason holds what looks like data about a person",
                "no titles, telephone numbers, addresses or numbers of persons",
                "Name functions, not persons; the value is not repeated here.",
            )
        ]
    return []


def _role_fault(problem: str, value: str | None) -> Fault:
    return Fault(
        "--role",
        problem,
        "a function in plain words, such as 'duty commander' or 值班指挥长, with places of the run",
        "Name the function that decides, never a person."
        + ("" if value is not None else " The value is not repeated here."),
        value=value,
    )


def _speaks_of_a_person(text: str) -> bool:
    patterns = (_TITLES, _CONTACTS, _PERSONAL)
    return any(pattern.search(text) for pattern in patterns) or any(
        honorific in text for honorific in _HONORIFICS
    )


def _strange_words(text: str, places: list[str]) -> list[str]:
    """Latin words that neither functions nor places have; abbreviations such as `HQ` pass."""
    of_places = {word for place in places for word in _latin_words(place)}
    return [
        word
        for word in re.findall(r"[^\W\d_]+", text)
        if re.match(r"[A-Za-z\u00c0-\u024f]", word)
        and not (word.isupper() and len(word) <= 4)
        and word.lower() not in _FUNCTIONS | of_places
    ]


def _latin_words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Za-z\u00c0-\u024f]+", text)}


def _chinese_name(text: str, places: list[str]) -> bool:
    """Whether Chinese text that is no function and no place begins with a common surname."""
    for place in sorted(_chinese_places(places), key=len, reverse=True):
        text = text.replace(place, " ")
    left = _FUNCTION_CHINESE.sub(" ", text)
    return any(part[0] in _SURNAMES for part in re.findall(r"[\u4e00-\u9fff]+", left))


def _chinese_places(places: list[str]) -> set[str]:
    """Chinese parts of the names of places, each also without its kind: 黄浦区 and 黄浦."""
    whole = {part for place in places for part in re.findall(r"[\u4e00-\u9fff]+", place)}
    bare = {re.sub(r"(?:区|县|市|分局|派出所|所)+$", "", part) for part in whole}
    return {part for part in whole | bare if len(part) > 1}
