"""Acts as forms: what may be done to a thing now, with which fields. Each act is the API's command of that name."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from adapters.web.site import Form, Visit
from domain.message import Text

Work = Mapping[str, Any]
"""A thing as the API tells it."""


class Field(NamedTuple):
    """A field of an act's form; with ``options`` one of several."""

    name: str
    label: str
    kind: Literal["line", "area", "number", "choice"] = "line"
    options: Mapping[str, Text] = {}
    hint: str = ""
    required: bool = True


class Act(NamedTuple):
    """A step that can be taken while ``when`` holds; ``next`` says whether it is what the work waits for."""

    label: str
    fields: tuple[Field, ...]
    when: Callable[[Work], bool]
    next: Callable[[Work], bool] = lambda work: False


def body_of(act: Act, form: Form) -> dict[str, Any]:
    """What was filled in, as the command takes it. What is no number goes as it is: the API says what is wrong.

    Raises:
        Refusal: 422, something that is needed is empty.
    """
    form.needs(*(field.name for field in act.fields if field.required))
    told = form.given(*(field.name for field in act.fields))
    numbers = {field.name for field in act.fields if field.kind == "number"}
    return {
        name: int(text) if name in numbers and text.isascii() and text.isdigit() else text
        for name, text in told.items()
    }


def forms_of(sent: Mapping[str, Form], acts: Iterable[str]) -> dict[str, Form]:
    """A form for each act, the sent one with what was typed; each with names of its own for its fields' labels."""
    forms = {act: sent.get(act) or Form() for act in acts}
    for act, form in forms.items():
        form.ids = f"f-{act}"
    return forms


def offered(visit: Visit) -> Callable[[Field], list[tuple[str, str]]]:
    """A field's options as the visitor reads them."""
    return lambda field: [(value, visit.say(text)) for value, text in field.options.items()]
