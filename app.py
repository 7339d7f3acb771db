"""The composition root: settings → servers → adapters → the program, read from top to bottom.

``run_serve`` answers requests: ``http`` is what it holds, around uvicorn. ``run_work`` is what goes on behind the
requests, a duty a line. ``run`` does what the command line says; what is neither serving nor working is in
``adapters.tools``, and how each part is opened by its settings in ``adapters.opening``. Importing this opens nothing.
"""

import asyncio
import os
import signal
import socket
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import uvicorn
import uvloop
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from adapters import cli, journal, opening, store, tools
from adapters.attendance import Attendance
from adapters.backup import backup, restore
from adapters.catalogue import Catalogue
from adapters.closing import Closing
from adapters.connection import connected
from adapters.demonstration import plans, seeding
from adapters.embedded import DataInUse, ServerFailed
from adapters.freezing import Freezing
from adapters.importing.records import Stopped
from adapters.log import LogReader
from adapters.loop import CommandLoop
from adapters.lots import Lots
from adapters.notices import config as notice_settings
from adapters.notices.config import Channels
from adapters.notices.outbox import Outbox
from adapters.opening import now
from adapters.process import (
    CannotListen,
    Rebuilds,
    Server,
    end,
    keep_worker,
    listen,
    settle_memory,
    stand_back,
    taken,
    until_stopped,
)
from adapters.reactor import Reactor
from adapters.relay import Relay
from adapters.runner import ProjectionRunner
from adapters.scheduler import Scheduler
from adapters.seal import Seal, Veil, derive
from adapters.servers import reached, secret, servers
from adapters.settings import BadSetting, Settings, read, unknown
from adapters.stream import EventStream, at_windows, follow
from adapters.tail import PACE_S, LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from adapters.webhooks.calling import Caller
from adapters.webhooks.delivering import Webhooks
from adapters.worker import work
from projections import PROJECTIONS

if TYPE_CHECKING:
    # What only some commands use is imported where they begin: a worker or a tool starts without the web framework.
    from adapters.http.front import Door
    from adapters.http.parts import Standing

VIEWS_PACE_S = (0.04, 0.2)
"""How far views and policies may lag in a stream of commands, short of a flood; boards come by the relay, which is
faster."""


# --- serving ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def http(settings: Settings) -> "AsyncIterator[tuple[Door, CommandLoop]]":
    """Everything a serving process holds, around the application that answers requests."""
    from adapters.boards import LiveBoards
    from adapters.forecasts import Forecasts
    from adapters.http.app import create_http
    from adapters.http.parts import Parts
    from adapters.http.proofs import Proofs
    from adapters.http.session import Sessions
    from adapters.live_lines import LiveLines
    from adapters.web.pages import pages

    assert settings.nats_url is not None
    async with AsyncExitStack() as stack:
        loop = await stack.enter_async_context(opening.command_loop(settings))
        connections = await stack.enter_async_context(opening.pool(settings))
        nats = await stack.enter_async_context(connected(settings.nats_url))
        views, catalogue = Views(connections), Catalogue(connections)
        known = opening.people(settings, connections)
        boards = LiveBoards(
            views,
            lambda after, halls: follow(nats, after, at_windows(halls)),
            screens=settings.board_streams_max,
        )
        if settings.signs_tokens:
            await seeding.seed(loop)
        await catalogue.refresh()
        for duty in (catalogue.follow(), boards.run()):
            stack.push_async_callback(end, asyncio.create_task(duty))
        kept = secret(settings)
        seal, forecasts = Seal(kept), Forecasts(calendar=lambda: catalogue.calendar)
        checked, code_flow = await opening.tokens(settings, known, stack)
        rebuilds = Rebuilds(opening.urls(settings))
        parts = Parts(
            loop=loop,
            views=views,
            boards=boards,
            people=known,
            codes=opening.codes(settings, connections),
            proofs=Proofs(derive(kept, "proofs of work"), settings.proof_cost),
            seeds=opening.seeds(settings),
            catalogue=catalogue,
            clock=now,
            tokens=checked,
            sessions=Sessions(
                kept, secure=settings.https, admits=catalogue.admits, ended_at=catalogue.ended_at
            ),
            seal=seal,
            veil=Veil(kept, "calendar feeds"),
            log=LogReader(connections),
            health=partial(standing, connections, nats),
            settings=settings,
            regions=plans.plans().regions,
            forecasts=forecasts,
            lines=LiveLines(boards, loop.peek, forecasts, now, seal.invite, settings.follow_streams_max),
            rebuilds=rebuilds,
            webhooks=opening.hooks(settings, connections),
        )
        stack.push_async_callback(rebuilds.stop)
        yield create_http(parts, pages=[pages(parts, code_flow, kept)]), loop


