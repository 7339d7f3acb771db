"""The network between a screen and the server, which a test may cut or hush."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self


class Line:
    """Passes bytes between whoever connects to ``url`` and the server.

    ``cut`` breaks every connection and lets none be made: both sides are told. ``hush`` holds the bytes back and tells
    nobody, as a pulled cable does. ``mend`` ends both.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._passing = threading.Event()
        self._passing.set()
        self._refusing = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def cut(self) -> None:
        self._refusing = True
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def hush(self) -> None:
        self._passing.clear()

    def mend(self) -> None:
        self._refusing = False
        self._passing.set()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.mend()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self._refusing:
                    client.close()
                else:
                    self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._server_port)) as server:
            self._open |= {client, server}
            back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
            back.start()
            self._pump(client, server)
            back.join()
            self._open -= {client, server}

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
