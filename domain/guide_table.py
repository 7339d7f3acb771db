"""Items as other platforms list them: rows to plans, and where two listings differ (要素同源自查)."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from domain.item import ItemPlan
from domain.message import Id

LISTED = ("applicants", "materials", "matters", "parts")
"""Columns that hold several, separated by semicolons."""

NUMBERS = ("statutory_limit_workdays", "promised_limit_workdays", "visits", "slots")
TRUTHS = ("bookable", "demonstration")
COLUMNS = (
    "item", "name_zh", "name_en", "kind", "level", "applicants", "unit_zh", "unit_en", "handling",
    "statutory_limit_workdays", "promised_limit_workdays", "queue", "bookable", "slots", "online_depth", "visits",
    "materials", "basic_code", "implementation_code", "scheme", "scope", "matters", "parts", "demonstration",
)  # fmt: skip


class Change(NamedTuple):
    """A field that differs, by its path: ``guide.phone``, ``materials.2.required``."""

    field: str
    was: Any
    becomes: Any


def from_row(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of a table as an item's document; empty cells say nothing. It is not checked yet.

    Raises:
        ValueError: a column is unknown, or a cell is not the number or the truth its column holds.
    """
    if unknown := sorted(set(row) - set(COLUMNS)):
        raise ValueError(f"unknown columns: {', '.join(unknown)}")
    said = {name: cell.strip() for name, cell in row.items() if cell.strip()}
    plan: dict[str, Any] = {}
    for name in ("name", "unit"):
        if zh := said.pop(f"{name}_zh", None):
            plan[name] = {"zh": zh, "en": said.pop(f"{name}_en", zh)}
    scheme = said.pop("scheme", "unknown")
    for name in ("basic_code", "implementation_code"):
        if code := said.pop(name, None):
            plan[name] = {"value": code, "scheme": scheme}
    item = said.pop("item", "")
    for name, cell in said.items():
        if name in LISTED:
            plan[name] = [part.strip() for part in cell.split(";") if part.strip()]
        elif name in NUMBERS:
            plan[name] = _number(name, cell)
        elif name in TRUTHS:
            plan[name] = _truth(name, cell)
        else:
            plan[name] = cell
    if "materials" in plan:
        plan["materials"] = [{"name": {"zh": name, "en": name}} for name in plan["materials"]]
    return {"item": item, "plan": plan}


class NamedPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: Id
    plan: ItemPlan


def checked(document: Any) -> NamedPlan:
    """Raises:
    msgspec.ValidationError: it is no item; the message says where.
    """
    return msgspec.convert(document, NamedPlan)


def differences(was: msgspec.Struct | None, becomes: msgspec.Struct) -> list[Change]:
    """Every field in which two documents differ; all that is said where there was none."""
    before = {} if was is None else dict(_leaves(msgspec.to_builtins(was)))
    after = dict(_leaves(msgspec.to_builtins(becomes)))
    return [
        Change(field, before.get(field), after.get(field))
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    ]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value, start=1):
            yield from _leaves(inner, f"{path}.{place}")
    else:
        yield path, value


def _number(name: str, cell: str) -> int:
    if not cell.isdecimal():
        raise ValueError(f"{name} is no number: {cell}")
    return int(cell)


def _truth(name: str, cell: str) -> bool:
    known = {"1": True, "true": True, "是": True, "0": False, "false": False, "否": False}
    if cell.lower() not in known:
        raise ValueError(f"{name} is neither true nor false: {cell}")
    return known[cell.lower()]
