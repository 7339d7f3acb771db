"""What notices say: a sentence for each occasion, with the facts it may name.

Each has a wording of ours, marked as a default wherever it is shown; an administrator words it otherwise by an event
on ``wording-{template}``, and every version stays in the log. ``{hall}`` and ``{item}`` are said by name, what ends
in ``_at`` as a time of the hall's clock, ``{link}`` is a sealed address and ``{code}`` a one-time code: the last two
are made when the notice is sent and stand in no event.
"""

from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from typing import Annotated, Literal, NamedTuple, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Refused, Stamp, Text
from domain.workdays import SHANGHAI

Template = Literal[
    "booked",
    "moved",
    "moved-by-hall",
    "cancelled",
    "cancelled-by-hall",
    "kept-after-all",
    "reminder",
    "place-offered",
    "place-lost",
    "place-withdrawn",
    "not-drawn",
    "drawn-in-vain",
    "turn-near",
    "code",
    "prove-contact",
    "correction-asked",
    "case-extended",
    "case-stopped",
    "case-paused",
    "case-decided",
    "case-refused",
    "review-invited",
    "rectification-answered",
    "rectification-warning",
    "rectification-overdue",
    "rectification-reminded",
]

Sentence = Annotated[str, Meta(min_length=1, max_length=400)]

WEEKDAYS = "一二三四五六日"


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sentence in both languages, facts in braces."""

    zh: Sentence
    en: Sentence


class Occasion(NamedTuple):
    """When a template is used: its name, which is an e-mail's subject, the facts it may say, and our wording."""

    name: Text
    facts: frozenset[str]
    wording: Wording


def _of(name: Text, facts: str, zh: str, en: str) -> Occasion:
    return Occasion(name, frozenset(facts.split()), Wording(zh, en))


VISIT = "hall item starts_at link"

