"""The published figures: each rate with its numerator and denominator, from documents of any hall and day."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given

from domain.case import CaseClosed, CaseOpened
from domain.detours import FinishUndone
from domain.item import ItemPlan, ItemPublished
from domain.message import Recorded, Text
from domain.queue import ServiceFinished
from domain.rectification import (
    RectificationFedBack,
    RectificationOverdue,
    ReviewerCalledBack,
    ReviewerContacted,
    ReviewRectified,
    ReviewRuled,
)
from domain.review import BAD, InvitationTakenBack, ReviewAdded, ReviewGiven, ReviewInvited
from projections import performance
from projections.definitions import DEFINITIONS, FIGURES, RATE_NAMES
from projections.figures import NOT_BY, By, Chosen, Figures, Rate, Trials, days_of, evidence, figures
from projections.performance import View
from tests.histories import histories, record, view_of
from tests.spec import NINE


def at(day: int) -> datetime:
    return NINE.replace(day=day)


def invited(**fields: Any) -> ReviewInvited:
    return ReviewInvited(**({"channel": "sms", "hall": "tanghe", "unit": "market"} | fields))


def rated(grade: str = "satisfied", **fields: Any) -> ReviewGiven:
    usual = {"review": "r1", "grade": grade, "channel": "mobile", "hall": "tanghe", "unit": "market"}
    return ReviewGiven(**(usual | {"person": "p1"} | fields))


def closed(**fields: Any) -> CaseClosed:
    usual: dict[str, Any] = {"item": "permit", "hall": "tanghe", "unit": "market", "due_at": at(10)}
    return CaseClosed(**(usual | fields))


def opened(**fields: Any) -> CaseOpened:
    usual: dict[str, Any] = {"item": "permit", "item_version": 1, "hall": "tanghe", "unit": "market"}
    usual |= {"applicant": "p1", "channel": "web", "kind": "promised"}
    usual |= {"promised_limit_workdays": 2, "statutory_limit_workdays": 20}
    return CaseOpened(**(usual | fields))


def published(**fields: Any) -> ItemPublished:
    usual: dict[str, Any] = {"name": Text("许可", "Permit"), "unit": Text("市场监管局", "Market office")}
    usual |= {"kind": "permit", "level": "county", "applicants": ("person",), "queue": "a"}
    usual |= {"handling": "promised", "online_depth": "IV", "visits": 0}
    usual |= {"statutory_limit_workdays": 20, "promised_limit_workdays": 2}
    return ItemPublished(ItemPlan(**(usual | fields)), 1)


Story = tuple[Any, ...]
"""A stream and what happened in it."""


RECTIFIED = ReviewRectified(remedy="measures", text="x", due_at=at(9))


def documents(*stories: Story) -> dict[str, View]:
    return view_of(performance, [line for stream, *happened in stories for line in record(stream, *happened)])


def hall(*stories: Story) -> Figures:
    return figures(documents(*stories).values())["tanghe"]


# --- ratings --------------------------------------------------------------------------------------------------


def test_a_service_that_had_not_ended_after_all_could_not_be_rated() -> None:
    back = InvitationTakenBack(invited_at=NINE, hall="tanghe", unit="market")
    told = hall(("review-ticket.t1", invited(), back, invited()), ("review-ticket.t2", invited(), back))
    assert told.rates["active_review"].denominator == 1


def test_services_that_could_be_rated_are_counted_once_invited_or_not() -> None:
    told = hall(
        ("review-ticket.t1", invited()),
        ("review-ticket.t2", invited(), rated()),
        ("review-ticket.t3", rated("dissatisfied", uninvited=True)),
        ("review-ticket.t4", invited(), rated("very-satisfied")),
    )
    assert told.rates["active_review"] == Rate(3, 4, 0.75)


def test_the_two_ways_to_count_good_ratings_are_told_apart() -> None:
    grades = ["very-satisfied", "satisfied", "fairly-satisfied", "dissatisfied", "very-dissatisfied"]
    told = hall(*[(f"review-ticket.t{n}", invited(), rated(grade)) for n, grade in enumerate(grades)])
    assert told.rates["favourable"] == Rate(3, 5, 0.6)
    assert told.rates["satisfied"] == Rate(2, 5, 0.4)
    assert told.rates["bad"] == Rate(2, 5, 0.4)
    assert told.mean == Rate(30, 5, 6.0)


def test_what_nobody_rated_has_no_rate() -> None:
    told = hall(("review-ticket.t1", invited()))
    assert told.rates["favourable"] == Rate(0, 0, None)
    assert told.mean.value is None


def test_tests_are_in_no_rate_and_counted_apart() -> None:
    told = hall(
        ("review-case.t1", rated("dissatisfied", test=True), RECTIFIED),
        ("case-t1", opened(test=True), closed(test=True)),
    )
    assert told.tests == Trials(cases=1, reviews=1)
    assert set(told.rates.values()) == {Rate(0, 0)}


# --- bad reviews ----------------------------------------------------------------------------------------------

BADLY = rated("dissatisfied")


def test_a_bad_review_counts_as_settled_when_it_was_rectified_or_its_deadline_has_passed() -> None:
    overdue = RectificationOverdue("rectify")
    told = hall(
        ("review-ticket.t1", invited(), BADLY),
        ("review-ticket.t2", invited(), BADLY, (at(9), RECTIFIED)),
        ("review-ticket.t3", invited(), BADLY, (at(9), overdue)),
        ("review-ticket.t4", invited(), BADLY, (at(9), overdue), (at(11), RECTIFIED)),
    )
    assert told.rates["rectified"] == Rate(2, 3, 2 / 3)
    assert told.rates["rectified_in_time"] == Rate(1, 3, 1 / 3)


def test_late_is_late_even_where_nobody_recorded_that_the_deadline_had_passed() -> None:
    told = hall(("review-ticket.t1", invited(), BADLY, (at(11), RECTIFIED)))
    assert told.rates["rectified_in_time"] == Rate(0, 1, 0.0)


def test_a_contact_that_came_late_settles_nothing() -> None:
    contact = (RectificationOverdue("contact"), ReviewerContacted("reached"))
    assert hall(("review-ticket.t1", invited(), BADLY, *contact)).rates["rectified"] == Rate(0, 0)


def test_only_who_is_known_is_to_be_called_back() -> None:
    answered = (RECTIFIED, RectificationFedBack("x", "phone"))
    told = hall(
        ("review-ticket.t1", invited(), BADLY, *answered, ReviewerCalledBack(True)),
        ("review-ticket.t2", invited(), BADLY, *answered),
        ("review-ticket.t3", invited(), BADLY, RECTIFIED),
        ("review-ticket.t4", invited(), rated("dissatisfied", person=None), *answered),
    )
    assert told.rates["called_back"] == Rate(1, 2, 0.5)


@pytest.mark.parametrize("finding", ["mis-rated", "malicious"])
def test_a_review_that_was_not_adopted_counts_for_nothing(finding: Any) -> None:
    ruled = ReviewRuled(finding, "x", "supervision")
    told = hall(
        ("review-ticket.t1", invited(), rated()),
        (
            "review-ticket.t2",
            invited(),
            BADLY,
            RectificationOverdue("rectify"),
            ruled,
            ReviewerCalledBack(True),
        ),
        ("review-ticket.t3", msgspec.structs.replace(BADLY, uninvited=True), ruled),
    )
    assert told.rates["active_review"] == Rate(1, 3, 1 / 3)
    assert told.rates["favourable"] == Rate(1, 1, 1.0)
    assert told.rates["rectified"] == told.rates["called_back"] == Rate(0, 0)


def test_a_ruling_that_upholds_a_review_changes_nothing() -> None:
    told = hall(("review-ticket.t1", invited(), BADLY, ReviewRuled("true", "x", "supervision")))
    assert told.rates["bad"] == Rate(1, 1, 1.0)


def test_the_second_rating_is_counted_apart_from_the_first() -> None:
    added = ReviewAdded(review="r2", grade="satisfied", channel="mobile")
    told = hall(("review-ticket.t1", invited(), BADLY, RECTIFIED, added))
    assert told.rates["satisfied_after"] == Rate(1, 1, 1.0)
    assert told.rates["bad"] == Rate(1, 1, 1.0)


# --- cases ----------------------------------------------------------------------------------------------------


def test_cases_count_in_time_by_the_deadline_they_were_closed_under() -> None:
    told = hall(
        ("case-t1", (at(10), closed())),
        ("case-t2", (at(10) + timedelta(seconds=1), closed())),
        ("case-t3", closed(due_at=None)),
    )
    assert told.rates["closed_in_time"] == Rate(1, 2, 0.5)


def test_limits_are_shortened_from_what_the_law_gives_to_what_was_promised() -> None:
    told = hall(
        ("case-t1", opened()),
        ("case-t2", opened(promised_limit_workdays=5, statutory_limit_workdays=10)),
        ("case-t3", opened(kind="on-the-spot", promised_limit_workdays=None)),
    )
    assert told.rates["limits_compressed"] == Rate(23, 30, 23 / 30)
    assert told.rates["on_the_spot"] == Rate(1, 3, 1 / 3)


def test_a_visit_is_a_service_that_a_case_was_the_matter_of() -> None:
    line = "queue-tanghe-2026-03-02"
    visit = ServiceFinished("A001", "w1", "x1", "a", ("permit",), "case-opened", "t1")
    again = ServiceFinished("A002", "w1", "x2", "a", ("permit",), "done", "t1")
    other = ServiceFinished("A003", "w1", "x3", "a")
    told = hall((line, visit, again, other), ("case-t1", opened(), closed()))
    assert told.rates["visits_per_case"] == Rate(2, 1, 2.0)
    undone = (line, visit, FinishUndone("A001", "w1", "a"), again, FinishUndone("A003", "w1", "a"))
    assert hall(undone, ("case-t1", closed())).rates["visits_per_case"] == Rate(1, 1, 1.0)


# --- the catalogue --------------------------------------------------------------------------------------------


def test_what_the_published_items_promise_is_a_figure() -> None:
    views = documents(
        ("item-permit", (at(1), published(visits=1, online_depth="III"))),
        ("item-deed", (at(2), published(handling="on-the-spot", online_depth="II"))),
        ("item-later", (at(9), published())),
        ("case-t1", (at(3), opened())),
        ("case-t2", (at(3), opened(item="unpublished"))),
    ).values()
    told = figures(views, "all", chosen=Chosen("2026-03-03", "2026-03-08"))["all"].rates
    assert told["items_on_the_spot"] == Rate(1, 2, 0.5)
    assert told["item_limits_compressed"] == Rate(36, 40, 0.9)
    assert told["item_visits"] == Rate(1, 2, 0.5)
    assert told["items_depth_three"] == Rate(1, 2, 0.5)
    assert told["items_depth_four"] == Rate(0, 2, 0.0)
    assert told["items_used"] == Rate(1, 2, 0.5)
    by_unit = figures(views, "unit", chosen=Chosen("2026-03-03", "2026-03-08"))
    assert by_unit["市场监管局"].rates["items_used"].denominator == 2
    assert figures(views, "hall")["tanghe"].rates["items_used"] == Rate(0, 0)


def test_a_hall_has_the_items_that_are_handled_there() -> None:
    log = documents(
        ("item-permit", published(visits=1)),
        ("item-deed", published(handling="on-the-spot")),
        ("case-t1", opened()),
        ("case-t2", (at(4), opened(item="deed", hall="elsewhere"))),
    ).values()
    here = Chosen(hall="tanghe", handled=frozenset({"permit", "deed"}))
    told = figures(log, "all", chosen=here)["all"].rates
    assert (told["items_on_the_spot"], told["items_used"]) == (Rate(1, 2, 0.5), Rate(1, 2, 0.5))
    one = msgspec.structs.replace(here, handled=frozenset({"permit"}))
    assert figures(log, "all", chosen=one)["all"].rates["items_used"] == Rate(1, 1, 1.0)
    nobody = msgspec.structs.replace(here, window="w1")
    assert figures(log, "all", chosen=nobody) == {}
    assert figures(log, "all", chosen=Chosen(hall="tanghe"))["all"].rates["items_used"] == Rate(0, 0)


def test_an_item_counts_as_it_is_published_last() -> None:
    views = documents(("item-permit", published(visits=1), published(visits=0))).values()
    assert figures(views, "all")["all"].rates["item_visits"] == Rate(0, 1, 0.0)


def test_a_period_that_is_over_keeps_the_promises_of_its_time() -> None:
    views = documents(("item-permit", (at(1), published(visits=2)), (at(9), published(visits=0)))).values()
    for last, visits in (("2026-03-08", 2), ("2026-03-09", 0)):
        told = figures(views, "all", chosen=Chosen(last=last))["all"]
        assert told.rates["item_visits"].numerator == visits


def test_items_and_units_are_covered_by_one_rating_each() -> None:
    told = hall(
        ("review-ticket.t1", invited(item="permit"), rated(item="permit")),
        ("review-ticket.t2", invited(item="permit"), rated(item="permit")),
        ("review-ticket.t3", invited(item="deed", unit="land")),
    )
    assert told.rates["items_covered"] == Rate(1, 2, 0.5)
    assert told.rates["units_covered"] == Rate(1, 2, 0.5)


# --- by day, by what ------------------------------------------------------------------------------------------


def test_everything_counts_on_the_day_it_happened() -> None:
    views = documents(
        ("review-ticket.t1", (at(2), invited()), (at(3), rated())),
        ("review-ticket.t2", (at(2), invited()), (at(3), BADLY), (at(20), RECTIFIED)),
        ("case-t1", (at(4), closed())),
    ).values()
    told = figures(views, "day")
    assert sorted(told) == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-20"]
    assert told["2026-03-03"].rates["bad"] == Rate(1, 2, 0.5)
    assert told["2026-03-03"].rates["rectified"] == Rate(0, 0)
    assert told["2026-03-20"].rates["rectified"] == Rate(1, 1, 1.0)
    (bad,) = [view for view in views if performance.facets(view)["last_day"] == "2026-03-20"]
    assert performance.facets(bad) == {"hall": "tanghe", "day": "2026-03-03", "last_day": "2026-03-20"}
    march = figures(views, "all", chosen=Chosen("2026-03-20", "2026-03-31"))["all"]
    assert (march.rates["bad"], march.rates["rectified"]) == (Rate(0, 0), Rate(1, 1, 1.0))


def test_a_month_and_a_quarter_are_whole() -> None:
    views = documents(*[(f"case-t{day}", (at(day), opened())) for day in (1, 31)]).values()
    for by, name in (("month", "2026-03"), ("quarter", "2026-q1")):
        assert figures(views, by)[name].rates["on_the_spot"] == Rate(0, 2, 0.0)  # type: ignore[arg-type]
    assert days_of("2026-03") == ("2026-03-01", "2026-03-31")
    assert days_of("2026-q1") == ("2026-01-01", "2026-03-31")
    assert days_of("2028-02") == ("2028-02-01", "2028-02-29")


def test_a_day_is_the_halls_own_day() -> None:
    last_hour = datetime.fromisoformat("2026-03-02T23:30:00+08:00")
    (view,) = documents(("review-ticket.t1", (last_hour, invited()))).values()
    assert view.day == "2026-03-02"
    in_london = datetime.fromisoformat("2026-03-02T16:30:00+00:00")
    (view,) = documents(("review-ticket.t1", (in_london, invited()))).values()
    assert view.day == "2026-03-03"


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("hall", {"tanghe": 3, "yicheng": 1}),
        ("unit", {"land": 2, "market": 2}),
        ("item", {"deed": 2, "permit": 1}),
        ("window", {"w1": 2, "w2": 1}),
        ("clerk", {"li": 1}),
        ("all", {"all": 4}),
    ],
)
def test_figures_are_told_by_hall_unit_item_window_clerk_or_all_together(
    by: By, expected: dict[str, int]
) -> None:
    views = documents(
        ("review-ticket.t1", invited(item="permit", window="w1", clerk="li")),
        ("review-ticket.t2", invited(unit="land", item="deed", window="w1")),
        ("review-ticket.t3", invited(unit="land", item="deed", window="w2")),
        ("review-ticket.t4", invited(hall="yicheng")),
    )
    told = figures(views.values(), by)
    assert {name: told[name].rates["active_review"].denominator for name in told} == expected


def test_the_channel_is_how_was_rated_and_nothing_that_has_none_is_told_by_it() -> None:
    told = figures(documents(("review-ticket.t1", invited(), rated(channel="tablet"))).values(), "channel")
    assert told["tablet"].rates["favourable"] == Rate(1, 1, 1.0)
    assert told["tablet"].rates["active_review"] == Rate(0, 0)
    by_channel = figures(
        documents(("case-t1", opened(channel="post"), closed(channel="post"))).values(), "channel"
    )
    assert by_channel["post"].rates["closed_in_time"] == Rate(1, 1, 1.0)


def test_figures_are_those_of_what_was_chosen() -> None:
    views = documents(
        ("review-ticket.t1", invited(item="permit", window="w1", clerk="li")),
        ("review-ticket.t2", invited(item="deed", window="w1", clerk="wang")),
    ).values()
    for chosen in (
        Chosen(item="deed"),
        Chosen(clerk="wang"),
        Chosen(hall="tanghe", window="w1", item="deed"),
    ):
        assert figures(views, "all", chosen=chosen)["all"].rates["active_review"].denominator == 1
    assert figures(views, "all", chosen=Chosen(hall="elsewhere")) == {}


def test_so_few_that_a_person_could_be_made_out_are_not_shown_to_the_public() -> None:
    stories = [(f"review-ticket.t{n}", invited(), rated()) for n in range(4)]
    assert figures(documents(*stories).values(), floor=5)["tanghe"].rates["favourable"] == Rate(0, 0, None)
    stories.append(("review-ticket.t5", invited(), rated()))
    assert figures(documents(*stories).values(), floor=5)["tanghe"].rates["favourable"] == Rate(5, 5, 1.0)


def test_every_rate_has_a_name() -> None:
    assert hall(("review-ticket.t1", invited())).rates.keys() == RATE_NAMES.keys()


# --- laws -----------------------------------------------------------------------------------------------------


@given(histories("case-t1", "review-case.t1", "review-ticket.t1", "queue-tanghe-2026-03-02"))
def test_no_rate_is_ever_above_one_and_none_counts_a_review_twice(log: list[Recorded]) -> None:
    views = view_of(performance, log)
    for told in figures(views.values()).values():
        shares = {name: rate for name, rate in told.rates.items() if DEFINITIONS[name].unit == "share"}
        # Services and their ratings are counted each on its own day, and here every day is told.
        assert all(rate.numerator <= rate.denominator for rate in shares.values())
    given_for_real = [r for r in log if isinstance(r.event, ReviewGiven) and not r.event.test]
    counted = sum(part.counts.rated for view in views.values() for part in view.slices.values())
    struck = [
        r for r in log if isinstance(r.event, ReviewRuled) and r.event.finding in ("mis-rated", "malicious")
    ]
    assert counted == len(given_for_real) - len(struck)


@given(histories())
def test_no_history_of_the_halls_is_too_much_for_it(log: list[Recorded]) -> None:
    for view in view_of(performance, log).values():
        assert performance.facets(view).keys() == performance.FACETS.keys()


def test_only_bad_reviews_have_documents_of_their_own() -> None:
    keys = documents(("review-ticket.t1", rated()), ("review-ticket.t2", BADLY)).keys()
    assert keys == {"day/tanghe/2026-03-02", "bad/ticket.t2"}
    assert BADLY.grade in BAD


def test_what_cannot_be_told_by_something_is_a_figure() -> None:
    assert {figure for figures_ in NOT_BY.values() for figure in figures_} <= FIGURES.keys()


# --- what stands behind a figure ------------------------------------------------------------------------------


def test_every_figure_says_what_is_divided_by_what_and_who_says_so() -> None:
    assert DEFINITIONS.keys() == RATE_NAMES.keys()


def test_a_figure_names_the_very_events_it_was_made_of() -> None:
    log = record("review-ticket.t1", invited(), rated("dissatisfied"), RECTIFIED)
    (proof,) = evidence(log, "rectified")
    assert (proof.stream, proof.numerator, proof.denominator) == ("review-ticket.t1", 1, 1)
    assert [event.type for event in proof.events] == ["review-given", "review-rectified"]
    assert evidence(log, "rectified", Chosen(unit="land")) == []
    ruled = record("review-ticket.t1", invited(), rated("dissatisfied"), ReviewRuled("malicious", "x", "y"))
    assert evidence(ruled, "bad") == []
    (unrated,) = evidence(ruled, "active_review")
    assert (unrated.numerator, unrated.denominator) == (0, 1)


@given(histories(length=200))
def test_whatever_happens_the_evidence_of_a_figure_is_the_figure(log: list[Recorded]) -> None:
    (told,) = figures(view_of(performance, log).values(), "all").values() or [None]
    for name in RATE_NAMES:
        behind = evidence(log, name)
        shown = (told.rates[name].numerator, told.rates[name].denominator) if told else (0, 0)
        summed = (sum(one.numerator for one in behind), sum(one.denominator for one in behind))
        assert shown in (summed, (0, 0)), name
        assert shown == summed or not summed[1], name
