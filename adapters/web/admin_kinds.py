"""The kinds of configured things: how the API names each, what it is made of, and in which parts it is filled in."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from adapters.web.admin_shape import Shape, plain, shape_of
from adapters.web.words import N_
from domain.hall import HallPlan
from domain.item import ItemPlan
from domain.respite import PAUSES
from domain.rules import KINDS as RULES
from domain.terms import Terms
from domain.workdays import Year

Document = dict[str, Any]


class Part(NamedTuple):
    """A form of its own with some of a document's fields."""

    title: str
    fields: tuple[str, ...]
    hint: str = ""


class Kind(NamedTuple):
    """A kind of configured things: how the API names one, its title and what to know before changing it.

    ``shown`` makes of a document what is filled in, ``stored`` a document of that.
    """

    path: str
    title: str
    hint: str
    document: type[msgspec.Struct]
    parts: dict[str, Part]
    beside: tuple[str, ...] = ()
    """What the API tells beside the document."""
    shown: Callable[[Document], Document] = lambda document: document
    stored: Callable[[Document], Document] = lambda document: document
    new: Document = {}  # noqa: RUF012  # a default of a tuple that nobody changes
    """What a new one says before anybody has said anything."""

    @property
    def shape(self) -> Shape:
        return shape_of(self.document)

    @property
    def first(self) -> str:
        return next(iter(self.parts))

    def begun(self, document: Document) -> Document:
        """A document that may be new, with empty lists where it must have some."""
        lists: Document = {f.name: [] for f in self.shape.fields if f.required and f.shape.kind == "rows"}
        return lists | (document or self.new)

    def whole(self, document: Document) -> Document:
        """A document of the log with what its defaults leave out, as it is shown."""
        return self.shown(self.normal(document))

    def normal(self, document: Document) -> Document:
        """A document with every field, as the log would hold it.

        Raises:
            msgspec.ValidationError: it is none.
        """
        whole: Document = plain(msgspec.convert(document, self.document))
        return whole


def _terms_shown(terms: Document) -> Document:
    """Every rule and every reason that holds, also where the region has said nothing of its own."""
    proposed = plain({name: kind.default for name, kind in RULES.items()})
    pauses = terms.get("pauses")
    return {
        **terms,
        "rules": {**proposed, **terms.get("rules", {})},
        "pauses": plain(PAUSES) if pauses is None else pauses,
    }


def _terms_stored(shown: Document) -> Document:
    """Without what is as proposed."""
    proposed: Mapping[str, Any] = plain({name: kind.default for name, kind in RULES.items()})
    rules = {name: _said(rule) for name, rule in shown["rules"].items()}
    return {
        **shown,
        "rules": {name: rule for name, rule in rules.items() if rule != proposed[name]},
        "pauses": None if shown["pauses"] == plain(PAUSES) else shown["pauses"],
    }


def _said(rule: Document) -> Document:
    return {name: value for name, value in rule.items() if value is not None}


HALL_PARTS = {
    "basics": Part(
        N_("基本信息"), ("name", "region", "kind", "parent", "address", "location", "unit", "demonstration")
    ),
    "queues": Part(N_("业务队列"), ("queues",)),
    "windows": Part(N_("办事窗口"), ("windows", "pauses")),
    "plan": Part(
        N_("开放时间与号源"),
        ("sessions", "exceptions"),
        N_("已有人预约的日期保留原方案，直到逐日调整；下方可预览。"),
    ),
    "calling": Part(
        N_("取号与叫号"),
        (
            "order",
            "recalls",
            "recall_gap_seconds",
            "no_show_after_recalls",
            "starts_told",
            "missed_return_after",
            "undo_seconds",
            "tickets_within_hours",
            "tickets_early_minutes",
            "tickets_until",
            "capacity",
            "near_at",
            "alarms",
            "forgotten_after_minutes",
            "reopen_minutes",
        ),
        N_("已开始的排队日保留原规则，改动从下一天起生效。"),
    ),
    "booking": Part(N_("预约规则"), ("booking", "limits")),
    "skills": Part(N_("技能"), ("skills", "clerks")),
    "display": Part(N_("大屏与手机"), ("display", "phone_tickets")),
}

KINDS: dict[str, Kind] = {
    "halls": Kind(
        "/halls/{name}",
        N_("大厅"),
        N_("改动先预演，再生效；每个版本都留着，可以恢复。"),
        HallPlan,
        HALL_PARTS,
        ("hall", "version", "position", "as_of"),
        # A plan that is silent gives tickets at any hour; a hall that is made here says when it does.
        new={"tickets_within_hours": True},
    ),
    "items": Kind(
        "/items/{name}",
        N_("事项"),
        N_("每次发布形成新版本；已有的预约和办件保留当时的版本。"),
        ItemPlan,
        {
            "basics": Part(
                N_("基本信息"),
                (
                    "name",
                    "unit",
                    "kind",
                    "level",
                    "applicants",
                    "handling",
                    "promised_limit_workdays",
                    "statutory_limit_workdays",
                    "queue",
                    "online_depth",
                    "visits",
                    "demonstration",
                ),
            ),
            "finding": Part(
                N_("查找与预约"),
                (
                    "keywords",
                    "bookable",
                    "slots",
                    "skill",
                    "basic_code",
                    "implementation_code",
                    "scope",
                    "matters",
                    "parts",
                ),
            ),
            "materials": Part(N_("申请材料"), ("materials",)),
            "guide": Part(N_("办事指南"), ("guide",)),
        },
        ("item", "version", "position", "as_of"),
    ),
    "calendars": Kind(
        "/calendars/{name}",
        N_("工作日历"),
        N_("以国务院办公厅公布的放假安排为准；生效后，此前暂定的期限自动重新计算。"),
        Year,
        {"days": Part(N_("放假安排"), ("title", "number", "issued", "rest_days", "extra_workdays"))},
        ("position", "as_of"),
    ),
    "terms": Kind(
        "/regions/{name}/terms",
        N_("期限与监察规则"),
        N_("没有查到依据的数值都是默认值，并非规定，由本地区按自己的规定设置。"),
        Terms,
        {
            "reviews": Part(
                N_("差评整改"),
                ("review_days", "rectification", "appeal_workdays", "ruling_workdays", "ladder_workdays"),
            ),
            "talks": Part(N_("约谈与提醒"), ("talks", "reminder_hours")),
            "cases": Part(N_("办件"), ("cases", "pauses")),
            "rules": Part(N_("监察规则"), ("rules",)),
        },
        shown=_terms_shown,
        stored=_terms_stored,
    ),
}
