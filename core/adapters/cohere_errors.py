"""What each bad answer of Cohere means for the work: try again, give up, or halve the batch.

Statuses as documented in September 2026 and seen from the SDK 7.3: some arrive as plain ApiError, so the status
decides, not the class.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from cohere.core.api_error import ApiError
from cohere.core.parse_error import ParsingError

from core.errors import LONGEST_SECONDS, BadBatch, GiveUp, JobError, TryAgain, until

RAISED = (ApiError, ParsingError, httpx.HTTPError, json.JSONDecodeError, UnicodeError)
REFUSED_TEXTS = frozenset({400, 413, 422})
CURES = {
    401: ("cohere_key_refused", "Cohere refuses the key: put a valid one into COHERE_API_KEY and restart"),
    402: ("cohere_payment_required", "Cohere wants to be paid first: see the billing page of the account"),
    403: ("cohere_forbidden", "Cohere forbids this key the embed endpoint: give it access, or use another key"),
    404: ("cohere_model_missing", "Cohere does not know the model {model}: set EMBED_MODEL to one it offers"),
    498: ("cohere_key_refused", "Cohere calls the key invalid: put a valid one into COHERE_API_KEY and restart"),
    501: ("cohere_not_offered", "Cohere does not offer this call: check COHERE_BASE_URL and EMBED_MODEL"),
}


def translate(error: Exception, model: str) -> JobError:
    """Turn what the SDK raised into our exception; it carries Cohere's trace id where there is one."""
    if isinstance(error, ApiError | ParsingError):
        return _by_status(error.status_code or 0, error.headers or {}, error.body, model)
    if isinstance(error, UnicodeError):
        return BadBatch("a text cannot be written as UTF-8", code="text_not_unicode")
    if isinstance(error, httpx.TimeoutException):
        return TryAgain("Cohere did not answer in time; at most one batch may be billed twice", code="cohere_timeout")
    if isinstance(error, httpx.TransportError):
        return TryAgain(
            f"the connection to Cohere broke ({type(error).__name__}); at most one batch may be billed twice",
            code="cohere_unreachable",
        )
    return invalid(f"an answer that is no JSON ({type(error).__name__})")


def invalid(what: str, trace_id: str | None = None) -> TryAgain:
    """Say that Cohere's answer cannot be used; nothing of it may be stored."""
    return TryAgain(f"invalid answer from Cohere: {what}", code="cohere_invalid_answer", trace_id=trace_id)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read in seconds how long Cohere wants to be left alone; None when it does not say.

    Written as seconds, as milliseconds (`retry-after-ms`) or as a date; of more than a year, a year.
    """
    known = {name.lower(): value for name, value in headers.items()}
    try:
        if "retry-after-ms" in known:
            seconds = float(known["retry-after-ms"]) / 1000
        elif known.get("retry-after", "").strip().replace(".", "", 1).isdigit():
            seconds = float(known["retry-after"])
        elif "retry-after" in known:
            seconds = parsedate_to_datetime(known["retry-after"]).timestamp() - time.time()
        else:
            return None
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_SECONDS) if math.isfinite(seconds) else None


def _by_status(status: int, headers: Mapping[str, str], body: object, model: str) -> JobError:
    trace = _trace(headers, body)
    if 200 <= status < 300:
        return invalid("an answer that is no JSON of an embedding", trace)
    if status in CURES:
        code, cure = CURES[status]
        return GiveUp(f"{cure.format(model=model)} ({status})", code=code, trace_id=trace)
    if status in REFUSED_TEXTS:
        return BadBatch(f"Cohere refuses the text ({status}): {_words(body)}", code="text_refused", trace_id=trace)
    after = retry_after(headers)
    if after:
        moment = datetime.now(UTC) + timedelta(seconds=after)
        sentence = f"waiting for Cohere until {until(moment)} ({status})"
    elif status == 429:
        sentence = "Cohere says there were too many calls (429)"
    else:
        sentence = f"Cohere is unwell ({status})"
    code = "cohere_rate_limited" if status == 429 else "cohere_unwell"
    return TryAgain(sentence, code=code, after=after, trace_id=trace)


def _trace(headers: Mapping[str, str], body: object) -> str | None:
    known = {name.lower(): value for name, value in headers.items()}
    from_body = body.get("id") if isinstance(body, Mapping) else None
    return known.get("x-debug-trace-id") or (str(from_body) if from_body else None)


def _words(body: object) -> str:
    """Quote what Cohere says, cut short: it may repeat a candidate's text."""
    message = body.get("message") if isinstance(body, Mapping) else None
    return str(message or "no reason given")[:160]
