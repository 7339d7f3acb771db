"""What an application needs on paper (材料): asked for as its guide says, told once, in part brought later.

It is part of the case's own stream. The guide is the one that was published when the application came in; an
imported record has none and is not held to any.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Label, Refused, Words

Papers = Annotated[tuple[Words, ...], Meta(min_length=1, max_length=60)]
Days = Annotated[int, Meta(ge=1, le=999, description="working days")]


class GuidePaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One material of the frozen guide. ``exempt`` (免提交) is got by the hall itself, ``deferrable`` (可容缺) may
    come later, ``pledgeable`` (告知承诺) may be replaced by the applicant's written promise."""

    name: Label
    exempt: bool = False
    deferrable: bool = False
    pledgeable: bool = False


Guide = Annotated[tuple[GuidePaper, ...], Meta(max_length=60)]

How = Literal["licence", "statement", "pledge", "visit"]
"""With an electronic licence (电子证照), a statement of one's own (说明), a written promise instead of the paper
(告知承诺), or by bringing it to the hall."""

PERSONAL = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")
"""What reads like the number of an identity card or a mobile phone: neither may enter an event."""


class HandedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the applicant hands in from afar for one thing that was asked for: ``told`` is the licence's number or the
    statement's words."""

    paper: Words
    how: How
    told: Words | None = None


# --- commands -------------------------------------------------------------------------------------------------


class RequestCorrection(Command, frozen=True):
    """Tell the applicant, once and in full, what is missing (一次性告知, 行政许可法 第32条).

    A second notice may only name what the answer to the first brought, with the ``reason`` why that will not do.
    ``answer_workdays`` is how long the applicant has; no national rule says it.
    """

    missing: Papers
    reason: Words | None = None
    answer_workdays: Days | None = None


class Correct(Command, frozen=True):
    """The applicant brought what was missing."""

    provided: Papers


class Supplement(Command, frozen=True):
    """The applicant brought what the acceptance let come later (容缺补正)."""

    provided: Papers


class HandIn(Command, frozen=True):
    """The applicant answers from afar what was asked of them. Nothing moves until the office has received it: whether
    it will do is seen there, and the case goes on by ``Correct`` or ``Supplement``. Handed in again, the newer counts.
    """

    papers: Annotated[tuple[HandedIn, ...], Meta(min_length=1, max_length=60)]


AnyCommand = RequestCorrection | Correct | Supplement | HandIn


# --- events ---------------------------------------------------------------------------------------------------


class CorrectionRequested(Event, frozen=True, tag="case-correction-requested"):
    missing: tuple[str, ...]
    reason: str | None = None
    answer_workdays: int | None = None


class CaseCorrected(Event, frozen=True, tag="case-corrected"):
    provided: tuple[str, ...]


class CaseSupplemented(Event, frozen=True, tag="case-supplemented"):
    """``complete``: nothing is outstanding any more."""

    provided: tuple[str, ...]
    complete: bool = False


class PapersHandedIn(Event, frozen=True, tag="case-papers-handed-in"):
    """Only what is new or has become another."""

    papers: tuple[HandedIn, ...]


AnyEvent = CorrectionRequested | CaseCorrected | CaseSupplemented | PapersHandedIn


# --- state ----------------------------------------------------------------------------------------------------


class File(msgspec.Struct):
    """The papers of an application as its desk knows them."""

    guide: tuple[GuidePaper, ...] | None = None
    notices: list[tuple[str, ...]] = []
    """What was told to be missing, at each notice."""
    answered: tuple[str, ...] = ()
    """What the last answer to a notice brought."""
    outstanding: tuple[str, ...] = ()
    """What may come after the acceptance and has not come."""
    handed_in: dict[str, HandedIn] = {}
    """What was last handed in from afar, by paper."""


