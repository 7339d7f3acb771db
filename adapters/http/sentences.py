"""What a refusal says to people, by its code. ``{words}`` are facts of the refusal.

A test reads the domain's sources and asks that no refusal is without its sentence.
"""

from adapters.http.sentences_of_requests import REQUESTS
from domain.message import Text

# --- halls, items, calendars --------------------------------------------------------------------------------

CONFIGURATION: dict[str, Text] = {
    "unknown-version": Text(
        "事项{item}没有第{version}版。", "Item {item} was never published in version {version}."
    ),
    "unknown-document-version": Text("没有第{version}版。", "There is no version {version}."),
    "unknown-region": Text("没有这个行政区划：{region}。", "There is no region {region}."),
    "unknown-hall": Text("没有这个大厅：{hall}。", "There is no hall {hall}."),
    "unknown-calendar": Text("没有这一年的放假安排。", "No holidays are gazetted for this year."),
    "rebuild-running": Text("正在重建，请等它完成。", "A rebuild is running; please wait for its end."),
    "unknown-view": Text("没有这个视图：{view}。", "There is no view {view}."),
    "unknown-item": Text("没有这个事项：{item}。", "There is no item {item}."),
    "item-not-here": Text("{hall}不办理这个事项。", "Hall {hall} does not handle this item."),
    "not-bookable": Text(
        "这个事项不需要预约，请直接到大厅取号。", "This item is not booked: just come and take a ticket."
    ),
    "named-twice": Text("{field}中有重复的名称。", "Something is named twice in {field}."),
    "device-known": Text("这个设备已经登记过。", "There is such a device already."),
    "unknown-device": Text("没有这个设备。", "There is no such device."),
    "unknown-device-code": Text(
        "验证码不正确，请核对后再输入。", "No device has this code; please check it."
    ),
    "device-code-used": Text(
        "这个验证码已经用过，请向管理员要新的。", "The code was used already; ask for a new one."
    ),
    "device-code-over": Text(
        "这个验证码已在{until}过期，请向管理员要新的。", "The code held until {until}; ask for a new one."
    ),
    "sessions-overlap": Text("服务时段相互重叠或起止颠倒。", "Sessions overlap, or end before they begin."),
    "too-many-slots": Text(
        "一天的预约时段共{slots}个，最多{most}个：请延长时段或减少队列。",
        "A day would have {slots} slots, of at most {most}: make them longer or name fewer queues.",
    ),
    "walk-in-share-missing": Text(
        "每个时段都须为未预约者保留名额。", "Every session keeps places for those who walk in."
    ),
    "promise-missing": Text("承诺件须写明承诺办结时限。", "A promised limit is missing."),
    "promise-longer-than-statute": Text(
        "承诺时限不得长于法定时限。", "The promised limit is longer than the statutory one."
    ),
    "credit-code-invalid": Text(
        "实施编码中的统一社会信用代码校验不通过。",
        "The unified social credit code in the implementation code does not check.",
    ),
    "another-year": Text("此日历是{year}年的。", "This calendar is of the year {year}."),
    "empty-notice": Text("放假通知中没有放假日期。", "The notice names no days off."),
    "day-outside-year": Text("有日期不属于该年：{days}。", "Days of another year are named: {days}."),
    "rest-day-and-workday": Text("有日期既放假又上班：{days}。", "Days are both off and worked: {days}."),
    "workday-already": Text(
        "有调休上班日本来就是工作日：{days}。", "Days named as worked are working days already: {days}."
    ),
}

# --- appointments -------------------------------------------------------------------------------------------

