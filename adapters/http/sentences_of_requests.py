"""What a refusal of the edge says to people: about the request itself, before anything of it is decided."""

from domain.message import Text

REQUESTS: dict[str, Text] = {
    "bad-request": Text("请求不符合格式。", "The request is malformed."),
    "malformed-json": Text("请求内容不是有效的JSON。", "The body is not valid JSON."),
    "invalid": Text("请求中有无效的内容，详见errors。", "Something in the request is not valid; see errors."),
    "not-json": Text(
        "请求内容须为JSON（Content-Type: application/json）。",
        "The body must be JSON (Content-Type: application/json).",
    ),
    "body-too-large": Text("请求内容超过{bytes}字节。", "The body is larger than {bytes} bytes."),
    "body-too-slow": Text("请求内容传送过慢。", "The body took too long to arrive."),
    "unknown-path": Text("没有这个地址。", "There is nothing at this address."),
    "method-not-allowed": Text("此地址不支持这种请求方法。", "This address does not take this method."),
    "no-identity": Text("请先登录。", "Please log in: the request carries no token."),
    "token-invalid": Text("登录凭证无效。", "The token does not hold."),
    "token-expired": Text("登录已过期，请重新登录。", "The token has expired; please log in again."),
    "role-missing": Text("登录凭证中没有可用的角色。", "The token gives none of our roles."),
    "identity-provider-away": Text(
        "暂时无法联系身份认证服务，请稍后再试。", "The identity provider cannot be reached; try again soon."
    ),
    "not-yours": Text("您的角色（{role}）不能这样做。", "Your role ({role}) may not do this."),
    "not-same-origin": Text(
        "请求不是从本网站的页面发出的，未予办理。",
        "The request did not come from a page of this site and was not carried out.",
    ),
    "form-incomplete": Text("有几项还没有填写。", "Some fields are still empty."),
    "field-missing": Text("请填写这一项。", "Please fill this in."),
    "form-wrong": Text("有几项需要修改，都没有保存。", "Some fields need to be changed; nothing was stored."),
    "signals-not-rising": Text("轻的信号须先于重的。", "A lighter signal comes before a graver one."),
    "limits-not-rising": Text(
        "首次联系须早于立行立改，立行立改不晚于限期整改。",
        "Contact comes before the rest, a plan takes no less.",
    ),
    "name-wrong": Text(
        "只能用小写字母、数字和连字符，以字母或数字开头，最多40个字符。",
        "Lower-case letters, digits and hyphens only, beginning with a letter or digit, 40 characters at most.",
    ),
    "file-too-large": Text("文件超过4MB，请分成几份。", "The file is larger than 4 MB; please split it."),
    "file-empty": Text("文件是空的。", "The file is empty."),
    "file-not-text": Text(
        "读不出这个文件：请另存为 CSV（UTF-8）或 Excel（.xlsx）。",
        "This file cannot be read: please save it as CSV (UTF-8) or as Excel (.xlsx).",
    ),
    "file-no-workbook": Text("这个 Excel 文件打不开。", "This workbook cannot be opened."),
    "file-not-json": Text("这个文件不是有效的 JSON。", "The file is no valid JSON."),
    "field-wrong": Text(
        "请检查这一项，填写的内容不能使用。", "Please check this field; what it says cannot be used."
    ),
    "sign-in-failed": Text(
        "登录没有完成，请重新登录。", "Signing in was not completed; please sign in again."
    ),
    "other-hall": Text("您只能在自己的大厅操作。", "Your token is for another hall than {hall}."),
    "other-window": Text("您只能在自己的窗口操作。", "Your token is for another window than {window}."),
    "another-clerk": Text("只能以本人身份打开窗口。", "A window is opened in one's own name."),
    "time-not-yours": Text("只有管理员可以补记时间。", "Only an admin may say when something happened."),
    "time-invalid": Text("时间须为带时区的RFC 3339格式。", "The time must be RFC 3339 with an offset."),
    "time-in-future": Text(
        "补记的时间不能晚于现在。", "What is recorded cannot have happened later than now."
    ),
    "idempotency-key-invalid": Text(
        "幂等键须为1至200个字符。", "An idempotency key has 1 to 200 characters."
    ),
    "idempotency-key-reused": Text(
        "这个幂等键已用于内容不同的请求。", "This idempotency key was used with another request."
    ),
    "if-match-invalid": Text("If-Match须为带引号的版本号。", "If-Match must be a version in quotes."),
    "version-moved-on": Text(
        "已有人先行操作，当前版本为{version}。", "Somebody was faster: the version is now {version}."
    ),
    "bad-cursor": Text("翻页标记无效。", "The cursor belongs to no list of this kind."),
    "not-supported-yet": Text("暂不支持参数{what}。", "The parameter {what} is not supported yet."),
    "too-many-streams": Text(
        "打开的实时连接过多，请稍后再试。", "Too many live connections are open; try again later."
    ),
    "too-many-requests": Text(
        "请求过于频繁，请在{seconds}秒后再试。", "Too many requests; try again in {seconds} s."
    ),
    "store-unavailable": Text(
        "系统暂时无法读取和保存，请稍后再试。", "The store cannot be reached; it is safe to try again."
    ),
    "event-unreadable": Text(
        "这项记录由较新版本的程序写入，暂时无法处理。",
        "Newer software wrote this record; this server cannot read it yet.",
    ),
    "view-behind": Text(
        "数据正在更新，请稍后再试。", "The view has not caught up with that position; try again soon."
    ),
    "internal-error": Text("系统出错，已经记录。", "Something went wrong here and was noted."),
    "service-unclear": Text(
        "须且只须指明一个评价邀请、一件办件或一个排队号。", "Name one invitation, one case or one ticket."
    ),
    "unknown-service": Text("没有可评价的这项服务。", "There is no such service to review."),
    "not-served-yet": Text("服务结束后才能评价。", "A service can be reviewed once it has ended."),
    "arrival-unclear": Text("请出示预约凭证或证件，二者取一。", "Show a voucher or a document, one of them."),
    "person-needed": Text(
        "请填写办事人的姓名、证件号码和手机号。", "Say whom it is for: name, id number and phone."
    ),
    "year-in-path": Text(
        "年份与地址中的年份不一致。", "The notice is of another year than the address says."
    ),
    "unknown-command": Text("没有这种命令：{command}。", "There is no such command: {command}."),
    "unknown-stream": Text("没有这类记录：{stream}。", "No stream is called like this: {stream}."),
}
