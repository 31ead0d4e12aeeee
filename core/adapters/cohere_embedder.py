"""Embeddings by Cohere's official SDK: `POST /v2/embed`, base64 answers, each checked before it leaves.

Documented in August 2026: at most 96 texts a call, `truncate=END` cuts long ones, 2,000 inputs a minute.
"""

from __future__ import annotations

import math
import re
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from core.adapters.cohere_answer import checked
from core.adapters.cohere_errors import RAISED, translate
from core.errors import BadBatch, GiveUp, TryAgain
from core.ports import Embedded, Limiter, Purpose, Work

if TYPE_CHECKING:
    from cohere.client_v2 import ClientV2

MOST_TEXTS = 96
INPUT_TYPES = {"document": "search_document", "query": "search_query"}
# Calls worth having in flight are those that the limit lets out while one is answered; this long is a slow answer.
SLOW_ANSWER_SECONDS = 2.0
DIMENSIONS = {
    "embed-v5.0-pro": (2048, 1536, 1024, 768, 512, 256),
    "embed-v5.0-fast": (2048, 1536, 1024, 768, 512, 256),
    "embed-v4.0": (1536, 1024, 512, 256),
    "embed-multilingual-v3.0": (1024,),
    "embed-english-v3.0": (1024,),
    "embed-multilingual-light-v3.0": (384,),
    "embed-english-light-v3.0": (384,),
}
# A question stands for work that was asked for so long ago: of people who search for that long after a refusal, none
# calls again, and then one does.
QUESTION_SECONDS = 60.0
# Sent to learn whether Cohere refuses a text or everything that we ask for.
HARMLESS = "vigía"


class Gate(Protocol):
    """Whether this key is worth a call: a key never accepted is tried by one call at a time, over all workers."""

    def enter(self, work: Work, *, urgent: bool = False) -> bool:
        """Wait for the turn; True when this call is the trial. Raise GiveUp when the key was refused, or TryAgain."""
        ...

    def check(self, work: Work) -> None:
        """Raise GiveUp when the key was refused since the work was asked for."""
        ...

    def leave(self, trial: bool, *, accepted: bool = False, refusal: GiveUp | None = None) -> None:
        """Tell the others how the call went; neither accepted nor refused: nobody knows yet."""
        ...


