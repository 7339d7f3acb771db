"""The documents that figures are made of, as the views hold them."""

from datetime import date
from typing import Any, Protocol

import msgspec

from adapters.views import Page
from projections import performance

PAGE = 500


class Lists(Protocol):
    """Where view documents are listed."""

    async def find(
        self, name: str, where: dict[str, Any], order: str = ..., limit: int = ..., cursor: str | None = ...
    ) -> Page: ...


async def between(views: Lists, first: date, last: date) -> list[performance.View]:
    """The documents that count something on some days, and every item published by the last of them."""
    where: dict[str, Any] = {"last_day": (">=", first.isoformat()), "day": ("<=", last.isoformat())}
    found: list[performance.View] = []
    cursor: str | None = None
    while True:
        page = await views.find(performance.NAME, where, "day", PAGE, cursor)
        found += [msgspec.json.decode(doc, type=performance.View) for doc in page.docs]
        if (cursor := page.cursor) is None:
            return found
