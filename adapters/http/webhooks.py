"""Webhooks over HTTP: registered, watched, suspended, resumed, delivered again, signed anew and removed."""

import secrets
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from adapters.http.access import API, WEBHOOK
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command, Nothing
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.http.reading import LIMIT, Cursor, Limit, listing, lists, page_of
from adapters.webhooks.progress import Standing
from domain import webhook
from domain.catalogue import EVENTS_OF
from domain.handling import Act, Ask, Hold
from domain.message import Refused, Words
from domain.webhook import (
    RegisterWebhook,
    RemoveWebhook,
    RenewSecret,
    ResumeWebhook,
    Status,
    Subject,
    SuspendWebhook,
    Suspension,
    Webhook,
)


class WebhookReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """``events`` is empty where all of the subjects are sent; ``cause`` and ``reason`` say why it is suspended;
    ``secrets`` is how many it has had."""

    webhook: str
    name: str
    url: str
    subjects: tuple[Subject, ...]
    events: tuple[str, ...]
    hall: str | None
    status: Status
    cause: Suspension | None
    reason: str | None
    secrets: int


class WebhookSecret(WebhookReceipt, frozen=True, kw_only=True):
    """``secret`` is what deliveries are signed with; it is told this once."""

    secret: str


class WebhookShown(WebhookReceipt, frozen=True, kw_only=True):
    """``delivered_until`` is the position up to which everything was taken or not wanted, ``lag_events`` how far the
    log is ahead of it. ``failures`` count tries of the event behind it; it is tried again at ``retry_at``."""

    registered_at: datetime | None
    delivered_until: int
    delivered_at: datetime | None
    lag_events: int
    failures: int
    failing_since: datetime | None
    retry_at: datetime | None
    error: str | None


class Reasoned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Words | None = None


def commands(parts: Parts) -> list[Command]:
    async def register(asked: Asking, words: list[str], body: RegisterWebhook, query: bytes) -> Reply:
        parts.webhooks.targets.check(body.url)
        if body.hall is not None:
            parts.catalogue.hall(body.hall)
        there = {str(kind.__struct_config__.tag) for subject in body.subjects for kind in EVENTS_OF[subject]}
        if strange := sorted({*body.events} - there):
            raise Rejected(422, "invalid", errors=[FieldError("events", f"unknown-event: {strange[0]}")])
        await parts.catalogue.refresh()
        if body.after is not None and body.after > parts.catalogue.position:
            raise Rejected(422, "invalid", errors=[FieldError("after", "not-written-yet")])
        return await ask(asked, secrets.token_hex(8), body, status=201, tells_secret=True)

    async def suspend(asked: Asking, words: list[str], body: Reasoned, query: bytes) -> Reply:
        return await ask(asked, words[0], SuspendWebhook("by-hand", body.reason))

    async def resume(asked: Asking, words: list[str], body: ResumeWebhook, query: bytes) -> Reply:
        return await ask(asked, words[0], body)

    async def renew(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        return await ask(asked, words[0], RenewSecret(), tells_secret=True)

    async def remove(asked: Asking, words: list[str], body: Reasoned, query: bytes) -> Reply:
        return await ask(asked, words[0], RemoveWebhook(body.reason))

    async def ask(
        asked: Asking,
        name: str,
        command: webhook.AnyCommand,
        *,
        status: int = 200,
        tells_secret: bool = False,
    ) -> Reply:
        stream = webhook.stream(name)

        def tell(hold: Hold) -> WebhookReceipt:
            return WebhookReceipt(**_told(name, hold(stream).state))

        def secret(result: Any) -> dict[str, str]:
            # A receipt that is told again is plain JSON.
            told = result if isinstance(result, dict) else msgspec.structs.asdict(result)
            return {"secret": parts.webhooks.secrets.of(told["webhook"], told["secrets"])}

        reply = await asked.submit(
            parts.loop, Act((Ask(stream, command),), tell), status, secret if tells_secret else None
        )
        await parts.catalogue.refresh()
        return reply

    return [
        Command(
            f"{API}/webhooks",
            RegisterWebhook,
            register,
            WebhookSecret,
            201,
            about="Have events posted to an address, in the log's order",
        ),
        Command(f"{WEBHOOK}/suspend", Reasoned, suspend, WebhookReceipt, about="Stop delivering for now"),
        Command(
            f"{WEBHOOK}/resume",
            ResumeWebhook,
            resume,
            WebhookReceipt,
            about="Go on; with after, deliver again what stands behind that position",
        ),
        Command(
            f"{WEBHOOK}/renew-secret",
            Nothing,
            renew,
            WebhookSecret,
            about="Sign with another secret; the one of before signs beside it for a day",
        ),
        Command(f"{WEBHOOK}/remove", Reasoned, remove, WebhookReceipt, about="End it for good"),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/webhooks",
        operation_id="webhooks",
        responses=lists("webhooks", WebhookShown),
        summary="Webhooks, and how far each has come",
        tags=["webhooks"],
    )
    async def many(limit: Limit = LIMIT, cursor: Cursor = None) -> Response[bytes]:
        await parts.catalogue.refresh()
        standings, head = await parts.webhooks.progress.all(), parts.catalogue.position
        named = (
            (f"{hook.registered_at} {name}", _shown(name, hook, standings.get(name), head))
            for name, hook in parts.catalogue.webhooks.items()
            if hook.status != "removed"
        )
        found, more = page_of(named, limit, cursor)
        return listing("webhooks", found, more, parts.catalogue.position, parts.clock())

    def _shown(name: str, hook: Webhook, at: Standing | None, head: int) -> WebhookShown:
        begun = parts.catalogue.placed[name]
        until = (begun.after or 0) if at is None else at.position
        return WebhookShown(
            **_told(name, hook),
            registered_at=hook.registered_at,
            delivered_until=until,
            delivered_at=None if at is None else at.delivered_at,
            lag_events=max(0, head - until),
            failures=0 if at is None else at.failures,
            failing_since=None if at is None else at.failing_since,
            retry_at=None if at is None else at.retry_at,
            error=None if at is None else at.error,
        )

    return [many]


def _told(name: str, hook: Webhook) -> dict[str, Any]:
    """Raises:
    Refused: there is no such webhook.
    """
    if (asked := hook.registered) is None:
        raise Refused("unknown-webhook", missing=True)
    return {
        "webhook": name,
        "name": asked.name,
        "url": asked.url,
        "subjects": asked.subjects,
        "events": asked.events,
        "hall": asked.hall,
        "status": hook.status,
        "cause": hook.cause,
        "reason": hook.reason,
        "secrets": hook.secrets,
    }
