"""Places drawn by lot: promised before, asked for in a window, drawn so that anybody can do it again."""

import subprocess
import sys
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from domain import slots
from domain.handling import Held
from domain.lottery import Entry, Lot, LotteryDrawn, Won, commitment, draw, tickets
from domain.offering import SlotPlan, SlotsPlan
from domain.promises import broken, broken_between
from domain.slots import (
    BookSlot,
    CancelAppointment,
    ConfirmHold,
    DeclareLottery,
    DrawLottery,
    DrawRequested,
    DrawWithdrawn,
    HoldPlace,
    JoinWaiting,
    LotteryDeclared,
    PlaceHeld,
    RequestDraw,
    SlotsOffered,
    WithdrawDraw,
)
from projections import lotteries
from tests.histories import histories, view_of
from tests.spec import NINE, SHANGHAI, given

DAY = date(2026, 3, 9)
STREAM = f"slots-tanghe-{DAY}"
FIRST, SECOND = NINE + timedelta(days=2), NINE + timedelta(days=4)
OPENS = NINE + timedelta(days=1)
SEEDS = ("5" * 64, "7" * 64)


def at(hour: int) -> datetime:
    return datetime.combine(DAY, time(hour), SHANGHAI)


def slot(hour: int, public: int = 1, queue: str = "a") -> SlotPlan:
    return SlotPlan(queue, at(hour), at(hour + 1), public, 1, 3)


OFFERED = SlotsOffered(SlotsPlan((slot(9), slot(10), slot(9, queue="b"))))
PROMISED = tuple(commitment(seed) for seed in SEEDS)
DECLARE = DeclareLottery("a", OPENS, (FIRST, SECOND), PROMISED)
DECLARED = LotteryDeclared("a", OPENS, (FIRST, SECOND), PROMISED)
BOTH = ("a-0900", "a-1000")


def asked(name: str, *wishes: str, intervals: int = 1) -> DrawRequested:
    return DrawRequested(name, "a", "deed", f"p-{name}", wishes or BOTH, intervals)


def ask(name: str, *wishes: str) -> RequestDraw:
    return RequestDraw(name, "a", "deed", f"p-{name}", wishes)


def order(*names: str, seed: str = SEEDS[0]) -> list[str]:
    """Names in the order in which they are drawn, as the document tells it and not as the program does it."""
    digest = sha256("\n".join(sorted(names)).encode()).hexdigest()
    return sorted(names, key=lambda name: sha256(f"{seed}:{digest}:{name}".encode()).hexdigest())


# --- declaring ----------------------------------------------------------------------------------------------


def test_a_lottery_is_declared_once_before_anybody_may_ask() -> None:
    day = given(slots, OFFERED).when(DECLARE)
    day.then(DECLARED)
    day.when(DECLARE).then()
    other = msgspec.structs.replace(DECLARE, opens_at=OPENS + timedelta(hours=1))
    day.when(other).refused("lottery-declared")
    given(slots).when(DECLARE).refused("slots-not-offered")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"opens_at": NINE}, "lottery-opens-in-past"),
        ({"draws": (SECOND, FIRST)}, "draws-out-of-order"),
        ({"draws": (FIRST, at(9))}, "draws-out-of-order"),
        ({"opens_at": FIRST}, "draws-out-of-order"),
        ({"commitments": PROMISED[:1]}, "commitments-missing"),
        ({"commitments": (PROMISED[0], PROMISED[0])}, "commitments-missing"),
        ({"queue": "c"}, "slots-not-offered"),
    ],
)
def test_what_cannot_be_declared(changed: dict[str, Any], code: str) -> None:
    given(slots, OFFERED).when(msgspec.structs.replace(DECLARE, **changed)).refused(code)


def test_until_the_last_draw_nobody_books_what_is_drawn_but_the_staff_do_from_their_share() -> None:
    day = given(slots, OFFERED, DECLARED)
    booking = BookSlot("b1", "a-0900", "a", "deed", "li")
    day.when(booking).refused("drawn-by-lot", draw_at=FIRST)
    day.when(HoldPlace("h1", "a-0900", "a", "deed", "li")).refused("drawn-by-lot")
    day.when(JoinWaiting("w1", "a", "deed", "li")).refused("drawn-by-lot")
    day.when(msgspec.structs.replace(booking, channel="internal"))
    assert isinstance(day.decided, list)
    day.when(BookSlot("b2", "b-0900", "b", "deed", "li"))
    assert isinstance(day.decided, list), "the other lines go on"
    over_ = [LotteryDrawn("a", nth, seed, (), (), ()) for nth, seed in enumerate(SEEDS)]
    given(slots, OFFERED, DECLARED, *over_).when(booking)
    assert isinstance(given(slots, OFFERED, DECLARED, *over_).when(booking).decided, list)


