"""What the fields of items, calendars and a region's terms are called where they are configured."""

from adapters.web.admin_words import (
    CODE,
    CODE_HINT,
    COPIES,
    DAYS,
    ENGLISH_TOO,
    HALL_CHOICES,
    HALL_WORDS,
    NAME,
    TIMES,
    WORKDAYS,
    Word,
)
from domain.item import APPLICANTS, HANDLINGS, KINDS, LEVELS
from domain.message import Text
from domain.order import PRIORITY_NAMES
from domain.rules import KINDS as RULE_KINDS

INTERVALS = Text("个时段", "intervals")
OURS = Text("未查到规定，由本地区设置", "No rule found: the region's own")

ITEM_WORDS: dict[str, Word] = {
    "ItemPlan.name": Word(Text("事项名称", "Name of the item"), ENGLISH_TOO),
    "ItemPlan.basic_code": Word(Text("基本编码", "Basic code")),
    "ItemPlan.implementation_code": Word(Text("实施编码", "Implementation code")),
    "ItemPlan.kind": Word(Text("事项类型", "Kind")),
    "ItemPlan.level": Word(Text("行使层级", "Level")),
    "ItemPlan.applicants": Word(Text("服务对象", "For whom")),
    "ItemPlan.unit": Word(
        Text("实施单位", "Responsible unit"), Text("谁办理、谁负责", "Who handles it answers for it")
    ),
    "ItemPlan.handling": Word(Text("办件类型", "How it is handled")),
    "ItemPlan.statutory_limit_workdays": Word(
        Text("法定办结时限", "Statutory limit"),
        Text("法律没有规定时留空", "Empty where no law sets one"),
        WORKDAYS,
    ),
    "ItemPlan.promised_limit_workdays": Word(
        Text("承诺办结时限", "Promised limit"),
        Text(
            "承诺件必填，不得长于法定时限", "Needed for promised items, never longer than the statutory one"
        ),
        WORKDAYS,
    ),
    "ItemPlan.queue": Word(
        Text("办理队列", "Queue"),
        Text("有这个队列的大厅都办理此事项", "Every hall with this queue handles it"),
    ),
    "ItemPlan.bookable": Word(Text("可以预约", "May be booked")),
    "ItemPlan.slots": Word(Text("每次预约占用", "One appointment takes"), None, INTERVALS),
    "ItemPlan.skill": Word(Text("需要的技能", "Skill needed"), CODE_HINT),
    "ItemPlan.online_depth": Word(Text("网办深度", "How far it goes online")),
    "ItemPlan.visits": Word(Text("到办事现场次数", "Visits needed"), None, TIMES),
    "ItemPlan.materials": Word(Text("申请材料", "Materials")),
    "ItemPlan.guide": Word(Text("办事指南", "Guide")),
    "ItemPlan.scope": Word(Text("通办范围", "Received across")),
    "ItemPlan.matters": Word(
        Text("所属“一件事”", "Part of the matters"), Text("代号，用逗号分开", "Short names, with commas")
    ),
    "ItemPlan.parts": Word(
        Text("“一件事”包含的事项", "Items that it holds together"),
        Text("编号，用逗号分开", "Numbers, with commas"),
    ),
    "ItemPlan.keywords": Word(
        Text("俗称", "Everyday words"), Text("群众怎么叫它，用逗号分开", "How people call it, with commas")
    ),
    "ItemPlan.demonstration": Word(Text("演示数据", "Demonstration")),
    "Code.value": Word(Text("编码", "Code")),
    "Code.scheme": Word(Text("编码规则", "Scheme"), Text("如 gbt-39554", "As gbt-39554")),
    "Material.name": Word(NAME),
    "Material.originals": Word(Text("原件", "Originals"), None, COPIES),
    "Material.copies": Word(Text("复印件", "Copies"), None, COPIES),
    "Material.required": Word(Text("必须提交", "Required")),
    "Material.exempt": Word(
        Text("免提交", "Need not be brought"), Text("共享或电子证照可取得", "Had by data sharing")
    ),
    "Material.deferrable": Word(Text("可容缺后补", "May come later")),
    "Material.pledgeable": Word(Text("可告知承诺", "A written promise will do")),
    "Material.blank": Word(
        Text("空表地址", "Blank form at"),
        Text("以 http:// 或 https:// 开头", "Begins with http:// or https://"),
    ),
    "Material.sample": Word(Text("样表地址", "Filled-in sample at")),
    "Guide.conditions": Word(Text("受理条件", "Conditions")),
    "Guide.fee": Word(Text("收费", "Fee"), Text("留空即不收费", "Empty: free")),
    "Guide.phone": Word(Text("咨询电话", "Telephone")),
    "Guide.legal_basis": Word(Text("设定依据", "Legal basis")),
    "Guide.windows": Word(Text("办理窗口", "Windows")),
    "Guide.process": Word(Text("办理流程", "Steps")),
    "Guide.result": Word(Text("审批结果", "Result")),
    "Guide.questions": Word(Text("常见问题", "Questions")),
    "Guide.complaints": Word(Text("监督投诉", "Complaints")),
    "Guide.rights": Word(Text("权利义务", "Rights and duties")),
    "Guide.remedies": Word(Text("法律救济", "Remedies")),
    "Question.asked": Word(Text("问", "Question")),
    "Question.answered": Word(Text("答", "Answer")),
    # calendars
    "Year.year": Word(Text("年份", "Year")),
    "Year.title": Word(Text("通知标题", "Title of the notice")),
    "Year.number": Word(
        Text("文号", "Document number"), Text("如 国办发明电〔2025〕7号", "As the notice bears it")
    ),
    "Year.issued": Word(Text("发布日期", "Issued on")),
    "Year.rest_days": Word(
        Text("放假日期", "Days off"),
        Text(
            "照通知填写起止日期，可包含周末；只有一天时“到”留空",
            "From and to as the notice says; weekends may be in it",
        ),
    ),
    "Year.extra_workdays": Word(Text("调休上班的周末", "Weekends worked")),
    # terms
    "Terms.review_days": Word(Text("可评价期限", "A service may be rated for"), OURS, DAYS),
    "Terms.rectification": Word(
        Text("差评整改期限", "Rectification of bad reviews"),
        Text(
            "从差评起算的工作日；三项须依次不减", "Working days from the review on; none before the one above"
        ),
    ),
    "RectificationLimits.contact": Word(
        Text("首次联系", "First contact"),
        Text("51号文只要求“第一时间”", "No. 51 (2019) says only: at the first moment"),
        WORKDAYS,
    ),
    "RectificationLimits.simple": Word(
        Text("立行立改", "Put right at once"),
        Text("德州、三亚、襄城的做法为5", "5 in Dezhou, Sanya and Xiangcheng"),
        WORKDAYS,
    ),
    "RectificationLimits.complex": Word(
        Text("限期整改", "By a plan"),
        Text("四川一市2020年的做法为15", "15 in one city of Sichuan, 2020"),
        WORKDAYS,
    ),
    "Terms.appeal_workdays": Word(Text("申诉期限", "The unit may appeal within"), OURS, WORKDAYS),
    "Terms.ruling_workdays": Word(Text("复核期限", "An appeal is ruled upon within"), OURS, WORKDAYS),
    "Terms.ladder_workdays": Word(
        Text("逾期未整改报分管领导", "Still open, the leader is told after"), OURS, WORKDAYS
    ),
    "Terms.talks": Word(Text("约谈", "Talks")),
    "TalkRule.lags": Word(Text("逾期几次即约谈", "Called after lagging"), OURS, TIMES),
    "TalkRule.days": Word(Text("统计期", "within"), OURS, DAYS),
    "TalkRule.hold_workdays": Word(Text("约谈完成时限", "held within"), OURS, WORKDAYS),
    "Terms.cases": Word(Text("办件", "Cases")),
    "CaseTerms.silence_accepts": Word(
        Text("逾期不告知即为受理", "Silence counts as acceptance"),
        Text("未查到原文", "Recalled; no text was found"),
    ),
    "CaseTerms.not_done": Word(
        Text("“办不成事”办结时限", "What could not be done is settled within"), OURS, WORKDAYS
    ),
    "Terms.reminder_hours": Word(
        Text("预约提醒", "Reminders of appointments"),
        Text("提前几小时，可写几次，用逗号分开", "Hours before, several with commas"),
    ),
    "Terms.rules": Word(
        Text("监察规则", "Rules of the supervision"),
        Text(
            "天数均为工作日；超期0天即到期当即。先预警，再黄牌，再红牌",
            "Days are working days; 0 days after is at once. Warning, then yellow, then red",
        ),
    ),
    "Rule.workdays": Word(
        Text("期限", "Limit"),
        Text("办件自己没有写明时用它", "Where the case itself does not say it"),
        WORKDAYS,
    ),
    "Rule.warning": Word(Text("预警", "Warning")),
    "Rule.yellow": Word(Text("黄牌", "Yellow")),
    "Rule.red": Word(Text("红牌", "Red")),
    "Terms.pauses": Word(Text("办件挂起的原因", "For what a case may be paused")),
    "PauseReason.name": Word(NAME),
    "PauseReason.most_workdays": Word(Text("最长", "At most"), Text("留空不限", "Empty: no limit"), WORKDAYS),
    "PauseReason.statutory": Word(
        Text("法定时限也停止计算", "The statutory limit stands still too"),
        Text("由本地区负责", "For which the region answers"),
    ),
}

