"""A webhook that takes, refuses or hangs, and remembers."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass
class Hook:
    """What it took is in `got`; with `hangs` it answers nobody until it is let go."""

    status: int = 204
    hangs: bool = False
    statuses: list[int] = field(default_factory=list)  # of the next ones, before `status`
    got: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    _free: threading.Event = field(default_factory=threading.Event)

    @property
    def states(self) -> list[str]:
        return [body["state"] for body in self.got]

    def take(self, path: str, body: dict[str, Any]) -> int:
        """Take it or not; returns the status of the answer."""
        self.paths.append(path)
        self.asked.set()
        if self.hangs:
            self._free.wait(30)
        status = self.statuses.pop(0) if self.statuses else self.status
        if status < 300 and not self.hangs:
            self.got.append(body)
        return status

    def let_go(self) -> None:
        self._free.set()

    def __enter__(self) -> Self:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status = hook.take(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.send_header("Location", f"{hook.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.let_go()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
