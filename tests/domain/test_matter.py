"""One matter (一件事): applied for once, handled side by side, delivered together, rated once."""

import msgspec
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from domain import case
from domain.case import (
    Accept,
    CaseAccepted,
    CaseClosed,
    CaseDecided,
    CaseOpened,
    CaseRefused,
    CaseWithdrawn,
    Close,
    Decide,
    OpenCase,
    Refuse,
    Withdraw,
)
from domain.delivery import Archive, CaseArchived, Deliver
from domain.matter import EndPart, PartEnded
from domain.message import Refused
from domain.promises import broken_between
from domain.review import ReviewInvited
from projections import performance
from projections.performance import Counts
from tests.domain.test_case import ACCEPTED, CLOCK, OPENED
from tests.histories import World, record, view_of
from tests.spec import NINE, given

PARTS = ("m1.1", "m1.2")
WHOLE = msgspec.structs.replace(OPENED, parts=PARTS)
PART = msgspec.structs.replace(OPENED, matter="m1")
GRANTED = CaseDecided("granted")


def closed(result: str = "granted") -> CaseClosed:
    return CaseClosed("permit", "tanghe", "office", result=result, matter="m1")  # type: ignore[arg-type]


def test_nobody_decides_or_closes_a_matter_while_a_part_goes_on() -> None:
    told = given(case, WHOLE, ACCEPTED, PartEnded("m1.1", "granted"))
    told.when(Decide("granted")).refused("parts-going-on", parts=["m1.2"])
    told.when(Close("其他")).refused("parts-going-on")


def test_when_the_last_part_is_granted_the_whole_is() -> None:
    told = given(case, WHOLE, ACCEPTED).when(EndPart("m1.1", "granted"))
    told.then(PartEnded("m1.1", "granted"))
    told.when(EndPart("m1.1", "granted")).then()
    told.when(EndPart("m1.9", "granted")).refused("unknown-part", part="m1.9")
    ended = CaseClosed(
        WHOLE.item, WHOLE.hall, WHOLE.unit, channel=WHOLE.channel, result="granted", whole=True
    )
    told.when(EndPart("m1.2", "granted")).then(PartEnded("m1.2", "granted"), GRANTED, ended)


def test_where_a_part_came_out_otherwise_somebody_decides() -> None:
    told = given(case, WHOLE, ACCEPTED, PartEnded("m1.1", "refused")).when(EndPart("m1.2", "granted"))
    assert told.then(PartEnded("m1.2", "granted")).status == "accepted"
    told.when(Decide("terminated", "一项不予许可")).then(CaseDecided("terminated", "一项不予许可"))


def test_a_part_is_delivered_with_its_matter_and_archived_without() -> None:
    told = given(case, PART, ACCEPTED, GRANTED, closed())
    told.when(Deliver("window")).refused("delivered-with-matter", matter="m1")
    told.when(Archive()).then(CaseArchived())


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (Refuse("不属于本机关", "市局"), CaseRefused("不属于本机关", "市局", "m1")),
        (Withdraw(), CaseWithdrawn(None, "m1")),
    ],
)
def test_the_end_of_a_part_says_whose_part_it_is(command: case.AnyCommand, event: case.AnyEvent) -> None:
    given(case, PART).when(command).then(event)


def test_a_part_opens_no_limit_of_delivery() -> None:
    guided = msgspec.structs.replace(PART, guide=())
    told = given(case, guided, ACCEPTED).when(Decide("granted"))
    assert "delivery" not in told.then(CaseDecided("granted", None, "m1")).limits.open


def opening(parts: tuple[str, ...] = (), matter: str | None = None, days: int = 5) -> OpenCase:
    return OpenCase(
        item="permit",
        item_version=1,
        hall="tanghe",
        unit="office",
        applicant="p1",
        channel="window",
        kind="promised",
        promised_limit_workdays=days,
        parts=parts,
        matter=matter,
    )


ENDS: dict[str, tuple[case.AnyCommand, ...]] = {
    "granted": (Accept(), Decide("granted"), Close()),
    "refused": (Accept(), Decide("refused", "不符合"), Close()),
    "withdrawn": (Accept(), Withdraw()),
    "not-accepted": (Refuse("x", "y"),),
}


@hypothesis_given(
    st.lists(st.sampled_from(sorted(ENDS)), min_size=1, max_size=4), st.randoms(use_true_random=False)
)
def test_however_its_parts_end_a_matter_ends_after_them_and_is_rated_once(
    ends: list[str], order: st.DataObject
) -> None:
    """The commands of the parts come interleaved in any order."""
    world = World()
    names = tuple(f"m1.{n}" for n in range(len(ends)))
    world.ask("case-m1", opening(names), NINE)
    todo = {}
    for name, end in zip(names, ends, strict=True):
        world.ask(f"case-{name}", opening((), "m1"), NINE)
        todo[name] = list(ENDS[end])
    world.ask("case-m1", Accept(), NINE)
    while todo:
        name = order.choice(sorted(todo))  # type: ignore[attr-defined]
        refused = world.ask("case-m1", Decide("terminated", "x"), NINE)
        assert isinstance(refused, Refused)
        assert refused.code == "parts-going-on"
        assert isinstance(world.ask(f"case-{name}", todo[name].pop(0), NINE), list)
        if not todo[name]:
            del todo[name]
    whole = world.state("case-m1")
    assert whole.matter.ended == dict(zip(names, ends, strict=True))
    assert whole.status == ("closed" if set(ends) == {"granted"} else "accepted")
    if whole.status == "accepted":
        world.ask("case-m1", Decide("terminated", "部分未准予"), NINE)
        world.ask("case-m1", Close(), NINE)
    invited = [recorded.stream for recorded in world.log if isinstance(recorded.event, ReviewInvited)]
    assert invited == ["review-case.m1"]
    assert world.refused == []
    assert list(broken_between(world.held, len(world.log))) == []


def test_a_matter_that_was_decided_before_its_parts_is_found() -> None:
    world = World()
    world.ask("case-m1", opening(("m1.1",)), NINE)
    world.ask("case-m1.1", opening((), "m2"), NINE)
    world.held["case-m1"].state.decision = GRANTED
    assert sorted(broken_between(world.held, len(world.log))) == [
        "case-m1.1: is part of m2, which does not say so",
        "case-m1: holds m1.1 together with others, which does not say so",
        "case-m1: is decided and m1.1 go on",
    ]


def test_what_is_kept_of_before_is_no_matter() -> None:
    old = {
        name: value for name, value in msgspec.to_builtins(OPENED).items() if name not in ("parts", "matter")
    }
    assert msgspec.convert(old, CaseOpened) == OPENED
    given(case, OPENED, CaseAccepted(None, CLOCK)).when(EndPart("x", "granted")).refused("unknown-part")


def test_a_matter_is_one_case_for_who_came_and_as_many_promises_as_it_has_units() -> None:
    whole = CaseClosed("shop", "tanghe", "office", NINE, channel="window", result="granted", whole=True)
    part = CaseClosed("tax", "tanghe", "tax-office", NINE, channel="window", result="granted", matter="m1")
    counted = Counts()
    for name, event in (("case-m1", whole), ("case-m1.1", part), ("case-m1.2", part)):
        for view in view_of(performance, record(name, event)).values():
            for one in view.slices.values():
                counted.add(one.counts)
    assert (counted.closed, counted.timed, counted.in_time) == (1, 2, 2)
