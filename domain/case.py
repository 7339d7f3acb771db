"""An application (办件) from the counter to its result: received, corrected, accepted, handled, decided, delivered.

The stream ``case-{case}`` is one application. Its clock runs from acceptance (行政许可法 第42条) to closing (办结),
stands still while a special procedure takes its time (第45条) and is started by the policy, which alone knows the
calendar.

Parts of the same stream have modules of their own: ``papers``, ``steps``, ``respite``, ``supervision``, ``limits``,
``directive``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain import directive, limits, papers, respite, steps, supervision
from domain.deadlines import CaseClock
from domain.directive import Directives
from domain.item import Handling, Workdays
from domain.limits import LimitPassed, Limits, Moved
from domain.message import Command, Event, Id, Key, Label, Reference, Refused, Stamp, Words
from domain.papers import File, Guide, GuidePaper, Papers
from domain.respite import Granted
from domain.steps import Steps
from domain.supervision import Watch

Channel = Literal["window", "web", "mobile", "post", "kiosk", "hotline", "other"]
"""How an application came: 办理形式 of GB/T 39046-2020 table A.5, and the kiosk and hotline it files under other."""

Result = Literal["granted", "refused", "terminated"]
"""准予, 不予, 终止."""

Means = Literal["window", "post", "electronic", "locker"]
"""How a result reaches its applicant (送达): over the counter, by post, as an electronic licence, from a locker."""

Status = Literal[
    "unknown", "received", "correcting", "accepted", "suspended", "decided", "closed", "refused", "withdrawn",
    "archived",
]  # fmt: skip

Instant = Annotated[datetime, Meta(tz=True)]


# --- commands -------------------------------------------------------------------------------------------------


class OpenCase(Command, frozen=True, kw_only=True):
    """Take an application in (收件). Asked again it stays one application.

    ``promised_end`` is for imported records that name the end itself. ``test`` (网上申报测试) keeps the case out of
    every figure. ``guide`` freezes the materials of the guide it is made under, at ``item_version``; without one, as
    in an imported record, no paper is held to a guide and no limit but the promise runs. ``joint``: several
    authorities handle it together (行政许可法 第42条).
    """

    item: Id
    item_version: Annotated[int, Meta(ge=1)]
    hall: Id
    unit: Label
    applicant: Key
    channel: Channel
    kind: Handling
    promised_limit_workdays: Workdays | None = None
    statutory_limit_workdays: Workdays | None = None
    ticket: Reference | None = None
    promised_end: Instant | None = None
    test: bool = False
    guide: Guide | None = None
    joint: bool = False


class NumberCase(Command, frozen=True):
    """Give the application its number (办件编号), in the act that opens it; see ``numbers``."""

    number: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,100}$")]


class Accept(Command, frozen=True):
    """受理. ``document`` is the number of the notice (受理文书编号).

    ``outstanding`` may come within ``supplement_workdays`` (容缺受理); for ``pledged`` the applicant has promised in
    writing instead (告知承诺).
    """

    document: Label | None = None
    outstanding: Papers | None = None
    supplement_workdays: Workdays | None = None
    pledged: Papers | None = None


class Refuse(Command, frozen=True):
    """不予受理: why not, and whom the applicant may turn to (行政许可法 第32条)."""

    reason: Words
    where_to_go: Words


class Decide(Command, frozen=True):
    """决定. A refusal or a termination says why."""

    result: Result
    reason: Words | None = None


class Close(Command, frozen=True):
    """办结. Without a decision on record the ``reason`` tells why (异常办结, an imported record that lacks it)."""

    reason: Words | None = None


class Deliver(Command, frozen=True):
    """送达. ``tracking`` is the number of what was posted."""

    means: Means
    tracking: Label | None = None


class Archive(Command, frozen=True):
    """归档: nothing is to be done any more, the result is with its applicant."""

    document: Label | None = None


class Withdraw(Command, frozen=True):
    """The applicant takes the application back."""

    reason: Words | None = None


AnyCommand = (
    OpenCase
    | NumberCase
    | Accept
    | Refuse
    | Decide
    | Close
    | Deliver
    | Archive
    | Withdraw
    | papers.AnyCommand
    | steps.AnyCommand
    | respite.AnyCommand
    | supervision.AnyCommand
    | limits.AnyCommand
    | directive.AnyCommand
)


# --- events ---------------------------------------------------------------------------------------------------


class CaseOpened(Event, frozen=True, kw_only=True, tag="case-opened"):
    item: str
    item_version: int
    hall: str
    unit: str
    applicant: str
    channel: Channel
    kind: Handling
    promised_limit_workdays: int | None = None
    statutory_limit_workdays: int | None = None
    ticket: str | None = None
    promised_end: datetime | None = None
    test: bool = False
    guide: tuple[GuidePaper, ...] | None = None
    joint: bool = False


class CaseNumbered(Event, frozen=True, tag="case-numbered"):
    number: str


class CaseAccepted(Event, frozen=True, tag="case-accepted"):
    """``clock`` is missing where nothing is timed: what is handled on the spot (即办件). ``by_silence``: nobody had
    answered in time (see ``CaseTerms``), and the clock runs from the receipt."""

    document: str | None = None
    clock: CaseClock | None = None
    outstanding: tuple[str, ...] = ()
    supplement_workdays: int | None = None
    pledged: tuple[str, ...] = ()
    by_silence: bool = False


class CaseRefused(Event, frozen=True, tag="case-refused"):
    reason: str
    where_to_go: str


class CaseDecided(Event, frozen=True, tag="case-decided"):
    result: Result
    reason: str | None = None


class CaseClosed(Event, frozen=True, tag="case-closed"):
    """The last line of the ledger, readable alone: whose case it was and by when it had to be closed."""

    item: str
    hall: str
    unit: str
    due_at: datetime | None = None
    reason: str | None = None
    test: bool = False
    channel: Channel | None = None


class CaseDelivered(Event, frozen=True, tag="case-delivered"):
    means: Means
    tracking: str | None = None


class CaseArchived(Event, frozen=True, tag="case-archived"):
    document: str | None = None


class CaseWithdrawn(Event, frozen=True, tag="case-withdrawn"):
    reason: str | None = None


AnyEvent = (
    CaseOpened
    | CaseNumbered
    | CaseAccepted
    | CaseRefused
    | CaseDecided
    | CaseClosed
    | CaseDelivered
    | CaseArchived
    | CaseWithdrawn
    | papers.AnyEvent
    | steps.AnyEvent
    | respite.AnyEvent
    | supervision.AnyEvent
    | limits.AnyEvent
    | directive.AnyEvent
)


# --- state ----------------------------------------------------------------------------------------------------


class Case(msgspec.Struct):
    """The application as its desk knows it."""

    status: Status = "unknown"
    opened: CaseOpened | None = None
    number: str | None = None
    decision: CaseDecided | None = None
    delivered: CaseDelivered | None = None
    papers: File = msgspec.field(default_factory=File)
    steps: Steps = msgspec.field(default_factory=Steps)
    watch: Watch = msgspec.field(default_factory=Watch)
    granted: Granted = msgspec.field(default_factory=Granted)
    limits: Limits = msgspec.field(default_factory=Limits)
    directives: Directives = msgspec.field(default_factory=Directives)


OUT_OF_TURN: dict[Status, str] = {
    "received": "not-accepted",
    "correcting": "correction-outstanding",
    "accepted": "already-accepted",
    "suspended": "case-suspended",
    "decided": "already-decided",
    "closed": "case-ended",
    "refused": "case-ended",
    "withdrawn": "case-ended",
    "archived": "case-ended",
}
"""Why a command that is right at another moment is refused now."""

TIMED: tuple[Status, ...] = ("accepted", "decided")
"""While the clock counts: the promise is of closing (办结), which comes after the decision."""


def stream(case: str) -> str:
    return f"case-{case}"


def initial() -> Case:
    return Case()


def decide(command: AnyCommand, case: Case, stamp: Stamp) -> list[AnyEvent]:
    opened = case.opened
    if opened is None:
        return _open(command)
    answer = _decide_part(command, case, opened, stamp)
    if answer is not None:
        return answer
    match command, case.status:
        case OpenCase(), _:
            return []
        case NumberCase(number), _:
            return [] if case.number else [CaseNumbered(number)]

        case Accept(), "accepted":
            return []
        case Accept() as asked, "received":
            return _accept(asked, case, opened, stamp)
        case Refuse(), "refused":
            return []
        case Refuse(reason, where_to_go), "received" | "correcting":
            return [CaseRefused(reason, where_to_go)]

        case Decide(result, reason), _ if case.decision == CaseDecided(result, reason):
            return []
        case Decide(result, reason), "accepted":
            if result != "granted" and reason is None:
                raise Refused("reason-missing", invalid=True, field="reason")
            if result == "granted" and case.papers.outstanding:
                raise Refused("papers-outstanding", papers=case.papers.outstanding)
            return [CaseDecided(result, reason)]
        case Close(), "closed":
            return []
        case Close(None), "accepted":
            raise Refused("not-decided")
        case Close(reason), "accepted" | "decided":
            of = (
                opened.item,
                opened.hall,
                opened.unit,
                case.watch.due_at,
                reason,
                opened.test,
                opened.channel,
            )
            return [CaseClosed(*of)]

        case Deliver(means, tracking), _ if case.delivered is not None:
            if case.delivered == CaseDelivered(means, tracking):
                return []
            raise Refused("already-delivered", means=case.delivered.means)
        case Deliver(), _ if case.decision is None:
            raise Refused("not-decided")
        case Deliver("post", None), _:
            raise Refused("tracking-missing", invalid=True, field="tracking")
        case Deliver(means, tracking), "decided" | "closed":
            return [CaseDelivered(means, tracking)]
        case Archive(), "archived":
            return []
        case Archive(document), "closed" | "refused" | "withdrawn":
            if case.decision and case.decision.result == "granted" and case.delivered is None:
                raise Refused("not-delivered")
            return [CaseArchived(document)]
        case Archive(), _:
            raise Refused("case-not-ended", status=case.status)
        case Withdraw(), "withdrawn":
            return []
        case Withdraw(reason), "received" | "correcting" | "accepted" | "suspended":
            return [CaseWithdrawn(reason)]
    raise Refused(OUT_OF_TURN[case.status], status=case.status)


def evolve(case: Case, event: AnyEvent, stamp: Stamp) -> Case:
    match event:
        case CaseOpened(guide=guide):
            case.opened, case.status, case.papers.guide = event, "received", guide
        case CaseNumbered(number):
            case.number = number
        case CaseAccepted(_, clock, outstanding):
            case.watch.clock, case.status, case.papers.outstanding = clock, "accepted", outstanding
        case CaseRefused():
            case.status = "refused"
        case CaseDecided():
            case.decision, case.status = event, "decided"
        case CaseClosed():
            case.status, case.watch.running = "closed", False
        case CaseDelivered():
            case.delivered = event
        case CaseArchived():
            case.status = "archived"
        case CaseWithdrawn():
            case.status, case.watch.running = "withdrawn", False
        case papers.CorrectionRequested() | papers.CaseCorrected() | papers.CaseSupplemented():
            papers.evolve(case.papers, event)
        case steps.StepBegun() | steps.StepRecorded():
            steps.evolve(case.steps, event)
        case (
            respite.CaseSuspended()
            | respite.CaseResumed()
            | respite.ExtensionAsked()
            | respite.CaseExtended()
        ):
            respite.evolve(case.granted, case.watch, event, stamp)
        case supervision.ClockStarted() | supervision.DeadlineRecomputed() | supervision.CaseWarned():
            supervision.evolve(case.watch, event, stamp)
        case limits.LimitSet() | limits.LimitSignalled() | limits.LimitPassed():
            limits.evolve(case.limits, event, stamp.at)
        case directive.CaseDirected() | directive.DirectiveAnswered():
            directive.evolve(case.directives, event)
        case _:
            assert_never(event)
    case.status = MOVES.get(type(event), case.status)
    if isinstance(event, directive.AnyEvent) or _limited(case.opened):
        limits.move(case.limits, limits_moved(event), stamp.at)
    return case


MOVES: dict[type[Event], Status] = {
    papers.CorrectionRequested: "correcting",
    papers.CaseCorrected: "received",
    respite.CaseSuspended: "suspended",
    respite.CaseResumed: "accepted",
}
"""Where the events of the parts leave a case."""


def limits_moved(event: Event) -> Moved:
    """The limits that a fact ends and opens. How long they are is the policy's to say."""
    match event:
        case CaseOpened():
            return Moved(opened=("acceptance",))
        case papers.CorrectionRequested():
            return Moved(("acceptance",), ("correction",))
        case papers.CaseCorrected():
            return Moved(("correction",), ("acceptance",))
        case CaseAccepted(by_silence=True):
            return Moved()  # nobody has answered: what was late stays so
        case CaseAccepted(outstanding=outstanding):
            return Moved(("acceptance",), ("supplement",) if outstanding else ())
        case papers.CaseSupplemented(complete=True):
            return Moved(("supplement",))
        case respite.CaseSuspended():
            return Moved(opened=("procedure",))
        case respite.CaseResumed():
            return Moved(("procedure",))
        case steps.StepBegun(step):
            return Moved(opened=(f"step.{step}",))
        case steps.StepRecorded(step=str() as step):
            return Moved((f"step.{step}",))
        case CaseDecided(result):
            return Moved(("step", "supplement"), ("delivery",) if result == "granted" else ())
        case CaseDelivered() | CaseArchived():
            return Moved(("delivery",))
        case CaseClosed() | CaseRefused() | CaseWithdrawn():
            return Moved(("acceptance", "correction", "supplement", "procedure", "step"))
        case directive.CaseDirected(name):
            return Moved(opened=(f"directive.{name}",))
        case directive.DirectiveAnswered(name):
            return Moved((f"directive.{name}",))
    return Moved()


