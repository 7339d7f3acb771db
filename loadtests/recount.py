"""What a log comes to, told a second time in the plainest words: nothing of the domain or the projections is used.

Rows are stored events as JSON. ``fires`` walks the calendar day by day and says which deadline passes when;
``recount`` counts every figure. The quarter's simulation compares both with what the program did.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE = timedelta(days=1)


class Row(NamedTuple):
    """An event of the log: its place, its stream and tag, when and by whom, and its own fields."""

    position: int
    stream: str
    tag: str
    at: datetime
    by: str
    event: dict[str, Any]

    @property
    def day(self) -> str:
        return self.at.astimezone(SHANGHAI).date().isoformat()


# --- deadlines ------------------------------------------------------------------------------------------------


class Days:
    """The days that are worked, as far as notices are known at a moment: (from when, year, off, worked)."""

    def __init__(self, notices: list[tuple[datetime, int, set[date], set[date]]]) -> None:
        self.notices = notices

    def works(self, day: date, known: datetime) -> bool:
        told = [one for one in self.notices if one[0] <= known]
        for _, _, off, worked in told:
            if day in worked:
                return True
            if day in off:
                return False
        if day.weekday() >= 5:
            return False
        if any(year == day.year for _, year, _, _ in told):
            return True
        fixed = (day.month, day.day) == (1, 1) or (day.month == 5 and day.day <= 5)
        return not fixed and not (day.month == 10 and day.day <= 7)

    def walk(self, since: date, days: int, known: datetime) -> date:
        """The last of so many worked days after one; of none, the day itself or the next worked one."""
        day = since
        if days == 0:
            while not self.works(day, known):
                day += ONE
        while days:
            day += ONE
            days -= self.works(day, known)
        return day

    def between(self, start: date, end: date, known: datetime) -> int:
        day, count = start, 0
        while day < end:
            day += ONE
            count += self.works(day, known)
        return count


def evening(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)


def morning(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)


class Clock:
    """What a deadline follows from, gathered from the events of its stream."""

    def __init__(self, since: datetime) -> None:
        self.since = since.astimezone(SHANGHAI).date()
        self.extension = 0
        self.stops: list[tuple[date, date]] = []
        self.stopped_at: date | None = None
        self.over = False

    def more(self, days: Days, known: datetime) -> tuple[int, int]:
        """Days to add to the limit, and how many of them did not count."""
        stopped = sum(days.between(a, b, known) for a, b in self.stops)
        return self.extension + stopped, stopped

    def warning(self, due_on: date, stopped: int, days: Days, known: datetime) -> datetime | None:
        total = days.between(self.since, due_on, known)
        spare = max(1, (total - stopped) // 5)
        return morning(days.walk(self.since, total - spare, known)) if total > spare else None

    def stop(self, at: datetime) -> None:
        self.stopped_at = at.astimezone(SHANGHAI).date()

    def go_on(self, at: datetime) -> None:
        assert self.stopped_at is not None
        self.stops.append((self.stopped_at, at.astimezone(SHANGHAI).date()))
        self.stopped_at = None


class Rectifying(Clock):
    """A bad review's rectification."""

    def __init__(self, given: Row, opened: Row) -> None:
        super().__init__(given.at)
        self.limits = {"contact": 1, "simple": 5, "complex": 15} | opened.event["clock"]["limits"]
        self.ladder = opened.event["clock"].get("ladder")
        self.ruling = opened.event["clock"].get("ruling")
        self.planned = False
        self.done: set[str] = set()
        self.contested: date | None = None

    def take(self, row: Row) -> None:
        match row.tag:
            case "reviewer-contacted":
                self.done.add("contact")
            case "rectification-planned":
                self.planned = True
            case "rectification-extended":
                self.extension = row.event["workdays"]
            case "rectification-paused":
                self.stop(row.at)
            case "rectification-resumed":
                self.go_on(row.at)
            case "ruling-awaited":
                self.contested = row.at.astimezone(SHANGHAI).date()
            case "review-ruled":
                self.done.add("ruling")
                self.over = row.event["finding"] in ("mis-rated", "malicious")
            case "review-rectified":
                self.over = True

    def instants(self, days: Days, known: datetime) -> Iterator[tuple[str, datetime]]:
        more, stopped = self.more(days, known)
        whole = days.walk(self.since, self.limits["complex" if self.planned else "simple"] + more, known)
        yield "contact", evening(days.walk(self.since, self.limits["contact"] + stopped, known))
        yield "rectify", evening(whole)
        if self.contested is not None and self.ruling is not None:
            yield "ruling", evening(days.walk(self.contested, self.ruling, known))
        if self.ladder is not None:
            yield "still-overdue", evening(days.walk(whole, self.ladder, known))
        if (warn_at := self.warning(whole, stopped, days, known)) is not None:
            yield f"warning of {whole}", warn_at

    def moved(self, fired: dict[str, datetime], days: Days, at: datetime) -> dict[str, datetime]:
        return fired


