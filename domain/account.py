"""The sign-ins of one account, ended everywhere at once: by whoever it is, or by an administrator.

A browser's session is sealed into its cookie and stored nowhere, so one cannot be taken back by itself. What is told is
a moment: sessions that began before it hold no more (OWASP ASVS 7.4.1, 7.4.5). The stream is ``account-{digest}``,
because an identity provider's names may hold anything.
"""

import hashlib
from datetime import datetime
from typing import assert_never

import msgspec

from domain.message import Command, Event, Label, Stamp, Words


class EndSignIns(Command, frozen=True):
    """``account`` is as the log names whoever asks: ``clerk:li``, a citizen by their key."""

    account: Label
    reason: Words | None = None


AnyCommand = EndSignIns


class SignInsEnded(Event, frozen=True, tag="sign-ins-ended"):
    account: str
    reason: str | None = None


AnyEvent = SignInsEnded


class Account(msgspec.Struct):
    ended_at: datetime | None = None


def stream(account: str) -> str:
    return f"account-{hashlib.sha256(account.encode()).hexdigest()[:32]}"


def initial() -> Account:
    return Account()


def decide(command: AnyCommand, account: Account, stamp: Stamp) -> list[AnyEvent]:
    """Ending them again ends those begun since; what is asked twice in one moment is told once."""
    match command:
        case EndSignIns(name, reason):
            return [] if account.ended_at == stamp.at else [SignInsEnded(name, reason)]
    assert_never(command)


def evolve(account: Account, event: AnyEvent, stamp: Stamp) -> Account:
    account.ended_at = stamp.at
    return account
