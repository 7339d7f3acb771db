"""What the fields of halls are called where they are configured, with what to know before filling them in.

Every field of every configured document has its words here or in ``admin_words_items``: a test asks for it. Numbers
that no rule gives are said to be the hall's own.
"""

from typing import NamedTuple

from domain.message import Text


class Word(NamedTuple):
    """A field's name, what to know about it, and what its number counts."""

    name: Text
    hint: Text | None = None
    unit: Text | None = None


MINUTES = Text("分钟", "minutes")
SECONDS = Text("秒", "seconds")
PEOPLE = Text("人", "people")
TIMES = Text("次", "times")
PLACES = Text("个名额", "places")
DAYS = Text("天", "days")
WORKDAYS = Text("个工作日", "working days")
HOURS = Text("小时", "hours")
METRES = Text("米", "metres")
DEGREES = Text("度", "degrees")
TICKETS = Text("张号", "tickets")
COPIES = Text("份", "copies")

NAME = Text("名称", "Name")
CODE = Text("代号", "Short name")
CODE_HINT = Text(
    "小写字母、数字和连字符；定下后不要再改",
    "Lower-case letters, digits and hyphens; keep it once it is used",
)

ENGLISH_TOO = Text("英文留空时显示中文", "Without English the Chinese is shown")

