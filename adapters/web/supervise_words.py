"""What the supervisor's and the auditor's pages share: the words for what the API answers."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from adapters.http.identity import Identity
from adapters.web.site import Visit
from adapters.web.words import N_
from domain.message import Text
from domain.review_tags import GRADE_NAMES, TAGS
from projections.happenings import FACTS, HAPPENINGS, MEANINGS, SIGNAL_NAMES
from projections.rectifications import STEP_NAMES

GRADES: Mapping[Any, Text] = GRADE_NAMES
STEPS: Mapping[Any, Text] = STEP_NAMES
SIGNALS: Mapping[Any, Text] = SIGNAL_NAMES

DUE_NAMES = {
    "overdue": N_("已逾期"),
    "today": N_("今天到期"),
    "1": N_("1个工作日内"),
    "3": N_("3个工作日内"),
    "5": N_("5个工作日内"),
}

BY = {
    "citizen": N_("群众"),
    "anybody": N_("未登录的人"),
    "kiosk": N_("自助机"),
    "screen": N_("大屏"),
    "clerk": N_("窗口人员"),
    "supervisor": N_("负责人"),
    "admin": N_("管理员"),
    "auditor": N_("审计人员"),
    "partner": N_("合作系统"),
    "policy": N_("系统规则"),
    "clock": N_("系统时钟"),
}
"""Who asks, as the log names their kind."""

HIDDEN = frozenset(
    {"clock", "dues", "signals", "guide", "plan", "groups", "changes", "causes", "terms", "wording", "facts"}
)
"""Facts that are documents of their own: they stand in the event's JSON."""


class Fact(NamedTuple):
    """A fact of an event in words."""

    name: str
    value: str


def oversight(visit: Visit) -> Identity:
    """Whoever may supervise."""
    return visit.require("supervisor", "admin", "auditor")


async def place_names(visit: Visit) -> dict[tuple[str, str], str]:
    """What halls and their windows are called: by hall and window, the hall itself by an empty one."""
    halls = (await visit.api.get("/halls", limit=100))["halls"]
    return {(hall["hall"], ""): visit.say(hall["name"]) for hall in halls} | {
        (hall["hall"], window["window"]): visit.say(window["name"])
        for hall in halls
        for window in hall["windows"]
    }


async def hall_names(visit: Visit) -> dict[str, str]:
    """What halls and units that are halls are called, by their ids."""
    return {hall: name for (hall, window), name in (await place_names(visit)).items() if not window}


async def item_names(visit: Visit) -> dict[str, str]:
    """What items are called, by their ids."""
    names: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page = await visit.api.get("/items", limit=100, cursor=cursor)
        names |= {item["item"]: visit.say(item["name"]) for item in page["items"]}
        if (cursor := page["cursor"]) is None:
            return names


def told_by(visit: Visit, by: str) -> str:
    """``窗口人员 li`` of ``clerk:li``."""
    kind, _, name = by.partition(":")
    known = visit.gettext(BY[kind]) if kind in BY else kind
    return f"{known} {name}" if name and kind not in ("policy", "clock") else known


def newest_first(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A timeline by when things happened, though some were written down later; of one moment, the last first."""
    return sorted(lines, key=lambda line: datetime.fromisoformat(line["at"]))[::-1]


def called(visit: Visit, tag: str) -> str:
    """What an event is called."""
    return visit.say(HAPPENINGS[tag]) if tag in HAPPENINGS else tag


def facts(
    visit: Visit,
    detail: Mapping[str, Any],
    without: frozenset[str] = frozenset(),
    hidden: frozenset[str] = HIDDEN,
) -> list[Fact]:
    """What an event says, a line each; what is a document of its own or empty is left out."""
    return [
        Fact(visit.say(FACTS[name]) if name in FACTS else name, meant(visit, name, value))
        for name, value in detail.items()
        if value not in (None, "", [], {}, False) and name not in hidden | without and name != "type"
    ]


def meant(visit: Visit, name: str, value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return visit.gettext(N_("是")) if value else visit.gettext(N_("否"))
    if isinstance(value, list):
        return (
            "、".join(meant(visit, name, one) for one in value)
            if visit.language == "zh"
            else ", ".join(meant(visit, name, one) for one in value)
        )
    if isinstance(value, dict):
        if {"zh", "en"} <= value.keys():
            return visit.say(value)
        return "; ".join(
            f"{visit.say(FACTS[key]) if key in FACTS else key}: {meant(visit, key, one)}"
            for key, one in value.items()
            if one is not None and key != "type"
        )
    known = MEANINGS.get(name, {}).get(value)
    if known is None and name == "tags":
        known = next((tags[value] for tags in TAGS.values() if value in tags), None)
    if known is not None:
        return visit.say(known)
    if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}T", value):
        return visit.moment(value)
    return str(value)
