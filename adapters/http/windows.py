"""The day at the windows: tickets are taken, called, served; their holders follow their place in line."""

import secrets
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from adapters.http.access import API, WINDOW
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command, Nothing
from adapters.http.openings import instead
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from domain import acts, closing, nearby, offering, queue, slots
from domain.line import Alarm, Pool, Stop
from domain.message import Id, Label, Reference, Refused, Text, Words
from domain.nearby import Position
from domain.order import Priority
from domain.queue import Outcome
from domain.receipts import CallReceipt, DayReceipt, QueueReceipt, TicketReceipt, WindowReceipt


class TicketAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody who walks in wants: an item, or a queue if they know it; ``more`` items are handled in the same
    visit, one line after the other with one number.

    A citizen's phone tells the hall's ``code`` of the day or its ``position``, where the hall asks for either.
    """

    item: Id | None = None
    queue: Id | None = None
    priority: Priority = "ordinary"
    more: Annotated[tuple[Id, ...], Meta(max_length=8)] = ()
    code: Annotated[str, Meta(min_length=1, max_length=20)] | None = None
    position: Position | None = None


class TicketTaken(TicketReceipt, frozen=True, gc=False, kw_only=True):
    """``follow`` is the holder's secret: ``GET /api/v1/tickets/{follow}`` tells their place in line."""

    follow: str


class WindowOpening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``queues`` in order of preference, if not those of the plan. ``clerk`` is the token's own subject; only an
    admin, who writes down what happened elsewhere, names another."""

    queues: tuple[Id, ...] = ()
    clerk: Label | None = None


class Pause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Label = "break"


class CallOne(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ticket`` is the number on the board, or the ticket's ``id``."""

    ticket: Label
    reason: Label = "called-by-clerk"


class Finish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: tuple[Id, ...] = ()
    outcome: Outcome = "done"
    case: Reference | None = None


