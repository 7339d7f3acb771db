"""A day's figures as files: the same figures as the document, for staff only."""

import csv
import io
import zipfile

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")
DAY = "/api/v1/halls/guotan/day"


async def test_the_export_has_a_row_for_the_hall_and_each_of_its_parts(served: Served) -> None:
    clerk = served.bearer("clerk", "=li", hall="guotan")
    figures = (await served.client.get(DAY, headers=clerk)).json()
    assert {"clerks", "hours", "recalls", "transfers", "utilisation"} <= set(figures)
    answer = await served.client.get(f"{DAY}/export", headers=clerk)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="guotan-{figures["date"]}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    counts = {by: sum(row["by"] == by for row in rows) for by in ("hall", "queue", "window", "clerk", "hour")}
    assert counts == {"hall": 1} | {by: len(figures[f"{by}s"]) for by in ("queue", "window", "clerk", "hour")}
    assert rows[0]["issued"] == str(figures["issued"])


async def test_the_workbook_opens_and_another_format_is_refused(served: Served) -> None:
    clerk = served.bearer("clerk", "li", hall="guotan")
    book = await served.client.get(f"{DAY}/export?format=xlsx", headers=clerk)
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(book.content)).namelist()
    assert (await served.client.get(f"{DAY}/export?format=pdf", headers=clerk)).status_code == 422


async def test_only_the_hall_s_staff_export(served: Served) -> None:
    assert (await served.client.get(f"{DAY}/export")).status_code == 401
    other = served.bearer("clerk", "wang", hall="tanghe")
    assert (await served.client.get(f"{DAY}/export", headers=other)).status_code == 403
