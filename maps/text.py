"""Words of the page in English and Chinese, and how it writes hours."""

from datetime import datetime, timedelta

LANGUAGES = ("en", "zh")

WORDS: dict[str, tuple[str, str]] = {
    "plan": ("Plan", "方案"),
    "baseline": ("Baseline", "对照"),
    "compare": ("Compare", "对比"),
    "view": ("Show", "显示"),
    "metric": ("Colour of the cells", "网格着色"),
    "p90": ("Response P90", "到达时间P90"),
    "mean": ("Response mean", "平均到达时间"),
    "coverage": ("Coverage", "覆盖率"),
    "within1": ("Within 1 min", "1分钟到达"),
    "within3": ("Within 3 min", "3分钟到达"),
    "within5": ("Within 5 min", "5分钟到达"),
    "utilisation": ("Busy share", "忙碌率"),
    "demand": ("Demand", "警情需求"),
    "p90_unit": ("P90 response, minutes", "到达时间第90百分位（分钟）"),
    "mean_unit": ("Mean response, minutes", "平均到达时间（分钟）"),
    "coverage_unit": ("Share reached within target", "目标时限内到达比例"),
    "within1_unit": ("Chance of arrival within 1 minute", "1分钟内到达概率"),
    "within3_unit": ("Chance of arrival within 3 minutes", "3分钟内到达概率"),
    "within5_unit": ("Chance of arrival within 5 minutes", "5分钟内到达概率"),
    "utilisation_unit": ("Busy share of the units that answer", "出警警组忙碌率"),
    "difference": ("Difference", "差异"),
    "difference_unit": ("plan minus baseline", "方案减对照"),
    "difference_better": ("better with the plan", "方案更好"),
    "difference_worse": ("worse with the plan", "方案更差"),
    "difference_same": ("about the same", "基本相同"),
    "only_plan": ("In reach with the plan only", "仅方案可到达"),
    "only_baseline": ("In reach with the baseline only", "仅对照可到达"),
    "neither_reached": ("Out of reach with both", "两者均无法到达"),
    "demand_unit": ("Expected calls per hour and km²", "预期警情（起/小时·平方公里）"),
    "demand_share": ("of calls", "警情占比"),
    "no_data": ("No calls expected", "无预期警情"),
    "unreached_mean": ("Out of reach", "无法到达"),
    "unreached_p90": ("Over 10% unserved", "逾10%无警组可派"),
    "unreached_utilisation": ("Out of reach", "无法到达"),
    "calls_row": ("Expected calls", "预期警情"),
    "units_row": ("Units on the street", "街面警组"),
    "coverage_row": ("Within target", "目标内到达"),
    "mean_row": ("Mean response, min", "平均到达（分钟）"),
    "p90_row": ("P90 response, min", "P90到达（分钟）"),
    "within1_row": ("Within 1 min", "1分钟内到达"),
    "within3_row": ("Within 3 min", "3分钟内到达"),
    "within5_row": ("Within 5 min", "5分钟内到达"),
    "utilisation_row": ("Busy share of units", "警组忙碌率"),
    "unserved_row": ("No unit free in reach", "无可用警组"),
    "figures": ("This hour, whole city", "本小时全市"),
    "figures_note": (
        "Response runs from dispatch to the first unit's arrival; city figures weigh cells by "
        "their expected calls for a unit.",
        "到达时间自派警起至首个警组到达；全市数值按需警组到场的预期警情加权。",
    ),
    "legend": ("Legend", "图例"),
    "layers": ("Layers", "图层"),
    "units": ("Units", "警组"),
    "posts": ("Event posts", "活动岗位"),
    "stations": ("Stations", "派出所"),
    "visits": ("Must-visit points", "必巡点"),
    "river": ("River", "江河"),
    "crossings": ("Bridges and tunnels", "桥梁与隧道"),
    "expressways": ("Expressways", "快速路"),
    "metro": ("Metro", "轨道交通"),
    "districts": ("Districts", "行政区界"),
    "synthetic": ("Synthetic or assumed", "模拟或假设数据"),
    "sources": ("Sources of the data", "数据来源"),
    "real": ("real", "真实"),
    "assumption": ("assumption", "假设"),
    "status_synthetic": ("synthetic", "模拟"),
    "dark": ("Dark", "深色"),
    "light": ("Light", "浅色"),
    "other_language": ("中文", "English"),
    "more": ("Details", "详情"),
    "less": ("Close", "收起"),
    "hour": ("Hour", "小时"),
    "play": ("Play", "播放"),
    "pause": ("Pause", "暂停"),
    "previous": ("Previous hour", "上一小时"),
    "next": ("Next hour", "下一小时"),
    "keys": (
        "Keys: [ ] hour, space play, Enter cell at map centre",
        "快捷键：[ ] 换小时，空格播放，回车查看地图中心",
    ),
    "map": ("Map. Arrow keys move it, Enter opens the centre.", "地图，方向键移动，回车查看中心"),
    "divider": ("Divider: baseline left, plan right", "分隔线：左对照，右方案"),
    "panel": ("Figures, legend and layers", "数值、图例与图层"),
    "cell": ("Cell", "网格"),
    "district": ("District", "行政区"),
    "zone": ("Zone", "区域等级"),
    "target": ("Target, min", "目标（分钟）"),
    "demand_row": ("Calls/h per km²", "警情/小时·km²"),
    "type": ("Type", "类型"),
    "count": ("Units", "警组数"),
    "busy": ("Busy", "忙碌率"),
    "total": ("Total", "合计"),
    "places_here": ("places in this cluster", "个点位"),
    "ring": ("Ring", "圈层"),
    "phase": ("Phase", "阶段"),
    "role": ("Role", "警种"),
    "required": ("Need", "需求"),
    "have": ("Have", "到位"),
    "short": ("Short", "缺口"),
    "no_posts": ("No post is manned in this hour.", "本小时无岗位。"),
    "on_duty": ("Officers on duty", "在岗警力"),
    "visit_dose": ("Minutes per visit", "每次巡逻分钟"),
    "visit_interval": ("At least every, h", "间隔不超过（小时）"),
    "visits_planned": ("Visits planned / due", "计划/应巡次数"),
    "visit_times": ("Visits at", "巡逻时间"),
    "sites": ("Event areas", "活动区域"),
    "table": ("Worst cells of the hour", "本小时最差网格"),
    "table_button": ("Table", "表格"),
    "worst": ("Worst cells", "最差网格"),
    "find": ("Find a station, event or point", "查找派出所、活动或点位"),
    "about_place": ("About this place", "该处详情"),
    "nearest": ("Nearest units", "最近警组"),
    "none_in_reach": ("No unit reaches this cell.", "无警组可到达。"),
    "place": ("Place", "地点"),
    "minutes": ("Min", "分钟"),
    "come_from": ("Units come from", "警组来源"),
    "more_stations": ("more stations", "个其他派出所"),
    "phase_note": ("Each phase in its hour of most missing posts", "各阶段取缺口最大的小时"),
    "roles_now": ("This hour by kind and role", "本小时各岗位"),
    "events_now": ("Events and next steps", "活动与分级响应"),
    "events_note": (
        "On post and needed in this hour; chances are those of the forecast crowds.",
        "本小时到岗/需求；概率来自预测客流。",
    ),
    "no_events": ("No event has posts in this hour.", "本小时无活动岗位。"),
    "not_on_paper": ("more in the page itself.", "项未印出，见网页。"),
    "people_inside": ("people", "人"),
    "usually_at": ("about", "约"),
    "this_hour": ("this hour", "本小时"),
    "in_all": ("in all", "全程"),
    "crowd_row": ("People expected", "预计人数"),
    "staffed_row": ("Staffed for", "按此配警人数"),
    "step_taken": ("Step in force", "已启动措施"),
    "step_next": ("Next step", "下一级措施"),
    "chance": ("Chance", "概率"),
    "none": ("none", "无"),
    "no_crowd": ("Nothing takes place here in this hour.", "本小时无活动。"),
    "people": ("People", "人数"),
    "density": ("Density", "密度"),
    "crowd_green": ("under 2 per m²", "低于2人/平方米"),
    "crowd_amber": ("2–3 per m²", "2–3人/平方米"),
    "crowd_red": ("3–4 per m²", "3–4人/平方米"),
    "crowd_stop": ("over 4 per m²", "超过4人/平方米"),
    "passage_gate": ("Gate", "出入口"),
    "passage_stairs": ("Stairs", "阶梯"),
    "passage_crossing": ("Crossing", "路口"),
    "passage_metro": ("Metro entrance", "地铁出入口"),
    "way": ("Open", "开放方向"),
    "way_i": ("in only", "只进"),
    "way_o": ("out only", "只出"),
    "way_b": ("both ways", "双向"),
    "way_c": ("closed", "关闭"),
    "way_s": ("trains do not stop", "列车跳停"),
    "queue": ("People waiting", "排队人数"),
    "reserve": ("Reserve", "机动力量"),
    "reserve_unit": ("Reserve on standby", "机动力量屯警点"),
    "promised_to": ("Promised to", "保障地点"),
    "crew_missing": ("no crew", "缺员"),
    "reserve_minutes": ("Reserve: minutes to the top sites", "机动力量到重点部位时间"),
    "reserve_note": (
        "This hour, in minutes: own unit and next best; bold where the own one is late or missing.",
        "本小时：专属警组/次近警组（分钟）；专属警组超时或缺员时加粗。",
    ),
    "no_reserve_here": ("No reserve stands here in this hour.", "本小时此处无机动力量。"),
    "manned": ("Units manned", "到位警组"),
    "symbols": ("Symbols", "图例符号"),
    "symbol_units": ("Units at and near a place, ring by type", "点位及附近警组，环为类型"),
    "symbol_branch": ("District bureau", "分局"),
    "symbol_reserve": ("Reserve standing by, units manned", "机动力量屯警点及到位警组数"),
    "symbol_reserve_short": ("Reserve with a crew missing", "机动力量缺员"),
    "symbol_posts": (
        "Event with posts; red core, orange control, blue outer ring",
        "有岗位的活动：红核心区、橙管控区、蓝外围",
    ),
    "symbol_short": ("Event with so many people missing", "活动岗位缺口人数"),
    "symbol_no_posts": ("Event without posts in this hour", "本小时无岗位的活动"),
    "symbol_rings": ("Rings: core, control, outer", "圈层：核心区、管控区、外围"),
    "symbol_density": ("People per m²: 2–3, 3–4, over 4", "密度：2–3、3–4、超过4人/平方米"),
    "symbol_queue": ("People waiting, the room they take", "排队人群及所占范围"),
    "no_reserve": ("No reserve stands by in this hour.", "本小时无机动力量。"),
    "site": ("Site", "部位"),
    "own_unit": ("Own", "专属"),
    "next_best": ("Next", "次近"),
    "lending": ("Districts that lend officers", "借出警力的单位"),
    "lending_note": (
        "This hour: as planned / with all lent officers at home.",
        "本小时：按方案/借出警力全部留守。",
    ),
    "no_lenders": ("Nobody lends in this hour.", "本小时无借出。"),
    "lender": ("Lender", "借出单位"),
    "officers_away": ("Officers", "人数"),
    "coverage_both": ("Coverage", "覆盖率"),
    "p90_both": ("P90, min", "P90（分钟）"),
    "north": ("North is up", "上北"),
    "status_draft": ("Draft", "草案"),
    "status_reviewed": ("Reviewed", "已审核"),
    "status_approved": ("Approved", "已批准"),
    "mark_draft": ("DRAFT, not approved", "草案 未批准"),
    "mark_reviewed": ("REVIEWED, not approved", "已审核 未批准"),
    "approved_by": ("Approved by (function)", "审批（职务）"),
    "approved_on": ("Date and time", "日期时间"),
    "unreadable": (
        "This browser is too old for this page: it lacks DecompressionStream.",
        "浏览器版本过旧，无法显示本页（缺少 DecompressionStream）。",
    ),
    "drawn_with": ("Drawn with Folium and Leaflet.", "使用 Folium 与 Leaflet 绘制。"),
}
"""Each word of the page as (English, Chinese)."""