APPOINTMENTS: dict[str, Text] = {
    "unknown-person": Text(
        "没有这个人，或其个人信息已删除。", "There is no such person, or they were erased."
    ),
    "person-erased": Text("此人的个人信息已删除。", "This person's data were erased."),
    "bookings-open": Text(
        "还有未完成的预约，请先取消：{appointments}。",
        "Appointments are still open; cancel them first: {appointments}.",
    ),
    "cases-open": Text(
        "还有未办结的办件，办结后才能删除：{cases}。",
        "Cases still go on; erase when they have ended: {cases}.",
    ),
    "name-not-yours": Text("姓名由管理员更正。", "A name is corrected by an administrator."),
    "unknown-feed": Text(
        "没有这个日历订阅，或者已经撤销。", "There is no such calendar subscription, or it was revoked."
    ),
    "unknown-appointment": Text("没有这个预约。", "There is no such appointment."),
    "unknown-slot": Text("没有这个预约时段。", "There is no such slot."),
    "no-slots": Text("这一天没有可预约的时段。", "The day offers no slots."),
    "slots-not-offered": Text("这一天尚未开放预约。", "The day is not offered for booking."),
    "not-a-working-day": Text("{date}不是工作日。", "{date} is not a working day."),
    "hall-closed": Text("{date}大厅不办公：{zh}。", "The hall is closed on {date}: {en}."),
    "slots-of-several-days": Text("一天的号源不能包含其他日期的时段。", "The slots of a day are of one day."),
    "slots-overlap": Text("预约时段相互重叠：{slot}。", "Slots overlap: {slot}."),
    "drawn-by-lot": Text(
        "这个队列的号源将摇号分配（{draw_at}），请登记摇号。",
        "The places of this line are drawn by lot at {draw_at}; please ask to take part.",
    ),
    "lottery-declared": Text("当天已公布另一次摇号。", "Another lottery was declared for that day."),
    "draws-out-of-order": Text(
        "登记开始、各次摇号和当天第一个时段须依次在后。",
        "Opening, draws and the day's first slot must follow each other.",
    ),
    "lottery-opens-in-past": Text(
        "登记开始时间须晚于公布时间。", "Asking must begin after this is published."
    ),
    "commitments-missing": Text("每次摇号须有各自的承诺值。", "Every draw needs a commitment of its own."),
    "no-lottery": Text("当天没有摇号。", "There is no lottery for that line and day."),
    "lottery-not-open": Text("摇号登记于{opens_at}开始。", "The lottery opens at {opens_at}."),
    "lottery-over": Text("摇号登记已结束。", "The lottery is over."),
    "already-requested": Text("您已登记摇号。", "You take part in this lottery already."),
    "unknown-request": Text("没有这项摇号登记。", "There is no such request."),
    "draw-not-due": Text("尚未到摇号时间。", "It is not time for this draw."),
    "seed-not-promised": Text("种子与公布的承诺值不符。", "The seed is not the one that was promised."),
    "waiting-first": Text(
        "这个号源正留给候补的人，请加入候补。",
        "This place goes to those on the waiting list; please join it.",
    ),
    "places-free": Text("当天还有号，请直接预约。", "There are places that day; please book one."),
    "already-waiting": Text("您已在候补名单中。", "You are on the waiting list already."),
    "waiting-list-full": Text("候补人数已满（{most}人）。", "The waiting list is full ({most})."),
    "no-waiting-list": Text("当天不设候补。", "There is no waiting list for that day."),
    "unknown-waiting": Text("没有这项候补。", "There is no such place on a waiting list."),
    "nothing-offered": Text("还没有为您留号。", "No place has been offered to you yet."),
    "slot-full": Text("这个时段已约满。", "The slot is full."),
    "slot-over": Text("这个时段已经过去。", "The slot is over."),
    "slot-not-over": Text("这个时段还没有结束。", "The slot is not over yet."),
    "slot-of-another-queue": Text("这个时段不办理所选事项。", "The slot belongs to another queue."),
    "too-few-slots": Text(
        "这个事项需要连续{needed}个时段。",
        "The item needs {needed} slots in a row; {in_a_row} are free from here.",
    ),
    "too-early": Text("还没到签到时间，{opens_at}起可以签到。", "Check-in opens at {opens_at}."),
    "too-late-to-book": Text(
        "这个时段须在{until}前预约；可直接到大厅取号。",
        "This slot is booked until {until}; walking in is always possible.",
    ),
    "no-appointment": Text(
        "没有查到您的预约；可直接取号。", "No appointment was found; a ticket can be taken without one."
    ),
    "appointment-in-another-hall": Text(
        "您的预约在{zh}（{starts_at}）。", "Your appointment is in another hall: {en}, {starts_at}."
    ),
    "appointment-another-day": Text("您的预约是{date}，在{zh}。", "Your appointment is on {date}, in {en}."),
    "day-begun": Text(
        "当天已有人签到或爽约，不能再调整号源。",
        "People have come or missed already: the day cannot be revised.",
    ),
    "bookings-stranded": Text(
        "调整后有预约没有位置，请先处理：{appointments}。",
        "These appointments would have no place; they are to be cancelled with it: {appointments}.",
    ),
    "unknown-hold": Text("没有保留这个名额。", "No place is held under this reference."),
    "hold-over": Text(
        "名额保留时间已过或已放弃，请重新选择时段。",
        "The place is no longer held; please choose a slot again.",
    ),
    "hold-not-over": Text("名额保留到{until}。", "The place is held until {until}."),
    "held-elsewhere": Text(
        "您当天在另一大厅（{hall}）保留的名额到{until}为止，请先确认或放弃。",
        "A place is held for you that day in hall {hall} until {until}; confirm it or let it go first.",
    ),
    "items-of-several-queues": Text(
        "这些事项不在同一业务队列，不能一次预约。",
        "These items are of several queues and need a booking each.",
    ),
    "not-suspended": Text("网上预约没有被暂停。", "Online booking is not suspended."),
    "no-appeal": Text("没有待答复的申诉。", "There is no appeal to answer."),
    "too-late-to-cancel": Text("已过可取消的时间（{until}）。", "It could be cancelled until {until}."),
    "reference-taken": Text("这个预约编号已被使用。", "The reference belongs to another appointment."),
    "not-checked-in": Text("{number}号不是预约签到取得的。", "Ticket {number} was given by no check-in."),
    "check-in-undone": Text("这次签到已经撤回。", "This check-in was taken back."),
    "ticket-called": Text("{number}号已经叫过，不能撤回签到。", "Ticket {number} was called; it stays."),
    "booking-day-over": Text("预约当天已过，不能撤回签到。", "The day of the appointment is over."),
    "already-checked-in": Text("这个预约已经签到。", "This appointment is checked in already."),
    "cancelled": Text("这个预约已经取消。", "This appointment was cancelled."),
    "missed": Text("这个预约已过时未到。", "This appointment was missed."),
    "too-many-bookings": Text(
        "同一天最多预约{limit}次。", "Nobody books more than {limit} appointments a day."
    ),
    "item-booked-that-day": Text("当天已预约过这个事项。", "This item is booked for that day already."),
    "bookings-overlap": Text(
        "与另一个预约（{starts_at}）时间冲突。", "It overlaps with an appointment at {starts_at}."
    ),
    "booking-suspended": Text(
        "多次预约未到，{until}前暂停网上预约；可直接到大厅取号。",
        "After missed appointments online booking is suspended until {until}; walking in is always possible.",
    ),
    "booking-ended": Text("这个预约已经结束。", "This booking has ended."),
    "invalid-name": Text("姓名不正确。", "The name cannot be a name."),
    "invalid-resident-id": Text("身份证号码不正确。", "The resident identity number is not valid."),
    "invalid-mail": Text("请填写有效的电子邮箱。", "This is not a mail address."),
    "invalid-mobile": Text("手机号不正确。", "The mobile number is not valid."),
}

