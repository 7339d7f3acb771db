"""An application (办件) from the counter to its result: received, corrected, accepted, handled, decided, delivered.

The stream ``case-{case}`` is one application. Its clock runs from acceptance (行政许可法 第42条) to closing (办结),
stands still while a special procedure takes its time (第45条) and is started by the policy, which alone knows the
calendar. A step (环节) says who did what; it moves nothing, so whatever an office writes down can be written down.
"""

from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain import supervision
from domain.deadlines import CaseClock, Stop
from domain.item import Handling, Workdays
from domain.message import Command, Event, Id, Key, Label, Reference, Refused, Stamp, Words
from domain.supervision import Watch, refuse_after_deadline

Channel = Literal["window", "web", "mobile", "post", "kiosk", "hotline", "other"]
"""How an application came: 办理形式 of GB/T 39046-2020 table A.5, and the kiosk and hotline it files under other."""

Action = Literal["passed", "returned", "other"]
"""业务动作 通过, 退回, 其他 (GB/T 39046-2020 table 7)."""

SpecialProcedure = Literal[
    "hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert-review"
]
"""听证, 招标, 拍卖, 检验, 检测, 检疫, 鉴定, 专家评审: what alone does not count (行政许可法 第45条)."""

Result = Literal["granted", "refused", "terminated"]
"""准予, 不予, 终止."""

Means = Literal["window", "post", "electronic", "locker"]
"""How a result reaches its applicant (送达): over the counter, by post, as an electronic licence, from a locker."""

Status = Literal[
    "unknown", "received", "correcting", "accepted", "suspended", "decided", "closed", "refused", "withdrawn"
]

Instant = Annotated[datetime, Meta(tz=True)]
Extension = Annotated[int, Meta(ge=1, le=10, description="working days, 行政许可法 第42条")]
Papers = Annotated[tuple[Words, ...], Meta(min_length=1, max_length=60)]


# --- commands -------------------------------------------------------------------------------------------------


