"""Checking in and finding one's appointments with a phone and the code that was sent to it."""

from typing import Any

import msgspec
import pytest

from adapters.codes import TRIES_MAX
from adapters.people import demonstration_identity
from adapters.tail import LogTail
from projections import notices
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import book, workday
from tests.adapters.http.test_arrivals import standing_there

pytestmark = pytest.mark.asyncio(loop_scope="module")

WANG = {"name": "王五", "id_number": demonstration_identity("wang").id_number, "phone": "13700137001"}
SON = {"name": "王小五", "id_number": demonstration_identity("wang junior").id_number, "phone": "13700137001"}


async def code_of(served: Served, phone: str, kiosk: dict[str, str], hall: str = "guotan") -> str:
    """As the outbox would make it; what the notice holds would tell nobody."""
    answer = await served.post(f"/halls/{hall}/codes", {"phone": phone}, kiosk)
    assert answer.status_code == 200, answer.text
    tail = LogTail(served.url)
    await served.parts.views.wait(notices.NAME, await tail.head())
    await tail.close()
    found = await served.parts.views.find(notices.NAME, {"template": "code"}, "queued_at", 100)
    newest = msgspec.json.decode(found.docs[-1], type=notices.View)
    assert phone not in found.docs[-1].decode()
    return served.parts.codes.code(newest.facts["challenge"])


async def asked(served: Served, hall: str, what: str, kiosk: dict[str, str], **body: Any) -> Any:
    return await served.post(f"/halls/{hall}/{what}", body, kiosk)


async def test_a_family_of_one_number_finds_and_keeps_its_appointments(served: Served) -> None:
    clerk, kiosk = (served.bearer(role, "d1", hall="guotan") for role in ("clerk", "kiosk"))
    day = workday(served, 2)
    fathers = (await book(served, clerk, "guotan", "b-1000", day, person=WANG)).json()
    sons = (await book(served, clerk, "guotan", "b-0900", day, person=SON)).json()
    await served.parts.views.wait("appointments", sons["position"])
    code = await code_of(served, "137 0013 7001", kiosk)
    found = (await asked(served, "guotan", "lookup", kiosk, phone="13700137001", code=code)).json()
    assert [one["appointment"] for one in found["appointments"]] == [
        sons["appointment"],
        fathers["appointment"],
    ]
    assert found["appointments"][0]["voucher"] == sons["voucher"]
    again = await asked(served, "guotan", "check-in", kiosk, phone="13700137001", code=code)
    assert (again.status_code, again.json()["code"]) == (409, "code-over")
    with standing_there(served, day, 8, 50):
        code = await code_of(served, "13700137001", kiosk)
        far = served.bearer("kiosk", hall="tanghe")
        there = await asked(served, "tanghe", "check-in", far, phone="13700137001", code=code)
        assert there.json()["code"] == "appointment-in-another-hall", "a refusal uses up no code"
        headers = kiosk | {"Idempotency-Key": "press"}
        body = {"phone": "13700137001", "code": code}
        first = await served.post("/halls/guotan/check-in", body, headers)
        assert first.status_code == 201, first.text
        twice = await served.post("/halls/guotan/check-in", body, headers)
        assert twice.json()["ticket"] == first.json()["ticket"]
        other = await served.post("/halls/guotan/check-in", body, kiosk)
        assert other.json()["code"] == "code-over"
    seen = (await served.get(f"/appointments/{sons['appointment']}", clerk)).json()
    assert seen["status"] == "checked-in", "the first of the day is meant"


async def test_nobody_is_told_whether_a_number_is_known_and_nothing_is_sent(served: Served) -> None:
    kiosk, before = served.bearer("kiosk", "d2", hall="guotan"), served.stored()
    answer = await asked(served, "guotan", "codes", kiosk, phone="13999999999")
    assert answer.status_code == 200
    assert set(answer.json()) == {"until", "again_at"}
    assert served.stored() == before
    wrong = await asked(served, "guotan", "lookup", kiosk, phone="13999999999", code="000000")
    assert wrong.json()["code"] == "code-wrong"
    again = await asked(served, "guotan", "codes", kiosk, phone="13999999999")
    assert (again.status_code, again.json()["code"]) == (429, "codes-too-often")
    assert 0 < int(again.headers["retry-after"]) <= 61
    for _ in range(TRIES_MAX):
        last = await asked(served, "guotan", "lookup", kiosk, phone="13999999999", code="000000")
    assert last.json()["code"] == "code-over"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"phone": "13700137001"}, "arrival-unclear"),
        ({"code": "123456"}, "arrival-unclear"),
        ({"phone": "13700137001", "code": "123456", "voucher": "x"}, "arrival-unclear"),
        ({"phone": "13700137001", "code": "12345"}, "invalid"),
        ({"phone": "010-1234567", "code": "123456"}, "invalid-mobile"),
    ],
)
async def test_a_phone_goes_with_its_code(served: Served, body: dict[str, str], code: str) -> None:
    answer = await asked(served, "guotan", "check-in", served.bearer("kiosk", hall="guotan"), **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
