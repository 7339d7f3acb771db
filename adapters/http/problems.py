"""Every way to say no: a stable code, and a sentence for people in Chinese and in English.

Answers are ``application/problem+json`` (RFC 9457). Programs read ``code``; people read ``detail``, which comes in
the language the request prefers, and ``text``, which always holds both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from adapters.http.sentences import SENTENCES
from domain.message import Text
from domain.workdays import SHANGHAI

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field: ``field`` is its path in the body or the parameter's name.

    ``message`` is a code of the sentences, or what is wrong in English; ``text`` says it to people where no sentence
    does.
    """

    field: str
    message: str
    text: Text | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An RFC 9457 problem. ``facts`` are what the sentence was made of, for programs that write their own."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    text: Text
    facts: dict[str, Any] = {}
    errors: tuple[FieldError, ...] = ()


class Rejected(Exception):
    """The request is not taken up, or ended in a refusal.

    Args:
        status: the HTTP status.
        code: a key of ``SENTENCES``.
        facts: what the sentence is made of.
        errors: which fields are wrong.
        headers: what the answer says beside its body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        facts: Mapping[str, Any] | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.facts = facts or {}
        self.errors = errors
        self.headers = headers or {}


class _Facts(dict[str, Any]):
    """A sentence is never lost because a fact is missing."""

    def __missing__(self, name: str) -> str:
        return "…"


def problem(
    status: int,
    code: str,
    facts: Mapping[str, Any] | None = None,
    *,
    english: bool = False,
    errors: Sequence[FieldError] = (),
) -> Problem:
    """The problem for a code, its sentences filled with the facts."""
    zh = _Facts({name: _plain(fact) for name, fact in (facts or {}).items()})
    en = _Facts(zh | {name: fact.en for name, fact in (facts or {}).items() if isinstance(fact, Text)})
    sentence = SENTENCES.get(code, SENTENCES["internal-error"])
    text = Text(sentence.zh.format_map(zh), sentence.en.format_map(en))
    return Problem(
        type=f"urn:mingting:problem:{code}",
        title=code.replace("-", " ").capitalize(),
        status=status,
        detail=text.en if english else text.zh,
        code=code,
        text=text,
        facts=msgspec.to_builtins(dict(facts or {}), enc_hook=str),
        errors=tuple(errors),
    )


def _plain(fact: Any) -> Any:
    """A fact as a Chinese sentence says it; instants in the halls' time."""
    if isinstance(fact, Text):
        return fact.zh
    if isinstance(fact, datetime):
        return f"{fact.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if isinstance(fact, list | tuple):
        return ", ".join(map(str, fact))
    return fact
