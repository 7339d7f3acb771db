"""Where two documents differ is told field by field."""

from domain.differences import Change, differences
from domain.item import Guide
from tests.domain.test_item import LICENCE, changed


def test_differences_are_told_field_by_field() -> None:
    later = changed(promised_limit_workdays=5, guide=Guide(phone="12315"), materials=LICENCE.materials[:1])
    told = differences(LICENCE, later)
    assert Change("promised_limit_workdays", 8, 5) in told
    assert Change("guide.phone", None, "12315") in told
    assert Change("materials.2.name.zh", "营业执照", None) in told
    assert differences(LICENCE, LICENCE) == []
    assert Change("queue", None, "d") in differences(None, LICENCE)
