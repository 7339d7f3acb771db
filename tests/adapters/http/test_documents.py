"""The documents of the server: complete, sound, and readable without the internet."""

import re
from typing import Any

import pytest

from adapters import networks
from adapters.http.access import ACCESS
from adapters.settings import Settings
from domain.catalogue import EVENTS
from tests.adapters.http.serving import Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


def references(of: Any) -> list[str]:
    """Everything a document points to inside itself."""
    match of:
        case dict():
            mine = [of["$ref"]] if isinstance(of.get("$ref"), str) else []
            return mine + [ref for value in of.values() for ref in references(value)]
        case list():
            return [ref for value in of for ref in references(value)]
    return []


def resolved(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


async def test_the_openapi_document_describes_every_route_with_its_roles_and_problems(served: Served) -> None:
    answer = await served.client.get("/schema/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1.")
    described = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    own = {key for key in ACCESS if key[1].startswith("/schema") or key[1] == "/asyncapi.json"}
    assert described == set(ACCESS) - own
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            admitted = ACCESS[method.upper(), path]
            assert operation.get("x-roles") == (None if admitted is None else sorted(admitted)), path
            assert "default" in operation["responses"], path
            named = [word[1:-1] for word in path.split("/") if word.startswith("{")]
            told = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"]
            assert sorted(named) == sorted(told), path
            assert operation["summary"], path
    references_ = references(document)
    assert references_
    assert all(resolved(document, reference) for reference in references_)


async def test_the_openapi_document_shows_receipts_and_bodies_as_they_are(served: Served) -> None:
    document = (await served.client.get("/schema/openapi.json")).json()
    operation = document["paths"]["/api/v1/halls/{hall}/tickets"]["post"]
    body = resolved(document, operation["requestBody"]["content"]["application/json"]["schema"]["$ref"])
    assert set(body["properties"]) == {"item", "queue", "priority", "more", "code", "position"}
    receipt = resolved(
        document, operation["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]
    )
    taken = await served.post("/halls/guotan/tickets", {"queue": "a"}, served.bearer("kiosk"))
    assert set(receipt["properties"]) == set(taken.json())
    headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
    assert headers == {"Idempotency-Key", "If-Match", "Mingting-At"}


async def test_the_openapi_document_shows_what_is_read_as_it_is(served: Served) -> None:
    document = (await served.client.get("/schema/openapi.json")).json()
    admin = served.bearer("admin")
    await served.post("/halls/guotan/tickets", {"queue": "a"}, served.bearer("kiosk"))
    case = (await served.post("/cases", CASE, await served.citizen("reader"))).json()
    for path, words, query in (
        ("/regions", {}, {}),
        ("/halls", {}, {}),
        ("/halls/{hall}", {"hall": "guotan"}, {}),
        ("/items", {}, {}),
        ("/items/{item}", {"item": "demo-shebaoka-shenling"}, {}),
        ("/halls/{hall}/slots", {"hall": "guotan"}, {}),
        ("/halls/{hall}/board", {"hall": "guotan"}, {}),
        ("/halls/{hall}/day", {"hall": "guotan"}, {}),
        ("/cases", {}, {"after": case["position"]}),
        ("/cases/{case}", {"case": case["case"]}, {"after": case["position"]}),
        ("/rectifications", {}, {}),
        ("/performance", {}, {}),
        ("/events", {}, {"limit": "1"}),
    ):
        answer = (await served.get(path.format(**words), admin, **query)).json()
        content = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
        shape = resolved(document, content["application/json"]["schema"]["$ref"])
        assert set(answer) == set(shape["properties"]), path
        for name, value in answer.items():
            listed = shape["properties"][name].get("items", {})
            if isinstance(value, list) and value and "$ref" in listed:
                assert set(value[0]) <= set(resolved(document, listed["$ref"])["properties"]), (path, name)


CASE = {"item": "demo-shebaoka-shenling", "hall": "guotan"}


async def test_the_page_of_the_documents_loads_nothing_from_elsewhere(served: Served) -> None:
    page = await served.client.get("/schema")
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    for path in set(loaded) - {"data:,"}:
        assert path.startswith("/schema/")
        answer = await served.client.get(path)
        assert answer.status_code == 200
        assert len(answer.content) > 50
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "https:" not in page.headers["content-security-policy"]
    assert "https:" not in page.text
    for path in ("/schema/secrets", "/schema/..%2f..%2fpyproject.toml", "/schema/swagger-editor.js"):
        assert (await served.client.get(path)).status_code == 404


async def test_the_asyncapi_document_has_a_channel_for_every_event(served: Served) -> None:
    document = (await served.client.get("/asyncapi.json")).json()
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == set(EVENTS) == set(document["components"]["messages"])
    channel = document["channels"]["ticket-called"]
    assert channel["address"] == "mingting.{region}.{hall}.queue.ticket-called"
    payload = resolved(document, document["components"]["messages"]["ticket-called"]["payload"]["$ref"])
    assert {"type", "number", "window"} <= set(payload["properties"])
    assert all(resolved(document, reference) for reference in references(document))


async def test_metrics_are_read_from_the_networks_of_the_settings_only(database_url: str) -> None:
    async with serving(database_url, settings=Settings(metrics_from=("10.0.0.0/8",))) as closed:
        answer = await closed.client.get("/metrics")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-path")


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("unix", False),
        ("", False),
    ],
)
async def test_a_peers_address_is_understood_in_every_form(host: str, inside: bool) -> None:
    known = networks.networks(Settings().metrics_from)
    assert networks.within(networks.address(host), known) is inside


async def test_metrics_count_commands_and_show_lags(served: Served) -> None:
    def count(outcome: str, text: str) -> float:
        found = re.search(rf'mingting_commands_total{{outcome="{outcome}"}} ([0-9.e+]+)', text)
        return float(found[1]) if found else 0.0

    before = (await served.client.get("/metrics")).text
    kiosk = served.bearer("kiosk") | {"Idempotency-Key": "metrics"}
    for _ in range(2):
        await served.post("/halls/guotan/tickets", {"queue": "a"}, kiosk)
    await served.post("/halls/guotan/tickets", {"queue": "none"}, served.bearer("kiosk"))
    answer = await served.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for outcome in ("accepted", "replayed", "refused"):
        assert count(outcome, answer.text) == count(outcome, before) + 1
    assert 'mingting_view_lag_events{view="board"} 0.0' in answer.text
    assert "mingting_command_seconds_bucket" in answer.text


async def test_health_says_what_is_in_reach(served: Served) -> None:
    assert (await served.client.get("/health/live")).json() == {"status": "live"}
    ready = await served.client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "store": "up",
        "stream": "off",
        "projections": [{"projection": "board", "lag_events": 0}],
    }
