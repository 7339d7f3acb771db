"""A notice: sent once, tried again for a while, dropped when it is no longer true."""

from datetime import timedelta

import pytest
from hypothesis import given as over

from domain import notice
from domain.notice import (
    PAUSES,
    DropNotice,
    NoticeDelivered,
    NoticeDropped,
    NoticeFailed,
    NoticeQueued,
    NoticeRetried,
    QueueNotice,
    RecordDelivery,
    RecordFailure,
    RetryNotice,
)
from projections import notices
from tests.histories import histories, view_of
from tests.spec import NINE, given

ASKED = QueueNotice(template="booked", to="booker:b1", hall="tanghe", facts={"item": "permit"})
QUEUED = NoticeQueued(template="booked", to="booker:b1", hall="tanghe", facts={"item": "permit"})
ENOUGH = len(PAUSES) + 1


def failures(count: int) -> list[NoticeFailed]:
    return [NoticeFailed("away", NINE) for _ in range(count)]


def test_a_notice_asked_for_twice_is_one() -> None:
    given(notice).when(ASKED).then(QUEUED)
    given(notice, QUEUED).when(ASKED).then()


def test_what_was_delivered_is_not_sent_or_failed_or_dropped_again() -> None:
    delivered = given(notice, QUEUED).when(RecordDelivery("sms", "g1"))
    delivered.then(NoticeDelivered("sms", "g1"))
    delivered.when(RecordDelivery("sms", "g2")).then()
    delivered.when(RecordFailure(1, "away")).then()
    delivered.when(DropNotice("overtaken")).then()
    delivered.when(RetryNotice()).refused("notice-ended")


@pytest.mark.parametrize(("before", "pause"), [*enumerate(PAUSES)])
def test_a_failed_try_is_tried_again_after_longer_and_longer(before: int, pause: timedelta) -> None:
    tried = given(notice, QUEUED, *failures(before))
    tried.when(RecordFailure(before + 1, "away")).then(NoticeFailed("away", NINE + pause))


def test_the_last_failure_is_final_until_somebody_has_it_tried_again() -> None:
    tried = given(notice, QUEUED, *failures(len(PAUSES)))
    tried.when(RetryNotice()).then()
    tried.when(RecordFailure(ENOUGH, "away")).then(NoticeFailed("away"))
    tried.when(RecordFailure(ENOUGH + 1, "away")).then()
    tried.when(RetryNotice()).then(NoticeRetried())
    tried.when(RecordFailure(1, "away")).then(NoticeFailed("away", NINE + PAUSES[0]))


def test_a_final_failure_needs_only_one_try() -> None:
    given(notice, QUEUED).when(RecordFailure(1, "no-address", final=True)).then(NoticeFailed("no-address"))


def test_the_same_try_is_recorded_once() -> None:
    given(notice, QUEUED, *failures(1)).when(RecordFailure(1, "away")).then()


def test_what_was_dropped_is_not_sent_and_what_never_was_needs_no_dropping() -> None:
    given(notice).when(DropNotice("overtaken")).then()
    dropped = given(notice, QUEUED).when(DropNotice("too-late"))
    dropped.then(NoticeDropped("too-late"))
    dropped.when(DropNotice("too-late")).then()
    dropped.when(RetryNotice()).refused("notice-ended", status="dropped")


def test_what_left_before_it_was_dropped_was_delivered() -> None:
    given(notice, QUEUED, NoticeDropped("overtaken")).when(RecordDelivery("file")).then(
        NoticeDelivered("file")
    )


@pytest.mark.parametrize("command", [RecordDelivery("file"), RecordFailure(1, "away"), RetryNotice()])
def test_nothing_is_known_of_a_notice_that_never_was(command: notice.AnyCommand) -> None:
    given(notice).when(command).refused("unknown-notice")


@over(histories("notice-n1", length=40))
def test_the_outbox_tells_of_every_notice_what_its_stream_says(log: list) -> None:  # type: ignore[type-arg]
    views = view_of(notices, log)
    state = notice.initial()
    for recorded in log:
        state = notice.evolve(state, recorded.event, recorded.stamp)
    assert (state.queued is None) == (views == {})
    for view in views.values():
        assert (view.status, view.attempts) == (state.status, state.attempts)
        assert (view.due_at is not None) == (view.status == "waiting"), "what waits is due at some time"
