"""The SQL of the process that measures: how long each statement took, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event


@dataclass(frozen=True, slots=True)
class Slowest:
    """One statement at its slowest."""

    ms: float
    sql: str
    parameters: Any
    page: str


@dataclass(slots=True)
class Statements:
    """What was asked since `forget`, and every statement that was ever slow."""

    slow_ms: float
    page: str = ""
    ms: float = 0.0
    count: int = 0
    slow: dict[str, Slowest] = field(default_factory=dict)
    backends: set[int] = field(default_factory=set)

    def cpu_ms(self) -> float:
        """Give the CPU time of this process and of PostgreSQL's behind its connections: a busy machine adds nothing."""
        spent = (Path(f"/proc/{pid}/schedstat") for pid in self.backends)
        return (
            time.process_time() * 1000 + sum(int(file.read_text().split()[0]) for file in spent if file.exists()) / 1e6
        )

    def forget(self, page: str) -> None:
        self.page, self.ms, self.count = page, 0.0, 0

    def note(self, ms: float, sql: str, parameters: Any) -> None:
        self.ms, self.count = self.ms + ms, self.count + 1
        if (
            ms > self.slow_ms
            and sql.startswith(("SELECT", "WITH"))
            and (sql not in self.slow or self.slow[sql].ms < ms)
        ):
            self.slow[sql] = Slowest(ms, sql, parameters, self.page)


@contextmanager
def watched(engine: Engine, slow_ms: float) -> Iterator[Statements]:
    """Note every statement that this engine executes."""
    seen = Statements(slow_ms)

    def begin(connection: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool) -> None:
        context.began = time.perf_counter()

    def end(connection: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool) -> None:
        seen.note((time.perf_counter() - context.began) * 1000, sql, parameters)
        seen.backends.add(cursor.connection.info.backend_pid)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", begin)
        event.remove(engine, "after_cursor_execute", end)


def plan(engine: Engine, slow: Slowest) -> str:
    """Ask PostgreSQL how it goes about a statement."""
    with engine.connect() as connection:
        lines = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {slow.sql}", slow.parameters)
        return "\n".join(line for (line,) in lines)
