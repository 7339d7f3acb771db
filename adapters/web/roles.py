"""The eight roles as the demonstration explains them: what each may do, and commands to begin with.

A step is a request written down once; the page shows it as a ``curl`` command with the host it was fetched from.
"""

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.message import Text

API = "/api/v1"
HALL = f"{API}/halls/{{hall}}"
WINDOW = f"{HALL}/windows/{{window}}"
JSON_HEADER = "-H 'Content-Type: application/json'"

TOKEN_STEP = Text("领取令牌并记在变量里", "Fetch a token and keep it in a variable")


class Step(NamedTuple):
    """One request. ``path`` has the ``{words}`` of its route; a word written in capitals is a variable of the shell,
    which an earlier step has kept: ``keep`` names the variable and the field of the answer it comes from."""

    what: Text
    method: str
    path: str
    query: str = ""
    body: Mapping[str, Any] | None = None
    keep: tuple[str, str] | None = None
    words: Mapping[str, str] = {}
    options: str = ""


class Role(NamedTuple):
    """``holds`` are the words of a place that its token is bound to."""

    role: str
    name: Text
    about: Text
    subject: str
    holds: tuple[str, ...]
    may: tuple[Text, ...]
    steps: tuple[Step, ...]


class Place(NamedTuple):
    """The hall, window and queue the commands are about."""

    hall: str
    window: str
    queue: str


def token_body(role: Role, place: Place) -> str:
    """What is posted to fetch this role's development token."""
    held = {word: getattr(place, word) for word in role.holds}
    return _compact({"role": role.role, "subject": role.subject} | held)


def commands(role: Role, place: Place, host: str) -> list[tuple[Text, str]]:
    """The role's first steps as shell commands, the token first.

    Args:
        host: scheme and authority, as the reader's own browser reached it.
    """
    asked = shlex.quote(token_body(role, place))
    fetch = f'curl -sS "{host}{API}/dev/tokens" {JSON_HEADER} \\\n  -d {asked}'
    first = (TOKEN_STEP, f'TOKEN=$({fetch} \\\n  | {_field("token")}); echo "$TOKEN"')
    return [first, *((step.what, _curl(step, place, host)) for step in role.steps)]


def path_of(step: Step, place: Place) -> str:
    """The step's path and query with every word filled in."""
    words = place._asdict() | dict(step.words)
    return step.path.format_map(words) + (f"?{step.query}" if step.query else "")


def body_of(step: Step, place: Place) -> str | None:
    """The step's body as JSON."""
    return None if step.body is None else _compact(step.body).replace("{queue}", place.queue)


def _curl(step: Step, place: Place, host: str) -> str:
    method = "" if step.method == "GET" else f"-X {step.method} "
    options = f"{step.options} " if step.options else ""
    # In double quotes the shell still fills in its variables.
    parts = [f'curl -sS {options}{method}"{host}{path_of(step, place)}"', '-H "Authorization: Bearer $TOKEN"']
    if (body := body_of(step, place)) is not None:
        parts += [f"{JSON_HEADER} -d {shlex.quote(body)}"]
    command = " \\\n  ".join(parts)
    if step.keep is None:
        return command
    variable, field = step.keep
    return f'{variable}=$({command} \\\n  | {_field(field)}); echo "${variable}"'


def _field(name: str) -> str:
    """A filter that prints one text field of a JSON answer, with what every shell has."""
    return f"""sed 's/.*"{name}":"\\([^"]*\\)".*/\\1/'"""


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- the roles ------------------------------------------------------------------------------------------------

TAKE = Step(
    Text("取一个号", "Take a ticket"),
    "POST",
    f"{HALL}/tickets",
    body={"queue": "{queue}"},
    keep=("FOLLOW", "follow"),
)
BOARD = Step(Text("看大厅屏幕的数据", "Read what the hall screen shows"), "GET", f"{HALL}/board")
DAY = Step(Text("看今天的办理数字", "Read the day's figures"), "GET", f"{HALL}/day")
RECTIFICATIONS = Step(Text("看差评整改清单", "List the rectifications"), "GET", f"{API}/rectifications")
LOG = Step(
    Text("读最早的五件事", "Read the first five events of the log"), "GET", f"{API}/events", query="limit=5"
)

