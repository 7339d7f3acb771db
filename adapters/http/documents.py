"""The documents that describe the server: OpenAPI of its routes with a page that shows it, AsyncAPI of its events.

Both are made of the same types that decode requests and stored events. The page and its script come from the
``swagger-ui-py`` package; nothing is loaded from the internet.
"""

import asyncio
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Server
from litestar.params import FromPath

from adapters.http.access import ACCESS
from adapters.http.body import StrictRequest
from adapters.http.problems import Problem
from domain.catalogue import EVENTS, EVENTS_OF

TITLE = "明厅 Mingting"
VERSION = "1"

SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")

PAGE = f"""<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{TITLE}: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/schema/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/schema/swagger-ui-bundle.js"></script>
<script src="/schema/start.js"></script>
</body>
</html>
"""
START = "SwaggerUIBundle({url: '/schema/openapi.json', dom_id: '#page', deepLinking: true})"

# The page's own script writes style attributes and draws its arrows as data: images.
PAGE_POLICY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'"
}
KEPT = {"Cache-Control": "public, max-age=86400"}

COMMAND_HEADERS: list[dict[str, Any]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Up to 200 characters. The same key with the same body answers the first receipt again, with "
        "Idempotent-Replayed: true; with another body it is refused.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    },
    {
        "name": "If-Match",
        "in": "header",
        "description": 'The version the client has seen, in quotes: "7". 412 if somebody was faster.',
        "schema": {"type": "string", "pattern": '^"?[0-9]+"?$'},
    },
    {
        "name": "Mingting-At",
        "in": "header",
        "description": "When it happened, for imports: role admin only, never later than now.",
        "schema": {"type": "string", "format": "date-time"},
    },
]


def reads(routes: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """The routes of the documents.

    Args:
        routes: what the OpenAPI document describes.
    """
    made: dict[str, bytes] = {}

    @get("/schema/openapi.json", operation_id="openapi")
    async def openapi() -> Response[bytes]:
        if "openapi" not in made:
            # A quarter of a second of work, once: not in the way of other requests.
            made["openapi"] = await asyncio.to_thread(_openapi, routes)
        return Response(made["openapi"], media_type="application/json")

    @get("/asyncapi.json", operation_id="asyncapi")
    async def asyncapi() -> Response[bytes]:
        if "asyncapi" not in made:
            made["asyncapi"] = await asyncio.to_thread(_asyncapi)
        return Response(made["asyncapi"], media_type="application/json")

    @get("/schema", operation_id="schema_page", media_type=MediaType.HTML)
    async def page() -> Response[str]:
        return Response(PAGE, media_type=MediaType.HTML, headers=PAGE_POLICY)

    @get("/schema/{file:str}", operation_id="schema_file")
    async def file(file: FromPath[str]) -> Response[bytes]:
        if file == "start.js":
            return Response(START.encode(), media_type="text/javascript", headers=KEPT)
        if file not in SWAGGER:
            raise NotFoundException
        if file not in made:
            made[file] = await asyncio.to_thread((_swagger() / file).read_bytes)
        kind = "text/css" if file.endswith(".css") else "text/javascript"
        return Response(made[file], media_type=kind, headers=KEPT)

    return [openapi, asyncapi, page, file]


def _swagger() -> Path:
    """The package's folder; the package itself, which wants web frameworks of its own, is not imported."""
    spec = importlib.util.find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise NotFoundException
    return Path(spec.origin).parent / "static"


def _openapi(routes: Sequence[HTTPRouteHandler]) -> bytes:
    """OpenAPI 3.1 of the routes, with what the framework cannot know: roles, problems and the headers of commands."""
    config = OpenAPIConfig(
        title=TITLE,
        version=VERSION,
        description="Appointments, queues, cases and reviews of government service halls, as one ordered log.",
        servers=[Server(url="/")],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )
    app = Litestar(list(routes), openapi_config=config, request_class=StrictRequest, logging_config=None)
    document = app.openapi_schema.to_schema()
    document["components"]["schemas"] |= _schemas([Problem])[1]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method.upper(), path)
    return msgspec.json.encode(document, enc_hook=str, order="sorted")


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    admitted = ACCESS[method, path]
    if admitted is not None:
        operation["security"] = [{"bearer": []}]
        operation["x-roles"] = sorted(admitted)
    if method != "GET":
        operation["parameters"] = [*operation.get("parameters", ()), *COMMAND_HEADERS]
    problem = {
        "description": "A problem (RFC 9457) with a stable code",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    operation["responses"] = {
        status: answer for status, answer in operation["responses"].items() if not status.startswith("4")
    } | {"default": problem}


def _asyncapi() -> bytes:
    """AsyncAPI 3.0 of the stream: a channel for each kind of event."""
    kinds = {
        str(event.__struct_config__.tag): category
        for category, events in EVENTS_OF.items()
        for event in events
    }
    references, schemas = _schemas(list(EVENTS.values()))
    parameters = {
        "region": {"description": "12-digit code of the hall's region"},
        "hall": {"description": "the hall, or - for what belongs to none"},
    }
    channels = {
        tag: {
            "address": f"mingting.{{region}}.{{hall}}.{kinds[tag]}.{tag}",
            "parameters": parameters,
            "messages": {tag: {"$ref": f"#/components/messages/{tag}"}},
        }
        for tag in EVENTS
    }
    messages = {
        tag: {
            "name": f"mingting.{kinds[tag]}.{tag}",
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
            "payload": references[tag],
            **({"summary": event.__doc__} if event.__doc__ else {}),
        }
        for tag, event in EVENTS.items()
    }
    operations = {
        tag: {"action": "send", "channel": {"$ref": f"#/channels/{tag}"}, "summary": f"The log says {tag}"}
        for tag in EVENTS
    }
    schemas["CloudEventHeaders"] = CLOUD_EVENT_HEADERS
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{TITLE}: events",
            "version": VERSION,
            "description": "NATS JetStream stream MINGTING: the log in its own order, nothing missing, nothing twice.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }
    return msgspec.json.encode(document, enc_hook=str)


def _schemas(types: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reference for each type, by its tag where it has one, and the schemas they refer to."""
    references, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    tags = (str(kind.__struct_config__.tag or kind.__name__) for kind in types)
    return dict(zip(tags, references, strict=True)), dict(schemas)


CLOUD_EVENT_HEADERS: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0 in binary mode; Nats-Msg-Id is the position.",
    "required": [
        "ce-specversion",
        "ce-id",
        "ce-type",
        "ce-source",
        "ce-subject",
        "ce-time",
        "Mingting-Position",
    ],
    "properties": {
        "ce-specversion": {"const": "1.0"},
        "ce-id": {"type": "string", "description": "the command's id and which of its events this is"},
        "ce-type": {"type": "string", "description": "mingting.<category>.<tag>"},
        "ce-source": {"const": "/mingting"},
        "ce-subject": {"type": "string", "description": "the stream of the log"},
        "ce-time": {"type": "string", "format": "date-time", "description": "when it happened"},
        "Mingting-Position": {"type": "string", "pattern": "^[0-9]+$"},
        "Mingting-Version": {"type": "string", "pattern": "^[0-9]+$"},
        "Nats-Msg-Id": {"type": "string", "pattern": "^[0-9]+$"},
    },
}
