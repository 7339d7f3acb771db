"""The demonstration roles on the whole program: the token button, and first steps that are really accepted."""

import json
import re
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from adapters.web import roles
from tests.running import Running

PLACE = roles.Place("tanghe", "w01", "a")

Open = Callable[..., Page]


def test_a_token_is_fetched_by_a_button_and_holds(visit: Open, server: Running) -> None:
    page = visit("/roles/auditor")
    page.get_by_role("button", name="领取开发令牌").click()
    token = page.locator("#token")
    expect(token).to_have_value(re.compile(r"^[\w-]+\.[\w-]+\.[\w-]+$"))
    given = token.input_value()
    assert server.get("/api/v1/events?limit=1", given)["events"]


@pytest.mark.parametrize("role", roles.ROLES, ids=lambda role: role.role)
def test_every_first_step_of_a_role_is_accepted_in_its_order(server: Running, role: roles.Role) -> None:
    token = server.post("/api/v1/dev/tokens", json.loads(roles.token_body(role, PLACE)))["token"]
    kept: dict[str, str] = {}
    for step in role.steps:
        path = roles.path_of(step, PLACE)
        for variable, value in kept.items():
            path = path.replace(f"${variable}", value)
        body = roles.body_of(step, PLACE)
        request = urllib.request.Request(
            server.url + path, body.encode() if body else None, method=step.method
        )
        request.add_header("Authorization", f"Bearer {token}")
        if body:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status in (200, 201), path
            if answer.headers["Content-Type"].startswith("text/event-stream"):
                assert answer.readline()
            elif step.keep is not None:
                variable, field = step.keep
                kept[variable] = json.loads(answer.read())[field]
