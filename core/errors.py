"""Our exceptions. Their type decides a failure's fate; nothing looks at their text.

* AppError                 has a `code` (stable, snake_case) and a sentence for people, with the cure
  x SettingsError          the process must not start
  x NotFound               404 on the web
  x Refused                409 on the web: not in this state
  x Invalid                422 on the web: names each bad field
  x Unavailable            503 on the web: a dependency does not answer
  x JobError
    + TryAgain             rate limit, timeout, 5xx, an engine away: the part waits and is tried again
    + GiveUp               refused key, wrong collection: the job stops at once
    + BadBatch             the provider refuses these texts together: halve them until the bad one is alone
    + LeaseLost            another worker holds the part now: stop without a word
    + HandBack             the part goes back to the queue: time is up, or the worker stops
    + Cancelled            the job was cancelled: stop, keep what is committed
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

LONGEST_SECONDS = 365 * 86400.0  # a longer wait is nobody's wish, and beyond what dates and engines can reckon


class AppError(Exception):
    """Base of all our exceptions."""

    code = "error"


class SettingsError(AppError):
    """A setting is missing or wrong; the text names all of them and the cure."""

    code = "settings"


class NotFound(AppError):
    """No such thing."""

    code = "not_found"


class Refused(AppError):
    """The thing is not in a state that allows this."""

    code = "refused"


class Invalid(AppError):
    """What was sent cannot be used; `errors` has one sentence for each bad field."""

    code = "invalid"

    def __init__(self, detail: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.errors = dict(errors or {})


class Unavailable(AppError):
    """A dependency does not answer; `retry_after` is in seconds."""

    code = "unavailable"

    def __init__(self, detail: str, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class JobError(AppError):
    """A job could not do its work."""

    code = "job_error"

    def __init__(self, detail: str, *, code: str | None = None, trace_id: str | None = None) -> None:
        super().__init__(detail)
        self.code = code or type(self).code
        self.trace_id = trace_id  # the provider's id of the request, where it gave one


class TryAgain(JobError):
    """The same work may succeed later, not before `after` seconds where the provider says so: a year at most.

    It uses up an attempt, but for two sorts. `paced`: our own pace, or a wait that a provider has asked for. `ours`: an
    engine of ours is away (PostgreSQL, Redis, Qdrant), which is waited for as long as it takes.
    """

    code = "try_again"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        after: float | None = None,
        paced: bool = False,
        ours: bool = False,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(detail, code=code, trace_id=trace_id)
        self.after = after if after is None else min(after, LONGEST_SECONDS)
        self.paced = paced
        self.ours = ours


class GiveUp(JobError):
    """The same work will never succeed; the text says the cure."""

    code = "give_up"


class BadBatch(JobError):
    """The provider refuses a batch of texts (HTTP 400) without saying which."""

    code = "bad_batch"


class LeaseLost(JobError):
    """This process no longer holds the part: its writes change nothing."""

    code = "lease_lost"


class HandBack(JobError):
    """The part goes back to the queue with what it has done."""

    code = "hand_back"


class Cancelled(JobError):
    """The job was cancelled."""

    code = "cancelled"


def until(moment: datetime) -> str:
    """Write a moment as our messages do: `12:04:10 UTC`, and of another day `2026-11-23 12:04:10 UTC`."""
    then = moment.astimezone(UTC)
    today = then.date() == datetime.now(UTC).date()
    return f"{then:%H:%M:%S} UTC" if today else f"{then:%Y-%m-%d %H:%M:%S} UTC"


def waits(moment: datetime, why: str) -> str:
    """Say in one sentence until when and why; a `why` that names its own end is enough."""
    names_its_end = " until " in why or " by itself on " in why
    return f"{why[:1].upper()}{why[1:]}." if names_its_end else f"Waits until {until(moment)}: {why}."
