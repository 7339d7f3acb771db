"""Items as other platforms list them in tables, a row an item."""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.importing.records import Senseless, unlike
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


def from_row(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of a table as an item's document; empty cells say nothing. It is not checked yet.

    Raises:
        Senseless: a column is unknown, or a cell is not the number or the truth its column holds.
    """
    if unknown := sorted(set(row) - set(COLUMNS)):
        names = ", ".join(unknown)
        raise Senseless(f"不认识的列：{names}", f"Unknown columns: {names}")
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
    Senseless: it is no item, and where.
    """
    try:
        return msgspec.convert(document, NamedPlan)
    except msgspec.ValidationError as error:
        raise unlike(error, within="plan.") from error


def _number(name: str, cell: str) -> int:
    if not cell.isdecimal():
        raise Senseless(f"{name}不是数字：{cell}", f"{name} is no number: {cell}")
    return int(cell)


def _truth(name: str, cell: str) -> bool:
    known = {"1": True, "true": True, "是": True, "0": False, "false": False, "否": False}
    if cell.lower() not in known:
        raise Senseless(f"{name}只能填“是”或“否”：{cell}", f"{name} is neither true nor false: {cell}")
    return known[cell.lower()]
