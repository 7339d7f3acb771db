"""The unified social credit code checks itself, and with it the implementation code of an item."""

from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from domain import credit_code, item
from domain.item import Code, ItemPublished, PublishItem
from tests.domain.test_item import changed
from tests.spec import given as spec_given


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
