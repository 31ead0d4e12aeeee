"""The HTTP side: a thread a connection, JSON in and out, an API key where one is set."""

from __future__ import annotations

import hmac
import socket
import sys
import threading
import time
import traceback
from contextlib import nullcontext
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from core.stack.vectors.catalog import Catalog
from core.stack.vectors.errors import VectorError, bad_format, from_engine
from core.stack.vectors.routes import answer

VERSION = "1.20.0"  # of the API; the client warns when it is far from its own
MOST_BYTES = 64 << 20
BULK_BYTES = 64 << 10
HEALTH = ("/healthz", "/livez", "/readyz")


class VectorServer(ThreadingHTTPServer):
    """Serves one catalog."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], catalog: Catalog, api_key: str | None) -> None:
        super().__init__(address, Handler)
        self.catalog = catalog
        self.api_key = api_key
        self.bulk = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away in mid-call; print the rest."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open between calls."""

    server: VectorServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet

    def serve(self) -> None:
        started = time.perf_counter()
        path = self.path.partition("?")[0]
        try:
            status, reply = 200, self._reply(path.rstrip("/"))
        except VectorError as error:
            status, reply = error.status, {"status": {"error": str(error)}}
        self._send(status, orjson.dumps(reply | {"time": time.perf_counter() - started}))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815  (the names that http.server looks for)

    def log_message(self, format: str, *args: object) -> None:
        """Write no line a call."""

    def _reply(self, path: str) -> dict[str, object]:
        body = self._body()  # read in any case: the next call on this connection comes after it
        if path in HEALTH:
            return {"title": f"{path[1:]} check passed"}
        if path == "":
            return {"title": "qdrant - vector search engine", "version": VERSION}
        self._check_key()
        # The engine lets go of the interpreter's lock at every point it is given: threads with a batch each would
        # trade it a hundred times a batch, and take twice the processor. What is small goes past the queue.
        with self.server.bulk if len(body) > BULK_BYTES else nullcontext():
            return self._answer(path, body)

    def _answer(self, path: str, body: bytearray) -> dict[str, object]:
        try:
            parsed = orjson.loads(body) if body else {}
        except orjson.JSONDecodeError as error:
            raise bad_format(str(error)) from None
        try:
            return {"status": "ok", "result": answer(self.server.catalog, self.command, path, parsed)}
        except VectorError:
            raise
        except Exception as error:  # the engine raises bare Exception
            told = from_engine(error)
            if told.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                traceback.print_exc()
            raise told from error

    def _body(self) -> bytearray:
        length = int(self.headers.get("content-length") or 0)
        if length > MOST_BYTES or "transfer-encoding" in self.headers:
            self.close_connection = True  # its body stays unread
            raise VectorError(413, f"Payload error: give a content-length of at most {MOST_BYTES} bytes")
        body = bytearray(length)
        view = memoryview(body)
        there = self.rfile.readinto1(view) if length else 0
        while there < length:
            # All in one call: each call more would wait its turn for the interpreter.
            more = self.connection.recv_into(view[there:], 0, socket.MSG_WAITALL)
            if not more:
                raise ConnectionResetError("the client went away before it had said all")
            there += more
        return body

    def _check_key(self) -> None:
        key = self.server.api_key
        if key is None:
            return
        given = self.headers.get("api-key") or (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if not given:
            raise VectorError(401, "Must provide an API key or an Authorization bearer token")
        if not hmac.compare_digest(given.encode(), key.encode()):
            raise VectorError(401, "Invalid API key or JWT")

    def _send(self, status: int, content: bytes) -> None:
        self.send_response_only(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