RINGS = {
    "core": ("core", "核心区"),
    "control": ("control", "管控区"),
    "outer": ("outer", "外围"),
    "operation": ("task", "任务"),
    "reserve": ("standby", "屯警点"),
}
PHASES = {
    "build_up": ("build-up", "集聚"),
    "peak": ("peak", "高峰"),
    "dispersal": ("dispersal", "疏散"),
    "operation": ("operation", "行动"),
    "reserve": ("reserve", "备勤"),
}
ROLES = {
    "supervisor": ("supervisor", "带班领导"),
    "police": ("police", "民警"),
    "support": ("support", "辅助"),
}
KINDS = {
    "command": ("command post", "指挥部"),
    "observation": ("observer", "观察哨"),
    "stairs": ("stairs", "阶梯岗"),
    "crossing": ("crossing", "路口岗"),
    "gate": ("gate", "出入口岗"),
    "screening": ("screening", "安检岗"),
    "fixed": ("fixed", "定点岗"),
    "reserve": ("reserve", "机动"),
    "supervisor": ("supervisor", "带班领导"),
    "traffic": ("traffic", "交通岗"),
    "operation": ("operation", "行动"),
}
"""Kinds of posts; those that are not told apart have none."""

ZONES_EN = ("hub or scenic site", "commercial", "city", "fringe", "rural")
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
MONTHS_EN = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


