"""Configuring a hall: the plan is kept whole, and one that contradicts itself is refused."""

from datetime import date, time
from typing import Any

import msgspec
import pytest

from domain import hall
from domain.booking import BookingRules
from domain.hall import (
    SLOTS_MAX,
    ConfigureHall,
    DayException,
    HallConfigured,
    HallPlan,
    QueuePlan,
    SessionPlan,
    WindowPlan,
)
from domain.message import Refused, Text
from domain.offering import SlotsPlan, check, offer
from tests.spec import given

MORNING = SessionPlan(opens=time(9), closes=time(12))
AFTERNOON = SessionPlan(opens=time(13), closes=time(17))
DAY = date(2026, 3, 2)
PLAN = HallPlan(
    name=Text("政务服务中心", "Government Service Centre"),
    region="411328000000",
    queues=(
        QueuePlan("general", "A", Text("综合业务", "General")),
        QueuePlan("tax", "B", Text("税务", "Tax")),
    ),
    windows=(
        WindowPlan("w01", Text("1号窗口", "Window 1"), "general", ("general", "tax")),
        WindowPlan("w02", Text("2号窗口", "Window 2"), "specialist", ("tax",)),
    ),
    sessions=(MORNING, AFTERNOON),
)


def changed(**fields: Any) -> HallPlan:
    return msgspec.structs.replace(PLAN, **fields)


def at_hours(opens: time, closes: time) -> SessionPlan:
    return SessionPlan(opens=opens, closes=closes)


def test_a_hall_is_configured_as_a_whole() -> None:
    state = given(hall).when(ConfigureHall(PLAN)).then(HallConfigured(PLAN))
    assert state.plan == PLAN


def test_the_same_plan_again_changes_nothing() -> None:
    given(hall, HallConfigured(PLAN)).when(ConfigureHall(PLAN)).then()


def test_a_changed_plan_takes_the_place_of_the_one_before() -> None:
    larger = changed(recalls=3)
    state = given(hall, HallConfigured(PLAN)).when(ConfigureHall(larger)).then(HallConfigured(larger))
    assert state.plan == larger


def test_a_queue_is_named_once() -> None:
    twin = QueuePlan("tax", "C", Text("办税", "Tax"))
    given(hall).when(ConfigureHall(changed(queues=(*PLAN.queues, twin)))).refused(
        "named-twice", field="queues.queue", names=["tax"]
    )


def test_two_queues_never_share_a_prefix() -> None:
    twin = QueuePlan("police", "B", Text("公安", "Police"))
    given(hall).when(ConfigureHall(changed(queues=(*PLAN.queues, twin)))).refused(
        "named-twice", field="queues.prefix", names=["B"]
    )


def test_a_window_is_named_once() -> None:
    given(hall).when(ConfigureHall(changed(windows=PLAN.windows * 2))).refused(
        "named-twice", field="windows.window", names=["w01", "w02"]
    )


def test_a_window_serves_only_queues_the_hall_has() -> None:
    lost = WindowPlan("w03", Text("3号窗口", "Window 3"), "general", ("general", "police"))
    given(hall).when(ConfigureHall(changed(windows=(*PLAN.windows, lost)))).refused(
        "unknown-queue", field="windows.w03.queues", names=["police"]
    )


def test_a_queue_that_no_window_serves_yet_is_allowed() -> None:
    """A window may be opened for a day with queues of its own, so the plan need not name one for each."""
    plan = changed(windows=())
    given(hall).when(ConfigureHall(plan)).then(HallConfigured(plan))


def test_a_window_without_a_queue_is_allowed() -> None:
    desk = WindowPlan("w03", Text("咨询台", "Enquiries"), "enquiry", ())
    plan = changed(windows=(*PLAN.windows, desk))
    given(hall).when(ConfigureHall(plan)).then(HallConfigured(plan))


