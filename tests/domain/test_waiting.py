"""A full day's waiting list: what becomes free is held for whoever waits, in order, and for nobody else."""

from datetime import datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given as over

from domain import freed, slots
from domain.booking import BookingRules
from domain.handling import Ask, Held
from domain.lottery import commitment
from domain.message import Event, Recorded, Refused, Stamp
from domain.offering import SlotPlan, SlotsPlan
from domain.policies import react
from domain.promises import broken, broken_between
from domain.slots import (
    BookSlot,
    CancelAppointment,
    ConfirmHold,
    DeclareLottery,
    DrawLottery,
    HoldPlace,
    HoldReleased,
    JoinWaiting,
    LeaveWaiting,
    OfferFreed,
    PlaceHeld,
    ReleaseHold,
    ReviseOffer,
    SlotBooked,
    SlotsOffered,
    SlotsRevised,
    WaitingEnded,
    WaitingJoined,
    WaitingOffered,
    remaining,
)
from domain.workdays import Calendar
from projections import waiting as waiting_view
from tests.histories import histories, view_of
from tests.spec import NINE, SHANGHAI, given, stamp

TUESDAY = NINE.date() + timedelta(days=1)
HALF_AN_HOUR = timedelta(minutes=30)
STREAM = f"slots-tanghe-{TUESDAY}"


def at(hour: int) -> datetime:
    return datetime.combine(TUESDAY, time(hour), SHANGHAI)


def slot(hour: int, public: int = 1) -> SlotPlan:
    return SlotPlan("a", at(hour), at(hour + 1), public, 1, 3)


RULES = BookingRules(waiting_minutes=30, waiting_offers=2, waiting_max=3)
OFFERED = SlotsOffered(SlotsPlan((slot(9), slot(10)), RULES))


def booked(name: str, hour: int, person: str = "x") -> SlotBooked:
    return SlotBooked(name, f"a-{hour:02}00", "a", "deed", person, at(hour), at(hour + 1))


FULL = (OFFERED, booked("b1", 9, "x1"), booked("b2", 10, "x2"))


def joined(name: str, person: str, intervals: int = 1) -> WaitingJoined:
    return WaitingJoined(name, "a", "deed", person, intervals)


def join(name: str, person: str, intervals: int = 1) -> JoinWaiting:
    return JoinWaiting(name, "a", "deed", person, intervals)


def offered(name: str, nth: int, person: str, hour: int, now: datetime = NINE) -> tuple[Event, Event]:
    hold, until = f"{name}.{nth}", now + HALF_AN_HOUR
    held = PlaceHeld(hold, f"a-{hour:02}00", "a", "deed", person, at(hour), at(hour + 1), until)
    return held, WaitingOffered(name, hold, person, "deed", at(hour), until)


def test_who_finds_the_day_full_joins_the_list_once() -> None:
    day = given(slots, *FULL).when(join("w1", "li"))
    day.then(joined("w1", "li"))
    day.when(join("w1", "li")).then()
    day.when(join("w2", "li")).refused("already-waiting")
    day.when(join("w1", "wang")).refused("reference-taken")


def test_nobody_waits_where_a_place_could_be_booked_or_nothing_is_to_come() -> None:
    given(slots, OFFERED, booked("b1", 9)).when(join("w1", "li")).refused("places-free")
    given(slots, *FULL).at_time(at(10)).when(join("w1", "li")).refused("no-waiting-list")
    given(slots).when(join("w1", "li")).refused("slots-not-offered")
    none = SlotsOffered(SlotsPlan((slot(9, 0),), BookingRules(waiting_max=0)))
    given(slots, none).when(join("w1", "li")).refused("no-waiting-list")


def test_the_list_has_an_end() -> None:
    three = [joined(f"w{n}", f"p{n}") for n in range(3)]
    given(slots, *FULL, *three).when(join("w9", "li")).refused("waiting-list-full", most=3)


def test_who_needs_two_intervals_waits_though_one_is_free() -> None:
    given(slots, OFFERED, booked("b1", 9)).when(join("w1", "li", 2)).then(joined("w1", "li", 2))


def test_a_freed_place_is_held_for_the_first_and_taken_by_nobody_else() -> None:
    waiting = given(slots, *FULL, joined("w1", "li"), joined("w2", "wang"))
    waiting.when(CancelAppointment("b1"))
    for asked in (
        BookSlot("b9", "a-0900", "a", "deed", "zhao"),
        HoldPlace("h9", "a-0900", "a", "deed", "zhao"),
    ):
        waiting.when(asked).refused("waiting-first")
    waiting.when(OfferFreed()).then(*offered("w1", 1, "li", 9))
    waiting.when(OfferFreed()).then()
    waiting.when(BookSlot("b9", "a-0900", "a", "deed", "zhao")).refused("slot-full")
    waiting.when(ConfirmHold("w1.1", "li"))
    state = waiting.state
    assert state.waiting["w1"].ended == "booked"
    assert [one.joined.waiting for one in freed.active(state)] == ["w2"]


