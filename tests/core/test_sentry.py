"""What goes to Sentry, what never does, and that nothing of it is loaded without a DSN."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import sentry_sdk
import structlog

from core import logs, sentry
from core.settings import Settings

SECRET = "Ana Ruiz writes Python."
ADDRESS = "10.1.2.3"
log = structlog.get_logger("tests")


@dataclass
class StandIn:
    """Takes what Sentry's client sends."""

    dsn: str = ""
    raw: list[str] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        """Wait for what is under way, and read the events of all envelopes."""
        sentry_sdk.flush(5)
        return [json.loads(lines[2]) for lines in (raw.splitlines() for raw in self.raw) if "event" in lines[1]]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    known = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            known.raw.append(brotli.decompress(sent).decode())
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    known.dsn = f"http://key@127.0.0.1:{server.server_address[1]}/7"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def started(stand_in: StandIn, settings_env: Callable[..., Settings]) -> Iterator[StandIn]:
    """A process that logs as ours do, with Sentry."""
    root, before = logging.getLogger(), logging.getLogger().handlers
    logs.configure(settings_env(SENTRY_DSN=stand_in.dsn))
    yield stand_in
    sentry_sdk.get_client().close()
    sentry_sdk.init()  # no DSN: nothing is sent
    sentry._started.clear()
    root.handlers = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def break_with(text: str) -> None:
    about = text  # a local variable, which must not go out
    raise ValueError(f"cannot read {about}")


def test_an_error_of_the_log_is_sent_with_its_ids_and_place_and_without_its_text(started: StandIn) -> None:
    structlog.contextvars.bind_contextvars(job_id="job-1", address=ADDRESS)
    try:
        break_with(SECRET)
    except ValueError:
        log.exception("part_failed")

    [event] = started.events()
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "")
    assert error["stacktrace"]["frames"][-1]["function"] == "break_with"
    assert event["tags"] == {"job_id": "job-1"}
    assert all("vars" not in frame and "abs_path" not in frame for frame in error["stacktrace"]["frames"])
    assert not any(SECRET in raw or ADDRESS in raw for raw in started.raw)


def test_a_line_of_the_standard_library_is_sent_alike_and_a_warning_is_not(started: StandIn) -> None:
    try:
        break_with(SECRET)
    except ValueError:
        logging.getLogger("rq.worker").exception("a job broke: %s", SECRET)
        logging.getLogger("rq.worker").warning("odd", exc_info=True)
        log.error("nothing was raised")

    assert [event["exception"]["values"][0]["type"] for event in started.events()] == ["ValueError"]
    assert not any(SECRET in raw for raw in started.raw)


def test_an_alert_is_one_message_of_its_rule_and_subject(started: StandIn) -> None:
    sentry.tell("queue_deep", "jobs:etl", "5,000 wait.")

    [event] = started.events()
    assert event["message"] == "5,000 wait."
    assert event["tags"] == {"rule": "queue_deep", "subject": "jobs:etl"}
    assert event["fingerprint"] == ["alert", "queue_deep", "jobs:etl"]


def test_a_fork_sends_before_it_ends(started: StandIn) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            break_with(SECRET)
        except ValueError:
            log.exception("part_failed")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)

    assert len(started.events()) == 1


def test_without_a_dsn_it_is_not_even_imported(settings_env: Callable[..., Settings]) -> None:
    settings_env()
    program = (
        "import sys, wsgi, worker.ticker, worker.run, worker.ops_server, core.logs, core.sentry\n"
        "from core.settings import settings\n"
        "core.logs.configure(settings())\n"
        "core.sentry.tell('rule', 'subject', 'sentence')\n"
        "sys.exit('sentry_sdk' in sys.modules)\n"
    )
    place = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    ran = subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": place}, check=False)

    assert ran.returncode == 0
