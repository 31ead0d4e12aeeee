"""The engines that a stack starts itself: those whose URL nobody has set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.stack import postgres, valkey, vector_server
from core.stack.children import Program
from core.stack.home import Home
from core.stack.net import free_port


@dataclass(frozen=True, slots=True)
class Engines:
    """The programs to start, and where all three engines are to be reached once they serve."""

    programs: tuple[Program, ...]
    urls: Mapping[str, str]  # DATABASE_URL, REDIS_URL, QDRANT_URL


def plan(home: Home, given: Mapping[str, str]) -> Engines:
    """Make ready what must be there before the start. `given` are the settings that somebody has set."""
    programs: list[Program] = []
    urls = {name: given[name] for name in ("DATABASE_URL", "REDIS_URL", "QDRANT_URL") if given.get(name)}
    if "DATABASE_URL" not in urls:
        password = home.secret("postgres_password")
        place = postgres.choose_place(home.path)
        postgres.prepare(place, password)
        port = free_port()
        programs.append(postgres.program(place, port, password, home.log("postgres")))
        urls["DATABASE_URL"] = postgres.url(port, password)
    if "REDIS_URL" not in urls:
        port, password = free_port(), home.secret("redis_password")
        programs.append(valkey.program(home.path / "valkey", port, password, home.log("valkey")))
        urls["REDIS_URL"] = valkey.url(port, password)
    if "QDRANT_URL" not in urls:
        port = free_port()
        key = given.get("QDRANT_API_KEY")
        programs.append(vector_server.program(home.path / "vectors", port, home.log("vectors"), key))
        urls["QDRANT_URL"] = vector_server.url(port)
    return Engines(tuple(programs), urls)
