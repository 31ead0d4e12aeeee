"""Sentry, where a DSN is set: alerts as messages, and what broke as the log has it. Nothing else is ever sent.

No request, no person, no local variable and no breadcrumb goes out, and of an exception its type and its place only:
its text may hold a candidate's. The log has it, under the same ids.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

import structlog

from core.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

FLUSH_SECONDS = 2.0
TAGS = ("request_id", "job_id", "part")  # of the log's context
KEPT = ("event_id", "timestamp", "level", "platform", "message", "exception", "tags", "fingerprint", "release", "sdk")

_started: list[int] = []  # the process that did


def start(settings: Settings) -> list[logging.Handler]:
    """Start Sentry for this process and those that it forks; return what the log hands its errors to."""
    if not settings.sentry_dsn:
        return []
    import sentry_sdk  # noqa: PLC0415  (half a second, for those alone who use it)

    sentry_sdk.init(
        settings.sentry_dsn,
        default_integrations=False,  # they collect requests, people and log lines by themselves
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="",
        before_send=_strip,
    )
    _started[:] = [os.getpid()]
    return [_Errors(logging.ERROR)]


def tell(rule: str, subject: str, sentence: str) -> None:
    """Send an alert as one message; alerts of one rule and subject are one issue."""
    if _started:
        import sentry_sdk  # noqa: PLC0415

        with sentry_sdk.new_scope() as scope:
            scope.fingerprint = ["alert", rule, subject]
            scope.set_tag("rule", rule)
            scope.set_tag("subject", subject)
            sentry_sdk.capture_message(sentence, level="error")


class _Errors(logging.Handler):
    """Sends the exception of each line that the log writes as an error."""

    def emit(self, record: logging.LogRecord) -> None:
        if (error := _exception_of(record)) is None:
            return
        import sentry_sdk  # noqa: PLC0415

        with sentry_sdk.new_scope() as scope:
            context = structlog.contextvars.get_contextvars()
            for name in TAGS:
                if name in context:
                    scope.set_tag(name, str(context[name]))
            sentry_sdk.capture_exception(error)
        if os.getpid() not in _started:  # a fork ends without a word, and its sender with it
            sentry_sdk.flush(FLUSH_SECONDS)


def _exception_of(record: logging.LogRecord) -> BaseException | None:
    """Find the exception of a line: structlog keeps it in the message, the standard library in the record."""
    given: object = record.msg.get("exc_info") if isinstance(record.msg, dict) else record.exc_info
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    return error if isinstance(error, BaseException) else None


def _strip(event: Event, hint: Hint) -> Event:
    """Take out what is not meant to leave the house."""
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in KEPT}
    for value in kept.get("exception", {}).get("values", ()):
        value["value"] = ""
        for frame in value.get("stacktrace", {}).get("frames", ()):
            for name in ("vars", "abs_path"):
                frame.pop(name, None)
    return kept  # type: ignore[return-value]
