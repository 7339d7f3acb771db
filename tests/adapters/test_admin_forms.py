"""Forms made of the types of documents: every field has its words, and nothing is lost on the way through a form."""

from collections.abc import Iterator
from datetime import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.demonstration import plans
from adapters.web.admin_kinds import KINDS
from adapters.web.admin_made import located, make
from adapters.web.admin_shape import Shape, fill, plain, read, rearranged, shape_of
from adapters.web.admin_told import Told
from adapters.web.admin_week import week, week_of
from adapters.web.admin_words_items import CHOICES, WORDS
from domain.hall import DayException, HallPlan, SessionPlan
from domain.message import Text
from domain.rules import Rule, Threshold
from domain.terms import DEFAULT, Terms


def sent(shape: Shape, draft: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """A draft as the page's inputs send it."""

    def below(name: object) -> str:
        return f"{path}.{name}" if path else str(name)

    match shape.kind:
        case "group":
            for f in shape.fields:
                yield from sent(f.shape, draft[f.name], below(f.name))
        case "text" | "either":
            yield from ((below(name), text) for name, text in draft.items())
        case "rows":
            assert shape.inner is not None
            for row, one in enumerate(draft):
                yield path, str(row)
                yield from sent(shape.inner, one, below(row))
        case "table":
            assert shape.inner is not None
            for row, one in enumerate(draft):
                yield path, str(row)
                yield below(f"{row}.key"), one["key"]
                yield from sent(shape.inner, one["value"], below(f"{row}.value"))
        case "fixed":
            assert shape.inner is not None
            for key, one in draft.items():
                yield from sent(shape.inner, one, below(key))
        case "ticks":
            yield from ((path, one) for one in draft)
        case "spans":
            for row, span in enumerate(draft):
                yield path, str(row)
                yield from ((below(f"{row}.{end}"), span[end]) for end in ("from", "to"))
        case "variants":
            yield below("type"), draft["type"]
            yield below("was"), draft["type"]
            yield from sent(shape.variant(draft["type"]), draft["is"], below("is"))
        case "truth":
            yield from [(path, "on")] if draft else []
        case _:
            yield path, draft


def through(shape: Shape, document: Any) -> Any:
    """What comes out of a form that shows a document and is sent as it is."""
    names: dict[str, list[str]] = {}
    for name, text in sent(shape, fill(shape, document)):
        names.setdefault(name, []).append(text)
    wrong: dict[str, Text] = {}
    made = make(shape, read(shape, names), wrong)
    assert wrong == {}
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_document_stands_in_one_part_and_has_words(kind: str) -> None:
    known = KINDS[kind]
    in_parts = [field for part in known.parts.values() for field in part.fields]
    told_by_the_address = {"year"} if kind == "calendars" else set()
    assert len(in_parts) == len(set(in_parts))
    assert set(in_parts) | told_by_the_address == {field.name for field in known.shape.fields}


def test_every_field_has_its_words_and_no_words_are_for_nothing() -> None:
    def names(shape: Shape) -> Iterator[str]:
        for f in shape.fields:
            yield f"{shape.name}.{f.name}"
            yield from names(f.shape)
        for inner in (shape.inner, *(variant for _, variant in shape.variants)):
            if inner is not None:
                yield from names(inner)

    assert {name for known in KINDS.values() for name in names(known.shape)} == WORDS.keys()


def test_every_word_that_a_field_may_say_has_a_name() -> None:
    def choices(kind: Any) -> Iterator[tuple[str, Any]]:
        for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[union-attr]  # a struct's
            told = field.type
            while isinstance(told, msgspec.inspect.Metadata):
                told = told.type
            for inner in getattr(told, "types", (told, getattr(told, "item_type", told))):
                if isinstance(inner, msgspec.inspect.LiteralType):
                    yield f"{kind.__name__}.{field.name}", inner.values
                if isinstance(inner, msgspec.inspect.StructType) and inner.cls is not Text:
                    yield from choices(inner.cls)

    for known in KINDS.values():
        for name, values in choices(known.document):
            assert set(values) <= CHOICES[name].keys(), name


@pytest.mark.parametrize("hall", plans.plans().halls, ids=lambda hall: hall.hall)
def test_a_hall_comes_through_its_form_unchanged(hall: plans.NamedHall) -> None:
    made = through(shape_of(HallPlan), msgspec.to_builtins(hall.plan))
    assert msgspec.convert(made, HallPlan) == hall.plan


few = st.integers(0, 60)
thresholds = st.none() | st.one_of(
    st.builds(Threshold, left_percent=st.integers(1, 99)),
    st.builds(Threshold, left_workdays=few),
    st.builds(Threshold, over_workdays=few),
)


@given(red=thresholds, workdays=st.none() | st.integers(1, 999), days=st.integers(1, 366))
def test_terms_come_through_their_form_unchanged(
    red: Threshold | None, workdays: int | None, days: int
) -> None:
    terms = Terms(review_days=days, rules={"step": Rule(workdays=workdays, red=red)})
    kind = KINDS["terms"]
    made = through(kind.shape, kind.shown(msgspec.to_builtins(terms)))
    assert msgspec.convert(kind.stored(made), Terms) == terms


def test_terms_as_proposed_are_not_stored_as_the_regions_own() -> None:
    kind = KINDS["terms"]
    made = through(kind.shape, kind.shown(msgspec.to_builtins(DEFAULT)))
    assert msgspec.convert(kind.stored(made), Terms) == DEFAULT


def test_a_session_added_begins_with_the_defaults_and_moves_up() -> None:
    shape = shape_of(HallPlan)
    draft = fill(
        shape, {"queues": [], "windows": [], "region": "411328000000", "name": {"zh": "厅", "en": "Hall"}}
    )
    rearranged(shape, draft, "add", "sessions")
    rearranged(shape, draft, "add", "sessions")
    assert draft["sessions"][0]["walk_in"] == "4"
    draft["sessions"][1]["opens"] = "08:00"
    rearranged(shape, draft, "up", "sessions.1")
    assert draft["sessions"][0]["opens"] == "08:00"
    rearranged(shape, draft, "remove", "sessions.0")
    assert len(draft["sessions"]) == 1


@pytest.mark.parametrize(
    ("field", "where"),
    [
        ("queues[1].prefix", ["queues.1.prefix"]),
        ("queues.prefix", ["queues.0.prefix", "queues.1.prefix"]),
        ("windows.w2.queues", ["windows.1.queues"]),
        ("clerks.li", ["clerks.0.key"]),
        ("weather", []),
    ],
)
def test_what_the_api_names_is_found_in_the_form(field: str, where: list[str]) -> None:
    shape = shape_of(HallPlan)
    queues = [{"queue": q, "prefix": q.upper(), "name": {"zh": q, "en": q}} for q in ("a", "b")]
    windows = [
        {"window": w, "kind": "general", "name": {"zh": w, "en": w}, "queues": []} for w in ("w1", "w2")
    ]
    draft = fill(shape, {"queues": queues, "windows": windows, "clerks": {"li": []}})
    assert located(shape, draft, field) == where


def test_rows_are_compared_by_their_names_and_not_by_their_places() -> None:
    told = Told(lambda text: text.zh, {})
    shape = shape_of(DayException)
    was = {"date": "2026-05-02", "reason": {"zh": "检修", "en": "Repair"}, "sessions": []}
    plan = shape_of(HallPlan)
    first = {"exceptions": [was]}
    second = {"exceptions": [was | {"date": "2026-05-01"}, was]}
    lines = list(told.changes(plan.part(("exceptions",)), first, second))
    assert [line.names for line in lines] == [("特殊日期", "2026-05-01 检修")]
    assert lines[0].was is None
    assert told.title(shape, was) == "2026-05-02 检修"
    session = msgspec.to_builtins(SessionPlan(*(msgspec.convert(t, type=Any) for t in ("09:00", "12:00"))))
    assert told.title(shape_of(SessionPlan), session) == "09:00–12:00"


# --- a hall's week at a glance ----------------------------------------------------------------------------------


def test_the_week_shows_what_each_session_offers_on_which_days() -> None:
    morning = SessionPlan(time(9), time(12), slot_minutes=50, public=6, internal=2, walk_in=4, partner=1)
    late = SessionPlan(time(18), time(19, 30), slot_minutes=30, weekdays=(2, 6), queues=("b",))
    early = SessionPlan(time(8), time(9), walk_in=1, public=0, internal=0)
    rows = week([late, morning, early])
    assert [(row.opens, row.closes) for row in rows] == [
        ("08:00", "09:00"),
        ("09:00", "12:00"),
        ("18:00", "19:30"),
    ]
    # Three whole slots of fifty minutes; what is left of the session is no slot.
    assert [(row.bookable, row.walk_in) for row in rows] == [(0, 1), (27, 12), (24, 12)]
    assert rows[1].days == ("held",) * 5 + ("worked",) * 2
    assert rows[2].days == ("", "held", "", "", "", "held", "")
    assert rows[2].queues == ("b",)


def test_the_week_follows_the_form_and_is_not_shown_of_one_that_is_wrong() -> None:
    kind = KINDS["halls"]
    shape = kind.shape.part(kind.parts["plan"].fields)
    (hall, *_) = plans.plans().halls
    draft = fill(shape, plain(hall.plan))
    assert [row.opens for row in week_of(shape, draft)] == ["09:00", "13:00"]
    draft["sessions"][0]["opens"] = "10:00"
    assert [row.opens for row in week_of(shape, draft)] == ["10:00", "13:00"]
    draft["sessions"][0]["opens"] = "ten"
    assert week_of(shape, draft) == []
