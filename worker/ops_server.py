"""`python -m worker.ops_server`: tells machines how the workers are, from a process of its own.

A forked worker must not share locks with threads that serve. `/healthz`: the process lives. `/readyz`: 200 when the
database and Redis answer, 503 when one does not, within a second whatever hangs. `/metrics`: figures for Prometheus.
"""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import psycopg
import structlog

from core.errors import AppError
from core.logs import configure
from core.settings import Settings, settings
from core.stop import Stop
from worker.metrics import CONTENT_TYPE, Metrics
from worker.probes import Probes, ready

log = structlog.get_logger(__name__)


class OpsServer(ThreadingHTTPServer):
    """Serves the state of one machine's workers."""

    daemon_threads = True

    def __init__(self, own: Settings) -> None:
        super().__init__((own.ops_host, own.ops_port), Handler)
        self.probes = Probes(own)
        self.metrics = Metrics(own)


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server: OpsServer
    timeout = 10  # seconds a caller may keep us waiting

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/healthz":
                self._send(200, {"status": "ok"})
            case "/readyz":
                self._ready()
            case "/metrics":
                self._metrics()
            case _:
                self._send(404, {"status": "there is only /healthz, /readyz and /metrics"})

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Write no line a call: somebody asks every few seconds."""

    def _ready(self) -> None:
        checks = self.server.probes.look()
        good = ready(checks)
        named: dict[str, object] = {name: asdict(check) for name, check in checks.items()}
        self._send(200 if good else 503, named | {"status": "ready" if good else "not ready"})

    def _metrics(self) -> None:
        if not self.server.metrics.may_read(self.headers.get("Authorization", "")):
            self._send(403, {"status": "send the METRICS_TOKEN of this server: Authorization: Bearer ..."})
            return
        try:
            text = self.server.metrics.text()
        except psycopg.Error as error:
            # The type alone: the text may hold an address with its password.
            log.warning("metrics_not_read", error=type(error).__name__)
            why = f"PostgreSQL does not give the figures ({type(error).__name__}); /readyz and `vigia doctor` say more"
            self._send(503, {"status": why})
            return
        self._answer(200, CONTENT_TYPE, text)

    def _send(self, status: int, value: dict[str, object]) -> None:
        self._answer(status, "application/json", orjson.dumps(value))

    def _answer(self, status: int, content_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def main() -> int:
    try:
        own = settings()
    except AppError as error:
        print(f"vigia ops: {error}", file=sys.stderr)  # noqa: T201  (before there is a log)
        return 2
    configure(own)
    try:
        server = OpsServer(own)
    except OSError as error:
        log.error("ops_port_taken", port=own.ops_port, cure="set OPS_PORT to a free one, or 0", error=str(error))
        return 2
    stop = Stop()
    stop.told_by(signal.SIGTERM, signal.SIGINT)
    stop.then(server.shutdown)  # in a thread, for it waits for the loop that the signal interrupts
    log.info("ops_listens", host=own.ops_host, port=server.server_address[1])
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    server.metrics.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
