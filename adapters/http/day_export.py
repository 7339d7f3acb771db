"""A day's figures as a file for a spreadsheet."""

from collections.abc import Iterator

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.files import FormatAsked, file, stood
from adapters.http.hall_days import day_of
from adapters.http.parts import Parts
from adapters.http.past import AsOf
from adapters.http.reading import After, Day
from adapters.spreadsheet import Cell, Sheet
from domain.message import Text
from projections import day as day_view
from projections.day import DayFigures, Figures

COLUMNS = (
    "hall", "date", "by", "id", "name_zh", "name_en",
    "issued", "called", "served", "no_shows", "abandoned", "recalls", "transfers",
    "wait_mean_s", "wait_p50_s", "wait_p90_s", "wait_max_s",
    "service_mean_s", "service_p50_s", "service_p90_s", "utilisation",
    "told", "told_within_p50", "told_within_p90",
)  # fmt: skip


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/halls/{{hall:str}}/day/export",
        operation_id="day_export",
        summary="The figures of a day as CSV or as an Excel workbook",
        tags=["figures"],
    )
    async def export(
        hall: FromPath[str],
        date: Day = None,
        after: After = 0,
        as_of: AsOf = None,
        format_: FormatAsked = "csv",
    ) -> Response[bytes]:
        parts.catalogue.hall(hall)
        on = date or parts.today()
        view, _, moment = await day_of(parts, hall, on, after, as_of)
        table = [COLUMNS, *rows(day_view.present(view))]
        name = f"{hall}-{on}{stood(moment if as_of else None)}"
        return file(name, format_, Sheet(on.isoformat(), table))

    return [export]


def rows(day: DayFigures) -> Iterator[list[Cell]]:
    """The hall, then each queue, window, clerk and hour, in the columns of ``COLUMNS``."""
    parts: list[tuple[str, str, Text | None, Figures]] = [
        ("hall", day.hall, None, day),
        *(("queue", line.queue, line.name, line) for line in day.queues),
        *(("window", window.window, window.name, window) for window in day.windows),
        *(("clerk", clerk.clerk, None, clerk) for clerk in day.clerks),
        *(("hour", f"{hour.hour:02}:00", None, hour) for hour in day.hours),
    ]
    for by, name, shown, one in parts:
        wait, service = one.wait_s, one.service_s
        yield [
            day.hall, day.date, by, name, shown.zh if shown else None, shown.en if shown else None,
            one.issued, one.called, one.served, one.no_shows, one.abandoned, one.recalls, one.transfers,
            wait.mean, wait.p50, wait.p90, wait.max,
            service.mean, service.p50, service.p90, one.utilisation,
            one.told.within_p50.denominator, one.told.within_p50.numerator, one.told.within_p90.numerator,
        ]  # fmt: skip
