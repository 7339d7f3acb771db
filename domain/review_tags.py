"""What a rating may be about (评价内容): a fixed set of tags for each grade, shown by the grade that was chosen.

The codes and Chinese names are the national set in use, read in two public code bases that agree; the document that
orders them was not found. The set is versioned and may not be added to or cut without leave
(评价内容将进行版本管理…未经允许不得添加或删除评价指标). The English names are ours.

The first digit counts the grade from 5 (very satisfied) down to 1: the direction of the 好差评 interfaces, against
that of GB/T 39046-2020 table A.8.
"""

from domain.message import Grade, Text

VERSION = 2
"""The set in use. The first (501-509, 401-405, 301-306, 201-206, 101-107) is retired; no code has two meanings."""

TAGS: dict[Grade, dict[str, Text]] = {
    "very-satisfied": {
        "510": Text("一窗受理一次办结", "one window, done at once"),
        "511": Text("可以先受理后补材料", "accepted first, papers handed in later"),
        "512": Text("不用提交证明", "no certificates asked for"),
        "513": Text("可以全程网上办理", "can be done wholly online"),
        "514": Text("可以使用手机办理", "can be done by mobile phone"),
        "515": Text("可以就近办理", "can be done nearby"),
        "516": Text("无需材料直接办理", "done without any papers"),
        "517": Text("服务热情效率高", "warm and efficient service"),
    },
    "satisfied": {
        "406": Text("填写一张表单就可完成申报", "one form was enough"),
        "407": Text("在线提交材料窗口核验", "papers sent online, checked at the window"),
        "408": Text("一张清单告知全部申报材料", "one list named all the papers"),
        "409": Text("用告知承诺减免申报材料", "a declaration took the place of papers"),
        "410": Text("可以在线预约办理", "could be booked online"),
        "411": Text("跑大厅一次办完", "done in one visit"),
        "412": Text("可以使用自助机办理", "could be done at a kiosk"),
        "413": Text("服务态度较好", "friendly service"),
    },
    "fairly-satisfied": {
        "307": Text("一次性告知需要补正的材料", "told once of everything to be corrected"),
        "308": Text("提供申报材料样本", "samples of the papers were given"),
        "309": Text("在承诺的时间内办结", "done within the promised time"),
        "310": Text("办事指南指引准确", "the guide was accurate"),
        "311": Text("按办事指南要求的材料即可办理", "the papers in the guide were enough"),
        "312": Text("可以快递送达", "could be delivered by courier"),
        "313": Text("跑动次数与承诺的一致", "as many visits as promised"),
        "314": Text("服务态度一般", "indifferent service"),
    },
    "dissatisfied": {
        "207": Text("没有提供材料样本", "no samples of the papers"),
        "208": Text("没有提供材料清单", "no list of the papers"),
        "209": Text("未在承诺时间内办结", "not done within the promised time"),
        "210": Text("同样内容的证明材料被要求多次提交", "the same proof asked for several times"),
        "211": Text("承诺网办但无法在线办理", "promised online but not possible online"),
        "212": Text(
            "在线预约办理后到实体大厅重复取号排队", "booked online, yet had to queue again at the hall"
        ),
        "213": Text("窗口人员业务不熟练", "unpractised staff at the window"),
        "214": Text("服务态度生硬", "curt service"),
    },
    "very-dissatisfied": {
        "108": Text("在办事指南之外增加新的审批条件", "conditions beyond the guide"),
        "109": Text("需提供办事指南之外的申报材料", "papers beyond the guide"),
        "110": Text("无理由超过法定办理时间", "beyond the statutory time without reason"),
        "111": Text("办事指南提供样本有错", "wrong samples in the guide"),
        "112": Text("承诺在线收取申报材料实际无法收取", "papers promised to be taken online were not"),
        "113": Text("多头跑窗口和部门", "sent from window to window and office to office"),
        "114": Text("跑动次数与承诺的不一致", "more visits than promised"),
        "115": Text("服务态度差效率低", "rude and slow service"),
    },
}

GRADE_NAMES: dict[Grade, Text] = {
    "very-satisfied": Text("非常满意", "very satisfied"),
    "satisfied": Text("满意", "satisfied"),
    "fairly-satisfied": Text("基本满意", "fairly satisfied"),
    "dissatisfied": Text("不满意", "dissatisfied"),
    "very-dissatisfied": Text("非常不满意", "very dissatisfied"),
}

INVITATION = Text("请对本次服务作出评价。评价自愿，可以不评。", "You may rate this service. Nobody has to.")
"""How everybody is asked, at every outlet. Staff may not hint at a grade (四平 DB2203/T 8—2024 4.7-4.8, as quoted)
nor press anybody (国办发〔2019〕51号: 不得强迫或者干扰评价)."""

STARS: dict[Grade, int] = {grade: int(next(iter(tags))[0]) for grade, tags in TAGS.items()}
"""A grade as the 好差评 interfaces count it, 5 for the best; GB/T 39046-2020 table A.8 counts from 1, the best."""
