"""A server that takes every connection and answers none, as one that was frozen."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self


class HungStandIn:
    """Listens while it is entered; `taken` are the connections that were made."""

    def __init__(self) -> None:
        self.taken: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._take, name="hung")

    @property
    def port(self) -> int:
        port: int = self._server.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for one in (self._server, *self.taken):
            one.close()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._server.accept()[0])
            except OSError:
                return
