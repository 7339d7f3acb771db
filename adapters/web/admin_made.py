"""A draft as the document it means, and where a field is that something is wrong with."""

import re
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from adapters.web.admin_shape import (
    MISSING,
    NO_CHOICE,
    NO_DATE,
    NO_NAME,
    NO_NUMBER,
    NO_SPAN,
    NO_TIME,
    NO_WHOLE,
    PATTERNS,
    SPAN_DAYS_MAX,
    Draft,
    Shape,
)
from domain.message import Text

Wrong = dict[str, Text]
"""What is wrong, by the path of the field in the draft."""

TOO_LONG = Text("最多{}个字。", "{} characters at most.")
OUTSIDE = Text("请填写{}到{}之间的数。", "A number from {} to {}, please.")
THERE_ALREADY = Text("已经有了。", "It is there already.")

BETWEEN = re.compile(r"\s*[，,、;；]\s*")


def make(shape: Shape, draft: Draft, wrong: Wrong, path: str = "") -> Any:
    """The value of a draft; ``None`` of an empty one that may be. What cannot be is added to ``wrong``."""
    if shape.optional and _empty(shape, draft):
        return None

    def below(name: object) -> str:
        return f"{path}.{name}" if path else str(name)

    match shape.kind:
        case "group":
            return {f.name: make(f.shape, draft[f.name], wrong, below(f.name)) for f in shape.fields}
        case "text":
            if not draft["zh"]:
                wrong[below("zh")] = MISSING
            for language in ("zh", "en"):
                _short_enough(draft[language], shape.length, wrong, below(language))
            return {"zh": draft["zh"], "en": draft["en"] or draft["zh"]}
        case "rows":
            inner = shape.inner
            assert inner is not None
            told = [make(inner, one, wrong, below(row)) for row, one in enumerate(draft)]
            return [one for one in told if one is not None]
        case "table":
            return _table(shape, draft, wrong, path)
        case "fixed":
            assert shape.inner is not None
            given = {key: make(shape.inner, one, wrong, below(key)) for key, one in draft.items()}
            return {key: one for key, one in given.items() if one is not None}
        case "ticks":
            return [int(one) if shape.options and one.isdigit() else one for one in draft]
        case "words":
            return _words(shape, draft, wrong, path)
        case "spans":
            return [day for row, span in enumerate(draft) for day in _span(span, wrong, below(row))]
        case "either":
            return _either(shape, draft, wrong, path)
        case "variants":
            inside = make(shape.variant(draft["type"]), draft["is"], wrong, below("is"))
            return {"type": draft["type"] or shape.variants[0][0], **inside}
        case "truth":
            return draft
    return _plain(shape, draft, wrong, path)


def _empty(shape: Shape, draft: Draft) -> bool:
    """Whether nothing was filled in."""
    match shape.kind:
        case "group":
            return all(_empty(field.shape, draft[field.name]) for field in shape.fields)
        case "text":
            return not draft["zh"] and not draft["en"]
        case "either":
            return not draft["which"]
    return not draft


def _plain(shape: Shape, text: str, wrong: Wrong, path: str) -> Any:
    if not text:
        wrong[path] = MISSING
        return None
    match shape.kind:
        case "number":
            return _number(text, shape.least, shape.most, shape.whole, wrong, path)
        case "date":
            return _parsed(date.fromisoformat, text, NO_DATE, wrong, path)
        case "time":
            return _parsed(time.fromisoformat, text, NO_TIME, wrong, path)
        case "choice":
            if shape.options and text not in dict(shape.options):
                wrong[path] = NO_CHOICE
            return text
    if shape.pattern and not re.search(shape.pattern, text, re.ASCII):
        wrong[path] = PATTERNS.get(shape.pattern, NO_NAME)
    _short_enough(text, shape.length, wrong, path)
    return text


def _parsed(parse: Any, text: str, no: Text, wrong: Wrong, path: str) -> str:
    try:
        return str(parse(text).isoformat())
    except ValueError:
        wrong[path] = no
        return text


def _short_enough(text: str, length: int, wrong: Wrong, path: str) -> None:
    if len(text) > length:
        wrong[path] = _filled(TOO_LONG, length)


def _filled(text: Text, *told: object) -> Text:
    return Text(text.zh.format(*told), text.en.format(*told))


