"""The administration's pages."""

from tests.browser.desk import configure
from tests.browser.seeing import DESK, Shot
from tests.running import Running

ADMIN = "admin-01"


def rehearsable(server: Running) -> str:
    """A hall with a second version, so that its history shows a change."""
    recalls = server.get("/api/v1/halls/heilong")["recalls"]
    configure(server, "heilong", recalls=recalls % 3 + 1)
    return "/admin/documents/halls/heilong"


SHOTS = [
    Shot("admin", "/admin", (DESK, (1920, 1080)), account=ADMIN),
    Shot("admin-hall", rehearsable, (DESK,), account=ADMIN),
    Shot("admin-terms", "/admin/documents/terms/411328000000", (DESK,), account=ADMIN, languages=("zh",)),
    Shot("admin-calendar", "/admin/documents/calendars/2026", (DESK,), account=ADMIN, languages=("zh",)),
    Shot("admin-items", "/admin/items", (DESK,), account=ADMIN),
    Shot("admin-import", "/admin/items/import", (DESK,), account=ADMIN),
    Shot("admin-devices", "/admin/devices", (DESK,), account=ADMIN),
    Shot("admin-notices", "/admin/notices", (DESK,), account=ADMIN),
    Shot("admin-views", "/admin/views", (DESK,), account=ADMIN),
    Shot("admin-revise", "/admin/halls/tanghe/revise", (DESK,), account=ADMIN),
    Shot("admin-dark", "/admin", (DESK,), account=ADMIN, theme="dark", languages=("zh",)),
]
