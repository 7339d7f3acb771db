"""What follows a bad review (差评整改): contact → verify → rectify → feed-back → call-back → closed.

It is part of the review's own stream. The unit cannot find its own bad review mistaken or malicious: such a finding,
and an appeal (申诉复核), wait for the ruling of another unit, and the deadlines run on meanwhile.
"""

from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain import urging
from domain.deadlines import RectificationClock, RectificationDues, RectificationStep, Stop
from domain.message import Command, Event, Label, Reference, Refused, Stamp, Words
from domain.urging import Urging

Reached = Literal["reached", "declined", "unreachable"]

Finding = Literal["true", "partly-true", "mis-rated", "malicious"]
"""属实, 部分属实, 误评, 恶意差评."""

UNFOUNDED: tuple[Finding, ...] = ("mis-rated", "malicious")
"""Once ruled, these take the rating out of the figures (不予采纳), never out of the log."""

Remedy = Literal["measures", "plan", "explanation"]
"""立行立改; 建立台账、限期整改; 缺乏法定依据的做好解释说明 (国办发〔2019〕51号 as quoted by 德州 2020)."""

FeedBackMeans = Literal["phone", "visit", "message", "letter", "notice"]

Step = Literal["contact", "verify", "ruling", "rectify", "feed-back", "call-back", "closed"]
"""What a rectification waits for."""

Hindrance = Literal["reviewer-away", "evidence-awaited", "other-authority", "force-majeure"]
"""Why a deadline may stand still: 等待评价人, 等待取证, 等待其他机关, 不可抗力. No source has a list; this is ours."""

Extension = Annotated[int, Meta(ge=1, le=5, description="working days; no source gives a number")]


# --- commands -------------------------------------------------------------------------------------------------


class OpenRectification(Command, frozen=True):
    """From the policy, after a bad review: the work order of the responsible unit (谁办理、谁负责)."""

    rectification: Reference
    unit: Label
    clock: RectificationClock
    dues: RectificationDues


class Contact(Command, frozen=True):
    """The reviewer was called on (第一时间安排专人回访核实). Any attempt meets the deadline; one that reached nobody
    may be followed by more."""

    outcome: Reached
    note: Words | None = None


class Verify(Command, frozen=True):
    finding: Finding
    note: Words


class Rectify(Command, frozen=True):
    """What was done. A plan gives the longer deadline, once, and is followed by measures or an explanation."""

    remedy: Remedy
    text: Words


class ExtendRectification(Command, frozen=True):
    """More days, once, approved by somebody else than the one who asks."""

    workdays: Extension
    reason: Words
    approved_by: Label


class PauseRectification(Command, frozen=True):
    """Its deadlines stand still, for a stated reason only."""

    reason: Hindrance
    note: Words


class ResumeRectification(Command, frozen=True):
    """What it waited for is there."""


class Appeal(Command, frozen=True):
    """The unit holds the review to be wrong. Its deadline runs on meanwhile."""

    reason: Words


class Rule(Command, frozen=True):
    """Another unit's word (``unit`` is the ruling one) on a contested review."""

    finding: Finding
    note: Words
    unit: Label


class FeedBack(Command, frozen=True):
    """Tell the reviewer what came of it (件件有反馈)."""

    text: Words
    means: FeedBackMeans


class CallBack(Command, frozen=True):
    """回访. ``satisfied`` is missing where the reviewer could not be reached or would not say."""

    satisfied: bool | None = None
    note: Words | None = None


class RecomputeDues(Command, frozen=True):
    """From the policy: other instants, after an extension or a new notice. What was computed from a clock that has
    changed since is left aside."""

    clock: RectificationClock
    dues: RectificationDues


class MarkOverdue(Command, frozen=True):
    """From the scheduler: a step's deadline has passed."""

    step: RectificationStep


class WarnRectification(Command, frozen=True):
    """From the scheduler: the deadline ``due_at`` comes near (预警)."""

    due_at: datetime


