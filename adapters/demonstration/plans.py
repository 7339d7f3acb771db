"""Reads a region written as JSON files and turns it into the commands that set it up.

A folder holds ``regions.json``, ``halls.json``, ``calendars.json``, ``accounts.json`` and ``items/*.json``; ours is
beside this module, another region's may be anywhere. Everything is checked before the first command is made. The
commands may be asked again at any time: what is already so gives no event.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from domain import calendar, hall, item
from domain.calendar import GazetteCalendar
from domain.hall import ConfigureHall, HallPlan
from domain.handling import Ask
from domain.item import ItemPlan, Level, PublishItem
from domain.message import Id, Key, Text
from domain.workdays import Year

HERE = Path(__file__).parent

RegionCode = Annotated[str, Meta(pattern=r"^[0-9]{12}$")]
Role = Literal["citizen", "kiosk", "screen", "clerk", "supervisor", "admin", "auditor", "partner"]


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A node of 省-市-县-乡-村. ``demonstration``: name or code were not checked with the office that issues them."""

    region: RegionCode
    name: Text
    level: Level
    parent: RegionCode | None = None
    demonstration: bool = False


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody who can log in, named after the post: ``clerk-w01`` at window ``w01``."""

    role: Role
    subject: Key
    hall: Id | None = None
    window: Id | None = None


class NamedHall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hall: Id
    plan: HallPlan


class NamedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item with where its fields were read, by field; a field without a source is a demonstration value."""

    item: Id
    plan: ItemPlan
    sources: dict[str, str] = {}


class Plans(msgspec.Struct, frozen=True):
    """A whole region, checked."""

    regions: tuple[Region, ...]
    halls: tuple[NamedHall, ...]
    items: tuple[NamedItem, ...]
    years: tuple[Year, ...]
    accounts: tuple[Account, ...]


# The shape of each file: a word about it, and its list.


class _File(msgspec.Struct, forbid_unknown_fields=True):
    about: dict[Literal["zh", "en"], str]


class _Regions(_File, forbid_unknown_fields=True):
    regions: tuple[Region, ...]


class _Halls(_File, forbid_unknown_fields=True):
    halls: tuple[NamedHall, ...]


class _Items(_File, forbid_unknown_fields=True):
    items: tuple[NamedItem, ...]


class _Years(_File, forbid_unknown_fields=True):
    years: tuple[Year, ...]


class _Accounts(_File, forbid_unknown_fields=True):
    accounts: tuple[Account, ...]


def asks(folder: Path = HERE) -> list[Ask]:
    """The commands that set the region up: calendars first, then halls, then items.

    Raises:
        ValueError: as ``plans``.
    """
    found = plans(folder)
    return [
        *(Ask(calendar.stream(year.year), GazetteCalendar(year)) for year in found.years),
        *(Ask(hall.stream(named.hall), ConfigureHall(named.plan)) for named in found.halls),
        *(Ask(item.stream(named.item), PublishItem(named.plan)) for named in found.items),
    ]


def accounts(folder: Path = HERE) -> list[Account]:
    """Who can log in.

    Raises:
        ValueError: as ``plans``.
    """
    return list(plans(folder).accounts)


def plans(folder: Path = HERE) -> Plans:
    """The region in a folder.

    Raises:
        ValueError: a file is missing, not JSON, or not of the right shape (it tells the file and the place in it),
            or one thing names another that is not there.
    """
    items = sorted((folder / "items").glob("*.json"))
    found = Plans(
        regions=_read(folder / "regions.json", _Regions).regions,
        halls=_read(folder / "halls.json", _Halls).halls,
        items=tuple(named for path in items for named in _read(path, _Items).items),
        years=_read(folder / "calendars.json", _Years).years,
        accounts=_read(folder / "accounts.json", _Accounts).accounts,
    )
    problems = list(_problems(found))
    if problems:
        raise ValueError(f"{folder}: {'; '.join(problems)}")
    return found


_Shape = TypeVar("_Shape", bound=_File)


def _read(path: Path, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _problems(found: Plans) -> Iterable[str]:
    """What does not fit together, a sentence each."""
    halls = {named.hall: named.plan for named in found.halls}
    regions = {region.region for region in found.regions}
    items = {named.item: named.plan for named in found.items}
    queues = {queue.queue for plan in halls.values() for queue in plan.queues}
    yield from _twice("region", (region.region for region in found.regions))
    yield from _twice("hall", (named.hall for named in found.halls))
    yield from _twice("item", (named.item for named in found.items))
    yield from _twice("calendar", (year.year for year in found.years))
    yield from _twice("account", (f"{account.role}:{account.subject}" for account in found.accounts))
    for region in found.regions:
        if region.parent is not None and region.parent not in regions:
            yield f"region {region.region} lies in {region.parent}, which is not listed"
    for name, plan in halls.items():
        if plan.region not in regions:
            yield f"hall {name} lies in region {plan.region}, which is not listed"
        if plan.parent is not None and plan.parent not in halls:
            yield f"hall {name} belongs to hall {plan.parent}, which is not listed"
    for named in found.items:
        if named.plan.queue not in queues:
            yield f"item {named.item} waits in queue {named.plan.queue}, which no hall has"
        for part in named.plan.parts:
            if part not in items:
                yield f"item {named.item} holds {part} together with others, which is not listed"
            elif items[part].parts:
                yield f"item {named.item} holds {part}, which holds others itself"
        for field in sorted(set(named.sources) - set(ItemPlan.__struct_fields__)):
            yield f"item {named.item} gives a source for {field}, which is no field of an item"
    for account in found.accounts:
        if account.hall is not None and account.hall not in halls:
            yield f"account {account.subject} works in hall {account.hall}, which is not listed"
        elif account.window is not None and not _has_window(halls, account):
            yield f"account {account.subject} works at window {account.window}, which its hall has not"


def _twice(what: str, names: Iterable[Any]) -> Iterable[str]:
    listed = list(names)
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield f"{what} {name} is listed twice"


def _has_window(halls: dict[str, HallPlan], account: Account) -> bool:
    return account.hall is not None and account.window in {w.window for w in halls[account.hall].windows}
