"""What a hall offers for booking on a day, as it is configured now."""

from datetime import date

from adapters.http.hall_days import why_not_offered
from adapters.http.parts import Parts
from domain import offering
from domain.booking import Limits
from domain.offering import SlotsPlan
from domain.workdays import Calendar

OFFERS_KEPT = 1000


class Bookable:
    """Asked before every booking. Cutting a day into slots costs more than booking one, so that is kept."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._offers: dict[tuple[str, date], tuple[int, Calendar, SlotsPlan]] = {}

    def offered(self, hall: str, day: date) -> SlotsPlan:
        """What the hall offers that day.

        Raises:
            Refused: the day cannot be booked, or there is no such hall.
        """
        catalogue = self._parts.catalogue
        plan = catalogue.hall(hall)
        if (why := why_not_offered(self._parts, plan, day)) is not None:
            raise why
        version, calendar = catalogue.halls[hall].version, catalogue.calendar
        known = self._offers.get((hall, day))
        if known is None or known[0] != version or known[1] is not calendar:
            if len(self._offers) >= OFFERS_KEPT:
                self._offers.clear()
            known = self._offers[hall, day] = version, calendar, offering.offer(plan, day, calendar)
        return known[2]

    def limits(self, hall: str) -> Limits:
        return self._parts.catalogue.hall(hall).limits
