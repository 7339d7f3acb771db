"""A device is let in by a code that works once, and sent away for good."""

from datetime import timedelta

from domain import device
from domain.device import (
    DeviceEnrolled,
    DeviceInvited,
    DeviceRevoked,
    EnrolDevice,
    InviteDevice,
    RevokeDevice,
)
from tests.spec import NINE, given

INVITE = InviteDevice("kiosk", "tanghe", "一楼东侧")
INVITED = DeviceInvited("kiosk", "tanghe", "一楼东侧", NINE + timedelta(minutes=15))


def test_an_invitation_holds_for_some_minutes() -> None:
    state = given(device).when(INVITE).then(INVITED)
    assert (state.status, state.invited_at) == ("invited", NINE)


def test_a_name_is_given_to_one_device_only() -> None:
    given(device, INVITED).when(INVITE).refused("device-known")


def test_a_code_lets_one_device_in() -> None:
    state = given(device, INVITED).when(EnrolDevice()).then(DeviceEnrolled())
    assert state.status == "enrolled"
    given(device, INVITED, DeviceEnrolled()).when(EnrolDevice()).refused("device-code-used")


def test_a_code_is_not_taken_late_nor_unless_somebody_was_invited() -> None:
    late = NINE + timedelta(minutes=16)
    given(device, INVITED).at_time(late).when(EnrolDevice()).refused("device-code-over", until=INVITED.until)
    given(device).when(EnrolDevice()).refused("unknown-device-code")


def test_a_device_is_revoked_once_and_its_code_with_it() -> None:
    gone = DeviceRevoked("stolen")
    given(device, INVITED, DeviceEnrolled()).when(RevokeDevice("stolen")).then(gone)
    given(device, INVITED, DeviceEnrolled(), gone).when(RevokeDevice("again")).then()
    given(device, INVITED, gone).when(EnrolDevice()).refused("device-code-used")
    given(device).when(RevokeDevice()).refused("unknown-device")