HALL_WORDS: dict[str, Word] = {
    "HallPlan.name": Word(Text("大厅名称", "Name of the hall"), ENGLISH_TOO),
    "HallPlan.region": Word(
        Text("所属区划", "Region"), Text("期限与监察规则按区划生效", "Its terms govern the hall")
    ),
    "HallPlan.kind": Word(Text("层级", "Kind of hall")),
    "HallPlan.parent": Word(Text("上级大厅", "Hall above")),
    "HallPlan.address": Word(Text("地址", "Address")),
    "HallPlan.location": Word(
        Text("地图上的位置", "Place on the map"),
        Text("大厅地图和按距离选大厅都用它", "For the map, and for citizens who look for the nearest"),
    ),
    "HallPlan.unit": Word(
        Text("责任单位", "Responsible unit"),
        Text("差评整改默认派给它", "Rectifications go to it if nothing else is said"),
    ),
    "HallPlan.demonstration": Word(
        Text("演示数据", "Demonstration"), Text("公众页面会标明这是演示", "Public pages mark it as one")
    ),
    "HallPlan.queues": Word(
        Text("队列", "Queues"),
        Text("取号机按这里的顺序列出队列", "The kiosk lists them in this order"),
    ),
    "HallPlan.windows": Word(Text("窗口", "Windows")),
    "HallPlan.pauses": Word(
        Text("暂停原因", "Reasons for a pause"),
        Text("窗口暂停时可选的原因；一个都不写则可自填", "What a window may name; without any, anything"),
    ),
    "HallPlan.sessions": Word(
        Text("服务时段", "Sessions"),
        Text(
            "不选星期即每个工作日（含调休上班的周末）；选了周末即延时错时服务。同一天的时段不能重叠",
            "No day chosen: every working day, worked weekends too; a weekend chosen is an extended service. "
            "Sessions of a day never overlap",
        ),
    ),
    "HallPlan.exceptions": Word(
        Text("特殊日期", "Days unlike the pattern"),
        Text(
            "停办，或当天另有时段；优先于日历",
            "Closed, or with hours of their own, whatever the calendar says",
        ),
    ),
    "HallPlan.forgotten_after_minutes": Word(
        Text("忘记关厅时自动关闭", "A day nobody closed is closed"),
        Text("最后一个时段结束之后，最迟到午夜", "After its last session, at midnight at the latest"),
        MINUTES,
    ),
    "HallPlan.reopen_minutes": Word(
        Text("关厅后可恢复的时间", "A closed day may be opened again for"),
        Text(
            "关错时：排队的人回到原处；0为不可恢复",
            "If closed by mistake: everybody stands where they stood; 0: never",
        ),
        MINUTES,
    ),
    "HallPlan.tickets_within_hours": Word(
        Text("只在服务时间取号", "Tickets only within the hours"),
        Text(
            "休息日、未到时间和下班后不给未预约的人发号；工作人员不受限",
            "On days off, too early and after closing only staff give one to who has not booked",
        ),
    ),
    "HallPlan.tickets_early_minutes": Word(
        Text("提前多久开始取号", "Tickets are given before the first session"),
        Text("第一个服务时段之前", "So long before it begins"),
        MINUTES,
    ),
    "HallPlan.tickets_until": Word(
        Text("现场取号到何时", "Tickets are given"),
    ),
    "HallPlan.capacity": Word(
        Text("等候人数上限", "How many may wait"),
        Text(
            "达到后不再给未预约的人发号；留空不限",
            "Then those who have not booked get no ticket; empty: no limit",
        ),
        PEOPLE,
    ),
    "HallPlan.order": Word(
        Text("叫号次序", "Order of calling"),
        Text("取号页和跟踪页会把理由告诉办事人", "People are told the reason for their place"),
    ),
    "HallPlan.recalls": Word(
        Text("重呼次数", "Calls repeated"),
        Text("呼叫这么多次无人应答即可过号", "After so many a ticket may be set aside"),
        TIMES,
    ),
    "HallPlan.recall_gap_seconds": Word(
        Text("重呼间隔", "Between two calls"), Text("本厅自定，没有规定", "The hall's own, no rule"), SECONDS
    ),
    "HallPlan.no_show_after_recalls": Word(Text("呼满次数才能过号", "No-show only after all repeated calls")),
    "HallPlan.starts_told": Word(
        Text("窗口按“开始办理”", "Windows tell when a service begins"),
        Text("不按的，从叫号起算办理", "Where they do not, it begins with the call"),
    ),
    "HallPlan.missed_return_after": Word(
        Text("过号回来排在几人之后", "Back after a missed call: behind"),
        Text("留空则排到队尾", "Empty: at the end"),
        PEOPLE,
    ),
    "HallPlan.undo_seconds": Word(
        Text("可撤回的时间", "May be taken back for"),
        Text("办结、过号、转窗按错时", "A finish, a no-show or a transfer pressed by mistake"),
        SECONDS,
    ),
    "HallPlan.near_at": Word(
        Text("前面还有几人时提醒", "Told that the turn is near at"),
        Text("留空不提醒", "Empty: nobody is told"),
        PEOPLE,
    ),
    "HallPlan.alarms": Word(Text("拥挤提醒", "Crowding")),
    "HallPlan.booking": Word(
        Text("预约规则", "Booking"),
        Text(
            "数值均由本厅自定，未查到全国统一规定",
            "Every number is the hall's own: no national rule was found",
        ),
    ),
    "HallPlan.limits": Word(Text("每人限额", "Limits of one person")),
    "HallPlan.skills": Word(
        Text("技能", "Skills"),
        Text("不是每个人都会的业务，如手语、跨省通办", "What not everybody knows: sign language, for one"),
    ),
    "HallPlan.clerks": Word(
        Text("窗口人员的技能", "What each clerk knows"),
        Text(
            "按登录名填写；需要技能的号只叫给会的人",
            "By account; tickets that need a skill go to whoever has it",
        ),
    ),
    "HallPlan.display": Word(Text("大屏与语音", "Screens and voice")),
    "HallPlan.phone_tickets": Word(Text("手机取号", "Tickets on phones")),
    # queues and windows
    "QueuePlan.queue": Word(CODE, CODE_HINT),
    "QueuePlan.prefix": Word(
        Text("号码前缀", "Prefix"), Text("一两个大写字母", "One or two capital letters")
    ),
    "QueuePlan.name": Word(NAME),
    "QueuePlan.service_minutes": Word(
        Text("预计办理时长", "A service takes"),
        Text("当天有实际数据后改用实际值", "Until the day itself has shown it"),
        MINUTES,
    ),
    "QueuePlan.assumed_windows": Word(
        Text("开窗前按几个窗口估时", "Windows assumed before any is open"),
        Text(
            "还没有窗口开时，等候时间按此估算；0则不估",
            "For waits told before the first opens; 0: none are told",
        ),
        Text("个窗口", "windows"),
    ),
    "QueuePlan.skill": Word(Text("需要的技能", "Skill needed")),
    "WindowPlan.window": Word(CODE, CODE_HINT),
    "WindowPlan.name": Word(NAME),
    "WindowPlan.kind": Word(Text("窗口类型", "Kind of window")),
    "WindowPlan.queues": Word(
        Text("受理的队列", "Queues served"),
        Text("先叫排在前面的；选空即去掉", "The first first; empty takes it away"),
    ),
    # the slot plan
    "SessionPlan.opens": Word(Text("开始", "Opens")),
    "SessionPlan.closes": Word(Text("结束", "Closes")),
    "SessionPlan.slot_minutes": Word(Text("每段时长", "Interval"), None, MINUTES),
    "SessionPlan.public": Word(
        Text("公众预约", "Booked by citizens"), Text("每段、每个队列", "For each interval and queue"), PLACES
    ),
    "SessionPlan.internal": Word(Text("工作人员代约", "Booked by staff"), None, PLACES),
    "SessionPlan.walk_in": Word(
        Text("现场取号", "Walk-ins"),
        Text("不能为0：不得强制先预约", "Never 0: booking may not be demanded"),
        PLACES,
    ),
    "SessionPlan.partner": Word(Text("合作平台", "Other platforms"), None, PLACES),
    "SessionPlan.weekdays": Word(Text("星期", "Days of the week")),
    "SessionPlan.queues": Word(
        Text("接受预约的队列", "Queues that are booked"), Text("不选即全部", "None: all")
    ),
    "DayException.date": Word(Text("日期", "Date")),
    "DayException.reason": Word(Text("原因", "Reason"), Text("会告诉公众", "The public is told")),
    "DayException.sessions": Word(
        Text("当天的时段", "Hours of that day"), Text("没有时段即停办", "None: closed")
    ),
    # order
    "Classes.effects": Word(Text("优先对象", "Who has precedence")),
    "Classes.booked_first_minutes": Word(
        Text("预约者到时优先", "Bookings go first for"),
        Text(
            "从预约时间起算；留空为直到叫到，0为不优先", "From their time on; empty: until called, 0: never"
        ),
        MINUTES,
    ),
    "ByAppointment.lead_minutes": Word(
        Text("预约者视同提前取号", "Bookings count as taken before their time by"), None, MINUTES
    ),
    "ByAppointment.classes": Word(Text("优先对象和预约", "Precedence")),
    "Ageing.after_minutes": Word(Text("等满多久即优先", "First after waiting for"), None, MINUTES),
    "Ageing.classes": Word(Text("优先对象和预约", "Precedence")),
    "Ratio.preferred": Word(Text("每轮先叫优先的", "Of a round, preferred"), None, TICKETS),
    "Ratio.others": Word(Text("再叫普通的", "then others"), None, TICKETS),
    "Ratio.classes": Word(Text("优先对象和预约", "Precedence")),
    "Alarms.waiting": Word(Text("等候人数超过", "More waiting than"), None, PEOPLE),
    "Alarms.wait_minutes": Word(
        Text("或五分之一的人等候超过", "or one in five has waited for more than"), None, MINUTES
    ),
    # booking
    "BookingRules.early_minutes": Word(Text("可提前签到", "Check-in before the slot"), None, MINUTES),
    "BookingRules.late_minutes": Word(
        Text("迟到仍按预约排队", "Late and still as booked"),
        Text("从时段开始算", "From the slot's beginning"),
        MINUTES,
    ),
    "BookingRules.cancel_hours": Word(
        Text("最迟提前取消或改约", "Cancelled or moved until before"), None, HOURS
    ),
    "BookingRules.horizon_workdays": Word(Text("可预约到", "Bookable ahead"), None, WORKDAYS),
    "BookingRules.lead_minutes": Word(
        Text("群众至少提前预约", "Citizens book at least before"), None, MINUTES
    ),
    "BookingRules.hold_minutes": Word(Text("填写时占位", "A place is held while booking"), None, MINUTES),
    "BookingRules.waiting_minutes": Word(
        Text("候补名额保留", "A freed place is kept for the waiting"), None, MINUTES
    ),
    "BookingRules.quiet_from": Word(Text("夜间不打扰：从", "Nobody is told by night: from")),
    "BookingRules.quiet_until": Word(Text("夜间不打扰：到", "Nobody is told by night: until")),
    "BookingRules.waiting_offers": Word(
        Text("错过几次放号即出候补", "Off the waiting list after offers missed"), None, TIMES
    ),
    "BookingRules.waiting_max": Word(
        Text("每天候补人数上限", "Waiting for a day at most"),
        Text("0为不设候补", "0: no waiting list"),
        PEOPLE,
    ),
    "BookingRules.missed_minutes": Word(
        Text("时段结束后多久算爽约", "Missed after the slot's end"), None, MINUTES
    ),
    "Limits.per_day": Word(Text("每人每天最多预约", "Appointments a day"), None, TIMES),
    "Limits.no_shows": Word(Text("爽约几次后暂停网上预约", "Suspended after missing"), None, TIMES),
    "Limits.within_days": Word(Text("在多少天内", "within"), None, DAYS),
    "Limits.suspended_days": Word(Text("暂停", "suspended for"), None, DAYS),
    # screens and phones
    "Display.notices": Word(Text("通知公告", "Notices of the hall")),
    "Display.speak_calls": Word(Text("叫号播报", "A call is spoken"), Text("0为静音", "0: silent"), TIMES),
    "Display.speak_recalls": Word(Text("重呼播报", "A repeated call is spoken"), None, TIMES),
    "Display.rectifications": Word(Text("公示差评整改情况", "Show what became of bad reviews")),
    "Notice.zh": Word(Text("中文内容", "In Chinese")),
    "Notice.en": Word(Text("英文内容", "In English")),
    "Notice.begins": Word(Text("从哪天起", "From")),
    "Notice.ends": Word(Text("到哪天止", "Until")),
    "PhoneTickets.allowed": Word(Text("允许手机取号", "Tickets may be taken on phones")),
    "PhoneTickets.code": Word(Text("要求当日大厅码", "The hall's code of the day is asked for")),
    "PhoneTickets.position": Word(
        Text("大厅位置", "Where the hall is"),
        Text("填写后手机取号要求定位", "Then phones are asked where they are"),
    ),
    "PhoneTickets.within_m": Word(Text("多近才能取号", "How near"), None, METRES),
    "Position.latitude": Word(Text("纬度", "Latitude"), None, DEGREES),
    "Position.longitude": Word(Text("经度", "Longitude"), None, DEGREES),
}

