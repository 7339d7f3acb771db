"""A document's type as a form: what kind of input each of its fields is, made of the type itself.

What somebody fills in is a *draft*: nested like the document, with texts as they were typed. ``fill`` makes one of a
document, ``read`` of what a browser sent, ``make`` makes the document of it again and says which fields cannot be.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import inspect

from adapters.web.admin_words import Word
from adapters.web.admin_words_items import CHOICES, KEYS, WORDS
from domain.message import Text

Draft = Any
"""Texts, truths, lists and dicts of them, as the shape is nested."""

Kind = Literal[
    "group", "text", "line", "lines", "number", "truth", "date", "time", "choice", "ticks", "words", "spans",
    "rows", "table", "fixed", "either", "variants",
]  # fmt: skip
"""``text`` is a text in both languages, ``words`` several short ones in a line, ``spans`` days as from and to,
``table`` named things, ``fixed`` a value for each of known names, ``either`` a word that may come with a number,
``variants`` one of several groups."""

LONG = 200
"""From how many characters on a text gets a box instead of a line."""

SPAN_DAYS_MAX = 60

SOURCES = {
    "HallPlan.region": "regions",
    "HallPlan.parent": "halls",
    "HallPlan.clerks": "skills",
    "QueuePlan.skill": "skills",
    "WindowPlan.queues": "queues",
    "SessionPlan.queues": "queues",
    "ItemPlan.queue": "queues",
}
"""Fields that name something known: which list it is chosen from."""

ORDERED = ("WindowPlan.queues",)
"""Of those with several, the ones whose order matters."""

MISSING = Text("请填写这一项。", "Please fill this in.")
NO_NUMBER = Text("请填写数字。", "Please enter a number.")
NO_WHOLE = Text("请填写整数。", "Please enter a whole number.")
NO_DATE = Text("日期不对。", "This is no date.")
NO_TIME = Text("时间不对。", "This is no time of day.")
NO_CHOICE = Text("请从列表中选择。", "Please choose from the list.")
NO_SPAN = Text(
    "“到”须在“从”之后，且不超过60天。", "The end comes after the beginning, 60 days later at most."
)
PATTERNS = {
    r"^[A-Z]{1,2}$": Text("请用一个或两个大写字母。", "One or two capital letters, please."),
    r"^[0-9 ()+-]{3,30}$": Text(
        "电话只能有数字、空格和 ( ) + -。", "Digits, blanks and ( ) + - only, please."
    ),
    r"^https?://[^\s]{1,490}$": Text(
        "地址须以 http:// 或 https:// 开头。", "An address begins with http:// or https://."
    ),
}
NO_NAME = Text(
    "只能用小写字母、数字和连字符，以字母或数字开头，最多40个字符。",
    "Lower-case letters, digits and hyphens only, beginning with a letter or digit, 40 characters at most.",
)


class Shape(NamedTuple):
    """How a value is filled in. ``source`` names the list that the page has for it, ``options`` are known ones."""

    kind: Kind
    name: str = ""
    optional: bool = False
    fields: tuple["Field", ...] = ()
    options: tuple[tuple[str, Text], ...] = ()
    source: str = ""
    inner: "Shape | None" = None
    variants: tuple[tuple[str, "Shape"], ...] = ()
    bounds: tuple[tuple[str, float | None, float | None], ...] = ()
    least: float | None = None
    most: float | None = None
    whole: bool = True
    pattern: str = ""
    length: int = 100
    key_name: Text | None = None

    def of(self, name: str) -> "Field":
        return next(field for field in self.fields if field.name == name)

    def variant(self, tag: str) -> "Shape":
        return dict(self.variants).get(tag) or self.variants[0][1]

    def part(self, names: tuple[str, ...]) -> "Shape":
        """The group with only some of its fields, in the order of the names."""
        return self._replace(fields=tuple(self.of(name) for name in names))


class Field(NamedTuple):
    name: str
    word: Word
    shape: Shape
    default: Any
    required: bool


@cache
def shape_of(document: type[msgspec.Struct]) -> Shape:
    """The shape of a document's type. A field without words is called as the API calls it, and a test complains."""
    return _shape(inspect.type_info(document), document.__name__)


