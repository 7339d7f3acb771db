"""An event as others read it (CloudEvents 1.0): a message of the stream, its own JSON under headers, and back; or one
JSON object with its attributes.

Subject ``mingting.<region>.<hall or ->.<category>.<tag>``. Words in headers are percent-encoded where CloudEvents asks
for it, so they cannot break a header. ``ce-id`` is the command's id and the event's number within it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import msgspec

from adapters import envelope
from adapters.store import Row
from domain.catalogue import EVENTS, AnyEvent
from domain.message import Recorded, Stamp

SOURCE = "/mingting"
"""The CloudEvents source: an event's id is unique within it."""

POSITION = "Mingting-Position"


class _Plan(msgspec.Struct):
    region: str


class _Configured(msgspec.Struct):
    plan: _Plan


class Unreadable(NamedTuple):
    """An event that this code does not know. Folds of its stream are wrong from here on."""

    stream: str
    version: int
    position: int
    reason: str


_read_configured = msgspec.json.Decoder(_Configured).decode
_read_event = msgspec.json.Decoder(AnyEvent).decode

_token = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_is_plain = re.compile(r"[!#$&-~]*").fullmatch


def written(value: str) -> str:
    """A header's value as CloudEvents wants it: what is not a printable ASCII letter is percent-encoded."""
    return value if _is_plain(value) else quote(value, safe="!#$&'()*+,/:;<=>?@[]^`{|}")


def plain(value: str) -> str:
    return unquote(value) if "%" in value else value


def hall_of(stream: str, stamp: Stamp) -> str:
    """The hall of an event: its stream's, or for a stream that is no hall's the one the stamp tells; else ``-``."""
    category, _, subject = stream.partition("-")
    match category:
        case "queue" | "slots":
            hall = subject[:-11]
        case "hall":
            hall = subject
        case _:
            hall = stamp.hall or "-"
    return hall if _token(hall) else "-"


def message(row: Row, regions: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
    """Subject, headers and body of an event.

    Everything of its stamp goes along but the idempotency key, which is between the asker and the log.

    Args:
        regions: hall → region, as the log had it before this event; a hall's configuration is entered.
    """
    sealed = envelope.read_sealed(row.state)
    stamp, event = sealed.stamp, sealed.event
    hall = hall_of(row.stream, stamp)
    if row.topic == "hall-configured":
        regions[hall] = _read_configured(event).plan.region
    category = row.stream.partition("-")[0]
    headers = {
        "ce-specversion": "1.0",
        "ce-id": written(sealed.id),
        "ce-type": f"mingting.{category}.{row.topic}",
        "ce-source": SOURCE,
        "ce-subject": written(row.stream),
        "ce-time": stamp.at.isoformat(),
        "content-type": "application/json",
        "Nats-Msg-Id": str(row.position),
        POSITION: str(row.position),
        "Mingting-Version": str(row.version),
        "Mingting-By": written(stamp.by),
    }
    if stamp.correlation is not None:
        headers["Mingting-Correlation"] = written(stamp.correlation)
    if stamp.causation is not None:
        headers["Mingting-Causation"] = written(stamp.causation)
    if stamp.recorded_at is not None:
        headers["Mingting-Recorded-At"] = stamp.recorded_at.isoformat()
    if stamp.hall is not None:
        headers["Mingting-Hall"] = written(stamp.hall)
    if sealed.event_version != 1:
        headers["Mingting-Event-Version"] = str(sealed.event_version)
    return f"mingting.{regions.get(hall, '-')}.{hall}.{category}.{row.topic}", headers, event


def structured(
    stream: str, version: int, position: int, tag: str, stamp: Stamp, event_id: str, data: Any
) -> dict[str, Any]:
    """An event in CloudEvents' JSON format, with the attributes its message in the stream has as headers."""
    optional = {
        "correlation": stamp.correlation,
        "causation": stamp.causation,
        "recordedat": stamp.recorded_at,
        "hall": stamp.hall,
    }
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": f"mingting.{stream.partition('-')[0]}.{tag}",
        "subject": stream,
        "time": stamp.at,
        "datacontenttype": "application/json",
        "data": data,
        "position": position,
        "version": version,
        "by": stamp.by,
        **{name: value for name, value in optional.items() if value is not None},
    }


def recorded(headers: Mapping[str, str], event: bytes) -> Recorded | Unreadable:
    """The event of a message again, without its idempotency key."""
    stream, version, position = (
        plain(headers["ce-subject"]),
        int(headers["Mingting-Version"]),
        int(headers[POSITION]),
    )
    command, _, nth = plain(headers["ce-id"]).rpartition(".")
    known = EVENTS.get(headers["ce-type"].rpartition(".")[2])
    if known is None or int(headers.get("Mingting-Event-Version", "1")) > known.VERSION:
        return Unreadable(stream, version, position, f"{headers['ce-type']} is newer than this code")
    try:
        body = _read_event(event)
    except msgspec.ValidationError as error:
        return Unreadable(stream, version, position, f"{headers['ce-type']}: {error}")
    recorded_at = headers.get("Mingting-Recorded-At")
    stamp = Stamp(
        at=datetime.fromisoformat(headers["ce-time"]),
        by=plain(headers["Mingting-By"]),
        command=command,
        correlation=_optional(headers, "Mingting-Correlation"),
        causation=_optional(headers, "Mingting-Causation"),
        recorded_at=datetime.fromisoformat(recorded_at) if recorded_at else None,
        hall=_optional(headers, "Mingting-Hall"),
    )
    return Recorded(stream, version, position, stamp, body, int(nth))


def _optional(headers: Mapping[str, str], name: str) -> str | None:
    value = headers.get(name)
    return None if value is None else plain(value)
