"""Which PostgreSQL and NATS the program works on: the deployment's own, or embedded ones under its data directory."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from adapters.embedded import DataInUse, EmbeddedServers
from adapters.settings import BadSetting, Settings


@contextmanager
def servers(settings: Settings) -> Iterator[Settings]:
    """The settings with both servers in reach; embedded ones end with the block.

    Raises:
        BadSetting: one server is the deployment's own and the other is not.
        DataInUse, ServerFailed: the embedded ones cannot be started.
    """
    if not settings.embedded:
        if settings.database_url is None or settings.nats_url is None:
            raise BadSetting("MINGTING_DATABASE_URL and MINGTING_NATS_URL: set both or neither")
        yield settings
        return
    data = Path(settings.data)
    with EmbeddedServers(data) as embedded:
        urls = {"database_url": embedded.database_url, "nats_url": embedded.nats_url}
        _write_private(_urls_file(data), json.dumps(urls))
        # Told before the URLs hide it: who starts on embedded servers is a demonstration.
        yield msgspec.structs.replace(settings, development_tokens=settings.signs_tokens, **urls)


@contextmanager
def reached(settings: Settings) -> Iterator[Settings]:
    """As ``servers``, but those of a program that runs on the same data already are used as they are.

    Raises:
        BadSetting: there are no data.
    """
    if settings.embedded and not (Path(settings.data) / "postgres").exists():
        raise BadSetting(
            f"there are no data under {settings.data}: start 'mingting serve' there first, or name others"
        )
    try:
        with servers(settings) as found:
            yield found
    except DataInUse:
        urls = json.loads(_urls_file(Path(settings.data)).read_text())
        yield msgspec.structs.replace(settings, **urls)


def secret(settings: Settings) -> bytes:
    """What tokens, links and personal keys are derived from: the deployment's own, or one made once with the data.

    Raises:
        BadSetting: the servers are the deployment's own, and the secret is missing: made here, it would be another
            one on every machine.
    """
    if settings.secret is not None:
        return settings.secret.encode()
    kept = Path(settings.data) / "secret"
    if not kept.exists():
        if not kept.parent.is_dir():
            raise BadSetting("MINGTING_SECRET: needed beside MINGTING_DATABASE_URL, 32 characters or more")
        _write_private(kept, secrets.token_urlsafe(48))
    return kept.read_bytes()


def _urls_file(data: Path) -> Path:
    return data / "servers.json"


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
