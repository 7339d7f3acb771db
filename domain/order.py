"""Who comes next, and why: the order of a waiting line as a pure function of what the line knows.

A hall chooses its policy in its plan. A policy gives every ticket a rank, smaller being sooner, from the ticket, the
time, and for a ratio from who was called before. Nobody is placed by hand; whoever asks why gets the facts the rank
was made of. ``first`` is the head of ``in_order``, found without sorting.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Meta

from domain.message import Text

Priority = Literal[
    "ordinary", "elderly", "disabled", "pregnant", "military", "veteran", "fire-rescue", "critical-illness"
]

PRIORITY_NAMES: dict[Priority, Text] = {
    "ordinary": Text("普通", "ordinary"),
    "elderly": Text("老年人", "elderly person"),
    "disabled": Text("残疾人", "person with a disability"),
    "pregnant": Text("孕产妇", "expectant mother"),
    "military": Text("现役军人", "member of the armed forces"),
    "veteran": Text("退役军人", "veteran"),
    "fire-rescue": Text("消防救援人员", "fire and rescue staff"),
    "critical-illness": Text("重病患者", "seriously ill person"),
}

HeadStart = Annotated[int, Meta(ge=0, le=240)]
"""Minutes: as if the holder had come so much earlier."""

Effect = Literal["first"] | HeadStart
"""What a class of people gains: to be called before everybody else (绿色通道), or a head start."""

ALL_FIRST: dict[Priority, Effect] = {name: "first" for name in PRIORITY_NAMES if name != "ordinary"}

Period = Annotated[int, Meta(ge=1, le=480)]
Share = Annotated[int, Meta(ge=1, le=20)]


class Waiting(Protocol):
    """What the order needs to know of a ticket in line. ``serial`` is its place by arrival, of which no two are
    equal; ``after`` is how many must have been called from the line before it may be, counted over the day."""

    @property
    def serial(self) -> int: ...
    @property
    def priority(self) -> Priority: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def since(self) -> datetime: ...
    @property
    def after(self) -> int: ...


class Past(msgspec.Struct, gc=False):
    """What the order needs to know of those called before from a line: how many, and a ratio's place in its round."""

    called: int = 0
    turn: int = 0


class Reader(NamedTuple):
    """To whom a reason is told, by the words it has for the ticket's holder."""

    zh: str
    they: str
    their: str
    them: str


HOLDER = Reader("您", "you", "your", "you")
"""The holder of the ticket themselves."""

STAFF = Reader("", "they", "their", "them")
"""Whoever calls them."""

Rank = tuple[Any, ...]
Key = Callable[[Waiting], Rank]
W = TypeVar("W", bound=Waiting)

# --- policies -------------------------------------------------------------------------------------------------


class Arrival(msgspec.Struct, frozen=True, tag="arrival", forbid_unknown_fields=True):
    """Strictly by arrival: no class and no booking makes a difference."""

    def key(self, at: datetime) -> Key:
        return lambda ticket: (ticket.serial,)

    def why(self, ticket: Waiting, at: datetime, to: Reader) -> Text:
        return Text("按取号先后排队", "In order of arrival")


class Classes(msgspec.Struct, frozen=True, tag="classes", forbid_unknown_fields=True):
    """Classes of people by their effect, then who has booked and whose time has come, then everybody by arrival.

    A class that ``effects`` does not name waits like everybody. ``booked_first_minutes`` is how long after its time
    a booking goes first; without it until it is called, with 0 never.
    """

    effects: dict[Priority, Effect] = msgspec.field(default_factory=lambda: dict(ALL_FIRST))
    booked_first_minutes: Annotated[int, Meta(ge=0, le=480)] | None = None

    def key(self, at: datetime) -> Key:
        firsts = frozenset(name for name, effect in self.effects.items() if effect == "first")
        ends = None if self.booked_first_minutes is None else timedelta(minutes=self.booked_first_minutes)
        starts, as_if_since = self.starts(), self.as_if_since()

        def rank(ticket: Waiting) -> Rank:
            if ticket.priority in firsts:
                return 0, ticket.serial
            due_at = ticket.due_at
            if due_at is not None and due_at <= at and (ends is None or at < due_at + ends):
                return 1, ticket.serial
            if starts:
                return 2, as_if_since(ticket), ticket.serial
            return 2, ticket.serial

        return rank

    def starts(self) -> dict[Priority, timedelta]:
        """The head start of each class that has one."""
        return {name: timedelta(minutes=n) for name, n in self.effects.items() if isinstance(n, int)}

    def as_if_since(self) -> Callable[[Waiting], datetime]:
        """From when on somebody waits, with the head start of their class."""
        starts, none = self.starts(), timedelta()
        return lambda ticket: ticket.since - starts.get(ticket.priority, none)

    def why(self, ticket: Waiting, at: datetime, to: Reader) -> Text:
        name, effect = PRIORITY_NAMES[ticket.priority], self.effects.get(ticket.priority)
        match self.key(at)(ticket)[0]:
            case 0:
                return Text(f"优先类别：{name.zh}", f"Priority: {name.en}")
            case 1:
                return Text("预约时间已到，先于未预约者", f"{to.their.capitalize()} booked time has come")
        if effect:
            return Text(
                f"优先类别：{name.zh}，视同提前{effect}分钟取号",
                f"Priority: {name.en}, as if {to.they} had come {effect} minutes earlier",
            )
        return Text("按取号先后排队", "In order of arrival")


