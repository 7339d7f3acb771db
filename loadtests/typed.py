"""``mingting`` without the lean lane: every command goes through the web framework. For comparison only."""

from functools import partial

import app
from adapters.http import app as http

if __name__ == "__main__":
    # The program has no such setting: nobody should run it so.
    http.create_http = partial(http.create_http, lean=False)
    app.main()
