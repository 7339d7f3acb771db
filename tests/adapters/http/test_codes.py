"""Checking in and finding one's appointments with a phone or a mailbox and the code that was sent there."""

import base64
import json
import re
from typing import Any

import altcha
import msgspec
import pytest

from adapters.codes import TRIES_MAX
from adapters.people import demonstration_identity
from adapters.tail import LogTail
from projections import notices
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import book, workday
from tests.adapters.http.test_arrivals import standing_there
from tests.adapters.http.test_notices import Post
from tests.gateways import Gateway, Mailbox, listening

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
        ({"phone": "13700137001", "mail": "a@hall.test", "code": "123456"}, "arrival-unclear"),
        ({"mail": "a@hall.test"}, "arrival-unclear"),
        ({"mail": "hall.test", "code": "123456"}, "invalid-mail"),
        ({"phone": "13700137001", "code": "12345"}, "invalid"),
        ({"phone": "010-1234567", "code": "123456"}, "invalid-mobile"),
    ],
)
async def test_a_phone_goes_with_its_code(served: Served, body: dict[str, str], code: str) -> None:
    answer = await asked(served, "guotan", "check-in", served.bearer("kiosk", hall="guotan"), **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


# --- by mail ------------------------------------------------------------------------------------------------

ZHAO = {
    "name": "赵六",
    "id_number": demonstration_identity("zhao").id_number,
    "mail": "Zhao.Liu@Hall.Test",
}


async def test_a_mailbox_proves_what_a_phone_does_once_and_no_more_often(served: Served) -> None:
    clerk, kiosk = (served.bearer(role, "d5", hall="guotan") for role in ("clerk", "kiosk"))
    day = workday(served, 2)
    made = (await book(served, clerk, "guotan", "b-1400", day, person=ZHAO)).json()
    await served.parts.views.wait("appointments", made["position"])
    mail = "zhao.liu@hall.test"

    async def code() -> str:
        """As it stands in the mail."""
        await post.empty()
        (sent,) = (one for one in box.mails if "验证码" in one["Subject"])
        assert sent["To"] == mail
        found = re.search(r"[0-9]{6}", sent.get_content())
        assert found is not None
        return found[0]

    gateway, box = Gateway(), Mailbox()
    async with listening(gateway), listening(box):
        post = Post(served, gateway, box, served.parts.codes.code)
        answer = await asked(served, "guotan", "codes", kiosk, mail=" ZHAO.liu@hall.test")
        assert answer.status_code == 200, answer.text
        proof = await code()
        soon = await asked(served, "guotan", "codes", kiosk, mail=mail)
        assert (soon.status_code, soon.json()["code"]) == (429, "codes-too-often")
        wrong = await asked(served, "guotan", "lookup", kiosk, phone="13700137009", code=proof)
        assert wrong.json()["code"] == "code-wrong", "a code is for the address it was sent to"
        found = (await asked(served, "guotan", "lookup", kiosk, mail=mail, code=proof)).json()
        assert [one["appointment"] for one in found["appointments"]] == [made["appointment"]]
        again = await asked(served, "guotan", "lookup", kiosk, mail=mail, code=proof)
        assert again.json()["code"] == "code-over"
        box.mails.clear()
        page, ours = "/halls/guotan/kiosk/check-in", kiosk | {"Origin": "http://hall.test"}
        with standing_there(served, day, 13, 50):
            nothing = await served.client.post(f"{page}/mail", data={"mail": "zhao"}, headers=ours)
            assert (nothing.status_code, 'value="zhao"' in nothing.text) == (422, True)
            sent = await served.client.post(f"{page}/mail", data={"mail": mail}, headers=ours)
            assert f'name="mail" value="{mail}"' in sent.text
            form = {"mail": mail, "code": await code(), "key": "k1"}
            entered = await served.client.post(f"{page}/code", data=form, headers=ours)
        assert (entered.status_code, entered.headers["location"]) == (303, "/halls/guotan/kiosk/slip")
        assert not any(mail in one.body.decode() for one in gateway.asked), "nothing goes by phone"
        await post.tail.close()


# --- without an identity ------------------------------------------------------------------------------------


async def solved(served: Served) -> str:
    """What a browser makes of a challenge."""
    told = (await served.get("/proofs")).json()
    challenge = altcha.Challenge.from_dict(told)
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    assert solution.counter < 300
    return str(altcha.Payload(challenge, solution).to_base64())


async def test_whoever_says_nothing_of_themselves_computes_before_a_code_is_sent(served: Served) -> None:
    async def send(phone: str, **more: str) -> tuple[int, str]:
        answer = await served.post("/halls/guotan/codes", {"phone": phone, **more})
        return answer.status_code, answer.json().get("code", "")

    assert await send("13711111111") == (422, "proof-needed")
    proof = await solved(served)
    told = json.loads(base64.b64decode(proof))
    easier = told | {
        "challenge": told["challenge"] | {"parameters": {**told["challenge"]["parameters"], "cost": 0}}
    }
    other = told | {"solution": told["solution"] | {"derivedKey": "00" * 32}}
    for wrong in (easier, other, {}, [], {"challenge": 1, "solution": 2}):
        assert await send("13711111111", proof=base64.b64encode(json.dumps(wrong).encode()).decode()) == (
            422,
            "proof-wrong",
        )
    assert await send("13711111111", proof="é%") == (422, "proof-wrong")
    assert await send("13711111111", proof=proof) == (200, "")
    assert await send("13722222222", proof=proof) == (409, "proof-used")
    signed = await served.post("/halls/guotan/codes", {"phone": "13733333333"}, await served.citizen("known"))
    assert signed.status_code == 200, "who has said who they are computes nothing"


async def challenges(served: Served) -> set[str]:
    """Of every notice with a code."""
    tail = LogTail(served.url)
    await served.parts.views.wait(notices.NAME, await tail.head())
    await tail.close()
    docs = (await served.parts.views.find(notices.NAME, {"template": "code"}, "queued_at", 100)).docs
    return {msgspec.json.decode(doc, type=notices.View).facts["challenge"] for doc in docs}


async def test_an_appointment_is_found_on_the_page_without_signing_in(served: Served) -> None:
    clerk, ours = served.bearer("clerk", "d6", hall="guotan"), {"Origin": "http://hall.test"}
    person = {
        "name": "孙七",
        "id_number": demonstration_identity("sun").id_number,
        "phone": "13700137077",
    }
    made = (await book(served, clerk, "guotan", "b-1500", workday(served, 2), person=person)).json()
    await served.parts.views.wait("appointments", made["position"])
    page = (await served.client.get("/find")).text
    assert "没有脚本时请登录" in page
    form = {"contact": "137 0013 7077", "hall": "guotan", "key": "f1"}
    lacking = await served.client.post("/find", data=form, headers=ours)
    assert lacking.status_code == 422
    assert "请稍候，浏览器正在完成安全验证" in lacking.text
    before = await challenges(served)
    sent = await served.client.post("/find", data=form | {"proof": await solved(served)}, headers=ours)
    assert 'action="/find/code"' in sent.text
    (challenge,) = await challenges(served) - before
    code = served.parts.codes.code(challenge)
    wrong = await served.client.post("/find/code", data=form | {"code": "1"}, headers=ours)
    assert wrong.status_code == 422
    found = await served.client.post("/find/code", data=form | {"code": code, "key": "f2"}, headers=ours)
    assert f"/appointments/{made['voucher']}" in found.text
