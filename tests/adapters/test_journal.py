"""The program's own log: JSON lines, and nobody in them."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from adapters import journal


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def configured() -> Any:
    """A log that is written to the test's own standard error."""
    journal.configure("info")
    return structlog.get_logger()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_one_json_object_with_its_time_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    log = configured()
    log.info("worker-elected", position=7)
    log.debug("nothing")
    (line,) = lines(capsys)
    assert {name: line[name] for name in ("event", "level", "position")} == {
        "event": "worker-elected", "level": "info", "position": 7,
    }  # fmt: skip
    assert line["at"].endswith("Z")


@pytest.mark.parametrize(
    ("told", "never"),
    [
        ({"id_number": "11010519491231002X"}, "11010519491231002X"),
        ({"name": "张三"}, "张三"),
        ({"comment": "态度差"}, "态度差"),
        ({"error": "no person 11010519491231002X here"}, "11010519491231002X"),
        ({"error": ["call 13800138000"]}, "13800138000"),
        ({"url": "postgresql://mingting:pa55word@db/x"}, "pa55word"),
        ({"header": {"authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsaSJ9.abc"}}, "eyJzdWIi"),
    ],
)
def test_names_numbers_and_secrets_are_not_written_down(
    capsys: pytest.CaptureFixture[str], told: dict[str, Any], never: str
) -> None:
    log = configured()
    log.warning("something", **told)
    logging.getLogger("a.library").error("said: %s", told)
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 2
    assert never not in written.splitlines()[0]
    if "name" not in told and "comment" not in told:
        # A library's line is text: what has the form of a number or a secret is found there too, a name is not.
        assert never not in written


def test_other_numbers_stay_readable(capsys: pytest.CaptureFixture[str]) -> None:
    log = configured()
    log.info("caught-up", stream="queue-tanghe-2026-03-02", position=123456789012345678)
    (line,) = lines(capsys)
    assert line["stream"] == "queue-tanghe-2026-03-02"
    assert line["position"] == 123456789012345678


def test_a_trace_says_where_and_never_what_the_variables_held(capsys: pytest.CaptureFixture[str]) -> None:
    log = configured()
    held = "秘密" + "的值"
    try:
        raise ValueError("it failed")
    except ValueError as error:
        log.error("request-failed", exc_info=error)
        logging.getLogger("uvicorn.error").exception("failed")
    told = capsys.readouterr().err
    assert held not in told
    for line in map(json.loads, told.splitlines()):
        trace = line["exception"][0]
        assert (trace["exc_type"], trace["exc_value"]) == ("ValueError", "it failed")
        assert trace["frames"][-1]["filename"].endswith("test_journal.py")
        assert "locals" not in trace["frames"][-1] or trace["frames"][-1]["locals"] is None
