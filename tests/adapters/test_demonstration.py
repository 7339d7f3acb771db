"""The demonstration region: it can be set up, again and again, and a mistake in it is told by file and place."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import chinese_calendar
import msgspec
import pytest

from adapters.demonstration.plans import HERE, Plans, accounts, asks, plans
from domain.catalogue import EVENTS
from domain.handling import Held, fresh, perform
from domain.workdays import Calendar, is_working_day
from tests.spec import stamp


@pytest.fixture(scope="module")
def region() -> Plans:
    return plans()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder of one's own to make mistakes in."""
    return Path(shutil.copytree(HERE, tmp_path / "region"))


class Streams(dict[str, Held]):
    def __missing__(self, stream: str) -> Held:
        self[stream] = fresh(stream)
        return self[stream]


# --- setting up -----------------------------------------------------------------------------------------------


def test_the_whole_region_is_accepted_by_the_rules_and_a_second_time_changes_nothing() -> None:
    streams = Streams()
    commands = asks()
    first = perform(commands, streams.__getitem__, stamp())
    assert [pending.stream for pending in first] == [ask.stream for ask in commands]
    assert perform(asks(), streams.__getitem__, stamp()) == []


def test_every_event_it_makes_can_be_stored_and_read_back() -> None:
    for pending in perform(asks(), Streams().__getitem__, stamp()):
        kind = EVENTS[str(pending.event.__struct_config__.tag)]
        assert msgspec.json.decode(msgspec.json.encode(pending.event), type=kind) == pending.event


def test_the_calendars_come_before_all_that_is_counted_by_them() -> None:
    categories = [ask.stream.partition("-")[0] for ask in asks()]
    assert categories == sorted(categories, key=["calendar", "hall", "item"].index)


# --- what is in it --------------------------------------------------------------------------------------------


def test_there_is_a_county_centre_of_twelve_windows_and_township_halls_below_it(region: Plans) -> None:
    centre, *townships = region.halls
    assert (centre.hall, centre.plan.region, len(centre.plan.windows)) == ("tanghe", "411328000000", 12)
    assert "".join(queue.prefix for queue in centre.plan.queues) == "ABCDEF"
    assert len(townships) >= 5
    for named in townships:
        assert (named.plan.kind, named.plan.parent, len(named.plan.windows)) == ("township", "tanghe", 3)


def test_every_queue_is_served_and_every_session_keeps_places_for_people_who_just_come(region: Plans) -> None:
    for named in region.halls:
        served = {queue for window in named.plan.windows for queue in window.queues}
        assert served == {queue.queue for queue in named.plan.queues}
        assert all(session.walk_in > 0 for session in named.plan.sessions)
        assert named.plan.sessions


def test_every_queue_of_the_centre_has_items(region: Plans) -> None:
    assert {named.plan.queue for named in region.items} == set("abcdef")
    assert len(region.items) >= 40


def test_an_item_asks_for_something_and_bears_no_code_that_looks_official(region: Plans) -> None:
    for named in region.items:
        assert named.item.startswith("demo-")
        assert (named.plan.basic_code, named.plan.implementation_code) == (None, None)
        assert len(named.plan.materials) >= 2


def test_permits_have_the_twenty_working_days_of_the_law_and_say_so(region: Plans) -> None:
    permits = [named for named in region.items if named.plan.kind == "permit"]
    assert permits
    for named in permits:
        assert named.plan.statutory_limit_workdays == 20
        assert "行政许可法 第四十二条" in named.sources["statutory_limit_workdays"]


def test_no_two_items_or_halls_have_the_same_name(region: Plans) -> None:
    names = [named.plan.name.zh for named in region.items] + [named.plan.name.zh for named in region.halls]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_whatever_is_not_official_is_marked_as_demonstration(region: Plans) -> None:
    assert all(named.plan.demonstration for named in region.halls)
    assert all(named.plan.demonstration for named in region.items)
    assert {place.region for place in region.regions if not place.demonstration} == {
        "410000000000",
        "411300000000",
        "411328000000",
    }


def test_a_township_lies_in_the_county_by_its_code(region: Plans) -> None:
    townships = [place for place in region.regions if place.level == "township"]
    assert len(townships) >= 20
    assert all(place.region.startswith("411328") and place.parent == "411328000000" for place in townships)