# --- rules of one command each --------------------------------------------------------------------------------


def _open(command: AnyCommand) -> list[AnyEvent]:
    if not isinstance(command, OpenCase):
        raise Refused("unknown-case", missing=True)
    promised, statutory = command.promised_limit_workdays, command.statutory_limit_workdays
    if command.kind == "promised" and promised is None and command.promised_end is None:
        raise Refused("promise-missing", invalid=True, field="promised_limit_workdays")
    if promised is not None and statutory is not None and promised > statutory:
        raise Refused("promise-longer-than-statute", invalid=True, field="promised_limit_workdays")
    return [CaseOpened(**msgspec.structs.asdict(command))]


def _decide_part(command: AnyCommand, case: Case, opened: CaseOpened, stamp: Stamp) -> list[AnyEvent] | None:
    """The answer of the part of the case that is asked; ``None`` if it is none or out of turn."""
    answer: Sequence[AnyEvent] | None = None
    if isinstance(command, papers.AnyCommand):
        answer = papers.decide(command, case.papers, case.status)
    elif isinstance(command, steps.AnyCommand):
        answer = steps.decide(command, case.steps, case.status)
    elif isinstance(command, respite.AnyCommand):
        answer = respite.decide(command, case.granted, case.watch, case.status, opened.joint, stamp)
    elif isinstance(command, supervision.AnyCommand):
        answer = supervision.decide(command, case.watch, stamp) if case.status in TIMED else []
    elif isinstance(command, directive.AnyCommand):
        answer = directive.decide(command, case.directives)
    elif isinstance(command, limits.AnyCommand):
        answer = _after_silence(limits.decide(command, case.limits, stamp), case, opened)
    return None if answer is None else [*answer]


