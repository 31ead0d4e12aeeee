"""What went wrong, as a value: the pages draw it, the API writes it as a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from psycopg.errors import LockNotAvailable
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from core.errors import AppError, Invalid, NotFound, Refused, Unavailable
from core.jobs.launch import TooManyLaunches
from webapp.i18n import gettext as _
from webapp.sentences import beside, local

RETRY_SECONDS = 5
log = structlog.stdlib.get_logger("portal")


@dataclass(frozen=True, slots=True)
class Trouble:
    """`status` as of HTTP, a stable `code`, a `title` and a `detail` for people, `errors` by field."""

    status: int
    code: str
    title: str
    detail: str
    errors: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | None = None


def trouble_of(error: BaseException) -> Trouble:
    """Translate an exception. What nobody foresaw is a 500 that tells nothing of the inside."""
    match error:
        case AppError():
            return _ours(error)
        case OperationalError(orig=LockNotAvailable()) | LockNotAvailable():
            detail = _(
                "It holds what this needs. If it is frozen, PostgreSQL sends it away after 30 s. Before you repeat a "
                "change, look whether it was made."
            )
            return Trouble(503, "row_held", _("Another process is at it"), detail, retry_after=RETRY_SECONDS)
        case OperationalError() | InterfaceError() | PoolTimeout():
            detail = _("Pages that need it are closed until it does. Jobs are not lost: workers wait and go on.")
            return Trouble(503, "postgresql", _("PostgreSQL does not answer"), detail, retry_after=RETRY_SECONDS)
        case DataError():
            log.warning("value refused", error=type(error.orig).__name__)
            detail = _("PostgreSQL cannot store one of the values that were sent.")
            return Trouble(422, "invalid", _("This cannot be used"), detail)
        case RedisError():
            detail = _("Nothing is lost: jobs and their history are in PostgreSQL. Try again in a moment.")
            return Trouble(503, "redis", _("Redis does not answer"), detail, retry_after=RETRY_SECONDS)
        case HTTPException():
            return _http(error)
    return Trouble(500, "error", _("Something broke"), _("It was written to the log with the id below. Try again."))


def _ours(error: AppError) -> Trouble:
    detail = local(str(error))
    match error:
        case NotFound():
            return Trouble(404, error.code, _("There is no such thing"), detail)
        case TooManyLaunches():
            return Trouble(429, error.code, _("Too many launches"), detail, retry_after=60)
        case Refused():
            return Trouble(409, error.code, _("Not in this state"), detail)
        case Invalid():
            return Trouble(422, error.code, _("This cannot be used"), detail, errors=beside(error))
        case Unavailable():
            return Trouble(503, error.code, _("Not available"), detail, retry_after=error.retry_after)
    return Trouble(500, error.code, _("Something broke"), detail)


def _http(error: HTTPException) -> Trouble:
    status = error.code or 500
    detail = local(error.description or error.name)
    # Werkzeug's own sentences for these two are for the developers of sites.
    titles = {
        400: (_("Not understood"), detail),
        403: (_("Not allowed"), detail),
        404: (_("There is no such page"), _("The address may be old or mistyped.")),
        405: (_("Not possible this way"), _("This address does not take that kind of request.")),
        413: (
            _("Too large"),
            _("What was sent is larger than the portal takes. Leave something out, or send it in parts."),
        ),
        429: (_("Too many tries"), _("Wait a little and try again.")),
    }
    title, detail = titles.get(status, (_("This did not work"), detail))
    retry_after = 60 if status == 429 else None
    return Trouble(status, error.name.lower().replace(" ", "_"), title, detail, retry_after=retry_after)
