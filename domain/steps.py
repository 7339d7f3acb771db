"""Steps (环节) of a case: who did what. A step moves nothing, so whatever an office writes down can be written down.

It is part of the case's own stream.
"""

from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Label, Reference, Words

Action = Literal["passed", "returned", "other"]
"""业务动作 通过, 退回, 其他 (GB/T 39046-2020 table 7)."""

Instant = Annotated[datetime, Meta(tz=True)]


class BeginStep(Command, frozen=True):
    """A step begins that has a limit of its own; recording the step under the same reference ends it."""

    step: Reference
    name: Label
    handler: Label
    workdays: Annotated[int, Meta(ge=1, le=999)]


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


AnyCommand = BeginStep | RecordStep


class StepBegun(Event, frozen=True, tag="case-step-begun"):
    step: str
    name: str
    handler: str
    workdays: int


class StepRecorded(Event, frozen=True, tag="case-step-recorded"):
    name: str
    handler: str
    action: Action = "other"
    opinion: str | None = None
    unit: str | None = None
    started_at: datetime | None = None
    step: str | None = None


AnyEvent = StepBegun | StepRecorded


class Steps(msgspec.Struct):
    """The references of the steps that were begun and of those written down, where they have one."""

    begun: dict[str, None] = {}
    done: dict[str, None] = {}


def decide(command: AnyCommand, steps: Steps, status: str) -> list[AnyEvent] | None:
    """The answer of a case of this status; ``None`` where it is out of turn."""
    match command, status:
        case BeginStep(step), _ if step in steps.begun or step in steps.done:
            return []
        case BeginStep(), "accepted":
            return [StepBegun(**msgspec.structs.asdict(command))]
        case RecordStep(step=step), _ if step in steps.done:
            return []
        case RecordStep(), _ if status not in ("refused", "withdrawn", "archived"):
            return [StepRecorded(**msgspec.structs.asdict(command))]
    return None


def evolve(steps: Steps, event: AnyEvent) -> None:
    match event:
        case StepBegun(step):
            steps.begun[step] = None
        case StepRecorded(step=done):
            if done is not None:
                steps.done[done] = None
        case _:
            assert_never(event)
