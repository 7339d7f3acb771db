"""What the environment tells the program: variables beginning with ``MINGTING_``, typed, each with a default."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from adapters.networks import networks
from domain.numbers import SCHEME, Scheme

PREFIX = "MINGTING_"
TOKEN = f"{PREFIX}TOKEN"
"""An administrator's token, for the commands that speak to a running server: no setting of the server."""

Port = Annotated[int, Meta(ge=0, le=65_535)]
Url = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9+.-]*://")]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]


LOOPBACK = ("127.0.0.0/8", "::1/128")


NETWORKS = frozenset(("metrics_from", "unlimited_from", "proxies", "webhook_networks"))


class BadSetting(Exception):
    """A variable says something that the program cannot use; the message names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field ``oidc_issuer`` is the variable ``MINGTING_OIDC_ISSUER``; lists are separated by commas."""

    host: str = "127.0.0.1"
    port: Port = 8000
    data: str = ".data"
    """Directory of the embedded servers and of the server's own secret."""
    database_url: str | None = None
    """PostgreSQL to use instead of the embedded one."""
    nats_url: str | None = None

    secret: Annotated[str, Meta(min_length=32, max_length=200)] | None = None
    """What follow links are sealed with, the same in every process. Without it one is made under ``data``."""
    development_tokens: bool | None = None
    """Whether anybody may have a token for anything. Unset: only on the embedded servers, and never with a
    provider."""
    public_url: Url | None = None
    """How browsers reach the program (``https://hall.example``). With https, cookies go by nothing else."""
    oidc_issuer: Url | None = None
    """The identity provider. With it, development tokens do not exist."""
    oidc_audience: str = "mingting"
    oidc_client_id: str | None = None
    """How the pages call themselves when they send somebody to sign in; the audience, if it is not said."""
    oidc_client_secret: str | None = None
    """None: the provider knows the pages as a public client, which PKCE alone protects."""
    oidc_scope: str = "openid profile phone"
    oidc_algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA")
    oidc_role_claim: str = "role"
    oidc_hall_claim: str = "hall"
    oidc_window_claim: str = "window"
    oidc_name_claim: str = "name"
    oidc_id_number_claim: str = "id_number"
    oidc_phone_claim: str = "phone_number"
    oidc_mail_claim: str = "email"
    """Taken over only with ``email_verified``."""

    notices: str | None = None
    """A file with the channels of notices (see ``adapters/notices/config.py``); without it they go into a file under
    ``data``."""

    webhook_networks: tuple[str, ...] = ()
    """Networks to which events may be posted though they are not the internet: an intranet over https; this machine
    also over http. A demonstration may call this machine."""
    webhook_authorities: str | None = None
    """A PEM file of certificate authorities that are trusted besides the known ones: an intranet's own."""

    case_number: Scheme = SCHEME
    """How case numbers are put together, of ``{code}``, ``{date}`` and ``{serial}``."""

    proof_cost: Annotated[int, Meta(ge=0, le=1_000_000)] = 5_000
    """How much a browser computes before a code is sent for somebody who does not say who they are: the iterations of
    each of up to 300 derivations. 0 asks for nothing."""

    body_bytes_max: Count = 65_536
    body_seconds: Annotated[float, Meta(gt=0, le=600)] = 10.0
    """How long a request's body may take to arrive."""
    metrics_from: tuple[str, ...] = LOOPBACK
    """Networks that may read ``/metrics``."""
    requests_a_minute: Annotated[int, Meta(ge=0, le=1_000_000)] = 1_200
    """Of one address, or of one device or member of staff, on average; 0 for no limit. Each process counts for
    itself. All phones on a hall's wireless network have one address."""
    requests_at_once: Count = 600
    """After a quiet time, before the average holds."""
    unlimited_from: tuple[str, ...] = LOOPBACK
    """Networks whose requests are not counted."""
    proxies: tuple[str, ...] = ()
    """Networks of the deployment's own proxies: what they say of their clients is believed, and nobody else."""
    proxy_header: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,60}$")] = "x-forwarded-for"
    """In which they say it; the last address that is none of theirs is the client's."""
    board_streams_max: Count = 15_000
    board_streams_per_address: Count = 200
    follow_streams_max: Count = 15_000
    """Phones and clerks that follow a line at once."""
    follow_streams_per_address: Count = 2_000
    """More than screens: all phones on a hall's wireless network have one address."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    @property
    def embedded(self) -> bool:
        """Whether the program starts its own servers."""
        return self.database_url is None and self.nats_url is None

    @property
    def callable_networks(self) -> tuple[str, ...]:
        """Where webhooks may call beside the internet."""
        return (*self.webhook_networks, *(LOOPBACK if self.signs_tokens else ()))

    @property
    def https(self) -> bool:
        """Whether browsers reach the program by https."""
        return (self.public_url or "").startswith("https://")

    @property
    def signs_tokens(self) -> bool:
        """Whether this server signs development tokens."""
        if self.oidc_issuer is not None:
            return False
        return self.database_url is None if self.development_tokens is None else self.development_tokens


def unknown(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that begin as settings do and are none: mistyped perhaps, or another program's (Kubernetes makes such
    for a service called mingting), so they are told and not refused."""
    known = {f"{PREFIX}{field.name.upper()}" for field in msgspec.structs.fields(Settings)} | {TOKEN}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def read(environ: Mapping[str, str] = os.environ, **told: Any) -> Settings:
    """The settings of an environment; ``told`` are those that the command line says, which wins.

    Raises:
        BadSetting: a variable cannot be used.
    """
    known = {field.name: field for field in msgspec.structs.fields(Settings)}
    values: dict[str, Any] = {}
    for name, text in environ.items():
        if name.startswith(PREFIX):
            field = name.removeprefix(PREFIX).lower()
            if field not in known:
                continue
            listed = isinstance(known[field].default, tuple)
            values[field] = [part.strip() for part in text.split(",") if part.strip()] if listed else text
    values |= {name: value for name, value in told.items() if value is not None}
    for field, value in values.items():
        try:
            msgspec.convert(value, known[field].type, strict=False)
            networks(value if field in NETWORKS else ())
        except ValueError as error:  # msgspec's own are such too
            raise BadSetting(f"{PREFIX}{field.upper()}: {error}") from error
    return msgspec.convert(values, Settings, strict=False)
