"""The guard against person data: tables with columns about persons are not loaded."""

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

from geodata.faults import FaultLog

_ATTRIBUTES = frozenset(
    "phone telephone tel mobile cellphone email wechat whatsapp qq ssn passport idcard plate "
    "vin imei imsi sex gender ethnicity ethnic race nationality religion face facial photo "
    "portrait fingerprint biometric dna voice audio recording birth birthday birthdate dob age "
    "surname forename firstname lastname fullname nickname alias narrative narration freetext "
    "remark remarks comment comments note notes description descr transcript statement "
    "synopsis".split()
)
"""Words that speak of a person, or of free text, wherever they stand in a column's name."""

_ROLES = frozenset(
    "caller victim suspect offender complainant witness reporter informant arrestee defendant "
    "driver owner patient person officer citizen resident contact".split()
)
"""Words for a person; refused alone (`caller`, but not a count such as `officers`) or beside one
of `_IDENTIFIERS` (`victim_name`, `officer_ids`)."""

_IDENTIFIERS = frozenset("name names id ids no number address addr code".split())

_PHRASES = frozenset(
    [
        ("e", "mail"),
        ("free", "text"),
        ("first", "name"),
        ("last", "name"),
        ("full", "name"),
        ("family", "name"),
        ("given", "name"),
        ("middle", "name"),
        ("user", "name"),
        ("id", "card"),
        ("id", "number"),
        ("id", "no"),
        ("national", "id"),
        ("identity", "number"),
        ("home", "address"),
        ("licence", "no"),
        ("license", "no"),
    ]
)

_CHINESE = tuple(
    "姓名 名字 电话 手机 身份证 证件 车牌 号牌 性别 民族 种族 国籍 人脸 面部 照片 头像 指纹 录音 "
    "音频 出生 生日 年龄 住址 户籍 报警人 当事人 嫌疑人 受害人 被害人 联系人 联系方式 微信 邮箱 "
    "备注 描述 案情 报警内容 警情内容".split()
)

_REMEDY = (
    "Remove the column before loading; muster plans with aggregate demand and needs no person data."
)


def person_columns(names: Iterable[str], allowed: Collection[str] = ()) -> list[str]:
    """Names of columns that look like person data or free text, in their order.

    Place names (`name_en`, `name_zh`) pass; a bare `name` does not, unless it is `allowed`.
    """
    return [name for name in names if name not in allowed and _is_personal(name)]


def refuse_person_data(
    file: str, names: Iterable[str], faults: FaultLog, allowed: Collection[str] = ()
) -> bool:
    """Note every column that looks like person data; whether there was one."""
    found = person_columns(names, allowed)
    for name in found:
        faults.add(
            file,
            "a column looks like person data or free text",
            expected="no names, phones, identity numbers, plates, traits or free text of persons",
            remedy=_REMEDY,
            value=name,
        )
    return bool(found)


def _is_personal(column: str) -> bool:
    if any(word in column for word in _CHINESE):
        return True
    words = _words(column)
    if words == ["name"] or _ATTRIBUTES.intersection(words):
        return True
    if any(pair in _PHRASES for pair in pairwise(words)):
        return True
    if len(words) == 1:
        return words[0] in _ROLES
    roles = [word for word in words if _ROLES & {word, word[:-1], word[:-2]}]
    return bool(roles) and bool(_IDENTIFIERS.intersection(words))


def _words(column: str) -> list[str]:
    """Lower-case words of a column name: `callerPhone_2` gives caller, phone."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column)
    return re.findall(r"[a-z]+", spaced.lower())