def test_a_hall_without_sessions_is_allowed() -> None:
    plan = changed(sessions=())
    given(hall).when(ConfigureHall(plan)).then(HallConfigured(plan))


def test_sessions_may_touch() -> None:
    plan = changed(sessions=(at_hours(time(9), time(12)), at_hours(time(12), time(17))))
    given(hall).when(ConfigureHall(plan)).then(HallConfigured(plan))


@pytest.mark.parametrize(
    "sessions",
    [
        (at_hours(time(9), time(12)), at_hours(time(11, 59), time(17))),
        (AFTERNOON, MORNING),
        (at_hours(time(12), time(9)),),
        (at_hours(time(9), time(9)),),
    ],
    ids=["overlapping", "out of order", "closing before it opens", "of no length"],
)
def test_sessions_follow_each_other_through_the_day(sessions: tuple[SessionPlan, ...]) -> None:
    given(hall).when(ConfigureHall(changed(sessions=sessions))).refused("sessions-overlap", field="sessions")


@pytest.mark.parametrize("which", [0, 1])
def test_the_share_for_people_who_just_come_is_never_zero_in_any_session(which: int) -> None:
    sessions = list(PLAN.sessions)
    sessions[which] = msgspec.structs.replace(sessions[which], walk_in=0)
    given(hall).when(ConfigureHall(changed(sessions=tuple(sessions)))).refused(
        "walk-in-share-missing", field="sessions.walk_in"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"region": "411328"},
        {"kind": "palace"},
        {"recalls": 11},
        {"queues": [{"queue": "Tax Office", "prefix": "A", "name": {"zh": "税务", "en": "Tax"}}]},
        {"queues": [{"queue": "tax", "prefix": "a", "name": {"zh": "税务", "en": "Tax"}}]},
        {"owner": "nobody"},
    ],
)
def test_a_plan_out_of_shape_cannot_even_be_read(fields: dict[str, Any]) -> None:
    written = msgspec.to_builtins(PLAN) | fields
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, HallPlan)


def test_a_configured_hall_reads_back_as_it_was_written() -> None:
    event = HallConfigured(PLAN)
    assert msgspec.json.decode(msgspec.json.encode(event), type=HallConfigured) == event


@pytest.mark.parametrize(
    "told", [{"opens": "09:00:00Z", "closes": "12:00:00"}, {"opens": "09:00:00", "closes": "12:00:00+08:00"}]
)
def test_a_session_is_told_by_the_halls_own_clock(told: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.convert(told, SessionPlan)
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.convert({"quiet_from": told["opens"], "quiet_until": told["closes"]}, BookingRules)


def test_a_day_has_no_more_slots_than_can_be_stored_and_read() -> None:
    """Forty queues in slots of five minutes were offered, and nobody could read the day again."""
    queues = tuple(
        QueuePlan(f"q{n}", chr(65 + n // 26) + chr(65 + n % 26), Text("综合", "General")) for n in range(40)
    )
    whole_day, most = SessionPlan(time(8), time(20), 8), SessionPlan(time(8), time(16, 20), 5)
    fine = changed(queues=queues, windows=(), sessions=(most,))
    given(hall).when(ConfigureHall(fine)).then(HallConfigured(fine))
    shorter = msgspec.structs.replace(whole_day, slot_minutes=5)
    for asked in (
        {"sessions": (shorter,)},
        {"exceptions": (DayException(DAY, Text("节", "Day"), (shorter,)),)},
    ):
        given(hall).when(ConfigureHall(msgspec.structs.replace(fine, **asked))).refused(
            "too-many-slots", slots=5760
        )
    offered = offer(fine, DAY)
    assert len(offered.slots) == SLOTS_MAX
    assert msgspec.convert(msgspec.to_builtins(offered), SlotsPlan) == offered
    with pytest.raises(Refused, match="too-many-slots"):
        check(offer(msgspec.structs.replace(fine, sessions=(shorter,)), DAY))