ORDERS: dict[str, Text] = {
    "arrival": Text("严格按取号先后", "Strictly by arrival"),
    "classes": Text("优先对象在前，其次预约者，再按先后", "Precedence, then bookings, then arrival"),
    "by-appointment": Text("预约者按预约时间插入", "Bookings by their booked time"),
    "ageing": Text("优先对象在前，但久等者优先", "Precedence, but who waits long goes first"),
    "ratio": Text("优先与普通按比例轮流", "Precedence and others in turn"),
}

EFFECTS: dict[str, Text] = {
    "": Text("无优先", "None"),
    "first": Text("最先叫号", "Called first"),
    "number": Text("视同提前取号（分钟）", "As if earlier by (minutes)"),
}

HALL_CHOICES: dict[str, dict[str, Text]] = {
    "HallPlan.kind": {
        "centre": Text("政务服务中心", "Service centre"),
        "township": Text("乡镇（街道）便民服务中心", "Township centre"),
        "village": Text("村（社区）服务站", "Village station"),
    },
    "HallPlan.tickets_until": {
        "day-closed": Text("关厅前都发号", "As long as the day is open"),
        "closing-time": Text("预计下班前能办完才发号", "To whom will probably be served by closing time"),
    },
    "HallPlan.order": ORDERS,
    "WindowPlan.kind": {
        "general": Text("综合窗口", "General"),
        "specialist": Text("专业窗口", "Specialist"),
        "enquiry": Text("咨询窗口", "Enquiries"),
        "collection": Text("出件窗口", "Collection"),
        "assisted": Text("帮办代办窗口", "Assisted service"),
        "unresolved": Text("“办不成事”反映窗口", "What could not be done"),
        "cross-province": Text("跨省通办窗口", "Across provinces"),
        "province-wide": Text("全省通办窗口", "Province-wide"),
    },
    "SessionPlan.weekdays": {
        "1": Text("周一", "Mon"),
        "2": Text("周二", "Tue"),
        "3": Text("周三", "Wed"),
        "4": Text("周四", "Thu"),
        "5": Text("周五", "Fri"),
        "6": Text("周六", "Sat"),
        "7": Text("周日", "Sun"),
    },
    "Effect": EFFECTS,
}
