"""A webhook (事件推送): events of the log, posted in its order to an address of another organisation.

An administrator says which subjects, of which hall, to which address. What is sent is what the event stream shows
partners too. The secret it is signed with stands in no event, and neither does how far it has come: a delivery that
were an event would be one more to deliver. The stream is ``webhook-{webhook}``.
"""

from datetime import datetime
from typing import Annotated, Literal, assert_never, get_args

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Id, Label, Refused, Stamp, Words

Subject = Literal["slots", "queue", "case", "review", "hall", "item", "calendar"]
"""What others may hear of: not a citizen's own record, not notices, devices or webhooks."""
SUBJECTS: tuple[Subject, ...] = get_args(Subject)

Address = Annotated[str, Meta(pattern=r"^https?://[^\s/?#@\\]+(/[^\s#\\]*)?$", max_length=500)]
Tag = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,59}$")]
Position = Annotated[int, Meta(ge=0, le=2**62)]

Status = Literal["active", "suspended", "removed"]
Suspension = Literal["by-hand", "failing", "gone"]
"""``failing``: no delivery succeeded for days. ``gone``: the address answered 410, so that it wants no more."""

# --- commands -----------------------------------------------------------------------------------------------


class RegisterWebhook(Command, frozen=True, kw_only=True):
    """``events`` narrows the subjects to some tags. ``after`` begins behind that position of the log; without it, with
    what comes from now on."""

    name: Label
    url: Address
    subjects: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=len(SUBJECTS))]
    events: Annotated[tuple[Tag, ...], Meta(max_length=100)] = ()
    hall: Id | None = None
    after: Position | None = None


class SuspendWebhook(Command, frozen=True):
    cause: Suspension = "by-hand"
    reason: Words | None = None


class ResumeWebhook(Command, frozen=True):
    """Go on where it stopped; with ``after``, deliver again what stands behind that position."""

    after: Position | None = None


class RenewSecret(Command, frozen=True):
    """Sign with another secret. The one of before signs beside it for a day."""


class RemoveWebhook(Command, frozen=True):
    reason: Words | None = None


AnyCommand = RegisterWebhook | SuspendWebhook | ResumeWebhook | RenewSecret | RemoveWebhook


# --- events -------------------------------------------------------------------------------------------------


class WebhookRegistered(Event, frozen=True, kw_only=True, tag="webhook-registered"):
    name: str
    url: str
    subjects: tuple[Subject, ...]
    events: tuple[str, ...] = ()
    hall: str | None = None
    position: int | None = None


class WebhookSuspended(Event, frozen=True, tag="webhook-suspended"):
    cause: Suspension
    reason: str | None = None


class WebhookResumed(Event, frozen=True, tag="webhook-resumed"):
    position: int | None = None


class WebhookSecretRenewed(Event, frozen=True, tag="webhook-secret-renewed"):
    pass


class WebhookRemoved(Event, frozen=True, tag="webhook-removed"):
    reason: str | None = None


AnyEvent = WebhookRegistered | WebhookSuspended | WebhookResumed | WebhookSecretRenewed | WebhookRemoved


# --- state --------------------------------------------------------------------------------------------------


class Webhook(msgspec.Struct):
    """``secrets`` is how many it has had; ``cause`` why it is suspended."""

    registered: WebhookRegistered | None = None
    registered_at: datetime | None = None
    status: Status = "active"
    cause: Suspension | None = None
    reason: str | None = None
    secrets: int = 1
    renewed_at: datetime | None = None


def stream(webhook: str) -> str:
    return f"webhook-{webhook}"


def initial() -> Webhook:
    return Webhook()


def decide(command: AnyCommand, webhook: Webhook, stamp: Stamp) -> list[AnyEvent]:
    if isinstance(command, RegisterWebhook):
        if webhook.registered is not None:
            raise Refused("webhook-known")
        asked = msgspec.structs.asdict(command)
        return [WebhookRegistered(position=asked.pop("after"), **asked)]
    if webhook.registered is None:
        raise Refused("unknown-webhook", missing=True)
    match command:
        case RemoveWebhook(reason):
            return [] if webhook.status == "removed" else [WebhookRemoved(reason)]
        case _ if webhook.status == "removed":
            raise Refused("webhook-removed")
        case SuspendWebhook(cause, reason):
            return [] if webhook.status == "suspended" else [WebhookSuspended(cause, reason)]
        case ResumeWebhook(after):
            return [] if after is None and webhook.status == "active" else [WebhookResumed(after)]
        case RenewSecret():
            return [WebhookSecretRenewed()]
    assert_never(command)


def evolve(webhook: Webhook, event: AnyEvent, stamp: Stamp) -> Webhook:
    match event:
        case WebhookRegistered():
            webhook.registered, webhook.registered_at = event, stamp.at
        case WebhookSuspended(cause, reason):
            webhook.status, webhook.cause, webhook.reason = "suspended", cause, reason
        case WebhookResumed():
            webhook.status, webhook.cause, webhook.reason = "active", None, None
        case WebhookSecretRenewed():
            webhook.secrets, webhook.renewed_at = webhook.secrets + 1, stamp.at
        case WebhookRemoved(reason):
            webhook.status, webhook.reason = "removed", reason
        case _:
            assert_never(event)
    return webhook
