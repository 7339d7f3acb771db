"""The smaller limits that a case's facts open: how long each is, by the desk's own words or by configuration."""

from domain.case import CaseAccepted, CaseDecided, CaseOpened
from domain.directive import CaseDirected
from domain.limits import CaseLimits, LimitClock, SetLimit, set_limit
from domain.message import Recorded
from domain.papers import CaseCorrected, CorrectionRequested
from domain.respite import CaseSuspended
from domain.steps import StepBegun
from domain.workdays import Calendar


def limits_opened(recorded: Recorded, calendar: Calendar, lengths: CaseLimits) -> list[SetLimit]:
    """What is to be asked of the case because of this event; it leaves aside what it has no limit for."""

    def of(limit: str, workdays: int | None, accepts: bool = False) -> list[SetLimit]:
        if workdays is None:
            return []
        return [set_limit(limit, LimitClock(recorded.stamp.at, workdays), calendar, accepts)]

    match recorded.event:
        case CaseOpened(kind="promised", guide=tuple()) | CaseCorrected():
            return of("acceptance", lengths.acceptance, lengths.silence_accepts)
        case CorrectionRequested(answer_workdays=days):
            return of("correction", days or lengths.correction)
        case CaseAccepted(outstanding=outstanding, supplement_workdays=days) if outstanding:
            return of("supplement", days)
        case CaseSuspended(needs_workdays=days):
            return of("procedure", days)
        case StepBegun(step, workdays=days):
            return of(f"step.{step}", days)
        case CaseDecided("granted"):
            return of("delivery", lengths.delivery)
        case CaseDirected(name, answer_workdays=days):
            return of(f"directive.{name}", days)
    return []
