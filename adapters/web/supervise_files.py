"""Lists as files for a spreadsheet, in the visitor's language: what a page shows page by page, in one.

The lists that the API has as files itself (rectifications, cases, figures, a day) are not here; nor are people's
appeals, which nobody carries away.
"""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.files import EXPORT_MAX, MEDIA, file
from adapters.http.problems import Rejected
from adapters.spreadsheet import Cell, Sheet
from adapters.web.site import Visit, Visiting
from adapters.web.supervise_past import AsOf
from adapters.web.supervise_words import called, hall_names, oversight, place_names
from adapters.web.words import N_
from projections.suspicion import REASONS

PAGE = 100


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/supervise/flags/{format_:str}")
    async def flags(visit: Visiting, format_: FromPath[str]) -> Response[bytes]:
        oversight(visit)
        query = visit.request.query_params
        asked = {name: query[name] for name in ("from", "to") if query.get(name)}
        told, names = await visit.api.get("/reviews/suspicious", **asked), await place_names(visit)
        head = (N_("时间"), N_("疑点"), N_("所在大厅"), N_("窗口"), N_("涉及评价"))
        rows = [
            [
                visit.moment(flag["at"]),
                visit.say(REASONS[flag["reason"]]),
                names.get((flag["hall"], ""), flag["hall"]),
                names.get((flag["hall"], flag["window"]), flag["window"]),
                service,
            ]
            for flag in told["flags"]
            for service in flag["reviews"]
        ]
        return _file(visit, "flags", format_, N_("评价异常"), head, rows, (18, 40, 14, 10, 44))

    @get("/supervise/talks/{format_:str}")
    async def talks(visit: Visiting, format_: FromPath[str]) -> Response[bytes]:
        oversight(visit)
        head = (
            N_("责任单位"),
            N_("启动"),
            N_("到期时间"),
            N_("逾期记录"),
            N_("约谈时间"),
            N_("约谈对象"),
            N_("约谈记录"),
            N_("整改措施"),
        )
        names = await hall_names(visit)
        rows: list[list[Cell]] = [
            [
                names.get(talk["unit"], talk["unit"]),
                _moment(visit, talk["called_at"]),
                _moment(visit, talk["due_at"]),
                len(talk["lags"]),
                _moment(visit, talk["held_at"]),
                talk["with_whom"],
                talk["minutes"],
                talk["measures"],
            ]
            async for talk in every(visit, "/talks", "talks")
        ]
        return _file(visit, "talks", format_, N_("约谈"), head, rows, (20, 18, 18, 10, 18, 20, 40, 40))

    @get("/supervise/figures/{figure:str}/{format_:str}")
    async def evidence(visit: Visiting, figure: FromPath[str], format_: FromPath[str]) -> Response[bytes]:
        oversight(visit)
        query = {name: text for name, text in visit.request.query_params.items() if name != "as_of" and text}
        asked = query | {"as_of": AsOf.of(visit).asked}
        head = (
            N_("发生日期"),
            N_("来源"),
            N_("所在大厅"),
            N_("责任单位"),
            N_("窗口"),
            N_("事项"),
            N_("分子"),
            N_("分母"),
            N_("事件"),
        )
        rows: list[list[Cell]] = [
            [
                *(one[name] for name in ("day", "stream", "hall", "unit", "window", "item")),
                one["numerator"],
                one["denominator"],
                ", ".join(called(visit, event["type"]) for event in one["events"]),
            ]
            async for one in every(visit, f"/performance/{figure}/events", "evidence", **asked)
        ]
        return _file(
            visit, figure, format_, N_("构成这一指标的事件"), head, rows, (12, 50, 14, 14, 10, 20, 8, 8, 40)
        )

    return [flags, talks, evidence]


async def every(visit: Visit, path: str, plural: str, **asked: Any) -> AsyncIterator[dict[str, Any]]:
    """Every row of a list that has pages, up to as many as a file has."""
    cursor: str | None = None
    for _ in range(0, EXPORT_MAX, PAGE):
        told = await visit.api.get(path, **asked, limit=PAGE, cursor=cursor)
        for row in told[plural]:
            yield row
        if (cursor := told["cursor"]) is None:
            break


def _moment(visit: Visit, at: str | None) -> str | None:
    return None if at is None else visit.moment(at)


def _file(
    visit: Visit,
    name: str,
    format_: str,
    title: str,
    head: tuple[str, ...],
    rows: list[list[Cell]],
    widths: tuple[int, ...],
) -> Response[bytes]:
    if format_ not in MEDIA:
        raise Rejected(404, "unknown-path")
    _ = visit.gettext
    return file(name, format_, Sheet(_(title), [[_(word) for word in head], *rows], widths))
