"""What the clocks of a case do now, in sentences for whoever handles it: which runs, which stands still, until when.

Everything is read from the case's file; the law's words are those of ``domain/respite.py``.
"""

from collections.abc import Mapping
from typing import NamedTuple

from adapters.web.site import Visit
from adapters.web.window_case_acts import Case, happened
from adapters.web.words import N_
from domain.message import Text
from projections.happenings import MEANINGS

LIMITS: Mapping[str, str] = {
    "forwarding": N_("移交给办理地"),
    "taking-over": N_("办理地接收材料"),
    "acceptance": N_("答复是否受理"),
    "correction": N_("申请人补正"),
    "supplement": N_("容缺材料补齐"),
    "procedure": N_("特别程序结束"),
    "pause": N_("挂起结束"),
    "step": N_("环节完成"),
    "delivery": N_("结果送达"),
    "directive": N_("答复督办"),
}
"""What each smaller limit waits for, by its rule."""


class LimitTold(NamedTuple):
    """A smaller limit that runs or has passed, by when; ``name`` says of what."""

    name: str
    at: str
    passed: bool


def limits(visit: Visit, case: Case) -> list[LimitTold]:
    """The smaller limits, those that have passed first."""
    return [
        LimitTold(_named(visit, case, name), at, passed)
        for told, passed in ((case["findings"], True), (case["limits"], False))
        for name, at in sorted(told.items(), key=lambda one: str(one[1]))
    ]


def _named(visit: Visit, case: Case, name: str) -> str:
    rule, _, what = name.partition(".")
    called = visit.gettext(LIMITS[rule])
    begun = next((s for s in happened(case, "case-step-begun") if s["detail"]["step"] == what), None)
    return f"{called} · {begun['detail']['name']}" if begun is not None else called


def standing(visit: Visit, case: Case) -> list[str]:
    """How the clocks of the case stand, a sentence each."""
    _ = visit.gettext
    match case["status"]:
        case "received" if case["turns"] and case["turns"][-1]["part"] != "handling":
            return [_("材料还没有到办理地手中，办理期限还没有开始。")]
        case "received":
            return [_("还没有受理，办理期限还没有开始。")]
        case "correcting":
            return [_("等申请人补正，答复是否受理的期限停止；补齐后重新起算。")]
        case "suspended":
            return _standing_still(visit, case)
        case "accepted" | "decided":
            return [*_running(visit, case), *_extension(visit, case)]
        case "closed" | "archived" if case["in_time"] is not None:
            return [_("在承诺期限内办结。") if case["in_time"] else _("超过承诺期限办结。")]
    return [_("已经结束，各项期限不再计算。")]


def _running(visit: Visit, case: Case) -> list[str]:
    _ = visit.gettext
    if case["kind"] == "on-the-spot":
        return [_("即办件，不计办理期限。")]
    if case["due_at"] is None:
        return [_("正在计算期限，请稍后刷新。")]
    if case["statutory_at"] is None:
        return [_("承诺期限正在计算。")]
    return [_("承诺期限正在计算，法定期限到%(moment)s。", moment=visit.moment(case["statutory_at"]))]


def _standing_still(visit: Visit, case: Case) -> list[str]:
    _ = visit.gettext
    still = max(
        (*happened(case, "case-paused"), *happened(case, "case-suspended")), key=lambda one: one["at"]
    )
    detail, since = still["detail"], visit.moment(still["at"])
    days = detail["needs_workdays"]
    if still["what"] == "case-suspended":
        name = visit.say(MEANINGS["kind"][detail["kind"]])
        told = [
            _(
                "%(since)s起进入特别程序（%(name)s），约需%(days)s个工作日。",
                since=since,
                name=name,
                days=days,
            ),
            _("承诺期限和法定期限都已停止。"),
        ]
        return [*told, *_extension(visit, case)]
    known = case["pauses"].get(detail["reason"])
    name = visit.say(known["name"]) if known is not None else detail["reason"]
    told = [_("%(since)s起挂起（%(name)s），约需%(days)s个工作日。", since=since, name=name, days=days)]
    told.append(stopped(visit, runs_on=detail.get("clock") is not None, until=case["statutory_at"]))
    return [*told, *_extension(visit, case)]


def stopped(visit: Visit, *, runs_on: bool, until: str | None) -> str:
    """Which clocks a pause stops: where the statutory limit ``runs_on``, the promise alone."""
    _ = visit.gettext
    if not runs_on:
        return _("承诺期限和法定期限都已停止。")
    if until is None:
        return _("承诺期限已停止；法定期限不停，继续计算。")
    return _("承诺期限已停止；法定期限不停，继续计算到%(moment)s。", moment=visit.moment(until))


def _extension(visit: Visit, case: Case) -> list[str]:
    _ = visit.gettext
    if granted := happened(case, "case-extended"):
        told = granted[-1]["detail"]
        return [_("已由%(who)s批准延长%(days)s个工作日。", who=told["approved_by"], days=told["workdays"])]
    if asked := happened(case, "case-extension-asked"):
        told = asked[-1]["detail"]
        return [_("已申请延长%(days)s个工作日，等待负责人批准；批准前期限不变。", days=told["workdays"])]
    return []


PROMISE_ONLY = Text("停承诺期限；法定期限继续计算", "stops the promised limit; the statutory limit runs on")
BOTH = Text("承诺期限和法定期限都停", "stops both the promised and the statutory limit")


def choices(visit: Visit, case: Case) -> list[tuple[str, str]]:
    """The reasons for a pause with what each stops."""
    _ = visit.gettext
    told = []
    for name, one in case["pauses"].items():
        words = [visit.say(BOTH if one["statutory"] else PROMISE_ONLY)]
        if one["most_workdays"] is not None:
            words.append(_("最多%(days)s个工作日", days=one["most_workdays"]))
        told.append(
            (
                name,
                f"{visit.say(one['name'])} — {'；'.join(words) if visit.language == 'zh' else '; '.join(words)}",
            )
        )
    return told
