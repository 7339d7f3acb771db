"""Personal data corrected and erased: the log says that it was, and what it was never."""

from datetime import timedelta

import msgspec
import pytest

from domain import citizen
from domain.catalogue import EVENTS
from domain.citizen import BookingReleased, RecordBooking, VisitRecorded
from domain.personal import CorrectPerson, ErasePerson, PersonCorrected, PersonErased
from tests.domain.test_citizen import BOOKED, HOUR
from tests.spec import NINE, given


def test_a_correction_says_what_was_corrected_and_never_to_what() -> None:
    told = given(citizen).when(CorrectPerson(("phone",), "changed"))
    told.then(PersonCorrected(("phone",), "changed"))
    told.when(CorrectPerson((), "changed")).then()
    for tag in ("person-corrected", "person-erased"):
        assert {field.name for field in msgspec.structs.fields(EVENTS[tag])} <= {"fields", "basis"}


def test_nobody_is_erased_who_is_expected() -> None:
    told = given(citizen, BOOKED)
    told.when(ErasePerson("on-request")).refused("bookings-open", appointments=[BOOKED.appointment])
    for ended in (BookingReleased(BOOKED.appointment, "x"), VisitRecorded(BOOKED.appointment)):
        given(citizen, BOOKED, ended).when(ErasePerson("on-request")).then(PersonErased("on-request"))


def test_whoever_was_erased_is_erased_once_and_books_nothing_more() -> None:
    told = given(citizen, PersonErased("purpose-met")).at_time(NINE + timedelta(days=1))
    told.when(ErasePerson("on-request")).then()
    again = RecordBooking("p9", "tanghe", "id-card", NINE + 50 * HOUR, NINE + 51 * HOUR)
    told.when(again).refused("person-erased")
    told.when(CorrectPerson(("name",), "on-request")).refused("person-erased")


@pytest.mark.parametrize("basis", ["because 李雷 asked", "", "x"])
def test_a_basis_is_a_word_of_the_law_and_no_text_that_could_name_somebody(basis: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"basis": basis}, ErasePerson)