class Park(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``pool`` tells who may take the ticket up again: any window of the hall, or this one."""

    reason: Words = "waiting for a document"
    pool: Pool = "hall"


class Unpark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ticket: Label


class Transfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To a queue, or to a window or a clerk, who alone will call the ticket."""

    queue: Id | None = None
    reason: Words = "wrong queue"
    to_window: Id | None = None
    to_clerk: Label | None = None


class Return(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ticket`` is one that was missed or set aside; without it the one in hand goes back."""

    ticket: Label | None = None


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``items`` were handled here; ``item`` comes next, in ``queue``."""

    queue: Id
    item: Id | None = None
    items: tuple[Id, ...] = ()
    outcome: Outcome = "done"
    case: Reference | None = None


class AlarmAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Alarm = "help"


class DayClosing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``force`` closes the day over tickets that are still at windows. Appointments still to be kept are cancelled, and
    whoever has one is told the ``reason``."""

    force: bool = False
    reason: Words = closing.CLOSED_FOR_THE_DAY


NOT_YET = Text("这一天还没有到", "This day has not come yet")

Turn = queue.CloseWindow | queue.PauseWindow | queue.ResumeWindow | queue.ClearAlarm


def reference(hall: str, day: date) -> str:
    """A new unguessable reference of something at a hall on a day."""
    return f"{hall}.{day.isoformat().replace('-', '')}.{secrets.token_urlsafe(16)}"


def day_of(asked: Asking, query: bytes) -> date:
    """The day a command is about: its own, or an earlier one, the ``?date=`` of a clerk or admin. A day to come begins
    when it has come, with the plan its hall has then.

    Raises:
        Rejected: 422 for something that is no date or not yet, 403 for somebody who may not choose.
    """
    if not query or not (told := parse_qs(query.decode("latin-1")).get("date")):
        return asked.day
    if asked.identity is None or asked.identity.role not in ("clerk", "admin"):
        raise Rejected(403, "not-yours", {"role": asked.identity.role if asked.identity else "nobody"})
    try:
        day = date.fromisoformat(told[0])
    except ValueError as error:
        raise Rejected(422, "invalid", errors=[FieldError("date", "a date: YYYY-MM-DD")]) from error
    if day > asked.day:
        raise Rejected(422, "time-in-future", errors=[FieldError("date", NOT_YET.en, NOT_YET)])
    return day


def meant(query: bytes) -> str | None:
    """The ``?ticket=`` of a command to a window: the number its asker believes in hand there. Where it is another by
    now, somebody else was at the window, and nothing is done."""
    told = parse_qs(query.decode("latin-1")).get("ticket") if query else None
    return told[0] if told else None


def commands(parts: Parts) -> list[Command]:
    """The routes that move tickets and windows."""
    offer_instead = instead(parts)

    async def take(asked: Asking, words: list[str], body: TicketAsked, query: bytes) -> Reply:
        hall, day = words[0], day_of(asked, query)
        plan = parts.catalogue.hall(hall)
        line = body.queue
        if body.item is not None:
            item = parts.catalogue.item(body.item)
            line = line or item.plan.queue
        if line is None:
            raise Rejected(422, "invalid", errors=[FieldError("item", "an item or a queue")])
        if asked.identity is not None and asked.identity.role == "citizen":
            right = None if body.code is None else body.code == parts.seal.hall_code(hall, day)
            nearby.check(plan.phone_tickets, code_right=right, position=body.position)
        same, stops = route(body.item, line, body.more)
        ticket = reference(hall, day)
        person = asked.identity.person if asked.identity else None
        skill = parts.catalogue.skill(body.item)
        issue = queue.IssueTicket(
            ticket, line, body.item, body.priority, person=person, skill=skill, more=same, stops=stops
        )
        staff = asked.identity is not None and asked.identity.role in ("clerk", "admin")
        calendar = parts.catalogue.calendar
        act = acts.take_ticket(
            hall,
            day,
            plan,
            issue,
            wait=parts.forecasts.teller(hall, day, asked.stamp.at),
            why_not=None if staff else offering.why_no_tickets(plan, asked.stamp.at, calendar),
        )
        try:
            return await asked.submit(parts.loop, act, 201, parts.follow)
        except Refused as refused:
            raise await offer_instead(refused, hall, line, body.item) from None

    def route(item: str | None, line: str, more: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Stop, ...]]:
        """Further items: those handled in the first service, and where the visit goes on, queues in the order asked.

        Raises:
            Refused: an item is unknown or named twice.
        """
        if len({item, *more}) <= len(more):
            raise Refused("named-twice", invalid=True, field="more", names=list(more))
        by_queue: dict[str, list[str]] = {}
        for name in more:
            by_queue.setdefault(parts.catalogue.item(name).plan.queue, []).append(name)
        same = tuple(by_queue.pop(line, ()))
        skills = {
            names[0]: next(filter(None, map(parts.catalogue.skill, names)), None)
            for names in by_queue.values()
        }
        return same, tuple(Stop(name, tuple(names), skills[names[0]]) for name, names in by_queue.items())

    async def open_(asked: Asking, words: list[str], body: WindowOpening, query: bytes) -> Reply:
        hall, window = words
        assert asked.identity is not None
        clerk = body.clerk or asked.identity.subject
        if clerk != asked.identity.subject and asked.identity.role != "admin":
            raise Rejected(403, "another-clerk")
        plan = parts.catalogue.hall(hall)
        opening = queue.OpenWindow(window, clerk, body.queues)
        act = acts.open_window(hall, day_of(asked, query), plan, opening)
        return await asked.submit(parts.loop, act)

    def at_window(make: Callable[[str, Any], acts.TicketCommand]) -> Any:
        async def do(asked: Asking, words: list[str], body: Any, query: bytes) -> Reply:
            hall, window = words
            parts.catalogue.hall(hall)
            act = acts.at_window(hall, day_of(asked, query), make(window, body), meant(query))
            return await asked.submit(parts.loop, act)

        return do

    def turn(make: Callable[[str, Any], Turn]) -> Any:
        async def do(asked: Asking, words: list[str], body: Any, query: bytes) -> Reply:
            hall, window = words
            parts.catalogue.hall(hall)
            return await asked.submit(
                parts.loop, acts.turn_window(hall, day_of(asked, query), make(window, body))
            )

        return do

    ticketed: dict[str, tuple[Any, Callable[[str, Any], acts.TicketCommand], str]] = {
        "call-next": (Nothing, lambda w, b: queue.CallNext(w), "Call whoever is next"),
        "call": (
            CallOne,
            lambda w, b: queue.CallTicket(w, b.ticket, b.reason),
            "Call one ticket out of turn",
        ),
        "recall": (Nothing, lambda w, b: queue.Recall(w), "Call the ticket in hand again"),
        "start": (Nothing, lambda w, b: queue.StartService(w), "Begin the service"),
        "finish": (
            Finish,
            lambda w, b: queue.FinishService(w, b.items, b.outcome, b.case),
            "End the service with what was handled",
        ),
        "no-show": (Nothing, lambda w, b: queue.MarkNoShow(w), "Nobody came"),
        "park": (Park, lambda w, b: queue.ParkTicket(w, b.reason, b.pool), "Set the ticket aside"),
        "unpark": (Unpark, lambda w, b: queue.UnparkTicket(w, b.ticket), "Take a parked ticket up again"),
        "transfer": (
            Transfer,
            lambda w, b: queue.TransferTicket(w, b.queue, b.reason, b.to_window, b.to_clerk),
            "Send the ticket to another queue, window or clerk",
        ),
        "return": (Return, lambda w, b: queue.ReturnToLine(w, b.ticket), "Put a ticket back in line"),
        "split": (
            Split,
            lambda w, b: queue.SplitVisit(
                w, b.queue, b.item, b.items, b.outcome, b.case, parts.catalogue.skill(b.item)
            ),
            "End the service and let the ticket wait for another item",
        ),
        "undo": (
            Nothing,
            lambda w, b: queue.UndoLast(w),
            "Undo a finish, also one that led the visit on, a no-show or a transfer",
        ),
    }
    turned: dict[str, tuple[Any, Callable[[str, Any], Turn], str]] = {
        "close": (Nothing, lambda w, b: queue.CloseWindow(w), "Close the window"),
        "pause": (Pause, lambda w, b: queue.PauseWindow(w, b.reason), "Pause the window"),
        "resume": (Nothing, lambda w, b: queue.ResumeWindow(w), "Go on after a pause"),
        "clear-alarm": (Nothing, lambda w, b: queue.ClearAlarm(w), "The window is safe again"),
    }

    async def add(asked: Asking, words: list[str], body: queue.AddQueue, query: bytes) -> Reply:
        hall = words[0]
        return await asked.submit(
            parts.loop, acts.add_queue(hall, day_of(asked, query), parts.catalogue.hall(hall), body), 201
        )

    async def alarm(asked: Asking, words: list[str], body: AlarmAsked, query: bytes) -> Reply:
        hall, window = words
        plan = parts.catalogue.hall(hall)
        raising = queue.RaiseAlarm(window, body.kind)
        return await asked.submit(parts.loop, acts.raise_alarm(hall, day_of(asked, query), plan, raising))

    async def close_day(asked: Asking, words: list[str], body: DayClosing, query: bytes) -> Reply:
        hall = words[0]
        parts.catalogue.hall(hall)
        day, at = day_of(asked, query), asked.stamp.at
        to_come = await parts.loop.peek(
            slots.stream(hall, day), lambda held: slots.still_to_come(held.state, at)
        )
        act = closing.close_day(hall, day, queue.CloseDay(body.force), to_come, body.reason)
        return await asked.submit(parts.loop, act)

    async def reopen_day(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        hall = words[0]
        parts.catalogue.hall(hall)
        day = day_of(asked, query)
        cancelled = await parts.loop.peek(slots.stream(hall, day), lambda held: slots.closed_over(held.state))
        return await asked.submit(parts.loop, closing.reopen_day(hall, day, cancelled))

    return [
        Command(f"{WINDOW}/alarm", AlarmAsked, alarm, WindowReceipt, about="Call the hall's staff"),
        Command(
            f"{API}/halls/{{hall}}/day/close", DayClosing, close_day, DayReceipt, about="End the hall's day"
        ),
        Command(
            f"{API}/halls/{{hall}}/day/reopen",
            Nothing,
            reopen_day,
            DayReceipt,
            about="Open a day again that was closed by mistake",
        ),
        Command(
            f"{API}/halls/{{hall}}/tickets", TicketAsked, take, TicketTaken, 201, True, about="Take a ticket"
        ),
        Command(
            f"{API}/halls/{{hall}}/queues",
            queue.AddQueue,
            add,
            QueueReceipt,
            201,
            about="Give the day a queue",
        ),
        Command(f"{WINDOW}/open", WindowOpening, open_, WindowReceipt, about="Open a window"),
        *(
            Command(
                f"{WINDOW}/{name}", body, at_window(make), CallReceipt, hot=name == "call-next", about=about
            )
            for name, (body, make, about) in ticketed.items()
        ),
        *(
            Command(f"{WINDOW}/{name}", body, turn(make), WindowReceipt, about=about)
            for name, (body, make, about) in turned.items()
        ),
    ]
