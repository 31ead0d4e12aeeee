"""The portal as gunicorn serves it, saying with each answer what it took: `gunicorn bench.timed:application`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from wsgi import application as portal

Start = Callable[..., Callable[[bytes], object]]


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """Answer as the portal does, with a Server-Timing header: milliseconds by the clock, and of CPU."""
    clock, cpu = time.perf_counter(), time.thread_time()

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
        took, used = 1000 * (time.perf_counter() - clock), 1000 * (time.thread_time() - cpu)
        return start_response(status, [*headers, ("Server-Timing", f"app;dur={took:.3f}, cpu;dur={used:.3f}")], *more)

    return portal(environ, start)
