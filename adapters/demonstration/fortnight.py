"""A made-up fortnight at a hall of the demonstration: what its windows and units would have written down, from a seed.

The lines are drawn through the queue's own ``decide``, so nothing happens in them that could not have happened. The
result is told to a server by the door for what happened elsewhere (``POST /api/v1/import``), marked as all
demonstration data is by its hall; the same seed and day tell the same again, which changes nothing.
"""

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from adapters.importing.records import Happening, digest
from domain import case, numbers, queue, rectification, review
from domain.catalogue import DECIDERS
from domain.hall import HallPlan
from domain.handling import Ask
from domain.item import ItemPlan
from domain.message import Command, Event, Grade, Recorded, Refused, Stamp, category, hall_of
from domain.order import Priority
from domain.policies import react
from domain.review import BAD, GiveReview, InviteReview
from domain.review_tags import TAGS
from domain.steps import RecordStep
from domain.windows import CloseWindow, OpenWindow
from domain.workdays import SHANGHAI, Calendar, due, is_working_day, local_date

DAYS = 10
"""Working days: a fortnight."""

VISITORS = 90
"""At a hall with twelve windows on one day."""

CASES = 5
"""Applications a day whose answer takes longer than the visit."""

RATED = 0.35
"""The share of services that somebody rates."""

GRADES: Mapping[Grade, int] = {
    "very-satisfied": 62,
    "satisfied": 24,
    "fairly-satisfied": 8,
    "dissatisfied": 4,
    "very-dissatisfied": 2,
}
PRIORITIES: tuple[Priority, ...] = ("ordinary", "elderly", "disabled")
OPENS, LAST, CLOSES, DARK = time(9), time(16, 20), time(17), time(18)


AtWindow = (
    OpenWindow
    | CloseWindow
    | queue.CallNext
    | queue.Recall
    | queue.MarkNoShow
    | queue.StartService
    | queue.FinishService
)


class Served(NamedTuple):
    """A service that ended, and how its citizen is invited to rate it."""

    at: datetime
    invitation: Ask


def fortnight(
    hall: str, plan: HallPlan, items: Mapping[str, ItemPlan], calendar: Calendar, now: datetime
) -> list[list[Happening]]:
    """What happened on the last working days before ``now``: a story for each stream, in its order of time.

    Args:
        items: what is handled at the hall, by name.
        now: aware; nothing is told that is later.
    """
    today = local_date(now)
    before = (today - timedelta(days=n) for n in itertools.count(1))
    days = list(itertools.islice((day for day in before if is_working_day(calendar, day)), DAYS))
    stories: list[_Story] = []
    for day in reversed(days):
        chance = Random(f"{hall}.{day}")  # noqa: S311 (a story, and no secret)
        lived = _Day(_Story(queue.stream(hall, day), hall, calendar, now), plan, items, day, chance)
        rated = (one for one in lived.through() if chance.random() < RATED)
        stories.append(lived.story)
        stories += [_review(one, hall, calendar, now, chance) for one in rated]
        stories += [_case(n, hall, items, day, calendar, now, chance) for n in range(CASES)]
    return [story.told for story in stories]


class _Story:
    """What is asked of one stream, decided and folded as it is told, up to ``now``.

    What the policies ask of the same stream is told in its place: written down later by the worker, it would come
    after what happened next. ``beside`` is what they ask of other streams.
    """

    def __init__(self, stream: str, hall: str, calendar: Calendar, now: datetime) -> None:
        self.stream = stream
        self.told: list[Happening] = []
        self.beside: list[Ask] = []
        self._decider = DECIDERS[category(stream)]
        self.state = self._decider.initial()
        self._hall, self._calendar, self._now = hall, calendar, now

    def ask(self, at: datetime, key: str, command: Command, *, tell: bool = True) -> Sequence[Event]:
        """What is decided; nothing if it is refused, or not yet."""
        stamp = Stamp(at=at, by="admin:import", command=key, hall=self._hall, recorded_at=self._now)
        try:
            events = self._decider.decide(command, self.state, stamp) if at <= self._now else ()
        except Refused:
            events = ()
        if events and tell:
            name = f"fortnight.{digest(self.stream, key)}"
            self.told.append(Happening(self.stream, at, at, name, 0, command))
        for event in events:
            self.state = self._decider.evolve(self.state, event, stamp)
        for event in events:
            for one in react(Recorded(self.stream, 0, 0, stamp, event), self._calendar):
                if one.stream == self.stream:
                    self.ask(at, f"{key}.{type(one.command).__name__}", one.command)
                else:
                    self.beside.append(one)
        return events

    def beside_it(self, at: datetime, stream: str, command: Command) -> None:
        """What is told of another stream, whose state nothing in the story depends on."""
        name = f"fortnight.{digest(self.stream, stream)}"
        self.told.append(Happening(stream, at, at, name, 0, command))


