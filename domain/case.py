"""An application (办件) from the counter to its result: received, corrected, accepted, handled, decided, delivered.

The stream ``case-{case}`` is one application. Its clock runs from acceptance (行政许可法 第42条) to closing (办结),
stands still while a special procedure takes its time (第45条) and is started by the policy, which alone knows the
calendar.

Parts of the same stream have modules of their own: ``papers``, ``steps``, ``respite``, ``supervision``, ``limits``,
``directive``, ``matter``, ``hand_over``, ``delivery``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain import delivery, directive, hand_over, limits, matter, papers, respite, steps, supervision
from domain.booking import OnBehalf
from domain.deadlines import CaseClock
from domain.delivery import CaseArchived, CaseDelivered, Delivery
from domain.directive import Directives
from domain.hand_over import CaseHandedBack, CaseHandedOver, CaseTakenOver, Places
from domain.item import Handling, Workdays
from domain.limits import LimitPassed, Limits, Moved
from domain.matter import Matter, PartEnded
from domain.message import Command, Event, Id, Key, Label, Reference, Refused, Stamp, Words
from domain.papers import File, Guide, GuidePaper, Papers
from domain.respite import Granted
from domain.steps import Steps
from domain.supervision import Watch

Channel = Literal["window", "web", "mobile", "post", "kiosk", "hotline", "agent", "other"]
"""How an application came: 办理形式 of GB/T 39046-2020 table A.5, and the kiosk, the hotline and whoever acts for
somebody else (帮办代办), which it files under other."""

Result = Literal["granted", "refused", "terminated"]
"""准予, 不予, 终止."""

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
    parts: Annotated[tuple[Reference, ...], Meta(max_length=30)] = ()
    matter: Reference | None = None
    handled_at: Id | None = None
    on_behalf: OnBehalf | None = None


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
    | Withdraw
    | papers.AnyCommand
    | steps.AnyCommand
    | respite.AnyCommand
    | supervision.AnyCommand
    | limits.AnyCommand
    | directive.AnyCommand
    | matter.AnyCommand
    | hand_over.AnyCommand
    | delivery.AnyCommand
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
    parts: tuple[str, ...] = ()
    matter: str | None = None
    handled_at: str | None = None
    on_behalf: OnBehalf | None = None


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
    matter: str | None = None


class CaseDecided(Event, frozen=True, tag="case-decided"):
    result: Result
    reason: str | None = None
    matter: str | None = None


class CaseClosed(Event, frozen=True, tag="case-closed"):
    """The last line of the ledger, readable alone: whose case it was, by when it had to be closed, what it came to,
    which matter it is part of, or whether it held one together (``whole``)."""

    item: str
    hall: str
    unit: str
    due_at: datetime | None = None
    reason: str | None = None
    test: bool = False
    channel: Channel | None = None
    result: Result | None = None
    matter: str | None = None
    whole: bool = False


class CaseWithdrawn(Event, frozen=True, tag="case-withdrawn"):
    reason: str | None = None
    matter: str | None = None


AnyEvent = (
    CaseOpened
    | CaseNumbered
    | CaseAccepted
    | CaseRefused
    | CaseDecided
    | CaseClosed
    | CaseWithdrawn
    | papers.AnyEvent
    | steps.AnyEvent
    | respite.AnyEvent
    | supervision.AnyEvent
    | limits.AnyEvent
    | directive.AnyEvent
    | matter.AnyEvent
    | hand_over.AnyEvent
    | delivery.AnyEvent
)


# --- state ----------------------------------------------------------------------------------------------------


class Case(msgspec.Struct):
    """The application as its desk knows it."""

    status: Status = "unknown"
    opened: CaseOpened | None = None
    number: str | None = None
    decision: CaseDecided | None = None
    delivery: Delivery = msgspec.field(default_factory=Delivery)
    matter: Matter = msgspec.field(default_factory=Matter)
    places: Places = msgspec.field(default_factory=Places)
    papers: File = msgspec.field(default_factory=File)
    steps: Steps = msgspec.field(default_factory=Steps)
    watch: Watch = msgspec.field(default_factory=Watch)
    granted: Granted = msgspec.field(default_factory=Granted)
    limits: Limits = msgspec.field(default_factory=Limits)
    directives: Directives = msgspec.field(default_factory=Directives)

    @property
    def result(self) -> Result | None:
        return None if self.decision is None else self.decision.result


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
    if isinstance(command, Accept | Refuse | papers.RequestCorrection):
        hand_over.refuse_elsewhere(case.places, opened.handled_at)
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
            return [CaseRefused(reason, where_to_go, opened.matter)]

        case Decide(result, reason), _ if case.decision == CaseDecided(result, reason, opened.matter):
            return []
        case Decide(result, reason), "accepted":
            if result != "granted" and reason is None:
                raise Refused("reason-missing", invalid=True, field="reason")
            if result == "granted" and case.papers.outstanding:
                raise Refused("papers-outstanding", papers=case.papers.outstanding)
            matter.refuse_going_on(case.matter, opened.parts)
            return [CaseDecided(result, reason, opened.matter)]
        case Close(), "closed":
            return []
        case Close(None), "accepted":
            raise Refused("not-decided")
        case Close(reason), "accepted" | "decided":
            matter.refuse_going_on(case.matter, opened.parts)
            return [_closed(case, opened, reason)]
        case Withdraw(), "withdrawn":
            return []
        case Withdraw(reason), "received" | "correcting" | "accepted" | "suspended":
            return [CaseWithdrawn(reason, opened.matter)]
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
        case CaseWithdrawn():
            case.status, case.watch.running = "withdrawn", False
        case (
            papers.CorrectionRequested()
            | papers.CaseCorrected()
            | papers.CaseSupplemented()
            | papers.PapersHandedIn()
        ):
            papers.evolve(case.papers, event)
        case steps.StepBegun() | steps.StepRecorded():
            steps.evolve(case.steps, event)
        case (
            respite.CaseSuspended()
            | respite.CasePaused()
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
        case PartEnded():
            matter.evolve(case.matter, event)
        case CaseHandedOver() | CaseTakenOver() | CaseHandedBack():
            hand_over.evolve(case.places, event)
        case CaseDelivered() | CaseArchived():
            delivery.evolve(case.delivery, event)
        case _:
            assert_never(event)
    case.status = MOVES.get(type(event), case.status)
    if isinstance(event, directive.AnyEvent) or _limited(case.opened):
        limits.move(case.limits, limits_moved(event, case.opened), stamp.at)
    return case


ENDED_WITH_IT = (
    "forwarding", "taking-over", "acceptance", "correction", "supplement", "procedure", "pause",
    "step",
)  # fmt: skip
"""The limits that end with the case."""

MOVES: dict[type[Event], Status] = {
    papers.CorrectionRequested: "correcting",
    papers.CaseCorrected: "received",
    respite.CaseSuspended: "suspended",
    respite.CasePaused: "suspended",
    respite.CaseResumed: "accepted",
    CaseArchived: "archived",
}
"""Where the events of the parts leave a case."""


def limits_moved(event: Event, opened: CaseOpened | None = None) -> Moved:
    """The limits that a fact ends and, of a case that was ``opened`` so, opens. How long they are is the policy's to
    say. What is part of a matter is delivered with it."""
    alone = opened is None or opened.matter is None
    match event:
        case CaseOpened(handled_at=str()) | CaseHandedBack():
            return Moved(("taking-over", "acceptance"), ("forwarding",))
        case CaseHandedOver():
            return Moved(("forwarding",), ("taking-over",))
        case CaseOpened() | CaseTakenOver():
            return Moved(("taking-over",), ("acceptance",))
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
        case respite.CasePaused():
            return Moved(opened=("pause",))
        case respite.CaseResumed():
            return Moved(("procedure", "pause"))
        case steps.StepBegun(step):
            return Moved(opened=(f"step.{step}",))
        case steps.StepRecorded(step=str() as step):
            return Moved((f"step.{step}",))
        case CaseDecided(result):
            return Moved(("step", "supplement"), ("delivery",) if result == "granted" and alone else ())
        case CaseDelivered() | CaseArchived():
            return Moved(("delivery",))
        case CaseClosed() | CaseRefused() | CaseWithdrawn():
            return Moved(ENDED_WITH_IT)
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
    if command.channel == "agent" and command.on_behalf is None:
        raise Refused("consent-missing", invalid=True, field="on_behalf")
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
        timed = case.status in TIMED or (case.status == "suspended" and respite.runs_on(case.granted))
        answer = supervision.decide(command, case.watch, stamp) if timed else []
    elif isinstance(command, directive.AnyCommand):
        answer = directive.decide(command, case.directives)
    elif isinstance(command, delivery.AnyCommand):
        answer = delivery.decide(command, case.delivery, case.status, case.result, opened.matter)
    elif isinstance(command, hand_over.AnyCommand):
        answer = hand_over.decide(command, case.places, case.status, opened.hall, opened.handled_at)
    elif isinstance(command, matter.AnyCommand):
        answer = _after_part(matter.decide(command, case.matter, opened.parts), case, opened)
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


def _after_part(ended: list[matter.AnyEvent], case: Case, opened: CaseOpened) -> list[AnyEvent]:
    """With its last part a matter is granted and closed by itself, if every part was granted."""
    match ended:
        case [PartEnded() as last] if case.status == "accepted" and not case.papers.outstanding:
            if matter.all_granted(case.matter, opened.parts, last):
                closed = _closed(case, opened, None, "granted")
                return [last, CaseDecided("granted"), closed]
    return [*ended]


def _closed(case: Case, opened: CaseOpened, reason: str | None, result: Result | None = None) -> CaseClosed:
    told = (opened.item, opened.hall, opened.unit, case.watch.due_at, reason, opened.test, opened.channel)
    return CaseClosed(*told, result or case.result, opened.matter, bool(opened.parts))


def _limited(opened: CaseOpened | None) -> bool:
    """Whether limits run: not for what is handled on the spot (即办件), nor for records told afterwards."""
    if opened is None or opened.guide is None:
        return False
    return opened.kind == "promised" or opened.handled_at is not None


def _clock(opened: CaseOpened, since: datetime) -> CaseClock | None:
    if opened.kind == "on-the-spot":
        return None
    return CaseClock(
        since=since,
        workdays=opened.promised_limit_workdays,
        statutory=opened.statutory_limit_workdays,
        ends_at=opened.promised_end,
    )