class Handling(Clock):
    """A case that runs against its promise."""

    def __init__(self, accepted: Row) -> None:
        super().__init__(accepted.at)
        self.workdays = accepted.event["clock"]["workdays"]
        self.done: set[str] = set()

    def take(self, row: Row) -> None:
        match row.tag:
            case "case-suspended":
                self.stop(row.at)
            case "case-resumed":
                self.go_on(row.at)
            case "case-extended":
                self.extension = row.event["workdays"]
            case "case-closed" | "case-withdrawn":
                self.over = True

    def instants(self, days: Days, known: datetime) -> Iterator[tuple[str, datetime]]:
        more, stopped = self.more(days, known)
        whole = days.walk(self.since, self.workdays + more, known)
        if (warn_at := self.warning(whole, stopped, days, known)) is not None:
            yield "warning", warn_at
        yield "yellow", morning(whole)
        yield "red", evening(whole)

    def moved(self, fired: dict[str, datetime], days: Days, at: datetime) -> dict[str, datetime]:
        """A signal raised for the deadline as it was may come again for the new one."""
        now = dict(self.instants(days, at))
        return {signal: when for signal, when in fired.items() if signal in now and now[signal] <= at}


MOVES = ("case-resumed", "case-extended", "notice")
FIRED = {"rectification-overdue": "step", "rectification-warned": "due_at", "case-warned": "signal"}


def fires(rows: Iterable[Row], days: Days, end: datetime) -> Counter[tuple[str, str, datetime]]:
    """Every deadline that passes until ``end``: its stream, what it is of, and the instant."""
    streams: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.stream.startswith(("review-", "case-")) and row.tag not in FIRED:
            streams[row.stream].append(row)
    told: Counter[tuple[str, str, datetime]] = Counter()
    for stream, own in streams.items():
        for what, at in _fires(own, days, end):
            told[stream, what, at] += 1
    return told


def _fires(own: list[Row], days: Days, end: datetime) -> Iterator[tuple[str, datetime]]:
    given = next((row for row in own if row.tag == "review-given"), None)
    opened = next((row for row in own if row.tag == "rectification-opened"), None)
    accepted = next((row for row in own if row.tag == "case-accepted" and "clock" in row.event), None)
    clock: Rectifying | Handling
    if given is not None and opened is not None:
        clock, begins = Rectifying(given, opened), opened
    elif accepted is not None:
        clock, begins = Handling(accepted), accepted
    else:
        return
    later = [row for row in own if row.position > begins.position]
    notices = [Row(0, "", "notice", at, "", {}) for at, *_ in days.notices if at > begins.at]
    timeline = [begins, *sorted((*later, *notices), key=lambda row: (row.at, row.position))]
    fired: dict[str, datetime] = {}
    for row, following in zip(timeline, [*timeline[1:], None], strict=True):
        clock.take(row)
        if row.tag in MOVES:
            fired = clock.moved(fired, days, row.at)
        if clock.over or clock.stopped_at is not None:
            continue
        until = end if following is None else following.at
        for what, at in clock.instants(days, row.at):
            if what not in clock.done and what not in fired and at < until:
                fired[what] = at
                yield what, at


def recorded(rows: Iterable[Row]) -> Counter[tuple[str, str, datetime]]:
    """Every deadline that the program has recorded as passed."""
    told: Counter[tuple[str, str, datetime]] = Counter()
    for row in rows:
        if row.tag in FIRED:
            what = row.event[FIRED[row.tag]]
            if row.tag == "rectification-warned":
                what = f"warning of {datetime.fromisoformat(what).astimezone(SHANGHAI).date()}"
            told[row.stream, what, row.at] += 1
    return told


# --- figures --------------------------------------------------------------------------------------------------

GOOD = ("very-satisfied", "satisfied", "fairly-satisfied")
POINTS = {
    "very-satisfied": 10,
    "satisfied": 8,
    "fairly-satisfied": 6,
    "dissatisfied": 4,
    "very-dissatisfied": 2,
}


class Bit(NamedTuple):
    """One contribution to one figure."""

    figure: str
    numerator: int
    denominator: int
    day: str
    hall: str
    unit: str | None
    item: str | None
    window: str | None
    clerk: str | None
    channel: str | None


def clerk(by: str) -> str | None:
    role, _, name = by.partition(":")
    return name if role == "clerk" else None


def bits(rows: Iterable[Row]) -> list[Bit]:
    """Every contribution to the figures that are a matter of adding up, and marks for those of sets."""
    streams: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        streams[row.stream].append(row)
    told: list[Bit] = []
    for stream, own in streams.items():
        if stream.startswith("review-"):
            told += _of_review(own)
        elif stream.startswith("case-"):
            told += _of_case(own)
        elif stream.startswith("queue-"):
            told += _of_queue(stream, own)
    return told


