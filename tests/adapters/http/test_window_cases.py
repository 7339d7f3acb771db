"""Cases at the desk over HTTP: every act has a form, offered when it can be done, with its effect in words."""

import re
from typing import Any

import msgspec
import pytest

from tests.adapters.http.serving import Served
from tests.adapters.http.test_cases import opened, promised, until
from tests.adapters.http.test_hand_overs import put
from tests.domain.test_item import changed

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = {"Origin": "http://hall.test"}


class Desk:
    """A clerk with a case before them."""

    def __init__(self, served: Served, case: str, who: dict[str, str]) -> None:
        self._served, self._case, self._who = served, case, who | ORIGIN

    async def page(self, act: str = "", after: int = 0) -> str:
        answer = await self._served.client.get(
            f"/window/cases/{self._case}", params={"act": act, "after": after}, headers=self._who
        )
        assert answer.status_code == 200, answer.text
        return answer.text

    async def offers(self) -> set[str]:
        return set(re.findall(r"\?act=([a-z-]+)", await self.page()))

    async def send(self, act: str, **fields: str) -> Any:
        return await self._served.client.post(
            f"/window/cases/{self._case}/{act}", data=fields, headers=self._who
        )

    async def do(self, act: str, **fields: str) -> str:
        """Send an act's form; the page it leads to."""
        answer = await self.send(act, **fields)
        assert answer.status_code == 303, answer.text
        return str((await self._served.client.get(answer.headers["location"], headers=self._who)).text)


async def accepted(office: Served) -> tuple[str, Desk]:
    """A promised case that was accepted and whose limit runs."""
    clerk = office.bearer("clerk", "li", hall="tanghe")
    case = await opened(office, await office.citizen("who applies"), promised(office))
    desk = Desk(office, case, clerk)
    await desk.do("accept")
    await until(office, f"/cases/{case}", clerk, lambda told: told.get("due_at"))
    return case, desk


async def test_a_pause_says_which_limit_stops_and_which_runs_on(office: Served) -> None:
    _, desk = await accepted(office)
    assert {"pause", "suspend", "ask-extension", "begin-step", "decide", "withdraw"} <= await desk.offers()
    assert not {"accept", "resume", "archive", "hand-over"} & await desk.offers()
    form = await desk.page("pause")
    assert "停承诺期限；法定期限继续计算" in form
    lacking = await desk.send("pause", reason="payment", note="")
    assert (lacking.status_code, "payment" in lacking.text) == (422, True)
    unknown = await desk.send("pause", reason="holiday", note="x", needs_workdays="2")
    assert (unknown.status_code, "payment" in unknown.text) == (422, True)
    still = await desk.do("pause", reason="payment", note="待缴工本费", needs_workdays="3")
    assert re.search(r"起挂起（待缴费），约需3个工作日。", still)
    assert "法定期限" in still
    assert "待缴工本费" in still  # in the timeline
    assert await desk.offers() == {"resume", "step", "ask-extension", "withdraw"}
    again = await desk.send("suspend", kind="hearing", reason="x", needs_workdays="2")
    assert again.status_code == 409
    assert "已受理，在办" in await desk.do("resume", result="已缴费")


async def test_a_special_procedure_stops_both_limits(office: Served) -> None:
    _, desk = await accepted(office)
    assert "行政许可法第45条" in await desk.page("suspend")
    still = await desk.do("suspend", kind="expert-review", reason="须专家论证", needs_workdays="20")
    assert "进入特别程序（专家评审）" in still
    assert "承诺期限和法定期限都已停止" in still
    assert "挂起结束" not in still


async def test_an_extension_is_asked_once_and_waits_for_its_approval(office: Served) -> None:
    case, desk = await accepted(office)
    assert "最多10个工作日" in await desk.page("ask-extension")
    long = await desk.send("ask-extension", workdays="30", reason="x")
    assert long.status_code == 422
    too_long = await desk.send("ask-extension", workdays="12", reason="x")
    assert (too_long.status_code, 'value="12"' in too_long.text) == (422, True)
    asked = await desk.do("ask-extension", workdays="5", reason="材料复杂")
    assert "已申请延长5个工作日，等待负责人批准" in asked
    head = office.bearer("supervisor", "head", hall="tanghe")
    granted = await office.post(f"/cases/{case}/extend", {"workdays": 5, "reason": "同意"}, head)
    assert granted.status_code == 200, granted.text
    page = await desk.page(after=granted.json()["position"])
    assert "已由head批准延长5个工作日" in page
    assert "ask-extension" not in await desk.offers()


