"""What changes between two documents, in words: the field, what it was, what it becomes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from adapters.web.admin_shape import Field, Shape, runs
from domain.message import Text

Say = Callable[[Text], str]
Sources = Mapping[str, list[tuple[str, str]]]
"""The lists that fields choose from: each entry's word and what it is called."""

YES, NO = Text("是", "yes"), Text("否", "no")
NOTHING = Text("无", "none")
ORDER = Text("排列次序", "order")
LANGUAGES = {"zh": Text("中文", "in Chinese"), "en": Text("英文", "in English")}
COMMA, SEMICOLON, COLON = Text("、", ", "), Text("；", "; "), Text("：", ": ")


class Line(NamedTuple):
    """One change: the names down to the field, what it was, what it becomes; ``None`` where there was nothing."""

    names: tuple[str, ...]
    was: str | None
    becomes: str | None


class Told:
    """Tells values and changes in one language.

    Args:
        say: a text in the language.
        sources: the lists that the page's fields choose from.
    """

    def __init__(self, say: Say, sources: Sources) -> None:
        self._say = say
        self._named = {name: dict(entries) for name, entries in sources.items()}

    def changes(self, shape: Shape, was: Any, becomes: Any, names: tuple[str, ...] = ()) -> Iterator[Line]:
        """Every field in which two values of a shape differ."""
        if was == becomes:
            return
        if was is None or becomes is None:
            yield Line(names, self._or_nothing(shape, was), self._or_nothing(shape, becomes))
            return
        match shape.kind:
            case "group":
                yield from self._fields(shape, was, becomes, names)
            case "variants" if was["type"] == becomes["type"]:
                yield from self._fields(shape.variant(was["type"]), was, becomes, names)
            case "rows" if shape.inner is not None and shape.inner.kind == "group":
                yield from self._rows(shape, shape.inner, was, becomes, names)
            case "table" | "fixed":
                assert shape.inner is not None
                known = dict(shape.options)
                for key in dict.fromkeys((*was, *becomes)):
                    name = self._say(known[key]) if key in known else key
                    yield from self.changes(shape.inner, was.get(key), becomes.get(key), (*names, name))
            case "either" if isinstance(was, dict) and isinstance(becomes, dict):
                yield Line(names, self.value(shape, was), self.value(shape, becomes))
            case _:
                yield Line(names, self.value(shape, was), self.value(shape, becomes))

    def _fields(self, shape: Shape, was: Any, becomes: Any, names: tuple[str, ...]) -> Iterator[Line]:
        for f in shape.fields:
            before, after = was.get(f.name, f.default), becomes.get(f.name, f.default)
            for line in self.changes(f.shape, before, after, (*names, self._say(f.word.name))):
                yield Line(line.names, self._counted(f, line.was), self._counted(f, line.becomes))

    def _counted(self, field: Field, said: str | None) -> str | None:
        """A value with what it counts, where it counts something."""
        return said if said is None or field.word.unit is None else f"{said} {self._say(field.word.unit)}"

    def _rows(
        self, shape: Shape, inner: Shape, was: list[Any], becomes: list[Any], names: tuple[str, ...]
    ) -> Iterator[Line]:
        before, after = _keyed(inner, was), _keyed(inner, becomes)
        for key in dict.fromkeys((*before, *after)):
            row = before.get(key) or after[key]
            title = self.title(inner, row) or f"{key}"
            yield from self.changes(inner, before.get(key), after.get(key), (*names, title))
        kept = [key for key in before if key in after]
        if kept != [key for key in after if key in before]:
            orders = [
                self._say(COMMA).join(self.title(inner, rows[key]) or str(key) for key in rows)
                for rows in (before, after)
            ]
            yield Line((*names, self._say(ORDER)), *orders)

    def _or_nothing(self, shape: Shape, value: Any) -> str | None:
        return None if value is None else self.value(shape, value)

    def leaf(self, shape: Shape, change: Sequence[Any]) -> Line:
        """A change of one value as the API tells it: its path, what it was, what it becomes."""
        path, was, becomes = change
        told: list[str] = []
        for name in path.split("."):
            known = next((field for field in shape.fields if field.name == name), None)
            if known is not None:
                told.append(self._say(known.word.name))
                shape = known.shape
            elif shape.kind == "text":
                told.append(self._say(LANGUAGES[name]))
            elif shape.inner is not None:
                told.append(name)
                shape = shape.inner
        return Line(tuple(told), *(None if one is None else self._leaf(shape, one) for one in (was, becomes)))

    def _leaf(self, shape: Shape, value: Any) -> str:
        if isinstance(value, bool):
            return self._say(YES if value else NO)
        return self._chosen(shape, value) if shape.kind in ("choice", "ticks") else str(value)

    def title(self, shape: Shape, row: Any) -> str:
        """What a row of a list is called: by its name, or by what it begins with."""
        if shape.kind != "group":
            return ""
        times, name = [], ""
        for field in shape.fields[:3]:
            value = row.get(field.name)
            if field.shape.kind == "text" and value and not name:
                name = self._say(Text(**value)) if value.get("zh") else ""
            elif field.shape.kind in ("time", "date") and value:
                times.append(str(value)[:5] if field.shape.kind == "time" else str(value))
        return " ".join(filter(None, ("–".join(times), name))) or str(row.get(shape.fields[0].name) or "")

    def hint(self, shape: Shape, row: Any) -> str:
        """What else is to know of a closed row of a list: what it is chosen to be, and for what."""
        told = []
        for field in shape.fields:
            value, of = row.get(field.name), field.shape
            chosen = of.kind in ("choice", "ticks") or (of.kind == "rows" and of.inner and of.inner.source)
            if not value or not (chosen or of.kind == "number"):
                continue
            if of.kind == "rows" and of.inner is not None:
                told.append(self._say(COMMA).join(self._chosen(of.inner, one) for one in value if one))
            elif chosen:
                told.append(self.value(of, value))
            else:
                unit = f" {self._say(field.word.unit)}" if field.word.unit else ""
                told.append(f"{self._say(field.word.name)} {value}{unit}")
        return " · ".join(told)

    def value(self, shape: Shape, value: Any) -> str:
        """A value in words."""
        if value is None or value in ([], {}):
            return self._say(NOTHING)
        comma = self._say(COMMA)
        match shape.kind:
            case "text":
                return value["zh"] if value["zh"] == value["en"] else f"{value['zh']} / {value['en']}"
            case "truth":
                return self._say(YES if value else NO)
            case "choice":
                return self._chosen(shape, value)
            case "ticks":
                return comma.join(self._chosen(shape, one) for one in value)
            case "words":
                return comma.join(str(one) for one in value)
            case "time":
                return str(value)[:5]
            case "spans":
                return comma.join(f"{a:%m-%d}" if a == b else f"{a:%m-%d}–{b:%m-%d}" for a, b in runs(value))
            case "either":
                return self._either(shape, value)
            case "rows":
                assert shape.inner is not None
                return self._say(SEMICOLON).join(self.value(shape.inner, one) for one in value)
            case "table" | "fixed":
                assert shape.inner is not None
                return self._say(SEMICOLON).join(
                    f"{self._key(shape, key)}{self._say(COLON)}{self.value(shape.inner, one)}"
                    for key, one in value.items()
                )
            case "group":
                return self._group(shape.fields, value)
            case "variants":
                name = self._chosen(shape, value["type"])
                inside = self._group(shape.variant(value["type"]).fields, value)
                return f"{name}{self._say(SEMICOLON)}{inside}" if inside else name
        return str(value)

    def _key(self, shape: Shape, key: str) -> str:
        known = dict(shape.options)
        return self._say(known[key]) if key in known else key

    def _chosen(self, shape: Shape, value: Any) -> str:
        known = dict(shape.options)
        if str(value) in known:
            return self._say(known[str(value)])
        return self._named.get(shape.source, {}).get(str(value), str(value))

    def _either(self, shape: Shape, value: Any) -> str:
        known = dict(shape.options)
        if isinstance(value, dict):
            which, number = next((name, n) for name, n in value.items() if n is not None)
            return self._say(known[which]).replace("…", f"{number}")
        if isinstance(value, int):
            return f"{self._say(known['number'])} {value}"
        return self._say(known[value])

    def _group(self, fields: tuple[Field, ...], value: Mapping[str, Any]) -> str:
        """A group's fields that say something else than their default."""
        return self._say(SEMICOLON).join(
            f"{self._say(f.word.name)}{self._say(COLON)}{self._counted(f, self.value(f.shape, value[f.name]))}"
            for f in fields
            if f.name in value and (f.required or value[f.name] != f.default) and value[f.name] is not None
        )


def _keyed(shape: Shape, rows: list[Any]) -> dict[Any, Any]:
    """Rows by what they are known by, their first field where no two are alike; else by their place."""
    first = shape.fields[0]
    keys = [row.get(first.name) for row in rows]
    if first.shape.kind in ("line", "date") and len(set(keys)) == len(keys):
        return dict(zip(keys, rows, strict=True))
    return dict(enumerate(rows, start=1))
