"""An appointment as a calendar entry (RFC 5545)."""

from collections.abc import Iterator
from datetime import UTC, datetime

MEDIA_TYPE = "text/calendar; charset=utf-8"

LINE_OCTETS = 75


def appointment(
    *,
    uid: str,
    starts_at: datetime,
    ends_at: datetime,
    made_at: datetime,
    summary: str,
    place: str,
    cancelled: bool,
) -> bytes:
    """A calendar with one event, whole: lines end in CRLF and none has more than 75 octets (section 3.1)."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Mingting//Appointments//ZH",
        "BEGIN:VEVENT",
        f"UID:{uid}@mingting",
        f"DTSTAMP:{_utc(made_at)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"SUMMARY:{_text(summary)}",
        f"LOCATION:{_text(place)}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return b"".join(part + b"\r\n" for line in lines for part in _folded(line))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """Words with what has a meaning of its own escaped (section 3.3.11)."""
    for character in ("\\", ";", ","):
        words = words.replace(character, f"\\{character}")
    return words.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> Iterator[bytes]:
    """The line cut where it is too long, never inside a character; what follows begins with a space."""
    part = b""
    for character in line:
        octets = character.encode()
        if len(part) + len(octets) > LINE_OCTETS:
            yield part
            part = b" "
        part += octets
    yield part
