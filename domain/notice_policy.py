"""Who is told what by notice because of an event. A notice's name is made of the event's place in its stream, so
whatever is asked twice is one notice.

What was written down more than a day after it happened is news to nobody: imported records and replayed days send
nothing.
"""

from datetime import datetime, timedelta

from domain.case import CaseDecided, CaseRefused
from domain.handling import Ask
from domain.lottery import LotteryDrawn
from domain.message import Recorded, hall_of
from domain.nearing import TurnNeared
from domain.notice import QueueNotice, stream
from domain.papers import CorrectionRequested
from domain.rectification import RectificationFedBack
from domain.respite import CaseExtended, CasePaused, CaseSuspended
from domain.review import ReviewInvited
from domain.slots import AppointmentCancelled, AppointmentRestored, HoldReleased, SlotBooked
from domain.templates import Template
from domain.terms import TermsOf, default_terms
from domain.urging import RectificationEscalated, RectificationReminded
from domain.waiting import WaitingEnded, WaitingOffered, offered_from_list

NEWS = timedelta(days=1)

SOON = timedelta(minutes=30)
"""After this nobody needs to be told any more that their turn is near."""


def notices(recorded: Recorded, terms_of: TermsOf = default_terms) -> list[Ask]:
    """What is to be asked of the outbox because of this event."""
    stamp = recorded.stamp
    if stamp.recorded_at is not None and stamp.recorded_at - stamp.at > NEWS:
        return []
    match recorded.event:
        case SlotBooked() as made:
            return [_booked(recorded, made), *_reminders(recorded, made, terms_of)]
        case AppointmentCancelled(appointment, reason, None, by_hall):
            template: Template = "cancelled-by-hall" if by_hall else "cancelled"
            facts = {"reason": reason} if by_hall else {}
            return [_told(recorded, template, f"booker:{appointment}", facts)]
        case AppointmentRestored(appointment):
            return [_told(recorded, "kept-after-all", f"booker:{appointment}")]
        case WaitingOffered(waiting, _, person, item, starts_at, until, told_at):
            facts = {
                "waiting": waiting,
                "item": item,
                "starts_at": starts_at.isoformat(),
                "answer_at": until.isoformat(),
            }
            return [_told(recorded, "place-offered", f"person:{person}", facts, told_at, until)]
        case TurnNeared(number, _, person, ahead):
            facts = {"ticket": number, "ahead": str(ahead)}
            return [_told(recorded, "turn-near", f"person:{person}", facts, until=stamp.at + SOON)]
        case HoldReleased(hold, "offer-revised") if offered_from_list(hold):
            facts = {"waiting": hold.rpartition(".")[0], "date": recorded.stream[-10:]}
            return [_told(recorded, "place-withdrawn", f"waiting:{facts['waiting']}", facts)]
        case HoldReleased(hold, "not-allowed"):
            return [_told(recorded, "drawn-in-vain", f"request:{hold}", {"date": recorded.stream[-10:]})]
        case WaitingEnded(waiting, "offers-used"):
            return [_told(recorded, "place-lost", f"waiting:{waiting}", {"date": recorded.stream[-10:]})]
        case LotteryDrawn(nth=nth, entries=entries, won=won):
            drawn = {one.request for one in won}
            facts = {"date": recorded.stream[-10:]}
            return [
                _named(recorded, f"{one.request}.draw-{nth}", "not-drawn", f"request:{one.request}", facts)
                for one in entries
                if one.request not in drawn
            ]
        case CorrectionRequested(missing):
            return [_told(recorded, "correction-asked", _applicant(recorded), {"papers": "、".join(missing)})]
        case CaseExtended(workdays, reason):
            return [_told(recorded, "case-extended", _applicant(recorded), _more(workdays, reason))]
        case CaseSuspended(_, reason, workdays):
            return [_told(recorded, "case-stopped", _applicant(recorded), _more(workdays, reason))]
        case CasePaused(_, reason, workdays):
            return [_told(recorded, "case-paused", _applicant(recorded), _more(workdays, reason))]
        case CaseDecided("granted", matter=str()):
            return []  # of one matter (一件事) the whole is told, and a part only if it came out otherwise
        case CaseDecided():
            return [_told(recorded, "case-decided", _applicant(recorded))]
        case CaseRefused():
            return [_told(recorded, "case-refused", _applicant(recorded))]
        case ReviewInvited(channel="sms", until=until, item=item):
            facts = {"service": recorded.subject, "item": item or ""}
            until_at = {} if until is None else {"until_at": until.isoformat()}
            return [_told(recorded, "review-invited", _reviewer(recorded), facts | until_at, until=until)]
        case RectificationFedBack():
            return [_told(recorded, "rectification-answered", _reviewer(recorded))]
        case RectificationEscalated("warning", to):
            return [_told(recorded, "rectification-warning", f"staff:{to}", {"service": recorded.subject})]
        case RectificationEscalated(about, to):
            facts = {"service": recorded.subject, "step": about}
            return [_told(recorded, "rectification-overdue", f"staff:{to}", facts)]
        case RectificationReminded():
            return [_told(recorded, "rectification-reminded", "staff:clerk", {"service": recorded.subject})]
    return []