DeskCommand = (
    Contact
    | Verify
    | Rectify
    | ExtendRectification
    | PauseRectification
    | ResumeRectification
    | Appeal
    | Rule
    | FeedBack
    | CallBack
)
StepCommand = DeskCommand | RecomputeDues | MarkOverdue | WarnRectification | urging.AnyCommand
AnyCommand = OpenRectification | StepCommand


# --- events ---------------------------------------------------------------------------------------------------


class RectificationOpened(Event, frozen=True, tag="rectification-opened"):
    rectification: str
    unit: str
    clock: RectificationClock
    dues: RectificationDues


class ReviewerContacted(Event, frozen=True, tag="reviewer-contacted"):
    outcome: Reached
    note: str | None = None


class ReviewVerified(Event, frozen=True, tag="review-verified"):
    finding: Finding
    note: str


class RectificationPlanned(Event, frozen=True, tag="rectification-planned"):
    text: str


class ReviewRectified(Event, frozen=True, kw_only=True, tag="review-rectified"):
    """``due_at`` is the deadline it was done under."""

    remedy: Remedy
    text: str
    due_at: datetime


class RectificationExtended(Event, frozen=True, tag="rectification-extended"):
    workdays: int
    reason: str
    approved_by: str
    clock: RectificationClock


class RectificationPaused(Event, frozen=True, tag="rectification-paused"):
    reason: Hindrance
    note: str


class RectificationResumed(Event, frozen=True, tag="rectification-resumed"):
    clock: RectificationClock


class RulingAwaited(Event, frozen=True, tag="ruling-awaited"):
    """The review is contested: from now on runs the time in which it is to be ruled upon."""

    clock: RectificationClock


class RectificationWarned(Event, frozen=True, tag="rectification-warned"):
    due_at: datetime


class ReviewAppealed(Event, frozen=True, tag="review-appealed"):
    reason: str


class ReviewRuled(Event, frozen=True, tag="review-ruled"):
    finding: Finding
    note: str
    unit: str


class RectificationFedBack(Event, frozen=True, tag="rectification-fed-back"):
    text: str
    means: FeedBackMeans


class ReviewerCalledBack(Event, frozen=True, tag="reviewer-called-back"):
    satisfied: bool | None = None
    note: str | None = None


class RectificationRecomputed(Event, frozen=True, tag="rectification-recomputed"):
    dues: RectificationDues


class RectificationOverdue(Event, frozen=True, tag="rectification-overdue"):
    step: RectificationStep
    unit: str | None = None
    """Whose it is: its lagging is counted."""


StepEvent = (
    ReviewerContacted
    | ReviewVerified
    | RectificationPlanned
    | ReviewRectified
    | RectificationExtended
    | ReviewAppealed
    | ReviewRuled
    | RectificationFedBack
    | ReviewerCalledBack
    | RectificationRecomputed
    | RectificationOverdue
    | RectificationPaused
    | RectificationResumed
    | RulingAwaited
    | RectificationWarned
    | urging.AnyEvent
)
AnyEvent = RectificationOpened | StepEvent


# --- state ----------------------------------------------------------------------------------------------------


class Rectification(msgspec.Struct):
    opened: RectificationOpened
    clock: RectificationClock
    dues: RectificationDues
    step: Step = "contact"
    reached: Reached | None = None
    planned: bool = False
    extended: bool = False
    contested: bool = False
    """A ruling was asked for, by a finding or by an appeal; there is one."""
    annulled: bool = False
    """Ruled mis-rated or malicious: not adopted (不予采纳)."""
    overdue: list[RectificationStep] = []
    warned: list[datetime] = []
    """The deadlines that were warned of."""
    paused_at: datetime | None = None
    resumed: bool = False
    """Its new instants are not told yet."""
    urging: Urging = msgspec.field(default_factory=Urging)
    last: dict[str, Event] = {}
    """The latest event of each kind, so that a command asked twice is known again."""