# --- the day at the windows ---------------------------------------------------------------------------------

WINDOWS: dict[str, Text] = {
    "unknown-queue": Text("没有这个业务队列。", "There is no such queue here."),
    "unknown-window": Text("没有这个窗口：{window}。", "There is no window {window}."),
    "unknown-ticket": Text("没有这个排队号。", "There is no such ticket."),
    "day-not-open": Text(
        "今天还没有开始取号。", "The day has not begun: nobody has taken a ticket or opened a window."
    ),
    "day-closed": Text("今天的业务已经结束。", "The day is closed."),
    "queues-enough": Text("一天最多{queues}个业务队列。", "A day has at most {queues} queues."),
    "nobody-waiting": Text("没有人在等候。", "Nobody is waiting for window {window}."),
    "window-not-open": Text("窗口{window}没有开放。", "Window {window} is not open."),
    "window-busy": Text(
        "窗口{window}还有未办完的{number}号。", "Window {window} still has ticket {number} in hand."
    ),
    "window-idle": Text("窗口{window}没有正在办理的排队号。", "Window {window} has no ticket in hand."),
    "another-in-hand": Text(
        "窗口{window}现在是{number}号，您操作的是{meant}号，因此没有执行。",
        "Window {window} has ticket {number} by now and not {meant}: nothing was done.",
    ),
    "window-taken": Text("窗口{window}已由他人打开。", "Window {window} is opened by somebody else."),
    "clerk-at-another-window": Text(
        "您在窗口{window}手上还有号，请先在那里办结或放回。",
        "You have a ticket in hand at window {window}: finish it or put it back there first.",
    ),
    "recalled-enough": Text(
        "{number}号已重呼{recalls}次，可以过号。",
        "Ticket {number} was called again {recalls} times; mark it as a no-show.",
    ),
    "ticket-not-waiting": Text("{number}号不在等候。", "Ticket {number} is not waiting."),
    "ticket-not-called": Text(
        "{number}号不是刚叫到的号。", "Ticket {number} is not one that was just called."
    ),
    "ticket-not-serving": Text(
        "{number}号的服务还没有开始。", "The service of ticket {number} has not begun."
    ),
    "ticket-not-parked": Text("{number}号没有挂起。", "Ticket {number} is not set aside."),
    "ticket-not-aside": Text(
        "{number}号既未过号也未挂起。", "Ticket {number} was neither missed nor set aside."
    ),
    "ticket-kept": Text("{number}号留给窗口{window}办理。", "Ticket {number} is kept for window {window}."),
    "transfer-to-nowhere": Text(
        "须说明转到哪个队列、窗口或人员。", "Tell the queue, the window or the clerk to transfer to."
    ),
    "queue-not-served": Text(
        "窗口{window}不办理该队列的业务。", "Window {window} does not serve that queue."
    ),
    "clerk-not-here": Text("该人员现在不在任何窗口。", "That clerk is at no window now."),
    "recall-too-soon": Text(
        "刚刚叫过{number}号，请{seconds}秒后再重呼。",
        "Ticket {number} was called just now; call again in {seconds} s.",
    ),
    "unknown-skill": Text(
        "大厅没有设置这些技能：{names}。", "The hall's plan names no such skills: {names}."
    ),
    "unknown-pause": Text("暂停原因须为以下之一：{names}。", "A window pauses for one of: {names}."),
    "recall-first": Text(
        "{number}号须重呼{recalls}次后才能过号。",
        "Ticket {number} must be called again {recalls} times before it is a no-show.",
    ),
    "called-elsewhere": Text(
        "{number}号已由窗口{window}叫号。", "Window {window} has called {number} since."
    ),
    "nothing-to-undo": Text(
        "窗口{window}没有可以撤销的操作。", "There is nothing to undo at window {window}."
    ),
    "too-late-to-reopen": Text(
        "当日业务结束后{minutes}分钟内才能恢复，现在已过时限。",
        "A day can be opened again for {minutes} min after it was closed: that time is over.",
    ),
    "too-late-to-undo": Text(
        "对{number}号的操作只能在{seconds}秒内撤销。",
        "What was done with ticket {number} could be undone for {seconds} s.",
    ),
    "phone-tickets-off": Text(
        "本大厅不支持手机取号，请到现场取号机取号。",
        "This hall gives no tickets to phones: please take one at the kiosk.",
    ),
    "presence-needed": Text(
        "请到达大厅后取号：输入大厅屏幕上的当日取号码，或允许获取手机位置。",
        "Please take your ticket when you are at the hall: enter today's code from its screen, or share your position.",
    ),
    "hall-code-wrong": Text(
        "取号码不正确，请以大厅屏幕上显示的当日取号码为准。",
        "That is not today's code: please look at the hall's screen.",
    ),
    "too-far-away": Text(
        "您距大厅约{metres}米，请到大厅{within}米范围内再取号。",
        "You are about {metres} m from the hall; tickets are given within {within} m.",
    ),
    "hall-full": Text(
        "大厅等候人数已满（{capacity}人），暂停取号。{instead}",
        "The hall is full ({capacity} are waiting): no tickets for now. {instead}",
    ),
    "tickets-not-today": Text("今天不取号：{why}。{instead}", "No tickets today: {why}. {instead}"),
    "tickets-not-yet": Text(
        "{begins}开始取号，{opens}开始办理。{instead}",
        "Tickets are given from {begins}, services begin at {opens}. {instead}",
    ),
    "tickets-over": Text(
        "今天的服务{closes}结束，不再取号。{instead}",
        "Today's services end at {closes}: no more tickets. {instead}",
    ),
    "closing-soon": Text(
        "预计在{closes}下班前办理不完，今天停止取号。{instead}",
        "Those who wait will take until closing time ({closes}): no more tickets today. {instead}",
    ),
}

