"""Nonsense of every kind on every route: an answer in the four hundreds with a code, never a 500, never a trace."""

import itertools
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.routes import HTTPRoute

from adapters.http.access import ACCESS, API
from adapters.http.identity import Role
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAMS = [
    f"{API}/boards/events",
    *(f"{API}/halls/{{hall}}/{what}/events" for what in ("board", "alarms", "line")),
]

WORDS = (
    "tanghe", "w01", "", " ", ".", "..", "%2e%2e", "%00", "%0a", "%ff", "%F0%9F%98%80", "中文", "'", '"', ";--", "{}",
    "x" * 3000, "0", "-1", "1e9", "null", "tanghe.20260302.abc", "tanghe.99999999.abc", "..20260302.a", "a%2Fb", "\\",
)  # fmt: skip
BODIES: tuple[Any, ...] = (
    None, {}, [], 0, -1, 1e308, "", "x", True, [[]], {"": ""}, {"a": {"b": {}}}, [{}] * 600, {"type": "x"}, [None],
    {"queue": None}, {"item": ""}, {"at": "x"}, {"reason": "\ud83d"}, {"missing": []}, {"date": "2026-02-30"},
)  # fmt: skip
QUERIES = (
    "after=x", "after=-1", "after=99999999999999999999", "limit=", "limit=1.5", "cursor=W10=", "cursor=bnVsbA==",
    "cursor=%F0", "q=%ff", "date=0001-01-01", "date=9999-12-31", "from=9999-12-31&to=9999-12-31", "to=0001-01-01",
    "signal=blue", "due_before=0001-01-01T00:00:00%2B14:00", "due_before=0001-01-01", "due_before=x",
    "unit=%27", "stream=x%27--", "by=",
    "limit=1&limit=2", "date=2026-02-30", "=", "&&&", "a[]=1", "hall=%2e%2e",
)  # fmt: skip


def role_for(method: str, route: str) -> Role | None:
    admitted = ACCESS[method, route]
    if admitted is None:
        return None
    return "admin" if "admin" in admitted else sorted(admitted)[0]


def sensible(answer: httpx.Response, what: Any) -> None:
    assert answer.status_code < 500, (what, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", what
        assert answer.json()["code"], what


def path_of(route: str, word: str) -> str:
    return "/".join(quote(word, safe="%") if part.startswith("{") else part for part in route.split("/"))


@pytest.mark.parametrize(("method", "route"), [key for key in ACCESS if key[1] not in STREAMS])
async def test_nonsense_in_the_path_the_query_and_the_body_is_told_so(
    served: Served, method: str, route: str
) -> None:
    role = role_for(method, route)
    headers = {} if role is None else served.bearer(role)
    if "{" in route:
        for word in WORDS:
            answer = await served.client.request(method, path_of(route, word), headers=headers)
            sensible(answer, (method, route, word))
    place = path_of(route, "tanghe")
    if method == "GET":
        for query in QUERIES:
            sensible(await served.client.get(f"{place}?{query}", headers=headers), (route, query))
    else:
        for body in BODIES:
            content = (
                b""
                if body is None
                else msgspec.json.encode(body, enc_hook=str)
                if body != {"reason": "\ud83d"}
                else b'{"reason":"\\ud83d"}'
            )
            json = {"Content-Type": "application/json"}
            answer = await served.client.request(method, place, content=content, headers=headers | json)
            sensible(answer, (method, route, body))


def bodies_of(served: Served) -> dict[tuple[str, str], Any]:
    app: Any = served.door.framework
    return {
        (method, route.path_format): handler.opt["body"]
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if "body" in handler.opt
    }


TEXTS = st.text(max_size=30) | st.sampled_from(["tanghe", "a", "w01", "demo-shebaoka-shenling", "b-0900"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
async def test_bodies_with_the_right_names_and_any_values_are_answered(
    served: Served, data: st.DataObject
) -> None:
    known = bodies_of(served)
    method, route = data.draw(st.sampled_from(sorted(known)))
    kind = known[method, route]
    names = (
        [f.encode_name for f in msgspec.structs.fields(kind)]
        if isinstance(kind, type)
        else ["stream", "at", "key", "command"]
    )
    body = data.draw(st.dictionaries(st.sampled_from(names), VALUES) if names else VALUES)
    role = role_for(method, route)
    place = path_of(route, data.draw(st.sampled_from(["tanghe", "w01", "2026", "tanghe.20260302.x"])))
    answer = await served.client.request(
        method,
        place,
        json=body if isinstance(kind, type) else [body],
        headers={} if role is None else served.bearer(role),
    )
    sensible(answer, (method, route, body))


async def test_the_same_nonsense_is_told_so_whatever_the_header_is(served: Served) -> None:
    headers = (
        "idempotency-key",
        "if-match",
        "mingting-at",
        "content-type",
        "accept-language",
        "authorization",
        "last-event-id",
    )
    values = (
        b"",
        b"\xff",
        b"x" * 5000,
        b'"',
        b"0",
        b"-1",
        b"\xe4\xb8\xad",
        b"en;q=x",
        b"Bearer a.b.c",
        b"9999-12-31T23:59:59Z",
    )
    admin = served.bearer("admin")["Authorization"].encode()
    for name, value in itertools.product(headers, values):
        told = {b"authorization": admin, b"content-type": b"application/json", name.encode(): value}
        for path in ("/halls/tanghe/tickets", "/cases"):
            answer = await served.client.post(f"/api/v1{path}", content=b"{}", headers=told)
            sensible(answer, (name, value, path))