class _Day:
    """One day at the windows: people come, the windows call whoever the hall's order says, and serve them."""

    def __init__(
        self, story: _Story, plan: HallPlan, items: Mapping[str, ItemPlan], day: date, chance: Random
    ) -> None:
        self.story = story
        self._plan, self._items, self._day, self._chance = plan, items, day, chance
        self._agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._serial = itertools.count()
        self._served: list[Served] = []

    def through(self) -> list[Served]:
        """The whole day; the services in it."""
        opens, last = self._at(OPENS), self._at(LAST)
        self.story.ask(opens, "open", queue.OpenDay(self._plan), tell=False)  # the door does it by itself
        for n, window in enumerate(self._plan.windows):
            self._later(opens + timedelta(seconds=20 * n), self._open(window.window))
        for n in range(round(VISITORS * len(self._plan.windows) / 12)):
            # More come in the morning, as everywhere.
            share = self._chance.betavariate(1.3, 1.9)
            self._later(opens + share * (last - opens), self._arrive(n))
        while self._agenda:
            at, _, do = heapq.heappop(self._agenda)
            do(at)
        self.story.ask(self._at(DARK), "close-day", queue.CloseDay(force=True))
        return self._served

    def _arrive(self, n: int) -> Callable[[datetime], None]:
        def arrive(at: datetime) -> None:
            item = self._chance.choice(sorted(self._items))
            ticket = f"{hall_of(self.story.stream)}.{self._day:%Y%m%d}.{digest(self.story.stream, str(n))}"
            priority = self._chance.choices(PRIORITIES, (91, 7, 2))[0]
            issue = queue.IssueTicket(ticket, self._items[item].queue, item, priority)
            self.story.ask(at, f"{n}.ticket", issue)

        return arrive

    def _open(self, window: str) -> Callable[[datetime], None]:
        def opened(at: datetime) -> None:
            self._ask(at, OpenWindow(window, f"clerk-{window}"))
            self._later(at + timedelta(seconds=30), self._call(window))

        return opened

    def _call(self, window: str) -> Callable[[datetime], None]:
        def call(at: datetime) -> None:
            if self._ask(at, queue.CallNext(window)):
                coming = timedelta(seconds=self._chance.uniform(15, 50))
                missed = self._chance.random() < 0.03
                self._later(at + coming, (self._miss if missed else self._start)(window))
            elif at < self._at(CLOSES):
                self._later(at + timedelta(seconds=60), self._call(window))
            else:
                self._ask(at, CloseWindow(window))

        return call

    def _miss(self, window: str) -> Callable[[datetime], None]:
        def miss(at: datetime) -> None:
            self._ask(at, queue.Recall(window))
            self._later(at + timedelta(seconds=90), self._give_up(window))

        return miss

    def _give_up(self, window: str) -> Callable[[datetime], None]:
        def give_up(at: datetime) -> None:
            self._ask(at, queue.MarkNoShow(window))
            self._later(at + timedelta(seconds=5), self._call(window))

        return give_up

    def _start(self, window: str) -> Callable[[datetime], None]:
        def start(at: datetime) -> None:
            self._ask(at, queue.StartService(window))
            takes = timedelta(minutes=min(60.0, self._chance.lognormvariate(2.4, 0.6)))
            self._later(at + takes, self._finish(window))

        return start

    def _finish(self, window: str) -> Callable[[datetime], None]:
        def finish(at: datetime) -> None:
            number = self.story.state.windows[window].serving
            item = self.story.state.tickets[number].item
            self._ask(at, queue.FinishService(window, (item,)))
            invited = (ask for ask in self.story.beside if isinstance(ask.command, InviteReview))
            self._served += [Served(at, ask) for ask in invited]
            self.story.beside.clear()
            self._later(at + timedelta(seconds=self._chance.uniform(10, 60)), self._call(window))

        return finish

    def _ask(self, at: datetime, command: AtWindow) -> Sequence[Event]:
        """Ask for what a window does: one thing at a time."""
        return self.story.ask(at, f"{type(command).__name__}.{command.window}.{at:%H%M%S}", command)

    def _later(self, at: datetime, do: Callable[[datetime], None]) -> None:
        heapq.heappush(self._agenda, (at.replace(microsecond=0), next(self._serial), do))

    def _at(self, clock: time) -> datetime:
        return datetime.combine(self._day, clock, SHANGHAI)


# --- what is said of a service, and what follows -------------------------------------------------------------