class OpenCase(Command, frozen=True, kw_only=True):
    """Take an application in (收件). Asked again it stays one application.

    ``promised_end`` is for imported records that name the end itself. ``test`` (网上申报测试) keeps the case out of
    every figure.
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


class RequestCorrection(Command, frozen=True):
    """Tell the applicant, once and in full, what is missing (一次性告知, 行政许可法 第32条)."""

    missing: Papers


class Correct(Command, frozen=True):
    """The applicant brought what was missing."""

    provided: Papers


class Accept(Command, frozen=True):
    """受理. ``document`` is the number of the notice (受理文书编号)."""

    document: Label | None = None


class Refuse(Command, frozen=True):
    """不予受理: why not, and whom the applicant may turn to (行政许可法 第32条)."""

    reason: Words
    where_to_go: Words


class RecordStep(Command, frozen=True):
    """Write down a step that was done (GB/T 39046-2020 table 7).

    ``step`` is the asker's own reference: with it, asking again writes nothing twice. The step ends when it is
    stamped; ``unit`` is who handled it where that is not the case's own unit.
    """

    name: Label
    handler: Label
    action: Action = "other"
    opinion: Words | None = None
    unit: Label | None = None
    started_at: Instant | None = None
    step: Reference | None = None


class Suspend(Command, frozen=True):
    """Begin a special procedure; the applicant is told how long it takes (行政许可法 第45条)."""

    kind: SpecialProcedure
    reason: Words
    needs_workdays: Workdays


class Resume(Command, frozen=True):
    """The special procedure is over, with what it came to (特别程序结果)."""

    result: Words | None = None


class Extend(Command, frozen=True):
    """Grant more days, once, by leave of the head of the authority, who is not the one who asks."""

    workdays: Extension
    reason: Words
    approved_by: Label


class Decide(Command, frozen=True):
    """决定. A refusal or a termination says why."""

    result: Result
    reason: Words | None = None


class Close(Command, frozen=True):
    """办结. Without a decision on record the ``reason`` tells why (异常办结, an imported record that lacks it)."""

    reason: Words | None = None


class Deliver(Command, frozen=True):
    """送达."""

    means: Means


class Withdraw(Command, frozen=True):
    """The applicant takes the application back."""

    reason: Words | None = None


AnyCommand = (
    OpenCase
    | RequestCorrection
    | Correct
    | Accept
    | Refuse
    | RecordStep
    | Suspend
    | Resume
    | Extend
    | Decide
    | Close
    | Deliver
    | Withdraw
    | supervision.AnyCommand
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


class CorrectionRequested(Event, frozen=True, tag="case-correction-requested"):
    missing: tuple[str, ...]


class CaseCorrected(Event, frozen=True, tag="case-corrected"):
    provided: tuple[str, ...]


class CaseAccepted(Event, frozen=True, tag="case-accepted"):
    """``clock`` is missing where nothing is timed: what is handled on the spot (即办件)."""

    document: str | None = None
    clock: CaseClock | None = None


class CaseRefused(Event, frozen=True, tag="case-refused"):
    reason: str
    where_to_go: str


class StepRecorded(Event, frozen=True, tag="case-step-recorded"):
    name: str
    handler: str
    action: Action = "other"
    opinion: str | None = None
    unit: str | None = None
    started_at: datetime | None = None
    step: str | None = None


class CaseSuspended(Event, frozen=True, tag="case-suspended"):
    kind: SpecialProcedure
    reason: str
    needs_workdays: int


class CaseResumed(Event, frozen=True, tag="case-resumed"):
    result: str | None = None
    clock: CaseClock | None = None


class CaseExtended(Event, frozen=True, tag="case-extended"):
    workdays: int
    reason: str
    approved_by: str
    clock: CaseClock | None = None


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


class CaseDelivered(Event, frozen=True, tag="case-delivered"):
    means: Means


class CaseWithdrawn(Event, frozen=True, tag="case-withdrawn"):
    reason: str | None = None


AnyEvent = (
    CaseOpened
    | CorrectionRequested
    | CaseCorrected
    | CaseAccepted
    | CaseRefused
    | StepRecorded
    | CaseSuspended
    | CaseResumed
    | CaseExtended
    | CaseDecided
    | CaseClosed
    | CaseDelivered
    | CaseWithdrawn
    | supervision.AnyEvent
)


# --- state ----------------------------------------------------------------------------------------------------


class Case(msgspec.Struct):
    """The application as its desk knows it."""

    status: Status = "unknown"
    opened: CaseOpened | None = None
    told: tuple[str, ...] = ()
    """What was missing, once that has been told."""
    watch: Watch = msgspec.field(default_factory=Watch)
    suspension: CaseSuspended | None = None
    suspended_at: datetime | None = None
    extension: CaseExtended | None = None
    decision: CaseDecided | None = None
    means: Means | None = None
    steps: dict[str, None] = {}
    """The references of the steps written down, those that have one."""


OUT_OF_TURN: dict[Status, str] = {
    "received": "not-accepted",
    "correcting": "correction-outstanding",
    "accepted": "already-accepted",
    "suspended": "case-suspended",
    "decided": "already-decided",
    "closed": "case-ended",
    "refused": "case-ended",
    "withdrawn": "case-ended",
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
    if isinstance(command, supervision.AnyCommand):
        return [*supervision.decide(command, case.watch, stamp)] if case.status in TIMED else []
    match command, case.status:
        case OpenCase(), _:
            return []

        case RequestCorrection(missing), "correcting" if missing == case.told:
            return []
        case RequestCorrection(), "received" | "correcting" if case.told:
            raise Refused("correction-already-told", told=case.told)
        case RequestCorrection(missing), "received":
            return [CorrectionRequested(missing)]
        case Correct(provided), "correcting":
            return [CaseCorrected(provided)]
        case Correct(), "received":
            if case.told:
                return []
            raise Refused("no-correction-asked")
        case Accept(), "accepted":
            return []
        case Accept(document), "received":
            return [CaseAccepted(document, _clock(opened, stamp.at))]
        case Refuse(), "refused":
            return []
        case Refuse(reason, where_to_go), "received" | "correcting":
            return [CaseRefused(reason, where_to_go)]

        case RecordStep(step=step), _ if step in case.steps:
            return []
        case RecordStep() as done, status if status not in ("refused", "withdrawn"):
            return [StepRecorded(**msgspec.structs.asdict(done))]

        case Suspend() as asked, "accepted" | "suspended":
            return _suspend(asked, case, stamp)
        case Resume(), "accepted":
            return []
        case Resume(result), "suspended":
            return [CaseResumed(result, _clock_after_stop(case, stamp.at))]
        case Extend() as asked, "accepted" | "suspended":
            return _extend(asked, case, stamp)

        case Decide(result, reason), _ if case.decision == CaseDecided(result, reason):
            return []
        case Decide(result, reason), "accepted":
            if result != "granted" and reason is None:
                raise Refused("reason-missing", invalid=True, field="reason")
            return [CaseDecided(result, reason)]
        case Close(), "closed":
            return []
        case Close(None), "accepted":
            raise Refused("not-decided")
        case Close(reason), "accepted" | "decided":
            return [CaseClosed(opened.item, opened.hall, opened.unit, case.watch.due_at, reason, opened.test)]
        case Deliver(means), _ if means == case.means:
            return []
        case Deliver(), _ if case.means is not None:
            raise Refused("already-delivered", means=case.means)
        case Deliver(), _ if case.decision is None:
            raise Refused("not-decided")
        case Deliver(means), "decided" | "closed":
            return [CaseDelivered(means)]
        case Withdraw(), "withdrawn":
            return []
        case Withdraw(reason), "received" | "correcting" | "accepted" | "suspended":
            return [CaseWithdrawn(reason)]
    raise Refused(OUT_OF_TURN[case.status], status=case.status)


def evolve(case: Case, event: AnyEvent, stamp: Stamp) -> Case:
    match event:
        case CaseOpened():
            case.opened, case.status = event, "received"
        case CorrectionRequested(missing):
            case.told, case.status = missing, "correcting"
        case CaseCorrected():
            case.status = "received"
        case CaseAccepted(_, clock):
            case.watch.clock, case.status = clock, "accepted"
        case CaseRefused():
            case.status = "refused"
        case StepRecorded(step=step):
            if step is not None:
                case.steps[step] = None
        case CaseSuspended():
            case.suspension, case.suspended_at = event, stamp.at
            case.status, case.watch.running = "suspended", False
        case CaseResumed(_, clock):
            case.suspension, case.suspended_at = None, None
            case.status, case.watch.clock = "accepted", clock
        case CaseExtended(clock=clock):
            case.extension, case.watch.clock = event, clock
        case CaseDecided():
            case.decision, case.status = event, "decided"
        case CaseClosed():
            case.status, case.watch.running = "closed", False
        case CaseDelivered(means):
            case.means = means
        case CaseWithdrawn():
            case.status, case.watch.running = "withdrawn", False
        case supervision.ClockStarted() | supervision.DeadlineRecomputed() | supervision.CaseWarned():
            supervision.evolve(case.watch, event, stamp)
        case _:
            assert_never(event)
    return case


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


def _suspend(asked: Suspend, case: Case, stamp: Stamp) -> list[AnyEvent]:
    suspended = CaseSuspended(asked.kind, asked.reason, asked.needs_workdays)
    if case.suspension == suspended:
        return []
    if case.suspension is not None:
        raise Refused("case-suspended", kind=case.suspension.kind)
    refuse_after_deadline(case.watch, stamp)
    return [suspended]


def _extend(asked: Extend, case: Case, stamp: Stamp) -> list[AnyEvent]:
    clock = case.watch.clock and msgspec.structs.replace(case.watch.clock, extension=asked.workdays)
    extended = CaseExtended(asked.workdays, asked.reason, asked.approved_by, clock)
    if case.extension is not None:
        if msgspec.structs.replace(case.extension, clock=clock) == extended:
            return []
        raise Refused("already-extended", workdays=case.extension.workdays)
    if clock is None:
        raise Refused("case-not-timed")
    if stamp.by.partition(":")[2] == asked.approved_by:
        raise Refused("approver-is-asker", approved_by=asked.approved_by)
    refuse_after_deadline(case.watch, stamp)
    return [extended]


def _clock(opened: CaseOpened, since: datetime) -> CaseClock | None:
    if opened.kind == "on-the-spot":
        return None
    return CaseClock(
        since=since,
        workdays=opened.promised_limit_workdays,
        statutory=opened.statutory_limit_workdays,
        ends_at=opened.promised_end,
    )


def _clock_after_stop(case: Case, until: datetime) -> CaseClock | None:
    clock = case.watch.clock
    if clock is None or case.suspended_at is None:
        return clock
    return msgspec.structs.replace(clock, stops=(*clock.stops, Stop(case.suspended_at, until)))
