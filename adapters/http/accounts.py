"""Signing out everywhere, and ending the sign-ins of somebody who left."""

from typing import Literal

import msgspec

from adapters.http.access import API
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command, Nothing
from adapters.http.parts import Parts
from domain import account
from domain.account import EndSignIns
from domain.handling import Act, Ask
from domain.message import Label, Words


class EndingAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose sign-ins end: ``subject`` is the name they sign in with, a citizen's key."""

    role: Literal["citizen", "clerk", "supervisor", "admin", "auditor", "partner"]
    subject: Label
    reason: Words


def commands(parts: Parts) -> list[Command]:
    async def end(asked: Asking, name: str, reason: str | None) -> Reply:
        reply = await asked.submit(parts.loop, Act((Ask(account.stream(name), EndSignIns(name, reason)),)))
        await parts.catalogue.refresh()
        return reply

    async def own(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        assert asked.identity is not None
        return await end(asked, asked.identity.by, None)

    async def of_another(asked: Asking, words: list[str], body: EndingAsked, query: bytes) -> Reply:
        return await end(asked, f"{body.role}:{body.subject}", body.reason)

    return [
        Command(f"{API}/session/end", Nothing, own, about="Sign out everywhere"),
        Command(
            f"{API}/accounts/end-sign-ins", EndingAsked, of_another, about="End the sign-ins of an account"
        ),
    ]
