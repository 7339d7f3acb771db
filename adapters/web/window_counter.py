"""The counter for people without a smartphone: a ticket, a check-in or a booking made for whoever stands there."""

from datetime import date as Date
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from adapters.web.api import Refusal
from adapters.web.codes import drawn
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.window import CLERKS, items
from adapters.web.window_cases import CONSENTS, hall_of
from adapters.web.words import N_
from domain.order import PRIORITY_NAMES

LISTED = 100

STATUSES = {
    "booked": N_("已预约"),
    "checked-in": N_("已签到"),
    "cancelled": N_("已取消"),
    "missed": N_("未按时到场"),
}
"""What a desk calls the state of an appointment."""


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/window/counter")
    async def counter(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        return await tickets(visit)

    async def tickets(
        visit: Visit,
        ticket: Form | None = None,
        arrival: Form | None = None,
        undo: Form | None = None,
        undone: str = "",
        desk: Form | None = None,
        done: dict[str, Any] | None = None,
    ) -> Page:
        ticket, arrival, undo, desk = ticket or Form(), arrival or Form(), undo or Form(), desk or Form()
        hall = await hall_of(visit, ticket)
        return visit.page(
            "window/counter.html",
            form=next((one for one in (ticket, arrival, undo) if one.problem), desk),
            ticket=ticket,
            arrival=arrival,
            undo=undo,
            undone=undone,
            desk=desk,
            done=done,
            items=await items(visit, hall),
            priorities=list(PRIORITY_NAMES.items()),
        )

    async def handed(visit: Visit, hall: str, receipt: dict[str, Any]) -> Page:
        """The slip of a ticket, as the answer to its form: its link stands in no address, and the form sent again
        brings the same slip."""
        place = await visit.api.get(f"/halls/{hall}")
        code = drawn(visit.address(f"/follow/{receipt['follow']}"))
        queue = next((one for one in place["queues"] if one["queue"] == receipt["queue"]), None)
        return visit.page(
            "window/slip.html", slip=receipt, hall=place, queue=queue, code=code, at=site.clock()
        )

    @post("/window/counter/ticket", status_code=200)
    async def take(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        async with form.back_to(lambda wrong: tickets(visit, ticket=wrong)):
            form.needs("item")
            hall = await hall_of(visit, form)
            receipt = await visit.api.post(
                f"/halls/{hall}/tickets", form.given("item", "priority"), key=form.key
            )
        return await handed(visit, hall, receipt)

    @post("/window/counter/check-in", status_code=200)
    async def arrive(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        listed = form["appointment"]
        hall = await hall_of(visit, form)
        path = f"/appointments/{quote(listed, safe='')}/check-in" if listed else f"/halls/{hall}/check-in"
        told = form.given("priority") if listed else form.given("id_number", "priority")
        async with form.back_to(lambda wrong: tickets(visit, arrival=wrong)):
            if not listed:
                form.needs("id_number")
            receipt = await visit.api.post(path, told, key=form.key)
        return await handed(visit, hall, receipt)

    @post("/window/counter/check-in/undo", status_code=200)
    async def return_to_calendar(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        async with form.back_to(lambda wrong: tickets(visit, undo=wrong)):
            form.needs("ticket")
            hall, number = await hall_of(visit, form), form["ticket"]
            number = number if "." in number else number.upper()  # a list names the ticket, people its number
            made = await visit.api.post(f"/halls/{hall}/check-in/undo", {"ticket": number}, key=form.key)
        if "." in number:
            return visit.go(f"/window/day?after={made['position']}")
        return await tickets(visit, undone=number)

    @post("/window/counter/number", status_code=200)
    async def put_right(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        async with form.back_to(lambda wrong: tickets(visit, desk=wrong)):
            form.needs("number")
            hall, number = await hall_of(visit, form), quote(form["number"].upper(), safe="")
            act = "leave" if form["act"] == "leave" else "change"
            body = form.given("item", "priority") if act == "change" else {}
            made = await visit.api.post(f"/halls/{hall}/numbers/{number}/{act}", body, key=form.key)
        return await tickets(visit, done=made)

    @get("/window/day")
    async def expected(
        visit: Visiting, date: FromQuery[str] = "", cursor: FromQuery[str] = "", after: FromQuery[int] = 0
    ) -> Page:
        """Who is expected at the hall on a day."""
        visit.require(*CLERKS)
        form = Form()
        hall, today = await hall_of(visit, form), site.today()
        try:
            day = Date.fromisoformat(date) if date else today
        except ValueError:
            day = today
        found = await visit.api.get(
            f"/halls/{hall}/appointments",
            date=day.isoformat(),
            limit=LISTED,
            cursor=cursor or None,
            after=after,
        )
        return visit.page(
            "window/day.html",
            form=form,
            day=day,
            today=day == today,
            before=day - timedelta(days=1),
            behind=day + timedelta(days=1),
            listed=found["appointments"],
            more=found["cursor"],
            statuses=STATUSES,
        )

    @get("/window/counter/booking")
    async def booking(visit: Visiting, item: FromQuery[str] = "", date: FromQuery[str] = "") -> Page:
        visit.require(*CLERKS)
        return await places(visit, Form([("item", item), ("date", date)]))

    async def places(visit: Visit, form: Form) -> Page:
        hall = await hall_of(visit, form)
        slots: list[Any] = []
        today = site.today()
        if form["item"] and form["date"]:
            try:
                found = await visit.api.get(f"/halls/{hall}/slots", item=form["item"], date=form["date"])
                slots = [slot for slot in found["slots"] if slot["remaining"]]
            except Refusal as refusal:
                form = form.wrong(refusal)
        return visit.page(
            "window/booking.html",
            form=form,
            items=await items(visit, hall),
            slots=slots,
            consents=CONSENTS,
            tomorrow=today + timedelta(days=1),
        )

    @post("/window/counter/booking")
    async def book(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        async with form.back_to(lambda wrong: places(visit, wrong)):
            form.needs("slot", "person.name", "person.id_number", "consent")
            hall = await hall_of(visit, form)
            named = {name: form[f"person.{name}"] for name in ("name", "id_number", "phone", "mail")}
            body = {
                **form.given("item", "date", "slot"),
                "person": {name: text for name, text in named.items() if text},
                "on_behalf": {"kind": "assisted", "consent": form["consent"]},
            }
            made = await visit.api.post(f"/halls/{hall}/appointments", body, key=form.key)
        return visit.go(f"/appointments/{quote(made['voucher'])}")

    return [expected, counter, take, arrive, return_to_calendar, put_right, booking, book]
