"""Who is told what because of an event: once, and only while it is news."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from domain.case import CaseDecided
from domain.message import Recorded, Stamp
from domain.notice import QueueNotice
from domain.notice_policy import notices
from domain.papers import CorrectionRequested
from domain.rectification import RectificationFedBack
from domain.respite import CaseExtended, CasePaused, CaseSuspended
from domain.review import ReviewInvited
from domain.slots import AppointmentCancelled, HoldReleased, SlotBooked
from domain.terms import Terms
from domain.urging import RectificationEscalated
from domain.waiting import WaitingOffered
from tests.spec import NINE

APPOINTMENT = "tanghe.20260302.b1"
DAY = "slots-tanghe-2026-03-02"
TERMS = Terms(reminder_hours=(24, 2))


def told(stream: str, event: Any, terms: Terms = TERMS, **stamp: Any) -> list[tuple[str, QueueNotice]]:
    stamped = Stamp(**{"at": NINE, "by": "clerk:li", "command": "c1", "hall": "tanghe"} | stamp)
    asks = notices(Recorded(stream, 3, 7, stamped, event), lambda hall: terms)
    return [(ask.stream, ask.command) for ask in asks if isinstance(ask.command, QueueNotice)]


def booked(hours: int, **more: Any) -> SlotBooked:
    at = NINE + timedelta(hours=hours)
    return SlotBooked(APPOINTMENT, "a-0900", "a", "permit", "p1", at, at + timedelta(hours=1), **more)


def test_a_booking_is_confirmed_and_reminded_of_as_long_as_there_is_time() -> None:
    streams = [stream for stream, _ in told(DAY, booked(30))]
    assert streams == [
        "notice-tanghe-2026-03-02.3.booked",
        f"notice-{APPOINTMENT}.reminder-0",
        f"notice-{APPOINTMENT}.reminder-1",
    ]
    assert [command.template for _, command in told(DAY, booked(5))] == ["booked", "reminder"]
    assert [command.template for _, command in told(DAY, booked(1))] == ["booked"]
    (_, reminder) = told(DAY, booked(5))[1]
    assert (reminder.send_at, reminder.until) == (NINE + timedelta(hours=3), NINE + timedelta(hours=5))


def test_a_hall_reminds_as_often_as_its_terms_say() -> None:
    assert len(told(DAY, booked(200), Terms(reminder_hours=(168, 24, 2, 1)))) == 5
    assert len(told(DAY, booked(200), Terms(reminder_hours=()))) == 1


def test_who_was_drawn_or_offered_a_place_hears_that_it_came_to_nothing() -> None:
    request = "tanghe.20260302.r1"
    ((_, vain),) = told(DAY, HoldReleased(request, "not-allowed"))
    assert (vain.template, vain.to) == ("drawn-in-vain", f"request:{request}")
    ((_, gone),) = told(DAY, HoldReleased("tanghe.20260302.w1.1", "offer-revised"))
    assert (gone.template, gone.to) == ("place-withdrawn", "waiting:tanghe.20260302.w1")
    for quiet in (
        HoldReleased(APPOINTMENT, "offer-revised"),
        HoldReleased("tanghe.20260302.w1.1", "given-up"),
    ):
        assert told(DAY, quiet) == []


def test_a_move_is_one_notice_and_says_whose_doing_it_was() -> None:
    assert told(DAY, AppointmentCancelled("b0", "moved", APPOINTMENT)) == []
    assert told(DAY, booked(1, instead_of="b0"))[0][1].template == "moved"
    (_, command) = told(DAY, booked(1, instead_of="b0", because="停电"))[0]
    assert (command.template, command.facts["reason"]) == ("moved-by-hall", "停电")


def test_a_cancellation_by_the_hall_tells_the_reason() -> None:
    own, by_hall = (
        told(DAY, AppointmentCancelled(APPOINTMENT, "停电", by_hall=by_hall))[0][1]
        for by_hall in (False, True)
    )
    assert (own.template, own.facts) == ("cancelled", {})
    assert (by_hall.template, by_hall.facts) == ("cancelled-by-hall", {"reason": "停电"})
    assert by_hall.to == f"booker:{APPOINTMENT}"


@pytest.mark.parametrize(
    ("stream", "event", "template", "to"),
    [
        ("case-c1", CorrectionRequested(("照片", "合同")), "correction-asked", "applicant:c1"),
        ("case-c1", CaseExtended(5, "复杂", "head"), "case-extended", "applicant:c1"),
        ("case-c1", CaseSuspended("hearing", "听证", 5), "case-stopped", "applicant:c1"),
        ("case-c1", CasePaused("payment", "待缴费", 5), "case-paused", "applicant:c1"),
        ("case-c1", CaseDecided("granted"), "case-decided", "applicant:c1"),
        ("case-c1", CaseDecided("refused", "不符合", "m1"), "case-decided", "applicant:c1"),
        (
            "review-case.c1",
            ReviewInvited(channel="sms", hall="h", unit="u"),
            "review-invited",
            "reviewer:case.c1",
        ),
        (
            "review-case.c1",
            RectificationFedBack("已改", "phone"),
            "rectification-answered",
            "reviewer:case.c1",
        ),
        (
            "review-case.c1",
            RectificationEscalated("warning", "clerk"),
            "rectification-warning",
            "staff:clerk",
        ),
        (
            "review-case.c1",
            RectificationEscalated("rectify", "leader"),
            "rectification-overdue",
            "staff:leader",
        ),
    ],
)
def test_whoever_it_concerns_is_told(stream: str, event: Any, template: str, to: str) -> None:
    ((name, command),) = told(stream, event)
    assert (command.template, command.to, command.hall) == (template, to, "tanghe")
    assert name == f"notice-{stream.partition('-')[2]}.3.{template}"


def test_whoever_waits_longer_is_told_how_long_and_why() -> None:
    """行政许可法 第42条 (the reason), 第45条 (the time needed)."""
    for event in (CaseExtended(5, "复杂", "head"), CaseSuspended("hearing", "复杂", 5)):
        ((_, command),) = told("case-c1", event)
        assert command.facts == {"workdays": "5", "reason": "复杂"}


def test_of_one_matter_the_whole_is_told() -> None:
    assert told("case-m1.1", CaseDecided("granted", None, "m1")) == []


def test_who_is_offered_a_place_by_night_gets_the_message_in_the_morning() -> None:
    morning, later = NINE + timedelta(hours=11), NINE + timedelta(hours=12)
    for told_at in (None, morning):
        offered = WaitingOffered("w1", "w1.1", "p1", "permit", NINE + timedelta(days=1), later, told_at)
        ((_, command),) = told(DAY, offered)
        assert (command.template, command.to, command.send_at) == ("place-offered", "person:p1", told_at)
        assert command.until == later


def test_a_ticket_is_rated_at_the_window_and_by_no_message() -> None:
    assert told("review-ticket.t1", ReviewInvited(channel="qr-code", hall="h", unit="u")) == []


def test_what_was_written_down_days_later_is_told_to_nobody() -> None:
    assert told(DAY, booked(30), recorded_at=NINE + timedelta(days=2)) == []
    assert len(told(DAY, booked(30), recorded_at=NINE + timedelta(hours=1))) == 3


def test_no_notice_holds_a_person() -> None:
    for _, command in told(DAY, booked(30)):
        assert "p1" not in msgspec.json.encode(command).decode()