def decide(command: StepCommand, work: Rectification, stamp: Stamp) -> list[StepEvent]:
    """What an open rectification answers. ``review`` opens it."""
    match command:
        case RecomputeDues(clock, dues):
            known = dues == work.dues and not work.resumed
            return [] if known or is_settled(work) or clock != work.clock else [RectificationRecomputed(dues)]
        case MarkOverdue(step):
            return _mark_overdue(step, work, stamp)
        case WarnRectification(due_at):
            return _warn(due_at, work, stamp)
        case (
            urging.Assign()
            | urging.Remind()
            | urging.Escalate()
            | urging.RecordOrder()
            | urging.AnswerOrder()
        ):
            return [*urging.decide(command, work.urging, work.step == "closed")]
        case PauseRectification() if work.paused_at is not None:
            return []
        case ResumeRectification() if work.paused_at is None:
            return []
    done = _done(command, work, stamp)
    another_attempt = isinstance(command, Contact) and work.step == "verify" and work.reached == "unreachable"
    if (
        done == work.last.get(_tag(done))
        and not another_attempt
        and not isinstance(command, PauseRectification)
    ):
        return []
    _refuse_out_of_turn(command, work, stamp)
    contested = isinstance(done, ReviewAppealed) or (
        isinstance(done, ReviewVerified) and done.finding in UNFOUNDED
    )
    if contested and work.clock.ruling is not None:
        return [done, RulingAwaited(msgspec.structs.replace(work.clock, contested_at=stamp.at))]
    return [done]


def evolve(work: Rectification, event: StepEvent, stamp: Stamp, real_name: bool) -> None:
    """Who is not known cannot be called back: such a rectification ends with the answer that was published."""
    work.last[_tag(event)] = event
    match event:
        case ReviewerContacted(outcome):
            work.reached, work.step = outcome, "verify"
        case ReviewVerified(finding):
            work.contested = finding in UNFOUNDED
            work.step = "ruling" if work.contested else "rectify"
        case RectificationPlanned():
            work.planned = True
        case ReviewRectified():
            work.step = "feed-back"
        case RectificationExtended(clock=clock):
            work.clock, work.extended = clock, True
        case RectificationPaused():
            work.paused_at = stamp.at
        case RectificationResumed(clock):
            work.clock, work.paused_at, work.resumed = clock, None, True
        case RulingAwaited(clock):
            work.clock = clock
        case RectificationWarned(due_at):
            work.warned.append(due_at)
        case ReviewAppealed():
            work.contested, work.step = True, "ruling"
        case ReviewRuled(finding):
            work.annulled = finding in UNFOUNDED
            work.step = "feed-back" if work.annulled else "rectify"
        case RectificationFedBack():
            work.step = "call-back" if real_name else "closed"
        case ReviewerCalledBack():
            work.step = "closed"
        case RectificationRecomputed(dues):
            work.dues, work.resumed = dues, False
        case RectificationOverdue(step):
            work.overdue.append(step)
        case _:
            urging.evolve(work.urging, event)


# --- rules ----------------------------------------------------------------------------------------------------


def is_settled(work: Rectification) -> bool:
    """Nothing more is due of the unit by a deadline."""
    return work.step in ("feed-back", "call-back", "closed")


def _done(command: DeskCommand, work: Rectification, stamp: Stamp) -> StepEvent:
    """What a command comes to if it is in turn."""
    match command:
        case Contact(outcome, note):
            return ReviewerContacted(outcome, note)
        case Verify(finding, note):
            return ReviewVerified(finding, note)
        case Rectify("plan", text):
            return RectificationPlanned(text)
        case Rectify(remedy, text):
            return ReviewRectified(remedy=remedy, text=text, due_at=work.dues.of("rectify", work.planned).at)
        case ExtendRectification(workdays, reason, approved_by):
            clock = msgspec.structs.replace(work.clock, extension=workdays)
            return RectificationExtended(workdays, reason, approved_by, clock)
        case PauseRectification(reason, note):
            return RectificationPaused(reason, note)
        case ResumeRectification():
            assert work.paused_at is not None
            stops = (*work.clock.stops, Stop(work.paused_at, stamp.at))
            return RectificationResumed(msgspec.structs.replace(work.clock, stops=stops))
        case Appeal(reason):
            return ReviewAppealed(reason)
        case Rule(finding, note, unit):
            return ReviewRuled(finding, note, unit)
        case FeedBack(text, means):
            return RectificationFedBack(text, means)
        case CallBack(satisfied, note):
            return ReviewerCalledBack(satisfied, note)
    assert_never(command)