def _of_review(own: list[Row]) -> Iterator[Bit]:
    by_tag = {row.tag: row for row in own}
    given = by_tag.get("review-given")
    struck = "review-ruled" in by_tag and by_tag["review-ruled"].event["finding"] in (
        "mis-rated",
        "malicious",
    )
    for row in own:
        uninvited = row.tag == "review-given" and row.event.get("uninvited") and not row.event.get("test")
        if row.tag == "review-invited" or uninvited:
            yield _bit("active_review", 0, 1, row, None)
            yield _bit("ratable", 1, 1, row, None)
    if given is None or struck or given.event.get("test"):
        return
    event, channel = given.event, given.event["channel"]
    bad = event["grade"] not in GOOD
    yield _bit("active_review", 1, 0, given, channel)
    yield _bit("rated", 1, 1, given, channel)
    yield _bit("favourable", int(not bad), 1, given, channel)
    yield _bit("satisfied", int(event["grade"] in GOOD[:2]), 1, given, channel)
    yield _bit("bad", int(bad), 1, given, channel)
    yield _bit("mean", POINTS[event["grade"]], 1, given, channel)
    rectified = by_tag.get("review-rectified")
    overdue = next(
        (r for r in own if r.tag == "rectification-overdue" and r.event["step"] == "rectify"), None
    )
    if (settled := overdue or rectified) is not None:
        in_time = rectified is not None and rectified.at <= datetime.fromisoformat(rectified.event["due_at"])
        yield _bit("rectified", int(rectified is not None), 1, given, channel, settled.day)
        yield _bit("rectified_in_time", int(in_time), 1, given, channel, settled.day)
    answered = by_tag.get("rectification-fed-back")
    if answered is not None and event.get("person") is not None:
        called = "reviewer-called-back" in by_tag
        yield _bit("called_back", int(called), 1, given, channel, answered.day)
    if (added := by_tag.get("review-added")) is not None:
        yield _bit("satisfied_after", int(added.event["grade"] in GOOD), 1, given, channel, added.day)


def _bit(figure: str, n: int, d: int, row: Row, channel: str | None, day: str | None = None) -> Bit:
    event = row.event
    place = (event["hall"], event["unit"], event.get("item"), event.get("window"), event.get("clerk"))
    return Bit(figure, n, d, day or row.day, *place, channel)


def _of_case(own: list[Row]) -> Iterator[Bit]:
    for row in own:
        event = row.event
        if row.tag not in ("case-opened", "case-closed") or event.get("test"):
            continue
        place = (event["hall"], event["unit"], event["item"], None, clerk(row.by), event.get("channel"))
        if row.tag == "case-opened":
            yield Bit("on_the_spot", int(event["kind"] == "on-the-spot"), 1, row.day, *place)
            statutory, promised = event.get("statutory_limit_workdays"), event.get("promised_limit_workdays")
            if statutory and promised:
                yield Bit("limits_compressed", statutory - promised, statutory, row.day, *place)
        else:
            yield Bit("visits_per_case", 0, 1, row.day, *place)
            if event.get("due_at"):
                in_time = row.at <= datetime.fromisoformat(event["due_at"])
                yield Bit("closed_in_time", int(in_time), 1, row.day, *place)


def _of_queue(stream: str, own: list[Row]) -> Iterator[Bit]:
    hall, day = stream.partition("-")[2][:-11], stream[-10:]
    for row in own:
        if row.tag == "service-finished" and row.event.get("case"):
            items = row.event.get("items") or [None]
            place = (hall, None, items[0], row.event["window"], clerk(row.by), None)
            yield Bit("visits_per_case", 1, 0, day, *place)


ADDED = (
    "active_review", "favourable", "satisfied", "bad", "mean", "rectified", "rectified_in_time", "called_back",
    "satisfied_after", "closed_in_time", "on_the_spot", "limits_compressed", "visits_per_case",
)  # fmt: skip

Group = Callable[[Bit], str | None]
Told = dict[str, dict[str, tuple[int, int]]]


def recount(rows: Iterable[Row], first: str, last: str, group: Group) -> Told:
    """Numerator and denominator of every figure but those of the catalogue, by group."""
    told: dict[str, dict[str, list[int]]] = defaultdict(lambda: {figure: [0, 0] for figure in ADDED})
    sets: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for bit in bits(rows):
        name = group(bit)
        if name is None or not first <= bit.day <= last:
            continue
        if bit.figure in ADDED:
            pair = told[name][bit.figure]
            pair[0] += bit.numerator
            pair[1] += bit.denominator
        else:
            for kind, value in (("items_covered", bit.item), ("units_covered", bit.unit)):
                if value is not None:
                    sets[name, kind, bit.figure].add(value)
    answer: Told = {}
    for name, pairs in told.items():
        answer[name] = {figure: (n, d) for figure, (n, d) in pairs.items()}
        for kind in ("items_covered", "units_covered"):
            rated, ratable = sets[name, kind, "rated"], sets[name, kind, "ratable"]
            answer[name][kind] = (len(rated), len(rated | ratable))
    return answer
