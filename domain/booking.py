"""The rules appointments are made under, and who may make them: what a region or a hall sets for itself.

No national rule was found for any of these numbers: every default is a proposal [D], taken from local practice
where there is some, and each can be set in the hall's plan.
"""

from datetime import datetime, time
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from domain.message import Key

Channel = Literal["public", "internal", "partner"]
"""Whose share of places a booking takes from: the citizens' own, the staff's, or that of another platform."""

CHANNELS: tuple[Channel, ...] = get_args(Channel)

SlotId = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}-[0-9]{4}$", description="queue and start: a-0900")
]
Instant = Annotated[datetime, Meta(tz=True)]
ClockTime = Annotated[time, Meta(tz=False)]
"""A time of the day by the halls' own clocks."""

Intervals = Annotated[int, Meta(ge=1, le=8)]
Minutes = Annotated[int, Meta(ge=0, le=240)]
Days = Annotated[int, Meta(ge=1, le=366)]

ITEMS_MAX = 8
"""How many further items one booking may name (一件事)."""

BehalfKind = Literal["assisted", "guardian", "company-agent", "relative"]
"""帮办代办, 监护人, 企业经办人, 亲属代办."""

Consent = Literal["written", "spoken", "power-of-attorney", "by-law"]
"""How the person agreed: 书面同意, 口头同意 (recorded by whoever books), 授权委托, 法定代理."""


class OnBehalf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That somebody books for another person: who, as what, and how that person agreed to it."""

    kind: BehalfKind
    agent: Key
    consent: Consent


class BookingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When an appointment is made, kept and given back. Each default is a proposal [D]."""

    early_minutes: Minutes = 15
    """How long before its slot begins an appointment may be checked in [D]."""
    late_minutes: Minutes = 15
    """How long after the slot has begun a check-in still has the booking's precedence [D]."""
    cancel_hours: Annotated[int, Meta(ge=0, le=168)] = 2
    """Until how long before its slot an appointment may be cancelled or moved [D] (as xzfwzx.hzzk.gov.cn)."""
    horizon_workdays: Days = 5
    """How many working days after today can be booked [D] (as xzfwzx.hzzk.gov.cn)."""
    lead_minutes: Annotated[int, Meta(ge=0, le=10_080)] = 0
    """How long before its slot a citizen must have booked [D]; staff may book until it begins."""
    hold_minutes: Annotated[int, Meta(ge=1, le=15)] = 5
    """How long a place is held while its form is filled in [D]."""
    waiting_minutes: Annotated[int, Meta(ge=5, le=1440)] = 30
    """How long a place that became free is held for whoever waits for it [D]."""
    quiet_from: ClockTime = time(21)
    quiet_until: ClockTime = time(8)
    """From when until when nobody is told of a place by night: its time to answer begins in the morning [D]."""
    waiting_offers: Annotated[int, Meta(ge=1, le=10)] = 2
    """After how many offers that were let pass somebody is off the waiting list [D]; as many notices they get."""
    waiting_max: Annotated[int, Meta(ge=0, le=1000)] = 100
    """How many may wait for a day [D]; nobody, if 0."""
    missed_minutes: Minutes = 0
    """How long after its slot has ended an appointment still waits for somebody late [D]."""


DEFAULT_RULES = BookingRules()


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much one person may book. Local practice only, no national rule was found: every region sets its own."""

    per_day: Annotated[int, Meta(ge=1, le=50)] = 3
    """Appointments on one day, whatever the halls [D]."""
    no_shows: Annotated[int, Meta(ge=1, le=50)] = 2
    """So many missed appointments … [D]"""
    within_days: Days = 30
    """… within so many days … [D]"""
    suspended_days: Days = 30
    """… end online booking for so many days from the last of them [D]."""


DEFAULT_LIMITS = Limits()