def _number(
    text: str, least: float | None, most: float | None, whole: bool, wrong: Wrong, path: str
) -> float | None:
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        wrong[path] = NO_WHOLE if whole and re.fullmatch(r"-?\d+\.\d+", text) else NO_NUMBER
        return None
    if (least is not None and number < least) or (most is not None and number > most):
        wrong[path] = _filled(OUTSIDE, f"{least or 0:g}", f"{most:g}")
    return number


def _either(shape: Shape, draft: Draft, wrong: Wrong, path: str) -> Any:
    which = draft["which"]
    bounds = {name: (least, most) for name, least, most in shape.bounds}
    if which not in bounds:
        if which not in dict(shape.options):
            wrong[f"{path}.which"] = NO_CHOICE
        return which
    if not draft["n"]:
        wrong[f"{path}.n"] = MISSING
        return None
    number = _number(draft["n"], *bounds[which], True, wrong, f"{path}.n")
    return number if which == "number" else {which: number}


def _table(shape: Shape, draft: Draft, wrong: Wrong, path: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    assert shape.inner is not None
    for row, one in enumerate(draft):
        key = one["key"]
        if not key:
            wrong[f"{path}.{row}.key"] = MISSING
        elif key in told:
            wrong[f"{path}.{row}.key"] = THERE_ALREADY
        told[key] = make(shape.inner, one["value"], wrong, f"{path}.{row}.value")
    return told


def _words(shape: Shape, draft: str, wrong: Wrong, path: str) -> list[Any]:
    inner = shape.inner
    assert inner is not None
    return [_plain(inner, one, wrong, path) for one in BETWEEN.split(draft) if one]


def _span(span: dict[str, str], wrong: Wrong, path: str) -> list[str]:
    """Every day of a span; none of an empty row."""
    if not span["from"] and not span["to"]:
        return []
    try:
        first = date.fromisoformat(span["from"])
        last = date.fromisoformat(span["to"]) if span["to"] else first
    except ValueError:
        wrong[path] = NO_DATE
        return []
    days = (last - first).days + 1
    if not 1 <= days <= SPAN_DAYS_MAX:
        wrong[path] = NO_SPAN
        return []
    return [(first + timedelta(days=n)).isoformat() for n in range(days)]


# --- where it is ------------------------------------------------------------------------------------------------


def located(shape: Shape, draft: Draft, field: str) -> list[str]:
    """Where in a draft the fields are that the API means by a name of its own (``windows.w01.queues``,
    ``queues[0].prefix``); all rows where it names none, nothing where it names nothing of this form."""
    return list(_located(shape, draft, [one for one in re.split(r"[.\[\]]+", field) if one], ""))


def _located(shape: Shape, draft: Draft, names: Sequence[str], path: str) -> list[str]:
    if not names:
        return [path]
    head, rest = names[0], names[1:]

    def below(name: object) -> str:
        return f"{path}.{name}" if path else str(name)

    match shape.kind:
        case "group":
            field = next((f for f in shape.fields if f.name == head), None)
            return [] if field is None else _located(field.shape, draft[head], rest, below(head))
        case "rows" if shape.inner is not None and shape.inner.kind == "group":
            first = shape.inner.fields[0].name
            rows = [row for row, one in enumerate(draft) if head in (str(row), one[first])]
            deeper = rest if rows else names
            return [
                found
                for row in rows or range(len(draft))
                for found in _located(shape.inner, draft[row], deeper, below(row))
            ]
        case "table":
            return [f"{below(row)}.key" for row, one in enumerate(draft) if one["key"] == head]
        case "fixed" if head in draft and shape.inner is not None:
            return _located(shape.inner, draft[head], rest, below(head))
        case "variants":
            return _located(shape.variant(draft["type"]), draft["is"], names, below("is"))
        case "text":
            return [below(head)]
    return [path]


def named(shape: Shape, field: str) -> list[Text]:
    """The names of the fields down to the one that the API means; what names a row is passed over."""
    told: list[Text] = []
    for name in re.split(r"[.\[\]]+", field):
        while shape.kind in ("rows", "table", "fixed") and shape.inner is not None:
            shape = shape.inner
        known = next((f for f in shape.fields if f.name == name), None)
        if known is not None:
            told.append(known.word.name)
            shape = known.shape
    return told
