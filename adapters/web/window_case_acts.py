"""What a clerk does to a case: when it can be done, what its form must be told, and what the case's clock makes of it.

Whether an act is offered follows from the case as the API tells it and from the hall the clerk sits in, by the same
rules the domain decides by; whoever asks out of turn all the same is refused there.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from adapters.web.site import Form, Visit
from adapters.web.words import N_
from domain.respite import EXTENSION_MAX, JOINT_EXTENSION_MAX

Case = Mapping[str, Any]
"""A case's file as ``GET /cases/{case}`` tells it."""


class Act(NamedTuple):
    """Something a clerk does to a case ``when`` it stands so, seen from a hall (any hall, where that is ``None``).

    ``body`` makes of its form what is sent, ``needs`` names the fields that may not be empty, ``effect`` says what
    becomes of the clock.
    """

    name: str
    when: Callable[[Case, str | None], bool]
    body: Callable[[Form, Visit], dict[str, Any]]
    needs: tuple[str, ...] = ()
    effect: str = ""


# --- how a case stands ----------------------------------------------------------------------------------------


def happened(case: Case, what: str) -> list[dict[str, Any]]:
    """The lines of a case's timeline with this tag, oldest first."""
    return [line for line in case["timeline"] if line["what"] == what]


def handles(case: Case, hall: str | None) -> bool:
    """Whether the case is handled in this hall, and its papers are there."""
    if case["handled_at"] is None:
        return True
    return _turn(case) == "handling" and hall in (None, case["handled_at"])


def unanswered(case: Case) -> list[dict[str, Any]]:
    """The directives (督办) that nobody has answered, as they were sent."""
    told = {line["detail"]["directive"] for line in happened(case, "case-directive-answered")}
    sent = [line["detail"] for line in happened(case, "case-directed")]
    return [one for one in sent if one["directive"] not in told]


def steps_under_way(case: Case) -> list[dict[str, Any]]:
    """The steps that were begun and not written down as done."""
    done = {line["detail"].get("step") for line in happened(case, "case-step-recorded")}
    begun = [line["detail"] for line in happened(case, "case-step-begun")]
    return [one for one in begun if one["step"] not in done]


def may_be_missing(case: Case, guide: list[str]) -> list[str]:
    """What a notice of correction may name: at first anything of the guide, a second time only what the answer to
    the first has brought."""
    answers = happened(case, "case-corrected")
    return [*answers[-1]["detail"]["provided"]] if answers else guide


def longest_extension(case: Case) -> int:
    """Working days, 行政许可法 第42条."""
    opened = happened(case, "case-opened")[0]["detail"]
    return JOINT_EXTENSION_MAX if opened.get("joint") else EXTENSION_MAX


def _turn(case: Case) -> str:
    return str(case["turns"][-1]["part"]) if case["turns"] else "handling"


def _in_time(case: Case) -> bool:
    """What has run out is neither stopped nor prolonged."""
    return not case["late"]


def _whole(case: Case) -> bool:
    """Whether no part of one matter goes on."""
    return None not in case["parts"].values()


# --- bodies ---------------------------------------------------------------------------------------------------


def number(text: str) -> int | str:
    """A number as it was typed; anything else goes on as it is, for the API to say what is wrong with it."""
    return int(text) if text.isascii() and text.isdigit() else text


def _told(*names: str, numbers: tuple[str, ...] = ()) -> Callable[[Form, Visit], dict[str, Any]]:
    def body(form: Form, visit: Visit) -> dict[str, Any]:
        told: dict[str, Any] = {**form.given(*names)}
        return told | {name: number(form[name]) for name in numbers if form[name]}

    return body


def _ticked(form: Form, visit: Visit) -> dict[str, Any]:
    return {"provided": form.all("provided")}


def _accept(form: Form, visit: Visit) -> dict[str, Any]:
    body = _told("document", numbers=("supplement_workdays",))(form, visit)
    return body | {name: form.all(name) for name in ("outstanding", "pledged") if form.all(name)}


def _request(form: Form, visit: Visit) -> dict[str, Any]:
    return _told("reason", numbers=("answer_workdays",))(form, visit) | {"missing": form.all("missing")}


def _begin_step(form: Form, visit: Visit) -> dict[str, Any]:
    return _told("name", numbers=("workdays",))(form, visit) | {"handler": _me(visit), "step": form.key}


def _step(form: Form, visit: Visit) -> dict[str, Any]:
    """A step that was begun is ended under its own reference; another gets the form's key for one."""
    told = form.given("name", "action", "opinion")
    return {**told, "handler": _me(visit), "step": form["step"] or form.key}


def _me(visit: Visit) -> str:
    assert visit.identity is not None
    return visit.identity.subject


# --- the acts -------------------------------------------------------------------------------------------------

WITH_THE_APPLICANT = ("received", "correcting", "accepted", "suspended")

