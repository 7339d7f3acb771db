"""What was copied from paper waits, and waits no more once it is confirmed, sent back or overtaken."""

import pytest

from domain.message import Event
from domain.review import PaperReviewEntered, PaperReviewRejected, ReviewGiven
from projections import papers_waiting
from tests.histories import record, view_of

REVIEW = "review-ticket.t1"
ENTERED = PaperReviewEntered(review="r1", grade="satisfied", tags=("411",), hall="tanghe", unit="office")
GIVEN = ReviewGiven(review="r1", grade="satisfied", channel="paper", hall="tanghe", unit="office")


def test_a_copied_form_is_listed_with_who_copied_it() -> None:
    (waiting,) = view_of(papers_waiting, record(REVIEW, ENTERED)).values()
    assert (waiting.review, waiting.service, waiting.grade) == ("r1", "ticket.t1", "satisfied")
    assert papers_waiting.facets(waiting)["hall"] == "tanghe"
    assert waiting.by


@pytest.mark.parametrize("end", [PaperReviewRejected("r1", "miscopied"), GIVEN])
def test_it_waits_no_more_once_somebody_has_answered(end: Event) -> None:
    assert view_of(papers_waiting, record(REVIEW, ENTERED, end)) == {}