# --- asking -------------------------------------------------------------------------------------------------


def test_one_asks_once_and_only_in_the_window() -> None:
    day = given(slots, OFFERED, DECLARED)
    day.when(ask("r1")).refused("lottery-not-open", opens_at=OPENS)
    day.at_time(OPENS).when(ask("r1")).then(asked("r1"))
    day.when(ask("r1")).then()
    day.when(msgspec.structs.replace(ask("r2"), person="p-r1")).refused("already-requested")
    day.when(msgspec.structs.replace(ask("r1"), person="p9")).refused("reference-taken")
    day.at_time(SECOND).when(ask("r3")).refused("lottery-over")
    given(slots, OFFERED).at_time(OPENS).when(ask("r1")).refused("no-lottery")


def test_wishes_are_slots_of_the_line() -> None:
    day = given(slots, OFFERED, DECLARED).at_time(OPENS)
    day.when(ask("r1", "a-1000", "a-1000")).then(asked("r1", "a-1000"))
    day.when(ask("r2", "b-0900")).refused("unknown-slot", field="wishes")


def test_who_withdraws_takes_no_part_and_may_ask_anew() -> None:
    day = given(slots, OFFERED, DECLARED, asked("r1")).at_time(OPENS)
    day.when(WithdrawDraw("r1")).then(DrawWithdrawn("r1"))
    day.when(WithdrawDraw("r1")).then()
    day.when(WithdrawDraw("r9")).refused("unknown-request")
    day.when(RequestDraw("r2", "a", "deed", "p-r1"))
    assert isinstance(day.decided, list)


# --- drawing ------------------------------------------------------------------------------------------------


def test_a_draw_is_made_when_due_by_the_promised_seed_once() -> None:
    day = given(slots, OFFERED, DECLARED, asked("r1")).at_time(FIRST - timedelta(seconds=1))
    day.when(DrawLottery("a", 0, SEEDS[0])).refused("draw-not-due")
    day.at_time(FIRST).when(DrawLottery("a", 0, SEEDS[1])).refused("seed-not-promised")
    day.when(DrawLottery("a", 1, SEEDS[1])).refused("draw-not-due")
    day.when(DrawLottery("a", 0, SEEDS[0]))
    assert isinstance(day.decided, list)
    drawn, held = day.decided
    assert isinstance(drawn, LotteryDrawn)
    assert drawn.won == (Won("r1", "a-0900"),)
    assert isinstance(held, PlaceHeld)
    assert (held.hold, held.holder) == ("r1", "p-r1")
    day.when(DrawLottery("a", 0, SEEDS[0])).then()


def test_who_is_drawn_first_gets_the_first_wish_that_is_left() -> None:
    names = ("r1", "r2", "r3")
    first, second, third = order(*names)
    day = given(slots, OFFERED, DECLARED, *(asked(name) for name in names)).at_time(FIRST)
    drawn = day.when(DrawLottery("a", 0, SEEDS[0])).state.lotteries["a"].drawn[0]
    assert drawn.won == (Won(first, "a-0900"), Won(second, "a-1000"))
    assert list(day.state.lotteries["a"].requests) == [third]
    assert list(broken(STREAM, day.state)) == []


def test_what_is_given_back_goes_to_the_next_draw() -> None:
    names = ("r1", "r2", "r3")
    first, _, third = order(*names)
    day = given(slots, OFFERED, DECLARED, *(asked(name) for name in names)).at_time(FIRST)
    day.when(DrawLottery("a", 0, SEEDS[0]), ConfirmHold(first, f"p-{first}"), CancelAppointment(first))
    day.when(BookSlot("b1", "a-0900", "a", "deed", "li")).refused("drawn-by-lot", draw_at=SECOND)
    day.at_time(SECOND).when(DrawLottery("a", 1, SEEDS[1]))
    assert day.state.lotteries["a"].drawn[1].won[0] == Won(third, "a-0900")
    assert list(broken(STREAM, day.state)) == []


def test_who_needs_two_slots_in_a_row_gets_both_or_nothing() -> None:
    lots = (Lot("s1", 1, "s2"), Lot("s2", 2, "s3"), Lot("s3", 0))
    entry = Entry("r1", ("s2", "s1"), 2)
    assert draw("s", (entry,), lots) == (Won("r1", "s1"),)
    assert draw("s", (Entry("r1", ("s3", "s2"), 2),), lots) == (), "the session ends"