ACTS: Mapping[str, Act] = {
    "answer-directive": Act(
        N_("答复督办"),
        lambda case, hall: bool(unanswered(case)) and _handled_here(case, hall),
        _told("directive", "answer"),
        ("directive", "answer"),
        N_("答复后，督办答复期限到此为止；办理期限不受影响。"),
    ),
    "hand-over": Act(
        N_("移交给办理地"),
        lambda case, hall: (
            case["status"] == "received" and _turn(case) == "receiving" and hall in (None, case["hall"])
        ),
        _told("document"),
        effect=N_("移交期限到此为止，开始计算办理地的接收期限；办理期限自办理地受理后起算。"),
    ),
    "take-over": Act(
        N_("接收材料"),
        lambda case, hall: (
            case["status"] == "received"
            and _turn(case) == "taking-over"
            and hall in (None, case["handled_at"])
        ),
        lambda form, visit: {},
        effect=N_("接收期限到此为止，开始计算答复是否受理的期限。"),
    ),
    "accept": Act(
        N_("受理这个办件"),
        lambda case, hall: case["status"] == "received" and handles(case, hall),
        _accept,
        effect=N_("自受理之日起计算办理期限：次日为第一个工作日。"),
    ),
    "correct": Act(
        N_("登记补正材料"),
        lambda case, hall: case["status"] == "correcting",
        _ticked,
        ("provided",),
        N_("补正期限到此为止，答复是否受理的期限重新起算。"),
    ),
    "request-correction": Act(
        N_("一次性告知补正"),
        lambda case, hall: (
            case["status"] == "received"
            and handles(case, hall)
            and len(happened(case, "case-correction-requested")) < 2
        ),
        _request,
        ("missing",),
        N_("答复是否受理的期限停止；材料补齐后重新起算。"),
    ),
    "refuse": Act(
        N_("决定不予受理"),
        lambda case, hall: case["status"] in ("received", "correcting") and handles(case, hall),
        _told("reason", "where_to_go"),
        ("reason", "where_to_go"),
        N_("办件到此结束，各项期限不再计算。"),
    ),
    "resume": Act(
        N_("恢复办理"),
        lambda case, hall: case["status"] == "suspended" and handles(case, hall),
        _told("result"),
        effect=N_("停下的期限接着计算，停办的工作日不计入。"),
    ),
    "supplement": Act(
        N_("登记容缺补交"),
        lambda case, hall: case["status"] in ("accepted", "suspended") and bool(case["outstanding"]),
        _ticked,
        ("provided",),
        N_("全部补齐后，容缺补交期限到此为止；办理期限继续。"),
    ),
    "step": Act(
        N_("记录环节"),
        lambda case, hall: case["status"] in ("accepted", "suspended", "decided") and handles(case, hall),
        _step,
        ("name",),
        N_("只作记录；该环节有时限的，到此为止。办理期限不受影响。"),
    ),
    "decide": Act(
        N_("作出决定"),
        lambda case, hall: case["status"] == "accepted" and handles(case, hall) and _whole(case),
        _told("result", "reason"),
        ("result",),
        N_("承诺期限算到办结为止，决定后仍继续；准予的，开始计算送达期限。"),
    ),
    "close": Act(
        N_("办结这个办件"),
        lambda case, hall: case["status"] in ("decided", "accepted") and handles(case, hall) and _whole(case),
        _told("reason"),
        effect=N_("承诺期限到此为止；送达期限继续。"),
    ),
    "deliver": Act(
        N_("送达结果"),
        lambda case, hall: (
            case["status"] in ("decided", "closed")
            and case["decision"] is not None
            and case["means"] is None
            and case["matter"] is None
        ),
        _told("means", "tracking", "document"),
        ("means",),
        N_("送达期限到此为止。"),
    ),
    "begin-step": Act(
        N_("开始一个限时环节"),
        lambda case, hall: case["status"] == "accepted" and handles(case, hall),
        _begin_step,
        ("name", "workdays"),
        N_("单独计算这个环节的期限，超时即提醒；办理期限不受影响。"),
    ),
    "pause": Act(
        N_("挂起这个办件"),
        lambda case, hall: case["status"] == "accepted" and handles(case, hall) and _in_time(case),
        _told("reason", "note", numbers=("needs_workdays",)),
        ("reason", "note", "needs_workdays"),
        N_("承诺期限从现在起停止；法定期限停不停，看所选的原因。超过所需工作日仍未恢复的，会提醒。"),
    ),
    "suspend": Act(
        N_("进入特别程序"),
        lambda case, hall: case["status"] == "accepted" and handles(case, hall) and _in_time(case),
        _told("kind", "reason", numbers=("needs_workdays",)),
        ("kind", "reason", "needs_workdays"),
        N_(
            "特别程序所需时间不计入办理期限，承诺期限和法定期限都停止；所需时间须书面告知申请人"
            "（行政许可法第45条）。"
        ),
    ),
    "ask-extension": Act(
        N_("申请延长期限"),
        lambda case, hall: (
            case["status"] in ("accepted", "suspended")
            and handles(case, hall)
            and case["due_at"] is not None
            and not happened(case, "case-extended")
            and _in_time(case)
        ),
        _told("reason", numbers=("workdays",)),
        ("workdays", "reason"),
        N_("须由负责人批准，只能延长一次；批准前期限不变（行政许可法第42条）。"),
    ),
    "hand-back": Act(
        N_("退回收件地"),
        lambda case, hall: (
            case["status"] == "received"
            and _turn(case) in ("taking-over", "handling")
            and hall in (None, case["handled_at"])
        ),
        _told("reason"),
        ("reason",),
        N_("接收和答复受理的期限停止，重新计算收件地的移交期限。"),
    ),
    "archive": Act(
        N_("归档"),
        lambda case, hall: (
            case["status"] in ("closed", "refused", "withdrawn")
            and _handled_here(case, hall)
            and not (case["decision"] == "granted" and case["means"] is None and case["matter"] is None)
        ),
        _told("document"),
        effect=N_("归档后不能再作改动。"),
    ),
    "withdraw": Act(
        N_("申请人撤回"),
        lambda case, hall: case["status"] in WITH_THE_APPLICANT,
        _told("reason"),
        effect=N_("办件到此结束，各项期限不再计算。"),
    ),
}
"""In the order in which they are offered; what the case waits for comes first."""


def _handled_here(case: Case, hall: str | None) -> bool:
    return hall in (None, case["handled_at"] or case["hall"])


def offered(case: Case, hall: str | None) -> list[str]:
    """The acts that can be done now by whoever sits in this hall."""
    return [name for name, act in ACTS.items() if act.when(case, hall)]