OCCASIONS: dict[Template, Occasion] = {
    "booked": _of(
        Text("预约成功", "Appointment made"),
        VISIT,
        "您已预约{hall}“{item}”，时间{starts_at}。预约凭证：{link}",
        "You have an appointment at {hall} for “{item}”, {starts_at}. Voucher: {link}",
    ),
    "moved": _of(
        Text("预约改期", "Appointment moved"),
        VISIT,
        "您在{hall}的预约“{item}”已改为{starts_at}。预约凭证：{link}",
        "Your appointment at {hall} for “{item}” is now at {starts_at}. Voucher: {link}",
    ),
    "moved-by-hall": _of(
        Text("预约被调整", "Appointment moved by the hall"),
        f"{VISIT} reason",
        "因{reason}，您在{hall}的预约“{item}”调整为{starts_at}；如不合适，可改期或取消：{link}",
        "Because of {reason}, your appointment at {hall} for “{item}” is now at {starts_at}. To change it: {link}",
    ),
    "cancelled": _of(
        Text("预约取消", "Appointment cancelled"),
        "hall link",
        "您在{hall}的预约已取消。",
        "Your appointment at {hall} is cancelled.",
    ),
    "cancelled-by-hall": _of(
        Text("预约被取消", "Appointment cancelled by the hall"),
        "hall reason link",
        "非常抱歉，因{reason}，您在{hall}的预约已取消，请另约时间。",
        "We are sorry: because of {reason}, your appointment at {hall} is cancelled. Please choose another time.",
    ),
    "kept-after-all": _of(
        Text("预约恢复", "Appointment kept after all"),
        "hall link",
        "刚才通知您{hall}的预约取消，是误操作：预约仍然有效，请按原时间到厅。预约凭证：{link}",
        "Your appointment at {hall} was cancelled by mistake and is kept: please come at its time. Voucher: {link}",
    ),
    "reminder": _of(
        Text("预约提醒", "Reminder of an appointment"),
        VISIT,
        "提醒：您{starts_at}在{hall}办理“{item}”，请按时到厅签到。预约凭证：{link}",
        "Reminder: {starts_at} at {hall} for “{item}”. Please check in on time. Voucher: {link}",
    ),
    "place-offered": _of(
        Text("候补有号", "A place is free"),
        "hall item starts_at answer_at link",
        "您候补的{hall}“{item}”有号：{starts_at}。请在{answer_at}前确认，逾期顺延给下一位：{link}",
        "A place is free at {hall} for “{item}”, {starts_at}. Please accept it by {answer_at}: {link}",
    ),
    "place-lost": _of(
        Text("候补失效", "Off the waiting list"),
        "hall date",
        "您在{hall}{date}的候补已结束：给您留的号未按时确认。",
        "You are no longer on the waiting list at {hall} for {date}: places held for you were not taken in time.",
    ),
    "place-withdrawn": _of(
        Text("候补号撤回", "A place taken back"),
        "hall date link",
        "抱歉：{hall}{date}的安排有调整，为您保留的候补号已撤回，候补情况请查看：{link}",
        "We are sorry: {hall} changed its plan for {date}, and the place held for you is gone."
        " How you stand on the waiting list: {link}",
    ),
    "not-drawn": _of(
        Text("摇号未中", "Not drawn in the lottery"),
        "hall date",
        "本次摇号未中：{hall}，{date}。如有下一轮摇号，您仍在其中。",
        "You were not drawn for {hall} on {date}. If there is another draw, you take part in it.",
    ),
    "drawn-in-vain": _of(
        Text("摇号中签未能预约", "Drawn, and not booked"),
        "hall date",
        "您在{hall}{date}的摇号中中签，但因与您的其他预约冲突、超过预约次数或线上预约已暂停，未能为您预约，名额已放出。",
        "You were drawn for {hall} on {date}, but another booking, a limit or a suspension stood against it:"
        " it was not booked, and the place goes to others.",
    ),
    "turn-near": _of(
        Text("即将叫号", "Your turn is near"),
        "hall ticket ahead",
        "您在{hall}的{ticket}号前面还有{ahead}人，请到等候区等候叫号。",
        "{ahead} ahead of your ticket {ticket} at {hall}: please come to the waiting area.",
    ),
    "code": _of(
        Text("验证码", "One-time code"),
        "hall code until_at",
        "验证码{code}，用于{hall}查询预约或签到，{until_at}前有效。工作人员不会向您索要。",
        "{code} is your code for {hall}, valid until {until_at}. Staff never ask for it.",
    ),
    "prove-contact": _of(
        Text("验证联系方式", "Confirm where notices reach you"),
        "code until_at",
        "验证码{code}，用于登记接收通知的联系方式，{until_at}前有效。不是您本人操作请忽略。",
        "{code} confirms that notices may reach you here, valid until {until_at}. If it was not you, ignore it.",
    ),
    "correction-asked": _of(
        Text("补正告知", "Papers to be added"),
        "hall papers answer_at",
        "您的申请需补正：{papers}。请登录查看并补交。",
        "Your application needs: {papers}. Please log in to add them.",
    ),
    "case-extended": _of(
        Text("延长审批", "More time for an application"),
        "hall workdays reason",
        "您的申请经批准延长{workdays}个工作日，理由：{reason}。",
        "Your application was granted {workdays} more working days, because: {reason}.",
    ),
    "case-stopped": _of(
        Text("特别程序", "Special procedure"),
        "hall workdays reason",
        "您的申请需进行特别程序（{reason}），所需时间约{workdays}个工作日，不计入办理时限。",
        "Your application needs a special procedure ({reason}) of about {workdays} working days; they do not count.",
    ),
    "case-paused": _of(
        Text("暂停办理", "Application paused"),
        "hall workdays reason",
        "您的申请暂停办理，原因：{reason}，预计{workdays}个工作日。",
        "Your application is paused, because: {reason}; for about {workdays} working days.",
    ),
    "case-decided": _of(
        Text("办理结果", "Decision on an application"),
        "hall",
        "您的申请已作出决定，请登录查看结果。",
        "There is a decision on your application. Please log in to read it.",
    ),
    "case-refused": _of(
        Text("不予受理", "Application not accepted"),
        "hall",
        "您的申请未予受理，理由及救济途径请登录查看。",
        "Your application was not accepted. Please log in to read why and where to go.",
    ),
    "review-invited": _of(
        Text("邀请评价", "How was our service?"),
        "hall item until_at link",
        "您在{hall}办理的“{item}”已办结，请评价：{link}",
        "Your matter “{item}” at {hall} is closed. Please tell us how it was: {link}",
    ),
    "rectification-answered": _of(
        Text("差评整改反馈", "Answer to your review"),
        "hall link",
        "您对{hall}的评价已有整改反馈，请登录查看，并可追加一次评价。",
        "{hall} has answered your review. Please log in to read it; you may rate once more.",
    ),
    "rectification-warning": _of(
        Text("整改预警", "Rectification: early warning"),
        "hall service",
        "整改即将到期：{service}。",
        "A rectification is due soon: {service}.",
    ),
    "rectification-overdue": _of(
        Text("整改逾期", "Rectification overdue"),
        "hall service step",
        "整改已逾期（{step}）：{service}。",
        "A rectification is overdue ({step}): {service}.",
    ),
    "rectification-reminded": _of(
        Text("整改催办", "Rectification: reminder"),
        "hall service",
        "催办：{service}。",
        "Please see to this rectification: {service}.",
    ),
}


