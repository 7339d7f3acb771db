"""Items of other platforms over HTTP: tried, imported, compared."""

import csv
import io
from base64 import b64encode

import msgspec
import psycopg
import pytest
from openpyxl import Workbook

from adapters import envelope
from tests.adapters.http.serving import Served
from tests.adapters.test_item_table import ROW
from tests.domain.test_item import LICENCE, changed

pytestmark = pytest.mark.asyncio(loop_scope="module")


def table(*rows: dict[str, str]) -> dict[str, str]:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return {"csv": file.getvalue()}


async def test_a_dry_run_says_what_an_import_would_do_and_does_nothing(served: Served) -> None:
    admin = served.bearer("admin")
    body = table(ROW | {"item": "dry"}, ROW | {"item": "dry-too", "promised_limit_workdays": "21"})
    before = served.stored()
    told = await served.post("/items/import", body, admin, dry_run="true")
    assert told.status_code == 200, told.text
    assert served.stored() == before
    rows = told.json()["receipts"]
    assert told.json()["dry_run"] is True
    assert [(row["row"], row["outcome"]) for row in rows] == [(1, "new"), (2, "refused")]
    assert rows[1]["code"] == "promise-longer-than-statute"
    assert "position" not in rows[0]
    wrong = await served.post("/items/import", body, admin, dry_run="maybe")
    assert wrong.status_code == 422


async def test_good_rows_are_published_and_the_others_reported(served: Served) -> None:
    admin = served.bearer("admin")
    body = table(
        ROW | {"item": "imported"},
        ROW | {"item": "no depth", "online_depth": "V"},
        ROW | {"item": "imported"},
    )
    rows = (await served.post("/items/import", body, admin)).json()["receipts"]
    assert [(row["row"], row["outcome"]) for row in rows] == [(1, "new"), (2, "refused"), (3, "refused")]
    published = (await served.get("/items/imported", after=rows[0]["position"])).json()
    assert (published["version"], published["promised_limit_workdays"]) == (1, 8)
    again = (await served.post("/items/import", table(ROW | {"item": "imported"}), admin)).json()["receipts"]
    assert [row["outcome"] for row in again] == ["same"]
    quicker = table(ROW | {"item": "imported", "promised_limit_workdays": "5"})
    (row,) = (await served.post("/items/import", quicker, admin)).json()["receipts"]
    assert (row["outcome"], row["changes"]) == ("changed", [["promised_limit_workdays", 8, 5]])
    assert (await served.get("/items/imported", after=row["position"])).json()["version"] == 2


async def test_the_parts_of_an_import_do_not_name_a_key_that_nothing_remembers(served: Served) -> None:
    admin = served.bearer("admin") | {"Idempotency-Key": "the whole import"}
    told = (await served.post("/items/import", table(ROW | {"item": "keyed"}), admin)).json()["receipts"]
    with psycopg.connect(served.url) as connection:
        found = connection.execute(
            "SELECT state FROM stored_events WHERE notification_id = %s", (told[0]["position"],)
        )
        (state,) = found.fetchone() or (b"",)
    assert envelope.read_sealed(bytes(state)).stamp.key is None


async def test_another_listing_is_compared_and_nothing_changes(served: Served) -> None:
    admin, auditor = served.bearer("admin"), served.bearer("auditor")
    ours = msgspec.to_builtins(LICENCE)
    await served.post("/items/import", {"items": [{"item": "compared", "plan": ours}]}, admin)
    theirs = msgspec.to_builtins(changed(visits=1))
    before = served.stored()
    listed = {"items": [{"item": "compared", "plan": theirs}, {"item": "only-theirs", "plan": theirs}]}
    told = (await served.post("/items/compare", listed, auditor)).json()
    assert served.stored() == before
    assert told["receipts"][0]["changes"] == [["visits", 0, 1]]
    assert told["only_there"] == ["only-theirs"]
    assert set(told["only_here"]) == set(served.parts.catalogue.items) - {"compared"}


async def test_only_an_admin_imports(served: Served) -> None:
    for role in ("clerk", "supervisor", "auditor", "citizen"):
        answer = await served.post("/items/import", table(ROW), served.bearer(role))  # type: ignore[arg-type]
        assert answer.status_code == 403, role
    assert (await served.post("/items/compare", table(ROW), served.bearer("clerk"))).status_code == 403


def sheet(*rows: dict[str, object]) -> dict[str, str]:
    book = Workbook()
    page = book.active
    assert page is not None
    page.append(list(rows[0]))
    for row in rows:
        page.append(list(row.values()))
    file = io.BytesIO()
    book.save(file)
    return {"xlsx": b64encode(file.getvalue()).decode()}


TYPED: dict[str, object] = ROW | {"promised_limit_workdays": 8, "visits": 0.0, "bookable": True}  # type: ignore[assignment]


async def test_a_workbook_is_imported_like_the_same_table_in_csv(served: Served) -> None:
    admin = served.bearer("admin")
    body = sheet(TYPED | {"item": "from-excel"}, TYPED | {"item": "dear", "promised_limit_workdays": 21})
    dry = (await served.post("/items/import", body, admin, dry_run="true")).json()["receipts"]
    assert [(row["row"], row["outcome"]) for row in dry] == [(1, "new"), (2, "refused")]
    first, second = (await served.post("/items/import", body, admin)).json()["receipts"]
    assert (first["outcome"], second["code"]) == ("new", "promise-longer-than-statute")
    same = table(ROW | {"item": "from-excel", "bookable": "true"})
    (again,) = (await served.post("/items/import", same, admin)).json()["receipts"]
    assert again["outcome"] == "same"
    quicker = sheet(TYPED | {"item": "from-excel", "promised_limit_workdays": 5})
    told = (await served.post("/items/compare", quicker, served.bearer("auditor"))).json()
    assert told["receipts"][0]["changes"] == [["promised_limit_workdays", 8, 5]]


@pytest.mark.parametrize("data", [b"no workbook", b"PK\x05\x06" + b"\0" * 18])
async def test_what_is_no_workbook_is_refused(served: Served, data: bytes) -> None:
    body = {"xlsx": b64encode(data).decode()}
    answer = await served.post("/items/import", body, served.bearer("admin"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "xlsx")
