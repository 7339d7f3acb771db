"""A hall's day at the windows as it stands, and what can be asked of it without asking for anything to happen."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from string import ascii_uppercase
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import order
from domain.experience import Experience, Wait
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.message import Id, Refused, Text
from domain.order import HOLDER, Past, Priority, Reader

Status = Literal["waiting", "called", "serving", "parked", "missed", "served", "left"]

Outcome = Literal["done", "case-opened", "not-done"]
"""What a service came to: handled at once, an application taken in, or 办不成事."""

Pool = Literal["hall", "window"]
"""Who may take up a ticket that was set aside: any window, or the one that did so as long as it is not closed."""

CHECK_IN_UNDONE = "check-in-undone"
"""Why a ticket left its line whose check-in was taken back: nobody gave up, and nobody was served."""

Alarm = Literal["help", "threat", "medical", "fire"]
"""What a window calls the hall's staff for: 求助, 人身威胁, 急病, 火情."""


class Keeper(msgspec.Struct, frozen=True, gc=False):
    """Whom a transferred ticket is kept for: a window, or a clerk wherever they sit."""

    window: str | None = None
    clerk: str | None = None


class Done(msgspec.Struct, frozen=True):
    """What was last done with a ticket, as long as it can be undone, and how the ticket stood before."""

    act: Literal["finish", "split", "no-show", "transfer"]
    window: str
    at: datetime
    status: Status
    queue: str
    kept_for: Keeper | None = None
    seconds: float = 0.0
    wanted: "Wanted | None" = None
    """Of a visit that went on: what it was for at the window."""
    nth: int = 0
    """Of a service that ended: which of its ticket's it was."""
    outcome: Outcome = "done"


class Ended(msgspec.Struct, frozen=True, gc=False):
    """How a ticket stood when the day was closed over it, and for how long its holder had waited in line."""

    status: Status
    reason: str | None = None
    waited_s: float = 0.0