def test_staff_book_from_their_own_share_whoever_waits() -> None:
    day = given(slots, *FULL, joined("w1", "li")).when(CancelAppointment("b1"))
    day.when(BookSlot("b9", "a-0900", "a", "deed", "zhao", "internal"))
    assert not isinstance(day.decided, Refused)


def test_two_freed_places_go_to_the_first_two() -> None:
    waiting = given(slots, *FULL, joined("w1", "li"), joined("w2", "wang"))
    waiting.when(CancelAppointment("b1"), CancelAppointment("b2"), OfferFreed())
    waiting.then(*offered("w1", 1, "li", 9), *offered("w2", 1, "wang", 10))


def test_a_place_too_short_for_the_first_goes_to_the_next() -> None:
    waiting = given(slots, *FULL, joined("w1", "li", 2), joined("w2", "wang"))
    waiting.when(CancelAppointment("b2"), OfferFreed()).then(*offered("w2", 1, "wang", 10))


def test_who_lets_an_offer_pass_goes_to_the_end_and_then_off_the_list() -> None:
    waiting = given(slots, *FULL, joined("w1", "li"), joined("w2", "wang"))
    waiting.when(CancelAppointment("b1"), OfferFreed())
    now = NINE + HALF_AN_HOUR
    waiting.at_time(now).when(ConfirmHold("w1.1", "li")).refused("hold-over")
    waiting.when(ReleaseHold("w1.1", expired=True)).then(HoldReleased("w1.1", "expired"))
    waiting.when(OfferFreed()).then(*offered("w2", 1, "wang", 9, now))
    waiting.when(ReleaseHold("w2.1")).then(HoldReleased("w2.1", "given-up"))
    waiting.when(OfferFreed()).then(*offered("w1", 2, "li", 9, now))
    waiting.when(ReleaseHold("w1.2"), OfferFreed())
    waiting.then(WaitingEnded("w1", "offers-used"), *offered("w2", 2, "wang", 9, now))
    waiting.when(ReleaseHold("w2.2"), OfferFreed()).then(WaitingEnded("w2", "offers-used"))
    assert remaining(waiting.state, "a-0900") == 1
    waiting.when(BookSlot("b9", "a-0900", "a", "deed", "zhao"))
    assert isinstance(waiting.decided, list)


def test_an_offer_ends_before_its_slot_begins_and_none_is_made_for_what_has_begun() -> None:
    late = at(9) - timedelta(minutes=10)
    waiting = given(slots, *FULL, joined("w1", "li")).at_time(late)
    waiting.when(CancelAppointment("b1", by_hall=True), OfferFreed())
    assert waiting.state.holds["w1.1"].until == at(9)
    begun = given(slots, *FULL, joined("w1", "li")).at_time(at(9))
    begun.when(CancelAppointment("b1", by_hall=True), OfferFreed()).then()


@pytest.mark.parametrize(
    ("now", "told"), [((2, 22), (3, 8)), ((3, 2), (3, 8)), ((2, 20), None), ((3, 8), None)]
)
def test_who_is_offered_a_place_by_night_is_told_in_the_morning_and_answers_then(
    now: tuple[int, int], told: tuple[int, int] | None
) -> None:
    (today, hour), plan = now, SlotsPlan((slot(15),), RULES)
    night = datetime(2026, 3, today, hour, tzinfo=SHANGHAI)
    full = (SlotsOffered(plan), booked("b1", 15, "x1"), joined("w1", "li"))
    waiting = given(slots, *full).at_time(night).when(CancelAppointment("b1"), OfferFreed())
    assert isinstance(waiting.decided, list)
    (_, offer) = waiting.decided
    assert isinstance(offer, WaitingOffered)
    begins = night if told is None else datetime(2026, 3, told[0], told[1], tzinfo=SHANGHAI)
    assert offer.told_at == (None if told is None else begins)
    assert offer.until == begins + HALF_AN_HOUR
    assert waiting.state.holds["w1.1"].until == offer.until


def test_a_hall_may_have_no_night() -> None:
    rules = BookingRules(quiet_from=time(0), quiet_until=time(0))
    plan = SlotsOffered(SlotsPlan((slot(15),), rules))
    night = NINE + timedelta(hours=14)
    waiting = given(slots, plan, booked("b1", 15, "x1"), joined("w1", "li")).at_time(night)
    waiting.when(CancelAppointment("b1"), OfferFreed())
    assert waiting.state.holds["w1.1"].until == night + HALF_AN_HOUR


