"""Time a case is granted beyond its limit: special procedures, which do not count, one extension, and pauses (挂起).

It is part of the case's own stream (行政许可法 第42、45条). A pause for any other reason than those of 第45条 is the
hall's own: the promise stands still and the statutory limit runs on, unless the region says that the reason stops both.
What was granted ends up in the case's clock; the policy computes from it by when the case is due now.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.deadlines import CaseClock, Stop
from domain.message import Command, Event, Id, Label, Refused, Stamp, Text, Words
from domain.supervision import Watch, refuse_after_deadline

SpecialProcedure = Literal[
    "hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert-review"
]
"""听证, 招标, 拍卖, 检验, 检测, 检疫, 鉴定, 专家评审: what alone does not count (行政许可法 第45条)."""

EXTENSION_MAX, JOINT_EXTENSION_MAX = 10, 15
"""Working days: by the head of the authority, and of what several handle together (行政许可法 第42条)."""

Extension = Annotated[int, Meta(ge=1, le=15, description="working days, 行政许可法 第42条")]
Needed = Annotated[int, Meta(ge=1, le=999, description="working days")]


class PauseReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For what a case may be paused. ``most_workdays`` bounds what a pause may be said to take; ``statutory``: the
    statutory limit stands still as well, for which the region answers."""

    name: Text
    most_workdays: Needed | None = None
    statutory: bool = False


PAUSES: dict[str, PauseReason] = {
    "payment": PauseReason(Text("待缴费", "payment awaited")),
    "applicant": PauseReason(Text("申请人要求暂缓", "the applicant asks to wait")),
    "other-authority": PauseReason(Text("待其他机关答复", "another authority's answer awaited")),
    "force-majeure": PauseReason(Text("不可抗力", "force majeure")),
}
"""The reasons where a region has named none. No source has a list; this is ours."""


# --- commands -------------------------------------------------------------------------------------------------


class Suspend(Command, frozen=True):
    """Begin a special procedure; the applicant is told how long it takes (行政许可法 第45条)."""

    kind: SpecialProcedure
    reason: Words
    needs_workdays: Needed


class PauseCase(Command, frozen=True):
    """The case stands still (挂起) for a reason that the region has named; see ``pausing``."""

    reason: Id
    note: Words
    needs_workdays: Needed
    statutory: bool = False


class Resume(Command, frozen=True):
    """The special procedure or the pause is over, with what it came to (特别程序结果)."""

    result: Words | None = None


class AskExtension(Command, frozen=True):
    """The one who handles the case asks a role above for more days."""

    workdays: Extension
    reason: Words


class Extend(Command, frozen=True):
    """Grant more days, once, by leave of the head of the authority, who is not the one who asks."""

    workdays: Extension
    reason: Words
    approved_by: Label


AnyCommand = Suspend | PauseCase | Resume | AskExtension | Extend


# --- events ---------------------------------------------------------------------------------------------------


class CaseSuspended(Event, frozen=True, tag="case-suspended"):
    kind: SpecialProcedure
    reason: str
    needs_workdays: int


class CasePaused(Event, frozen=True, tag="case-paused"):
    """``clock`` is there where the statutory limit runs on."""

    reason: str
    note: str
    needs_workdays: int
    statutory: bool = False
    clock: CaseClock | None = None


class CaseResumed(Event, frozen=True, tag="case-resumed"):
    result: str | None = None
    clock: CaseClock | None = None


class ExtensionAsked(Event, frozen=True, tag="case-extension-asked"):
    workdays: int
    reason: str


class CaseExtended(Event, frozen=True, tag="case-extended"):
    workdays: int
    reason: str
    approved_by: str
    clock: CaseClock | None = None


AnyEvent = CaseSuspended | CasePaused | CaseResumed | ExtensionAsked | CaseExtended


# --- state ----------------------------------------------------------------------------------------------------


class Granted(msgspec.Struct):
    """What a case was granted so far."""

    suspension: CaseSuspended | CasePaused | None = None
    suspended_at: datetime | None = None
    asked: ExtensionAsked | None = None
    asked_by: str | None = None
    extension: CaseExtended | None = None


def decide(
    command: AnyCommand, granted: Granted, watch: Watch, status: str, joint: bool, stamp: Stamp
) -> list[AnyEvent] | None:
    """The answer of a case of this status, ``joint`` if several authorities handle it; ``None`` out of turn."""
    match command, status:
        case Suspend(kind, reason, needs), "accepted" | "suspended":
            return _stand_still(CaseSuspended(kind, reason, needs), granted, watch, stamp)
        case PauseCase(reason, note, needs, statutory), "accepted" | "suspended":
            clock = watch.clock
            runs_on = clock is not None and clock.statutory is not None and not statutory
            held = msgspec.structs.replace(clock, paused_at=stamp.at) if clock and runs_on else None
            return _stand_still(CasePaused(reason, note, needs, statutory, held), granted, watch, stamp)
        case Resume(), "accepted":
            return []
        case Resume(result), "suspended":
            return [CaseResumed(result, _clock_after_stop(granted, watch, stamp.at))]
        case AskExtension() as asked, "accepted" | "suspended":
            return _ask(asked, granted, watch, joint, stamp)
        case Extend() as asked, "accepted" | "suspended":
            return _extend(asked, granted, watch, joint, stamp)
    return None


