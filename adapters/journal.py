"""The program's own log: one JSON object a line on standard error, with nobody's name or number in it.

Nothing here is truth: that is the event log's. A line says what happened to the program.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

PRIVATE = frozenset(
    (
        "name",
        "id_number",
        "phone",
        "person",
        "applicant",
        "comment",
        "token",
        "authorization",
        "secret",
        "password",
    )
)
"""Fields that are not written down, whoever logs them."""

ID_NUMBER = re.compile(r"(?<![0-9])[0-9]{6}(?:19|20)[0-9]{9}[0-9Xx](?![0-9])")
MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@/\s]+@")

_encode = msgspec.json.Encoder(enc_hook=str).encode


def redact(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what names a person or opens a door: private fields, and such values in any text."""
    return {
        name: "…" if name in PRIVATE and value is not None else _redacted(value)
        for name, value in line.items()
    }


def _redacted(value: Any) -> Any:
    match value:
        case str():
            for pattern in (ID_NUMBER, MOBILE, TOKEN):
                value = pattern.sub("…", value)
            return PASSWORD.sub(r"\1…@", value)
        case dict():
            return {name: _redacted(one) for name, one in value.items()}
        case list() | tuple():
            return [_redacted(one) for one in value]
    return value


def _line(_: Any, __: str, line: MutableMapping[str, Any]) -> str:
    return _encode(line).decode()


def configure(level: str = "info") -> None:
    """Send everything that logs, the libraries too, through here.

    Args:
        level: the least that is written: ``debug``, ``info``, ``warning`` or ``error``.
    """
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        # Without the values of variables: these hold requests, and requests hold names.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=20)),
        redact,
    ]
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*before, _line],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _line],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(least, logging.WARNING), force=True)
