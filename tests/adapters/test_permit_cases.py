"""Recorded applications become commands that a case's own rules accept, and close by the promise they name."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from adapters.importing.permit_cases import batches, read_cases, story
from adapters.importing.records import Happening, UnreadableFile
from domain import case
from domain.message import Stamp
from domain.steps import RecordStep
from tests.adapters.recorded import SHARED

ORDINARY = {
    "case:channel": "Internet",
    "case:concept:name": "case-1",
    "case:enddate": "2011-11-14 09:15:07.941000+01:00",
    "case:enddate_planned": "2011-12-05 01:06:40.010000+01:00",
    "case:startdate": "2011-10-10 01:06:40.020000+02:00",
    "concept:name": "Confirmation of receipt",
    "org:group": "Group 1",
    "org:resource": "Resource03",
    "time:timestamp": "2011-10-25 09:27:08.484000+02:00",
}
SENSELESS: tuple[dict[str, str], ...] = (
    {"case:concept:name": ""},
    {"case:startdate": "yesterday"},
    {"case:startdate": "2011-10-10 01:06:40"},
    {"case:startdate": ""},
    {"case:enddate": "2011-13-01 00:00:00+01:00"},
    {"case:enddate": "2010-01-01 00:00:00+01:00"},
    {"case:enddate_planned": ""},
    {"case:enddate_planned": "2010-01-01 00:00:00+01:00"},
    {"concept:name": ""},
    {"concept:name": "x" * 101},
    {"org:resource": ""},
    {"time:timestamp": ""},
    {"time:timestamp": "25 October"},
)


def row(**cells: str) -> str:
    """A row like an ordinary one; underscores of a name stand for its colons."""
    said = ORDINARY | {name.replace("__", ":"): cell for name, cell in cells.items()}
    return ",".join(said[name] for name in sorted(ORDINARY))


def file(*rows: str) -> bytes:
    return "\r\n".join([",".join(sorted(ORDINARY)), *rows, ""]).encode()


def told(data: bytes) -> list[list[Happening]]:
    return story(read_cases(data), "tanghe", "环境保护局")


def played(stories: Iterable[list[Happening]]) -> tuple[dict[str, case.Case], list[case.CaseClosed]]:
    """The cases as their own rules leave them, and how they were closed: every command must be accepted."""
    states: dict[str, case.Case] = {}
    closings: list[case.CaseClosed] = []
    for happening in (h for told_of_one in stories for h in told_of_one):
        state = states.setdefault(happening.stream, case.initial())
        stamp = Stamp(at=happening.at, by="admin:import", command=happening.key)
        command: Any = happening.command
        for event in case.decide(command, state, stamp):
            states[happening.stream] = case.evolve(state, event, stamp)
            closings += [event] if isinstance(event, case.CaseClosed) else []
    return states, closings


def statuses(stories: Iterable[list[Happening]]) -> list[str]:
    return [state.status for state in played(stories)[0].values()]


def test_a_case_is_opened_accepted_stepped_through_and_closed_when_the_record_says_so() -> None:
    (only,) = told(file(row(), row(time__timestamp="2011-10-26 10:00:00+02:00", org__group="EMPTY")))
    assert [type(h.command).__name__ for h in only] == [
        "OpenCase",
        "Accept",
        "RecordStep",
        "RecordStep",
        "Close",
    ]
    assert [h.at.isoformat() for h in only] == [
        "2011-10-10T01:06:40.020000+02:00",
        "2011-10-10T01:06:40.020000+02:00",
        "2011-10-25T09:27:08.484000+02:00",
        "2011-10-26T10:00:00+02:00",
        "2011-11-14T09:15:07.941000+01:00",
    ]
    steps = [h.command for h in only if isinstance(h.command, RecordStep)]
    assert [(s.name, s.handler, s.unit) for s in steps] == [
        ("Confirmation of receipt", "Resource03", "Group 1"),
        ("Confirmation of receipt", "Resource03", None),
    ]
    assert statuses([only]) == ["closed"]


def test_a_closed_case_was_due_at_its_promised_end() -> None:
    (closed,) = played(told(file(row())))[1]
    assert closed.due_at == datetime.fromisoformat(ORDINARY["case:enddate_planned"])


def test_a_case_without_an_end_stays_open() -> None:
    assert statuses(told(file(row(case__enddate="")))) == ["accepted"]


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [("Internet", "web"), ("Desk", "window"), ("Post", "post"), ("e-mail", "other"), ("Pigeon", "other")],
)
def test_the_channel_is_kept_as_far_as_ours_have_a_name_for_it(recorded: str, ours: str) -> None:
    opening = told(file(row(case__channel=recorded)))[0][0].command
    assert isinstance(opening, case.OpenCase)
    assert opening.channel == ours


def test_a_step_after_the_end_is_written_down_after_it() -> None:
    (only,) = told(file(row(time__timestamp="2011-11-15 00:00:00+01:00")))
    assert [type(h.command).__name__ for h in only] == ["OpenCase", "Accept", "Close", "RecordStep"]
    assert statuses([only]) == ["closed"]


def test_a_step_before_the_beginning_is_written_down_after_it_with_its_own_time() -> None:
    (only,) = told(file(row(time__timestamp="2011-10-01 00:00:00+02:00")))
    assert [type(h.command).__name__ for h in only] == ["OpenCase", "Accept", "RecordStep", "Close"]
    assert only[2].at < only[0].at
    played([only])


def test_steps_are_told_in_the_order_of_their_time_wherever_their_rows_stand() -> None:
    late, early = row(time__timestamp="2011-10-27 10:00:00+02:00"), row()
    (only,) = told(file(late, early))
    assert [h.at for h in only] == sorted(h.at for h in only)


@pytest.mark.parametrize("cells", SENSELESS, ids=lambda cells: next(iter(cells)))
def test_a_senseless_row_is_reported_with_its_line_and_stops_nothing(cells: dict[str, str]) -> None:
    senseless = row(**{name.replace(":", "__"): cell for name, cell in cells.items()})
    read = read_cases(file(row(case__concept__name="case-0"), senseless, row(case__concept__name="case-2")))
    assert [s.line for s in read.skipped] == [3]
    assert read.skipped[0].reason
    assert [c.name for c in read.cases] == ["case-0", "case-2"]


def test_a_row_that_denies_what_the_case_said_before_is_skipped() -> None:
    read = read_cases(file(row(), row(case__startdate="2011-10-11 01:06:40+02:00")))
    assert [(s.line, s.reason.en) for s in read.skipped] == [
        (3, "Line 2 of the same case tells another case:startdate")
    ]
    assert len(read.cases[0].steps) == 1


def test_a_file_without_a_column_is_refused_as_a_whole() -> None:
    with pytest.raises(UnreadableFile, match="missing: org:resource"):
        read_cases(file(row()).replace(b"org:resource", b"resource"))


def test_reading_again_tells_the_same_under_the_same_keys() -> None:
    data = file(row(), row(), row(case__concept__name="case-2"))
    once, again = ([h for told in told(data) for h in told] for _ in range(2))
    assert once == again
    assert len({h.key for h in once}) == len(once) == 9


def test_the_same_case_number_of_two_units_is_two_cases() -> None:
    read = read_cases(file(row()))
    streams = {story(read, "tanghe", unit)[0][0].stream for unit in ("环境保护局", "民政局")}
    assert len(streams) == 2
    assert all(stream.startswith("case-tanghe.20111010.case-1-") for stream in streams)


@for_all(st.lists(st.integers(1, 30), max_size=40))
def test_no_case_is_divided_between_batches_unless_it_is_longer_than_one(lengths: list[int]) -> None:
    (only,) = told(file(row()))
    stories = [[only[0]] * n for n in lengths]
    parcels = list(batches(stories, 12))
    assert sum(map(len, parcels)) == sum(lengths)
    assert all(0 < len(parcel) <= 12 for parcel in parcels)
    if all(n <= 12 for n in lengths):
        ends = {sum(map(len, parcels[: i + 1])) for i in range(len(parcels))}
        assert ends <= {sum(lengths[: i + 1]) for i in range(len(lengths))}


ODDITIES: dict[str, Any] = {
    "case__concept__name": st.sampled_from(["case-1", "case-2", "case 1", "案-1", ""]),
    "case__startdate": st.sampled_from(["2011-10-10 01:06:40+02:00", "2011-10-10", "x"]),
    "case__enddate": st.sampled_from(["", "2011-10-10 01:06:40+02:00", "2009-01-01 00:00:00Z", "x"]),
    "case__enddate_planned": st.sampled_from(["", "2012-01-01 00:00:00Z", "2009-01-01 00:00:00Z"]),
    "time__timestamp": st.sampled_from(
        ["2011-10-10 01:06:40+02:00", "2009-01-01 00:00:00Z", "2013-01-01T00:00Z", "x"]
    ),
    "concept__name": st.sampled_from(["T01", "", "收件"]),
    "org__group": st.sampled_from(["", "EMPTY", "Group 1"]),
}
ODD = st.builds(lambda cells: row(**cells), st.fixed_dictionaries({}, optional=ODDITIES))


@settings(deadline=None)
@for_all(st.lists(st.one_of(ODD, st.text("a,\"' \t", max_size=20)), max_size=20))
def test_whatever_the_rows_say_each_is_accounted_for_and_the_cases_accept_what_they_tell(
    rows: list[str],
) -> None:
    read = read_cases(file(*rows))
    steps = sum(len(c.steps) for c in read.cases)
    assert steps + len(read.skipped) == sum(bool(r.strip()) for r in rows)
    stories = story(read, "tanghe", "环境保护局")
    assert len(statuses(stories)) == len(read.cases)
    keys = [h.key for told_of_one in stories for h in told_of_one]
    assert len(set(keys)) == len(keys)


def logs() -> dict[str, bytes]:
    """The event logs there are: one made up, and a municipality's real one where it lies."""
    ends = ["", "2011-11-14 09:15:07+01:00", "2011-10-25 09:27:09+02:00"]
    rows = [row(case__concept__name=f"case-{n % 40}", case__enddate=ends[n % 40 % 3]) for n in range(200)]
    found = {"made up": file(*rows)}
    if (path := SHARED / "permit-receipts.csv").exists():
        found["real"] = path.read_bytes()
    return found


