"""A line of a timeline: when, by whom, what, and what the event itself says."""

from datetime import datetime
from typing import Any

import msgspec

from domain.message import Recorded


class Entry(msgspec.Struct, gc=False):
    """``what`` is the event's tag, ``detail`` its own fields as they are stored."""

    at: datetime
    by: str
    what: str
    detail: dict[str, Any]


def entry(recorded: Recorded) -> Entry:
    detail = msgspec.to_builtins(recorded.event)
    what = detail.pop("type")
    return Entry(recorded.stamp.at, recorded.stamp.by, what, detail)
