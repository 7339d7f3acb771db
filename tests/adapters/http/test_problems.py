"""How the server says no: always a problem with a code and a sentence, never a 500, and nothing is stored."""

import ast
import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from adapters.http.problems import problem
from adapters.http.sentences import SENTENCES
from tests.adapters.http.serving import Served

DOMAIN = Path(__file__).parents[3] / "domain"
JSON = {"Content-Type": "application/json"}


# --- sentences ------------------------------------------------------------------------------------------------


def refusals() -> Iterator[tuple[str, ast.expr, ast.Module]]:
    """Where the domain refuses, and with what code."""
    for path in sorted(DOMAIN.glob("*.py")):
        module = ast.parse(path.read_text())
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                yield f"{path.name}:{node.lineno}", node.args[0], module


def codes(code: ast.expr, module: ast.Module) -> list[str]:
    """What a code's expression may come to: a word, a pattern of words, or any word of a table."""
    match code:
        case ast.Constant(value=str() as word):
            return [word]
        case ast.JoinedStr(values=[ast.Constant(value=str() as start), _]):
            return [word for word in SENTENCES if word.startswith(start)]
        case ast.Subscript(value=ast.Name(id=name)):
            return list(ast.literal_eval(table(name, module)).values())
    raise AssertionError(f"no code can be read from {ast.unparse(code)}")


def table(name: str, module: ast.Module) -> ast.expr:
    for node in module.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            assert node.value is not None
            return node.value
    raise AssertionError(f"no table {name}")


def test_every_refusal_of_the_domain_has_its_sentence() -> None:
    found = [(where, code) for where, expression, module in refusals() for code in codes(expression, module)]
    assert len(found) > 60
    assert [(where, code) for where, code in found if code not in SENTENCES] == []


def test_every_sentence_is_in_both_languages_and_fills_from_any_facts() -> None:
    for code, sentence in SENTENCES.items():
        assert any("\u4e00" <= character <= "\u9fff" for character in sentence.zh), code
        assert sentence.en.isascii(), code
        told = problem(409, code, {})
        assert "{" not in told.text.zh + told.text.en, code


def test_a_problem_speaks_chinese_unless_english_is_asked_for() -> None:
    facts = {"window": "w01", "number": "A001"}
    assert problem(409, "window-busy", facts).detail == "窗口w01还有未办完的A001号。"
    assert (
        problem(409, "window-busy", facts, english=True).detail == "Window w01 still has ticket A001 in hand."
    )


# --- bad requests ---------------------------------------------------------------------------------------------


async def refused(
    served: Served, answer: httpx.Response, status: int, code: str, before: int
) -> dict[str, Any]:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == f"urn:mingting:problem:{code}"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"] == told["text"]["zh"]
    assert "Traceback" not in answer.text
    assert served.stored() == before
    return told