def _shape(found: inspect.Type, key: str, optional: bool = False) -> Shape:
    match found:
        case inspect.Metadata(type=inner):
            return _shape(inner, key, optional)
        case inspect.UnionType(types=types):
            optional = optional or any(isinstance(one, inspect.NoneType) for one in types)
            return _union([one for one in types if not isinstance(one, inspect.NoneType)], key, optional)
        case inspect.StructType():
            return _struct(found, key, optional)
        case inspect.DictType(key_type=inspect.LiteralType(), value_type=value):
            inner_key = "Effect" if key == "Classes.effects" else key
            return Shape("fixed", key, options=_options(key), inner=_shape(value, inner_key))
        case inspect.DictType(value_type=value):
            return Shape("table", key, optional, inner=_shape(value, key), key_name=KEYS[key])
        case inspect.VarTupleType(item_type=item):
            return _several(item, key)
        case inspect.LiteralType():
            return Shape("choice", key, optional, options=_options(key))
        case inspect.BoolType():
            return Shape("truth", key)
        case inspect.IntType(ge=least, le=most) | inspect.FloatType(ge=least, le=most):
            whole = isinstance(found, inspect.IntType)
            return Shape("number", key, optional, least=least, most=most, whole=whole)
        case inspect.DateType():
            return Shape("date", key, optional)
        case inspect.TimeType():
            return Shape("time", key, optional)
        case inspect.StrType(max_length=length, pattern=pattern):
            if key in SOURCES:
                return Shape("choice", key, optional, source=SOURCES[key])
            long = length is not None and length >= LONG
            return Shape(
                "lines" if long else "line", key, optional, pattern=pattern or "", length=length or 500
            )
    raise TypeError(f"no input for {found} of {key}")


def _options(key: str) -> tuple[tuple[str, Text], ...]:
    return tuple(CHOICES.get(key, {}).items())


def _union(types: list[inspect.Type], key: str, optional: bool) -> Shape:
    if len(types) == 1:
        return _shape(types[0], key, optional)
    if all(isinstance(one, inspect.StructType) for one in types):
        told = {
            str(one.tag): _struct(one, key, False) for one in types if isinstance(one, inspect.StructType)
        }
        tags = tuple((tag, told[tag]) for tag, _ in _options(key))
        return Shape("variants", key, options=_options(key), variants=tags)
    number = next(one for one in types if isinstance(one, inspect.IntType))
    return Shape("either", key, True, options=_options(key), bounds=(("number", number.ge, number.le),))


def _struct(found: inspect.StructType, key: str, optional: bool) -> Shape:
    name = found.cls.__name__
    if found.cls is Text:
        return Shape("text", key, optional)
    if name == "Threshold":
        bounds = []
        for field in found.fields:
            number = _shape(field.type, name)
            bounds.append((field.name, number.least, number.most))
        return Shape("either", name, optional, options=_options(name), bounds=tuple(bounds))
    fields = []
    for field in found.fields:
        inner = f"{name}.{field.name}"
        default = field.default_factory() if callable(field.default_factory) else field.default
        fields.append(
            Field(
                field.name,
                WORDS.get(inner) or Word(Text(field.name, field.name)),
                _shape(field.type, inner),
                None if field.required else plain(default),
                field.required,
            )
        )
    fields.sort(key=lambda field: field.shape.kind == "ticks")  # what fills a line stands below
    return Shape("group", name, optional, fields=tuple(fields))


def _several(item: inspect.Type, key: str) -> Shape:
    if key in SOURCES:
        if key in ORDERED:
            return Shape("rows", key, inner=Shape("choice", key, True, source=SOURCES[key]))
        return Shape("ticks", key, source=SOURCES[key])
    while isinstance(item, inspect.Metadata):
        item = item.type
    if key in CHOICES:
        return Shape("ticks", key, options=_options(key), whole=isinstance(item, inspect.IntType))
    inner = _shape(item, key)
    if inner.kind == "date":
        return Shape("spans", key)
    if inner.kind in ("line", "number"):
        return Shape("words", key, inner=inner)
    return Shape("rows", key, inner=inner)


def plain(value: Any) -> Any:
    """A value as JSON has it: lists and no tuples, so that it can be compared with what the API told."""
    return msgspec.json.decode(msgspec.json.encode(value))


# --- drafts -----------------------------------------------------------------------------------------------------


def fill(shape: Shape, value: Any) -> Draft:
    """The draft of a value; of nothing, an empty one with the defaults of its fields."""
    if value is None:
        return _blank(shape)
    match shape.kind:
        case "group":
            return {f.name: fill(f.shape, value.get(f.name, f.default)) for f in shape.fields}
        case "text":
            return {"zh": value["zh"], "en": value["en"]}
        case "rows":
            assert shape.inner is not None
            return [fill(shape.inner, one) for one in value]
        case "table":
            assert shape.inner is not None
            return [{"key": key, "value": fill(shape.inner, one)} for key, one in value.items()]
        case "fixed":
            assert shape.inner is not None
            return {key: fill(shape.inner, value.get(key)) for key, _ in shape.options}
        case "ticks":
            return [str(one) for one in value]
        case "words":
            return "，".join(str(one) for one in value)
        case "spans":
            return [
                {"from": first.isoformat(), "to": "" if first == last else last.isoformat()}
                for first, last in runs(value)
            ]
        case "either":
            if isinstance(value, dict):
                which, number = next((n, v) for n, v in value.items() if v is not None)
                return {"which": which, "n": str(number)}
            return (
                {"which": "number", "n": str(value)} if isinstance(value, int) else {"which": value, "n": ""}
            )
        case "variants":
            return {"type": value["type"], "is": fill(shape.variant(value["type"]), value)}
        case "truth":
            return bool(value)
        case "time":
            return str(value)[:5]
    return str(value)