async def standing(connections: AsyncConnectionPool[Any], nats: Client) -> "Standing":
    """What ``/health/ready`` tells."""
    from adapters.http.parts import Standing

    stream = "up" if nats.is_connected else "away"
    try:
        views, _ = await Views(connections).progress([p.NAME for p in PROJECTIONS])
    except (psycopg.OperationalError, PoolTimeout):
        return Standing(False, stream, {})
    return Standing(True, stream, {view.view: view.lag_events for view in views})


async def run_serve(settings: Settings, address: socket.socket, *, with_worker: bool) -> None:
    """Requests and pages, until a signal comes; the worker beside them as a process of its own."""
    from adapters.http.wire import Protocol

    async with http(settings) as (application, _):
        listen(address)
        config = uvicorn.Config(
            application,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            log_config=None,  # through the journal, as everything
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        server = Server(config)
        serving = asyncio.create_task(server.serve([address]))
        duties: list[asyncio.Task[Any]] = [serving, asyncio.create_task(_welcome(server, settings))]
        if with_worker:
            told = {
                "MINGTING_DATABASE_URL": opening.url_of(settings),
                "MINGTING_NATS_URL": settings.nats_url or "",
                "MINGTING_DATA": settings.data,
                "MINGTING_HOST": settings.host,
                "MINGTING_PORT": str(settings.port),
                "MINGTING_WEBHOOK_NETWORKS": ",".join(settings.callable_networks),
            }
            duties.append(asyncio.create_task(keep_worker(told)))
        try:
            await until_stopped(*duties)
        finally:
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)


# --- working ----------------------------------------------------------------------------------------------------


async def run_work(settings: Settings, parent: int | None = None) -> None:
    """Relay, projections, policies, deadlines, notices and webhooks, until a signal comes or the parent is gone."""
    stand_back(parent)
    url = opening.url_of(settings)
    assert settings.nats_url is not None
    views_recorder = ViewsRecorder(store.datastore(url), PROJECTIONS)
    async with AsyncExitStack() as stack:
        stack.callback(views_recorder.datastore.close)
        loop = await stack.enter_async_context(opening.command_loop(settings))
        connections = await stack.enter_async_context(opening.pool(settings, 4))
        views = Views(connections)
        nats = await stack.enter_async_context(connected(settings.nats_url))

        def tail(duty: str, pace_s: tuple[float, float] = PACE_S) -> LogTail:
            reader = LogTail(url, alone_as=duty, pace_s=pace_s)
            stack.push_async_callback(reader.close)
            return reader

        relay = Relay(tail("relay"), EventStream(nats))
        runner = ProjectionRunner(views_recorder, tail("projections", VIEWS_PACE_S), PROJECTIONS)
        reactor = Reactor(views_recorder, tail("policies", VIEWS_PACE_S), views, loop.submit)
        scheduler = Scheduler(tail("deadlines"), views, loop.submit, now)
        attendance = Attendance(tail("attendance"), views, loop.submit, now)
        closing = Closing(tail("closing"), views, loop, now)
        catalogue = Catalogue(connections)
        await catalogue.refresh()
        stack.push_async_callback(end, asyncio.create_task(catalogue.follow()))
        sending = notice_settings.read(
            settings.notices, settings.data, settings.public_url or f"http://{settings.host}:{settings.port}"
        )
        channels = Channels(sending)
        stack.push_async_callback(channels.close)
        outbox = Outbox(
            tail("outbox"),
            views,
            loop,
            opening.people(settings, connections),
            catalogue,
            channels,
            opening.links(settings, connections),
            sending,
            now,
        )
        freezing = Freezing(tail("figures"), views_recorder, views, LogReader(connections), loop.submit, now)
        lots = Lots(
            tail("lots"),
            views,
            loop,
            opening.seeds(settings),
            lambda hall: catalogue.hall(hall).limits,
            now,
        )
        hooked = opening.hooks(settings, connections)
        caller = Caller(hooked.targets, settings.webhook_authorities)
        stack.push_async_callback(caller.close)
        webhooks = Webhooks(
            tail("webhooks"),
            connections,
            hooked.progress,
            catalogue,
            hooked.secrets,
            caller,
            loop.submit,
            now,
        )
        parts = {
            "relay": relay.run,
            "projections": runner.run,
            "policies": reactor.run,
            "deadlines": scheduler.run,
            "attendance": attendance.run,
            "closing": closing.run,
            "outbox": outbox.run,
            "lots": lots.run,
            "figures": freezing.run,
            "webhooks": webhooks.run,
        }
        settle_memory()
        await until_stopped(work(parts), parent=parent)


