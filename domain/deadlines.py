"""When things are due: from the facts a clock was started with and the gazetted calendar to instants.

A clock holds only facts (when it began, how many working days, what stopped it), so the same clock gives other
instants when a notice is gazetted, and the events keep both: the facts it ran by and the instants it named.
How the day is counted is said in ``workdays``; how many days is the law's or the configuration's to say.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from domain.rules import KINDS, Rule, Threshold
from domain.workdays import SHANGHAI, Calendar, Due, due, local_date, workdays_between

Signal = Literal["warning", "yellow", "red"]
"""预警, 黄牌, 红牌 of the electronic supervision (电子监察)."""

SIGNALS: tuple[Signal, ...] = ("warning", "yellow", "red")

PROMISE = KINDS["promise"].default

RectificationStep = Literal["contact", "rectify", "ruling", "still-overdue"]
"""What of a rectification has a deadline of its own; ``still-overdue``: it is not done so long after its end."""

Limit = Annotated[int, Meta(ge=1, le=60, description="working days")]


# --- an application -------------------------------------------------------------------------------------------


class Stop(msgspec.Struct, frozen=True):
    """A stretch that does not count (行政许可法 第45条). Where the hall paused the case for another reason, it does not
    count towards the promise, and the statutory limit runs on (``statutory`` is false)."""

    since: datetime
    until: datetime
    statutory: bool = True


class CaseClock(msgspec.Struct, frozen=True, tag="case-clock", kw_only=True, omit_defaults=True):
    """What an accepted case's deadline follows from; limits are in working days (行政许可法 第82条).

    ``ends_at`` is a promised end that an imported record names itself; it takes the place of ``workdays``.
    ``extension`` are the days granted once more (第42条). ``paused_at``: the promise stands still since, and only the
    statutory limit runs.
    """

    since: datetime
    workdays: int | None = None
    statutory: int | None = None
    ends_at: datetime | None = None
    extension: int = 0
    stops: tuple[Stop, ...] = ()
    paused_at: datetime | None = None


class CaseDues(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a case's signals come and its promise ends. A signal is missing where the limit is too short for it, or
    the region's rule does not know it; without ``red_at`` red comes with the end."""

    warn_at: datetime | None = None
    yellow_at: datetime | None = None
    red_at: datetime | None = None
    due_at: datetime
    statutory_at: datetime | None = None
    provisional: bool = False

    def instant(self, signal: Signal) -> datetime | None:
        """When a signal is to be raised, if ever."""
        match signal:
            case "warning":
                return self.warn_at
            case "yellow":
                return self.yellow_at
            case "red":
                return self.red_at or self.due_at


def case_dues(clock: CaseClock, calendar: Calendar, rule: Rule = PROMISE) -> CaseDues:
    """The instants of a case's clock, its signals by the rule. Days it was stopped and days it was granted are added
    to its limit.

    The day a stop begins counts as used and the day it ends does not: the same rule as for any limit, whose first
    day is the one after. No pause carries a promise beyond the statutory end.
    """
    stopped = _stopped(calendar, clock.stops)
    by_law = _stopped(calendar, (stop for stop in clock.stops if stop.statutory))
    promised = _promised(clock, calendar, stopped + clock.extension)
    statutory = clock.statutory and due(calendar, clock.since, clock.statutory + by_law + clock.extension)
    if statutory and (clock.paused_at is not None or (by_law < stopped and statutory.at < promised.at)):
        promised, stopped = statutory, by_law
    signals = signal_instants(calendar, clock.since, promised.at, stopped, rule)
    red_at = signals.get("red")
    return CaseDues(
        warn_at=signals.get("warning"),
        yellow_at=signals.get("yellow"),
        red_at=None if red_at == promised.at else red_at,
        due_at=promised.at,
        statutory_at=statutory.at if statutory else None,
        # Either may reach into a year without a notice; both are then computed anew when it comes.
        provisional=promised.provisional or bool(statutory and statutory.provisional),
    )


def _stopped(calendar: Calendar, stops: Iterable[Stop]) -> int:
    """The working days of some stretches."""
    return sum(
        max(0, workdays_between(calendar, local_date(stop.since), local_date(stop.until))) for stop in stops
    )


def _promised(clock: CaseClock, calendar: Calendar, more: int) -> Due:
    if clock.ends_at is None:
        return due(calendar, clock.since, (clock.workdays or 0) + more)
    return due(calendar, clock.ends_at, more) if more else Due(clock.ends_at)


def raised_still(raised: Iterable[Signal], dues: CaseDues, at: datetime) -> list[Signal]:
    """The raised signals that hold when a deadline moves at ``at``: those whose new instant has passed as well.
    The others were raised for the deadline as it was and may be raised again."""
    return [signal for signal in raised if (instant := dues.instant(signal)) is not None and instant <= at]


# --- a rectification ------------------------------------------------------------------------------------------


class RectificationLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many working days a bad review's unit has, from the review on.

    Configuration: no national text with these numbers was found. 国办发〔2019〕51号 asks for contact 第一时间;
    5 工作日 is 德州 2020, 三亚 2021, 襄城 2024; 15 is a Sichuan city 2020; 1 is ours.
    """

    contact: Limit = 1
    simple: Limit = 5
    complex: Limit = 15
    """For what cannot be put right at once and was given a plan (说明理由, 建立台账, 限期整改)."""

    def __post_init__(self) -> None:
        """Raises:
        ValueError: the deadlines would not follow each other; the text is its code.
        """
        if not self.contact < self.simple <= self.complex:
            raise ValueError("limits-not-rising")


class RectificationClock(msgspec.Struct, frozen=True, tag="rectification-clock", omit_defaults=True):
    """What a rectification's deadlines follow from."""

    since: datetime
    limits: RectificationLimits
    extension: int = 0
    appeal: int | None = None
    """Working days after the review in which the unit may appeal; clocks of before have no such limit."""
    ruling: int | None = None
    """Working days after ``contested_at`` in which it is ruled upon."""
    ladder: int | None = None
    """Working days after its end until it is told further up; clocks of before are told at the end itself."""
    contested_at: datetime | None = None
    stops: tuple[Stop, ...] = ()
    """Stretches that do not count, each for a stated reason."""


class RectificationDues(msgspec.Struct, frozen=True, omit_defaults=True):
    contact: Due
    simple: Due
    complex: Due
    appeal: Due | None = None
    ruling: Due | None = None
    simple_warn_at: datetime | None = None
    complex_warn_at: datetime | None = None
    simple_ladder: Due | None = None
    complex_ladder: Due | None = None

    def ladder(self, planned: bool) -> Due | None:
        """When whoever stands highest is told that it is still open."""
        return self.complex_ladder if planned else self.simple_ladder

    def of(self, step: RectificationStep, planned: bool) -> Due:
        """The deadline of a step; a ``planned`` rectification has the longer one, and what has no deadline of its
        own to be ruled by has that of the whole."""
        if step == "contact":
            return self.contact
        if step == "still-overdue" and (ladder := self.ladder(planned)) is not None:
            return ladder
        if step == "ruling" and self.ruling is not None:
            return self.ruling
        return self.complex if planned else self.simple

    def warn_at(self, planned: bool) -> datetime | None:
        return self.complex_warn_at if planned else self.simple_warn_at

    @property
    def provisional(self) -> bool:
        dues = (self.contact, self.simple, self.complex, self.appeal, self.ruling, self.complex_ladder)
        return any(one.provisional for one in dues if one is not None)


def rectification_dues(clock: RectificationClock, calendar: Calendar) -> RectificationDues:
    """The instants of a rectification's clock: days it was paused and days it was granted are added."""
    stopped = _stopped(calendar, clock.stops)
    more = clock.extension + stopped
    simple = due(calendar, clock.since, clock.limits.simple + more)
    complex_ = due(calendar, clock.since, clock.limits.complex + more)
    ruling = None
    if clock.ruling is not None and clock.contested_at is not None:
        ruling = due(calendar, clock.contested_at, clock.ruling)
    return RectificationDues(
        due(calendar, clock.since, clock.limits.contact + stopped),
        simple,
        complex_,
        due(calendar, clock.since, clock.appeal + stopped) if clock.appeal is not None else None,
        ruling,
        signal_instants(calendar, clock.since, simple.at, stopped).get("warning"),
        signal_instants(calendar, clock.since, complex_.at, stopped).get("warning"),
        None if clock.ladder is None else due(calendar, simple.at, clock.ladder),
        None if clock.ladder is None else due(calendar, complex_.at, clock.ladder),
    )


# --- both -----------------------------------------------------------------------------------------------------


class Deadline(Protocol):
    """What has to be known of a running deadline to compute it anew."""

    @property
    def stream(self) -> str: ...
    @property
    def hall(self) -> str | None: ...
    @property
    def clock(self) -> CaseClock | RectificationClock | None: ...
    @property
    def limits(self) -> Mapping[str, Any]: ...


def signal_instants(
    calendar: Calendar, since: datetime, due_at: datetime, stopped: int = 0, rule: Rule = PROMISE
) -> dict[Signal, datetime]:
    """When each signal of a rule comes for a limit that began ``since``, of which so many days did not count.

    A signal that would fill the whole limit has no instant. A limit that ends at 0:00 ends with the day before.
    """
    told: dict[Signal, Threshold | None] = {"warning": rule.warning, "yellow": rule.yellow, "red": rule.red}
    found = {
        signal: _instant(threshold, calendar, since, due_at, stopped)
        for signal, threshold in told.items()
        if threshold is not None
    }
    return {signal: at for signal, at in found.items() if at is not None}


def _instant(
    threshold: Threshold, calendar: Calendar, since: datetime, due_at: datetime, stopped: int
) -> datetime | None:
    if threshold.over_workdays is not None:
        over = threshold.over_workdays
        return due(calendar, due_at, over).at if over else due_at
    total = workdays_between(calendar, local_date(since), local_date(due_at))
    spare = threshold.left_workdays
    if threshold.left_percent is not None:
        spare = max(1, (total - stopped) * threshold.left_percent // 100)
    if not spare:
        return _morning(due_at - timedelta(microseconds=1))
    return _morning(due(calendar, since, total - spare).at) if total > spare else None


def signal_now(calendar: Calendar, since: datetime, due_at: datetime, now: datetime) -> Signal | None:
    """The signal a deadline stands at, as a list shows it; nothing is recorded by looking."""
    instants = signal_instants(calendar, since, due_at)
    if now > due_at:
        return "red"
    if now >= instants["yellow"]:
        return "yellow"
    return "warning" if "warning" in instants and now >= instants["warning"] else None


def _morning(at: datetime) -> datetime:
    return datetime.combine(local_date(at), time(0), SHANGHAI)
