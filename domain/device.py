"""A device of a hall: a kiosk or a screen, let in by a code that works once, until it is sent away.

Whoever sets it up in the hall has no account on it. An administrator invites it for a hall and tells the code by word
of mouth; the device that says the code is enrolled and stays so, over restarts, until it is revoked. The stream is
``device-{device}``; the code is made of the device's name and the deployment's secret, and stands in no event.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Id, Label, Refused, Stamp, Words

DeviceRole = Literal["kiosk", "screen"]
Status = Literal["invited", "enrolled", "revoked"]
Minutes = Annotated[int, Meta(ge=1, le=24 * 60)]

# --- commands -------------------------------------------------------------------------------------------------


class InviteDevice(Command, frozen=True):
    """Make room for a device. Its code is taken for so many minutes (ours, no rule)."""

    role: DeviceRole
    hall: Id
    name: Label
    window: Id | None = None
    minutes: Minutes = 15


class EnrolDevice(Command, frozen=True):
    """The device has said its code."""


class RevokeDevice(Command, frozen=True):
    reason: Words | None = None


AnyCommand = InviteDevice | EnrolDevice | RevokeDevice


# --- events ---------------------------------------------------------------------------------------------------


class DeviceInvited(Event, frozen=True, tag="device-invited"):
    role: DeviceRole
    hall: str
    name: str
    until: datetime
    window: str | None = None


class DeviceEnrolled(Event, frozen=True, tag="device-enrolled"):
    pass


class DeviceRevoked(Event, frozen=True, tag="device-revoked"):
    reason: str | None = None


AnyEvent = DeviceInvited | DeviceEnrolled | DeviceRevoked


# --- state ----------------------------------------------------------------------------------------------------


class Device(msgspec.Struct):
    invited: DeviceInvited | None = None
    status: Status = "invited"
    invited_at: datetime | None = None
    enrolled_at: datetime | None = None
    revoked_at: datetime | None = None


def stream(device: str) -> str:
    return f"device-{device}"


def initial() -> Device:
    return Device()


def decide(command: AnyCommand, device: Device, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case InviteDevice(role, hall, name, window, minutes):
            if device.invited is not None:
                raise Refused("device-known")
            return [DeviceInvited(role, hall, name, stamp.at + timedelta(minutes=minutes), window)]
        case EnrolDevice():
            if device.invited is None:
                raise Refused("unknown-device-code", missing=True)
            if device.status != "invited":
                raise Refused("device-code-used")
            if stamp.at > device.invited.until:
                raise Refused("device-code-over", until=device.invited.until)
            return [DeviceEnrolled()]
        case RevokeDevice(reason):
            if device.invited is None:
                raise Refused("unknown-device", missing=True)
            return [] if device.status == "revoked" else [DeviceRevoked(reason)]
    assert_never(command)


def evolve(device: Device, event: AnyEvent, stamp: Stamp) -> Device:
    match event:
        case DeviceInvited():
            device.invited, device.invited_at = event, stamp.at
        case DeviceEnrolled():
            device.status, device.enrolled_at = "enrolled", stamp.at
        case DeviceRevoked():
            device.status, device.revoked_at = "revoked", stamp.at
    return device