def test_the_gazetted_years_are_the_official_ones(region: Plans) -> None:
    calendar = Calendar(region.years)
    assert calendar.gazetted == {2025, 2026}
    days = [date.fromordinal(n) for n in range(date(2025, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    assert [day for day in days if is_working_day(calendar, day) != chinese_calendar.is_workday(day)] == []


def test_every_role_has_an_account_and_every_window_a_clerk(region: Plans) -> None:
    assert {account.role for account in accounts()} == {
        "citizen", "kiosk", "screen", "clerk", "supervisor", "admin", "auditor", "partner",
    }  # fmt: skip
    clerks = {(account.hall, account.window) for account in accounts() if account.role == "clerk"}
    windows = {(named.hall, window.window) for named in region.halls for window in named.plan.windows}
    assert clerks == windows
    assert len({account.subject for account in accounts()}) == len(accounts())


# --- mistakes -------------------------------------------------------------------------------------------------


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    written = json.loads(path.read_text("utf-8"))
    change(written)
    path.write_text(json.dumps(written, ensure_ascii=False), "utf-8")


def test_a_value_out_of_shape_is_told_by_file_and_place(copy: Path) -> None:
    rewrite(copy / "items" / "market.json", lambda f: f["items"][2]["plan"].update(kind="licence"))
    with pytest.raises(ValueError, match=r"market\.json: .*'licence'.* at `\$\.items\[2\]\.plan\.kind`"):
        asks(copy)


def test_a_misspelt_field_is_told_and_not_ignored(copy: Path) -> None:
    rewrite(copy / "halls.json", lambda f: f["halls"][0]["plan"].update(recals=3))
    with pytest.raises(ValueError, match=r"halls\.json: .*`recals` - at `\$\.halls\[0\]\.plan`"):
        asks(copy)


def test_a_file_that_is_not_json_is_told_by_name(copy: Path) -> None:
    (copy / "accounts.json").write_text("{", "utf-8")
    with pytest.raises(ValueError, match=r"accounts\.json: "):
        accounts(copy)


def test_a_missing_file_is_told_by_name(copy: Path) -> None:
    (copy / "calendars.json").unlink()
    with pytest.raises(ValueError, match=r"calendars\.json: "):
        asks(copy)


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        (
            "regions.json",
            lambda f: f["regions"][1].update(parent="420000000000"),
            "region 411300000000 lies in 420000000000, which is not listed",
        ),
        (
            "regions.json",
            lambda f: f["regions"].append(f["regions"][0]),
            "region 410000000000 is listed twice",
        ),
        (
            "halls.json",
            lambda f: f["halls"][1]["plan"].update(parent="nanyang"),
            "hall yuantan belongs to hall nanyang, which is not listed",
        ),
        (
            "halls.json",
            lambda f: f["halls"][1]["plan"].update(region="411329000000"),
            "hall yuantan lies in region 411329000000, which is not listed",
        ),
        ("halls.json", lambda f: f["halls"].append(f["halls"][1]), "hall yuantan is listed twice"),
        (
            "items/taxation.json",
            lambda f: f["items"][0]["plan"].update(queue="g"),
            "item demo-wanshui-zhengming waits in queue g, which no hall has",
        ),
        (
            "items/taxation.json",
            lambda f: f["items"][0].update(sources={"colour": "the door"}),
            "item demo-wanshui-zhengming gives a source for colour, which is no field of an item",
        ),
        (
            "items/taxation.json",
            lambda f: f["items"].append(f["items"][0]),
            "item demo-wanshui-zhengming is listed twice",
        ),
        (
            "items/matters.json",
            lambda f: f["items"][0]["plan"].update(parts=["demo-nothing"]),
            "item demo-xinshenger holds demo-nothing together with others, which is not listed",
        ),
        (
            "items/matters.json",
            lambda f: f["items"][0]["plan"].update(parts=["demo-kaiban-canyin"]),
            "item demo-xinshenger holds demo-kaiban-canyin, which holds others itself",
        ),
        ("calendars.json", lambda f: f["years"].append(f["years"][0]), "calendar 2025 is listed twice"),
        (
            "accounts.json",
            lambda f: f["accounts"].append(f["accounts"][0]),
            "account admin:admin-01 is listed twice",
        ),
        (
            "accounts.json",
            lambda f: f["accounts"].append(
                {"role": "clerk", "subject": "clerk-w13", "hall": "tanghe", "window": "w13"}
            ),
            "account clerk-w13 works at window w13, which its hall has not",
        ),
        (
            "accounts.json",
            lambda f: f["accounts"].append({"role": "clerk", "subject": "clerk-lost", "window": "w01"}),
            "account clerk-lost works at window w01, which its hall has not",
        ),
        (
            "accounts.json",
            lambda f: f["accounts"].append({"role": "screen", "subject": "screen-lost", "hall": "nowhere"}),
            "account screen-lost works in hall nowhere, which is not listed",
        ),
    ],
)
def test_things_that_do_not_fit_together_are_told_in_a_sentence(
    copy: Path, file: str, change: Callable[[Any], None], told: str
) -> None:
    rewrite(copy / file, change)
    with pytest.raises(ValueError, match=told):
        plans(copy)