# --- the command line -------------------------------------------------------------------------------------------


async def _welcome(server: Server, settings: Settings) -> None:
    """Say where everything is, once it is there."""
    while not server.started:  # noqa: ASYNC110  # uvicorn has a flag and no event
        await asyncio.sleep(0.02)
    settle_memory()
    sys.stdout.write(cli.welcome(settings.host, settings.port, demonstration=settings.signs_tokens))
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """``mingting COMMAND …``; see ``mingting --help``."""
    options = cli.parse()
    # Whoever is told to end before it listens for signals stops what it has started too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(run(options))
    except (BadSetting, CannotListen, DataInUse, ServerFailed, Stopped) as error:
        sys.exit(f"mingting: {error}")
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable) as error:
        told = str(error).partition("\n")[0]
        sys.exit(
            f"mingting: the tables are another version's ({told}): 'mingting serve' brings them up to date"
        )
    except (psycopg.Error, PersistenceError) as error:
        sys.exit(f"mingting: PostgreSQL cannot be used: {error}")
    except OSError as error:
        if error.filename is None:  # no file that somebody named
            raise
        advice = "see to its rights, or name another place (make run DATA=…, --data, --output)"
        sys.exit(f"mingting: {error.filename} cannot be used: {error.strerror}; {advice}")
    except KeyboardInterrupt:
        sys.exit(130)


def run(options: Namespace) -> int:
    """Do what the command line says; the exit code."""
    told = vars(options)
    named = ("data", "database_url", "nats_url", "host", "port")
    settings = read(os.environ, **{name: told.get(name) for name in named})
    journal.configure(settings.log_level)
    for name in unknown(os.environ) if told.get("parent") is None else ():
        sys.stderr.write(f"mingting: {name} is no setting: it says nothing (see adapters/settings.py)\n")
    if options.command in cli.CLIENTS:
        return _print(uvloop.run(tools.client(options.command, told)))
    if options.command == "serve":
        with taken(settings.host, settings.port) as address, servers(settings) as found:
            opening.migrate(found)
            uvloop.run(run_serve(found, address, with_worker=not options.no_work))
        return 0
    if options.command == "restore":
        with servers(settings) as found:
            kept = restore(opening.url_of(found), opening.own_data(settings), Path(options.directory))
            return _print(msgspec.to_builtins(kept))
    with reached(settings) as found:
        match options.command:
            case "backup":
                directory = Path(options.directory)
                made = backup(opening.url_of(found), opening.own_data(settings), directory, now())
                return _print(msgspec.to_builtins(made))
            case "export":
                return uvloop.run(tools.export(found, options))
            case "work":
                uvloop.run(run_work(found, options.parent))
            case "seed":
                opening.migrate(found)
                return _print(uvloop.run(tools.seed(found)))
            case "rebuild":
                return _print(uvloop.run(tools.rebuild(found, options.projections)))
            case "check":
                report = uvloop.run(tools.check(found))
                _print(msgspec.to_builtins(report))
                return 1 if report.broken else 0
    return 0


def _print(result: dict[str, Any]) -> int:
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    return 0


if __name__ == "__main__":
    main()
