"""QR codes in pages."""

import segno
from markupsafe import Markup


def drawn(text: str) -> Markup:
    """A text as a QR code to stand in a page, dark on whatever is behind it."""
    return Markup(segno.make_qr(text, error="m").svg_inline(omitsize=True, border=2))  # noqa: S704 (segno's own)
