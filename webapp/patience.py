"""How long the portal waits for Redis: PostgreSQL knows the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

ANSWER_SECONDS = 2.0
REST_SECONDS = 3.0

T = TypeVar("T")


class Patience(Retry):
    """Tries a lost connection once more, and leaves a Redis that hangs alone for a while.

    A page asks several times: it would wait for each of them, and its thread with it.
    """

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        self._rests_until = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> Patience:
        return self  # each connection copies it, and all must know what one of them has found

    def call_with_retry(
        self,
        do: Callable[[], T],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        """Do it, or raise RedisTimeoutError at once for a while after one."""
        if time.monotonic() < self._rests_until:
            raise RedisTimeoutError("Redis did not answer a moment ago.")
        try:
            return super().call_with_retry(do, fail, is_retryable, with_failure_count)
        except RedisTimeoutError:
            self._rests_until = time.monotonic() + REST_SECONDS
            raise