class ByAppointment(msgspec.Struct, frozen=True, tag="by-appointment", forbid_unknown_fields=True):
    """Who has booked reaches the front at the booked time: until then they stand as if they had taken their ticket
    ``lead_minutes`` before it, from then on at the front, the earlier time first. ``classes`` that go first do so, and
    who has not booked has the head start of their class."""

    lead_minutes: Annotated[int, Meta(ge=0, le=240)] = 15
    classes: Classes = msgspec.field(default_factory=Classes)

    def key(self, at: datetime) -> Key:
        by_class, as_if_since = self.classes.key(at), self.classes.as_if_since()
        lead = timedelta(minutes=self.lead_minutes)

        def rank(ticket: Waiting) -> Rank:
            if (known := by_class(ticket))[0] == 0:
                return known
            if ticket.due_at is None:
                return 2, as_if_since(ticket), ticket.serial
            if ticket.due_at <= at:
                return 1, ticket.due_at, ticket.serial
            return 2, ticket.due_at - lead, ticket.serial

        return rank

    def why(self, ticket: Waiting, at: datetime, to: Reader) -> Text:
        if ticket.due_at is None or self.key(at)(ticket)[0] == 0:
            return self.classes.why(ticket, at, to)
        if ticket.due_at <= at:
            return Text(
                "预约时间已到，排在最前",
                f"{to.their.capitalize()} booked time has come: {to.they} are at the front",
            )
        return Text(
            f"按预约时间{ticket.due_at:%H:%M}排队，视同提前{self.lead_minutes}分钟取号",
            f"By {to.their} booked time {ticket.due_at:%H:%M}, "
            f"as if {to.they} had come {self.lead_minutes} minutes before it",
        )


class Ageing(msgspec.Struct, frozen=True, tag="ageing", forbid_unknown_fields=True):
    """By classes, until somebody has waited ``after_minutes``: from then on they go before everybody who has not,
    so that nobody waits for ever."""

    after_minutes: Period = 45
    classes: Classes = msgspec.field(default_factory=Classes)

    def key(self, at: datetime) -> Key:
        by_class = self.classes.key(at)
        since = at - timedelta(minutes=self.after_minutes)

        def rank(ticket: Waiting) -> Rank:
            return (-1, ticket.serial) if ticket.since <= since else by_class(ticket)

        return rank

    def why(self, ticket: Waiting, at: datetime, to: Reader) -> Text:
        if self.key(at)(ticket)[0] == -1:
            return Text(
                f"等候已满{self.after_minutes}分钟，优先办理",
                f"{to.they.capitalize()} have waited {self.after_minutes} minutes: "
                f"{to.they} go before those who have not",
            )
        return self.classes.why(ticket, at, to)