BODIES: dict[str, tuple[bytes, int, str]] = {
    "not JSON": (b"{", 400, "malformed-json"),
    "two values": (b"{} {}", 400, "malformed-json"),
    "not UTF-8": (b'{"queue": "\xff\xfe"}', 400, "malformed-json"),
    "half a surrogate": (b'{"queue": "\\ud800"}', 400, "malformed-json"),
    "not an object": (b"[]", 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "a wrong type": (b'{"queue": 5}', 422, "invalid"),
    "a number as text": (b'{"queue": "a", "priority": 1}', 422, "invalid"),
    "an unknown field": (b'{"queue": "a", "price": 1}', 422, "invalid"),
    "an unknown word": (b'{"queue": "a", "priority": "vip"}', 422, "invalid"),
    "a name that cannot be": (b'{"queue": "../a"}', 422, "invalid"),
    "too long": (b'{"queue": "' + b"a" * 41 + b'"}', 422, "invalid"),
    "nothing wanted": (b"{}", 422, "invalid"),
    "a huge number": (b'{"queue": ' + b"9" * 4000 + b"}", 422, "invalid"),
    "deep nesting": (b'{"queue": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400, "malformed-json"),
    "NUL": (b'{"queue": "a\\u0000"}', 422, "invalid"),
    "too large": (b'{"queue": "' + b"a" * 70_000 + b'"}', 413, "body-too-large"),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "path", ["/halls/tanghe/tickets", "/halls/tanghe/windows/w01/call", "/cases", "/reviews"]
)
@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_makes_no_sense_is_refused_and_stores_nothing(
    served: Served, path: str, what: str
) -> None:
    body, status, code = BODIES[what]
    before = served.stored()
    headers = served.bearer("clerk" if "reviews" not in path else "citizen") | JSON
    answer = await served.client.post(f"/api/v1{path}", content=body, headers=headers)
    told = await refused(served, answer, status, code, before)
    if code == "invalid":
        assert told["errors"][0]["field"]
        assert told["errors"][0]["message"]


@pytest.mark.asyncio(loop_scope="module")
async def test_nesting_too_deep_to_read_is_malformed_and_no_crash(served: Served) -> None:
    before = served.stored()
    body = (
        b'[{"stream":"queue-x-2026-03-02","at":"2026-03-02T09:00:00Z","key":"k","command":{"a":'
        + b"[" * 30_000
    )
    answer = await served.client.post("/api/v1/import", content=body, headers=served.bearer("admin") | JSON)
    await refused(served, answer, 400, "malformed-json", before)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
@pytest.mark.parametrize("path", ["/halls/tanghe/tickets", "/cases"])
async def test_a_body_that_does_not_say_it_is_json_is_not_read(served: Served, kind: str, path: str) -> None:
    before = served.stored()
    headers = served.bearer("clerk") | ({"Content-Type": kind} if kind else {})
    answer = await served.client.post(f"/api/v1{path}", content=b'{"queue": "a"}', headers=headers)
    await refused(served, answer, 415, "not-json", before)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "unknown-path"),
        ("GET", "/api/v1/halls/nowhere", 404, "unknown-hall"),
        ("GET", "/api/v1/halls/NOWHERE%20", 404, "unknown-hall"),
        ("GET", "/api/v1/halls/%00", 400, "bad-request"),
        ("GET", "/api/v1/halls/" + "x" * 5000, 404, "unknown-hall"),
        ("GET", "/api/v1/items/nothing", 404, "unknown-item"),
        ("GET", "/api/v1/tickets/nothing", 404, "unknown-ticket"),
        ("GET", "/api/v1/tickets/tanghe.20260302.x.y", 404, "unknown-ticket"),
        ("GET", "/api/v1/tickets/%E4%B8%AD", 404, "unknown-ticket"),
        ("DELETE", "/api/v1/halls/tanghe", 405, "method-not-allowed"),
        ("POST", "/api/v1/halls", 405, "method-not-allowed"),
        ("TRACE", "/api/v1/halls", 405, "method-not-allowed"),
        ("GET", "/api/v1/halls?limit=x", 422, "invalid"),
        ("GET", "/api/v1/halls?limit=101", 422, "invalid"),
        ("GET", "/api/v1/halls?limit=0", 422, "invalid"),
        ("GET", "/api/v1/halls?after=-1", 422, "invalid"),
        ("GET", "/api/v1/halls?after=" + "9" * 4000, 422, "invalid"),
        ("GET", "/api/v1/halls?limit=" + "9" * 5000, 422, "invalid"),
        ("GET", "/api/v1/halls?cursor=%21", 422, "bad-cursor"),
        ("GET", "/api/v1/items?q=%00", 400, "bad-request"),
        ("GET", "/api/v1/items?q=" + "x" * 101, 422, "invalid"),
        ("GET", "/api/v1/halls/tanghe/slots?date=tomorrow", 422, "invalid"),
        ("GET", "/api/v1/halls/tanghe/slots?as_of=10", 422, "not-supported-yet"),
        ("GET", "/api/v1/performance?by=person", 422, "invalid"),
        ("GET", "/api/v1/performance?from=2020-01-01&to=2026-01-01", 422, "invalid"),
        ("GET", "/api/v1/performance?from=2026-02-01&to=2026-01-01", 422, "invalid"),
        ("GET", "/api/v1/performance?by=window", 401, "no-identity"),
    ],
)
async def test_a_request_for_what_is_not_there_is_a_problem_too(
    served: Served, method: str, path: str, status: int, code: str
) -> None:
    before = served.stored()
    answer = await served.client.request(method, path)
    await refused(served, answer, status, code, before)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cursor_of_another_list_is_refused(served: Served) -> None:
    supervisor = served.bearer("supervisor")
    for told in (["x"], [["a"], "k"], [{"a": 1}, "k"], ["not a time", "k"], [5, "k"]):
        cursor = base64.urlsafe_b64encode(msgspec.json.encode(told)).decode()
        answer = await served.get("/cases", supervisor, cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor"), told


@pytest.mark.asyncio(loop_scope="module")
async def test_every_answer_carries_the_security_headers(served: Served) -> None:
    ticket = await served.post("/halls/guotan/tickets", {"queue": "a"}, served.bearer("kiosk"))
    for answer in (ticket, await served.get("/halls"), await served.client.get("/nowhere")):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_that_never_comes_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.door, "_seconds", 0.2)

    async def slowly() -> Any:
        yield b'{"queue":'
        await asyncio.sleep(5)
        yield b'"a"}'

    for path in ("/api/v1/halls/tanghe/tickets", "/api/v1/cases"):
        answer = await served.client.post(path, content=slowly(), headers=served.bearer("clerk") | JSON)
        assert (answer.status_code, answer.json()["code"]) == (408, "body-too-slow")
        assert answer.headers["connection"] == "close"
