"""How long each thing about a review or a case may take, as a hall's region has set it.

None of these numbers is a rule: no national text with them was found. They are defaults, marked so wherever they are
shown, and every region sets its own.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from domain.deadlines import RectificationLimits
from domain.message import Id, Text
from domain.respite import PAUSES, PauseReason
from domain.rules import KINDS, Rule, RuleName
from domain.unit import TalkRule

Days = Annotated[int, Meta(ge=1, le=366)]
Workdays = Annotated[int, Meta(ge=1, le=60)]
LeadHours = Annotated[int, Meta(ge=1, le=336)]


class CaseTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``silence_accepts``: whoever is told nothing within the limit of acceptance is accepted from the receipt on;
    this is recalled and was not read anywhere. ``not_done``: what could not be done at a window (办不成事) is settled
    within; none found, the number is ours."""

    silence_accepts: bool = True
    not_done: Workdays = 5


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    review_days: Days = 30
    """Calendar days after the end of a service in which it may be rated."""
    rectification: RectificationLimits = RectificationLimits()
    """Working days after a bad review."""
    appeal_workdays: Workdays = 3
    """Working days after the bad review in which the unit may appeal."""
    ruling_workdays: Workdays = 5
    """Working days after an appeal, or a finding against the reviewer, in which it is ruled upon."""
    ladder_workdays: Workdays = 3
    """Working days after a rectification's end until its leader is told that it is still open."""
    talks: TalkRule = TalkRule()
    """When a unit that lags again and again is called to a talk (约谈)."""
    cases: CaseTerms = CaseTerms()
    reminder_hours: Annotated[tuple[LeadHours, ...], Meta(max_length=4)] = (24, 2)
    """How long before an appointment its person is reminded, each time."""
    rules: dict[RuleName, Rule] = {}
    """The rules of the electronic supervision that differ from those proposed."""

    pauses: dict[Id, PauseReason] | None = None
    """For what a case may be paused (挂起), where that is not the proposed list."""

    @property
    def pause_reasons(self) -> Mapping[str, PauseReason]:
        return PAUSES if self.pauses is None else self.pauses

    def rule(self, name: RuleName) -> Rule:
        """The rule in force."""
        return self.rules.get(name) or KINDS[name].default


TermsOf = Callable[[str], Terms]
"""The terms of a hall."""

DEFAULT = Terms()


def default_terms(hall: str) -> Terms:
    return DEFAULT


class Term(NamedTuple):
    """One of the terms as an administrator reads it."""

    name: Text
    value: int
    unit: Text
    basis: Text


DAYS = Text("自然日", "days")
WORKDAYS = Text("工作日", "working days")


def told(terms: Terms) -> dict[str, Term]:
    """Every term by its key, with where its default comes from."""
    limits = terms.rectification
    return {
        "review.window": Term(
            Text("可评价期限", "a service may be rated for"),
            terms.review_days,
            DAYS,
            Text("未查到统一规定；一地试行曾用7日", "no rule found; 7 days seen once, in a trial"),
        ),
        "rectification.contact": Term(
            Text("首次联系", "the reviewer is contacted within"),
            limits.contact,
            WORKDAYS,
            Text("51号文仅要求“第一时间”", "No. 51 (2019) says only: at the first moment"),
        ),
        "rectification.simple": Term(
            Text("立行立改", "rectified at once, within"),
            limits.simple,
            WORKDAYS,
            Text("德州、三亚、襄城的做法", "as in Dezhou, Sanya and Xiangcheng"),
        ),
        "rectification.complex": Term(
            Text("限期整改", "rectified by a plan, within"),
            limits.complex,
            WORKDAYS,
            Text("四川一市2020年的做法", "as in one city of Sichuan, 2020"),
        ),
        "rectification.appeal": Term(
            Text("申诉期限", "the unit may appeal within"),
            terms.appeal_workdays,
            WORKDAYS,
            Text("未查到规定", "no rule found"),
        ),
        "rectification.ruling": Term(
            Text("复核期限", "an appeal is ruled upon within"),
            terms.ruling_workdays,
            WORKDAYS,
            Text("未查到规定", "no rule found"),
        ),
        "rectification.ladder": Term(
            Text("逾期未整改报分管领导", "still open, the leader is told after"),
            terms.ladder_workdays,
            WORKDAYS,
            Text("未查到规定", "no rule found"),
        ),
        "talks.lags": Term(
            Text("约谈：逾期次数", "called to a talk after lagging"),
            terms.talks.lags,
            Text("次", "times"),
            Text("四川一市：连续2个月排名落后", "a city of Sichuan: last two months in a row"),
        ),
        "talks.days": Term(
            Text("约谈：统计期", "within"), terms.talks.days, DAYS, Text("未查到规定", "no rule found")
        ),
        "talks.hold": Term(
            Text("约谈完成时限", "and the talk is held within"),
            terms.talks.hold_workdays,
            WORKDAYS,
            Text("未查到规定", "no rule found"),
        ),
        "cases.acceptance": Term(
            Text("答复是否受理", "an application is answered within"),
            terms.rule("acceptance").workdays or 0,
            WORKDAYS,
            Text("未查到原文", "recalled; no text was found"),
        ),
        "cases.not_done": Term(
            Text("办不成事的办结", "what could not be done is settled within"),
            terms.cases.not_done,
            WORKDAYS,
            Text("未查到规定", "no rule found"),
        ),
        "cases.silence": Term(
            Text("逾期不告知即为受理", "silence counts as acceptance"),
            int(terms.cases.silence_accepts),
            Text("1是0否", "1 yes, 0 no"),
            Text("未查到原文", "recalled; no text was found"),
        ),
    }


NOT_A_RULE = Text("默认值，并非规定", "a default, not a rule")