ROLES: tuple[Role, ...] = (
    Role(
        "citizen",
        Text("办事群众", "Citizen"),
        Text(
            "预约、取号、看自己排到第几位、评价一次服务。",
            "Books, takes a ticket, follows the line, reviews a service.",
        ),
        "citizen-01",
        (),
        (
            Text("预约、改期、取消，到厅签到", "Book, move or cancel an appointment; check in on arrival"),
            Text(
                "现场取号，凭链接看排队位置和原因",
                "Take a ticket, and see the place in line and why by its link",
            ),
            Text("看自己的办件和时限", "Follow their own cases and deadlines"),
            Text(
                "每次服务评价一次，整改后可追评一次",
                "Review each service once, and once more after rectification",
            ),
        ),
        (
            TAKE,
            Step(
                Text("看排在第几位、为什么、要等多久", "See the place in line, why, and the wait"),
                "GET",
                f"{API}/tickets/{{follow}}",
                words={"follow": "$FOLLOW"},
            ),
            BOARD,
            Step(Text("查可以办理的事项", "List the items"), "GET", f"{API}/items"),
        ),
    ),
    Role(
        "kiosk",
        Text("取号机", "Kiosk"),
        Text(
            "大厅门口的机器：签到、取号、评价，不需要手机。",
            "The machine at the door: check-in, tickets, reviews, without a phone.",
        ),
        "kiosk-01",
        ("hall",),
        (
            Text("为到厅的人取号，包括优先类别", "Issue tickets, priority classes included"),
            Text("为已预约的人签到，当场出号", "Check in who has booked; the ticket comes at once"),
            Text("只在自己的大厅有效", "Only in its own hall"),
        ),
        (
            TAKE,
            Step(
                Text("为老年人取一个优先号", "Take a priority ticket for an elderly person"),
                "POST",
                f"{HALL}/tickets",
                body={"queue": "{queue}", "priority": "elderly"},
            ),
            BOARD,
        ),
    ),
    Role(
        "screen",
        Text("大厅屏幕", "Hall screen"),
        Text(
            "叫号屏：只看号码、窗口和等候人数，没有任何人的姓名。",
            "The board on the wall: numbers, windows, waiting counts, and nobody's name.",
        ),
        "screen-01",
        ("hall",),
        (
            Text(
                "读大厅屏幕，实时更新，断线后补上错过的叫号",
                "Read the board live; after a cut it catches up on missed calls",
            ),
            Text("不能改动任何东西", "Change nothing"),
        ),
        (
            BOARD,
            Step(
                Text("听十秒实时更新", "Listen to live changes for ten seconds"),
                "GET",
                f"{HALL}/board/events",
                options="-N --max-time 10",
            ),
        ),
    ),
    Role(
        "clerk",
        Text("窗口人员", "Clerk"),
        Text(
            "开窗口、叫号、重呼、办理、转窗、挂起，受理办件。",
            "Opens a window, calls, recalls, serves, transfers, parks; accepts cases.",
        ),
        "clerk-w01",
        ("hall", "window"),
        (
            Text("开、停、关自己的窗口", "Open, pause and close their own window"),
            Text("叫号、重呼、过号、挂起、转窗", "Call, recall, mark a no-show, park, transfer"),
            Text("为群众代为取号、预约", "Take tickets and book for citizens"),
            Text("受理办件，记下每一步", "Accept cases and record each step"),
        ),
        (
            TAKE,
            Step(Text("开窗口", "Open the window"), "POST", f"{WINDOW}/open"),
            Step(
                Text("叫下一位（大屏立刻显示）", "Call whoever is next (the screen shows it at once)"),
                "POST",
                f"{WINDOW}/call-next",
            ),
            Step(Text("重呼", "Call again"), "POST", f"{WINDOW}/recall"),
            Step(Text("开始办理", "Begin the service"), "POST", f"{WINDOW}/start"),
            Step(Text("办理结束", "End the service"), "POST", f"{WINDOW}/finish", body={"outcome": "done"}),
            Step(Text("关窗口", "Close the window"), "POST", f"{WINDOW}/close"),
        ),
    ),
    Role(
        "supervisor",
        Text("大厅负责人", "Supervisor"),
        Text(
            "看当天的队列、办件的红黄牌和差评整改，该催的催。",
            "Watches the day's lines, signals on cases, and the rectification of bad reviews.",
        ),
        "supervisor-01",
        ("hall",),
        (
            Text("看当天各队列、各窗口的数字", "Read the day's figures by queue and window"),
            Text("看预警、黄牌、红牌办件", "List cases with an early warning, yellow or red"),
            Text("督办差评整改，裁定申诉", "Follow the rectification of bad reviews and rule on appeals"),
        ),
        (
            DAY,
            Step(
                Text("看红牌办件", "List the cases that are red"), "GET", f"{API}/cases", query="signal=red"
            ),
            RECTIFICATIONS,
        ),
    ),
    Role(
        "admin",
        Text("管理员", "Administrator"),
        Text(
            "配置大厅、事项和工作日历；一切配置都记为事件。",
            "Configures halls, items and calendars; all of it is kept as events.",
        ),
        "admin-01",
        (),
        (
            Text("配置大厅、队列、窗口、时段", "Configure halls, queues, windows and hours"),
            Text("发布事项，导入公布的放假安排", "Publish items and import the gazetted calendar"),
            Text("导入历史记录并注明发生时间", "Import records of the past with the time they happened"),
        ),
        (
            Step(Text("看大厅的配置", "Read a hall's configuration"), "GET", HALL),
            Step(Text("看有哪些大厅", "List the halls"), "GET", f"{API}/halls"),
            LOG,
        ),
    ),
    Role(
        "auditor",
        Text("审计人员", "Auditor"),
        Text(
            "读全部事件，核对每一个数字从哪里来；不能改动。",
            "Reads every event and checks where each figure comes from; changes nothing.",
        ),
        "auditor-01",
        (),
        (
            Text("按先后顺序读全部事件", "Read the whole log in order"),
            Text("核对当天数字、办件和整改清单", "Check the day's figures, cases and rectifications"),
            Text("不能改动任何东西", "Change nothing"),
        ),
        (LOG, DAY, RECTIFICATIONS),
    ),
    Role(
        "partner",
        Text("合作系统", "Partner system"),
        Text(
            "省市平台等其他系统：代为预约、提交申请、跟进办件。",
            "Another system, such as a province's platform: books, applies, follows cases.",
        ),
        "partner-01",
        (),
        (
            Text("查事项和号源，代群众预约", "Read items and free places; book for citizens"),
            Text("提交申请，跟进自己提交的办件", "Submit applications and follow them"),
        ),
        (
            Step(Text("查可以办理的事项", "List the items"), "GET", f"{API}/items"),
            Step(Text("看大厅的队列和窗口", "See a hall's queues and windows"), "GET", HALL),
            Step(
                Text("看公开的绩效数字", "Read the published figures"),
                "GET",
                f"{API}/performance",
            ),
        ),
    ),
)