class Ratio(msgspec.Struct, frozen=True, tag="ratio", forbid_unknown_fields=True):
    """So many of those whom ``classes`` prefer, then so many of the others, in rounds. While one side has nobody the
    other is called, and the round stands still."""

    preferred: Share = 2
    others: Share = 1
    classes: Classes = msgspec.field(default_factory=Classes)

    def key(self, at: datetime) -> Key:
        return self.classes.key(at)

    def prefers(self, at: datetime) -> Callable[[Waiting], bool]:
        rank = self.key(at)
        return lambda ticket: bool(rank(ticket)[0] < 2)

    def turns_to_preferred(self, turn: int) -> bool:
        return turn < self.preferred

    def next_turn(self, turn: int) -> int:
        return (turn + 1) % (self.preferred + self.others)

    def why(self, ticket: Waiting, at: datetime, to: Reader) -> Text:
        side = self.classes.why(ticket, at, to)
        return Text(
            f"{side.zh}；优先与普通按{self.preferred}比{self.others}轮流叫号",
            f"{side.en}; {self.preferred} with precedence and {self.others} without are called in turn",
        )


OrderPolicy = Arrival | Classes | ByAppointment | Ageing | Ratio


# --- the order of a line --------------------------------------------------------------------------------------


def first(policy: OrderPolicy, line: Iterable[W], past: Past, at: datetime) -> W | None:
    """Who is called next; nobody from an empty line."""
    everybody = line if isinstance(line, list) else list(line)
    free = [ticket for ticket in everybody if ticket.after <= past.called]
    if not free:
        return min(everybody, key=lambda ticket: (ticket.after, ticket.serial), default=None)
    key = policy.key(at)
    if isinstance(policy, Ratio):
        preferred, others = _sides(policy, free, at)
        turned = preferred if policy.turns_to_preferred(past.turn) else others
        free = turned or preferred or others
    return min(free, key=key)


def in_order(policy: OrderPolicy, line: Iterable[W], past: Past, at: datetime) -> list[W]:
    """The line as it would be called if nobody else came and time stood still."""
    everybody, key = list(line), policy.key(at)
    held = sorted((t for t in everybody if t.after > past.called), key=lambda t: (t.after, t.serial))
    free = [ticket for ticket in everybody if ticket.after <= past.called]
    if not held and not isinstance(policy, Ratio):
        return sorted(free, key=key)
    ratio = policy if isinstance(policy, Ratio) else None
    sides = (free, []) if ratio is None else _sides(ratio, free, at)
    preferred, others = (sorted(side, key=key) for side in sides)
    prefers = (lambda ticket: True) if ratio is None else ratio.prefers(at)
    ordered: list[W] = []
    turn, waiting = past.turn, deque(held)
    while preferred or others or waiting:
        while waiting and (waiting[0].after <= past.called + len(ordered) or not (preferred or others)):
            back = waiting.popleft()
            insort(preferred if prefers(back) else others, back, key=key)
        turned = preferred if ratio is None or ratio.turns_to_preferred(turn) else others
        side = turned or preferred or others
        ordered.append(side.pop(0))
        if ratio is not None and side is turned:
            turn = ratio.next_turn(turn)
    return ordered


def count_call(policy: OrderPolicy, ticket: Waiting, past: Past, at: datetime, *, in_turn: bool) -> None:
    """Take a call into the line's past: ``in_turn`` if it was whoever was next, not somebody picked."""
    past.called += 1
    if not in_turn or not isinstance(policy, Ratio):
        return
    if policy.prefers(at)(ticket) == policy.turns_to_preferred(past.turn):
        past.turn = policy.next_turn(past.turn)


def reason(
    policy: OrderPolicy, ticket: Waiting, ahead: int, past: Past, at: datetime, to: Reader = HOLDER
) -> Text:
    """Why the ticket stands where it stands, in a sentence for this reader."""
    why = policy.why(ticket, at, to)
    if (more := ticket.after - past.called) > 0:
        least = ("至少", "at least ") if ahead > more else ("", "")
        why = Text(
            f"过号后重新排队，{least[0]}再叫{more}人后轮到",
            f"Back after a missed call: {least[1]}{more} others are called before",
        )
        if more > ahead:  # there are not so many
            why = Text(
                "过号后重新排队，等其他人叫完后轮到",
                "Back after a missed call: everybody else is called before",
            )
    return Text(f"{why.zh}；{to.zh}前面还有{ahead}人。", f"{why.en}; {ahead} ahead of {to.them}.")


def _sides(policy: Ratio, line: list[W], at: datetime) -> tuple[list[W], list[W]]:
    prefers = policy.prefers(at)
    preferred: list[W] = []
    others: list[W] = []
    for ticket in line:
        (preferred if prefers(ticket) else others).append(ticket)
    return preferred, others