def _accept(asked: Accept, case: Case, opened: CaseOpened, stamp: Stamp) -> list[AnyEvent]:
    outstanding, pledged = asked.outstanding or (), asked.pledged or ()
    papers.check_accepted(case.papers, outstanding, pledged)
    if outstanding and asked.supplement_workdays is None:
        raise Refused("supplement-limit-missing", invalid=True, field="supplement_workdays")
    days = asked.supplement_workdays if outstanding else None
    return [CaseAccepted(asked.document, _clock(opened, stamp.at), outstanding, days, pledged)]


def _after_silence(told: list[limits.AnyEvent], case: Case, opened: CaseOpened) -> list[AnyEvent]:
    """Whom nobody answered in time is accepted from the receipt on, where ``CaseTerms`` says so."""
    match told:
        case [LimitPassed("acceptance")] if case.limits.running["acceptance"].accepts:
            received_at = case.limits.open["acceptance"]
            return [*told, CaseAccepted(clock=_clock(opened, received_at), by_silence=True)]
    return [*told]


def _limited(opened: CaseOpened | None) -> bool:
    """Whether limits run: not for what is handled on the spot (即办件), nor for records told afterwards."""
    return opened is not None and opened.guide is not None and opened.kind == "promised"


def _clock(opened: CaseOpened, since: datetime) -> CaseClock | None:
    if opened.kind == "on-the-spot":
        return None
    return CaseClock(
        since=since,
        workdays=opened.promised_limit_workdays,
        statutory=opened.statutory_limit_workdays,
        ends_at=opened.promised_end,
    )
