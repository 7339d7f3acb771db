"""Halls as pages find them."""

from collections.abc import Mapping
from typing import Protocol

from domain.hall import HallPlan
from domain.message import Text
from domain.workdays import Calendar

NO_HALL = Text("没有这个大厅，请检查地址。", "There is no such hall; please check the address.")


class Listed(Protocol):
    """A hall of the catalogue."""

    @property
    def plan(self) -> HallPlan: ...


class Catalogue(Protocol):
    """The halls by name, as they are configured now, and the calendar in force."""

    @property
    def halls(self) -> Mapping[str, Listed]: ...
    @property
    def calendar(self) -> Calendar: ...