def decide(command: AnyCommand, file: File, status: str) -> list[AnyEvent] | None:
    """The answer of an application of this status; ``None`` where it is out of turn."""
    match command, status:
        case RequestCorrection(missing), "correcting" if missing == file.notices[-1]:
            return []
        case RequestCorrection() as asked, "received" | "correcting":
            return _request(asked, file, status == "correcting")
        case Correct(provided), "correcting":
            return [CaseCorrected(provided)]
        case Correct(), "received":
            if file.notices:
                return []
            raise Refused("no-correction-asked")
        case Supplement(provided), "accepted" | "suspended":
            left = [name for name in file.outstanding if name not in provided]
            if len(left) == len(file.outstanding):
                return []
            return [CaseSupplemented(provided, not left)]
        case HandIn(handed_in), _:
            return _hand_in(handed_in, file, status)
    return None


def evolve(file: File, event: AnyEvent) -> None:
    match event:
        case CorrectionRequested(missing):
            file.notices.append(missing)
            file.handed_in.clear()
        case CaseCorrected(provided):
            file.answered = provided
        case CaseSupplemented(provided):
            file.outstanding = tuple(name for name in file.outstanding if name not in provided)
        case PapersHandedIn(handed_in):
            file.handed_in.update({one.paper: one for one in handed_in})
        case _:
            assert_never(event)


def check_accepted(file: File, outstanding: Iterable[str], pledged: Iterable[str]) -> None:
    """Only what the guide lets come later comes later, and only what it lets be promised is promised.

    Raises:
        Refused: it names something else.
    """
    if file.guide is None:
        return
    deferrable = {paper.name for paper in file.guide if paper.deferrable}
    pledgeable = {paper.name for paper in file.guide if paper.pledgeable}
    if others := [name for name in outstanding if name not in deferrable]:
        raise Refused("paper-not-deferrable", invalid=True, field="outstanding", papers=others)
    if others := [name for name in pledged if name not in pledgeable]:
        raise Refused("paper-not-pledgeable", invalid=True, field="pledged", papers=others)


def _request(asked: RequestCorrection, file: File, correcting: bool) -> list[AnyEvent]:
    if file.guide is not None:
        wanted = {paper.name for paper in file.guide if not paper.exempt}
        if outside := [name for name in asked.missing if name not in wanted]:
            raise Refused("not-in-guide", invalid=True, field="missing", papers=outside)
    if file.notices:
        known = [name for name in asked.missing if name not in file.answered]
        if correcting or known or len(file.notices) > 1:
            raise Refused("correction-already-told", told=file.notices[-1], known=known)
        if asked.reason is None:
            raise Refused("reason-missing", invalid=True, field="reason")
    return [CorrectionRequested(asked.missing, asked.reason, asked.answer_workdays)]


def _hand_in(papers: tuple[HandedIn, ...], file: File, status: str) -> list[AnyEvent] | None:
    asked = file.outstanding if status in ("accepted", "suspended") else ()
    if status == "correcting":
        asked = file.notices[-1]
    new = tuple(one for one in papers if file.handed_in.get(one.paper) != one)
    if not new:
        return []
    if not asked:
        if status in ("received", "accepted", "suspended"):
            raise Refused("nothing-asked-for")
        return None
    pledgeable = {paper.name for paper in file.guide or () if paper.pledgeable}
    for nth, one in enumerate(papers):
        field = f"papers.{nth}"
        if one.paper not in asked or one.paper in {other.paper for other in papers[:nth]}:
            raise Refused("not-asked-for", invalid=True, field=field, papers=(one.paper,))
        if one.how == "pledge" and one.paper not in pledgeable:
            raise Refused("paper-not-pledgeable", invalid=True, field=field, papers=(one.paper,))
        if one.how in ("licence", "statement") and not one.told:
            raise Refused("hand-in-empty", invalid=True, field=f"{field}.told")
        if one.told and PERSONAL.search(one.told):
            raise Refused("personal-number-told", invalid=True, field=f"{field}.told")
    return [PapersHandedIn(new)]
