"""Publishing an item: versions are counted, and a promise never exceeds the law."""

from typing import Any

import msgspec
import pytest

from domain import item
from domain.item import (
    APPLICANTS,
    HANDLINGS,
    KINDS,
    LEVELS,
    Code,
    Guide,
    ItemPlan,
    ItemPublished,
    Material,
    PublishItem,
    Question,
)
from domain.message import Text
from tests.spec import given

LICENCE = ItemPlan(
    name=Text("食品经营许可", "Food business licence"),
    kind="permit",
    level="county",
    applicants=("enterprise", "other"),
    unit=Text("唐河县市场监督管理局", "Tanghe Administration for Market Regulation"),
    handling="promised",
    statutory_limit_workdays=20,
    promised_limit_workdays=8,
    queue="d",
    online_depth="IV",
    visits=0,
    materials=(
        Material(name=Text("食品经营许可申请书", "Application")),
        Material(name=Text("营业执照", "Business licence"), originals=0, copies=1, exempt=True),
    ),
)


def changed(**fields: Any) -> ItemPlan:
    return msgspec.structs.replace(LICENCE, **fields)


def test_the_first_publication_is_version_one() -> None:
    state = given(item).when(PublishItem(LICENCE)).then(ItemPublished(LICENCE, 1))
    assert (state.plan, state.version) == (LICENCE, 1)


def test_every_change_is_the_next_version() -> None:
    quicker = changed(promised_limit_workdays=5)
    given(item, ItemPublished(LICENCE, 1)).when(PublishItem(quicker), PublishItem(LICENCE)).then(
        ItemPublished(LICENCE, 3)
    )


def test_publishing_what_is_published_changes_nothing() -> None:
    given(item, ItemPublished(LICENCE, 1)).when(PublishItem(LICENCE)).then()


def test_a_promise_longer_than_the_statute_is_refused() -> None:
    given(item).when(PublishItem(changed(promised_limit_workdays=21))).refused(
        "promise-longer-than-statute", promised=21, statutory=20, field="promised_limit_workdays"
    )


@pytest.mark.parametrize("statutory", [20, None])
def test_a_promise_may_equal_the_statute_or_stand_where_no_statute_is(statutory: int | None) -> None:
    plan = changed(statutory_limit_workdays=statutory, promised_limit_workdays=20)
    given(item).when(PublishItem(plan)).then(ItemPublished(plan, 1))


def test_an_item_handled_by_promise_must_promise_something() -> None:
    given(item).when(PublishItem(changed(promised_limit_workdays=None))).refused("promise-missing")


def test_an_item_handled_on_the_spot_needs_no_limit() -> None:
    plan = changed(handling="on-the-spot", statutory_limit_workdays=None, promised_limit_workdays=None)
    given(item).when(PublishItem(plan)).then(ItemPublished(plan, 1))


def test_a_material_is_listed_once() -> None:
    given(item).when(PublishItem(changed(materials=LICENCE.materials * 2))).refused(
        "named-twice", field="materials.name", names=["营业执照", "食品经营许可申请书"]
    )


def test_a_kind_of_applicant_is_listed_once() -> None:
    given(item).when(PublishItem(changed(applicants=("person", "person")))).refused(
        "named-twice", names=["person"]
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"applicants": []},
        {"promised_limit_workdays": 0},
        {"slots": 0},
        {"slots": 9},
        {"online_depth": "V"},
        {"kind": "licence"},
        {"basic_code": {"value": "0" * 51, "scheme": "gbt-39554"}},
        {"guide": {"phone": "see the door"}},
        {"colour": "blue"},
    ],
)
def test_a_plan_out_of_shape_cannot_even_be_read(fields: dict[str, Any]) -> None:
    written = msgspec.to_builtins(LICENCE) | fields
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, ItemPlan)


@pytest.mark.parametrize("value", ["000131024000", "11440232MB2D06811W4000117051000", "X" * 50])
def test_codes_of_any_scheme_in_force_are_kept_as_written(value: str) -> None:
    code = Code(value, "gbt-39554")
    plan = changed(basic_code=code, implementation_code=code)
    event = ItemPublished(plan, 1)
    assert msgspec.json.decode(msgspec.json.encode(event), type=ItemPublished) == event


def test_the_words_stand_for_the_codes_of_the_national_standard() -> None:
    assert [kind.code for kind in KINDS.values()] == [*(f"{n:02}" for n in range(11)), "20"]
    assert [level.code for level in LEVELS.values()] == list("1234567")
    assert [applicant.code for applicant in APPLICANTS.values()] == list("123456")
    assert {word: coded.code for word, coded in HANDLINGS.items()} == {"on-the-spot": "1", "promised": "2"}
    assert (KINDS["permit"].name.zh, LEVELS["county"].name.zh) == ("行政许可", "县级")


def test_the_stream_of_an_item_is_named_by_its_code() -> None:
    assert item.stream("demo-shipin-jingying") == "item-demo-shipin-jingying"


def test_a_guide_holds_its_fourteen_elements() -> None:
    said = (Text("一", "one"),)
    guide = Guide(
        conditions=said,
        fee=said[0],
        phone="12345",
        legal_basis=said,
        windows=said,
        process=said,
        result=said[0],
        questions=(Question(said[0], said[0]),),
        complaints=said[0],
        rights=said,
        remedies=said,
    )
    plan = changed(guide=guide, scope="across-provinces", matters=("open-a-restaurant",))
    assert given(item).when(PublishItem(plan)).then(ItemPublished(plan, 1)).plan == plan


def test_a_material_tells_where_its_blank_and_its_sample_are() -> None:
    told: dict[str, Any] = {"name": {"zh": "申请书", "en": "Application"}, "blank": "https://hall.test/a.pdf"}
    assert msgspec.convert(told, Material).blank == "https://hall.test/a.pdf"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(told | {"sample": "javascript:x"}, Material)