def test_an_offer_made_late_lasts_from_when_it_is_made() -> None:
    state = given(slots, *FULL, joined("w1", "li")).when(CancelAppointment("b1")).state
    later = NINE + timedelta(hours=5)
    stamp = Stamp(at=NINE, by="policy:reactor", command="c1", recorded_at=later)
    held = slots.decide(OfferFreed(), state, stamp)[0]
    assert isinstance(held, PlaceHeld)
    assert held.until == later + HALF_AN_HOUR


def test_who_leaves_gives_the_held_place_to_the_next() -> None:
    waiting = given(slots, *FULL, joined("w1", "li"), joined("w2", "wang"))
    waiting.when(CancelAppointment("b1"), OfferFreed(), LeaveWaiting("w1"))
    waiting.then(HoldReleased("w1.1", "given-up"), WaitingEnded("w1", "left"))
    waiting.when(LeaveWaiting("w1")).then()
    waiting.when(OfferFreed()).then(*offered("w2", 1, "wang", 9))
    waiting.when(LeaveWaiting("w7")).refused("unknown-waiting")


def test_who_books_what_they_waited_for_waits_no_more() -> None:
    waiting = given(slots, *FULL, joined("w1", "li"), joined("w2", "wang"))
    waiting.when(CancelAppointment("b1"), CancelAppointment("b2"))
    waiting.when(BookSlot("b9", "a-1000", "a", "deed", "li")).refused("waiting-first")
    waiting.when(OfferFreed(), BookSlot("b9", "a-1000", "a", "deed", "li")).refused("slot-full")
    waiting.when(LeaveWaiting("w2"), BookSlot("b9", "a-1000", "a", "deed", "li"))
    assert isinstance(waiting.decided, list)
    assert waiting.decided[-1] == WaitingEnded("w1", "booked")
    assert list(broken(STREAM, waiting.state)) == []


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_nobody_is_passed_over_and_no_place_is_given_twice(seed: int) -> None:
    rng, now = Random(seed), NINE
    day = given(slots, SlotsOffered(SlotsPlan(tuple(slot(hour, 2) for hour in (9, 10, 11)), RULES)))
    for n in range(60):
        now += timedelta(minutes=rng.choice((0, 1, 10, 40)))
        person, hour, name = f"p{rng.randint(1, 8)}", rng.choice((9, 10, 11)), f"b{rng.randint(1, 12)}"
        waits = rng.choice(sorted(day.state.waiting) or ["w0"])
        holds = rng.choice(sorted(day.state.holds) or ["h0"])
        asked = rng.choice(
            [
                BookSlot(f"b{n}", f"a-{hour:02}00", "a", "deed", person),
                BookSlot(f"b{n}", f"a-{hour:02}00", "a", "deed", person),
                HoldPlace(f"h{n}", f"a-{hour:02}00", "a", "deed", person),
                CancelAppointment(name),
                CancelAppointment(name),
                JoinWaiting(f"w{n}", "a", "deed", person, rng.choice((1, 1, 2))),
                JoinWaiting(f"w{n}", "a", "deed", person),
                LeaveWaiting(waits),
                ReleaseHold(holds),
                ReleaseHold(holds, expired=True),
                ConfirmHold(holds, day.state.holds[holds].holder if holds in day.state.holds else person),
            ]
        )
        day.at_time(now).when(asked)
        if rng.random() < 0.8:
            day.when(OfferFreed())
        assert list(broken(STREAM, day.state)) == []
    day.when(OfferFreed())
    held = {STREAM: Held(day.state, 1, 1)}
    assert [said for said in broken_between(held, 1) if "waits and" in said] == []


def test_a_place_that_nobody_offered_is_noticed() -> None:
    state = given(slots, *FULL, joined("w1", "li")).when(CancelAppointment("b1")).state
    held = {STREAM: Held(state, 9, 9)}
    assert f"{STREAM}: w1 waits and a-0900 is free" in list(broken_between(held, 9))
    assert f"{STREAM}: w1 waits and a-0900 is free" not in list(broken_between(held, 8))


@over(histories(STREAM.replace(str(TUESDAY), "2026-03-02"), length=60))
def test_the_list_tells_of_everybody_what_the_day_says(log: list) -> None:  # type: ignore[type-arg]
    state = slots.initial()
    for recorded in log:
        if recorded.stream.startswith("slots-"):
            state = slots.evolve(state, recorded.event, recorded.stamp)
    views = view_of(waiting_view, log)
    assert views.keys() == state.waiting.keys()
    for name, view in views.items():
        assert view.offers == state.waiting[name].offers
        assert view.hold == state.waiting[name].hold
        assert view.status == (state.waiting[name].ended or ("offered" if view.hold else "waiting"))


