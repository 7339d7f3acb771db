"""Devices of the halls: invited by an administrator, let in by a code that works once, revoked at any time.

The code is made of the device's name under the deployment's secret: it stands nowhere, and an invitation that is asked
for twice under one key is answered with the same one. Forty bits that hold for minutes cannot be guessed.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from adapters.http.access import API
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.http.reading import LIMIT, Cursor, Limit, Word, listing, lists, page_of
from domain import device
from domain.device import Device, DeviceRole, EnrolDevice, InviteDevice, RevokeDevice, Status
from domain.handling import Act, Ask, Hold
from domain.message import Refused, Words

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of the code: none that is taken for another one when it is read aloud or from paper."""
CODE_LENGTH = 8
REMEMBERED = timedelta(days=1)
"""How long after its time a code is still told to be over; after that it is unknown."""


class CodeSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code as it was typed; small letters, blanks and hyphens do not matter."""

    code: Annotated[str, Meta(min_length=1, max_length=40)]


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Words | None = None


class DeviceReceipt(msgspec.Struct, frozen=True):
    device: str
    role: DeviceRole
    hall: str
    window: str | None
    name: str
    status: Status
    until: datetime


class DeviceInvitedReceipt(DeviceReceipt, frozen=True, kw_only=True):
    """``code`` is to be said to the device before ``until``; it is told this once."""

    code: str


class DeviceShown(DeviceReceipt, frozen=True, kw_only=True):
    invited_at: datetime | None
    enrolled_at: datetime | None
    revoked_at: datetime | None


def identity_of(name: str, role: DeviceRole, hall: str, window: str | None) -> Identity:
    """Who an enrolled device is."""
    return Identity(role=role, subject=f"device-{name}", hall=hall, window=window, confined=True, device=name)


def code_of(parts: Parts, name: str) -> str:
    """The code of a device, as people read it: ``K7M2-9QXF``."""
    digest = hashlib.sha256(parts.seal.of("device codes").seal(name).encode()).digest()
    code = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:CODE_LENGTH])
    return f"{code[:4]}-{code[4:]}"


def commands(parts: Parts) -> list[Command]:
    async def invite(asked: Asking, words: list[str], body: InviteDevice, query: bytes) -> Reply:
        plan = parts.catalogue.hall(body.hall)
        if body.window is not None and body.window not in {window.window for window in plan.windows}:
            raise Rejected(422, "invalid", errors=[FieldError("window", "unknown-window")])
        name = secrets.token_hex(8)
        reply = await asked.in_hall(body.hall).submit(
            parts.loop,
            _act(name, body),
            201,
            lambda result: {"code": code_of(parts, _told(result))},
        )
        await parts.catalogue.refresh()
        return reply

    async def enrol(asked: Asking, words: list[str], body: CodeSaid, query: bytes) -> Reply:
        name, known = await _named(asked.stamp.at, body.code)
        assert known.invited is not None
        reply = await asked.in_hall(known.invited.hall).submit(parts.loop, _act(name, EnrolDevice()))
        await parts.catalogue.refresh()
        invited = known.invited
        session = parts.sessions.begin(identity_of(name, invited.role, invited.hall, invited.window))
        return reply._replace(headers=(*reply.headers, ("Set-Cookie", session.to_header(header=""))))

    async def _named(at: datetime, said: str) -> tuple[str, Device]:
        """Raises:
        Refused: no device has this code.
        """
        code = "".join(letter for letter in said.upper() if letter.isalnum())
        for _ in range(2):
            for name, known in parts.catalogue.devices.items():
                recent = known.invited is not None and at <= known.invited.until + REMEMBERED
                if recent and _same(code_of(parts, name), code):
                    return name, known
            # It may have been invited at another process within the last second.
            await parts.catalogue.refresh()
        raise Refused("unknown-device-code", missing=True)

    async def revoke(asked: Asking, words: list[str], body: Revocation, query: bytes) -> Reply:
        known = parts.catalogue.devices.get(words[0])
        if known is None or known.invited is None:
            raise Refused("unknown-device", missing=True)
        act = _act(words[0], RevokeDevice(body.reason))
        reply = await asked.in_hall(known.invited.hall).submit(parts.loop, act)
        await parts.catalogue.refresh()
        return reply

    return [
        Command(
            f"{API}/devices",
            InviteDevice,
            invite,
            DeviceInvitedReceipt,
            201,
            about="Make a one-time code for a kiosk or a screen",
        ),
        Command(
            f"{API}/devices/enrol",
            CodeSaid,
            enrol,
            DeviceReceipt,
            about="Let a device in by its code; the answer sets its session",
        ),
        Command(f"{API}/devices/{{device}}/revoke", Revocation, revoke, DeviceReceipt, about="Send it away"),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/devices",
        operation_id="devices",
        responses=lists("devices", DeviceShown),
        summary="Devices of the halls",
        tags=["devices"],
    )
    async def devices(hall: Word = None, limit: Limit = LIMIT, cursor: Cursor = None) -> Response[bytes]:
        named = (
            (f"{known.invited.hall} {name}", _shown(name, known))
            for name, known in parts.catalogue.devices.items()
            if known.invited is not None and hall in (None, known.invited.hall)
        )
        found, more = page_of(named, limit, cursor)
        return listing("devices", found, more, parts.catalogue.position, parts.clock())

    return [devices]


def _act(name: str, command: device.AnyCommand) -> Act:
    stream = device.stream(name)

    def tell(hold: Hold) -> DeviceReceipt:
        return _receipt(name, hold(stream).state)

    return Act((Ask(stream, command),), tell)


def _receipt(name: str, known: Device) -> DeviceReceipt:
    invited = known.invited
    assert invited is not None
    return DeviceReceipt(
        name, invited.role, invited.hall, invited.window, invited.name, known.status, invited.until
    )


def _shown(name: str, known: Device) -> DeviceShown:
    return DeviceShown(
        **msgspec.structs.asdict(_receipt(name, known)),
        invited_at=known.invited_at,
        enrolled_at=known.enrolled_at,
        revoked_at=known.revoked_at,
    )


def _told(result: Any) -> str:
    """The device of a receipt, which is plain JSON when it is told again."""
    return str(result["device"] if isinstance(result, dict) else result.device)


def _same(code: str, said: str) -> bool:
    return secrets.compare_digest(code.replace("-", "").encode(), said.encode())