def _blank(shape: Shape) -> Draft:
    match shape.kind:
        case "group":
            return {f.name: fill(f.shape, f.default) for f in shape.fields}
        case "text":
            return {"zh": "", "en": ""}
        case "rows" | "table" | "spans" | "ticks":
            return []
        case "fixed":
            return fill(shape, {})
        case "either":
            return {"which": "", "n": ""}
        case "variants":
            tag, first = shape.variants[0]
            return {"type": tag, "is": _blank(first)}
        case "truth":
            return False
    return ""


def read(shape: Shape, sent: Mapping[str, list[str]], path: str = "") -> Draft:
    """The draft out of what a browser sent. A list names its rows: ``queues=0&queues=2``, ``queues.0.name.zh=…``."""

    def one(of: str) -> str:
        return next(iter(sent.get(of, ())), "")

    def below(name: object) -> str:
        return f"{path}.{name}" if path else str(name)

    match shape.kind:
        case "group":
            return {f.name: read(f.shape, sent, below(f.name)) for f in shape.fields}
        case "text":
            return {"zh": one(below("zh")), "en": one(below("en"))}
        case "rows":
            assert shape.inner is not None
            return [read(shape.inner, sent, below(row)) for row in sent.get(path, ())]
        case "table":
            assert shape.inner is not None
            return [
                {"key": one(below(f"{row}.key")), "value": read(shape.inner, sent, below(f"{row}.value"))}
                for row in sent.get(path, ())
            ]
        case "fixed":
            assert shape.inner is not None
            return {key: read(shape.inner, sent, below(key)) for key, _ in shape.options}
        case "ticks":
            return list(sent.get(path, ()))
        case "spans":
            return [
                {"from": one(below(f"{row}.from")), "to": one(below(f"{row}.to"))}
                for row in sent.get(path, ())
            ]
        case "either":
            return {"which": one(below("which")), "n": one(below("n"))}
        case "variants":
            tag = one(below("type"))
            chosen = shape.variant(tag)
            known = one(below("was")) == tag
            return {"type": tag, "is": read(chosen, sent, below("is")) if known else _blank(chosen)}
        case "truth":
            return one(path) == "on"
    return one(path)


def runs(days: list[str]) -> Iterator[tuple[date, date]]:
    """Days as the spans they make, the first and the last of each."""
    first = last = None
    for day in sorted(date.fromisoformat(one) for one in days):
        if last is not None and day == last + timedelta(days=1):
            last = day
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = day
    if first is not None and last is not None:
        yield first, last


# --- rows that come and go --------------------------------------------------------------------------------------


def rearranged(shape: Shape, draft: Draft, what: str, path: str) -> None:
    """Change the draft as a button says: ``add`` a row to the list at the path, ``remove`` the row at the path, or
    take it ``up`` by one. What names nothing changes nothing."""
    if what == "add":
        found = _at(shape, draft, path.split("."))
        if found is None or not isinstance(found[1], list):
            return
        of, rows = found
        if of.kind == "spans":
            rows.append({"from": "", "to": ""})
        elif of.inner is not None:
            rows.append({"key": "", "value": _blank(of.inner)} if of.kind == "table" else _blank(of.inner))
        return
    upper, _, last = path.rpartition(".")
    found = _at(shape, draft, upper.split("."))
    if found is None or not isinstance(found[1], list) or not last.isdigit() or int(last) >= len(found[1]):
        return
    rows, row = found[1], int(last)
    if what == "remove":
        del rows[row]
    elif what == "up" and row > 0:
        rows[row - 1], rows[row] = rows[row], rows[row - 1]


def _at(shape: Shape, draft: Draft, path: list[str]) -> tuple[Shape, Draft] | None:
    """What stands at a path of a draft."""
    if not path:
        return shape, draft
    head, *rest = path
    match shape.kind:
        case "group" if any(f.name == head for f in shape.fields):
            return _at(shape.of(head).shape, draft[head], rest)
        case "rows" if shape.inner is not None and head.isdigit() and int(head) < len(draft):
            return _at(shape.inner, draft[int(head)], rest)
        case "table" if shape.inner is not None and head.isdigit() and int(head) < len(draft):
            return _at(shape.inner, draft[int(head)]["value"], rest[1:])
        case "fixed" if shape.inner is not None and head in draft:
            return _at(shape.inner, draft[head], rest)
        case "variants" if head == "is":
            return _at(shape.variant(draft["type"]), draft["is"], rest)
    return None
