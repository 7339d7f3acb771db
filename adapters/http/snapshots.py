"""The figures of months and quarters as they were frozen, and the amendments made to them since.

Everybody may read them, by the rule that holds for all figures: what is of fewer than five is not shown. What an
amendment has changed, and by which events, is for the hall's own eyes, for it may be one person's rating.
"""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters.http.access import API, OVERSIGHT
from adapters.http.body import StrictRequest
from adapters.http.figures import PUBLIC_FLOOR
from adapters.http.parts import Parts
from adapters.http.reading import (
    LIMIT,
    After,
    Cursor,
    Limit,
    answers,
    caught_up,
    document,
    listing,
    lists,
    shape,
)
from domain.message import Refused, Text
from domain.snapshot import By, Pair
from projections import definitions, snapshots
from projections.figures import Rate
from projections.snapshots import Amendment, Kind


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it was frozen and as the amendments have left it."""

    frozen: Rate
    now: Rate


class Row(msgspec.Struct, frozen=True, kw_only=True):
    by: By
    name: str
    rates: dict[str, Standing]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """``amended_at`` tells when the figures were amended, the last time last."""

    snapshot: str
    kind: Kind
    first: date
    last: date
    frozen_at: datetime
    amended_at: list[datetime]


Shown = shape(
    "Snapshot",
    Listed,
    names=dict[str, Text],
    definitions=dict[str, definitions.Definition],
    groups=list[Row],
    amendments=list[Amendment] | None,
)


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/performance/snapshots",
        operation_id="snapshots",
        responses=lists("snapshots", Listed),
        summary="Months and quarters whose figures are frozen",
        tags=["figures"],
    )
    async def many(
        kind: Annotated[Kind | None, QueryParameter()] = None,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        await caught_up(parts.views, snapshots.NAME, after)
        where = {} if kind is None else {"kind": kind}
        page = await parts.views.find(snapshots.NAME, where, "first", limit, cursor)
        found = [_listed(msgspec.json.decode(doc, type=snapshots.View)) for doc in page.docs]
        return listing("snapshots", found, page.cursor, page.position, page.as_of)

    @get(
        f"{API}/performance/snapshots/{{snapshot:str}}",
        operation_id="snapshot",
        responses=answers(Shown),
        summary="The figures of a month (2026-03) or a quarter (2026-q1) as frozen, and what has corrected them",
        tags=["figures"],
    )
    async def one(snapshot: FromPath[str], request: StrictRequest, after: After = 0) -> Response[bytes]:
        await caught_up(parts.views, snapshots.NAME, after)
        found = await parts.views.get(snapshots.NAME, snapshot)
        if found is None:
            raise Refused("unknown-snapshot", missing=True, snapshot=snapshot)
        view = msgspec.json.decode(found.doc, type=snapshots.View)
        assert OVERSIGHT is not None
        inside = request.user is not None and request.user.role in OVERSIGHT
        shown = msgspec.structs.asdict(_listed(view)) | {
            "names": definitions.RATE_NAMES,
            "definitions": definitions.DEFINITIONS,
            "groups": _rows(view, 0 if inside else PUBLIC_FLOOR),
            "amendments": view.amendments if inside else None,
        }
        return document(shown, found.position, found.as_of)

    return [many, one]


def _listed(view: snapshots.View) -> Listed:
    return Listed(
        snapshot=view.snapshot,
        kind=view.kind,
        first=date.fromisoformat(view.first),
        last=date.fromisoformat(view.last),
        frozen_at=view.frozen_at,
        amended_at=[amendment.at for amendment in view.amendments],
    )


def _rows(view: snapshots.View, floor: int) -> list[Row]:
    def rate(pair: Pair) -> Rate:
        numerator, denominator = pair
        return (
            Rate(numerator, denominator, numerator / denominator)
            if denominator >= max(1, floor)
            else Rate(0, 0)
        )

    frozen = {(group.by, group.name): group.rates for group in view.groups}
    rows: list[Row] = []
    for (by, name), rates in view.now().items():
        was = frozen.get((by, name), {})
        pairs = {figure: (was.get(figure, (0, 0)), pair) for figure, pair in rates.items()}
        told = {figure: Standing(frozen=rate(then), now=rate(now)) for figure, (then, now) in pairs.items()}
        rows.append(Row(by=by, name=name, rates=told))
    return rows