async def test_a_step_with_a_limit_is_ended_by_its_record_and_a_directive_by_its_answer(
    office: Served,
) -> None:
    case, desk = await accepted(office)
    clerk = office.bearer("clerk", "li", hall="tanghe")
    await desk.do("begin-step", name="现场核验", workdays="2", key="s1")
    await until(office, f"/cases/{case}", clerk, lambda told: "step.s1" in told.get("limits", {}))
    assert "环节完成 · 现场核验" in await desk.page()
    form = await desk.page("step")
    assert '<option value="s1" selected>' in form
    await desk.do("step", step="s1", name="现场核验", action="passed")
    assert "环节完成" not in await desk.page()
    head = office.bearer("supervisor", "head", hall="tanghe")
    order = {"directive": "d1", "content": "请于三日内说明进展"}
    sent = await office.post(f"/cases/{case}/direct", order, head)
    page = await desk.page(after=sent.json()["position"])
    assert "请于三日内说明进展" in page
    assert 'action="/window/cases/' in page
    assert "answer-directive" in await desk.offers()
    answered = await desk.do("answer-directive", directive="d1", answer="明日现场核验")
    assert "明日现场核验" in answered
    assert "answer-directive" not in await desk.offers()


async def test_a_second_notice_of_correction_names_only_what_the_first_answer_brought(office: Served) -> None:
    clerk = office.bearer("clerk", "li", hall="tanghe")
    item = next(
        known.name
        for known in office.parts.catalogue.items.values()
        if known.plan.handling == "promised" and len([m for m in known.plan.materials if not m.exempt]) > 1
    )
    case = await opened(office, await office.citizen("who corrects"), item)
    desk = Desk(office, case, clerk)
    wanted = [m.name.zh for m in office.parts.catalogue.item(item).plan.materials if not m.exempt]
    await desk.do("request-correction", missing=wanted[0])
    assert await desk.offers() == {"correct", "refuse", "withdraw"}
    await desk.do("correct", provided=wanted[0])
    form = await desk.page("request-correction")
    assert re.findall(r'name="missing" value="([^"]+)"', form) == [wanted[0]]
    assert (await desk.send("request-correction", missing=wanted[0])).status_code == 422
    await desk.do("request-correction", missing=wanted[0], reason="仍不清晰")
    await desk.do("correct", provided=wanted[0])
    assert "request-correction" not in await desk.offers()
    ended = await desk.do("withdraw", reason="改日再办")
    assert "已经结束，各项期限不再计算" in ended
    assert await desk.offers() == {"archive"}
    assert "现在不需要在这里做什么" in await desk.do("archive")


async def test_a_case_for_another_hall_is_handed_over_taken_over_and_sent_back_by_forms(
    office: Served,
) -> None:
    here = office.parts.catalogue.hall("tanghe")
    await put(office, "/halls/wolong", msgspec.structs.replace(here, region="411303000000", parent=None))
    await put(office, "/items/for-afar", changed(queue=here.queues[0].queue, scope="across-cities"))
    receiving = office.bearer("clerk", "li", hall="tanghe") | ORIGIN
    typed = {
        "item": "for-afar",
        "person.name": "测试丙",
        "person.id_number": "110101199003077715",
        "handled_at": "wolong",
        "consent": "written",
    }
    assert 'value="wolong"' in (await office.client.get("/window/cases/new", headers=receiving)).text
    answer = await office.client.post("/window/cases/new", data=typed, headers=receiving)
    assert answer.status_code == 303, answer.text
    await office.client.get(answer.headers["location"], headers=receiving)
    case = answer.headers["location"].removeprefix("/window/cases/").partition("?")[0]
    ours = Desk(office, case, receiving)
    theirs = Desk(office, case, office.bearer("clerk", "zhao", hall="wolong"))
    assert await ours.offers() == {"hand-over", "withdraw"}
    assert "材料还没有到办理地手中" in await ours.page()
    assert (await ours.send("take-over")).status_code == 403
    await ours.do("hand-over", document="移1")
    assert await theirs.offers() == {"take-over", "hand-back", "withdraw"}
    await theirs.do("hand-back", reason="缺盖章")
    assert "缺盖章" in await ours.page()
    await ours.do("hand-over")
    await theirs.do("take-over")
    assert {"accept", "request-correction", "refuse", "hand-back"} <= await theirs.offers()
    assert await ours.offers() == {"withdraw"}
    lists = office.bearer("clerk", "zhao", hall="wolong")
    assert case in (await office.client.get("/window/cases?side=handling", headers=lists)).text
    assert case not in (await office.client.get("/window/cases", headers=lists)).text