# --- cases --------------------------------------------------------------------------------------------------

CASES: dict[str, Text] = {
    "matter-in-matter": Text("一件事不能包含另一件事：{items}。", "One matter cannot hold another: {items}."),
    "unknown-pause-reason": Text(
        "不能以此理由挂起；可用的理由：{reasons}。",
        "A case is not paused for that; the reasons are {reasons}.",
    ),
    "pause-too-long": Text(
        "以此理由挂起最多{most}个工作日。", "A pause for that takes at most {most} working days."
    ),
    "handled-here": Text("本办件由收件大厅办理，无需移交。", "This case is handled where it was received."),
    "papers-elsewhere": Text("材料不在本大厅（{side}）。", "The papers are not here ({side})."),
    "not-taken-over": Text(
        "须由办理大厅{hall}接收后办理。", "Hall {hall}, which handles it, has to take it over first."
    ),
    "other-side": Text("这一步由大厅{hall}办理。", "This step is for hall {hall}."),
    "scope-too-narrow": Text(
        "本事项的通办范围不包括该地区。", "The item is not published to be received so far away."
    ),
    "consent-missing": Text(
        "代办须说明代办人和委托方式。", "Say who acts for the applicant, and by what consent."
    ),
    "unknown-part": Text("这件事不包含办件{part}。", "Case {part} is no part of this matter."),
    "parts-going-on": Text("还有分项未办结：{parts}。", "Parts of this matter are still going on: {parts}."),
    "delivered-with-matter": Text(
        "本办件属于一件事，结果由{matter}统一送达。", "This is part of one matter: {matter} delivers it all."
    ),
    "rated-with-matter": Text(
        "本办件属于一件事，请对{matter}作一次评价。",
        "This is part of one matter: {matter} is rated as a whole.",
    ),
    "unknown-case": Text("没有这个办件。", "There is no such case."),
    "not-accepted": Text("办件尚未受理。", "The case is not accepted yet."),
    "already-accepted": Text("办件已经受理。", "The case is accepted already."),
    "correction-outstanding": Text(
        "办件正在等待补正材料。", "The case waits for the correction that was asked for."
    ),
    "correction-already-told": Text(
        "补正须一次性告知，已经告知过。", "What is missing is told once and in full; it was told already."
    ),
    "no-correction-asked": Text("没有要求补正。", "No correction was asked for."),
    "nothing-asked-for": Text(
        "这个办件现在没有要您补交的材料。", "Nothing is asked of you for this case now."
    ),
    "not-asked-for": Text("没有要求补交：{papers}。", "Nobody asked for {papers}."),
    "hand-in-empty": Text("请填写证照编号或说明。", "Enter the licence's number, or your statement."),
    "personal-number-told": Text(
        "请不要填写身份证号或手机号。", "Please do not enter an identity or phone number here."
    ),
    "case-suspended": Text("办件正在进行特别程序。", "The case stands still for a special procedure."),
    "case-not-timed": Text("这个办件不计时限。", "The case has no limit to extend."),
    "case-ended": Text("办件已经结束。", "The case has ended."),
    "already-extended": Text("时限已延长过一次。", "It was extended once already."),
    "approver-is-asker": Text("延期须由他人批准。", "Whoever asks for more days cannot approve them."),
    "deadline-passed": Text("时限（{due_at}）已过。", "The limit ran out at {due_at}."),
    "not-yet-due": Text("时限尚未到。", "It is not due yet."),
    "not-decided": Text("还没有作出决定。", "There is no decision yet."),
    "already-decided": Text("已经作出决定。", "It is decided already."),
    "already-delivered": Text("结果已经送达。", "The result was delivered already."),
    "not-in-guide": Text("办事指南未要求这些材料：{papers}。", "The guide does not ask for these: {papers}."),
    "paper-not-deferrable": Text("这些材料不可容缺：{papers}。", "These cannot come later: {papers}."),
    "paper-not-pledgeable": Text(
        "这些材料不适用告知承诺：{papers}。", "No promise replaces these: {papers}."
    ),
    "supplement-limit-missing": Text(
        "容缺受理须写明补齐期限。", "Say within how many working days the rest is to come."
    ),
    "papers-outstanding": Text("容缺材料尚未补齐：{papers}。", "Papers are still to come: {papers}."),
    "extension-too-long": Text(
        "延长不得超过{most}个工作日。", "It cannot be extended by more than {most} working days."
    ),
    "approver-not-yourself": Text("只能以本人名义批准。", "An approval is given in one's own name."),
    "tracking-missing": Text("邮寄送达须填写邮件号。", "What is posted has a tracking number."),
    "not-delivered": Text("结果尚未送达。", "The result is not delivered yet."),
    "case-not-ended": Text("办件尚未结束。", "The case has not ended yet."),
    "directive-exists": Text(
        "督办编号{directive}已被使用。", "Another directive has the reference {directive}."
    ),
    "unknown-directive": Text("没有这项督办：{directive}。", "There is no directive {directive}."),
    "directive-answered": Text("督办{directive}已经回复。", "Directive {directive} was answered already."),
    "reason-missing": Text("须说明理由。", "A reason is needed."),
}

