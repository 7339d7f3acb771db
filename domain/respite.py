"""Time a case is granted beyond its limit: special procedures, which do not count, and one extension.

It is part of the case's own stream (行政许可法 第42、45条). What was granted ends up in the case's clock; the policy
computes from it by when the case is due now.
"""

from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.deadlines import CaseClock, Stop
from domain.message import Command, Event, Label, Refused, Stamp, Words
from domain.supervision import Watch, refuse_after_deadline

SpecialProcedure = Literal[
    "hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert-review"
]
"""听证, 招标, 拍卖, 检验, 检测, 检疫, 鉴定, 专家评审: what alone does not count (行政许可法 第45条)."""

EXTENSION_MAX, JOINT_EXTENSION_MAX = 10, 15
"""Working days: by the head of the authority, and of what several handle together (行政许可法 第42条)."""

Extension = Annotated[int, Meta(ge=1, le=15, description="working days, 行政许可法 第42条")]
Needed = Annotated[int, Meta(ge=1, le=999, description="working days")]


# --- commands -------------------------------------------------------------------------------------------------


class Suspend(Command, frozen=True):
    """Begin a special procedure; the applicant is told how long it takes (行政许可法 第45条)."""

    kind: SpecialProcedure
    reason: Words
    needs_workdays: Needed


class Resume(Command, frozen=True):
    """The special procedure is over, with what it came to (特别程序结果)."""

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


AnyCommand = Suspend | Resume | AskExtension | Extend


# --- events ---------------------------------------------------------------------------------------------------


class CaseSuspended(Event, frozen=True, tag="case-suspended"):
    kind: SpecialProcedure
    reason: str
    needs_workdays: int


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


AnyEvent = CaseSuspended | CaseResumed | ExtensionAsked | CaseExtended


# --- state ----------------------------------------------------------------------------------------------------


class Granted(msgspec.Struct):
    """What a case was granted so far."""

    suspension: CaseSuspended | None = None
    suspended_at: datetime | None = None
    asked: ExtensionAsked | None = None
    asked_by: str | None = None
    extension: CaseExtended | None = None


def decide(
    command: AnyCommand, granted: Granted, watch: Watch, status: str, joint: bool, stamp: Stamp
) -> list[AnyEvent] | None:
    """The answer of a case of this status, ``joint`` if several authorities handle it; ``None`` out of turn."""
    match command, status:
        case Suspend() as asked, "accepted" | "suspended":
            return _suspend(asked, granted, watch, stamp)
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
        case CaseSuspended():
            granted.suspension, granted.suspended_at = event, stamp.at
            watch.running = False
        case CaseResumed(_, clock):
            granted.suspension, granted.suspended_at = None, None
            watch.clock = clock
        case ExtensionAsked():
            granted.asked, granted.asked_by = event, _subject(stamp)
        case CaseExtended(clock=clock):
            granted.extension, watch.clock = event, clock
        case _:
            assert_never(event)


def _suspend(asked: Suspend, granted: Granted, watch: Watch, stamp: Stamp) -> list[AnyEvent]:
    suspended = CaseSuspended(asked.kind, asked.reason, asked.needs_workdays)
    if granted.suspension == suspended:
        return []
    if granted.suspension is not None:
        raise Refused("case-suspended", kind=granted.suspension.kind)
    refuse_after_deadline(watch, stamp)
    return [suspended]


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
    return msgspec.structs.replace(clock, stops=(*clock.stops, Stop(granted.suspended_at, until)))


def _subject(stamp: Stamp) -> str:
    return stamp.by.partition(":")[2]
