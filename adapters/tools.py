"""The tools beside a running program: some read and fold anew the same log, some speak to it as anybody else could."""

import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from adapters import check as checking
from adapters import runner, store
from adapters.catalogue import Catalogue
from adapters.connection import connected
from adapters.demonstration import seeding
from adapters.log import LogReader
from adapters.opening import command_loop, pool, url_of
from adapters.process import stand_back
from adapters.settings import BadSetting, Settings
from adapters.stream import Current, declared, follow
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from domain.message import Recorded
from projections import PROJECTIONS


async def seed(settings: Settings) -> dict[str, Any]:
    """Write what is missing of the demonstration region; how far the log has come by it."""
    async with command_loop(settings) as loop:
        return {"position": await seeding.seed(loop)}


async def check(settings: Settings) -> checking.Report:
    """Everything that ``mingting check`` looks at."""
    assert settings.nats_url is not None
    async with connected(settings.nats_url) as nats, await store.connect(url_of(settings)) as connection:

        async def published() -> AsyncIterator[tuple[int, str]]:
            if not await declared(nats):
                return
            async for item in follow(nats):
                if isinstance(item, Current):
                    return
                yield item.position, item.id if isinstance(item, Recorded) else item.reason

        return await checking.check(connection, PROJECTIONS, published)


async def export(settings: Settings, options: Namespace) -> int:
    """Write what was asked for; the counts go to standard error, for the rows may go to standard output."""
    from adapters import exporting

    asked = exporting.Options(
        options.what,
        options.format,
        Path(options.output) if options.output else None,
        options.first,
        options.last,
        options.hall,
    )
    async with pool(settings, 2) as connections:
        catalogue = Catalogue(connections)
        await catalogue.refresh()
        sources = exporting.Sources(LogReader(connections), Views(connections), catalogue)
        told = await exporting.export(asked, sources)
    sys.stderr.write(msgspec.json.encode(told).decode() + "\n")
    return 0


async def rebuild(settings: Settings, names: list[str]) -> dict[str, Any]:
    """Rebuild the projections named, or all; how many documents of each had differed.

    Raises:
        BadSetting: there is no such projection.
    """
    from rich.console import Console
    from rich.progress import Progress as ProgressBar

    known = {p.NAME: p for p in PROJECTIONS}
    if strange := sorted(set(names) - set(known)):
        raise BadSetting(f"{strange[0]} is not a projection; there are {', '.join(known)}")
    stand_back(None)
    recorder = ViewsRecorder(store.datastore(url_of(settings)), PROJECTIONS)
    tail = LogTail(url_of(settings), alone_as="rebuild")
    try:
        head = await tail.head()
        with ProgressBar(console=Console(stderr=True)) as progress:
            bar = progress.add_task("rebuild", total=head)
            differing = await runner.rebuild(
                recorder,
                tail,
                [known[name] for name in names or known],
                lambda position: progress.update(bar, completed=position),
            )
    finally:
        await tail.close()
        recorder.datastore.close()
    return {"differing": differing}


# --- clients --------------------------------------------------------------------------------------------------


async def client(command: str, told: dict[str, Any]) -> dict[str, Any]:
    """What speaks to a running server as anybody else could."""
    from adapters.importing import courier

    courier.say_waits()
    match command:
        case "replay":
            from adapters.importing.replay import ReplayOptions, replay

            return await replay(_options(ReplayOptions, told))
        case "play":
            from adapters.demonstration.lively import LivelyOptions, play

            return await play(_options(LivelyOptions, told))
        case "import-cases":
            from adapters.importing.cases import CasesOptions, import_cases

            return await import_cases(_options(CasesOptions, told))
        case _:
            from adapters.importing.tables import TableOptions, import_table

            return await import_table(_options(TableOptions, told))


def _options(kind: type[Any], told: dict[str, Any]) -> Any:
    names = {field.name for field in msgspec.structs.fields(kind)}
    given = {name: value for name, value in told.items() if name in names and value is not None}
    if "file" in given:
        given["file"] = Path(given["file"])
    return kind(**given)
