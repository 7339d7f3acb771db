"""The rating of one service (好差评) and, where it is bad, the rectification that follows it.

The stream ``review-{service}`` is one service: ``ticket.{ticket}`` or ``case.{case}``. It is rated once by whoever
was served and once more after a bad review was answered (追评). Nobody is rated by default: what was not rated is
not rated (国办发〔2019〕51号: 自愿自主真实评价). How long a service may be rated stands in its invitation.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import rectification
from domain.message import Command, Event, Grade, Id, Key, Label, Reference, Refused, Stamp, Words
from domain.rectification import OpenRectification, Rectification, RectificationOpened
from domain.review_tags import TAGS

Channel = Literal["web", "mobile", "qr-code", "tablet", "kiosk", "phone", "sms", "paper"]
"""评价渠道: PC端, 移动服务端, 二维码, 政务大厅平板电脑, 政务大厅其他终端, 电话, 短信 (GB/T 39046-2020 table 9), and the
form on paper (书面评价表, 晋政办发〔2020〕59号 as summarised) of a hall without a device."""

Stage = Literal["acceptance", "closing"]
"""受理阶段, 办结阶段: what of a case the rating is about."""

Standing = Literal["not-yet", "open", "rated", "over"]
"""Whether a service can be rated: not ended yet, yes, it was, or no more."""

BAD: tuple[Grade, ...] = ("dissatisfied", "very-dissatisfied")
"""差评: the two lowest grades."""

Tag = Annotated[str, Meta(pattern=r"^[0-9]{3}$")]
Tags = Annotated[tuple[Tag, ...], Meta(max_length=8)]


# --- commands -------------------------------------------------------------------------------------------------


class InviteReview(Command, frozen=True, kw_only=True):
    """From the policy, when a service has ended: it may be rated, and counts as one that could have been. Without
    ``until`` it may be rated for ever."""

    channel: Channel
    hall: Id
    unit: Label
    window: Id | None = None
    item: Id | None = None
    until: datetime | None = None
    clerk: Label | None = None
    nth: int = 0
    """Of a ticket: which of its services has ended."""


class TakeBackInvitation(Command, frozen=True):
    """From the policy: the ``nth`` service of a ticket has not ended after all (反悔). What is rated stays rated."""

    nth: int


class GiveReview(Command, frozen=True, kw_only=True):
    """Rate a service. ``review`` is the asker's own reference.

    With ``person`` it is a real-name review (实名), always bound to its service; ``anonymous`` hides the person
    from the public and from whoever is rated, not from the hall.
    """

    review: Reference
    grade: Grade
    tags: Tags = ()
    comment: Words | None = None
    channel: Channel
    stage: Stage = "closing"
    anonymous: bool = False
    person: Key | None = None
    hall: Id
    unit: Label
    window: Id | None = None
    item: Id | None = None
    test: bool = False
    clerk: Label | None = None
    shown_by: Label | None = None
    """The clerk who showed the code by which it was rated, at the window (扫码评)."""


class EnterPaper(Command, frozen=True, kw_only=True):
    """A form filled in on paper, copied by one member of staff. It rates nothing until another has confirmed it:
    whoever might be rated does not write ratings alone."""

    review: Reference
    grade: Grade
    tags: Tags = ()
    comment: Words | None = None
    stage: Stage = "closing"
    hall: Id
    unit: Label
    window: Id | None = None
    item: Id | None = None
    test: bool = False
    clerk: Label | None = None


class ConfirmPaper(Command, frozen=True):
    """A second person has the form in hand and finds it copied truly."""

    review: Reference


class RejectPaper(Command, frozen=True):
    """A second person finds it copied wrongly; the form may be entered anew."""

    review: Reference
    reason: Words


class AddReview(Command, frozen=True, kw_only=True):
    """追评: the one more rating after the answer to a bad review, by the same person."""

    review: Reference
    grade: Grade
    tags: Tags = ()
    comment: Words | None = None
    channel: Channel
    person: Key | None = None


class RecordLook(Command, frozen=True):
    """Somebody looks at who rated, for a stated reason. Every look is one, even the same twice; it is none of
    ``AnyCommand``, for nobody can write down afterwards that they have looked."""

    reason: Words


AnyCommand = (
    InviteReview
    | TakeBackInvitation
    | GiveReview
    | EnterPaper
    | ConfirmPaper
    | RejectPaper
    | AddReview
    | rectification.AnyCommand
)


# --- events ---------------------------------------------------------------------------------------------------


class ReviewInvited(Event, frozen=True, kw_only=True, tag="review-invited"):
    """``clerk``: who served, by the name they sign in with; for the hall's own eyes."""

    channel: Channel
    hall: str
    unit: str
    window: str | None = None
    item: str | None = None
    until: datetime | None = None
    clerk: str | None = None
    nth: int = 0


