"""The appointments of a hall's day, as its staff see who is expected, who has come and who has not."""

from datetime import datetime, time
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters.http.access import API
from adapters.http.appointments import item_name
from adapters.http.parts import Parts
from adapters.http.reading import LIMIT, After, Cursor, Day, Limit, caught_up, listing, lists, shape
from adapters.people import Masked
from domain.booking import BehalfKind
from domain.message import Text
from domain.slots import Status
from domain.workdays import SHANGHAI
from projections import appointments

HIDDEN = frozenset(("person", "on_behalf", "missed_at", "slots"))

Expected = shape(
    "ExpectedAppointment",
    appointments.View,
    without=[*HIDDEN],
    item_name=Text,
    person=Masked | None,
    on_behalf=BehalfKind | None,
)

Standing = Annotated[Status | None, QueryParameter(name="status", description="Only these.")]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/halls/{{hall:str}}/appointments",
        operation_id="hall_appointments",
        responses=lists("appointments", Expected),
        summary="The appointments of a hall's day in the order of their time, names masked",
        tags=["appointments"],
    )
    async def expected(
        hall: FromPath[str],
        date: Day = None,
        status: Standing = None,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        parts.catalogue.hall(hall)
        day = date or parts.today()
        first, last = (datetime.combine(day, at, SHANGHAI) for at in (time.min, time.max))
        where: dict[str, Any] = {
            "hall": hall,
            "starts_at": [(">=", first), ("<=", last)],
        }
        if status is not None:
            where["status"] = status
        await caught_up(parts.views, appointments.NAME, after)
        page = await parts.views.find(appointments.NAME, where, "starts_at", limit, cursor)
        views = [msgspec.json.decode(doc, type=appointments.View) for doc in page.docs]
        shown = [await told(view) for view in views]
        return listing("appointments", shown, page.cursor, page.position, page.as_of)

    async def told(view: appointments.View) -> dict[str, Any]:
        return (
            {name: getattr(view, name) for name in view.__struct_fields__ if name not in HIDDEN}
            | {"person": await parts.people.masked(view.person)}
            | {"on_behalf": view.on_behalf and view.on_behalf.kind}
            | {"item_name": item_name(parts, view.item)}
        )

    return [expected]
