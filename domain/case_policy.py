"""What follows for cases: the smaller limits that their facts open, and the case of what could not be done.

How long each is, the desk says in its own words, or the configuration.
"""

from domain import case
from domain.case import Accept, CaseAccepted, CaseDecided, CaseOpened, OpenCase, Withdraw
from domain.directive import CaseDirected
from domain.hand_over import CaseHandedBack, CaseHandedOver, CaseTakenOver
from domain.handling import Ask
from domain.limits import LimitClock, SetLimit, set_limit
from domain.message import Recorded, hall_of
from domain.papers import CaseCorrected, CorrectionRequested
from domain.queue import FinishUndone, ServiceFinished, SplitUndone, VisitSplit
from domain.respite import CasePaused, CaseSuspended
from domain.rules import rule_of
from domain.steps import StepBegun
from domain.terms import CaseTerms, Terms
from domain.workdays import Calendar

HOLDER = "ticket-holder"
"""The applicant of an escalation: whoever held the ticket, whom the queue's own record names if anybody does."""

UNNAMED_ITEM = "not-done"


def escalation(recorded: Recorded, unit: str, lengths: CaseTerms) -> list[Ask]:
    """The case of a service that ended without its matter being done (办不成事反映): opened, accepted and timed,
    and withdrawn when the ending is taken back.

    There is one for each such service: ``case-{ticket}.not-done`` of a ticket's first, ``….not-done-2`` of its second.
    """
    match recorded.event:
        case (
            ServiceFinished(ticket=ticket, items=items, outcome="not-done", nth=nth)
            | VisitSplit(ticket=ticket, items=items, outcome="not-done", nth=nth)
        ):
            opening = OpenCase(
                item=items[0] if items else UNNAMED_ITEM,
                item_version=1,
                hall=hall_of(recorded.stream),
                unit=unit,
                applicant=HOLDER,
                channel="window",
                kind="promised",
                promised_limit_workdays=lengths.not_done,
                ticket=ticket,
            )
            stream = _not_done(ticket, nth)
            return [Ask(stream, opening), Ask(stream, Accept())]
        case (
            FinishUndone(ticket=str() as ticket, nth=nth, outcome="not-done")
            | SplitUndone(ticket=str() as ticket, nth=nth, outcome="not-done")
        ):
            return [Ask(_not_done(ticket, nth), Withdraw("办结已撤回"))]
    return []


def _not_done(ticket: str, nth: int) -> str:
    return case.stream(f"{ticket}.not-done-{nth + 1}" if nth else f"{ticket}.not-done")


def governing(recorded: Recorded) -> str:
    """The hall whose region's terms what a case's event opens is held to: where it happened, but whoever is to act
    next where it went from one hall to another."""
    match recorded.event:
        case CaseHandedOver(to=to) | CaseHandedBack(to=to):
            return to
    return recorded.stamp.hall or ""


def limits_opened(recorded: Recorded, calendar: Calendar, terms: Terms) -> list[SetLimit]:
    """What is to be asked of the case because of this event; it leaves aside what it has no limit for."""

    def of(limit: str, workdays: int | None = None, accepts: bool = False) -> list[SetLimit]:
        rule = terms.rule(rule_of(limit))
        if (length := workdays or rule.workdays) is None:
            return []
        return [set_limit(limit, LimitClock(recorded.stamp.at, length), calendar, rule, accepts)]

    match recorded.event:
        case CaseOpened(handled_at=str()) | CaseHandedBack():
            return of("forwarding")
        case CaseHandedOver():
            return of("taking-over")
        case CaseOpened(kind="promised", guide=tuple()) | CaseCorrected() | CaseTakenOver():
            return of("acceptance", accepts=terms.cases.silence_accepts)
        case CorrectionRequested(answer_workdays=days):
            return of("correction", days)
        case CaseAccepted(outstanding=outstanding, supplement_workdays=days) if outstanding:
            return of("supplement", days)
        case CaseSuspended(needs_workdays=days):
            return of("procedure", days)
        case CasePaused(needs_workdays=days):
            return of("pause", days)
        case StepBegun(step, workdays=days):
            return of(f"step.{step}", days)
        case CaseDecided("granted"):
            return of("delivery")
        case CaseDirected(name, answer_workdays=days):
            return of(f"directive.{name}", days)
    return []