def _review(served: Served, hall: str, calendar: Calendar, now: datetime, chance: Random) -> _Story:
    invitation = served.invitation.command
    assert isinstance(invitation, InviteReview)
    grade = chance.choices(list(GRADES), list(GRADES.values()))[0]
    at = served.at + timedelta(minutes=chance.uniform(1, 40))
    given = GiveReview(
        review=f"{served.invitation.stream.partition('.')[2]}.rating",
        grade=grade,
        tags=tuple(chance.sample(sorted(TAGS[grade]), chance.randint(1, 2))),
        comment=chance.choice(WORDS[grade]),
        channel=chance.choice(CHANNELS),
        hall=invitation.hall,
        unit=invitation.unit,
        window=invitation.window,
        item=invitation.item,
        clerk=invitation.clerk,
    )
    story = _Story(served.invitation.stream, hall, calendar, now)
    story.ask(served.at, "invite", invitation)
    story.ask(at, "give", given)
    if grade in BAD:
        _rectify(story, at, calendar, chance)
    return story


def _rectify(story: _Story, at: datetime, calendar: Calendar, chance: Random) -> None:
    """How the unit answered a bad review: in time most often, and now and then not yet."""
    if chance.random() < 0.25:
        return
    contacted = at + (due(calendar, at, 1).at - at) * chance.uniform(0.1, 0.6)
    story.ask(contacted, "contact", rectification.Contact("reached", "已电话联系，听取了情况"))
    verified = rectification.Verify("true", "调看当日记录，情况属实")
    story.ask(contacted + timedelta(minutes=20), "verify", verified)
    if chance.random() < 0.4:
        return
    mended = contacted + (due(calendar, at, 4).at - contacted) * chance.uniform(0.1, 0.8)
    story.ask(mended, "rectify", rectification.Rectify(*chance.choice(REMEDIES)))
    told = rectification.FeedBack("已向您说明整改情况，欢迎再评价", "phone")
    story.ask(mended + timedelta(hours=1), "feed-back", told)


CHANNELS: tuple[review.Channel, ...] = ("qr-code", "kiosk", "mobile")

WORDS: Mapping[Grade, tuple[str | None, ...]] = {
    "very-satisfied": (None, None, "一次就办好了", "工作人员很耐心"),
    "satisfied": (None, None, "比想的快"),
    "fairly-satisfied": (None, "等的时间有点长"),
    "dissatisfied": ("同样的材料交了两次", "问了三个窗口才知道在哪办", "没有人告诉我要带什么"),
    "very-dissatisfied": ("预约了还要重新排队", "说好当天办结，让我又跑了一趟"),
}
"""Made up, and about nobody."""

REMEDIES: tuple[tuple[rectification.Remedy, str], ...] = (
    ("measures", "材料清单已张贴在窗口，重复收取的一项已取消"),
    ("measures", "导办岗已调整，午间增开一个窗口"),
    ("explanation", "该事项依规定需本人到场，已向您说明依据和代办办法"),
)


# --- applications ---------------------------------------------------------------------------------------------


def _case(
    n: int,
    hall: str,
    items: Mapping[str, ItemPlan],
    day: date,
    calendar: Calendar,
    now: datetime,
    chance: Random,
) -> _Story:
    """An application from its reception to its end, as far as it has come by now."""
    lasting = sorted(name for name, plan in items.items() if plan.promised_limit_workdays and not plan.parts)
    item = chance.choice(lasting)
    plan = items[item]
    at = datetime.combine(day, OPENS, SHANGHAI) + timedelta(minutes=chance.uniform(10, 420))
    reference = f"{hall}.{day:%Y%m%d}.{digest('fortnight', hall, str(day), str(n))}"
    story = _Story(case.stream(reference), hall, calendar, now)
    opening = case.OpenCase(
        item=item,
        item_version=1,
        hall=hall,
        unit=hall,
        applicant=f"made-up-{digest(reference)}",
        channel="window",
        kind=plan.handling,
        promised_limit_workdays=plan.promised_limit_workdays,
        statutory_limit_workdays=plan.statutory_limit_workdays,
    )
    if story.ask(at, "open", opening):
        story.beside_it(at, numbers.stream(numbers.code_of(item, plan), day), numbers.TakeNumber(reference))
    story.ask(at + timedelta(minutes=12), "accept", case.Accept())
    forgotten = chance.random() < 0.12
    for step in ("审查", "决定"):
        at = due(calendar, at, chance.randint(0, 1)).at - timedelta(hours=chance.uniform(8, 14))
        if not forgotten:
            story.ask(
                at, step, RecordStep(name=step, handler="clerk-w01", step=f"{reference}.{digest(step)}")
            )
            forgotten = chance.random() < 0.06
    if not forgotten:
        story.ask(at + timedelta(minutes=5), "decide", case.Decide("granted"))
        story.ask(at + timedelta(hours=1), "close", case.Close())
    return story
