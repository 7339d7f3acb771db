"""The window's pages as they are sent over HTTP: who may, where they are led, what they hold."""

import html
import json
import re
from typing import Any

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


def told(page: str) -> Any:
    """What a console's page was told."""
    found = re.search(r'data-told="([^"]*)"', page)
    assert found is not None
    return json.loads(html.unescape(found[1]))


async def test_a_clerk_finds_their_window_with_its_line_and_its_items(served: Served) -> None:
    clerk = served.bearer("clerk", "clerk-w01", hall="tanghe", window="w01")
    page = await served.client.get("/window", headers=clerk)
    assert page.status_code == 200
    here = told(page.text)
    assert (here["hall"], here["window"], here["confined"]) == ("tanghe", "w01", True)
    assert here["line"]["state"] == "not-open"
    assert {"item", "name", "queue"} == set(here["items"][0])


async def test_who_has_no_window_chooses_hall_and_window(served: Served) -> None:
    admin = served.bearer("admin", "admin-01")
    halls = (await served.client.get("/window", headers=admin)).text
    assert '/window?hall=tanghe"' in halls
    windows = (await served.client.get("/window?hall=tanghe", headers=admin)).text
    assert "/window?hall=tanghe&amp;window=w12" in windows
    there = await served.client.get("/window?hall=tanghe&window=w12", headers=admin)
    assert told(there.text)["window"] == "w12"
    assert (await served.client.get("/window?hall=tanghe&window=w99", headers=admin)).status_code == 404


async def test_nobody_is_led_to_sign_in_and_a_citizen_is_told_no(served: Served) -> None:
    nobody = await served.client.get("/window")
    assert (nobody.status_code, nobody.headers["location"]) == (303, "/sign-in?next=%2Fwindow")
    assert (await served.client.get("/window", headers=await served.citizen("c"))).status_code == 403
