"""Cases: opened, corrected, accepted, handled, decided, delivered; their file, and the lists of the supervisor.

A command of the domain is the request's body as it is. The case's own hall, not the path, says whose staff may act.
"""

from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API, CASE
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.case_lists import CaseShown, shown_of
from adapters.http.case_opening import CaseReceipt, opening, told_of
from adapters.http.commands import Command
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.past import AsOf, of_stream
from adapters.http.problems import Rejected
from adapters.http.reading import (
    After,
    answers,
    caught_up,
    document,
    merged,
    shape,
)
from adapters.http.terms import PauseShown, pauses_shown
from adapters.people import Masked
from domain import case, delivery, directive, hand_over, papers, respite, steps
from domain.case import CaseOpened
from domain.handling import Act, Ask, Follow, Held, Hold
from domain.matter import GOING_ON
from domain.message import Id, Label, Reference, Refused, Text, Words
from domain.workdays import local_date, workdays_between, workdays_left
from projections import case_file
from projections.timeline import Entry


class ExtensionApproved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More days. A supervisor approves in their own name; an admin, who notes it for them, says whose it is."""

    workdays: respite.Extension
    reason: Words
    approved_by: Label | None = None


TOGETHER = (case.Accept, case.Refuse, case.Withdraw)
"""What happens to one matter (一件事) happens to all its parts, in one act."""

EITHER_SIDE = (papers.Correct, papers.Supplement, case.Withdraw, delivery.Deliver, directive.Direct)
"""What either hall may do of a case that is received in one and handled in another."""


class PauseAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``reason`` is one of those that the case's file tells under ``pauses``."""

    reason: Id
    note: Words
    needs_workdays: respite.Needed


Line = shape("TimelineLine", Entry, name=Text)
TurnShown = shape("Turn", case_file.Turn, workdays=int, workdays_left=int | None, late=bool)
CaseFile = shape(
    "CaseFile",
    CaseShown,
    review=str | None,
    applicant=Masked | None,
    timeline=list[Line],  # type: ignore[valid-type]  # a type made at run time
    part_cases=list[CaseShown],  # type: ignore[valid-type]  # a type made at run time
    turns=list[TurnShown],  # type: ignore[valid-type]  # a type made at run time
    pauses=dict[str, PauseShown],
)


def commands(parts: Parts) -> list[Command]:
    async def extend(asked: Asking, words: list[str], body: ExtensionApproved, query: bytes) -> Reply:
        identity = asked.identity
        assert identity is not None
        approver = body.approved_by or identity.subject
        if identity.role != "admin" and approver != identity.subject:
            raise Rejected(403, "approver-not-yourself")
        return await do(asked, words, respite.Extend(body.workdays, body.reason, approver), query)

    async def pause(asked: Asking, words: list[str], body: PauseAsked, query: bytes) -> Reply:
        def hall(held: Held) -> str:
            opened: CaseOpened | None = held.state.opened
            return "" if opened is None else opened.handled_at or opened.hall

        of = await parts.loop.peek(case.stream(_case_id(words[0])), hall)
        reasons = parts.terms_of(of).pause_reasons
        return await do(
            asked, words, respite.pausing(reasons, body.reason, body.note, body.needs_workdays), query
        )

    async def do(asked: Asking, words: list[str], body: case.AnyCommand, query: bytes) -> Reply:
        name = words[0]
        identity = asked.identity
        assert identity is not None

        def tell(held: Held) -> CaseOpened:
            opened: CaseOpened | None = held.state.opened
            if opened is None or not _may_see(identity, opened, opened.applicant):
                raise Refused("unknown-case", missing=True)
            return opened

        opened = await parts.loop.peek(case.stream(_case_id(name)), tell)
        hall = _acting(identity, opened, body)
        together = opened.parts if isinstance(body, TOGETHER) else ()
        act = Act((Ask(case.stream(name), body), *(_also(part, body) for part in together)), told_of(name))
        return await asked.in_hall(hall).submit(parts.loop, act)

    asks: dict[str, tuple[Any, str]] = {
        "hand-over": (hand_over.HandOver, "Send the papers to the hall that handles it (移交)"),
        "take-over": (hand_over.TakeOver, "Take over what another hall has received (接收)"),
        "hand-back": (hand_over.HandBack, "Send the papers back, with what is wrong (退回)"),
        "accept": (case.Accept, "Accept (受理)"),
        "refuse": (case.Refuse, "Do not accept (不予受理)"),
        "request-correction": (papers.RequestCorrection, "Tell once and in full what is missing (补正告知)"),
        "correct": (papers.Correct, "Bring what was missing (补正)"),
        "supplement": (papers.Supplement, "Bring what was let come later (容缺补正)"),
        "hand-in": (
            papers.HandIn,
            "Answer from afar what is asked; nothing moves until the office has received it",
        ),
        "begin-step": (steps.BeginStep, "Begin a step that has a limit of its own (环节)"),
        "step": (steps.RecordStep, "Write a step down (环节)"),
        "suspend": (respite.Suspend, "Begin a special procedure (特别程序)"),
        "resume": (respite.Resume, "End the special procedure or the pause"),
        "ask-extension": (respite.AskExtension, "Ask a role above for more days (申请延长)"),
        "decide": (case.Decide, "Decide (决定)"),
        "close": (case.Close, "Close (办结)"),
        "deliver": (delivery.Deliver, "Deliver the result (送达)"),
        "archive": (delivery.Archive, "Archive (归档)"),
        "withdraw": (case.Withdraw, "Withdraw the application"),
        "direct": (directive.Direct, "Tell the unit to act and to answer (督办)"),
        "answer-directive": (directive.AnswerDirective, "Answer a directive (督办回复)"),
    }
    return [
        opening(parts),
        *(
            Command(f"{CASE}/{name}", body, do, CaseReceipt, about=about)
            for name, (body, about) in asks.items()
        ),
        Command(
            f"{CASE}/pause",
            PauseAsked,
            pause,
            CaseReceipt,
            about="Let it stand still for a reason the region has named (挂起)",
        ),
        Command(
            f"{CASE}/extend", ExtensionApproved, extend, CaseReceipt, about="Grant more days, once (延长)"
        ),
    ]