def evolve(granted: Granted, watch: Watch, event: AnyEvent, stamp: Stamp) -> None:
    match event:
        case CaseSuspended() | CasePaused():
            granted.suspension, granted.suspended_at = event, stamp.at
            watch.running = False
            if isinstance(event, CasePaused) and event.clock is not None:
                watch.clock = event.clock
        case CaseResumed(_, clock):
            granted.suspension, granted.suspended_at = None, None
            watch.clock, watch.running = clock, False
        case ExtensionAsked():
            granted.asked, granted.asked_by = event, _subject(stamp)
        case CaseExtended(clock=clock):
            granted.extension, watch.clock = event, clock
        case _:
            assert_never(event)


def _stand_still(
    still: CaseSuspended | CasePaused, granted: Granted, watch: Watch, stamp: Stamp
) -> list[AnyEvent]:
    if (known := granted.suspension) is not None:
        if type(known) is type(still) and _words(known) == _words(still):
            return []
        raise Refused("case-suspended", kind=_words(known)[0])
    refuse_after_deadline(watch, stamp)
    return [still]


def _words(still: CaseSuspended | CasePaused) -> tuple[str, str, int]:
    """What was asked: the same asking is known again."""
    if isinstance(still, CaseSuspended):
        return still.kind, still.reason, still.needs_workdays
    return still.reason, still.note, still.needs_workdays


def runs_on(granted: Granted) -> bool:
    """Whether the statutory limit runs while the case stands still."""
    return isinstance(granted.suspension, CasePaused) and granted.suspension.clock is not None


def pausing(reasons: Mapping[str, PauseReason], reason: str, note: str, needs_workdays: int) -> PauseCase:
    """A pause for one of the reasons that a region has named.

    Raises:
        Refused: it has not named this one, or no pause for it may take so long.
    """
    if (known := reasons.get(reason)) is None:
        raise Refused("unknown-pause-reason", invalid=True, field="reason", reasons=sorted(reasons))
    if known.most_workdays is not None and needs_workdays > known.most_workdays:
        raise Refused("pause-too-long", invalid=True, field="needs_workdays", most=known.most_workdays)
    return PauseCase(reason, note, needs_workdays, known.statutory)


def _ask(asked: AskExtension, granted: Granted, watch: Watch, joint: bool, stamp: Stamp) -> list[AnyEvent]:
    told = ExtensionAsked(asked.workdays, asked.reason)
    if granted.asked == told:
        return []
    if granted.extension is not None:
        raise Refused("already-extended", workdays=granted.extension.workdays)
    _check_extension(asked.workdays, watch, joint, stamp)
    return [told]


def _extend(asked: Extend, granted: Granted, watch: Watch, joint: bool, stamp: Stamp) -> list[AnyEvent]:
    clock = watch.clock and msgspec.structs.replace(watch.clock, extension=asked.workdays)
    extended = CaseExtended(asked.workdays, asked.reason, asked.approved_by, clock)
    if granted.extension is not None:
        if msgspec.structs.replace(granted.extension, clock=clock) == extended:
            return []
        raise Refused("already-extended", workdays=granted.extension.workdays)
    if (granted.asked_by or _subject(stamp)) == asked.approved_by:
        raise Refused("approver-is-asker", approved_by=asked.approved_by)
    _check_extension(asked.workdays, watch, joint, stamp)
    return [extended]


def _check_extension(workdays: int, watch: Watch, joint: bool, stamp: Stamp) -> None:
    if watch.clock is None:
        raise Refused("case-not-timed")
    most = JOINT_EXTENSION_MAX if joint else EXTENSION_MAX
    if workdays > most:
        raise Refused("extension-too-long", invalid=True, field="workdays", most=most)
    refuse_after_deadline(watch, stamp)


def _clock_after_stop(granted: Granted, watch: Watch, until: datetime) -> CaseClock | None:
    clock = watch.clock
    if clock is None or granted.suspended_at is None:
        return clock
    still = granted.suspension
    by_law = not isinstance(still, CasePaused) or still.statutory
    stops = (*clock.stops, Stop(granted.suspended_at, until, by_law))
    return msgspec.structs.replace(clock, stops=stops, paused_at=None)


def _subject(stamp: Stamp) -> str:
    return stamp.by.partition(":")[2]
