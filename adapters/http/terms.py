"""The terms of a region: how long things may take, when the supervision speaks; and what was set before."""

from typing import Any, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command
from adapters.http.configuring import VersionShown, VersionWhole, rehearse, version_kept, versions
from adapters.http.items import dry_run
from adapters.http.parts import Parts
from adapters.http.reading import After, Word, answers, document, listing, lists
from domain import region, terms
from domain.handling import Act, Ask
from domain.message import Refused, Text
from domain.region import SetTerms, TermsSet
from domain.rules import KINDS, REFUSED_AT_ONCE, RULES, Rule, RuleName
from domain.terms import DEFAULT, Terms

TERMS = f"{API}/regions/{{region}}/terms"


class RegionNamed(msgspec.Struct, frozen=True):
    region: str


class TermShown(msgspec.Struct, frozen=True):
    """``rule`` is false: what a region has set, or a default, and no rule that was found. ``mark`` says which."""

    name: Text
    value: int
    unit: Text
    basis: Text
    rule: bool
    mark: Text | None


class RuleShown(msgspec.Struct, frozen=True):
    """A rule of the supervision as it is in force. ``grade`` is of its source: S read, L seen in use, R recalled,
    D ours. ``mark`` stands where the region has set nothing else."""

    rule: RuleName
    name: Text
    in_force: Rule
    proposed: Rule
    source: Text
    grade: Literal["S", "L", "R", "D"]
    mark: Text | None


class PauseShown(msgspec.Struct, frozen=True):
    """For what a case may be paused; ``mark`` where the region has named nothing else."""

    name: Text
    most_workdays: int | None
    statutory: bool
    mark: Text | None


class RegionTerms(msgspec.Struct, frozen=True):
    """``set_by`` is the region whose terms hold here, none where nobody above has set any."""

    region: str
    set_by: str | None
    version: int
    terms: Terms
    told: dict[str, TermShown]
    rules: list[RuleShown]
    refused_at_once: dict[str, Text]
    pauses: dict[str, PauseShown]


def commands(parts: Parts) -> list[Command]:
    async def put(asked: Asking, words: list[str], body: Terms, query: bytes) -> Reply:
        code = _known(parts, words[0])
        if dry_run(query):
            return await rehearse(parts, asked, region.stream(code), SetTerms(body), body)
        act = Act((Ask(region.stream(code), SetTerms(body)),))
        reply = await asked.submit(parts.loop, act, more=lambda _: {"region": code})
        await parts.catalogue.refresh()
        return reply

    return [
        Command(
            TERMS,
            Terms,
            put,
            RegionNamed,
            method="PUT",
            about="Set the terms of a region; with dry_run=true only tell the effect",
        )
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    in_force = parts.catalogue.in_force

    @get(
        f"{API}/terms",
        operation_id="terms",
        summary="How long things may take, and on what basis",
        tags=["figures"],
    )
    async def of_hall(hall: Word = None) -> dict[str, TermShown]:
        return _told(parts.terms_of(hall or ""))

    @get(
        TERMS.replace("}", ":str}"),
        operation_id="region_terms",
        responses=answers(RegionTerms),
        summary="The terms of a region, each with its basis and whether it is a default",
        tags=["regions"],
    )
    async def one(region: FromPath[str], after: After = 0) -> Response[bytes]:
        code = _known(parts, region)
        if after > parts.catalogue.position:
            await parts.catalogue.refresh()
        setter = in_force.setter(code)
        held = in_force.of_region(code)
        shown = RegionTerms(
            region=code,
            set_by=setter,
            version=0 if setter is None else in_force.set[setter].version,
            terms=held,
            told=_told(held),
            rules=[_rule(name, held) for name in RULES],
            refused_at_once=REFUSED_AT_ONCE,
            pauses=pauses_shown(held),
        )
        return document(shown, parts.catalogue.position, parts.clock())

    @get(
        f"{TERMS}/history".replace("}", ":str}"),
        operation_id="region_terms_history",
        responses=lists("versions", VersionShown),
        summary="Everything a region has set, and what each setting changed",
        tags=["regions"],
    )
    async def history(region: FromPath[str], after: After = 0) -> Response[bytes]:
        code = _known(parts, region)
        told = await versions(parts, f"region-{code}", _set, first=DEFAULT)
        return listing("versions", told, None, parts.catalogue.position, parts.clock())

    @get(
        f"{TERMS}/history/{{version}}".replace("{region}", "{region:str}").replace(
            "{version}", "{version:int}"
        ),
        operation_id="region_terms_version",
        responses=answers(VersionWhole),
        summary="The terms of a region as it once set them",
        tags=["regions"],
    )
    async def then(region: FromPath[str], version: FromPath[int]) -> Response[bytes]:
        code = _known(parts, region)
        return await version_kept(parts, f"region-{code}", _set, version, first=DEFAULT)

    return [of_hall, one, history, then]


def _set(event: Any) -> Terms | None:
    return event.terms if isinstance(event, TermsSet) else None


def _known(parts: Parts, word: str) -> str:
    """Raises:
    Refused: there is no such region.
    """
    if not any(getattr(known, "region", None) == word for known in parts.regions):
        raise Refused("unknown-region", missing=True, region=word)
    return word


def _told(held: Terms) -> dict[str, TermShown]:
    proposed = terms.told(DEFAULT)
    return {
        name: TermShown(
            term.name,
            term.value,
            term.unit,
            term.basis,
            False,
            terms.NOT_A_RULE if term.value == proposed[name].value else None,
        )
        for name, term in terms.told(held).items()
    }


def pauses_shown(held: Terms) -> dict[str, PauseShown]:
    mark = terms.NOT_A_RULE if held.pauses is None else None
    return {
        name: PauseShown(one.name, one.most_workdays, one.statutory, mark)
        for name, one in held.pause_reasons.items()
    }


def _rule(name: RuleName, held: Terms) -> RuleShown:
    kind, rule = KINDS[name], held.rule(name)
    mark = terms.NOT_A_RULE if rule == kind.default else None
    return RuleShown(name, kind.name, rule, kind.default, kind.source, kind.grade, mark)