def say(sentence: str, facts: Mapping[str, str]) -> str:
    """The sentence with its facts; one that is missing leaves a dash, for a notice is never lost over it."""
    known = {field for _, field, _, _ in Formatter().parse(sentence) if field}
    return sentence.format_map({name: facts.get(name) or "—" for name in known})


def instant(at: datetime, language: Literal["zh", "en"]) -> str:
    """``3月2日（周一）09:00``, ``2 Mar 2026 09:00``: as the hall's clock shows it."""
    here = at.astimezone(SHANGHAI)
    if language == "zh":
        return f"{here.month}月{here.day}日（周{WEEKDAYS[here.weekday()]}）{here:%H:%M}"
    return f"{here.day} {here:%b %Y %H:%M}"


# --- worded otherwise ---------------------------------------------------------------------------------------


class WordNotice(Command, frozen=True):
    """Have a template say something else from now on. ``default`` takes our wording again."""

    template: Template
    wording: Wording | None = None


AnyCommand = WordNotice


class NoticeWorded(Event, frozen=True, tag="notice-worded"):
    """Without a wording it is ours again."""

    template: Template
    wording: Wording | None = None


AnyEvent = NoticeWorded


class Worded(msgspec.Struct):
    wording: Wording | None = None


def stream(template: Template) -> str:
    return f"wording-{template}"


def initial() -> Worded:
    return Worded()


def decide(command: AnyCommand, worded: Worded, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case WordNotice(template, wording):
            if wording is not None:
                _check(wording, OCCASIONS[template].facts)
                if wording == OCCASIONS[template].wording:
                    wording = None
            return [] if wording == worded.wording else [NoticeWorded(template, wording)]
    assert_never(command)


def evolve(worded: Worded, event: AnyEvent, stamp: Stamp) -> Worded:
    match event:
        case NoticeWorded(_, wording):
            worded.wording = wording
            return worded
    assert_never(event)


def _check(wording: Wording, facts: frozenset[str]) -> None:
    """Raises:
    Refused: a sentence names what a notice of this kind does not know, or its braces do not close.
    """
    for field, sentence in (("zh", wording.zh), ("en", wording.en)):
        try:
            parts = list(Formatter().parse(sentence))
        except ValueError:
            raise Refused("wording-malformed", invalid=True, field=field) from None
        named = [name for _, name, form, conversion in parts if name is not None]
        if any(form or conversion for _, _, form, conversion in parts):
            raise Refused("wording-malformed", invalid=True, field=field)
        if strange := sorted(set(named) - facts):
            raise Refused("unknown-fact", invalid=True, field=field, names=strange, facts=sorted(facts))
