"""A region (行政区划) as it governs its halls: how long things may take there, and when the supervision speaks.

The stream ``region-{code}`` holds the whole document at every change. A region that has set nothing is governed as the
nearest one above it that has; what begins is held to the terms that are in force then, and nothing that runs is moved.
"""

from typing import assert_never

import msgspec

from domain.hall import HallConfigured
from domain.message import Command, Event, Recorded, Stamp
from domain.terms import DEFAULT, Terms

STEPS = (2, 4, 6, 9, 12)
"""How many digits of a region's code name 省, 市, 县, 乡, 村."""


class SetTerms(Command, frozen=True):
    terms: Terms


AnyCommand = SetTerms


class TermsSet(Event, frozen=True, tag="terms-set"):
    """``version`` is counted from 1: the number others quote."""

    terms: Terms
    version: int


AnyEvent = TermsSet


class Region(msgspec.Struct):
    terms: Terms | None = None
    version: int = 0


def stream(code: str) -> str:
    return f"region-{code}"


def initial() -> Region:
    return Region()


def decide(command: AnyCommand, region: Region, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case SetTerms(terms):
            return [] if terms == region.terms else [TermsSet(terms, region.version + 1)]
    assert_never(command)


def evolve(region: Region, event: AnyEvent, stamp: Stamp) -> Region:
    match event:
        case TermsSet(terms, version):
            region.terms, region.version = terms, version
            return region
    assert_never(event)


# --- who is governed by what ----------------------------------------------------------------------------------


class InForce:
    """The terms in force, folded from the log: which region each hall lies in, and what each region has set."""

    def __init__(self) -> None:
        self.regions: dict[str, str] = {}
        self.set: dict[str, TermsSet] = {}

    def take(self, recorded: Recorded) -> None:
        match recorded.event:
            case HallConfigured(plan):
                self.regions[recorded.subject] = plan.region
            case TermsSet() as told:
                self.set[recorded.subject] = told

    def of(self, hall: str) -> Terms:
        """The terms of a hall; those proposed where nobody has set any."""
        return self.of_region(self.regions.get(hall, ""))

    def of_region(self, code: str) -> Terms:
        setter = self.setter(code)
        return DEFAULT if setter is None else self.set[setter].terms

    def setter(self, code: str) -> str | None:
        """The region whose terms hold in this one: itself, or the nearest above that has set any."""
        return next((one for one in upwards(code) if one in self.set), None)


def upwards(code: str) -> list[str]:
    """A region and those it lies in, the nearest first."""
    above = [code[:digits].ljust(12, "0") for digits in reversed(STEPS)]
    return list(dict.fromkeys(above)) if code else []
