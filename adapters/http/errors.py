"""Every exception becomes a problem with a code; none shows a stack trace or how the program is made."""

from http import HTTPStatus

import msgspec
import psycopg
import structlog
from litestar.exceptions import HTTPException, ValidationException

from adapters.boards import BoardBehind, TooManyScreens
from adapters.envelope import UnreadableEvent
from adapters.http import measures
from adapters.http.asking import Headers, Reply
from adapters.http.problems import MEDIA_TYPE, FieldError, Problem, Rejected, problem
from adapters.loop import KeyReused, StoreUnavailable, VersionMovedOn
from adapters.views import BadCursor, ViewBehind
from domain.message import Refused

log = structlog.get_logger()

_encode = msgspec.json.Encoder().encode

BY_STATUS = {
    400: "bad-request",
    401: "no-identity",
    403: "not-yours",
    404: "unknown-path",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "not-json",
}
"""What the web framework refuses on its own."""

SOON = {"Retry-After": "1"}


def reply(error: Exception, headers: Headers) -> Reply:
    """The answer to a request that ended in an exception."""
    found = rejection(error)
    measures.PROBLEMS.labels(found.code).inc()
    body = _encode(_problem(found, headers))
    return Reply(found.status, body, (("Content-Type", MEDIA_TYPE), *found.headers.items()))


def told(error: Exception, headers: Headers) -> Problem:
    """The same as a part of an answer."""
    return _problem(rejection(error), headers)


def _problem(found: Rejected, headers: Headers) -> Problem:
    return problem(
        found.status, found.code, found.facts, english=prefers_english(headers), errors=found.errors
    )


def rejection(error: Exception) -> Rejected:
    """What an exception means to whoever asked. One that nobody foresaw is logged and is a 500: a bug."""
    match error:
        case Rejected():
            return error
        case Refused(code=code, facts=facts):
            status = 404 if error.missing else 422 if error.invalid else 409
            fields = [FieldError(str(facts["field"]), code)] if "field" in facts else []
            return Rejected(status, code, facts, errors=fields)
        case VersionMovedOn(version=version):
            return Rejected(412, "version-moved-on", {"version": version}, headers={"ETag": f'"{version}"'})
        case KeyReused():
            return Rejected(422, "idempotency-key-reused")
        case UnreadableEvent():
            return Rejected(503, "event-unreadable", headers={"Retry-After": "60"})
        case StoreUnavailable() | psycopg.OperationalError():
            return Rejected(503, "store-unavailable", headers=SOON)
        case ViewBehind() | BoardBehind():
            return Rejected(503, "view-behind", headers=SOON)
        case TooManyScreens():
            return Rejected(429, "too-many-streams", headers={"Retry-After": "30"})
        case BadCursor() | psycopg.DataError():
            return Rejected(422, "bad-cursor", errors=[FieldError("cursor", "not a cursor of this list")])
        case ValidationException():
            return _invalid_parameter(error)
        case HTTPException(status_code=status) if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Rejected(status, BY_STATUS.get(status, "bad-request"), headers=error.headers)
    log.error("request-failed", exc_info=error)
    return Rejected(500, "internal-error")


def _invalid_parameter(error: ValidationException) -> Rejected:
    """A path that names something by a word no such thing can have is a path to nothing: 404, not 422."""
    told = error.extra if isinstance(error.extra, list) else []
    if any(one.get("source") == "path" for one in told):
        return Rejected(404, "unknown-path")
    fields = [FieldError(str(one.get("key", "")), str(one.get("message", ""))) for one in told]
    return Rejected(422, "invalid", errors=fields)


def prefers_english(headers: Headers) -> bool:
    """Whether English comes before Chinese in what the request says it reads."""
    for name, value in headers:
        if name == b"accept-language":
            wanted = value.decode("latin-1").lower()
            english, chinese = wanted.find("en"), wanted.find("zh")
            return english >= 0 and (chinese < 0 or english < chinese)
    return False
