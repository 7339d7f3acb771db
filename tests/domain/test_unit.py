"""A unit that lags again and again is called to a talk (约谈): once for each lag, and one talk at a time."""

from datetime import datetime, timedelta

from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from domain import unit
from domain.promises import broken
from domain.rectification import RectificationOverdue
from domain.unit import HoldTalk, LagNoted, NoteLag, TalkCalled, TalkHeld, TalkRule
from domain.workdays import Due
from tests.domain.test_policies import asked
from tests.spec import NINE, given

RULE, DUE = TalkRule(lags=2, days=30, hold_workdays=5), Due(NINE + timedelta(days=7))


def lag(service: str, step: str = "contact", rule: TalkRule = RULE) -> NoteLag:
    return NoteLag(service, step, rule, DUE)  # type: ignore[arg-type]


CALLED = TalkCalled("s2.rectify", ("s1.contact", "s2.rectify"), DUE)


def test_lagging_again_calls_to_a_talk() -> None:
    told = given(unit).when(lag("s1")).then(LagNoted("s1", "contact"))
    assert told.called is None
    given(unit, LagNoted("s1", "contact")).when(lag("s2", "rectify")).then(LagNoted("s2", "rectify"), CALLED)
    given(unit, LagNoted("s1", "contact")).when(lag("s1")).then()


def test_what_is_long_ago_is_not_counted() -> None:
    told = given(unit, LagNoted("s1", "contact")).at_time(NINE + timedelta(days=31))
    told.when(lag("s2", "rectify")).then(LagNoted("s2", "rectify"))


def test_one_talk_at_a_time_and_none_twice_for_the_same() -> None:
    told = given(unit, LagNoted("s1", "contact"), LagNoted("s2", "rectify"), CALLED)
    told.when(lag("s3")).then(LagNoted("s3", "contact"))
    told.when(HoldTalk("s9.contact", "科长", "x", "y")).refused("unknown-talk")
    held = HoldTalk("s2.rectify", "科长", "两次逾期", "每日检查")
    told.when(held).then(TalkHeld("s2.rectify", "科长", "两次逾期", "每日检查"))
    told.when(held).then()
    told.when(HoldTalk("s2.rectify", "科长", "别的", "y")).refused("talk-held")
    told.when(lag("s4")).then(
        LagNoted("s4", "contact"), TalkCalled("s4.contact", ("s3.contact", "s4.contact"), DUE)
    )


def test_every_deadline_a_unit_lets_pass_counts_once() -> None:
    overdue = RectificationOverdue("rectify", "market-office")
    _, noted = asked("review-case.t1", overdue)
    assert noted.stream == "unit-market-office"
    assert isinstance(noted.command, NoteLag)
    assert (noted.command.service, noted.command.step) == ("case.t1", "rectify")
    still = RectificationOverdue("still-overdue", "market-office")
    assert len(asked("review-case.t1", still)) == 1


@hypothesis_given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20), st.booleans()), max_size=30),
    st.integers(1, 4),
    st.integers(1, 60),
)
def test_a_talk_is_called_exactly_when_so_many_uncounted_lags_fell_into_the_days(
    happened: list[tuple[int, int, bool]], lags: int, days: int
) -> None:
    """Against a plain recount: a list of lags with their days, struck out when a talk was called for them."""
    rule = TalkRule(lags=lags, days=days)
    told, day, open_talk = given(unit), 0, None
    known: set[str] = set()
    waiting: dict[str, datetime] = {}
    for number, later, hold in happened:
        day += later
        at, name = NINE + timedelta(days=day), f"s{number}.contact"
        told.at_time(at).when(lag(f"s{number}", rule=rule))
        calls = [event for event in told.decided or () if isinstance(event, TalkCalled)]  # type: ignore[union-attr]
        expected: tuple[str, ...] = ()
        if name not in known:
            known.add(name)
            waiting[name] = at
            recent = [one for one, since in waiting.items() if since >= at - timedelta(days=days)]
            if open_talk is None and len(recent) >= lags:
                expected, open_talk = tuple(recent), name
                waiting = {one: since for one, since in waiting.items() if one not in recent}
        assert [event.lags for event in calls] == ([expected] if expected else [])
        if hold and open_talk is not None:
            told.when(HoldTalk(open_talk, "科长", "x", "y"))
            open_talk = None
    assert list(broken("unit-office", told.state)) == []
