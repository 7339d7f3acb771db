"""What a hall offers for booking on a day: its sessions cut into slots, and the shares of places in each."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.booking import DEFAULT_RULES, BookingRules, Channel, Instant
from domain.hall import SLOTS_MAX, DayException, HallPlan, Places, SessionPlan
from domain.message import Id, Refused, Text
from domain.workdays import SHANGHAI, Calendar, is_working_day, local_date, workdays_between

UNGAZETTED = Calendar()

LOOKED_AHEAD_DAYS = 31
"""How far the next opening is looked for: further than any holiday lasts."""


class SlotPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An interval in which one queue takes appointments, and its places by share."""

    queue: Id
    starts_at: Instant
    ends_at: Instant
    public: Places
    internal: Places
    walk_in: Places
    partner: Places = 0

    @property
    def slot(self) -> str:
        return slot_id(self.queue, self.starts_at)

    def places(self, channel: Channel) -> int:
        match channel:
            case "public":
                return self.public
            case "internal":
                return self.internal
            case "partner":
                return self.partner


class SlotsPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day's offer, each queue's slots in order of time, and the rules it is made under."""

    slots: Annotated[tuple[SlotPlan, ...], Meta(max_length=SLOTS_MAX)]
    rules: BookingRules = DEFAULT_RULES


def slot_id(queue: str, starts_at: datetime) -> str:
    return f"{queue}-{starts_at.astimezone(SHANGHAI):%H%M}"


def sessions_on(plan: HallPlan, day: date, calendar: Calendar) -> tuple[SessionPlan, ...]:
    """The sessions of a day: those of its exception if it is one, else those its pattern and the calendar give."""
    if (exception := _exception(plan, day)) is not None:
        return exception.sessions
    working = is_working_day(calendar, day)
    holiday = calendar.named.get(day) is False
    return tuple(
        session
        for session in plan.sessions
        if (day.isoweekday() in session.weekdays and (working or (day.weekday() >= 5 and not holiday)))
        or (not session.weekdays and working)
    )


def opens_next(plan: HallPlan, now: datetime, calendar: Calendar = UNGAZETTED) -> datetime | None:
    """When the next session begins that has not begun yet; ``None`` if none does within so many days."""
    today = local_date(now)
    for day in (today + timedelta(days=n) for n in range(LOOKED_AHEAD_DAYS)):
        begins = (datetime.combine(day, one.opens, SHANGHAI) for one in sessions_on(plan, day, calendar))
        if (coming := min((at for at in begins if at > now), default=None)) is not None:
            return coming
    return None


def why_no_tickets(plan: HallPlan, now: datetime, calendar: Calendar = UNGAZETTED) -> Refused | None:
    """Why the hall gives nobody who has not booked a ticket now, by the hours it keeps."""
    if not plan.tickets_within_hours:
        return None
    local = now.astimezone(SHANGHAI)
    sessions = sessions_on(plan, local.date(), calendar)
    exception = _exception(plan, local.date())
    if not (sessions or plan.sessions or exception):
        return None
    if not sessions:
        why = Text("不是服务日", "not a service day") if exception is None else exception.reason
        return Refused("tickets-not-today", why=why)
    opens = datetime.combine(local, min(one.opens for one in sessions), SHANGHAI)
    begins = opens - timedelta(minutes=plan.tickets_early_minutes)
    if local < begins:
        return Refused("tickets-not-yet", begins=f"{begins:%H:%M}", opens=f"{opens:%H:%M}")
    closes = max(one.closes for one in sessions)
    if local.time() >= closes:
        return Refused("tickets-over", closes=f"{closes:%H:%M}")
    return None


def offer(plan: HallPlan, day: date, calendar: Calendar = UNGAZETTED) -> SlotsPlan:
    """What a hall with this plan offers on a day: its sessions cut into slots for each of their queues.

    What a session has left after its last whole slot is kept for those who walk in.
    """
    sessions = sessions_on(plan, day, calendar)
    return SlotsPlan(tuple(slot for session in sessions for slot in _cut(plan, session, day)), plan.booking)


def why_not(plan: HallPlan, day: date, today: date, calendar: Calendar) -> Refused | None:
    """Why a day cannot be booked, if so: it is over, further away than so many working days, or nothing is open."""
    # Days that no horizon reaches are not counted towards: there may be thousands of years of them.
    furthest = today + timedelta(days=3 * plan.booking.horizon_workdays + 30)
    if not today <= day <= furthest or workdays_between(calendar, today, day) > plan.booking.horizon_workdays:
        return Refused("slots-not-offered", date=day)
    if sessions_on(plan, day, calendar):
        return None
    if (exception := _exception(plan, day)) is not None:
        return Refused("hall-closed", date=day, zh=exception.reason.zh, en=exception.reason.en)
    if is_working_day(calendar, day):
        return Refused("no-slots", date=day)
    return Refused("not-a-working-day", date=day)


def _exception(plan: HallPlan, day: date) -> DayException | None:
    return next((exception for exception in plan.exceptions if exception.date == day), None)


def check(plan: SlotsPlan) -> None:
    """Raises:
    Refused: the offer contradicts itself, or leaves nothing to those who come without an appointment
        (琼府办〔2022〕49号: 不得强制要求申请人先到网上预约).
    """
    if not plan.slots:
        raise Refused("no-slots", invalid=True, field="slots")
    if len(plan.slots) > SLOTS_MAX:
        raise Refused("too-many-slots", invalid=True, field="slots", slots=len(plan.slots), most=SLOTS_MAX)
    if len({local_date(slot.starts_at) for slot in plan.slots}) > 1:
        raise Refused("slots-of-several-days", invalid=True, field="slots.starts_at")
    ends: dict[str, datetime] = {}
    for slot in plan.slots:
        if slot.walk_in == 0:
            raise Refused("walk-in-share-missing", invalid=True, field="slots.walk_in", slot=slot.slot)
        if not ends.get(slot.queue, slot.starts_at) <= slot.starts_at < slot.ends_at:
            raise Refused("slots-overlap", invalid=True, field="slots", slot=slot.slot)
        ends[slot.queue] = slot.ends_at


def _cut(plan: HallPlan, session: SessionPlan, day: date) -> Iterator[SlotPlan]:
    starts_at = datetime.combine(day, session.opens, SHANGHAI)
    closes_at = datetime.combine(day, session.closes, SHANGHAI)
    length = timedelta(minutes=session.slot_minutes)
    while (ends_at := starts_at + length) <= closes_at:
        for queue in session.queues or [queue.queue for queue in plan.queues]:
            shares = (session.public, session.internal, session.walk_in, session.partner)
            yield SlotPlan(queue, starts_at, ends_at, *shares)
        starts_at = ends_at
