"""A subscription is opened once, revoked once, and the next one is another."""

from domain import feed
from domain.feed import FeedOpened, FeedRevoked, OpenFeed, RevokeFeed
from tests.spec import given


def test_an_open_address_stays_as_it_is() -> None:
    state = given(feed).when(OpenFeed()).then(FeedOpened())
    assert (state.number, state.open) == (1, True)
    given(feed, FeedOpened()).when(OpenFeed()).then()


def test_after_a_revocation_the_next_address_is_another() -> None:
    given(feed, FeedOpened()).when(RevokeFeed()).then(FeedRevoked())
    given(feed, FeedOpened(), FeedRevoked()).when(RevokeFeed()).then()
    given(feed).when(RevokeFeed()).then()
    state = given(feed, FeedOpened(), FeedRevoked()).when(OpenFeed()).then(FeedOpened())
    assert (state.number, state.open) == (2, True)