def _also(part: str, command: case.AnyCommand) -> Follow:
    """The same of a part of one matter, while it goes on."""
    stream = case.stream(part)

    def ask(hold: Hold) -> Ask | None:
        return Ask(stream, command) if hold(stream).state.status in GOING_ON else None

    return ask


def _case_id(word: str) -> str:
    """Raises:
    Refused: no case can have this id.
    """
    try:
        return msgspec.convert(word, Reference)
    except msgspec.ValidationError as error:
        raise Refused("unknown-case", missing=True) from error


class _Halls(Protocol):
    """Where a case was received and, if elsewhere, is handled."""

    @property
    def hall(self) -> str: ...
    @property
    def handled_at(self) -> str | None: ...


def _may_see(identity: Identity, case: _Halls, applicant: str, opened_by: str | None = None) -> bool:
    """Its applicant, the staff of its halls, and the partner who opened it."""
    if identity.person is not None and identity.person == applicant:
        return True
    serves = identity.serves(case.hall) or (case.handled_at is not None and identity.serves(case.handled_at))
    return serves or (identity.role == "partner" and identity.by == opened_by)


def _acting(identity: Identity, opened: CaseOpened, command: case.AnyCommand) -> str:
    """The hall in which a command is carried out: where it is handled, but for what the receiving hall does.

    Raises:
        Rejected: 403, that is not the asker's hall.
    """
    if opened.handled_at is None:
        return opened.hall
    if isinstance(command, EITHER_SIDE):
        return identity.hall or opened.hall
    hall = opened.hall if isinstance(command, hand_over.HandOver) else opened.handled_at
    if identity.role != "citizen" and not identity.may_act_in(hall):
        raise Rejected(403, "other-side", {"hall": hall})
    return hall


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/cases/{{case:str}}",
        operation_id="case",
        responses=answers(CaseFile),
        summary="A case's whole file",
        tags=["cases"],
    )
    async def one(
        case: FromPath[str], request: StrictRequest, after: After = 0, as_of: AsOf = None
    ) -> Response[bytes]:
        name = _case_id(case)
        if as_of is None:
            await caught_up(parts.views, case_file.NAME, after)
        file = await _file(parts, name, as_of)
        if file is None:
            raise Refused("unknown-case", missing=True)
        view, position, moment = file
        assert request.user is not None
        if not _may_see(request.user, view, view.applicant, view.timeline[0].by):
            raise Refused("unknown-case", missing=True)
        of_parts = [await _file(parts, part, as_of) for part in view.parts]
        own = request.user.person is not None and request.user.person == view.applicant
        now = moment if as_of is not None else parts.clock()
        shown = shown_of(parts, view, now) | {
            "review": parts.invitations.seal(f"case.{name}") if own else None,
            "applicant": await parts.people.masked(view.applicant),
            "timeline": [
                {"name": case_file.HAPPENINGS[line.what], **msgspec.structs.asdict(line)}
                for line in view.timeline
            ],
            "turns": [_turn(parts, turn, now) for turn in view.turns],
            "pauses": pauses_shown(parts.terms_of(view.handled_at or view.hall)),
            "part_cases": [shown_of(parts, part.view, now) for part in of_parts if part is not None],
        }
        return document(shown, position, moment)

    return [one]


class _File(NamedTuple):
    view: case_file.View
    position: int
    as_of: datetime


async def _file(parts: Parts, name: str, as_of: str | None) -> _File | None:
    """A case's document as it is, or as it stood."""
    if as_of is not None:
        past = await of_stream(parts, case_file, case.stream(name), as_of)
        view = past.views.get(name)
        return None if view is None else _File(view, past.position, past.as_of)
    found = await parts.views.get(case_file.NAME, name)
    if found is None:
        return None
    return _File(msgspec.json.decode(found.doc, type=case_file.View), found.position, found.as_of)


def _turn(parts: Parts, turn: case_file.Turn, now: datetime) -> dict[str, Any]:
    """How many working days a hall has had the case, and how many it has left."""
    calendar = parts.catalogue.calendar
    since, until = (local_date(at) for at in (turn.since, turn.until or now))
    left = None if turn.due_at is None or turn.until else workdays_left(calendar, now, turn.due_at)
    late = left is not None and turn.due_at is not None and now > turn.due_at
    used = workdays_between(calendar, since, until)
    return merged(turn, {"workdays": used, "workdays_left": left, "late": late})
