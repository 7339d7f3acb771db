"""How an event is written down: its own JSON inside an envelope that says who, when and through which command."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder

from domain.catalogue import EVENTS, AnyEvent
from domain.message import Recorded, Stamp


class UnreadableEvent(Exception):
    """The log holds an event that this code does not know, or knows only in an older version.

    Newer code wrote it. Guessing would corrupt views silently, so the reader stops here (the library itself
    reads on: ``class_version`` higher than the code's is ignored there).
    """


class _Envelope(msgspec.Struct, gc=False, omit_defaults=True):
    at: datetime
    by: str
    command: str
    event: Any
    nth: int = 0
    v: int = 1
    correlation: str | None = None
    causation: str | None = None
    key: str | None = None
    recorded_at: datetime | None = None
    hall: str | None = None


class _Written(_Envelope):
    event: AnyEvent


class _Sealed(_Envelope):
    event: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Written).decode
_decode_sealed = msgspec.json.Decoder(_Sealed).decode


def write(event: Any, stamp: Stamp, nth: int = 0) -> bytes:
    """The bytes that are stored for an event: about 150 of envelope and the event's own JSON."""
    return _encode(
        _Envelope(
            stamp.at,
            stamp.by,
            stamp.command,
            event,
            nth,
            event.VERSION,
            stamp.correlation,
            stamp.causation,
            stamp.key,
            stamp.recorded_at,
            stamp.hall,
        )
    )


def read(stream: str, version: int, position: int, topic: str, state: bytes) -> Recorded:
    """The event that was stored.

    Raises:
        UnreadableEvent: its tag, its version or its shape is not one this code knows.
    """
    known = EVENTS.get(topic)
    if known is None:
        raise UnreadableEvent(f"{stream} version {version}: no event {topic!r} in this code")
    try:
        e = _decode(state)
    except msgspec.DecodeError as error:
        raise UnreadableEvent(f"{stream} version {version} ({topic}): {error}") from error
    if e.v > known.VERSION:
        raise UnreadableEvent(
            f"{stream} version {version}: {topic} is of version {e.v}, known is {known.VERSION}"
        )
    return Recorded(stream, version, position, _stamp(e), e.event, e.nth)


class Sealed(NamedTuple):
    """A stored event whose own JSON was not decoded: all that a relay needs."""

    stamp: Stamp
    nth: int
    event: bytes
    event_version: int

    @property
    def id(self) -> str:
        return f"{self.stamp.command}.{self.nth}"


def read_sealed(state: bytes) -> Sealed:
    """What stands around an event, and the event as it was written."""
    e = _decode_sealed(state)
    return Sealed(_stamp(e), e.nth, bytes(e.event), e.v)


def _stamp(e: _Envelope) -> Stamp:
    return Stamp(
        at=e.at,
        by=e.by,
        command=e.command,
        correlation=e.correlation,
        causation=e.causation,
        key=e.key,
        recorded_at=e.recorded_at,
        hall=e.hall,
    )


class EventMapper(Mapper[str]):
    """The library's mapper for our events: the tag is the topic, msgspec writes the bytes.

    ``to_domain_event`` answers a ``Recorded`` without its position, which only the notification log knows.
    """

    def __init__(self, transcoder: Transcoder | None = None, **kwargs: Any) -> None:
        super().__init__(transcoder=transcoder, **kwargs)  # type: ignore[arg-type]  # msgspec needs none

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        recorded: Recorded = domain_event
        state = write(recorded.event, recorded.stamp, recorded.nth)
        return StoredEvent(
            recorded.stream, recorded.version, type(recorded.event).__struct_config__.tag, state
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        stream, version = str(stored_event.originator_id), stored_event.originator_version
        return read(stream, version, 0, stored_event.topic, stored_event.state)
