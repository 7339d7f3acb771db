"""Where two documents differ, field by field: two versions of one, or two listings of the same item (要素同源自查)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec


class Change(NamedTuple):
    """A field that differs, by its path: ``guide.phone``, ``materials.2.required``."""

    field: str
    was: Any
    becomes: Any


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
