"""Who comes next, and why: the order of a waiting line as a pure function of what the line knows.

Called is the ticket with the smallest rank: priority people first (绿色通道), then those whose booked time has
come, then everybody by arrival. Nobody is placed by hand; whoever asks why gets the facts the rank was made of.
"""

from datetime import datetime
from typing import Literal, Protocol

from domain.message import Text

Priority = Literal[
    "ordinary", "elderly", "disabled", "pregnant", "military", "veteran", "fire-rescue", "critical-illness"
]

PRIORITY_NAMES: dict[Priority, Text] = {
    "ordinary": Text("普通", "ordinary"),
    "elderly": Text("老年人", "elderly person"),
    "disabled": Text("残疾人", "person with a disability"),
    "pregnant": Text("孕产妇", "expectant mother"),
    "military": Text("现役军人", "member of the armed forces"),
    "veteran": Text("退役军人", "veteran"),
    "fire-rescue": Text("消防救援人员", "fire and rescue staff"),
    "critical-illness": Text("重病患者", "seriously ill person"),
}


class Waiting(Protocol):
    """What the order needs to know of a ticket in line."""

    serial: int
    priority: Priority
    due_at: datetime | None


def rank(ticket: Waiting, at: datetime) -> tuple[int, int]:
    """The ticket's place in line at a moment: smaller is sooner. Equal ranks cannot occur in one line."""
    if ticket.priority != "ordinary":
        return 0, ticket.serial
    if ticket.due_at is not None and ticket.due_at <= at:
        return 1, ticket.serial
    return 2, ticket.serial


def reason(ticket: Waiting, ahead: int, at: datetime) -> Text:
    """Why the ticket stands where it stands, in a sentence."""
    before = f"您前面还有{ahead}人", f"{ahead} ahead of you"
    match rank(ticket, at)[0]:
        case 0:
            name = PRIORITY_NAMES[ticket.priority]
            return Text(f"优先类别：{name.zh}；{before[0]}。", f"Priority: {name.en}; {before[1]}.")
        case 1:
            return Text(
                f"预约时间已到，先于未预约者；{before[0]}。", f"Your booked time has come; {before[1]}."
            )
        case _:
            return Text(f"按取号先后排队；{before[0]}。", f"In order of arrival; {before[1]}.")
