"""The pages that belong to nobody in particular."""

from tests.browser.seeing import DESK, PHONE, Shot

SHOTS = [
    Shot("demo", "/demo", (PHONE, DESK)),
    Shot("sign-in", "/sign-in", (PHONE, DESK)),
    Shot("sign-in-large", "/sign-in", (PHONE,), large=True, languages=("zh",)),
    Shot("sign-in-dark", "/sign-in", (PHONE,), theme="dark", languages=("zh",)),
]
