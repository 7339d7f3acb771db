"""The terms of regions: numbered, inherited from above, and in force for what begins afterwards."""

from domain import region
from domain.hall import HallConfigured
from domain.message import Recorded
from domain.region import InForce, SetTerms, TermsSet, upwards
from domain.rules import AT_ONCE, KINDS, RULES, Rule
from domain.terms import DEFAULT, Terms, told
from tests.histories import HALL
from tests.spec import given, stamp

STRICT = Terms(review_days=15, rules={"delivery": Rule(workdays=4, yellow=AT_ONCE)})
COUNTY, CITY, PROVINCE = "411328000000", "411300000000", "410000000000"


def test_terms_are_numbered_and_set_once() -> None:
    told = given(region).when(SetTerms(STRICT))
    told.then(TermsSet(STRICT, 1))
    told.when(SetTerms(STRICT)).then()
    told.when(SetTerms(Terms())).then(TermsSet(Terms(), 2))


def test_a_rule_that_is_not_named_is_as_proposed() -> None:
    assert STRICT.rule("delivery").workdays == 4
    assert all(STRICT.rule(name) == KINDS[name].default for name in RULES if name != "delivery")


def test_a_region_lies_in_those_its_code_names() -> None:
    assert upwards("411328101201") == ["411328101201", "411328101000", COUNTY, CITY, PROVINCE]
    assert upwards(COUNTY) == [COUNTY, CITY, PROVINCE]
    assert upwards("") == []


def test_a_hall_is_governed_by_the_nearest_region_that_has_set_terms() -> None:
    held = InForce()
    assert held.of("tanghe") == DEFAULT

    def happen(stream: str, event: object) -> None:
        held.take(Recorded(stream, 1, 1, stamp(), event))

    happen("hall-tanghe", HallConfigured(HALL))
    happen(f"region-{CITY}", TermsSet(STRICT, 1))
    assert held.of("tanghe") == STRICT
    assert held.of("elsewhere") == DEFAULT
    own = Terms(review_days=7)
    happen(f"region-{COUNTY}", TermsSet(own, 1))
    assert held.of("tanghe") == own
    assert held.of_region("411323000000") == STRICT
    assert held.setter(PROVINCE) is None


def test_every_term_is_told_with_its_basis() -> None:
    assert all(term.name.zh and term.basis.en for term in told(DEFAULT).values())
    assert told(DEFAULT)["cases.acceptance"].value == 5
