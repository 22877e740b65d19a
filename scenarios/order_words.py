"""Standing texts of the sheets in English and Chinese: what is done on a post, states of a plan."""

from maps.text import KINDS, PHASES, RINGS, job

Pair = tuple[str, str]
"""A text in English and Chinese."""

STATUSES: dict[str, Pair] = {
    "draft": ("Draft, not approved", "草案，未经批准"),
    "reviewed": ("Reviewed, not approved", "已审核，未经批准"),
    "approved": ("Approved", "已批准"),
}
"""States of a plan that keeps every rule."""

TASKS: dict[str, Pair] = {
    "command": ("Lead the event, decide on the next step", "现场指挥，决定分级响应"),
    "observation": (
        "Watch the density of the zone, report each quarter-hour",
        "观察密度，每刻钟报告",
    ),
    "stairs": ("Keep the ways up and down apart, stop people on order", "分隔上下行，按令截流"),
    "crossing": ("Let people over in turn, keep the lane for help free", "分批放行，保持应急通道"),
    "gate": ("Keep the direction that is ordered, count people", "按令控制进出方向，计数"),
    "screening": ("Check bags, let people in at the pace ordered", "安检，按令控制放行速度"),
    "fixed": ("Keep people moving, keep lanes free", "疏导人流，保持通道"),
    "reserve": ("Stand ready at the assembly point", "集结点待命"),
    "supervisor": ("Lead the posts of the ring", "带领本圈层岗位"),
    "traffic": ("Hold and turn traffic", "交通管制与分流"),
    "guard": ("Help at gates and lanes, as police direct", "协助出入口及通道秩序"),
    "volunteer": ("Show the way, help those in need", "引导咨询，帮扶救助"),
    "operation": ("As the operation's order says", "按行动命令"),
    "mixed": ("As the leader of the ring directs", "按圈层带班领导指令"),
}
"""What those on a kind of post do: standard texts of ours, to be made precise by hand."""

PASSAGES: dict[str, Pair] = {
    "gate": ("gate", "出入口"),
    "stairs": ("stairs", "阶梯"),
    "crossing": ("crossing", "路口"),
    "metro": ("metro entrance", "地铁口"),
}
"""Ways into and through a site."""

POSTED_AT: dict[str, tuple[str, ...]] = {
    "gate": ("gate", "metro"),
    "screening": ("gate",),
    "stairs": ("stairs",),
    "crossing": ("crossing",),
}
"""Kinds of passages that posts of a kind stand at; all others stand in the zones of their ring."""

CLASSES: dict[str, Pair] = {
    "green": ("green", "绿"),
    "amber": ("amber", "黄"),
    "red": ("red", "红"),
    "stop": ("stop", "停"),
}
"""Classes of density."""

_ORGANISER = {"guard": ("guard", "保安"), "volunteer": ("volunteer", "志愿者")}


def ring_words(ring: str) -> Pair:
    """Words of a ring; one that is not known stands for itself."""
    return RINGS.get(ring, (ring, ""))


def phase_words(phase: str) -> Pair:
    """Words of a phase; one that is not known stands for itself."""
    return PHASES.get(phase, (phase, ""))


def post_words(kind: str, role: str) -> Pair:
    """What is done on a post and by whom; people of an organiser by their kind."""
    return _ORGANISER[kind] if kind in _ORGANISER else job(kind, role)


def kind_words(kind: str) -> Pair:
    """A kind of post; one that is not told apart is just a post."""
    return {**KINDS, **_ORGANISER}.get(kind, ("post", "岗位"))


def joined(pairs: list[Pair], between: tuple[str, str] = ("; ", "；")) -> Pair:
    """Texts one after the other; one that has no Chinese stands in English in both."""
    return between[0].join(p[0] or p[1] for p in pairs), between[1].join(
        p[1] or p[0] for p in pairs
    )


def told(pair: Pair) -> str:
    """A text in both languages."""
    english, chinese = pair
    return english if english == chinese else f"{english} {chinese}".strip()