# --- reviews and their rectification ------------------------------------------------------------------------

REVIEWS: dict[str, Text] = {
    "unknown-talk": Text("没有这次约谈：{talk}。", "There is no talk {talk}."),
    "talk-held": Text("这次约谈已经记录。", "This talk has been recorded already."),
    "unknown-event": Text("没有名为{tag}的事件。", "There is no event called {tag}."),
    "unknown-figure": Text("没有这个指标：{figure}。", "There is no figure {figure}."),
    "unknown-snapshot": Text("没有{snapshot}的指标快照。", "There is no snapshot of {snapshot}."),
    "not-frozen": Text("这一时期的指标尚未定格。", "The figures of this period are not frozen yet."),
    "unknown-review": Text("没有这个评价。", "There is no such review."),
    "already-reviewed": Text("这项服务已经评价过。", "This service was reviewed already."),
    "unknown-invitation": Text("评价邀请无效。", "This invitation does not hold."),
    "nobody-to-invite": Text(
        "本窗口没有可邀请评价的服务。", "No service has ended at this window that is not rated."
    ),
    "review-window-over": Text("评价期限（{until}）已过。", "The service could be rated until {until}."),
    "paper-waiting": Text("已有一份书面评价等待复核。", "A form on paper waits to be confirmed already."),
    "second-person-needed": Text(
        "书面评价须由录入人以外的人复核。", "Whoever entered the form cannot confirm it."
    ),
    "already-added": Text("已经追加过评价。", "A review was added already."),
    "another-reviewer": Text("只有原评价人可以追评。", "Only the first reviewer may add to the review."),
    "not-rectified": Text("整改反馈后才能追评。", "A review can be added to once it was answered."),
    "review-annulled": Text(
        "原评价未被采纳，不能追评。", "The first review was not adopted; nothing can be added to it."
    ),
    "tag-of-another-grade": Text(
        "评价内容与所选等级不符：{tags}。", "These tags belong to another grade: {tags}."
    ),
    "not-a-bad-review": Text("这不是差评。", "This is not a bad review."),
    "unknown-rectification": Text("没有这项整改。", "There is no such rectification."),
    "rectification-closed": Text("整改已经办结。", "The rectification is closed."),
    "step-out-of-order": Text("现在还轮不到这一步。", "It is not this step's turn."),
    "rectification-paused": Text(
        "整改已中止计时，请先恢复。", "The rectification is paused; resume it first."
    ),
    "reviewer-unknown": Text("评价人未实名。", "Nobody knows who rated: it was not a real-name review."),
    "bulk-unclear": Text(
        "派单、催办、延期，须且只须选一样。",
        "Say one thing: whom to assign, how to remind, or what more time.",
    ),
    "another-order": Text("只能答复对方的工单。", "A work order is answered by the other side."),
    "unknown-order": Text("没有这个工单：{order}。", "There is no work order {order}."),
    "order-known": Text("工单{order}已经登记。", "Work order {order} is recorded already."),
    "order-answered": Text("工单{order}已经答复。", "Work order {order} was answered already."),
    "already-planned": Text("已经提交过整改计划。", "There is a plan already."),
    "already-ruled": Text("已经复核过。", "It was ruled on already."),
    "ruled-by-rated-unit": Text("被评价单位不能复核自己的差评。", "A unit cannot rule on its own review."),
}

