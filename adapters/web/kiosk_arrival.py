"""Checking in at a kiosk: by the voucher's code, by the number of a document, or by a phone or
a mail address and the code that is sent there."""

from collections.abc import Callable
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.kiosk import HOME, device_of, handed, scanned, slips, sorry
from adapters.web.site import Form, Page, Site, Visit, Visiting
from domain.order import PRIORITY_NAMES


def routes(site: Site, secret: bytes) -> list[HTTPRouteHandler]:
    """The handlers. ``secret`` is the deployment's own."""
    sealer, no = slips(secret), sorry(site)

    async def shown(visit: Visit, hall: str, template: str, form: Form) -> Page:
        plan = await visit.api.get(f"/halls/{hall}")
        return visit.page(f"kiosk/{template}.html", name=hall, hall=plan, form=form, classes=PRIORITY_NAMES)

    async def arrived(
        visit: Visit, hall: str, template: str, needs: str, told: Callable[[Form], dict[str, Any]]
    ) -> Page:
        """Check in by what was filled in, or show the form again with what was wrong.

        Args:
            needs: the field without which there is nothing to check in by.
            told: what the API is told of the form.
        """
        device_of(visit)
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, hall, template, wrong)):
            form.needs(needs)
            body = told(form) | {"priority": form["priority"] or "ordinary"}
            receipt = await visit.api.post(f"/halls/{hall}/check-in", body, key=form.key)
        return handed(site, sealer, visit, hall, receipt)

    @get(f"{HOME}/check-in", exception_handlers=no)
    async def choose(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        return await shown(visit, hall, "check_in", Form())

    @post(f"{HOME}/check-in", exception_handlers=no)
    async def by_voucher(visit: Visiting, hall: FromPath[str]) -> Page:
        return await arrived(
            visit, hall, "check_in", "voucher", lambda form: {"voucher": scanned(form["voucher"])}
        )

    @get(f"{HOME}/check-in/document", exception_handlers=no)
    async def document(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        return await shown(visit, hall, "check_in_document", Form())

    @post(f"{HOME}/check-in/document", exception_handlers=no)
    async def by_document(visit: Visiting, hall: FromPath[str]) -> Page:
        return await arrived(
            visit, hall, "check_in_document", "id_number", lambda form: {**form.given("id_number")}
        )

    @get(f"{HOME}/check-in/phone", exception_handlers=no)
    async def phone(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        return await shown(visit, hall, "check_in_phone", Form())

    @get(f"{HOME}/check-in/mail", exception_handlers=no)
    async def mail(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        return await shown(visit, hall, "check_in_mail", Form())

    async def sent(visit: Visit, hall: str, to: str) -> Page:
        """The page that asks for the code, which was sent to the ``phone`` or the ``mail`` of the form."""
        device_of(visit)
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, hall, f"check_in_{to}", wrong)):
            form.needs(to)
            await visit.api.post(f"/halls/{hall}/codes", form.given(to))
        return await shown(visit, hall, "check_in_code", Form(form.given(to, "priority").items()))

    @post(f"{HOME}/check-in/phone", exception_handlers=no)
    async def code_by_phone(visit: Visiting, hall: FromPath[str]) -> Page:
        return await sent(visit, hall, "phone")

    @post(f"{HOME}/check-in/mail", exception_handlers=no)
    async def code_by_mail(visit: Visiting, hall: FromPath[str]) -> Page:
        return await sent(visit, hall, "mail")

    @post(f"{HOME}/check-in/code", exception_handlers=no)
    async def by_code(visit: Visiting, hall: FromPath[str]) -> Page:
        return await arrived(
            visit, hall, "check_in_code", "code", lambda form: {**form.given("phone", "mail", "code")}
        )

    return [
        choose,
        by_voucher,
        document,
        by_document,
        phone,
        mail,
        code_by_phone,
        code_by_mail,
        by_code,
    ]
