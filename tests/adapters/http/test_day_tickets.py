"""A day ticket by ticket: what stands behind each figure of it."""

from collections import Counter

import pytest
from hypothesis import given

from adapters.http.day_tickets import told
from domain.workdays import SHANGHAI
from projections import day
from tests.adapters.http.serving import Served
from tests.adapters.http.test_past import head
from tests.adapters.http.test_reviews import served_ticket
from tests.days import days
from tests.histories import World


@given(days())
def test_the_tickets_of_a_day_are_what_its_figures_count(world: World) -> None:
    view = None
    for recorded in world.log:
        view = day.evolve(view, recorded)
    if view is None:
        return
    shown, tickets = day.present(view), told(world.log)
    assert len(tickets) == shown.issued
    by_hour = Counter(ticket.issued_at.astimezone(SHANGHAI).hour for ticket in tickets)
    assert by_hour == Counter({hour.hour: hour.issued for hour in shown.hours})
    waits = sorted(ticket.wait_s for ticket in tickets if ticket.wait_s is not None)
    assert waits == sorted(
        wait for windows in view.counts.values() for c in windows.values() for wait in c.waits
    )
    assert all(ticket.events[0].what == "ticket-issued" for ticket in tickets)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_bar_of_the_day_is_the_tickets_it_leads_to(office: Served) -> None:
    await served_ticket(office, "huyang")
    await office.post("/halls/huyang/tickets", {"queue": "a"}, office.bearer("kiosk", hall="huyang"))
    director, at = office.bearer("supervisor", "director", hall="huyang"), await head(office)
    path = "/halls/huyang/day"
    shown = (await office.get(path, director, after=at)).json()
    for hour in shown["hours"]:
        found = (await office.get(f"{path}/tickets", director, hour=hour["hour"])).json()
        assert found["count"] == hour["issued"]
    for n, band in enumerate(shown["bands"]):
        found = (await office.get(f"{path}/tickets", director, band=n)).json()
        assert found["count"] == band["served"]
    served = (await office.get(f"{path}/tickets", director, served=True, limit=1)).json()
    (one,) = served["tickets"]
    assert [event["what"] for event in one["events"]] == [
        "ticket-issued",
        "ticket-called",
        "service-started",
        "service-finished",
    ]
    assert "person" not in str(served)
    assert (await office.get(f"{path}/tickets", director, as_of=1)).json()["count"] == 0
    assert (await office.get(f"{path}/tickets", office.bearer("clerk", hall="huyang"))).status_code == 403
    other = await office.get("/halls/tanghe/day/tickets", director)
    assert (other.status_code, other.json()["code"]) == (403, "other-hall")