# --- an offer is theirs until they let it pass -----------------------------------------------------------------


@pytest.fixture
def li_is_offered() -> given:
    """Li was offered the place at nine and Wang waits behind; the one at ten is free as well, and not for Wang."""
    waits = WaitingJoined("w2", "a", "deed", "wang", 2)
    day = given(slots, *FULL, joined("w1", "li"), waits).when(CancelAppointment("b1"), OfferFreed())
    return day.when(CancelAppointment("b2"))


@pytest.mark.parametrize("asked", [HoldPlace, BookSlot], ids=lambda kind: kind.__name__)
def test_who_takes_something_else_keeps_the_place_they_were_offered(
    li_is_offered: given, asked: type[HoldPlace] | type[BookSlot]
) -> None:
    li_is_offered.when(asked("x", "a-1000", "a", "marriage", "li"))
    state = li_is_offered.state
    assert {"w1.1"} <= state.holds.keys()
    assert state.waiting["w1"].ended is None
    assert list(broken(STREAM, state)) == []


def test_who_books_what_they_wait_for_lets_the_offered_place_go_once(li_is_offered: given) -> None:
    li_is_offered.when(BookSlot("x", "a-1000", "a", "deed", "li"))
    li_is_offered.then(
        HoldReleased("w1.1", "another-chosen"), booked("x", 10, "li"), WaitingEnded("w1", "booked")
    )


def test_while_places_are_drawn_by_lot_the_list_is_offered_none_and_afterwards_what_is_left() -> None:
    draws = NINE + timedelta(hours=2)
    declare = DeclareLottery("a", NINE + timedelta(hours=1), (draws,), (commitment("5" * 64),))
    day = given(slots, *FULL, joined("w1", "li")).when(declare, CancelAppointment("b1"))
    day.when(OfferFreed()).then()
    day.at_time(draws).when(DrawLottery("a", 0, "5" * 64))
    late = Recorded(STREAM, 9, 9, stamp(draws, "clock:lots"), day.decided[0])  # type: ignore[index]
    assert Ask(STREAM, OfferFreed()) in react(late, Calendar())
    held = {STREAM: Held(day.state, 9, 9)}
    assert f"{STREAM}: w1 waits and a-0900 is free" in set(broken_between(held, 9))
    day.when(OfferFreed()).then(*offered("w1", 1, "li", 9, draws))


def test_where_what_is_free_cannot_be_booked_any_more_one_may_wait_for_what_can() -> None:
    """Places in the lead time are no places to whoever is sent to book one."""
    ahead = BookingRules(lead_minutes=120)
    day = given(slots, SlotsOffered(SlotsPlan((slot(9), slot(12)), ahead)), booked("b1", 12)).at_time(at(8))
    day.when(BookSlot("x", "a-0900", "a", "deed", "li")).refused("too-late-to-book")
    day.when(join("w1", "li")).then(joined("w1", "li"))


# --- a plan that changes under an offer ------------------------------------------------------------------------


def test_a_revision_that_has_the_place_still_takes_nothing_back(li_is_offered: given) -> None:
    wider = SlotsPlan((slot(9), slot(10), slot(11)), RULES)
    state = li_is_offered.when(ReviseOffer(wider)).then(SlotsRevised(wider))
    assert state.slots["a-0900"].free("public") == 0
    li_is_offered.when(ConfirmHold("w1.1", "li"))
    assert state.waiting["w1"].ended == "booked"
    assert list(broken(STREAM, li_is_offered.state)) == []


def test_what_the_hall_takes_back_was_no_offer_and_costs_nobody_their_turn(li_is_offered: given) -> None:
    shorter = SlotsPlan((slot(10),), RULES)
    li_is_offered.when(ReviseOffer(shorter)).then(
        HoldReleased("w1.1", "offer-revised"), SlotsRevised(shorter)
    )
    li_is_offered.when(OfferFreed()).then(*offered("w1", 2, "li", 10))
    assert li_is_offered.state.waiting["w1"].offers == 1


def test_who_joined_after_a_place_had_come_and_gone_was_not_passed_over() -> None:
    """At nine its slot began; whoever waits from then on waits for what comes later."""
    day = given(slots, *FULL).at_time(at(7)).when(CancelAppointment("b1"))
    day.at_time(at(9) + timedelta(minutes=1)).when(join("w1", "li")).then(joined("w1", "li"))
    told = set(broken_between({STREAM: Held(day.state, 9, 9)}, 9))
    assert not [said for said in told if "waits and" in said]
