"""What follows from what happened, across subjects: from one recorded event to the asks it gives rise to.

A policy knows the event, the gazetted calendar and its configuration, and nothing else. What it asks is asked at
least once and may be asked late, so every command here is one that a stream answers with nothing when it is already
so. A check-in's ticket is no policy: it is one act with the check-in.
"""

from collections.abc import Callable
from datetime import timedelta

from domain import case, review, unit
from domain.case import CaseAccepted, CaseClosed, CaseRefused, CaseWithdrawn
from domain.case_policy import escalation, governing, limits_opened
from domain.deadlines import (
    CaseClock,
    Deadline,
    RectificationClock,
    RectificationStep,
    case_dues,
    rectification_dues,
)
from domain.handling import Ask
from domain.limits import set_limit
from domain.lottery import LotteryDrawn
from domain.matter import EndPart
from domain.message import Recorded, clerk_of, hall_of
from domain.notice_policy import notices
from domain.queue import (
    FinishUndone,
    ServiceFinished,
    ServiceStarted,
    SplitUndone,
    TicketCalled,
    TicketIssued,
    TicketMissed,
    TicketRecalled,
    VisitSplit,
)
from domain.rectification import (
    OpenRectification,
    RecomputeDues,
    RectificationExtended,
    RectificationOverdue,
    RectificationResumed,
    RectificationWarned,
    RulingAwaited,
)
from domain.respite import CaseExtended, CasePaused, CaseResumed
from domain.review import BAD, InviteReview, ReviewGiven, TakeBackInvitation
from domain.rules import rule_of
from domain.slots import AppointmentCancelled, HoldReleased, OfferFreed, OfferResumed, SlotsRevised
from domain.supervision import RecomputeDeadline, StartClock
from domain.terms import Terms, TermsOf, default_terms
from domain.unit import NoteLag
from domain.urging import Escalate
from domain.workdays import Calendar, due

NOTHING_FOLLOWS = frozenset({TicketIssued, TicketCalled, TicketRecalled, ServiceStarted, TicketMissed})
"""What happens most often, and is nobody's cause: whoever carries out the policies need not even read it."""

UnitOf = Callable[[str, str | None], str]
"""The unit responsible for an item handled at a hall."""


def the_hall_itself(hall: str, item: str | None) -> str:
    return hall


def react(
    recorded: Recorded,
    calendar: Calendar,
    terms_of: TermsOf = default_terms,
    unit_of: UnitOf = the_hall_itself,
) -> list[Ask]:
    """What is to be asked because of this event, most often nothing."""
    limits = []
    if recorded.category == "case":
        limits = limits_opened(recorded, calendar, terms_of(governing(recorded)))
    following = _following(recorded, calendar, terms_of, unit_of)
    asked = (Ask(recorded.stream, limit) for limit in limits)
    return [*following, *asked, *notices(recorded, terms_of)]