class Stop(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Where a visit goes on after a service: a queue, the items handled there, what they need a clerk to know."""

    queue: Id
    items: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=8)]
    skill: Id | None = None


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """What a ticket is for: what is handled now, and where its visit goes on afterwards."""

    item: str | None
    skill: str | None
    more: tuple[str, ...]
    stops: tuple[Stop, ...]


class Ticket(msgspec.Struct, gc=False):
    number: str
    id: str
    serial: int
    queue: str
    issued_at: datetime
    since: datetime
    """When its place in line counts from: its issue, until it goes back to the end."""
    item: str | None = None
    priority: Priority = "ordinary"
    appointment: str | None = None
    due_at: datetime | None = None
    status: Status = "waiting"
    window: str | None = None
    called_at: datetime | None = None
    started_at: datetime | None = None
    """When the service in hand began, where the window has told."""
    recalls: int = 0
    recalled_at: datetime | None = None
    after: int = 0
    """How many calls from its line, counted over the day, it lets pass after a missed call."""
    kept_for: Keeper | None = None
    skill: str | None = None
    """What its item needs a clerk to know, beside what its queue does."""
    told: Wait | None = None
    """The wait its holder was told with it."""
    person: str | None = None
    near: bool = False
    """Whether its holder has been told that their turn is near."""
    more: tuple[str, ...] = ()
    """Further items that are handled in the same service."""
    stops: tuple[Stop, ...] = ()
    """Where its visit goes on afterwards, in this order."""
    pool: Pool = "hall"
    reason: str | None = None
    """Why it was set aside or sent on, as long as it is; why it left."""
    done: Done | None = None
    endings: int = 0
    """How many services of it have ended, those that were taken back included."""
    ended: Ended | None = None
    """Whom the day's closing has let go: how they stood, as long as it is closed."""


class Window(msgspec.Struct):
    plan: WindowPlan
    queues: tuple[str, ...]
    state: Literal["closed", "open", "paused"] = "closed"
    clerk: str | None = None
    pause: str | None = None
    """Why it pauses, while it does."""
    serving: str | None = None
    """The number of the ticket that was called here and is neither finished nor set aside."""
    last: str | None = None
    """The number of the ticket that was last called here, in hand or not."""
    alarm: Alarm | None = None
    skills: tuple[str, ...] = ()
    """What the clerk who sits here knows."""


class Queue(msgspec.Struct):
    """The day as the windows know it. ``lines`` hold the waiting numbers of each queue in order of arrival."""

    plan: HallPlan | None = None
    begun: bool = False
    """Whether a window has been opened."""
    closed_at: datetime | None = None
    queues: dict[str, QueuePlan] = {}
    windows: dict[str, Window] = {}
    tickets: dict[str, Ticket] = {}
    numbers: dict[str, str] = {}
    lines: dict[str, dict[str, None]] = {}
    special: dict[str, set[str]] = {}
    """Those in each line who do not simply stand by arrival: a priority, a booking, a skill that is needed, a second
    stand in line."""
    issued: dict[str, int] = {}
    experience: Experience = msgspec.field(default_factory=Experience)
    pasts: dict[str, Past] = {}
    serial: int = 0
    """The last place by arrival that was given."""

    @property
    def closed(self) -> bool:
        return self.closed_at is not None

    @property
    def waiting(self) -> int:
        """How many wait in the hall."""
        return sum(map(len, self.lines.values()))


# --- the order ------------------------------------------------------------------------------------------------


def next_in_line(
    queue: Queue, lines: tuple[str, ...], at: datetime, window: str | None = None
) -> Ticket | None:
    """Who a window serving these queues calls next: the first of its first queue that has anybody for it."""
    assert queue.plan is not None
    for line in lines:
        if numbers := queue.lines.get(line):
            if not queue.special.get(line) and (window is None or _knows(queue, window, line)):
                return queue.tickets[next(iter(numbers))]  # nobody whom an order could prefer
            callable_here = _callable(queue, numbers, window)
            if found := order.first(queue.plan.order, callable_here, past(queue, line), at):
                return found
    return None


def standing(queue: Queue, line: str, at: datetime) -> list[Ticket]:
    """A line in the order in which it would be called."""
    assert queue.plan is not None
    tickets = [queue.tickets[number] for number in queue.lines[line]]
    return order.in_order(queue.plan.order, tickets, past(queue, line), at)


def ahead(queue: Queue, number: str, at: datetime) -> int:
    """How many in the ticket's queue will be called before it, as the line stands; none once it is out of it."""
    mine = queue.tickets[number]
    if mine.status != "waiting":
        return 0
    line = queue.lines[mine.queue]
    if not queue.special.get(mine.queue) and next(reversed(line)) == number:
        return len(line) - 1  # no order puts the last of a line before anybody who is like them
    assert queue.plan is not None
    everybody = _callable(queue, line, desk_of(queue, mine))
    return order.in_order(queue.plan.order, everybody, past(queue, mine.queue), at).index(mine)


def ahead_of_newcomer(queue: Queue, ticket: Ticket, at: datetime) -> int:
    """How many would be called before a ticket that is not in its line yet."""
    line = queue.lines[ticket.queue]
    if not queue.special.get(ticket.queue) and ticket.priority == "ordinary" and ticket.due_at is None:
        return len(line)
    assert queue.plan is not None
    everybody = [*_callable(queue, line, None), ticket]
    return order.in_order(queue.plan.order, everybody, past(queue, ticket.queue), at).index(ticket)


def places(queue: Queue, line: str, at: datetime) -> dict[str, int]:
    """``ahead`` of everybody in a line, at the price of few."""
    assert queue.plan is not None
    desks = {number: desk_of(queue, queue.tickets[number]) for number in queue.lines[line]}
    found = {}
    for desk in set(desks.values()):
        there = _callable(queue, desks, desk)
        for before, ticket in enumerate(order.in_order(queue.plan.order, there, past(queue, line), at)):
            if desks[ticket.number] == desk:
                found[ticket.number] = before
    return found


def why(queue: Queue, number: str, before: int, at: datetime, to: Reader = HOLDER) -> Text:
    """Why a waiting ticket stands where it stands, with so many before it, told to this reader."""
    assert queue.plan is not None
    mine = queue.tickets[number]
    told = order.reason(queue.plan.order, mine, before, past(queue, mine.queue), at, to)
    for skill in needs(queue, mine):
        name = queue.plan.skills[skill]
        told = Text(f"需由会“{name.zh}”的窗口办理；{told.zh}", f"For a clerk with “{name.en}”. {told.en}")
    if (desk := desk_of(queue, mine)) is None:
        return told
    name = queue.windows[desk].plan.name
    return Text(f"由{name.zh}继续办理；{told.zh}", f"Kept for {name.en}. {told.en}")


def past(queue: Queue, line: str) -> Past:
    """What the order of a line knows of the calls before; nothing is kept for a line that has had none."""
    return queue.pasts.get(line) or Past()


def desk_of(queue: Queue, ticket: Ticket) -> str | None:
    """The only window that may call a ticket: the one it is kept for, as long as that is open and serves its queue.

    A ticket kept for a window that has closed is everybody's again: nobody waits for an empty desk.
    """
    kept_for = ticket.kept_for
    if kept_for is None:
        return None
    if kept_for.window is not None:
        desks = [kept_for.window]
    else:
        desks = [name for name, w in queue.windows.items() if w.clerk == kept_for.clerk]
    found = (
        d for d in desks if queue.windows[d].state != "closed" and ticket.queue in queue.windows[d].queues
    )
    return next(found, None)


def _callable(queue: Queue, numbers: Iterable[str], window: str | None) -> list[Ticket]:
    """Those in a line whom a window may call."""
    tickets = [queue.tickets[number] for number in numbers]
    return [t for t in tickets if may_call(queue, window, t)]


def may_call(queue: Queue, window: str | None, ticket: Ticket) -> bool:
    """Whether a window that serves its queue calls a ticket in turn: one that is kept for it, or anybody's whom its
    clerk can serve."""
    desk = None if ticket.kept_for is None else desk_of(queue, ticket)
    if window is None or desk is not None:
        return desk == window
    return needs(queue, ticket) <= {*queue.windows[window].skills}


def _knows(queue: Queue, window: str, line: str) -> bool:
    """Whether whoever sits at a window knows what a queue needs."""
    return queue.queues[line].skill in (None, *queue.windows[window].skills)


def needs(queue: Queue, ticket: Ticket) -> set[str]:
    """What whoever calls a ticket in turn must know: for its item and for its queue."""
    return {skill for skill in (ticket.skill, queue.queues[ticket.queue].skill) if skill is not None}


def served_by(queue: Queue, ticket: Ticket) -> bool:
    """Whether any open window calls the ticket, as things stand."""
    return any(windows_calling(queue, ticket))


# --- windows and tickets --------------------------------------------------------------------------------------


def windows_serving(queue: Queue, line: str) -> Iterator[Window]:
    """The open windows that call from a queue, whatever their clerks know."""
    return (w for w in queue.windows.values() if w.state == "open" and line in w.queues)


def windows_calling(queue: Queue, ticket: Ticket) -> Iterator[Window]:
    """The open windows that would call a ticket in turn."""
    return (w for w in windows_serving(queue, ticket.queue) if may_call(queue, w.plan.window, ticket))


def known_window(queue: Queue, window: str) -> Window:
    """Raises:
    Refused: the day has no such window.
    """
    if window not in queue.windows:
        raise Refused("unknown-window", missing=True, window=window)
    return queue.windows[window]


def known_queue(queue: Queue, line: str) -> QueuePlan:
    """Raises:
    Refused: the day has no such queue.
    """
    if line not in queue.queues:
        raise Refused("unknown-queue", missing=True, queue=line)
    return queue.queues[line]


def free_prefix(queue: Queue, line: str) -> str:
    """The first prefix nobody has: the queue's own letters before any others, one letter before two."""
    own = [letter for letter in line.upper() if letter in ascii_uppercase]
    own_pairs = [own[0] + letter for letter in own[1:]]
    pairs = [first + second for first in ascii_uppercase for second in ascii_uppercase]
    taken = {plan.prefix for plan in queue.queues.values()}
    wishes: list[str] = [*own[:1], *own_pairs, *ascii_uppercase, *pairs]
    return next(prefix for prefix in wishes if prefix not in taken)


def known_skill(queue: Queue, skill: str | None) -> str | None:
    """A skill, if the hall knows it: others make no difference there."""
    return skill if queue.plan is not None and skill in queue.plan.skills else None


def free_window(queue: Queue, window: str) -> Window:
    """The window, open and with no ticket in hand: one open ticket per window is what keeps desks unblocked.

    Raises:
        Refused: it is unknown, not open or busy.
    """
    found = known_window(queue, window)
    if found.state != "open":
        raise Refused("window-not-open", window=window, state=found.state)
    if found.serving is not None:
        raise Refused("window-busy", window=window, number=found.serving)
    return found


def in_hand(queue: Queue, window: str, status: Status | None = None) -> Ticket:
    """The ticket in hand at a window.

    Raises:
        Refused: there is none, or it does not stand as it should.
    """
    number = known_window(queue, window).serving
    if number is None:
        raise Refused("window-idle", window=window)
    ticket = queue.tickets[number]
    if status is not None and ticket.status != status:
        raise Refused(f"ticket-not-{status}", number=number, status=ticket.status)
    return ticket


def being_served(queue: Queue, window: str) -> Ticket:
    """The ticket whose service can end at a window: once it was started, or called in a hall that tells no starts.

    Raises:
        Refused: there is none.
    """
    assert queue.plan is not None
    return in_hand(queue, window, "serving" if queue.plan.starts_told else None)


def known_ticket(queue: Queue, number: str) -> Ticket:
    """The ticket of a number or of a reference.

    Raises:
        Refused: there is none.
    """
    found = queue.tickets.get(number) or queue.tickets.get(queue.numbers.get(number, ""))
    if found is None:
        raise Refused("unknown-ticket", missing=True, number=number)
    return found


def only_checked_in(queue: Queue, number: str) -> Ticket:
    """The ticket of a number or of a reference that a check-in gave and nobody has called.

    Raises:
        Refused: it is none such.
    """
    ticket = known_ticket(queue, number)
    if ticket.appointment is None:
        raise Refused("not-checked-in", number=ticket.number)
    if ticket.called_at is not None:
        raise Refused("ticket-called", number=ticket.number, status=ticket.status)
    return ticket


# --- what events do to a ticket -------------------------------------------------------------------------------


def take_out(queue: Queue, number: str, window: str, why: str | None, at: datetime) -> None:
    """Take a called ticket out of its line, if it stood there and was not missed before."""
    ticket = queue.tickets[number]
    line = queue.lines[ticket.queue]
    if number not in line:
        return
    assert queue.plan is not None
    calls = queue.pasts.setdefault(ticket.queue, Past())
    order.count_call(queue.plan.order, ticket, calls, at, in_turn=why is None)
    crowded = [queue.lines[name] for name in queue.windows[window].queues if queue.lines[name]]
    choice = sum(len(waiting) for waiting in crowded)
    in_turn = why is None or (bool(crowded) and crowded[0] is line and next(iter(line)) == number)
    queue.experience.called(window, choice, in_turn, (at - ticket.issued_at).total_seconds(), at.timestamp())
    leave(queue, number, at)


def take_up(queue: Queue, number: str, window: str, at: datetime) -> None:
    ticket = queue.tickets[number]
    ticket.status, ticket.window, ticket.called_at, ticket.recalls = "called", window, at, 0
    ticket.started_at = ticket.recalled_at = ticket.done = ticket.reason = None
    ticket.after = 0
    queue.windows[window].serving = queue.windows[window].last = number


def put_down(queue: Queue, number: str, window: str, status: Status, at: datetime) -> None:
    queue.tickets[number].status = status
    queue.windows[window].serving = None
    queue.experience.free(window, queue.windows[window].queues, at.timestamp())


def stand(queue: Queue, number: str, line: str, kept_for: Keeper | None, at: datetime) -> None:
    """Let a ticket that is at no window wait in a line. In another one than before it lets as many pass as were left,
    counted by that line's calls, and its holder is told anew when their turn is near."""
    ticket = queue.tickets[number]
    if line != ticket.queue:
        left = ticket.after - past(queue, ticket.queue).called
        ticket.after = past(queue, line).called + left if left > 0 else 0
        ticket.near = False
    ticket.status, ticket.window, ticket.queue = "waiting", None, line
    ticket.kept_for, ticket.done, ticket.reason = kept_for, None, None
    queue.lines[line][number] = None
    queue.special.setdefault(line, set()).add(number)
    queue.experience.returned(line, at.timestamp())


def leave(queue: Queue, number: str, at: datetime) -> bool:
    """Take a ticket out of its line; whether it stood there."""
    ticket = queue.tickets[number]
    line = queue.lines[ticket.queue]
    if number not in line:
        return False
    del line[number]
    if special := queue.special.get(ticket.queue):
        special.discard(number)
    if not line:
        queue.experience.emptied(ticket.queue, at.timestamp())
    return True


def count_service(queue: Queue, line: str, called_at: datetime | None, at: datetime) -> float:
    """Take a finished service into what the day has shown; the seconds that it held its window."""
    if called_at is None:
        return 0.0
    seconds = max(0.0, (at - called_at).total_seconds())
    queue.experience.served(line, seconds)
    return seconds
