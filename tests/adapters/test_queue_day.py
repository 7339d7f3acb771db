"""A recorded day becomes commands that the hall's own rules accept, and the figures come out as recorded."""

from collections import Counter
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from adapters.importing.queue_day import Day, Service, Visit, read_day, timeline
from adapters.importing.records import UnreadableFile, slugs
from domain import queue
from domain.hall import HallPlan, QueuePlan
from domain.message import Stamp, Text
from tests.adapters.recorded import NONE, SENSELESS, days, figures, file, made_day, row

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 3, 2)
NAME = Text("厅", "Hall")
PLAN = HallPlan(
    name=NAME,
    region="411328000000",
    queues=(QueuePlan("general", "A", NAME), QueuePlan("ps", "P", NAME)),
    windows=(),
)
NINE = 9 * 3600


def visits(*rows: str) -> list[Visit]:
    day = read_day(file(*rows))
    assert day.skipped == ()
    return list(day.visits)


def only(*rows: str) -> Visit:
    (visit,) = visits(*rows)
    return visit


def played(day: Day) -> dict[str, Any]:
    """What the hall's own rules make of the day, told as commands: every one of them must be accepted."""
    state = queue.initial()
    asked = [(datetime(2026, 3, 2, tzinfo=ZONE), queue.OpenDay(PLAN))]
    asked += [(h.at, h.command) for h in timeline(day, "tanghe", MONDAY, ZONE)]
    issued: dict[str, datetime] = {}
    called: dict[str, datetime] = {}
    started: dict[str, datetime] = {}
    waits: list[float] = []
    services: list[float] = []
    left = 0
    for at, command in asked:
        stamp = Stamp(at=at, by="admin:import", command="c")
        for event in queue.decide(command, state, stamp):
            state = queue.evolve(state, event, stamp)
            match event:
                case queue.TicketIssued(number):
                    issued[number] = at
                case queue.TicketCalled(number):
                    called[number] = at
                    waits.append((at - issued[number]).total_seconds())
                case queue.ServiceStarted(number):
                    assert at >= called[number]
                    started[number] = at
                case queue.ServiceFinished(number):
                    services.append((at - started[number]).total_seconds())
                case queue.TicketLeft(number):
                    assert at >= issued[number]
                    left += 1
    assert all(ticket.status in ("served", "left") for ticket in state.tickets.values())
    waits.sort()
    return {
        "issued": len(issued),
        "served": len(services),
        "left": left,
        "wait_s": {
            "mean": sum(waits) / len(waits),
            "p50": waits[-(-len(waits) // 2) - 1],
            "p90": waits[-(-len(waits) * 9 // 10) - 1],
            "max": waits[-1],
        },
        "service_s": {"mean": sum(services) / len(services)},
        "windows": sum(window.last is not None for window in state.windows.values()),
        "overlaps": day.overlaps,
        "never_joined": day.never_joined,
    }


@pytest.mark.parametrize(("name", "data"), days().items(), ids=days())
def test_a_day_played_by_the_halls_own_rules_has_the_figures_of_its_record(name: str, data: bytes) -> None:
    day = read_day(data)
    assert played(day) == figures(data, {s.line for s in day.skipped})


def test_the_made_up_day_holds_every_kind_of_oddity() -> None:
    day = read_day(made_day())
    assert len({s.reason for s in day.skipped}) == len(SENSELESS)
    assert day.overlaps > 5
    assert day.never_joined > 5
    assert day.ends > 24 * 3600


# --- one row ------------------------------------------------------------------------------------------------


def test_a_served_caller_joins_is_called_and_is_served_when_the_record_says_so() -> None:
    visit = only(row())
    assert (visit.queue, visit.joined, visit.left) == ("PS", NINE + 5, NINE + 65)
    assert visit.service == Service("AVI", NINE + 65, NINE + 245)


@pytest.mark.parametrize("outcome", ["HANG", "PHANTOM", "VOICEMAIL", "agent"])
def test_any_other_outcome_leaves_without_service_whatever_the_service_columns_say(outcome: str) -> None:
    visit = only(row(outcome=outcome))
    assert (visit.left, visit.service) == (NINE + 65, None)


@pytest.mark.parametrize(
    "cells",
    [
        {"outcome": "HANG", "q_start": NONE, "q_exit": NONE, "server": "NO_SERVER"},
        {"outcome": "HANG", "q_start": "9:00:05", "q_exit": "9:00:05"},
        {"outcome": "AGENT", "q_start": NONE, "q_exit": NONE},
    ],
)
def test_who_waited_no_time_and_had_no_service_never_joined(cells: dict[str, str]) -> None:
    day = read_day(file(row(q_time="0", ser_start=NONE, ser_exit=NONE, **cells)))
    assert (day.visits, day.skipped, day.never_joined) == ((), (), 1)


def test_a_served_row_without_queue_times_waited_no_time() -> None:
    visit = only(row(q_start=NONE, q_exit=NONE, q_time="0"))
    assert (visit.joined, visit.left, visit.service) == (
        NINE + 65,
        NINE + 65,
        Service("AVI", NINE + 65, NINE + 245),
    )


def test_a_served_row_without_service_times_starts_and_ends_at_its_call() -> None:
    assert only(row(ser_start=NONE, ser_exit=NONE)).service == Service("AVI", NINE + 65, NINE + 65)


def test_a_service_never_starts_before_its_call() -> None:
    assert only(row(ser_start="9:01:03")).service == Service("AVI", NINE + 65, NINE + 245)


def test_a_service_recorded_as_over_before_its_call_took_no_time() -> None:
    assert only(row(ser_start="9:01:03", ser_exit="9:01:04")).service == Service("AVI", NINE + 65, NINE + 65)


def test_no_server_is_a_window_like_any_other_for_who_was_served() -> None:
    visit = only(row(server="NO_SERVER"))
    assert visit.service is not None
    assert visit.service.window == "NO_SERVER"


@pytest.mark.parametrize("senseless", SENSELESS)
def test_a_senseless_row_is_reported_with_its_line_and_stops_nothing(senseless: str) -> None:
    day = read_day(file(row(), senseless, row(call_id="2", ser_start="9:05:00", ser_exit="9:06:00")))
    assert [s.line for s in day.skipped] == [3]
    assert day.skipped[0].reason
    assert [visit.line for visit in day.visits] == [2, 4]


# --- midnight -----------------------------------------------------------------------------------------------


def test_a_time_long_before_the_one_it_follows_belongs_to_the_next_day() -> None:
    visit = only(row(vru_entry="23:58:00", vru_exit="23:58:10", q_start="23:58:10", q_exit="0:01:00",
                     ser_start="0:01:00", ser_exit="0:09:00"))  # fmt: skip
    midnight = 24 * 3600
    assert (visit.joined, visit.left) == (midnight - 110, midnight + 60)
    assert visit.service == Service("AVI", midnight + 60, midnight + 540)


def test_a_call_that_rang_before_midnight_joins_the_line_on_the_next_day() -> None:
    visit = only(row(vru_entry="23:59:50", vru_exit="0:00:02", q_start="0:00:02", q_exit="0:01:00",
                     ser_start="0:01:00", ser_exit="0:09:00"))  # fmt: skip
    assert visit.joined == 24 * 3600 + 2


def test_a_service_that_starts_a_second_early_over_midnight_is_not_a_day_late() -> None:
    visit = only(row(vru_exit="23:50:00", q_start="23:50:00", q_exit="0:00:01", ser_start="23:59:59",
                     ser_exit="0:05:00"))  # fmt: skip
    assert visit.service == Service("AVI", 24 * 3600 + 1, 24 * 3600 + 300)


def test_exactly_twelve_hours_before_is_still_the_same_day_and_makes_no_sense() -> None:
    times = {"vru_entry": NONE, "vru_exit": NONE, "q_start": "21:00:00", "ser_start": NONE, "ser_exit": NONE}
    assert read_day(file(row(q_exit="9:00:00", **times))).skipped[0].reason.en == "q_exit is before q_start"
    assert only(row(q_exit="8:59:59", **times)).left == (24 + 8) * 3600 + 59 * 60 + 59


# --- one window ---------------------------------------------------------------------------------------------


def test_where_services_overlap_the_earlier_one_ends_when_the_next_one_starts() -> None:
    day = read_day(file(row(), row(call_id="2", ser_start="9:02:00", ser_exit="9:03:00")))
    assert day.overlaps == 1
    assert [v.service for v in day.visits] == [
        Service("AVI", NINE + 65, NINE + 120),
        Service("AVI", NINE + 120, NINE + 180),
    ]


def test_a_service_that_starts_when_the_one_before_ends_overlaps_nothing() -> None:
    assert read_day(file(row(), row(call_id="2", ser_start="9:04:05", ser_exit="9:05:00"))).overlaps == 0


def test_services_at_different_windows_never_overlap() -> None:
    assert read_day(file(row(), row(call_id="2", server="TOVA"))).overlaps == 0


def test_a_call_while_the_window_still_serves_is_told_when_it_is_free_with_its_own_time() -> None:
    """The second caller leaves the line at 9:02:00 and is served from 9:05:00; the first is served until 9:04:05."""
    second = row(call_id="2", q_exit="9:02:00", ser_start="9:05:00", ser_exit="9:06:00")
    day = read_day(file(row(), second))
    told = [h for h in timeline(day, "tanghe", MONDAY, ZONE) if isinstance(h.command, queue.CallTicket)]
    assert [f"{h.at:%H:%M:%S}" for h in told] == ["09:01:05", "09:02:00"]
    assert [f"{h.told_at:%H:%M:%S}" for h in told] == ["09:01:05", "09:04:05"]
    assert played(day)["wait_s"]["max"] == 115
    assert day.overlaps == 0


# --- the file -----------------------------------------------------------------------------------------------


def test_mark_line_ends_column_order_and_empty_lines_change_nothing() -> None:
    plain = file(row(), row(call_id="2", outcome="HANG"))
    turned = [",".join(reversed(line.split(","))) for line in plain.decode().splitlines()]
    windows = b"\xef\xbb\xbf" + "\r\n".join(["", turned[0].upper(), turned[1], "", turned[2]]).encode()
    told = [h.key for h in timeline(read_day(plain), "tanghe", MONDAY, ZONE)]
    assert [h.key for h in timeline(read_day(windows), "tanghe", MONDAY, ZONE)] == told
    assert [v.line for v in read_day(windows).visits] == [3, 5]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (b"type,q_start\nPS,9:00:00\n", "missing: outcome, q_exit"),
        (file(row()).replace(b"vru_time", b"type"), "named twice: type"),
        (file(row()).decode().encode("utf-16"), "UTF-16"),
        (b'"type\n', "header"),
    ],
)
def test_a_file_that_is_no_such_record_is_refused_as_a_whole(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        read_day(data)


def test_a_byte_that_is_no_text_spoils_its_own_row_only() -> None:
    day = read_day(file(row(), row(server="GR@BER"), row(call_id="2")).replace(b"@", b"\xdc"))
    assert [(s.line, s.reason.en) for s in day.skipped] == [(3, "The text is not UTF-8")]


def test_different_names_never_share_an_id() -> None:
    ids = slugs(["NO_SERVER", "AVI", "Avi", "A.VI", "A VI", "阿维", "维", "-", "x" * 50, "x" * 60])
    assert (ids["NO_SERVER"], ids["AVI"], ids["A VI"]) == ("no-server", "avi", "a-vi")
    assert len(set(ids.values())) == 10
    assert all(len(i) <= 40 and i == i.strip("-") for i in ids.values())


def test_a_mended_row_leaves_the_keys_of_all_others_as_they_were() -> None:
    broken = file(row(), row(call_id="2", q_exit="?"), row(call_id="3", server="TOVA"))
    mended = file(row(), row(call_id="2", server="DORIT"), row(call_id="3", server="TOVA"))
    before, after = ({h.key for h in timeline(read_day(f), "tanghe", MONDAY, ZONE)} for f in (broken, mended))
    assert before < after


def test_the_same_row_twice_is_two_visits() -> None:
    told = timeline(read_day(file(row(), row())), "tanghe", MONDAY, ZONE)
    assert len({h.key for h in told}) == len(told)
    assert Counter(type(h.command) for h in told)[queue.IssueTicket] == 2


# --- laws ---------------------------------------------------------------------------------------------------

TIMES = st.sampled_from([NONE, "0:00:01", "8:59:59", "9:00:00", "9:00:05", "9:01:00", "12:00:00", "21:00:00",
                         "23:59:59", "24:00:00", "9:60:00", "9:00", "", "-1:00:00", "９:00:00", "x"])  # fmt: skip
CELLS = {
    "type": st.sampled_from(["PS", "NW", "ps", "P S", "", "服务"]),
    "vru_entry": TIMES,
    "vru_exit": TIMES,
    "q_start": TIMES,
    "q_exit": TIMES,
    "q_time": st.sampled_from(["0", "5", "60", "-5", "", "x"]),
    "outcome": st.sampled_from(["AGENT", "AGENT", "HANG", "PHANTOM", ""]),
    "ser_start": TIMES,
    "ser_exit": TIMES,
    "server": st.sampled_from(["AVI", "avi", "NO_SERVER", "", '"', 'A"B']),
}
SOUND = st.builds(
    lambda start, wait, service, early, outcome, server: row(
        vru_entry=NONE, vru_exit=NONE, q_start=f"9:{start:02d}:00", q_exit=f"9:{start + wait:02d}:30", q_time="9",
        ser_start=f"9:{start + wait:02d}:{29 + early:02d}", ser_exit=f"9:{start + wait + service:02d}:31",
        outcome=outcome, server=server,
    ),
    st.integers(0, 20), st.integers(0, 15), st.integers(0, 20), st.integers(0, 30),
    st.sampled_from(["AGENT", "AGENT", "HANG"]), st.sampled_from(["AVI", "TOVA"]),
)  # fmt: skip
ODD = st.builds(lambda cells: row(**cells), st.fixed_dictionaries({}, optional=CELLS))
LINES = st.lists(st.one_of(SOUND, ODD, st.sampled_from(SENSELESS), st.text(max_size=30)), max_size=25)


@settings(deadline=None, max_examples=300)
@for_all(LINES, st.sampled_from(["\n", "\r\n"]))
def test_whatever_the_rows_say_each_is_accounted_for_and_the_hall_accepts_what_they_tell(
    lines: list[str], end: str
) -> None:
    text = file(*(line.replace("\r", " ").replace("\n", " ") for line in lines), end=end)
    day = read_day(text)
    rows = sum(bool(line.strip()) for line in text.decode().replace("\r\n", "\n").split("\n")[1:])
    assert len(day.visits) + day.never_joined + len(day.skipped) == rows
    assert all(2 <= s.line <= len(lines) + 1 and s.reason for s in day.skipped)
    told = timeline(day, "tanghe", MONDAY, ZONE)
    assert [h.told_at for h in told] == sorted(h.told_at for h in told)
    assert len({h.key for h in told}) == len(told)
    assert all(h.told_at >= h.at for h in told)
    served = [v for v in day.visits if v.service]
    if served:
        outcome = played(day)
        assert outcome["issued"] == len(day.visits) == outcome["served"] + outcome["left"]
        assert outcome["wait_s"]["max"] == max(v.left - v.joined for v in served)


@settings(deadline=None, max_examples=50)
@for_all(st.lists(SOUND, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_means_nothing(lines: list[str], chance: Any) -> None:
    shuffled = lines[:]
    chance.shuffle(shuffled)
    one, other = read_day(file(*lines)), read_day(file(*shuffled))
    assert one.overlaps == other.overlaps
    assert Counter((v.joined, v.left) for v in one.visits) == Counter(
        (v.joined, v.left) for v in other.visits
    )
