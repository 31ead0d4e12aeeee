"""A stand-in for Cohere's `POST /v2/embed`, on a port of its own.

In a test: `with CohereStandIn() as cohere: … cohere.url … cohere.script.fail(Fault(status=429), times=2)`.
As a process: `python -m tests.standins.cohere --port 9100 --latency-ms 100`; then `GET /calls` tells what it was
asked, `DELETE /calls` forgets it, and `POST /script` changes it: `{"latency": 0.1, "inputs_per_minute": 2000,
"markers": ["…"], "refused_keys": ["…"], "fail": {"status": 429, "retry_after": "2"}, "times": 3, "heal": true}`.
"""

from __future__ import annotations

import argparse
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import orjson

from tests.standins.cohere_answers import call_of, embeddings, parsed, problem_of
from tests.standins.cohere_script import Call, Fault, Script
from tests.standins.cohere_vectors import vector_of

__all__ = ["CohereStandIn", "Fault", "Script", "vector_of"]


class CohereStandIn:
    """The server; `url` is what `COHERE_BASE_URL` wants. Any key is accepted unless the script refuses it."""

    def __init__(self, port: int = 0, *, latency: float = 0.0, inputs_per_minute: int = 0) -> None:
        self.script = Script(latency=latency, inputs_per_minute=inputs_per_minute)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.script = self.script
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    script: Script

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def close_connections(self) -> None:
        for connection in list(self._open):
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/v2/embed":
            self._embed(body)
        elif self.path == "/script":
            _change(self.server.script, orjson.loads(body))
            self._send(_json(200, {}))
        else:
            self._send(_json(404, {"message": f"no such path: {self.path}"}))

    def do_GET(self) -> None:
        if self.path == "/calls":
            self._send(_json(200, self.server.script.report()))
        else:
            self._send(_json(200 if self.path == "/" else 404, {}))

    def do_DELETE(self) -> None:
        self.server.script.forget_calls()
        self._send(_json(200, {}))

    def _embed(self, body: bytes) -> None:
        script = self.server.script
        asked = parsed(body)
        call = call_of(asked)
        fault = script.begin(call)
        answer = None
        try:
            script.wait_while_paused(call)
            if script.latency:
                time.sleep(script.latency)
            answer = self._answer(asked, call, fault)
        finally:  # before it is sent: who has the answer finds it noted
            script.end(call, answer.status if answer else 0)
        self.close_connection = self.close_connection or answer is None
        if answer:
            self._send(answer)

    def _answer(self, asked: dict[str, Any], call: Call, fault: Fault | None) -> _Answer | None:
        """Make the answer; none where the connection is dropped."""
        script = self.server.script
        key = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not key or key in script.refused_keys:
            return _refusal(401, "invalid api token")
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        elif fault and fault.kind == "status":
            return _refusal(fault.status, fault.message, fault.retry_after)
        elif fault and fault.kind == "html":
            return _Answer(200, b"<html><body>Bad gateway</body></html>", content_type="text/html")
        elif fault and fault.kind == "empty_object":
            return _json(200, {})
        elif fault and fault.kind == "drop":
            return None
        problem = problem_of(asked, script.markers)
        if problem:
            return _refusal(*problem)
        answer = embeddings(asked, call, fault.kind if fault else "")
        return _Answer(200, answer, cut=bool(fault and fault.kind == "cut_body"))

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("x-debug-trace-id", uuid.uuid4().hex)
        if answer.retry_after:
            self.send_header("Retry-After", answer.retry_after)
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
        self.wfile.flush()
        self.close_connection = self.close_connection or answer.cut

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    retry_after: str | None = None
    cut: bool = False


def _json(status: int, answer: Any, retry_after: str | None = None) -> _Answer:
    return _Answer(status, orjson.dumps(answer), retry_after=retry_after)


def _refusal(status: int, message: str, retry_after: str | None = None) -> _Answer:
    return _json(status, {"id": str(uuid.uuid4()), "message": message}, retry_after)


def _change(script: Script, wish: dict[str, Any]) -> None:
    if wish.get("heal"):
        script.heal()
    for name in ("latency", "inputs_per_minute", "markers"):
        if name in wish:
            setattr(script, name, wish[name])
    if "refused_keys" in wish:
        script.refused_keys = set(wish["refused_keys"])
    if "fail" in wish:
        script.fail(Fault(**wish["fail"]), wish.get("times", 1))


def main() -> None:
    """Serve until killed; the address is the first line of the output."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.cohere", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--inputs-per-minute", type=int, default=0)
    args = parser.parse_args()
    standin = CohereStandIn(args.port, latency=args.latency_ms / 1000, inputs_per_minute=args.inputs_per_minute).start()
    print(standin.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
