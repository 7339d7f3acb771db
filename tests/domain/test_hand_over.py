"""A case received in one hall and handled in another: whose turn it is, and whose time runs."""

import msgspec
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from domain import case
from domain.booking import OnBehalf
from domain.case import Accept, CaseAccepted, OpenCase, Refuse
from domain.hall import ConfigureHall
from domain.hand_over import (
    CaseHandedBack,
    CaseHandedOver,
    CaseTakenOver,
    HandBack,
    HandOver,
    TakeOver,
    needed_scope,
    reaches,
)
from domain.limits import LimitSet
from domain.papers import GuidePaper, RequestCorrection
from domain.region import SetTerms
from domain.rules import Rule
from domain.terms import Terms
from projections import case_file
from tests.domain.test_case import CLOCK, OPENED, at
from tests.histories import HALL, World, view_of
from tests.spec import NINE, given

AWAY = msgspec.structs.replace(OPENED, handled_at="wolong", guide=(GuidePaper("照片"),))
OPENING = OpenCase(
    item="permit",
    item_version=1,
    hall="tanghe",
    unit="office",
    applicant="p1",
    channel="window",
    kind="promised",
    promised_limit_workdays=8,
    guide=(),
    handled_at="wolong",
)
SENT, TAKEN = CaseHandedOver("wolong", "移1"), CaseTakenOver()


@pytest.mark.parametrize("command", [Accept(), Refuse("x", "y"), RequestCorrection(("照片",))])
@pytest.mark.parametrize(("history", "side"), [((), "receiving"), ((SENT,), "under-way")])
def test_nobody_answers_before_the_handling_hall_has_the_papers(
    command: case.AnyCommand, history: tuple[case.AnyEvent, ...], side: str
) -> None:
    given(case, AWAY, *history).when(command).refused("not-taken-over", side=side, hall="wolong")


def test_papers_go_over_are_taken_and_may_come_back() -> None:
    told = given(case, AWAY)
    told.when(TakeOver()).refused("papers-elsewhere", side="receiving")
    told.when(HandOver("移1")).then(SENT)
    told.when(HandOver("移1")).then()
    told.when(HandBack("缺页")).then(CaseHandedBack(AWAY.hall, "缺页"))
    told.when(HandBack("缺页")).then()
    told.when(HandOver("移2"), TakeOver()).then(TAKEN)
    told.when(TakeOver(), HandOver()).then()
    told.when(Accept()).then(CaseAccepted(None, CLOCK))
    told.when(TakeOver()).then()
    told.when(HandBack("太晚")).refused("already-accepted")


def test_what_is_handled_where_it_was_received_is_not_handed_over() -> None:
    given(case, OPENED).when(HandOver()).refused("handled-here")


def test_whoever_acts_for_somebody_says_by_what_consent() -> None:
    told = given(case).when(msgspec.structs.replace(OPENING, channel="agent"))
    told.refused("consent-missing", field="on_behalf")
    acting = OnBehalf("assisted", "p2", "written")
    told.when(msgspec.structs.replace(OPENING, channel="agent", on_behalf=acting))
    assert told.state.opened.on_behalf == acting


@pytest.mark.parametrize(
    ("one", "other", "needed"),
    [
        ("411328000000", "411328101000", None),
        ("411328000000", "411303000000", "across-counties"),
        ("411328000000", "410105000000", "across-cities"),
        ("411328000000", "420102000000", "across-provinces"),
    ],
)
def test_how_far_an_item_must_reach_follows_from_the_regions(
    one: str, other: str, needed: str | None
) -> None:
    assert needed_scope(one, other) == needed
    assert reaches("national", needed)  # type: ignore[arg-type]
    assert reaches(None, needed) == (needed is None)  # type: ignore[arg-type]
    assert not reaches("across-counties", "across-cities")


@hypothesis_given(st.lists(st.integers(0, 6), min_size=3, max_size=3))
def test_each_hall_has_its_own_clock_by_its_own_regions_terms(days: list[int]) -> None:
    """The turns follow each other without a gap, each with the limit of the hall whose turn it is."""
    world = World()
    quick = Terms(rules={"taking-over": Rule(workdays=1), "acceptance": Rule(workdays=9)})
    away = msgspec.structs.replace(HALL, region="411303000000")
    world.ask("hall-tanghe", ConfigureHall(HALL), NINE)
    world.ask("hall-wolong", ConfigureHall(away), NINE)
    world.ask("region-411303000000", SetTerms(quick), NINE)
    moments = [NINE, *(at(2 + sum(days[: n + 1]), 9) for n in range(3))]
    for moment, (command, by) in zip(
        moments,
        [(OPENING, "tanghe"), (HandOver(), "tanghe"), (TakeOver(), "wolong"), (Accept(), "wolong")],
        strict=True,
    ):
        world.ask("case-far", command, moment, hall=by)
    view = view_of(case_file, world.log)["far"]
    turns = [(turn.hall, turn.part, turn.since, turn.until) for turn in view.turns]
    assert turns == [
        ("tanghe", "receiving", moments[0], moments[1]),
        ("wolong", "taking-over", moments[1], moments[2]),
        ("wolong", "handling", moments[2], None),
    ]
    known = [event for event in world.events("case-far") if isinstance(event, LimitSet)]
    limits = {event.limit: event.clock.workdays for event in known}
    assert limits == {"forwarding": 1, "taking-over": 1, "acceptance": 9}
    assert world.state("case-far").limits.running == {}
    assert view.turns[-1].due_at == view.due_at
    assert case_file.facets(view)["handling"] == "wolong"
    assert world.refused == []