# --- notices ------------------------------------------------------------------------------------------------

NOTICES: dict[str, Text] = {
    "codes-too-often": Text(
        "获取验证码过于频繁，请在{at}后再试。", "Too many codes were asked for; try again after {at}."
    ),
    "code-missing": Text("请先获取验证码并填写。", "Ask for a code to be sent there first, and tell it."),
    "code-wrong": Text(
        "手机号（邮箱）或验证码不正确。", "The phone number, the mail address or the code is wrong."
    ),
    "contact-unclear": Text(
        "请填写手机号或邮箱，二者取一。", "Give a phone number or a mail address, one of them."
    ),
    "proof-needed": Text(
        "请稍候，浏览器正在完成安全验证；没有启用脚本的浏览器请登录后办理。",
        "Please wait until your browser has finished its check; without scripts please sign in.",
    ),
    "proof-wrong": Text(
        "安全验证已过期，请重新打开页面。", "The check has expired; please open the page again."
    ),
    "proof-used": Text(
        "安全验证已用过，请重新打开页面。", "The check was used already; please open the page again."
    ),
    "code-over": Text("验证码已失效，请重新获取。", "This code holds no more; please ask for another."),
    "unknown-notice": Text("没有这条通知。", "There is no such notice."),
    "unknown-template": Text("没有这个通知模板。", "There is no such template of notices."),
    "notice-ended": Text(
        "这条通知已经结束（{status}），不能再发。", "This notice has ended ({status}) and is not sent again."
    ),
    "wording-malformed": Text("模板中的花括号写法有误。", "The braces in this wording are wrong."),
    "unknown-fact": Text(
        "模板中不能使用{names}，可用的有{facts}。",
        "A notice of this kind does not know {names}; it knows {facts}.",
    ),
}

# --- webhooks -----------------------------------------------------------------------------------------------

WEBHOOKS: dict[str, Text] = {
    "unknown-webhook": Text("没有这个事件推送。", "There is no such webhook."),
    "webhook-known": Text("这个事件推送已经登记过。", "This webhook was registered already."),
    "webhook-removed": Text("这个事件推送已经删除。", "This webhook was removed."),
    "webhook-url-refused": Text(
        "不能推送到这个地址（{reason}）：须为公网的https地址，或已在MINGTING_WEBHOOK_NETWORKS中允许的网段。",
        "Nothing is posted to this address ({reason}): it must be https and public, or in a network that "
        "MINGTING_WEBHOOK_NETWORKS names.",
    ),
}

SENTENCES: dict[str, Text] = (
    NOTICES | REQUESTS | CONFIGURATION | APPOINTMENTS | WINDOWS | CASES | REVIEWS | WEBHOOKS
)