def _more(workdays: int, reason: str) -> dict[str, str]:
    return {"workdays": str(workdays), "reason": reason}


def _told(
    recorded: Recorded,
    template: Template,
    to: str,
    facts: dict[str, str] | None = None,
    send_at: datetime | None = None,
    until: datetime | None = None,
) -> Ask:
    return _named(
        recorded,
        f"{recorded.subject}.{recorded.version}.{template}",
        template,
        to,
        facts or {},
        send_at,
        until,
    )


def _named(
    recorded: Recorded,
    name: str,
    template: Template,
    to: str,
    facts: dict[str, str],
    send_at: datetime | None = None,
    until: datetime | None = None,
) -> Ask:
    hall = _hall(recorded)
    command = QueueNotice(template=template, to=to, hall=hall, facts=facts, send_at=send_at, until=until)
    return Ask(stream(name), command)


def _hall(recorded: Recorded) -> str:
    """The hall something happened at; empty if nobody said."""
    return recorded.stamp.hall or (
        hall_of(recorded.stream) if recorded.category in ("slots", "queue") else ""
    )


def _booked(recorded: Recorded, made: SlotBooked) -> Ask:
    facts = visit(made)
    template: Template = "booked" if made.instead_of is None else "moved"
    if made.because is not None:
        template, facts = "moved-by-hall", facts | {"reason": made.because}
    return _told(recorded, template, f"booker:{made.appointment}", facts, until=made.starts_at)


def visit(made: SlotBooked) -> dict[str, str]:
    """The facts by which an appointment is told."""
    return {
        "appointment": made.appointment,
        "item": made.item,
        "starts_at": made.starts_at.isoformat(),
    }


def _reminders(recorded: Recorded, made: SlotBooked, terms_of: TermsOf) -> list[Ask]:
    """One for each of the hall's lead times that is still to come. Whether the appointment still stands is asked when
    it is sent."""
    hall = hall_of(recorded.stream)
    asks = []
    for nth, hours in enumerate(terms_of(hall).reminder_hours):
        send_at = made.starts_at - timedelta(hours=hours)
        if send_at > recorded.stamp.at:
            reminder = QueueNotice(
                template="reminder",
                to=f"booker:{made.appointment}",
                hall=hall,
                facts=visit(made),
                send_at=send_at,
                until=made.starts_at,
            )
            asks.append(Ask(stream(f"{made.appointment}.reminder-{nth}"), reminder))
    return asks


def _applicant(recorded: Recorded) -> str:
    return f"applicant:{recorded.subject}"


def _reviewer(recorded: Recorded) -> str:
    return f"reviewer:{recorded.subject}"
