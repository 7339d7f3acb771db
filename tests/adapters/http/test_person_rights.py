"""The rights people have in their data (个人信息保护法 第44–47条) over HTTP: seen, corrected, erased."""

import msgspec
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from adapters import check as checking
from adapters import store
from adapters.tail import LogTail
from projections import PROJECTIONS, notices
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import ITEM, workday
from tests.adapters.http.test_cases import ON_THE_SPOT

pytestmark = pytest.mark.asyncio(loop_scope="module")

PERSON = {"name": "李雷", "id_type": "resident-id", "id_number": "11010519491231002X", "phone": "13800000001"}
SOUGHT = {"id_number": PERSON["id_number"]}


def logged(served: Served) -> str:
    """Every byte of the log."""
    with psycopg.connect(served.url) as connection:
        rows = connection.execute("SELECT state FROM stored_events").fetchall()
    return "".join(bytes(row[0]).decode() for row in rows)


async def sent_code(served: Served) -> str:
    """The newest code that is to be sent, as the outbox would make it."""
    tail = LogTail(served.url)
    await served.parts.views.wait(notices.NAME, await tail.head())
    await tail.close()
    found = await served.parts.views.find(notices.NAME, {"template": "prove-contact"}, "queued_at", 100)
    newest = msgspec.json.decode(found.docs[-1], type=notices.View)
    return served.parts.codes.code(newest.facts["challenge"])


async def test_a_citizen_sees_and_corrects_their_own_and_nobody_elses(served: Served) -> None:
    me, other = await served.citizen("with an old phone"), await served.citizen("somebody else")
    mine = (await served.get("/people/me", me)).json()
    theirs = (await served.get("/people/me", other)).json()["person"]
    assert mine["masked"]["name"] == "演*"
    changed = {"phone": "13900001234", "basis": "changed"}
    unproven = await served.post("/people/me/correct", changed, me)
    assert (unproven.status_code, unproven.json()["code"]) == (422, "code-missing")
    assert (await served.post("/people/me/codes", {"phone": "139 0000 1234"}, me)).status_code == 200
    code = await sent_code(served)
    elsewhere = await served.post("/people/me/correct", {"phone": "13900009999", "code": code}, me)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "code-wrong")
    answer = await served.post("/people/me/correct", changed | {"code": code}, me)
    assert (answer.status_code, answer.json()["fields"]) == (200, ["phone"])
    assert (await served.get("/people/me", me)).json()["masked"]["phone"] == "139****1234"
    again = await served.post("/people/me/correct", {"phone": "139 0000 1234", "basis": "changed"}, me)
    assert (again.json()["fields"], again.json()["version"]) == ([], answer.json()["version"])
    assert "13900001234" not in logged(served)
    name = await served.post("/people/me/correct", {"name": "别人"}, me)
    assert (name.status_code, name.json()["code"]) == (403, "name-not-yours")
    wrong = await served.post("/people/me/correct", {"phone": "123"}, me)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-mobile")
    for path in (f"/people/{theirs}", f"/people/{theirs}/correct", f"/people/{theirs}/erase"):
        answer = await (served.get(path, me) if path.endswith(theirs) else served.post(path, {}, me))
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-person")


async def test_an_erased_person_is_nobody_and_what_was_counted_stays(served: Served) -> None:
    admin = served.bearer("admin")
    asked = {"item": ON_THE_SPOT, "hall": "tanghe", "person": PERSON}
    opened = (await served.post("/cases", asked, admin)).json()
    key = (await served.post("/people/find", SOUGHT, admin)).json()["person"]
    file = (await served.get(f"/cases/{opened['case']}", admin, after=opened["position"])).json()
    assert file["applicant"]["name"] == "李*"
    early = await served.post(f"/people/{key}/erase", {}, admin)
    assert (early.status_code, early.json()["code"]) == (409, "cases-open")
    for command, body in (("accept", {}), ("close", {"reason": "当场办结"})):
        done = await served.post(f"/cases/{opened['case']}/{command}", body, admin)
    await served.get(f"/cases/{opened['case']}", admin, after=done.json()["position"])
    told = await served.post(f"/people/{key}/erase", {"basis": "purpose-met"}, admin)
    assert (told.status_code, told.json()["erased"]) == (200, True)
    again = await served.post(f"/people/{key}/erase", {"basis": "purpose-met"}, admin)
    assert again.json()["version"] == told.json()["version"]
    assert (await served.get(f"/people/{key}", admin)).status_code == 404
    assert (await served.post("/people/find", SOUGHT, admin)).status_code == 404
    file = (await served.get(f"/cases/{opened['case']}", admin)).json()
    assert (file["status"], file["applicant"]) == ("closed", None)
    assert PERSON["phone"] not in logged(served)
    assert "李雷" not in logged(served)


async def test_an_erased_citizen_asks_for_nothing_with_an_old_token(served: Served) -> None:
    me = await served.citizen("leaves for good")
    assert (await served.post("/people/me/erase", {}, me)).status_code == 200
    day = workday(served).isoformat()
    booking = {"item": ITEM, "date": day, "slot": "b-0900"}
    asked = {"/cases": {"item": ON_THE_SPOT, "hall": "tanghe"}}
    asked |= {f"/halls/tanghe/{what}": booking for what in ("appointments", "holds")}
    for path, body in asked.items():
        answer = await served.post(path, body, me)
        assert (answer.status_code, answer.json()["code"]) == (409, "person-erased"), path


async def test_a_key_that_outlived_its_person_is_found(served: Served) -> None:
    me = await served.citizen("kept by mistake")
    key = (await served.get("/people/me", me)).json()["person"]
    await served.post("/people/me/erase", {}, me)
    async with AsyncConnectionPool(served.url, open=False, kwargs={"autocommit": True}) as pool:
        async with pool.connection() as connection:
            await connection.execute("INSERT INTO person_keys VALUES (%s, 'AES-256-GCM', '')", (key,))
        async with await store.connect(served.url) as reading:
            report = await checking.check(reading, PROJECTIONS)
        assert f"citizen-{key}: was erased and the key is still there" in report.broken
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM person_keys WHERE key = %s", (key,))
