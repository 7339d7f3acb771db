"""What a record tells reaches the server in order, once, through bad weather, and at its own pace."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import stamina
from rich.console import Console
from stamina.instrumentation import set_on_retry_hooks

from adapters.importing.courier import BATCH, Courier, courier, say_waits
from adapters.importing.records import Happening, Stopped
from adapters.importing.replay import play
from domain import queue
from tests.spec import NINE

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4):
        yield


class Server:
    """Keeps what it is told under its keys, as the real one does; answers ``weather`` first, one after the other."""

    def __init__(self, *weather: httpx.Response | Exception) -> None:
        self.weather = list(weather)
        self.told: dict[str, dict[str, Any]] = {}
        self.requests: list[int] = []
        self.tokens = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/dev/tokens":
            self.tokens += 1
            return httpx.Response(201, json={"token": f"lent-{self.tokens}"})
        if self.weather:
            weather = self.weather.pop(0)
            if isinstance(weather, Exception):
                raise weather
            return weather
        commands = msgspec.json.decode(request.content)
        self.requests.append(len(commands))
        receipts: list[dict[str, Any]] = []
        for said in commands:
            if said["command"].get("number") == "nobody":
                problem = {"status": 404, "code": "unknown-ticket", "detail": "no such ticket"}
                receipts.append({"problem": problem})
                continue
            known = said["key"] in self.told
            self.told.setdefault(said["key"], said)
            position = list(self.told).index(said["key"]) + 1
            receipts.append(
                {"stream": said["stream"], "version": position, "position": position, "replayed": known}
            )
        return httpx.Response(200, json={"receipts": receipts})


def to(answer: Answer, token: str | None = None) -> Courier:
    return Courier(httpx.AsyncClient(base_url="http://hall", transport=httpx.MockTransport(answer)), token)


def happening(n: int, number: str = "A001") -> Happening:
    at = NINE + timedelta(minutes=n)
    return Happening("queue-tanghe-2026-03-02", at, at, f"key-{n}", n + 2, queue.LeaveLine(number))


async def test_commands_are_told_by_name_with_their_time_and_key() -> None:
    server = Server()
    await to(server.answer).tell([happening(0), happening(1)])
    assert next(iter(server.told.values())) == {
        "stream": "queue-tanghe-2026-03-02",
        "at": "2026-03-02T09:00:00+08:00",
        "key": "key-0",
        "command": {"type": "leave-line", "number": "A001"},
    }
    assert list(server.told) == ["key-0", "key-1"]


async def test_the_account_tells_what_was_accepted_repeated_and_refused() -> None:
    server = Server()
    courier = to(server.answer)
    await courier.tell([happening(0), happening(1, "nobody")])
    await courier.tell([happening(0), happening(2)])
    assert courier.account.accepted == {"leave-line": 3}
    assert courier.account.summary() == {
        "commands": 4,
        "replayed": 1,
        "refused": 1,
        "refusals": [
            {"line": 3, "command": "leave-line", "code": "unknown-ticket", "detail": "no such ticket"}
        ],
        "position": 2,
    }


async def test_a_server_that_is_away_for_a_while_is_asked_again() -> None:
    later = httpx.Response(503, headers={"Retry-After": "1"})
    server = Server(later, httpx.ConnectError("refused"), httpx.ReadTimeout("no answer"))
    courier = to(server.answer)
    await courier.tell([happening(0)])
    assert courier.account.told == 1
    assert list(server.told) == ["key-0"]


async def test_a_server_that_stays_away_is_given_up_with_a_word_how_to_go_on() -> None:
    courier = to(Server(*[httpx.ConnectError("refused")] * 9).answer)
    with pytest.raises(Stopped, match=r"cannot be reached .refused.*the same command goes on from there"):
        await courier.tell([happening(0)])


async def test_whoever_sits_at_the_terminal_reads_once_what_is_waited_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_waits()
    try:
        await to(Server(*[httpx.ConnectError("refused")] * 3).answer).tell([happening(0)])
    finally:
        set_on_retry_hooks(None)
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("mingting:")]
    assert "cannot be reached (refused); asking again" in line


async def test_a_server_that_stays_overloaded_is_given_up_likewise() -> None:
    courier = to(Server(*[httpx.Response(503, json={"code": "store-unavailable"})] * 9).answer)
    with pytest.raises(Stopped, match=r"503 store-unavailable.*goes on from there"):
        await courier.tell([happening(0)])


async def test_a_lent_token_that_ran_out_is_renewed() -> None:
    server = Server(httpx.Response(401, json={"code": "token-expired"}))
    courier = to(server.answer)
    await courier.tell([happening(0)])
    assert server.tokens == 2
    assert courier.account.told == 1


async def test_a_token_of_ones_own_is_not_replaced() -> None:
    server = Server(httpx.Response(401, json={"code": "token-expired"}))
    with pytest.raises(Stopped, match="401 token-expired"):
        await to(server.answer, "mine").tell([happening(0)])
    assert server.tokens == 0


async def test_what_is_wrong_with_a_file_is_told_field_by_field() -> None:
    wrong = {"field": "csv", "message": "These columns are missing: item"}
    problem = {"status": 422, "code": "invalid", "detail": "Something is wrong.", "errors": [wrong]}
    with pytest.raises(Stopped) as told:
        await to(Server(httpx.Response(422, json=problem)).answer).post("/api/v1/import", {"csv": "x"})
    first, second = str(told.value).splitlines()
    assert first.endswith("422 invalid: Something is wrong.")
    assert second == "csv: These columns are missing: item"


async def test_who_may_not_import_is_told_so() -> None:
    with pytest.raises(Stopped, match="403 not-yours: an administrator"):
        await to(
            Server(httpx.Response(403, json={"code": "not-yours", "detail": "an administrator"})).answer
        ).tell([happening(0)])


async def test_a_server_that_lends_no_tokens_says_where_to_put_ones_own() -> None:
    with pytest.raises(Stopped, match="MINGTING_TOKEN"):
        await to(lambda _: httpx.Response(404)).tell([happening(0)])


async def test_a_hall_the_server_lacks_is_named_and_those_it_has() -> None:
    halls = httpx.Response(200, json={"halls": [{"hall": "tanghe"}, {"hall": "yuantan"}]})
    courier = to(Server(httpx.Response(404), halls).answer)
    with pytest.raises(Stopped, match=r"'\.\./halls'; it has tanghe, yuantan$"):
        await courier.find_hall("../halls")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://hall", "http://", ""])
async def test_what_is_no_address_is_said_at_once(url: str) -> None:
    with pytest.raises(Stopped, match="no address"):
        async with courier(url):
            pass


async def test_as_fast_as_it_goes_means_full_batches_in_order() -> None:
    server = Server()
    await play(to(server.answer), [happening(n) for n in range(2 * BATCH + 1)], 0, Console(quiet=True))
    assert server.requests == [BATCH, BATCH, 1]
    assert list(server.told) == [f"key-{n}" for n in range(2 * BATCH + 1)]


async def test_a_pace_tells_nothing_before_its_time() -> None:
    """Six happenings a minute apart at a minute every 50 ms."""
    told: list[tuple[float, datetime]] = []
    server = Server()

    def watched(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/import":
            now = time.monotonic()
            told.extend((now, datetime.fromisoformat(c["at"])) for c in msgspec.json.decode(request.content))
        return server.answer(request)

    await play(to(watched), [happening(n) for n in range(6)], 1200, Console(quiet=True))
    start = told[0][0]
    assert [at for _, at in told] == [NINE + timedelta(minutes=n) for n in range(6)]
    assert all(when - start >= (at - NINE).total_seconds() / 1200 - 0.01 for when, at in told)


async def test_what_was_played_before_a_cut_is_not_waited_for_again() -> None:
    """The first hour was told before; the rest is two minutes, at a minute every 200 ms."""
    server = Server()
    before = [happening(n) for n in range(61)]
    await play(to(server.answer), before, 0, Console(quiet=True))
    began = time.monotonic()
    await play(to(server.answer), [*before, happening(61), happening(62)], 300, Console(quiet=True))
    assert time.monotonic() - began < 10, "an hour at this pace is twelve seconds"
    assert list(server.told) == [f"key-{n}" for n in range(63)]


async def test_a_play_that_is_cut_loses_and_doubles_nothing_when_it_is_played_again() -> None:
    server = Server()
    day = [happening(n) for n in range(1200)]
    cut = asyncio.create_task(play(to(server.answer), day[:700], 60, Console(quiet=True)))
    await asyncio.sleep(0.05)
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    assert 0 < len(server.told) < 700
    await play(to(server.answer), day, 0, Console(quiet=True))
    assert list(server.told) == [h.key for h in day]