WORDS = HALL_WORDS | ITEM_WORDS
KEYS: dict[str, Text] = {
    "HallPlan.pauses": CODE,
    "HallPlan.skills": CODE,
    "HallPlan.clerks": Text("登录名", "Account"),
    "Terms.pauses": CODE,
}
"""What the keys of a table are called."""

CHOICES: dict[str, dict[str, Text]] = {
    **HALL_CHOICES,
    "ItemPlan.kind": {kind: coded.name for kind, coded in KINDS.items()},
    "ItemPlan.level": {level: coded.name for level, coded in LEVELS.items()},
    "ItemPlan.applicants": {word: coded.name for word, coded in APPLICANTS.items()},
    "ItemPlan.handling": {word: coded.name for word, coded in HANDLINGS.items()},
    "ItemPlan.online_depth": {
        "I": Text("Ⅰ级：网上查询", "I: information"),
        "II": Text("Ⅱ级：网上预审，到场提交", "II: filed online, handed in on site"),
        "III": Text("Ⅲ级：只跑一次", "III: one visit"),
        "IV": Text("Ⅳ级：全程网办", "IV: wholly online"),
    },
    "ItemPlan.scope": {
        "national": Text("全国", "the nation"),
        "across-provinces": Text("跨省", "provinces"),
        "across-cities": Text("跨市", "cities"),
        "across-counties": Text("跨县", "counties"),
    },
    "Classes.effects": {str(word): name for word, name in PRIORITY_NAMES.items()},
    "Terms.rules": {rule: kind.name for rule, kind in RULE_KINDS.items()},
    "Threshold": {
        "": Text("不发", "Never"),
        "left_percent": Text("剩下…%时", "With …% left"),
        "left_workdays": Text("还剩…天时", "With … days left"),
        "over_workdays": Text("超期…天后", "… days after"),
    },
}
