"""Every event can be read in words."""

import msgspec

from domain.catalogue import EVENTS
from projections.happenings import FACTS, HAPPENINGS


def test_every_event_has_a_name() -> None:
    nameless = EVENTS.keys() - HAPPENINGS.keys()
    assert not nameless, f"name them in projections/happenings.py HAPPENINGS: {nameless}"
    assert HAPPENINGS.keys() <= EVENTS.keys()


def test_every_fact_of_an_event_has_a_name() -> None:
    fields = {field.name for event in EVENTS.values() for field in msgspec.structs.fields(event)}
    nameless = fields - FACTS.keys()
    assert not nameless, f"name them in projections/happenings.py FACTS: {nameless}"