@pytest.mark.parametrize(("name", "data"), logs().items(), ids=logs())
def test_every_case_and_step_of_a_log_is_taken_and_none_invented(name: str, data: bytes) -> None:
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    ends = {r["case:concept:name"]: r["case:enddate"] for r in rows}
    still_open = sum(not end for end in ends.values())
    stories = told(data)
    assert read_cases(data).skipped == ()
    assert Counter(statuses(stories)) == {"closed": len(ends) - still_open, "accepted": still_open}
    taken = [h.command for told_of_one in stories for h in told_of_one if isinstance(h.command, RecordStep)]
    assert Counter(s.name for s in taken) == Counter(r["concept:name"] for r in rows)
    late = sum(
        bool(end) and datetime.fromisoformat(end) > datetime.fromisoformat(r["case:enddate_planned"])
        for r, end in ((r, r["case:enddate"]) for r in {r["case:concept:name"]: r for r in rows}.values())
    )
    assert late == sum(closed_late(told_of_one) for told_of_one in stories)


def closed_late(told_of_one: list[Happening]) -> bool:
    closings = played([told_of_one])[1]
    closed_at = [h.at for h in told_of_one if isinstance(h.command, case.Close)]
    return bool(closings) and closings[0].due_at is not None and closed_at[0] > closings[0].due_at
