"""``mingting`` without the lean lane: every command goes through the web framework. For comparison only."""

from functools import partial

import app
from adapters.http.app import create_http

if __name__ == "__main__":
    # The program has no such setting: nobody should run it so.
    app.create_http = partial(create_http, lean=False)  # type: ignore[attr-defined]  # imported there
    app.main()
