"""Items as other platforms list them: rows, differences, and the code that checks itself."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from domain import credit_code, item
from domain.guide_table import Change, checked, differences, from_row
from domain.item import Code, Guide, ItemPublished, Material, PublishItem, Question
from domain.message import Text
from tests.domain.test_item import LICENCE, changed
from tests.spec import given as spec_given

ROW = {
    "item": "food-licence",
    "name_zh": "食品经营许可",
    "name_en": "Food business licence",
    "kind": "permit",
    "level": "county",
    "applicants": "enterprise; other",
    "unit_zh": "唐河县市场监督管理局",
    "handling": "promised",
    "statutory_limit_workdays": "20",
    "promised_limit_workdays": "8",
    "queue": "d",
    "bookable": "是",
    "online_depth": "IV",
    "visits": "0",
    "materials": "申请书;营业执照",
    "implementation_code": "11440232MB2D06811W4000117051000",
    "scheme": "gbt-39554",
}


def test_a_row_is_an_item() -> None:
    named = checked(from_row(ROW))
    plan = named.plan
    assert named.item == "food-licence"
    assert (plan.name, plan.unit.en) == (
        Text("食品经营许可", "Food business licence"),
        "唐河县市场监督管理局",
    )
    assert (plan.applicants, plan.promised_limit_workdays, plan.bookable) == (
        ("enterprise", "other"),
        8,
        True,
    )
    assert [material.name.zh for material in plan.materials] == ["申请书", "营业执照"]
    assert plan.implementation_code == Code("11440232MB2D06811W4000117051000", "gbt-39554")


@pytest.mark.parametrize(("column", "cell"), [("visits", "x"), ("bookable", "maybe"), ("colour", "red")])
def test_a_row_that_cannot_be_read_says_where(column: str, cell: str) -> None:
    with pytest.raises(ValueError, match=column):
        from_row(ROW | {column: cell})


@pytest.mark.parametrize(
    ("column", "cell"), [("kind", "x"), ("item", "食品"), ("visits", "10"), ("name_zh", "")]
)
def test_a_row_that_is_no_item_is_none(column: str, cell: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        checked(from_row(ROW | {column: cell}))


def test_differences_are_told_field_by_field() -> None:
    later = changed(promised_limit_workdays=5, guide=Guide(phone="12315"), materials=LICENCE.materials[:1])
    told = differences(LICENCE, later)
    assert Change("promised_limit_workdays", 8, 5) in told
    assert Change("guide.phone", None, "12315") in told
    assert Change("materials.2.name.zh", "营业执照", None) in told
    assert differences(LICENCE, LICENCE) == []
    assert Change("queue", None, "d") in differences(None, LICENCE)


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
    assert spec_given(item).when(PublishItem(plan)).then(ItemPublished(plan, 1)).plan == plan


def test_a_material_tells_where_its_blank_and_its_sample_are() -> None:
    told: dict[str, Any] = {"name": {"zh": "申请书", "en": "Application"}, "blank": "https://hall.test/a.pdf"}
    assert msgspec.convert(told, Material).blank == "https://hall.test/a.pdf"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(told | {"sample": "javascript:x"}, Material)


# --- the unified social credit code -----------------------------------------------------------------------------


def test_a_code_in_use_checks() -> None:
    assert credit_code.valid("11440232MB2D06811W")
    assert not credit_code.valid("11440232MB2D068111")
    assert not credit_code.valid("11440232MB2D06811")
    assert not credit_code.valid("11440232MB2D0681IW")
    assert not credit_code.valid("")


@given(st.text(credit_code.ALPHABET, min_size=17, max_size=17))
def test_the_check_character_is_what_another_implementation_says(body: str) -> None:
    assert credit_code.check_character(body) == uscc.calc_check_digit(body)


@given(
    st.text(credit_code.ALPHABET, min_size=17, max_size=17),
    st.integers(0, 16),
    st.sampled_from(credit_code.ALPHABET),
)
def test_one_wrong_character_is_found(body: str, place: int, wrong: str) -> None:
    code = body + credit_code.check_character(body)
    other = code[:place] + wrong + code[place + 1 :]
    assert credit_code.valid(other) == (other == code)


def test_an_implementation_code_of_the_national_scheme_checks() -> None:
    wrong = changed(implementation_code=Code("11440232MB2D0681114000117051000", "gbt-39554"))
    spec_given(item).when(PublishItem(wrong)).refused("credit-code-invalid", field="implementation_code")
    other = changed(implementation_code=Code("11440232MB2D0681114000117051000", "a-province"))
    spec_given(item).when(PublishItem(other)).then(ItemPublished(other, 1))