class InvitationTakenBack(Event, frozen=True, kw_only=True, tag="invitation-taken-back"):
    """Whom it was about and when it was made, as it is no longer counted among what could be rated."""

    invited_at: datetime
    hall: str
    unit: str
    window: str | None = None
    item: str | None = None
    clerk: str | None = None


class ReviewGiven(Event, frozen=True, kw_only=True, tag="review-given"):
    """``uninvited``: it came before the service was known to have ended, and no invitation follows."""

    review: str
    grade: Grade
    tags: tuple[str, ...] = ()
    comment: str | None = None
    channel: Channel
    stage: Stage = "closing"
    anonymous: bool = False
    person: str | None = None
    hall: str
    unit: str
    window: str | None = None
    item: str | None = None
    test: bool = False
    uninvited: bool = False
    clerk: str | None = None
    shown_by: str | None = None


class PaperReviewEntered(Event, frozen=True, kw_only=True, tag="paper-review-entered"):
    review: str
    grade: Grade
    tags: tuple[str, ...] = ()
    comment: str | None = None
    stage: Stage = "closing"
    hall: str
    unit: str
    window: str | None = None
    item: str | None = None
    test: bool = False
    clerk: str | None = None


class PaperReviewRejected(Event, frozen=True, tag="paper-review-rejected"):
    review: str
    reason: str


class ReviewAdded(Event, frozen=True, kw_only=True, tag="review-added"):
    review: str
    grade: Grade
    tags: tuple[str, ...] = ()
    comment: str | None = None
    channel: Channel


class LookRecorded(Event, frozen=True, tag="look-recorded"):
    """谁看了谁: who looked stands in the stamp."""

    reason: str


AnyEvent = (
    ReviewInvited
    | InvitationTakenBack
    | ReviewGiven
    | PaperReviewEntered
    | PaperReviewRejected
    | ReviewAdded
    | LookRecorded
    | rectification.AnyEvent
)


# --- state ----------------------------------------------------------------------------------------------------


class Review(msgspec.Struct):
    invited: ReviewInvited | None = None
    invited_at: datetime | None = None
    given: ReviewGiven | None = None
    paper: PaperReviewEntered | None = None
    """A form that was entered and not yet confirmed."""
    entered_by: str | None = None
    rejected: tuple[str, ...] = ()
    """References of forms that were found copied wrongly."""
    added: ReviewAdded | None = None
    rectification: Rectification | None = None


def stream(service: str) -> str:
    return f"review-{service}"


def initial() -> Review:
    return Review()