def _following(recorded: Recorded, calendar: Calendar, terms_of: TermsOf, unit_of: UnitOf) -> list[Ask]:
    """What the subjects ask of each other and of their clocks.

    What was not done at a window becomes a case. A ticket's service and a closed case may be rated, test cases
    excepted (线下一次一评, 线上一事一评, 锡政办发〔2022〕70号 第30条); what is part of one matter is told to it and
    rated with it. What was taken back at the window is neither. A bad review opens its rectification; a case's clock
    starts when it is accepted and is set anew when it was stopped or given more days. A deadline that is near or has
    passed goes up the ladder.
    """
    match recorded.event:
        case AppointmentCancelled() | HoldReleased() | SlotsRevised() | OfferResumed() | LotteryDrawn():
            return [Ask(recorded.stream, OfferFreed())]
        case FinishUndone(ticket=str() as ticket, nth=nth):
            back = Ask(review.stream(f"ticket.{ticket}"), TakeBackInvitation(nth))
            return [back, *escalation(recorded, "", terms_of(hall_of(recorded.stream)).cases)]
        case SplitUndone():
            return escalation(recorded, "", terms_of(hall_of(recorded.stream)).cases)
        case ServiceFinished(ticket=ticket, window=window, items=items, nth=nth):
            hall, item = hall_of(recorded.stream), items[0] if items else None
            unit = unit_of(hall, item)
            until = recorded.stamp.at + timedelta(days=terms_of(hall).review_days)
            invitation = InviteReview(
                channel="qr-code",
                hall=hall,
                unit=unit,
                window=window,
                item=item,
                until=until,
                clerk=clerk_of(recorded.stamp.by),
                nth=nth,
            )
            escalated = escalation(recorded, unit, terms_of(hall).cases)
            return [Ask(review.stream(f"ticket.{ticket}"), invitation), *escalated]
        case VisitSplit(items=items):
            hall = hall_of(recorded.stream)
            return escalation(recorded, unit_of(hall, items[0] if items else None), terms_of(hall).cases)
        case CaseClosed(matter=str() as matter, result=result):
            return [Ask(case.stream(matter), EndPart(recorded.subject, result or "terminated"))]
        case CaseRefused(matter=str() as matter):
            return [Ask(case.stream(matter), EndPart(recorded.subject, "not-accepted"))]
        case CaseWithdrawn(matter=str() as matter):
            return [Ask(case.stream(matter), EndPart(recorded.subject, "withdrawn"))]
        case CaseClosed(item, hall, unit, test=False):
            until = recorded.stamp.at + timedelta(days=terms_of(hall).review_days)
            clerk = clerk_of(recorded.stamp.by)
            invitation = InviteReview(
                channel="sms", hall=hall, unit=unit, item=item, until=until, clerk=clerk
            )
            return [Ask(review.stream(f"case.{recorded.subject}"), invitation)]
        case ReviewGiven(grade=grade, hall=hall, unit=unit, test=False) if grade in BAD:
            terms = terms_of(hall)
            clock = RectificationClock(
                recorded.stamp.at,
                terms.rectification,
                appeal=terms.appeal_workdays,
                ruling=terms.ruling_workdays,
                ladder=terms.ladder_workdays,
            )
            dues = rectification_dues(clock, calendar)
            return [Ask(recorded.stream, OpenRectification(recorded.subject, unit, clock, dues))]
        case CaseAccepted(clock=CaseClock() as clock):
            rule = terms_of(recorded.stamp.hall or "").rule("promise")
            return [Ask(recorded.stream, StartClock(clock, case_dues(clock, calendar, rule)))]
        case (
            CasePaused(clock=CaseClock() as clock)
            | CaseResumed(clock=CaseClock() as clock)
            | CaseExtended(clock=CaseClock() as clock)
        ):
            return [recomputed(recorded.stream, clock, calendar, terms_of(recorded.stamp.hall or ""))]
        case RectificationWarned():
            return [Ask(recorded.stream, Escalate("warning"))]
        case RectificationOverdue(step, str() as late) if step != "still-overdue":
            return [Ask(recorded.stream, Escalate(step)), _lag(recorded, late, step, calendar, terms_of)]
        case RectificationOverdue(step):
            return [Ask(recorded.stream, Escalate(step))]
        case RectificationExtended(clock=clock) | RectificationResumed(clock) | RulingAwaited(clock):
            return [recomputed(recorded.stream, clock, calendar, terms_of(recorded.stamp.hall or ""))]
    return []


def _lag(
    recorded: Recorded, responsible: str, step: RectificationStep, calendar: Calendar, terms_of: TermsOf
) -> Ask:
    """A deadline that its unit let pass counts towards a talk (约谈)."""
    rule = terms_of(recorded.stamp.hall or "").talks
    held_by = due(calendar, recorded.stamp.at, rule.hold_workdays)
    return Ask(unit.stream(responsible), NoteLag(recorded.subject, step, rule, held_by))


def recompute(deadline: Deadline, calendar: Calendar, terms_of: TermsOf = default_terms) -> list[Ask]:
    """What is to be asked of what runs on a stream when another notice is in force."""
    terms = terms_of(deadline.hall or "")
    limits = (
        set_limit(one.limit, one.clock, calendar, terms.rule(rule_of(one.limit)), one.accepts)
        for one in deadline.limits.values()
    )
    main = [] if deadline.clock is None else [recomputed(deadline.stream, deadline.clock, calendar, terms)]
    return [*main, *(Ask(deadline.stream, limit) for limit in limits)]


def recomputed(stream: str, clock: CaseClock | RectificationClock, calendar: Calendar, terms: Terms) -> Ask:
    """A clock's instants by this calendar; its signals by the rules now in force."""
    match clock:
        case CaseClock():
            return Ask(stream, RecomputeDeadline(clock, case_dues(clock, calendar, terms.rule("promise"))))
        case RectificationClock():
            return Ask(stream, RecomputeDues(clock, rectification_dues(clock, calendar)))
