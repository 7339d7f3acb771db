"""One stored event of every tag ever written: whatever changes, the log of yesterday can be read.

``samples.jsonl`` only grows. A new event adds its line; a line that is there is never edited, for somebody's log
holds it as it stands.
"""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters import envelope
from domain import policies
from domain.catalogue import EVENTS
from domain.message import Stamp
from domain.workdays import Calendar
from projections import PROJECTIONS

SAMPLES = [json.loads(line) for line in (Path(__file__).parent / "samples.jsonl").read_text().splitlines()]


def holds(told: Any, sample: Any) -> bool:
    """Whether what is told holds all of the sample; optional fields may have been added since."""
    if isinstance(sample, dict):
        return isinstance(told, dict) and all(
            name in told and holds(told[name], sample[name]) for name in sample
        )
    if isinstance(sample, list):
        return len(told) == len(sample) and all(map(holds, told, sample))
    return bool(told == sample)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["topic"])
def test_an_event_once_written_can_still_be_read(sample: dict[str, object]) -> None:
    state = json.dumps(sample["state"]).encode()
    read = envelope.read(str(sample["stream"]), 1, 1, str(sample["topic"]), state)
    again = json.loads(envelope.write(read.event, read.stamp, read.nth))
    assert holds(again, sample["state"])


def test_every_event_has_its_sample() -> None:
    assert {sample["topic"] for sample in SAMPLES} >= set(EVENTS)


def test_nothing_follows_from_what_the_policies_need_not_read() -> None:
    idle = {str(event.__struct_config__.tag) for event in policies.NOTHING_FOLLOWS}
    told = [sample for sample in SAMPLES if sample["topic"] in idle]
    assert {sample["topic"] for sample in told} == idle
    for sample in told:
        state = json.dumps(sample["state"]).encode()
        recorded = envelope.read(sample["stream"], 1, 1, sample["topic"], state)
        assert policies.react(recorded, Calendar()) == []


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.NAME)
def test_a_projection_says_which_events_it_takes(projection: ModuleType) -> None:
    assert set(EVENTS.values()) >= projection.MINE
    for sample in SAMPLES:
        state = json.dumps(sample["state"]).encode()
        recorded = envelope.read(sample["stream"], 1, 1, sample["topic"], state)
        assert type(recorded.event) in projection.MINE or projection.key(recorded) is None


def test_the_envelope_is_a_stamp_and_an_event() -> None:
    told = {name for sample in SAMPLES for name in sample["state"]}
    assert told - {"event", "nth", "v"} <= set(Stamp.__struct_fields__)