def decide(command: AnyCommand | RecordLook, review: Review, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case InviteReview():
            known = review.invited or review.given
            return [] if known else [ReviewInvited(**msgspec.structs.asdict(command))]
        case TakeBackInvitation(nth):
            return _take_back(review, nth)
        case GiveReview():
            return _give(command, review, stamp)
        case EnterPaper():
            return _enter(command, review, stamp)
        case ConfirmPaper():
            return _confirm(command, review, stamp)
        case RejectPaper(name, reason):
            if name in review.rejected:
                return []
            _refuse_first_hand(name, review, stamp)
            return [PaperReviewRejected(name, reason)]
        case AddReview():
            return _add(command, review)
        case RecordLook(reason):
            if review.given is None or review.given.person is None:
                raise Refused("reviewer-unknown")
            return [LookRecorded(reason)]
        case OpenRectification(name, unit, clock, dues):
            if review.rectification is not None:
                return []
            if review.given is None or review.given.grade not in BAD:
                raise Refused("not-a-bad-review")
            return [RectificationOpened(name, unit, clock, dues)]
    if review.rectification is None:
        raise Refused("unknown-rectification", missing=True)
    return [*rectification.decide(command, review.rectification, stamp)]


def evolve(review: Review, event: AnyEvent, stamp: Stamp) -> Review:
    match event:
        case ReviewInvited():
            review.invited, review.invited_at = event, stamp.at
        case InvitationTakenBack():
            review.invited = review.invited_at = None
        case ReviewGiven():
            review.given = event
        case PaperReviewEntered():
            review.paper, review.entered_by = event, stamp.by
        case PaperReviewRejected(name):
            review.paper, review.entered_by = None, None
            review.rejected = (*review.rejected, name)
        case ReviewAdded():
            review.added = event
        case LookRecorded():
            pass
        case RectificationOpened(_, _, clock, dues):
            review.rectification = Rectification(event, clock, dues)
        case _:
            assert review.given is not None
            assert review.rectification is not None
            known = review.given.person is not None
            rectification.evolve(review.rectification, event, stamp, real_name=known)
    return review


def standing(review: Review, *, ended: bool, now: datetime) -> Standing:
    """Whether the service can be rated now; ``ended`` says whether it has ended."""
    if review.given is not None:
        return "rated"
    if review.invited is not None and review.invited.until is not None and now > review.invited.until:
        return "over"
    return "open" if ended else "not-yet"


def _take_back(review: Review, nth: int) -> list[AnyEvent]:
    known, at = review.invited, review.invited_at
    if known is None or at is None or known.nth != nth or review.given is not None:
        return []
    whom = {name: getattr(known, name) for name in ("hall", "unit", "window", "item", "clerk")}
    return [InvitationTakenBack(invited_at=at, **whom)]


# --- the rating -----------------------------------------------------------------------------------------------


def _give(command: GiveReview, review: Review, stamp: Stamp) -> list[AnyEvent]:
    if review.given is not None and review.given.review == command.review:
        return []
    _refuse_rated_or_over(review, stamp)
    _check_tags(command.grade, command.tags)
    return [ReviewGiven(**msgspec.structs.asdict(command), uninvited=review.invited is None)]


def _enter(command: EnterPaper, review: Review, stamp: Stamp) -> list[AnyEvent]:
    known = (review.given and review.given.review, review.paper and review.paper.review, *review.rejected)
    if command.review in known:
        return []
    _refuse_rated_or_over(review, stamp)
    if review.paper is not None:
        raise Refused("paper-waiting", review=review.paper.review)
    _check_tags(command.grade, command.tags)
    return [PaperReviewEntered(**msgspec.structs.asdict(command))]


def _confirm(command: ConfirmPaper, review: Review, stamp: Stamp) -> list[AnyEvent]:
    """The window of time was kept when the form was entered; it is not asked again."""
    if review.given is not None:
        if review.given.review == command.review:
            return []
        raise Refused("already-reviewed", review=review.given.review)
    form = _refuse_first_hand(command.review, review, stamp)
    told = msgspec.structs.asdict(form)
    return [ReviewGiven(**told, channel="paper", uninvited=review.invited is None)]


def _refuse_first_hand(name: str, review: Review, stamp: Stamp) -> PaperReviewEntered:
    """Raises:
    Refused: no such form waits, or whoever entered it would confirm it.
    """
    if review.paper is None or review.paper.review != name:
        raise Refused("unknown-review", missing=True)
    if stamp.by == review.entered_by:
        raise Refused("second-person-needed")
    return review.paper


def _refuse_rated_or_over(review: Review, stamp: Stamp) -> None:
    if review.given is not None:
        raise Refused("already-reviewed", review=review.given.review)
    until = review.invited.until if review.invited is not None else None
    if until is not None and stamp.at > until:
        raise Refused("review-window-over", until=until)


def _add(command: AddReview, review: Review) -> list[AnyEvent]:
    given, work = review.given, review.rectification
    if given is None:
        raise Refused("unknown-review", missing=True)
    if review.added is not None:
        if review.added.review == command.review:
            return []
        raise Refused("already-added", review=review.added.review)
    if given.person != command.person:
        raise Refused("another-reviewer")
    if work is None or work.step not in ("call-back", "closed"):
        raise Refused("not-rectified", step=work.step if work else None)
    if work.annulled:
        raise Refused("review-annulled")
    _check_tags(command.grade, command.tags)
    return [
        ReviewAdded(
            review=command.review,
            grade=command.grade,
            tags=command.tags,
            comment=command.comment,
            channel=command.channel,
        )
    ]


def _check_tags(grade: Grade, tags: tuple[str, ...]) -> None:
    strange = [tag for tag in tags if tag not in TAGS[grade]]
    if strange:
        raise Refused("tag-of-another-grade", invalid=True, field="tags", grade=grade, tags=strange)
    if len(set(tags)) < len(tags):
        raise Refused("named-twice", invalid=True, field="tags")
