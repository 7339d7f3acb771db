"""Case numbers: a serial per code and day, each once, none left out."""

from datetime import date

import msgspec
import pytest
from hypothesis import given as hypothesis_given

from domain import numbers, promises
from domain.case import Case
from domain.handling import Held
from domain.numbers import SCHEME, NumberTaken, Scheme, TakeNumber, counted, number
from tests.histories import World, worlds
from tests.spec import given

STREAM = "numbers-permit-2026-03-02"


def test_each_case_takes_the_next_serial_and_keeps_it() -> None:
    told = given(numbers).when(TakeNumber("t1"))
    told.then(NumberTaken("t1", 1))
    told.when(TakeNumber("t2")).then(NumberTaken("t2", 2))
    told.when(TakeNumber("t1")).then()


def test_the_default_number_is_the_implementation_code_the_date_and_four_digits() -> None:
    code = "11440232MB2D06811W4000117051000"
    told = number(SCHEME, code, date(2020, 10, 20), 8)
    assert told == "11440232MB2D06811W4000117051000" + "20201020" + "0008"
    assert len(told) == 43
    assert (
        number("ZW-{code}-{date}-{serial}", "permit", date(2026, 3, 2), 12345) == "ZW-permit-20260302-12345"
    )


@pytest.mark.parametrize(
    "scheme", ["{code}{date}", "{serial}", "{code}{serial}{date}", "{code.x}{date}{serial}"]
)
def test_a_scheme_names_code_date_and_serial(scheme: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(scheme, Scheme)


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_the_serials_are_one_to_the_last(world: World) -> None:
    assert list(promises.broken(STREAM, world.state(STREAM))) == []


def test_a_number_without_its_case_and_a_number_given_twice_are_broken_promises() -> None:
    assert list(promises.broken(STREAM, numbers.Numbers({"t1": 2}))) == [
        f"{STREAM}: the serials of 1 cases are not 1 to 1 in order"
    ]
    held = {
        STREAM: Held(numbers.Numbers({"t1": 1, "t2": 2})),
        "case-t2": Held(Case(number="A1")),
        "case-t3": Held(Case(number="A1")),
    }
    assert list(promises.broken_between(held, 0)) == [
        f"{STREAM}: a number was taken for t1, which has none",
        "A1 is the number of 2 cases",
    ]


@pytest.mark.parametrize("name", ["numbers-ticket.tanghe.20260302.x", "numbers-2026-03-02", "numbers-a-x"])
def test_a_stream_that_names_no_code_and_day_counts_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"names no code|isoformat"):
        counted(name)