LOTS = st.lists(st.integers(0, 3), min_size=1, max_size=5).map(
    lambda free: tuple(
        Lot(f"s{n}", places, f"s{n + 1}" if n + 1 < len(free) else None) for n, places in enumerate(free)
    )
)
ENTRIES = st.lists(
    st.tuples(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(1, 3)), max_size=8
).map(
    lambda told: tuple(
        Entry(f"r{n}", tuple(f"s{w}" for w in wishes), slots_) for n, (wishes, slots_) in enumerate(told)
    )
)


@over(st.text("0123456789abcdef", min_size=1, max_size=64), ENTRIES, LOTS)
def test_a_draw_gives_no_place_twice_and_leaves_nobody_out_who_could_have_one(
    seed: str, entries: tuple[Entry, ...], lots: tuple[Lot, ...]
) -> None:
    won = draw(seed, entries, lots)
    assert won == draw(seed, tuple(reversed(entries)), lots), "the order of asking does not matter"
    names = [lot.slot for lot in lots]
    free = {lot.slot: lot.free for lot in lots}
    needs = {entry.request: entry.slots for entry in entries}
    for one in won:
        start = names.index(one.slot)
        for taken in names[start : start + needs[one.request]]:
            free[taken] -= 1
    assert all(left >= 0 for left in free.values())
    assert len({one.request for one in won}) == len(won)
    ticket = tickets(seed, entries)
    assert [ticket[one.request] for one in won] == sorted(ticket[one.request] for one in won)
    for entry in entries:
        if entry.request not in {one.request for one in won} and entry.slots == 1:
            assert all(free.get(wish, 0) == 0 for wish in entry.wishes)


# --- verifying ----------------------------------------------------------------------------------------------

PROGRAM = (
    (Path(__file__).parents[2] / "docs" / "lottery.md")
    .read_text()
    .partition("```python\n")[2]
    .partition("```")[0]
)


def verified(drawn: LotteryDrawn) -> bool:
    """Whether the program that the document prints, and nothing of ours, finds the draw as it was promised."""
    told = msgspec.json.encode({"commitment": PROMISED[0], "drawn": msgspec.to_builtins(drawn)})
    command = [sys.executable, "-I", "-c", PROGRAM]
    return subprocess.run(command, input=told, check=False, capture_output=True, timeout=20).returncode == 0


def test_anybody_verifies_a_draw_with_nothing_but_the_document_and_sha256() -> None:
    names = [f"r{n}" for n in range(7)]
    day = given(slots, OFFERED, DECLARED, *(asked(name) for name in names)).at_time(FIRST)
    drawn = day.when(DrawLottery("a", 0, SEEDS[0])).state.lotteries["a"].drawn[0]
    assert verified(drawn)
    assert not verified(msgspec.structs.replace(drawn, won=tuple(reversed(drawn.won))))
    assert not verified(msgspec.structs.replace(drawn, seed=SEEDS[1]))


def test_a_draw_that_came_out_otherwise_or_by_another_seed_is_noticed() -> None:
    state = given(slots, OFFERED, DECLARED, asked("r1"), asked("r2")).state
    entries = (Entry("r1", BOTH), Entry("r2", BOTH))
    lots = (Lot("a-0900", 1, "a-1000"), Lot("a-1000", 1))
    truly = draw(SEEDS[0], entries, lots)
    forged = tuple(Won(one.request, other.slot) for one, other in zip(truly, reversed(truly), strict=True))
    for drawn, said in (
        (LotteryDrawn("a", 0, SEEDS[0], entries, lots, truly), None),
        (LotteryDrawn("a", 0, SEEDS[0], entries, lots, forged), "comes out otherwise"),
        (LotteryDrawn("a", 0, SEEDS[1], entries, lots, draw(SEEDS[1], entries, lots)), "another seed"),
        (LotteryDrawn("a", 0, SEEDS[0], (Entry("r9", BOTH),), lots, ()), "nobody made"),
    ):
        state.lotteries["a"].drawn = [drawn]
        found = [one for one in broken(STREAM, state) if "draw 0" in one]
        assert (found == []) if said is None else any(said in one for one in found)
    assert list(broken_between({STREAM: Held(state)}, 0)) == []


@over(histories("slots-tanghe-2026-03-02", length=60))
def test_the_list_of_lotteries_says_what_the_day_says(log: list) -> None:  # type: ignore[type-arg]
    state = slots.initial()
    for recorded in log:
        if recorded.stream.startswith("slots-"):
            state = slots.evolve(state, recorded.event, recorded.stamp)
    views = view_of(lotteries, log)
    assert len(views) == len(state.lotteries)
    for view in views.values():
        known = state.lotteries[view.queue]
        assert (view.due_at, view.asked, len(view.drawn)) == (
            known.next_at,
            len(known.asked),
            len(known.drawn),
        )