class CohereEmbedder:
    """Thread-safe. Every call is paced by the limiter, which all workers share."""

    priced = True

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        dimension: int,
        limiter: Limiter,
        gate: Gate,
        base_url: str | None = None,
        timeout: float = 30.0,
        concurrency: int = 8,
        inputs_per_minute: int = 0,
    ) -> None:
        self.model = model
        self.dimension = dimension
        self.batch = batch_for(inputs_per_minute)
        self.concurrency = concurrency_for(inputs_per_minute, concurrency)
        self._limiter = limiter
        self._gate = gate
        self._http = _http(base_url, timeout, self.concurrency)
        self._client = _client_class()(
            api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout, httpx_client=self._http
        )
        self._once_well = False

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document", urgent: bool = False, work: Work | None = None
    ) -> Embedded:
        """Embed 1 to `batch` non-empty texts by one call; without `work`, for a person's question.

        Raises TryAgain, GiveUp, and BadBatch when Cohere refuses the texts.
        """
        _require_offered(self.model, self.dimension)
        work = work or Work(time.monotonic() - QUESTION_SECONDS)
        try:
            return self._call(texts, purpose, urgent, work)
        except BadBatch:
            if len(texts) == 1 and not self._once_well:
                self._require_well_asked(purpose, urgent, work)
            raise

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _require_well_asked(self, purpose: Purpose, urgent: bool, work: Work) -> None:
        """Raise GiveUp when Cohere refuses any text at all: the settings are wrong then, not the record."""
        try:
            self._call([HARMLESS], purpose, urgent, work)
        except BadBatch as refused:
            raise GiveUp(
                f"Cohere refuses every text: check EMBED_MODEL={self.model}, EMBED_DIMENSION={self.dimension} and "
                f"COHERE_BASE_URL. {refused}",
                code="cohere_refuses_all",
                trace_id=refused.trace_id,
            ) from refused

    def _call(self, texts: Sequence[str], purpose: Purpose, urgent: bool, work: Work) -> Embedded:
        trial = self._gate.enter(work, urgent=urgent)
        accepted, refusal = False, None
        try:
            self._wait(len(texts), urgent, work)
            try:
                answer = self._ask(list(texts), purpose, urgent)
            except GiveUp as given_up:
                refusal = given_up
                raise
            except BadBatch:
                accepted = True  # the key is good, the texts are not
                raise
            accepted = True
        finally:
            self._gate.leave(trial, accepted=accepted, refusal=refusal)
        embedded = checked(answer, len(texts), self.dimension)
        self._once_well = True
        return embedded

    def _wait(self, inputs: int, urgent: bool, work: Work) -> None:
        began = time.monotonic()
        self._limiter.acquire(inputs, urgent=urgent, check=work.check)
        if time.monotonic() - began > 0.05:
            self._gate.check(work)
        work.check()

    def _ask(self, texts: list[str], purpose: Purpose, urgent: bool) -> Any:
        options: dict[str, Any] = {"output_dimension": self.dimension} if sends_dimension(self.model) else {}
        try:
            return self._client.embed(
                model=self.model,
                input_type=INPUT_TYPES[purpose],
                texts=texts,
                embedding_types=["base64"],
                truncate="END",
                priority=0 if urgent else 1,
                **options,
            )
        except RAISED as error:
            failure = translate(error, self.model)
            if isinstance(failure, TryAgain) and failure.after:
                with suppress(TryAgain):  # Redis is away: nobody calls meanwhile, and this part waits anyway
                    self._limiter.hold(failure.after, str(failure))
            raise failure from error


def batch_for(inputs_per_minute: int) -> int:
    """Give the most texts for a call such that full calls use up a minute's limit: 2,000 -> 95, 22 calls of it."""
    if not inputs_per_minute:
        return MOST_TEXTS
    return inputs_per_minute // math.ceil(inputs_per_minute / MOST_TEXTS)


def concurrency_for(inputs_per_minute: int, most: int) -> int:
    """Give the calls worth having in flight: more than the limit lets out would only wait in threads."""
    if not inputs_per_minute:
        return most
    a_second = inputs_per_minute / 60 / batch_for(inputs_per_minute)
    return min(most, 1 + math.ceil(a_second * SLOW_ANSWER_SECONDS))


def sends_dimension(model: str) -> bool:
    """Say whether the model takes `output_dimension`: v4 and later do, older ones refuse it."""
    version = re.search(r"-v(\d+)", model)
    return version is not None and int(version[1]) >= 4


def load() -> None:
    """Import now what the SDK and httpx import with their first client, so that forked processes need not."""
    _client_class()
    _http(None, 1.0, 1).close()


@cache
def _client_class() -> type[ClientV2]:
    # 0.8 s of imports: only who embeds with Cohere pays for them, and a worker does so before it forks.
    from cohere.client_v2 import ClientV2  # noqa: PLC0415

    return ClientV2


def _http(base_url: str | None, timeout: float, concurrency: int) -> httpx.Client:
    return httpx.Client(
        verify=_tls(base_url is None or base_url.startswith("https://")),
        timeout=timeout,
        follow_redirects=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=concurrency + 1),
    )


@cache
def _tls(needed: bool) -> ssl.SSLContext:
    """Make the context once for all forked processes: reading the certificates takes 20 ms."""
    return httpx.create_ssl_context() if needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _require_offered(model: str, dimension: int) -> None:
    offered = DIMENSIONS.get(model)
    if offered and dimension not in offered:
        raise GiveUp(
            f"{model} gives vectors of {' or '.join(map(str, offered))} numbers, not {dimension}: set EMBED_DIMENSION",
            code="embed_dimension",
        )
