"""QR codes: dark on light in every theme, with the quiet zone that readers need."""

from io import BytesIO

import segno


def svg(text: str) -> bytes:
    """A text as a picture that scales."""
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", border=4, dark="#000", light="#fff", omitsize=True, xmldecl=False
    )
    return drawn.getvalue()
