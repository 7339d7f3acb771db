"""A calendar subscription (日历订阅): a secret address at which calendars read appointments, again and again.

A citizen has one of their own appointments, a hall one of how many are booked in each slot. Whoever knows the address
reads it without signing in, so it can be revoked: the next one is another. The stream is ``feed-person.{key}`` or
``feed-hall.{hall}``; the address is made of that name and its number under the deployment's secret.
"""

from typing import assert_never

import msgspec

from domain.message import Command, Event, Stamp

# --- commands -----------------------------------------------------------------------------------------------


class OpenFeed(Command, frozen=True):
    """Make an address; one that is open stays as it is."""


class RevokeFeed(Command, frozen=True):
    """Whoever has the address reads nothing any more."""


AnyCommand = OpenFeed | RevokeFeed


# --- events -------------------------------------------------------------------------------------------------


class FeedOpened(Event, frozen=True, tag="feed-opened"):
    pass


class FeedRevoked(Event, frozen=True, tag="feed-revoked"):
    pass


AnyEvent = FeedOpened | FeedRevoked


# --- state --------------------------------------------------------------------------------------------------


class Feed(msgspec.Struct):
    """``number`` of the address that was made last."""

    number: int = 0
    open: bool = False


def stream(feed: str) -> str:
    return f"feed-{feed}"


def of_person(person: str) -> str:
    return f"person.{person}"


def of_hall(hall: str) -> str:
    return f"hall.{hall}"


def initial() -> Feed:
    return Feed()


def decide(command: AnyCommand, feed: Feed, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case OpenFeed():
            return [] if feed.open else [FeedOpened()]
        case RevokeFeed():
            return [FeedRevoked()] if feed.open else []
    assert_never(command)


def evolve(feed: Feed, event: AnyEvent, stamp: Stamp) -> Feed:
    match event:
        case FeedOpened():
            feed.number, feed.open = feed.number + 1, True
        case FeedRevoked():
            feed.open = False
        case _:
            assert_never(event)
    return feed