def _refuse_out_of_turn(command: DeskCommand, work: Rectification, stamp: Stamp) -> None:
    """Raises:
    Refused: the rectification waits for another step, or a rule of the step says no.
    """
    match command, work.step:
        case PauseRectification(), "contact" | "verify" | "ruling" | "rectify":
            _refuse_after_deadline(work, stamp)
        case ResumeRectification(), _:
            pass
        case _ if work.paused_at is not None:
            raise Refused("rectification-paused")
        case Contact(), "contact":
            pass
        case Contact(), "verify" if work.reached == "unreachable":
            pass
        case Verify(), "verify":
            pass
        case Rectify("plan"), "rectify":
            if work.planned:
                raise Refused("already-planned")
            _refuse_after_deadline(work, stamp)
        case Rectify(), "rectify":
            pass
        case ExtendRectification(approved_by=approved_by), "contact" | "verify" | "ruling" | "rectify":
            if work.extended:
                raise Refused("already-extended", workdays=work.clock.extension)
            if stamp.by.partition(":")[2] == approved_by:
                raise Refused("approver-is-asker", approved_by=approved_by)
            _refuse_after_deadline(work, stamp)
        case Appeal(), "verify" | "rectify":
            if work.contested:
                raise Refused("already-ruled")
            if work.dues.appeal is not None and stamp.at > work.dues.appeal.at:
                raise Refused("deadline-passed", due_at=work.dues.appeal.at)
        case Rule(unit=unit), "ruling":
            if unit == work.opened.unit:
                raise Refused("ruled-by-rated-unit", unit=unit)
        case (FeedBack(), "feed-back") | (CallBack(), "call-back"):
            pass
        case _, "closed":
            raise Refused("rectification-closed")
        case _:
            raise Refused("step-out-of-order", step=work.step)


def _refuse_after_deadline(work: Rectification, stamp: Stamp) -> None:
    """Neither a plan nor leave for more days comes after the days that there were."""
    due_at = work.dues.of("rectify", work.planned).at
    if stamp.at > due_at:
        raise Refused("deadline-passed", due_at=due_at)


def _mark_overdue(step: RectificationStep, work: Rectification, stamp: Stamp) -> list[StepEvent]:
    met = {
        "contact": work.reached is not None,
        "ruling": work.step != "ruling" or work.dues.ruling is None,
        "rectify": is_settled(work),
        "still-overdue": is_settled(work) or work.dues.ladder(work.planned) is None,
    }
    if met[step] or step in work.overdue or work.paused_at is not None or work.resumed:
        return []
    due_at = work.dues.of(step, work.planned).at
    if stamp.at < due_at:
        raise Refused("not-yet-due", step=step, due_at=due_at)
    return [RectificationOverdue(step, work.opened.unit)]


def _warn(due_at: datetime, work: Rectification, stamp: Stamp) -> list[StepEvent]:
    warn_at = work.dues.warn_at(work.planned)
    stale = due_at != work.dues.of("rectify", work.planned).at or warn_at is None
    if stale or is_settled(work) or due_at in work.warned or work.paused_at is not None or work.resumed:
        return []
    if warn_at is not None and stamp.at < warn_at:
        raise Refused("not-yet-due", step="rectify", due_at=warn_at)
    return [RectificationWarned(due_at)]


def _tag(event: Event) -> str:
    return str(event.__struct_config__.tag)
