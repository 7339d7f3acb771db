"""The administration's pages."""

from tests.browser.desk import configure
from tests.browser.seeing import DESK, PHONE, Shot
from tests.running import Running

ADMIN = "admin-01"


def rehearsable(server: Running) -> str:
    """A hall with a second version, so that its history shows a change."""
    recalls = server.get("/api/v1/halls/heilong")["recalls"]
    configure(server, "heilong", recalls=recalls % 3 + 1)
    return "/admin/versions/halls/heilong/1"


def a_crowded_plan(server: Running) -> str:
    """A hall whose plan has late hours and a day unlike the pattern."""
    plan = server.get("/api/v1/halls/heilong")
    late = plan["sessions"][0] | {"weekdays": [2, 4], "opens": "18:00:00", "closes": "19:30:00"}
    closed = {"date": "2027-01-15", "reason": {"zh": "系统升级", "en": "The system is upgraded"}}
    configure(server, "heilong", sessions=[*plan["sessions"][:2], late], exceptions=[closed])
    return "/admin/documents/halls/heilong/plan"


HALL = "/admin/documents/halls/tanghe"
TERMS = "/admin/documents/terms/411328000000"


def posted_to(server: Running) -> str:
    """A partner that was sent nothing yet, for nothing has happened since it was registered."""
    body = {"name": "省预约平台", "url": "https://partner.example/hook", "subjects": ["slots", "queue"]}
    server.post("/api/v1/webhooks", body, server.token("admin"), Idempotency_Key="shots")
    return "/admin/webhooks"


SHOTS = [
    Shot("admin", "/admin", (DESK, (1920, 1080)), account=ADMIN),
    Shot("admin-hall", HALL, (DESK, PHONE), account=ADMIN),
    Shot("admin-hall-queues", f"{HALL}/queues", (DESK,), account=ADMIN),
    Shot("admin-hall-windows", f"{HALL}/windows", (DESK, PHONE), account=ADMIN),
    Shot("admin-hall-plan", a_crowded_plan, (DESK, PHONE), account=ADMIN),
    Shot("admin-hall-calling", f"{HALL}/calling", (DESK, PHONE), account=ADMIN),
    Shot("admin-hall-json", "/admin/json/halls/tanghe", (DESK,), account=ADMIN, languages=("zh",)),
    Shot("admin-hall-versions", rehearsable, (DESK, PHONE), account=ADMIN),
    Shot("admin-terms", f"{TERMS}/reviews", (DESK,), account=ADMIN),
    Shot("admin-terms-rules", f"{TERMS}/rules", (DESK, PHONE), account=ADMIN),
    Shot("admin-calendar", "/admin/documents/calendars/2026", (DESK,), account=ADMIN),
    Shot("admin-items", "/admin/items", (DESK,), account=ADMIN),
    Shot("admin-item", "/admin/documents/items/demo-budongchan-chaxun", (DESK,), account=ADMIN),
    Shot(
        "admin-item-materials",
        "/admin/documents/items/demo-budongchan-chaxun/materials",
        (DESK,),
        account=ADMIN,
    ),
    Shot("admin-imports", "/admin/imports", (DESK, PHONE), account=ADMIN),
    Shot("admin-import", "/admin/imports/bookings", (DESK, PHONE), account=ADMIN),
    Shot("admin-roles", "/admin/roles", (DESK,), account=ADMIN),
    Shot("admin-new", "/admin/new/halls", (DESK,), account=ADMIN),
    Shot("admin-devices", "/admin/devices", (DESK,), account=ADMIN),
    Shot("admin-notices", "/admin/notices", (DESK,), account=ADMIN),
    Shot("admin-sign-ins", "/admin/sign-ins", (DESK,), account=ADMIN),
    Shot("admin-webhooks", posted_to, (DESK,), account=ADMIN),
    Shot("admin-views", "/admin/views", (DESK,), account=ADMIN),
    Shot("admin-revise", "/admin/halls/tanghe/revise", (DESK,), account=ADMIN),
    Shot("admin-dark", "/admin", (DESK,), account=ADMIN, theme="dark", languages=("zh",)),
    Shot("admin-plan-dark", f"{HALL}/plan", (DESK,), account=ADMIN, theme="dark", languages=("zh",)),
]
