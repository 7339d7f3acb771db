"""The static files: read once, named by what is in them, kept by browsers for as long as they like."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

FOLDER = Path(__file__).parent / "static"

MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class Asset(NamedTuple):
    body: bytes
    media_type: str
    etag: str


class Assets:
    """Every file of a folder. They share one version, so that a script finds the ones it imports beside itself.

    Raises:
        KeyError: a file is of a kind that is not served.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.files = {path.name: _read(path) for path in sorted(folder.iterdir())}
        together = "".join(f"{name} {asset.etag}\n" for name, asset in self.files.items())
        self.version = hashlib.sha256(together.encode()).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where a file is found in its present version.

        Raises:
            KeyError: there is no such file.
        """
        self.files[name]
        return f"/static/{self.version}/{name}"

    def route(self) -> HTTPRouteHandler:
        """Serves the files. Under a version that is not this one, a page from before an update finds today's file,
        and is told to ask again the next time."""

        @get("/static/{version:str}/{name:str}", sync_to_thread=False)
        def static(
            request: Request[Any, Any, Any], version: FromPath[str], name: FromPath[str]
        ) -> Response[bytes]:
            if (asset := self.files.get(name)) is None:
                raise NotFoundException
            kept = FOR_EVER if version == self.version else ASK_AGAIN
            headers = {"ETag": asset.etag, "Cache-Control": kept}
            if request.headers.get("if-none-match") == asset.etag:
                return Response(b"", status_code=304, headers=headers, media_type=asset.media_type)
            return Response(asset.body, headers=headers, media_type=asset.media_type)

        return static


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:24]}"')