def both(english: str, chinese: str) -> dict[str, str]:
    """Text in both languages, each standing in for the other where one is empty."""
    return {"en": english or chinese, "zh": chinese or english}


def words() -> dict[str, dict[str, str]]:
    """Every word by language, then key."""
    return {
        language: {key: pair[number] for key, pair in WORDS.items()}
        for number, language in enumerate(LANGUAGES)
    }


def term(token: str, known: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Words of a ring, phase or role; a name that is not known stands for itself."""
    return both(*known.get(token, (token, token)))


def job(kind: str, role: str) -> tuple[str, str]:
    """What is done on a post and by whom: `stairs, police`; only by whom where kinds are mixed."""
    who, what = ROLES.get(role, (role, role)), KINDS.get(kind)
    if what is None or what == who:
        return who
    return f"{what[0]}, {who[0]}", f"{what[1]}、{who[1]}"


def hour_label(start: datetime) -> dict[str, str]:
    """One hour as text: `Sat 6 Feb, 20:00-21:00` and its Chinese form."""
    end = start + timedelta(hours=1)
    span = f"{start:%H}:00–{end:%H}:00"
    english = f"{WEEKDAYS_EN[start.weekday()]} {start.day} {MONTHS_EN[start.month - 1]}, {span}"
    chinese = f"{start.month}月{start.day}日 {WEEKDAYS_ZH[start.weekday()]} {span}"
    return both(english, chinese)
